"""What reviewing and deciding officers do with a case. One round is never recommended and decided by one person.

seen: the case's version (core.history) on the page that the officer decides by; each verb that decides raises 412
`stale` when something happened since.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, prefetch_related_objects
from django.utils.translation import gettext as _

from core import proposals
from core.access import Actor
from core.command import command
from core.errors import DomainError, FourEyes, Invalid, Problem
from core.history import move, record, require
from core.languages import day_in_words
from core.legal_time import INSTANT, legal_day, legal_now
from core.locks import lock, lock_all
from core.references import draw, draw_code
from core.templatetags.lodestone import quantity as in_words
from licensing import ledger
from licensing.actions.amendments import require_amendable, require_none_closed
from licensing.actions.applications import lock_with_exporter
from licensing.actions.barring import require_not_barred
from licensing.actions.consultations import require_running
from licensing.actions.findings import (
    Limits,
    freeze,
    limits,
    presumed,
    report_days,
    require_acknowledged,
    require_departure,
    require_excepted,
    require_not_held,
    require_open,
    require_papers,
)
from licensing.actions.reliance import put_in_force, require_reliable, require_verified, undeclared
from licensing.actions.screenings import require_resolved, require_screened
from licensing.actions.verdicts import foresee, open_verdicts
from licensing.granted import NO_TOLERANCE, Granted, Tolerance, compare, recommended
from licensing.models import (
    LONE,
    Application,
    ApplicationEndUser,
    ApplicationLine,
    DecisionStep,
    Declaration,
    License,
    LicenseCondition,
    LicenseEndUser,
)
from licensing.models.applications import GROUNDS
from licensing.models.intents import intent_of, told_of_none_until
from licensing.models.rates import HOME_CURRENCY
from licensing.policy.vocabulary import CLEARANCES_LEAST
from licensing.selectors import Judged, applications_for, judge, licenses_for, next_turn, read_parts, steps
from licensing.selectors.floors import floors_of
from licensing.states import TAKEN, ApplicationState, DeclarationState

Step, Outcome = DecisionStep.Step, DecisionStep.Outcome
_CONSIGNEES = (
    "INSERT INTO licensing_license_consignees (license_id, party_id)"
    " SELECT %s, party_id FROM licensing_application_consignees WHERE application_id = %s"
)


@command
def assign(ref: str, *, seen: int, by: Actor) -> Application:
    """The case is under review, with this officer; or, whoever had it before, or nobody in this round, it is his as it
    stands."""
    row = lock(applications_for(by), ref=ref)
    verb = row.take_over if row.reviewer_id or row.state in TAKEN else row.assign
    require(verb, by=by, seen=seen)
    require_not_barred(row)
    move(verb, by=by, reviewer=by.user)
    return row


@command
def recommend(
    ref: str,
    *,
    seen: int,
    outcome: str,
    by: Actor,
    quantities_: Mapping[int, int] | None = None,
    end_users: list[int] | None = None,
    months: int | None = None,
    max_clearances: int | None = None,
    values: Mapping[int, Decimal] | None = None,
    allotments: Mapping[tuple[int, int], int] | None = None,
    tolerance: Tolerance = NO_TOLERANCE,
    conditions: list[str] | None = None,
    factors: list[str] | None = None,
    text: str = "",
    note: str = "",
    acknowledged: str = "",
) -> Application:
    """The case waits for a second officer, with what this one recommends per line.

    quantities_: {line number: base units}, at most what was asked; a line left out stands as asked. What is less than
    was asked, an end-user or months too, needs a text: the exporter reads why. months and max_clearances: at most what
    law and rules allow, and that where nothing is said; the conditions that the rules attach come to these.
    values: {line number: the most that it may be worth, in the currency of the application}. allotments: {(line number,
    end-user of the case): base units}, at most what the line grants. tolerance: at most what the rules allow.
    Raises FourEyes when the actor decided in this round, Invalid with every wrong field, DomainError
    screening-missing when an approval keeps an end-user of whom this case has no result, papers-missing when the rules
    ask for some that are not there, policy-changed when they say something else than when the case was last looked at
    and `acknowledged` is not the fingerprint of these differences.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.recommend, by=by, seen=seen)
    if outcome == Outcome.APPROVE:
        require_not_barred(row)
        require_amendable(row)
    require_running(row)
    require_another(row.not_to_recommend(by))
    at = legal_now()
    judged = judge(row, at=at)
    require_acknowledged(row, judged, acknowledged)
    edition = freeze(row, "recommend", judged, at=at)
    if outcome == Outcome.APPROVE:
        grant = granting(
            row,
            judged,
            quantities_=quantities_,
            end_users=end_users,
            months=months,
            max_clearances=max_clearances,
            values=values,
            allotments=allotments,
            tolerance=tolerance,
            conditions=conditions,
            text=text,
        )
        factors = []
    else:
        require_grounds(factors or [], text)
        grant = Grant()
    facts = {"outcome": outcome, "factors": factors or [], "text": text, "note": note}
    keep_grant(row, grant, step=Step.RECOMMEND, actor=by.user, at=at, **facts)
    move(row.recommend, by=by, at=at, edition=edition, facts={"outcome": outcome})
    return row


