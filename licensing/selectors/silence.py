"""Which questions are over by law because nobody said anything: derived, whenever a worker says so."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from itertools import zip_longest

from django.db.models import Exists, OuterRef

from core.legal_time import day_start, legal_day
from core.selectors import calendar, working_day_before
from core.working_days import NotPublished, Pause
from licensing.course import DAY
from licensing.models import Application, Question, QuestionEntry
from licensing.states import ASKED

Kind = QuestionEntry.Kind
ANSWER_DAYS = 20  # working days after which a question that nobody answers ends


def silences_of(questions: Iterable[Question]) -> dict[int, list[Pause]]:
    """On which days each is over, by primary key: ANSWER_DAYS working days have gone by since the reviewer last asked,
    and the day that he gave, and not a word came; until one does. None where the working-day table ends before. One
    query.
    """
    asked = {question.pk: list(_askings(question)) for question in questions}
    days = [on for askings in asked.values() for on, _due, _then in askings]
    found: dict[int, list[Pause]] = {pk: [] for pk in asked}
    if not days:
        return found
    table = calendar(min(days), ANSWER_DAYS, until=max(days))
    for pk, askings in asked.items():
        for on, due, then in askings:
            with suppress(NotPublished):
                last = max(day for day in (table.day(ANSWER_DAYS, on), due) if day)
                found[pk].append(Pause(last + DAY, then))
    return found


def _askings(question: Question) -> Iterator[tuple[date, date | None, date | None]]:
    """When the reviewer asked, by when to answer, and when next something was said there; reading says nothing."""
    said = [(question.asked_at, Kind.ASK.value, question.due_on)]
    said += [(entry.at, entry.kind, entry.due_on) for entry in question.entries.all() if entry.kind != Kind.READ]
    for (at, kind, due), then in zip_longest(said, said[1:]):
        if kind == Kind.ASK:
            yield legal_day(at), due, then and legal_day(then[0])


def unanswered(case: Application) -> Callable[[date], bool]:
    """Of a day: was each question of the case that nothing had ended by then over by law?"""
    questions = list(case.questions.all())
    silences = silences_of(questions)
    spans = {row.pk: Pause(legal_day(row.asked_at), legal_day(row.end.at) if row.end else None) for row in questions}

    def over(day: date) -> bool:
        still = [pk for pk, span in spans.items() if span.covers(day)]
        return bool(still) and all(any(silence.covers(day) for silence in silences[pk]) for pk in still)

    return over


def long_asked(today: date) -> list[int]:
    """Cases that wait for an answer to a question that was first asked ANSWER_DAYS working days ago or before."""
    first = working_day_before(today, ANSWER_DAYS)
    if first is None:
        return []
    old = Question.objects.still_open().filter(asked_at__lt=day_start(first), application=OuterRef("pk"))
    rows = Application.objects.filter(Exists(old), state__in=ASKED)
    return list(rows.order_by("pk").values_list("pk", flat=True))
