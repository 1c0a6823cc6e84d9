"""Who sees which shipments."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum

from core.access import Actor, visibility
from core.history import lines_of
from core.idempotency import REFUSED
from core.legal_time import LegalNow, legal_day
from core.models import HistoryLine
from core.selectors import reaches_documents
from exporters.selectors import of_company, of_ministry, of_province, seen_at_the_border
from licensing.models import License, LicenseEndUser, Obstacle, Suspension
from licensing.selectors import (
    LAWFUL,
    TOO_LATE,
    Reason,
    Taken,
    counts_clearances,
    fate_of_lines,
    reasons,
    stopped,
)
from licensing.selectors.movements import finds_sent, names_reserved_for, tells_goods
from licensing.selectors.what_if import reads_reserved
from licensing.states import ENDS_BY_SOMEBODY
from shipments.models import (
    Bulk,
    BulkRow,
    CustomsMessage,
    Handling,
    Incident,
    Resolution,
    Sheet,
    Shipment,
    ShipmentLine,
)
from shipments.states import NOTHING_CROSSED, OPEN_SHIPMENT, RELEASED, ShipmentState


def shipments_for(actor: Actor) -> QuerySet[Shipment]:
    """An exporter's own; officers those of their province, customs all."""
    rows = Shipment.objects.select_related("license", "end_user", "consignee", "exporter__organization")
    return seen_at_the_border(actor, rows, "desk.license")


def bulks_for(actor: Actor) -> QuerySet[Bulk]:
    """A company's own; nobody else's business: what came of them are shipments."""
    return of_company(Bulk.objects.all(), actor)


def sheets_for(actor: Actor) -> QuerySet[Sheet]:
    """A company's own files, without their content."""
    return of_company(Sheet.objects.defer("content"), actor)


