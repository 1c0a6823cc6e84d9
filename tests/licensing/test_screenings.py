"""What screening found: recorded in the case for each end-user, never changed, needed before an approval."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.local import demo
from core.deliveries import _writers
from core.errors import DomainError, Forbidden, Invalid, WrongState
from core.history import lines_of, open_verbs
from core.legal_time import legal_now, legal_today
from core.telling import told
from exporters import actions as exporters
from licensing import selectors
from licensing.actions import (
    amendments,
    applications,
    decisions,
    declarations,
    licenses,
    questions,
    receipts,
    screenings,
)
from licensing.models import Application, Declaration, License, PolicyEdition, Screening, Suspension
from shipments.actions import cancel, receive
from tests import make
from tests.make import seen
from tests.refused import breaches
from tests.shipments.test_corrections import correct
from tests.ticks import tick

DAY = timedelta(days=1)


@pytest.fixture
def case(world):
    """A case of two end-users that the reviewer took and that nobody was screened in."""
    ref = world.application(by_whom=[world.declaration(), world.declaration(country="FR")])
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    receipts.accept(ref, by=world.ministry.intake)
    decisions.assign(ref, seen=seen(ref), by=world.ministry.reviewer)
    return ref


def users(ref):
    return [user.pk for user in Application.objects.get(ref=ref).end_users.all()]


def result(ref, **changes):
    facts = {"end_users": users(ref), "hit": "none", "list_version": "6 May 2026", "screened_on": legal_today()}
    return facts | changes


def refused(verb, ref, by, **facts):
    """The codes of the refusal, after which nothing was written."""
    before = Screening.objects.count(), lines_of(Application.objects.get(ref=ref)).count()
    with pytest.raises(DomainError) as refusal:
        verb(ref, by=by, **facts)
    row = Application.objects.get(ref=ref)
    assert (Screening.objects.count(), lines_of(row).count(), row.state) == (*before, "under_review")
    return [(problem.pointer, problem.code) for problem in refusal.value.errors] or refusal.value.code


def test_that_nothing_was_found_is_a_result_with_its_list_and_day(world, case):
    yesterday = legal_today() - DAY
    screenings.screen(case, **result(case, screened_on=yesterday), by=world.ministry.reviewer)
    found = Screening.objects.values_list("hit", "list_version", "screened_on", "by", "application__ref")
    assert list(found) == [("none", "6 May 2026", yesterday, world.ministry.reviewer.user.pk, case)] * 2
    row = Application.objects.get(ref=case)
    assert row.state == "under_review"
    assert selectors.screened_in(row) == {user.party_id for user in row.end_users.all()}


def test_the_newest_result_comes_first_and_the_older_one_stays(world, case):
    [one, other] = users(case)
    by = world.ministry.reviewer
    screenings.screen(case, **result(case), by=by)
    why = "Entry 12: same register number."
    screenings.screen(case, **result(case, end_users=[other], hit="watch_list", reason=why), by=by)
    party = Application.objects.get(ref=case).end_users.get(pk=other).party_id
    assert [row.hit for row in selectors.screenings_of([party])] == ["watch_list", "none"]


def test_a_result_of_an_earlier_day_takes_the_place_of_no_later_one(world, case):
    [one, other] = users(case)
    by, yesterday = world.ministry.reviewer, legal_today() - DAY
    screenings.screen(case, **result(case, end_users=[one], hit="watch_list", reason="Entry 3."), by=by)
    assert refused(screenings.screen, case, by, **result(case, screened_on=yesterday)) == [
        ("/screened_on", "date-out-of-range")
    ]
    screenings.screen(case, **result(case, end_users=[other], screened_on=yesterday), by=by)
    screenings.screen(case, **result(case), by=by)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"end_users": []}, ("/end_users", "min-items")),
        ({"end_users": [0]}, ("/end_users", "min-items")),
        ({"hit": "perhaps"}, ("/hit", "invalid")),
        ({"hit": "watch_list", "reason": " "}, ("/reason", "required")),
        ({"list_version": " "}, ("/list_version", "required")),
        ({"screened_on": 1}, ("/screened_on", "date-out-of-range")),
    ],
)
def test_a_result_that_says_too_little_is_refused(world, case, wrong, named):
    if "screened_on" in wrong:
        wrong = {"screened_on": legal_today() + wrong["screened_on"] * DAY}
    assert refused(screenings.screen, case, world.ministry.reviewer, **result(case, **wrong)) == [named]


def test_only_whoever_has_the_case_records_a_result(world, case):
    for who in (world.ministry.other_decider, world.ministry.intake, world.exporter):
        with pytest.raises(Forbidden):
            screenings.screen(case, **result(case), by=who)
    assert not Screening.objects.exists()


def test_what_an_approval_waits_for_stands_among_what_goes_when_a_refusal_is_chosen(world, case, client):
    client.force_login(world.ministry.reviewer.user)
    page = unescape(client.get(f"/desk/cases/{case}/").content.decode())
    approved = page.split('<div class="if-approved">')[1].split('<div class="if-refused">')
    assert page.count("No approval can be recommended before") == 1
    assert "No approval can be recommended before" in approved[0]
    assert "If refused" not in page and "Factors of the law" in approved[1]


def test_an_approval_is_recommended_when_each_end_user_that_it_keeps_was_screened(world, case):
    by = world.ministry.reviewer
    [one, other] = users(case)
    facts = {"outcome": "approve", "text": "One of them alone."}
    assert refused(decisions.recommend, case, by, seen=seen(case), **facts) == "screening-missing"
    screenings.screen(case, **result(case, end_users=[one]), by=by)
    assert refused(decisions.recommend, case, by, seen=seen(case), **facts) == "screening-missing"
    decisions.recommend(case, seen=seen(case), end_users=[one], by=by, **facts)
    assert Application.objects.get(ref=case).state == "awaiting_decision"


def test_a_refusal_is_recommended_of_whom_nobody_screened(world, case):
    facts = {"outcome": "refuse", "factors": ["END_USE"], "text": "No."}
    decisions.recommend(case, seen=seen(case), by=world.ministry.reviewer, **facts)
    assert Application.objects.get(ref=case).state == "awaiting_decision"


def test_a_result_of_an_earlier_case_is_shown_and_made_anew(world, client):
    signed = world.declaration()
    first = world.under_review(world.application(by_whom=[signed]))
    again = world.application(by_whom=[signed])
    applications.submit(again, seen=seen(again), by=world.exporter)
    receipts.accept(again, by=world.ministry.intake)
    by = world.ministry.reviewer
    decisions.assign(again, seen=seen(again), by=by)
    client.force_login(by.user)
    assert f"in {first}" in words(client.get(f"/desk/cases/{again}/"))
    assert refused(decisions.recommend, again, by, seen=seen(again), outcome="approve") == "screening-missing"


def words(page):
    return " ".join(unescape(page.content.decode()).split())


def test_the_desk_asks_for_it_shows_it_and_the_exporter_reads_nothing_of_it(world, case, client):
    client.force_login(world.ministry.reviewer.user)
    page = client.get(f"/desk/cases/{case}/")
    form = page.context["forms"]["screen"]
    assert (form["end_users"].initial, form["hit"].initial, form["screened_on"].initial) == (
        users(case),
        None,
        legal_today(),
    )
    assert "Not screened yet" in words(page) and "Nobody recorded a result yet." in words(page)
    answers = result(case, end_users=users(case)[:1], hit="control_list", reason="Entry 7, same address.")
    page = client.post(f"/desk/cases/{case}/screen/", answers, follow=True)
    assert page.context["forms"]["screen"]["end_users"].initial == users(case)[1:]
    for word in ("on the control list of parties", "Entry 7, same address.", "6 May 2026", "Screening result recorded"):
        assert word in words(page)
    client.force_login(world.exporter.user)
    mine = words(client.get(f"/applications/{case}/"))
    assert "control list of parties" not in mine and "Entry 7" not in mine and "Screening" not in mine
    assert not [line for line in told(lines_of(Application.objects.get(ref=case)), world.exporter) if line.reason]


def test_a_form_without_a_result_is_shown_again(world, case, client):
    client.force_login(world.ministry.reviewer.user)
    answers = {name: value for name, value in result(case).items() if name != "hit"}
    page = client.post(f"/desk/cases/{case}/screen/", answers)
    assert (page.status_code, Screening.objects.count()) == (422, 0)


def test_the_builders_screen_with_no_hit(world):
    ref = world.under_review(world.application())
    assert set(Screening.objects.values_list("hit", flat=True)) == {"none"}
    demo.screened(ref, world.ministry.reviewer, hit="watch_list", reason="Entry 9.")
    assert selectors.screenings_of(Screening.objects.values_list("party", flat=True))[0].hit == "watch_list"


def renamed(world, ref):
    """The first end-user's entry says another name now, and so does what it signed."""
    user = Application.objects.get(ref=ref).end_users.order_by("pk")[0]
    facts = {"name": "Another name AG", "country": user.party.country, "nature": user.party.nature}
    party = exporters.change_party(user.party.ref, version=user.party.version, by=world.exporter, **facts)
    signed = user.declaration.as_signed | {"party": party.entered}
    Declaration.objects.filter(pk=user.declaration_id).update(as_signed=signed)
    return party


