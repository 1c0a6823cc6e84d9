"""A draft beside the edition that it follows: over every vector and every day, for new and for pending cases.

Every day class is looked at, past ones too, so that a slip shows on whichever day it bites; `since` leaves out those
before a day. Absent facts are no classes: a sample with some facts left out stands beside the whole (`absent`), drawn
anywhere and where rules match that the draft touches. Who holds a license already is asked no outcome: rules that come
to him, leave him or change for him are told as `reach`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import compress, product
from typing import Any

import numpy as np

from licensing.policy.classes import Space, known
from licensing.policy.days import Situation, When, joined, situations
from licensing.policy.editions import Edition, Hold, Rule, Span
from licensing.policy.edits import KEYS, rows
from licensing.policy.engine import Compiled, Outcome
from licensing.policy.facts import Facts
from licensing.policy.idle import idle
from licensing.policy.promises import weakened
from licensing.policy.strictness import LOOSENS, TIGHTENS, Difference, differences, key
from licensing.policy.thresholds import ThresholdChange, changed
from licensing.policy.vocabulary import EXISTING, FACTS, TERRITORY
from licensing.policy.whole import Bools, Box, Numbers, Whole, grouped

PROHIBITED = "prohibited"
DESCRIBED = 200  # regions, the largest; of a draft that changes more, the rest is counted
ABSENT = 1_000  # vectors that are drawn with every fourth fact left out; and as many near an edition's changed rules
OF_GOODS = ("unit", "hs_codes", "element")
MORE = ("rules", "instruments", "holds", "invariants")  # parts of which one row more does nothing to the others
MILDER = ("exempt", "presumption_of_approval")  # than what is controlled and nothing more is said of


@dataclass(frozen=True)
class Witness:
    """Facts, as said, a day and an audience of whom two editions say different things."""

    facts: Facts
    on: date
    audience: str

    def asked(self, compiled: Compiled) -> Outcome:
        return compiled.assess(known(self.facts, compiled.edition), on=self.on, audience=self.audience)


@dataclass(frozen=True)
class Region:
    """Vectors of which the editions say the same two different things, because of the same rules, on the same days."""

    old: Outcome  # without the rules that matched
    new: Outcome
    rules: tuple[str, ...]  # which match under one edition only, or do something else under the other
    differences: tuple[Difference, ...]
    boxes: tuple[Box, ...]
    when: When
    count: int  # vectors; of a sample, those that were drawn
    witness: Witness

    @property
    def directions(self) -> frozenset[str]:
        return frozenset(difference.direction for difference in self.differences)


@dataclass(frozen=True)
class Barred:
    """Vectors of which both editions say the same, that they are prohibited, although other rules count: these."""

    outcome: Outcome
    rules: tuple[str, ...]
    boxes: tuple[Box, ...]
    when: When


@dataclass(frozen=True)
class Absent:
    """Vectors with facts left out that were drawn, how many came out differently, which way, and one of these."""

    drawn: int
    differing: int
    directions: frozenset[str]
    witness: Witness | None  # of a milder outcome where there is one


@dataclass(frozen=True)
class Reach:
    """A rule that hits others than before, or hits those who hold a license in another way or with another grace
    (`otherwise`).

    One that prohibits tightens where it begins to bar those who hold one, or gives them less grace, and else loosens.
    """

    rule: str
    before: frozenset[str]
    after: frozenset[str]
    otherwise: bool
    directions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class HoldChange:
    """A hold that comes (old None), goes (new None), or is another: more stands on open cases, less, or both may be.

    late: the new one is over before the first day that was looked at, so that it holds nothing.
    """

    name: str
    old: Hold | None
    new: Hold | None
    late: bool

    @property
    def directions(self) -> frozenset[str]:
        return frozenset({TIGHTENS} if self.new and not self.late else ()) | frozenset({LOOSENS} if self.old else ())


@dataclass(frozen=True)
class Comparison:
    """What a draft changes."""

    size: int
    sampled: bool  # too large to be compared whole: what is told holds, what is not told may be
    together: int  # so many destinations at most stand together, which is told too; 0: every set of them
    tightens: bool
    loosens: bool
    regions: tuple[Region, ...]  # the largest first
    barred: tuple[Barred, ...]  # beside them (a sample knows none)
    more: int  # regions that are not among them
    idle: tuple[str, ...]  # rules of the draft that count on some day and change nothing on any (a sample knows none)
    idle_before: tuple[str, ...]  # and those of the edition that it follows
    unfelt: tuple[str, ...]  # rules that the draft changes, adds or drops, and no outcome with them
    reach: tuple[Reach, ...]
    of_others: tuple[str, ...]  # codes that changed sides between exporters here and abroad: nobody can ask both
    of_goods: tuple[str, ...]  # codes with another unit, other goods codes, or another element, which no outcome says
    unsaid: tuple[str, ...]  # end-uses that are gone: of a case that names one, the end-use is not known any more
    absent: Absent
    holds: tuple[HoldChange, ...]  # which no outcome knows: `tightens` and `loosens` count them
    thresholds: tuple[ThresholdChange, ...]  # of the test for annual licenses: likewise
    weaker: Mapping[str, tuple[str, ...]]  # standing invariants that promise less, which no outcome says


def compare(old: Compiled, new: Compiled, *, since: date = date.min, **sampling: int) -> Comparison:
    """Both editions from that day on. Raises nothing: what can't be compared whole is compared by a sample."""
    space = Space(old, new)
    whole = Whole(space, **sampling)
    times = situations((old, new), since)
    found = _Found(whole, times)
    shown, holds, reach = found.largest(DESCRIBED), tuple(_holds(old, new, since)), tuple(_reach(old, new, since))
    absent = _absent(space, times, _changed(old, new))
    directions = found.directions.union(absent.directions, *(one.directions for one in (*holds, *reach)))
    thresholds = changed(old.edition.thresholds, new.edition.thresholds)
    return Comparison(
        size=space.size,
        sampled=whole.sampled,
        together=space.together,
        tightens=TIGHTENS in directions or any(one.tightens for one in thresholds),
        loosens=LOOSENS in directions or any(one.loosens for one in thresholds),
        regions=tuple(found.region(one) for one in shown),
        barred=() if whole.sampled else tuple(found.barred()),
        more=len(found.all) - len(shown),
        idle=() if whole.sampled else idle(new, since=since, **sampling),
        idle_before=() if whole.sampled else idle(old, since=since, **sampling),
        unfelt=() if whole.sampled else tuple(name for name in _changed(old, new) if name not in found.rules),
        reach=reach,
        of_others=space.of_others,
        of_goods=tuple(_of_goods(old.edition, new.edition)),
        unsaid=tuple(sorted(old.edition.end_uses - new.edition.end_uses)),
        absent=absent,
        holds=holds,
        thresholds=thresholds,
        weaker=weakened(old, new),
    )


