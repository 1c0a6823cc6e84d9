"""The published test for annual licenses, of one company on one day: what it has, and what is missing, in numbers.

Each threshold is the one of the edition that is in force on that day; what the edition does not name is not asked.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.history import lines_of
from core.languages import in_chinese
from core.legal_time import day_start, legal_day, months_after
from core.models import HistoryLine
from core.templatetags.lodestone import day as in_words
from exporters.models import CompliancePaper, Examination, Exporter, PaperRecord, Qualification
from exporters.selectors import reads_test
from exporters.states import QualificationState
from licensing.models import Suspension
from licensing.policy.thresholds import ACCOUNT, AUDIT, CAUSES, CLEARANCES, COUNTED, INCIDENTS, Threshold
from licensing.selectors import editions_at
from licensing.words import thresholds as words
from licensing.words.rules import AUTHORITIES
from licensing.words.terms import word
from shipments.models import Incident, Shipment

DAY = timedelta(days=1)
ENDING_DAYS = 90  # how long before an end pages tell of it


@dataclass(frozen=True)
class Result:
    """What the company has of a threshold: `found` so many since that day, `paper` of them on paper.

    day: of an account the one from which on it is met; of clearances the last one on which all that were found count,
    None without any; of incidents and suspensions the one on which enough of them no longer count, None while too many
    are open; of an audit the last one on which it counts, None without one.
    """

    id: str
    number: int
    months: int
    met: bool
    found: int
    since: date | None
    day: date | None = None
    paper: int = 0
    authority: str = ""
    verified: bool = False

    @property
    def name(self) -> str:
        return str(words.NAMES[self.id])

    @property
    def asks(self) -> str:
        return words.told(Threshold(self.id, self.number, self.months, self.authority, self.verified))

    @property
    def told(self) -> str:
        """In numbers, in one or two sentences."""
        return _TELLS[self.id](self)

    @property
    def line(self) -> str:
        """The same, and on what the threshold stands where no provision that we checked says so."""
        if self.verified and self.authority != "product":
            return self.told
        basis = word(AUTHORITIES, self.authority)
        return _("{told} ({basis}, unverified)").format(told=self.told, basis=basis)

    @property
    def kept(self) -> dict[str, Any]:
        days = {name: value and value.isoformat() for name, value in (("since", self.since), ("day", self.day))}
        return vars(self) | days


def of_kept(row: Mapping[str, Any]) -> Result:
    """As it was kept."""
    days = {name: row[name] and date.fromisoformat(row[name]) for name in ("since", "day")}
    return Result(**{**row, **days})


@dataclass(frozen=True)
class Exam:
    """The whole test on a day."""

    edition: str
    today: date
    results: tuple[Result, ...]
    paper: CompliancePaper | None  # the one handed in last

    @property
    def missing(self) -> tuple[Result, ...]:
        return tuple(one for one in self.results if not one.met)


def examine(exporter: Exporter, at: datetime) -> Exam:
    """As the rules in force at that instant ask it."""
    editions, today = editions_at(at), legal_day(at)
    code, digest = editions.of(today)
    asked = editions.rules(digest).edition.thresholds
    paper = exporter.compliance_papers.select_related("document").defer("document__content").last()
    measures: Mapping[str, Callable[[Threshold], Result]] = {
        ACCOUNT: lambda one: _account(one, exporter, today),
        CLEARANCES: lambda one: _clearances(one, exporter, today),
        INCIDENTS: lambda one: _at_most(one, _incidents(exporter), today),
        CAUSES: lambda one: _at_most(one, _causes(exporter), today),
        AUDIT: lambda one: _audit(one, paper, today),
    }
    found = tuple(measures[name](asked[name]) for name in COUNTED if name in asked)
    return Exam(code, today, found, paper)


@reads_test
def annual(exporter: Exporter, at: datetime) -> dict[str, Any]:
    """What pages show of the company's annual channel: the test of now, the papers, and the ministry's last answer."""
    row, today = exporter.qualification, legal_day(at)
    last = row.examinations.last()
    records = exporter.paper_records.select_related("document", "answer").defer("document__content")
    return {
        "row": row,
        "standing": row.standing_on(today),
        "cut_short": _cut_short(row),
        "renewable_from": row.renewable_from,
        "left": days_left(row, today),
        "exam": (exam := examine(exporter, at)),
        "records": list(records),
        "declined": last if last and last.occasion == Examination.Occasion.DECLINE else None,
        "stood": [of_kept(one) for one in last.results] if last else [],
        "renewable": row.renewable_on(exam.today),
        "not_acting": exporter.not_acting(),
    }


def cut_short(line: HistoryLine) -> bool:
    """The qualification lapsed by what this line names; else after a last day that was over."""
    return bool(line.facts.keys() > {"until"})


def _cut_short(row: Qualification) -> HistoryLine | None:
    """The line that says so, where that is how the last one ended."""
    if row.last_day is None or row.state == QualificationState.GRANTED:
        return None
    last = lines_of(row).filter(verb="lapse").last()
    return last if last and cut_short(last) else None


def days_left(row: Qualification, today: date) -> int | None:
    """Until the last day of a qualification that ends soon; None of one that lasts longer, and where there is none."""
    if row.last_day is None or row.standing_on(today) != QualificationState.GRANTED:
        return None
    left = (row.last_day - today).days
    return left if left <= ENDING_DAYS else None


# --- measures ---------------------------------------------------------------------------------------------
def _of(threshold: Threshold, **found: Any) -> Result:
    return Result(**vars(threshold), **found)


def _account(one: Threshold, exporter: Exporter, today: date) -> Result:
    if exporter.verified_at is None:
        return _of(one, met=False, found=0, since=None)
    since = legal_day(exporter.verified_at)
    over = since + timedelta(days=one.number)
    return _of(one, met=over <= today, found=(today - since).days, since=since, day=over)


def _clearances(one: Threshold, exporter: Exporter, today: date) -> Result:
    """Shipments that customs cleared since that day, and what records on paper count that lie in that time whole."""
    since = months_after(today, -one.months)
    cleared = Shipment.objects.filter(exporter=exporter, cleared_at__gte=day_start(since))
    here = cleared.aggregate(number=Count("pk"), first=Min("cleared_at"))
    records = PaperRecord.objects.filter(exporter=exporter, answer__accepted=True, first_day__gte=since)
    papers = records.aggregate(number=Sum("number"), first=Min("first_day"))
    paper = papers["number"] or 0
    found = here["number"] + paper
    oldest = min(filter(None, [here["first"] and legal_day(here["first"]), papers["first"]]), default=None)
    through = oldest and _out_of_sight(oldest, one.months) - DAY
    return _of(one, met=found >= one.number, found=found, since=since, day=through, paper=paper)


def _incidents(exporter: Exporter) -> Iterable[datetime | None]:
    rows = Incident.objects.filter(shipment__exporter=exporter)
    return rows.values_list("handling__ended_at", flat=True)


def _causes(exporter: Exporter) -> Iterable[datetime | None]:
    rows = Suspension.objects.filter(license__exporter=exporter, cause=Suspension.Cause.ENFORCEMENT)
    return rows.values_list("ended_at", flat=True)


def _at_most(one: Threshold, ended: Iterable[datetime | None], today: date) -> Result:
    """ended: when each of them ended; None of those that are open. One counts that was open on some day since then."""
    since = months_after(today, -one.months)
    days = [at and legal_day(at) for at in ended]
    counting = sorted((on or date.max for on in days if on is None or on >= since), reverse=True)
    met = len(counting) <= one.number
    last = None if met else counting[one.number]  # when it no longer counts, the threshold is met
    free = _out_of_sight(last, one.months) if last and last < date.max else None
    return _of(one, met=met, found=len(counting), since=since, day=free)


def _audit(one: Threshold, paper: CompliancePaper | None, today: date) -> Result:
    since = months_after(today, -one.months)
    if paper is None:
        return _of(one, met=False, found=0, since=since)
    through = _out_of_sight(paper.audited_on, one.months) - DAY
    return _of(one, met=today <= through, found=1, since=paper.audited_on, day=through)


def _out_of_sight(on: date, months: int) -> date:
    """The first day on which so many months looked back no longer reach that day."""
    found = months_after(on, months)
    while months_after(found, -months) <= on:
        found += DAY
    return found


# --- in words ---------------------------------------------------------------------------------------------
def _sentences(*told: str) -> str:
    return ("" if in_chinese() else " ").join(one for one in told if one)


def _tell_account(one: Result) -> str:
    if one.since is None:
        return _("The account is not verified yet; the days count from then on.")
    days = ngettext("%(number)d day", "%(number)d days", one.number) % {"number": one.number}
    told = (
        _("Active since {since}: {days} were over on {day}.")
        if one.met
        else _("Active since {since}: {days} are over on {day}.")
    )
    return told.format(since=in_words(one.since), days=days, day=in_words(one.day))


def _tell_clearances(one: Result) -> str:
    said = {"found": one.found, "number": one.number, "since": in_words(one.since)}
    told = (
        ngettext(
            "%(found)d clearance since %(since)s; %(number)d asked for.",
            "%(found)d clearances since %(since)s; %(number)d asked for.",
            one.found,
        )
        if one.met
        else ngettext(
            "%(found)d of %(number)d clearance since %(since)s.",
            "%(found)d of %(number)d clearances since %(since)s.",
            one.number,
        )
    )
    lacks = max(one.number - one.found, 0)
    missing = ngettext("%(number)d is missing.", "%(number)d are missing.", lacks) % {"number": lacks} if lacks else ""
    paper = (
        ngettext("%(number)d of them is on paper.", "%(number)d of them are on paper.", one.paper)
        % {"number": one.paper}
        if one.paper
        else ""
    )
    lasts = _("All that were found count through {day}.").format(day=in_words(one.day)) if one.day else ""
    return _sentences(told % said, missing, paper, lasts)


def _tell_incidents(one: Result) -> str:
    told = ngettext(
        "%(found)d incident was open on some day since %(since)s.",
        "%(found)d incidents were open on some day since %(since)s.",
        one.found,
    )
    return _tell_at_most(one, told)


def _tell_causes(one: Result) -> str:
    told = ngettext(
        "%(found)d suspension by enforcement was open on some day since %(since)s.",
        "%(found)d suspensions by enforcement were open on some day since %(since)s.",
        one.found,
    )
    return _tell_at_most(one, told)


def _tell_at_most(one: Result, told: str) -> str:
    counted = told % {"found": one.found, "since": in_words(one.since)}
    if one.met:
        return counted
    if one.day is None:
        return _sentences(counted, _("Too many of them are open; the months count from the end of each."))
    return _sentences(counted, _("It will be met from {day} on, if no other is added.").format(day=in_words(one.day)))


def _tell_audit(one: Result) -> str:
    if one.day is None or one.since is None:
        return _("No audit of the internal compliance program was handed in.")
    told = _("Audited on {on}: it counts through {day}.") if one.met else _("Audited on {on}: it counted until {day}.")
    return told.format(on=in_words(one.since), day=in_words(one.day))


_TELLS: Mapping[str, Callable[[Result], str]] = {
    ACCOUNT: _tell_account,
    CLEARANCES: _tell_clearances,
    INCIDENTS: _tell_incidents,
    CAUSES: _tell_causes,
    AUDIT: _tell_audit,
}
