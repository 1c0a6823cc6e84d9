"""What the holder reports of a shipment that customs cleared, and what the clock says of reports that are owed."""

from datetime import date

from django.utils.translation import gettext as _

from core.access import Actor
from core.actions import keep_file
from core.command import command
from core.errors import Invalid, Problem
from core.files import PROOF
from core.history import lines_of, move, record, require
from core.legal_time import legal_day, legal_now
from core.locks import lock
from core.templatetags.lodestone import day
from shipments.models import Shipment
from shipments.selectors import shipments_for

FILE_KINDS = PROOF  # of the files that its verbs take


@command
def depart(ref: str, *, departed_on: date, by: Actor) -> Shipment:
    """The goods have left, on this day: not before they were cleared, and not after today. Raises Invalid."""
    row = lock(shipments_for(by), ref=ref)
    require(row.depart, by=by)
    at = legal_now()
    assert row.cleared_at is not None, "what is cleared has its instant"
    _require_between("departed_on", legal_day(row.cleared_at), departed_on, legal_day(at))
    move(row.depart, by=by, at=at, facts={"on": departed_on.isoformat()}, departed_on=departed_on)
    return row


@command
def deliver(ref: str, *, delivered_on: date, proof: tuple[str, bytes] | None = None, by: Actor) -> Shipment:
    """The goods are with their consignee since this day: not before they left, and not after today.

    proof: a file by its name and content. Raises Invalid, also where a condition asks for one and there is none.
    """
    row = lock(shipments_for(by), ref=ref)
    require(row.deliver, by=by)
    at = legal_now()
    assert row.departed_on is not None, "PostgreSQL holds that"
    _require_between("delivered_on", row.departed_on, delivered_on, legal_day(at))
    if proof is None and row.license.asks_proof:
        message = _("A condition of the license asks for a proof of each delivery. Add it as {kinds}.")
        raise Invalid([Problem("/proof", "required", message.format(kinds=FILE_KINDS))])
    document = keep_file(*proof, field="proof", by=by, kinds=FILE_KINDS, at=at) if proof else None
    facts = {"on": delivered_on.isoformat()}
    move(row.deliver, by=by, at=at, facts=facts, delivered_on=delivered_on, delivery_proof=document)
    return row


def _require_between(field: str, first: date, on: date, today: date) -> None:
    if on > today:
        message = _("This day is still to come. Report it when it is there.")
    elif on < first:
        message = _("This can't be before {day}. Look at the day again.").format(day=day(first))
    else:
        return
    raise Invalid([Problem(f"/{field}", "date-out-of-range", message)])


@command
def warn_of_report(pk: int, *, by: Actor) -> str | None:
    """The holder was written to once when the report of a delivery was due within 7 days, and once when it was overdue.

    Returns what was told, or None. May run twice, late or never.
    """
    row = lock(Shipment.objects.all(), pk=pk)
    at = legal_now()
    report = row.report_on(legal_day(at))
    if report is None or not report.soon:
        return None
    told = "report_overdue" if report.overdue else "report_due"
    if lines_of(row).filter(verb=told).exists():
        return None
    record(row, told, by=by, at=at, facts={"due": report.due_on.isoformat()})
    return told
