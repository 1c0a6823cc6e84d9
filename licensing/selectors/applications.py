"""Which cases somebody sees, with what, and in which part of the desk."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import JSONArray

from core.access import Actor, visibility
from core.models import Document, HistoryLine, Membership
from core.selectors import reaches_documents, whoever_may
from exporters.selectors import persons_changed, seen_by, serving
from licensing.models import (
    Application,
    ApplicationDocument,
    ApplicationEndUser,
    ApplicationLine,
    DecisionStep,
    Intent,
    Question,
    QuestionEntry,
    RecommendedLine,
    ReconsiderationEntry,
    SupplementAnswer,
    SupplementPoint,
)
from licensing.states import ASKED, OPEN_CASE, TAKEN, ApplicationState, Holder, held_by

WAITING = (  # for its applicant, or for the second officer
    *(state for state in held_by(Holder.APPLICANT) if state != ApplicationState.DRAFT),
    ApplicationState.AWAITING_DECISION,
)

CASE_SEARCH = (
    "ref",
    "contract_no",
    "end_users__party__name",
    "end_users__party__name_local",
    "lines__description",
    "lines__control_item__code",
    "lines__control_item__description_en",
    "lines__control_item__description_zh",
)


def applications_for(actor: Actor) -> QuerySet[Application]:
    """An exporter's own; officers see every case that was ever submitted."""
    rows = Application.objects.select_related(
        "exporter__organization", "reviewer", "supplement", "amends", "renews", "copied_license", "copied_case"
    )
    return seen_by(actor, rows, "desk.case", sent=Q(submitted_at__isnull=False))


@cache
def parts(case: str = "") -> "tuple[Prefetch[Any, Any, Any], Prefetch[Any, Any, Any]]":
    """Goods and end-users of cases, with all that lists show of them. case: the path to the case."""
    users = ApplicationEndUser.objects.select_related("party__country", "declaration")
    lines = ApplicationLine.objects.select_related("control_item", "inquiry", "origin")
    return (
        Prefetch(f"{case}lines", lines.defer("inquiry__description", "inquiry__reason")),
        Prefetch(f"{case}end_users", users),
    )


def granting_steps() -> QuerySet[DecisionStep]:
    """Steps of cases, each with what licensing.granted reads of it."""
    lines = RecommendedLine.objects.filter(step=OuterRef("pk")).order_by("pk")
    kept = DecisionStep.end_users.through.objects.filter(decisionstep=OuterRef("pk")).order_by("applicationenduser")
    return DecisionStep.objects.select_related("actor", "intent__answer").annotate(
        **{
            "granted": ArraySubquery(lines.values(part=JSONArray("line__number", "quantity"))),
            "kept": ArraySubquery(kept.values("applicationenduser")),
        }
    )


def steps(case: str = "") -> "Prefetch[Any, Any, Any]":
    """These of many cases."""
    return Prefetch(f"{case}steps", granting_steps())


