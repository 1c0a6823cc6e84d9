"""A turn of the rules: who is closed, what is suspended, what comes back, and that no reservation waits for it."""

import dataclasses
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from config.local import demo
from core.access import clock as clock_actor
from core.errors import DomainError
from core.history import lines_of
from core.legal_time import day_start, legal_now, legal_today, on_the_wire
from core.models import Delivery, HistoryLine, Role
from core.telling import told
from licensing import selectors, tasks
from licensing.actions import licenses, screenings, verdicts
from licensing.loading import first_document
from licensing.models import Application, License, PolicyEdition, Suspension, Verdict
from licensing.models.balances import LicenseLine, Movement
from licensing.policy.editions import digest_of
from licensing.selectors.causes import end_users
from shipments.actions import ClearedLine, LineRequest, lapse, receive
from shipments.models import Incident
from tests import make
from tests.book import forbid
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
    return row.state, lines, [not user.closed for user in end_users().filter(license=row)]


def balances():
    return list(LicenseLine.objects.order_by("pk").values()), Movement.objects.count()


@pytest.fixture
def two(world):
    """A license with two end-users; the second is one of the government."""
    license = world.license(kilograms=100, users=2)
    second = license.end_users.last()
    row = Verdict.objects.get(end_user=second)
    Verdict.objects.filter(pk=row.pk).update(facts={**row.facts, "end_user.class": "government"})
    return license


def another_line(facts):
    """The one license has a second line, like the first but for these facts."""
    line, verdict = LicenseLine.objects.get(), Verdict.objects.get()
    line.pk, line.number = None, 2
    line.save(force_insert=True)
    Verdict.objects.create(line=line, end_user=verdict.end_user, facts={**verdict.facts, **facts})


def government(rules, _):
    rules["R033"].update(match={"end_user.class": ["government"]}, applies_to=["existing"])


# --- tighten and loosen ------------------------------------------------------------------------------------


def test_a_license_whose_only_end_user_is_prohibited_is_suspended_and_comes_back(world, license):
    before = balances()
    edition = make.edition(ban("DE"))
    assert turn(license)
    user = license.end_users.get().party.ref
    assert state(license) == ("suspended", {True}, [False])
    assert causes(license) == [(user, "policy", ["R033"])]
    assert Suspension.objects.get().edition == edition
    assert refused(world.shipment, license, KG) == ["policy-prohibits"]
    make.edition(ban("FR"), "AFTER")
    assert turn(license)
    assert state(license) == ("active", {True}, [True])
    assert causes(license) == []
    assert said(license) == [("suspend", "suspended"), ("lift", "active")]
    assert balances() == before
    world.shipment(license, KG)


def test_a_license_with_another_end_user_is_narrowed_and_widened(world, two):
    first, second = two.end_users.all()
    make.edition(government)
    assert turn(two)
    assert state(two) == ("active", {True}, [True, False])
    assert causes(two) == [(second.party.ref, "policy", ["R033"])]
    assert refused(world.shipment, two, KG, end_user=second.party.ref) == ["policy-prohibits"]
    world.shipment(two, KG, end_user=first.party.ref)
    make.edition(ban("FR"), "AFTER")
    assert turn(two)
    assert state(two) == ("active", {True}, [True, True])
    assert said(two) == [("narrow", "active"), ("widen", "active")]
    told = Delivery.objects.filter(consumer="mail", line__verb__in=["narrow", "widen"]).values_list(
        "line__verb", flat=True
    )
    assert set(told) == {"narrow", "widen"}


def test_a_turn_tells_of_an_end_user_s_own_lines_alone(world):
    license = world.apart()
    first, _second = license.end_users.order_by("pk")
    make.edition(ban("DE"))
    assert turn(license)
    make.edition(ban("FR"), "AFTER")
    assert turn(license)
    told = [(one.verb, one.facts["end_users"], one.facts["lines"]) for one in lines_of(license) if one.verb != "issue"]
    assert told == [(verb, first.party.ref, "1") for verb in ("narrow", "widen")]


