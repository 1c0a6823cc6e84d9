"""What the rules say of a question, ready to be shown: the answer, its reasons, and what would change it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

import core.selectors
from core.legal_time import legal_day
from core.selectors import country_names
from core.working_days import NotPublished
from licensing import selectors
from licensing.clock import RECEIPT_DAYS, WORKING_DAYS, Clock
from licensing.models import Application, ApplicationEndUser, ApplicationLine, Finding
from licensing.models.screenings import NO_HIT
from licensing.policy.facts import whole
from licensing.policy.records import facts_of, outcome_of
from licensing.policy.trace import Fate, Period, changes, periods, trace
from licensing.policy.vocabulary import (
    CHANNEL_OF,
    CHANNELS,
    CODE,
    FACTS,
    FOLLOWING,
    HIT,
    NEW,
    REPORT_DAYS,
    SPECIAL,
    TIMED,
    UNLISTED_CODE,
)
from licensing.states import ApplicationState
from licensing.web.holds import Held, in_order
from licensing.web.rulebook import rule_url
from licensing.words import rules as words
from licensing.words import terms
from licensing.words.doubts import doubts

DAY = timedelta(days=1)
NOT_FILED_HERE = frozenset(CHANNELS) - {*CHANNEL_OF.values()}
LOOKS = {"not_controlled": "ok", "prohibited": "no", "presumption_of_denial": "no", "exempt": "ok"}


class Answer:
    """Raises licensing.policy.editions.Unreadable for facts that the edition of that day can't have."""

    assumed: Mapping[str, Any] = {}

    def __init__(self, said: Mapping[str, Any], *, day: date, today: date) -> None:
        self.said, self.day, self.today = said, day, today
        edition = self._editions.of(day)
        self.edition, self.rules = edition.code, selectors.rules_of(edition.digest)
        self.facts = whole(said, self.rules.edition)
        self.outcome = self.rules.assess(self.facts, on=day)
        self.audience, self.filed = NEW, False

    @classmethod
    def kept(cls, record: str, edition: str, *, today: date, filed: bool, special: bool) -> "Answer":
        """What was judged, from its record, by the edition of then; of an end-user nobody screened what counts for the
        case, as beside its form. filed: by when to file is no question any more. special: so is the case."""
        said = json.loads(record)
        answer = cls.__new__(cls)
        answer.day, answer.today, answer.audience = date.fromisoformat(said["as_of"]), today, said["audience"]
        answer.filed = filed
        answer.edition, answer.rules = edition, selectors.rules_of(said["edition"])
        answer.facts, answer.outcome = facts_of(said), outcome_of(said)
        answer.said = {name: value for name, value in answer.facts.items() if name not in FOLLOWING}
        if HIT not in answer.facts:
            facts, on, whom = answer.facts, answer.day, answer.audience
            counts = selectors.unscreened(answer.rules, facts, on=on, audience=whom, special=special)
            answer.assumed = {HIT: NO_HIT}
            answer.outcome = replace(counts, missing=answer.outcome.missing)
        return answer

    @cached_property
    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.rules.edition.document["rules"]}

    # --- the answer ---------------------------------------------------------------------------------------
    @property
    def verdict(self) -> str:
        return words.verdict(self.outcome)

    @property
    def meaning(self) -> str:
        if self.leaves_special:
            return _("No license is given, but under special circumstances.")
        return terms.word(terms.MEANINGS, self.outcome.disposition)

    @property
    def look(self) -> str:
        return LOOKS.get(self.outcome.disposition, "wait")

    @property
    def needs_license(self) -> bool:
        return bool(self.outcome.controlled) and self.outcome.clock != "none" and bool(self.outcome.channels)

    @property
    def papers(self) -> list[str]:
        return [terms.word(terms.PAPERS, name) for name in self.outcome.requires]

    @property
    def not_filed_here(self) -> str:
        return words.channels(tuple(name for name in self.outcome.channels if name in NOT_FILED_HERE))

    @property
    def leaves_special(self) -> bool:
        """It is prohibited, and may be applied for all the same."""
        return SPECIAL in self.outcome.channels

    @property
    def asked(self) -> list[tuple[str, str]]:
        """The question again, as it was understood; a listed item is shown by its own words."""
        edition = self.rules.edition
        names = [name for name in FACTS if name in self.said and (name != CODE or self.said[CODE] == UNLISTED_CODE)]
        return [
            (terms.word(terms.FACTS, name), terms.value(name, self.facts[name], edition, self.countries))
            for name in names
        ]

    @cached_property
    def countries(self) -> dict[str, str]:
        return country_names()

    @property
    def _counted(self) -> dict[str, Any]:
        """Its facts, with what counts while nobody knows."""
        return {**self.facts, **self.assumed}

    # --- its reasons --------------------------------------------------------------------------------------
    @property
    def matched(self) -> list[dict[str, Any]]:
        return [self._in_words(name) for name in self.outcome.matched]

    @property
    def traced(self) -> list[dict[str, Any]]:
        lines = trace(self.rules, self._counted, on=self.day, audience=self.audience)
        return [self._in_words(line.rule) | {"became": words.became(line), "fits": line.fate in FITS} for line in lines]

    def _in_words(self, name: str) -> dict[str, Any]:
        row = words.in_words(self.rows[name], self.rules.edition.document)
        url = rule_url(self.rows[name]["instrument"], name, self.day, self.edition)
        return row | {"authority_word": terms.word(words.AUTHORITIES, row["authority"]), "url": url}

    @property
    def missing(self) -> list[tuple[str, str]]:
        """Facts by name and label, of which more would be said."""
        return [(name, terms.word(terms.FACTS, name)) for name in self.outcome.missing]

    @property
    def changes(self) -> list[dict[str, str]]:
        """What would change it, but for the item: another item is another question."""
        found = changes(self.rules, self._counted, on=self.day, audience=self.audience)
        return [words.change(one, self.rules.edition, self.countries) for one in found if one.fact != CODE]

    @cached_property
    def _editions(self) -> selectors.Editions:
        return selectors.editions_at()

    @property
    def holds(self) -> list[Held]:
        """Those of that day, and those that may be for want of a fact."""
        found = self.rules.holds(self.facts, on=self.day)
        return in_order(
            Held(hold, missing, selectors.last_day(hold, self.day, self._editions)) for hold, missing in found
        )

    @property
    def doubts(self) -> list[str]:
        said = [self.outcome, *(period.outcome for period in (self.before, self.after) if period)]
        return doubts(self.rules.edition, self.facts, said)

    # --- days ---------------------------------------------------------------------------------------------
    @cached_property
    def _periods(self) -> tuple[tuple[Period, ...], int]:
        found = periods(selectors.stretches({**self.said, **self.assumed}, self.day))
        return found, sum(1 for one in found if one.first is None or one.first <= self.day) - 1

    @property
    def since(self) -> date | None:
        found, now = self._periods
        return found[now].first

    @property
    def before(self) -> Period | None:
        found, now = self._periods
        return found[now - 1] if now > 0 else None

    @property
    def after(self) -> Period | None:
        found, now = self._periods
        return found[now + 1] if now + 1 < len(found) else None

    @property
    def turns(self) -> list[str]:
        """What was said until the present answer began, and what is said when it ends."""
        told = []
        if self.before and self.since:
            told.append(words.until(self.since - DAY, self.before.outcome))
        if self.after and self.after.first:
            told.append(words.since(self.after.first, self.after.outcome))
        return told

    @cached_property
    def clock(self) -> Clock | None:
        """The clock of a case that is accepted today. None: the working-day table ends before its deadline."""
        if self.outcome.clock != TIMED:
            return None
        clock = Clock(core.selectors.calendar(self.today, WORKING_DAYS), self.today)
        try:
            return clock if clock.deadline else None
        except NotPublished:
            return None

    @cached_property
    def in_time(self) -> dict[str, date] | None:
        """The last days to file and to be accepted, for a decision by the day before. None: the table does not say."""
        if self.outcome.clock != TIMED:
            return None
        calendar = core.selectors.calendar_before(self.day - DAY, WORKING_DAYS + RECEIPT_DAYS)
        try:
            accepted = calendar.latest(WORKING_DAYS, self.day - DAY)
            return {"accepted": accepted, "filed": calendar.latest(RECEIPT_DAYS, accepted)}
        except NotPublished:
            return None

    @cached_property
    def report_due(self) -> date | None:
        """The last day for the report on an export of that day. None: the working-day table does not say."""
        try:
            return core.selectors.calendar(self.day, REPORT_DAYS).day(REPORT_DAYS, self.day)
        except NotPublished:
            return None


