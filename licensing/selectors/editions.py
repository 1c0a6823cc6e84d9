"""Which edition of the rules is in force: derived from the starts that have come, never a job's work."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache, cached_property, lru_cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from core.legal_time import INSTANT, LegalNow, day_end, day_start, legal_day
from core.once import once
from licensing.models import Application, License, PolicyEdition
from licensing.models.editions import COUNTS
from licensing.policy.editions import Unreadable, digest_of, read
from licensing.policy.engine import Compiled
from licensing.policy.facts import Facts, whole
from licensing.policy.trace import Stretch

FIRST_DAY = date(2020, 12, 1)  # the Export Control Law is in force; of days before it nothing is loaded
AHEAD = timedelta(days=3_653)
LAST_DAY = date.max - timedelta(days=1)  # of what no calendar ends
DRAFT = "draft"  # the name of an edition that nobody keeps


class Named(NamedTuple):
    """An edition by its name and the digest of its text."""

    code: str
    digest: str


def edition_now() -> Named:
    """The edition in force now. One query. Raises PolicyEdition.DoesNotExist before anything is loaded."""
    editions = editions_at()
    return editions.of(editions.today)


def edition_on(day: date) -> Named:
    """The edition that judges a day: today the one in force now, another day the one in force at its end."""
    return editions_at().of(day)


def scheduled(at: datetime) -> QuerySet[PolicyEdition]:
    """What was approved and starts later, the next first; its text left out."""
    return PolicyEdition.objects.defer("text").filter(COUNTS, starts_at__gt=at).order_by("starts_at", "pk")


@dataclass(frozen=True)
class Editions:
    """Every edition by its start, as of an instant: which of them judges which day. drafted: one that nobody keeps."""

    rows: tuple[tuple[str, str, datetime], ...]  # name, digest, start
    at: datetime = field(compare=False)
    newest: int  # the key of the one that was put in force, or announced, last
    drafted: Compiled | None = None

    def with_draft(self, draft: Compiled, starts_at: datetime) -> "Editions":
        """As if this one had been put in force, too, from that instant on."""
        others = [row for row in self.rows if row[2] != starts_at]
        rows = sorted((*others, (DRAFT, draft.edition.digest, starts_at)), key=lambda row: row[2])
        return replace(self, rows=tuple(rows), drafted=draft)

    def as_of(self, at: datetime) -> "Editions":
        return replace(self, at=at)

    def rules(self, digest: str) -> Compiled:
        if self.drafted and self.drafted.edition.digest == digest:
            return self.drafted
        return rules_of(digest)

    @cached_property
    def today(self) -> date:
        return legal_day(self.at)

    def of(self, day: date) -> Named:
        """The edition that judges a day: as edition_on."""
        return Named(*self.rows[self._place(day)][:2])

    def before(self, starts_at: datetime) -> Named:
        """The edition that judges until that start."""
        rows = [row for row in self.rows if row[2] < starts_at]
        return Named(*max(rows, default=self.rows[0], key=lambda row: row[2])[:2])

    def _place(self, day: date) -> int:
        """Of the one that started last until then; the first covers all earlier days."""
        until = self.at if day == self.today else day_end(day) - INSTANT
        return max((place for place, (_, _, starts_at) in enumerate(self.rows) if starts_at <= until), default=0)

    def reigns(self, since: datetime) -> Iterator[tuple[Compiled, datetime, datetime | None]]:
        """Each edition with its time from that instant on; the first covers all earlier days."""
        ends = [starts_at for _, _, starts_at in self.rows[1:]]
        for (_, digest, starts_at), end in zip(self.rows, [*ends, None], strict=True):
            if end is None or end > since:
                yield self.rules(digest), since if starts_at == self.rows[0][2] else max(since, starts_at), end

    def turns(self, after: date, until: date, audience: str) -> list[date]:
        """The days after the one, until the other, on which other rules begin to count for that audience."""
        if audience not in self._turns:
            self._turns[audience] = self._all_turns(audience)
        days = self._turns[audience]
        return days[bisect_right(days, after) : bisect_right(days, until)]

    @cached_property
    def _turns(self) -> dict[str, list[date]]:
        return {}

    def _all_turns(self, audience: str) -> list[date]:
        """Of each edition those days that are its own."""
        found = set()
        for place, (_, digest, starts_at) in enumerate(self.rows):
            days = [*self.rules(digest).turns(audience), legal_day(starts_at)]
            found |= {day for day in days if self._place(day) == place}
        return sorted(found)

    def to_turn(self, row: Application | License) -> bool:
        """Does its last turn not know the newest of these, or has its next one come? As `due` asks of many."""
        return row.judged_by_id != self.newest or row.next_turn_at is not None and row.next_turn_at <= self.at

    def next_turn(self, audience: str) -> datetime | None:
        """The first instant ahead at which other rules may count for that audience, or other holds stand."""
        today = legal_day(self.at)
        days = self.turns(today, LAST_DAY, audience)
        held = (day for row in self.rows[self._place(today) :] for day in self.rules(row[1]).hold_turns if day > today)
        days = sorted([*days[:1], *held])
        ahead = [starts_at for _, _, starts_at in self.rows if starts_at > self.at]
        return min([*ahead, *(day_start(day) for day in days[:1])], default=None)


@cache
def _each() -> tuple[str, tuple[Any, ...]]:
    """Asked in most requests, and the same words each time."""
    rows = PolicyEdition.objects.annotate(now=LegalNow(), counts=ExpressionWrapper(COUNTS, BooleanField()))
    row = rows.order_by("starts_at", "pk").values_list("code", "digest", "starts_at", "counts", "pk", "now")
    return row.query.sql_with_params()


@once
def _known() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(*_each())
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def editions_at(at: datetime | None = None) -> Editions:
    """As of that instant, or of now. One query, once a page. Raises PolicyEdition.DoesNotExist before anything is
    loaded.

    What was repealed is none of them, nor what repeals it: until their start and after it the edition before judges.
    """
    found = _known()
    if not found:
        raise PolicyEdition.DoesNotExist
    counting = tuple(row[:3] for row in found if row[3])
    return Editions(counting, at or found[0][5], max(row[4] for row in found))


def due(at: datetime) -> Q:
    """Of cases or licenses those of which no turn knows the newest edition, or whose next one has come."""
    newest = PolicyEdition.objects.order_by("-pk").values("pk")[:1]
    return Q(judged_by=None) | Q(judged_by__lt=newest) | Q(next_turn_at__lte=at)


def stretches(said: Facts, day: date) -> list[Stretch]:
    """Which edition judges which days of these facts: around that day, as far as editions can read the facts."""
    found: list[Stretch] = []
    for number, (_, digest, starts_at) in enumerate(editions_at(day_start(day)).rows):
        begins, rules = legal_day(starts_at) if number else None, rules_of(digest)
        try:
            found.append(Stretch(begins, rules, whole(said, rules.edition)))
        except Unreadable:
            if begins and begins > day:
                break
            found = []
    return found


class Forged(Exception):
    """An edition's text is not the one of its digest: somebody went round the guards."""


@lru_cache(maxsize=512)
def rules_of(digest: str) -> Compiled:
    """The edition of this digest, read and compiled once a process. Raises Forged."""
    text = PolicyEdition.objects.filter(digest=digest).values_list("text", flat=True)[:1].get()
    if digest_of(text) != digest:
        raise Forged(digest)
    return Compiled(read(text))
