"""A month's rates from a file: read strictly, and loaded whole or not at all."""

import csv
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from core import characters
from core.calendar_file import LARGEST, TOO_LARGE, BadFile, Fault
from core.quantities import CURRENCY_PATTERN
from licensing.models import ExchangeRate
from licensing.models.rates import HOME_CURRENCY, RATE_PLACES

COLUMNS = ["month", "currency", "cny"]
RATE = re.compile(rf"[0-9]{{1,9}}(\.[0-9]{{1,{RATE_PLACES}}})?", re.ASCII)


def load(path: Path) -> int:
    """So many rates are new. One that is loaded stays as it is: reservations counted by it.

    Raises BadFile with every fault: a wrong header, month (YYYY-MM), currency or rate, a row twice, or one that says
    otherwise than what was loaded before.
    """
    with transaction.atomic():
        rows, faults = _read(path), []
        known = {(row.month, row.currency): row.cny for row in ExchangeRate.objects.all()}
        for number, row in rows:
            before = known.get((row.month, row.currency))
            if before is not None and before != row.cny:
                faults.append(Fault(number, "cny", f"it was loaded as {before.normalize():f} and stays so"))
        if faults:
            raise BadFile(*faults)
        new = [row for _number, row in rows if (row.month, row.currency) not in known]
        ExchangeRate.objects.bulk_create(new)
        return len(new)


def _read(path: Path) -> list[tuple[int, ExchangeRate]]:
    data = path.read_bytes()
    if len(data) > LARGEST:
        raise BadFile(Fault(0, "", TOO_LARGE))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFile(Fault(0, "", "the file is not UTF-8")) from None
    if characters.wrong(text, several_lines=True):
        raise BadFile(Fault(0, "", "the file has control characters"))
    reader = csv.reader(io.StringIO(text))
    if next(reader, []) != COLUMNS:
        raise BadFile(Fault(1, "", f"the columns are {', '.join(COLUMNS)}"))
    rows, faults, seen = [], [], set()
    for number, cells in enumerate(reader, start=2):
        wrong = _faults(number, cells)
        faults += wrong
        if wrong:
            continue
        month, currency, cny = cells
        row = ExchangeRate(month=date.fromisoformat(f"{month}-01"), currency=currency, cny=Decimal(cny))
        if (month, currency) in seen:
            faults.append(Fault(number, "", "this month and currency stand twice"))
        seen.add((month, currency))
        rows.append((number, row))
    if faults:
        raise BadFile(*faults)
    return rows


def _faults(number: int, cells: list[str]) -> list[Fault]:
    if len(cells) != len(COLUMNS):
        return [Fault(number, "", f"it has {len(cells)} columns, not {len(COLUMNS)}")]
    month, currency, cny = cells
    faults = []
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", month, re.ASCII):
        faults.append(Fault(number, "month", "write it as 2026-12"))
    if not re.fullmatch(CURRENCY_PATTERN, currency, re.ASCII) or currency == HOME_CURRENCY:
        faults.append(Fault(number, "currency", f"write three capital letters, and not {HOME_CURRENCY}"))
    if not RATE.fullmatch(cny) or not Decimal(cny):
        faults.append(Fault(number, "cny", f"write what one unit is worth in {HOME_CURRENCY}, such as 8.1234"))
    return faults
