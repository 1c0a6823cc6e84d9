"""Many shipments in one call: as the single calls would be, in three forms, all or those that can be."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import OperationalError, ProgrammingError

from core import sizes, upgrades
from core.access import clock as the_clock
from core.actions import change_member, revoke_key
from core.legal_time import legal_now, legal_today
from core.models import ApiKey, Idempotency, Membership, User
from licensing import books
from licensing.models.balances import LicenseLine, Movement
from shipments import tasks
from shipments.actions import bulk as actions
from shipments.api.bulk import RESERVES
from shipments.api.rows import MAY_BE_MISSING
from shipments.models import Bulk, BulkRow, Shipment
from shipments.selectors import bulks_to_work
from tests import make
from tests.core.test_queries import asked
from tests.make import unique
from tests.plans import plan, uncounted

SINGLE, PATH = "/api/v1/shipments/", "/api/v1/shipments/bulk/"
PARTIAL, ATOMIC = f"{PATH}?mode=partial", f"{PATH}?mode=atomic"
COLUMNS = (
    "idempotency_key,license,client_reference,end_user,consignee,destination,port,planned_on,license_line,quantity,unit"
)


class Door:
    def __init__(self, world, client):
        self.client, self.world = client, world
        self.auth = {"HTTP_AUTHORIZATION": f"Bearer {make.key(world.exporter, *make.EXPORTER_SCOPES)}"}

    def get(self, path):
        return self.client.get(path, **self.auth)

    def post(self, path, body=None, key=None, content_type="application/json", **extra):
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = self.auth | {"HTTP_IDEMPOTENCY_KEY": key or unique("k-")} | extra
        return self.client.generic("POST", path, data, content_type, **headers)

    def row(self, license, quantity="1.000", /, **changes):
        return self.world.body(license, quantity) | {"idempotency_key": unique("row-")} | changes

    def sheet(self, *rows, columns=COLUMNS, encoding="utf-8", **more):
        """A sheet of these rows, which say what the JSON of a shipment with one line says."""
        text, names = io.StringIO(), columns.split(",")
        lines = csv.writer(text)
        lines.writerow(names)
        for one in rows:
            flat = one | one["lines"][0]
            lines.writerow([flat.get(name, "") for name in names])
        return self.post(PARTIAL, text.getvalue().encode(encoding), content_type="text/csv", **more)


@pytest.fixture
def door(world, client):
    return Door(world, client)


def counted():
    return Shipment.objects.count(), Movement.objects.count()


def statuses(answer):
    assert answer.status_code == 207, answer.content
    return [one["status"] for one in answer.json()["outcomes"]]


def test_each_row_has_the_answer_of_the_single_call_in_order(door, license):
    rows = [door.row(license, "60.000"), door.row(license, "60.000"), door.row(license, "40.000")]
    answer = door.post(PARTIAL, rows)
    assert statuses(answer) == [201, 409, 201]
    said = answer.json()
    assert (said["mode"], said["booked"]) == ("partial", 2)
    assert [one["row"] for one in said["outcomes"]] == [1, 2, 3]
    assert said["outcomes"][1]["body"]["code"] == "line-exhausted"
    assert said["outcomes"][1]["body"]["errors"][0]["remaining"] == "40.000"
    made = said["outcomes"][0]["body"]
    assert made["lines"][0]["available_after"] == "40.000"
    assert door.get(f"{SINGLE}{made['reference']}/").json()["client_reference"] == rows[0]["client_reference"]
    assert [s.lines.get().quantity for s in Shipment.objects.order_by("pk")] == [60_000, 40_000]
    assert LicenseLine.objects.get(license=license).reserved == 100_000
    assert books.drift() == []


def of_rows(rows):
    """The same rows as lines of JSON."""
    return "\n".join(json.dumps(one) for one in rows).encode() + b"\n"


def test_lines_of_json_and_a_sheet_say_the_same_as_an_array(door, license):
    rows = [door.row(license, "60.000"), door.row(license, "60.000"), door.row(license, "0")]
    sheet = door.sheet(*rows)
    assert statuses(sheet) == [201, 409, 422]
    assert [one["line"] for one in sheet.json()["outcomes"]] == [2, 3, 4]
    [wrong] = sheet.json()["outcomes"][2]["body"]["errors"]
    assert (wrong["pointer"], wrong["code"]) == ("/lines/0/quantity", "must-be-positive")
    lines = door.post(PARTIAL, b"\n" + of_rows(rows), content_type="application/x-ndjson")
    assert statuses(lines) == [201, 409, 422]
    assert [one["line"] for one in lines.json()["outcomes"]] == [2, 3, 4]
    assert [one.get("replayed", False) for one in lines.json()["outcomes"]] == [True, True, False]
    array = door.post(PARTIAL, rows)
    assert [one["body"] for one in array.json()["outcomes"]][:2] == [one["body"] for one in sheet.json()["outcomes"]][
        :2
    ]
    assert Shipment.objects.count() == 1


def test_a_sheet_may_say_all_that_one_line_can(door, license):
    columns = f"final,currency,value,{COLUMNS},hs_code"
    more = {"final": "TRUE", "currency": "CNY", "value": "2400.00", "hs_code": "8505111000"}
    row = door.row(license) | more
    assert statuses(door.sheet(row, columns=columns, encoding="utf-8-sig")) == [201]
    made = Shipment.objects.get()
    line = made.lines.get()
    assert (made.final, line.hs_code, str(line.value), line.currency) == (True, "8505111000", "2400.00", "CNY")


def test_a_sheet_says_what_goods_contain(door, license, world):
    make.unsaid(license)
    make.pool(world.ministry)
    columns = f"{COLUMNS},composition,oxide"
    asked = [door.row(license) | more for more in ({}, {"composition": "Dy 0.032; Tb 0.004"}, {"oxide": "Dy2O3"})]
    wrong = [door.row(license) | {"composition": said} for said in ("Dy 3.2", "Dy", "Dy 0.1; Dy 0.2", "Dy=0.1")]
    answer = door.sheet(*asked, *wrong, columns=columns)
    assert statuses(answer) == [422, 201, 201, *[422] * 4]
    of_lines = [
        one["body"]["errors"][0]["pointer"].split("/")[3] for one in answer.json()["outcomes"] if one["status"] == 422
    ]
    assert of_lines == ["composition"] * 5
    first, second = Shipment.objects.order_by("pk")
    assert first.lines.get().composition == {"Dy": "0.032", "Tb": "0.004"}
    assert second.lines.get().contents["Dy"]["share"] == "0.8713"


def test_a_column_that_we_wrote_into_a_sheet_is_read_over(door, license):
    columns = f"problems,{COLUMNS},outcome"
    row = door.row(license) | {"problems": "=1", "outcome": "\u202e"}
    assert statuses(door.sheet(row, columns=columns)) == [201]


def test_a_key_is_the_same_whether_it_comes_alone_or_among_many(door, license):
    row = door.row(license)
    alone = {name: said for name, said in row.items() if name != "idempotency_key"}
    first = door.post(SINGLE, alone, row["idempotency_key"])
    [among] = door.post(PARTIAL, [row]).json()["outcomes"]
    assert (among["status"], among["replayed"], among["body"]) == (201, True, first.json())
    other = door.row(license)
    [among] = door.post(PARTIAL, [other]).json()["outcomes"]
    key = other.pop("idempotency_key")
    again = door.post(SINGLE, other, key)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (among["body"], "true")
    assert "replayed" not in among
    [reused] = door.post(PARTIAL, [door.row(license, idempotency_key=key)]).json()["outcomes"]
    assert (reused["status"], reused["body"]["code"]) == (422, "idempotency-key-reused")
    assert Shipment.objects.count() == 2


def test_the_whole_call_has_its_first_answer_again(door, license):
    rows = [door.row(license), door.row(license, "200.000")]
    first, again = door.post(PARTIAL, rows, "whole"), door.post(PARTIAL, rows, "whole")
    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
    for other in (door.post(ATOMIC, rows, "whole"), door.post(PARTIAL, rows[:1], "whole")):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    wrong = [{"bogus": 1}, rows[0]]
    assert statuses(door.post(PARTIAL, wrong, "wrong")) == [422, 201]
    other = door.post(PARTIAL, [{"bogus": 2}, rows[0]], "wrong")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_a_key_of_a_row_is_not_that_of_the_call(door, license):
    [outcome] = door.post(PARTIAL, [door.row(license, idempotency_key="one")], "one").json()["outcomes"]
    assert (outcome["status"], outcome["body"]["code"]) == (422, "idempotency-key-reused")
    assert Shipment.objects.count() == 0


def test_all_or_none(door, license):
    rows = [door.row(license, "60.000"), door.row(license, "60.000"), door.row(license, "1.000"), {"bogus": 1}]
    answer = door.post(ATOMIC, rows, "whole")
    assert statuses(answer) == [409, 409, 409, 422]
    said = answer.json()
    assert said["booked"] == 0
    assert [one["body"]["code"] for one in said["outcomes"]][:3] == ["not-booked", "line-exhausted", "not-booked"]
    assert "row 2" in said["outcomes"][0]["body"]["detail"]
    assert (counted()[0], LicenseLine.objects.get(license=license).reserved) == (0, 0)
    assert not Idempotency.objects.exclude(status=None).filter(
        key__in=["whole", *(r.get("idempotency_key") for r in rows)]
    )
    mended = [rows[0], rows[1] | {"lines": [rows[1]["lines"][0] | {"quantity": "2.000"}]}, rows[2]]
    assert statuses(door.post(ATOMIC, mended, "whole")) == [201, 201, 201]
    assert door.post(ATOMIC, mended, "whole").headers["Idempotency-Replayed"] == "true"
    more = [mended[0], door.row(license, "90.000")]
    assert statuses(door.post(ATOMIC, more)) == [201, 409]  # the first is booked, and stays so
    assert LicenseLine.objects.get(license=license).reserved == 63_000


def test_what_is_wrong_with_a_row_leaves_its_key_free(door, license):
    stranger = make.unknown("PTY")
    rows = [
        door.row(license, end_user=stranger),
        door.row(license, planned_on=(legal_today() - timedelta(days=1)).isoformat()),
        door.row(license, license=make.unknown()),
        door.row(license),
    ]
    answer = door.post(PARTIAL, rows)
    assert statuses(answer) == [422, 422, 404, 201]
    codes = [one["body"]["code"] for one in answer.json()["outcomes"][:3]]
    assert codes == ["unknown-reference", "date-out-of-range", "not-found"]
    assert {k for (k,) in Idempotency.objects.values_list("key") if k.startswith("row-")} == {
        rows[3]["idempotency_key"]
    }
    good = door.world.body(license, "1.000")
    mended = [one | {name: good[name] for name in ("end_user", "planned_on", "license")} for one in rows[:3]]
    assert statuses(door.post(PARTIAL, mended)) == [201, 201, 201]


def test_a_row_is_read_as_the_single_call_reads_it(door, license):
    rows = [
        5,
        door.row(license, bogus=1),
        door.row(license, client_reference="a\u202eb"),
        door.row(license, idempotency_key="with blank"),
        {name: said for name, said in door.row(license).items() if name != "idempotency_key"},
        door.row(license, "1,5"),
        door.row(license, "1e5"),
        door.row(license, lines=[{"license_line": 1, "quantity": "1.000", "unit": "KG"}]),
        door.row(license, lines=[{"license_line": 1, "quantity": 1.5, "unit": "kg"}]),
        door.row(license, idempotency_key=7),
    ]
    answer = door.post(PARTIAL, rows)
    assert [(one["status"], one["body"]["code"]) for one in answer.json()["outcomes"]] == [
        (422, "expected-object"),
        (422, "unknown-field"),
        (422, "forbidden-character"),
        (400, "idempotency-key-invalid"),
        (400, "idempotency-key-required"),
        (422, "use-a-point"),
        (422, "not-plain-decimal"),
        (422, "unknown-unit"),
        (422, "must-be-string"),
        (400, "idempotency-key-invalid"),
    ]
    [missing] = answer.json()["outcomes"][4]["body"]["errors"]
    assert missing["pointer"] == "/idempotency_key" and "header" not in missing["message"]
    assert counted()[0] == 0


HEADER = COLUMNS.encode() + b"\n"
BAD = {
    "no body": (b"", "json", 400, "empty-body", ""),
    "an object": (b"{}", "json", 422, "expected-array", "an object a line as application/x-ndjson"),
    "no rows": (b"[]", "json", 422, "min-items", "From 1 to 10,000"),
    "a header alone": (HEADER, "csv", 422, "min-items", "From 1 to 10,000"),
    "no JSON": (b"[{", "json", 400, "invalid-json", 'line 1, column 3)."'),
    "no JSON in one line": (b'{"a": 1 2}', "json", 400, "invalid-json", '(line 1, column 9)."'),
    "lines as JSON": (b'\n{"a": 1}\n{"a": 2}\n', "json", 400, "invalid-json", "send that as application/x-ndjson."),
    "a sheet as JSON": (HEADER + b"1,2\n", "json", 400, "invalid-json", "It looks like CSV: send that as text/csv."),
    "a sheet by Excel as JSON": (HEADER.replace(b",", b";"), "json", 400, "invalid-json", "It looks like CSV"),
    "JSON with a mark": (b"\xef\xbb\xbf[]", "json", 400, "invalid-json", "byte order mark"),
    "a broken line": (b'{"a": 1}\n{"b"\n', "ndjson", 400, "invalid-json", "Line 2: "),
    "a key twice in a line": (b'{"a": 1}\n{"b": 1, "b": 2}\n', "ndjson", 400, "duplicate-key", "Line 2: "),
    "a deep line": (b"[" * 21 + b"]" * 21, "ndjson", 400, "too-deep", "Line 1: "),
    "too many": (b"[" + b"1," * 10_000 + b"1]", "json", 422, "max-items", "From 1 to 10,000"),
    "too many lines": (b"1\n" * 10_001, "ndjson", 422, "max-items", "From 1 to 10,000"),
    "xml": (b"<a/>", "xml", 415, "unsupported-media-type", "text/csv"),
    "latin1": (b"[1]", "json; charset=latin1", 415, "unsupported-charset", ""),
    "UTF-16": (HEADER.decode().encode("utf-16"), "csv", 400, "invalid-encoding", "UTF-16. Save it as CSV UTF-8"),
    "GBK": (HEADER + "中".encode("gbk"), "csv", 400, "invalid-encoding", "see line 2. Save it as CSV UTF-8"),
    "semicolons": (HEADER.replace(b",", b";"), "csv", 422, "invalid-sheet", "parted by semicolons or tabs"),
    "tabs": (HEADER.replace(b",", b"\t"), "csv", 422, "invalid-sheet", "parted by semicolons or tabs"),
    "a column too few": (HEADER.replace(b",unit", b""), "csv", 422, "invalid-sheet", "lacks the column unit"),
    "an unknown column": (HEADER.replace(b"unit", b"Unit,unit"), "csv", 422, "invalid-sheet", "column Unit, which"),
    "a column twice": (HEADER.replace(b"unit", b"unit,unit"), "csv", 422, "invalid-sheet", "column unit twice"),
    "a cell too many": (HEADER + b"1,2,3,4,5,6,7,8,9,10,11,12\n", "csv", 422, "invalid-sheet", "Line 2 has 12 cells"),
    "an open quote": (HEADER + b'"1,2\n', "csv", 422, "invalid-sheet", "Line 2 can't be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_told_row_by_row_is_refused_whole(name, door):
    raw, kind, status, code, says = BAD[name]
    content_type = {"csv": "text/csv", "ndjson": "application/x-ndjson"}.get(kind, f"application/{kind}")
    answer = door.post(PARTIAL, raw, content_type=content_type)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (status, code)
    assert says in json.dumps(said, ensure_ascii=False)


def test_a_column_may_be_missing_where_the_single_call_does_not_require_what_it_says():
    assert {"hs_code", "value", "currency", "composition", "oxide", "final"} == MAY_BE_MISSING
    needed = "idempotency_key, license, client_reference, end_user, consignee, destination, port, planned_on, "
    assert f"in any order: {needed}license_line, quantity, unit, and, if you want, hs_code, value" in str(RESERVES)


def test_8_mib_are_read_here_and_here_alone(door, license):
    row = door.row(license)
    large = json.dumps([row]).encode() + b" " * (3 * 1_048_576)
    assert statuses(door.post(PARTIAL, large)) == [201]
    over = door.post(PARTIAL, b" " * (8 * 1_048_576) + b"[]")
    assert (over.status_code, over.json()["code"]) == (413, "body-too-large")
    assert "8 MiB" in over.json()["detail"]
    assert door.post(SINGLE, b" " * 1_048_576 + b"{}").status_code == 413


@pytest.mark.parametrize("query", ["", "?mode=", "?mode=all", "?mode=atomic&mode=atomic", "?mode=atomic&bogus=1"])
def test_the_mode_is_said_once(query, door, license):
    answer = door.post(PATH + query, [door.row(license)])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-parameter")
    assert counted()[0] == 0


@pytest.mark.parametrize("name", ["idempotency_key", "client_reference"])
def test_a_row_that_repeats_another_is_refused_with_all(name, door, license):
    rows = [door.row(license), door.row(license), door.row(license)]
    rows[2][name] = rows[0][name]
    told = [(door.post(PARTIAL, rows), f"Row 3 has the {name} of row 1.")]
    told += [(door.sheet(*rows), f"Line 4 has the {name} of line 2.")]
    for answer, message in told:
        assert (answer.status_code, answer.json()["code"]) == (422, "row-repeated")
        [error] = answer.json()["errors"]
        assert (error["pointer"], error["message"]) == (f"/2/{name}", message)
    assert counted()[0] == 0


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)"])
def test_a_formula_is_no_value(cell, door, license):
    answer = door.sheet(door.row(license, cell), door.row(license, client_reference=cell), door.row(license))
    assert statuses(answer) == [422, 422, 201]
    errors = [one["body"]["errors"][0] for one in answer.json()["outcomes"][:2]]
    assert [(e["pointer"], e["code"]) for e in errors] == [
        ("/lines/0/quantity", "formula"),
        ("/client_reference", "formula"),
    ]


@pytest.mark.parametrize("cell", ["1.5", "", "one", "１"])
def test_a_cell_that_is_no_number_of_a_line_is_named(cell, door, license):
    row = door.row(license)
    row["lines"][0]["license_line"] = cell
    [outcome] = door.sheet(row).json()["outcomes"]
    assert outcome["body"]["errors"][0]["pointer"] == "/lines/0/license_line"


def test_more_than_a_thousand_are_not_booked_all_or_none(door, license, monkeypatch):
    monkeypatch.setattr(sizes, "ROWS_AT_ONCE", 2)
    answer = door.post(ATOMIC, [door.row(license) for _ in range(3)])
    assert (answer.status_code, answer.json()["code"]) == (422, "max-items")
    assert statuses(door.post(ATOMIC, [door.row(license) for _ in range(2)])) == [201, 201]


# --- jobs -------------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(sizes, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(actions, "STEP", 3)


def followed(door, job, size=4):
    """The job, and all its rows by pages."""
    address, rows = f"{PATH}{job['reference']}/?page_size={size}", []
    while address:
        page = door.get(address).json()
        rows += page["results"]
        address = page["next"]
    return page, rows


def test_more_rows_than_a_chunk_become_a_job(door, license, small):
    rows = [door.row(license, "30.000") for _ in range(6)] + [{"bogus": 1}, door.row(license, "10.000")]
    answer = door.post(PARTIAL, rows, "whole", HTTP_ACCEPT_LANGUAGE="zh-Hans")
    assert answer.status_code == 202
    job = answer.json()
    assert (job["state"], job["rows"], job["done"], job["booked"]) == ("running", 8, 1, 0)
    again = door.post(PARTIAL, rows, "whole")
    assert (again.content, again.headers["Idempotency-Replayed"]) == (answer.content, "true")
    assert answer.headers["Location"] == again.headers["Location"] == f"http://testserver{PATH}{job['reference']}/"
    assert door.get(answer.headers["Location"]).json()["reference"] == job["reference"]
    assert (Bulk.objects.count(), counted()[0]) == (1, 0)
    page, found = followed(door, job)
    assert [one["status"] for one in found] == [None] * 6 + [422, None]
    assert found[0]["body"] is None
    assert tasks.work_bulks() == 3
    page, found = followed(door, job)
    assert (page["state"], page["done"], page["booked"]) == ("done", 8, 4)
    assert [one["status"] for one in found] == [201, 201, 201, 409, 409, 409, 422, 201]
    assert [one["row"] for one in found] == [*range(1, 9)]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in found[3]["body"]["detail"])
    alone = {name: said for name, said in rows[0].items() if name != "idempotency_key"}
    assert door.post(SINGLE, alone, rows[0]["idempotency_key"]).json() == found[0]["body"]
    assert {one.created_by for one in Shipment.objects.all()} == {Bulk.objects.get().created_by}
    assert books.drift() == []
    assert (tasks.work_bulks(), bulks_to_work()) == (0, [])


def test_a_job_that_is_cancelled_stops_before_its_next_chunk(door, license, small):
    job = door.post(PARTIAL, [door.row(license) for _ in range(7)]).json()
    assert job["state"] == "queued"
    assert actions.work(Bulk.objects.get().pk, by=the_clock())
    cancel = f"{PATH}{job['reference']}/cancel/"
    said = door.post(cancel, b"{}")
    assert (said.status_code, said.json()["state"], said.json()["done"]) == (200, "cancelled", 3)
    assert (tasks.work_bulks(), actions.work(Bulk.objects.get().pk, by=the_clock())) == (0, False)
    assert counted()[0] == 3
    page, found = followed(door, job)
    assert [one["status"] for one in found] == [201] * 3 + [None] * 4
    again = door.post(cancel)
    assert (again.status_code, again.json()["code"]) == (409, "wrong-state")
    assert door.post(cancel, {"reason": "x"}).json()["code"] == "unknown-field"


def test_a_job_that_is_done_can_not_be_cancelled(door, license, small):
    job = door.post(PARTIAL, [door.row(license) for _ in range(4)]).json()
    tasks.work_bulks()
    assert door.post(f"{PATH}{job['reference']}/cancel/").json()["code"] == "wrong-state"
    assert door.get(f"{PATH}{job['reference'].lower()}/").json()["state"] == "done"


def test_another_companys_job_is_not_there(door, license, small, client):
    job = door.post(PARTIAL, [door.row(license) for _ in range(4)]).json()
    stranger = Door(make.World(door.world.ministry, door.world.customs, make.exporter(door.world.ministry)), client)
    for ref in (job["reference"], make.unknown(Bulk.PREFIX)):
        assert stranger.get(f"{PATH}{ref}/").status_code == 404
        assert stranger.post(f"{PATH}{ref}/cancel/").status_code == 404
    assert Bulk.objects.get().cancelled_at is None
    reader = {"HTTP_AUTHORIZATION": f"Bearer {make.key(door.world.exporter, 'shipments:read')}"}
    assert client.get(f"{PATH}{job['reference']}/", **reader).status_code == 200
    for address in (PARTIAL, f"{PATH}{job['reference']}/cancel/"):
        refused = client.post(address, "[]", content_type="application/json", HTTP_IDEMPOTENCY_KEY="k", **reader)
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient-scope")


def test_a_worker_that_dies_in_the_middle_books_each_row_once(door, license, small, monkeypatch):
    """What a chunk books commits with what its rows say, or not at all; the next run begins where that ended."""
    job = door.post(PARTIAL, [door.row(license) for _ in range(7)]).json()
    booked, died = actions._booked, []

    def dies(*said):
        told = booked(*said)
        if counted()[0] == 6 and not died:
            died.append(counted()[0])
            raise OperationalError("the server closed the connection unexpectedly")
        return told

    monkeypatch.setattr(actions, "_booked", dies)
    tasks.work_bulks()
    assert (died, counted()[0]) == ([6], 3)
    assert BulkRow.objects.exclude(status=None).count() == 3
    assert tasks.work_bulks() == 2
    page, found = followed(door, job)
    assert [one["status"] for one in found] == [201] * 7
    assert not any(one.get("replayed") for one in found)
    assert (counted()[0], LicenseLine.objects.get(license=license).reserved) == (7, 7_000)


def test_a_job_that_meets_another_version_of_the_database_has_all_its_tries(door, license, small, monkeypatch):
    job = door.post(PARTIAL, [door.row(license) for _ in range(4)]).json()

    def gone(*_):
        raise ProgrammingError("column does not exist")

    with monkeypatch.context() as patched:
        patched.setattr(actions, "_booked", gone)
        patched.setattr(upgrades, "explains", lambda error: isinstance(error, ProgrammingError))
        for _ in range(actions.TRIES + 1):
            with pytest.raises(ProgrammingError):
                tasks.work_bulks()
    assert Bulk.objects.get().tries == 0
    assert tasks.work_bulks() == 2
    assert followed(door, job)[0]["state"] == "done"


def test_pages_of_a_job_take_the_same_queries_for_one_row_and_three(door, license, small, django_assert_num_queries):
    job = door.post(PARTIAL, [door.row(license) for _ in range(4)]).json()
    for size in (1, 3):
        with django_assert_num_queries(4):
            door.get(f"{PATH}{job['reference']}/?page_size={size}")


def test_who_follows_a_job_reads_its_page_and_what_is_left_or_refused_and_nothing_else(door, license, small):
    job = door.post(PARTIAL, [door.row(license) for _ in range(4)]).json()
    told = [one for one in asked(lambda: door.get(f"{PATH}{job['reference']}/")) if "shipments_bulkrow" in one]
    uncounted("shipments_bulkrow")
    page, counts = map(plan, told)
    assert counts.count("on shipments_bulkrow") == counts.count("Index Cond: (bulk_id") == 3, counts
    assert "Filter" not in counts  # the indexes hold those left and those refused alone
    assert "Index Scan" in page
    assert "Sort" not in page


def test_a_run_of_the_worker_ends_in_time(door, license, small, settings):
    door.post(PARTIAL, [door.row(license) for _ in range(7)])
    settings.RUN_SECONDS = 0
    assert (tasks.work_bulks(), counted()[0]) == (0, 0)


def revoked(door, person):
    """The key that ordered it, or the person who did, opens nothing any more."""
    if person:
        change_member(person.user.membership.pk, roles=[], by=door.world.exporter)
    else:
        revoke_key(ApiKey.objects.latest("pk").pk, by=door.world.exporter)


@pytest.mark.parametrize("by", ["key", "person", "viewer", "another company's", "inactive", "expired"])
def test_a_job_stops_when_its_key_or_membership_ends(by, door, license, small, clock):
    person = None if by in ("key", "expired") else make.colleague(door.world.exporter, "clerk")
    job = door.post(PARTIAL, [door.row(license) for _ in range(7)]).json()
    reads = door.auth
    if person:
        Bulk.objects.update(created_by=person.user)
    assert actions.work(Bulk.objects.get().pk, by=the_clock())
    if by == "viewer":
        change_member(person.user.membership.pk, roles=["viewer"], by=door.world.exporter)
    elif by == "another company's":
        other = make.exporter(door.world.ministry, "Other Co., Ltd.")
        Membership.objects.filter(user=person.user).update(organization_id=other.organization_id)
    elif by == "inactive":
        User.objects.filter(pk=person.user.pk).update(is_active=False)
    elif by == "expired":
        clock.set(ApiKey.objects.get(user=Bulk.objects.get().created_by).expires_at)
    else:
        revoked(door, person)
    door.auth = reads | {"HTTP_AUTHORIZATION": f"Bearer {make.key(door.world.exporter, 'shipments:read')}"}
    assert (tasks.work_bulks(), tasks.work_bulks(), counted()[0]) == (0, 0, 3)
    page, found = followed(door, job)
    assert (page["state"], page["done"], page["booked"]) == ("stopped", 3, 3)
    assert page["stopped_because"] == "The key or the membership that ordered it may not book any more."
    assert page["stopped_at"]
    assert [one["status"] for one in found] == [201] * 3 + [None] * 4
    door.auth = {"HTTP_AUTHORIZATION": f"Bearer {make.key(door.world.exporter, *make.EXPORTER_SCOPES)}"}
    assert door.post(f"{PATH}{job['reference']}/cancel/").json()["code"] == "wrong-state"


def test_a_job_whose_next_rows_always_fail_ends_and_says_so(door, license, small, monkeypatch, clock):
    job = door.post(PARTIAL, [door.row(license) for _ in range(7)]).json()
    assert actions.work(Bulk.objects.get().pk, by=the_clock())
    tried = []

    def fails(*said):
        tried.append(legal_now())
        raise OperationalError("out of shared memory")

    monkeypatch.setattr(actions, "_booked", fails)
    for seconds in range(300):
        clock.set(datetime(2026, 12, 1, tzinfo=UTC) + timedelta(seconds=seconds))
        tasks.work_bulks()
    late = [(b - a).total_seconds() - (2**n - 2) for n, (a, b) in enumerate(pairwise(tried), 1)]
    assert len(tried) == 8
    assert all(0 <= one <= 1.5 for one in late), late
    assert counted()[0] == 3
    page, found = followed(door, job)
    assert (page["state"], page["done"], page["booked"]) == ("stopped", 3, 3)
    assert page["stopped_because"] == "Its next rows could not be booked, however often it was tried."
    assert [one["status"] for one in found] == [201] * 3 + [None] * 4
    actions.fail(Bulk.objects.get().pk, by=the_clock())
    assert Bulk.objects.get().tries == actions.TRIES


def test_a_job_that_goes_on_has_all_its_tries_again(door, license, small, monkeypatch):
    door.post(PARTIAL, [door.row(license) for _ in range(7)])
    pk = Bulk.objects.get().pk
    actions.fail(pk, by=the_clock())
    assert actions.work(pk, by=the_clock())
    assert list(Bulk.objects.values_list("tries", "again_at")) == [(0, None)]
