"""What is done to shipments: one row a verb (core/web/steps.py)."""

from collections.abc import Callable
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.decided import filled
from core.idempotency import Answer
from core.legal_time import legal_day, legal_today
from core.models import HistoryLine
from core.templatetags.lodestone import day, listed, quantity
from core.web.forms import ReasonForm
from core.web.steps import Page, Step, register
from exporters.models import Qualification
from exporters.selectors import exporters_for, people, qualifications_for
from exporters.web.steps import company
from licensing.models import VisitKind, VisitOutcome
from licensing.selectors import licenses_for
from shipments.actions import closing, incidents, officers, qualifications, reports, visits
from shipments.models import LATE_DAYS, Shipment
from shipments.qualifying import cut_short
from shipments.selectors import incidents_for, shipments_for
from shipments.web.annual import AuditForm, DeclineForm, PapersForm, RecordAnswerForm, RecordForm
from shipments.web.counter import ClearForm, CorrectForm, CounterForm, QuestionForm, RejectForm, ReturnedForm, says
from shipments.web.forms import (
    AnswerForm,
    CloseForm,
    CloseOutForm,
    DeliverForm,
    DepartForm,
    NoteForm,
    ReturnForm,
    VisitForm,
)

SHIPMENT = Page("shipment", shipments_for)
LICENSE_DESK = Page("desk.license", licenses_for)
SHIPMENT_DESK = Page("desk.shipment", shipments_for)
COUNTER = Page("customs.shipment", shipments_for)
INCIDENT_DESK = Page("desk.incident", incidents_for)
COMPANY = Page("company", qualifications_for, key="")
ACCOUNT = Page("company", exporters_for, key="")
COMPANY_DESK = Page("desk.exporter", qualifications_for, key="pk", away="desk.exporters")


def told_of_shipment(line: HistoryLine) -> tuple[list[str], str]:
    exporter = Shipment.objects.values_list("exporter_id", flat=True).get(pk=line.subject_id)
    return people(exporter), reverse("shipment", kwargs={"ref": line.subject_ref})


def at_the_counter(row: Shipment, actor: Actor) -> bool:
    """What customs saw is never refused, whatever state the shipment is in."""
    return True


def something_cleared(row: Shipment, actor: Actor) -> bool:
    """Only who reported a clearance corrects it: his office."""
    return row.messages.filter(event="cleared", source=actor.organization_id).exists()


def told_back(answer: Answer) -> str:
    """What was booked, the same when the form was sent twice."""
    return answer.body


def with_lines(words: str, much: str) -> Callable[[HistoryLine], str]:
    """What a message of customs did, and how much of which line it says; the words alone of what was told before that
    was kept."""

    def said(line: HistoryLine) -> str:
        one = gettext("line {number}: {much}")
        found = [
            one.format(number=each["line"], much=quantity(each["quantity"], each["unit"]))
            for each in line.facts.get("lines", ())
        ]
        return str(much).format(lines=listed(found)) if found else str(words)

    return said


