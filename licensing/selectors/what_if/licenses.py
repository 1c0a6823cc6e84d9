"""Licenses in force: what the turn at the draft's start would begin and end, and what later turns would."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast

from core.legal_time import INSTANT, legal_day, on_the_wire
from licensing.models import License, LicenseEndUser, Suspension, Verdict
from licensing.models.balances import LicenseLine
from licensing.policy.editions import canonical
from licensing.policy.vocabulary import COUNTRY, END_USE
from licensing.selectors.verdicts import (
    closed,
    foreseen,
    holds_standing,
    next_turn,
    standing,
    told_alike,
    withheld,
)
from licensing.selectors.what_if.known import Both, paged
from licensing.selectors.what_if.tally import Exposure, Held, Part, Refs, Tally

SIZE = 500
OPEN, PROHIBITED = "open", "prohibited"


def licenses_in_force(starts_at: datetime) -> QuerySet[License]:
    """Those that a turn at that instant finds."""
    rows = License.objects.filter(License.running_on(legal_day(starts_at)))
    return rows.annotate(contract_on=F("application__contract_on")).only(
        "ref", "kind", "state", "issued_at", "usable_until", "application"
    )


class Later(NamedTuple):
    """From when on it would be prohibited, or open, and is not without the draft."""

    at: datetime
    way: str


class _Pair(NamedTuple):
    """A verdict: what stands just before the draft starts and when it has, and what comes later."""

    line: int
    user: int
    facts: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    later: Later | None
    held: tuple[frozenset[str], frozenset[str]]  # holds that stop its reservations, before and after


class Licenses:
    """What becomes of licenses. events: as `turn` would write them into their history."""

    def __init__(self, both: Both, exposure: tuple[Exposure, Exposure]) -> None:
        self.both, self.exposure = both, exposure
        self.tally, self.events, self.closed, self.later = Tally(), Refs(), list[dict[str, Any]](), Refs()
        self.held, self.spared = Held(), Refs()
        day = legal_day(both.starts_at)
        before, after = (editions.as_of(both.starts_at - INSTANT) for editions in (both.old, both.new))
        self.wording = before.rules(before.of(legal_day(before.at))[1]), both.new.rules(both.new.of(day)[1])
        self.before, self.after = before, after

    def add_all(self, rows: QuerySet[License]) -> Iterator[int]:
        """Yields how many were counted, page by page: five queries each."""
        for page in paged(rows, SIZE):
            of = {license.pk: license for license in page}
            users = _grouped(
                LicenseEndUser.objects.filter(license__in=of).values_list("license_id", "pk", "party__ref", "open")
            )
            lines = _grouped(
                LicenseLine.objects.filter(license__in=of)
                .annotate(left=LicenseLine.UNCROSSED)
                .values_list("license_id", "pk", "number", "control_item__code", "unit", "left")
            )
            causes = _grouped(
                Suspension.objects.filter(license__in=of, ended_at=None)
                .exclude(cause=Suspension.Cause.POLICY)
                .order_by("pk")
                .values_list("license_id", "end_user_id")
            )
            verdicts = _grouped(
                Verdict.objects.filter(line__license__in=of)
                .annotate(said=Cast("facts", TextField()))
                .order_by("pk")
                .values_list("line__license_id", "line_id", "end_user_id", "said")
            )
            for pk, license in of.items():
                self._add(license, users[pk], lines[pk], {user for (user,) in causes[pk]}, verdicts[pk])
            yield len(page)

    def _add(self, license: Any, users: Any, lines: Any, causes: set[int | None], verdicts: Any) -> None:
        self.both.rests_on(license.ref, license.state, on_the_wire(license.issued_at), str(license.usable_until))
        self.both.rests_on(str(license.contract_on), users, lines, sorted(causes, key=str), verdicts)
        pairs = [self.pair(license, *verdict) for verdict in verdicts]
        goods = {pk: (number, code, unit, left) for pk, number, code, unit, left in lines}
        self.tally.add(self._part(pair, goods) for pair in pairs)
        for pair in pairs:
            _, code, unit, left = goods[pair.line]
            self.held.add(license.ref, pair.line, unit, left, *pair.held)
            for first, exposure in zip(self.both.exposed(self.both.alike(pair.facts)), self.exposure, strict=True):
                if first:
                    exposure.add(first, license.ref, pair.line, code, unit, left)
            if not pair.new and self.both.banned(self.both.alike(pair.facts), license.special):
                self.spared.add("spared", license.ref)
            if pair.later:
                self.later.add(f"{pair.later.way} {on_the_wire(pair.later.at)}", license.ref)
        free = {pk for pk, _, open_ in users if open_ and pk not in causes}
        self._turn(license, pairs, free, {pk: ref for pk, ref, _ in users}, goods)

    def pair(self, license: Any, line: int, user: int, facts: str) -> _Pair:
        """What of one verdict stands before and after."""
        words_ = {"since": license.issued_at, "contract": license.contract_on, "special": license.special}
        alike = self.both.alike(facts)
        old, new = (foreseen(editions, alike, **words_) for editions in (self.both.old, self.both.new))
        starts = self.both.starts_at
        was, becomes = (
            frozenset(holds_standing(withheld(editions, alike, since=license.issued_at), starts))
            for editions in (self.both.old, self.both.new)
        )
        later, stands = _later(old, new, starts), standing(new, starts)
        return _Pair(line, user, facts, standing(old, starts - INSTANT), stands, later, (was, becomes))

    def _part(self, pair: _Pair, goods: Mapping[int, Any]) -> Part:
        _, code, unit, left = goods[pair.line]
        said = _read(pair.facts)
        old, new = (PROHIBITED if one else OPEN for one in (pair.old, pair.new))
        return Part(pair.line, code, said[0], said[1], unit, left, old, new)

    def _turn(
        self,
        license: Any,
        pairs: list[_Pair],
        free: set[int],
        parties: Mapping[int, str],
        goods: Mapping[int, Any],
    ) -> None:
        """What the turn writes and tells: as licensing.actions.verdicts.turn does."""
        was, now = closed((pair.user, pair.old) for pair in pairs), closed((pair.user, pair.new) for pair in pairs)
        old, new = self.wording
        told_anew = {user for user in was.keys() & now.keys() if not told_alike(was[user], old, now[user], new)}
        began = [pair for pair in pairs if pair.new and (not pair.old or pair.user in told_anew)]
        ended = [pair for pair in pairs if pair.old and not pair.new]
        before, after = free - was.keys(), free - now.keys()
        if began:
            self._happens("narrow" if after else "suspend", license, began, parties, goods)
        if ended:
            self._happens("lift" if after and not before else "widen", license, ended, parties, goods)

    def _happens(
        self, verb: str, license: Any, pairs: list[_Pair], parties: Mapping[int, str], goods: Mapping[int, Any]
    ) -> None:
        self.events.add(verb, license.ref)
        stretches = [pair.new or pair.old or {} for pair in pairs]
        self.closed.append(
            {
                "license": license.ref,
                "event": verb,
                "end_users": sorted({parties[pair.user] for pair in pairs}),
                "lines": sorted({goods[pair.line][0] for pair in pairs}),
                "rules": sorted({rule for one in stretches for rule in one["rules"]}),
                "quantity": _left({pair.line for pair in pairs}, goods),
            }
        )

    def told(self) -> dict[str, Any]:
        happens = sorted(self.closed, key=canonical)
        told = {"refs": self.events.told(), "events": happens, "later": self.later.told(), "spared": self.spared.told()}
        return {**self.tally.told(), **told, "holds": self.held.told()}


def _later(old: list[dict[str, Any]], new: list[dict[str, Any]], at: datetime) -> Later | None:
    """The first turn after that instant by which only the one prohibits it, or only the other."""

    def prohibiting(instant: datetime) -> tuple[bool, bool]:
        return standing(old, instant) is not None, standing(new, instant) is not None

    both = prohibiting(at)
    while old != new and (turn := next_turn([*old, *new], at)) is not None:  # which is quickly known of most
        at, before, both = turn, both, prohibiting(turn)
        if both[0] != both[1] and both != before:
            return Later(at, PROHIBITED if both[1] else OPEN)
    return None


def _left(lines: set[int], goods: Mapping[int, Any]) -> dict[str, int]:
    """What these lines have not let across yet, by unit."""
    found: dict[str, int] = defaultdict(int)
    for line in lines:
        _, _, unit, left = goods[line]
        found[unit] += left
    return dict(sorted(found.items()))


def _read(facts: str) -> tuple[tuple[str, ...], str]:
    said = json.loads(facts)
    return tuple(said.get(COUNTRY, ())), said.get(END_USE, "")


def _grouped(rows: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for first, *rest in rows:
        found[first].append(tuple(rest))
    return found
