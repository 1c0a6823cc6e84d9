"""An amendment puts another license in the place of one in force: what was used stays used, on every account."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.db import IntegrityError, connection, transaction

from config.local import demo
from core.deliveries import relay
from core.errors import Invalid
from core.history import lines_of
from core.legal_time import legal_now, legal_today, months_after
from core.models import Mail
from exporters.models import Exporter
from licensing import books, ledger
from licensing.actions import (
    amendments,
    applications,
    copies,
    decisions,
    drafts,
    licenses,
    receipts,
    reconsiderations,
    screenings,
)
from licensing.models import Application, ControlItem, Kind, License, Obstacle, QuotaPool, Suspension
from licensing.models.balances import Ceiling, LicenseLine, Movement
from licensing.selectors.enforcement import Query, hits
from licensing.web.forms import RecommendForm
from shipments import selectors
from shipments.actions import cancel, receive
from shipments.models import Incident, Shipment
from tests import make
from tests.again import again
from tests.licensing.test_enforcement import MAGNETS, lifted, suspended
from tests.licensing.test_invalidations import invalidated
from tests.licensing.test_screenings import result as screening_of
from tests.make import seen
from tests.said import refused, text_of
from tests.shipments.test_corrections import come_back, decide

KG = 1000
BELOW = "Line 1: at least what is drawn and reserved, {} kg."


def alike(world, license):
    return amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter)


@again
def begun(world, license):
    return make.asking(alike(world, license))


def asks(row, kilograms):
    """The draft asks for so much of line 1."""
    row.lines.filter(number=1).update(quantity=kilograms * KG)
    return row.ref


@again
def decided(world, ref, **granted):
    """Filed, recommended and approved."""
    demo.under_review(world.exporter, ref, world.ministry)
    granted = {"months": 12, **granted}
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer, **granted)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    return ref


@again
def issued(world, ref):
    return decisions.issue(ref, seen=seen(ref), by=world.ministry.decider)


@again
def replaced(world, license, kilograms, **granted):
    return issued(world, decided(world, asks(begun(world, license), kilograms), **granted))


def q13(world):
    """60,000 kg, of which 41,984.500 are drawn."""
    license = world.license(kilograms=60_000)
    world.clear(world.shipment(license, 41_984_500).ref, 41_984_500)
    return license


def test_a_draft_has_no_identity_proof_of_who_answered_for_the_company_before(world):
    license = world.license(kilograms=100)
    make.another_handler(world.exporter)
    row, before = begun(world, license), license.application
    types = [set(case.documents.values_list("type", flat=True)) for case in (before, row)]
    assert types[0] - types[1] == {"id_proof"}


def test_a_draft_begins_with_all_that_the_license_says(world):
    license = world.license(kilograms=100)
    row = begun(world, license)
    assert (row.kind, row.amends, row.grants, row.state) == (Kind.AMENDMENT, license, Kind.ANNUAL, "draft")
    assert [(one.number, one.quantity, one.unit) for one in row.lines.all()] == [(1, 100 * KG, "kg")]
    before = license.application
    assert [user.declaration for user in row.end_users.all()] == [user.declaration for user in license.end_users.all()]
    assert {paper.document_id for paper in row.documents.all()} == {p.document_id for p in before.documents.all()}
    assert (row.planned_from, row.planned_until) == (license.usable_from, license.usable_until)
    assert set(row.consignees.all()) == set(license.consignees.all())
    last = lines_of(license).last()
    assert (last.verb, last.facts, last.to_state) == ("amend", {"application": row.ref}, "active")


def test_whoever_prepares_for_its_company_begins_one_of_a_license_in_force_and_once(world):
    license = world.license(kilograms=100)
    viewer, other = make.colleague(world.exporter, "viewer"), make.exporter(world.ministry, "Elsewhere Co., Ltd.")
    for who, code in ((viewer, "forbidden"), (world.ministry.decider, "forbidden"), (other, "not-found")):
        call = {"seen": seen(license.ref), "by": who}
        assert refused(lambda call=call: amendments.amend(license.ref, **call)).code == code
    clerk = make.colleague(world.exporter, "clerk")
    row = amendments.amend(license.ref, seen=seen(license.ref), by=clerk)
    assert row.created_by == clerk.user
    assert refused(lambda: applications.submit(row.ref, seen=seen(row.ref), by=clerk)).code == "forbidden"
    error = refused(lambda: begun(world, license))
    assert (error.code, error.status) == ("amendment-open", 409)
    assert row.ref in error.detail and "have a signatory withdraw it first." in error.detail
    applications.withdraw(row.ref, by=world.exporter)
    begun(world, license)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    assert refused(lambda: begun(world, license)).code == "wrong-state"


def test_postgresql_lets_one_amendment_be_open_and_each_name_its_license(world):
    license = world.license(kilograms=100)
    facts = {"exporter_id": license.exporter_id, "created_by": world.exporter.user, "created_at": license.issued_at}
    Application.objects.create(ref="AP-1", kind=Kind.AMENDMENT, amends=license, **facts)
    for wrong, why in (
        ({"kind": Kind.AMENDMENT, "amends": license}, "application_amends_one_at_a_time"),
        ({"kind": Kind.AMENDMENT}, "application_amends_as_its_kind"),
        ({"kind": Kind.ANNUAL, "amends": license}, "application_amends_as_its_kind"),
    ):
        with pytest.raises(IntegrityError, match=why), transaction.atomic():
            Application.objects.create(ref="AP-2", **wrong, **facts)


def test_q13_less_than_is_drawn_is_refused_with_its_floor_where_it_was_typed(world):
    license = q13(world)
    ref = asks(begun(world, license), 40_000)
    error = refused(lambda: applications.submit(ref, seen=seen(ref), by=world.exporter))
    found = {one.pointer: (one.code, one.message) for one in error.errors}
    assert found == {"/lines/0/quantity": ("below-used", BELOW.format("41,984.5"))}
    assert Application.objects.get(ref=ref).state == "draft"
    world.shipment(license, 15_500)  # what is reserved counts, too
    row = Application.objects.get(ref=ref)
    row.lines.update(quantity=41_984_500)
    error = refused(lambda: applications.submit(ref, seen=seen(ref), by=world.exporter))
    assert error.errors[0].message == BELOW.format("42,000")


def test_a_recommendation_is_refused_below_what_is_used_each_account_by_its_field(world):
    license = world.license(kilograms=100, users=2, allotted=[60 * KG, 40 * KG], values={1: Decimal(5_000)})
    world.shipment(
        license, lines=[make.shipments.LineRequest(1, 30 * KG, "kg", value=Decimal("1000.00"), currency="CNY")]
    )
    row = begun(world, license)
    demo.under_review(world.exporter, row.ref, world.ministry)
    first = row.end_users.order_by("pk")[0].pk
    granted = {
        "quantities_": {1: 30 * KG - 1},
        "values": {1: Decimal("999.99")},
        "allotments": {(1, first): 30 * KG - 1},
        "text": "Less.",
    }
    call = {"seen": seen(row.ref), "outcome": "approve", "months": 12, "by": world.ministry.reviewer}
    error = refused(lambda: decisions.recommend(row.ref, **call, **granted))
    assert isinstance(error, Invalid)
    assert {one.pointer: one.code for one in error.errors} == {
        "/quantity_1": "below-used",
        "/value_1": "below-used",
        f"/allotment_1_{first}": "below-used",
    }
    assert [one.message.removeprefix("Line 1: at least what is drawn and reserved, ") for one in error.errors] == [
        "30 kg.",
        "1,000.00 CNY.",
        "30 kg.",
    ]


def test_clearances_below_those_taken_are_refused(world):
    license = world.license(kilograms=100, max_clearances=3)
    world.shipment(license, 10 * KG)
    row = begun(world, license)
    demo.under_review(world.exporter, row.ref, world.ministry)
    call = {"seen": seen(row.ref), "outcome": "approve", "months": 12, "by": world.ministry.reviewer}
    error = refused(lambda: decisions.recommend(row.ref, max_clearances=1, **call))
    assert [(one.pointer, one.code) for one in error.errors] == [("/max_clearances", "below-used")]


def test_what_is_reserved_after_the_recommendation_stops_approval_and_issue(world, client):
    license = world.license(kilograms=100)
    ref = asks(begun(world, license), 50)
    demo.under_review(world.exporter, ref, world.ministry)
    call = {"outcome": "approve", "months": 12, "by": world.ministry.reviewer}
    decisions.recommend(ref, seen=seen(ref), **call)
    more = world.shipment(license, 60 * KG)
    error = refused(lambda: decisions.approve(ref, seen=seen(ref), by=world.ministry.decider))
    assert (error.code, error.status) == ("below-used", 409)
    assert [one.message for one in error.errors] == [BELOW.format("60")]
    cancel(more.ref, by=world.exporter)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    world.shipment(license, 60 * KG)
    assert refused(lambda: issued(world, ref)).code == "below-used"
    assert "More is drawn and reserved by now" in text_of(client, world.ministry.decider, f"/desk/cases/{ref}/")
    assert License.objects.count() == 1


def test_what_was_used_stays_used_and_the_rest_is_the_new_licenses(world):
    license = world.license(kilograms=100, allotted=[90 * KG], values={1: Decimal(5_000)}, max_clearances=5)
    priced = {"value": Decimal("1000.00"), "currency": "CNY"}
    world.clear(world.shipment(license, lines=[make.shipments.LineRequest(1, 20 * KG, "kg", **priced)]).ref, 20 * KG)
    waits = world.shipment(license, lines=[make.shipments.LineRequest(1, 30 * KG, "kg", **priced)])
    row = begun(world, license)
    user = row.end_users.get()
    caps = {"values": {1: Decimal(6_000)}, "allotments": {(1, user.pk): 80 * KG}, "max_clearances": 6}
    new = issued(world, decided(world, asks(row, 120), **caps))
    old, line = LicenseLine.objects.get(license=license), LicenseLine.objects.get(license=new)
    assert (line.authorized, line.reserved, line.drawn, line.available) == (70 * KG, 0, 0, 70 * KG)
    assert (old.authorized, old.reserved, old.drawn, old.available) == (50 * KG, 30 * KG, 20 * KG, 0)
    of_old = {one.account: (one.authorized, one.available) for one in Ceiling.objects.filter(line=old)}
    of_new = {one.account: (one.authorized, one.available) for one in Ceiling.objects.filter(line=line)}
    assert of_old == {"value": (200_000, 0), "allotment": (50 * KG, 0)}
    assert of_new == {"value": (400_000, 400_000), "allotment": (30 * KG, 30 * KG)}
    assert (new.max_clearances, new.replaces, new.kind) == (4, license, Kind.ANNUAL)
    license.refresh_from_db()
    assert (license.state, license.successor, old.open, line.open) == ("replaced", new, False, True)
    assert license.obstacle_on(legal_today()) == Obstacle.REPLACED
    kinds = list(
        Movement.objects.filter(license_id=new.pk, account="quantity").order_by("seq").values_list("kind", "quantity")
    )
    assert kinds == [("authorize", 120 * KG), ("carry", 50 * KG)]
    last = lines_of(license).last()
    assert (last.verb, last.from_state, last.to_state, last.facts) == (
        "replace",
        "active",
        "replaced",
        {"license": new.ref},
    )
    assert books.drift() == []
    receive(world.message(waits.ref, "declared"), by=world.customs)  # what was reserved is cleared where it was
    world.clear(waits.ref, 30 * KG)
    assert not Incident.objects.exists()
    old.refresh_from_db()
    assert (old.reserved, old.drawn, old.available) == (0, 50 * KG, 0)
    assert books.drift() == []


def test_what_is_cancelled_there_lapses_and_what_crosses_beyond_is_not_taken_twice(world):
    license = world.license(kilograms=100)
    gone, waits = world.shipment(license, 30 * KG), world.shipment(license, 10 * KG)
    new = replaced(world, license, 100)
    cancel(gone.ref, by=world.exporter)
    old = LicenseLine.objects.get(license=license)
    assert (old.reserved, old.lapsed, old.available) == (10 * KG, 30 * KG, 0)
    assert LicenseLine.objects.get(license=new).available == 60 * KG
    world.clear(waits.ref, 11 * KG)  # lawful: of what lapsed since
    old.refresh_from_db()
    assert (old.drawn, old.lapsed, old.over_cleared) == (11 * KG, 29 * KG, 0)
    assert books.drift() == []


def test_beyond_what_it_kept_nothing_of_the_new_license_is_taken(world):
    license = world.license(kilograms=100)
    waits = world.shipment(license, 10 * KG)
    new = replaced(world, license, 100)
    world.clear(waits.ref, 12 * KG)
    old = LicenseLine.objects.get(license=license)
    assert (old.drawn, old.over_cleared) == (10 * KG, 2 * KG)
    assert "over_cleared" in set(Incident.objects.values_list("kind", flat=True))
    assert LicenseLine.objects.get(license=new).available == 90 * KG
    new.refresh_from_db()
    assert (new.state, [one.cause for one in new.suspensions.all()]) == ("suspended", ["over_clearance"])
    assert not license.suspensions.exists()
    assert books.drift() == []


def test_beyond_what_it_kept_stops_a_new_license_that_was_used_up_and_is_in_force_again(world):
    license = world.license(kilograms=100)
    waits = world.shipment(license, 10 * KG)
    new = replaced(world, license, 100)
    used = world.shipment(new, 90 * KG)
    world.clear(used.ref, 90 * KG)
    world.clear(waits.ref, 12 * KG)
    new.refresh_from_db()
    assert (new.state, new.suspensions.count()) == ("exhausted", 0)
    come_back(world, used, 20 * KG)
    decide(world, used)
    new.refresh_from_db()
    assert (new.state, [one.facts for one in new.suspensions.all()]) == ("suspended", [{"shipment": waits.ref}])


@pytest.mark.parametrize("mode", ["pct_line", "pct_remaining_final"])
def test_a_tolerance_is_given_once(world, mode):
    tolerance = make.tolerance(mode, "5")
    make.edition(
        lambda rules, _: rules["R040"]["effect"]["params"].update(qty_tolerance_mode=mode, qty_tolerance_pct="0.05")
    )
    license = world.license(kilograms=100, tolerance=tolerance)
    waits = world.shipment(license, 104 * KG, final=True)
    new = replaced(world, license, 120, quantities_={1: 120 * KG}, tolerance=tolerance)
    old, line = LicenseLine.objects.get(license=license), LicenseLine.objects.get(license=new)
    assert (old.available, old.authorized, line.authorized) == (0, 104 * KG, 16 * KG)
    assert line.tolerance == (6 * KG if mode == "pct_line" else 0)
    assert old.tolerance == (0 if mode == "pct_line" else 1 * KG)
    assert books.drift() == []
    world.clear(waits.ref, 104 * KG, final=True)
    assert books.drift() == []
    assert Shipment.objects.get().state == "cleared"


def test_what_came_back_is_not_used(world):
    license = world.license(kilograms=100, values={1: Decimal(5_000)})
    priced = {"value": Decimal("1000.00"), "currency": "CNY"}
    shipment = world.shipment(license, lines=[make.shipments.LineRequest(1, 40 * KG, "kg", **priced)])
    world.clear(shipment.ref, 40 * KG)
    come_back(world, shipment, 15 * KG)
    decide(world, shipment)
    new = replaced(world, license, 90, values={1: Decimal(2_000)})
    assert LicenseLine.objects.get(license=new).available == 65 * KG
    assert Ceiling.objects.get(line__license=new).available == 137_500
    assert books.drift() == []


def test_nothing_is_reserved_on_it_any_more_and_the_reason_names_the_new_one(world):
    license = world.license(kilograms=100)
    new = replaced(world, license, 80)
    error = refused(lambda: world.shipment(license, KG))
    assert error.code == "license-not-active"
    assert error.errors[0].message == f"{new.ref} took the place of this license. Name that one."
    world.shipment(new, KG)


def test_a_national_quota_counts_what_was_reserved_once(world):
    make.pool(world.ministry, cap=90_000)
    world.grade["Dy"] = "3.5"
    license = world.license(kilograms=100)
    world.shipment(license, 40 * KG)
    used = QuotaPool.objects.get().used
    assert used > 0
    new = replaced(world, license, 100)
    assert QuotaPool.objects.get().used == used
    world.shipment(new, 40 * KG)
    assert QuotaPool.objects.get().used == 2 * used
    assert books.check_pools(whole=True) == []


def test_its_months_count_from_the_first_day_of_the_license_before(world, clock):
    license = world.license(kilograms=100)
    first = license.usable_from
    clock.shift(days=40)
    new = replaced(world, license, 80, months=10, text="Less.")
    assert (new.usable_from, new.usable_until) == (legal_today(), months_after(first, 10))
    ref = asks(begun(world, new), 70)
    assert Application.objects.get(ref=ref).planned_from == first
    again = issued(world, decided(world, ref, months=11, text="Less."))
    assert again.usable_until == months_after(first, 11)
    ref = decided(world, asks(begun(world, again), 60), months=1, text="Less.")
    error = refused(lambda: issued(world, ref))
    assert error.errors[0].pointer == "/usable_from"


@pytest.mark.parametrize("step", ["submit", "recommend", "approve", "issue"])
def test_it_goes_on_only_while_the_license_is_in_force(world, step):
    license = world.license(kilograms=100)
    ref, officers = asks(begun(world, license), 80), world.ministry
    done = {
        "submit": lambda: applications.submit(ref, seen=seen(ref), by=world.exporter),
        "recommend": lambda: decisions.recommend(
            ref, seen=seen(ref), outcome="approve", months=12, by=officers.reviewer
        ),
        "approve": lambda: decisions.approve(ref, seen=seen(ref), by=officers.decider),
        "issue": lambda: issued(world, ref),
    }
    for name, call in done.items():
        if name == "recommend":
            receipts.accept(ref, by=officers.intake)
            decisions.assign(ref, seen=seen(ref), by=officers.reviewer)
            make.demo.screened(ref, officers.reviewer)
        if name == step:
            licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=officers.decider)
            error = refused(call)
            assert (error.code, error.status) == ("license-not-amendable", 409)
            assert "only a license in force can be changed. Wait until it is again." in error.detail
            return
        call()


@pytest.mark.parametrize("step", ["submit", "recommend", "approve", "issue"])
def test_nobody_is_open_again_by_it_whom_a_decider_closed(world, step):
    license = world.license(kilograms=100, users=2)
    ref, officers = asks(begun(world, license), 80), world.ministry
    done = {
        "submit": lambda: applications.submit(ref, seen=seen(ref), by=world.exporter),
        "recommend": lambda: decisions.recommend(
            ref, seen=seen(ref), outcome="approve", months=12, by=officers.reviewer
        ),
        "approve": lambda: decisions.approve(ref, seen=seen(ref), by=officers.decider),
        "issue": lambda: issued(world, ref),
    }
    for name, call in done.items():
        if name == "recommend":
            receipts.accept(ref, by=officers.intake)
            decisions.assign(ref, seen=seen(ref), by=officers.reviewer)
            make.demo.screened(ref, officers.reviewer)
        if name == step:
            party = license.end_users.order_by("pk")[1].party
            suspended(world, Query(end_user=party.ref))
            error = refused(call)
            assert (error.code, error.status) == ("end-user-closed", 409)
            assert f"{party.name} on {license.ref}." in error.detail
            lifted(world, Query(end_user=party.ref))
        call()


def test_it_goes_on_without_him_and_no_later_one_brings_him_back(world, client):
    license = world.license(kilograms=100, users=2)
    row = begun(world, license)
    closed = row.end_users.order_by("pk")[1]
    demo.under_review(world.exporter, row.ref, world.ministry)
    said = {"outcome": "approve", "months": 12, "by": world.ministry.reviewer}
    decisions.recommend(row.ref, seen=seen(row.ref), **said)
    suspended(world, Query(end_user=closed.party.ref))
    text = text_of(client, world.ministry.decider, f"/desk/cases/{row.ref}/")
    assert f"The ministry closed {closed.party.name} on {license.ref}." in text
    decisions.send_back(row.ref, seen=seen(row.ref), reason="Without him.", by=world.ministry.decider)
    kept = [user.pk for user in row.end_users.exclude(pk=closed.pk)]
    decisions.recommend(row.ref, seen=seen(row.ref), end_users=kept, text="Not him.", **said)
    decisions.approve(row.ref, seen=seen(row.ref), by=world.ministry.decider)
    new = issued(world, row.ref)
    assert new.end_users.still_open().count() == 1
    again = begun(world, new)
    again.end_users.create(party=closed.party, declaration=closed.declaration)
    error = refused(lambda: applications.submit(again.ref, seen=seen(again.ref), by=world.exporter))
    assert error.code == "end-user-closed"


def turned_down(world, license):
    first = asks(begun(world, license), 80)
    demo.under_review(world.exporter, first, world.ministry)
    said = {"outcome": "refuse", "factors": ["END_USE"], "text": "Why."}
    decisions.recommend(first, seen=seen(first), **said, by=world.ministry.reviewer)
    said = {"factors": ["END_USE"], "text": "Why.", "departure": "So."}
    decisions.refuse(first, seen=seen(first), **said, by=world.ministry.decider)
    return first


def test_a_refusal_is_contested_while_its_license_is_suspended(world):
    license = world.license(kilograms=100)
    first = turned_down(world, license)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    contested = reconsiderations.reconsider(first, seen=seen(first), grounds="Wrong.", by=world.exporter)
    assert contested.state == "under_reconsideration"


def test_a_refusal_is_not_changed_while_its_license_could_not_be_replaced(world):
    license, m = world.license(kilograms=100), world.ministry
    first = turned_down(world, license)
    reconsiderations.reconsider(first, seen=seen(first), grounds="Wrong.", by=world.exporter)
    reconsiderations.admit(first, seen=seen(first), by=m.reconsiderer)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=m.decider)
    said = {"text": "So.", "departure": "So.", "by": m.reconsiderer}
    error = refused(lambda: reconsiderations.change(first, seen=seen(first), **said))
    assert (error.code, error.status) == ("license-not-amendable", 409)
    cause = license.suspensions.get()
    facts = {"suspension": cause.pk, "reason": "Over", "by": m.other_decider}
    licenses.lift(license.ref, seen=seen(license.ref), **facts)
    assert reconsiderations.change(first, seen=seen(first), **said).state == "approved"


def test_what_a_license_waits_for_that_ended_is_not_said(world):
    license = world.license(kilograms=100)
    row = asks(begun(world, license), 80)
    make.ended(world, license)
    error = refused(lambda: applications.submit(row, seen=seen(row), by=world.exporter))
    assert error.detail == f"{license.ref} is “Ended by the ministry”, and only a license in force can be changed."


def test_a_refusal_is_contested_when_no_other_change_is_open(world):
    license = world.license(kilograms=100)
    first = turned_down(world, license)
    other = begun(world, license).ref
    contest = {"grounds": "Wrong.", "by": world.exporter}
    error = refused(lambda: reconsiderations.reconsider(first, seen=seen(first), **contest))
    assert (error.code, error.status) == ("amendment-open", 409) and other in error.detail
    applications.withdraw(other, by=world.exporter)
    assert reconsiderations.reconsider(first, seen=seen(first), **contest).state == "under_reconsideration"


def test_a_refusal_is_not_contested_once_the_license_was_replaced(world):
    license = world.license(kilograms=100)
    first = turned_down(world, license)
    new = replaced(world, license, 70)
    contest = {"grounds": "Wrong.", "by": world.exporter}
    error = refused(lambda: reconsiderations.reconsider(first, seen=seen(first), **contest))
    assert error.code == "license-not-amendable"
    assert new.ref in error.detail


@pytest.mark.parametrize(("kind", "asked"), [("annual", True), ("per_shipment", False)])
def test_no_other_number_of_clearances_is_spoken_of_where_a_license_has_one(world, client, kind, asked):
    draft = alike(world, world.license(kind=kind, kilograms=100))
    text = text_of(client, world.exporter, f"/applications/{draft.ref}/edit/")
    assert ("number of clearances" in text, "one end-user and one clearance" in text) == (asked, not asked)


def test_a_draft_keeps_the_lines_and_the_kind(world, client):
    license = world.license(kilograms=100)
    row = begun(world, license)
    line = row.lines.get()
    kept = drafts.LineDraft(line.control_item, line.description, 90 * KG, "kg")
    other = drafts.LineDraft(ControlItem.objects.get(code="1C902.a.1"), "Metal", 90 * KG, "kg")
    for lines, kind, pointers in (
        ([kept, kept], Kind.AMENDMENT, ["/lines"]),
        ([kept], Kind.ANNUAL, ["/kind"]),
        ([], Kind.AMENDMENT, ["/lines"]),
        ([other], Kind.AMENDMENT, ["/lines/0/code"]),
    ):
        draft = applications.Draft(kind=kind, lines=lines, planned_from=row.planned_from)
        call = {"version": row.version, "by": world.exporter}
        error = refused(lambda draft=draft, call=call: applications.change(row.ref, draft, **call))
        assert [one.pointer for one in error.errors] == pointers
    error = refused(
        lambda: applications.start(applications.Draft(kind=Kind.AMENDMENT, lines=[kept]), by=world.exporter)
    )
    assert [one.pointer for one in error.errors] == ["/kind"]


def test_postgresql_lets_a_license_replace_only_what_its_case_amends(world):
    license, other = world.license(kilograms=100), world.license(kilograms=100)
    ref = decided(world, asks(begun(world, license), 80))
    case = Application.objects.get(ref=ref)
    facts = {
        name: getattr(license, name)
        for name in ("exporter", "kind", "usable_from", "usable_until", "destinations", "edition", "issued_at")
    }
    for wrong in ({"replaces": None}, {"replaces": other}):
        with pytest.raises(IntegrityError, match="replaces the one in force"), transaction.atomic():
            License.objects.create(ref="EL-1", application=case, **facts, **wrong)
    with pytest.raises(IntegrityError, match="is replaced by another"), transaction.atomic():
        License.objects.update(**{"state": "replaced"})


def test_postgresql_lets_nothing_replace_what_is_not_in_force(world):
    license = world.license(kilograms=100)
    case = Application.objects.get(ref=decided(world, asks(begun(world, license), 80)))
    names = ("exporter", "kind", "usable_from", "usable_until", "destinations", "edition", "issued_at")
    facts = {name: getattr(license, name) for name in names}
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    with pytest.raises(IntegrityError, match="replaces the one in force"), transaction.atomic():
        License.objects.create(ref="EL-1", application=case, replaces=license, **facts)


def test_postgresql_lets_a_license_take_no_other_place_than_was_asked_for(world):
    license, other = world.license(kilograms=100), world.license(kilograms=100)
    case = Application.objects.get(ref=decided(world, asks(begun(world, license), 80)))
    stranger = Exporter.objects.get(pk=make.exporter(world.ministry, "Other Co., Ltd.").organization_id)
    names = ("exporter", "kind", "usable_from", "usable_until", "destinations", "edition", "issued_at")
    facts = {name: getattr(license, name) for name in names} | {"application": case, "replaces": license}
    for wrong in ({"replaces": None}, {"replaces": other}, {"exporter": stranger}, {"kind": "special"}):
        with pytest.raises(IntegrityError, match="replaces the one in force"), transaction.atomic():
            License.objects.create(ref="EL-1", **facts | wrong)


def written(world, license, case, *, replaced=True):
    """Its place is taken, past the verb; the new license has no lines yet."""
    names = ("exporter", "kind", "usable_from", "usable_until", "destinations", "edition", "issued_at")
    facts = {name: getattr(license, name) for name in names}
    new = License.objects.create(ref=make.unknown(), application=case, replaces=license, **facts)
    for user in license.end_users.all():
        his = {"destination": user.destination, "goods": user.goods}
        new.end_users.create(party=user.party, declaration=user.declaration, **his)
    if replaced:
        License.objects.filter(pk=license.pk).update(state="replaced")
    return new


def test_postgresql_lets_a_license_keep_its_case_and_what_it_replaces(world):
    license, other = world.license(kilograms=100), world.license(kilograms=100)
    unused = Application.objects.get(ref=decided(world, world.application()))
    for wrong in ({"replaces": license}, {"application": unused}):
        with pytest.raises(IntegrityError, match="keeps its application"), transaction.atomic():
            License.objects.filter(pk=other.pk).update(**wrong)
    License.objects.filter(pk=other.pk).update(application=other.application, replaces=None)  # as it is


def test_postgresql_lets_only_one_that_was_asked_for_succeed(world):
    license, other = world.license(kilograms=100), world.license(kilograms=100)
    case = Application.objects.get(ref=decided(world, asks(begun(world, license), 80)))
    new = written(world, license, case, replaced=False)
    stranger = make.exporter(world.ministry, "Other Co., Ltd.").organization_id
    for row, wrong in (
        (Application.objects.filter(pk=case.pk), {"amends": other}),
        (License.objects.filter(pk=new.pk), {"exporter": stranger}),
    ):
        before = row.values(*wrong).get()
        row.update(**wrong)
        with pytest.raises(IntegrityError, match="is replaced by another"), transaction.atomic():
            License.objects.filter(pk=license.pk).update(state="replaced")
        row.update(**before)
    License.objects.filter(pk=license.pk).update(state="replaced")


def test_postgresql_opens_no_line_while_the_license_before_is_in_force(world):
    license = world.license(kilograms=100)
    case = Application.objects.get(ref=decided(world, asks(begun(world, license), 80)))
    with pytest.raises(IntegrityError, match="is not replaced"), transaction.atomic():
        ledger.open_lines(written(world, license, case, replaced=False))


@pytest.mark.parametrize("account", ["line", "value"])
def test_postgresql_refuses_to_carry_more_than_was_granted(world, account):
    license = world.license(kilograms=100, values={1: Decimal(5_000)})
    row = begun(world, license)
    case = Application.objects.get(ref=decided(world, asks(row, 80), values={1: Decimal(500)}))
    taken = {"value": Decimal("1000.00") if account == "value" else Decimal(1), "currency": "CNY"}
    kilograms = 10 if account == "value" else 90
    world.shipment(license, lines=[make.shipments.LineRequest(1, kilograms * KG, "kg", **taken)])
    with pytest.raises(IntegrityError, match="less than is drawn and reserved"), transaction.atomic():
        ledger.open_lines(written(world, license, case))


def test_the_books_see_what_was_not_carried(world, monkeypatch):
    license = world.license(kilograms=100, values={1: Decimal(5_000)})
    priced = {"value": Decimal("1000.00"), "currency": "CNY"}
    world.shipment(license, lines=[make.shipments.LineRequest(1, 30 * KG, "kg", **priced)])
    with connection.cursor() as cursor:  # a ledger that forgets what was used
        cursor.execute(
            "CREATE OR REPLACE FUNCTION ledger_succeed(line licensing_licenseline, before bigint, number_ int,"
            " at_ timestamptz) RETURNS licensing_licenseline LANGUAGE sql AS $$ SELECT line; $$"
        )
    new = replaced(world, license, 100, values={1: Decimal(5_000)})
    assert {one.what for one in books.drift([new.pk])} == {
        "not what its predecessor left",
        "value not what its predecessor left",
    }
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE licensing_license DISABLE TRIGGER USER")
        cursor.execute("UPDATE licensing_license SET state = 'expired' WHERE id = %s", [license.pk])
        cursor.execute("ALTER TABLE licensing_license ENABLE TRIGGER USER")
    assert "not replaced, but another took its place" in {one.what for one in books.drift([new.pk])}


def test_postgresql_lets_a_license_be_replaced_once(world):
    license, others = world.license(kilograms=100), [world.license(kilograms=100).pk for _ in range(2)]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE licensing_license DISABLE TRIGGER USER")
        with pytest.raises(IntegrityError, match="replaces_id_key"), transaction.atomic():
            cursor.execute("UPDATE licensing_license SET replaces_id = %s WHERE id = ANY (%s)", [license.pk, others])


def test_none_takes_the_place_of_one_whose_end_is_proposed(world):
    license = world.license(kilograms=100)
    ref = decided(world, asks(begun(world, license), 80))
    make.end_proposed(world, license)
    assert refused(lambda: issued(world, ref)).code == "proposal-open"


def on_hold(ref, world):
    rows = selectors.with_lines(selectors.shipments_for(world.exporter)).filter(ref=ref)
    return selectors.with_holds(rows, legal_now())[0].on_hold


def test_what_is_reserved_there_is_on_hold_only_when_its_successor_is(world):
    license = world.license(kilograms=100)
    ref = world.shipment(license, 10 * KG).ref
    new = replaced(world, license, 80)
    assert not on_hold(ref, world)
    licenses.suspend(new.ref, seen=seen(new.ref), reason="Inspection", by=world.ministry.decider)
    assert on_hold(ref, world)


@pytest.mark.parametrize("end", ["suspend", "revoke"])
def test_what_closes_its_successor_closes_what_is_reserved_there(world, end):
    license = world.license(kilograms=100)
    ref = world.shipment(license, 10 * KG).ref
    new = replaced(world, license, 80)
    if end == "revoke":
        make.ended(world, new)
    else:
        licenses.suspend(new.ref, seen=seen(new.ref), reason="Inspection", by=world.ministry.decider)
    receive(world.message(ref, "declared"), by=world.customs)
    assert "license_not_usable" in set(Incident.objects.values_list("kind", flat=True))


def left_out(world, license):
    """One of two end-users, for whom something is reserved: the license is replaced by one without him."""
    user = license.end_users.select_related("party").order_by("pk")[1]
    shipment = world.shipment(license, 10 * KG, end_user=user.party.ref)
    row = begun(world, license)
    row.end_users.filter(party=user.party_id).delete()
    issued(world, decided(world, asks(row, 80)))
    return user, shipment


def found(world, ref, hit):
    said = screening_of(ref, hit=hit, reason="Entry 12")
    screenings.screen(ref, by=world.ministry.reviewer, **said)


def stops(world, user):
    """By each way: what stops what is reserved for the end-user, and what lets it go again, if anything does."""
    case = world.under_review(world.application(by_whom=[user.declaration]))
    query = Query(end_user=user.party.ref)
    return {
        "enforcement": (lambda: suspended(world, query), lambda: lifted(world, query)),
        "screening": (lambda: found(world, case, "control_list"), lambda: found(world, case, "none")),
        "declaration": (lambda: invalidated(user.declaration, world), None),
        "exporter": (lambda: make.stopped(world), lambda: make.reinstated(world)),
    }


@pytest.mark.parametrize("way", ["enforcement", "screening", "declaration", "exporter"])
def test_what_is_reserved_on_a_replaced_license_is_stopped_as_on_any_other(world, way):
    license = world.license(kilograms=100, users=2)
    user, shipment = left_out(world, license)
    stop, let_go = stops(world, user)[way]
    stop()
    causes = Suspension.objects.filter(license=license, ended_at=None)
    assert list(causes.values_list("cause", flat=True)) == [way]
    assert License.objects.get(pk=license.pk).state == "replaced"
    assert on_hold(shipment.ref, world)
    if let_go:
        let_go()
        assert not causes.exists()
        assert not on_hold(shipment.ref, world)
        assert lines_of(license).last().verb == ("lift" if way == "exporter" else "widen")
        assert not LicenseLine.objects.get(license=license).open
        stop()
    receive(world.message(shipment.ref, "declared"), by=world.customs)
    assert "license_not_usable" in set(Incident.objects.values_list("kind", flat=True))


@pytest.mark.parametrize("way", ["enforcement", "screening", "declaration", "exporter"])
def test_a_replaced_license_on_which_nothing_is_reserved_is_left_alone(world, way):
    license = world.license(kilograms=100, users=2)
    user, shipment = left_out(world, license)
    world.clear(shipment.ref, 10 * KG)
    last = lines_of(license).last()
    if way == "enforcement":
        assert hits(Query(end_user=user.party.ref), world.ministry.decider) == []
    else:
        stops(world, user)[way][0]()
    assert lines_of(license).last() == last


def test_what_was_stopped_there_is_let_go_there_also_when_nothing_is_reserved_any_more(world):
    license = world.license(kilograms=100, users=2)
    user, shipment = left_out(world, license)
    suspended(world, MAGNETS)
    cancel(shipment.ref, by=world.exporter)
    lifted(world, MAGNETS)
    assert not Suspension.objects.filter(ended_at=None).exists()
    assert License.objects.get(pk=license.pk).state == "replaced"
    assert not LicenseLine.objects.get(license=license).open


def test_its_successor_is_not_handed_back_while_something_is_reserved_there(world, client):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 10 * KG)
    new = replaced(world, license, 80)

    def give():
        return licenses.surrender(new.ref, seen=seen(new.ref), by=world.exporter)

    error = refused(give)
    assert (error.code, error.status) == ("still-reserved", 409)
    assert [one.message for one in error.errors] == [
        f"Line 1 of {license.ref}, which this replaced: 10 kg reserved for {shipment.ref}."
    ]
    assert error.errors[0].message in text_of(client, world.exporter, f"/licenses/{new.ref}/")
    with pytest.raises(IntegrityError, match="something is reserved"), transaction.atomic():
        License.objects.filter(pk=new.pk).update(**{"state": "surrendered"})
    cancel(shipment.ref, by=world.exporter)
    assert give().state == "surrendered"


def test_whatever_a_change_says_otherwise_stands_beside_what_the_license_says(world, client):
    row = alike(world, world.license(kilograms=100))
    path, empty = f"/applications/{row.ref}/", "Nothing is asked to be otherwise yet."
    assert empty in plain(client, world.exporter, path)
    Application.objects.filter(pk=row.pk).update(
        transport_mode="air", purpose="civil_aircraft_parts", contract_no="K-2", remarks="Please."
    )
    row.lines.update(hs_code="85051190")
    text = plain(client, world.exporter, path)
    for words in (
        "Mode of transport",
        "By air",
        "Kind of transaction",
        "Contract",
        "K-2",
        "customs goods code – 85051190",
        "For the reviewer – Please.",
    ):
        assert words in text.split(f"Change of {row.amends.ref}")[-1], words
    assert empty not in text and "Planned from –" not in text
    demo.under_review(world.exporter, row.ref, world.ministry)
    assert "customs goods code – 85051190" in plain(client, world.ministry.decider, f"/desk/cases/{row.ref}/")


OTHERWISE = {
    "ports": lambda row: {"ports": ["CNTAO"]},
    "days": lambda row: {"planned_until": row.planned_until - timedelta(days=1)},
    "value": lambda row: {"contract_value": Decimal(7)},
    "mode": lambda row: {"transport_mode": "air"},
    "words": lambda row: {"remarks": "One more clearance, please."},
}
OF_A_LINE = {"quantity": {"quantity": 101 * KG}, "price": {"unit_price": Decimal("3.5")}, "maker": {"maker": "Another"}}


def missing(row):
    found = applications.what_is_missing(Application.objects.get(pk=row.pk), at=legal_now())
    return [(one.pointer, one.code) for one in found]


def test_what_asks_for_nothing_is_told_so_with_its_place_and_not_sent(world, client):
    license = world.license(kilograms=100)
    row = alike(world, license)
    words = f"Say what is to be otherwise than {license.ref} says"
    for page in (f"/applications/{row.ref}/", f"/applications/{row.ref}/submit/"):
        assert words in plain(client, world.exporter, page)
    assert f'href="/applications/{row.ref}/edit/#goods">{words}' in text_of(
        client, world.exporter, f"/applications/{row.ref}/"
    )
    error = refused(lambda: applications.submit(row.ref, seen=seen(row.ref), by=world.exporter))
    assert [(one.pointer, one.code) for one in error.errors] == [("/lines", "required")]


def test_a_line_that_is_used_up_asks_for_nothing_by_its_least_quantity(world, client):
    """An application asks for some of each line, were it a gram of one that has nothing any more."""
    license = world.license(kilograms=100)
    world.shipment(license, 40 * KG)
    new = replaced(world, license, 40)
    again = alike(world, new)
    assert (new.lines.get().authorized, again.lines.get().quantity) == (0, 1)
    assert [one.code for one in amendments.asks_nothing(again)] == ["required"]
    assert "Nothing is asked to be otherwise yet." in plain(client, world.exporter, f"/applications/{again.ref}/")


def test_a_refusal_that_stands_is_told_as_over(world, client, clock):
    first = turned_down(world, world.license(kilograms=100))
    path, over = f"/applications/{first}/", "It asked for a new license in the place of"
    assert over not in plain(client, world.exporter, path)
    clock.shift(days=120)
    assert over in plain(client, world.exporter, path)


def test_to_withdraw_a_change_leaves_its_license_and_is_told_as_over(world, client):
    license = world.license(kilograms=100)
    row = alike(world, license)
    applications.withdraw(row.ref, by=world.exporter)
    text = plain(client, world.exporter, f"/applications/{row.ref}/")
    assert f"It asked for a new license in the place of {license.ref}, and none was given." in text
    assert "Nothing was asked to be otherwise." in text
    assert "would take the place" not in text and "otherwise yet" not in text
    ref = asks(begun(world, license), 80)
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    path = f"/applications/{ref}/"
    text = plain(client, world.exporter, f"{path}withdraw/")
    assert f"The license {license.ref} is not touched" in text and "file a new application" not in text
    assert "would take the place" in plain(client, world.exporter, path)
    applications.withdraw(ref, by=world.exporter)
    text = plain(client, world.exporter, path)
    assert "and none was given" in text and "100 kg 80 kg" in text


def test_the_form_of_a_change_names_its_license_and_what_is_used_of_each_line(world, client):
    license = world.license(kilograms=100)
    unused = plain(client, world.exporter, f"/applications/{(row := alike(world, license)).ref}/edit/")
    assert "At least what is drawn" not in unused
    world.shipment(license, 12_140)
    client.force_login(world.exporter.user)
    page = client.get(f"/applications/{row.ref}/edit/").content.decode()
    hint = re.search(r'class="hint" id="id_lines-0-quantity_helptext">(.*?)</div>', page)[1]
    assert hint == "At least what is drawn and reserved, 12.14 kg."
    text = plain(client, world.exporter, f"/applications/{row.ref}/edit/")
    assert f"It asks to change {license.ref}. What you leave" in text
    assert "The papers of the license are taken over" in text and "Per shipment: one end-user" not in text
    new = plain(client, world.exporter, "/applications/new/")
    assert "It asks to change" not in new and "Per shipment: one end-user" in new


@pytest.mark.parametrize("what", OTHERWISE)
def test_each_fact_that_is_otherwise_is_asked_for(world, what):
    row = alike(world, world.license(kilograms=100))
    assert missing(row) == [("/lines", "required")]
    Application.objects.filter(pk=row.pk).update(**OTHERWISE[what](row))
    assert missing(row) == []


@pytest.mark.parametrize("what", OF_A_LINE)
def test_each_word_of_a_line_that_is_otherwise_is_asked_for(world, what):
    row = alike(world, world.license(kilograms=100))
    row.lines.update(**OF_A_LINE[what])
    assert missing(row) == []


def test_another_end_user_declaration_or_consignee_is_asked_for_and_another_order_of_them_is_not(world):
    license = world.license(kilograms=100, users=2)
    row = alike(world, license)
    users = list(row.end_users.order_by("pk"))
    row.end_users.all()._raw_delete("default")
    for user in reversed(users):
        row.end_users.create(party=user.party, declaration=user.declaration)
    assert missing(row) == [("/lines", "required")]
    row.end_users.filter(party=users[0].party_id).update(
        declaration=demo.declaration(world.exporter, users[0].party, ["1C905.a.4"], "CIV_AUTO", "motors")
    )
    assert missing(row) == []
    row.end_users.filter(party=users[0].party_id).update(declaration=users[0].declaration)
    assert missing(row) == [("/lines", "required")]
    row.consignees.add(demo.party(world.exporter, "Forwarder", "DE", "Transport"))
    assert missing(row) == []
    row.consignees.set(license.consignees.all())
    row.end_users.filter(party=users[0].party_id)._raw_delete("default")
    assert missing(row) == []


def test_a_change_of_what_took_anothers_place_asks_for_nothing_as_well(world):
    license = world.license(kilograms=100)
    world.shipment(license, 40 * KG)
    new = replaced(world, license, 90)
    row = alike(world, new)
    assert row.lines.get().quantity == 50 * KG
    assert missing(row) == [("/lines", "required")]


def test_a_reviewer_of_a_change_begins_with_what_the_license_was_granted_with(world):
    license = world.license(kilograms=100, max_clearances=4, text="Four.")
    ref = begun(world, license).ref
    demo.under_review(world.exporter, ref, world.ministry)
    initial = RecommendForm(row=Application.objects.get(ref=ref)).initial
    had = sorted(license.conditions.values_list("code", flat=True))
    assert had and (sorted(initial["conditions"]), initial["months"], initial["max_clearances"]) == (had, 12, 4)


def test_a_change_keeps_of_each_line_its_goods_code_and_its_inquiry(world):
    """Two lines of the same words among them."""
    goods = [("85051110", make.answered(world)), ("85051190", None)]
    license = world.license(kilograms=100)
    draft = copies.said(license.application)
    lines = [replace(draft.lines[0], hs_code=code, inquiry=asked) for code, asked in goods]
    case = applications.start(replace(draft, lines=lines), by=world.exporter)
    for paper in license.application.documents.all():
        case.documents.create(type=paper.type, document_id=paper.document_id)
    row = begun(world, issued(world, decided(world, case.ref)))
    assert [(one.hs_code, one.inquiry) for one in row.lines.order_by("number")] == goods


@pytest.mark.slow
def test_pages_lead_from_one_to_the_other_and_its_holder_is_told(world, client, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    license = world.license(kilograms=100)
    path = f"/licenses/{license.ref}/"
    text = text_of(client, world.exporter, path)
    assert f"Change {license.ref}" in text
    answer = client.post(f"{path}amend/", {"seen": seen(license.ref)})
    row = Application.objects.get(kind=Kind.AMENDMENT)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/applications/{row.ref}/edit/")
    assert "Change of a license" in text_of(client, world.exporter, answer.headers["Location"])
    text = text_of(client, world.exporter, path)
    assert row.ref in text and "asks to change this license" in text
    ref = decided(world, asks(row, 80))
    desk = text_of(client, world.ministry.decider, f"/desk/cases/{ref}/")
    assert f"takes the place of {license.ref}" in desk and "100 kg" in desk
    new = issued(world, ref)
    [need] = [one for one in make.needs_of(world.exporter) if "was replaced" in one.title]
    assert new.ref in need.text
    text = text_of(client, world.exporter, path)
    assert f"{new.ref}</a> took its place" in text and "Record shipment" not in text
    assert license.ref in text_of(client, world.exporter, f"/licenses/{new.ref}/")
    relay()
    told = Mail.objects.filter(subject=f"{license.ref}: replaced by {new.ref}").values_list("recipients", flat=True)
    assert world.exporter.user.email in set(told)
    client.force_login(world.exporter.user)
    said = client.get(f"/api/v1/licenses/{license.ref}/").json()
    assert (said["state"], said["replaced_by"], said["replaces"]) == ("replaced", new.ref, None)
    assert client.get(f"/api/v1/licenses/{new.ref}/").json()["replaces"] == license.ref
    assert client.get(f"/api/v1/applications/{ref}/").json()["amends"] == license.ref
    public = unescape(client.get(f"/v/{license.ref}/{license.verify_code}/").content.decode())
    assert "Another license took its place on" in public and new.ref in public  # its number alone opens nothing
    port = make.Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))
    assert f'/{new.ref}/">{new.ref}</a> took its place.' in text_of(client, port, f"/customs/licenses/{license.ref}/")


def test_officers_are_told_of_an_amendment_once_it_was_sent_in(world, client):
    license = world.license(kilograms=100)
    row, officer = begun(world, license), world.ministry.reviewer
    banner = "asks to change this license"
    assert banner in text_of(client, world.exporter, f"/licenses/{license.ref}/")
    assert banner not in text_of(client, officer, f"/desk/licenses/{license.ref}/")
    applications.submit(row.ref, seen=seen(row.ref), by=world.exporter)
    assert banner in text_of(client, officer, f"/desk/licenses/{license.ref}/")


# --- what is told of one that was replaced, and before one is sent ------------------------------------------------
def test_of_a_replaced_license_every_page_says_how_much_went_over_and_where(world, client):
    license = world.license(kilograms=1_000)
    world.clear(world.shipment(license, 150 * KG).ref, 150 * KG)
    world.shipment(license, 50 * KG)
    first = license.application.ref
    ref = decided(world, asks(begun(world, license), 1_100))
    new = decisions.issue(ref, seen=seen(ref), by=world.ministry.decider)
    page = plain(client, world.exporter, f"/licenses/{license.ref}/")
    assert f"800 kg were left when {new.ref} took its place" in page
    assert "Line 1, 1C905.a.4: 50 kg reserved here still, 150 kg had crossed." in page
    assert f"800 kg were left when {new.ref} took its place." in page
    assert "left of" not in plain(client, world.exporter, "/licenses/?state=replaced").partition(license.ref)[2]
    reviewer = world.ministry.reviewer
    for actor, path in ((world.exporter, f"/applications/{first}/"), (reviewer, f"/desk/cases/{first}/")):
        assert f"{new.ref} took its place, with what was left of it." in plain(client, actor, path)
    of_change = plain(client, world.ministry.reviewer, f"/desk/cases/{ref}/")
    assert f"{new.ref} took the place of {license.ref}." in of_change
    assert "Line 1, 1C905.a.4 1,000 kg 1,100 kg 200 kg" in of_change
    whole, user = (f"/v/{license.ref}/{code}/" for code in (license.verify_code, license.end_users.get().verify_code))
    assert f"Line 1: 800 kg were left when {new.ref} took its place." in plain(client, None, whole)
    assert "1,000 kg" in plain(client, None, whole)
    assert new.ref not in plain(client, None, user)


def test_what_is_sent_is_shown_beside_what_the_license_says(world, client):
    license = world.license(kilograms=1_000)
    ref = asks(begun(world, license), 1_250)
    page = plain(client, world.exporter, f"/applications/{ref}/submit/")
    assert f"Change of {license.ref}" in page
    assert "Line 1, 1C905.a.4 1,000 kg 1,250 kg 0 kg" in page


def test_each_cell_of_what_is_changed_stands_under_its_head(world, client):
    row = begun(world, world.license(kilograms=1_000))
    ref = asks(row, 1_250)
    Application.objects.filter(ref=ref).update(contract_no="K-2")
    client.force_login(world.exporter.user)
    page = client.get(f"/applications/{ref}/").content.decode()
    table = next(one for one in re.findall(r"<table.*?</table>", page, re.S) if "At least, as used" in one)
    lines = re.findall(r"<tr>.*?</tr>", table, re.S)
    rows = [["num" in cell for cell in re.findall(r"<t[hd]([^>]*)>", one)] for one in lines]
    assert len(rows) > 2 and {tuple(one) for one in rows} == {(False, False, False, True)}


def test_the_rules_are_told_while_a_change_is_typed(world, client):
    license = world.license(kilograms=1_000)
    ref = begun(world, license).ref
    window = {"planned_from": legal_today(), "planned_until": license.usable_until}
    typed = {"kind": "amendment", "purpose": "sale", "red_flag": "none", **window, "lines-TOTAL_FORMS": 1}
    typed |= {"lines-INITIAL_FORMS": 0, "lines-0-code": "1C905.a.4"}
    typed |= {"end_users": [user.declaration_id for user in license.end_users.all()]}
    client.force_login(world.exporter.user)
    assert "1C905.a.4" in client.post(f"/applications/typed/?of={ref}", typed).content.decode()
    for nothing in ("/applications/typed/", f"/applications/typed/?of={make.unknown('AP')}"):
        assert "Choose goods and an end-user" in client.post(nothing, typed).content.decode()
    assert f'hx-post="/applications/typed/?of={ref}"' in client.get(f"/applications/{ref}/edit/").content.decode()


def plain(client, actor, path):
    client.force_login(actor.user) if actor else client.logout()
    text = re.sub(r"<[^>]+>", " ", client.get(path).content.decode())
    return re.sub(r" ([.,:;])", r"\1", " ".join(unescape(text).split()))


def test_a_change_begins_no_earlier_than_the_license_that_it_changes(world):
    ref, ahead = decided(world, world.application()), legal_today() + timedelta(days=9)
    license = decisions.issue(ref, seen=seen(ref), usable_from=ahead, by=world.ministry.decider)
    draft = asks(begun(world, license), 40)
    decided(world, draft, text="For its months.")
    early = {"seen": seen(draft), "usable_from": ahead - timedelta(days=1), "by": world.ministry.decider}
    assert refused(lambda: decisions.issue(draft, **early)).errors[0].pointer == "/usable_from"
    assert issued(world, draft).usable_from == ahead


def test_a_change_begins_at_once_whatever_its_plan_and_leaves_no_day_without_a_license(world):
    license = world.license(kilograms=100)
    draft = begun(world, license)
    said, later = copies.said(draft), legal_today() + timedelta(days=9)
    ahead = {"version": draft.version, "by": world.exporter}
    error = refused(lambda: applications.change(draft.ref, replace(said, planned_from=later), **ahead))
    assert [one.pointer for one in error.errors] == ["/planned_from"]
    ref = decided(world, asks(draft, 40), text="Less.")
    late = {"seen": seen(ref), "usable_from": later, "by": world.ministry.decider}
    assert refused(lambda: decisions.issue(ref, **late)).errors[0].pointer == "/usable_from"
    assert issued(world, ref).usable_from == legal_today()