def test_no_hit_clears_the_entry_that_was_looked_at_and_no_later_one(world, case, client):
    m = world.ministry
    screenings.screen(case, **result(case), by=m.reviewer)
    renamed(world, case)
    approve = {"outcome": "approve", "seen": seen(case)}
    assert refused(decisions.recommend, case, m.reviewer, **approve) == "screening-missing"
    client.force_login(m.reviewer.user)
    page = client.get(f"/desk/cases/{case}/").content.decode()
    assert page.count("Its entry was changed since: to be screened again") == 1
    screenings.screen(case, **result(case), by=m.reviewer)
    decisions.recommend(case, outcome="approve", seen=seen(case), by=m.reviewer)


@pytest.mark.parametrize("verb", [decisions.approve, decisions.issue], ids=["approve", "issue"])
def test_nothing_is_granted_to_a_name_that_nobody_screened(verb, world, case):
    m = world.ministry
    screenings.screen(case, **result(case), by=m.reviewer)
    decisions.recommend(case, outcome="approve", seen=seen(case), by=m.reviewer)
    if verb is decisions.issue:
        decisions.approve(case, seen=seen(case), by=m.decider)
    renamed(world, case)
    state = Application.objects.get(ref=case).state
    with pytest.raises(DomainError) as refusal:
        verb(case, seen=seen(case), acknowledged=tick(case), by=m.decider)
    assert (refusal.value.code, Application.objects.get(ref=case).state) == ("facts-missing", state)
    assert "Screening result. Return or reopen the case: its reviewer screens" in refusal.value.detail