def test_whose_own_goods_are_all_prohibited_is_closed_whatever_others_declared(world, client):
    """Before the turn and after it; and a sweep that comes by then has nothing to do."""
    license = world.apart()
    first, second = license.end_users.order_by("pk")
    make.edition(forbid(country=["DE"], code=["1C905"]))

    def read():
        client.force_login(world.exporter.user)
        users = client.get(f"/api/v1/licenses/{license.ref}/").json()["end_users"]
        return {user["party"]: user["open"] for user in users}

    assert read() == {first.party.ref: False, second.party.ref: True}
    assert refused(world.shipment, license, KG, end_user=first.party.ref) == ["policy-prohibits"]
    assert turn(license)
    assert (read(), causes(license)) == (
        {first.party.ref: False, second.party.ref: True},
        [(first.party.ref, "policy", ["R099"])],
    )
    at, row = legal_now(), License.objects.get()
    assert selectors.quiet([row], selectors.editions_at(at), at).keys() == {license.pk}
    make.edition(ban("FR"), "AFTER")
    assert turn(license)
    assert (read(), causes(license)) == ({first.party.ref: True, second.party.ref: True}, [])


def forbidding(*pairs):
    """A change of the first edition: each of these codes is forbidden to this country, to licenses in force."""

    def change(rules, document):
        for number, (code, country) in enumerate(pairs, start=1):
            match = {"item.control_code_prefix": [code], "destination.country": [country]}
            document["rules"].append(rules["R033"] | {"id": f"R09{number}", "match": match, "applies_to": ["existing"]})

    return change


def test_what_an_end_user_did_not_declare_neither_keeps_him_open_nor_closes_him(world):
    """Two of each other's goods: of none of them anything may be taken, whatever rules say of it."""
    license = world.apart()
    german, japanese = ("1C905.a.4", "DE"), ("1C904.a.4", "JP")
    pairs = license.end_users.values_list("destination", "verdicts__line__control_item__code")
    assert set(pairs) == {("DE", german[0]), ("JP", japanese[0])}
    make.edition(forbidding(german, japanese, (japanese[0], "DE")), "ALL")
    assert turn(license)
    assert state(license)[::2] == ("suspended", [False, False])
    make.edition(forbidding(german, japanese), "OWN")
    turn(license)
    assert state(license)[::2] == ("suspended", [False, False])
    make.edition(forbidding((japanese[0], "DE"), japanese), "OTHER")
    assert turn(license)
    assert state(license)[::2] == ("active", [True, False])


@pytest.mark.slow
@pytest.mark.parametrize("scheduled", [False, True], ids=["at-once", "scheduled"])
def test_a_license_that_no_turn_followed_yet_says_what_is_not_reserved(scheduled, world, two, client, clock):
    """Where the worker is dead: its page, REST and the counter, as a reservation meets it; the state waits for the
    turn."""
    first, second = two.end_users.all()
    begins = legal_now() + DAY if scheduled else None
    make.edition(government, starts_at=begins)
    if scheduled:
        turn(two)
        clock.set(begins)
    since = on_the_wire(PolicyEdition.objects.latest("pk").starts_at)
    officer = demo.person("port", "Pan Hai", world.customs.organization, Role.CUSTOMS)

    def read():
        client.force_login(world.exporter.user)
        page = " ".join(client.get(f"/licenses/{two.ref}/").content.decode().split())
        one = client.get(f"/api/v1/licenses/{two.ref}/").json()
        [listed] = client.get("/api/v1/licenses/").json()["results"]
        assert listed == one
        users = {user["party"]: user["open"] for user in one["end_users"]}
        assert page.count('<span class="tag no">Closed</span>') == list(users.values()).count(False)
        client.force_login(officer.user)
        counter = client.get(f"/customs/licenses/{two.ref}/").context["license"].end_users
        assert [not user.closed for user in counter] == list(users.values())
        return page, one["state"], users, [(cause["cause"], cause["since"]) for cause in one["suspensions"]]

    page, *told = read()
    assert told == ["active", {first.party.ref: True, second.party.ref: False}, [("policy", since)]]
    assert "The rules stop reservations" in page and "Record shipment" in page and "What is closed on it" not in page
    assert refused(world.shipment, two, KG, end_user=second.party.ref) == ["policy-prohibits"]
    make.edition(ban("DE"), "ALL")
    page, *told = read()
    assert told[:2] == ["active", {first.party.ref: False, second.party.ref: False}] and len(told[2]) == 2
    assert "The rules stop reservations" in page and "Record shipment" not in page
    assert turn(two)
    make.edition(ban("DE"), "AGAIN")
    page, *told = read()
    assert told[0] == "suspended" and len(told[2]) == 2 and "The rules stop reservations" not in page


