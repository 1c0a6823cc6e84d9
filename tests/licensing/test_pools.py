"""National quotas: what counts against a pool, by how much, on which day; each with its worked numbers (DOMAIN 5)."""

import re
from datetime import date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import psycopg2.errors
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import translation

from config.local import demo
from core import access
from core.errors import DomainError, Forbidden, FourEyes, Invalid, WrongState
from core.history import lines_of, version
from core.legal_time import day_end, legal_now, legal_today
from licensing import books, elements, selectors, tasks
from licensing.actions import pools
from licensing.menu import pools_to_decide
from licensing.models import Application, PoolChange, PoolMovement, PoolState, QuotaPool
from licensing.models.balances import LicenseLine
from licensing.selectors import standings
from shipments.actions import ClearedLine, LineRequest, cancel, check, lapse, receive
from shipments.actions.officers import approve_return, close_out
from shipments.models import Incident
from shipments.tasks import lapse_reservations
from tests import make
from tests.make import seen

KG = 1000
LINES = "licensing_licenseline"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def opened(world, ref="Q-EU-DY", cap=90_000, **scope):
    return make.pool(world.ministry, ref, cap, **scope)


def changed(world, pool, cap, state="open", from_day=None):
    change = pools.propose_change(
        pool.ref,
        cap=cap * KG,
        state=state,
        from_day=from_day or legal_today(),
        reason="The year turned out otherwise.",
        seen=version(pool),
        by=world.ministry.policy_officer,
    )
    return approved(world, change)


def dates(scope):
    return {name: legal_today() if value == "today" else value for name, value in scope.items()}


def proposal(world, ref="Q-1", by=None, **scope):
    return make.pool_change(world.ministry, ref, by=by, **scope)


def approved(world, change):
    return make.pool_approved(world.ministry, change)


def line(kilograms, number=1, **contents):
    """Goods with these mass fractions of elements, or this oxide."""
    oxide = contents.pop("oxide", "")
    said = elements.contents(contents, elements.DECLARED, oxide)
    return LineRequest(number, int(kilograms * KG), "kg", composition=contents, oxide=oxide, contents=said)


def magnets(kilograms, dy="0.032", tb="0.004"):
    return {"lines": [line(kilograms, Dy=dy, Tb=tb)]}


def used(ref="Q-EU-DY"):
    """Used and over-used, in kg."""
    pool = QuotaPool.objects.get(ref=ref)
    return pool.used / KG, pool.over_used / KG


def room(ref):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pool_room(p, %s, false) FROM licensing_quotapool p WHERE ref = %s", [legal_today(), ref])
        return cursor.fetchone()[0] / KG


def refused(world, license, **changes):
    with pytest.raises(DomainError) as error:
        world.shipment(license, **changes)
    first = error.value.errors[0]
    return first.code, first.pointer, first.extra


def all_agree():
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM pool_drift(NULL, true)")
        return cursor.fetchall() == [] and books.drift() == []


@pytest.fixture
def license(world):
    return make.unsaid(world.license(kilograms=40_000))


def test_q8_each_contained_element_counts_against_its_own_pool(world, license):
    opened(world)
    opened(world, "Q-TB", 25_000, element="Tb")
    shipment = world.shipment(license, **magnets(12_000))
    assert (used(), used("Q-TB")) == ((384, 0), (48, 0))
    kept = PoolMovement.objects.get(pool__ref="Q-EU-DY", kind="use")
    assert (kept.gross, str(kept.share), kept.basis) == (12_000 * KG, "0.0320000000", "declared")
    assert (kept.shipment_ref, kept.line_number) == (shipment.ref, 1)
    assert license.lines.get().reserved == 12_000 * KG
    assert all_agree()


def test_q9_an_oxide_counts_by_its_factor_and_its_version_is_kept(world):
    signed = [world.declaration(codes=("1C905.b",))]
    ref = world.application(kind="per_shipment", code="1C905.b", kilograms=40_000, by_whom=signed)
    license = demo.issued(world.exporter, ref, world.ministry, signed)
    opened(world)
    world.shipment(license, lines=[line(1_500, oxide="Dy2O3")])
    assert used() == (1306.95, 0)
    kept = PoolMovement.objects.get(kind="use")
    assert kept.basis == f"Dy2O3 {elements.oxides()['Dy2O3'].version}"
    assert str(elements.oxides()["Tb4O7"].factor) == "0.8502"
    with pytest.raises(Invalid) as error:
        world.shipment(license, lines=[line(1, oxide="Tb4O7")])
    assert error.value.errors[0].pointer == "/lines/0/oxide"


def test_q10_the_pool_refuses_and_the_line_is_untouched(world, license):
    """And scenario 12: 9,000 kg pass, and leave 12 kg."""
    opened(world, cap=300)
    error = refused(world, license, **magnets(12_000))
    assert error == ("quota-exhausted", "/lines/0/quantity", {"remaining": "300.000", "pool": "Q-EU-DY"})
    outlook = check(world.request(license, **magnets(12_000)), by=world.exporter)
    assert [failure["code"] for failure in outlook.failures] == ["quota-exhausted"]
    assert license.lines.get().reserved == 0
    world.shipment(license, **magnets(9_000))
    assert (used(), room("Q-EU-DY")) == ((288, 0), 12)
    world.shipment(license, **magnets(375))  # to the last gram
    assert (used(), room("Q-EU-DY")) == ((300, 0), 0)
    assert all_agree()


def test_q11_a_pool_that_is_cut_below_its_use_claws_nothing_back(world, license):
    pool = opened(world, cap=300)
    shipment = world.shipment(license, **magnets(9_000))
    changed(world, pool, 200)
    assert (used(), room("Q-EU-DY")) == ((288, 0), -88)
    assert refused(world, license, **magnets(1))[2]["remaining"] == "0.000"
    world.clear(shipment.ref, 9_000 * KG)
    assert (used(), Incident.objects.count()) == ((288, 0), 0)
    assert all_agree()


def test_q15_the_day_of_the_declaration_decides_the_period(world, license, clock):
    """In Shanghai: 15:59Z is the last day of a quarter, 16:01Z the first of the next; nothing is carried over."""
    year = legal_today().year + 1
    ends = {"Q1": date(year, 3, 31), "Q2": date(year, 6, 30)}
    begins = {"Q1": date(year, 1, 1), "Q2": date(year, 4, 1)}
    for name, last in ends.items():
        opened(world, name, 1_000, period_from=begins[name], period_until=last)
    clock.set(datetime(year, 3, 20, 12, tzinfo=SHANGHAI))
    early, late = (world.shipment(license, planned_on=date(year, 3, 31), **magnets(1_000)) for _ in range(2))
    assert (used("Q1"), used("Q2")) == ((64, 0), (0, 0))
    clock.set(datetime(year, 4, 1, 9, tzinfo=SHANGHAI))
    midnight = datetime(year, 4, 1, tzinfo=SHANGHAI)
    for shipment, minutes in ((early, -1), (late, 1)):
        at = midnight + timedelta(minutes=minutes)
        world.clear(shipment.ref, 1_000 * KG, declared_at=at, cleared_at=at + timedelta(hours=1))
    assert (used("Q1"), used("Q2"), Incident.objects.count()) == ((32, 0), (32, 0), 0)
    assert list(PoolMovement.objects.filter(shipment_id=late.pk).values_list("pool__ref", "kind")) == [
        ("Q1", "use"),
        ("Q1", "free"),
        ("Q2", "use"),
    ]
    assert all_agree()