def test_a_hit_stays_when_the_entry_changes(world, case):
    screenings.screen(case, **result(case, hit="control_list", reason="CL-0001."), by=world.ministry.reviewer)
    party = renamed(world, case)
    row = Application.objects.get(ref=case)
    found = selectors.judge(row, at=legal_now())
    assert {one.facts["screening.hit"] for one in found if one.user.party_id == party.pk} == {"control_list"}


def test_a_hit_closes_the_end_user_of_a_license_that_is_used_up(world):
    row = world.declaration()
    license = demo.issued(world.exporter, world.application(by_whom=[row], kilograms=100), world.ministry, [row])
    cleared = world.clear(world.shipment(license, 100_000).ref, 100_000)
    case = world.under_review(world.application(by_whom=[row]))
    by = world.ministry.reviewer
    screenings.screen(case, **result(case, hit="watch_list", reason="Entry 3."), by=by)
    correct(world, cleared.shipment, cleared, 90_000)
    assert License.objects.get(pk=license.pk).state == "suspended"
    screenings.screen(case, **result(case), by=by)
    assert License.objects.get(pk=license.pk).state == "active"


def test_a_hit_that_was_cleared_does_not_come_back_with_another_entry(world, case, client):
    by = world.ministry.reviewer
    screenings.screen(case, **result(case, hit="watch_list", reason="Entry 3."), by=by)
    screenings.screen(case, **result(case), by=by)
    party = renamed(world, case)
    found = selectors.judge(Application.objects.get(ref=case), at=legal_now())
    assert {one.facts.get("screening.hit") for one in found if one.user.party_id == party.pk} == {None}
    client.force_login(by.user)
    page = client.get(f"/desk/cases/{case}/").content.decode()
    assert page.count("Not screened yet") == 1


# --- a hit that is possible --------------------------------------------------------------------------------

POSSIBLE = {"hit": "possible", "reason": "Entry 12 has a like name."}


def unresolved(verb, ref, by):
    """The end-users that the refusal names; nothing happened."""
    before = Application.objects.get(ref=ref).state
    with pytest.raises(DomainError) as refusal:
        verb(ref, seen=seen(ref), acknowledged=tick(ref), by=by)
    assert (refusal.value.code, Application.objects.get(ref=ref).state) == ("screening-unresolved", before)
    return [str(user.party) for user in Application.objects.get(ref=ref).end_users.all()].index(
        refusal.value.detail.partition("hit on ")[2].partition(", which nobody")[0]
    )


def test_nothing_is_approved_while_a_hit_is_possible(world, case, client):
    m, [_one, other] = world.ministry, users(case)
    screenings.screen(case, **result(case), by=m.reviewer)
    screenings.screen(case, **result(case, end_users=[other], **POSSIBLE), by=m.reviewer)
    decisions.recommend(case, seen=seen(case), outcome="approve", acknowledged=tick(case), by=m.reviewer)
    assert unresolved(decisions.approve, case, m.decider) == 1
    client.force_login(m.decider.user)
    page = client.post(f"/desk/cases/{case}/approve/", {"seen": seen(case)})
    assert (page.status_code, "Screening found a possible hit" in words(page)) == (409, True)
    decisions.send_back(case, seen=seen(case), reason="Whether it is one.", by=m.decider)
    screenings.screen(case, **result(case, end_users=[other]), by=m.reviewer)
    decisions.recommend(case, seen=seen(case), outcome="approve", acknowledged=tick(case), by=m.reviewer)
    decisions.approve(case, seen=seen(case), acknowledged=tick(case), by=m.decider)


def test_a_possible_hit_on_whoever_was_left_out_stops_nothing(world, case):
    m, [one, other] = world.ministry, users(case)
    screenings.screen(case, **result(case, end_users=[one]), by=m.reviewer)
    screenings.screen(case, **result(case, end_users=[other], **POSSIBLE), by=m.reviewer)
    facts = {"outcome": "approve", "end_users": [one], "text": "One of them alone."}
    decisions.recommend(case, seen=seen(case), acknowledged=tick(case), by=m.reviewer, **facts)
    decisions.approve(case, seen=seen(case), acknowledged=tick(case), by=m.decider)


