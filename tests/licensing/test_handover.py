"""A case passes from one officer to another: taken over, or left alone by who can't act on it any more."""

from datetime import timedelta
from html import unescape

import pytest

from core import history
from core.deliveries import relay
from core.errors import DomainError, Forbidden
from core.legal_time import legal_now, legal_today
from core.models import Mail, Membership, User
from licensing import selectors
from licensing.actions import applications, decisions, questions, receipts
from licensing.models import Application
from tests.make import seen


def ask(ref, by):
    due = legal_today() + timedelta(days=14)
    return questions.ask(ref, text="Why?", about=["quantity"], due_on=due, by=by).questions.last().pk


def trail(ref):
    row = Application.objects.get(ref=ref)
    return row.state, row.reviewer_id, history.lines_of(row).count()


@pytest.fixture
def case(world):
    return world.under_review(world.application())


@pytest.fixture
def another(world):
    return world.ministry.other_decider


@pytest.mark.parametrize("state", ["under_review", "awaiting_applicant"])
def test_a_case_is_taken_over_as_it_stands(state, case, world, another):
    before = world.ministry.reviewer
    asked = ask(case, before) if state == "awaiting_applicant" else None
    decisions.assign(case, seen=seen(case), by=another)
    row = Application.objects.get(ref=case)
    last = history.lines_of(row).last()
    assert (row.state, row.reviewer) == (state, another.user)
    assert (last.verb, last.from_state, last.to_state, last.actor) == ("assign", state, state, another.user)
    kept = trail(case)
    with pytest.raises(Forbidden):
        ask(case, before)
    assert trail(case) == kept
    if asked:
        questions.close_question(case, seen=seen(case), question=asked, reason="Found it", by=another)
    decisions.recommend(case, seen=seen(case), outcome="approve", by=another)
    assert trail(case)[:2] == ("awaiting_decision", another.user.pk)


def test_nobody_takes_a_case_that_he_has_or_that_is_not_his_to_review(case, world):
    before = trail(case)
    for officer in (world.ministry.reviewer, world.ministry.auditor, world.ministry.intake):
        with pytest.raises(Forbidden):
            decisions.assign(case, seen=seen(case), by=officer)
    assert trail(case) == before


def test_whoever_may_not_act_hears_who_may(case, world, another):
    before, role = world.ministry.reviewer, "Your role does not allow this step."
    fresh = world.application()
    applications.submit(fresh, seen=seen(fresh), by=world.exporter)
    receipts.accept(fresh, by=world.ministry.intake)
    refusals = {
        lambda: decisions.assign(case, seen=seen(case), by=before): "You have this case already.",
        lambda: decisions.assign(case, seen=seen(case), by=world.ministry.auditor): role,
        lambda: ask(case, another): f"{before.user} has this case now, so this step is not yours.",
        lambda: ask(case, world.ministry.auditor): role,
        lambda: ask(fresh, another): "Nobody has this case yet. Take it first.",
    }
    kept = trail(case), trail(fresh)
    for step, words in refusals.items():
        with pytest.raises(Forbidden) as refused:
            step()
        assert refused.value.detail == words
    assert (trail(case), trail(fresh)) == kept


def test_whoever_decided_is_not_offered_the_case_after_a_reopening(case, world, another, client):
    m = world.ministry
    decisions.recommend(case, seen=seen(case), outcome="approve", by=m.reviewer)
    decisions.approve(case, seen=seen(case), by=another)
    decisions.reopen(case, seen=seen(case), reason="Changed", by=m.decider)
    offered = {}
    for officer in (another, m.decider):
        client.force_login(officer.user)
        html = unescape(client.get(f"/desk/cases/{case}/").content.decode())
        offered[officer.user] = "Take this case over" in html, f"{m.reviewer.user} reviews it" in html
    assert offered == {another.user: (False, True), m.decider.user: (True, True)}


def test_a_second_click_and_the_former_officers_button_say_who_has_it(case, world, another, client):
    before, shown = world.ministry.reviewer, seen(case)
    client.force_login(another.user)
    first, second = (client.post(f"/desk/cases/{case}/assign/", {"seen": shown}) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 403)
    assert "You have this case already." in unescape(second.content.decode())
    kept = trail(case)
    client.force_login(before.user)
    facts = {"seen": shown, "text": "Why?", "about": ["ports"], "due_on": str(legal_today() + timedelta(days=9))}
    page = client.post(f"/desk/cases/{case}/ask/", facts)
    assert (page.status_code, trail(case)) == (403, kept)
    assert f"{another.user} has this case now, so this step is not yours." in unescape(page.content.decode())