def test_lines_that_an_edition_prohibits_stand_on_the_page_before_the_turn(world, license, client):
    another_line({"item.control_code": "1C903.a.2"})
    make.edition(lambda rules, _: rules["R033"].update(match={"item.element": ["Dy"]}, applies_to=["existing"]))
    client.force_login(world.exporter.user)
    page = client.get(f"/licenses/{license.ref}/").content.decode()
    assert "What is closed on it" in page and "The rules stop reservations" not in page


def test_what_is_closed_in_part_is_read_beside_what_the_page_has(world, two, django_assert_num_queries):
    make.edition(government)
    (row,) = selectors.with_balances(License.objects.all())
    closings = selectors.closings([row], legal_now())[row.pk]
    assert [one.end_user for one in closings] == [two.end_users.last()]
    at = legal_now()
    with django_assert_num_queries(2):  # the editions, and what they say of each line
        assert selectors.closed_in_part(row, closings, at) == []


def test_what_rules_say_of_a_license_that_is_over_is_not_told(world, license):
    make.edition(ban("DE"))
    row = selectors.with_balances(License.objects.select_related("application")).get()
    last, over = day_start(row.usable_until), day_start(row.usable_until + DAY)
    assert [list(selectors.closings([row], at)) for at in (last, over)] == [[row.pk], []]
    row.__dict__["state"] = "exhausted"
    assert selectors.closings([row], last) == {}


def test_what_no_turn_followed_is_read_in_as_many_queries_for_three_as_for_one(world, django_assert_num_queries):
    for _ in range(3):
        world.license(kilograms=100)
    rows, at = selectors.with_balances(License.objects.select_related("application")), legal_now()
    some = list(rows)
    with django_assert_num_queries(1):
        assert selectors.closings(some, at) == {}
    make.edition(ban("DE"))
    now = legal_now()
    selectors.closings(some, now)
    for count in (1, 3):
        with django_assert_num_queries(2):
            assert len(selectors.closings(some[:count], now)) == count


@pytest.fixture
def on_hold(world, client):
    """Which shipments are on hold as REST says now, in the list and one by one, and their pages."""

    def on_hold():
        client.force_login(world.exporter.user)
        rows = client.get("/api/v1/shipments/").json()["results"]
        for row in rows:
            assert client.get(f"/api/v1/shipments/{row['reference']}/").json() == row
            said = client.get(f"/shipments/{row['reference']}/").context["shipment"].on_hold
            assert said is row["on_hold"]
        return {row["reference"] for row in rows if row["on_hold"]}

    return on_hold


def test_a_shipment_is_on_hold_while_a_reservation_like_it_is_refused_though_no_turn_was_made(world, license, on_hold):
    shipment = world.shipment(license, KG)
    assert on_hold() == set()
    make.edition(ban("DE"))
    assert refused(world.shipment, license, KG) == ["policy-prohibits"]
    assert on_hold() == {shipment.ref}
    assert turn(license)
    assert (state(license)[0], on_hold()) == ("suspended", {shipment.ref})
    make.edition(ban("FR"), "AFTER")
    assert (state(license)[0], on_hold()) == ("suspended", set())
    world.shipment(license, KG)


