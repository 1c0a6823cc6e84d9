"""A case from filing to license, and the refusals on the way."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from config.local import demo
from core import history
from core.deliveries import _writers
from core.errors import DomainError, Forbidden, FourEyes, Invalid, NotFound, WrongState
from core.history import lines_of
from core.legal_time import legal_now, legal_today, months_after
from core.models import Delivery, HistoryLine, Role
from core.references import ALPHABET
from exporters import actions as exporters
from licensing import selectors
from licensing.actions import applications, decisions, declarations, licenses, questions, receipts
from licensing.models import Application, ApplicationDocument, DecisionStep, License
from licensing.web.forms import IntendForm, RefuseForm, UpholdForm
from tests import make
from tests.make import seen
from tests.ticks import tick

KG = 1000
LESS = {"outcome": "approve", "quantities_": {1: 5 * KG}, "months": 3, "text": "A trial first."}


def state(ref):
    return Application.objects.get(ref=ref).state


def ask(ref, by):
    """Asks; the number of the question."""
    due = legal_today() + timedelta(days=14)
    return questions.ask(ref, text="Why so much?", about=["quantity"], due_on=due, by=by).questions.last().pk


def test_the_whole_story(world):
    m, exporter = world.ministry, world.exporter
    signed = [world.declaration(), world.declaration(country="FR")]
    ref = world.application(kilograms=60_000, by_whom=signed)
    applications.submit(ref, seen=seen(ref), by=exporter)
    receipts.accept(ref, by=m.intake)
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    asked = ask(ref, m.reviewer)
    assert state(ref) == "awaiting_applicant"
    questions.answer(ref, question=asked, text="A new plant.", final=True, by=exporter)
    users = list(Application.objects.get(ref=ref).end_users.order_by("pk").values_list("pk", flat=True))
    demo.screened(ref, m.reviewer)
    decisions.recommend(
        ref,
        seen=seen(ref),
        outcome="approve",
        quantities_={1: 40_000 * KG},
        end_users=users[:1],
        months=6,
        text="One plant, for half a year.",
        by=m.reviewer,
    )
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    license = decisions.issue(ref, seen=seen(ref), by=m.decider)
    line = license.lines.get()
    assert (line.authorized, line.number) == (40_000 * KG, 1)
    assert [user.party for user in license.end_users.all()] == [signed[0].end_user]
    assert license.usable_until == months_after(legal_today(), 6)
    assert (license.kind, license.max_clearances, license.state) == ("annual", None, "active")
    assert re.fullmatch(f"[{ALPHABET}]{{10}}", license.verify_code)
    verbs = list(history.lines_of(Application.objects.get(ref=ref)).values_list("verb", "to_state"))
    assert verbs == [
        ("draft", "draft"),
        *[("add_document", "draft")] * 4,
        ("submit", "submitted"),
        ("accept", "accepted"),
        ("assign", "under_review"),
        ("ask", "awaiting_applicant"),
        ("answer", "under_review"),
        ("screen", "under_review"),
        ("recommend", "awaiting_decision"),
        ("approve", "approved"),
        ("issue", "issued"),
    ]
    signed[0].refresh_from_db()
    signed[1].refresh_from_db()
    assert (signed[0].state, signed[1].state) == ("in_force", "verified")


def recommended(world, by=None, **facts):
    """A case that one officer took and recommended."""
    by = by or world.ministry.reviewer
    ref = world.under_review(world.application(), by=by)
    decisions.recommend(ref, seen=seen(ref), **({"outcome": "approve", "by": by} | facts))
    return ref


def trail(ref):
    """All that a refused step must leave as it was."""
    row = Application.objects.get(ref=ref)
    return row.state, row.version, list(row.steps.values_list("pk")), history.lines_of(row).count()


def test_nobody_both_recommends_and_decides(world):
    both = world.ministry.other_decider
    ref = recommended(world, by=both)
    for verb in (
        lambda: decisions.approve(ref, seen=seen(ref), by=both),
        lambda: decisions.refuse(ref, seen=seen(ref), factors=["END_USE"], text="No.", departure="Doubts.", by=both),
        lambda: decisions.send_back(ref, seen=seen(ref), reason="Look again", by=both),
    ):
        with pytest.raises(FourEyes):
            verb()
    assert state(ref) == "awaiting_decision"
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    assert state(ref) == "approved"


def test_a_decider_of_the_round_can_not_take_it_over_after_a_reopening(world):
    both, m = world.ministry.other_decider, world.ministry
    ref = recommended(world)
    decisions.approve(ref, seen=seen(ref), by=both)
    with pytest.raises(FourEyes):
        decisions.reopen(ref, seen=seen(ref), reason="Changed", by=both)
    decisions.reopen(ref, seen=seen(ref), reason="Changed", by=m.decider)
    before = trail(ref)
    with pytest.raises(FourEyes, match="You decided in this round, so another officer must review it"):
        decisions.assign(ref, seen=seen(ref), by=both)
    assert trail(ref) == before
    assert Application.objects.get(ref=ref).reviewer == m.reviewer.user
    decisions.assign(ref, seen=seen(ref), by=m.decider)


def test_a_decider_of_the_round_who_took_it_over_in_an_old_copy_can_not_recommend(world):
    both = world.ministry.other_decider
    ref = recommended(world)
    decisions.approve(ref, seen=seen(ref), by=both)
    decisions.reopen(ref, seen=seen(ref), reason="Changed", by=world.ministry.decider)
    Application.objects.filter(ref=ref).update(reviewer=both.user)
    before = trail(ref)
    with pytest.raises(FourEyes):
        decisions.recommend(ref, seen=seen(ref), outcome="approve", by=both)
    assert trail(ref) == before


def decides(ref, by):
    return {
        "approve": lambda: decisions.approve(ref, seen=seen(ref), by=by),
        "refuse": lambda: decisions.refuse(
            ref, seen=seen(ref), factors=["END_USE"], text="No.", departure="Doubts.", by=by
        ),
        "return": lambda: decisions.send_back(ref, seen=seen(ref), reason="Look again", by=by),
    }


def test_a_decider_who_took_the_case_asks_and_recommends(world):
    decider = world.ministry.decider
    ref = world.under_review(world.application(), by=decider)
    questions.answer(ref, question=ask(ref, decider), text="A new plant.", final=True, by=world.exporter)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=decider)
    assert state(ref) == "awaiting_decision"


def handed_over(world, before):
    """A case that an officer took, and another took over and recommended."""
    ref, reviewer = world.under_review(world.application(), by=before), world.ministry.reviewer
    decisions.assign(ref, seen=seen(ref), by=reviewer)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=reviewer)
    return ref


@pytest.mark.parametrize("verb", ["approve", "refuse", "return"])
def test_a_decider_who_took_the_case_does_not_decide_it(verb, world):
    """Not even after he handed it over, and somebody else recommended: PostgreSQL would let that pass."""
    taker = world.ministry.decider
    ref = handed_over(world, taker)
    before = trail(ref)
    with pytest.raises(FourEyes):
        decides(ref, taker)[verb]()
    assert trail(ref) == before
    decides(ref, world.ministry.other_decider)[verb]()
    assert state(ref) == {"approve": "approved", "refuse": "refused", "return": "under_review"}[verb]


def test_the_page_offers_no_decision_to_whoever_ever_took_the_case_and_says_why(client, world):
    m = world.ministry
    ref, own = handed_over(world, m.decider), recommended(world, by=m.other_decider)
    why, shown = "You took this case, so another officer must decide it.", {}
    for officer in (m.decider, m.other_decider):
        client.force_login(officer.user)
        for case in (ref, own):
            html = client.get(f"/desk/cases/{case}/").content.decode()
            forms = [verb for verb in decides(case, officer) if f'action="/desk/cases/{case}/{verb}/"' in html]
            shown[officer.user, case] = forms, why in html
    everything = list(decides(ref, m.decider))
    assert shown[m.decider.user, ref] == shown[m.other_decider.user, own] == ([], True)
    assert shown[m.decider.user, own] == shown[m.other_decider.user, ref] == (everything, False)


@pytest.mark.parametrize("verb", ["approve", "refuse", "return"])
def test_whoever_recommended_does_not_decide_even_when_another_has_the_case(verb, world):
    both = world.ministry.other_decider
    ref, m = recommended(world, by=both), world.ministry
    decisions.send_back(ref, seen=seen(ref), reason="Look again", by=m.decider)
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    before = trail(ref)
    with pytest.raises(FourEyes):
        decides(ref, both)[verb]()
    assert trail(ref) == before


def test_nobody_but_the_officer_who_took_the_case_asks_or_recommends(world):
    m = world.ministry
    ref = world.under_review(world.application(), by=m.decider)
    before = trail(ref)
    for other in (m.reviewer, m.other_decider):
        with pytest.raises(Forbidden):
            ask(ref, other)
        with pytest.raises(Forbidden):
            decisions.recommend(ref, seen=seen(ref), outcome="approve", by=other)
    assert trail(ref) == before


def test_a_case_is_not_countersigned_by_whoever_took_it(world):
    both = world.ministry.other_decider
    ref = recommended(world, by=both)
    other = handed_over(world, both)
    assert [row.ref for row in selectors.to_countersign(both)] == []
    assert [row.ref for row in selectors.to_countersign(world.ministry.decider)] == [ref, other]


def test_postgresql_refuses_one_person_in_both_steps(world):
    ref = recommended(world)
    row = Application.objects.get(ref=ref)
    step = row.steps.get()
    with pytest.raises(DatabaseError, match="step_nobody_takes_both"), transaction.atomic():
        DecisionStep.objects.create(
            application=row, round=row.round, step="decide", actor=step.actor, at=step.at, outcome="approve"
        )


def test_postgresql_refuses_a_license_without_two_people(world):
    ref = recommended(world)
    row = Application.objects.get(ref=ref)
    with pytest.raises(DatabaseError, match="two people"), transaction.atomic():
        License.objects.create(
            ref=make.unknown(),
            exporter=row.exporter,
            application=row,
            kind="annual",
            usable_from=legal_today(),
            usable_until=legal_today(),
            destinations=["DE"],
            edition="x",
            verify_code="x",
            issued_at=row.created_at,
        )


def test_return_stays_in_the_round_and_the_latest_recommendation_counts(world):
    m = world.ministry
    ref = recommended(world)
    decisions.send_back(ref, seen=seen(ref), reason="Less, please.", by=m.decider)
    decisions.recommend(ref, seen=seen(ref), **LESS, by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    license = decisions.issue(ref, seen=seen(ref), by=m.other_decider)
    assert license.lines.get().authorized == 5 * KG
    assert license.usable_until == months_after(license.usable_from, 3)
    assert Application.objects.get(ref=ref).round == 1


def test_a_case_that_was_reopened_has_no_decision_any_more(world):
    m, ref = world.ministry, recommended(world)
    decisions.approve(ref, seen=seen(ref), text="Well.", by=m.decider)
    assert Application.objects.get(ref=ref).decision.text == "Well."
    decisions.reopen(ref, seen=seen(ref), reason="News", by=m.other_decider)
    row = Application.objects.get(ref=ref)
    assert (row.decision, row.recommendation) == (None, row.steps.first())


@pytest.mark.parametrize("verb", ["return", "reopen"])
def test_whoever_has_a_case_is_told_that_it_comes_back(verb, world):
    m, ref = world.ministry, recommended(world)
    if verb == "reopen":
        decisions.approve(ref, seen=seen(ref), by=m.decider)
    back = {"return": decisions.send_back, "reopen": decisions.reopen}[verb]
    back(ref, seen=seen(ref), reason="Ask the end-user.", by=m.other_decider)
    line = lines_of(Application.objects.get(ref=ref)).get(verb=verb)
    assert Delivery.objects.filter(line=line, consumer="mail").exists()
    message = _writers["application", verb](line)
    assert message.to == [m.reviewer.user.email] and f"/desk/cases/{ref}/" in message.body
    assert "Ask the end-user" not in message.subject + message.body


def test_an_applicant_who_was_told_of_an_approval_is_told_that_it_was_reopened_and_not_why(world, client):
    m, ref = world.ministry, recommended(world)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    decisions.reopen(ref, seen=seen(ref), reason="A hit of yesterday.", by=m.other_decider)
    line = lines_of(Application.objects.get(ref=ref)).last()
    assert (line.verb, line.to_state) == ("end_approval", "under_review")
    assert world.exporter.user.email in _writers["application", "end_approval"](line).to
    client.force_login(world.exporter.user)
    text = client.get(f"/applications/{ref}/").content.decode()
    assert "The approval was reopened: the case is under review again" in text
    assert "A hit of yesterday" not in text


@pytest.mark.parametrize("form", [RefuseForm, IntendForm, UpholdForm], ids=lambda form: form.__name__)
def test_a_form_that_refuses_asks_for_what_a_refusal_rests_on(form, world, monkeypatch):
    row = Application.objects.get(ref=world.application())

    def asked():
        return {name for name in ("factors", "text") if form(row=row).fields[name].required}

    assert asked() == {"factors", "text"}
    monkeypatch.setattr("licensing.web.forms.decisions.GROUNDS", {"factors"})
    assert asked() == {"factors"}


def test_refusing_needs_a_factor_and_a_text(world):
    ref = recommended(world)
    with pytest.raises(Invalid) as refused:
        decisions.refuse(ref, seen=seen(ref), factors=[], text=" ", departure="Doubts.", by=world.ministry.decider)
    assert [e.pointer for e in refused.value.errors] == ["/factors", "/text"]
    assert state(ref) == "awaiting_decision"
    decisions.refuse(
        ref,
        seen=seen(ref),
        factors=["END_USE", "END_USER"],
        text="The use is not civil.",
        departure="Another source.",
        by=world.ministry.decider,
    )
    assert state(ref) == "refused"


@pytest.mark.parametrize("verb", ["approve", "refuse"])
def test_what_was_recommended_is_decided_by_an_approval_alone(verb, world):
    m = world.ministry
    ref = recommended(world, months=6, max_clearances=3, conditions=["NO_RESALE"], text="Less")
    because = {"factors": ["END_USE"], "departure": "Doubts."} if verb == "refuse" else {}
    getattr(decisions, verb)(ref, seen=seen(ref), by=m.decider, text="So it is.", **because)
    step = Application.objects.get(ref=ref).steps.get(step="decide")
    granted = (step.months, step.max_clearances, step.conditions)
    assert granted == ((6, 3, ["NO_RESALE"]) if verb == "approve" else (None, None, []))


def test_a_recommendation_to_approve_rests_on_no_factor_of_refusal(world):
    step = Application.objects.get(ref=recommended(world, factors=["END_USE"])).recommendation
    assert (step.outcome, step.factors) == ("approve", [])


def test_a_license_for_one_shipment_has_one_clearance(world):
    ref = world.under_review(world.application(kind="per_shipment"))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    assert Application.objects.get(ref=ref).steps.get().max_clearances == 1


def test_more_than_asked_can_not_be_recommended(world):
    ref = world.under_review(world.application(kilograms=100))
    with pytest.raises(Invalid) as refused:
        decisions.recommend(
            ref,
            seen=seen(ref),
            outcome="approve",
            quantities_={1: 101 * KG},
            months=13,
            end_users=[],
            by=world.ministry.reviewer,
        )
    assert [e.code for e in refused.value.errors] == ["more-than-asked", "out-of-range", "min-items"]
    assert state(ref) == "under_review"
    assert DecisionStep.objects.count() == 0


def test_approval_needs_verified_declarations(world):
    unverified = world.declaration(verified=False)
    ref = world.under_review(world.application(by_whom=[unverified]))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    with pytest.raises(DomainError) as refused:
        decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    assert refused.value.code == "declaration-not-verified"
    declarations.verify(unverified.ref, seen=seen(unverified.ref), quantity_fit=True, by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    assert state(ref) == "approved"


@pytest.mark.parametrize("paper", ["contract", "tech_desc", "id_proof", "party_intro"])
def test_each_paper_that_the_law_names_is_asked_for(world, paper):
    ref = world.application()
    Application.objects.get(ref=ref).documents.filter(type=paper).delete()
    [problem] = applications.what_is_missing(Application.objects.get(ref=ref), at=legal_now())
    message = ApplicationDocument.NEEDED[paper]
    assert (problem.pointer, problem.code, problem.message) == ("/documents", "required", message)
    demo.paper(world.exporter, ref, paper)
    assert applications.submit(ref, seen=seen(ref), by=world.exporter).state == "submitted"


def test_everything_missing_is_named_at_once_and_nothing_is_sent(world):
    row = applications.start(applications.Draft(kind="annual"), by=world.exporter)
    with pytest.raises(Invalid) as refused:
        applications.submit(row.ref, seen=seen(row.ref), by=world.exporter)
    assert [(e.pointer, e.code) for e in refused.value.errors] == [
        ("/contract_no", "required"),
        ("/contract_on", "required"),
        ("/currency", "required"),
        ("/planned_from", "required"),
        ("/planned_until", "required"),
        ("/purpose", "required"),
        ("/red_flag", "required"),
        ("/trade_mode", "required"),
        ("/transport_mode", "required"),
        ("/lines", "min-items"),
        ("/consignees", "min-items"),
        ("/end_users", "min-items"),
        *[("/documents", "required")] * 4,
    ]
    assert state(row.ref) == "draft"
    assert not HistoryLine.objects.filter(verb="submit", subject_kind="application").exists()


def test_a_clerk_prepares_and_does_not_submit(world):
    clerk = make.colleague(world.exporter, "clerk")
    ref = world.application()
    with pytest.raises(Forbidden):
        applications.submit(ref, seen=seen(ref), by=clerk)
    assert state(ref) == "draft"


def test_another_exporter_sees_nothing(world):
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    ref = world.application()
    for verb, facts in ((applications.submit, {"seen": seen(ref)}), (applications.withdraw, {})):
        with pytest.raises(NotFound):
            verb(ref, **facts, by=stranger)


def test_refusals_come_in_order_role_state_four_eyes(world):
    both = world.ministry.other_decider
    ref = recommended(world, by=both)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    with pytest.raises(Forbidden) as role:
        decisions.approve(ref, seen=seen(ref), by=world.ministry.auditor)
    assert role.value.code == "forbidden"
    with pytest.raises(WrongState):
        decisions.approve(ref, seen=seen(ref), by=both)


def test_withdrawn_cases_are_decided_by_nobody(world):
    ref = recommended(world)
    applications.withdraw(ref, by=world.exporter)
    with pytest.raises(WrongState):
        decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    assert state(ref) == "withdrawn"


def test_an_item_that_no_announcement_controls_needs_no_license(world, clock):
    """Ho oxide was suspended until 2026-11-10; an application for 11 November could be filed before."""
    from datetime import UTC, datetime

    clock.set(datetime(2026, 11, 1, 4, tzinfo=UTC))
    ref = world.application(kind="per_shipment", code="1C909.b")
    Application.objects.filter(ref=ref).update(planned_from="2026-11-01", planned_until="2026-11-10")
    with pytest.raises(Invalid) as refused:
        applications.submit(ref, seen=seen(ref), by=world.exporter)
    assert [e.code for e in refused.value.errors] == ["not-controlled"]
    Application.objects.filter(ref=ref).update(planned_until="2026-11-11")
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    assert state(ref) == "submitted"


def uncontrolled(rules, document):
    rules["R001"]["enabled"] = False


def test_changed_rules_must_be_acknowledged(world):
    ref = world.under_review(world.application())
    make.edition(uncontrolled)
    with pytest.raises(DomainError) as refused:
        decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    assert (refused.value.code, state(ref)) == ("policy-changed", "under_review")
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=world.ministry.reviewer)
    with pytest.raises(DomainError) as closed:
        decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    assert (closed.value.code, state(ref)) == ("channel-closed", "awaiting_decision")


@pytest.mark.parametrize(
    ("begins", "months", "ends"),
    [("2025-12-02", 12, "2026-12-02"), ("2028-02-29", 12, "2029-02-28"), ("2026-08-31", 6, "2027-02-28")],
)
def test_the_last_day_of_a_period(begins, months, ends):
    from datetime import date

    assert months_after(date.fromisoformat(begins), months) == date.fromisoformat(ends)


@pytest.mark.parametrize("verb", ["approve", "refuse", "return"])
def test_an_old_page_decides_nothing_after_a_new_recommendation(verb, world, client):
    """It says what changed, shows the new state, and keeps what was typed."""
    m = world.ministry
    ref = recommended(world)
    old = seen(ref)
    decisions.send_back(ref, seen=old, reason="Less, please.", by=m.other_decider)
    decisions.recommend(ref, seen=seen(ref), **LESS, by=m.reviewer)
    before = trail(ref)
    client.force_login(m.decider.user)
    typed = {"seen": old, "text": "Typed words", "factors": ["END_USE"], "reason": "Typed words"}
    response = client.post(f"/desk/cases/{ref}/{verb}/", typed)
    page = unescape(response.content.decode())
    assert response.status_code == 412
    assert trail(ref) == before
    assert "Since you opened this page" in page and "Returned to the reviewer" in page and "Less, please." in page
    assert "Typed words" in page and "5 kg" in page
    assert f'name="seen" value="{seen(ref)}"' in page


@pytest.mark.parametrize("since", ["taken over", "recommended"])
def test_an_old_page_of_a_recommendation_says_what_was_typed_in_words_and_who_did_what_since(since, world, client):
    m = world.ministry
    ref = world.under_review(world.application())
    old = seen(ref)
    if since == "taken over":
        decisions.assign(ref, seen=old, by=m.other_decider)
    else:
        decisions.recommend(ref, seen=old, outcome="approve", by=m.reviewer)
    before = trail(ref)
    client.force_login(m.reviewer.user)
    user = Application.objects.get(ref=ref).end_users.get()
    typed = {"seen": old, "outcome": "refuse", "end_users": [user.pk], "factors": ["END_USER"], "text": "Typed words"}
    response = client.post(f"/desk/cases/{ref}/recommend/", typed)
    page = unescape(response.content.decode())
    assert response.status_code == {"taken over": 403, "recommended": 409}[since]
    assert trail(ref) == before
    assert "Since you opened this page" in page
    (line,) = response.context["changes"]
    assert line.actor_name == str({"taken over": m.other_decider, "recommended": m.reviewer}[since].user)
    assert line.sentence in page
    assert response.context["failed_form"].non_field_errors()[0] in page
    assert response.context["typed"] == [
        ("Outcome", "Refuse"),
        ("End-users", str(user.party)),
        ("Factors of the law", "End-user"),
        ("Reason the exporter will read", "Typed words"),
    ]
    assert "['END_USER']" not in page


def test_a_refused_page_calls_what_was_typed_as_its_form_did(world, client):
    ref = recommended(world, by=world.ministry.other_decider)
    client.force_login(world.ministry.other_decider.user)
    typed = {"seen": seen(ref), "factors": ["END_USER", "END_USE"], "text": "Typed words"}
    response = client.post(f"/desk/cases/{ref}/refuse/", typed)
    assert response.status_code == 403
    assert response.context["kept"] == [
        ("Factors of the law", "End-user, End-use"),
        ("Reason the exporter will read", "Typed words"),
    ]


SEEN = {
    "approve": lambda ref, by, old: decisions.approve(ref, seen=old, by=by),
    "refuse": lambda ref, by, old: decisions.refuse(
        ref, seen=old, factors=["END_USE"], text="No.", departure="Doubts.", by=by
    ),
    "return": lambda ref, by, old: decisions.send_back(ref, seen=old, reason="Again", by=by),
}


@pytest.mark.parametrize("verb", SEEN)
@pytest.mark.parametrize("off", [-1, 1])
def test_a_decision_carries_the_version_that_stands(verb, off, world):
    ref = recommended(world)
    before = trail(ref)
    with pytest.raises(DomainError) as refused:
        SEEN[verb](ref, world.ministry.decider, seen(ref) + off)
    assert (refused.value.code, refused.value.status) == ("stale", 412)
    assert trail(ref) == before
    SEEN[verb](ref, world.ministry.decider, seen(ref))


def test_the_other_verbs_that_decide_ask_it_too(world):
    m = world.ministry
    reviewed = world.under_review(world.application())
    approved = recommended(world)
    decisions.approve(approved, seen=seen(approved), by=m.decider)
    license = world.license(kilograms=100)
    submitted = world.declaration(verified=False)
    waiting = make.exporter(name="Waiting Co., Ltd.")
    pk = demo.send_company(waiting)
    suspended = world.license(kilograms=100)
    licenses.suspend(suspended.ref, seen=seen(suspended.ref), reason="Inspection", by=m.decider)
    cause = suspended.suspensions.get().pk
    for stale in (
        lambda: decisions.recommend(reviewed, seen=seen(reviewed) - 1, outcome="approve", by=m.reviewer),
        lambda: decisions.issue(approved, seen=seen(approved) - 1, by=m.decider),
        lambda: decisions.reopen(approved, seen=seen(approved) - 1, reason="x", by=m.other_decider),
        lambda: licenses.suspend(license.ref, seen=seen(license.ref) - 1, reason="x", by=m.decider),
        lambda: licenses.lift(
            suspended.ref, seen=seen(suspended.ref) - 1, suspension=cause, reason="x", by=m.other_decider
        ),
        lambda: declarations.verify(submitted.ref, seen=seen(submitted.ref) - 1, quantity_fit=True, by=m.reviewer),
        lambda: declarations.reject(submitted.ref, seen=seen(submitted.ref) - 1, reason="x", by=m.reviewer),
        lambda: exporters.verify(pk, seen=seen(pk) - 1, by=m.intake),
        lambda: exporters.send_back(pk, seen=seen(pk) - 1, reason="x", by=m.intake),
    ):
        lines = HistoryLine.objects.count()
        with pytest.raises(DomainError, match="Something happened since"):
            stale()
        assert HistoryLine.objects.count() == lines


def test_the_channel_is_open_for_each_line(world):
    codes = ("1C905.a.4", "1C904.a.4")
    signed = [world.declaration(codes=codes)]
    goods = [(code, "Goods", 1_000) for code in codes]
    ref, m = demo.application(world.exporter, "annual", goods, signed, make.unique("K-")), world.ministry
    world.under_review(ref)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    make.edition(lambda rules, document: rules["R001"]["match"]["item.control_code_prefix"].remove("1C904"))
    with pytest.raises(DomainError) as refused:
        decisions.approve(ref, seen=seen(ref), by=m.decider)
    assert (refused.value.code, Application.objects.get(ref=ref).state) == ("channel-closed", "awaiting_decision")


def asked_by(verb, *args, **facts):
    with CaptureQueriesContext(connection) as queries:
        verb(*args, **facts)
    return len(queries)


MOST = {"submit": 23, "recommend": 26, "approve": 23, "issue": 29}  # of a case of one line and one end-user


def test_filing_and_deciding_ask_the_database_no_more_than_they_did(world):
    m, signed = world.ministry, [world.declaration()]
    for _ in range(2):  # the second time a process knows what it keeps
        ref = world.application(by_whom=signed)
        asked = {"submit": asked_by(applications.submit, ref, seen=seen(ref), by=world.exporter)}
        receipts.accept(ref, by=m.intake)
        decisions.assign(ref, seen=seen(ref), by=m.reviewer)
        demo.screened(ref, m.reviewer)
        facts = {"seen": seen(ref), "outcome": "approve", "by": m.reviewer}
        asked["recommend"] = asked_by(decisions.recommend, ref, **facts)
        asked["approve"] = asked_by(decisions.approve, ref, seen=seen(ref), by=m.decider)
        asked["issue"] = asked_by(decisions.issue, ref, seen=seen(ref), by=m.decider)
    assert {verb: number for verb, number in asked.items() if number > MOST[verb]} == {}


def test_filing_asks_the_same_for_one_end_user_and_three(world):
    counts = []
    for number in (1, 1, 3):
        ref = world.application(by_whom=[world.declaration() for _ in range(number)])
        counts.append(asked_by(applications.submit, ref, seen=seen(ref), by=world.exporter))
    assert counts[1] == counts[2]


def test_those_who_may_decide_are_written_to_when_something_waits_for_them(world):
    both = demo.person("both", "Both", world.ministry.office, Role.REVIEWER, Role.DECIDER)
    ref = world.under_review(world.application(), by=both)
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", factors=["END_USE"], text="No.", by=both)
    m, case = world.ministry, Application.objects.get(ref=ref)
    told = _writers["application", "recommend"](lines_of(case).last())
    assert sorted(told.to) == sorted([m.decider.user.email, m.other_decider.user.email])
    assert told.subject == f"{ref}: a recommendation waits for a second officer"
