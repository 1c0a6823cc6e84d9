"""Until when a refusal may be contested, and by when what contests it is decided: derived whenever somebody asks."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, When
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.utils.translation import gettext_lazy

from core.access import Actor
from core.decided import filled
from core.legal_time import LEGAL_ZONE, day_start, legal_day, legal_today
from core.models import Delivery, HistoryLine, LegalDay
from core.selectors import calendar
from core.working_days import Calendar, NotPublished
from licensing.models import Application, DecisionStep, Reconsideration, ReconsiderationEntry, Service
from licensing.models.reconsiderations import ACCEPT_DAYS, contested, said_by_law, said_of
from licensing.selectors.applications import applications_for
from licensing.states import CONTESTED, ApplicationState

SERVICE_DAYS = 5  # working days after which a notice that was sent counts as read
SERVED_HOW = filled(  # a sentence, as the next: whoever tells how it is counted quotes them
    gettext_lazy(
        "A decision is served on the day on which the company first opens it or on working day {days} after its notice"
        " went out, whichever comes first"
    ),
    days="licensing.selectors.reconsiderations.SERVICE_DAYS",
)
MOVED_HOW = gettext_lazy("A last day that is no working day moves to the next one")
CONTEST_DAYS = 60  # after service. Administrative Reconsideration Law
RECONSIDER_DAYS = 60  # for the decision on it, after its request was accepted. The same law
EXTENSION_DAYS = 30  # more, once
ONE_DAY = timedelta(days=1)
_MORE = timedelta(days=30)  # in which some day is a working day: so far a count reads the table


@dataclass(frozen=True)
class Remedy:
    """sent_on, opened_on: when the notice of a refusal went out, and when its applicant first opened it. served_on: the
    day that counts. unmoved: so many days later; last_day: that, or the next working day. None where nobody can say.
    provisional: the table of working days may still move it."""

    sent_on: date | None
    opened_on: date | None
    served_on: date | None
    unmoved: date | None
    last_day: date | None
    provisional: bool = False

    def served(self, today: date) -> bool:
        """The days to contest it have begun, whoever opens it from now on."""
        return self.served_on is not None and self.served_on <= today

    @property
    def by_opening(self) -> bool:
        """What counts is that it was opened, and not that the notice was sent."""
        return self.served_on is not None and self.served_on == self.opened_on

    def over(self, today: date) -> bool:
        """It may not be contested any more."""
        return self.last_day is not None and today > self.last_day


def remedies_of(cases: Iterable[Application]) -> dict[int, Remedy]:
    """Of each of these that was refused, by primary key. Two queries, or none where no case was."""
    refused = [case.pk for case in cases if case.state in CONTESTED]
    if not refused:
        return {}
    mail = _notices(case="application_id", at="at")
    rows = DecisionStep.objects.filter(application__in=refused, step=DecisionStep.Step.DECIDE).annotate(
        sent_at=Subquery(mail.order_by("delivered_at").values("delivered_at")[:1])
    )
    steps = {step.application_id: step for step in rows.select_related("service").order_by("pk")}
    told = {pk: (_day(step.sent_at), _day(_opened_at(step))) for pk, step in steps.items()}
    days = [day for both in told.values() for day in both if day]
    table = _table(min(days), max(days) + timedelta(days=CONTEST_DAYS) + _MORE, SERVICE_DAYS) if days else None
    return {pk: _remedy(sent_on, opened_on, table) for pk, (sent_on, opened_on) in told.items()}


def _notices(case: str, at: str) -> QuerySet[Delivery]:
    """Those that went out of the refusal of this case at this instant: where each stands in the query around."""
    refusal = {"line__subject_kind": "application", "line__verb": "refuse"}
    of_it = {"line__subject_id": OuterRef(case), "line__at": OuterRef(at)}
    return Delivery.objects.filter(**refusal, **of_it, delivered_at__isnull=False).exclude(to="")


def _opened_at(step: DecisionStep) -> datetime | None:
    service = getattr(step, "service", None)
    return service.opened_at if service else None


def _day(at: datetime | None) -> date | None:
    return legal_day(at) if at else None


def _table(first: date, until: date, days: int = 1) -> Calendar:
    return calendar(first, days, until=until)


def _remedy(sent_on: date | None, opened_on: date | None, table: Calendar | None) -> Remedy:
    counts = [opened_on] if opened_on else []
    if sent_on and table:
        with suppress(NotPublished):
            counts += filter(None, [table.day(SERVICE_DAYS, sent_on)])
    if not counts:
        return Remedy(sent_on, opened_on, None, None, None)
    served_on = min(counts)
    unmoved = served_on + timedelta(days=CONTEST_DAYS)
    last_day = _moved(table, unmoved)
    served = served_on != opened_on and _may_move(table, sent_on, served_on)  # it is counted in working days
    provisional = served or _may_move(table, unmoved - ONE_DAY, last_day)
    return Remedy(sent_on, opened_on, served_on, unmoved, last_day, provisional)


def contestable_still(today: date) -> Q:
    """Of many cases those refused whose refusal did not reach anybody so long ago that it can't be contested any more:
    `remedies_of` says until when."""
    since = day_start(today - timedelta(days=CONTEST_DAYS) - 2 * _MORE)
    opened = Service.objects.filter(
        decision__application=OuterRef("pk"), decision__at=OuterRef("decided_at"), opened_at__lt=since
    )
    sent = _notices(case="pk", at="decided_at").filter(delivered_at__lt=since)
    return Q(~Exists(opened), ~Exists(sent), state=ApplicationState.REFUSED)


def contestable_until(sent_on: date) -> date | None:
    """The last day on which a refusal of that day may be contested whose applicant never opens it: the letter says it,
    as it can't know more. None where nobody can say."""
    until = sent_on + timedelta(days=CONTEST_DAYS) + 2 * _MORE
    return _remedy(sent_on, None, _table(sent_on, until, SERVICE_DAYS)).last_day


