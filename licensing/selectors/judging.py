"""What the rules say of a case: one vector of facts for each line and end-user, judged today and at each turn that
falls into the planned window. Nothing is written here."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

from django.db.models import Prefetch, prefetch_related_objects

from core.legal_time import legal_day, legal_now
from exporters.models import qualified_on
from exporters.selectors import last_days
from licensing.models import (
    Application,
    ApplicationEndUser,
    ApplicationLine,
    ControlItem,
    Declaration,
    Finding,
)
from licensing.models.screenings import NO_HIT
from licensing.policy.editions import Hold
from licensing.policy.engine import Compiled, Outcome
from licensing.policy.facts import Facts, as_read
from licensing.policy.records import facts_of, outcome_of, record_of
from licensing.policy.strictness import Difference, differences
from licensing.policy.trace import Line, trace
from licensing.policy.vocabulary import CODE, COUNTRY, END_USE, FACTS, HIT, NEW, PENDING, SPECIAL
from licensing.selectors.editions import Editions, due, editions_at, rules_of
from licensing.selectors.holds import last_day
from licensing.selectors.screenings import hits_of
from licensing.states import OPEN_CASE, ApplicationState

PARTS = (
    Prefetch("lines", ApplicationLine.objects.select_related("control_item")),
    Prefetch("end_users", ApplicationEndUser.objects.select_related("party", "declaration")),
)
QUALIFIED = "exporter.annual_qualified"


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the rules say of facts on a day. within: the day lies in the planned window.

    said: the facts by their sources; facts: the same, whole, as that day's edition reads them. unproved: a case under
    special circumstances, of whose end-user nobody may count on what screening found.
    """

    day: date
    within: bool
    edition: str
    rules: Compiled
    said: Facts
    facts: Facts
    audience: str
    editions: Editions
    unproved: bool = False

    @cached_property
    def outcome(self) -> Outcome:
        return self.rules.assess(self.facts, on=self.day, audience=self.audience)

    @property
    def trace(self) -> tuple[Line, ...]:
        return trace(self.rules, self.facts, on=self.day, audience=self.audience)

    @property
    def record(self) -> str:
        return record_of(self.rules, self.facts, on=self.day, audience=self.audience)

    @cached_property
    def clear(self) -> Outcome:
        """The outcome as it counts where screening has no result yet: as `unscreened` says."""
        if self.facts.get(HIT) is not None and not self.unproved:
            return self.outcome
        return unscreened(self.rules, self.facts, on=self.day, audience=self.audience, special=self.unproved)

    def opens(self, channel: str) -> bool:
        """Does it open the channel? It counts as open when it hangs on nothing but a result of screening."""
        return channel in (*self.outcome.channels, *self.clear.channels)

    @property
    def missing(self) -> list[str]:
        """Facts that somebody else than the ministry would have to say."""
        return [name for name in self.outcome.missing if name != HIT]


def unscreened(rules: Compiled, facts: Facts, *, on: date, audience: str, special: bool) -> Outcome:
    """What counts while nobody screened the end-user: that nothing was found.

    special: the case is one under special circumstances, whose way is open, too, where one result would leave it;
    as none would where something else prohibits it.
    """
    hits = FACTS[HIT].words if special else (NO_HIT,)
    found = {hit: rules.assess({**facts, HIT: hit}, on=on, audience=audience) for hit in hits}
    clear, leaving = found[NO_HIT], [one for one in found.values() if SPECIAL in one.channels]
    if not special or clear.disposition == "prohibited" or not leaving:
        return clear
    names = {name for one in leaving for name in one.matched}
    ways = {rule.id for rule in rules.rules if rule.id in names and SPECIAL in rule.effect.grant}
    channels, matched = {*clear.channels, SPECIAL}, {*clear.matched, *ways}
    return replace(clear, channels=tuple(sorted(channels)), matched=tuple(sorted(matched)))


@dataclass(frozen=True, kw_only=True)
class Judged(Look):
    """The same of a line for an end-user. qualified: the last day on which the company is."""

    line: ApplicationLine
    user: ApplicationEndUser
    qualified: date | None


