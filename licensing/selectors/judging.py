"""What the rules say of a case: one vector of facts for each line and end-user, judged today and at each turn that
falls into the planned window. Nothing is written here."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from core.legal_time import legal_day
from exporters.selectors import qualified_until
from licensing.models import Application, ApplicationEndUser, ApplicationLine, Finding
from licensing.models.screenings import NO_HIT
from licensing.policy.engine import Compiled, Outcome
from licensing.policy.facts import Facts, as_read
from licensing.policy.records import facts_of, outcome_of, record_of
from licensing.policy.trace import Line, trace
from licensing.policy.vocabulary import CODE, COUNTRY, END_USE, HIT
from licensing.selectors.editions import Editions, editions_at, rules_of
from licensing.selectors.screenings import counting, screenings_of

NEW, PENDING = "new", "pending"
PARTS = (
    Prefetch("lines", ApplicationLine.objects.select_related("control_item")),
    Prefetch("end_users", ApplicationEndUser.objects.select_related("party", "declaration")),
)
QUALIFIED = "exporter.annual_qualified"


@dataclass(frozen=True)
class Judged:
    """What the rules say of a line for an end-user on a day. within: the day lies in the planned window.

    said: the facts by their sources; facts: the same, whole, as that day's edition reads them.
    """

    line: ApplicationLine
    user: ApplicationEndUser
    day: date
    within: bool
    edition: str
    rules: Compiled
    said: Facts
    facts: Facts
    audience: str
    editions: Editions

    @cached_property
    def outcome(self) -> Outcome:
        return self.rules.assess(self.facts, on=self.day, audience=self.audience)

    @property
    def trace(self) -> tuple[Line, ...]:
        return trace(self.rules, self.facts, on=self.day, audience=self.audience)

    @property
    def record(self) -> str:
        return record_of(self.rules, self.facts, on=self.day, audience=self.audience)

    def opens(self, channel: str) -> bool:
        """Does it open the channel? It counts as open when it hangs on nothing but a result of screening."""
        if channel in self.outcome.channels or HIT in self.facts:
            return channel in self.outcome.channels
        clear = self.rules.assess({**self.facts, HIT: NO_HIT}, on=self.day, audience=self.audience)
        return channel in clear.channels

    @property
    def missing(self) -> list[str]:
        """Facts that somebody else than the ministry would have to say."""
        return [name for name in self.outcome.missing if name != HIT]


def read_parts(case: Application) -> None:
    """The case has its lines and end-users with all that is judged of them; two queries, where it has none yet."""
    prefetch_related_objects([case], *PARTS)


def judge(case: Application, *, at: datetime, audience: str) -> list[Judged]:
    """Every line of the case for every end-user, on each day that matters; by line, end-user and day."""
    editions, today = editions_at(at), legal_day(at)
    days = days_of(case, editions, audience, today)
    read_parts(case)
    lines, users = case.lines.all(), case.end_users.all()
    screened = counting(screenings_of(user.party_id for user in users))
    hits = {party: row.hit for party, row in screened.items()}
    last_day = qualified_until(case.exporter_id)
    found = []
    for line in lines:
        for user in users:
            for day, within in days:
                code, digest = editions.of(day)
                rules = rules_of(digest)
                said = _said(case, line, user, hits.get(user.party_id)) | {
                    QUALIFIED: bool(last_day and day <= last_day)
                }
                found.append(
                    Judged(line, user, day, within, code, rules, said, as_read(said, rules.edition), audience, editions)
                )
    return found


def days_of(case: Application, editions: Editions, audience: str, today: date) -> list[tuple[date, bool]]:
    """Today, the first planned day that is left, and each turn in the planned window; whether a day lies in that.

    A window that is over leaves today alone.
    """
    begins = max(today, case.planned_from or today)
    within = {begins, *editions.turns(begins, case.planned_until or begins, audience)}
    return [(day, day in within) for day in sorted({today} | within)]


def _said(case: Application, line: ApplicationLine, user: ApplicationEndUser, hit: str | None) -> dict[str, Any]:
    """The facts by their sources: what nobody said is left out."""
    declaration = user.declaration
    onward = declaration.re_export_countries if declaration.re_export else []
    said = {
        CODE: line.control_item.code,
        COUNTRY: sorted({user.party.country_id, *onward}),
        END_USE: declaration.end_use_id,
        "end_user.class": user.party.nature,
        HIT: hit,
        "exporter.red_flag": case.red_flag,
        "transaction.purpose": case.purpose,
    }
    return {name: value for name, value in said.items() if value}


# --- what it said before ----------------------------------------------------------------------------------


def changed(case: Application, judged: Iterable[Judged]) -> list[Judged]:
    """Of these the ones that say something else than the last look at the case said of the same day.

    Where facts were missing then, it is no change that they came: what counts is what those rules would have said.
    """
    before = last_look(case.findings.all())
    return [one for one in judged if _differs(one, before)]


def last_look(findings: Iterable[Finding]) -> list[Finding]:
    """Of these the ones that were found together last."""
    found = sorted(findings, key=lambda finding: finding.pk)
    return [one for one in found if (one.moment, one.found_at) == (found[-1].moment, found[-1].found_at)]


def _differs(now: Judged, before: Sequence[Finding]) -> bool:
    mine = [finding for finding in before if finding.line_number == now.line.number]
    mine = [finding for finding in mine if finding.party_ref in ("", now.user.party.ref)]
    earlier = [finding for finding in mine if finding.as_of <= now.day]
    if not earlier:
        return True
    was = max(earlier, key=lambda finding: finding.as_of)
    if not was.record:  # of before findings kept a record
        return (was.disposition, was.channels) != (now.outcome.disposition, list(now.outcome.channels))
    return _said_of(_expected(was, now)) != _said_of(now.outcome)


def _expected(was: Finding, now: Judged) -> Outcome:
    kept = json.loads(was.record)
    outcome, facts = outcome_of(kept), facts_of(kept)
    if not outcome.missing or any(now.facts.get(name) != value for name, value in facts.items()):
        return outcome
    return rules_of(kept["edition"]).assess(now.facts, on=now.day, audience=kept["audience"])


def _said_of(outcome: Outcome) -> tuple[Any, ...]:
    return outcome.disposition, outcome.channels, outcome.requires, outcome.clock
