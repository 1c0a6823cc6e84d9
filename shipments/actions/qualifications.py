"""The verbs of the annual channel: a company asks, a decider answers, and the clock ends it. The published test counts
clearances and incidents, so they stand here."""

from collections.abc import Callable
from datetime import date, datetime

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from core.access import Actor
from core.actions import keep_file
from core.command import command
from core.errors import DomainError, Invalid, Problem, WrongState
from core.files import PAPER
from core.history import in_turn, move, record, require, require_may, require_seen
from core.legal_time import legal_day, legal_now, months_after
from core.locks import lock
from core.templatetags.lodestone import day
from exporters.models import (
    GRANTED_MONTHS,
    RENEWAL_DAYS,
    CompliancePaper,
    Examination,
    PaperRecord,
    Qualification,
    RecordAnswer,
)
from exporters.rules import holder, officer
from exporters.selectors import qualifications_for
from exporters.states import QualificationState
from licensing.actions.standing import lapse_with
from shipments.models import LATE_DAYS, Shipment
from shipments.qualifying import Exam, examine
from shipments.selectors import long_unreported

Occasion = Examination.Occasion
FILE_KINDS = PAPER  # of the files that its verbs take


def _require_active(row: Qualification) -> None:
    if not row.exporter.acts:
        message = row.exporter.not_acting() or _(
            "The company's account is not active, so nothing is said of annual licenses. Have it verified first."
        )
        raise DomainError(message, code="exporter-not-active")


def _examined(row: Qualification, occasion: str, exam: Exam, at: datetime, by: Actor) -> None:
    """How the test stood on this occasion is kept, met or not."""
    Examination.objects.create(
        qualification=row,
        occasion=occasion,
        edition=exam.edition,
        results=[one.kept for one in exam.results],
        missing=len(exam.missing),
        paper=exam.paper,
        examined_by=by.user,
        examined_at=at,
    )


def _met(row: Qualification, at: datetime, papers_seen: bool) -> Exam:
    """The test, every threshold of which is met now, the papers seen. Raises DomainError test-not-met, or Invalid."""
    _require_active(row)
    if owed := long_unreported(row.exporter_id, legal_day(at)).first():
        message = _(
            "The delivery of {ref} should have been reported more than {days} days ago, so this can't be granted; it "
            "can when the company has reported it."
        )
        raise DomainError(message.format(ref=owed.ref, days=LATE_DAYS), code="report-overdue")
    exam = examine(row.exporter, at)
    if exam.missing:
        lacks = " ".join(one.told for one in exam.missing)
        message = _("The test is not met today, so this can't be granted. {lacks}").format(lacks=lacks)
        raise DomainError(message, code="test-not-met")
    if not papers_seen or exam.paper is None:
        message = _("Look at the papers of the compliance program first, and say so; without any it can't be granted.")
        raise Invalid([Problem("/papers_seen", "required", message)])
    return exam


@command
def ask(*, seen: int, by: Actor) -> Qualification:
    """The ministry is asked for the annual channel; how the test stood is kept with that, met or not.

    One whose last day is over has lapsed by that, whether or not a worker wrote so.
    """
    row = lock(qualifications_for(by), pk=by.organization_id)
    at = legal_now()
    over = row.over_on(legal_day(at))
    if over and holder("qualification.ask")(row, by):
        require_seen(row, seen)
        lapse_with(row, at)
    require(row.ask, by=by, seen=seen + over)
    _require_active(row)
    exam = examine(row.exporter, at)
    _examined(row, Occasion.ASK, exam, at, by)
    move(row.ask, by=by, at=at, edition=exam.edition, facts={"missing": len(exam.missing)})
    return row


@command
def grant(pk: int, *, seen: int, papers_seen: bool, by: Actor) -> Qualification:
    """The company may file for annual licenses, through the same day GRANTED_MONTHS on.

    Raises DomainError test-not-met, Invalid unless the papers were seen.
    """
    row = lock(qualifications_for(by), pk=pk)
    require(row.grant, by=by, seen=seen)
    at = legal_now()
    exam = _met(row, at, papers_seen)
    _prolonged(row.grant, row, legal_day(at), exam, at, by)
    return row


@command
def renew(pk: int, *, seen: int, papers_seen: bool, by: Actor) -> Qualification:
    """In its last RENEWAL_DAYS it lasts GRANTED_MONTHS from its old last day on. Raises as `grant`, or
    renewal-not-open."""
    row = lock(qualifications_for(by), pk=pk)
    require(row.renew, by=by, seen=seen)
    at = legal_now()
    today, last_day = legal_day(at), row.last_day
    assert last_day is not None  # PostgreSQL holds that
    if row.over_on(today):
        message = _("Its last day was {day}: it has lapsed, and the company asks again.")
        raise DomainError(message.format(day=day(last_day)), code="renewal-not-open")
    if not row.renewable_on(today):
        message = _("It may be renewed in its last {days} days, from {day} on.")
        message = message.format(days=RENEWAL_DAYS, day=day(row.renewable_from))
        raise DomainError(message, code="renewal-not-open")
    exam = _met(row, at, papers_seen)
    _prolonged(row.renew, row, last_day, exam, at, by)
    return row


def _prolonged(step: Callable[..., None], row: Qualification, since: date, exam: Exam, at: datetime, by: Actor) -> None:
    last_day = months_after(since, GRANTED_MONTHS)
    _examined(row, step.__name__, exam, at, by)
    move(step, by=by, at=at, edition=exam.edition, facts={"until": last_day.isoformat()}, last_day=last_day)