@dataclass(frozen=True)
class Known:
    """What the rules look at of parties and of companies, by key: what screening found, and the last qualified day."""

    hits: Mapping[int, str]
    qualified: Mapping[int, date]


def known_of(cases: Iterable[Application]) -> Known:
    """Of these cases, which have their parts: two queries."""
    parties = {user.party_id for case in cases for user in case.end_users.all()}
    return known_by(parties, {case.exporter_id for case in cases})


def known_by(parties: Iterable[int], exporters: Iterable[int]) -> Known:
    """Two queries."""
    return Known(hits_of(parties), last_days(exporters))


def read_parts(case: Application) -> None:
    """The case has its lines and end-users with all that is judged of them; two queries, where it has none yet."""
    prefetch_related_objects([case], *PARTS)


def audience_of(case: Application) -> str:
    """Whose rules judge it."""
    return NEW if case.state == ApplicationState.DRAFT else PENDING


def judge(case: Application, *, at: datetime) -> list[Judged]:
    """Every line of the case for every end-user, on each day that matters; by line, end-user and day."""
    editions, audience = editions_at(at), audience_of(case)
    days = days_of(case, editions, audience, legal_day(at))
    if audience == PENDING:
        days = _with_those_spoken_of(case, days)
    read_parts(case)
    return _judged(case, case.lines.all(), case.end_users.all(), known_of([case]), days, editions, audience)


def judge_typed(
    case: Application, items: Iterable[ControlItem], declared: Iterable[Declaration], *, at: datetime
) -> list[Judged]:
    """The same of a new case that nobody has saved, with these goods for these end-users: by what the company may know,
    which is nothing of what screening found. Two queries, where the declarations have their parties."""
    lines = [ApplicationLine(number=number, control_item=item) for number, item in enumerate(items, 1)]
    users = [ApplicationEndUser(pk=key, party=one.end_user, declaration=one) for key, one in enumerate(declared, 1)]
    editions, known = editions_at(at), Known({}, last_days([case.exporter_id]))
    audience = audience_of(case)
    return _judged(case, lines, users, known, days_of(case, editions, audience, legal_day(at)), editions, audience)


def _judged(
    case: Application,
    lines: Iterable[ApplicationLine],
    users: Iterable[ApplicationEndUser],
    known: Known,
    days: list[tuple[date, bool]],
    editions: Editions,
    audience: str,
) -> list[Judged]:
    found, last_day = list[Judged](), known.qualified.get(case.exporter_id)
    for line, user in product(lines, users):
        hit = known.hits.get(user.party_id)
        facts, unproved = said(case, line, user, hit), case.special and hit is None
        seen = looks(facts, days, last_day, editions, audience, unproved=unproved)
        found += [Judged(**vars(look), line=line, user=user, qualified=last_day) for look in seen]
    return found


def looks(
    facts: Facts,
    days: Iterable[tuple[date, bool]],
    last_day: date | None,
    editions: Editions,
    audience: str,
    *,
    unproved: bool = False,
) -> list[Look]:
    """Each of these days by its own edition. last_day: the last one on which the company is qualified."""
    found = []
    for day, within in days:
        code, digest = editions.of(day)
        rules, said = editions.rules(digest), {**facts, QUALIFIED: qualified_on(day, last_day=last_day)}
        found.append(
            Look(
                day=day,
                within=within,
                edition=code,
                rules=rules,
                said=said,
                facts=as_read(said, rules.edition),
                audience=audience,
                editions=editions,
                unproved=unproved,
            )
        )
    return found


def days_of(case: Application, editions: Editions, audience: str, today: date) -> list[tuple[date, bool]]:
    """Today, the first planned day that is left, and each turn in the planned window; whether a day lies in that.

    A window that is over leaves today alone.
    """
    begins = max(today, case.planned_from or today)
    within = {begins, *editions.turns(begins, case.planned_until or begins, audience)}
    return [(day, day in within) for day in sorted({today} | within)]


