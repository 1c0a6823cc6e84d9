"""What the rules say of a case is looked at, kept with the case, and stops what they do not allow."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.access import who
from core.errors import DomainError, Invalid, Problem
from core.legal_time import legal_day
from core.templatetags.lodestone import day
from exporters.models import renewable_from
from licensing.granted import NO_TOLERANCE, Tolerance
from licensing.models import Application, DecisionStep, Finding, Kind
from licensing.policy.engine import RANK, strictest
from licensing.policy.trace import Fate, Line
from licensing.policy.vocabulary import (
    CHANNEL_OF,
    EXCEPTED,
    MONTHS,
    MONTHS_MOST,
    OVERRULED,
    PROOF_DAYS,
    PROVEN,
    SPECIAL,
    UNSAID,
)
from licensing.selectors import Judged, changed, fingerprint, last_day
from licensing.selectors.judging import QUALIFIED
from licensing.words import holds, terms
from licensing.words import rules as words
from licensing.words.phrases import sentences

_ASK_SPECIAL = gettext_lazy(
    "It may be applied for under special circumstances: choose that kind, and say what these are."
)
_NO_SPECIAL = gettext_lazy(
    "They leave no way under special circumstances: another end-use, end-user or destination would change that."
)
_ASK_WHY = {
    "presumption_of_denial": gettext_lazy(
        "The rules presume a refusal here. Record the exception: why it is approved all the same."
    ),
    "prohibited": gettext_lazy(
        "The rules forbid this on some day, or but for special circumstances. Record the exception: why it is approved "
        "all the same."
    ),
    "presumption_of_approval": gettext_lazy(
        "The rules presume an approval here. Record why it is refused all the same."
    ),
}
_DEPARTURES = {
    **{("approve", said): _ASK_WHY[said] for said in EXCEPTED},
    ("refuse", OVERRULED): _ASK_WHY[OVERRULED],
}
Pairs = Mapping[tuple[int, int], list[Judged]]


def freeze(case: Application, moment: str, judged: Sequence[Judged], *, at: datetime) -> str:
    """All that was found is kept with the case, once for all, and is what a turn is told from; none is open any more.

    Returns the edition that judged today.
    """
    Finding.objects.bulk_create(
        Finding(
            application=case,
            moment=moment,
            line_number=one.line.number,
            party_ref=one.user.party.ref,
            as_of=one.day,
            edition=one.edition,
            disposition=one.outcome.disposition,
            channels=list(one.outcome.channels),
            matched=list(one.outcome.matched),
            record=one.record,
            found_at=at,
        )
        for one in judged
    )
    if case.turned:
        case.turned = {}
        case.save(update_fields=["turned"])
    return judged[0].edition


def require_acknowledged(case: Application, judged: Sequence[Judged], acknowledged: str) -> None:
    """It says what the last look said, or the officer has seen that it does not. Raises DomainError policy-changed.

    acknowledged: the fingerprint of the differences that stood before him; that of others counts for nothing.
    """
    if (news := changed(case, judged)) and acknowledged != fingerprint(news):
        raise DomainError(
            _("The rules say something else than when the case was last looked at. Look at it, and tick that you did."),
            code="policy-changed",
        )


def within(judged: Iterable[Judged]) -> Pairs:
    """Of each line and end-user the days of the planned window."""
    pairs: dict[tuple[int, int], list[Judged]] = {}
    for one in judged:
        if one.within:
            pairs.setdefault((one.line.number, one.user.pk), []).append(one)
    return pairs


def problems_of(case: Application, judged: Iterable[Judged]) -> list[Problem]:
    """What the rules have against filing the case: all of it, each once."""
    pairs = within(judged)
    found = [*_obstacles(case, pairs), *_papers(case, pairs)]
    return list({(problem.code, problem.message): problem for problem in found}.values())


def obstacles_of(case: Application, judged: Iterable[Judged]) -> list[Problem]:
    """Of these what stands against filing the case, its papers apart."""
    return list(_obstacles(case, within(judged)))


def closed_to_all(case: Application, judged: Iterable[Judged]) -> Problem | None:
    """What the rules have against filing any of these goods for any of these end-users; None where they let some be
    filed."""
    pairs = within(judged)
    found = list(_obstacles(case, pairs))
    return found[0] if found and len(found) == len(pairs) else None


def _obstacles(case: Application, pairs: Pairs) -> Iterator[Problem]:
    for days in pairs.values():
        if missing := {name for one in days for name in one.missing}:  # what it opens can't be said yet
            if unasked := sorted(missing - {"end_user.class"}):  # which is asked for by itself
                yield Problem("/lines", "facts-missing", _facts(days[0], unasked))
        elif obstacle := _closed(case, days):
            yield obstacle


def _closed(case: Application, days: Sequence[Judged]) -> Problem | None:
    """Why the rules open this kind of license on no day of the window; None when they do on some."""
    channel = CHANNEL_OF[case.grants]
    if any(one.opens(channel) for one in days):
        return None
    first = days[0]
    code, name = first.line.control_item.code, first.user.party.name
    if all(one.outcome.disposition == "not_controlled" for one in days):
        message = _("{code} is not controlled on any day of the planned window: no license is needed for it.")
        return Problem("/lines", "not-controlled", message.format(code=code))
    if any(one.outcome.disposition == "prohibited" for one in days):
        forbidding = next(one for one in days if one.outcome.disposition == "prohibited")
        message = _("The rules in force forbid exporting {code} to {name}: {why}")
        message = message.format(code=code, name=name, why=_forbidding(forbidding))
        left = any(one.opens(SPECIAL) for one in days)
        said = _("{forbidden}. {way}").format(forbidden=message, way=_ASK_SPECIAL if left else _NO_SPECIAL)
        return Problem("/lines", "policy-prohibits", said, {"special": left})
    message = _("The rules do not open {channel} for {code} to {name}: {why}")
    why, extra = _closing(days, channel)
    told = [message.format(channel=terms.word(terms.CHANNELS, channel), code=code, name=name, why=why)]
    if case.special and any(one.opens(CHANNEL_OF[Kind.PER_SHIPMENT]) for one in days):
        told.append(_("Nothing forbids it: file it per shipment."))
    return Problem("/lines", "channel-closed", sentences(told), extra)


def _forbidding(one: Judged) -> str:
    rules = [rule for rule in one.rules.rules if rule.id in one.outcome.matched]
    return _in_words(one, [rule.id for rule in rules if rule.effect.disposition == "prohibited"])


def _closing(days: Sequence[Judged], channel: str) -> tuple[str, dict[str, object]]:
    """The rules that take the channel away on the first day on which some do; else on which facts the rule fails that
    is nearest to opening it, and whether that is the company's qualification alone. Of what is on no loaded list never
    that it needs no license."""
    ruled = [one for one in days if one.outcome.disposition not in ("not_controlled", "unlisted")]
    if not ruled:
        return terms.word(terms.MEANINGS, "unlisted"), {}
    for one in ruled:
        matched = [rule for rule in one.rules.rules if rule.id in one.outcome.matched]
        if closing := [rule.id for rule in matched if channel in rule.effect.remove]:
            return _in_words(one, closing), {}
    failing = [line.facts for one in ruled for line in _opening(one, channel) if line.fate is Fate.FAILED]
    if not failing:
        return _("No rule opens it on these days."), {}
    nearest = min(failing, key=len)
    extra: dict[str, object] = {"qualification": True} if nearest == (QUALIFIED,) else {}
    if extra and (last := days[0].qualified):
        return _qualified_through(last, days[0].editions.today), extra
    facts = terms.listed(terms.word(terms.FACTS, name) for name in nearest)
    return _("No rule opens it for these facts. Nearest to it: {facts}.").format(facts=facts), extra


def _qualified_through(last: date, today: date) -> str:
    if last < today:
        message = _("Annual licenses could be filed for through {last}: the qualification of the company is over.")
        return message.format(last=day(last))
    message = _("The qualification of the company ends on {last}. {who} may renew it from {first} on.")
    who_may = capfirst(who("qualification.renew"))
    return message.format(last=day(last), first=day(renewable_from(last)), who=who_may)


def _opening(one: Judged, channel: str) -> Iterator[Line]:
    """What became of the rules that open the channel."""
    opening = {rule.id for rule in one.rules.rules if channel in rule.effect.grant}
    return (line for line in one.trace if line.rule in opening)


def _in_words(one: Judged, names: Sequence[str]) -> str:
    return words.in_full(one.rules.edition, names)


def _papers(case: Application, pairs: Pairs) -> Iterator[Problem]:
    """Each paper that the rules ask for on some day of the window and that the case does not have."""
    for paper in _lacking(case, chain.from_iterable(pairs.values())):
        message = _("Add the paper that the rules ask for here: {paper}.").format(paper=terms.word(terms.PAPERS, paper))
        yield Problem("/documents", "required", message, {"paper": paper})


def lacking(case: Application, judged: Iterable[Judged]) -> list[str]:
    """Papers that the rules ask for on one of these days and that the case does not have, in words."""
    return [terms.word(terms.PAPERS, paper) for paper in _lacking(case, judged)]


def _lacking(case: Application, judged: Iterable[Judged]) -> list[str]:
    if asked := {paper for one in judged for paper in one.outcome.requires}:
        asked -= {paper.type for paper in case.documents.all()}
    return sorted(asked)


def _facts(one: Judged, names: Sequence[str]) -> str:
    facts = terms.listed(terms.word(terms.FACTS, name) for name in names)
    return _("Nobody said of {code} to {name}: {facts}.").format(
        code=one.line.control_item.code, name=one.user.party.name, facts=facts
    )


def require_open(case: Application, judged: Iterable[Judged], lines: Collection[int], users: Collection[int]) -> None:
    """What is granted is known in full and open in the planned window: each of these lines for each of these end-users.

    Raises DomainError facts-missing, with who can find them, policy-prohibits or channel-closed.
    """
    again = _(
        "Return or reopen the case: its reviewer screens an end-user again whose entry changed, and asks the applicant "
        "for any other fact."
    )
    for (number, user), days in within(judged).items():
        if number not in lines or user not in users:
            continue
        for one in days:
            if one.outcome.missing:
                raise DomainError(sentences([_facts(one, one.outcome.missing), again]), code="facts-missing")
        if obstacle := _closed(case, days):
            refusal = "channel-closed" if obstacle.code == "not-controlled" else obstacle.code
            raise DomainError(obstacle.message, code=refusal)


def require_papers(case: Application, judged: Iterable[Judged], lines: Collection[int], users: Collection[int]) -> None:
    """The case has each paper that the rules ask for of what is granted: a result of screening, or a turn, may ask for
    more than the filing did. Raises DomainError papers-missing."""
    if papers := lacking(case, _of(judged, lines, users)):
        message = _(
            "The rules ask for papers that the case does not have: {papers}. The reviewer asks the applicant for them, "
            "who adds them while the question is open."
        )
        raise DomainError(message.format(papers=terms.listed(papers)), code="papers-missing")


def require_not_held(judged: Sequence[Judged], lines: Collection[int], users: Collection[int]) -> None:
    """No hold stands today on what is granted. Raises DomainError held, with what would change it."""
    for one in judged:
        if one.day != judged[0].day or one.line.number not in lines or one.user.pk not in users:
            continue
        for hold in one.rules.holding(one.facts, on=one.day):
            last = last_day(hold, one.day, one.editions)
            until = last.isoformat() if last else None
            raise DomainError(holds.told(hold, last), code="held", hold=hold.id, owner=hold.owner, until=until)


def presumed(judged: Iterable[Judged], lines: Collection[int], users: Collection[int]) -> str:
    """The strictest that the rules say of these lines for these end-users in the planned window."""
    said = [one.outcome.disposition for one in _of(judged, lines, users)]
    return max((name for name in said if name in RANK), key=RANK.__getitem__, default="")


def _of(judged: Iterable[Judged], lines: Collection[int], users: Collection[int]) -> Iterator[Judged]:
    for (number, user), days in within(judged).items():
        if number in lines and user in users:
            yield from days


@dataclass(frozen=True)
class Limits:
    """The most that law and rules allow a license, and what they attach to it. None: no limit."""

    months: int
    clearances: int | None
    tolerance: Tolerance
    conditions: tuple[str, ...]
    report_days: int | None

    def condition_labels(self) -> list[str]:
        labels = dict(DecisionStep.Condition.choices)
        return [str(labels.get(code, code)) for code in self.conditions]


def limits(case: Application, judged: Iterable[Judged], lines: Collection[int], users: Collection[int]) -> Limits:
    """The strictest of these lines for these end-users on any day of the planned window.

    Months: the usual ones where no rule names some, and on a day that opens such licenses without naming any.
    """
    channel, days = CHANNEL_OF[case.grants], [one.outcome for one in _of(judged, lines, users)]
    said = {**UNSAID, **strictest(one.params for one in days)}
    unsaid = [MONTHS for one in days if channel in one.channels and "max_validity_months" not in one.params]
    months = min(MONTHS_MOST[channel], said["max_validity_months"], *unsaid)
    silent = any(channel in one.channels and "qty_tolerance_mode" not in one.params for one in days)
    given = Tolerance(said["qty_tolerance_mode"], Decimal(said["qty_tolerance_pct"]) * 100)
    tolerance = NO_TOLERANCE if silent or not given.whole else given
    conditions = tuple(said.get("conditions", ()))
    return Limits(months, said.get("max_clearances"), tolerance, conditions, said.get("report_days_after_shipment"))


def report_days(
    case: Application,
    judged: Iterable[Judged],
    lines: Collection[int],
    users: Collection[int],
    conditions: Collection[str],
) -> int | None:
    """Within how many days of its clearance a shipment's delivery is reported: the fewest that the rules, or the
    condition that asks for a proof, say; None where nobody asks."""
    said = limits(case, judged, lines, users).report_days
    proof = PROOF_DAYS if PROVEN in conditions else None
    return min((days for days in (said, proof) if days is not None), default=None)


def require_excepted(
    case: Application, judged: Iterable[Judged], lines: Collection[int], users: Collection[int]
) -> None:
    """Of no line for no end-user of what is issued a refusal is presumed that its approval left unsaid: who decides is
    told first, and records the exception. Raises DomainError refusal-presumed."""
    recorded = _recorded(case)
    for pair, (number, name, said) in _strictest_of_each(judged, lines, users).items():
        if asked_why(DecisionStep.Outcome.APPROVE, said) and RANK[said] > recorded.get(pair, 0):
            message = _(
                "The rules presume a refusal, or forbid this, as they did not when it was approved: {disposition}, of "
                "line {line} for {name}. Reopen the case, so that it is looked at anew, and whoever approves it all "
                "the same records why."
            )
            facts = {"disposition": terms.word(terms.DISPOSITIONS, said), "line": number, "name": name}
            raise DomainError(message.format(**facts), code="refusal-presumed")


def _strictest_of_each(
    judged: Iterable[Judged], lines: Collection[int], users: Collection[int]
) -> dict[tuple[int, str], tuple[int, str, str]]:
    """Of each of these lines for each of these end-users the strictest in the planned window, with both in words."""
    found = {}
    for (number, user), days in within(judged).items():
        if number in lines and user in users:
            party = days[0].user.party
            found[number, party.ref] = number, party.name, presumed(days, {number}, {user})
    return found


def _recorded(case: Application) -> dict[tuple[int, str], int]:
    """How strict the rules were, in the window as it was planned then, when it was approved: by line and end-user."""
    if (step := case.decision) is None:
        return {}
    begins = case.begins_on(legal_day(step.at))
    rows = case.findings.filter(found_at=step.at, as_of__gte=begins)
    found: dict[tuple[int, str], int] = {}
    for number, party, said in rows.values_list("line_number", "party_ref", "disposition"):
        found[number, party] = max(found.get((number, party), 0), RANK.get(said, 0))
    return found


def asked_why(outcome: str, presumed: str) -> str:
    """What whoever decides so is asked, where it is otherwise than the rules presume."""
    return str(_DEPARTURES.get((outcome, presumed), ""))


def asked_of_each(
    judged: Iterable[Judged], lines: Collection[int], users: Collection[int]
) -> tuple[list[tuple[str, list[tuple[int, str]]]], bool]:
    """What whoever grants some of these lines to some of these end-users is asked, and for which, for none by name
    where the same is asked whatever he grants; and whether something is asked whatever he grants."""
    pairs = _strictest_of_each(judged, lines, users).values()
    found: dict[str, list[tuple[int, str]]] = {}
    for number, name, said in pairs:
        if message := asked_why(DecisionStep.Outcome.APPROVE, said):
            found.setdefault(message, []).append((number, name))
    always = 0 < sum(map(len, found.values())) == len(pairs)
    if always and len(found) == 1:
        return [(message, []) for message in found], True
    return [*found.items()], always


def require_departure(outcome: str, presumed: str, departure: str) -> None:
    """Whoever decides otherwise than the rules presume says why. Raises Invalid."""
    message = asked_why(outcome, presumed)
    if message and not departure.strip():
        raise Invalid([Problem("/departure", "required", message)])