def test_nothing_is_issued_while_a_hit_is_possible_whichever_case_found_it(world, case):
    m, declared = world.ministry, Application.objects.get(ref=case).end_users.first().declaration
    screenings.screen(case, **result(case), by=m.reviewer)
    decisions.recommend(case, seen=seen(case), outcome="approve", acknowledged=tick(case), by=m.reviewer)
    decisions.approve(case, seen=seen(case), acknowledged=tick(case), by=m.decider)
    elsewhere = world.under_review(world.application(by_whom=[declared]))
    screenings.screen(elsewhere, **result(elsewhere, **POSSIBLE), by=m.reviewer)
    assert unresolved(decisions.issue, case, m.decider) == 0
    screenings.screen(elsewhere, **result(elsewhere), by=m.reviewer)
    assert decisions.issue(case, seen=seen(case), acknowledged=tick(case), by=m.decider).state == "active"


def test_no_declaration_is_verified_while_its_end_user_may_be_on_a_list(world, case):
    by, party = world.ministry.reviewer, Application.objects.get(ref=case).end_users.first().party
    row = demo.declaration(world.exporter, party, ["1C905.a.4"], "CIV_AUTO", "motors")
    screenings.screen(case, **result(case, **POSSIBLE), by=by)
    with pytest.raises(DomainError) as refusal:
        declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=by)
    assert refusal.value.code == "screening-unresolved" and case in refusal.value.detail
    screenings.screen(case, **result(case), by=by)
    assert declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=by).state == "verified"


# --- papers that a result asks for -------------------------------------------------------------------------


@pytest.fixture
def watched(world):
    """A case whose end-user was found on the watch list after it had been filed; its reviewer asked for the papers."""
    m = world.ministry
    ref = world.under_review(world.application(kind="per_shipment", kilograms=100))
    screenings.screen(ref, **result(ref, hit="watch_list", reason="WL-0001"), by=m.reviewer)
    days = {"due_on": legal_today() + DAY}
    questions.ask(ref, text="Send what the watch list asks for.", about=["other"], by=m.reviewer, **days)
    return ref


def answered(world, ref):
    question = Application.objects.get(ref=ref).questions.get().pk
    questions.answer(ref, question=question, text="Here they are.", final=True, by=world.exporter)


def test_an_approval_waits_for_the_papers_that_a_result_asks_for(world, watched, client):
    m = world.ministry
    client.force_login(world.exporter.user)
    page = client.get(f"/applications/{watched}/").content.decode()
    assert f'action="/applications/{watched}/documents/"' in page and "/documents/remove" not in page
    demo.paper(world.exporter, watched, "risk_assessment_report")
    answered(world, watched)
    client.force_login(m.reviewer.user)
    desk = client.get(f"/desk/cases/{watched}/")
    assert [paper.lower() for paper in desk.context["lacking"]] == ["undertaking of compliance"]
    assert "The rules ask for papers that the case does not have." in words(desk)
    with pytest.raises(DomainError) as refusal:
        decisions.recommend(watched, outcome="approve", acknowledged=tick(watched), seen=seen(watched), by=m.reviewer)
    assert refusal.value.code == "papers-missing"
    assert "undertaking" in refusal.value.detail.lower() and "Risk assessment" not in refusal.value.detail
    with pytest.raises(WrongState):
        demo.paper(world.exporter, watched, "compliance_undertaking")


def test_with_all_the_papers_it_is_approved_and_issued(world, watched):
    m = world.ministry
    for paper in ("risk_assessment_report", "compliance_undertaking"):
        demo.paper(world.exporter, watched, paper)
    answered(world, watched)
    decisions.recommend(watched, outcome="approve", acknowledged=tick(watched), seen=seen(watched), by=m.reviewer)
    decisions.approve(watched, seen=seen(watched), by=m.decider)
    assert decisions.issue(watched, seen=seen(watched), by=m.decider).state == "active"


@pytest.mark.parametrize("verb", [decisions.approve, decisions.issue], ids=["approve", "issue"])
def test_a_turn_that_asks_for_papers_stops_what_lacks_them(verb, world, case):
    m = world.ministry
    screenings.screen(case, **result(case), by=m.reviewer)
    decisions.recommend(case, outcome="approve", seen=seen(case), by=m.reviewer)
    if verb is decisions.issue:
        decisions.approve(case, seen=seen(case), by=m.decider)
    make.edition(lambda rules, document: rules["R001"]["effect"].update(require=["undertaking"]))
    state = Application.objects.get(ref=case).state
    with pytest.raises(DomainError) as refusal:
        verb(case, seen=seen(case), acknowledged=tick(case), by=m.decider)
    assert (refusal.value.code, Application.objects.get(ref=case).state) == ("papers-missing", state)


