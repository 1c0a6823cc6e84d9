"""A renewal asks for another annual license that begins on the day after the last one of the license before it.

It is an application like any other, and does not extend that license (docs/decisions/0038).
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta

from core.access import Actor
from core.command import command
from core.history import move, require
from core.legal_time import legal_day, legal_now, months_after
from core.locks import lock
from core.selectors import calendar_before
from core.working_days import NotPublished
from licensing.actions.amendments import require_none_renewing
from licensing.actions.copies import begin
from licensing.actions.drafts import granted
from licensing.actions.findings import limits
from licensing.clock import RECEIPT_DAYS, WORKING_DAYS
from licensing.models import Application, License
from licensing.policy.vocabulary import MONTHS
from licensing.selectors import judge, licenses_for
from licensing.selectors.clocks import ISSUE_DAYS

IN_ALL = RECEIPT_DAYS + WORKING_DAYS + ISSUE_DAYS  # working days from filing to the license, by law


def filed_by(licenses: Iterable[License]) -> dict[int, date]:
    """By which day the renewal of each of these is to be filed, by key: then a new license is due on its last day at
    the latest, where no consultation stops the clock. None of those whose days the working-day table does not have. One
    query."""
    lasts = {license.pk: license.usable_until for license in licenses}
    found: dict[int, date] = {}
    if lasts:
        table = calendar_before(min(lasts.values()), IN_ALL, until=max(lasts.values()))
        for pk, last in lasts.items():
            with suppress(NotPublished):
                found[pk] = table.latest(IN_ALL, last)
    return found


def too_short(license: License, file_by: date | None, today: date) -> bool:
    """The day by which to file was over before it began: it lasts for less than the law's time, and is to be renewed at
    once."""
    return file_by is not None and file_by < today and file_by < license.counted_from


@command
def renew(ref: str, *, seen: int, by: Actor) -> Application:
    """A draft exists that asks for what was granted with the license again, from the day after its last one on.

    Raises DomainError license-not-renewable for one that is not annual, and outside of its last days, renewal-open
    where another renewal was begun.
    """
    license = lock(licenses_for(by), ref=ref)
    require(license.renew, by=by, seen=seen)
    at = legal_now()
    if why := license.not_to_renew(legal_day(at)):
        raise why
    require_none_renewing(license)
    first = license.usable_until + timedelta(days=1)
    old = replace(granted(license), planned_from=first, planned_until=months_after(first, MONTHS))
    row = begin(old, license.application, by=by, at=at, renews=license)
    _shorten(row, first, at)
    move(license.renew, by=by, at=at, facts={"application": row.ref})
    return row


def _shorten(row: Application, first: date, at: datetime) -> None:
    """It asks for no more months than the rules allow."""
    judged = judge(row, at=at)
    lines, users = {line.number for line in row.lines.all()}, {user.pk for user in row.end_users.all()}
    months = limits(row, judged, lines, users).months
    row.planned_until = months_after(first, months)
    row.save(update_fields=["planned_until"])
