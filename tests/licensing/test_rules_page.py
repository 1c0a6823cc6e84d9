"""An exporter reads what the rules say of his case: in words, with where each stands, and what would change it."""

import re
from datetime import timedelta
from html import unescape

import pytest

from config.local import demo
from core.legal_time import legal_now, legal_today
from licensing import selectors
from licensing.actions import applications, decisions
from licensing.models import Application
from licensing.web.answers import judgements
from licensing.words import rules
from tests import make
from tests.make import seen
from tests.ticks import tick


@pytest.fixture
def read(client, world):
    """The page of the rules, as one text; in Chinese on demand."""

    def read(ref, query="", language="en", status=200):
        client.force_login(world.exporter.user)
        client.cookies["language"] = language
        page = client.get(f"/applications/{ref}/rules/{query}")
        assert page.status_code == status
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.content.decode())).split())

    return read


def test_a_draft_is_told_as_it_stands_in_both_languages(world, read):
    ref = world.application()
    text = read(ref)
    for words in (
        "Of the draft as it stands",
        "R001",
        "Ann. 18/2025, 1-7",
        "Announcement",
        f"Edition {selectors.edition_now().code}",
        "What would change it",
        "Screening result",
        "Default of this product",
    ):
        assert words in text, words
    chinese = read(ref, language="zh-hans")
    for words in ("公告2025年第18号", "哪些情形会改变结果"):
        assert words in chinese, words


def test_of_an_end_user_nobody_screened_it_says_what_counts_for_the_case(world, read):
    """As beside the form, and before it is sent; that a result is missing stays said."""
    ref = world.application()
    case = Application.objects.get(ref=ref)
    looks = selectors.judge(case, at=legal_now())
    assert all(one.outcome.channels != one.clear.channels for one in looks)
    for _ in ("draft", "filed"):
        found = [one.answer for one in judgements(case, at=legal_now())]
        assert [rules.told(one.outcome) for one in found] == [rules.told(one.clear) for one in looks]
        assert all("screening.hit" in one.outcome.missing for one in found)
        assert all(rules.told(one.outcome) in {rules.told(p.outcome) for p in one._periods[0]} for one in found)
        traced = [{row["rule"] for row in one.traced if row["fits"]} >= set(one.outcome.matched) for one in found]
        assert all(traced), "what the answer rests on fits"
        assert not any(rules.told(one.outcome) == row["told"] for one in found for row in one.changes), (
            "it is no change"
        )
        if case.state == "draft":
            applications.submit(ref, seen=seen(ref), by=world.exporter)
            case.refresh_from_db()


def test_each_line_end_user_and_day_is_told_and_one_of_them_in_full(world, read):
    ref = world.application(by_whom=[world.declaration(), world.declaration(country="US")])
    found = selectors.judge(Application.objects.get(ref=ref), at=legal_now())
    today = len(found) // 2
    assert "Destination Germany" in read(ref)
    assert "Destination United States" in read(ref, f"?n={today + 1}")
    for number in ("0", "99", "x", "-1"):
        read(ref, f"?n={number}", status=404)


@pytest.mark.parametrize(("first", "last", "place"), [(0, 90, 1), (40, 90, 2), (-9, -1, 1)])
def test_it_opens_at_the_first_planned_day(world, client, first, last, place):
    ref, today = world.application(), legal_today()
    window = {"planned_from": today + timedelta(days=first), "planned_until": today + timedelta(days=last)}
    Application.objects.filter(ref=ref).update(**window)
    client.force_login(world.exporter.user)
    shown = client.get(f"/applications/{ref}/rules/").context
    assert (shown["place"], shown["chosen"].answer.day) == (place, max(window["planned_from"], today))


def test_what_was_filed_is_told_as_it_stood_then_and_no_officers_finding_with_it(world, read):
    ref = world.under_review(world.application())
    demo.screened(ref, world.ministry.reviewer, hit="watch_list", reason="Entry 3.")
    first = selectors.edition_now().code
    make.edition(lambda rules, document: rules["R001"].update(enabled=False))
    text = read(ref)
    assert "As they stood when it was filed" in text and f"Edition {first}" in text
    assert "Screening result" not in text[text.index("What was asked") : text.index("Day of export")]
    assert text.count("Not enabled") == 1
    facts = {"outcome": "refuse", "factors": ["END_USER"], "text": "No.", "acknowledged": tick(ref)}
    decisions.recommend(ref, seen=seen(ref), by=world.ministry.reviewer, **facts)
    assert f"Edition {first}" in read(ref)
    grounds = {"factors": ["END_USER"], "text": "No.", "departure": "-"}
    decisions.refuse(ref, seen=seen(ref), by=world.ministry.decider, **grounds)
    text = read(ref)
    assert "As they stood when it was decided" in text and "Edition NEXT" in text


def test_by_when_to_file_is_told_of_a_draft_alone(world, read):
    make.edition(lambda _, document: document.update(windows=[]), starts_at=legal_now() + timedelta(days=9))
    ref = world.application()
    last = len(selectors.judge(Application.objects.get(ref=ref), at=legal_now()))
    told = ("Accepted today, its limit ends", "That day lies ahead", "so file by")
    for state, said in (("draft", True), ("submitted", False)):
        text = read(ref, f"?n={last}")
        assert "45 working days" in text
        assert [words in text for words in told] == [said] * 3, state
        if said:
            applications.submit(ref, seen=seen(ref), by=world.exporter)


def test_a_case_that_was_reopened_is_told_as_it_was_filed_again(world, read):
    ref, m = world.under_review(world.application()), world.ministry
    first = selectors.edition_now().code
    make.edition(lambda rules, document: rules["R040"]["effect"].pop("disposition"))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    assert "Edition NEXT" in read(ref)
    decisions.reopen(ref, seen=seen(ref), reason="News", by=m.other_decider)
    text = read(ref)
    assert "As they stood when it was filed" in text and f"Edition {first}" in text


def test_what_is_not_filed_here_is_said(world, read):
    ref = world.application(kind="per_shipment", purpose="civil_aircraft_parts")
    assert "Not filed here yet: registration and filing of information. Ask the ministry how." in read(ref)


def test_a_draft_without_goods_has_nothing_to_say_and_a_stranger_nothing_to_read(world, read, client):
    row = applications.start(applications.Draft(kind="annual"), by=world.exporter)
    assert "There is nothing to say before goods and an end-user are named." in read(row.ref)
    client.force_login(make.exporter(world.ministry, "Other Co., Ltd.").user)
    assert client.get(f"/applications/{row.ref}/rules/").status_code == 404


def test_the_page_of_a_case_leads_there(world, client):
    ref = world.application()
    client.force_login(world.exporter.user)
    assert f'href="/applications/{ref}/rules/"' in client.get(f"/applications/{ref}/").content.decode()
