"""Each guard of the ledger by itself, from both sides, and the rows that its functions hold."""

from datetime import timedelta
from itertools import product

import psycopg2
import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from config.local import demo
from core.access import clock as the_clock
from core.legal_time import day_start, legal_now, legal_today
from core.quantities import UNITS, same_unit
from exporters.models import Exporter, Party
from licensing import ledger, selectors
from licensing.actions import licenses
from licensing.models import License, LicenseEndUser, Obstacle
from licensing.models.balances import ClearanceCount, LicenseLine
from shipments import actions
from shipments.actions import LineRequest
from shipments.ledger import credit
from shipments.models import Shipment
from shipments.selectors import opened_by_declaration
from tests import make
from tests.shipments.test_races import two_lines

KG = 1000
DAY = timedelta(days=1)
REFUSED = {
    Obstacle.USED_UP: "license-not-active",
    Obstacle.OVER: "license-expired",
    Obstacle.SUSPENDED: "license-suspended",
    Obstacle.EARLY: "not-yet-valid",
}


def failures(world, license, grams=KG, **changes):
    outcome = actions.check(world.request(license, grams, **changes), by=world.exporter)
    return [(failure["pointer"], failure["code"]) for failure in outcome.failures]


def test_a_request_within_every_limit_passes(world, license):
    assert failures(world, license, 100 * KG) == []


def test_a_line_gives_what_it_has_and_not_a_gram_more(world, license):
    assert failures(world, license, 100 * KG) == []
    assert failures(world, license, 100 * KG + 1) == [("/lines/0/quantity", "line-exhausted")]


def test_a_tolerance_is_room_too(world, license):
    LicenseLine.objects.update(tolerance=KG)
    assert failures(world, license, 101 * KG) == []
    assert failures(world, license, 101 * KG + 1) == [("/lines/0/quantity", "line-exhausted")]


def test_the_planned_day_lies_within_the_licenses_days(world, license):
    today = legal_today()
    License.objects.update(usable_until=today + timedelta(days=5))
    assert failures(world, license, planned_on=today + timedelta(days=5)) == []
    assert failures(world, license, planned_on=today + timedelta(days=6)) == [("/planned_on", "license-expired")]


def test_the_first_day_ahead_is_not_yet_valid(world, license):
    License.objects.update(usable_from=legal_today() + timedelta(days=1))
    wrong = [("/license", "not-yet-valid")]
    assert failures(world, license) == wrong
    assert failures(world, license, planned_on=legal_today() + timedelta(days=1)) == wrong
    License.objects.update(usable_from=legal_today())
    assert failures(world, license) == []


def test_the_last_day_counts_and_the_next_does_not(world, license, clock):
    License.objects.update(usable_until=legal_today())
    assert failures(world, license, planned_on=legal_today()) == []
    clock.shift(days=1)
    assert failures(world, license, planned_on=legal_today()) == [("/license", "license-expired")]


@pytest.mark.parametrize("state", ["active", "suspended", "exhausted"])
def test_everybody_says_of_a_license_what_the_ledger_decides_around_its_days(state, world, license, clock):
    """Its pages, those that look among many, and what judges a declaration; whether a sweep came by or not."""
    shipment = world.shipment(license, 100 * KG if state == "exhausted" else KG)
    if state == "suspended":
        licenses.suspend(license.ref, seen=make.seen(license.ref), reason="Inquiry", by=world.ministry.decider)
    if state == "exhausted":
        world.clear(shipment.ref, 100 * KG)
    first, last = legal_today() + 2 * DAY, legal_today() + 5 * DAY
    License.objects.update(usable_from=first, usable_until=last)
    usable = []
    for day, swept in [(first - DAY, False), (first, False), (last, False), (last + DAY, False), (last + DAY, True)]:
        clock.set(day_start(day) + timedelta(hours=12))
        if swept:
            licenses.expire(license.pk, by=the_clock())
        at, row = legal_now(), selectors.with_balances(License.objects.all()).get()
        decided = {code for pointer, code in failures(world, license, planned_on=day) if pointer == "/license"}
        obstacle = row.obstacle_on(day)
        assert decided == ({REFUSED[obstacle]} if obstacle else set()), day
        counts, closings = selectors.clearances_taken([row]), selectors.closings([row], at)
        assert bool(selectors.obstacles([row], counts, closings, at)) == bool(decided), day
        assert License.objects.filter(License.open_on(day)).exists() == (not decided), day
        assert License.objects.filter(License.running_on(day)).exists() == (not row.over_on(day)), day
        assert ("license_not_usable" in opened_by_declaration(row, Shipment.objects.get(), at)) == bool(decided), day
        usable += [] if decided else [day]
    assert usable == ([first, last] if state == "active" else [])


