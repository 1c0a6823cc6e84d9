"""When rules for licenses in force prohibit a line of a license for one of its end-users. Nothing is written here.

One way to evaluate, and three who ask: issue and each turn, which write verdicts, and a reservation whose verdict does
not know the newest edition.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from core.legal_time import day_end, day_start, legal_day, legal_now, on_the_wire
from licensing.models import Application, License, PolicyEdition, Suspension
from licensing.models.verdicts import Verdict
from licensing.policy.editions import Hold, Rule, canonical
from licensing.policy.engine import Compiled
from licensing.policy.facts import Facts, as_read
from licensing.policy.vocabulary import CODE, COUNTRY, EXISTING
from licensing.selectors.editions import LAST_DAY, Editions, due, editions_at, rules_of

LAWFUL, IN_GRACE, TOO_LATE = "lawful", "in_grace", "too_late"
BEGINNING = datetime(1, 1, 2, tzinfo=UTC)  # of all time that can be told in Shanghai


def prohibited(
    editions: Editions, facts: Facts, *, since: datetime, contract: date | None, special: bool
) -> list[dict[str, Any]]:
    """Every stretch from that instant on in which rules for licenses in force prohibit it, by all editions known.

    As Verdict.prohibited holds them, in order; stretches that touch under the same rules are one. facts: as said.
    special: the license was granted in spite of a prohibition, and is stopped once that leaves no such way any more.
    """
    return foreseen(editions, canonical(facts), since=since, contract=contract, special=special)


def foreseen(
    editions: Editions, facts: str, *, since: datetime, contract: date | None, special: bool
) -> list[dict[str, Any]]:
    """As prohibited, of facts as one JSON text: what PostgreSQL holds need not be read to be known again."""
    return _joined(
        _stretch(rules, max(start, since), end, contract)
        for start, end, rules in _prohibiting(editions, facts, special)
        if end is None or end > since
    )


@lru_cache(maxsize=20_000)
def _prohibiting(
    editions: Editions, facts: str, special: bool
) -> tuple[tuple[datetime, datetime | None, tuple[Rule, ...]], ...]:
    """When which rules for licenses in force prohibit it, at any time: once a process for equal facts."""
    said, found = json.loads(facts), []
    for rules, begins, ends in editions.reigns(BEGINNING):
        read = as_read(said, rules.edition)
        for start, end, day in _days(rules.turns(EXISTING), begins, ends):
            if prohibiting := rules.prohibiting(read, on=day, audience=EXISTING, special=special):
                found.append((start, end, prohibiting))
    return tuple(found)


def held(editions: Editions, facts: Facts, *, since: datetime) -> list[dict[str, Any]]:
    """Every stretch from that instant on in which a hold stops reservations of it, as Verdict.held has them; one that
    goes on in the next edition is one."""
    return withheld(editions, canonical(facts), since=since)


def withheld(editions: Editions, facts: str, *, since: datetime) -> list[dict[str, Any]]:
    """As held, of facts as one JSON text."""
    return _joined(
        _held(hold, max(start, since), end)
        for start, end, hold in _holding(editions, facts)
        if end is None or end > since
    )


@lru_cache(maxsize=20_000)
def _holding(editions: Editions, facts: str) -> tuple[tuple[datetime, datetime | None, Hold], ...]:
    """When which holds stop its reservations, at any time: once a process for equal facts."""
    said, found = json.loads(facts), []
    for rules, begins, ends in editions.reigns(BEGINNING):
        read = as_read(said, rules.edition)
        for start, end, day in _days(rules.hold_turns, begins, ends):
            found += [(start, end, hold) for hold in rules.holding(read, on=day) if hold.reservations]
    return tuple(found)


def _held(hold: Hold, start: datetime, end: datetime | None) -> dict[str, Any]:
    return {
        "from": on_the_wire(start),
        "until": end and on_the_wire(end),
        "hold": hold.id,
        "reason_en": hold.reason_en,
        "reason_zh": hold.reason_zh,
        "owner": hold.owner,
    }


def _days(
    days: Iterable[date], begins: datetime, ends: datetime | None
) -> Iterator[tuple[datetime, datetime | None, date]]:
    """Of an edition's time the parts between these days: from, until, and a day of it."""
    turns = [day for day in days if begins < day_start(day) and (ends is None or day_start(day) < ends)]
    starts = [begins, *(day_start(day) for day in turns)]
    for start, end in zip(starts, [*starts[1:], ends], strict=True):
        yield start, end, legal_day(start)


