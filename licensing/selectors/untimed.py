"""From when the law's working days count for a case: not while the rules say that no limit applies to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet, Value

from core.legal_time import INSTANT, day_end, legal_day
from exporters.selectors import last_days
from licensing.models import Application, ApplicationEndUser, Screening
from licensing.policy.vocabulary import HIT, UNTIMED
from licensing.selectors.editions import Editions, editions_at
from licensing.selectors.judging import PARTS, audience_of, days_of, looks, said

Results = Mapping[int, Sequence[tuple[date, str]]]  # of each party what was recorded on which day, in order


@dataclass(frozen=True)
class Counting:
    """Days on which a limit applies: from day 0 on, until the day on which it no longer does. None: it still does."""

    day_0: date
    until: date | None = None


def start_of(countings: Sequence[Counting]) -> date | None:
    """Day 0 of the days that count now."""
    return next((one.day_0 for one in countings if one.until is None), None)


def countings_of(rows: QuerySet[Application], today: date) -> dict[int, list[Counting]]:
    """When a limit applies to each of these accepted cases for which that may be other days than all, in order.

    By the results of screening that stood at the end of each day, to the day of the decision: where no limit applied,
    the days count anew from the first day on which one does. As many queries however many cases, and two where nothing
    was found that any rule asks about.
    """
    editions = editions_at(day_end(today) - INSTANT)  # a clock stands at the end of its day
    rows = rows.filter(may_count_anew(editions))
    cases = list(rows.prefetch_related(None).prefetch_related(*PARTS))
    if not cases:
        return {}
    results, last = _results(cases), last_days(case.exporter_id for case in cases)
    return {case.pk: _countings(case, results, last.get(case.exporter_id), editions, today) for case in cases}


def may_count_anew(editions: Editions) -> Exists | Value:
    """Of a case: something was found that a rule asks about which lifts the limit, or one does whatever was found."""
    asked = _asked(editions)
    if asked is None:
        return Value(True)
    return Exists(ApplicationEndUser.objects.filter(application=OuterRef("pk"), party__screenings__hit__in=asked))


def _asked(editions: Editions) -> set[str] | None:
    """The results about which a rule asks that lifts the limit; None where one lifts it whatever was found."""
    rules = [rule for _, digest, _ in editions.rows for rule in editions.rules(digest).rules if rule.effect.untimed]
    if any(HIT not in rule.match for rule in rules):
        return None
    return {hit for rule in rules for hit in rule.match[HIT]}


def _results(cases: Iterable[Application]) -> Results:
    parties = {user.party_id for case in cases for user in case.end_users.all()}
    found: dict[int, list[tuple[date, str]]] = {}
    for party, at, hit in Screening.objects.filter(party__in=parties).order_by("pk").values_list("party", "at", "hit"):
        found.setdefault(party, []).append((legal_day(at), hit))
    return found


def _countings(
    case: Application, results: Results, last_day: date | None, editions: Editions, today: date
) -> list[Counting]:
    begins, until = case.accepted_on, legal_day(case.decided_at) if case.decided_at else today
    assert begins is not None, "only a case that was accepted has a clock"
    recorded = {day for user in case.end_users.all() for day, _hit in results.get(user.party_id, ())}
    turns = editions.turns(begins, until, audience_of(case))
    found: list[Counting] = []
    for day in sorted({begins, *turns, *(day for day in recorded if begins < day <= until)}):
        counts = bool(found) and found[-1].until is None
        if counts == _lifted(case, day, results, last_day, editions):
            found = [*found[:-1], replace(found[-1], until=day)] if counts else [*found, Counting(day)]
    return found


def _lifted(case: Application, day: date, results: Results, last_day: date | None, editions: Editions) -> bool:
    """Do the rules lift the limit, by what was recorded by the end of that day?"""
    audience = audience_of(case)
    days = days_of(case, editions, audience, day)
    for line in case.lines.all():
        for user in case.end_users.all():
            hits = [hit for recorded, hit in results.get(user.party_id, ()) if recorded <= day]
            facts = said(case, line, user, hits[-1] if hits else None)
            if any(look.outcome.clock == UNTIMED for look in looks(facts, days, last_day, editions, audience)):
                return True
    return False
