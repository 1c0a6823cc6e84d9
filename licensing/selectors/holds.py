"""Which holds stand and which are announced, for everybody to see: derived from the editions."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from core.legal_time import INSTANT, day_start, legal_day
from licensing.policy.editions import Edition, Hold
from licensing.policy.engine import DAY
from licensing.selectors.editions import FIRST_DAY, editions_at


@dataclass(frozen=True)
class Announced:
    """A hold with the days on which editions let it stand, the last included; None: no end is known."""

    hold: Hold
    edition: Edition
    since: date
    until: date | None


def holds_known(at: datetime) -> list[Announced]:
    """The holds that stand at that instant or will, by their first day; one that goes on in another edition is one."""
    joined: list[Announced] = []
    for one in _of_editions(at):
        before = next(
            (row for row in joined if row.hold == one.hold and row.until and row.until + DAY >= one.since), None
        )
        if before is None:
            joined.append(one)
        else:
            joined[joined.index(before)] = replace(before, until=one.until)
    ahead = [one for one in joined if one.until is None or one.until >= legal_day(at)]
    return sorted(ahead, key=lambda one: (one.since, one.hold.id))


def last_day(hold: Hold, on: date) -> date | None:
    """The last day of a hold that stands on that day, by all editions known; None: no end is known."""
    return next(one.until for one in holds_known(day_start(on)) if one.hold == hold and one.since <= on)


def _of_editions(at: datetime) -> Iterator[Announced]:
    for rules, begins, ends in editions_at(at).reigns(day_start(FIRST_DAY)):
        for hold in rules.edition.holds:
            lasts = [last for last in (hold.span.last, ends and legal_day(ends - INSTANT)) if last]
            since, until = max(hold.span.first, legal_day(begins)), min(lasts, default=None)
            if until is None or since <= until:
                yield Announced(hold, rules.edition, since, until)
