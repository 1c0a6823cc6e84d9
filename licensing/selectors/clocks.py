"""The statutory clocks of cases: derived from day 0 and the working-day table whenever somebody asks, never stored."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from itertools import pairwise

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When, prefetch_related_objects
from django.db.models.functions import TruncDate

from core.legal_time import INSTANT, LEGAL_ZONE, day_end, day_start, legal_day
from core.models import HistoryLine
from core.selectors import calendar
from core.working_days import Calendar, NotPublished, Pause
from licensing.clock import RECEIPT_DAYS, WORKING_DAYS, Clock, Reading, read
from licensing.course import DAY, Stay, course
from licensing.models import Application, ApplicationEndUser, ClockInterval
from licensing.selectors.editions import Editions, editions_at
from licensing.selectors.silence import unanswered
from licensing.selectors.untimed import Counting, countings_of, may_count_anew, start_of
from licensing.states import ENDED_EARLY, OPEN_CASE, UNDER_WAY, ApplicationState

ISSUE_DAYS = 10  # working days within which an approved license is issued
NO_CLOCK = 9999  # days: behind every case that has one


def clocks_of(cases: Iterable[Application], today: date) -> dict[int, Reading]:
    """The clock of each of these cases that has one, by primary key: four queries, however many they are, and five more
    where one of them may be without a limit; of `with_days_left` two, of `told_cases` one.

    It stands as of today; once the case was decided, as of that day. Cases with the same clock are read once.
    """
    reading, found = cache(read), {}
    for case, clock, on, countings in _clocks(cases, today):
        overdue_before = _overdue_before(countings, clock.calendar, clock.pauses)
        found[case.pk] = replace(reading(clock, on), overdue_before=overdue_before)
    return found


def _clocks(cases: Iterable[Application], today: date) -> Iterator[tuple[Application, Clock, date, list[Counting]]]:
    """Each of these cases that has a clock, that, the day as of which it stands, and which days it counts."""
    timed = {case: case.accepted_on for case in cases if case.accepted_on and case.state not in ENDED_EARLY}
    if not timed:
        return
    days = {case: legal_day(case.decided_at) if case.decided_at else today for case in timed}
    paused = {case for case in timed if getattr(case, "stood_still", True)}
    prefetch_related_objects([*paused], "pauses")
    anew = [case.pk for case in timed if getattr(case, "anew", True)]
    countings = countings_of(Application.objects.filter(pk__in=anew), today) if anew else {}
    table = calendar(min(timed.values()), WORKING_DAYS, until=max(days.values()))
    for case, accepted_on in timed.items():
        of_case = countings.get(case.pk, [Counting(accepted_on)])
        day_0 = start_of(of_case)
        pauses = tuple(row.pause for row in case.pauses.all()) if case in paused else ()
        yield case, Clock(table, day_0 or accepted_on, pauses, WORKING_DAYS if day_0 else None), days[case], of_case


def _overdue_before(countings: Iterable[Counting], table: Calendar, pauses: tuple[Pause, ...]) -> date | None:
    """The first day on which the case was overdue by days that count no more."""
    for one in countings:
        with suppress(NotPublished):
            deadline = Clock(table, one.day_0, pauses).deadline
            if deadline and one.until and deadline < one.until:
                return deadline + DAY
    return None


def used_of(decided: Iterable[Application], today: date) -> dict[int, int]:
    """The working days that each of these cases had used when it was decided, where the table goes so far.

    By the clock that `clocks_of` reads, with as many queries; cases with the same clock are counted once.
    """
    used, found = cache(Clock.used), {}
    for case, clock, on, _countings in _clocks((case for case in decided if case.decided_at), today):
        with suppress(NotPublished):
            found[case.pk] = used(clock, on)
    return found


def receipts_of(cases: Iterable[Application], today: date) -> dict[int, Reading]:
    """Of each of these that was received and not spoken of yet: the days within which the ministry speaks, or it is
    accepted by law. One query."""
    waiting = (case for case in cases if case.state == ApplicationState.SUBMITTED)
    days = {case.pk: legal_day(case.received_at) for case in waiting if case.received_at}
    read_ = _receipts(days.values(), today)
    return {pk: read_[day] for pk, day in days.items()}


def _receipts(days: Iterable[date], today: date) -> dict[date, Reading]:
    days = set(days)
    table = calendar(min(days), RECEIPT_DAYS, until=max(*days, today)) if days else None
    return {day: read(Clock(table, day, (), RECEIPT_DAYS), today) for day in days if table}


@dataclass(frozen=True)
class Handover:
    """By when the license of an approved case is to be issued. due: None where the working-day table ends before it."""

    due: date | None
    late: bool  # which stops nobody from issuing it


def handovers_of(cases: Iterable[Application], today: date) -> dict[int, Handover]:
    """Of each of these that is approved: ISSUE_DAYS working days after the decision, by law. One query."""
    approved = [case for case in cases if case.state == ApplicationState.APPROVED]
    granted = {case.pk: case.changed_at or case.decided_at for case in approved}
    decided = {pk: legal_day(at) for pk, at in granted.items() if at}
    if not decided:
        return {}
    table, found = calendar(min(decided.values()), ISSUE_DAYS, until=max(decided.values())), {}
    for pk, day in decided.items():
        try:
            due = table.day(ISSUE_DAYS, day)
        except NotPublished:
            due = None
        found[pk] = Handover(due, due is not None and today > due)
    return found


def course_of(case: Application, today: date) -> list[Stay]:
    """With whom the case was on each day since it was filed, until it was over; two queries beside its pauses and
    questions."""
    lines = HistoryLine.objects.filter(subject_kind="application", subject_id=case.pk).order_by("seq")
    sent = lines.exclude(to_state=ApplicationState.DRAFT).values_list("at", "to_state")
    moves = [(legal_day(at), state) for at, state in sent]
    until = today
    if case.state not in UNDER_WAY:
        # the day on which it ended is of whoever had it
        states = ["", *(state for _day, state in moves)]
        last = max(at for at, pair in enumerate(pairwise(states)) if pair[1] == case.state != pair[0])
        until, moves = moves[last][0], moves[:last]
    if case.state in (ApplicationState.SUPPLEMENT_REQUIRED, ApplicationState.LAPSED):
        until = min(until, case.supplement.last_day)  # then it is over, whenever a worker says so
    return course(moves, [row.pause for row in case.pauses.all()], until, unanswered(case)) if moves else []


def told_cases(rows: QuerySet[Application], at: datetime) -> QuerySet[Application]:
    """As an overview tells of them: with the names of their end-users (`names`), and what `with_own` says."""
    users = ApplicationEndUser.objects.filter(application=OuterRef("pk")).order_by("pk")
    return with_own(rows, editions_at(at)).annotate(names=ArraySubquery(users.values("party__name")))


def with_own(rows: QuerySet[Application], editions: Editions) -> QuerySet[Application]:
    """Whether their clocks ever stood still (`stood_still`), and whether other days may count than all (`anew`)."""
    return rows.annotate(
        stood_still=Exists(ClockInterval.objects.filter(application=OuterRef("pk"))),
        anew=may_count_anew(editions),
    )


def with_days_left(rows: QuerySet[Application], today: date) -> QuerySet[Application]:
    """Cases that can be sorted by the days that their clocks have left, those without any behind all others.

    The clock says them: once for all cases of one acceptance that count all days, and for each other case by itself.
    So thousands cost what the days do on which they were accepted.
    """
    editions = editions_at(day_end(today) - INSTANT)
    ticking = with_own(Application.objects.filter(Application.CLOCKED), editions)
    own = Case(When(Q(stood_still=True) | Q(anew=True), then=F("pk")), default=Value(0))
    # those with a clock of their own first: what is said of them goes before what is said of their day
    one_each = ticking.annotate(own=own).order_by("-own", "accepted_on").distinct("own", "accepted_on")
    alike = defaultdict[tuple[str, int], list[object]](list)
    for case, clock, on, _countings in _clocks(one_each.only("accepted_on", "state", "decided_at"), today):
        which, left = "pk" if case.own else "accepted_on", clock.left(on)
        alike[f"{which}__in", NO_CLOCK if left is None else left].append(getattr(case, which))
    known = [When(**{which: keys}, state__in=OPEN_CASE, then=Value(left)) for (which, left), keys in alike.items()]
    known += _left_to_speak(today)
    days_left = Case(*known, default=Value(NO_CLOCK), output_field=IntegerField())
    return rows.annotate(days_left=days_left, anew=may_count_anew(editions))


def _left_to_speak(today: date) -> list[When]:
    """The same of cases that were received, once for all of one day; one query more, and one of the table."""
    waiting = Application.objects.filter(state=ApplicationState.SUBMITTED).order_by()
    days = waiting.annotate(day=TruncDate("received_at", tzinfo=LEGAL_ZONE)).values_list("day", flat=True).distinct()
    return [
        When(
            state=ApplicationState.SUBMITTED,
            received_at__gte=day_start(day),
            received_at__lt=day_start(day + DAY),
            then=Value(clock.left),
        )
        for day, clock in _receipts(days, today).items()
        if clock.left is not None
    ]


def signals_due(cases: Iterable[Application], today: date) -> dict[int, list[tuple[str, int]]]:
    """What the clocks of these cases have reached and their history does not say yet: verb and day, by primary key."""
    clocks = clocks_of(cases, today)
    lines = HistoryLine.objects.filter(
        subject_kind="application", subject_id__in=list(clocks), verb__in=["signal", "overdue"]
    )
    said: dict[int, set[tuple[str, int]]] = {}
    for pk, at, verb, day in lines.values_list("subject_id", "at", "verb", "facts__day"):
        if legal_day(at) >= clocks[pk].day_0:  # what was said of days that count no more is said anew
            said.setdefault(pk, set()).add((verb, day))
    found = {}
    for pk, clock in clocks.items():
        reached = [("signal", day) for day in clock.reached]
        reached += [("overdue", WORKING_DAYS)] if clock.overdue else []
        if due := [one for one in reached if one not in said.get(pk, ())]:
            found[pk] = due
    return found


def to_signal(today: date) -> list[int]:
    """Open cases whose clocks have reached what their history does not say yet; six queries, however many they are."""
    cases = Application.objects.filter(Application.CLOCKED).order_by("pk")
    return list(signals_due(cases, today))
