"""What goods are sold for: a price for one unit, exact; what a line and a contract are worth follows from it."""

from decimal import Decimal
from html import unescape

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from config.local import demo
from core.errors import Invalid
from core.history import version
from core.legal_time import legal_now
from core.quantities import UNITS
from core.web.fields import AmountField
from exporters.models import Party
from licensing import prices
from licensing.actions import amendments, applications, copies
from licensing.models import Application, ApplicationLine, ControlItem, Declaration
from licensing.web.changes import copied
from licensing.web.forms import ApplicationForm, LineForm, RecommendForm
from tests import make
from tests.make import seen

KG = 1000
NOBODY = {"declarations": Declaration.objects.none(), "parties": Party.objects.none()}


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


def text(response):
    return " ".join(unescape(response.content.decode()).split())


def row_of(world, **said):
    return Application.objects.get(ref=world.application(kind="per_shipment", kilograms=100, **said))


def typed(**said):
    items = {"1c905.a.4": ControlItem(code="1C905.a.4", unit="kg")}
    form = LineForm({"code": "1C905.a.4", "description": "Magnets", "quantity": "2.5"} | said, items=items)
    form.is_valid()
    return form


@pytest.mark.parametrize(
    ("quantity", "unit", "price", "value"),
    [
        (2_500, "kg", "58.25", "145.63"),  # 145.625
        (1, "kg", "4.9999", "0.00"),
        (1, "kg", "5", "0.01"),
        (3, "unit", "0.3350", "1.01"),  # 1.005
        (3, "g", "0.3349", "1.00"),
        (999_999_999_999, "kg", "999999.9999", "999999999899000.00"),
        (999_999_999_999, "kg", "999995.5", "999995499999000.00"),  # rounded once: that was …000.0045
    ],
)
def test_a_line_is_worth_its_quantity_times_its_price_rounded_half_up(world, quantity, unit, price, value):
    assert prices.worth(quantity, unit, Decimal(price)) == Decimal(value)
    lines = ApplicationLine.objects.filter(application=row_of(world))
    lines.update(quantity=quantity, unit=unit, unit_price=price)
    assert lines.get().value == Decimal(value)


def test_postgresql_and_pages_count_in_the_same_units(world):
    lines = ApplicationLine.objects.filter(application=row_of(world))
    for unit, (factor, _places) in UNITS.items():
        lines.update(quantity=7 * factor, unit=unit, unit_price="1.5")
        assert lines.get().value == Decimal("10.50") == prices.worth(7 * factor, unit, Decimal("1.5"))


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("1,234.5", "1234.5"),
        ("1 234.5", "1234.5"),
        ("１２．５", "12.5"),
        ("58.1255", "58.1255"),
        ("1000000000000", "1e12"),
    ],
)
def test_a_price_is_read_as_people_write_it(said, read):
    assert typed(unit_price=said).line().unit_price == Decimal(read)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("0", "The amount must be more than zero."),
        ("0.0000", "The amount must be more than zero."),
        ("-5", "Write an amount such as 100,000.00."),
        ("1e3", "Write an amount such as 100,000.00."),
        ("1.00001", "At most 4 decimal places."),
        ("1000000000001", "At most 1,000,000,000,000."),
        ("1,5", "Do you mean 1.5 or 1,500?"),
        ("1.234,5", "Write an amount such as 100,000.00."),
        ("12\x005", "Null characters are not allowed."),
    ],
)
def test_what_is_no_price_is_refused_at_its_field(said, sentence):
    errors = typed(unit_price=said).errors
    assert list(errors) == ["unit_price"] and sentence in errors["unit_price"][0]


