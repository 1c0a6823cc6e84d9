"""A notice is published by a policy officer in both languages, read by everybody, and withdrawn with a reason."""

import re
from datetime import date, timedelta
from html import unescape

import pytest

from config.local.demo import regime
from core.errors import DomainError, Invalid
from core.history import lines_of
from core.legal_time import legal_today
from licensing.actions import notices
from licensing.models import Notice
from licensing.selectors import of_now
from tests import make
from tests.make import seen

DAY = timedelta(days=1)
FORM = {"kind": "announced", "instruments": ["A57-2025"], "text_en": "It is prolonged.", "text_zh": "将延长。"}


@pytest.fixture
def read(client):
    def read(path, actor=None, language="en"):
        client.logout()
        if actor:
            client.force_login(actor.user)
        client.cookies["language"] = language
        answer = client.get(path)
        assert answer.status_code == 200
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())

    return read


def problems(ministry, **facts):
    with pytest.raises(Invalid) as refused:
        make.notice(ministry, **facts)
    assert not Notice.objects.exists()
    return [(one.pointer, one.code) for one in refused.value.errors]


# --- publishing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"text_en": ""}, [("/text_en", "required")]),
        ({"text_zh": " \n"}, [("/text_zh", "required")]),
        ({"instruments": []}, [("/instruments", "required")]),
        ({"instruments": ["A57-2025", "A99-2025"]}, [("/instruments", "unknown-instrument")]),
    ],
)
def test_a_notice_that_is_not_whole_is_refused_with_all_that_is_missing(ministry, facts, found):
    assert problems(ministry, **facts) == found


def test_a_notice_is_of_no_day_ahead_and_of_none_before_the_law(ministry):
    assert problems(ministry, dated=legal_today() + DAY) == [("/dated", "date-out-of-range")]
    assert problems(ministry, dated=legal_today().replace(year=2020, month=11, day=30)) == [
        ("/dated", "date-out-of-range")
    ]
    assert make.notice(ministry, dated=legal_today()).state == "published"


def test_an_instrument_of_any_edition_can_be_told_of(ministry):
    def change(rules, document):
        document["instruments"].append(document["instruments"][0] | {"id": "A9-2027"})

    make.edition(change)
    make.edition(lambda rules, document: None, "AFTER")
    assert make.notice(ministry, instruments=["A9-2027"]).instruments == ["A9-2027"]


def test_only_a_policy_officer_publishes(ministry, client):
    for actor in (ministry.policy_approver, ministry.decider, ministry.auditor):
        with pytest.raises(DomainError) as refused:
            notices.publish(dated=legal_today(), **FORM, by=actor)
        assert refused.value.code == "forbidden"
    client.force_login(ministry.policy_approver.user)
    assert client.post("/desk/policy/notices/new/", FORM | {"dated": legal_today()}).status_code == 403
    assert "Publish a notice" not in client.get("/desk/policy/notices/").content.decode()


def test_it_is_published_by_the_form_and_what_was_typed_is_not_lost(ministry, client):
    client.force_login(ministry.policy_officer.user)
    typed = FORM | {"dated": legal_today() + DAY}
    answer = client.post("/desk/policy/notices/new/", typed)
    assert answer.status_code == 422 and "It is prolonged." in answer.content.decode()
    assert answer.context["form"].errors.keys() == {"dated"}
    answer = client.post("/desk/policy/notices/new/", FORM | {"dated": legal_today()}, follow=True)
    row = Notice.objects.get()
    assert f"Published as {row.ref}" in answer.content.decode()
    assert (row.kind, row.text_zh, row.instruments) == ("announced", "将延长。", ["A57-2025"])
    assert [line.verb for line in lines_of(row)] == ["publish"]


# --- reading ------------------------------------------------------------------------------------------------


def test_everybody_reads_it_in_his_language_on_the_page_of_the_rules_and_of_its_instrument(world, read):
    row = make.notice(world.ministry)
    for path in ("/rules/", "/rules/A57-2025/"):
        text = read(path)
        assert "Under study" in text and "Whether it is prolonged is studied." in text and row.ref in text, path
        assert "正在研究是否延长。" in read(path, language="zh-hans")
    assert row.ref not in read("/rules/A18-2025/")


