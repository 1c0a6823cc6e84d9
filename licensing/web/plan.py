"""What becomes of the days that an application plans, where a license can't have them. Nothing is refused for it."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _

from core.legal_time import months_after
from core.templatetags.lodestone import day
from licensing.actions.findings import limits
from licensing.models import Application
from licensing.selectors import Judged
from licensing.states import UNDER_WAY, ApplicationState

ADVISED = (ApplicationState.AWAITING_DECISION, ApplicationState.APPROVED)


def of_the_plan(row: Application, judged: Iterable[Judged], today: date) -> list[str]:
    """Of a start that is over, and of days that lie behind the longest license; nothing where the license is issued.

    What is recommended or decided may be shorter than what the rules allow. A change counts its months from the first
    day of the license that it changes, which has begun.
    """
    if row.state not in UNDER_WAY or not (row.planned_from and row.planned_until):
        return []
    told, first = [], row.planned_from if row.amends_id else row.begins_on(today)
    if row.planned_from < first:
        message = _("The planned start, {day}, is over. A license begins no earlier than on the day of its issue.")
        told.append(message.format(day=day(row.planned_from)))
    users = {user.pk for user in row.end_users.all()}
    months = limits(row, judged, {line.number for line in row.lines.all()}, users).months
    if row.state in ADVISED and row.basis and row.basis.months:
        months = min(months, row.basis.months)
    if (last := months_after(first, months)) < row.planned_until:
        message = _(
            "It is planned until {until}, and this license lasts {months} months at most: one that begins on {first} "
            "ends on {last}. What is to be exported after that needs another license."
        )
        told.append(message.format(until=day(row.planned_until), months=months, first=day(first), last=day(last)))
    return told