def test_a_shipment_is_on_hold_from_the_instant_on_that_its_verdict_knew(world, license, on_hold, clock):
    shipment = world.shipment(license, KG)
    edition = make.edition(ban("DE"), starts_at=legal_now() + DAY)
    turn(license)
    assert License.objects.get(pk=license.pk).judged_by_id == edition.pk
    assert on_hold() == set()
    clock.set(edition.starts_at)
    assert on_hold() == {shipment.ref}


def test_what_was_suspended_by_somebody_is_on_hold_whatever_the_rules_say(world, license, on_hold):
    shipment = world.shipment(license, KG)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    assert on_hold() == {shipment.ref}


def test_only_what_takes_from_a_line_that_is_prohibited_is_on_hold(world, license, on_hold):
    another_line({"item.control_code": "1C903.a.2"})
    first, _second = world.shipment(license, KG), world.shipment(license, lines=[LineRequest(2, KG, "kg")])
    make.edition(lambda rules, _: rules["R033"].update(match={"item.element": ["Dy"]}, applies_to=["existing"]))
    assert on_hold() == {first.ref}


def test_a_shipment_to_where_its_verdict_does_not_speak_of_is_judged_there(world, two, on_hold):
    second = two.end_users.last()
    facts = Verdict.objects.get(end_user=second).facts
    Verdict.objects.filter(end_user=second).update(facts={**facts, "destination.country": ["FR"]})
    shipment = world.shipment(two, KG, end_user=second.party.ref)
    make.edition(ban("DE"))
    turn(two)
    assert refused(world.shipment, two, KG, end_user=second.party.ref) == ["policy-prohibits"]
    assert on_hold() == {shipment.ref}


def test_shipments_are_listed_in_as_many_queries_for_three_as_for_one(world, client):
    """Of which no verdict knows the newest edition."""
    licenses_ = [world.license(kilograms=100) for _ in range(3)]
    client.force_login(world.exporter.user)
    make.edition(ban("FR"))
    world.shipment(licenses_[0], KG)
    client.get("/api/v1/shipments/")  # which reads the edition, and the session, once for all
    counts = []
    for license in licenses_:
        world.shipment(license, KG)
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/api/v1/shipments/").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[2]


def test_what_is_prohibited_on_some_lines_only_closes_nobody(world, license):
    another_line({"item.control_code": "1C903.a.2"})
    make.edition(lambda rules, _: rules["R033"].update(match={"item.element": ["Dy"]}, applies_to=["existing"]))
    assert turn(license)
    assert said(license) == [("narrow", "active")]
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
    assert state(license) == ("suspended", {True}, [False])


def test_of_a_suspension_that_was_lifted_history_says_which_cause_has_ended(world, license):
    m = world.ministry
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=m.decider)
    make.edition(ban("DE"))
    turn(license)
    cause = license.suspensions.get(cause="enforcement").pk
    licenses.lift(license.ref, seen=seen(license.ref), suspension=cause, reason="Clean", by=m.other_decider)
    make.edition(ban("FR"), "AFTER")
    turn(license)
    lifted = lines_of(license).filter(verb="lift").order_by("seq")
    assert [one.sentence for one in told(lifted, world.exporter)] == [
        "A suspension was lifted. Its cause was “Enforcement”.",
        "A suspension was lifted. Its cause was “The rules in force”.",
    ]


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
    world.shipment(license, KG)
    assert state(license)[0] == "suspended"
    assert turn(license)
    assert License.objects.get().next_turn_at is None
    assert state(license)[0] == "active"


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


def test_a_turn_that_is_not_due_does_nothing(license):
    Verdict.objects.update(
        prohibited=[{"from": on_the_wire(legal_now()), "until": None, "grace": None, "rules": ["R033"]}]
    )
    assert not turn(license)
    assert Verdict.objects.get().prohibited != []