@dataclass(frozen=True)
class Grant:
    """What a step grants of a case: how much of each line, by its number, to which of its end-users, on what terms."""

    lines: Mapping[int, int] = field(default_factory=dict)
    users: Sequence[ApplicationEndUser] = ()
    months: int | None = None
    max_clearances: int | None = None
    values: Mapping[int, Decimal] = field(default_factory=dict)
    allotments: Mapping[tuple[int, int], int] = field(default_factory=dict)
    tolerance: Tolerance = NO_TOLERANCE
    conditions: Sequence[str] = ()

    @property
    def numbers(self) -> set[int]:
        """Of the lines of which it grants something."""
        return {number for number, units in self.lines.items() if units}

    @property
    def kept(self) -> set[int]:
        """The keys of its end-users."""
        return {user.pk for user in self.users}


def granting(
    row: Application,
    judged: list[Judged],
    *,
    text: str,
    quantities_: Mapping[int, int] | None = None,
    end_users: list[int] | None = None,
    months: int | None = None,
    max_clearances: int | None = None,
    values: Mapping[int, Decimal] | None = None,
    allotments: Mapping[tuple[int, int], int] | None = None,
    tolerance: Tolerance = NO_TOLERANCE,
    conditions: list[str] | None = None,
) -> Grant:
    """What this grants of the case, as `recommend` reads it. Raises what that raises of an approval."""
    granted = {line.number: (quantities_ or {}).get(line.number, line.quantity) for line in row.lines.all()}
    users = row.end_users.select_related("party", "declaration").prefetch_related("declaration__items")
    chosen = list(users.filter(pk__in=end_users) if end_users is not None else users)
    lines, kept = {number for number, units in granted.items() if units}, {user.pk for user in chosen}
    require_reliable(row, chosen, lines)
    require_none_closed(row, chosen)
    require_screened(row, chosen)
    require_papers(row, judged, lines, kept)
    most = limits(row, judged, lines, kept)
    months = months or most.months
    if row.grants in LONE:
        max_clearances = 1
    elif max_clearances is None:
        max_clearances = most.clearances
    _require_within(row, granted, months, chosen, max_clearances, text, most)
    _require_caps(row, granted, chosen, values or {}, allotments or {}, tolerance, most)
    if problems := _below_used(row, granted, values or {}, allotments or {}, max_clearances):
        raise Invalid(problems)
    attached = sorted({*(conditions or []), *most.conditions})
    return Grant(granted, chosen, months, max_clearances, values or {}, allotments or {}, tolerance, attached)


def _below_used(
    row: Application,
    granted: Mapping[int, int],
    values: Mapping[int, Decimal],
    allotments: Mapping[tuple[int, int], int],
    max_clearances: int | None,
) -> list[Problem]:
    """Of which account of the license that it amends this grants less than is used."""
    if row.amends is None:
        return []
    worth = {line.number: (values[line.number], currency_of(line)) for line in row.lines.all() if line.number in values}
    return list(floors_of(row.amends).below_granted(row, granted, worth, allotments, max_clearances))