@pytest.mark.parametrize(
    ("state", "code"),
    [("suspended", "license-suspended"), ("exhausted", "license-not-active"), ("expired", "license-expired")],
)
def test_a_license_that_is_not_active_gives_nothing(state, code, world, license):
    License.objects.filter(pk=license.pk).update(**{"state": state})
    assert failures(world, license) == [("/license", code)]


def test_a_line_that_is_closed_already_says_suspended(world, license):
    """Whoever suspends closes the lines first; a reader in between must not see them open."""
    LicenseLine.objects.update(open=False)
    assert failures(world, license) == [("/license", "license-suspended")]


def test_after_the_last_shipment_the_license_gives_nothing(world, license):
    License.objects.update(last_cleared=True)
    assert failures(world, license) == [("/license", "license-not-active")]


def test_the_exporter_is_active(world, license):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE exporters_exporter DISABLE TRIGGER USER")
    Exporter.objects.filter(pk=license.exporter_id).update(**{"state": "pending"})
    assert failures(world, license) == [("/license", "exporter-not-active")]


def test_end_user_consignee_port_and_destination_are_the_licenses(world, license):
    other = world.declaration().end_user.ref
    assert failures(world, license, end_user=other) == [("/end_user", "end-user-not-authorized")]
    assert failures(world, license, consignee=other) == [("/consignee", "consignee-not-authorized")]
    assert failures(world, license, port="CNNGB") == [("/port", "port-not-authorized")]
    assert failures(world, license, destination="FR") == [("/destination", "destination-not-authorized")]


@pytest.fixture
def apart(world):
    """A license, and its German and its Japanese end-user."""
    license = world.apart()
    return license, *(user.party.ref for user in license.end_users.order_by("pk"))


def test_an_end_user_is_sent_nothing_but_to_his_own_country(world, apart):
    license, german, japanese = apart
    wrong = [("/destination", "destination-not-authorized")]
    assert failures(world, license, end_user=german, destination="DE", **line(1)) == []
    assert failures(world, license, end_user=german, destination="JP", **line(1)) == wrong
    assert failures(world, license, end_user=japanese, destination="JP", **line(2)) == []
    assert failures(world, license, end_user=japanese, destination="DE", **line(2)) == wrong


def test_an_end_user_is_sent_nothing_but_what_he_declared(world, apart):
    license, german, japanese = apart
    wrong = [("/lines/0/license_line", "line-mismatch")]
    assert failures(world, license, end_user=german, **line(2)) == wrong
    assert failures(world, license, end_user=japanese, **line(1)) == wrong
    with pytest.raises(Exception, match="does not name the goods of this line") as refused:
        world.shipment(license, end_user=german, **line(2))
    assert refused.value.code == "line-mismatch"
    assert {one.reserved for one in license.lines.all()} == {0}


def test_a_refused_destination_names_those_that_are_open(world, apart):
    """Where a license goes to is what the refusal names then; of one of it, his own country."""
    license, german, _japanese = apart
    other = world.declaration().end_user.ref

    def said(**changes):
        outcome = actions.check(world.request(license, **changes, **line(1)), by=world.exporter)
        return [one["destinations"] for one in outcome.failures if one["code"] == "destination-not-authorized"]

    assert said(end_user=other, destination="FR") == [["DE", "JP"]]
    assert said(end_user=other, destination="JP") == []
    assert said(end_user=german, destination="FR") == [["DE"]]


def test_what_he_declared_and_the_license_has_not_is_none_of_his_goods(world):
    license = demo.issued(world.exporter, world.application(by_whom=(signed := [wide(world)])), world.ministry, signed)
    assert license.end_users.get().goods == [license.lines.get().control_item_id]


def wide(world, country="DE"):
    """One more code is declared than is asked for."""
    return world.declaration(country=country, codes=("1C905.a.4", "1C904.a.4"))