# What a pool counts


def test_what_a_pool_counts_is_said_by_the_request_or_by_the_license(world, license):
    """Never nothing: a request that leaves it out is told which element is to be said."""
    opened(world)
    with pytest.raises(Invalid) as error:
        world.shipment(license, 1_000 * KG)
    (problem,) = error.value.errors
    assert (problem.pointer, problem.code) == ("/lines/0/composition", "required")
    assert "Q-EU-DY" in problem.message and "Dy" in problem.message
    assert selectors.elements_to_state(license) == {1: ["Dy"]}
    LicenseLine.objects.filter(license=license).update(composition={"Dy": "0.035", "Tb": "0.005"})
    assert selectors.elements_to_state(license) == {}
    opened(world, "Q-TB", element="Tb")
    world.shipment(license, 1_000 * KG)
    assert (used(), used("Q-TB")) == ((35, 0), (5, 0))  # the grade's upper bound
    world.shipment(license, lines=[line(1_000, Dy="0.03")])
    assert (used(), used("Q-TB")) == ((65, 0), (10, 0))  # what is left out counts by the bound
    assert set(PoolMovement.objects.filter(kind="use").values_list("basis", flat=True)) == {"grade", "declared"}
    world.shipment(license, lines=[line(1_000, Dy="0.035")])
    code, pointer, _ = refused(world, license, lines=[line(1_000, Dy="0.0351")])
    assert (code, pointer) == ("line-mismatch", "/lines/0/composition")


@pytest.mark.parametrize(
    ("scope", "counts"),
    [
        ({"destinations": ["FR", "DE"]}, True),
        ({"destinations": ["FR"]}, False),
        ({"end_uses": ["CIV_AUTO"]}, True),
        ({"end_uses": ["CIV_WIND"]}, False),
        ({"category": "magnet"}, True),
        ({"category": "oxide"}, False),
        ({"list_name": "april"}, True),
        ({"list_name": "october"}, False),
        ({"element": "Tb"}, False),
    ],
)
def test_a_pool_counts_what_its_scope_says(world, license, scope, counts):
    opened(world, **scope)
    world.shipment(license, lines=[line(100, Dy="0.03")])
    assert used() == (3 if counts else 0, 0)


def test_a_pool_of_gross_mass_counts_goods_of_its_category_element_and_list(world, license):
    for ref, scope in {
        "A": {"category": "magnet", "element": "Dy"},
        "B": {"element": "Tb"},
        "C": {"list_name": "october"},
    }.items():
        opened(world, ref, 1_000, measure="gross", **{"element": "", **scope})
    world.shipment(license, lines=[line(100, Tb="0.01")])
    assert [used(ref)[0] for ref in "ABC"] == [100, 0, 0]
    assert PoolMovement.objects.get(kind="use").basis == "gross"
    assert all_agree()


def test_goods_that_are_counted_in_pieces_have_no_mass_that_counts(world, license):
    LicenseLine.objects.filter(license=license).update(unit="unit")
    opened(world, measure="gross")
    world.shipment(license, lines=[LineRequest(1, 100, "unit")])
    assert used() == (0, 0)


