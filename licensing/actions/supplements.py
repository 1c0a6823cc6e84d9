"""The one supplement: intake names at once all that is missing, the applicant answers all of it, or it lapses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from core.access import Actor
from core.actions import keep_file
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.files import ANSWER, too_large
from core.history import move, require
from core.legal_time import LEGAL_ZONE, legal_day, legal_now
from core.locks import lock
from exporters.models import Stop
from licensing.actions.barring import require_not_barred
from licensing.actions.receipts import require_not_silent
from licensing.models import Application, Supplement, SupplementAnswer, SupplementPoint
from licensing.models.supplements import last_day
from licensing.selectors import applications_for
from licensing.states import ApplicationState

SUPPLEMENT_DAYS = 30
FILE_KINDS = ANSWER  # of the files that its verbs take


@dataclass(frozen=True)
class Answer:
    """What came for one point; files: (name, content) of PDF, images and sheets."""

    text: str = ""
    files: Sequence[tuple[str, bytes]] = ()


@command
def request_supplement(ref: str, *, points: Sequence[str], by: Actor) -> Application:
    """The applicant knows everything that is missing, and has SUPPLEMENT_DAYS for it; once more after the last day of a
    bar.

    Raises DomainError supplement-once for a second notice, deemed-accepted when the law has accepted the case already.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.request_supplement, by=by)
    at = legal_now()
    if row.asked_for_more:
        raise DomainError(
            _("What is missing was asked for already. By law it is named at once, and once."), code="supplement-once"
        )
    require_not_silent(row, at)
    if not points:
        raise Invalid([Problem("/points", "required", _("Name what is missing."))])
    today = legal_day(at)
    due_on = today + timedelta(days=SUPPLEMENT_DAYS)
    facts = {"due_on": last_day(today, due_on, row.exporter).isoformat()}
    move(row.request_supplement, by=by, at=at, reason="\n".join(points), facts=facts)
    asked = Supplement.objects.create(application=row, requested_by=by.user, requested_at=at, due_on=due_on)
    for number, text in enumerate(points, 1):
        asked.points.create(number=number, text=text)
    return row


@command
def resubmit(ref: str, *, answers: Mapping[int, Answer], by: Actor) -> Application:
    """Every point is answered, and the case is received again: today, complete.

    answers: by the point's number. Raises Invalid with every point that has none, DomainError supplement-over when the
    last day is over.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.resubmit, by=by)
    require_not_barred(row)
    at = legal_now()
    asked = row.supplement
    if legal_day(at) > asked.last_day:
        raise DomainError(_("The last day for this is over. File a new application."), code="supplement-over")
    points = list(asked.points.all())
    given = {point: answers.get(point.number, Answer()) for point in points}
    _require_whole(given)
    move(row.resubmit, by=by, at=at, received_at=at)
    for point, answer in given.items():
        kept = [
            keep_file(*file, field=f"files_{point.number}", by=by, kinds=FILE_KINDS, at=at) for file in answer.files
        ]
        said = SupplementAnswer.objects.create(point=point, by=by.user, at=at, text=answer.text)
        said.files.set(kept)
    return row


def _require_whole(given: Mapping[SupplementPoint, Answer]) -> None:
    message = _("Answer this point, or add a file.")
    problems = [
        Problem(f"/answer_{point.number}", "required", message)
        for point, answer in given.items()
        if not answer.text.strip() and not answer.files
    ]
    problems += too_large(*(content for answer in given.values() for _name, content in answer.files), field="")
    if problems:
        raise Invalid(problems)


def overdue(today: date, limit: int) -> list[int]:
    """Cases of which nothing came by the last day of their supplement."""
    rows = Application.objects.filter(state=ApplicationState.SUPPLEMENT_REQUIRED, supplement__due_on__lt=today)
    bars = Stop.objects.filter(exporter=OuterRef("exporter"), last_day__gte=today - timedelta(days=SUPPLEMENT_DAYS))
    begun = bars.annotate(on=TruncDate("opened_at", tzinfo=LEGAL_ZONE)).filter(on__lte=OuterRef("supplement__due_on"))
    rows = rows.exclude(Exists(begun))
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


@command
def lapse(pk: int, *, by: Actor) -> bool:
    """The case has ended when what was missing did not come by the last day; else nothing. May run twice or late."""
    row = lock(Application.objects.all(), pk=pk)
    at = legal_now()
    if row.state != ApplicationState.SUPPLEMENT_REQUIRED or legal_day(at) <= row.supplement.last_day:
        return False
    move(row.lapse, by=by, at=at)
    return True