def test_papers_are_asked_for_what_is_granted_alone(world, case):
    """The end-user on the watch list is left out, and so are its papers."""
    m, [one, other] = world.ministry, users(case)
    screenings.screen(case, **result(case, end_users=[one]), by=m.reviewer)
    screenings.screen(case, **result(case, end_users=[other], hit="watch_list", reason="WL-0001"), by=m.reviewer)
    facts = {"outcome": "approve", "acknowledged": tick(case), "text": "One of them alone."}
    decisions.recommend(case, seen=seen(case), end_users=[one], by=m.reviewer, **facts)
    assert Application.objects.get(ref=case).state == "awaiting_decision"


# --- licenses in force -------------------------------------------------------------------------------------


@pytest.fixture
def licensed(world):
    """(a license in force with two end-users, another case of the second one that is under review)."""
    license = world.license(kilograms=100, users=2)
    second = license.end_users.last()
    ref = world.under_review(world.application(by_whom=[second.declaration]))
    return license, second, ref


def open_or_not(license):
    license.refresh_from_db()
    return license.state, [user.open for user in license.end_users.all()]


def events(license):
    return [line.verb for line in lines_of(license).order_by("seq")][1:]


def hit(ref, **changes):
    return result(ref, hit="control_list", reason="Entry 12", **changes)


def test_a_hit_closes_the_end_user_on_licenses_in_force_and_no_hit_opens_it_again(world, licensed):
    license, second, ref = licensed
    screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    assert open_or_not(license) == ("active", [True, False])
    with pytest.raises(DomainError) as refusal:
        world.shipment(license, 1_000, end_user=second.party.ref)
    assert refusal.value.code == "end-user-closed"
    world.shipment(license, 1_000)
    screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    screenings.screen(ref, by=world.ministry.reviewer, **result(ref))
    screenings.screen(ref, by=world.ministry.reviewer, **result(ref))
    assert open_or_not(license) == ("active", [True, True])
    assert events(license) == ["narrow", "widen"]
    cause = license.suspensions.get()
    assert (cause.cause, cause.reason, cause.ended_by) == ("screening", "Entry 12", world.ministry.reviewer.user)


def test_a_license_whose_last_open_end_user_was_hit_is_suspended_and_comes_back(world, license):
    ref = world.under_review(world.application(by_whom=[license.end_users.get().declaration]))
    screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    assert open_or_not(license) == ("suspended", [False])
    screenings.screen(ref, by=world.ministry.reviewer, **result(ref))
    assert open_or_not(license) == ("active", [True])
    assert events(license) == ["suspend", "lift"]


def test_the_hit_on_which_a_license_was_issued_closes_nothing_of_it(world):
    """Whoever is on the watch list is licensed one by one: the second case finds what the first one knew."""
    m, signed = world.ministry, [world.declaration()]

    def listed():
        ref = world.application(kind="per_shipment", kilograms=100, by_whom=signed)
        for paper in ("risk_assessment_report", "compliance_undertaking"):
            demo.paper(world.exporter, ref, paper)
        world.under_review(ref)
        screenings.screen(ref, by=m.reviewer, **result(ref, hit="watch_list", reason="Entry 3"))
        return ref

    ref = listed()
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), acknowledged=tick(ref), by=m.decider)
    license = decisions.issue(ref, seen=seen(ref), acknowledged=tick(ref), by=m.decider)
    again = listed()
    assert (open_or_not(license), events(license)) == (("active", [True]), [])
    screenings.screen(again, by=m.reviewer, **hit(again))
    assert open_or_not(license) == ("suspended", [False])
    screenings.screen(again, by=m.reviewer, **result(again, hit="watch_list", reason="Entry 3 after all"))
    assert open_or_not(license) == ("active", [True])


def test_a_hit_leaves_alone_licenses_of_others_and_those_that_ended(world, licensed):
    license, _, ref = licensed
    other = world.license(kilograms=100)
    License.objects.filter(pk=license.pk).update(state="expired")
    screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    assert not Suspension.objects.exists()
    assert open_or_not(other) == ("active", [True])


def test_a_hit_takes_no_other_license(world, licensed):
    _, _, ref = licensed
    world.license(kilograms=100)
    with CaptureQueriesContext(connection) as asked:
        screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    assert len([one for one in asked if "ledger_lock" in one["sql"]]) == 1


def test_what_is_reserved_for_a_closed_end_user_is_on_hold(world, licensed, client):
    """Of the others nothing is, and nothing once it is open again."""
    license, second, ref = licensed
    his, others = world.shipment(license, 1_000, end_user=second.party.ref), world.shipment(license, 1_000)

    def held():
        client.force_login(world.exporter.user)
        rows = client.get("/api/v1/shipments/").json()["results"]
        return {row["reference"] for row in rows if row["on_hold"]}

    screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    assert held() == {his.ref}
    assert "Do not declare it to customs now." in words(client.get(f"/shipments/{his.ref}/"))
    other = words(client.get(f"/shipments/{others.ref}/"))
    assert "On hold" not in other and "Do not declare" not in other
    receive(world.message(his.ref, "declared"), by=world.customs)
    assert held() == {his.ref}
    nothing = f"Nothing new of these goods can be reserved for {second.party} now."
    assert nothing in words(client.get(f"/shipments/{his.ref}/"))
    screenings.screen(ref, by=world.ministry.reviewer, **result(ref))
    assert held() == set()