def test_the_end_use_is_that_of_the_end_user_whom_it_goes_to(world):
    license = world.license(kilograms=1_000, users=2)
    car, mill = (user.party.ref for user in license.end_users.order_by("pk"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE licensing_declaration DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE licensing_declaration SET end_use_id = 'CIV_WIND' WHERE id = %s",
            [license.end_users.get(party__ref=mill).declaration_id],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE licensing_declaration ENABLE TRIGGER USER")
    opened(world, "CARS", end_uses=["CIV_AUTO"])
    opened(world, "MILLS", end_uses=["CIV_WIND"])
    world.shipment(license, end_user=car, **magnets(100))
    assert (used("CARS"), used("MILLS")) == ((3.2, 0), (0, 0))
    world.shipment(license, end_user=mill, **magnets(100))
    assert (used("CARS"), used("MILLS")) == ((3.2, 0), (3.2, 0))


def test_a_pool_counts_from_the_day_it_is_opened_on_and_has_its_first_terms_before_that(world, license):
    today = legal_today()
    first = today + timedelta(days=10)
    year = {"period_from": today, "period_until": today + timedelta(days=90)}
    change = pools.propose_opening(
        pools.Scope("Q-EU-DY", "content", element="Dy", **year),
        cap=300 * KG,
        from_day=first,
        reason="From then on.",
        by=world.ministry.policy_officer,
    )
    approved(world, change)
    world.shipment(license, planned_on=first - timedelta(days=1), **magnets(100))
    assert used() == (0, 0)
    assert refused(world, license, planned_on=first, **magnets(10_000))[2]["remaining"] == "300.000"
    world.shipment(license, planned_on=first, **magnets(100))
    world.shipment(license, planned_on=year["period_until"], **magnets(100))
    assert used() == (6.4, 0)
    (standing,) = selectors.standings(QuotaPool.objects.all(), today)
    assert standing.runs_out is None  # nothing is used by the day yet
    assert all_agree()


def test_what_a_pool_counts_and_nobody_said_is_not_taken_by_the_ledger(world, license):
    """Where the pool was opened after the request was looked at."""
    opened(world)
    with pytest.raises(OperationalError, match="another pool"), transaction.atomic():
        make.taken(license, license.end_users.get().party_id, 1_000)
    assert license.lines.get().reserved == 0


def test_a_share_of_many_digits_is_kept_as_it_is_hashed(world, license):
    opened(world)
    world.shipment(license, **magnets(1_000, dy="0.0333333333333333"))
    assert str(PoolMovement.objects.get(kind="use").share) == "0.0333333333"
    assert all_agree()


def test_its_line_is_read_a_few_times_however_many_goods_are_listed(world, license):
    """Each look at a busy line passes a version of it for each row that the same bulk booked before."""

    def looks():
        with connection.cursor() as cursor:
            cursor.execute("SELECT idx_scan + seq_scan FROM pg_stat_xact_user_tables WHERE relname = %s", [LINES])
            return cursor.fetchone()[0]

    opened(world)
    world.shipment(license, **magnets(1))
    before = looks()
    world.shipment(license, **magnets(1))
    assert looks() - before <= 12


def test_a_country_that_is_not_on_the_license_meets_no_pool(world, license):
    opened(world, cap=0, destinations=["FR"])
    outlook = check(world.request(license, destination="FR", **magnets(1)), by=world.exporter)
    assert [failure["code"] for failure in outlook.failures] == ["destination-not-authorized"]


def test_content_is_rounded_half_up_to_the_gram(world, license):
    opened(world)
    world.shipment(license, lines=[LineRequest(1, 1, "g", contents=elements.contents({"Dy": "0.5"}, "declared", ""))])
    assert used() == (0.001, 0)
    world.shipment(license, lines=[LineRequest(1, 1, "g", contents=elements.contents({"Dy": "0.499"}, "declared", ""))])
    assert used() == (0.001, 0)


def test_what_was_reserved_before_a_pool_was_opened_counts_when_it_is_declared(world, license):
    first, second = (world.shipment(license, **magnets(100)) for _ in range(2))
    unsaid = world.shipment(license, 100 * KG)
    opened(world)
    assert used() == (0, 0)
    world.clear(first.ref, 100 * KG)
    cancel(second.ref, by=world.exporter)
    world.clear(unsaid.ref, 100 * KG)  # nobody was asked what it contains
    assert used() == (3.2, 0)
    assert all_agree()


def test_a_pool_stands_among_the_ceilings_of_a_reservation(world):
    """After the line's own, before the count of clearances; each that fails is named."""
    license = world.license(kilograms=100, max_clearances=1)
    opened(world, cap=5)
    world.shipment(license, **magnets(50))
    outlook = check(world.request(license, **magnets(200)), by=world.exporter)
    codes = [failure["code"] for failure in outlook.failures]
    assert codes == ["line-exhausted", "quota-exhausted", "clearances-exhausted"]


def test_a_refusal_says_whether_a_pool_is_closed_or_what_it_has_left(world, license):
    pool = opened(world, cap=5)
    with pytest.raises(DomainError, match=r"Q-EU-DY has 5 kg of Dy left; asked: 32 kg"):
        world.shipment(license, **magnets(1_000))
    world.shipment(license, **magnets(125))
    changed(world, pool, 4, "open")
    with pytest.raises(DomainError, match="Nothing is left of the national quota Q-EU-DY"):
        world.shipment(license, **magnets(1))
    changed(world, pool, 5, "blocked")
    with pytest.raises(DomainError, match="Q-EU-DY takes no new use"):
        world.shipment(license, **magnets(1))


def test_what_goods_contain_is_sent_with_a_shipment(world, license, client):
    opened(world)
    auth = {"HTTP_AUTHORIZATION": f"Bearer {make.key(world.exporter, *make.EXPORTER_SCOPES)}"}

    def sent(**said):
        body = world.body(license)
        body["lines"][0] |= said
        key = make.unique("key-")
        return client.post("/api/v1/shipments/", body, "application/json", HTTP_IDEMPOTENCY_KEY=key, **auth)

    assert sent(composition={"Dy": "0.032"}, composition_basis="measured").status_code == 201
    assert sent(composition={"Dy": "0.032"}).status_code == 201
    assert sent(oxide="Dy2O3").status_code == 201
    assert list(PoolMovement.objects.filter(kind="use").values_list("basis", "amount")) == [
        ("measured", 32 * KG),
        ("declared", 32 * KG),
        (f"Dy2O3 {elements.oxides()['Dy2O3'].version}", 871_300),
    ]
    twice = sent(composition={"Dy": "0.032"}, oxide="Dy2O3")
    assert (twice.status_code, twice.json()["errors"][0]["pointer"]) == (422, "/lines/0/oxide")


# What follows a reservation


def test_the_pool_follows_each_verb(world, license):
    """Cleared less, then otherwise corrected, come back and credited: what is out counts."""
    opened(world)
    shipment = world.shipment(license, **magnets(1_000))
    assert used()[0] == 32
    first = world.message(shipment.ref, grams=400 * KG, final=False)
    receive(first, by=world.customs)
    assert used()[0] == 32  # the rest is held
    world.clear(shipment.ref, 500 * KG, declaration_no=first.declaration_no)
    assert used()[0] == 28.8
    receive(
        world.message(
            shipment.ref,
            "corrected",
            corrects=first.message_id,
            reason="Weighed again",
            lines=[ClearedLine(1, 300 * KG, "kg")],
            declaration_no=first.declaration_no,
        ),
        by=world.customs,
    )
    assert used()[0] == 25.6
    receive(
        world.message(
            shipment.ref, "returned", reimport_no="530120260000000077", lines=[ClearedLine(1, 200 * KG, "kg")]
        ),
        by=world.customs,
    )
    assert used()[0] == 25.6
    (back,) = shipment.returns.all()
    approve_return(shipment.ref, seen=seen(shipment.ref), which=back.pk, reason="All there", by=world.ministry.decider)
    assert used()[0] == 19.2
    assert all_agree()


@pytest.mark.parametrize("way", ["cancel", "reject", "close_out", "lapse", "lapse one"])
def test_what_does_not_cross_is_free_again(world, license, clock, way):
    opened(world, period_until=legal_today() + timedelta(days=100))
    shipment = world.shipment(license, **magnets(1_000))
    match way:
        case "cancel":
            cancel(shipment.ref, by=world.exporter)
        case "reject":
            receive(world.message(shipment.ref, "rejected", reason="Wrong goods"), by=world.customs)
        case "close_out":
            receive(world.message(shipment.ref, "declared"), by=world.customs)
            close_out(shipment.ref, seen=seen(shipment.ref), reason="Silent", by=world.ministry.decider)
        case "lapse":
            clock.shift(days=40)
            assert lapse_reservations() == 1
        case "lapse one":
            clock.shift(days=40)
            assert lapse(shipment.pk, by=access.clock())
    assert used() == (0, 0)
    assert list(PoolMovement.objects.values_list("kind", flat=True)) == ["terms", "use", "free"]
    assert all_agree()


def test_what_crosses_beyond_the_license_counts_too(world):
    license = world.license(kilograms=100)
    opened(world)
    shipment = world.shipment(license, **magnets(100))
    (incident, *_rest) = world.clear(shipment.ref, 150 * KG).incidents
    assert (incident.kind, used()) == ("over_cleared", (4.8, 0))
    assert all_agree()


def test_beyond_a_pool_that_is_cut_goes_all_and_no_more(world, license):
    first, second = (world.shipment(license, **magnets(100)) for _ in range(2))
    pool = opened(world, cap=10)
    world.clear(first.ref, 100 * KG)
    changed(world, pool, 1)
    (incident,) = world.clear(second.ref, 100 * KG).incidents
    assert incident.facts["pools"] == [{"pool": "Q-EU-DY", "over": 3.2 * KG}]
    assert used() == (6.4, 3.2)


@pytest.mark.parametrize(("state", "over"), [("open", 2), ("blocked", 2), ("suspended", 3.2)])
def test_what_is_declared_beyond_the_room_is_booked_with_a_notice(world, license, state, over):
    """Nobody refuses what crosses; a suspended pool has no room for any of it."""
    shipment = world.shipment(license, **magnets(100))
    pool = opened(world, cap=10)
    if state != "open":
        pool = changed(world, pool, 10, state)
        assert refused(world, license, **magnets(1))[0] == "quota-exhausted"
    pool = changed(world, pool, 1.2, state)
    receipt = world.clear(shipment.ref, 100 * KG)
    (incident,) = receipt.incidents
    assert (incident.kind, incident.facts["pools"]) == ("over_used", [{"pool": "Q-EU-DY", "over": over * KG}])
    assert used() == (3.2, over)
    assert "Q-EU-DY" in incident.report
    # and what is corrected gives that back first
    cleared = receipt.message
    receive(
        world.message(
            shipment.ref,
            "corrected",
            corrects=cleared.message_id,
            reason="Weighed again",
            lines=[ClearedLine(1, 50 * KG, "kg")],
            declaration_no=cleared.declaration_no,
        ),
        by=world.customs,
    )
    assert used() == (1.6, round(over - 1.6, 3))
    assert Incident.objects.count() == 1
    assert all_agree()


# How it stands


def test_a_board_says_what_is_left_and_how_long_it_lasts_at_the_rate_of_late(world, license, clock):
    today = legal_today()
    year = {"period_from": today, "period_until": today + timedelta(days=200)}
    pool = opened(world, cap=10, **year)

    def stands():
        (one,) = selectors.standings(QuotaPool.objects.all(), legal_today())
        return one

    assert (stands().free, stands().runs_out) == (10 * KG, None)
    clock.shift(days=4)  # five days, the first and the last included
    shipment = world.shipment(license, **magnets(100))  # 3.2 kg in them, 6.8 are left
    assert stands().runs_out == legal_today() + timedelta(days=10)
    cancel(shipment.ref, by=world.exporter)
    assert stands().runs_out is None
    world.shipment(license, **magnets(100))
    changed(world, pool, 2)
    assert (stands().free, stands().runs_out) == (-1.2 * KG, legal_today())
    clock.shift(days=100)
    assert stands().runs_out is None  # nothing was used in the last 90 days


def test_a_pool_whose_period_is_over_runs_out_no_more(world, license, clock):
    last = legal_today() + timedelta(days=10)
    opened(world, cap=10, period_until=last)
    world.shipment(license, **magnets(300))
    for day, runs in ((last, True), (last + timedelta(days=1), False)):
        (one,) = selectors.standings(QuotaPool.objects.all(), day)
        assert (one.runs_out is not None) == runs


def test_a_board_shows_pools_of_which_the_period_is_over_last(world, client, clock):
    last = legal_today() + timedelta(days=1)
    opened(world, period_until=last)
    client.force_login(world.ministry.auditor.user)
    for over in (False, True):
        clock.set(day_end(last) - timedelta(seconds=1 - over))
        tables = client.get("/desk/quotas/").context["tables"]
        assert [of_old for of_old, _rows in tables] == [over]


def test_a_pool_that_lasts_its_period_runs_out_on_no_day(world, license, clock):
    """At 3.2 kg a day there is as much left as days, or one day less."""
    last = legal_today() + timedelta(days=10)
    pool = opened(world, cap=35.2, period_until=last)
    world.shipment(license, **magnets(100))
    (one,) = selectors.standings(QuotaPool.objects.all(), legal_today())
    assert one.runs_out == last
    changed(world, pool, 38.4)
    (one,) = selectors.standings(QuotaPool.objects.all(), legal_today())
    assert one.runs_out is None


def test_a_board_shows_the_terms_of_today_and_before_the_first_those(world, clock):
    first = legal_today() + timedelta(days=5)
    pool = opened(world, cap=300, period_from=first)
    changed(world, pool, 100, "blocked", first + timedelta(days=5))
    changed(world, pool, 200, from_day=first + timedelta(days=2))

    def stands():
        (one,) = selectors.standings(QuotaPool.objects.all(), legal_today())
        return one.cap / KG, one.state

    assert stands() == (300, "open")
    clock.shift(days=7)
    assert stands() == (200, "open")
    clock.shift(days=10)
    assert stands() == (100, "blocked")
    QuotaPool.objects.update(frozen=True)
    assert stands() == (100, "suspended")


def test_only_officers_see_pools_and_their_changes(world):
    opened(world)
    for actor, many in (
        (world.exporter, 0),
        (world.customs, 0),
        (world.ministry.intake, 0),
        (world.ministry.auditor, 1),
    ):
        seen_ = selectors.pools_for(actor).count(), selectors.pool_changes_for(actor).count()
        assert seen_ == (many, many), actor


# Two people


def test_a_pool_is_opened_by_two_people(world):
    change = proposal(world)
    for actor, error in ((world.ministry.policy_officer, Forbidden), (world.ministry.decider, Forbidden)):
        with pytest.raises(error):
            pools.approve(change.pk, seen=version(change), by=actor)
    with pytest.raises(Forbidden):
        proposal(world, by=world.ministry.reviewer)
    assert not QuotaPool.objects.exists()
    both = make.both_policies(world)
    own = proposal(world, ref="Q-2", by=both)
    with pytest.raises(FourEyes):
        pools.approve(own.pk, seen=version(own), by=both)
    assert [*pools_to_decide(both)] == [change]
    with pytest.raises(IntegrityError), transaction.atomic():
        PoolChange.objects.filter(pk=own.pk).update(decided_by=both.user, decided_at=legal_now(), approved=True)
    with pytest.raises(DomainError) as error:
        pools.approve(change.pk, seen=version(change) - 1, by=world.ministry.policy_approver)
    assert error.value.code == "stale"
    approved(world, change)
    assert [line.verb for line in lines_of(change)] == ["propose", "approve"]
    with pytest.raises(WrongState):
        pools.refuse(change.pk, seen=version(change), reason="No", by=world.ministry.policy_approver)
    with pytest.raises(IntegrityError), transaction.atomic():
        PoolChange.objects.filter(pk=change.pk).update(approved=False)


def test_whoever_may_not_propose_hears_that_and_not_that_it_is_another_page(world):
    pool = opened(world)
    facts = {"cap": 1, "from_day": legal_today(), "reason": "Less", "seen": version(pool) - 1}
    with pytest.raises(Forbidden):
        pools.propose_change(pool.ref, **facts, by=world.ministry.reviewer)
    with pytest.raises(DomainError) as error:
        pools.propose_change(pool.ref, **facts, by=world.ministry.policy_officer)
    assert error.value.code == "stale"


def test_a_change_that_is_refused_changes_nothing_and_frees_the_pool_for_another(world):
    pool = opened(world, cap=300)
    change = pools.propose_change(
        pool.ref, cap=1, from_day=legal_today(), reason="Less", seen=version(pool), by=world.ministry.policy_officer
    )
    with pytest.raises(DomainError) as error:
        changed(world, pool, 2)
    assert error.value.code == "pool-change-open"
    pools.refuse(change.pk, seen=version(change), reason="Not now", by=world.ministry.policy_approver)
    change.refresh_from_db()
    assert (change.approved, change.decision_reason, room("Q-EU-DY")) == (False, "Not now", 300)
    changed(world, pool, 2)
    assert room("Q-EU-DY") == 2


def test_a_change_holds_from_its_day_on(world, license, clock):
    pool = opened(world, cap=300)
    changed(world, pool, 10, from_day=legal_today() + timedelta(days=3))
    changed(world, pool, 200)  # until then
    assert room("Q-EU-DY") == 200
    clock.shift(days=3)
    assert room("Q-EU-DY") == 10
    assert refused(world, license, **magnets(1_000))[2]["remaining"] == "10.000"


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        ({"element": ""}, "/element"),
        ({"measure": "gross", "element": ""}, "/category"),
        ({"period_until": date(2020, 1, 1)}, "/period_until"),
        ({"ref": "Q-EU-DY", "element": "Tb"}, "/ref"),
        ({"destinations": ["DE", "FR"]}, "/ref"),
        ({"end_uses": ["CIV_AUTO"]}, "/ref"),
    ],
)
def test_a_proposal_that_makes_no_sense_names_the_field(world, scope, field):
    opened(world)
    with pytest.raises(Invalid) as error:
        proposal(world, **{"ref": "Q-NEW"} | scope)
    assert field in [problem.pointer for problem in error.value.errors]
    assert not PoolChange.objects.filter(ref="Q-NEW").exists()