def _moved(table: Calendar | None, day: date) -> date | None:
    """A last day that is no working day is the next one that is. None where the table does not say."""
    with suppress(NotPublished):
        return table.working_day_from(day) if table else None
    return None


def _may_move(table: Calendar | None, after: date | None, last: date | None) -> bool:
    """A day after the one and through the other is not announced yet, or not in the table."""
    if table is None or after is None or last is None:
        return False
    with suppress(NotPublished):
        return table.provisional(after, last)
    return True


@dataclass(frozen=True)
class Term:
    """The time of a reconsideration, as of `on`. accept_by: the last day to accept the request, None where the table of
    working days ends before it. accepted_on: its day 0. by_law: nobody accepted it in time, so it counts as accepted.
    due_on: its last day, None as long as it did not begin; unmoved where the table ends before it, and then nobody is
    late. left: days to its end. provisional: the table may still move that day, or the one to accept it as long as
    nobody did."""

    on: date
    filed_on: date
    accept_by: date | None
    accepted_on: date | None
    by_law: bool
    extended: bool
    due_on: date | None
    left: int | None
    provisional: bool

    @property
    def overdue(self) -> bool:
        return self.left is not None and self.left < 0

    @property
    def signals(self) -> dict[str, dict[str, str]]:
        """What the clock did to it, as history keeps it: verb and facts."""
        facts = {"due_on": f"{self.due_on}"}
        by_law = {"admit_by_law": facts | {"day_0": f"{self.accepted_on}"}} if self.by_law else {}
        return by_law | ({"reconsider_late": facts} if self.overdue else {})


def terms_of(
    reconsiderations: Iterable[Reconsideration], today: date, said: Mapping[int, date | None] | None = None
) -> dict[int, Term]:
    """By primary key. Two queries beside their entries, or none where there are none. said: as `said_by_law`, where it
    was read."""
    rows = list(reconsiderations)
    said = said_by_law(rows) if said is None else said
    filed = {row.pk: legal_day(row.filed_at) for row in rows}
    # the same part of the table for one as for many, as long as none is older than its time
    longest = timedelta(days=RECONSIDER_DAYS + EXTENSION_DAYS) + _MORE
    table = _table(min(today - longest, *filed.values()), today + longest, ACCEPT_DAYS) if rows else None
    found = {}
    for row in rows:
        accepted_on, extended = row.begun_on(today, table, said), row.extended is not None
        by_law = accepted_on is not None and not row.admitted
        due_on = due(accepted_on, extended, table) if accepted_on else None
        left = _left(due_on, today, table) if due_on else None
        accept_by = row.accept_by(table) if table else None
        after = _unmoved(accepted_on, extended) - ONE_DAY if accepted_on else filed[row.pk]
        provisional = _may_move(table, after, due_on or accept_by)
        found[row.pk] = Term(today, filed[row.pk], accept_by, accepted_on, by_law, extended, due_on, left, provisional)
    return found