def test_what_is_declared_for_a_closed_end_user_is_an_incident(world, licensed):
    """Of the others it is none, nor once the hit is resolved."""
    license, second, ref = licensed
    his, later = (world.shipment(license, 1_000, end_user=second.party.ref) for _ in range(2))
    others = world.shipment(license, 1_000)

    def opened(shipment):
        receipt = receive(world.message(shipment.ref, "declared"), by=world.customs)
        return [incident.kind for incident in receipt.incidents]

    screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    assert (opened(his), opened(others)) == (["license_not_usable"], [])
    screenings.screen(ref, by=world.ministry.reviewer, **result(ref))
    assert opened(later) == []


def test_resolving_a_hit_ends_no_cause_of_the_rules(world, licensed):
    license, second, ref = licensed
    screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    facts = {"edition": PolicyEdition.objects.get(), "rules": ["R033"], "opened_at": legal_now()}
    second.causes.create(license=license, cause="policy", opened_by=world.ministry.admin.user, **facts)
    screenings.screen(ref, by=world.ministry.reviewer, **result(ref))
    assert list(license.suspensions.filter(ended_at=None).values_list("cause", flat=True)) == ["policy"]


def test_the_holder_reads_of_no_hit_and_no_officer_ends_it_otherwise(world, licensed, client):
    license, second, ref = licensed
    screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    client.force_login(world.exporter.user)
    page = unescape(client.get(f"/licenses/{license.ref}/").content.decode())
    assert f"{second.party.name}: the ministry looks into a question about this end-user." in page
    assert "Entry 12" not in page
    assert "control_list" not in page
    screened = license.suspensions.get()
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    facts = {"seen": seen(license.ref), "suspension": screened.pk, "reason": "I would"}
    with pytest.raises(Forbidden):
        licenses.lift(license.ref, by=world.ministry.other_decider, **facts)


def test_postgresql_knows_a_hit_of_an_end_user_alone(world, licensed):
    _, _, ref = licensed
    screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    table = "licensing_suspension.suspension_screening_of_an_end_user"
    assert breaches([(table, {"*": "", "end_user_id": "NULL"})]) == {}


# --- what a hit does is told before, and after ------------------------------------------------------------------
def words_of(client, actor, path):
    client.force_login(actor.user)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", client.get(path).content.decode())).split())


def test_the_form_says_what_a_hit_closes_and_that_is_what_it_closes(world, client):
    alone, shared = world.license(kilograms=1_000), world.license(kilograms=1_000, users=2)
    signed = [license.end_users.order_by("pk")[0].declaration for license in (alone, shared)]
    world.shipment(alone, 300_000)
    declared = world.shipment(alone, 200_000)
    receive(world.message(declared.ref, "declared", declared_at=legal_now()), by=world.customs)
    ref, by = world.under_review(world.application(by_whom=signed)), world.ministry.reviewer
    parties = {user.party_id for user in Application.objects.get(ref=ref).end_users.all()}
    said = selectors.closed_by_hit(parties)
    foreseen = {(one.license.pk, user.pk) for one in said for user in one.users}
    page = words_of(client, by, f"/desk/cases/{ref}/")
    assert f"{alone.ref} : {alone.end_users.get().party.name} is closed. The license is suspended: nobody" in page
    assert f"{signed[1].end_user.name} is closed. It goes on for its other end-users." in page
    assert "1 shipment, 300 kg, is only reserved for them: it must not be declared any more." in page
    assert "1 shipment, 200 kg, is declared to customs, in transit: it is cleared as usual." in page
    screenings.screen(ref, **result(ref, hit="watch_list", reason="Entry 9"), by=by)
    causes = Suspension.objects.filter(cause="screening", ended_at=None)
    assert set(causes.values_list("license", "end_user")) == foreseen
    states = dict(License.objects.values_list("pk", "state"))
    assert {one.license.pk: one.suspends for one in said} == {pk: state == "suspended" for pk, state in states.items()}
    assert selectors.closed_by_hit(parties) == []
    assert "a hit closes none" in words_of(client, by, f"/desk/cases/{ref}/")


