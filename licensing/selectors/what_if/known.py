"""Both sets of editions, and what each says of facts: asked once of all that no rule tells apart."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from core.legal_time import legal_day
from licensing.policy.alike import Alike
from licensing.policy.editions import canonical
from licensing.policy.engine import RANK, Compiled
from licensing.policy.facts import Facts, as_read
from licensing.policy.strictness import Difference, differences
from licensing.policy.vocabulary import CHANNELS, NEW, SPECIAL
from licensing.selectors.editions import AHEAD, Editions
from licensing.selectors.judging import Look, looks

KEPT = 50_000  # answers about different facts
Days = tuple[tuple[date, bool], ...]


@dataclass(frozen=True)
class Compared:
    """What both say of facts in a window: the strictest disposition, the channels open on some day, what differs."""

    old: str
    new: str
    opened: tuple[frozenset[str], frozenset[str]]
    differences: frozenset[Difference]


class Both:
    """Editions without the draft and with it, as of the instant at which it starts; data: what the answer rests on."""

    def __init__(self, old: Editions, new: Editions, at: datetime) -> None:
        self.old, self.new, self.at = old, new, at
        self.starts_at = new.at
        self.today = legal_day(at)
        self.data = hashlib.sha256()
        self.compared = lru_cache(KEPT)(self._compared)
        self.exposed = lru_cache(KEPT)(self._exposed)
        self.holding = lru_cache(KEPT)(self._holding)
        self.banned = lru_cache(KEPT)(self._banned)
        self.alike = lru_cache(KEPT)(self._alike)
        digests = dict.fromkeys(row[1] for editions in (new, old) for row in editions.rows)  # one of the draft's start
        self._classes = Alike(map(new.rules, digests))  # is among the old alone
        self._ahead = [self._days_of(editions.as_of(at)) for editions in (old, new)]

    def _alike(self, facts: str) -> str:
        """Facts of which every edition says the same."""
        return canonical(self._classes.of(json.loads(facts)))

    def rests_on(self, *data: Any) -> None:
        self.data.update(canonical({"": data}).encode())

    def _compared(
        self, facts: str, days: Days, last_day: date | None, audience: str, unproved: bool = False
    ) -> Compared:
        """unproved: as of a Look."""
        read = json.loads(facts)
        old, new = (
            looks(read, days, last_day, editions, audience, unproved=unproved) for editions in (self.old, self.new)
        )
        said = [(was.outcome, now.outcome) for was, now in zip(old, new, strict=True)]
        said += [(was.clear, now.clear) for was, now in zip(old, new, strict=True)]
        found = frozenset(one for was, now in said for one in differences(was, now))
        return Compared(_strictest(old), _strictest(new), (_opened(old), _opened(new)), found)

    def _holding(self, facts: str) -> tuple[frozenset[str], frozenset[str]]:
        """The holds that stand when the draft starts, by both."""
        said, day = json.loads(facts), legal_day(self.starts_at)
        both = (editions.rules(editions.of(day).digest) for editions in (self.old, self.new))
        old, new = (
            frozenset(hold.id for hold in rules.holding(as_read(said, rules.edition), on=day)) for rules in both
        )
        return old, new

    def _banned(self, facts: str, special: bool) -> bool:
        """The draft prohibits it to whoever files anew on the day on which it starts, and nothing did before. special:
        what is left open under special circumstances is not."""
        said, day = json.loads(facts), legal_day(self.starts_at)
        was, now = (
            _forbid(editions.rules(editions.of(day).digest), said, day, special) for editions in (self.old, self.new)
        )
        return now and not was

    def _exposed(self, facts: str) -> tuple[str, str]:
        """The first day from which on what is not controlled today is, by both; empty where there is none."""
        said = json.loads(facts)
        old, new = (self._returns(said, days) for days in self._ahead)
        return old, new

    def _days_of(self, editions: Editions) -> list[tuple[date, Compiled]]:
        """Today, and each day ahead on which other rules begin to count, with the rules of each."""
        days = [self.today, *editions.turns(self.today, self.today + AHEAD, NEW)]
        return [(day, editions.rules(editions.of(day)[1])) for day in days]

    @staticmethod
    def _returns(said: Facts, days: list[tuple[date, Compiled]]) -> str:
        controlled = (
            (day, rules.assess(as_read(said, rules.edition), on=day, audience=NEW).controlled) for day, rules in days
        )
        if next(controlled)[1] is not False:
            return ""
        return next((str(day) for day, is_controlled in controlled if is_controlled), "")


def _forbid(rules: Compiled, said: Facts, day: date, special: bool) -> bool:
    outcome = rules.assess(as_read(said, rules.edition), on=day, audience=NEW)
    return outcome.disposition == "prohibited" and not (special and SPECIAL in outcome.channels)


def _strictest(looks: list[Look]) -> str:
    said = (look.outcome.disposition for look in looks if look.within)
    return max(said, key=lambda name: RANK.get(name, -1))


def _opened(looks: list[Look]) -> frozenset[str]:
    return frozenset(name for name in CHANNELS if any(look.opens(name) for look in looks if look.within))


def plain(one: Difference) -> Difference:
    """Values that JSON has, and that can be put in order."""
    return Difference(one.part, _value(one.old), _value(one.new), one.direction)


def _value(value: Any) -> Any:
    return value if value is None else ", ".join(value) if isinstance(value, tuple) else str(value)


def paged(rows: Any, size: int) -> Iterator[list[Any]]:
    """All these rows, so many at a time, in the order of their keys."""
    after = 0
    while page := list(rows.filter(pk__gt=after).order_by("pk")[:size]):
        yield page
        after = page[-1].pk