def test_a_line_that_were_worth_too_much_is_refused_at_its_price():
    errors = typed(quantity="1001", unit_price="1000000000000").errors
    assert errors == {
        "unit_price": ["Together the line would be worth 1,001,000,000,000,000.00: at most 1,000,000,000,000,000."]
    }
    assert typed(quantity="1000", unit_price="1000000000000").errors == {}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("0", "The amount must be more than zero."),
        ("-1", "Write an amount such as 100,000.00."),
        ("1.001", "At most 2 decimal places."),
        ("1000000000000001", "At most 1,000,000,000,000,000."),
        ("x", "Write an amount such as 100,000.00."),
    ],
)
def test_what_is_no_value_of_a_contract_is_refused_at_its_field(world, said, sentence):
    form = ApplicationForm({"kind": "annual", "version": 1, "contract_value": said}, **NOBODY)
    assert form.errors["contract_value"] == [sentence]


def test_no_amount_has_more_digits_than_are_kept_of_it():
    assert AmountField().clean("999999999999999") == Decimal(10**15 - 1)
    with pytest.raises(ValidationError, match="At most 999,999,999,999,999."):
        AmountField().clean("1000000000000000")


def test_a_currency_is_one_of_the_list(world):
    for said, wrong in (("EUR", False), ("", False), ("EURO", True), ("XXX", True)):
        form = ApplicationForm({"kind": "annual", "version": 1, "currency": said}, **NOBODY)
        assert ("currency" in form.errors) == wrong


def missing(row):
    found = applications.what_is_missing(Application.objects.get(pk=row.pk), at=legal_now())
    return [(one.pointer, one.code) for one in found]


@pytest.mark.parametrize("kind", ["per_shipment", "annual"])
def test_no_case_is_sent_without_prices_and_their_currency(world, browser, kind):
    row = Application.objects.get(ref=world.application(kind=kind))
    assert missing(row) == []
    row.lines.update(unit_price=None)
    Application.objects.filter(pk=row.pk).update(currency="")
    assert missing(row) == [("/currency", "required"), ("/lines/0/unit_price", "required")]
    page = text(browser.get(f"/applications/{row.ref}/"))
    assert f'href="/applications/{row.ref}/edit/#id_lines-0-unit_price"' in page
    assert "Line 1: say the unit price." in page and "Say in which currency the prices are." in page
    with pytest.raises(Invalid):
        applications.submit(row.ref, seen=version(row), by=world.exporter)


def test_the_form_keeps_and_shows_what_was_typed(world, browser):
    row = row_of(world)
    page = f"/applications/{row.ref}/edit/"
    form, lines = (browser.get(page).context[name] for name in ("form", "lines"))
    assert lines[0]["unit_price"].value() == "412.50" and lines[0].worth() == Decimal("41250.00")
    answers = {name: value for name, value in form.initial.items() if value} | {
        "version": row.version,
        "currency": "EUR",
        "contract_value": "40,000.00",
        "payment_terms": "30 % in advance",
        "lines-TOTAL_FORMS": 1,
        "lines-INITIAL_FORMS": 1,
    }
    answers |= {
        f"lines-0-{name}": lines[0][name].value() for name in ("code", "description", "quantity", "composition")
    }
    answers |= {"lines-0-unit_price": "1,000.1255"}
    assert browser.post(page, answers).status_code == 302
    row.refresh_from_db()
    line = row.lines.get()
    assert (row.currency, row.contract_value, row.payment_terms) == ("EUR", Decimal("40000.00"), "30 % in advance")
    assert (line.unit_price, line.value, line.currency) == (Decimal("1000.1255"), Decimal("100012.55"), "EUR")
    assert "100,012.55 EUR" in text(browser.get(page))
    for path in (f"/applications/{row.ref}/", f"/applications/{row.ref}/submit/"):
        told = text(browser.get(path))
        assert "1,000.1255" in told and "100,012.55 EUR" in told and "40,000.00 EUR" in told
        assert "The lines together are worth 100,012.55 EUR." in told and "Payment: 30 % in advance" in told
    answers |= {"version": row.version, "contract_value": "100012.55"}
    assert browser.post(page, answers).status_code == 302
    assert "The lines together are worth" not in text(browser.get(f"/applications/{row.ref}/"))


