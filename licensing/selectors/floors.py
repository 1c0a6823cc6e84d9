"""What is used of a license, and so the least that another in its place may grant."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Sum

from licensing.models import License
from licensing.models.balances import Ceiling, ClearanceCount, LicenseLine, Movement
from licensing.states import LicenseState

Account = tuple[int, str, int | None]  # of a line: which, and whose


@dataclass(frozen=True)
class Floors:
    """What is used of a license, and so the least that another in its place may grant: base units of each line,
    hundredths of its value, base units of what an end-user (a party) may take of it, and clearances."""

    lines: Mapping[int, LicenseLine]
    values: Mapping[int, tuple[int, str]]
    shares: Mapping[tuple[int, int], int]
    clearances: int | None

    def of(self, number: int) -> int:
        line = self.lines.get(number)
        return line.used if line else 0


def floors_of(license: License) -> Floors:
    """Of the license as it stands now; exact for whoever holds its lines."""
    lines = {line.number: line for line in LicenseLine.objects.filter(license=license).select_related("control_item")}
    ceilings = Ceiling.objects.filter(line__license=license).select_related("line", "end_user")
    back = _moved(license, Movement.Kind.CREDIT)  # it stands in what a ceiling authorizes
    values, shares = {}, {}
    for one in ceilings:
        used = one.reserved + one.drawn - back.get((one.line_id, one.account, one.end_user_id), 0)
        if one.end_user is None:
            values[one.line.number] = used, one.currency
        else:
            shares[one.line.number, one.end_user.party_id] = used
    count = ClearanceCount.objects.filter(license=license).first()
    return Floors(lines, values, shares, count.taken if count else None)


def as_issued(license: License) -> License:
    """It, not to be saved: each of its accounts authorizes what it did on the day of issue. What its successor has by
    now, it does not authorize any more."""
    on = _moved(license, Movement.Kind.PASS_ON) if license.state == LicenseState.REPLACED else {}
    for line in license.lines.all():
        line.authorized += on.get((line.pk, "quantity", None), 0)
        for one in line.ceilings.all():
            one.authorized += on.get((line.pk, one.account, one.end_user_id), 0)
    return license


def passed_on(license: License) -> dict[int, int]:
    """So much of each line, by its key, the license that took its place has; nothing of one that was not replaced."""
    if license.state != LicenseState.REPLACED:
        return {}
    return {
        line: quantity
        for (line, account, _user), quantity in _moved(license, Movement.Kind.PASS_ON).items()
        if account == Movement.Account.QUANTITY
    }


def _moved(license: License, kind: str) -> dict[Account, int]:
    """So much altogether by movements of this kind, of each account that has some."""
    rows = Movement.objects.filter(license_id=license.pk, kind=kind).order_by()
    found = rows.values_list("line_id", "account", "end_user_id").annotate(credited=Sum("quantity"))
    return {(line, account, user): credited for line, account, user, credited in found}
