"""What everybody who acts on a contested refusal is asked first."""

from collections.abc import Collection
from datetime import datetime

from django.utils.translation import gettext as _

from core.access import Actor, clock
from core.errors import DomainError
from core.history import record
from core.legal_time import legal_day, legal_now
from licensing.models import Application, Reconsideration
from licensing.models.reconsiderations import contested
from licensing.selectors import contest_signals


def reconsidered(row: Application, by: Actor) -> Reconsideration:
    """How the refusal is contested that this officer may reconsider. Raises FourEyes for whoever acted on its case."""
    if why := row.not_to_reconsider(by):
        raise why
    filed = contested(row)
    assert filed is not None, "what is reconsidered was contested"
    return filed


def require_admitted(filed: Reconsideration, at: datetime) -> None:
    if not filed.begun_on(legal_day(at)):
        raise DomainError(_("Accept the request first: its time begins then."), code="reconsideration-not-begun")


def say_what_time_did(rows: Collection[Application], at: datetime) -> None:
    """Their history says, before what is done, that the request counts as accepted and that it is late, where no sweep
    came to say so; whom that concerns is told."""
    signals = contest_signals(rows, legal_day(at))
    for row in rows:
        for verb, facts in signals.get(row.pk, {}).items():
            record(row, verb, by=clock(), at=at, before=row.state, facts=facts)


def require_reconsidering(row: Application, by: Actor) -> None:
    """Where its refusal is contested: by an officer who never acted on the case, of a request that was accepted, or
    counts as accepted, and its history says so."""
    if row.contested:
        at = legal_now()
        require_admitted(reconsidered(row, by), at)
        say_what_time_did([row], at)


def require_nothing_asked(row: Application) -> None:
    """The applicant owes no answer on which it would turn. Raises DomainError question-open."""
    if row.questions.still_open().exists():
        message = _("A question to the applicant is open. Wait for the answer, or close the question first.")
        raise DomainError(message, code="question-open")