def test_postgresql_gives_an_end_user_his_own_country_and_goods(world, apart):
    license, *_parties = apart
    first, second = license.end_users.order_by("pk")
    german, french = wide(world), wide(world, country="FR")
    right = {"party": german.end_user, "declaration": german, "destination": "DE", "goods": first.goods}
    other = {"party": french.end_user, "declaration": french, "destination": "FR"}
    for wrong in (
        {"destination": "JP"},
        other,
        {"declaration": french},
        {"declaration": first.declaration, "party": first.party, "goods": second.goods},
        {"goods": []},
    ):
        with pytest.raises(IntegrityError, match="his own country and his own goods"), transaction.atomic():
            license.end_users.create(**right | wrong)
    license.end_users.create(**right)


def test_postgresql_lets_an_end_user_keep_his_country_and_goods(world, apart):
    license, *_parties = apart
    first, second = license.end_users.order_by("pk")
    for wrong in (
        {"destination": "JP"},
        {"goods": second.goods},
        {"goods": []},
        {"declaration": wide(world)},
        {"declaration": second.declaration},
    ):
        with pytest.raises(IntegrityError, match="keeps his country and his goods"), transaction.atomic():
            LicenseEndUser.objects.filter(pk=first.pk).update(**wrong)
    less = demo.declaration(world.exporter, first.party, ["1C904.a.4"], "CIV_AUTO", "traction motors")
    with pytest.raises(IntegrityError, match="keeps his country and his goods"), transaction.atomic():
        LicenseEndUser.objects.filter(pk=first.pk).update(declaration=less)
    Party.objects.filter(pk=first.party_id).update(country="FR")
    moved = demo.declaration(
        world.exporter, Party.objects.get(pk=first.party_id), ["1C905.a.4"], "CIV_AUTO", "traction motors"
    )
    with pytest.raises(IntegrityError, match="keeps his country and his goods"), transaction.atomic():
        LicenseEndUser.objects.filter(pk=first.pk).update(declaration=moved)
    LicenseEndUser.objects.filter(pk=first.pk).update(open=False, goods=first.goods)  # as they are


def test_an_end_user_whose_declaration_ended_is_closed(world, license):
    LicenseEndUser.objects.update(open=False)
    assert failures(world, license) == [("/end_user", "end-user-closed")]


def test_a_license_without_ports_opens_every_port(world, license):
    License.objects.update(ports=[])
    assert failures(world, license, port="CNNGB") == []


def line(number=1, unit="kg", **facts):
    return {"lines": [LineRequest(number, KG, unit, **facts)]}


def test_a_line_matches_by_number_unit_and_goods_code(world, license):
    assert failures(world, license, **line(2)) == [("/lines/0/license_line", "line-mismatch")]
    assert failures(world, license, **line(unit="unit")) == [("/lines/0/unit", "line-mismatch")]
    assert failures(world, license, **line(unit="g")) == []
    LicenseLine.objects.update(hs_codes=["850511"])
    assert failures(world, license, **line(hs_code="8505110090")) == []
    assert failures(world, license, **line(hs_code="8505190090")) == [("/lines/0/hs_code", "line-mismatch")]


def test_postgresql_says_as_python_which_units_are_one(db):
    with connection.cursor() as cursor:
        for one, other in product(UNITS, UNITS):
            cursor.execute("SELECT same_unit(%s, %s)", [one, other])
            assert cursor.fetchone()[0] is same_unit(one, other), (one, other)


def test_clearances_are_counted(world, license):
    License.objects.update(max_clearances=2)
    ClearanceCount.objects.create(license=license, taken=1)
    assert failures(world, license) == []
    ClearanceCount.objects.update(taken=2)
    assert failures(world, license) == [("/license", "clearances-exhausted")]


def test_what_the_rules_forbid_is_refused(world, license):
    make.edition(lambda rules, document: rules["R033"].update(match={"destination.country": ["DE"]}))
    assert failures(world, license) == [("/lines/0", "policy-prohibits")]
    with pytest.raises(Exception, match=r"rules in force .* \(R033\)") as refused:
        world.shipment(license, KG)
    assert refused.value.code == "policy-prohibits"
    assert LicenseLine.objects.get().reserved == 0


def test_a_check_takes_nothing(world, license):
    failures(world, license)
    assert LicenseLine.objects.get().reserved == 0


def test_a_check_counts_no_clearance(world):
    license = world.license(kind="per_shipment", kilograms=100)
    assert failures(world, license) == []
    assert ClearanceCount.objects.get().taken == 0


# --- which rows the functions hold, seen from another session -----------------------------------------------