def keep_grant(row: Application, grant: Grant, **facts: Any) -> DecisionStep:
    """The step of the present round that grants this, with these facts of its own."""
    step = DecisionStep.objects.create(
        application=row,
        round=row.round,
        months=grant.months,
        max_clearances=grant.max_clearances,
        tolerance_mode=grant.tolerance.mode,
        tolerance_pct=grant.tolerance.pct,
        conditions=list(grant.conditions),
        **facts,
    )
    step.end_users.set(grant.users)
    asked = {line.number: line for line in row.lines.all()}
    for number, quantity in grant.lines.items():
        value = grant.values.get(number)
        currency = "" if value is None else currency_of(asked[number])
        step.lines.create(line=asked[number], quantity=quantity, value=value, currency=currency)
    for (number, user), quantity in grant.allotments.items():
        step.allotments.create(line=asked[number], end_user_id=user, quantity=quantity)
    return step


def _require_within(
    row: Application,
    granted: dict[int, int],
    months: int,
    chosen: list[Any],
    max_clearances: int | None,
    text: str,
    most: Limits,
) -> None:
    problems = []
    for line in row.lines.all():
        quantity = granted[line.number]
        pointer = f"/quantity_{line.number}"
        if quantity > line.quantity:
            asked = in_words(line.quantity, line.unit)
            message = _("At most what was asked, {asked}.").format(asked=asked)
            problems.append(Problem(pointer, "more-than-asked", message))
    if not any(granted.values()):
        problems.append(Problem("/lines", "min-items", _("Recommend some quantity, or recommend a refusal.")))
    if not 1 <= months <= most.months:
        message = _("Between 1 and {most} months.").format(most=most.months)
        problems.append(Problem("/months", "out-of-range", message))
    if not chosen:
        problems.append(Problem("/end_users", "min-items", _("Keep at least one end-user.")))
    if max_clearances is not None and max_clearances < CLEARANCES_LEAST:
        problems.append(Problem("/max_clearances", "out-of-range", _("At least one clearance, or leave it empty.")))
    if max_clearances is not None and most.clearances is not None and max_clearances > most.clearances:
        message = _("The rules allow {most} clearances at most.").format(most=most.clearances)
        problems.append(Problem("/max_clearances", "out-of-range", message))
    if not problems and compare(row, granted, {user.pk for user in chosen}, months).in_part and not text.strip():
        message = _("Less than was asked: tell the exporter why, and what would change that.")
        problems.append(Problem("/text", "required", message))
    if problems:
        raise Invalid(problems)


def currency_of(line: ApplicationLine) -> str:
    """In which its value is capped: as the exporter stated it."""
    return line.currency or HOME_CURRENCY


def _require_caps(
    row: Application,
    granted: Mapping[int, int],
    chosen: list[ApplicationEndUser],
    values: Mapping[int, Decimal],
    allotments: Mapping[tuple[int, int], int],
    tolerance: Tolerance,
    most: Limits,
) -> None:
    problems = []
    for number, value in values.items():
        if value <= 0 or not granted.get(number):
            message = _("A value above zero, of a line that is granted; or leave it empty.")
            problems.append(Problem(f"/value_{number}", "out-of-range", message))
    units = {line.number: line.unit for line in row.lines.all()}
    kept = {user.pk: user.declaration.covered for user in chosen}
    items = {line.number: line.control_item_id for line in row.lines.all()}
    for (number, user), quantity in allotments.items():
        line = granted.get(number, 0)
        if items.get(number) not in kept.get(user, {items.get(number)}):
            message = _("Its declaration does not cover this line's item; leave it empty.")
            problems.append(Problem(f"/allotment_{number}_{user}", "item-not-declared", message))
        if user not in kept or not 1 <= quantity <= line:
            left = in_words(line, units[number]) if line else "0"
            message = _("For an end-user that is kept, and at most the {granted} of its line; or leave it empty.")
            problems.append(Problem(f"/allotment_{number}_{user}", "out-of-range", message.format(granted=left)))
    if not tolerance.within(most.tolerance):
        message = _("The rules allow this tolerance at most: {most}.").format(most=most.tolerance)
        problems.append(Problem("/tolerance_pct", "out-of-range", message))
    if problems:
        raise Invalid(problems)