def test_a_pool_of_one_day_is_one(world):
    day = legal_today()
    opened(world, period_from=day, period_until=day)
    assert QuotaPool.objects.get().opened_on == day


def test_a_pool_is_opened_in_its_period(world):
    begins = legal_today() + timedelta(days=2)
    scope = pools.Scope("Q", "content", begins, begins + timedelta(days=9), element="Dy")
    with pytest.raises(Invalid) as error:
        pools.propose_opening(
            scope, cap=1, from_day=begins - timedelta(days=1), reason="x", by=world.ministry.policy_officer
        )
    assert error.value.errors[0].pointer == "/from_day"


def test_a_change_keeps_what_a_pool_counts(world):
    pool = opened(world, destinations=["DE"], end_uses=["CIV_AUTO"], category="magnet", list_name="april")
    changed(world, pool, 5)
    first, second = PoolChange.objects.order_by("pk")
    assert all(getattr(first, name) == getattr(second, name) for name in pools.Scope.__dataclass_fields__)
    assert books.check_pools(whole=True) == []


@pytest.mark.parametrize("from_day", [-1, 400])
def test_a_change_begins_in_the_period_and_not_in_the_past(world, from_day):
    pool = opened(world)
    with pytest.raises(Invalid) as error:
        changed(world, pool, 1, from_day=legal_today() + timedelta(days=from_day))
    assert error.value.errors[0].pointer == "/from_day"