def _left(due_on: date, today: date, table: Calendar | None) -> int:
    left = (due_on - today).days
    return left if _moved(table, due_on) else max(left, 0)


def due(accepted_on: date, extended: bool, table: Calendar | None) -> date:
    last = _unmoved(accepted_on, extended)
    return _moved(table, last) or last


def _unmoved(accepted_on: date, extended: bool) -> date:
    return accepted_on + timedelta(days=RECONSIDER_DAYS + (EXTENSION_DAYS if extended else 0))


def term_of(row: Reconsideration, today: date, said: Mapping[int, date | None] | None = None) -> Term:
    return terms_of([row], today, said)[row.pk]


def contest_signals(cases: Iterable[Application], today: date) -> dict[int, dict[str, dict[str, str]]]:
    """What the clock did to each of these contested refusals and its history does not say yet: by primary key, verbs
    with their facts."""
    filed = {case.pk: row for case in cases if (row := contested(case))}
    terms = terms_of(filed.values(), today)
    found = {pk: terms[row.pk].signals for pk, row in filed.items()}
    verbs = {verb for signals in found.values() for verb in signals}
    lines = HistoryLine.objects.filter(subject_kind="application", subject_id__in=list(found), verb__in=verbs)
    for pk, at, verb in lines.values_list("subject_id", "at", "verb"):
        if at >= filed[pk].filed_at:
            found[pk].pop(verb, None)
    return {pk: signals for pk, signals in found.items() if signals}


def contests_to_signal(today: date) -> list[int]:
    """Those to which the clock did something that their history does not say yet."""
    steps = DecisionStep.objects.select_related("reconsideration").prefetch_related("reconsideration__entries")
    rows = Application.objects.filter(state=ApplicationState.UNDER_RECONSIDERATION).order_by("pk")
    return list(contest_signals(rows.prefetch_related(Prefetch("steps", steps)), today))


def to_reconsider(actor: Actor) -> QuerySet[Application]:
    """Contested refusals that this officer may decide, as he never acted on their cases."""
    rows = applications_for(actor).filter(state=ApplicationState.UNDER_RECONSIDERATION)
    return rows.exclude(Application.acted_on_before_contested(actor))


def by_term(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Contested refusals with how they are, which can be sorted by when they were filed and by when they are due: to be
    decided, or accepted as long as their time has not begun; that a last day moves to a working day leaves their order
    as it is. day_0: when that began, where nobody accepted it."""
    own = Reconsideration.objects.filter(decision__application=OuterRef("pk")).order_by("-pk")
    entries = ReconsiderationEntry.objects.filter(reconsideration=OuterRef("contested_pk"))
    begun = Subquery(entries.filter(kind=ReconsiderationEntry.Kind.ADMIT).values("at"), output_field=DateTimeField())
    longer = Exists(entries.filter(kind=ReconsiderationEntry.Kind.EXTEND))
    rows = rows.annotate(contested_pk=Subquery(own.values("pk")[:1]), filed_at=Subquery(own.values("filed_at")[:1]))
    rows = rows.annotate(begun_at=begun, longer=longer)
    steps = DecisionStep.objects.select_related("reconsideration").prefetch_related("reconsideration__entries")
    rows = rows.prefetch_related(Prefetch("steps", steps))
    first, more = (timedelta(days=days) for days in (RECONSIDER_DAYS, RECONSIDER_DAYS + EXTENSION_DAYS))
    rows = rows.annotate(filed_on=TruncDate("filed_at", tzinfo=LEGAL_ZONE))
    after = LegalDay.objects.filter(working=True, day__gt=OuterRef("filed_on")).order_by("day").values("day")
    rows = rows.annotate(accept_by=Subquery(after[ACCEPT_DAYS - 1 : ACCEPT_DAYS]))
    rows = rows.annotate(day_0=Coalesce(said_of("pk"), Case(When(accept_by__lt=legal_today(), then="accept_by"))))
    by_law = Cast("day_0", DateTimeField())
    rows = rows.annotate(runs_from=Coalesce("begun_at", by_law, output_field=DateTimeField()))
    ends: Any = Case(When(longer=True, then=F("runs_from") + more), default=F("runs_from") + first)
    return rows.annotate(ends_at=Coalesce(ends, Cast("accept_by", DateTimeField()), "filed_at"))
