"""Cases: open ones judged on the day that the draft starts, decided ones filed again on it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import QuerySet

from core.legal_time import day_start, legal_day, months_after
from exporters.models import qualified_on
from licensing.models import Application, ApplicationEndUser, ApplicationLine
from licensing.policy.editions import canonical
from licensing.policy.strictness import Difference
from licensing.policy.vocabulary import CHANNEL_OF, COUNTRY, END_USE, NEW
from licensing.selectors.clocks import used_of, with_own
from licensing.selectors.editions import AHEAD, Editions
from licensing.selectors.judging import Known, Signed, days_of, known_by, said_of
from licensing.selectors.what_if.known import Both, Compared, Days, paged, plain
from licensing.selectors.what_if.tally import Exposure, Held, Part, Refs, Tally
from licensing.states import OPEN_CASE, ApplicationState

SIZE = 500
REPLAYED_MONTHS = 12
TENTH = Decimal("0.1")
_COLUMNS = (
    *("ref", "state", "kind", "exporter", "planned_from", "planned_until", "red_flag", "purpose"),
    *("accepted_on", "decided_at", "amends", "amends__kind"),
)
_SIGNED = (
    *("party__country", "party__nature", "declaration__as_signed", "declaration__end_use", "declaration__re_export"),
    "declaration__re_export_countries",
)


class Line(NamedTuple):
    pk: int
    number: int
    code: str
    unit: str
    quantity: int


class User(NamedTuple):
    party: int
    ref: str
    name: str
    signed: Signed


Parts = tuple[list[Line], list[User]]


class Seen(NamedTuple):
    """A line for an end-user: its facts, also as one text, facts like them, and what both sets of editions say."""

    line: Line
    user: User
    facts: dict[str, Any]
    text: str
    alike: str
    said: Compared


def parts_of(cases: Iterable[Application]) -> dict[int, Parts]:
    """The lines and end-users of these cases, by key; two queries."""
    found: dict[int, Parts] = {case.pk: ([], []) for case in cases}
    lines, users = (part.objects.filter(application__in=found) for part in (ApplicationLine, ApplicationEndUser))
    columns = ("application", "pk", "number", "control_item__code", "unit", "quantity")
    for case, *line in lines.values_list(*columns):
        found[case][0].append(Line(*line))
    for case, party, ref, name, country, nature, as_signed, *drafted in users.values_list(
        "application", "party", "party__ref", "party__name", *_SIGNED
    ):
        found[case][1].append(User(party, ref, name, Signed.of(country, nature, drafted, as_signed)))
    return found


def open_cases() -> QuerySet[Application]:
    """Cases that are not decided, or approved and not issued: what rules for pending cases count for."""
    return _read(Application.objects.filter(state__in=[*OPEN_CASE, ApplicationState.APPROVED]))


def decided_cases(today: date, editions: Editions) -> QuerySet[Application]:
    """Cases decided in the last REPLAYED_MONTHS, that day the last, as their clocks are read at once."""
    since = day_start(months_after(today, -REPLAYED_MONTHS))
    rows = Application.objects.filter(decided_at__gte=since).exclude(state=ApplicationState.APPROVED)
    return with_own(_read(rows), editions)


def _read(rows: QuerySet[Application]) -> QuerySet[Application]:
    """With all that is judged of a case itself, what kind of license it asks for among it."""
    return rows.select_related("amends").only(*_COLUMNS)


class Cases:
    """What becomes of cases: outcomes, channels, and what else of an outcome differs. assumed: of whom nobody screened,
    what that found; None: nobody says."""

    def __init__(
        self, both: Both, audience: str, exposure: tuple[Exposure, Exposure], assumed: str | None = None
    ) -> None:
        self.both, self.audience, self.exposure, self.assumed = both, audience, exposure, assumed
        self.tally, self.channels, self.changed, self.held = Tally(), Refs(), Refs(), Held()
        self.differing: Counter[tuple[str, str, str, str]] = Counter()
        self.load = _Load()
        self._known: dict[tuple[date | None, ...], tuple[Days, date | None]] = {}

    def add_all(self, rows: QuerySet[Application]) -> Iterator[int]:
        """Yields how many were counted, page by page."""
        for page in paged(rows, SIZE):
            of, used = parts_of(page), used_of(page, self.both.today) if self.audience == NEW else {}
            parties = {user.party for _, users in of.values() for user in users}
            known = known_by(parties, {case.exporter_id for case in page})
            for case in page:
                self._add(case, of[case.pk], known, used.get(case.pk))
            yield len(page)

    def _add(self, case: Application, of: Parts, known: Known, used: int | None) -> None:
        days, last_day = self._asked(case, known)
        parts, opened, found = list[Part](), list[tuple[frozenset[str], frozenset[str]]](), set[Difference]()
        data = list[tuple[int, int, str, str]]()
        for line, _, facts, text, alike, said in self.judged(case, of, known):
            words = (line.code, tuple(facts[COUNTRY]), facts[END_USE], line.unit, line.quantity)
            parts.append(Part(line.pk, *words, said.old, said.new))
            opened.append(said.opened)
            self.held.add(case.ref, line.pk, line.unit, line.quantity, *self.both.holding(alike))
            found |= said.differences
            data.append((line.number, line.quantity, line.unit, text))
            for first, exposure in zip(self.both.exposed(alike), self.exposure, strict=True):
                if first:
                    exposure.add(first, case.ref, line.pk, line.code, line.unit, line.quantity)
        asked = [[str(day), within] for day, within in days], last_day and str(last_day), used
        self.both.rests_on(case.ref, case.state, case.kind, data, *asked)
        self.tally.add(parts)
        old, new = (frozenset.intersection(*ways) for ways in zip(*opened, strict=True))
        for name in new - old:
            self.channels.add(f"gained {name}", case.ref)
        for name in old - new:
            self.channels.add(f"lost {name}", case.ref)
        if found:
            self.changed.add("changed", case.ref)
        self.differing.update({(one.part, one.old or "", one.new or "", one.direction) for one in map(plain, found)})
        way = CHANNEL_OF[case.grants]
        self.load.add(case.ref, way in old, way in new, used)

    def judged(self, case: Application, of: Parts, known: Known) -> Iterator[Seen]:
        asked, (lines, users) = self._asked(case, known), of
        for line in lines:
            for user in users:
                hit = known.hits.get(user.party)
                facts, unproved = said_of(case, line.code, user.signed, hit or self.assumed), case.special and not hit
                text = canonical(facts)
                alike = self.both.alike(text)
                yield Seen(line, user, facts, text, alike, self.both.compared(alike, *asked, self.audience, unproved))

    def _asked(self, case: Application, known: Known) -> tuple[Days, date | None]:
        """The days on which both are asked, and the last one on which the company is qualified: the same for cases of
        one window."""
        key = case.planned_from, case.planned_until, known.qualified.get(case.exporter_id)
        if key not in self._known:
            self._known[key] = self._standing_for(self._days(case), key[2])
        return self._known[key]

    def _days(self, case: Application) -> Days:
        """Each day on which either would be asked."""
        today = legal_day(self.both.starts_at)
        both = (days_of(case, editions, self.audience, today) for editions in (self.both.old, self.both.new))
        return tuple(sorted({day for days in both for day in days}))

    def _standing_for(self, days: Days, last_day: date | None) -> tuple[Days, date | None]:
        """Of each day the last turn until it: the rules say the same, and many windows are asked about together.

        Not where the company is qualified on some of the days only.
        """
        qualified = {qualified_on(day, last_day=last_day) for day, _ in days}
        if len(qualified) > 1:
            return days, last_day
        turns = self._turns
        same = {(turns[bisect_right(turns, day) - 1], within) for day, within in days}
        return tuple(sorted(same)), date.max if True in qualified else None

    @cached_property
    def _turns(self) -> list[date]:
        first = legal_day(self.both.starts_at)
        ahead = (editions.turns(first, first + AHEAD, self.audience) for editions in (self.both.old, self.both.new))
        return sorted({first, *(day for days in ahead for day in days)})

    def told(self) -> dict[str, Any]:
        parts = sorted(self.differing.items())
        return {
            **self.tally.told(),
            "channels": self.channels.told(),
            "differences": [
                {"part": part, "old": old, "new": new, "direction": direction, "entries": count}
                for (part, old, new, direction), count in parts
            ],
            "refs": self.changed.told(),
            "holds": self.held.told(),
        }


class _Load:
    """Cases that could be filed before and after, and the working days that such a case took."""

    def __init__(self) -> None:
        self.before = self.after = self.days = self.timed = 0
        self.refs = Refs()

    def add(self, ref: str, before: bool, after: bool, used: int | None) -> None:
        self.before += before
        self.after += after
        self.days, self.timed = self.days + (used or 0), self.timed + (used is not None)
        if before != after:
            self.refs.add("more" if after else "less", ref)

    def told(self) -> dict[str, Any]:
        """average and days: to a tenth of a working day, halves up."""
        average = Decimal(self.days) / self.timed if self.timed else Decimal()
        days = average * (self.after - self.before)
        return {
            "cases": [self.before, self.after],
            "average": str(average.quantize(TENTH, ROUND_HALF_UP)),
            "days": str(days.quantize(TENTH, ROUND_HALF_UP) + 0),  # no minus before a zero
            "refs": self.refs.told(),
        }
