"""The working-day table is loaded whole or not at all, and what is wrong is named by row, field and reason."""

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections

from core import calendar_file
from core.models import LegalDay
from tests.days import D, table

TEXT = calendar_file.SHIPPED.read_text(encoding="utf-8")
HEAD = "# PROVENANCE: made up\ndate,dow,is_working_day,kind,holiday_name,provisional,source\n"
ROWS = [
    "2027-12-30,Thu,1,workday,,0,notice",
    "2027-12-31,Fri,0,public_holiday,A feast,0,notice",
    "2028-01-01,Sat,1,makeup_workday,A feast,0,notice",
    "2028-01-02,Sun,0,weekend,,1,notice",
]


@pytest.fixture
def file(tmp_path):
    def write(*rows, head=HEAD):
        path = tmp_path / "days.csv"
        content = head + "".join(f"{row}\n" for row in rows)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def standing():
    return list(LegalDay.objects.values_list())


def refused(path):
    before = standing()
    with pytest.raises(calendar_file.BadFile) as bad:
        calendar_file.load(path)
    assert standing() == before
    return [(fault.row, fault.field) for fault in bad.value.faults]


def test_our_own_copy_is_loaded_and_has_each_day_of_three_years(db):
    assert calendar_file.fill() == list(table())
    assert {row.day: (row.working, row.provisional) for row in LegalDay.objects.all()} == table()
    assert [LegalDay.objects.filter(working=True, day__year=year).count() for year in (2025, 2026, 2027)] == [248] * 3
    spring = LegalDay.objects.get(day="2026-02-14")
    assert (spring.kind, spring.name, spring.source) == ("makeup_workday", "Spring Festival", "chinesecalendar 1.11.0")


def test_the_same_file_twice_changes_nothing(db, file):
    calendar_file.fill()
    calendar_file.load(file(*ROWS))
    before = standing()
    assert calendar_file.load(file(*ROWS)) == []
    assert standing() == before


def test_a_newer_file_replaces_its_days_adds_those_that_follow_and_leaves_the_others(db, file):
    calendar_file.fill()
    before = standing()
    assert calendar_file.load(file(*ROWS)) == [D("2027-12-30"), D("2027-12-31"), D("2028-01-01"), D("2028-01-02")]
    assert standing()[:-4] == before[:-2]
    assert standing()[-4:] == [
        (D("2027-12-30"), True, "workday", "", False, "notice"),
        (D("2027-12-31"), False, "public_holiday", "A feast", False, "notice"),
        (D("2028-01-01"), True, "makeup_workday", "A feast", False, "notice"),
        (D("2028-01-02"), False, "weekend", "", True, "notice"),
    ]
    assert calendar_file.load(file(*ROWS[:3], ROWS[3].replace(",1,notice", ",0,notice"))) == [D("2028-01-02")]


def test_our_own_copy_fills_in_and_never_takes_back_what_a_newer_file_said(db, file, monkeypatch):
    calendar_file.fill()
    calendar_file.load(file(*ROWS))
    before = standing()
    assert calendar_file.fill() == []
    assert standing() == before
    LegalDay.objects.filter(day="2026-03-02").delete()
    assert calendar_file.fill() == [D("2026-03-02")]
    assert standing() == before
    newer = file(*(row.replace("notice", "our next copy").replace(",1,our", ",0,our") for row in ROWS))
    monkeypatch.setattr(calendar_file, "SHIPPED", newer)
    assert calendar_file.fill() == [D("2028-01-02")]  # the only one that was provisional


@pytest.mark.parametrize(
    ("row", "found"),
    [
        pytest.param("2028-01-04,Tue,1,workday,,0,notice", (6, "date"), id="a day is missing"),
        pytest.param("2028-01-01,Sat,1,makeup_workday,A feast,0,notice", (6, "date"), id="a day stands twice"),
        pytest.param("2027-12-29,Wed,1,workday,,0,notice", (6, "date"), id="out of order"),
        pytest.param("2028-02-30,Wed,1,workday,,0,notice", (6, "date"), id="no such day"),
        pytest.param("20280102,Sun,0,weekend,,0,notice", (6, "date"), id="written otherwise"),
        pytest.param("２０２８-01-02,Sun,0,weekend,,0,notice", (6, "date"), id="wide digits"),
        pytest.param("2028-01-02,Sat,0,weekend,,0,notice", (6, "dow"), id="another weekday"),
        pytest.param("2028-01-02,sun,0,weekend,,0,notice", (6, "dow"), id="a weekday in small letters"),
        pytest.param("2028-01-02,Sun,0,holiday,,0,notice", (6, "kind"), id="an unknown kind"),
        pytest.param("2028-01-02,Sun,1,weekend,,0,notice", (6, "is_working_day"), id="a weekend that is worked"),
        pytest.param("2028-01-02,Sun,1,public_holiday,,0,notice", (6, "is_working_day"), id="a holiday worked"),
        pytest.param("2028-01-02,Sun,0,makeup_workday,,0,notice", (6, "is_working_day"), id="a make-up day off"),
        pytest.param("2028-01-02,Sun,no,weekend,,0,notice", (6, "is_working_day"), id="neither 0 nor 1"),
        pytest.param("2028-01-02,Sun,0,weekend,,,notice", (6, "provisional"), id="provisional or not"),
        pytest.param("2028-01-02,Sun,0,weekend,a\0b,0,notice", (6, "holiday_name"), id="NUL"),
        pytest.param(f"2028-01-02,Sun,0,weekend,{'x' * 101},0,notice", (6, "holiday_name"), id="a long name"),
        pytest.param(f"2028-01-02,Sun,0,weekend,,0,{'x' * 201}", (6, "source"), id="a long source"),
        pytest.param("2028-01-02,Sun,0,weekend,,0, ", (6, "source"), id="no source"),
        pytest.param("2028-01-02,Sun,0,weekend,,0", (6, ""), id="a cell too few"),
        pytest.param("2028-01-02,Sun,0,weekend,,0,notice,more", (6, ""), id="a cell too many"),
        pytest.param("", (6, ""), id="an empty row"),
        pytest.param('2028-01-02,Sun,0,weekend,"a"b,0,notice', (6, ""), id="a quote that does not close"),
    ],
)
def test_a_row_that_is_wrong_is_named_with_its_field_and_nothing_is_loaded(row, found, db, file):
    calendar_file.fill()
    assert refused(file(*ROWS[:3], row)) == [found]


