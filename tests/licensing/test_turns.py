"""A turn of the rules: who is closed, what is suspended, what comes back, and that no reservation waits for it."""

from datetime import datetime, timedelta

import pytest

from core.access import clock as clock_actor
from core.legal_time import day_start, legal_now, legal_today, on_the_wire
from core.models import Delivery, HistoryLine
from licensing import selectors, tasks
from licensing.actions import licenses, verdicts
from licensing.models import License, LicenseEndUser, Suspension, Verdict
from licensing.models.balances import LicenseLine, Movement
from shipments.models import Incident
from tests import make
from tests.licensing.test_limits import refused
from tests.licensing.test_verdicts import ban
from tests.make import seen
from tests.refused import breaches

KG = 1_000
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)


def turn(license):
    return verdicts.turn(license.pk, by=clock_actor())


def said(license):
    """What the history says since the issue: verb and the state after it."""
    lines = HistoryLine.objects.filter(subject_kind="license", subject_id=license.pk).order_by("seq")
    return [(line.verb, line.to_state) for line in lines][1:]


def causes(license):
    """Open causes: whose, which, by which rules."""
    rows = license.suspensions.filter(ended_at=None)
    return [(row.end_user and row.end_user.party.ref, row.cause, row.rules) for row in rows]


def state(license):
    row = License.objects.get(pk=license.pk)
    lines = set(LicenseLine.objects.filter(license=row).values_list("open", flat=True))
    return row.state, lines, [user.open for user in row.end_users.all()]


def balances():
    return list(LicenseLine.objects.order_by("pk").values()), Movement.objects.count()


@pytest.fixture
def license(world):
    return world.license(kilograms=100)


@pytest.fixture
def two(world):
    """A license with two end-users; the second is one of the government."""
    license = world.license(kilograms=100, users=2)
    second = license.end_users.last()
    row = Verdict.objects.get(end_user=second)
    Verdict.objects.filter(pk=row.pk).update(facts={**row.facts, "end_user.class": "government"})
    return license


def government(rules, _):
    rules["R033"].update(match={"end_user.class": ["government"]}, applies_to=["existing"])


# --- tighten and loosen ------------------------------------------------------------------------------------


def test_a_license_whose_only_end_user_is_prohibited_is_suspended_and_comes_back(world, license):
    before = balances()
    edition = make.edition(ban("DE"))
    assert turn(license)
    user = license.end_users.get().party.ref
    assert state(license) == ("suspended", {False}, [False])
    assert causes(license) == [(user, "policy", ["R033"])]
    assert Suspension.objects.get().edition == edition
    assert refused(world.shipment, license, KG)[0] == "license-suspended"
    make.edition(ban("FR"), "AFTER")
    assert turn(license)
    assert state(license) == ("active", {True}, [True])
    assert causes(license) == []
    assert said(license) == [("suspend", "suspended"), ("lift", "active")]
    closed_lines, count = balances()
    assert ([line | {"open": True} for line in closed_lines], count) == before
    world.shipment(license, KG)


def test_a_license_with_another_end_user_is_narrowed_and_widened(world, two):
    first, second = two.end_users.all()
    make.edition(government)
    assert turn(two)
    assert state(two) == ("active", {True}, [True, False])
    assert causes(two) == [(second.party.ref, "policy", ["R033"])]
    assert "end-user-closed" in refused(world.shipment, two, KG, end_user=second.party.ref)
    world.shipment(two, KG, end_user=first.party.ref)
    make.edition(ban("FR"), "AFTER")
    assert turn(two)
    assert state(two) == ("active", {True}, [True, True])
    assert said(two) == [("narrow", "active"), ("widen", "active")]


def test_what_is_prohibited_on_some_lines_only_closes_nobody(world, license):
    line = LicenseLine.objects.get()
    verdict = Verdict.objects.get()
    line.pk, line.number = None, 2
    line.save(force_insert=True)
    Verdict.objects.create(
        line=line, end_user=verdict.end_user, facts={**verdict.facts, "item.control_code": "1C903.a.2"}
    )
    make.edition(lambda rules, _: rules["R033"].update(match={"item.element": ["Dy"]}, applies_to=["existing"]))
    assert not turn(license)
    assert [bool(row.prohibited) for row in Verdict.objects.order_by("line__number")] == [True, False]
    assert causes(license) == []
    assert refused(world.shipment, license, KG) == ["policy-prohibits"]