def with_parts(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Two more queries, however many rows."""
    return rows.prefetch_related(*parts())


def with_steps(rows: QuerySet[Application]) -> QuerySet[Application]:
    """One more query, however many rows."""
    return rows.prefetch_related(steps())


def with_questions(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Cases with the whole thread of each question, as Questions.with_anew; the files' bytes stay where they are."""
    entries = QuestionEntry.objects.select_related("by").prefetch_related(
        Prefetch("files", Document.objects.defer("content"))
    )
    questions = Question.objects.with_anew().select_related("asked_by").prefetch_related(Prefetch("entries", entries))
    return rows.prefetch_related(Prefetch("questions", questions))


def with_supplement(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Cases with what was missing and what came for it; the files' bytes stay where they are."""
    answers = SupplementAnswer.objects.prefetch_related(Prefetch("files", Document.objects.defer("content")))
    points = SupplementPoint.objects.prefetch_related(Prefetch("answer", answers))
    return rows.prefetch_related(Prefetch("supplement__points", points))


def whole_steps() -> "Prefetch[Any, Any, Any]":
    """Steps of cases, each with its intent to refuse and the answer to that, and with how it was contested; the files'
    bytes stay where they are."""
    rows = DecisionStep.objects.select_related(
        "actor", "intent__opened_by", "intent__answer__by", "reconsideration__filed_by", "service"
    )
    whole = [
        Prefetch("reconsideration__entries", ReconsiderationEntry.objects.select_related("by")),
        *(
            Prefetch(files, Document.objects.defer("content"))
            for files in ("intent__answer__files", "reconsideration__files")
        ),
    ]
    return Prefetch("steps", rows.prefetch_related(*whole))


def open_intents(actor: Actor, today: date) -> QuerySet[Intent]:
    """Those to refuse the actor's cases to which he may still answer."""
    waiting = applications_for(actor).filter(state=ApplicationState.AWAITING_DECISION)
    step = DecisionStep.objects.filter(application=OuterRef("recommendation__application"))
    rows = Intent.objects.filter(
        Intent.running_on(today),
        ~Exists(step.filter(pk__gt=OuterRef("recommendation"))),
        recommendation__application__in=waiting.order_by().values("pk"),
    )
    return rows.select_related("recommendation__application")


def open_questions(actor: Actor) -> QuerySet[Question]:
    """What the actor's cases are still asked, reconsidered or not, each with its thread."""
    waiting = applications_for(actor).filter(state__in=ASKED)
    rows = Question.objects.still_open().filter(application__in=waiting.order_by().values("pk"))
    return rows.select_related("application").prefetch_related("entries")


def on_their_way(actor: Actor, since: datetime) -> QuerySet[Application]:
    """The actor's cases without those that ended; one that was turned away, or lapsed, is there when that was since."""
    turned_away = HistoryLine.objects.filter(
        subject_kind="application",
        subject_id=OuterRef("pk"),
        verb__in=["not_accept", "refuse", "uphold", "lapse"],
        at__gte=since,
    )
    rows = applications_for(actor).exclude(state__in=[ApplicationState.WITHDRAWN, ApplicationState.ISSUED])
    ended = [
        ApplicationState.NOT_ACCEPTED,
        ApplicationState.REFUSED,
        ApplicationState.REFUSED_FINAL,
        ApplicationState.LAPSED,
    ]
    return rows.filter(~Q(state__in=ended) | Exists(turned_away))


def with_signals(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Cases that say whether an answer waits to be read, of a contested one to what was asked since that was filed,
    whether none came to a question, and whether whoever took them can act on them no more."""
    silent = QuestionEntry.objects.filter(question__application=OuterRef("pk"), kind=QuestionEntry.Kind.SILENT)
    return rows.annotate(
        has_news=Q(_news(), state__in=TAKEN) | Q(_news(anew=True), state=ApplicationState.UNDER_RECONSIDERATION),
        unanswered=Q(Exists(silent), state__in=TAKEN),
        left_alone=_left_alone(),
    )


def _news(**more: Any) -> Exists:
    return Exists(Question.objects.with_news().with_anew().filter(**more, application=OuterRef("pk")))


def _left_alone() -> Q:
    """Whoever took it can't act on it any more: no officer to whom the table opens that, or of another province."""
    there = serving(OuterRef("exporter__province"))
    acting = whoever_may("application.recommend").filter(there, user=OuterRef("reviewer"))
    return Q(~Exists(acting), state__in=TAKEN)


def reviewer_of(pk: int) -> list[str]:
    """The e-mail of the officer who has the case, as long as he can act on it."""
    rows = Application.objects.filter(pk=pk, reviewer__isnull=False).exclude(_left_alone())
    return list(rows.values_list("reviewer__email", flat=True))


def officers_of(pk: int, *, escalated: bool = False) -> list[str]:
    """The e-mail of whoever has the case; while nobody has it, of all who may take it. Escalated, deciders' as well."""
    case = Application.objects.select_related("exporter").get(pk=pk)
    here = serving(case.exporter.province)

    def of(verb: str) -> list[str]:
        return list(whoever_may(verb).filter(here).values_list("user__email", flat=True))

    found = reviewer_of(pk) or of("application.assign")
    return list(dict.fromkeys(found + (of("application.approve") if escalated else [])))


def reconsiderers_of(pk: int) -> list[str]:
    """The e-mail of each officer who may decide on its contested refusal."""
    return _of_whom("application.uphold", pk, Application.not_to_reconsider)


def deciders_of(pk: int) -> list[str]:
    """The e-mail of each officer who may decide on what was recommended of it."""
    return _of_whom("application.approve", pk, Application.not_to_decide)


def _of_whom(verb: str, pk: int, why_not: Callable[[Application, Membership], Any]) -> list[str]:
    """Of those to whom the table opens the verb, and who serve its province, all against whom nothing is."""
    case = Application.objects.select_related("exporter").get(pk=pk)
    there = whoever_may(verb).filter(serving(case.exporter.province)).select_related("user").order_by("pk")
    return [one.user.email for one in there if why_not(case, one) is None]


def asker_of(question: int) -> list[str]:
    """The e-mail of the officer who asked this about a refusal that he reconsiders, as long as he may."""
    asked = Question.objects.filter(pk=question).values("asked_by")
    return list(whoever_may("application.uphold").filter(user__in=asked).values_list("user__email", flat=True))


def admitted_by(pk: int) -> list[str]:
    """The e-mail of the officer who accepted the request to reconsider its refusal, as long as he may."""
    lines = HistoryLine.objects.filter(subject_kind="application", subject_id=pk, verb__in=["reconsider", "admit"])
    last = lines.order_by("-seq").first()
    if last is None or last.verb != "admit":
        return []
    return list(whoever_may("application.uphold").filter(user=last.actor_id).values_list("user__email", flat=True))


def announcer_of(pk: int) -> list[str]:
    """The e-mail of the officer who last told that he means to refuse the case."""
    rows = Intent.objects.filter(recommendation__application=pk).order_by("-pk")
    return list(rows.values_list("opened_by__email", flat=True)[:1])


def in_queue(rows: QuerySet[Application], actor: Actor, view: str) -> QuerySet[Application]:
    """Those of the cases that lie in this part of the desk. Mine are also those where an answer waits to be read."""
    match view:
        case "mine":
            answered = Q(_news(), state=ApplicationState.AWAITING_APPLICANT)
            return rows.filter(Q(state=ApplicationState.UNDER_REVIEW) | answered, reviewer_id=actor.user.pk)
        case "unassigned":
            return rows.filter(Q(state__in=[ApplicationState.SUBMITTED, ApplicationState.ACCEPTED]) | _left_alone())
        case "waiting":
            return rows.filter(state__in=WAITING)
        case "decided":
            return rows.exclude(state__in=OPEN_CASE)
        case _:
            return rows.filter(state__in=OPEN_CASE)


def to_countersign(actor: Actor) -> QuerySet[Application]:
    """Cases that others took and recommended, and approvals still to be issued, of which he may do that."""
    rows = applications_for(actor).filter(state__in=held_by(Holder.DECIDER))
    mine = Application.left_to_others(actor) & Q(state=ApplicationState.AWAITING_DECISION)
    mine |= Application.issued_by_others(actor) & Q(state=ApplicationState.APPROVED)
    return rows.exclude(mine | Application.acted_on_before_quashed(actor)).order_by("accepted_on", "pk")


@visibility("application")
def application_visible(actor: Actor, ref: str) -> bool:
    return applications_for(actor).filter(ref=ref).exists()


@reaches_documents
def papers(actor: Actor) -> QuerySet[Application, int]:
    return applications_for(actor).order_by().values_list("documents__document_id", flat=True)


@reaches_documents
def answers(actor: Actor) -> QuerySet[Application, int]:
    return applications_for(actor).order_by().values_list("questions__entries__files", flat=True)


@reaches_documents
def answers_to_intents(actor: Actor) -> QuerySet[Application, int]:
    return applications_for(actor).order_by().values_list("steps__intent__answer__files", flat=True)


@reaches_documents
def papers_of_reconsiderations(actor: Actor) -> QuerySet[Application, int]:
    return applications_for(actor).order_by().values_list("steps__reconsideration__files", flat=True)


@reaches_documents
def supplements(actor: Actor) -> QuerySet[Application, int]:
    return applications_for(actor).order_by().values_list("supplement__points__answer__files", flat=True)


def taken_along(case: Application) -> QuerySet[ApplicationDocument]:
    """The papers of it that are as true of the next one."""
    return case.documents.exclude(pk__in=of_former_persons([case])).order_by("pk")


def of_former_persons(cases: Sequence[Application]) -> set[int]:
    """The identity proofs of these cases of one company from before others came to answer for it, by primary key."""
    papers = ApplicationDocument.objects.filter(application__in=cases, type=ApplicationDocument.Type.IDENTITY)
    added = list(papers.values_list("pk", "document__uploaded_at"))
    changed = persons_changed(cases[0].exporter) if added else None
    return {pk for pk, at in added if changed and changed(at)}