def test_the_next_of_a_sweep_come_after_the_last(world):
    made = [world.license(kilograms=100).pk for _ in range(3)]
    make.edition(ban("DE"))
    assert selectors.licenses_to_turn(9, made[0]) == made[1:]


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
    receive(world.message(shipment.ref, "declared", declared_at=at), by=world.customs)
    return list(Incident.objects.order_by("pk").values_list("kind", flat=True))


def test_what_was_reserved_before_a_turn_is_lawful_within_its_grace(world, license, clock):
    shipment, other = world.shipment(license, KG), world.shipment(license, KG)
    last = legal_today() + 9 * DAY
    starts = make.edition(ban("DE", transition={"until": str(last)}), starts_at=legal_now() + DAY).starts_at
    end = day_start(last + DAY)
    clock.set(starts)
    assert turn(license)
    clock.set(end)
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
    assert "What is closed on it" in page
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
                ("licensing_suspension.suspension_of_an_end_user_once", {}),
            ]
        )
        == {}
    )


# --- what was frozen, and what is to come -------------------------------------------------------------------


def test_a_license_that_is_issued_under_an_announced_ban_turns_on_its_day(world, clock):
    first = legal_today() + 2 * DAY
    make.edition(ban("DE", effective_from=str(first)))
    license = world.license(kilograms=100)
    assert License.objects.get().next_turn_at == day_start(first)
    assert selectors.licenses_to_turn(9) == []
    clock.set(day_start(first))
    assert tasks.turn_licenses() == 1
    assert state(license)[0] == "suspended"


def test_a_license_that_the_rules_for_licenses_prohibit_at_issue_turns_at_once(world):
    make.edition(ban("DE"))
    license = world.license(kilograms=100)
    assert refused(world.shipment, license, KG) == ["policy-prohibits"]
    assert tasks.turn_licenses() == 1
    assert state(license)[0] == "suspended"


def test_what_was_said_is_frozen_and_not_how_an_edition_to_come_reads_it(world):
    def shorter(_, document):
        document["codes"] = [row for row in document["codes"] if row["code"] != "1C905.a.4"]

    make.edition(shorter, "LATER", legal_now() + 3 * DAY)
    world.license(kilograms=100)
    facts = Verdict.objects.get().facts
    assert (facts["end_use.code"], facts["item.control_code"]) == ("CIV_AUTO", "1C905.a.4")
    assert "item.list" not in facts


def test_the_facts_of_today_are_frozen(world):
    case, at = Application.objects.get(ref=world.application()), legal_now()
    [today, *_] = selectors.judge(case, at=at)
    later = dataclasses.replace(today, said={**today.said, "exporter.annual_qualified": False})
    [(key, seen_)] = verdicts.foresee(case, [today, later], at).items()
    assert key == (1, today.user.party_id)
    assert seen_.said["exporter.annual_qualified"] is True


def test_lifting_one_of_two_kinds_of_causes_opens_nothing(world, license):
    make.edition(ban("FR"))
    user = license.end_users.get()
    turn(license)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    facts = {"edition": PolicyEdition.objects.first(), "rules": ["R033"], "opened_at": legal_now()}
    Suspension.objects.create(license=license, end_user=user, cause="policy", opened_by=clock_actor().user, **facts)
    LicenseLine.objects.update(open=True)
    assert refused(world.shipment, license, KG) == ["license-suspended"]


def test_a_code_that_an_edition_keeps_for_others_is_on_none_of_its_lists(world, license):
    def flipped(rules, document):
        rules["R033"].update(match={"item.list": ["none"]}, applies_to=["existing"])
        next(row for row in document["codes"] if row["code"] == "1C905.a.4").update(official=False)

    make.edition(flipped)
    assert refused(world.shipment, license, KG) == ["policy-prohibits"]
    assert turn(license)


def test_a_grace_until_the_last_day_that_can_be_written_has_no_end_in_sight(world, license):
    make.edition(ban("DE", transition={"until": "9999-12-31"}))
    assert turn(license)
    [stretch] = Verdict.objects.get().prohibited
    assert stretch["grace"].startswith("9999-12-3")