def test_its_officers_see_what_it_is_worth(world, client):
    row = row_of(world, currency="USD", contract_value=Decimal("40000.00"))
    world.under_review(row.ref)
    client.force_login(world.ministry.reviewer.user)
    page = text(client.get(f"/desk/cases/{row.ref}/"))
    assert "412.50 / kg" in page and "41,250.00 USD" in page and "40,000.00 USD" in page
    assert "The lines together are worth 41,250.00 USD." in page
    assert "Asked: 41,250.00 USD." in page and "Line 1: value at most, USD" in page


def test_a_value_is_capped_in_the_currency_that_was_asked(world):
    row = row_of(world, currency="USD")
    world.under_review(row.ref)
    form = RecommendForm(row=row)
    assert form.fields["value_1"].label == "Line 1: value at most, USD"


@pytest.mark.parametrize("verb", [copies.copy_license, amendments.amend])
def test_what_begins_with_a_license_has_its_prices(world, verb):
    license = world.license()
    said = {"currency": "EUR", "contract_value": Decimal("9.00"), "payment_terms": "In advance"}
    Application.objects.filter(pk=license.application_id).update(**said)
    more = {"seen": seen(license.ref)} if verb is amendments.amend else {}
    row = verb(license.ref, **more, by=world.exporter)
    assert (row.currency, row.contract_value, row.payment_terms) == ("EUR", Decimal("9.00"), "In advance")
    assert row.lines.get().unit_price == demo.PRICE


def test_a_change_has_its_prices_in_the_currency_of_a_cap_whatever_they_are(world):
    """Prices bind nobody: less than what is used of the value is refused to who grants it alone."""
    license = world.license(kilograms=100, values={1: Decimal(5_000)})
    used = {"value": Decimal("1000.00"), "currency": "CNY"}
    world.shipment(license, lines=[make.shipments.LineRequest(1, 30 * KG, "kg", **used)])
    row = make.asking(amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter))
    assert missing(row) == []
    row.lines.update(unit_price="0.01")
    assert missing(row) == []
    Application.objects.filter(pk=row.pk).update(currency="EUR")
    assert missing(row) == [("/currency", "out-of-range")]


def test_what_a_contract_of_one_shipment_says_is_not_copied(world):
    case = row_of(world, contract_value=Decimal("9.00"), payment_terms="In advance")
    applications.submit(case.ref, seen=version(case), by=world.exporter)
    row = copies.copy_case(case.ref, by=world.exporter)
    assert (row.currency, row.contract_value, row.payment_terms) == ("CNY", None, "")
    row.lines.update(unit_price="400")
    found = [(str(one.label), one.before, one.now) for one in copied(row, row.created_at.date()).changes]
    assert ("Line 1: unit price", "412.50/kg", "400.00/kg") in found
    assert ("Contract value", "9.00", "") in found and ("Payment terms", "In advance", "") in found


@pytest.mark.parametrize("price", ["0", "-1", "1000000000000.0001"])
def test_postgresql_refuses_what_is_no_price(world, price):
    lines = row_of(world).lines
    with pytest.raises(IntegrityError, match="application_line_unit_price"), transaction.atomic():
        lines.update(unit_price=price)


def test_postgresql_refuses_a_line_that_is_worth_too_much(world):
    lines = row_of(world).lines
    with pytest.raises(IntegrityError, match="application_line_value"), transaction.atomic():
        lines.update(quantity=1_001 * KG, unit_price=10**12)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"currency": "EU"}, "application_currency_known"),
        ({"contract_value": 0}, "application_contract_value"),
        ({"contract_value": 10**15 + 1}, "application_contract_value"),
    ],
)
def test_postgresql_refuses_what_no_contract_says(world, said, name):
    case = Application.objects.filter(pk=row_of(world).pk)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        case.update(**said)


@pytest.mark.parametrize(
    ("price", "words"), [("58.2500", "58.25"), ("58.1255", "58.1255"), ("1250", "1,250.00"), ("0.5000", "0.50")]
)
def test_a_price_is_written_with_two_decimals_at_least(price, words):
    assert prices.in_words(Decimal(price)) == words and prices.in_words(None) == ""
