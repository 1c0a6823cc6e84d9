"""A draft that is open for comment: who reads it, what a company reads of its own, what it says and until when."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import DomainError, Forbidden, Invalid, NotFound, WrongState
from core.legal_time import day_start, legal_today
from licensing import selectors
from licensing.actions import applications, comments, editions
from licensing.models import Application, Comment, License, Verdict
from licensing.policy.editions import read
from licensing.policy.engine import Compiled
from licensing.selectors.what_if import what_of_mine
from tests import make
from tests.book import draft as text_of
from tests.book import forbid
from tests.licensing.test_drafts import BAN, DAY, R033, changed, described, refused
from tests.licensing.test_what_if import held_in
from tests.make import seen

pytestmark = pytest.mark.django_db
MAGNET = "1C905.a.4"


def ban(country):
    return BAN | {"match": {"item.control_code_prefix": ["1C905"], "destination.country": [country]}}


@pytest.fixture
def draft(world):
    """Bans magnets to Germany from tomorrow on, for everybody; simulated."""
    m = world.ministry
    row = described(changed(editions.draft(title="Magnets", by=m.policy_officer), m, new=ban("DE")), m)
    make.simulated(row.ref, m.policy_officer)
    return row


def published(row, world, days=9):
    facts = {"until": legal_today() + days * DAY, "by": world.ministry.policy_officer}
    return comments.publish(row.ref, seen=seen(row.ref), **facts)


def withdrawn(row, world):
    return comments.withdraw(row.ref, seen=seen(row.ref), by=world.ministry.policy_officer)


def page(client, who, path, status=200):
    client.logout()
    if who:
        client.force_login(who.user)
    answer = client.get(path)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def at(row):
    return f"/rules/proposals/{row.ref}/"


# --- published, and withdrawn -----------------------------------------------------------------------------


def test_a_draft_that_was_simulated_is_shown_to_everybody_until_a_day(draft, world, client):
    page(client, None, at(draft), 404)
    assert "No draft is open for comment" in page(client, None, "/rules/proposals/")
    published(draft, world)
    listed = page(client, None, "/rules/proposals/")
    assert f'href="{at(draft)}"' in listed and "Banned." in listed
    text = page(client, None, at(draft))
    assert "R050" in text and "Germany" in text and "Banned." in text
    assert "What it would do to what you have" not in text


def test_what_another_edition_overtook_says_so(draft, world, client):
    published(draft, world)
    said = "what that edition brings stands below as dropped or changed"
    assert said not in page(client, None, at(draft))
    make.edition(lambda by_id, document: document.update(windows=[]))
    text = page(client, None, at(draft))
    assert said in text and "Since then NEXT was approved" in text
    make.edition(lambda by_id, document: None, "UNDO")  # and nothing of it is left
    assert said not in page(client, None, at(draft))


@pytest.mark.slow
def test_what_is_shown_already_is_offered_another_last_day_and_not_to_be_shown(draft, world, client):
    by, desk = world.ministry.policy_officer, f"/desk/policy/{draft.ref}/"
    before = page(client, by, desk)
    assert "Show it for comment" in before and "Take comments until another day" not in before
    published(draft, world)
    after = page(client, by, desk)
    assert "Take comments until another day" in after and "Show it for comment" not in after
    until = legal_today() + 20 * DAY
    assert client.post(f"{desk}publish/", {"seen": seen(draft.ref), "until": str(until)}).status_code == 302
    draft.refresh_from_db()
    assert draft.comment_until == until


def test_nothing_is_shown_that_nobody_simulated_in_this_text(draft, world):
    m = world.ministry
    described(changed(draft, m, key="R050", new=ban("FR")), m)
    refused(DomainError, "not-simulated", published, draft, world)
    make.simulated(draft.ref, m.policy_officer)
    published(draft, world)


def test_a_statement_of_an_earlier_text_is_not_shown(draft, world):
    changed(draft, world.ministry, key="R050", new=ban("FR"))
    make.simulated(draft.ref, world.ministry.policy_officer)
    refused(DomainError, "statement-older", published, draft, world)


@pytest.mark.parametrize("days", [-1, 0, comments.MOST_DAYS + 1])
def test_its_last_day_is_a_coming_one(draft, world, days):
    refusal = refused(Invalid, "date-out-of-range", published, draft, world, days=days)
    assert [one.pointer for one in refusal.errors] == ["/until"]


@pytest.mark.parametrize("days", [1, comments.MOST_DAYS])
def test_the_first_and_the_last_day_until_which_it_may_be_shown(draft, world, days):
    assert published(draft, world, days=days).comment_until == legal_today() + days * DAY


def test_nobody_changes_what_is_shown_before_it_is_withdrawn(draft, world):
    m = world.ministry
    published(draft, world)
    file = {"file": ("r.json", draft.text.encode()), "by": m.policy_officer}
    for verb, facts in ((changed, {"key": "R050", "new": None}), (described, {})):
        refusal = refused(WrongState, "wrong-state", verb, draft, m, **facts)
        assert "Withdraw it first" in str(refusal.detail)
    refused(WrongState, "wrong-state", editions.load, draft.ref, seen=seen(draft.ref), **file)
    withdrawn(draft, world)
    described(changed(draft, m, key="R050", new=ban("FR")), m)


def test_what_was_withdrawn_says_so_and_no_more(draft, world, client):
    published(draft, world)
    withdrawn(draft, world)
    refused(WrongState, "wrong-state", withdrawn, draft, world)
    text = page(client, world.exporter, at(draft))
    assert "shows this draft no more" in text and "R050" not in text and "Banned." not in text
    assert "No draft is open" in page(client, None, "/rules/proposals/")


# --- comments ---------------------------------------------------------------------------------------------


def said(row, by, text="Twelve months, please."):
    return comments.comment(row.ref, text=text, by=by)


def test_a_company_comments_and_the_policy_desk_reads_it(draft, world, client):
    published(draft, world)
    said(draft, world.exporter)
    said(draft, make.colleague(world.exporter, "clerk"), "Or six.")
    assert "Twelve months, please." in page(client, world.exporter, at(draft))
    for role in ("policy_officer", "policy_approver", "auditor"):
        who = getattr(world.ministry, role)
        assert "2 comments" in page(client, who, f"/desk/policy/{draft.ref}/")
        text = page(client, who, f"/desk/policy/{draft.ref}/comments/")
        assert "Twelve months, please." in text and "Or six." in text and str(world.exporter.organization) in text


def test_nobody_else_reads_what_a_company_said(draft, world, client):
    other = make.exporter(world.ministry, "Other Co., Ltd.")
    published(draft, world)
    said(draft, world.exporter)
    for who in (None, other, world.ministry.reviewer, world.customs):
        assert "Twelve months" not in page(client, who, at(draft))
    assert "comments" not in page(client, world.ministry.reviewer, f"/desk/policy/{draft.ref}/")
    page(client, world.ministry.reviewer, f"/desk/policy/{draft.ref}/comments/", 403)
    page(client, other, f"/desk/policy/{draft.ref}/comments/", 404)


def test_nobody_else_s_officers_read_comments(draft, world):
    published(draft, world)
    said(draft, world.exporter)
    m = world.ministry
    counts = [selectors.comments_for(who, draft).count() for who in (m.policy_officer, m.auditor, m.reviewer, m.admin)]
    assert counts == [1, 1, 0, 0]


def test_on_its_last_day_the_page_still_asks(draft, world, client, clock):
    published(draft, world, days=1)
    clock.set(day_start(legal_today() + DAY))
    text = page(client, world.exporter, at(draft))
    assert "Comments are taken until" in text and "Your comment" in text
    assert "Your comment" not in page(client, make.colleague(world.exporter, "viewer"), at(draft))


def test_only_who_prepares_or_signs_comments(draft, world):
    published(draft, world)
    for by in (make.colleague(world.exporter, "viewer"), world.ministry.policy_officer, world.customs):
        with pytest.raises(Forbidden):
            said(draft, by)
    assert not Comment.objects.exists()


def test_after_the_last_day_nothing_more_is_taken(draft, world, client, clock):
    published(draft, world, days=2)
    last = legal_today() + 2 * DAY
    clock.set(day_start(last + DAY) - timedelta(seconds=5))
    said(draft, world.exporter)
    clock.set(day_start(last + DAY))
    with pytest.raises(DomainError) as refusal:
        said(draft, world.exporter)
    assert (refusal.value.code, refusal.value.status) == ("comment-closed", 409)
    assert refusal.value.extra == {"until": str(last)}
    assert "Comments were taken until" in page(client, world.exporter, at(draft))
    client.force_login(world.exporter.user)
    answer = client.post(f"{at(draft)}comment/", {"text": "Too late"})
    assert answer.status_code == 409 and "Too late" in answer.content.decode()
    assert "No draft is open" in page(client, None, "/rules/proposals/")


@pytest.mark.parametrize("end", ["withdrawn", "approved"])
def test_what_is_shown_no_more_takes_no_comment_and_loses_no_word(draft, world, client, end):
    published(draft, world)
    if end == "withdrawn":
        withdrawn(draft, world)
    else:
        editions.approve(draft.ref, seen=seen(draft.ref), by=world.ministry.policy_approver)
    assert "Your comment" not in page(client, world.exporter, at(draft))
    answer = client.post(f"{at(draft)}comment/", {"text": "Twelve months"})
    assert answer.status_code == 409 and "Twelve months" in answer.content.decode()
    assert "takes no comments" in answer.content.decode() and not Comment.objects.exists()
    assert "No draft is open" in page(client, None, "/rules/proposals/")


def test_a_draft_that_was_never_shown_takes_none(draft, world):
    with pytest.raises(NotFound):
        said(draft, world.exporter)


@pytest.mark.parametrize("text", ["", " ", "x" * 4_001, "a\u202eb", "a\x00b"])
def test_what_can_t_be_said_is_refused_in_the_form(draft, world, client, text):
    published(draft, world)
    client.force_login(world.exporter.user)
    assert client.post(f"{at(draft)}comment/", {"text": text}).status_code in (400, 422)
    assert not Comment.objects.exists()


def test_a_comment_on_an_earlier_text_says_so(draft, world, client):
    m = world.ministry
    published(draft, world)
    said(draft, world.exporter)
    withdrawn(draft, world)
    described(changed(draft, m, key="R050", new=ban("FR")), m)
    assert "of an earlier text" in page(client, m.policy_officer, f"/desk/policy/{draft.ref}/comments/")


# --- what it would do to one's own ------------------------------------------------------------------------


def mine(exporter, change):
    rules = Compiled(read(text_of(change)))
    starts_at = day_start(legal_today() + DAY)
    return what_of_mine(rules, starts_at, at=make.legal_now(), exporter=exporter.organization_id)


def filed(world):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    return ref


def test_a_company_reads_what_would_become_of_its_own_and_of_nobody_else_s(draft, world, client):
    license, case = world.license(kilograms=100), filed(world)
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    others, other_case = other.license(kilograms=100), filed(other)
    published(draft, world)
    text, their = page(client, world.exporter, at(draft)), page(client, other.exporter, at(draft))
    for ref in (license.ref, case):
        assert ref in text and ref not in their
    for ref in (others.ref, other_case):
        assert ref in their and ref not in text
    assert license.end_users.get().party.name in text and "In force" in text and "Prohibited" in text


def test_it_is_what_the_turn_then_does(world, clock):
    license, case = world.license(kilograms=100), filed(world)
    [one] = mine(world.exporter, forbid(country=["DE"], code=["1C905"])).licenses
    assert (one.ref, one.line, one.item, one.old, one.new) == (license.ref, 1, MAGNET, "open", "prohibited")
    found = mine(world.exporter, forbid(country=["FR"]))
    assert (found.licenses, found.cases, found.looked_at) == ([], [], 2)
    [of_case] = mine(world.exporter, stricter).cases
    assert (of_case.ref, of_case.old, of_case.new) == (case, "presumption_of_approval", "prohibited")
    assert ("channel", "single", None) in {(one.part, one.old, one.new) for one in of_case.differing}


def also(**effect):
    """A rule of pending cases for Germany, beside the others."""

    def change(rules, document):
        forbid(country=["DE"], code=["1C905"])(rules, document)
        document["rules"][-1].update(applies_to=["pending"], effect=effect)

    return change


@pytest.mark.parametrize(("effect", "told"), [
    ({"remove": ["single"]}, {("channel", "single", None)}),
    ({"grant": ["registration"]}, {("channel", None, "registration")}),
    ({"require": ["undertaking"]}, {("paper", None, "undertaking")}),
    ({"clock": "untimed"}, {("clock", "45wd", "untimed")}),
])  # fmt: skip
def test_a_case_that_keeps_its_outcome_is_told_what_else_changes(world, effect, told):
    case = filed(world)
    [one] = mine(world.exporter, also(**effect)).cases
    assert (one.ref, one.old, one.new) == (case, "presumption_of_approval", "presumption_of_approval")
    assert {(each.part, each.old, each.new) for each in one.differing} == told


def test_a_company_reads_which_channel_closes_and_what_is_asked_for(world, client):
    filed(world)
    m, document = world.ministry, {"rules": []}
    also(remove=["single"], require=["undertaking"])({"R033": R033}, document)
    row = described(changed(editions.draft(title="Papers", by=m.policy_officer), m, new=document["rules"][0]), m)
    make.simulated(row.ref, m.policy_officer)
    published(row, world)
    text = page(client, world.exporter, at(row))
    assert "Closes: per-shipment licenses" in text and "Asked for:" in text and "Nothing of yours" not in text


def test_a_hold_that_would_stop_it_is_told_with_its_reason(world, client):
    license, m = world.license(kilograms=100), world.ministry
    case = filed(world)
    found = mine(world.exporter, held_in("DE"))
    assert [(one.ref, one.holds[1] - one.holds[0]) for one in (*found.licenses, *found.cases)] == [
        (license.ref, {"H001"}),
        (case, {"H001"}),
    ]
    assert mine(world.exporter, held_in("FR")).licenses == []
    row = editions.draft(title="Hold", by=m.policy_officer)
    document = {}
    held_in("DE")({}, document)
    changed(row, m, part="holds", new=document["holds"][0])
    make.simulated(row.ref, m.policy_officer)
    published(row, world)
    assert "Hold H001 would stop it: Talks." in page(client, world.exporter, at(row))


def stricter(rules, document):
    forbid(country=["DE"], code=["1C905"])(rules, document)
    rule = document["rules"][-1]
    rule["applies_to"], rule["effect"] = ["pending"], rule["effect"] | {"control": True}


def test_what_the_ministry_found_since_is_not_told(world):
    """A draft about results of screening would say of each of one's parties what was found."""
    world.license(kilograms=100)
    case = world.under_review(world.application())
    make.demo.screened(case, world.ministry.reviewer, hit="watch_list", reason="Entry 3.")
    facts = Verdict.objects.get().facts
    Verdict.objects.update(facts={**facts, "screening.hit": "watch_list"})

    def listed(rules, document):
        forbid()(rules, document)
        rule = document["rules"][-1]
        rule["match"], rule["applies_to"] = {"screening.hit": ["watch_list"]}, ["pending", "existing"]
        rule["effect"] = rule["effect"] | {"control": True}

    found = mine(world.exporter, listed)
    assert (found.licenses, found.cases, found.looked_at) == ([], [], 2)


def test_findings_are_read_once_and_of_what_is_asked_only(world):
    license, case, over = world.license(kilograms=100), filed(world), world.license(kilograms=100)
    License.objects.filter(pk=over.pk).update(state="expired")
    with CaptureQueriesContext(connection) as asked:
        mine(world.exporter, stricter)
    [query] = [one["sql"] for one in asked if "licensing_finding" in one["sql"]]
    keys = {int(key) for key in re.search(r"\"application_id\" IN \(([\d, ]+)\)", query)[1].split(", ")}
    assert keys == {license.application_id, Application.objects.get(ref=case).pk}
