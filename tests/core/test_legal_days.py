"""What PostgreSQL itself holds of the working-day table."""

import pytest
from django.db import IntegrityError, transaction
from psycopg2 import errors

from core.models import LegalDay


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