@pytest.fixture
def held(transactional_db):
    """A world that is committed, and what another session finds locked meanwhile."""
    from licensing.loading import load

    load()
    world = make.World(make.ministry(), make.customs(), None)
    world.exporter = make.exporter(world.ministry)
    url = settings.DATABASE_URL.rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    other = psycopg2.connect(url)

    def locked():
        found = []
        for table in (
            "licensing_license",
            "shipments_shipment",
            "licensing_clearancecount",
            "licensing_licenseline",
        ):
            with other.cursor() as cursor:
                cursor.execute(f"SELECT 1 FROM {table} FOR NO KEY UPDATE SKIP LOCKED")
                free = cursor.fetchall()
                cursor.execute(f"SELECT count(*) FROM {table}")
                if len(free) < cursor.fetchone()[0]:
                    found.append(table)
            other.rollback()
        return found

    yield world, locked
    other.close()


@pytest.mark.slow
def test_a_last_shipment_holds_all_lines_of_its_license(held):
    world, _locked = held
    license = world.license(kilograms=20, tolerance=make.tolerance("pct_remaining_final", "5"))
    row = LicenseLine.objects.get(license=license)
    row.pk, row.number = None, 2
    row.save(force_insert=True)
    for final, free in ((False, 1), (True, 0)):
        with transaction.atomic():
            make.taken(license, 1, 100_000, final=final)
            own = psycopg2.connect(settings.DATABASE_URL.rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"])
            with own.cursor() as cursor:
                cursor.execute("SELECT 1 FROM licensing_licenseline FOR NO KEY UPDATE SKIP LOCKED")
                assert len(cursor.fetchall()) == free
            own.close()


@pytest.mark.parametrize("number", [1, "1"], ids=["number", "text"])
def test_taking_holds_the_lines_even_where_it_refuses(held, number):
    world, locked = held
    license = world.license(kilograms=1)
    with transaction.atomic():
        asked = [{"line": number, "quantity": 1, "unit": "g", "hs": "", "value": None}]
        assert make.taken(license, 0, 1, lines=asked)["accepted"] is False
        assert locked() == ["licensing_licenseline"]


def test_each_line_gives_what_was_asked_of_it_however_postgresql_finds_them(world):
    license = two_lines(world)
    asked = [{"line": n, "quantity": n * KG, "unit": "g", "hs": "", "value": None} for n in (2, 1)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS; SET LOCAL enable_nestloop = off; SET LOCAL enable_hashjoin = off")
        assert make.taken(license, license.end_users.get().party_id, 0, lines=asked)["accepted"]
    assert dict(license.lines.values_list("number", "reserved")) == {1: KG, 2: 2 * KG}


def test_taking_holds_the_count_where_clearances_are_counted(held):
    world, locked = held
    license = world.license(kind="per_shipment", kilograms=1)
    with transaction.atomic():
        assert make.taken(license, 0, 1)["accepted"] is False
        assert locked() == ["licensing_clearancecount", "licensing_licenseline"]


def test_locking_holds_all_lines(held):
    world, locked = held
    license = world.license(kilograms=1)
    with transaction.atomic():
        ledger.lock_lines(license)
        assert locked() == ["licensing_licenseline"]


def test_settling_holds_license_and_lines_even_where_nothing_moves(held):
    world, locked = held
    license = world.license(kilograms=1)
    with transaction.atomic():
        make.told("ledger_settle", license, op="release", counted=False)
        assert locked() == ["licensing_license", "licensing_licenseline"]


def test_crediting_holds_the_shipment_after_its_license(held):
    world, locked = held
    shipment = world.shipment(world.license(kilograms=1), 1)
    with transaction.atomic():
        credit(shipment, {})
        assert locked() == ["licensing_license", "shipments_shipment", "licensing_licenseline"]


def test_lapsing_holds_the_lines_even_where_nothing_is_left(held):
    world, locked = held
    license = world.license(kilograms=1)
    License.objects.update(state="expired")
    with transaction.atomic():
        ledger.lapse(license)
    with transaction.atomic():
        ledger.lapse(license)
        assert locked() == ["licensing_licenseline"]


def test_a_statement_of_the_version_before_is_answered_as_it_asks(world):
    license = world.license(kilograms=1)
    party = license.end_users.get().party_id
    assert make.taken(license, party, 400, listed=True)["lines"] == [{"line": 1, "available_after": 600}]
    assert make.taken(license, party, 700, listed=True)["accepted"] is False