def require_grounds(factors: list[str], text: str) -> None:
    """Raises Invalid with each of GROUNDS that is not there."""
    said = {
        "factors": (factors, _("A refusal rests on at least one factor of the law.")),
        "text": (text.strip(), _("Tell the exporter why, and what would change the outcome.")),
    }
    if problems := [Problem(f"/{name}", "required", said[name][1]) for name in GROUNDS if not said[name][0]]:
        raise Invalid(problems)


def _recommendation(row: Application) -> DecisionStep:
    """The case has its parts, and its steps with what each granted."""
    step = _whole(row).recommendation
    assert step is not None, "a case that waits for a decision has a recommendation"
    return step


def _basis(row: Application) -> DecisionStep:
    """Likewise; what a license of it rests on."""
    step = _whole(row).basis
    assert step is not None, "what is issued was granted"
    return step


def _whole(row: Application) -> Application:
    read_parts(row)
    prefetch_related_objects([row], steps())
    return row


def require_another(why: FourEyes | None) -> None:
    """Nothing keeps this officer from the step. Raises FourEyes otherwise."""
    if why is not None:
        raise why


@command
def send_back(ref: str, *, seen: int, reason: str, by: Actor) -> Application:
    """The case is with its reviewer again, in the same round. Whoever was told of a refusal, knows that too."""
    row = lock(applications_for(by), ref=ref)
    require(row.send_back, by=by, seen=seen)
    require_another(row.not_to_decide(by))
    announced = intent_of(row)
    move(row.send_back, by=by, reason=reason)
    if announced:
        record(row, "end_intent", by=by)
    return row


@command
def approve(
    ref: str, *, seen: int, text: str = "", departure: str = "", acknowledged: str = "", by: Actor
) -> Application:
    """The recommendation to approve is decided by a second officer; a license can be issued.

    text: for the exporter. Without one, what was granted less than was asked has the recommendation's words.
    departure: why it is approved where the rules presume a refusal; it stays inside. Raises Invalid without one,
    FourEyes for whoever recommended, DomainError when it was a recommendation to refuse, a declaration is not verified,
    a possible hit is not resolved, the rules are not known in full, do not open it, ask for papers that are not there
    or allow less, a hold stands on it, or they say something else than at the recommendation and acknowledged is not
    the fingerprint of that.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.approve, by=by, seen=seen)
    require_not_barred(row)
    require_another(row.not_to_decide(by))
    step = _recommendation(row)
    users = [user for user in row.end_users.all() if user.pk in step.kept]
    declarations, _others = lock_declarations(users)
    at = legal_now()
    if step.outcome != Outcome.APPROVE:
        raise DomainError(
            _("A refusal was recommended. Return the case with your reason if you see it otherwise."),
            code="not-recommended",
        )
    granted = _granted(row)
    edition, said, _judged = _look_again(row, granted, declarations, "approve", at, acknowledged)
    require_departure(Outcome.APPROVE, said, departure)
    in_part = granted.in_part
    text = text.strip() or (step.text if in_part else "")
    _decide(row, step, Outcome.APPROVE, by, at, text=text, presumed=said, departure=departure)
    move(row.approve, by=by, at=at, edition=edition, facts={"in_part": in_part}, decided_at=at)
    return row


@command
def refuse(ref: str, *, seen: int, factors: list[str], text: str, departure: str = "", by: Actor) -> Application:
    """The case is refused, with the factors of the law and a text for the exporter.

    departure: why, where the rules presume an approval; it stays inside. Raises Invalid without one, DomainError
    intent-open until the day that an intent of this round gave to its answer, where none came.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.refuse, by=by, seen=seen)
    require_another(row.not_to_decide(by))
    at = legal_now()
    _require_heard(row, at)
    require_grounds(factors, text)
    judged = judge(row, at=at)
    said = presumed(judged, {line.number for line in row.lines.all()}, {user.pk for user in row.end_users.all()})
    require_departure(Outcome.REFUSE, said, departure)
    edition = freeze(row, "refuse", judged, at=at)
    facts = {"text": text, "factors": factors, "presumed": said, "departure": departure}
    _decide(row, _recommendation(row), Outcome.REFUSE, by, at, **facts)
    move(row.refuse, by=by, at=at, reason=text, edition=edition, facts={"factors": factors}, decided_at=at)
    return row