def test_a_license_whose_last_day_is_over_is_not_turned(license, clock):
    make.edition(ban("DE"))
    clock.set(day_start(license.usable_until + DAY))
    assert selectors.licenses_to_turn(9) == []
    assert not turn(license)
    assert causes(license) == []


def test_a_license_that_ends_while_a_turn_waits_for_it_is_left_alone(license, clock):
    make.edition(ban("DE"))
    clock.set(day_start(license.usable_until + DAY))
    assert not turn(license)
    clock.reset()
    License.objects.update(state="expired")
    assert not turn(license)
    assert causes(license) == []


def test_one_end_user_is_closed_while_the_license_is_suspended_for_another_cause(world, two):
    licenses.suspend(two.ref, seen=seen(two.ref), reason="Inspection", by=world.ministry.decider)
    make.edition(government)
    turn(two)
    make.edition(ban("FR"), "AFTER")
    turn(two)
    assert said(two) == [("suspend", "suspended"), ("narrow", "suspended"), ("widen", "suspended")]


def test_other_rules_replace_the_cause_and_the_holder_is_told(world, license):
    make.edition(ban("DE"))
    turn(license)

    def other(rules, _):
        rules["R034"].update(match={"destination.country": ["DE"]}, applies_to=["existing"])

    make.edition(other, "AFTER")
    assert turn(license)
    user = license.end_users.get().party.ref
    assert causes(license) == [(user, "policy", ["R034"])]
    assert Suspension.objects.count() == 2
    assert [(line.verb, line.reason) for line in HistoryLine.objects.filter(subject_kind="license")][-2:] == [
        ("suspend", "R033"),
        ("suspend", "R034"),
    ]


def test_the_edition_in_force_is_named_and_not_one_that_is_announced(license):
    edition = make.edition(ban("DE"))
    make.edition(ban("DE", "FR"), "LATER", edition.starts_at + 9 * DAY)
    turn(license)
    assert Suspension.objects.get().edition == edition


def test_one_closes_as_the_other_opens(world, two):
    make.edition(government)
    turn(two)
    make.edition(
        lambda rules, _: rules["R033"].update(match={"end_user.class": ["commercial"]}, applies_to=["existing"]),
        "AFTER",
    )
    assert turn(two)
    assert state(two) == ("active", {True}, [False, True])
    assert said(two) == [("narrow", "active"), ("narrow", "active"), ("widen", "active")]


def test_a_license_that_comes_back_with_nothing_left_to_take_is_used_up(world, license):
    make.edition(ban("DE"))
    turn(license)
    License.objects.update(last_cleared=True)
    make.edition(ban("FR"), "AFTER")
    turn(license)
    assert state(license)[0] == "exhausted"


def test_what_another_worker_holds_is_left_to_it(license, transactional_db):
    make.edition(ban("DE"))
    held = connection.copy()
    with held.cursor() as cursor:
        try:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM licensing_license FOR NO KEY UPDATE")
            assert not turn(license)
        finally:
            cursor.execute("ROLLBACK")
    held.close()
    assert turn(license)


def test_a_sweep_goes_on_past_those_that_fail(world, monkeypatch):
    made = [world.license(kilograms=100) for _ in range(3)]
    make.edition(ban("DE"))
    monkeypatch.setattr(tasks, "TURNS", 1)
    Verdict.objects.filter(line__license=made[0]).update(facts={})
    assert tasks.turn_licenses() == 2
    assert [state(row)[0] for row in made] == ["active", "suspended", "suspended"]


def test_goods_that_crossed_on_another_line_are_judged_without_grace(world, license, clock):
    another_line({})
    shipment = world.shipment(license, KG)
    last = legal_today() + 9 * DAY
    starts = make.edition(ban("DE", transition={"until": str(last)}), starts_at=legal_now() + DAY).starts_at
    clock.set(starts + DAY)
    message = world.message(shipment.ref, "declared", declared_at=starts)
    receive(message, by=world.customs)
    assert not Incident.objects.exists()
    number = {"declaration_no": message.declaration_no, "declared_at": starts}
    world.clear(shipment.ref, KG, final=False, lines=[ClearedLine(1, KG, "kg")], **number)
    assert not Incident.objects.exists()
    world.clear(shipment.ref, KG, lines=[ClearedLine(2, KG, "kg")], **number)
    assert list(Incident.objects.values_list("kind", flat=True)) == ["rules_forbade"]


