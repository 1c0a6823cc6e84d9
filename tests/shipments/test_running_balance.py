"""A license's page says how its balance came about, movement by movement, and what was left after each."""

import csv
import io
import re
from html import unescape

import pytest

from licensing.selectors import latest_movements
from shipments.web import pages
from shipments.web.pages import MOST_MOVEMENTS
from tests import make

KG = 1000


def rows(client, license, path="/licenses/"):
    html = client.get(f"{path}{license.ref}/").content.decode()
    table = re.search(r"How the balance came about.*?</table>", html, re.DOTALL)[0]
    cells = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)]
    return [[" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row[1:]] for row in cells if row]


@pytest.fixture
def moved(world):
    license = world.license(kilograms=1_000)
    shipment = world.shipment(license, 400 * KG)
    world.clear(shipment.ref, 396_500)
    return license, shipment.ref


@pytest.mark.parametrize("who", ["exporter", "officer"])
def test_each_movement_stands_with_what_was_left_after_it(who, client, world, moved):
    license, ref = moved
    client.force_login((world.exporter if who == "exporter" else world.ministry.reviewer).user)
    assert rows(client, license, "/licenses/" if who == "exporter" else "/desk/licenses/") == [
        [f"Released Line 1, {ref}", "3.5 kg", "603.5 kg"],
        [f"Drawn Line 1, {ref}", "396.5 kg", "600 kg"],
        [f"Reserved Line 1, {ref}", "400 kg", "600 kg"],
        ["Authorized Line 1", "1,000 kg", "1,000 kg"],
    ]


def test_what_is_left_after_the_newest_is_what_is_left(world, moved):
    license, _ref = moved
    assert latest_movements(license, 1)[0].available_after == license.lines.get().available


def test_what_a_value_or_a_share_did_is_no_quantity(client, world):
    license = world.license(kilograms=1_000, users=2, allotted=[600 * KG, 400 * KG])
    client.force_login(world.exporter.user)
    assert rows(client, license) == [["Authorized Line 1", "1,000 kg", "1,000 kg"]]


def test_the_newest_are_shown(client, world, license):
    for _ in range(MOST_MOVEMENTS):
        world.shipment(license, KG)
    client.force_login(world.exporter.user)
    found = rows(client, license)
    assert len(found) == MOST_MOVEMENTS
    assert (found[0][2], found[-1][2]) == ("80 kg", "99 kg")


def test_how_many_of_the_newest_are_shown_is_said(client, world, license, monkeypatch):
    for _ in range(3):
        world.shipment(license, KG)
    client.force_login(world.exporter.user)

    def told():
        text = client.get(f"/licenses/{license.ref}/").content.decode()
        return re.findall(r"The (\d+) latest are shown\.", text)

    assert told() == []
    monkeypatch.setattr(pages, "MOST_SHIPMENTS", 3)
    monkeypatch.setattr(pages, "MOST_MOVEMENTS", 2)
    assert sorted(told()) == ["2", "3"]


# --- the file of all of them ------------------------------------------------------------------------------
def file_of(client, license):
    answer = client.get(f"/licenses/{license.ref}/movements.csv")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{license.ref}-movements.csv"'
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("who", ["exporter", "officer"])
def test_a_file_has_each_movement_with_what_was_left_after_it(who, client, world, moved):
    license, ref = moved
    client.force_login((world.exporter if who == "exporter" else world.ministry.reviewer).user)
    head, *lines = file_of(client, license)
    assert head == ["When", "What happened", "Line", "Shipment", "Quantity", "Left after it", "Unit"]
    assert [line[1:] for line in lines] == [
        ["Released", "1", ref, "3.500", "603.500", "kg"],
        ["Drawn", "1", ref, "396.500", "600.000", "kg"],
        ["Reserved", "1", ref, "400.000", "600.000", "kg"],
        ["Authorized", "1", "", "1000.000", "1000.000", "kg"],
    ]


def test_the_file_has_those_too_that_the_page_does_not_show(client, world, license, django_assert_max_num_queries):
    for _ in range(MOST_MOVEMENTS):
        world.shipment(license, KG)
    client.force_login(world.exporter.user)
    assert f'href="/licenses/{license.ref}/movements.csv"' in client.get(f"/licenses/{license.ref}/").content.decode()
    with django_assert_max_num_queries(20):
        assert len(file_of(client, license)) == 1 + MOST_MOVEMENTS + 1


def test_the_file_is_of_those_alone_who_see_the_license(client, world, license):
    client.force_login(make.exporter(world.ministry, "Other Co., Ltd.").user)
    assert client.get(f"/licenses/{license.ref}/movements.csv").status_code == 404


def test_no_cell_of_it_is_a_formula(client, world, license, monkeypatch):
    monkeypatch.setitem(pages.MOVED, "authorize", "=1+1")
    client.force_login(world.exporter.user)
    assert file_of(client, license)[1][1] == "'=1+1"