FITS = (Fate.MATCHED, Fate.OVERRIDDEN, Fate.DROPPED, Fate.IDLE)


# --- a case -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judgement:
    """What the rules say of a line of a case for an end-user on a day, with the answer in full."""

    line: ApplicationLine
    user: ApplicationEndUser
    answer: Answer


def judgements(case: Application, *, at: datetime) -> list[Judgement]:
    """What the rules say of a draft as it stands; of what was filed what was found then, once decided what was found at
    the decision. What an officer finds in between is not for the exporter."""
    lines = {line.number: line for line in case.lines.all()}
    users = {user.party.ref: user for user in case.end_users.all()}
    filed = case.state != ApplicationState.DRAFT
    if not filed:
        judged = selectors.judge(case, at=at)
        found = [(one.line.number, one.user.party.ref, one.record, one.edition) for one in judged]
    else:
        moments = ("submit", "approve", "issue", "refuse") if case.decided_at else ("submit",)
        kept = Finding.objects.filter(application=case, moment__in=moments)
        found = [(row.line_number, row.party_ref, row.record, row.edition) for row in selectors.last_look(kept)]
    today = legal_day(at)
    of_case = {"today": today, "filed": filed, "special": case.special}
    return [
        Judgement(lines[number], users[party], Answer.kept(record, edition, **of_case))
        for number, party, record, edition in found
    ]
