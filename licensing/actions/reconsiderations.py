"""A refusal reaches its applicant, is contested, and reconsidered by officers who never acted on its case."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from core.access import Actor
from core.actions import keep_answer
from core.command import command
from core.errors import DomainError, Invalid, NotFound, Problem
from core.history import move, require
from core.legal_time import legal_day, legal_now
from core.locks import lock
from core.templatetags.lodestone import day
from exporters.states import ExporterState
from licensing.actions.amendments import require_amendable, require_contestable
from licensing.actions.applications import lock_with_exporter
from licensing.actions.barring import require_not_barred
from licensing.actions.contests import reconsidered, require_admitted, require_nothing_asked, say_what_time_did
from licensing.actions.decisions import (
    granting,
    keep_grant,
    lock_declarations,
    require_grounds,
    require_let_through,
)
from licensing.actions.findings import (
    freeze,
    presumed,
    require_acknowledged,
    require_departure,
)
from licensing.actions.reliance import require_verified
from licensing.granted import compare
from licensing.models import Application, DecisionStep, Reconsideration, ReconsiderationEntry, Service
from licensing.selectors import applications_for, judge, remedies_of, term_of

Kind, Step, Outcome = ReconsiderationEntry.Kind, DecisionStep.Step, DecisionStep.Outcome


@command
def serve(ref: str, *, by: Actor) -> None:
    """That somebody of the applicant's people opened its refusal is kept, the first time; else nothing.

    No history tells it, and no row is locked: a page that is read changes nothing of the case.
    """
    row = applications_for(by).filter(ref=ref).first()
    if row is None:
        raise NotFound()
    if refusal := row.unserved(by):
        kept = Service(decision=refusal, opened_by=by.user, opened_at=legal_now())
        Service.objects.bulk_create([kept], ignore_conflicts=True)


@command
def reconsider(ref: str, *, seen: int, grounds: str, files: Sequence[tuple[str, bytes]] = (), by: Actor) -> Application:
    """The refusal is contested, on these grounds, with these papers: (name, content) of PDF, images and sheets.

    A company whose account is stopped may contest, and one that closed it may not. Raises DomainError
    reconsideration-over, which names the day, when the last one is over, and what `require_contestable` does of the
    refusal of a change.
    """
    row = lock_with_exporter(ref, by)
    require(row.reconsider, by=by, seen=seen)
    require_contestable(row)
    if row.exporter.state == ExporterState.CLOSED:
        raise DomainError(row.exporter.not_acting(), code="exporter-not-active")
    at = legal_now()
    remedy = remedies_of([row])[row.pk]
    if remedy.over(legal_day(at)):
        message = _("The last day to contest this refusal was {day}. You can file a new application.")
        raise DomainError(message.format(day=day(remedy.last_day)), code="reconsideration-over")
    if not grounds.strip():
        raise Invalid([Problem("/grounds", "required", _("Say on what grounds you contest it."))])
    kept = keep_answer(grounds, files, by=by, at=at, once=True)
    filed = Reconsideration.objects.create(decision=row.decision, filed_by=by.user, filed_at=at, grounds=grounds)
    filed.files.set(kept)
    move(row.reconsider, by=by, at=at, reason=grounds, facts={"files": [document.sha256 for document in kept]})
    return row


@command
def admit(ref: str, *, seen: int, by: Actor) -> Application:
    """The request is accepted: today is day 0 of its time, and the applicant knows the last day.

    Raises DomainError reconsideration-begun when it was, or counts as accepted, since its days for that are over.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.admit, by=by, seen=seen)
    filed = reconsidered(row, by)
    at = legal_now()
    if begun_on := filed.begun_on(legal_day(at)):
        message = _("This request was accepted already, or counts as accepted: its time runs since {day}.")
        raise DomainError(message.format(day=day(begun_on)), code="reconsideration-begun")
    filed.entries.create(kind=Kind.ADMIT, by=by.user, at=at)
    move(row.admit, by=by, at=at, facts=_until(filed, at))
    return row


