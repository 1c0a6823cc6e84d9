"""What is used of a license, and so the least that another in its place may grant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext as _

from core.errors import Problem
from core.templatetags.lodestone import money
from core.templatetags.lodestone import quantity as in_words
from licensing.models import Application, License
from licensing.models.balances import Account, Ceiling, ClearanceCount, LicenseLine, Movement
from licensing.states import LicenseState

AccountOf = tuple[int, str, int | None]  # line, account, whose


@dataclass(frozen=True)
class Floors:
    """What is used of a license, and so the least that another in its place may grant: base units of each line,
    hundredths of its value, base units of what an end-user (a party) may take of it, and clearances."""

    ref: str
    lines: Mapping[int, LicenseLine]
    values: Mapping[int, tuple[int, str]]
    shares: Mapping[tuple[int, int], int]
    clearances: int | None

    def below_asked(self, row: Application) -> Iterator[Problem]:
        """Of which lines it asks for less than is used, and where the currency of its prices is not that of a cap. What
        the prices make of it binds nobody (decision 0044): the one who grants a cap keeps it above what is used."""
        for index, line in enumerate(row.lines.all()):
            before = self.lines.get(line.number)
            if before and line.quantity < before.used:
                yield _less(f"/lines/{index}/quantity", line.number, in_words(before.used, line.unit))
        other = [(number, capped) for number, (_used, capped) in self.values.items() if capped != row.currency]
        for number, capped in sorted(other)[:1] if row.currency else ():
            message = _("The value of line {number} of {ref} is capped in {currency}: state the prices in that.")
            text = message.format(number=number, ref=self.ref, currency=capped)
            yield Problem("/currency", "out-of-range", text)

    def below_granted(
        self,
        row: Application,
        lines: Mapping[int, int],
        values: Mapping[int, tuple[Decimal, str]],
        allotments: Mapping[tuple[int, int], int],
        max_clearances: int | None,
    ) -> Iterator[Problem]:
        """Of what this would grant less than is used. allotments: by line and end-user of the case."""
        parties = {user.pk: user.party_id for user in row.end_users.all()}
        for number, line in self.lines.items():
            if lines.get(number, 0) < line.used:
                yield _less(f"/quantity_{number}", number, in_words(line.used, line.unit))
        for number, (value, currency) in values.items():
            used, before = self.values.get(number, (0, currency))
            if currency != before or value * 100 < used:
                yield _less(f"/value_{number}", number, money(used, before))
        for (number, user), quantity in allotments.items():
            used = self.shares.get((number, parties[user]), 0)
            if quantity < used:
                yield _less(f"/allotment_{number}_{user}", number, in_words(used, self.lines[number].unit))
        if max_clearances is not None and self.clearances is not None and max_clearances <= self.clearances:
            message = _("{taken} clearances of {ref} are taken: grant more than these, or no limit.")
            yield Problem("/max_clearances", "below-used", message.format(taken=self.clearances, ref=self.ref))

    def clearances_left(self, granted: int | None) -> int | None:
        """How many are left of these, after those that the license has taken; None: no limit."""
        return granted if granted is None or self.clearances is None else granted - self.clearances


def _less(pointer: str, number: int, used: str) -> Problem:
    message = _("Line {number}: at least what is drawn and reserved, {used}.")
    return Problem(pointer, "below-used", message.format(number=number, used=used))


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
    return Floors(license.ref, lines, values, shares, count.taken if count else None)


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
        if account == Account.QUANTITY
    }


def _moved(license: License, kind: str) -> dict[AccountOf, int]:
    """So much altogether by movements of this kind, of each account that has some."""
    rows = Movement.objects.filter(license_id=license.pk, kind=kind).order_by()
    found = rows.values_list("line_id", "account", "end_user_id").annotate(credited=Sum("quantity"))
    return {(line, account, user): credited for line, account, user, credited in found}