def _require_heard(row: Application, at: datetime) -> None:
    """What the applicant was told of an intent to refuse is kept, also where the case was returned meanwhile: he has
    answered, or his day is over. Raises DomainError intent-open otherwise."""
    until = told_of_none_until(row)
    if until and legal_day(at) <= until:
        message = _("The applicant was told that nothing is refused until {day} unless he answers, and has not yet.")
        raise DomainError(message.format(day=until), code="intent-open")


def _decide(row: Application, step: DecisionStep, outcome: str, by: Actor, at: Any, **fields: Any) -> DecisionStep:
    return DecisionStep.objects.create(
        application=row,
        round=row.round,
        step=Step.DECIDE,
        actor=by.user,
        at=at,
        outcome=outcome,
        months=step.months if outcome == Outcome.APPROVE else None,
        max_clearances=step.max_clearances if outcome == Outcome.APPROVE else None,
        conditions=step.conditions if outcome == Outcome.APPROVE else [],
        **fields,
    )


def lock_declarations(
    kept: Iterable[ApplicationEndUser], besides: Q | None = None
) -> tuple[list[Declaration], list[Declaration]]:
    """The declarations of these end-users, and those besides, are this transaction's; which theirs are changes no more.

    Locked together, in one order: others lock several of them, too.
    """
    named = {user.declaration_id: user.party for user in kept}
    every = Q(pk__in=named) if besides is None else Q(pk__in=named) | besides
    rows = lock_all(Declaration.objects.filter(every))
    for row in rows:
        if row.pk in named:
            row.end_user = named[row.pk]
    return [row for row in rows if row.pk in named], [row for row in rows if row.pk not in named]


def _look_again(
    row: Application, granted: Granted, declarations: list[Declaration], moment: str, at: datetime, acknowledged: str
) -> tuple[str, str, list[Judged]]:
    """What was recommended can be granted, and what the rules say is no news to whoever decides.

    Returns the edition, the strictest that the rules say of what is granted, and all that they say.
    """
    judged = judge(row, at=at)
    lines, kept = require_grantable(row, granted, declarations, judged)
    require_acknowledged(row, judged, acknowledged)
    return freeze(row, moment, judged, at=at), presumed(judged, lines, kept), judged


def _granted(row: Application) -> Granted:
    """What was recommended of a case that is approved or issued."""
    granted = recommended(row)
    assert granted is not None, "what is approved was recommended"
    return granted


def require_grantable(
    row: Application, granted: Granted, declarations: Iterable[Declaration], judged: list[Judged]
) -> tuple[set[int], set[int]]:
    """All that approval and issue ask of what was recommended, and the desk beforehand: in this order.

    declarations: those that it relies on. Returns the lines and end-users that are granted.
    """
    step = row.basis
    assert step is not None, "it is what was read as recommended"
    users = [user for user in row.end_users.all() if user.pk in step.kept]
    kept = {user.pk for user in users}
    lines = {line.number for line in granted.licensed}
    require_amendable(row)
    require_none_closed(row, users)
    require_verified(declarations, step)
    _require_above_used(row, step)
    _require_declared(row, lines, kept)
    require_let_through(row, judged, lines, kept)
    require_papers(row, judged, lines, kept)
    _require_allowed(row, limits(row, judged, lines, kept))
    if row.state == ApplicationState.APPROVED:
        require_excepted(row, judged, lines, kept)
    return lines, kept


def require_let_through(row: Application, judged: list[Judged], lines: set[int], kept: set[int]) -> None:
    """No hit on whom it names is only possible; the rules open it, and hold nothing of it."""
    require_resolved(judged, kept)
    require_open(row, judged, lines, kept)
    require_not_held(judged, lines, kept)


def _require_declared(row: Application, lines: set[int], kept: set[int]) -> None:
    """Each line goes to somebody, and something to each end-user. Raises DomainError item-not-declared."""
    users = [user for user in row.end_users.all() if user.pk in kept]
    prefetch_related_objects(users, "declaration__items")
    if problems := undeclared(row, users, lines):
        remedy = _("Return or reopen the case, so that it is recommended anew.")
        raise DomainError(" ".join([*(one.message for one in problems), remedy]), code="item-not-declared")