def bulks_to_work() -> list[int]:
    """Those of which something is left to be booked and may be tried now, the oldest first."""
    left = Exists(BulkRow.objects.filter(bulk=OuterRef("pk"), status=None))
    due = Q(again_at=None) | Q(again_at__lte=LegalNow())
    rows = Bulk.objects.filter(left, due, cancelled_at=None, stopped_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def progress(bulk: Bulk) -> dict[str, int]:
    """How many rows it has, how many of them have an outcome, and how many of these are booked.

    By those that are left and those that were refused, which indexes know: whoever follows it asks again and again.
    """
    of = BulkRow.objects.filter(bulk=OuterRef("pk"))
    last = of.order_by("-number").values("number")[:1]
    left, refused = (
        of.filter(which).order_by().values("bulk").annotate(many=Count("pk")).values("many")
        for which in (Q(status=None), Q(status__gte=REFUSED))
    )
    asked = Bulk.objects.values_list(Subquery(last), Subquery(left), Subquery(refused))
    rows, open_, not_booked = (number or 0 for number in asked.get(pk=bulk.pk))
    return {"rows": rows, "done": rows - open_, "booked": rows - open_ - not_booked}


def with_lines(rows: QuerySet[Shipment]) -> QuerySet[Shipment]:
    """Each with its lines, whether it has incidents (`strange`), and whether somebody closed its license, or its
    end-user there (`closed`). What the rules close is read of them, not of turns."""
    by_somebody = Suspension.by_somebody(OuterRef("end_user"))
    causes = Suspension.objects.filter(by_somebody, license=OuterRef("license"), ended_at=None)
    incidents = Incident.objects.filter(shipment=OuterRef("pk"))
    return rows.prefetch_related("lines").annotate(closed=Exists(causes), strange=Exists(incidents))


def latest_of(license: License, actor: Actor, most: int) -> list[Shipment]:
    """Of the license, which has its end-users, the newest that the actor sees, each as `with_lines`. Nothing that the
    license has is read again."""
    parties = {user.party_id: user.party for user in license.end_users.all()}
    found = list(with_lines(shipments_for(actor).filter(license=license)).select_related(None)[:most])
    for row in found:
        row.license, row.end_user = license, parties[row.end_user_id]
    return found


@dataclass(frozen=True)
class UnderWay:
    """Open shipments of a license in one of two kinds: how many, the first of them, and what they hold by line.

    declared: customs has them already, so that they are cleared as usual whatever becomes of the license.
    """

    declared: bool
    many: int
    refs: list[str]
    held: list[tuple[int, int, str]]  # number of the line, quantity, unit


def under_way(license: License, most: int = 10) -> list[UnderWay]:
    """What is declared, and what is only reserved; nothing of a kind of which there is none. Two queries each,
    and one."""
    rows = Shipment.objects.filter(license=license, state__in=OPEN_SHIPMENT).order_by("pk")
    only_reserved = Q(state=ShipmentState.RESERVED)
    found = []
    counts = rows.order_by().aggregate(reserved=Count("pk", filter=only_reserved), all=Count("pk"))
    for declared, many in ((True, counts["all"] - counts["reserved"]), (False, counts["reserved"])):
        if many:
            some = rows.exclude(only_reserved) if declared else rows.filter(only_reserved)
            lines = some.order_by("lines__line_number").values("lines__line_number", "lines__unit")
            held = lines.annotate(held=Sum("lines__held")).values_list("lines__line_number", "held", "lines__unit")
            found.append(UnderWay(declared, many, list(some.values_list("ref", flat=True)[:most]), list(held)))
    return found


@dataclass(frozen=True)
class Goods:
    """Of one unit: what is left on some licenses, what is only reserved and what customs has, each with its number of
    shipments."""

    unit: str
    left: int
    reserved: int = 0
    reservations: int = 0
    declared: int = 0
    declarations: int = 0


HELD = ("reserved", "reserved_in", "declared", "declared_in")


@tells_goods
def goods_of(licenses: Collection[License], users: Collection[LicenseEndUser] = ()) -> list[Goods]:
    """Of these licenses (with balances), unit by unit; what is under way on those that they replaced is stopped with
    them. Of the licenses of these end-users, where some are given, what is theirs alone. One query, and one for each
    license in a row that was replaced."""
    whom: dict[int, list[LicenseEndUser]] = {}
    for user in users:
        whom.setdefault(user.license_id, []).append(user)
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * (1 + len(HELD)))
    for line in (line for one in licenses for line in one.lines.all()):
        if line.license_id not in whom or any(line.is_for(user) for user in whom[line.license_id]):
            sums[line.unit][0] += line.available
    chains = _with_those_before(licenses)
    only_reserved = Q(state=ShipmentState.RESERVED)
    rows = Shipment.objects.filter(license__in=chains, state__in=OPEN_SHIPMENT).order_by()
    held = rows.values("license", "end_user", "lines__unit").annotate(
        reserved=Sum("lines__held", filter=only_reserved, default=0),
        reserved_in=Count("pk", filter=only_reserved, distinct=True),
        declared=Sum("lines__held", filter=~only_reserved, default=0),
        declared_in=Count("pk", filter=~only_reserved, distinct=True),
    )
    for on, party, unit, *amounts in held.values_list("license", "end_user", "lines__unit", *HELD):
        if any(pk not in whom or party in {user.party_id for user in whom[pk]} for pk in chains[on]):
            sums[unit][1:] = [one + more for one, more in zip(sums[unit][1:], amounts, strict=True)]
    return [Goods(unit, *amounts) for unit, amounts in sorted(sums.items())]


@names_reserved_for
def reserved_for(licenses: Iterable[License]) -> dict[tuple[int, int], list[str]]:
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    open_ones = {"shipment__license__in": licenses, "shipment__state__in": OPEN_SHIPMENT}
    rows = ShipmentLine.objects.filter(**open_ones, held__gt=0).order_by("shipment_id")
    for license, number, ref in rows.values_list("shipment__license", "line_number", "shipment__ref"):
        found[license, number].append(ref)
    return found


@finds_sent
def sent(items: QuerySet[Any] | None, destination: str) -> QuerySet[Shipment]:
    rows = Shipment.objects.filter(license=OuterRef("license"), end_user=OuterRef("party"), state__in=OPEN_SHIPMENT)
    if items is not None:
        of_it = {"license__lines__number": F("lines__line_number"), "license__lines__control_item__in": items}
        rows = rows.filter(**of_it)
    return rows.filter(destination=destination) if destination else rows


def _with_those_before(licenses: Collection[License]) -> dict[int, set[int]]:
    """Each of these, and each whose place they took, with those of them that it is, or stands before."""
    found = {one.pk: {one.pk} for one in licenses}
    steps = [(one.pk, one.replaces_id) for one in licenses if one.replaces_id]
    while steps:
        for pk, before in steps:
            found.setdefault(before, set()).update(found[pk])
        rows = License.objects.filter(pk__in=[before for _pk, before in steps]).order_by()
        steps = [(pk, before) for pk, before in rows.values_list("pk", "replaces") if before]
    return found


