"""What an amendment asks to be otherwise than its license says: read from both, never stored."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.templatetags.lodestone import day
from licensing.models import Application, ApplicationLine, License


@dataclass(frozen=True)
class LineChange:
    """before: what the license authorizes of it; used: what of that is drawn and reserved."""

    line: ApplicationLine
    before: int
    used: int


@dataclass(frozen=True)
class Change:
    label: "str | Promise"
    before: str
    now: str


@dataclass(frozen=True)
class Changes:
    """Only what differs."""

    lines: list[LineChange]
    others: list[Change]


def changes_of(row: Application) -> Changes | None:
    """None of a case that amends no license. With its lines, end-users and consignees."""
    license = row.amends
    if license is None:
        return None
    before = {line.number: line for line in license.lines.all()}
    both = [(line, before[line.number]) for line in row.lines.all() if line.number in before]
    lines = [LineChange(line, old.authorized, old.used) for line, old in both if line.quantity != old.authorized]
    return Changes(lines, [one for one in _others(row, license) if one.before != one.now])


def _others(row: Application, license: License) -> list[Change]:
    return [
        Change(
            _("End-users"),
            _names(user.party for user in license.end_users.select_related("party")),
            _names(user.party for user in row.end_users.all()),
        ),
        Change(_("Who receives the goods"), _names(license.consignees.all()), _names(row.consignees.all())),
        Change(_("Customs ports"), _names(license.ports), _names(row.ports)),
        Change(_("Last day"), day(license.usable_until), day(row.planned_until) if row.planned_until else ""),
    ]


def _names(rows: Iterable[object]) -> str:
    return _(", ").join(sorted(str(one) for one in rows))
