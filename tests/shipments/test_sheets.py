"""Many shipments from a file in a page: read and judged as REST does, booked once and as it was shown."""

import csv
import io
import json
import os
import random
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from core import sizes
from core.access import clock as the_clock
from core.errors import DomainError, Invalid, NotFound
from core.idempotency import Answer
from core.legal_time import legal_now, legal_today
from core.models import Idempotency
from licensing import books
from licensing.models import License
from licensing.models.balances import Ceiling, ClearanceCount, LicenseLine, Movement
from shipments import tasks
from shipments.actions import LineRequest, bulk, cancel, sheets
from shipments.actions.foreseeing import foresee
from shipments.models import Bulk, BulkRow, Sheet, Shipment
from shipments.refusals import GUARDS
from shipments.web.bulk import _pairs
from tests import make
from tests.api.test_bulk import COLUMNS as ALL
from tests.make import unique
from tests.shipments.test_bulk import left_behind, plain

COLUMNS = ALL.split(",")[1:]  # but the key
MANY = "/api/v1/shipments/bulk/"


class Desk:
    """A browser of somebody of the company."""

    def __init__(self, world, by=None):
        self.world, self.by = world, by or world.exporter
        self.client = Client()
        self.client.force_login(self.by.user)

    def row(self, license, quantity="1.000", /, **changes):
        body = self.world.body(license, quantity)
        return body | body.pop("lines")[0] | changes

    def text(self, *rows, columns=COLUMNS):
        text = io.StringIO(newline="")
        lines = csv.writer(text)
        lines.writerow(columns)
        lines.writerows([[row.get(name, "") for name in columns] for row in rows])
        return text.getvalue()

    def hand_in(self, content, name="po.csv"):
        content = content if isinstance(content, bytes) else content.encode()
        return self.client.post(reverse("sheet.new"), {"file": SimpleUploadedFile(name, content)})

    def shown(self, *rows, **more):
        """The sheet of these rows, and its page."""
        answer = self.hand_in(self.text(*rows, **more))
        assert answer.status_code == 302, text_of(answer)
        return Sheet.objects.get(ref=answer.url.split("/")[-2]), self.client.get(answer.url)

    def confirm(self, sheet, mode="partial", seen=None):
        return self.client.post(reverse("sheet", args=[sheet.ref]), {"seen": seen or sheet.digest, "mode": mode})

    def booked(self, *rows, mode="partial"):
        sheet, _page = self.shown(*rows)
        answer = self.confirm(sheet, mode)
        assert answer.status_code == 302, text_of(answer)
        sheet.refresh_from_db()
        return sheet.bulk


@pytest.fixture
def desk(world):
    return Desk(world)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(sizes, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(bulk, "STEP", 3)


def text_of(answer):
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(plain.replace("&quot;", '"').replace("&#x27;", "'").split())


def file_of(answer):
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    raw = answer.content.decode()
    assert raw.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(raw[1:], newline="")))


def counted():
    return Shipment.objects.count(), Movement.objects.count(), Idempotency.objects.count()


def codes_of(sheet):
    return {int(number): json.loads(body)["code"] for number, (_status, body) in sheet.found["refused"].items()}


# --- what is shown ---------------------------------------------------------------------------------------


def test_a_preview_writes_nothing_and_says_what_is_left(desk, license):
    before = counted()
    sheet, page = desk.shown(desk.row(license, "60.000"), desk.row(license, "60.000"), desk.row(license, "30.000"))
    assert counted() == before
    assert LicenseLine.objects.get(license=license).reserved == 0
    assert codes_of(sheet) == {2: "line-exhausted"}
    said = text_of(page)
    assert "2 rows can be booked. One has a problem." in said
    assert "quantity At most 40 kg." in said
    assert "Left now 100 kg Asked 90 kg Left after 10 kg" in said
    [line] = page.context["table"].rows
    assert (line.line, line.cells["quantity"]) == (3, "60.000")


def test_rows_are_shown_one_kind_of_problem_at_a_time_with_its_fix(desk, license):
    rows = [
        desk.row(license),
        desk.row(license, "1", unit="unit"),
        desk.row(license, "1", unit="unit"),
        desk.row(license, quantity="=1+1"),
    ]
    sheet, page = desk.shown(*rows)
    assert [(one.slug, one.count) for one in page.context["table"].kinds] == [
        ("line-mismatch", 2),
        ("formula", 1),
        ("waiting", 1),
    ]
    assert [one.line for one in page.context["table"].rows] == [3, 4]
    assert "unit The license counts this line in kg." in text_of(page)
    page = desk.client.get(reverse("sheet", args=[sheet.ref]) + "?kind=formula")
    assert [one.line for one in page.context["table"].rows] == [5]
    assert "What mends it: Put the formula's value into the cell." in text_of(page)
    page = desk.client.get(reverse("sheet", args=[sheet.ref]) + "?kind=nothing")
    assert page.context["table"].kind.slug == "line-mismatch"