def with_corrections(rows: QuerySet[Shipment]) -> QuerySet[Shipment]:
    """Each with what customs corrected (`corrected`), and what came back."""
    corrections = CustomsMessage.objects.filter(event="corrected").select_related("corrects")
    return rows.prefetch_related(
        Prefetch("messages", corrections.prefetch_related("resolutions__line"), to_attr="corrected"),
        "returns__message",
        "returns__lines__line",
    )


def clearances(shipment: Shipment) -> list[CustomsMessage]:
    """What customs cleared of it, the oldest first, each with `stands`: what it comes to on each line, as corrected so
    far. Two queries."""
    rows = {row.pk: row for row in shipment.messages.filter(event="cleared")}
    for row in rows.values():
        row.stands = {}
    of_them = Q(message__in=rows) | Q(message__corrects__in=rows)
    for one in Resolution.objects.filter(of_them).select_related("line", "message"):
        rows[one.message.corrects_id or one.message_id].stands[one.line.line_number] = one
    return list(rows.values())


@dataclass(frozen=True)
class Question:
    """What customs asked of a shipment, and what the ministry answered, if it did."""

    text: str
    asked_at: datetime
    answer: str = ""
    answered_at: datetime | None = None


def with_questions(rows: Iterable[Shipment]) -> list[Shipment]:
    """Each with `questions`, the oldest first. One query."""
    found = list(rows)
    for row in found:
        row.questions = []
    by_pk = {row.pk: row for row in found}
    lines = HistoryLine.objects.filter(
        subject_kind="shipment", subject_id__in=by_pk, verb__in=["question", "answer"]
    ).order_by("subject_id", "seq")
    for line in lines:
        asked = by_pk[line.subject_id].questions
        if line.verb == "question":
            asked.append(Question(line.reason, line.at))
        else:  # answers what is open, once and for all
            asked[:] = [
                one if one.answered_at else Question(one.text, one.asked_at, line.reason, line.at) for one in asked
            ]
    return found


def questioned(actor: Actor) -> QuerySet[Shipment]:
    """What customs holds until the ministry answers, the longest held first."""
    return shipments_for(actor).filter(state=ShipmentState.QUESTIONED).order_by("declared_at", "pk")


def with_holds(rows: Iterable[Shipment], at: datetime) -> list[Shipment]:
    """Of `with_lines`, each with `stopped`: whether a reservation like it would meet a closed license or end-user, a
    rule or a hold at that instant, though no worker came by; and the `report` that is owed. Two queries where some are
    open."""
    found, today = list(rows), legal_day(at)
    asked = {row.pk: _taken(row) for row in found if row.state in OPEN_SHIPMENT}
    ruled_out = stopped(asked, at) if asked else set()
    for row in found:
        obstacle = row.license.obstacle_on(today)
        if obstacle == Obstacle.REPLACED:  # of what is reserved there its successor says
            obstacle = Obstacle.OVER if _too_late(row, at) else None
        ended = obstacle is not None and obstacle.ends
        row.stopped = row.closed or ended or row.pk in ruled_out
        row.report = row.report_on(today)
    return found


def _taken(row: Shipment) -> Taken:
    return Taken(row.license, row.end_user_id, row.destination, [line.line_number for line in row.lines.all()])


def _too_late(row: Shipment, at: datetime) -> bool:
    if row.state != ShipmentState.RESERVED:
        return row.license.past_on(legal_day(at))
    closed = Incident.Kind.LICENSE_NOT_USABLE in opened_by_declaration(row.license, row, at)
    return closed or fate_by_rules(row, at)[0] == TOO_LATE


def reasons_on_hold(row: Shipment, at: datetime) -> list[Reason]:
    """Of one of `with_holds`: why it is on hold at that instant."""
    return reasons(_taken(row), row.end_user.name, at) if row.on_hold else []


def fate_if_declared(row: Shipment, at: datetime) -> tuple[str, datetime | None]:
    """What customs' declaration of it at that instant would be: lawful, in a grace (until when), or too late (from when
    on not, where that is known).

    Of what is reserved and no more; what was declared already is judged by its own instant.
    """
    if row.state != ShipmentState.RESERVED:
        return LAWFUL, None
    return (TOO_LATE, None) if opened_by_declaration(row.license, row, at) else fate_by_rules(row, at)


