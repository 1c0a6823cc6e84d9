"""Which holds stand and which are announced, for everybody to see: derived from the editions."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from core.legal_time import INSTANT, day_start, legal_day
from licensing.policy.editions import Edition, Hold
from licensing.policy.engine import DAY, Compiled
from licensing.selectors.editions import FIRST_DAY, Editions


@dataclass(frozen=True)
class Announced:
    """A hold with the days on which editions let it stand, the last included; None: no end is known."""

    hold: Hold
    rules: Compiled
    since: date
    until: date | None

    @property
    def edition(self) -> Edition:
        return self.rules.edition

    def goes_on_in(self, other: "Announced") -> bool:
        """Under the same name it stands for the same, without a gap: its words and its own days may be others."""
        same = (self.hold.id, self.hold.match) == (other.hold.id, other.hold.match)
        gap = self.until is None or self.until + DAY < other.since
        return same and not gap and self.rules.named(self.hold.match) == other.rules.named(other.hold.match)


def holds_known(editions: Editions) -> list[Announced]:
    """The holds that stand at their instant or will, by their first day; one that goes on in another edition is one, in
    the words of the last that has begun."""
    joined, at = list[Announced](), editions.at
    for one in _of_editions(editions):
        before = next((row for row in joined if row.goes_on_in(one)), None)
        if before is None:
            joined.append(one)
        else:
            begun = one if one.since <= legal_day(at) else before
            joined[joined.index(before)] = replace(begun, since=before.since, until=one.until)
    ahead = [one for one in joined if one.until is None or one.until >= legal_day(at)]
    return sorted(ahead, key=lambda one: (one.since, one.hold.id))


def last_day(hold: Hold, on: date, editions: Editions) -> date | None:
    """The last day of a hold that stands on that day, by all these editions; None: no end is known."""
    known = (one for one in holds_known(editions.as_of(day_start(on))) if one.since <= on)
    return next(one.until for one in known if (one.hold.id, one.hold.match) == (hold.id, hold.match))


def _of_editions(editions: Editions) -> Iterator[Announced]:
    for rules, begins, ends in editions.reigns(day_start(FIRST_DAY)):
        for hold in rules.edition.holds:
            lasts = [last for last in (hold.span.last, ends and legal_day(ends - INSTANT)) if last]
            since, until = max(hold.span.first, legal_day(begins)), min(lasts, default=None)
            if until is None or since <= until:
                yield Announced(hold, rules, since, until)