@command
def extend(ref: str, *, seen: int, reason: str, by: Actor) -> Application:
    """Its time is longer, once, and the applicant knows why.

    Raises DomainError reconsideration-extended for a second time, or when its last day is over.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.extend, by=by, seen=seen)
    filed = reconsidered(row, by)
    at = legal_now()
    require_admitted(filed, at)
    if filed.extended:
        raise DomainError(_("The time was extended already; it is extended once."), code="reconsideration-extended")
    if term_of(filed, legal_day(at)).overdue:
        raise DomainError(_("Its last day is over, so it can't be extended any more."), code="reconsideration-extended")
    say_what_time_did([row], at)
    filed.entries.create(kind=Kind.EXTEND, by=by.user, at=at, reason=reason)
    move(row.extend, by=by, at=at, reason=reason, facts=_until(filed, at))
    return row


@command
def uphold(ref: str, *, seen: int, factors: list[str], text: str, by: Actor) -> Application:
    """The refusal stands, finally, with the factors of the law and a text for the exporter."""
    row = lock(applications_for(by), ref=ref)
    require(row.uphold, by=by, seen=seen)
    filed = reconsidered(row, by)
    at = legal_now()
    require_admitted(filed, at)
    require_nothing_asked(row)
    require_grounds(factors, text)
    _reconsidered(row, by, at, outcome=Outcome.REFUSE, factors=factors, text=text)
    say_what_time_did([row], at)
    move(row.uphold, by=by, at=at, reason=text, facts={"factors": factors})
    return row


@command
def change(
    ref: str, *, seen: int, text: str, departure: str = "", acknowledged: str = "", by: Actor, **granted: Any
) -> Application:
    """The refusal is changed: a license can be issued, by a decider who neither recommended nor changed it.

    granted: as `recommend` takes it of an approval, within the same limits. text: why, for the exporter. Raises what
    that raises, and what `approve` raises of what is granted: the license that it amends, declarations, screening,
    rules, papers, holds, and what the rules say otherwise than at the last look.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.change, by=by, seen=seen)
    require_not_barred(row)
    filed = reconsidered(row, by)
    chosen = granted.get("end_users")
    users = [user for user in row.end_users.all() if chosen is None or user.pk in chosen]
    declarations, _others = lock_declarations(users)
    at = legal_now()
    require_admitted(filed, at)
    require_nothing_asked(row)
    require_amendable(row)
    if not text.strip():
        raise Invalid([Problem("/text", "required", _("Tell the exporter why."))])
    judged = judge(row, at=at)
    grant = granting(row, judged, text=text, **granted)
    require_verified(declarations, None)
    require_let_through(row, judged, grant.numbers, grant.kept)
    require_acknowledged(row, judged, acknowledged)
    said = presumed(judged, grant.numbers, grant.kept)
    require_departure(Outcome.APPROVE, said, departure)
    edition = freeze(row, "change", judged, at=at)
    facts = {"outcome": Outcome.APPROVE, "text": text, "presumed": said, "departure": departure}
    keep_grant(row, grant, step=Step.RECONSIDER, actor=by.user, at=at, **facts)
    in_part = compare(row, grant.lines, grant.kept, grant.months or 0).in_part
    say_what_time_did([row], at)
    move(row.change, by=by, at=at, reason=text, edition=edition, facts={"in_part": in_part}, changed_at=at)
    return row


@command
def quash(ref: str, *, seen: int, text: str, by: Actor) -> Application:
    """The refusal is no more: a new round begins today, with its whole time, for officers who never acted on the case.

    Of a barred company it stands until that is over, as nobody could take the case, and its time would run out.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.quash, by=by, seen=seen)
    require_not_barred(row)
    filed = reconsidered(row, by)
    at = legal_now()
    require_admitted(filed, at)
    require_nothing_asked(row)
    if not text.strip():
        raise Invalid([Problem("/text", "required", _("Say why, to the exporter and to whoever reviews it next."))])
    _reconsidered(row, by, at, outcome=Outcome.QUASH, text=text)
    today = legal_day(at)
    say_what_time_did([row], at)
    move(row.quash, by=by, at=at, reason=text, facts={"day_0": today.isoformat()}, accepted_on=today)
    return row


def _until(filed: Reconsideration, at: Any) -> dict[str, str]:
    due_on = term_of(filed, legal_day(at)).due_on
    assert due_on is not None, "it was accepted"
    return {"due_on": due_on.isoformat()}


def _reconsidered(row: Application, by: Actor, at: Any, **said: Any) -> DecisionStep:
    return DecisionStep.objects.create(
        application=row, round=row.round, step=Step.RECONSIDER, actor=by.user, at=at, **said
    )