def test_exporters_read_the_newest_that_stand_on_their_overview(world, read):
    rows = [make.notice(world.ministry, dated=legal_today() - days * DAY) for days in range(5)]
    notices.withdraw(rows[0].ref, seen=seen(rows[0].ref), reason="Superseded", by=world.ministry.policy_officer)
    text = read("/", world.exporter)
    assert "What changes for you" in text
    assert [row.ref in text for row in rows] == [False, True, True, True, False]


# --- withdrawing --------------------------------------------------------------------------------------------


def test_what_is_withdrawn_stays_and_is_shown_as_that_with_the_reason(ministry, client, read):
    row = make.notice(ministry)
    path = f"/desk/policy/notices/{row.ref}/"
    client.force_login(ministry.policy_officer.user)
    page = client.get(path).content.decode()
    carried = re.search(r'name="seen" value="(\d+)"', page)[1]
    answer = client.post(f"{path}withdraw/", {"reason": "", "seen": carried})
    assert answer.status_code == 422 and Notice.objects.get().state == "published"
    client.post(f"{path}withdraw/", {"reason": "It was decided otherwise.", "seen": carried})
    row = Notice.objects.get()
    assert (row.state, row.text_en) == ("withdrawn", "Whether it is prolonged is studied.")
    line = lines_of(row).last()
    assert (line.verb, line.actor, line.reason) == ("withdraw", ministry.policy_officer.user, row.withdrawn_because)
    for text in (read("/rules/"), read("/rules/A57-2025/")):
        assert "Withdrawn" in text and "It was decided otherwise." in text and row.text_en in text


def test_what_was_withdrawn_is_withdrawn_once(ministry):
    row = make.notice(ministry)
    notices.withdraw(row.ref, seen=seen(row.ref), reason="No", by=ministry.policy_officer)
    with pytest.raises(DomainError) as refused:
        notices.withdraw(row.ref, seen=seen(row.ref), reason="No", by=ministry.policy_officer)
    assert refused.value.code == "wrong-state"


# --- what is over ---------------------------------------------------------------------------------------------
LAST = date(2026, 11, 27)  # of the suspension of a clause of this announcement
CLAUSE = {"kind": "no_change", "instruments": ["A46-2024", "A72-2025"]}


@pytest.mark.parametrize(
    ("facts", "kept"),
    [
        ({}, False),
        ({"dated": LAST + DAY}, True),
        ({"kind": "announced"}, True),
        ({"instruments": ["A72-2025"]}, True),
    ],
    ids=["it ended since", "told afterwards", "another kind", "of no suspension"],
)
def test_that_no_change_is_known_of_a_suspension_goes_when_that_has_ended(facts, kept, ministry):
    row = Notice(**{"dated": LAST - DAY} | CLAUSE | facts)
    assert of_now([row], LAST) == [row]
    assert of_now([row], LAST + DAY) == [row] * kept


def test_what_is_over_stands_with_its_instrument_alone(world, read):
    over = make.notice(world.ministry, dated=LAST - DAY, text_en="It lasts to the 27th.", **CLAUSE)
    stays = [make.notice(world.ministry, text_en=f"It goes on {n}.", **CLAUSE) for n in range(3)]
    assert over.dated < LAST < legal_today()
    for path in ("/", "/rules/"):
        page = read(path, world.exporter)
        assert [over.text_en in page, *(one.text_en in page for one in stays)] == [False, True, True, True], path
    assert over.text_en in read("/rules/A46-2024/")


def test_the_demonstration_says_of_a_suspension_whether_it_lasts(db):
    today = legal_today()
    lasts, over = (regime._ends("The suspension", "公告", last)["text_en"] for last in (today, today - DAY))
    assert lasts.startswith("The suspension lasts until") and over.startswith("The suspension lasted until")