def _with_those_spoken_of(case: Application, days: list[tuple[date, bool]]) -> list[tuple[date, bool]]:
    """And the days ahead in the window on which the last look saw a turn: that it comes no more is news, too."""
    begins = next(day for day, within in days if within)
    until = case.planned_until or begins
    before = last_look(case.looked_at)
    return sorted({*days, *((one.as_of, True) for one in before if begins < one.as_of <= until)})


class Signed(NamedTuple):
    """What of an end-user and its declaration the rules look at."""

    country: str
    nature: str
    end_use: str
    re_export: bool
    re_export_countries: Sequence[str]

    @classmethod
    def of(cls, country: str, nature: str, drafted: Sequence[Any], as_signed: Mapping[str, Any] | None) -> "Signed":
        """What was signed last counts, until something else is; before that, what the draft says."""
        return cls(country, nature, *((as_signed[name] for name in cls._fields[2:]) if as_signed else drafted))


def said(case: Application, line: ApplicationLine, user: ApplicationEndUser, hit: str | None) -> dict[str, Any]:
    """The facts by their sources: what nobody said is left out."""
    party, declared = user.party, user.declaration
    drafted = (declared.end_use_id, declared.re_export, declared.re_export_countries)
    signed = Signed.of(party.country_id, party.nature, drafted, declared.as_signed)
    return said_of(case, line.control_item.code, signed, hit)


def said_of(case: Application, code: str, signed: Signed, hit: str | None) -> dict[str, Any]:
    """The same, of rows that were read for no more."""
    found = {
        CODE: code,
        COUNTRY: sorted({signed.country, *(signed.re_export_countries if signed.re_export else ())}),
        END_USE: signed.end_use,
        "end_user.class": signed.nature,
        HIT: hit,
        "exporter.red_flag": case.red_flag,
        "transaction.purpose": case.purpose,
    }
    return {name: value for name, value in found.items() if value}


# --- what it said before ----------------------------------------------------------------------------------


def changed(case: Application, judged: Iterable[Judged]) -> list[Judged]:
    """Of these the ones that say something else than the last look at the case said of the same day.

    Where facts were missing then, it is no change that they came: what counts is what those rules would have said.
    """
    before = last_look(case.looked_at)
    return [one for one in judged if _differs(one, before)]


def otherwise(case: Application, now: Judged) -> tuple[Difference, ...]:
    """Part by part what is another than at the last look; nothing where that kept no outcome of the day."""
    was = _earlier(now, last_look(case.looked_at))
    return differences(_expected(was, now), now.outcome) if was else ()


def fingerprint(changes: Iterable[Judged]) -> str:
    """Names these differences to the last look: of others, or of one more or less, it is another."""
    told = [(one.line.number, one.user.party.ref, one.day.isoformat(), *_said_of(one.outcome)) for one in changes]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def last_look(findings: Iterable[Finding]) -> list[Finding]:
    """Of these the ones that were found together last."""
    found = sorted(findings, key=lambda finding: finding.pk)
    return [one for one in found if (one.moment, one.found_at) == (found[-1].moment, found[-1].found_at)]


def _earlier(now: Judged, before: Sequence[Finding]) -> Finding | None:
    """What these say of the same day: the last that is of it or of one before."""
    of = now.line.number, now.user.party.ref
    mine = [finding for finding in before if (finding.line_number, finding.party_ref) == of]
    earlier = [finding for finding in mine if finding.as_of <= now.day]
    return max(earlier, key=lambda finding: finding.as_of, default=None)


def _differs(now: Judged, before: Sequence[Finding]) -> bool:
    was = _earlier(now, before)
    if was is None:
        return True
    return _said_of(_expected(was, now)) != _said_of(now.outcome)


def _expected(was: Finding, now: Judged) -> Outcome:
    kept = json.loads(was.record)
    outcome, facts = outcome_of(kept), facts_of(kept)
    if not outcome.missing or any(now.facts.get(name) != value for name, value in facts.items()):
        return outcome
    return rules_of(kept["edition"]).assess(now.facts, on=now.day, audience=kept["audience"])


