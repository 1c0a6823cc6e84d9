"""The intent to refuse: an officer tells it before he decides, the applicant answers once. The case stays where it is,
and its clock runs on."""

from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings
from django.utils.translation import gettext as _

from core.access import Actor
from core.actions import keep_answer
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.history import move, require
from core.legal_time import legal_day, legal_now
from core.locks import lock
from core.selectors import calendar
from core.working_days import NotPublished
from licensing.actions.decisions import require_another, require_grounds
from licensing.clock import WORKING_DAYS
from licensing.models import Application, DecisionStep, Intent, IntentAnswer
from licensing.models.intents import intent_of
from licensing.selectors import applications_for


def default_intent_days() -> int:
    """Working days to answer in, unless the officer gives others."""
    return int(settings.INTENT_DAYS)


@command
def intend(ref: str, *, seen: int, factors: list[str], text: str, days: int, by: Actor) -> Application:
    """The applicant knows that a refusal is meant, why, and that he may answer within so many working days.

    Raises FourEyes as the decision does, DomainError not-recommended where no refusal was, intent-once where that
    recommendation has its intent.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.intend, by=by, seen=seen)
    require_another(row.not_to_decide(by))
    step = row.recommendation
    assert step is not None, "a case that waits for a decision has a recommendation"
    if step.outcome != DecisionStep.Outcome.REFUSE:
        raise DomainError(_("No refusal was recommended, so none can be announced."), code="not-recommended")
    if intent_of(row):
        raise DomainError(_("The applicant was told of it already, with a day to answer by."), code="intent-once")
    require_grounds(factors, text)
    at = legal_now()
    due_on = _last_of(days, at)
    facts = {"factors": factors, "due_on": due_on.isoformat()}
    move(row.intend, by=by, at=at, reason=text, facts=facts)
    Intent.objects.create(
        recommendation=step, opened_by=by.user, opened_at=at, factors=factors, text=text, due_on=due_on
    )
    return row


def _last_of(days: int, at: datetime) -> date:
    """The last of so many working days after today. Raises Invalid where there are none, or too many to know."""
    today, found = legal_day(at), None
    if 1 <= days <= WORKING_DAYS:
        try:
            found = calendar(today, days).day(days, today)
        except NotPublished:
            raise Invalid(
                [Problem("/days", "out-of-range", _("The table of working days ends before that. Give fewer days."))]
            ) from None
    if found is None:
        message = _("Between 1 and {most} working days.").format(most=WORKING_DAYS)
        raise Invalid([Problem("/days", "out-of-range", message)])
    return found


@command
def respond(ref: str, *, text: str = "", files: Sequence[tuple[str, bytes]] = (), by: Actor) -> Application:
    """Whoever reviews and whoever means to refuse have the answer. It is given once, and in time.

    files: (name, content) of PDF, images and sheets. Raises DomainError no-intent where nothing was announced,
    intent-over when it was answered or its last day is over, Invalid for an empty answer.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.respond, by=by)
    at = legal_now()
    intent = intent_of(row)
    if intent is None:
        raise DomainError(_("No refusal was announced that could be answered."), code="no-intent")
    if intent.answered:
        raise DomainError(_("This was answered already; it is answered once."), code="intent-over")
    if not intent.runs_on(legal_day(at)):
        message = _("The last day to answer was {day}.").format(day=intent.due_on)
        raise DomainError(message, code="intent-over")
    kept = keep_answer(text, files, by=by, at=at, once=True)
    IntentAnswer.objects.create(intent=intent, by=by.user, at=at, text=text).files.set(kept)
    move(row.respond, by=by, at=at, facts={"files": [document.sha256 for document in kept]})
    return row