def test_pools_that_count_nothing_of_the_same_stand_side_by_side(world):
    opened(world, "A", destinations=["DE"], end_uses=["CIV_AUTO"])
    opened(world, "B", destinations=["FR"])
    opened(world, "C", destinations=["DE"], end_uses=["CIV_WIND"])
    opened(world, "D", element="Tb")
    opened(world, "E", measure="gross")
    opened(world, "F", measure="gross", element="Tb")
    opened(world, "G", element="Ho", category="magnet")
    opened(world, "H", element="Ho", category="oxide")
    opened(world, "I", element="Sm", list_name="april")
    opened(world, "J", element="Sm", list_name="october")
    opened(world, "K", element="Er", period_until=legal_today())
    opened(world, "L", element="Er", period_from=legal_today() + timedelta(days=1))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"destinations": ["FR"]}),
        ({"destinations": ["FR"]}, {}),
        ({"destinations": ["FR", "DE"]}, {"destinations": ["FR", "US"]}),
        ({}, {"end_uses": ["CIV_AUTO"]}),
        ({"end_uses": ["CIV_AUTO"]}, {}),
        ({}, {"category": "magnet"}),
        ({"list_name": "april"}, {"category": "magnet"}),
        ({"measure": "gross"}, {"measure": "gross", "element": "", "category": "magnet"}),
        ({"period_until": "today"}, {"period_from": "today"}),
    ],
)
def test_pools_that_count_some_of_the_same_do_not(world, one, other):
    opened(world, "A", **dates(one))
    with pytest.raises(Invalid) as error:
        proposal(world, ref="B", **dates(other))
    assert error.value.errors[0].code == "overlaps"


def test_two_that_overlap_are_not_both_opened(world):
    """Proposed side by side, when neither was there."""
    first, second = proposal(world, ref="A"), proposal(world, ref="B")
    approved(world, first)
    with pytest.raises(Invalid) as error:
        approved(world, second)
    assert error.value.errors[0].code == "overlaps"
    second.refresh_from_db()
    assert second.decided_at is None


def test_a_number_that_was_taken_meanwhile_is_refused_at_the_approval(world):
    """Proposed when there was no such pool yet."""
    second = proposal(world, ref="B", destinations=["FR"])
    opened(world, "A", destinations=["DE"])
    PoolChange.objects.filter(pk=second.pk).update(ref="A")
    with pytest.raises(Invalid):
        approved(world, second)
    assert QuotaPool.objects.count() == 1


def test_what_is_approved_reaches_back_to_nobody(world, license, clock):
    """Proposed in time and approved when its first day is over: neither a change nor an opening."""
    pool = opened(world, period_until=legal_today() + timedelta(days=100))
    change = pools.propose_change(
        pool.ref,
        cap=5,
        from_day=legal_today() + timedelta(days=1),
        reason="Less",
        seen=version(pool),
        by=world.ministry.policy_officer,
    )
    opening = proposal(world, ref="Q-2", element="Tb", period_until=legal_today() + timedelta(days=100))
    clock.shift(days=2)
    for row in (change, opening):
        with pytest.raises(Invalid) as error:
            approved(world, row)
        assert error.value.errors[0].pointer == "/from_day"
        row.refresh_from_db()
        assert row.decided_at is None
    assert room("Q-EU-DY") == 90_000


def test_no_change_holds_before_its_pool_is_opened(world):
    later = legal_today() + timedelta(days=20)
    change = make.pool_change(world.ministry, "Q-LATER", period_until=later + timedelta(days=9), from_day=later)
    pool = approved(world, change)
    with pytest.raises(Invalid) as error:
        changed(world, pool, 5, from_day=later - timedelta(days=1))
    assert error.value.errors[0].pointer == "/from_day"


def test_goods_given_back_that_cross_after_all_count_on_the_day_of_their_new_declaration(world, license, clock):
    """Closed out in one period, and cleared in the next."""
    ends = legal_today() + timedelta(days=5)
    opened(world, "A", 1_000, period_until=ends)
    opened(world, "B", 1_000, period_from=ends + timedelta(days=1), period_until=ends + timedelta(days=30))
    shipment = world.shipment(license, **magnets(1_000))
    receive(world.message(shipment.ref, "declared"), by=world.customs)
    close_out(shipment.ref, seen=seen(shipment.ref), reason="Silent", by=world.ministry.decider)
    assert (used("A"), used("B")) == ((0, 0), (0, 0))
    clock.shift(days=10)
    world.clear(shipment.ref, 1_000 * KG)
    assert (used("A"), used("B")) == ((0, 0), (32, 0))
    assert all_agree()


@pytest.mark.parametrize("instant", ["declared_at", "cleared_at"])
def test_nothing_is_declared_or_cleared_tomorrow(world, license, instant):
    """It would be counted there for good, or depart no sooner; clocks may differ by minutes."""
    shipment = world.shipment(license, 100 * KG)
    with pytest.raises(Invalid) as error:
        world.clear(shipment.ref, 100 * KG, **{instant: legal_now() + timedelta(minutes=11)})
    assert [one.pointer for one in error.value.errors] == [f"/{instant}"]
    assert license.lines.get().drawn == 0
    world.clear(shipment.ref, 100 * KG, **{instant: legal_now() + timedelta(minutes=9)})
    assert license.lines.get().drawn == 100 * KG


