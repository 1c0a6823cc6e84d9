"""What stands in the way of a reservation, as pages and programs are told before they ask for one.

What decides, under its locks, is ledger_take().
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from core.legal_time import legal_day
from licensing.models import License, Obstacle
from licensing.selectors.causes import Closing, closed_as_a_whole, open_users


def obstacles(
    licenses: Collection[License],
    taken: Mapping[int, int],
    closings: Mapping[int, Collection[Closing]],
    at: datetime,
    *,
    ruled: bool = True,
) -> dict[int, Obstacle]:
    """Of each of these licenses (with balances) on which nothing can be reserved at that instant, by key, why.

    taken, closings: the clearances and closings of each. One query, whatever their number; none where no rule and no
    hold is known to stop any line (ruled).
    """
    found = {row.pk: _obstacle(row, taken[row.pk], closings.get(row.pk, ()), at) for row in licenses}
    free = [row for row in licenses if ruled and not found[row.pk]]
    stopped = closed_as_a_whole(free, closings, at) if free else {}
    return {pk: one for pk, own in found.items() if (one := own or (Obstacle.RULES if pk in stopped else None))}


def _obstacle(license: License, taken: int, closings: Collection[Closing], at: datetime) -> Obstacle | None:
    if own := license.obstacle_on(legal_day(at)):
        return own
    if license.last_cleared:
        return Obstacle.LAST_CLEARED
    if not license.exporter.acts:
        return Obstacle.EXPORTER
    if not open_users(license, closings):
        return Obstacle.END_USERS
    if license.clearances_gone(taken):
        return Obstacle.CLEARANCES
    return None if any(line.room > 0 for line in license.lines.all()) else Obstacle.QUANTITY