def fate_by_rules(row: Shipment, at: datetime) -> tuple[str, datetime | None]:
    """The same of what was reserved by the rules alone, whatever became of it and of its license."""
    lines = [line.line_number for line in row.lines.all()]
    reserved = {"reserved_at": row.created_at, "at": at}
    return fate_of_lines(row.license, row.end_user_id, row.destination, lines, **reserved)


def opened_by_declaration(license: License, row: Shipment, moment: datetime) -> list[Incident.Kind]:
    """Which incidents a declaration of it at that moment opens, as license or reservation was not usable then; none
    where it is lawful. Of its goods the rules say more (fate_by_rules).

    Its caller has the license and what took its place locked, or asks of now for a page.
    """
    kinds = []
    whole = license.and_after()  # what closes the one that took its place closes what is reserved on it, too
    closes = Suspension.objects.filter(Suspension.by_somebody(row.end_user_id), license__in=whole)
    suspended = any(
        cause.opened_at <= moment and (cause.ended_at is None or moment < cause.ended_at) for cause in closes
    )
    turns = lines_of(license).filter(verb__in=["exhaust", "reopen", *ENDS_BY_SOMEBODY], at__lte=moment)
    ended = turns.values_list("verb", flat=True).last() in ("exhaust", *ENDS_BY_SOMEBODY)
    ended = ended or _revoked_after(whole[1:], moment)
    if suspended or ended or not license.covers(legal_day(moment)):
        kinds.append(Incident.Kind.LICENSE_NOT_USABLE)
    gone = lines_of(row).filter(to_state__in=RELEASED).order_by("seq").last()  # released once, if ever
    waiting = row.state in (ShipmentState.RESERVED, ShipmentState.EXPIRED)  # whether a sweep came by or not
    if gone and gone.at <= moment or waiting and row.past_on(legal_day(moment)):
        kinds.append(Incident.Kind.RESERVATION_GONE)
    return kinds


def _revoked_after(licenses: Iterable[License], moment: datetime) -> bool:
    """The ministry had ended what took the place of a license: what is reserved on it ended with that."""
    return any(lines_of(one).filter(verb="revoke", at__lte=moment).exists() for one in licenses)


LOOKED_AT = {
    *("clear", "lapse", "question", "answer", "reject", "close_out"),
    *("correct", "absorb", "return", "approve_return", "decline_return"),
}


def _looked_at() -> QuerySet[HistoryLine]:
    return HistoryLine.objects.filter(subject_kind="shipment", verb__in=LOOKED_AT)


def lately(actor: Actor, since: datetime) -> QuerySet[Shipment]:
    """The exporter's own shipments to which customs or an officer did something, or that lapsed, since then."""
    own = of_company(Shipment.objects.all(), actor)
    lines = _looked_at().filter(subject_id__in=own.order_by().values("pk"), at__gte=since)
    return own.filter(pk__in=lines.values("subject_id"))


def with_last(rows: QuerySet[Shipment]) -> QuerySet[Shipment]:
    """Each with what was done to it last (`last_verb`, `last_at`, `last_reason`), and of its incidents that have not
    ended the kind and the instant, the newest first."""
    lines = _looked_at().filter(subject_id=OuterRef("pk")).order_by("-at", "-pk")
    incidents = Incident.objects.filter(shipment=OuterRef("pk"), handling__ended_at=None).order_by("-pk")
    return rows.annotate(
        **{f"last_{name}": Subquery(lines.values(name)[:1]) for name in ("verb", "at", "reason")},
        incident_kinds=ArraySubquery(incidents.values("kind")),
        incident_times=ArraySubquery(incidents.values("opened_at")),
    )


def strange_lately(actor: Actor, since: datetime) -> QuerySet[Shipment]:
    """The exporter's own shipments of which customs reported something since then that does not fit, and that has not
    ended; the last first."""
    own = of_company(Shipment.objects.all(), actor)
    own = own.filter(incidents__opened_at__gte=since, incidents__handling__ended_at=None)
    return own.annotate(last_incident=Max("incidents")).order_by("-last_incident")


def reservations_past(today: date, limit: int) -> list[int]:
    """Reservations whose last day is over."""
    rows = Shipment.objects.filter(Shipment.lapsing_on(today))
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def long_unreported(exporter: int, today: date) -> QuerySet[Shipment]:
    """Of the company, for longer than it may reserve anything new; what is due longest comes first."""
    rows = Shipment.objects.filter(Shipment.barring_on(today), exporter=exporter)
    return rows.order_by("report_due_on", "pk")