def _require_allowed(row: Application, most: Limits) -> None:
    """The rules may have become stricter since it was recommended. Raises DomainError limits-exceeded."""
    step = row.basis
    assert step is not None, "what is approved was recommended"
    problems = [
        (step.months, most.months, _("Months recommended: {said}. The rules allow {most} now.")),
        (step.max_clearances, most.clearances, _("Clearances recommended: {said}. The rules allow {most} now.")),
    ]
    wrong = [
        message.format(said=said or _("no limit"), most=allowed)
        for said, allowed, message in problems
        if allowed is not None and (said is None or said > allowed)
    ]
    wrong += [
        _("The rules attach a condition now: {condition}.").format(condition=label)
        for code, label in zip(most.conditions, most.condition_labels(), strict=True)
        if code not in step.conditions
    ]
    if not (given := Tolerance(step.tolerance_mode, step.tolerance_pct)).within(most.tolerance):
        message = _("Tolerance recommended: {said}. The rules allow at most: {most}.")
        wrong.append(message.format(said=given, most=most.tolerance))
    if wrong:
        remedy = _("Return or reopen the case, so that it is recommended anew.")
        raise DomainError(" ".join([*wrong, remedy]), code="limits-exceeded")


def _require_above_used(row: Application, step: DecisionStep) -> None:
    """No less is granted than is used of the license that it amends. Raises DomainError below-used with all that is."""
    if row.amends is None:
        return
    values = {one.line.number: (one.value, one.currency) for one in step.lines.all() if one.value is not None}
    allotments = {(one.line.number, one.end_user_id): one.quantity for one in step.allotments.all()}
    below = floors_of(row.amends).below_granted(row, dict(step.granted), values, allotments, step.max_clearances)
    if problems := list(below):
        message = _("More is drawn and reserved by now than was recommended: return or reopen the case.")
        raise DomainError(message, code="below-used", errors=problems)


def _lock_amended(row: Application, by: Actor) -> License | None:
    """The license that it amends and its lines are this transaction's; nothing is reserved on it meanwhile."""
    if row.amends is None:
        return None
    row.amends = lock(licenses_for(by), pk=row.amends.pk)
    ledger.lock_lines(row.amends)
    return row.amends


def _require_no_end_proposed(before: License | None) -> None:
    """Nobody has proposed to end the license whose place another is to take. Raises DomainError proposal-open."""
    if before and "revoke" in proposals.waiting(before):
        message = _("That {ref} ends is proposed. Have that countersigned or dropped first.")
        raise DomainError(message.format(ref=before.ref), code="proposal-open")


