"""Questions on a case, what the applicant answers, and how each ends. The clock of the case runs on meanwhile.

Several may be open; the end of the last one leads the case back to its review. Whoever reconsiders a refusal asks in
the same way: that case stays where it is, and is decided when none is open.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from core.access import Actor
from core.actions import keep_answer
from core.command import command
from core.errors import DomainError, Invalid, NotFound, Problem
from core.history import move, require
from core.legal_time import legal_day, legal_now, legal_today
from core.locks import lock
from licensing.actions.contests import require_reconsidering
from licensing.models import Application, Question, QuestionEntry
from licensing.selectors import applications_for, silences_of

Kind = QuestionEntry.Kind


def default_question_day() -> date:
    """In two weeks; the reviewer may choose another day."""
    return legal_today() + timedelta(weeks=2)


@command
def ask(
    ref: str, *, text: str, due_on: date, about: Sequence[str] = (), question: int | None = None, by: Actor
) -> Application:
    """The applicant has the question, what it is about, and a day by which to answer.

    question: an open one, in whose thread the reviewer asks on; the day is its new one.
    """
    row = lock(applications_for(by), ref=ref)
    verb = row.ask_contested if row.contested else row.ask
    require(verb, by=by)
    require_reconsidering(row, by)
    at = legal_now()
    asked = _still_open(row, question) if question else None
    problems = []
    if due_on <= legal_day(at):
        problems.append(Problem("/due_on", "date-out-of-range", _("Give the applicant at least until tomorrow.")))
    if asked is None and not about:
        problems.append(Problem("/about", "required", _("Say what the question is about.")))
    if problems:
        raise Invalid(problems)
    if asked is None:
        asked = row.questions.create(asked_by=by.user, asked_at=at, about=list(about), text=text, due_on=due_on)
    else:
        asked.entries.create(kind=Kind.ASK, by=by.user, at=at, text=text, due_on=due_on)
    move(verb, by=by, at=at, reason=text, facts={"question": asked.pk, "due_on": due_on.isoformat()})
    return row


@command
def answer(
    ref: str,
    *,
    question: int,
    text: str = "",
    files: Sequence[tuple[str, bytes]] = (),
    final: bool = False,
    by: Actor,
) -> Application:
    """The reviewer has the answer. Unless it is the final one the question stays open: for the rest, or to ask back.

    files: (name, content) of PDF, images and sheets. Raises DomainError question-ended, Invalid for an empty answer.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.answer, by=by)
    asked = _still_open(row, question)
    at = legal_now()
    kept = keep_answer(text, files, by=by, at=at)
    said = asked.entries.create(kind=Kind.ANSWER if final else Kind.PART, by=by.user, at=at, text=text)
    said.files.set(kept)
    facts = {"question": asked.pk, "final": final, "files": [document.sha256 for document in kept]}
    stays = row.contested or row.questions.still_open().exists()
    move(row.answer if stays else row.answer_last, by=by, at=at, facts=facts)
    return row


@command
def close_question(ref: str, *, seen: int, question: int, reason: str, by: Actor) -> Application:
    """The reviewer needs no answer any more, or asks otherwise; the applicant reads why.

    Raises 412 `stale` when something happened since: an answer that came is not closed unread.
    """
    row = lock(applications_for(by), ref=ref)
    require(row.close_contested if row.contested else row.close_question, by=by, seen=seen)
    require_reconsidering(row, by)
    asked = _still_open(row, question)
    at = legal_now()
    asked.entries.create(kind=Kind.CLOSE, by=by.user, at=at, text=reason)
    move(_closing(row), by=by, at=at, reason=reason, facts={"question": asked.pk})
    return row


def _closing(row: Application) -> Any:
    """The move that this is."""
    if row.contested:
        return row.close_contested
    return row.close_question if row.questions.still_open().exists() else row.close_last_question


@command
def read_answer(ref: str, *, question: int, by: Actor) -> Application:
    """Both sides see that the reviewer read what the applicant last said there. A second time changes nothing, nor of a
    contested case where that was said before."""
    row = lock(applications_for(by), ref=ref)
    verb = row.read_contested if row.contested else row.read_answer
    require(verb, by=by)
    require_reconsidering(row, by)
    asked = _of_case(row, question)
    if asked.to_read:
        at = legal_now()
        asked.entries.create(kind=Kind.READ, by=by.user, at=at)
        move(verb, by=by, at=at, facts={"question": asked.pk})
    return row


@command
def no_answer(pk: int, *, by: Actor) -> bool:
    """The questions of this case have ended to which nobody said anything in time; else nothing.

    May run twice or late: an answer that comes before it does is an answer. The case is flagged.
    """
    row = lock(Application.objects.all(), pk=pk)
    at = legal_now()
    if not row.asked:
        return False
    still_open, today = list(row.questions.still_open()), legal_day(at)
    silences = silences_of(still_open)
    silent = [question for question in still_open if any(span.covers(today) for span in silences[question.pk])]
    for question in silent:
        question.entries.create(kind=Kind.SILENT, by=by.user, at=at)
    if silent:
        stays = row.contested or row.questions.still_open().exists()
        verb = row.no_answer if stays else row.no_answer_to_the_last
        move(verb, by=by, at=at, facts={"questions": [question.pk for question in silent]})
    return bool(silent)


def _of_case(row: Application, question: int) -> Question:
    found = row.questions.with_anew().filter(pk=question).first()
    if found is None:
        raise NotFound()
    return found


def _still_open(row: Application, question: int) -> Question:
    """The question of this case. Raises NotFound for one of another, DomainError question-ended for one that ended."""
    asked = _of_case(row, question)
    if asked.end:
        raise DomainError(_("This question has ended meanwhile, so nothing was sent."), code="question-ended")
    return asked