def of_other_goods(old: Edition, new: Edition) -> set[str]:
    """The codes that cover fewer goods codes than before, or are counted in another unit, which no outcome knows."""
    now = {row["code"]: row for row in new.document["codes"]}
    return {
        row["code"]
        for row in old.document["codes"]
        if (other := now.get(row["code"]))
        and (row["unit"] != other["unit"] or not set(row["hs_codes"]) <= set(other["hs_codes"]))
    }


def only_adds(old: Edition, new: Edition) -> bool:
    """All rows of the one edition stand in the other, and the rules that it has besides can loosen nothing.

    So the other is milder in no case that could exist, however many there are: what is added to rules that match takes
    no disposition off, lowers none, opens no channel and sets no limit anew.
    """
    for part in KEYS:
        was, becomes = rows(old.document, part), rows(new.document, part)
        if was != becomes and (part not in MORE or any(becomes.get(name) != row for name, row in was.items())):
            return False
    known_rules = {rule.id for rule in old.rules}
    return not any(_may_loosen(rule) for rule in new.rules if rule.id not in known_rules)


def _may_loosen(rule: Rule) -> bool:
    effect = rule.effect
    return bool(effect.grant or effect.params or rule.overrides or effect.disposition in MILDER)


def _of_goods(old: Edition, new: Edition) -> list[str]:
    was, now = ({row["code"]: row for row in one.document["codes"]} for one in (old, new))
    both = sorted(was.keys() & now.keys())
    return [code for code in both if any(_said(was[code], name) != _said(now[code], name) for name in OF_GOODS)]