@command
def reopen(ref: str, *, seen: int, reason: str, by: Actor) -> Application:
    """An approval that must not be issued is under review again. Another decider does this.

    One that changed a refusal has the whole time of the law again: what went by while that was contested is nobody's.
    Whoever was told of the approval, knows that it has ended; why stays inside.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.reopen, by=by, seen=seen)
    require_another(row.not_to_reopen(by))
    at = legal_now()
    accepted_on = legal_day(at) if row.changed_at else row.accepted_on
    move(row.reopen, by=by, at=at, reason=reason, accepted_on=accepted_on)
    record(row, "end_approval", by=by, at=at)
    return row


@command
def issue(ref: str, *, seen: int, usable_from: date | None = None, acknowledged: str = "", by: Actor) -> License:
    """The license exists, active, with its lines, end-users and conditions; the declarations are in force, and replace
    older ones that said the same use of all their goods for their end-users.

    usable_from: its first day, `begins_on` unless later. The last day is the same day of the month, `months` on
    (the day itself is not counted). Policy is looked at again, no hold may stand, and no refusal be presumed that was
    not at the approval: then the case is to be reopened.
    """
    row = lock_with_exporter(ref, by)
    require(row.issue, by=by, seen=seen)
    require_another(row.not_to_issue(by))
    step = _basis(row)
    kept = [user for user in row.end_users.all() if user.pk in step.kept]
    theirs = Q(state=DeclarationState.IN_FORCE, end_user__in=[user.party_id for user in kept])
    declarations, others = lock_declarations(kept, theirs)
    before = _lock_amended(row, by)
    at = legal_now()
    _require_no_end_proposed(before)
    if not row.exporter.acts:
        message = row.exporter.not_acting() or _("The exporter's account is not active.")
        raise DomainError(message, code="exporter-not-active")
    granted = _granted(row)
    edition, _said, judged = _look_again(row, granted, declarations, "issue", at, acknowledged)
    lines = {line.number for line in granted.licensed}
    earliest = row.begins_on(legal_day(at))
    first = usable_from or earliest
    if first < legal_day(at):
        raise Invalid([Problem("/usable_from", "date-out-of-range", _("The first day can't be over already."))])
    if first < earliest:  # of days before nobody judged anything
        text = _("Begin on {day} or later: it was asked for, and judged, from then on.")
        raise Invalid([Problem("/usable_from", "date-out-of-range", text.format(day=day_in_words(earliest)))])
    if before and first > earliest:
        text = _(
            "Begin on {day}: until the first day of a change nothing could be shipped, neither on it nor on {ref}."
        )
        text = text.format(day=day_in_words(earliest), ref=before.ref)
        raise Invalid([Problem("/usable_from", "date-out-of-range", text)])
    latest = max(row.planned_until or first, legal_day(at))  # a plan that is over, while it was decided, begins at once
    if first > latest:
        message = _("Begin on or before {day}: the exporter plans until {until}.")
        text = message.format(day=latest, until=row.planned_until)
        raise Invalid([Problem("/usable_from", "date-out-of-range", text)])
    until = row.lasts_until(first, step.months or 0)
    if until < first:
        message = _(
            "The {months} months granted count from the first day of the license that this changes, and are over."
        )
        raise Invalid([Problem("/usable_from", "date-out-of-range", message.format(months=step.months))])
    foreseen = foresee(row, judged, at)
    parties = {user.declaration_id: user.party for user in row.end_users.all()}
    codes = {line.control_item_id for line in granted.licensed}
    users = [user for user in row.end_users.all() if user.pk in step.kept]
    items = {user.declaration_id: codes & user.declaration.covered for user in users}
    license = License.objects.create(
        ref=draw(License.PREFIX),
        exporter=row.exporter,
        application=row,
        kind=row.grants,
        replaces=before,
        usable_from=first,
        usable_until=until,
        destinations=sorted({parties[declaration.pk].country_id for declaration in declarations}),
        ports=row.ports,
        max_clearances=floors_of(before).clearances_left(step.max_clearances) if before else step.max_clearances,
        tolerance_mode=step.tolerance_mode,
        tolerance_pct=step.tolerance_pct,
        report_days=report_days(row, judged, lines, set(step.kept), step.conditions),
        edition=edition,
        verify_code=draw_code(),
        issued_at=at,
        judged_by_id=judged[0].editions.newest,
        next_turn_at=next_turn([one for f in foreseen.values() for one in (*f.prohibited, *f.held)], at - INSTANT),
    )
    with connection.cursor() as cursor:
        cursor.execute(_CONSIGNEES, [license.pk, row.pk])
    licensed = LicenseEndUser.objects.bulk_create(
        LicenseEndUser(
            license=license,
            party=parties[declaration.pk],
            declaration=declaration,
            destination=parties[declaration.pk].country_id,
            goods=sorted(items[declaration.pk]),
            verify_code=draw_code(),
        )
        for declaration in declarations
    )
    for declaration in declarations:
        if declaration.state == DeclarationState.VERIFIED:
            put_in_force(declaration, others, by=by, at=at)
    LicenseCondition.objects.bulk_create(LicenseCondition(license=license, code=code) for code in step.conditions)
    if before:
        ledger.set_usable(before, usable=False)
        move(before.replace, by=by, at=at, facts={"license": license.ref})
    opened = [line.pk for line in ledger.open_lines(license)]
    open_verdicts(opened, licensed, granted.licensed, foreseen)
    record(license, "issue", by=by, at=at, edition=edition, facts={"application": row.ref})
    move(row.issue, by=by, at=at, edition=edition, facts={"license": license.ref})
    return license
