"""A list as a file: nothing that a spreadsheet executes, both scripts, the rows that the filters leave."""

import csv
import io
from datetime import UTC, date, datetime

import pytest

from config.local import demo
from core import sizes
from core.web.lists import export
from core.web.lists.export import cell
from tests import make

BOM = "\ufeff"


def rows_of(response):
    text = response.content.decode("utf-8")
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))


@pytest.mark.parametrize("start", [*"=+-@\t\r\n\0＝＋－＠", " =", "\u3000＝"])
def test_a_cell_that_begins_like_a_formula_is_text(start):
    assert cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1=1", "1=1"),
        ("兰汀", "兰汀"),
        ("", ""),
        (None, ""),
        (0, "0"),
        ("1200.500", "1200.500"),
        (date(2026, 11, 25), "2026-11-25"),
        (datetime(2026, 11, 24, 16, 0, tzinfo=UTC), "2026-11-25T00:00:00+08:00"),
    ],
)
def test_every_other_cell_is_what_it_is(value, text):
    assert cell(value) == text


@pytest.mark.parametrize("number", ["-5", "-5.000", "-1200.500"])
def test_a_number_below_nothing_stays_one(number):
    assert (cell(number), cell(f"{number}+1"), cell(f" {number}")) == (number, f"'{number}+1", f"' {number}")


def test_the_file_of_parties_holds_hostile_names_as_text(client, lanting):
    for name, local in (('=HYPERLINK("http://x","y")', "＝1"), ('Quote "and", comma', "株式会社"), ("@SUM(1)", "")):
        demo.party(lanting, name, "DE", "Motors")
        lanting.organization.exporter.parties.filter(name=name).update(name_local=local)
    client.force_login(lanting.user)
    response = client.get("/parties.csv")
    head, *lines = rows_of(response)
    names = {line[head.index("Name")]: line[head.index("Name in its own script")] for line in lines}
    assert names == {'\'=HYPERLINK("http://x","y")': "'＝1", 'Quote "and", comma': "株式会社", "'@SUM(1)": ""}
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="parties-')
    assert response.content.endswith(b"\r\n")
    assert response.headers["Cache-Control"] == "no-store"


def test_the_file_holds_the_rows_of_the_filters_in_the_pages_order_and_a_line_for_each_good(client, world, license):
    first, second = world.shipment(license, 1_500), world.shipment(license, 2_000)
    world.shipment(license, 1_000, client_reference="elsewhere")
    client.force_login(world.exporter.user)
    head, *lines = rows_of(client.get("/shipments.csv", {"q": "po-", "sort": "created"}))
    assert [line[head.index("Shipment")] for line in lines] == [first.ref, second.ref]
    quantities = [(line[head.index("Quantity")], line[head.index("Unit")]) for line in lines]
    assert quantities == [("1.500", "kg"), ("2.000", "kg")]


def test_cleared_is_all_that_crossed_also_beyond_what_was_left(client, world):
    shipment = world.shipment(world.license(kilograms=100), 100_000)
    world.clear(shipment.ref, 105_000)
    line = shipment.lines.get()
    assert (line.drawn, line.over_cleared) == (100_000, 5_000)
    client.force_login(world.exporter.user)
    head, row = rows_of(client.get("/shipments.csv"))
    assert row[head.index("Cleared")] == "105.000"


def test_the_file_has_nobody_elses_rows(client, world):
    world.shipment(world.license(kilograms=100), 1_000)
    client.force_login(make.exporter(world.ministry, "Other Co., Ltd.").user)
    assert [len(rows_of(client.get(f"/{name}.csv"))) for name in ("shipments", "licenses", "applications")] == [1, 1, 1]


def test_a_file_is_whole_or_none(client, lanting, monkeypatch):
    for name in ("Auriga", "Nordwind", "Delmora"):
        demo.party(lanting, name, "DE", "Motors")
    client.force_login(lanting.user)
    monkeypatch.setattr(export, "LIST_ROWS", 3)
    assert len(rows_of(client.get("/parties.csv"))) == 4
    monkeypatch.setattr(export, "LIST_ROWS", 2)
    assert client.get("/parties.csv").status_code == 422
    assert len(rows_of(client.get("/parties.csv", {"q": "nordwind"}))) == 2


def test_the_page_says_how_many_rows_a_file_holds(client, lanting):
    demo.party(lanting, "Party", "DE", "Motors")
    client.force_login(lanting.user)
    assert f"at most {sizes.LIST_ROWS:,}" in client.get("/parties/").content.decode()