@command
def decline(pk: int, *, seen: int, reason: str, by: Actor) -> Qualification:
    """The company knows why not, and how the test stood then: what is missing, in numbers."""
    row = lock(qualifications_for(by), pk=pk)
    require(row.decline, by=by, seen=seen)
    at = legal_now()
    exam = examine(row.exporter, at)
    _examined(row, Occasion.DECLINE, exam, at, by)
    move(row.decline, by=by, at=at, reason=reason, edition=exam.edition, facts={"missing": len(exam.missing)})
    return row


def to_lapse(today: date, limit: int) -> list[int]:
    """Those whose last day is over, or whose company owes a report for too long."""
    rows = Qualification.objects.order_by("pk").values_list("pk", flat=True)
    owed = Shipment.objects.filter(Shipment.barring_on(today), exporter=OuterRef("pk")).order_by()
    barred = rows.filter(Exists(owed), state=QualificationState.GRANTED)
    return sorted({*rows.filter(Qualification.ending_before(today))[:limit], *barred[:limit]})


@command
def lapse(pk: int, *, by: Actor) -> bool:
    """It has lapsed where its last day is over, or the company owes a report for too long; it was good through the day
    before. False where neither is so. No license that was issued is closed by that."""
    row = lock(Qualification.objects.all(), pk=pk)
    at = legal_now()
    if row.over_on(today := legal_day(at)):
        return lapse_with(row, at, by)
    owed = long_unreported(row.exporter_id, today).first()
    return owed is not None and lapse_with(row, at, by, shipment=owed.ref)


# --- papers -----------------------------------------------------------------------------------------------
@command
def file_audit(*, file: tuple[str, bytes], audited_on: date, by: Actor) -> CompliancePaper:
    """The company's compliance program is with the ministry, with the day of its audit: from now on this one counts."""
    row = lock(qualifications_for(by), pk=by.organization_id)
    require_may(holder("qualification.file_audit")(row, by))
    _require_active(row)
    at = legal_now()
    if audited_on > legal_day(at):
        message = _("This day is still to come. Give the day on which the audit was finished.")
        raise Invalid([Problem("/audited_on", "date-out-of-range", message)])
    document = keep_file(*file, field="file", by=by, kinds=FILE_KINDS, at=at)
    facts = {"filed_by": by.user, "filed_at": at}
    paper = CompliancePaper.objects.create(exporter=row.exporter, document=document, audited_on=audited_on, **facts)
    record(row, "file_audit", by=by, at=at, facts={"audited_on": audited_on.isoformat()})
    return paper


@command
def file_record(*, file: tuple[str, bytes], number: int, first_day: date, last_day: date, by: Actor) -> PaperRecord:
    """A record of clearances that this system knows of by a paper alone waits for a decider."""
    row = lock(qualifications_for(by), pk=by.organization_id)
    require_may(holder("qualification.file_record")(row, by))
    _require_active(row)
    at = legal_now()
    if last_day > legal_day(at):
        message = _("This day is still to come. Give the day of the last clearance that the paper proves.")
        raise Invalid([Problem("/last_day", "date-out-of-range", message)])
    if last_day < first_day:
        message = _("This day lies before the first one. Give the day of the last clearance that the paper proves.")
        raise Invalid([Problem("/last_day", "date-out-of-range", message)])
    document = keep_file(*file, field="file", by=by, kinds=FILE_KINDS, at=at)
    days = {"first_day": first_day, "last_day": last_day}
    facts = {"filed_by": by.user, "filed_at": at}
    made = PaperRecord.objects.create(exporter=row.exporter, document=document, number=number, **days, **facts)
    record(row, "file_record", by=by, at=at, facts={"record": made.pk, "number": number})
    return made


@command
def accept_record(pk: int, *, seen: int, which: int, reason: str, by: Actor) -> RecordAnswer:
    """The clearances of this record on paper count from now on; a decider said why.

    No day counts twice: raises DomainError record-overlaps where an accepted record covers some of its days.
    """
    row = lock(qualifications_for(by), pk=pk)
    found = _waiting(row, which, seen, "qualification.accept_record", by)
    same_days = {"first_day__lte": found.last_day, "last_day__gte": found.first_day}
    if PaperRecord.objects.filter(exporter=row.exporter_id, answer__accepted=True, **same_days).exists():
        message = _("A record that was accepted covers some of these days, so their clearances would count twice.")
        raise DomainError(message, code="record-overlaps")
    return _answered(row, found, "accept_record", reason, by)


@command
def refuse_record(pk: int, *, seen: int, which: int, reason: str, by: Actor) -> RecordAnswer:
    """The clearances of this record on paper do not count; a decider said why."""
    row = lock(qualifications_for(by), pk=pk)
    return _answered(row, _waiting(row, which, seen, "qualification.refuse_record", by), "refuse_record", reason, by)


def _waiting(row: Qualification, which: int, seen: int, verb: str, by: Actor) -> PaperRecord:
    """A record of the company that nobody answered yet. Raises Forbidden, then Invalid or WrongState, then `stale`."""
    found = PaperRecord.objects.filter(exporter=row.exporter_id, pk=which).select_related("answer").first()
    answered = WrongState(_("This record was answered already.")) if hasattr(found, "answer") else None
    unknown = None if found else Invalid([Problem("/which", "required", _("Choose one of the records that wait."))])
    in_turn(row, may=officer(verb)(row, by), obstacle=unknown or answered, seen=seen)
    assert found is not None  # or it was refused
    return found


def _answered(row: Qualification, found: PaperRecord, verb: str, reason: str, by: Actor) -> RecordAnswer:
    at, accepted = legal_now(), verb == "accept_record"
    facts = {"reason": reason, "answered_by": by.user, "answered_at": at}
    answer = RecordAnswer.objects.create(record=found, accepted=accepted, **facts)
    record(row, verb, by=by, at=at, reason=reason, facts={"record": found.pk, "number": found.number})
    return answer