def test_a_turn_ends_causes_of_policy_and_no_other(world, license):
    m = world.ministry
    make.edition(ban("DE"))
    turn(license)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=m.decider)
    make.edition(ban("FR"), "AFTER")
    assert turn(license)
    assert causes(license) == [(None, "enforcement", [])]
    assert state(license) == ("suspended", {False}, [True])
    assert said(license)[-1] == ("lift", "suspended")
    cause = license.suspensions.get(ended_at=None).pk
    licenses.lift(license.ref, seen=seen(license.ref), suspension=cause, reason="Clean", by=m.other_decider)
    assert state(license) == ("active", {True}, [True])


def test_lifting_another_cause_opens_nothing_that_the_rules_closed(world, license):
    m = world.ministry
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=m.decider)
    make.edition(ban("DE"))
    turn(license)
    assert said(license) == [("suspend", "suspended"), ("suspend", "suspended")]
    cause = license.suspensions.get(cause="enforcement").pk
    licenses.lift(license.ref, seen=seen(license.ref), suspension=cause, reason="Clean", by=m.other_decider)
    assert state(license) == ("suspended", {False}, [False])


def test_no_officer_ends_what_the_rules_closed(world, license):
    make.edition(ban("DE"))
    turn(license)
    m, cause = world.ministry, license.suspensions.get().pk
    facts = {"seen": seen(license.ref), "suspension": cause, "reason": "I would"}
    assert refused(licenses.lift, license.ref, by=m.decider, **facts) == ["forbidden"]
    assert causes(license) != []


def test_a_turn_that_comes_twice_changes_nothing_more(license):
    make.edition(ban("DE"))
    assert [turn(license), turn(license)] == [True, False]
    assert said(license) == [("suspend", "suspended")]
    make.edition(ban("DE", "FR"), "AFTER")
    assert not turn(license)
    assert Suspension.objects.count() == 1


def test_a_license_that_has_ended_is_left_alone(license, clock):
    clock.set(day_start(license.usable_until + DAY))
    licenses.expire(license.pk, by=clock_actor())
    make.edition(ban("DE"))
    assert not turn(license)
    assert causes(license) == []


# --- instants -----------------------------------------------------------------------------------------------


def test_a_rule_of_a_day_ahead_bites_at_its_first_instant_worker_or_not(world, license, clock):
    first, last = legal_today() + 2 * DAY, legal_today() + 3 * DAY
    make.edition(ban("DE", effective_from=str(first), effective_to=str(last)))
    assert not turn(license)
    assert License.objects.get().next_turn_at == day_start(first)
    clock.set(day_start(first) - MINUTE)
    world.shipment(license, KG)
    clock.set(day_start(first))
    assert refused(world.shipment, license, KG) == ["policy-prohibits"]
    assert turn(license)
    assert License.objects.get().next_turn_at == day_start(last + DAY)
    clock.set(day_start(last + DAY))
    assert turn(license)
    assert License.objects.get().next_turn_at is None
    assert state(license)[0] == "active"
    world.shipment(license, KG)


def test_the_sweep_takes_what_is_due_and_once(license, clock):
    assert selectors.licenses_to_turn(9) == []
    make.edition(ban("DE", effective_from=str(legal_today() + 2 * DAY)))
    assert selectors.licenses_to_turn(9) == [license.pk]
    assert tasks.turn_licenses() == 0
    assert selectors.licenses_to_turn(9) == []
    clock.set(day_start(legal_today() + 2 * DAY))
    assert selectors.licenses_to_turn(9) == [license.pk]
    assert [tasks.turn_licenses(), tasks.turn_licenses()] == [1, 0]
    assert state(license)[0] == "suspended"


def test_a_license_that_was_never_judged_is_due(license):
    License.objects.update(judged_by=None)
    assert selectors.licenses_to_turn(9) == [license.pk]


def test_the_sweep_leaves_licenses_that_have_ended(license, clock):
    make.edition(ban("DE"))
    License.objects.update(state="expired")
    assert selectors.licenses_to_turn(9) == []


def test_a_sweep_takes_so_many_at_most(world):
    made = [world.license(kilograms=100).pk for _ in range(3)]
    make.edition(ban("DE"))
    assert selectors.licenses_to_turn(2) == made[:2]


@pytest.mark.parametrize(
    ("at", "found"),
    [(-1, (None, "from")), (0, ("from", "until")), (1, ("from", "until")), (9, ("from", "until")), (10, (None, None))],
)
def test_a_stretch_stands_from_its_first_instant_until_its_end(db, at, found):
    begin = day_start(legal_today())
    stretch = {"from": on_the_wire(begin), "until": on_the_wire(begin + 10 * DAY)}
    stands, comes = found
    assert selectors.standing([stretch], begin + at * DAY) == (stretch if stands else None)
    next_one = selectors.next_turn([stretch], begin + at * DAY)
    assert next_one == (datetime.fromisoformat(stretch[comes]) if comes else None)