HEADER = ",".join(COLUMNS)
WHOLE = {
    "a wrong header": (HEADER.replace("quantity", "Menge"), "Line 1 lacks the column quantity."),
    "an unknown column": (HEADER + ",Menge", "Line 1 has a column Menge, which is not known."),
    "semicolons": (
        HEADER.replace(",", ";") + "\n1;2",
        "parted by semicolons or tabs. Save the sheet parted by commas.",
    ),
    "UTF-16": (HEADER.encode("utf-16"), "The sheet is UTF-16. Save it as CSV UTF-8."),
    "GBK": (HEADER.encode() + b"\n" + "中".encode("gbk"), "The sheet is not UTF-8: see line 2. Save it as CSV UTF-8."),
    "a cell too many": (HEADER + "\n" + "," * 10, "Line 2 has 11 cells, and the first line 10."),
    "no rows": (HEADER, "From 1 to 10,000 rows."),
    "10,001 rows": (HEADER + ("\n" + "," * 9) * 10_001, "From 1 to 10,000 rows."),
    "nothing": ("", "The file is empty."),
    "blanks": ("   ", "The body is empty."),
    "8 MiB": (" " * (8 << 20) + "x", "larger than 8 MiB"),
    "a virus": (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*", "virus scanner"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_can_not_be_read_is_refused_with_line_and_fix(name, desk):
    content, says = WHOLE[name]
    before = counted()
    answer = desk.hand_in(content)
    assert (answer.status_code in (400, 413, 422), Sheet.objects.count(), counted()) == (True, 0, before)
    assert says in text_of(answer)


def test_what_several_columns_need_is_said_once(desk):
    page = desk.hand_in(HEADER.replace("quantity", "Menge").replace("unit", "Einheit"))
    told = list(page.context["form"].errors["file"])
    assert [one.split(" the column ")[0] for one in told[:2]] == ["Line 1 lacks"] * 2
    assert (len(told), told[-1][:20]) == (5, "Save it as CSV UTF-8")


def test_a_file_of_another_kind_is_refused(desk):
    answer = desk.hand_in(HEADER, name="po.xlsx")
    assert (answer.status_code, Sheet.objects.count()) == (422, 0)
    assert "ends in .csv" in text_of(answer)
    assert desk.client.post(reverse("sheet.new"), {}).status_code == 422


def test_a_repeated_line_and_a_repeated_key_are_named_with_both_lines(desk, license):
    columns = ["idempotency_key", *COLUMNS]
    rows = [desk.row(license, idempotency_key=unique("k-")) for _ in range(3)]
    same = desk.hand_in(desk.text(rows[0], rows[1], rows[0]))
    assert (same.status_code, Sheet.objects.count()) == (422, 0)
    assert "Line 4 has the client_reference of line 2. Send each shipment once" in text_of(same)
    assert "idempotency_key of" not in text_of(same)
    rows[2]["idempotency_key"] = rows[1]["idempotency_key"]
    keys = desk.hand_in(desk.text(*rows, columns=columns))
    assert (keys.status_code, Sheet.objects.count()) == (422, 0)
    assert "Line 4 has the idempotency_key of line 3. Send each shipment once" in text_of(keys)


ROWS = {
    "a unit of another kind": (
        {"quantity": "1", "unit": "unit"},
        "line-mismatch",
        "unit The license counts this line in kg.",
    ),
    "an unknown unit": ({"unit": "KG"}, "unknown-unit", "unit Use one of: kg, g"),
    "a formula": ({"quantity": "=A1*2"}, "formula", "quantity The cell begins as a formula does."),
    "a reference that is one": ({"client_reference": "@x"}, "formula", "client_reference The cell begins as"),
    "a sign": ({"quantity": "+5"}, "not-plain-decimal", "quantity Write a plain decimal"),
    "less than nothing": ({"quantity": "-5"}, "must-be-positive", "quantity The quantity must be more than zero."),
    "a comma": ({"quantity": "1,5"}, "use-a-point", "quantity Use a point"),
    "nothing": ({"quantity": ""}, "required", "quantity"),
    "a day": ({"planned_on": "28/11/2026"}, "not-iso-date", "planned_on"),
    "yesterday": ({"planned_on": "2020-01-01"}, "date-out-of-range", "planned_on"),
    "a port": ({"port": "CNNGB"}, "port-not-authorized", "port This port is not on the license."),
    "a party": ({"end_user": "PTY-00000000"}, "invalid-reference", "end_user"),
    "a line": ({"license_line": "7"}, "line-mismatch", "license_line The license has no such line."),
    "a character that hides": ({"client_reference": "a\u202eb"}, "forbidden-character", "client_reference"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_that_is_wrong_is_named_by_line_column_and_fix(name, desk, license):
    changes, code, says = ROWS[name]
    License.objects.filter(pk=license.pk).update(ports=["CNSHA"])
    sheet, page = desk.shown(desk.row(license), desk.row(license, **changes))
    assert codes_of(sheet) == {2: code}
    [line] = page.context["table"].rows
    assert (line.line, line.kind) == (3, code)
    assert says in text_of(page)
    assert page.context["table"].kind.fix
    [row] = [one for one in file_of(desk.client.get(reverse("sheet.file.csv", args=[sheet.ref]))) if one["problems"]]
    assert row["problems"] == line.sentence


def test_a_license_of_another_company_is_not_there(desk, world):
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    foreign = other.license(kilograms=10)
    sheet, page = desk.shown(desk.row(foreign))
    assert codes_of(sheet) == {1: "not-found"}
    assert "Book it" not in text_of(page)
    with pytest.raises(DomainError, match="nothing was booked"):
        confirmed(desk, sheet, [bulk.Row(refused=Answer(404, "", "{}"))])


def confirmed(desk, sheet, rows, **more):
    options = {"read": sheet.digest, "shown": sheet.digest, "atomic": False, "language": "en", "instance": ""} | more
    return sheets.confirm(sheet.ref, rows, **options, by=desk.by)


def test_a_reference_that_was_used_is_named_with_its_shipment(desk, license):
    row = desk.row(license)
    desk.booked(row)
    made = Shipment.objects.get()
    _sheet, page = desk.shown(row | {"quantity": "2.000"})
    assert f"client_reference This client reference belongs to {made.ref} already" in text_of(page)


def test_a_reference_that_was_used_is_asked_nothing_else(desk, license):
    """As when it is booked: what else would be wrong is not said."""
    row = desk.row(license)
    desk.booked(row)
    sheet, _page = desk.shown(desk.row(license), row | {"quantity": "500.000"})
    [error] = json.loads(sheet.found["refused"]["2"][1])["errors"]
    assert error["code"] == "client-reference-used"


def test_words_are_the_readers_whoever_handed_it_in(desk, license):
    sheet, _page = desk.shown(desk.row(license, "200.000"))
    chinese = desk.client.get(reverse("sheet", args=[sheet.ref]), headers={"accept-language": "zh-Hans"})
    [line] = chinese.context["table"].rows
    assert any("\u4e00" <= letter <= "\u9fff" for letter in line.sentence)
    assert chinese.context["form"].initial["seen"] == sheet.digest
    Sheet.objects.update(digest="0" * 64)  # something else is found now: what was shown is shown
    [line] = desk.client.get(chinese.request["PATH_INFO"], headers={"accept-language": "zh-Hans"}).context["table"].rows
    assert line.sentence == "quantity: At most 100 kg."


# --- what is booked --------------------------------------------------------------------------------------


def test_what_is_booked_is_what_rest_books_of_the_same_file(desk, license):
    """Status and body of each row, under the same keys."""
    columns = ["idempotency_key", *COLUMNS]
    rows = [desk.row(license, kg, idempotency_key=unique("k-")) for kg in ("60.000", "60.000", "0", "40.000")]
    rows.append(desk.row(license, idempotency_key=unique("k-"), end_user=make.unknown("PTY")))
    text = desk.text(*rows, columns=columns)
    auth = {"HTTP_AUTHORIZATION": f"Bearer {make.key(desk.world.exporter, *make.EXPORTER_SCOPES)}"}
    point = transaction.savepoint()
    answer = desk.client.post(f"{MANY}?mode=partial", text, "text/csv", HTTP_IDEMPOTENCY_KEY="whole", **auth)
    told = [(one["line"], one["status"], plain(one["body"])) for one in answer.json()["outcomes"]]
    left = left_behind()
    transaction.savepoint_rollback(point)
    sheet, _page = desk.shown(*rows, columns=columns)
    assert desk.confirm(sheet).status_code == 302
    booked = [(one.line, one.status, plain(json.loads(one.body))) for one in BulkRow.objects.all()]
    assert booked == told
    assert [status for _line, status, _body in booked] == [201, 409, 422, 201, 422]
    assert {**left_behind(), "keys": ()} == {**left, "keys": ()}  # a key of what was refused before stays free
    assert books.drift() == []


def test_the_good_rows_alone(desk, license):
    rows = [desk.row(license, "60.000"), desk.row(license, "60.000"), desk.row(license, "30.000")]
    made = desk.booked(*rows)
    assert [one.quantity for ship in Shipment.objects.order_by("pk") for one in ship.lines.all()] == [60_000, 30_000]
    assert LicenseLine.objects.get(license=license).reserved == 90_000
    page = desk.client.get(reverse("bulk", args=[made.ref]))
    assert (page.context["stage"], page.context["booked"], page.context["changed"]) == ("done", 2, 0)
    assert "Booked 2 Refused 1 Not booked 0" in text_of(page)
    good = desk.client.get(reverse("bulk", args=[made.ref]) + "?kind=good")
    for shipment in Shipment.objects.all():
        assert reverse("shipment", args=[shipment.ref]) in good.content.decode()
    told = file_of(desk.client.get(reverse("bulk.file.csv", args=[made.ref])))
    assert [one["client_reference"] for one in told] == [one["client_reference"] for one in rows]
    assert told[1]["outcome"] == "Refused. quantity: At most 40 kg."
    assert {one["outcome"] for one in told} - {told[1]["outcome"]} == {s.ref for s in Shipment.objects.all()}


def test_all_or_none_is_offered_where_no_row_is_refused(desk, license):
    sheet, page = desk.shown(desk.row(license, "60.000"), desk.row(license, "60.000"))
    assert [value for value, _label in page.context["form"].fields["mode"].choices] == ["partial"]
    assert desk.confirm(sheet, "atomic").status_code == 422
    assert counted()[0] == 0
    rows = [bulk.Row("k", "0" * 64, desk.world.request(license, 1_000)), bulk.Row(refused=Answer(422, "", "{}"))]
    with pytest.raises(DomainError, match="nothing was booked"):
        confirmed(desk, sheet, rows, atomic=True)
    sheet, page = desk.shown(desk.row(license, "60.000"), desk.row(license, "30.000"))
    assert [value for value, _label in page.context["form"].fields["mode"].choices] == ["atomic", "partial"]
    assert desk.confirm(sheet, "atomic").status_code == 302
    assert Shipment.objects.count() == 2


def test_all_or_none_books_none_when_something_changed_meanwhile(desk, license):
    sheet, _page = desk.shown(desk.row(license, "60.000"), desk.row(license, "40.000"))
    desk.world.shipment(license, 1_000)
    before = counted()
    answer = desk.confirm(sheet, "atomic")
    assert (answer.status_code, counted(), Bulk.objects.count()) == (409, before, 0)
    said = text_of(answer)
    assert "Nothing was booked: since the file was shown, rows of it are refused (lines 3)." in said
    assert "quantity At most 39 kg." in said
    sheet.refresh_from_db()
    assert (sheet.bulk, codes_of(sheet)) == (None, {2: "line-exhausted"})
    assert desk.confirm(sheet, "partial").status_code == 302
    assert Shipment.objects.count() == 2


def test_what_can_not_be_booked_any_more_is_told(desk, license):
    sheet, _page = desk.shown(desk.row(license, "60.000"), desk.row(license, "40.000"), desk.row(license, "0"))
    desk.world.shipment(license, 1_000)
    assert desk.confirm(sheet).status_code == 302
    page = desk.client.get(reverse("bulk", args=[Bulk.objects.get().ref]))
    assert (page.context["booked"], page.context["refused"], page.context["changed"]) == (1, 2, 1)
    assert "One row was good when it was shown and was refused when it was booked:" in text_of(page)


def test_what_was_not_shown_as_good_is_not_booked(desk, license):
    """Though there is room for it by now."""
    held = desk.world.shipment(license, 50_000)
    sheet, _page = desk.shown(desk.row(license, "50.000"), desk.row(license, "10.000"))
    cancel(held.ref, by=desk.by)
    made = desk.confirm(sheet)
    assert made.status_code == 302
    assert list(BulkRow.objects.values_list("status", flat=True)) == [201, 409]


def test_a_page_that_shows_something_else_books_nothing(desk, license):
    rows = desk.row(license, "60.000"), desk.row(license, "40.000")
    sheet, _page = desk.shown(*rows)
    desk.world.shipment(license, 1_000)
    desk.shown(*rows)  # a colleague hands it in again
    answer = desk.confirm(sheet, "partial", seen=sheet.digest)
    assert (answer.status_code, Bulk.objects.count()) == (412, 0)
    assert "What the file comes to has changed since it was shown to you." in text_of(answer)
    seen = Sheet.objects.get().digest
    assert seen != sheet.digest
    with pytest.raises(DomainError, match="has changed"):
        confirmed(desk, sheet, [], shown=seen)
    assert desk.confirm(sheet, seen=seen).status_code == 302


def test_two_clicks_book_once_and_lead_to_the_same_page(desk, license):
    sheet, _page = desk.shown(desk.row(license), desk.row(license))
    first, second = desk.confirm(sheet), desk.confirm(sheet)
    assert (first.status_code, second.status_code, first.url) == (302, 302, second.url)
    assert (Bulk.objects.count(), Shipment.objects.count()) == (1, 2)
    assert confirmed(desk, sheet, []) == Bulk.objects.get()
    assert desk.client.get(reverse("sheet", args=[sheet.ref])).url == first.url


def test_a_file_that_was_booked_is_refused_with_when_who_and_where(desk, license):
    row = desk.row(license)
    made = desk.booked(row)
    colleague = Desk(desk.world, make.colleague(desk.by, "clerk"))
    answer = colleague.hand_in(desk.text(row), name="other.csv")
    assert (answer.status_code, Sheet.objects.count(), Bulk.objects.count()) == (409, 1, 1)
    assert f"on {legal_today().isoformat()}, by {desk.by.user}, as {made.ref}." in text_of(answer)
    assert reverse("bulk", args=[made.ref]) in answer.content.decode()
    other = Desk(make.World(desk.world.ministry, desk.world.customs, make.exporter(desk.world.ministry)))
    assert other.hand_in(desk.text(row)).status_code == 302  # theirs says nothing of ours


def test_a_row_without_a_key_has_one_of_the_file_and_its_reference(desk, license):
    columns = ["idempotency_key", *COLUMNS]
    rows = [desk.row(license, "60.000"), desk.row(license, "60.000", idempotency_key="mine")]
    sheet, _page = desk.shown(*rows, columns=columns)
    desk.confirm(sheet)
    keys = list(BulkRow.objects.values_list("key", flat=True))
    assert keys[1] == "mine"
    assert re.fullmatch("file-[0-9a-f]{64}", keys[0])
    another, _page = desk.shown(rows[1] | {"quantity": "2.000"})  # mended, in another file
    assert codes_of(another) == {}
    desk.confirm(another)
    assert Shipment.objects.count() == 2
    assert BulkRow.objects.values("key").distinct().count() == 3


def capped(license):
    """By its value, by what its end-user may take, and by clearances."""
    line = license.lines.get()
    LicenseLine.objects.filter(pk=line.pk).update(capped=True)
    user = license.end_users.first()
    balance = {"line": line, "reserved": 0, "drawn": 0}
    Ceiling.objects.create(account="value", currency="CNY", authorized=500_000, **balance)
    Ceiling.objects.create(account="allotment", end_user=user, authorized=50_000, **balance)
    License.objects.filter(pk=license.pk).update(max_clearances=3)
    ClearanceCount.objects.create(license=license, taken=1)
    return license


@pytest.mark.slow
def test_what_is_shown_is_what_would_be_booked(world, license):
    """Row by row, whatever is used up first: quantity, value, an end-user's share, clearances, a tolerance."""
    draw = random.Random(int(os.environ.get("BULK_SEED", "1")))
    tolerant, last = world.license(kilograms=100), world.license(kilograms=100)
    LicenseLine.objects.filter(license=tolerant).update(tolerance=5_000)
    LicenseLine.objects.filter(license=last).update(tolerance=5_000, final_pct=500)
    licenses, met = [license, tolerant, last, *[capped(world.license(kilograms=100))] * 3], set()
    for _ in range(int(os.environ.get("BULK_BATCHES", "40"))):
        rows = []
        for _ in range(draw.randint(1, 10)):
            chosen, money = draw.choice(licenses), Decimal(draw.choice([100, 1_000, 2_500]))
            kilograms = draw.choice([1, 7, 20, 45, 104]) * 1_000
            line = LineRequest(
                draw.choice([1] * 9 + [2]), kilograms, draw.choice(["kg"] * 9 + ["unit"]), value=money, currency="CNY"
            )
            changes = {"final": draw.random() < 0.2, "destination": draw.choice(["DE"] * 9 + ["FR"])}
            asked = replace(world.request(chosen, kilograms), lines=[line], **changes)
            rows.append(bulk.Row(unique("row-"), "0" * 64, asked))
        found = foresee(rows, instance="", by=world.exporter)
        point = transaction.savepoint()
        told = bulk.reserve_many(rows, atomic=False, instance="", by=world.exporter)
        left = {(one.license.ref, one.number): one.available for one in LicenseLine.objects.select_related("license")}
        transaction.savepoint_rollback(point)
        booked = {number: json.loads(one.body) for number, one in enumerate(told, 1) if one.status >= 400}
        assert {number: json.loads(one.body) for number, one in found.refused.items()} == booked
        assert all(left[one["license"], one["line"]] == one["after"] for one in found.totals)
        met |= {error["code"] for body in booked.values() for error in body["errors"]}
    assert met == {
        "line-exhausted",
        "value-exhausted",
        "end-user-exhausted",
        "clearances-exhausted",
        "destination-not-authorized",
        "line-mismatch",
    }


def test_every_guard_has_its_place_in_the_order(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT (regexp_matches(prosrc, $$'code', '([a-z-]+)'$$, 'g'))[1] FROM pg_proc"
            " WHERE proname IN ('ledger_take', 'pool_failures', 'shipment_reports_owed', 'shipment_used')"
        )
        assert {code for (code,) in cursor.fetchall()} == {code for codes in GUARDS for code in codes}


def test_the_rules_are_asked_where_no_verdict_knows_the_newest(desk, license, monkeypatch):
    make.edition(lambda rules, document: rules["R033"].update({"match": {"destination.country": ["DE"]}}))
    asked, judged = [], bulk.judged_of
    monkeypatch.setattr(bulk, "judged_of", lambda stated: asked.append(stated["license"]) or judged(stated))
    sheet, _page = desk.shown(*[desk.row(license) for _ in range(5)])
    assert (asked, set(codes_of(sheet).values())) == ([license.ref], {"policy-prohibits"})
    monkeypatch.setattr(bulk, "judged_of", lambda stated: {"edition": 0})
    assert desk.hand_in(desk.text(desk.row(license))).status_code == 503


def test_what_was_refused_is_judged_anew_in_another_file(desk, license):
    """A key that is made of a reference alone would have the first refusal for ever."""
    rows = [desk.row(license, "60.000"), desk.row(license, "40.000")]
    sheet, _page = desk.shown(*rows)
    held = desk.world.shipment(license, 1_000)
    assert desk.confirm(sheet).status_code == 302
    assert list(BulkRow.objects.values_list("status", flat=True)) == [201, 409]
    cancel(held.ref, by=desk.by)
    made = desk.booked(rows[1])
    assert [one.status for one in made.rows.all()] == [201]


# --- the job ---------------------------------------------------------------------------------------------


def test_more_rows_than_a_chunk_become_a_job_with_its_page(desk, license, small):
    sheet, page = desk.shown(*[desk.row(license) for _ in range(7)], desk.row(license, "0"))
    assert "atomic" not in dict(page.context["form"].fields["mode"].choices)
    answer = desk.confirm(sheet)
    page = desk.client.get(answer.url)
    assert (page.context["stage"], page.context["done"], page.context["rows"]) == ("running", 1, 8)
    assert 'hx-trigger="every 2s"' in page.content.decode()
    assert "Cancel the rest" in text_of(page)
    assert (counted()[0], tasks.work_bulks(), counted()[0]) == (0, 3, 7)
    page = desk.client.get(answer.url)
    assert (page.context["stage"], page.context["booked"]) == ("done", 7)
    assert "hx-trigger" not in page.content.decode()
    assert desk.hand_in(bytes(Sheet.objects.get().content)).status_code == 409


def test_a_job_is_cancelled_from_its_page(desk, license, small):
    made = desk.booked(*[desk.row(license) for _ in range(7)])
    bulk.work(made.pk, by=the_clock())
    viewer = Desk(desk.world, make.colleague(desk.by, "viewer"))
    assert "Cancel the rest" not in text_of(viewer.client.get(reverse("bulk", args=[made.ref])))
    assert viewer.client.post(reverse("bulk.cancel", args=[made.ref])).status_code == 403
    answer = desk.client.post(reverse("bulk.cancel", args=[made.ref]), follow=True)
    assert (answer.context["stage"], answer.context["booked"], answer.context["left"]) == ("cancelled", 3, 4)
    assert "Booked 3 Refused 0 Not booked 4" in text_of(answer)
    assert tasks.work_bulks() == 0
    told = file_of(desk.client.get(reverse("bulk.file.csv", args=[made.ref])))
    assert [one["outcome"] for one in told][3:] == ["Not booked"] * 4


def test_a_job_that_was_stopped_says_why(desk, license, small):
    made = desk.booked(*[desk.row(license) for _ in range(7)])
    Bulk.objects.update(stopped_at=legal_now(), stopped_because=Bulk.Cause.REVOKED)
    page = text_of(desk.client.get(reverse("bulk", args=[made.ref])))
    assert "The key or the membership that ordered it may not book any more. What is booked stays so." in page


def test_all_or_none_is_for_a_thousand_rows(desk, license, small):
    sheet, _page = desk.shown(*[desk.row(license) for _ in range(4)])
    assert desk.confirm(sheet, "atomic").status_code == 422
    rows = [bulk.Row(unique("k"), "0" * 64, desk.world.request(license, 1_000)) for _ in range(4)]
    with pytest.raises(Invalid) as refused:
        confirmed(desk, sheet, rows, atomic=True)
    assert refused.value.errors[0].code == "max-items"
    assert Bulk.objects.count() == 0


def test_the_page_of_a_job_that_came_by_rest(desk, license, small):
    asked = desk.world.request(license, 1_500)
    job = bulk.order([bulk.Row("k", "0" * 64, asked)], language="en", instance="", by=desk.by)
    tasks.work_bulks()
    page = desk.client.get(reverse("bulk", args=[job.ref]))
    [line] = page.context["table"].rows
    assert line.cells == {
        "license": license.ref,
        "client_reference": asked.client_reference,
        "license_line": "1",
        "quantity": "1.500",
        "unit": "kg",
    }
    [told] = file_of(desk.client.get(reverse("bulk.file.csv", args=[job.ref])))
    assert told == {**line.cells, "line": "1", "outcome": Shipment.objects.get().ref}


# --- files that are handed out ---------------------------------------------------------------------------


def test_no_cell_comes_back_as_a_formula_and_a_mended_file_is_read_again(desk, license):
    rows = [desk.row(license, "=1+1"), desk.row(license, "-5"), desk.row(license, client_reference="+A1")]
    rows += [desk.row(license, port="@SUM(A1)"), desk.row(license)]
    sheet, _page = desk.shown(*rows)
    told = file_of(desk.client.get(reverse("sheet.file.csv", args=[sheet.ref])))
    assert [told[0]["quantity"], told[1]["quantity"], told[2]["client_reference"], told[3]["port"]] == [
        "'=1+1",
        "-5",
        "'+A1",
        "'@SUM(A1)",
    ]
    assert [bool(one["problems"]) for one in told] == [True, True, False, True, False]
    mended = [one | {"quantity": "1.000", "port": "CNSHA"} for one in told]
    again, _page = desk.shown(*mended, columns=[*COLUMNS, "problems"])
    assert codes_of(again) == {}
    back = file_of(desk.client.get(reverse("sheet.file.csv", args=[again.ref])))
    assert list(back[0]) == [*COLUMNS, "problems"]
    assert {one["problems"] for one in back} == {""}


def test_the_template_gives_each_end_user_his_own_goods_at_home(desk, world):
    license = world.apart()
    rows = file_of(template(desk, license))
    users = license.end_users.order_by("pk")
    assert [(row["license_line"], row["end_user"], row["destination"]) for row in rows] == [
        ("1", users[0].party.ref, "DE"),
        ("2", users[1].party.ref, "JP"),
    ]
    pairs = _pairs(list(license.lines.order_by("number")), list(users.reverse()))
    assert {(line.number, user.destination) for line, user in pairs} == {(1, "DE"), (2, "JP")}


def template(desk, license=None):
    answer = desk.client.get(reverse("sheet.template.csv") + (f"?license={license.ref}" if license else ""))
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return answer


def test_the_template_is_good_when_its_quantities_are_filled_in(desk, world):
    users = [world.declaration(), world.declaration()]
    from config.local import demo

    goods = [("1C905.a.4", "Magnets", 100), ("1C905.a.4", "More", 50), ("1C905.a.4", "And more", 50)]
    ref = demo.application(world.exporter, "annual", goods, users, unique("K-"))
    license = demo.issued(world.exporter, ref, world.ministry, users)
    License.objects.filter(pk=license.pk).update(ports=["CNSHA", "CNNGB"])
    rows = file_of(template(desk, license))
    assert {one["license"] for one in rows} == {license.ref}
    assert [one["license_line"] for one in rows] == ["1", "2", "3"]
    assert {one["end_user"] for one in rows} == {one.party.ref for one in license.end_users.all()}
    assert {one["consignee"] for one in rows} == {one.ref for one in license.consignees.all()}
    assert {one["port"] for one in rows} == {"CNSHA", "CNNGB"}
    assert {one["unit"] for one in rows} == {"kg"}
    sheet, _page = desk.shown(*rows, columns=list(rows[0]))
    assert codes_of(sheet) == {1: "required", 2: "required", 3: "required"}
    text = template(desk, license).content.decode()
    filled = io.StringIO(newline="")
    lines = csv.DictWriter(filled, list(rows[0]))
    lines.writeheader()
    lines.writerows([one | {"quantity": "1.000"} for one in rows])
    answer = desk.hand_in(("\ufeff" + filled.getvalue()).encode())
    sheet = Sheet.objects.get(ref=answer.url.split("/")[-2])
    assert (text[0], codes_of(sheet)) == ("\ufeff", {})
    assert desk.confirm(sheet, "atomic").status_code == 302
    assert Shipment.objects.count() == 3


def test_the_template_without_a_license_is_its_columns(desk, world):
    assert template(desk).content.decode() == "\ufeff" + ",".join(COLUMNS) + "\r\n"
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    foreign = other.license(kilograms=10)
    for route in ("sheet.template.csv", "sheet.new"):
        assert desk.client.get(reverse(route) + f"?license={foreign.ref}").status_code == 404


def test_the_template_has_the_columns_that_its_license_asks(desk, license, world):
    from licensing.policy.vocabulary import OF_THE_REST

    License.objects.filter(pk=license.pk).update(tolerance_mode=OF_THE_REST)
    make.pool(world.ministry)
    make.unsaid(license)
    [row] = file_of(template(desk, license))
    assert list(row) == [*COLUMNS, "composition", "final"]


def test_links_stand_where_shipments_are_recorded(desk, license):
    page = desk.client.get(reverse("license", args=[license.ref]))
    assert f"{reverse('sheet.new')}?license={license.ref}" in page.content.decode()
    assert reverse("sheet.new") in desk.client.get(reverse("shipments")).content.decode()
    page = desk.client.get(reverse("sheet.new") + f"?license={license.ref}")
    assert f"{reverse('sheet.template.csv')}?license={license.ref}" in page.content.decode()


@pytest.mark.parametrize(
    ("facts", "offered"),
    [({"max_clearances": 2}, True), ({"max_clearances": 1}, False), ({"usable_from": 1}, False)],
    ids=["two", "one", "early"],
)
def test_no_file_is_offered_for_one_shipment_alone_or_before_the_first_day(desk, license, facts, offered):
    days = {name: legal_today() + timedelta(days=said) for name, said in facts.items() if name == "usable_from"}
    License.objects.filter(pk=license.pk).update(**facts | days)
    page = desk.client.get(reverse("license", args=[license.ref])).content.decode()
    assert (reverse("sheet.new") in page) == offered
    filled = f"{reverse('sheet.template.csv')}?license={license.ref}"
    for path in (reverse("sheet.new"), f"{reverse('sheet.new')}?license={license.ref}"):
        assert (filled in desk.client.get(path).content.decode()) == offered, path


# --- whose they are, and for how long --------------------------------------------------------------------


def test_another_companys_files_and_jobs_are_not_there(desk, license):
    sheet, _page = desk.shown(desk.row(license))
    made = desk.booked(desk.row(license))
    other = Desk(make.World(desk.world.ministry, desk.world.customs, make.exporter(desk.world.ministry)))
    addresses = [("sheet", sheet), ("sheet.file.csv", sheet), ("bulk", made), ("bulk.file.csv", made)]
    for route, row in addresses:
        assert other.client.get(reverse(route, args=[row.ref])).status_code == 404
    assert other.confirm(sheet).status_code == 404
    assert other.client.post(reverse("bulk.cancel", args=[made.ref])).status_code == 404
    with pytest.raises(NotFound):
        confirmed(other, sheet, [])
    sheet.refresh_from_db()
    assert (sheet.bulk, Bulk.objects.count()) == (None, 1)


def test_whoever_only_reads_books_nothing(desk, license):
    sheet, _page = desk.shown(desk.row(license))
    made = desk.booked(desk.row(license))
    viewer = Desk(desk.world, make.colleague(desk.by, "viewer"))
    assert viewer.client.get(reverse("bulk", args=[made.ref])).status_code == 200
    assert viewer.client.get(reverse("sheet.new")).status_code == 403
    assert viewer.hand_in(desk.text(desk.row(license))).status_code == 403
    assert viewer.confirm(sheet).status_code == 403
    assert "from a file" not in text_of(viewer.client.get(reverse("shipments")))
    officer = Desk(desk.world, desk.world.ministry.decider)
    assert officer.client.get(reverse("bulk", args=[made.ref])).status_code == 404
    assert officer.client.get(reverse("sheet.new")).status_code == 403


def test_a_file_that_nobody_books_is_gone_after_a_day(desk, license, clock):
    desk.booked(desk.row(license))
    waits, _page = desk.shown(desk.row(license))
    clock.shift(hours=23)
    assert tasks.end_sheets() == 0
    clock.shift(hours=25)
    assert tasks.end_sheets() == 1
    assert not Sheet.objects.filter(pk=waits.pk).exists()
    clock.shift(days=89, hours=1)
    assert tasks.end_sheets() == 0
    clock.shift(days=90, hours=1)
    assert (tasks.end_sheets(), tasks.end_sheets()) == (1, 0)
    sheet = Sheet.objects.get()
    assert bytes(sheet.content) == b""
    page = desk.client.get(reverse("bulk", args=[sheet.bulk.ref]))
    assert (page.status_code, page.context["booked"]) == (200, 1)
    [told] = file_of(desk.client.get(reverse("bulk.file.csv", args=[sheet.bulk.ref])))
    assert (told["line"], told["outcome"]) == ("2", Shipment.objects.get().ref)


def test_only_so_many_files_of_a_company_wait(desk, license, monkeypatch):
    monkeypatch.setattr(sheets, "MOST", 2)
    other = Desk(make.World(desk.world.ministry, desk.world.customs, make.exporter(desk.world.ministry)))
    theirs, _page = other.shown(desk.row(license))
    desk.booked(desk.row(license))
    made = [desk.shown(desk.row(license))[0] for _ in range(4)]
    assert set(Sheet.objects.filter(bulk=None)) == {theirs, *made[2:]}
    assert Sheet.objects.count() == 4


def test_pages_take_the_same_queries_for_one_row_and_three(desk, license, django_assert_num_queries):
    counts = set()
    for number in (1, 3):
        sheet, _page = desk.shown(*[desk.row(license) for _ in range(number)])
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as asked:
            desk.client.get(reverse("sheet", args=[sheet.ref]))
        desk.confirm(sheet)
        with CaptureQueriesContext(connection) as told:
            desk.client.get(reverse("bulk", args=[Bulk.objects.latest("pk").ref]))
        counts.add((len(asked), len(told)))
    assert len(counts) == 1