def test_the_holder_reads_who_was_closed_what_goes_on_and_whom_to_ask_and_nothing_of_the_hit(world, client):
    shared = world.license(kilograms=1_000, users=2)
    hit = shared.end_users.order_by("pk")[0]
    ref = world.under_review(world.application(by_whom=[hit.declaration]))
    screenings.screen(ref, **result(ref, hit="watch_list", reason="Entry 9"), by=world.ministry.reviewer)
    line = lines_of(shared).last()
    assert _writers["license", "narrow"](line).subject == f"{shared.ref}: closed in part"
    page = words_of(client, world.exporter, f"/licenses/{shared.ref}/")
    assert f"{hit.party.name}: the ministry looks into a question about this end-user." in page
    assert "For all else goods are reserved and shipped as before." in page
    assert f"Whom to ask: {world.ministry.office}. If you do not agree" in page
    assert "Entry 9" not in page and "watch_list" not in page


# --- a hit is resolved on the license -------------------------------------------------------------------------------
@pytest.fixture
def listed(world, licensed):
    """(a license in force with two end-users, the second, whom a hit closes that a case found which has ended)."""
    license, second, ref = licensed
    screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    applications.withdraw(ref, reason="No order", by=world.exporter)
    return license, second


ANOTHER = {"hit": "none", "list_version": "7 June 2026", "reason": "Another register number"}


def resolve(world, license, user, **changes):
    facts = {"seen": seen(license.ref), "end_user": user.pk, "by": world.ministry.reviewer} | ANOTHER | changes
    return screenings.resolve(license.ref, **facts)


def test_it_is_another_party_so_that_the_license_is_open_for_it_again(world, listed):
    license, second = listed
    resolve(world, license, second)
    assert open_or_not(license) == ("active", [True, True])
    cause = license.suspensions.get()
    assert (cause.ended_by, cause.end_reason) == (world.ministry.reviewer.user, "Another register number")
    newest, *_ = selectors.screenings_of([second.party_id])
    assert (newest.hit, newest.list_version, newest.screened_on) == ("none", "7 June 2026", legal_today())
    assert (newest.application, newest.party_version) == (license.application, second.party.version)
    world.shipment(license, 1_000, end_user=second.party.ref)


def test_it_is_this_party_so_that_it_stays_closed_and_the_list_is_known(world, listed):
    license, second = listed
    resolve(world, license, second, hit="watch_list", reason="The same register number")
    assert open_or_not(license) == ("active", [True, False])
    assert selectors.screenings_of([second.party_id])[0].hit == "watch_list"
    assert [cause.reason for cause in license.suspensions.filter(ended_at=None)] == ["Entry 12"]
    resolve(world, license, second)
    assert open_or_not(license) == ("active", [True, True])


def test_it_counts_for_each_license_that_names_the_party(world, licensed):
    """Of those on which something may leave, and no other is waited for."""
    license, second, ref = licensed
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=12, by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    other = decisions.issue(ref, seen=seen(ref), by=world.ministry.decider)
    found = world.under_review(world.application(by_whom=[second.declaration]))
    screenings.screen(found, by=world.ministry.reviewer, **hit(found))
    assert open_or_not(other) == ("suspended", [False])
    resolve(world, license, second)
    assert (open_or_not(other), events(other)) == (("active", [True]), ["suspend", "lift"])
    assert open_or_not(license) == ("active", [True, True])
    for state, its in (("active", {license, other}), ("expired", {license})):
        License.objects.filter(pk=other.pk).update(state=state)
        _license, held, _user = screenings.lock_to_resolve(license.ref, second.pk, world.ministry.reviewer)
        assert set(held) == its


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"hit": "possible"}, ("/hit", "invalid")),
        ({"hit": "perhaps"}, ("/hit", "invalid")),
        ({"list_version": " "}, ("/list_version", "required")),
        ({"reason": " "}, ("/reason", "required")),
    ],
)
def test_who_it_is_is_said_with_its_reason_and_list(world, listed, wrong, named):
    license, second = listed
    with pytest.raises(Invalid) as refusal:
        resolve(world, license, second, **wrong)
    assert [(problem.pointer, problem.code) for problem in refusal.value.errors] == [named]
    assert open_or_not(license) == ("active", [True, False])


def test_no_hit_is_resolved_where_none_closes_the_end_user(world, listed):
    license, second = listed
    first = license.end_users.first()
    other = world.license(kilograms=100).end_users.get()
    for user in (first, other):
        with pytest.raises(DomainError) as refusal:
            resolve(world, license, user)
        assert refusal.value.code == "no-hit"
    resolve(world, license, second)
    with pytest.raises(DomainError) as refusal:
        resolve(world, license, second)
    assert refusal.value.code == "no-hit"
    assert "resolve" not in open_verbs(license, world.ministry.reviewer)


def test_a_hit_is_resolved_on_no_license_but_the_end_users_own(world, licensed):
    elsewhere = world.license(kilograms=100)
    case = world.under_review(world.application(by_whom=[elsewhere.end_users.get().declaration]))
    screenings.screen(case, by=world.ministry.reviewer, **hit(case))
    applications.withdraw(case, reason="No order", by=world.exporter)
    with pytest.raises(DomainError) as refusal:
        resolve(world, licensed[0], elsewhere.end_users.get())
    assert (refusal.value.code, open_or_not(elsewhere)) == ("no-hit", ("suspended", [False]))


