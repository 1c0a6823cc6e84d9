"""A month's rates come from a file, whole or not at all; what was loaded stays."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from licensing.models import ExchangeRate

HEAD = "month,currency,cny"

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(tmp_path):
    def run(*rows, data=None):
        path = tmp_path / "rates.csv"
        path.write_bytes("\n".join([HEAD, *rows]).encode() + b"\n" if data is None else data)
        call_command("load_rates", str(path))

    return run


def test_rates_are_loaded_and_the_same_file_again_changes_nothing(load, capsys):
    for new in (2, 0):
        load("2026-12,EUR,8.12345678", "2026-12,USD,7.1")
        assert capsys.readouterr().out == f"Rates that are new: {new}.\n"
    rows = ExchangeRate.objects.order_by("currency").values_list("month", "currency", "cny")
    month = date(2026, 12, 1)
    assert list(rows) == [(month, "EUR", Decimal("8.12345678")), (month, "USD", Decimal("7.1"))]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-13,EUR,8", "row 3, month: write it as 2026-12"),
        ("2026-12-01,EUR,8", "row 3, month: write it as 2026-12"),
        ("2026-12,eur,8", "row 3, currency: write three capital letters, and not CNY"),
        ("2026-12,CNY,1", "row 3, currency: write three capital letters, and not CNY"),
        ("2026-12,EUR,0", "row 3, cny: write what one unit is worth in CNY, such as 8.1234"),
        ("2026-12,EUR,-8", "row 3, cny: write what one unit is worth in CNY, such as 8.1234"),
        ("2026-12,EUR,8.123456789", "row 3, cny: write what one unit is worth in CNY, such as 8.1234"),
        ("2026-12,EUR,NaN", "row 3, cny: write what one unit is worth in CNY, such as 8.1234"),
        ("2026-12,EUR", "row 3: it has 2 columns, not 3"),
        ("2026-12,USD,7", "row 3: this month and currency stand twice"),
    ],
)
def test_one_wrong_row_and_nothing_is_loaded(load, row, said):
    with pytest.raises(CommandError) as refused:
        load("2026-12,USD,7", row)
    assert said in str(refused.value)
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"month;currency;cny\n", "row 1: the columns are month, currency, cny"),
        ("month,currency,cny\n".encode("utf-16"), "the file is not UTF-8"),
        (b"month,currency,cny\n2026-12,EUR,8\x00\n", "the file has control characters"),
        (b"x" * (2**20 + 1), "the file is larger than 1 MiB"),
    ],
)
def test_a_file_of_another_shape_is_refused(load, data, said):
    with pytest.raises(CommandError, match=said):
        load(data=data)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CommandError, match="Nothing was loaded"):
        call_command("load_rates", str(tmp_path / "none.csv"))


def test_what_was_loaded_stays(load):
    load("2026-12,EUR,8.1")
    with pytest.raises(CommandError, match=r"row 3, cny: it was loaded as 8.1 and stays so"):
        load("2026-12,USD,7", "2026-12,EUR,8.2")
    assert ExchangeRate.objects.get().cny == Decimal("8.1")