def test_a_forbidden_line_takes_no_lapse_back_and_leaves_the_others_theirs(world, license, clock):
    another_line({"end_user.class": "government"})
    shipment, starts = world.shipment(license, KG, lines=[LineRequest(n, KG, "kg") for n in (1, 2)]), legal_now() + DAY
    make.edition(government, starts_at=starts)
    clock.set(day_start(license.usable_until + DAY))
    assert licenses.expire(license.pk, by=clock_actor())
    more = [ClearedLine(number, 2 * KG, "kg") for number in (1, 2)]
    receipt = world.clear(shipment.ref, 0, lines=more, declared_at=starts)
    assert [incident.kind for incident in receipt.incidents] == ["rules_forbade", "over_cleared"]
    assert [(line.drawn, line.over_cleared) for line, _ in receipt.lines] == [(2 * KG, 0), (KG, KG)]


def test_a_line_that_crossed_before_is_no_reserved_one_and_is_told_once(world, license, clock):
    another_line({"item.control_code": "1C902.a.1", "end_user.class": "government"})
    shipment, last = world.shipment(license, KG), legal_today() + 9 * DAY

    def later(rules, document):
        government(rules, document)
        rules["R033"].update(transition={"until": str(last)})

    starts = make.edition(later, starts_at=legal_now() + DAY).starts_at
    clock.set(starts + DAY)

    def told(number, event, *lines):
        cleared = {"lines": [ClearedLine(one, 100, "kg") for one in lines], "final": False} if lines else {}
        at = {"declaration_no": number, "declared_at": starts + DAY}
        receive(world.message(shipment.ref, event, **at, **cleared), by=world.customs)
        return list(Incident.objects.order_by("pk").values_list("kind", flat=True))

    assert told("530120260000000001", "declared") == []
    assert told("530120260000000001", "cleared", 1, 2) == ["rules_forbade"]
    assert told("530120260000000001", "declared") == ["rules_forbade"]
    assert told("530120260000000001", "cleared", 2) == ["rules_forbade"]
    assert told("530120260000000002", "cleared", 1) == ["rules_forbade"]
    assert told("530120260000000003", "cleared", 2) == ["rules_forbade"] * 2