def test_a_pool_is_followed_from_where_it_was_found_right(world, license):
    """What is forged before that place is found when the whole is looked at."""
    opened(world)
    world.shipment(license, **magnets(1_000))
    assert books.check_pools(whole=False) == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE licensing_poolmovement SET amount = amount + 1 WHERE kind = 'use'")
    world.shipment(license, **magnets(1_000))
    assert books.check_pools(whole=False) == []
    assert {one.what for one in books.check_pools(whole=True)} == {"used", "chain"}


# The database's own guards


def test_a_pool_gives_no_more_than_its_room_whoever_asks(world, license):
    opened(world, cap=300)
    shipment = world.shipment(license, **magnets(9_000))
    with pytest.raises(IntegrityError, match="no room"), transaction.atomic():
        QuotaPool.objects.update(used=F("used") + 12_001)
    QuotaPool.objects.update(used=F("used") + 12_000)
    assert shipment.pk
    QuotaPool.objects.update(used=F("used") - 12_000)


@pytest.mark.slow
@pytest.mark.parametrize("table", ["licensing_quotapool", "licensing_poolmovement"])
@pytest.mark.parametrize("does", ["DELETE FROM {}", "UPDATE {} SET id = id", "INSERT INTO {} (id) VALUES (999)"])
def test_the_application_writes_no_pool(application, table, does):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        application.execute(does.format(table))


@pytest.mark.parametrize(
    "does",
    [
        "UPDATE licensing_poolchange SET cap = 1",
        "DELETE FROM licensing_poolchange",
        """SELECT pool_post(jsonb_populate_record(NULL::licensing_poolmovement, '{"pool_id": 1}'))""",
    ],
)
def test_the_application_changes_no_proposal_and_posts_nothing(application, does):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        application.execute(does)


def unguarded(cursor, *statements):
    """As the owner, with the triggers off."""
    tables = ("licensing_quotapool", "licensing_poolchange")
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    for statement in statements:
        cursor.execute(statement)
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def forged_change(world, like, **said):
    """A change that two people seem to have decided, of a pool or of a new one; its key."""
    facts = {name: getattr(like, name) for name in pools.Scope.__dataclass_fields__}
    facts |= {
        "cap": 1,
        "public": False,
        "from_day": legal_today(),
        "reason": "x",
        "proposed_by": world.ministry.policy_officer.user,
    }
    decided = {"decided_by": world.ministry.policy_approver.user, "approved": True}
    at = {"proposed_at": legal_now(), "decided_at": legal_now()}
    return PoolChange.objects.create(**facts | decided | at | said)


def decide(change):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pool_decide(%s)", [change.pk])


def test_the_database_books_what_two_people_approved_and_once(world):
    pool = opened(world)
    waiting = proposal(world, ref="Q-TB", element="Tb")
    with pytest.raises(DatabaseError, match="no rows"):
        decide(waiting)
    change = forged_change(world, pool, pool=pool)
    decide(change)
    with pytest.raises(IntegrityError, match="pool_movement_of_a_change"):
        decide(change)
    decide(forged_change(world, pool, ref="Q-2"))  # which counts the same
    assert QuotaPool.objects.count() == 1
    decide(forged_change(world, pool, element="Tb"))  # which has its number
    assert QuotaPool.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"cap": -1}, "pool_change_cap"),
        ({"from_day": date(2999, 1, 1)}, "pool_change_in_its_period"),
        ({"decided_by": None}, "pool_change_two_people"),
        ({"decided_at": None}, "pool_change_two_people"),
        ({"approved": None}, "pool_change_two_people"),
    ],
)
def test_a_change_that_could_not_be_is_refused(world, said, what):
    pool = opened(world)
    with pytest.raises(IntegrityError, match=what), transaction.atomic():
        forged_change(world, pool, **said)


@pytest.mark.parametrize(
    ("table", "does", "what"),
    [
        ("licensing_quotapool", "over_used = -1", "quota_pool_not_negative"),
        ("licensing_quotapool", "over_used = used + 1", "quota_pool_not_negative"),
        ("licensing_quotapool", "element = ''", "quota_pool_of_something"),
        ("licensing_quotapool", "measure = 'gross', element = '', category = '', list_name = ''", "quota_pool_of_some"),
        ("licensing_poolmovement", "over = -1", "pool_movement_not_negative"),
        ("licensing_poolmovement", "over = amount + 1", "pool_movement_not_negative"),
        ("licensing_poolmovement", "line_number = -1", "line_number_check"),
        ("licensing_poolmovement", "seq = 1", "pool_movement_once"),
    ],
)
def test_a_pool_that_could_not_be_is_refused(world, license, table, does, what):
    opened(world, category="magnet", list_name="april")
    world.shipment(license, **magnets(1))
    with pytest.raises(IntegrityError, match=what), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {does}")


