"""Cases: open ones judged on the day that the draft starts, decided ones filed again on it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from django.db.models import Prefetch, QuerySet

from core.legal_time import day_start, legal_day, months_after
from licensing.models import Application, ApplicationEndUser, ApplicationLine
from licensing.policy.editions import canonical
from licensing.policy.strictness import Difference
from licensing.policy.vocabulary import CHANNEL_OF
from licensing.selectors.clocks import used_of
from licensing.selectors.editions import AHEAD
from licensing.selectors.judging import NEW, Known, days_of, known_of, said
from licensing.selectors.what_if.known import Both, Compared, Days, paged
from licensing.selectors.what_if.tally import Exposure, Held, Part, Refs, Tally
from licensing.states import OPEN_CASE, ApplicationState

SIZE = 500
REPLAYED_MONTHS = 12
TENTH = Decimal("0.1")
_PARTS = (
    Prefetch(
        "lines",
        ApplicationLine.objects.select_related("control_item").only(
            "application_id", "number", "quantity", "unit", "control_item__code"
        ),
    ),
    Prefetch(
        "end_users",
        ApplicationEndUser.objects.select_related("party", "declaration").only(
            "application_id",
            "party__country_id",
            "party__nature",
            "declaration__end_use_id",
            "declaration__re_export",
            "declaration__re_export_countries",
        ),
    ),
)


def open_cases() -> QuerySet[Application]:
    """Cases that are not decided, or approved and not issued: what rules for pending cases count for."""
    return Application.objects.filter(state__in=[*OPEN_CASE, ApplicationState.APPROVED]).prefetch_related(*_PARTS)


def decided_cases(today: date) -> QuerySet[Application]:
    """Cases decided in the last twelve months, that day the last."""
    since = day_start(months_after(today, -REPLAYED_MONTHS))
    rows = Application.objects.filter(decided_at__gte=since).exclude(state=ApplicationState.APPROVED)
    return rows.prefetch_related(*_PARTS, "pauses")


class Cases:
    """What becomes of cases: outcomes, channels, and what else of an outcome differs."""

    def __init__(self, both: Both, audience: str, exposure: tuple[Exposure, Exposure]) -> None:
        self.both, self.audience, self.exposure = both, audience, exposure
        self.tally, self.channels, self.changed, self.held = Tally(), Refs(), Refs(), Held()
        self.differing: Counter[tuple[str, str, str, str]] = Counter()
        self.load = _Load()
        self._known: dict[tuple[date | None, date | None], Days] = {}

    def add_all(self, rows: QuerySet[Application]) -> Iterator[int]:
        """Yields how many were counted, page by page."""
        for page in paged(rows, SIZE):
            known, used = known_of(page), used_of(page) if self.audience == NEW else {}
            for case in page:
                self._add(case, known, used.get(case.pk))
            yield len(page)

    def _add(self, case: Application, known: Known, used: int | None) -> None:
        days, last_day = self._asked(case, known)
        parts, opened, found = list[Part](), list[tuple[frozenset[str], frozenset[str]]](), set[Difference]()
        for line, _user, facts, text, one in self.judged(case, known):
            countries = tuple(facts["destination.country"])
            words = (line.control_item.code, countries, facts["end_use.code"], line.unit, line.quantity)
            parts.append(Part(line.pk, *words, one.old, one.new))
            opened.append(one.opened)
            self.held.add(case.ref, line.pk, line.unit, line.quantity, *self.both.holding(self.both.alike(text)))
            found |= one.differences
            self.both.rests_on(case.ref, case.state, case.kind, line.number, line.quantity, line.unit, text)
            for first, exposure in zip(self.both.exposed(self.both.alike(text)), self.exposure, strict=True):
                if first:
                    exposure.add(first, case.ref, line.pk, words[0], line.unit, line.quantity)
        self.both.rests_on(case.ref, [[str(day), within] for day, within in days], last_day and str(last_day), used)
        self.tally.add(parts)
        old, new = (frozenset.intersection(*ways) for ways in zip(*opened, strict=True))
        for name in new - old:
            self.channels.add(f"gained {name}", case.ref)
        for name in old - new:
            self.channels.add(f"lost {name}", case.ref)
        if found:
            self.changed.add("changed", case.ref)
        self.differing.update({(one.part, one.old or "", one.new or "", one.direction) for one in found})
        way = CHANNEL_OF[case.kind]
        self.load.add(case.ref, way in old, way in new, used)

    def judged(
        self, case: Application, known: Known
    ) -> Iterator[tuple[ApplicationLine, ApplicationEndUser, dict[str, Any], str, Compared]]:
        """Of each line for each end-user the facts, also as one text, and what both sets of editions say of them."""
        days, last_day = self._asked(case, known)
        for line in case.lines.all():
            for user in case.end_users.all():
                facts = said(case, line, user, known.hits.get(user.party_id))
                text = canonical(facts)
                yield line, user, facts, text, self.both.compared(self.both.alike(text), days, last_day, self.audience)

    def _asked(self, case: Application, known: Known) -> tuple[Days, date | None]:
        """The days on which both are asked, and the last one on which the company is qualified."""
        return self._standing_for(self._days(case), known.qualified.get(case.exporter_id))

    def _days(self, case: Application) -> Days:
        """Each day on which either would be asked: the same for cases of one window."""
        window = (case.planned_from, case.planned_until)
        if window not in self._known:
            today = legal_day(self.both.starts_at)
            both = (days_of(case, editions, self.audience, today) for editions in (self.both.old, self.both.new))
            self._known[window] = tuple(sorted({day for days in both for day in days}))
        return self._known[window]

    def _standing_for(self, days: Days, last_day: date | None) -> tuple[Days, date | None]:
        """Of each day the last turn until it: the rules say the same, and many windows are asked about together.

        Not where the company is qualified on some of the days only.
        """
        qualified = {bool(last_day and day <= last_day) for day, _ in days}
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
