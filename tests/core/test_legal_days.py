"""What PostgreSQL itself holds of the working-day table, and how much of it is read."""

import pytest
from django.db import IntegrityError, transaction
from psycopg2 import errors

from core import calendar_file, selectors
from core.models import LegalDay
from core.once import reading
from core.working_days import NotPublished, Pause
from tests.days import D, calendar, table


@pytest.fixture
def day(db):
    return LegalDay.objects.create(day="2026-03-02", working=True, kind="workday", provisional=False, source="notice")


@pytest.mark.parametrize("change", [{"working": False}, {"kind": "weekend"}, {"kind": "strike"}])
def test_a_day_is_worked_as_its_kind_says(change, day):
    with pytest.raises(IntegrityError, match="legal_day_worked_as_its_kind_says"), transaction.atomic():
        LegalDay.objects.update(**change)


def test_the_application_changes_days_and_takes_none_away(application, day):
    application.execute("BEGIN; LOCK TABLE core_legalday IN SHARE ROW EXCLUSIVE MODE; COMMIT")
    application.execute(
        "INSERT INTO core_legalday SELECT * FROM core_legalday ON CONFLICT (day) DO UPDATE SET name = 'x'"
    )
    with pytest.raises(errors.InsufficientPrivilege):
        application.execute("DELETE FROM core_legalday")
    assert LegalDay.objects.get().name == "x"


@pytest.mark.parametrize("begins", ["2025-01-01", "2026-02-14", "2026-09-30", "2026-11-24", "2027-08-01"])
@pytest.mark.parametrize("ends", [None, "2026-10-08", "2027-03-01"])
def test_only_the_days_that_the_count_needs_are_read_and_never_too_few(begins, ends, db):
    calendar_file.fill()
    begins = D(begins)
    pauses = [Pause(begins, D(ends))] if ends and D(ends) > begins else []
    for number in (1, 45, 60):
        some = selectors.calendar(begins, number, pauses)
        assert some.day(number, begins, pauses) == calendar().day(number, begins, pauses)
        worked = [on for on in some._days if on >= max([begins, *(pause.end for pause in pauses)]) and table()[on][0]]
        assert len(worked) <= number + 1


@pytest.mark.parametrize(
    ("begins", "number", "until", "queries"),
    [
        ("2026-03-10", 45, None, 0),
        ("2026-03-20", 5, "2026-06-01", 0),
        ("2026-03-09", 1, None, 1),
        ("2026-03-10", 46, None, 1),
        ("2026-03-10", 1, "2026-06-02", 1),
    ],
)
def test_a_page_that_has_read_as_much_reads_no_more(begins, number, until, queries, db, django_assert_num_queries):
    calendar_file.fill()
    with reading():
        selectors.calendar(D("2026-03-10"), 45, until=D("2026-06-01"))
        with django_assert_num_queries(queries):
            some = selectors.calendar(D(begins), number, until=D(until) if until else None)
    assert some.day(number, D(until or begins)) == calendar().day(number, D(until or begins))


def test_only_the_days_that_a_count_back_needs_are_read_and_never_too_few(db):
    calendar_file.fill()
    for ends in (D("2026-11-10"), D("2026-10-07"), D("2026-02-23")):
        for number in (1, 45):
            some = selectors.calendar_before(ends, number)
            assert some.latest(number, ends) == calendar().latest(number, ends)
            assert len([on for on in some._days if table()[on][0]]) == number + 1
    with pytest.raises(NotPublished):
        selectors.calendar_before(D("2025-01-20"), 45).latest(45, D("2025-01-20"))