def test_a_pool_s_number_is_its_own(world):
    opened(world)
    opened(world, "Q-TB", element="Tb")
    with pytest.raises(IntegrityError, match="quota_pool_once"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE licensing_quotapool SET ref = 'Q'")


HASHED = {
    "at": "at + interval '1 second'",
    "kind": "'free'",
    "cap": "5",
    "state": "'open'",
    "public": "true",
    "from_day": "date '2026-01-01'",
    "change_id": "0",
    "license_id": "0",
    "shipment_id": "0",
    "shipment_ref": "'x'",
    "line_number": "2",
    "gross": "gross + 1",
    "share": "share / 2",
    "basis": "'measured'",
    "amount": "amount - 1",
    "over": "1",
    "used_after": "used_after - 1",
}


@pytest.mark.slow
@pytest.mark.parametrize("column", HASHED)
def test_each_word_of_a_movement_is_in_its_digest(world, license, column):
    opened(world)
    world.shipment(license, **magnets(1))
    with connection.cursor() as cursor:
        digest = "SELECT pool_digest('', m) FROM licensing_poolmovement m WHERE seq = 2"
        cursor.execute(digest)
        before = bytes(cursor.fetchone()[0])
        cursor.execute(f"UPDATE licensing_poolmovement SET {column} = {HASHED[column]} WHERE seq = 2")
        cursor.execute(digest)
        assert bytes(cursor.fetchone()[0]) != before


def test_the_application_says_of_no_pool_that_it_was_found_right(application):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        application.execute("DELETE FROM licensing_poolcheck")


FORGERIES = {
    "used": "UPDATE licensing_quotapool SET used = used - 5",
    "over_used": "UPDATE licensing_quotapool SET over_used = over_used + 5",
    "chain": "UPDATE licensing_poolmovement SET gross = gross - 5 WHERE kind = 'use'",
    "head": "DELETE FROM licensing_poolmovement WHERE seq = (SELECT max(seq) FROM licensing_poolmovement);"
    "UPDATE licensing_quotapool SET used = 0, over_used = 0",
    "not as approved": "UPDATE licensing_poolchange SET cap = cap + 5",
    "opened": "UPDATE licensing_quotapool SET opened_on = opened_on - 1",
    "before the chain": "INSERT INTO licensing_poolmovement (pool_id, seq, at, kind, state, license_id, shipment_id,"
    " shipment_ref, line_number, gross, share, basis, amount, over, used_after, digest)"
    " SELECT pool_id, 0, at, kind, state, license_id, shipment_id, shipment_ref, line_number, gross, share, basis,"
    " amount, over, used_after, digest FROM licensing_poolmovement WHERE seq = 2",
}


@pytest.mark.parametrize("what", FORGERIES)
def test_what_is_forged_is_found_and_the_pool_takes_no_more(world, license, what):
    opened(world)
    shipment = world.shipment(license, **magnets(1_000))
    with connection.cursor() as cursor:
        unguarded(cursor, FORGERIES[what])
    assert what in {one.what for one in books.check_pools(whole=True)}
    assert refused(world, license, **magnets(1))[0] == "quota-exhausted"
    world.clear(shipment.ref, 1_000 * KG)  # what crosses is booked all the same


HASHED_ANEW = (
    "UPDATE licensing_poolmovement m SET digest = pool_digest((SELECT digest FROM licensing_poolmovement b"
    " WHERE b.seq = {0}), m) WHERE seq = 3;"
    "UPDATE licensing_quotapool SET used = (SELECT used_after FROM licensing_poolmovement WHERE seq = 3),"
    " chain_digest = (SELECT digest FROM licensing_poolmovement WHERE seq = 3)"
)
TAKEN_OUT = {  # with all that would give it away
    "seq": "UPDATE licensing_poolmovement SET used_after = amount WHERE seq = 3;"
    "DELETE FROM licensing_poolmovement WHERE seq = 2;" + HASHED_ANEW.format(1),
    "used_after": "UPDATE licensing_poolmovement SET used_after = used_after + 1, amount = amount + 1 WHERE seq = 3;"
    + "UPDATE licensing_poolmovement SET used_after = used_after + 1 WHERE seq = 3;"
    + HASHED_ANEW.format(2).replace("used_after FROM", "used_after - 1 FROM"),
    "approved": "UPDATE licensing_poolchange SET approved = false",
}


@pytest.mark.parametrize("what", TAKEN_OUT)
def test_what_was_taken_out_of_a_chain_is_found(world, license, what):
    pool = opened(world)
    for _ in range(2):
        world.shipment(license, **magnets(1_000))
    assert books.check_pools(whole=True) == []
    with connection.cursor() as cursor:
        unguarded(cursor, TAKEN_OUT[what])
    assert [one.pool for one in books.check_pools(whole=True)] == [pool.pk]


def test_a_pool_goes_on_though_the_books_of_another_do_not_agree(world):
    pool = opened(world)
    other = opened(world, "Q-TB", element="Tb")
    with connection.cursor() as cursor:
        unguarded(cursor, "UPDATE licensing_quotapool SET used = used + 5")
        assert {one.pool for one in books.check_pools(whole=True)} == {pool.pk, other.pk}
        cursor.execute("UPDATE licensing_quotapool SET used = used - 5 WHERE id = %s", [pool.pk])
    pools.thaw(pool.ref, seen=version(pool), reason="Mended", by=world.ministry.decider)
    assert set(QuotaPool.objects.filter(frozen=True)) == {other}


def test_a_pool_is_stopped_once_and_goes_on_when_its_books_agree(world, license, caplog):
    pool = opened(world)
    with connection.cursor() as cursor:
        unguarded(cursor, "UPDATE licensing_quotapool SET used = used + 5")
    assert tasks.reconcile_ledger() == 1
    assert tasks.reconcile_ledger() == 1
    assert "pool drift" in caplog.messages
    assert [line.verb for line in lines_of(pool)] == ["freeze"]
    said = {"seen": version(pool), "reason": "Mended", "by": world.ministry.decider}
    with pytest.raises(DomainError) as error:
        pools.thaw(pool.ref, **said)
    assert error.value.code == "books-differ"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE licensing_quotapool SET used = used - 5")
    with pytest.raises(Forbidden):
        pools.thaw(pool.ref, **said | {"by": world.ministry.policy_approver})
    with pytest.raises(DomainError, match="Something happened"):
        pools.thaw(pool.ref, **said | {"seen": 0})
    pools.thaw(pool.ref, **said)
    with pytest.raises(WrongState):
        pools.thaw(pool.ref, **said)
    assert tasks.reconcile_ledger() == 0
    world.shipment(license, **magnets(1))


def test_a_pool_that_is_missing_is_told(world, caplog):
    opened(world)
    with connection.cursor() as cursor:
        unguarded(cursor, "DELETE FROM licensing_poolmovement", "DELETE FROM licensing_quotapool")
    assert tasks.reconcile_ledger() == 1
    (told,) = (said for said in caplog.records if said.message == "pool drift")
    assert "Q-EU-DY as approved is not in the books" in told.drift[0]


def test_a_use_that_is_not_its_shipment_s_is_found(world, license):
    """Taken out of the end of the chain with its balance."""
    opened(world)
    world.shipment(license, **magnets(1_000))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM licensing_poolmovement WHERE kind = 'use'")
        cursor.execute(
            "UPDATE licensing_quotapool p SET used = 0, chain_seq = m.seq, chain_digest = m.digest"
            " FROM licensing_poolmovement m WHERE m.pool_id = p.id"
        )
    assert books.drift() == []  # it may have been reserved before the pool was there
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shipments_shipment SET created_at = created_at + interval '61 seconds'")
    assert books.check_pools(whole=True) == []
    assert [drift.what for drift in books.drift()] == [f"shipment {license.shipments.get().pk} pool Q-EU-DY"]


# Pages


def test_what_goods_contain_goes_from_the_application_to_the_license(world, client):
    """Typed in percent, kept as fractions, and shown wherever the goods are."""
    ref = world.application()
    client.force_login(world.exporter.user)
    page = f"/applications/{ref}/edit/"
    form = client.get(page).context["form"]
    (line,) = client.get(page).context["lines"].forms[:1]
    asked = {name: value for name, value in form.initial.items() if value not in (None, False)}
    asked |= {"version": Application.objects.get(ref=ref).version, "lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 1}
    asked |= {f"lines-0-{name}": value for name, value in line.initial.items() if name != "composition" and value}
    wrong = client.post(page, asked | {"lines-0-composition": "Dy 35, Fe 70"})
    assert wrong.status_code == 422
    assert "“Dy 35, Fe 70” is no element" in unescape(wrong.content.decode())
    assert client.post(page, asked | {"lines-0-composition": "Dy 3.5, Tb 0.5 %"}).status_code == 302
    row = Application.objects.get(ref=ref)
    assert row.lines.get().composition == {"Dy": "0.035", "Tb": "0.005"}
    assert "Dy 3.5 %, Tb 0.5 %" in client.get(page).content.decode()
    signed = [user.declaration for user in row.end_users.all()]
    license = demo.issued(world.exporter, ref, world.ministry, signed)
    assert license.lines.get().composition == {"Dy": "0.035", "Tb": "0.005"}
    assert "Dy 3.5 %, Tb 0.5 %" in client.get(f"/licenses/{license.ref}/").content.decode()


def test_the_shipment_form_asks_what_a_pool_counts(world, license, client):
    client.force_login(world.exporter.user)
    page = f"/shipments/new/?license={license.ref}"
    assert "contents_1" not in client.get(page).context["form"].fields
    opened(world, destinations=["FR"])
    assert "contents_1" not in client.get(page).context["form"].fields
    opened(world, "Q-DE", destinations=["DE"])
    form = world.body(license) | {"quantity_1": "1000", "key": client.get(page).context["form"]["key"].value()}
    form = {name: value for name, value in form.items() if name != "lines"}
    refused = client.post("/shipments/new/", form)
    assert refused.status_code == 422
    assert "Q-DE counts Dy" in str(refused.context["form"].errors["contents_1"])
    assert client.post("/shipments/new/", form | {"contents_1": "Dy 3.2"}).status_code == 302
    assert used("Q-DE") == (32, 0)


@pytest.fixture
def desk(client, world):
    """A session of an officer of the policy desk."""

    def of(role):
        client.force_login(getattr(world.ministry, role).user)
        return client

    return of


def test_a_pool_is_opened_and_cut_by_page(world, license, desk):
    """By two people, with what they read; what stands in the way stands at its field."""
    year = legal_today().year
    asked = {
        "ref": "Q-EU-DY",
        "measure": "content",
        "element": "Dy",
        "destinations": ["DE", "FR"],
        "period_from": f"{year}-01-01",
        "period_until": f"{year}-12-31",
        "cap": "300",
        "from_day": legal_today().isoformat(),
        "reason": "For the year.",
    }
    officer = desk("policy_officer")
    wrong = officer.post("/desk/quotas/new/", asked | {"ref": "dy", "element": ""})
    assert (wrong.status_code, sorted(wrong.context["form"].errors)) == (422, ["ref"])
    wrong = officer.post("/desk/quotas/new/", asked | {"element": ""})
    assert list(wrong.context["form"].errors) == ["element", "category"]
    sent = officer.post("/desk/quotas/new/", asked)
    (change,) = PoolChange.objects.all()
    assert sent.url == f"/desk/quotas/changes/{change.pk}/"
    assert list(officer.get(sent.url).context["forms"]) == []
    approver = desk("policy_approver")
    assert "Q-EU-DY" in approver.get("/desk/quotas/").content.decode()
    approver.post(f"{sent.url}approve/", {"seen": version(change)})
    world.shipment(license, **magnets(9_000))
    page = unescape(desk("auditor").get("/desk/quotas/").content.decode())
    assert re.findall(r">\s*(\d[\d,.]*\s*kg)", page.replace("\u202f", " ").replace("\xa0", " "))[:3] == [
        "300 kg",
        "288 kg",
        "12 kg",
    ]
    officer = desk("policy_officer")
    pool = QuotaPool.objects.get()
    cut = {
        "cap": "200",
        "state": "open",
        "from_day": legal_today().isoformat(),
        "reason": "Less.",
        "seen": version(pool),
    }
    assert officer.post("/desk/quotas/Q-EU-DY/change/", cut | {"from_day": "2020-01-01"}).status_code == 422
    assert officer.post("/desk/quotas/Q-EU-DY/change/", cut).status_code == 302
    second = PoolChange.objects.latest("pk")
    approver = desk("policy_approver")
    assert "That is less than is used." in approver.get(f"/desk/quotas/changes/{second.pk}/").content.decode()
    approver.post(f"/desk/quotas/changes/{second.pk}/approve/", {"seen": version(second)})
    (standing,) = standings(QuotaPool.objects.all(), legal_today())
    assert (standing.cap, standing.free) == (200 * KG, -88 * KG)
    page = unescape(approver.get("/desk/quotas/Q-EU-DY/").content.decode())
    assert "The year" not in page
    assert "Less." in page


def test_the_board_says_when_a_pool_runs_out(world, license, clock):
    opened(world, cap=300, period_until=legal_today() + timedelta(days=300))
    clock.shift(days=9)
    world.shipment(license, **magnets(1_000))  # 32 kg in ten days, of 300
    today = legal_today()
    (one,) = standings(QuotaPool.objects.all(), today)
    assert one.runs_out == today + timedelta(days=268 * 10 // 32)
    clock.shift(days=250)
    (one,) = standings(QuotaPool.objects.all(), legal_today())
    assert one.runs_out is None  # nothing was used lately


def test_everybody_reads_of_a_public_pool_whether_something_is_left_and_no_figure(world, license, client, desk):
    """Open, nearly used up from 80 % on, used up; of one that is not public, nothing."""
    for ref, kilograms, scope in (
        ("Q-OPEN", 40.01, {"destinations": ["DE"]}),
        ("Q-NEAR", 40, {"measure": "gross", "category": "magnet"}),
        ("Q-GONE", 0.032, {"element": "Tb"}),
        ("Q-SECRET", 1, {"measure": "gross", "category": "oxide"}),
    ):
        opened(world, ref, kilograms, public=ref != "Q-SECRET", **scope)
    world.shipment(license, **magnets(32, dy="1", tb="0.001"))
    page = client.get("/rules/quotas/")
    assert [(one.pool.ref, one.says) for one, _scope in page.context["rows"]] == [
        ("Q-GONE", "used_up"),
        ("Q-NEAR", "critical"),
        ("Q-OPEN", "open"),
    ]
    text = page.content.decode()
    assert "Q-SECRET" not in text
    assert " kg" not in text.split("<main")[1]
    shown = re.findall(r'<span class="tag (\w+)">([^<]+)</span>', text)
    assert shown == [("no", "Used up"), ("wait", "Nearly used up"), ("ok", "Open")]
    inside = desk("auditor").get("/desk/quotas/").content.decode()
    assert {("no", "Used up"), ("wait", "Nearly used up")} <= set(re.findall(r'"tag (\w+)">([^<]+)</span>', inside))
    changed(world, QuotaPool.objects.get(ref="Q-OPEN"), 50, "blocked")
    assert "Q-OPEN" not in client.get("/rules/quotas/").content.decode()  # the change did not say that it is public


def test_a_use_that_no_shipment_has_is_found(world, license):
    opened(world)
    shipment = world.shipment(license, **magnets(1_000))
    shipment.lines.update(contents={})
    assert [(drift.what, drift.off) for drift in books.drift()] == [(f"shipment {shipment.pk} pool Q-EU-DY", 32 * KG)]


def test_what_is_asked_and_what_everybody_reads_ends_with_the_period(world, license, clock):
    last = legal_today() + timedelta(days=1)
    opened(world, period_until=last)
    for seconds, lasts in ((-1, True), (0, False)):
        clock.set(day_end(last) + timedelta(seconds=seconds))
        assert selectors.elements_to_state(license) == ({1: ["Dy"]} if lasts else {})
        assert selectors.public_pools(legal_today()).exists() == lasts


def test_a_closed_pool_says_so_to_everybody(world):
    pool = opened(world, public=True)
    for state in ("open", "blocked", "suspended"):
        changed(world, pool, 1, state)
        (one,) = selectors.standings(QuotaPool.objects.all(), legal_today())
        assert one.says == state
        assert one.says.look == ("ok" if state == "open" else "no")  # on which nothing new may be reserved
    with translation.override("zh-hans"):
        assert [str(word) for word in PoolState.labels] == ["开放", "已封停", "已暂停"]