register(
    "shipments",
    "shipment",
    [
        Step("reserve", _("Quota reserved")),
        Step("cancel", _("Cancelled; nothing is reserved any more")),
        Step("lapse", _("Reservation lapsed")),
        Step(
            "declare",
            _("Declared at customs"),
            COUNTER,
            says("declared"),
            told_back,
            CounterForm,
            offered=at_the_counter,
            label=_("Declare"),
        ),
        Step(
            "clear",
            with_lines(_("Cleared by customs"), _("Cleared by customs: {lines}")),
            COUNTER,
            says("cleared"),
            told_back,
            ClearForm,
            offered=at_the_counter,
            label=_("Clear"),
        ),
        Step(
            "depart",
            _("Departed on {on}"),
            SHIPMENT,
            reports.depart,
            _("Reported: it has left. Report its delivery when the consignee has it."),
            DepartForm,
        ),
        Step(
            "deliver",
            _("Delivered on {on}"),
            SHIPMENT,
            reports.deliver,
            _("Reported: it was delivered. Nothing more is owed for it."),
            DeliverForm,
        ),
        Step(
            "report_due",
            _("Holder reminded to report its delivery by {due}"),
            mail=_("{ref}: report its delivery by {due}"),
        ),
        Step(
            "report_overdue",
            _("Holder told that the report of its delivery is overdue since {due}"),
            mail=_("{ref}: the report of its delivery was due on {due}"),
        ),
        Step(
            "question",
            _("Questioned by customs"),
            COUNTER,
            says("questioned"),
            told_back,
            QuestionForm,
            mail=_("{ref}: customs has a question"),
            offered=at_the_counter,
            label=_("Question"),
        ),
        Step(
            "reject",
            _("Rejected by customs; nothing is reserved any more"),
            COUNTER,
            says("rejected"),
            told_back,
            RejectForm,
            mail=_("{ref}: rejected by customs"),
            offered=at_the_counter,
            label=_("Reject"),
        ),
        Step(
            "correct",
            with_lines(_("Corrected by customs"), _("Corrected by customs, what crossed: {lines}")),
            COUNTER,
            says("corrected"),
            told_back,
            CorrectForm,
            mail=_("{ref}: customs corrected a clearance"),
            offered=something_cleared,
            label=_("Correct a clearance"),
        ),
        Step("absorb", _("What went beyond the license has room since another shipment was corrected")),
        Step(
            "return",
            with_lines(_("Came back, as customs reported"), _("Came back, as customs reported: {lines}")),
            COUNTER,
            says("returned"),
            told_back,
            ReturnedForm,
            mail=_("{ref}: goods came back"),
            offered=lambda row, actor: row.may_come_back,  # whichever office sees it says so,
            label=_("Goods came back"),
        ),
        Step(
            "answer",
            _("Answered by the ministry"),
            SHIPMENT_DESK,
            officers.answer,
            _("Customs has your answer and goes on."),
            AnswerForm,
            mail=_("{ref}: customs has its answer"),
        ),
        Step(
            "approve_return",
            lambda line: (
                _("What came back was credited, and lapsed: the license can take nothing more")
                if line.facts.get("lapsed")
                else _("What came back is on the license again")
            ),
            SHIPMENT_DESK,
            officers.approve_return,
            _("Approved. The history says what the license has of it."),
            ReturnForm,
            mail=lambda line: (
                _("{ref}: what came back was credited, and lapsed")
                if line.facts.get("lapsed")
                else _("{ref}: what came back is on the license again")
            ),
            offered=lambda row, actor: bool(row.waiting) and not row.license.not_to_credit(legal_today()),
            label=_("Give it back to the license"),
        ),
        Step(
            "decline_return",
            _("What came back is not given back to the license"),
            SHIPMENT_DESK,
            officers.decline_return,
            _("Declined with your reason. The return stays on record."),
            ReturnForm,
            mail=_("{ref}: what came back is not given back to the license"),
            offered=lambda row, actor: bool(row.waiting),
            label=_("Do not give it back"),
        ),
        Step(
            "close_out",
            _("Closed out by the ministry; nothing is reserved any more"),
            SHIPMENT_DESK,
            officers.close_out,
            _("Closed out. What was still reserved is free again."),
            CloseOutForm,
            mail=_("{ref}: closed out by the ministry"),
        ),
    ],
    holder=told_of_shipment,
)

register(
    "shipments",
    "incident",
    [
        Step(
            "take",
            _("Taken by an officer"),
            INCIDENT_DESK,
            incidents.take,
            _("The incident is yours."),
            offered=lambda row, actor: not row.handling.not_to_take(actor.user),
            label=_("Take this incident"),
        ),
        Step(
            "note",
            _("Noted"),
            INCIDENT_DESK,
            incidents.note,
            _("Your note is kept."),
            NoteForm,
            offered=lambda row, actor: not row.handling.not_to_follow(),
            label=_("Add a note"),
        ),
        Step(
            "end",
            _("Ended"),
            INCIDENT_DESK,
            incidents.end,
            _("Ended with your reason."),
            ReasonForm,
            offered=lambda row, actor: not row.handling.not_to_end(actor.user),
            label=_("End this incident"),
        ),
    ],
)


def _active(row: Qualification, actor: Actor) -> bool:
    return bool(row.exporter.acts)


def _some_wait(row: Qualification, actor: Actor) -> bool:
    return bool(row.waiting)


register(
    "shipments",
    "exporter",
    [
        Step(
            "close",
            _("Account closed by the company"),
            ACCOUNT,
            closing.close,
            _("Closed. Everything stays here to be read."),
            CloseForm,
            mail=_("Your company’s account is closed"),
        )
    ],
    holder=company,
)