def _said(row: Mapping[str, Any], name: str) -> Any:
    """In whatever order."""
    return sorted(row.get(name, ())) if name == "hs_codes" else row.get(name)


def _holds(old: Compiled, new: Compiled, since: date) -> Iterator[HoldChange]:
    """Those that differ. One that was over before is none, and is not told where it stays as it was, or goes."""
    was, becomes = ({hold.id: hold for hold in one.edition.holds} for one in (old, new))
    for name in sorted(was.keys() | becomes.keys()):
        before, now = was.get(name), becomes.get(name)
        was_over, late = (one is not None and _over(one.span, since) for one in (before, now))
        hold = None if was_over else before
        if was_over and now in (None, before):
            continue
        if hold != now or hold and now and old.named(hold.match) != new.named(now.match):
            yield HoldChange(name, hold, now, late)


def _over(span: Span, since: date) -> bool:
    return span.last is not None and span.last < since


# --- what differs -----------------------------------------------------------------------------------------
class _Pair:
    """Two editions on the same rows."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.old, self.new = whole.space.editions
        places = {rule.id: (at, rule) for at, rule in enumerate(self.new.rules)}
        self.same = [
            (at, places[rule.id][0])
            for at, rule in enumerate(self.old.rules)
            if rule.id in places and _does(rule) == _does(places[rule.id][1])
        ]
        self.bits = [whole.masks.bits(edition, whole.rows) for edition in (0, 1)]

    def differing(self, time: Situation) -> Bools:
        """The rows where other rules count, or the same with another effect."""
        counting = []
        for compiled, bits, active in zip((self.old, self.new), self.bits, time.active, strict=True):
            on = [*(bool(active >> at & 1) for at in range(len(compiled.rules))), True]
            counting.append(bits & np.array(on))
        was, becomes = counting
        here, there = [at for at, _ in self.same], [at for _, at in self.same]
        found: Bools = (was[:, here] != becomes[:, there]).any(1) | (was[:, -1] != becomes[:, -1])
        for bits, paired in ((was, here), (becomes, there)):
            found |= np.delete(bits, [*paired, -1], axis=1).any(1)
        return found

    def outcomes(self, was: tuple[int, bool], becomes: tuple[int, bool]) -> tuple[Outcome, Outcome]:
        return self.old.outcome(was[0], unlisted=was[1]), self.new.outcome(becomes[0], unlisted=becomes[1])

    def rules(self, was: int, becomes: int) -> tuple[str, ...]:
        """The ids of the rules by which two masks differ."""
        for here, there in self.same:
            if was >> here & 1 and becomes >> there & 1:
                was, becomes = was & ~(1 << here), becomes & ~(1 << there)
        return tuple(sorted({rule.id for rule in (*self.old.of(was), *self.new.of(becomes))}))


def _does(rule: Rule) -> tuple[Any, ...]:
    return rule.effect, rule.overrides


@dataclass(frozen=True)
class _Change:
    old: Outcome
    new: Outcome
    rules: tuple[str, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class _Place:
    """Where a change is the same: some labels, in some situations."""

    change: _Change
    wanted: Bools
    times: tuple[int, ...]
    count: int


class _Found:
    """Every change, by its number from 1 on; rows that change alike in all situations have one label."""

    def __init__(self, whole: Whole, times: list[Situation]) -> None:
        self.whole, self.times, self.pair = whole, times, _Pair(whole)
        self.changes: list[_Change] = []
        self.kept: list[_Change] = []  # what is prohibited either way, numbered downwards from -1
        self._numbers: dict[Any, int] = {}
        columns = np.stack([self._numbered(time) for time in times], axis=1)
        first, self.labels = grouped(columns)
        self.of_label = columns[first]  # of each label its change in each situation
        self.sizes = np.zeros(len(first), np.int64)
        np.add.at(self.sizes, self.labels, whole.counts)
        self.boxes = whole.boxes(self.labels)
        self.all = [place for at, change in enumerate(self.changes, 1) for place in self._places(at, change)]
        self.directions = {one.direction for change in self.changes for one in change.differences}
        self.rules = {name for change in self.changes for name in change.rules}

    def _numbered(self, time: Situation) -> Numbers:
        """Of each row the number of its change; 0: none that matters."""
        masks, rows = self.whole.masks, self.whole.rows
        found = np.zeros(len(rows), np.int64)
        differing = np.flatnonzero(self.pair.differing(time))
        counting = rows[differing] & masks.words(time.active, [True, True])
        first, which = grouped(counting)
        asked = zip(masks.of(0, counting[first]), masks.of(1, counting[first]), strict=True)
        numbers = [self._number(was, becomes) for was, becomes in asked]
        found[differing] = np.array(numbers, np.int64)[which]
        return found

    def _number(self, was: tuple[int, bool], becomes: tuple[int, bool]) -> int:
        if (was, becomes) not in self._numbers:
            old, new = self.pair.outcomes(was, becomes)
            told, rules = differences(old, new), self.pair.rules(was[0], becomes[0])
            change, matters = (key(old), key(new), rules), told or new.disposition == PROHIBITED
            if matters and change not in self._numbers:
                found, sign = (self.changes, 1) if told else (self.kept, -1)
                found.append(_Change(replace(old, matched=()), replace(new, matched=()), rules, told))
                self._numbers[change] = sign * len(found)
            self._numbers[was, becomes] = self._numbers[change] if matters else 0
        return self._numbers[was, becomes]

    def _places(self, number: int, change: _Change) -> Iterator[_Place]:
        alike: dict[bytes, list[int]] = {}
        for at in np.flatnonzero((self.of_label == number).any(0)):
            alike.setdefault((self.of_label[:, at] == number).tobytes(), []).append(int(at))
        for times in alike.values():
            wanted = self.of_label[:, times[0]] == number
            yield _Place(change, wanted, tuple(times), int(self.sizes[wanted].sum()))

    def largest(self, many: int) -> list[_Place]:
        """The largest; and each way in which a rule differs, where the fewest others do."""
        places = sorted(self.all, key=lambda place: (-place.count, place.change.rules))
        plainest: dict[tuple[str, str, str], _Place] = {}
        for place in sorted(places, key=lambda place: len(place.change.rules)):
            for name, one in product(place.change.rules, place.change.differences):
                plainest.setdefault((name, one.part, one.direction), place)
        return list({id(place): place for place in (*places[:many], *plainest.values())}.values())

    def barred(self) -> Iterator[Barred]:
        for at, one in enumerate(self.kept, 1):
            for place in self._places(-at, one):
                yield Barred(one.new, one.rules, tuple(self.boxes.of(place.wanted)), self._when(place))

    def _when(self, place: _Place) -> When:
        return joined([time for at in place.times for time in self.times[at].when])

    def region(self, place: _Place) -> Region:
        """A witness stands on a day of the last span: days ahead matter more than days past."""
        when = self._when(place)
        audience, spans = when[0]
        row = int(np.flatnonzero(place.wanted[self.labels])[0])
        change = place.change
        return Region(
            old=change.old,
            new=change.new,
            rules=change.rules,
            differences=change.differences,
            boxes=tuple(self.boxes.of(place.wanted)),
            when=when,
            count=place.count,
            witness=Witness(self.whole.space.said(self.whole.vector(row)), spans[-1].first, audience),
        )


def _rules(compiled: Compiled) -> dict[str, Rule]:
    return {rule.id: rule for rule in compiled.rules}


def _changed(old: Compiled, new: Compiled) -> list[str]:
    """The rules that the draft changes, adds or drops."""
    was, becomes = _rules(old), _rules(new)
    return sorted(name for name in was.keys() | becomes.keys() if was.get(name) != becomes.get(name))


def _reach(old: Compiled, new: Compiled, since: date) -> Iterator[Reach]:
    was, becomes = _rules(old), _rules(new)
    for name in sorted(was.keys() | becomes.keys()):
        hit, hits = (rules[name].audiences if name in rules else frozenset() for rules in (was, becomes))
        other = EXISTING in hit & hits and _for_holders(old, name) != _for_holders(new, name)
        if hit != hits or other:
            yield Reach(name, hit, hits, other, _bars_more(was.get(name), becomes.get(name), since))


def _bars_more(old: Rule | None, new: Rule | None, since: date) -> frozenset[str]:
    """Which way a rule is another for those who hold a license, as far as that can be said of it alone."""
    before, after = _barring(old, since), _barring(new, since)
    if before is None or after is None:
        return frozenset() if before is after else frozenset({LOOSENS if after is None else TIGHTENS})
    pairs = tuple(zip(before.spared(since), after.spared(since), strict=True))
    more, less = any(was < becomes for was, becomes in pairs), any(was > becomes for was, becomes in pairs)
    return frozenset({LOOSENS} if more else ()) | frozenset({TIGHTENS} if less else ())


def _barring(rule: Rule | None, since: date) -> Rule | None:
    """The rule, where it prohibits those who hold a license anything from then on."""
    if rule is None or not rule.enabled or _over(rule.span, since):
        return None
    return rule if rule.effect.disposition == PROHIBITED and rule.for_holders else None


def _for_holders(compiled: Compiled, name: str) -> list[Any]:
    """What a rule is for those who hold a license, whomever else it hits: itself, what its match names, and what
    overrides it for them."""
    rules = _rules(compiled)
    over = [rule for rule in compiled.rules if name in rule.overrides and rule.for_holders]
    return [(replace(rule, audiences=frozenset()), compiled.named(rule.match)) for rule in (rules[name], *over)]


# --- absent facts -----------------------------------------------------------------------------------------
def _absent(space: Space, times: list[Situation], rules: Collection[str], seed: int = 1) -> Absent:
    source, drawn = np.random.default_rng(seed), 0
    found: list[tuple[Witness, set[str]]] = []
    anywhere = _Near([np.arange(len(dimension.classes)) for dimension in space.dimensions], _days(times))
    for near in (anywhere, *_near(space, times, rules)):
        many = ABSENT if near is anywhere else -(-ABSENT // len(rules))
        sides = np.stack([places[source.integers(0, len(places), many)] for places in near.places], axis=1)
        days, kept = source.integers(0, len(near.days), many), source.integers(0, 4, (many, len(FACTS))) > 0
        drawn += many
        for vector, day, keeps in zip(sides.tolist(), days, kept.tolist(), strict=True):
            known_facts = {TERRITORY, *compress(FACTS, keeps)}
            audience, on = near.days[day]
            said = {name: value for name, value in space.said(vector).items() if name in known_facts}
            asked = Witness(said, on, audience)
            if told := differences(*(asked.asked(compiled) for compiled in space.editions)):
                found.append((asked, {one.direction for one in told}))
    milder = [witness for witness, ways in found if LOOSENS in ways]
    witness = next(iter(milder or (witness for witness, _ in found)), None)
    return Absent(drawn, len(found), frozenset().union(*(ways for _, ways in found)), witness)


@dataclass(frozen=True)
class _Near:
    """Of each dimension the classes that a rule matches, and the days on which it counts."""

    places: list[Numbers]
    days: list[tuple[str, date]]


def _near(space: Space, times: list[Situation], rules: Collection[str]) -> Iterator[_Near]:
    """Of these rules, in each edition."""
    for edition, compiled in enumerate(space.editions):
        for at, rule in enumerate(compiled.rules):
            if rule.id in rules:
                fits = [[not one.failing[edition] >> at & 1 for one in side.classes] for side in space.dimensions]
                places = [np.flatnonzero(side) for side in fits]
                days = _days(time for time in times if time.active[edition] >> at & 1)
                if days and all(map(len, places)):
                    yield _Near(places, days)


def _days(times: Iterable[Situation]) -> list[tuple[str, date]]:
    return [(audience, span.first) for time in times for audience, span in time.when]
