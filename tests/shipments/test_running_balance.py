"""A license's page says how its balance came about, movement by movement, and what was left after each."""

import re
from html import unescape

import pytest

from licensing.selectors import latest_movements
from shipments.web.pages import MOST_MOVEMENTS

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