def _stretch(rules: tuple[Rule, ...], start: datetime, end: datetime | None, contract: date | None) -> dict[str, Any]:
    graces = [rule.grace(contract) for rule in rules]
    last = None if None in graces else min(day for day in graces if day)
    return {
        "from": on_the_wire(start),
        "until": end and on_the_wire(end),
        "grace": last and on_the_wire(day_end(min(last, LAST_DAY))),
        "rules": [rule.id for rule in rules],
    }


def _joined(stretches: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is the same but for its time, and goes on without a gap, is one."""
    found: list[dict[str, Any]] = []
    for one in stretches:
        before = next((was for was in found if was == {**one, "from": was["from"], "until": one["from"]}), None)
        if before is None:
            found.append(one)
        else:
            before["until"] = one["until"]
    return found


def judged(license: License, party: int, destination: str, lines: Collection[int]) -> dict[str, Any] | None:
    """What a reservation must bring along of those lines that have no verdict which knows the newest edition and that
    destination: {edition, lines: {number: Verdict.prohibited}, held: {number: Verdict.held}}.

    None where all have one; one query then.
    """
    newest = PolicyEdition.objects.order_by("-pk").values("pk")[:1]
    known = Verdict.objects.filter(
        line__license=license,
        line__license__judged_by=newest,
        end_user__party_id=party,
        facts__contains={COUNTRY: [destination]},
    )
    behind = set(lines) - set(known.values_list("line__number", flat=True))
    if not behind:
        return None
    editions = editions_at(license.issued_at)
    contract, special = license.application.contract_on, license.special
    said = facts_of_lines(license, party, behind)
    return {
        "edition": editions.newest,
        "lines": {
            number: prohibited(
                editions, there(facts, destination), since=license.issued_at, contract=contract, special=special
            )
            for number, facts in said.items()
        },
        "held": {
            number: held(editions, there(facts, destination), since=license.issued_at) for number, facts in said.items()
        },
    }


@dataclass(frozen=True)
class Judgment:
    """What rules and holds stop of a line of a license for one of its end-users, whether or not a turn said so. until:
    the first instant at which no rule prohibits it any more; None: no end is known."""

    verdict: Verdict
    prohibited: Mapping[str, Any] | None
    until: datetime | None
    held: Mapping[str, Any] | None


def judgments(licenses: Iterable[License], editions: Editions, at: datetime) -> Iterator[Judgment]:
    """Of that instant, as a reservation meets it: each verdict that knows these editions, and the others anew. One
    query."""
    of = {license.pk: license for license in licenses}
    rows = Verdict.objects.filter(line__license__in=of).annotate(said=Cast("facts", TextField()))
    for row in rows.select_related("line", "end_user__party").order_by("line__number", "pk"):
        license, prohibiting, holding = of[row.line.license_id], row.prohibited, row.held
        if license.judged_by_id != editions.newest:
            contract, special = license.application.contract_on, license.special
            prohibiting = foreseen(editions, row.said, since=license.issued_at, contract=contract, special=special)
            holding = withheld(editions, row.said, since=license.issued_at)
        yield Judgment(row, standing(prohibiting, at), end_of(prohibiting, at), standing(holding, at))


@dataclass(frozen=True)
class Taken:
    """What a shipment takes from: these lines of a license, for that party, to that destination."""

    license: License
    party: int
    destination: str
    lines: Collection[int]


def stopped(asked: Mapping[int, Taken], at: datetime) -> set[int]:
    """The keys of those of which rules or holds would stop a reservation at that instant, of one line at least.

    Two queries, however many: what is written is read, and judged anew only where it does not know all editions, or
    that destination.
    """
    found = _stretches(asked, editions_at(at))
    return {key for key, *both in found if any(standing(stretches, at) for stretches in both)}


@dataclass(frozen=True)
class Stop:
    """Rules, or a hold, that stop a reservation: as a verdict has them. until: of rules the end, where it is known."""

    stretch: Mapping[str, Any]
    until: datetime | None


def stops_of(taken: Taken, editions: Editions, at: datetime) -> list[Stop]:
    """What stops a reservation like that at that instant, on whichever line, each once. One query."""
    found: list[Stop] = []
    for _, prohibiting, holding in _stretches({0: taken}, editions):
        found += [Stop(one, end_of(prohibiting, at)) for one in _around(prohibiting, at)]
        found += [Stop(one, None) for one in _around(holding, at)]
    return [one for place, one in enumerate(found) if one not in found[:place]]


def _stretches(asked: Mapping[int, Taken], editions: Editions) -> Iterator[tuple[int, list[Any], list[Any]]]:
    """Of each line of each that has a verdict: the key, when rules prohibit it, and when it is held. One query."""
    rows = Verdict.objects.filter(line__license__in={one.license.pk for one in asked.values()})
    rows = rows.select_related("end_user", "line").only(
        *("facts", "prohibited", "held", "end_user__party", "line__license", "line__number")
    )
    of = {(row.end_user.party_id, row.line.license_id, row.line.number): row for row in rows}
    for key, one in asked.items():
        for number in one.lines:
            if row := of.get((one.party, one.license.pk, number)):
                yield key, *_known(row, one, editions)


def _known(row: Verdict, taken: Taken, editions: Editions) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """When it is prohibited, and when held."""
    if taken.license.judged_by_id == editions.newest and taken.destination in row.facts.get(COUNTRY, ()):
        return row.prohibited, row.held
    said, since = canonical(there(row.facts, taken.destination)), taken.license.issued_at
    prohibiting = foreseen(editions, said, since=since, contract=None, special=taken.license.special)
    return prohibiting, withheld(editions, said, since=since)


def standing(stretches: Iterable[Mapping[str, Any]], at: datetime) -> Mapping[str, Any] | None:
    """The stretch in which that instant lies; None where nothing prohibits it then."""
    return next(_around(stretches, at), None)


def end_of(stretches: Collection[Mapping[str, Any]], at: datetime) -> datetime | None:
    """The first instant from that one on at which none of these stands; None: no end is known."""
    while stretch := standing(stretches, at):
        if stretch["until"] is None:
            return None
        at = _instant(stretch["until"])
    return at


def begin_of(stretches: Collection[Mapping[str, Any]], at: datetime) -> datetime:
    """Since when these have stood up to that instant, be it one after the other; that instant where none does."""
    before = [(begins(one), one["until"]) for one in stretches if begins(one) < at]
    for began, until in sorted(before, reverse=True):
        if until is None or at <= _instant(until):
            at = began
    return at


def holds_standing(stretches: Iterable[Mapping[str, Any]], at: datetime) -> list[str]:
    """The holds in whose stretches that instant lies, by name."""
    return sorted({one["hold"] for one in _around(stretches, at)})


def _around(stretches: Iterable[Mapping[str, Any]], at: datetime) -> Iterator[Mapping[str, Any]]:
    return (one for one in stretches if begins(one) <= at and (one["until"] is None or at < _instant(one["until"])))


def begins(stretch: Mapping[str, Any]) -> datetime:
    return _instant(stretch["from"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def next_turn(stretches: Iterable[Mapping[str, Any]], at: datetime) -> datetime | None:
    """The first instant after that one at which a stretch begins or is over."""
    instants = [_instant(one[end]) for one in stretches for end in ("from", "until") if one[end]]
    return min((instant for instant in instants if instant > at), default=None)


def licenses_to_turn(limit: int, after: int = 0, until: int | None = None) -> list[int]:
    """Licenses in force, their last day not over, whose verdicts do not know the newest edition or of which one began
    or ended to prohibit: the next in the order of their keys, after that one, until the other."""
    at = legal_now()
    rows = License.objects.filter(due(at), License.running_on(legal_day(at)), pk__gt=after)
    rows = rows if until is None else rows.filter(pk__lte=until)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def is_to_turn(license: License, editions: Editions) -> bool:
    """As licenses_to_turn, of one of them."""
    return not license.over_on(editions.today) and editions.to_turn(license)


def quiet(licenses: Collection[License], editions: Editions, at: datetime) -> dict[int, datetime | None]:
    """Of these licenses those for which these editions change nothing, by key, with the next turn of each.

    What prohibits and what is held is what is written, what stands at that instant stood at the last turn, and the
    causes of policy and the holds are those of then, in the same words. Three queries, however many licenses there are.
    """
    of = {license.pk: license for license in licenses}
    cases = {license.application_id for license in licenses}
    contracts = dict(Application.objects.filter(pk__in=cases).values_list("pk", "contract_on"))
    found, turns, loud = dict[int, list[Any]](), dict[int, list[Any]](), set()
    held_now: dict[int, set[str]] = {}
    rows = Verdict.objects.filter(line__license__in=of).annotate(said=Cast("facts", TextField()))
    columns = ("line__license_id", "end_user_id", "said", "prohibited", "held", "forbidden")
    for pk, user, said, known, holds, forbidden in rows.values_list(*columns):
        contract, special = contracts[of[pk].application_id], of[pk].special
        stretches = foreseen(editions, said, since=of[pk].issued_at, contract=contract, special=special)
        now = standing(stretches, at)
        known_holds = withheld(editions, said, since=of[pk].issued_at)
        if known_holds != holds:
            loud.add(pk)
        held_now.setdefault(pk, set()).update(holds_standing(known_holds, at))
        if stretches != known or forbidden != (now is not None):
            loud.add(pk)
        found.setdefault(pk, []).append((user, now))
        turns.setdefault(pk, []).extend([*stretches, *known_holds])
    loud |= {pk for pk, license in of.items() if license.held != sorted(held_now.get(pk, ()))}
    causes, edition = _causes(of), editions.rules(editions.of(legal_day(at)).digest)
    still = (pk for pk in of if pk not in loud and _follow(closed(found.get(pk, ())), causes.get(pk, {}), edition))
    return {pk: next_turn(turns.get(pk, ()), at) for pk in still}


def _causes(licenses: Iterable[int]) -> dict[int, dict[int, tuple[list[str], str]]]:
    """Of each license its open causes of policy, by end-user: the rules, and the digest of the edition that said so."""
    rows = Suspension.objects.filter(license__in=licenses, cause=Suspension.Cause.POLICY, ended_at=None)
    found: dict[int, dict[int, tuple[list[str], str]]] = {}
    for pk, user, rules, said in rows.values_list("license_id", "end_user_id", "rules", "edition__digest"):
        found.setdefault(pk, {})[user] = rules, said
    return found


def _follow(now: Mapping[int, list[str]], causes: Mapping[int, tuple[list[str], str]], edition: Compiled) -> bool:
    """Are the causes of policy those of now, as this edition words them?"""
    return now.keys() == causes.keys() and all(
        told_alike(rules, rules_of(said), now[user], edition) for user, (rules, said) in causes.items()
    )


def closed(found: Iterable[tuple[int, Mapping[str, Any] | None]]) -> dict[int, list[str]]:
    """End-users for whom every line is prohibited, each with the rules that do it.

    found: of each verdict the end-user, and what stands.
    """
    of: dict[int, list[Mapping[str, Any] | None]] = {}
    for user, one in found:
        of.setdefault(user, []).append(one)
    return {
        user: sorted({rule for one in stretches if one for rule in one["rules"]})
        for user, stretches in of.items()
        if all(stretches)
    }


def told_alike(was: list[str], said_by: Compiled, now: list[str], edition: Compiled) -> bool:
    """Does a holder read the same: these rules of the one edition, and those of the other?"""
    return was == now and _words(said_by, was) == _words(edition, now)


def _words(rules: Compiled, names: Collection[str]) -> list[Any]:
    rows = [row for row in rules.edition.document["rules"] if row["id"] in names]
    return [[row[name] for name in ("rationale_en", "rationale_zh", "instrument", "clause")] for row in rows]


def too_late(
    license: License,
    party: int,
    destination: str,
    lines: Collection[int],
    *,
    reserved: Collection[int],
    reserved_at: datetime,
    at: datetime,
) -> set[int]:
    """Those of the lines that the rules forbade at that instant, with no grace for what was reserved on them before."""
    of_lines = stretches_of(license, party, destination, lines).items()
    return {line for line, found in of_lines if fate(found, reserved_at if line in reserved else None, at) == TOO_LATE}


def fate_of_lines(
    license: License, party: int, destination: str, lines: Collection[int], *, reserved_at: datetime, at: datetime
) -> tuple[str, datetime | None]:
    """What becomes of these lines, reserved at one instant and declared at the other: the worst; of a grace its end, of
    what comes too late the first instant at which it would not, where one is known."""
    found = stretches_of(license, party, destination, lines).values()
    fates = {fate(stretches, reserved_at, at) for stretches in found}
    if TOO_LATE in fates:
        return TOO_LATE, _in_time(found, reserved_at, at)
    if IN_GRACE not in fates:
        return LAWFUL, None
    graces = (one["grace"] for one in (standing(stretches, at) for stretches in found) if one)
    return IN_GRACE, min(_instant(grace) for grace in graces)


def _in_time(found: Collection[list[dict[str, Any]]], reserved_at: datetime, after: datetime) -> datetime | None:
    while turn := next_turn(chain.from_iterable(found), after):
        if all(fate(stretches, reserved_at, turn) != TOO_LATE for stretches in found):
            return turn
        after = turn
    return None


def fate(stretches: Iterable[Mapping[str, Any]], reserved_at: datetime | None, at: datetime) -> str:
    """What becomes of goods that were reserved at one instant (None: never), and are declared at the other."""
    stretch = standing(stretches, at)
    if stretch is None:
        return LAWFUL
    in_grace = stretch["grace"] and at < _instant(stretch["grace"])
    return IN_GRACE if reserved_at and reserved_at < begins(stretch) and in_grace else TOO_LATE


def stretches_of(
    license: License, party: int, destination: str, lines: Collection[int]
) -> dict[int, list[dict[str, Any]]]:
    """Of each of those lines of the license when rules prohibit it, by every edition known now."""
    brought = judged(license, party, destination, lines)
    behind: dict[int, list[dict[str, Any]]] = brought["lines"] if brought else {}
    known = Verdict.objects.filter(line__license=license, end_user__party_id=party, line__number__in=lines)
    return {**dict(known.values_list("line__number", "prohibited")), **behind}


def facts_of_lines(license: License, party: int, lines: Collection[int]) -> dict[int, Facts]:
    """What is known of those lines for that end-user: as frozen with the license, else the code alone."""
    frozen = dict(
        Verdict.objects.filter(line__license=license, end_user__party_id=party).values_list("line__number", "facts")
    )
    codes = dict(license.lines.values_list("number", "control_item__code"))
    return {line: frozen.get(line, {CODE: codes[line]}) for line in lines if line in codes}


def there(facts: Facts, destination: str) -> Facts:
    return {**facts, COUNTRY: sorted({*facts.get(COUNTRY, ()), destination})}
