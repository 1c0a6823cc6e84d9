"""Questions as a page shows them: each a thread, with the forms of what this person can do in it now."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from core.legal_time import legal_today
from core.web.forms import StepForm
from core.web.labels import said
from licensing.models import Application, Question, QuestionEntry
from licensing.web.reconsiderations import Contest

OPEN = ("answer", "ask", "close_question")  # what may be done in a question that is open


@dataclass(frozen=True)
class Thread:
    """A question with what was said in it. forms: by verb; days: from today to the day by which to answer.

    contested: it was asked by whoever reconsidered a refusal of the case."""

    question: Question
    entries: list[QuestionEntry]
    end: QuestionEntry | None
    due: date
    days: int
    has_news: bool
    contested: bool = False
    forms: dict[str, StepForm] = field(default_factory=dict)


def threaded(row: Application, context: dict[str, Any], contests: Iterable[Contest] = ()) -> dict[str, Any]:
    """The context of the page's steps (core.web.steps.offered), with the case's threads.

    A form that was typed into stands in its question's thread; where that is closed now, its text is there to copy.
    """
    forms, failed = context["forms"], context["failed_form"]
    today = legal_today()
    contests = list(contests)
    threads = [_thread(question, forms, today, contests) for question in row.questions.all()]
    placed = [form for thread in threads for form in thread.forms.values()]
    if "ask" in forms and _question_of(forms["ask"]):  # what asks anew is another form
        forms = forms | {"ask": type(forms["ask"])(row=row, auto_id="id_ask_%s")}
    lost = failed is not None and _question_of(failed) and not any(form is failed for form in placed)
    return context | {
        "forms": forms,
        "threads": threads,
        "open_threads": sorted((thread for thread in threads if not thread.end), key=lambda thread: thread.due),
        "ended_threads": [thread for thread in threads if thread.end],
        "news": sum(thread.has_news for thread in threads),
        "typed": said(failed) if lost else context["typed"],
    }


def _thread(question: Question, forms: dict[str, StepForm], today: date, contests: list[Contest]) -> Thread:
    contested = any(contest.covers(question.asked_at) for contest in contests)
    end, news = question.end, question.to_read
    verbs = [verb for verb in OPEN if verb in forms and not end]
    verbs += ["read_answer"] if news and "read_answer" in forms else []
    return Thread(
        question,
        list(question.entries.all()),
        end,
        question.due,
        (question.due - today).days,
        news,
        contested,
        {verb: _form(verb, forms[verb], question) for verb in verbs},
    )


def _form(verb: str, form: StepForm, question: Question) -> StepForm:
    """The step's form for this question: the one that was typed into, or a new one. Each has ids of its own."""
    mine = form
    if _question_of(form) != str(question.pk):
        mine = type(form)(row=form.row, initial={"question": question.pk})
        mine.seen = form.seen
    mine.auto_id = f"id_{verb}_{question.pk}_%s"
    return mine


def _question_of(form: StepForm) -> str:
    """The number of the question that the form was typed for, as it came."""
    return str(form.data.get("question", "")) if form.is_bound else ""
