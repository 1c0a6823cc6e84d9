"""When rules for licenses in force prohibit a line of a license for one of its end-users. Nothing is written here.

One way to evaluate, and three who ask: issue and each turn, which write verdicts, and a reservation whose verdict does
not know the newest edition.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from core.legal_time import day_end, day_start, legal_day, legal_now, on_the_wire
from licensing.models import License, PolicyEdition
from licensing.models.verdicts import Verdict
from licensing.policy.editions import Hold, Rule
from licensing.policy.facts import Facts, as_read
from licensing.policy.vocabulary import CODE, COUNTRY, HIT
from licensing.selectors.editions import LAST_DAY, Editions, editions_at
from licensing.states import IN_FORCE

EXISTING = "existing"


def prohibited(editions: Editions, facts: Facts, *, since: datetime, contract: date | None) -> list[dict[str, Any]]:
    """Every stretch from that instant on in which rules for licenses in force prohibit it, by all editions known.

    As Verdict.prohibited holds them, in order; stretches that touch under the same rules are one. facts: as said.
    """
    found: list[dict[str, Any]] = []
    for rules, begins, ends in editions.reigns(since):
        read = as_read(facts, rules.edition)
        for start, end, day in _days(rules.turns(EXISTING), begins, ends):
            if prohibiting := rules.prohibiting(read, on=day, audience=EXISTING):
                found.append(_stretch(prohibiting, start, end, contract))
    return _joined(found)


def held(editions: Editions, facts: Facts, *, since: datetime) -> list[dict[str, Any]]:
    """Every stretch from that instant on in which a hold stops reservations of it, as Verdict.held has them."""
    found: list[dict[str, Any]] = []
    for rules, begins, ends in editions.reigns(since):
        read = as_read(facts, rules.edition)
        for start, end, day in _days(rules.hold_turns, begins, ends):
            found += [_held(hold, start, end) for hold in rules.holding(read, on=day) if hold.reservations]
    return found


def _held(hold: Hold, start: datetime, end: datetime | None) -> dict[str, Any]:
    silent = HIT in hold.match  # what screening found is the ministry's to know
    return {
        "from": on_the_wire(start),
        "until": end and on_the_wire(end),
        "hold": hold.id,
        "reason_en": "" if silent else hold.reason_en,
        "reason_zh": "" if silent else hold.reason_zh,
        "owner": hold.owner,
        "last_day": hold.span.last.isoformat() if hold.span.last else None,
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


def _joined(stretches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in stretches:
        last = found[-1] if found else {}
        if last and (last["until"], last["grace"], last["rules"]) == (one["from"], one["grace"], one["rules"]):
            found[-1] = {**last, "until": one["until"]}
        else:
            found.append(one)
    return found


def judged(license: License, party: int, destination: str, lines: Collection[int]) -> dict[str, Any] | None:
    """What a reservation must bring along, as ledger.Take has it: of those lines that have no verdict which knows the
    newest edition and that destination. None where all have one, which is nearly always; one query then."""
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
    contract = license.application.contract_on
    said = facts_of_lines(license, party, behind)
    return {
        "edition": editions.newest,
        "lines": {
            number: prohibited(editions, _there(facts, destination), since=license.issued_at, contract=contract)
            for number, facts in said.items()
        },
        "held": {
            number: held(editions, _there(facts, destination), since=license.issued_at)
            for number, facts in said.items()
        },
    }


def standing(stretches: Iterable[Mapping[str, Any]], at: datetime) -> Mapping[str, Any] | None:
    """The stretch in which that instant lies; None where nothing prohibits it then."""
    return next(
        (one for one in stretches if begins(one) <= at and (one["until"] is None or at < _instant(one["until"]))), None
    )


def begins(stretch: Mapping[str, Any]) -> datetime:
    return _instant(stretch["from"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def next_turn(stretches: Iterable[Mapping[str, Any]], at: datetime) -> datetime | None:
    """The first instant after that one at which a stretch begins or is over."""
    instants = [_instant(one[end]) for one in stretches for end in ("from", "until") if one[end]]
    return min((instant for instant in instants if instant > at), default=None)


def licenses_to_turn(limit: int, after: int = 0) -> list[int]:
    """Licenses in force, their last day not over, whose verdicts do not know the newest edition or of which one began
    or ended to prohibit: the next in the order of their keys, after that one."""
    at, newest = legal_now(), PolicyEdition.objects.order_by("-pk").values("pk")[:1]
    due = Q(judged_by=None) | Q(judged_by__lt=newest) | Q(next_turn_at__lte=at)
    rows = License.objects.filter(due, state__in=IN_FORCE, usable_until__gte=legal_day(at), pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def too_late(
    license: License,
    party: int,
    destination: str,
    lines: Collection[int],
    *,
    reserved: Collection[int],
    reserved_at: datetime,
    at: datetime,
) -> bool:
    """Did the rules forbid one of the lines at that instant, with no grace for what was reserved on it before?"""
    for line, stretches in stretches_of(license, party, destination, lines).items():
        stretch = standing(stretches, at)
        if stretch is None:
            continue
        in_grace = stretch["grace"] and at < _instant(stretch["grace"])
        if not (line in reserved and reserved_at < begins(stretch) and in_grace):
            return True
    return False


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


def _there(facts: Facts, destination: str) -> Facts:
    return {**facts, COUNTRY: sorted({*facts.get(COUNTRY, ()), destination})}