def lapsed(line: HistoryLine) -> str:
    if "order" in line.facts:
        return gettext("Qualification for annual licenses lapsed: order {order} stopped the company’s account")
    if "license" in line.facts:
        return gettext("Qualification for annual licenses lapsed: license {license} was revoked as a penalty")
    if "shipment" not in line.facts:
        return gettext("Qualification for annual licenses lapsed")
    return gettext(
        "Qualification for annual licenses lapsed: the delivery of {shipment} should have been reported more than "
        "{days} days ago"
    ).replace("{days}", str(LATE_DAYS))


def lapsed_then(line: HistoryLine) -> str:
    """Of one that was cut short the day of that: until then it was good on that day, too."""
    if cut_short(line):
        words = gettext("Your company’s qualification for annual licenses lapsed on {day}")
        return words.format(day=day(legal_day(line.at)))
    return gettext("Your company’s qualification for annual licenses lapsed after {until}")


register(
    "shipments",
    "qualification",
    [
        Step(
            "ask",
            _("Annual channel asked for"),
            COMPANY,
            qualifications.ask,
            _("Asked for, with the test as it stands today. The ministry answers; you get a mail."),
        ),
        Step(
            "file_audit",
            _("Compliance program with its audit handed in"),
            COMPANY,
            qualifications.file_audit,
            _("Kept. From now on this audit counts."),
            AuditForm,
            offered=_active,
            label=_("Hand in the compliance program"),
        ),
        Step(
            "file_record",
            _("Record on paper of earlier clearances handed in: {number}"),
            COMPANY,
            qualifications.file_record,
            _("Kept. It counts when an officer has accepted it; you get a mail."),
            RecordForm,
            offered=_active,
            label=_("Hand in a record on paper"),
        ),
        Step(
            "accept_record",
            _("Record on paper accepted: {number}"),
            COMPANY_DESK,
            qualifications.accept_record,
            _("Accepted: its clearances count."),
            RecordAnswerForm,
            mail=_("Your record on paper was accepted"),
            offered=_some_wait,
            label=_("Accept a record on paper"),
        ),
        Step(
            "refuse_record",
            _("Record on paper refused: {number}"),
            COMPANY_DESK,
            qualifications.refuse_record,
            _("Refused with your reason."),
            RecordAnswerForm,
            mail=_("Your record on paper was refused"),
            offered=_some_wait,
            label=_("Refuse a record on paper"),
        ),
        Step(
            "grant",
            _("Qualified for annual licenses by the ministry"),
            COMPANY_DESK,
            qualifications.grant,
            _("Granted: the company may file for annual licenses."),
            PapersForm,
            mail=_("Your company may file for annual licenses until {until}"),
        ),
        Step(
            "decline",
            _("Annual channel declined by the ministry"),
            COMPANY_DESK,
            qualifications.decline,
            _("Declined with your reason. The company may ask again."),
            DeclineForm,
            mail=_("Your company was not qualified for annual licenses"),
        ),
        Step(
            "renew",
            _("Qualification for annual licenses renewed by the ministry"),
            COMPANY_DESK,
            qualifications.renew,
            filled(_("Renewed for {months} months from its last day."), months="exporters.models.GRANTED_MONTHS"),
            PapersForm,
            mail=_("Your company may go on to file for annual licenses, until {until}"),
        ),
        Step(
            "lapse",
            lapsed,
            mail=lapsed_then,
        ),
    ],
    holder=company,
)


def visited(line: HistoryLine) -> str:
    """Kind, day and outcome; what was found is the officers'."""
    said = {"kind": VisitKind(line.facts["kind"]).label, "outcome": VisitOutcome(line.facts["outcome"]).label}
    on = day(date.fromisoformat(line.facts["made_on"]))
    return str(_("{kind} on {day}: {outcome}")).format(**said, day=on)


register(
    "shipments",
    "license",
    [
        Step(
            "record_visit",
            visited,
            LICENSE_DESK,
            visits.record_visit,
            _("Recorded. Nothing else has changed."),
            VisitForm,
            offered=lambda license, actor: True,
            label=_("Record a check or visit"),
        )
    ],
)