@pytest.mark.parametrize(
    "row", ["2028-01-03,Mon,1,makeup_workday", "2028-01-03,Mon,0,weekend", "2028-01-02,Sun,1,workday"]
)
def test_only_a_holiday_may_be_any_day_of_the_week(row, db, file):
    assert refused(file(f"{row},,0,notice")) == [(3, "kind")]
    for on in ("2028-01-02,Sun", "2028-01-03,Mon"):
        assert len(calendar_file.load(file(f"{on},0,public_holiday,A feast,0,notice"))) == 1


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", (1, "")),
        (HEAD.splitlines()[1].encode() + b"\n" + ROWS[0].encode(), (1, "")),
        (b"# provenance\n", (2, "")),
        (HEAD.replace("dow,", "").encode(), (2, "")),
        (HEAD.replace("date,dow", "dow,date").encode(), (2, "")),
        (HEAD.encode(), (3, "")),
        (HEAD.encode() + ROWS[0].encode() + b"\n\xff\n", (4, "")),
        (HEAD.encode() + b"#" * 2**20, (1, "")),
    ],
    ids=["empty", "no provenance", "no columns", "a column less", "columns exchanged", "no day", "latin-1", "1 MiB"],
)
def test_a_file_that_is_none_of_the_kind_is_refused(content, found, db, tmp_path):
    path = tmp_path / "days.csv"
    path.write_bytes(content)
    assert refused(path) == [found]


def test_everything_that_is_wrong_is_said_at_once(db, file):
    wrong = ["2027-12-30,Fri,1,workday,,2,notice", "2028-01-01,Sat,0,makeup_workday,,0,notice"]
    assert refused(file(*wrong)) == [(3, "dow"), (3, "provisional"), (4, "date"), (4, "is_working_day")]


@pytest.mark.parametrize(("begins", "loaded"), [("2027-12-31", True), ("2028-01-01", True), ("2028-01-02", False)])
def test_a_file_never_leaves_a_gap_behind_what_is_there(begins, loaded, db, file):
    calendar_file.fill()
    path = file(*(row for row in ROWS if row >= begins))
    if loaded:
        assert calendar_file.load(path)[0] == D(begins)
    else:
        assert refused(path) == [(3, "date")]


@pytest.mark.parametrize(("ends", "loaded"), [("2024-12-31", True), ("2024-12-30", False)])
def test_nor_before_it(ends, loaded, db, file):
    calendar_file.fill()
    path = file(
        *(row for row in ["2024-12-30,Mon,1,workday,,0,x", "2024-12-31,Tue,1,workday,,0,x"] if row[:10] <= ends)
    )
    if loaded:
        assert len(calendar_file.load(path)) == 2
    else:
        assert refused(path) == [(3, "date")]


def test_a_byte_order_mark_is_no_part_of_the_file(db, file):
    assert len(calendar_file.load(file(*ROWS, head="\ufeff" + HEAD))) == 4


def test_two_files_at_once_come_one_after_the_other(transactional_db, file, monkeypatch):
    """While one is being loaded, another session can't change a day."""
    other, tried = connection.copy(), []

    def write(*args, **kwargs):
        with other.cursor() as cursor, pytest.raises(OperationalError, match="could not obtain lock"):
            cursor.execute("BEGIN; LOCK TABLE core_legalday IN ROW EXCLUSIVE MODE NOWAIT")
        tried.append(args)

    monkeypatch.setattr(LegalDay.objects, "bulk_create", write)
    try:
        calendar_file.load(file(*ROWS))
    finally:
        other.close()
    assert len(tried) == 1


def test_the_command_says_how_many_days_changed(db, file, capsys):
    calendar_file.fill()
    for said in ("Days that changed: 4, from 2027-12-30 to 2028-01-02.\n", "No day changed.\n"):
        call_command("load_calendar", str(file(*ROWS)))
        assert capsys.readouterr().out == said


def test_the_command_names_what_is_wrong_and_not_a_thousand_times(db, file):
    with pytest.raises(CommandError) as bad:
        call_command("load_calendar", str(file(*ROWS, *["x"] * 25)))
    lines = str(bad.value).splitlines()
    assert lines[:2] == ["Nothing was loaded:", "row 7: 1 cells, where 7 belong"]
    assert (len(lines), lines[-1], LegalDay.objects.count()) == (22, "and 5 more", 0)


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_the_command_wants_a_file(name, db, tmp_path):
    with pytest.raises(CommandError, match="Nothing was loaded"):
        call_command("load_calendar", str(tmp_path / name))


def test_a_set_up_copy_has_the_table(db, capsys, settings, monkeypatch):
    settings.DATABASE_OWNER_URL = ""
    monkeypatch.setattr(connections["default"], "close", lambda: None)  # (the test's own transaction)
    call_command("setup")
    assert LegalDay.objects.count() == len(table())
    assert "Loaded 1095 legal days." in capsys.readouterr().out
    call_command("setup")
    assert "legal days" not in capsys.readouterr().out