def test_a_hit_is_resolved_on_a_license_that_was_replaced_while_something_is_reserved_on_it(world):
    license = world.license(kilograms=100)
    signed = license.end_users.get().declaration
    reserved = world.shipment(license, 1_000)
    change = make.asking(amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter)).ref
    demo.under_review(world.exporter, change, world.ministry)
    decisions.recommend(change, seen=seen(change), outcome="approve", months=12, by=world.ministry.reviewer)
    decisions.approve(change, seen=seen(change), by=world.ministry.decider)
    new = decisions.issue(change, seen=seen(change), by=world.ministry.decider)
    cases = [world.under_review(world.application(by_whom=[signed])) for _ in range(2)]
    screenings.screen(cases[0], by=world.ministry.reviewer, **hit(cases[0]))
    assert (open_or_not(license), open_or_not(new)) == (("replaced", [False]), ("suspended", [False]))
    resolve(world, license, license.end_users.get())
    assert (open_or_not(license), open_or_not(new)) == (("replaced", [True]), ("active", [True]))
    screenings.screen(cases[1], by=world.ministry.reviewer, **hit(cases[1]))
    cancel(reserved.ref, by=world.exporter)
    with pytest.raises(DomainError) as refusal:
        resolve(world, license, license.end_users.get())
    assert refusal.value.code == "no-hit"
    resolve(world, new, new.end_users.get())
    assert open_or_not(new) == ("active", [True])


def test_a_hit_is_resolved_by_reviewers_alone_where_something_may_leave(world, listed, client):
    license, second = listed
    for who in (world.ministry.decider, world.ministry.intake, world.exporter):
        with pytest.raises(Forbidden):
            resolve(world, license, second, by=who)
    assert "resolve" in open_verbs(license, world.ministry.reviewer)
    License.objects.filter(pk=license.pk).update(state="expired")
    with pytest.raises(WrongState):
        resolve(world, license, second)


def test_the_page_of_the_license_names_the_hit_and_resolves_it(world, listed, client):
    license, second = listed
    page = words_of(client, world.ministry.reviewer, f"/desk/licenses/{license.ref}/")
    for said in (second.party.name, "on the control list of parties", "Entry 12", "Lists: 6 May 2026"):
        assert said in page
    assert "Record who it is" not in words_of(client, world.ministry.decider, f"/desk/licenses/{license.ref}/")
    client.force_login(world.ministry.reviewer.user)
    form = client.get(f"/desk/licenses/{license.ref}/").context["forms"]["resolve"]
    assert (form["end_user"].initial, form["hit"].initial, form["list_version"].initial) == (
        second.pk,
        None,
        "6 May 2026",
    )
    assert "possible" not in dict(form["hit"].field.choices)
    answers = ANOTHER | {"end_user": second.pk, "seen": seen(license.ref)}
    page = client.post(f"/desk/licenses/{license.ref}/resolve/", answers, follow=True)
    assert f"Screening hit on {second.party.name} ({second.party.ref}) resolved: it is another party" in words(page)
    assert "Another register number" in words(page)
    page = words_of(client, world.exporter, f"/licenses/{license.ref}/")
    assert "Another register number" not in page and "Screening" not in page
    assert f"Line 1 is open again for {second.party.name}" in page
    line = lines_of(license).get(verb="widen")
    assert _writers["license", "widen"](line).subject == f"{license.ref}: open again in part"
    assert ("license", "resolve") not in _writers


def test_of_two_hits_none_is_chosen_before(world, client):
    license = world.license(kilograms=100, users=2)
    ref = world.under_review(world.application(by_whom=[user.declaration for user in license.end_users.all()]))
    for user, version in zip(users(ref), ("6 May 2026", "7 May 2026"), strict=True):
        screenings.screen(
            ref, by=world.ministry.reviewer, **result(ref, end_users=[user], **POSSIBLE) | {"list_version": version}
        )
    client.force_login(world.ministry.reviewer.user)
    form = client.get(f"/desk/licenses/{license.ref}/").context["forms"]["resolve"]
    assert (form["end_user"].initial, form["list_version"].initial) == (None, "")
    assert len(form["end_user"].field.choices) == 2


def test_a_declaration_waits_for_a_hit_whose_case_has_ended(world):
    second = world.license(kilograms=100).end_users.get()
    ref = world.under_review(world.application(by_whom=[second.declaration]))
    screenings.screen(ref, by=world.ministry.reviewer, **result(ref, **POSSIBLE))
    applications.withdraw(ref, reason="No order", by=world.exporter)
    with pytest.raises(DomainError) as refusal:
        screenings.require_resolved_of(Declaration.objects.get(pk=second.declaration_id))
    assert refusal.value.code == "screening-unresolved"
    assert f"Its case {ref} has ended: a reviewer records whether it is one on a license" in refusal.value.detail