def _said_of(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.disposition, outcome.channels, outcome.requires, outcome.clock


# --- a turn -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Turned:
    """Other rules count since the last look: what those of then say of the facts of now, and what those of now do."""

    now: Judged
    facts: Facts
    before: Outcome
    after: Outcome
    rules: tuple[str, ...]  # which match by one of them only, or do something else by the other


def turned(case: Application, judged: Iterable[Judged], *, as_told: bool = False) -> list[Turned]:
    """Of these the ones of which the rules, and not the facts, say something else than at the last look.

    What nobody looked for yet was not found; a way under special circumstances counts as open to a case that asks for
    it, as at its filing. as_told: nor what was found since the case was filed, which its holder does not know.
    """
    before, filed = last_look(case.looked_at), hits_at_filing(case.looked_at) if as_told else {}
    found = []
    for one in judged:
        was = _earlier(one, before)
        if was is None or not one.within:  # what lies outside the window, before it, was foreseen
            continue
        hit = filed.get(one.user.party.ref) if as_told else one.said.get(HIT)
        said, unproved = {**one.said, HIT: hit or NO_HIT}, case.special and hit is None
        rules, facts = rules_of(_digest_of(was)), as_read(said, one.rules.edition)
        old = _counting(rules, as_read(said, rules.edition), was.as_of, unproved)
        new = _counting(one.rules, facts, one.day, unproved)
        if _said_of(old) != _said_of(new):
            found.append(Turned(one, facts, old, new, _other_rules(rules, old, one.rules, new)))
    return found


def _counting(rules: Compiled, facts: Facts, on: date, unproved: bool) -> Outcome:
    if unproved:
        return unscreened(rules, facts, on=on, audience=PENDING, special=True)
    return rules.assess(facts, on=on, audience=PENDING)


def _digest_of(was: Finding) -> str:
    """Of the edition that judged then, whether or not it was repealed since."""
    return str(json.loads(was.record)["edition"])


def hits_at_filing(findings: Iterable[Finding]) -> dict[str, str]:
    """By number of the party what its case was filed with, of these findings."""
    kept = (finding for finding in findings if finding.moment == "submit")
    facts = {finding.party_ref: json.loads(finding.record)["facts"] for finding in kept}
    return {party: said[HIT] for party, said in facts.items() if HIT in said}


def _other_rules(was: Compiled, old: Outcome, now: Compiled, new: Outcome) -> tuple[str, ...]:
    told, tells = (
        {rule.id: (rule.effect, rule.overrides) for rule in rules.rules if rule.id in outcome.matched}
        for rules, outcome in ((was, old), (now, new))
    )
    return tuple(sorted(name for name in told.keys() | tells.keys() if told.get(name) != tells.get(name)))


@dataclass(frozen=True)
class Standing:
    """A hold of today on a line for an end-user. missing: for want of these facts it does not stand, and may.

    until: its last day; None: no end is known.
    """

    hold: Hold
    line: ApplicationLine
    user: ApplicationEndUser
    missing: tuple[str, ...]
    until: date | None


def holds_of(judged: Sequence[Judged]) -> list[Standing]:
    """The holds of today on what was judged, by what its holder stated: everybody may read of them."""
    found, ends = [], dict[str, date | None]()
    for one in judged:
        if one.day == judged[0].day:  # today comes first
            for hold, missing in one.rules.holds(one.facts, on=one.day):
                if hold.id not in ends:
                    ends[hold.id] = last_day(hold, one.day, one.editions)
                found.append(Standing(hold, one.line, one.user, missing, ends[hold.id]))
    return sorted(found, key=lambda one: one.hold.id)


def cases_to_turn(limit: int, after: int = 0) -> list[int]:
    """Open cases of which no turn knows the newest edition, or for which other rules count since the last one: the
    next in the order of their keys, after that one."""
    rows = Application.objects.filter(due(legal_now()), state__in=OPEN_CASE, pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