# --- customs ------------------------------------------------------------------------------------------------


def declared(world, shipment, at):
    world_message = world.message(shipment.ref, "declared", declared_at=at)
    from shipments.actions import receive

    receive(world_message, by=world.customs)
    return list(Incident.objects.order_by("pk").values_list("kind", flat=True))


def test_what_was_reserved_before_a_turn_is_lawful_within_its_grace(world, license, clock):
    shipment, other = world.shipment(license, KG), world.shipment(license, KG)
    last = legal_today() + 9 * DAY
    make.edition(ban("DE", transition={"until": str(last)}), starts_at=legal_now() + DAY)
    end = day_start(last + DAY)
    clock.set(end)
    turn(license)
    assert declared(world, shipment, end - SECOND) == []
    assert declared(world, other, end) == ["rules_forbade"]


def test_without_a_grace_what_is_declared_after_the_turn_is_an_incident(world, license, clock):
    shipment, other = world.shipment(license, KG), world.shipment(license, KG)
    starts = make.edition(ban("DE"), starts_at=legal_now() + DAY).starts_at
    clock.set(starts + 2 * DAY)
    assert declared(world, shipment, starts - SECOND) == []
    assert declared(world, other, starts) == ["rules_forbade"]
    world.clear(other.ref, KG, declared_at=starts)
    assert LicenseLine.objects.get().drawn == KG


def test_what_was_reserved_between_two_prohibitions_has_no_grace_of_the_first(world, license, clock):
    now = legal_now()
    grace = {"transition": {"until": str(legal_today() + 90 * DAY)}}
    make.edition(ban("DE", **grace), "FIRST", now + DAY)
    make.edition(ban("FR"), "OPEN", now + 2 * DAY)
    make.edition(ban("DE", "JP", **grace), "AGAIN", now + 4 * DAY)
    clock.set(now + 3 * DAY)
    shipment = world.shipment(license, KG)
    clock.set(now + 6 * DAY)
    assert declared(world, shipment, now + DAY + SECOND) == ["rules_forbade"]
    assert declared(world, shipment, now + 5 * DAY) == ["rules_forbade"]


# --- people -------------------------------------------------------------------------------------------------


def test_the_holder_is_written_to_and_reads_the_rules(world, license, client):
    make.edition(ban("DE"))
    turn(license)
    client.force_login(world.exporter.user)
    page = client.get(f"/licenses/{license.ref}/").content.decode()
    assert "Ann. 1/2026" in page
    assert "R033" in page
    assert Delivery.objects.filter(line__subject_kind="license", line__verb="suspend").count() >= 1
    overview = client.get("/").content.decode()
    assert f"License {license.ref} is suspended" in overview


def test_a_narrowed_license_says_for_whom_and_why(world, two, client):
    make.edition(government)
    turn(two)
    client.force_login(world.exporter.user)
    page = client.get(f"/licenses/{two.ref}/").content.decode()
    assert "Closed in part" in page
    assert two.end_users.last().party.name in page
    assert f"License {two.ref} is closed for some of its end-users" in client.get("/").content.decode()
    assert Delivery.objects.filter(line__verb="narrow").count() >= 1


def test_the_desk_offers_no_end_of_what_the_rules_closed(world, license, client):
    make.edition(ban("DE"))
    turn(license)
    client.force_login(world.ministry.decider.user)
    page = client.get(f"/desk/licenses/{license.ref}/")
    assert page.context["endable"] == []
    assert 'name="suspension"' not in page.content.decode()


# --- the database -------------------------------------------------------------------------------------------


def test_postgresql_keeps_causes_of_policy_in_order(world, license):
    make.edition(ban("DE"))
    turn(license)
    other = world.ministry.decider.user.pk
    ended = {"ended_at": "legal_now()"}
    assert (
        breaches(
            [
                (
                    "licensing_suspension.suspension_policy_ended_by_a_turn",
                    {"*": "", **ended, "ended_by_id": str(other)},
                ),
                ("licensing_suspension.suspension_policy_ended_by_a_turn", {"*": "", **ended, "ended_by_id": "NULL"}),
                ("licensing_suspension.suspension_policy_names_its_rules", {"*": "", "rules": "'{}'"}),
                ("licensing_suspension.suspension_policy_names_its_rules", {"*": "", "end_user_id": "NULL"}),
                ("licensing_suspension.suspension_policy_names_its_rules", {"*": "", "edition_id": "NULL"}),
                ("licensing_suspension.suspension_policy_once", {}),
            ]
        )
        == {}
    )
    assert LicenseEndUser.objects.get().open is False