def reports_of(license: License, today: date) -> dict[str, Any]:
    """Of its shipments of which a report is `asked`: how many are `reported`, `proved` by a file, `due` (the next of
    them `next_on`) and `late`; and of how many it may be asked still, as they are `open`. No query where the license
    asks for none."""
    if license.report_days is None:
        return {}
    due, late = Shipment.in_time_on(today), Shipment.overdue_on(today)
    asked, may_be = Q(report_due_on__isnull=False), Q(state__in=OPEN_SHIPMENT)
    return Shipment.objects.filter(asked | may_be, license=license).aggregate(
        asked=Count("pk", filter=asked),
        reported=Count("pk", filter=Q(state=ShipmentState.DELIVERED)),
        proved=Count("delivery_proof"),
        due=Count("pk", filter=due),
        next_on=Min("report_due_on", filter=due),
        late=Count("pk", filter=late),
        open=Count("pk", filter=may_be),
    )


def overdue_reports(actor: Actor, today: date) -> QuerySet[Shipment]:
    """What an officer sees of them."""
    if not actor.may("desk.reports", "GET"):
        return Shipment.objects.none()
    return shipments_for(actor).filter(Shipment.overdue_on(today))


def reports_to_warn_of(today: date, limit: int) -> list[int]:
    """Shipments whose report is due soon, or overdue, and whose holder was not told so."""
    lines = HistoryLine.objects.filter(subject_kind="shipment", subject_id=OuterRef("pk"))
    untold = Q(~Exists(lines.filter(verb="report_due"))) & Shipment.in_time_on(today)
    untold |= Q(~Exists(lines.filter(verb="report_overdue"))) & Shipment.overdue_on(today)
    rows = Shipment.objects.filter(untold, Shipment.due_soon_on(today))
    return list(rows.order_by("report_due_on", "pk").values_list("pk", flat=True)[:limit])


@counts_clearances
def clearances_counted(licenses: Collection[int]) -> dict[int, tuple[int, int]]:
    """As the ledger counts them where they are limited: from the reservation on, until that was given back, and what
    customs cleared. Read of an index alone, which has no primary key, however much was moved."""
    counted = Shipment.objects.filter(license__in=licenses, counted=True).order_by()
    rows = counted.values("license").annotate(
        taken=Count("*"), used=Count("state", filter=~Q(state__in=NOTHING_CROSSED))
    )
    return {one["license"]: (one["taken"], one["used"]) for one in rows}


@reads_reserved
def reserved() -> QuerySet[Shipment]:
    """What a what-if asks about: nothing of them was declared yet."""
    return Shipment.objects.filter(state=ShipmentState.RESERVED).prefetch_related("lines")


def incidents_for(actor: Actor) -> QuerySet[Incident]:
    rows = Incident.objects.select_related("shipment__license", "handling__owner")
    return of_province(of_ministry(rows, actor, "desk.license"), actor, "shipment__exporter__province")


def handlings_for(actor: Actor) -> QuerySet[Handling]:
    return Handling.objects.filter(incident__in=incidents_for(actor))


def incidents_in(rows: QuerySet[Incident], actor: Actor, view: str) -> QuerySet[Incident]:
    """Of these incidents the actor's open ones, everybody's open ones, or all."""
    if view == "all":
        return rows
    rows = rows.filter(handling__ended_at=None)
    return rows.filter(handling__owner_id=actor.user.pk) if view == "mine" else rows


@visibility("shipment")
def shipment_visible(actor: Actor, ref: str) -> bool:
    return shipments_for(actor).filter(ref=ref).exists()


@visibility("bulk")
def bulk_visible(actor: Actor, ref: str) -> bool:
    return bulks_for(actor).filter(ref=ref).exists()


@visibility("sheet")
def sheet_visible(actor: Actor, ref: str) -> bool:
    return sheets_for(actor).filter(ref=ref).exists()


@visibility("incident")
def incident_visible(actor: Actor, ref: str) -> bool:
    return incidents_for(actor).filter(ref=ref).exists()


@reaches_documents
def delivery_proofs(actor: Actor) -> QuerySet[Shipment, int | None]:
    rows = shipments_for(actor).filter(delivery_proof__isnull=False)
    return rows.order_by().values_list("delivery_proof_id", flat=True)