def test_what_crosses_on_a_forbidden_line_is_told_though_the_declaration_was_unlawful_before(world, license, clock):
    another_line({"end_user.class": "government"})
    shipment = world.shipment(license, KG)
    make.edition(government)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    message = world.message(shipment.ref, "declared", declared_at=legal_now())
    receive(message, by=world.customs)
    number = {"declaration_no": message.declaration_no, "declared_at": message.declared_at}
    world.clear(shipment.ref, KG, lines=[ClearedLine(2, KG, "kg")], **number)
    kinds = list(Incident.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds[:2] == ["license_not_usable", "rules_forbade"]


def test_a_reservation_whose_days_are_over_is_gone_whether_a_sweep_came_by_or_not(world, license, clock):
    swept, not_swept = world.shipment(license, KG), world.shipment(license, KG)
    over = day_start(swept.reserved_until + DAY)
    clock.set(over + DAY)
    assert lapse(swept.pk, by=clock_actor())
    assert declared(world, swept, over) == ["reservation_gone"]
    assert declared(world, not_swept, over) == ["reservation_gone"] * 2


def test_a_reservation_lasts_to_the_end_of_its_last_day(world, license, clock):
    shipment = world.shipment(license, KG)
    over = day_start(shipment.reserved_until + DAY)
    clock.set(over + DAY)
    assert declared(world, shipment, over - SECOND) == []


def test_a_hit_on_one_end_user_leaves_the_other_to_the_rules(world, two, clock):
    """DE is banned and no longer, and a hit closed the other: no worker is needed for the first to be open again."""
    first, second = two.end_users.all()
    Verdict.objects.filter(end_user=second).update(facts=Verdict.objects.get(end_user=first).facts)
    starts = make.edition(ban("DE")).starts_at
    turn(two)
    ref = world.under_review(world.application(by_whom=[second.declaration]))
    facts = {"end_users": [user.pk for user in Application.objects.get(ref=ref).end_users.all()], "hit": "possible"}
    lists = {"list_version": "6 May 2026", "screened_on": legal_today(), "reason": "Entry 12"}
    screenings.screen(ref, by=world.ministry.reviewer, **facts, **lists)
    make.edition(ban("FR"), "AFTER", starts + SECOND)
    clock.shift(seconds=5)
    assert state(two)[0] == "suspended"
    world.shipment(two, KG, end_user=first.party.ref)
    assert refused(world.shipment, two, KG, end_user=second.party.ref) == ["end-user-closed"]


def test_the_same_rule_in_other_words_is_another_cause(license):
    make.edition(ban("DE", rationale_en="Because of Germany."))
    turn(license)
    make.edition(ban("DE", rationale_en="Because of dysprosium."), "AFTER")
    assert turn(license)
    assert [cause.edition.code for cause in license.suspensions.order_by("pk")] == ["NEXT", "AFTER"]
    assert license.suspensions.filter(ended_at=None).count() == 1


def test_a_change_is_undone_by_the_earlier_text(world, license):
    make.edition(ban("FR"))
    make.edition(ban("DE"), "TIGHT")
    turn(license)
    assert state(license)[0] == "suspended"
    make.edition(ban("FR"), "UNDONE")
    turn(license)
    assert state(license)[0] == "active"
    world.shipment(license, KG)


def test_an_open_line_beside_a_prohibited_one_can_be_taken_from(world, license, client):
    another_line({"item.control_code": "1C903.a.2"})
    make.edition(lambda rules, _: rules["R033"].update(match={"item.element": ["Dy"]}, applies_to=["existing"]))
    turn(license)
    world.shipment(license, lines=[LineRequest(2, KG, "kg")])
    both = [LineRequest(1, KG, "kg"), LineRequest(2, KG, "kg")]
    with pytest.raises(DomainError) as refusal:
        world.shipment(license, lines=both)
    assert [problem.pointer for problem in refusal.value.errors] == ["/lines/0"]
    client.force_login(world.exporter.user)
    page = client.get(f"/licenses/{license.ref}/").content.decode()
    assert "What is closed on it" in page
    assert "Line 1" in page
    assert "Ann. 1/2026" in page


def test_a_license_that_has_ended_says_nothing_of_what_was_closed(world, license, client):
    make.edition(ban("DE"))
    turn(license)
    License.objects.update(state="expired")
    client.force_login(world.exporter.user)
    page = client.get(f"/licenses/{license.ref}/").content.decode()
    assert "What is closed on it" not in page
    assert "h-suspended" not in page


def test_what_a_rule_says_of_screening_is_not_told_with_the_name_of_a_party(world, license, client):
    make.edition(lambda rules, _: rules["R020"].update(match={"screening.hit": ["none"]}, applies_to=["existing"]))
    turn(license)
    client.force_login(world.exporter.user)
    page = client.get(f"/licenses/{license.ref}/").content.decode()
    assert "Rule R020." in page
    assert next(row["rationale_en"] for row in first_document()["rules"] if row["id"] == "R020") not in page


def test_editions_come_one_after_the_other(reference):
    late = make.edition(ban("DE"))
    document = PolicyEdition.objects.get(pk=late.pk)
    document.pk, document.code, document.text = 0, "EARLIER", "{}"
    document.digest, document.starts_at = digest_of("{}"), legal_now()
    with pytest.raises(IntegrityError, match="another edition was added meanwhile"), transaction.atomic():
        document.save(force_insert=True)