def test_of_two_who_take_it_over_at_once_the_second_hears_of_the_first(case, world, another):
    shown = seen(case)
    decisions.assign(case, seen=shown, by=another)
    before = trail(case)
    with pytest.raises(DomainError) as refused:
        decisions.assign(case, seen=shown, by=world.ministry.decider)
    assert (refused.value.code, trail(case)) == ("stale", before)


def left_alone(case, reader):
    """As the queue says it, and in which of its parts it stands."""
    rows = selectors.applications_for(reader)
    row = selectors.with_signals(rows).get(ref=case)
    return row.left_alone, selectors.in_queue(rows, reader, "unassigned").filter(ref=case).exists()


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({}, False),
        ({"ended_at": legal_now}, True),
        ({"roles": ["intake", "auditor"]}, True),
        ({"roles": ["intake", "reviewer"], "province": "33"}, True),
        ({"roles": ["intake", "reviewer"], "province": "36"}, False),
        ({"roles": ["decider"]}, False),
    ],
)
def test_a_case_whose_officer_can_not_act_any_more_stands_in_the_queue_as_nobodys(change, gone, case, world, another):
    change = {name: value() if callable(value) else value for name, value in change.items()}
    if change:
        Membership.objects.filter(user=world.ministry.reviewer.user).update(**change)
    assert left_alone(case, another) == (gone, gone)
    ask(case, world.ministry.reviewer)
    assert left_alone(case, another) == (gone, gone)
    decisions.assign(case, seen=seen(case), by=another)
    assert left_alone(case, another) == (False, False)


def test_an_account_that_was_closed_leaves_its_cases_alone(case, world, another):
    User.objects.filter(pk=world.ministry.reviewer.user.pk).update(is_active=False)
    assert left_alone(case, another) == (True, True)


def test_a_case_that_waits_for_its_second_officer_is_not_left_alone(case, world, another):
    decisions.recommend(case, seen=seen(case), outcome="approve", by=world.ministry.reviewer)
    Membership.objects.filter(user=world.ministry.reviewer.user).update(ended_at=legal_now())
    assert left_alone(case, another) == (False, False)


def told(settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    relay()
    return [mail.recipients for mail in Mail.objects.filter(subject__endswith="the applicant answered a question")]


def test_whoever_has_the_case_now_is_told_of_an_answer(case, world, another, settings):
    asked = ask(case, world.ministry.reviewer)
    questions.answer(case, question=asked, text="Because", by=world.exporter)
    decisions.assign(case, seen=seen(case), by=another)
    assert told(settings) == [another.user.email]


def test_whoever_left_is_told_nothing_more(case, world, settings):
    asked = ask(case, world.ministry.reviewer)
    Membership.objects.filter(user=world.ministry.reviewer.user).update(roles=["auditor"])
    questions.answer(case, question=asked, text="Because", by=world.exporter)
    assert told(settings) == []


@pytest.mark.slow
def test_the_page_says_who_has_the_case_and_lets_another_take_it_over(case, world, another, client):
    name = str(world.ministry.reviewer.user)

    def shown():
        return unescape(client.get(f"/desk/cases/{case}/").content.decode())

    client.force_login(world.ministry.reviewer.user)
    assert "Take this case over" not in shown()
    client.force_login(another.user)
    assert (f"{name} reviews it" in shown(), "Take this case over" in shown()) == (True, True)
    Membership.objects.filter(user=world.ministry.reviewer.user).update(ended_at=legal_now())
    assert f"Nobody has it: {name} can't act on it any more" in shown()
    assert "Nobody reviews this any more" in shown()
    assert f"Nobody has it: {name} can't act on it any more" in unescape(
        client.get("/desk/?view=unassigned").content.decode()
    )
    page = client.post(f"/desk/cases/{case}/assign/", {"seen": seen(case)}, follow=True)
    assert [str(message) for message in page.context["messages"]] == ["The case is yours."]
    assert trail(case)[:2] == ("under_review", another.user.pk)
