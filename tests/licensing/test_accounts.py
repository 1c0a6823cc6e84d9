"""What bounds a line besides its quantity: tolerance, value, allotments; each with its worked numbers."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from core.deliveries import relay
from core.errors import DomainError, Invalid
from core.legal_time import legal_today
from core.models import HistoryLine, Mail
from licensing import books, tasks
from licensing.actions import decisions
from licensing.granted import Tolerance
from licensing.models import Application, ExchangeRate, License
from licensing.models.balances import Ceiling, LicenseLine, Movement
from licensing.selectors import movements_of
from licensing.web.forms.decisions import RecommendForm
from shipments.actions import LineRequest, cancel, check
from shipments.models import Shipment
from tests import make
from tests.make import seen, tolerance, unique
from tests.ticks import tick

KG = 1000
PAYS = "530120260000000001"


def line(grams, amount=None, currency="CNY", number=1):
    value = {} if amount is None else {"value": Decimal(amount), "currency": currency}
    return [LineRequest(number, grams, "kg", **value)]


def left(license, **of):
    one = Ceiling.objects.get(line__license=license, **of)
    return one.available, one.reserved, one.drawn


def refused(world, license, grams=KG, **changes):
    """The code and what is left of the first error."""
    with pytest.raises(DomainError) as error:
        world.shipment(license, grams, **changes)
    first = error.value.errors[0]
    return first.code, first.pointer, first.extra.get("remaining")


def posted(license, account):
    rows = Movement.objects.filter(license_id=license.pk, account=account).order_by("seq")
    return list(rows.values_list("kind", "quantity", "held", "available_after"))


# Tolerance: DOMAIN 5, Q3 to Q5


@pytest.fixture
def last_of(world):
    """20,000 kg with 5 % on what remains at the end; 8,000 and 7,000 are cleared."""
    license = world.license(kilograms=20_000, tolerance=tolerance("pct_remaining_final", "5"))
    for number, kilograms in enumerate((8_000, 7_000)):
        world.clear(world.shipment(license, kilograms * KG).ref, kilograms * KG, declaration_no=f"{int(PAYS) + number}")
    return license


def test_q3_the_last_shipment_takes_five_percent_of_what_remains(world, last_of):
    assert refused(world, last_of, 5_250_001, final=True) == ("line-exhausted", "/lines/0/quantity", "5250.000")
    assert refused(world, last_of, 5_000_001) == ("line-exhausted", "/lines/0/quantity", "5000.000")
    shipment = world.shipment(last_of, 5_250 * KG, final=True)
    assert books.drift() == []
    world.clear(shipment.ref, 5_250 * KG)
    last_of.refresh_from_db()
    assert (last_of.state, LicenseLine.objects.get().drawn) == ("exhausted", 20_250 * KG)
    assert books.drift() == []


def test_it_is_given_only_where_nothing_else_is_open(world, last_of):
    other = world.shipment(last_of, KG)
    assert refused(world, last_of, 4_999_001, final=True)[2] == "4999.000"
    cancel(other.ref, by=world.exporter)
    assert check(world.request(last_of, 5_250 * KG, final=True), by=world.exporter).accepted


def test_it_goes_with_the_shipment_that_it_was_given_for(world, last_of):
    shipment = world.shipment(last_of, 5_250 * KG, final=True)
    cancel(shipment.ref, by=world.exporter)
    line = LicenseLine.objects.get()
    assert (line.tolerance, line.available) == (0, 5_000 * KG)
    assert refused(world, last_of, 5_000_001)[2] == "5000.000"
    assert books.drift() == []


def test_it_is_given_anew_of_what_remains_then_and_never_twice(world):
    license = world.license(kilograms=100, tolerance=tolerance("pct_remaining_final", "10"))
    for number in range(3):
        shipment = world.shipment(license, KG, final=True)
        world.clear(shipment.ref, KG, final=False, declaration_no=f"{int(PAYS) + number}")
        assert LicenseLine.objects.get().tolerance == 0
    assert refused(world, license, 106_701, final=True)[2] == "106.700"  # 97 and a tenth of that
    assert books.drift() == []


def test_another_takes_nothing_of_the_last_ones_tolerance(world):
    """Neither by a reservation, nor when customs clears more, nor by being cancelled."""
    license = world.license(kilograms=100, tolerance=tolerance("pct_remaining_final", "10"))
    last = world.shipment(license, 50 * KG, final=True)
    assert refused(world, license, 50_001, final=True)[2] == "50.000"
    other = world.shipment(license, 10 * KG, final=True)
    cancel(other.ref, by=world.exporter)
    assert LicenseLine.objects.get().tolerance == 10 * KG
    other = world.shipment(license, 50 * KG)
    receipt = world.clear(other.ref, 51 * KG, declaration_no=PAYS)
    assert receipt.lines[0][1]["over_cleared"] == KG
    assert world.clear(last.ref, 61 * KG).lines[0][1]["over_cleared"] == KG
    assert LicenseLine.objects.get().drawn == 110 * KG
    assert books.drift() == []


def test_what_was_restored_from_elsewhere_is_read_too(world):
    license = world.license(kilograms=1)
    with connection.cursor() as owner:
        owner.execute("ALTER TABLE licensing_movement DISABLE TRIGGER USER")
        owner.execute("UPDATE licensing_movement SET transaction = 1000000000000")
        owner.execute("ALTER TABLE licensing_movement ENABLE TRIGGER USER")
    assert [row.kind for row in movements_of(license)] == ["authorize"]


def test_q4_a_tolerance_on_the_line_is_room_of_every_shipment(world):
    license = world.license(kilograms=20_000, tolerance=tolerance("pct_line", "5"))
    assert refused(world, license, 21_000_001)[2] == "21000.000"
    world.shipment(license, 21_000 * KG)


def test_q5_without_one_nothing_is_taken_beyond(world):
    license = world.license(kilograms=20_000)
    assert refused(world, license, 20_000_001, final=True)[2] == "20000.000"


# Value: Q12


def test_q12_a_value_cap_is_exact_to_the_cent(world):
    license = world.license(values={1: Decimal("2400000.00")})
    shipment = world.shipment(license, lines=line(KG, "2399000.00"))
    world.clear(shipment.ref, KG)
    assert left(license, account="value") == (1_000_00, 0, 2_399_000_00)
    assert refused(world, license, lines=line(KG, "1000.01")) == ("value-exhausted", "/lines/0/value/amount", "1000.00")
    world.shipment(license, lines=line(KG, "1000.00"))
    assert books.drift() == []


def test_of_a_value_as_much_is_drawn_as_of_the_quantity_has_crossed(world):
    license = world.license(values={1: Decimal("1000.00")})
    shipment = world.shipment(license, lines=line(3 * KG, "100.00"))
    world.clear(shipment.ref, KG, final=False, declaration_no=PAYS)
    assert left(license, account="value") == (900_00, 66_67, 33_33)
    world.clear(shipment.ref, KG, final=True, declaration_no=PAYS)
    assert left(license, account="value") == (933_33, 0, 66_67)
    row = shipment.lines.get()
    assert (row.worth, row.worth_held, row.worth_drawn) == (100_00, 0, 66_67)
    assert posted(license, "value") == [
        ("authorize", 1000_00, False, 1000_00),
        ("reserve", 100_00, True, 900_00),
        ("draw", 33_33, True, 900_00),
        ("draw", 33_34, True, 900_00),
        ("release", 33_33, True, 933_33),
    ]
    assert books.drift() == []


def test_what_crosses_beyond_its_reservation_is_drawn_of_the_value_too_and_never_refused(world):
    license = world.license(values={1: Decimal("100.00")})
    shipment = world.shipment(license, lines=line(KG, "100.00"))
    world.clear(shipment.ref, 2 * KG)
    assert left(license, account="value") == (-100_00, 0, 200_00)
    assert refused(world, license, lines=line(KG, "0.01"))[2] == "0.00"
    assert books.drift() == []


def test_a_cancelled_shipment_gives_its_value_back(world):
    license = world.license(values={1: Decimal("100.00")})
    shipment = world.shipment(license, lines=line(KG, "100.00"))
    cancel(shipment.ref, by=world.exporter)
    assert left(license, account="value") == (100_00, 0, 0)
    assert books.drift() == []


def test_a_capped_value_is_stated(world):
    license = world.license(values={1: Decimal("100.00")})
    for currency in ("", "CNY"):
        with pytest.raises(Invalid) as error:
            world.shipment(license, lines=[LineRequest(1, KG, "kg", currency=currency)])
        assert [(one.pointer, one.code) for one in error.value.errors] == [("/lines/0/value", "required")]


def test_another_currency_counts_at_the_rate_of_the_month_which_is_kept(world):
    license = world.license(values={1: Decimal("1000.00")})
    stated = {"lines": line(KG, "100.00", "EUR")}
    month = legal_today().replace(day=1)
    with pytest.raises(Invalid) as error:
        world.shipment(license, **stated)
    assert [(one.pointer, one.code) for one in error.value.errors] == [("/lines/0/value/currency", "no-rate")]
    ExchangeRate.objects.create(month=month, currency="EUR", cny=Decimal("8.12345678"))
    world.shipment(license, **stated)
    assert left(license, account="value") == (187_65, 812_35, 0)
    assert Movement.objects.get(account="value", kind="reserve").rate == Decimal("8.12345678")
    assert refused(world, license, **stated)[::2] == ("value-exhausted", "187.65")
    assert books.drift() == []


def test_a_rate_is_of_another_month_or_none(world):
    license = world.license(values={1: Decimal("1000.00")})
    before = (legal_today().replace(day=1) - timedelta(days=1)).replace(day=1)
    ExchangeRate.objects.create(month=before, currency="EUR", cny=Decimal(8))
    with pytest.raises(Invalid):
        world.shipment(license, lines=line(KG, "1.00", "EUR"))


@pytest.mark.parametrize(
    "row",
    [
        {"month": date(2026, 12, 2), "currency": "EUR", "cny": 8},
        {"month": date(2026, 12, 1), "currency": "EUR", "cny": 0},
        {"month": date(2026, 12, 1), "currency": "CNY", "cny": 1},
    ],
)
def test_a_rate_is_above_nothing_for_a_whole_month_and_never_of_the_currency_itself(row, db):
    with pytest.raises(IntegrityError), transaction.atomic():
        ExchangeRate.objects.create(**row)


# Allotments


def test_an_end_user_takes_what_was_allotted_to_it_and_another_the_rest(world):
    license = world.license(kilograms=100, users=2, allotted=[60 * KG])
    mine, other = (user.party.ref for user in license.end_users.order_by("pk"))
    shipment = world.shipment(license, 60 * KG, end_user=mine)
    assert refused(world, license, 1, end_user=mine) == ("end-user-exhausted", "/lines/0/quantity", "0.000")
    world.shipment(license, 40 * KG, end_user=other)
    world.clear(shipment.ref, 59 * KG)
    of_mine = {"end_user": license.end_users.order_by("pk")[0]}
    assert left(license, **of_mine) == (1 * KG, 0, 59 * KG)
    assert posted(license, "allotment") == [
        ("authorize", 60 * KG, False, 60 * KG),
        ("reserve", 60 * KG, True, 0),
        ("draw", 59 * KG, True, 0),
        ("release", 1 * KG, True, 1 * KG),
    ]
    assert books.drift() == []


def test_what_crossed_beyond_an_allotment_is_booked_and_nothing_more_is_taken(world):
    license = world.license(kilograms=100, users=2, allotted=[10 * KG])
    mine = license.end_users.order_by("pk")[0]
    shipment = world.shipment(license, 10 * KG)
    world.clear(shipment.ref, 12 * KG)
    assert left(license, end_user=mine) == (-2 * KG, 0, 12 * KG)
    assert refused(world, license, 1)[::2] == ("end-user-exhausted", "0.000")
    assert books.drift() == []


def test_every_ceiling_that_has_no_room_is_named_and_none_is_touched(world):
    license = world.license(kilograms=100, users=2, allotted=[60 * KG], values={1: Decimal("10.00")})
    with pytest.raises(DomainError) as error:
        world.shipment(license, lines=line(101 * KG, "10.01"))
    codes = [one.code for one in error.value.errors]
    assert codes == ["line-exhausted", "value-exhausted", "end-user-exhausted"]
    assert set(Movement.objects.values_list("kind", flat=True)) == {"authorize"}
    assert books.drift() == []


def test_a_ceiling_never_has_more_reserved_than_it_has_room_for(world):
    license = world.license(values={1: Decimal("10.00")})
    with connection.cursor() as owner:
        with pytest.raises(IntegrityError, match="no room"), transaction.atomic():
            owner.execute("UPDATE licensing_ceiling SET reserved = 1001")
        owner.execute("UPDATE licensing_ceiling SET reserved = 1000")
    assert left(license, account="value")[1] == 1000


# What may be granted


@pytest.fixture
def case(world):
    users = [world.declaration() for _ in range(2)]
    return world.under_review(world.application(by_whom=users))


def recommend(world, case, **said):
    facts = {"outcome": "approve", "months": 12} | said
    return decisions.recommend(case, seen=seen(case), by=world.ministry.reviewer, acknowledged=tick(case), **facts)


def wrong(world, case, **said):
    with pytest.raises(Invalid) as error:
        recommend(world, case, **said)
    return [(one.pointer, one.code) for one in error.value.errors]


@pytest.mark.parametrize("value", ["0", "-1"])
def test_a_value_cap_is_above_nothing(world, case, value):
    assert wrong(world, case, values={1: Decimal(value)}) == [("/value_1", "out-of-range")]


def test_a_line_that_is_left_out_has_no_value_cap(world, case):
    said = {"quantities_": {1: 0}, "values": {1: Decimal(1)}, "text": "Less"}
    assert ("/lines", "min-items") in wrong(world, case, **said)


def test_an_allotment_is_at_most_its_line_and_of_an_end_user_that_is_kept(world, case):
    first, second = Application.objects.get(ref=case).end_users.order_by("pk")
    granted = {"quantities_": {1: 100 * KG}, "text": "Less"}
    for user, grams, kept in ((first, 100 * KG + 1, 2), (first, 0, 2), (second, KG, 1)):
        said = granted | {"allotments": {(1, user.pk): grams}, "end_users": [first.pk, second.pk][:kept]}
        assert wrong(world, case, **said) == [(f"/allotment_1_{user.pk}", "out-of-range")]
    recommend(world, case, **granted, allotments={(1, first.pk): 100 * KG, (1, second.pk): 1})


def test_an_allotment_is_of_an_item_that_its_end_user_declared(world):
    case = world.under_review(world.asked_apart())
    of, other = Application.objects.get(ref=case).end_users.order_by("pk")
    found = wrong(world, case, allotments={(1, of.pk): KG, (1, other.pk): KG})
    assert found == [(f"/allotment_1_{other.pk}", "item-not-declared")]


def test_an_allotment_is_asked_for_those_alone_who_declared_the_item(world):
    case = Application.objects.get(ref=world.under_review(world.asked_apart()))
    first, second = case.end_users.order_by("pk")
    assert list(RecommendForm(row=case).allotment_names) == [f"allotment_1_{first.pk}", f"allotment_2_{second.pk}"]


def test_a_tolerance_is_at_most_what_the_rules_allow(world, case):
    ours = tolerance("pct_remaining_final", "5")
    wide = type(ours)
    for mode, percent in (
        ("pct_line", "5"),
        ("pct_remaining_final", "5.01"),
        ("none", "1"),
        ("pct_remaining_final", "0"),
    ):
        said = {"tolerance": wide(mode, Decimal(percent))}
        assert wrong(world, case, **said) == [("/tolerance_pct", "out-of-range")]
    recommend(world, case, tolerance=ours)


def test_the_rules_give_none_unless_they_say_so(world, case):
    ours = tolerance("pct_line", "5")
    make.edition(lambda rules, document: rules["R040"]["effect"]["params"].pop("qty_tolerance_mode"), code=unique("T"))
    assert wrong(world, case, tolerance=ours) == [("/tolerance_pct", "out-of-range")]


def test_a_mode_without_a_share_is_no_tolerance(world, case):
    tolerance("pct_line", "0")
    with pytest.raises(Invalid) as refused:
        recommend(world, case, tolerance=Tolerance("pct_line", Decimal(5)))
    assert [one.message for one in refused.value.errors] == ["The rules allow this tolerance at most: None."]


def test_a_tolerance_is_granted_only_where_the_rules_give_it_to_each_end_user(world):
    silent, given = (world.declaration(country=country) for country in ("DE", "FR"))
    case = world.under_review(world.application(by_whom=[silent, given]))

    def to_france_alone(rules, document):
        rule = rules["R040"]
        params = rule["effect"]["params"]
        del params["qty_tolerance_mode"]
        more = params | {"qty_tolerance_mode": "pct_line", "qty_tolerance_pct": "0.05"}
        match = rule["match"] | {"destination.country": ["FR"]}
        document["rules"].append(rule | {"id": "R099", "match": match, "effect": rule["effect"] | {"params": more}})

    make.edition(to_france_alone, code=unique("T"))
    said = {"tolerance": Tolerance("pct_line", Decimal(5)), "text": "Less"}
    assert wrong(world, case, **said) == [("/tolerance_pct", "out-of-range")]
    kept = Application.objects.get(ref=case).end_users.get(party=given.end_user)
    recommend(world, case, **said, end_users=[kept.pk])


def test_what_was_recommended_is_approved_only_while_the_rules_allow_it(world, case):
    recommend(world, case, tolerance=tolerance("pct_line", "5"))
    tolerance("pct_line", "4")
    with pytest.raises(DomainError) as error:
        decisions.approve(case, seen=seen(case), acknowledged=tick(case), by=world.ministry.decider)
    assert error.value.code == "limits-exceeded"
    assert "5 %" in str(error.value)


def test_a_license_has_what_was_recommended(world, case):
    recommend(
        world,
        case,
        values={1: Decimal("12.34")},
        allotments={(1, Application.objects.get(ref=case).end_users.order_by("pk")[1].pk): 7 * KG},
        tolerance=tolerance("pct_remaining_final", "2.5"),
    )
    decisions.approve(case, seen=seen(case), acknowledged=tick(case), by=world.ministry.decider)
    decisions.issue(case, seen=seen(case), acknowledged=tick(case), by=world.ministry.decider)
    license = License.objects.get(application__ref=case)
    assert (license.tolerance_mode, license.tolerance_pct) == ("pct_remaining_final", Decimal("2.50"))
    row = LicenseLine.objects.get(license=license)
    assert (row.final_pct, row.tolerance, row.capped) == (250, 0, True)
    ceilings = Ceiling.objects.order_by("pk").values_list("account", "end_user", "currency", "authorized")
    assert list(ceilings) == [
        ("value", None, "CNY", 12_34),
        ("allotment", license.end_users.order_by("pk")[1].pk, "", 7 * KG),
    ]
    assert books.drift() == []
    assert not Shipment.objects.exists()


# Who is told


def told(license):
    lines = HistoryLine.objects.filter(subject_kind="license", subject_id=license.pk, verb="warn_of_use").order_by(
        "seq"
    )
    return [(row.facts["account"], row.facts["percent"], row.facts["end_user"]) for row in lines]


def test_a_holder_is_told_of_80_95_and_100_percent_once_for_each_account(world):
    license = world.license(kilograms=100, users=2, allotted=[50 * KG], values={1: Decimal("100.00")})
    mine = license.end_users.order_by("pk")[0].party.ref
    other = {"end_user": license.end_users.order_by("pk")[1].party.ref}
    steps = [
        (39_999, "79.99", {}, []),
        (1, "0.01", {}, [("value", 80, ""), ("allotment", 80, mine)]),
        (10 * KG, "15.00", {}, [("value", 95, ""), ("allotment", 100, mine)]),
        (44_999, "5.00", other, [("value", 100, "")]),
        (1, "0.00", other, [("quantity", 95, "")]),
    ]
    known = []
    for grams, amount, whom, new in steps:
        world.shipment(license, lines=line(grams, amount), **whom)
        for _ in range(2):
            tasks.warn_of_uses()
        known += new if grams != 44_999 else [("quantity", 80, ""), *new]
        assert sorted(told(license)) == sorted(known)


def test_the_mail_says_of_what_which_share_is_taken_at_least(world, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    license = world.license(kilograms=100, users=2, allotted=[50 * KG], values={1: Decimal("100.00")})
    world.shipment(license, lines=line(50 * KG, "80.00"))
    world.shipment(license, lines=line(41 * KG, "1.00"), end_user=license.end_users.order_by("pk")[1].party.ref)
    tasks.warn_of_uses()
    relay()
    said = Mail.objects.filter(subject__contains="use of").values_list("subject", flat=True)
    assert set(said) == {
        f"{license.ref}: use of the quantity of line 1 has reached 80 %",
        f"{license.ref}: use of the value of line 1 has reached 80 %",
        f"{license.ref}: use of an end-user's share of line 1 has reached 100 %",
    }


def test_nobody_is_told_of_a_license_that_has_ended(world):
    license = world.license(kind="per_shipment", kilograms=1)
    world.clear(world.shipment(license, KG).ref, KG)
    assert tasks.warn_of_uses() == 0
    assert told(license) == []


# By page


def test_a_capped_value_and_the_last_shipment_are_stated_on_the_page(world, client):
    given = {"values": {1: Decimal("1000.00")}, "tolerance": tolerance("pct_remaining_final", "10")}
    license = world.license(kilograms=100, **given)
    client.force_login(world.exporter.user)
    page = client.get(f"/shipments/new/?license={license.ref}").content.decode()
    assert re.search(r'for="id_value_1">\s*Line 1: value, CNY\s*</label>', page)  # and not "(optional)"
    key = re.search(r'name="key" value="([^"]+)"', page).group(1)
    form = world.body(license) | {"key": key, "quantity_1": "110", "final": "on"}
    form = {name: value for name, value in form.items() if name != "lines"}
    refused = client.post("/shipments/new/", form)
    assert refused.status_code == 422
    [(field, [problem])] = refused.context["form"].errors.items()
    assert field == "value_1"
    assert "state it, best in CNY" in problem
    assert problem in refused.content.decode()
    done = client.post("/shipments/new/", form | {"value_1": "1,000.00"})
    assert done.status_code == 302
    assert left(license, account="value") == (0, 1_000_00, 0)
    assert LicenseLine.objects.get().reserved == 110 * KG


def test_the_page_of_a_license_without_further_ceilings_asks_for_neither(world, client):
    license = world.license(kilograms=100)
    client.force_login(world.exporter.user)
    page = client.get(f"/shipments/new/?license={license.ref}").content.decode()
    assert "value_1" not in page
    assert 'name="final"' not in page
