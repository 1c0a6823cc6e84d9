"""Shipments, what customs said of them, and what did not fit."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from core.decided import filled
from core.errors import DomainError, Forbidden, WrongState
from core.graphs import guarded
from core.guards import door, insert_only, rights
from core.idempotency import REFUSED
from core.legal_time import legal_day
from core.models import Document, Organization, User
from core.models.idempotency import KEY_LONGEST
from core.models.people import COUNTRY_LENGTH
from core.quantities import CURRENCY_LENGTH, UNIT_LONGEST, show
from core.references import REFERENCE_LONGEST
from core.templatetags.lodestone import instant
from exporters import rules as exporter_rules
from exporters.models import Exporter, Party
from licensing.models import License
from licensing.models.applications import PORT_LENGTH
from licensing.models.lists import GOODS_CODE_LONG
from licensing.prices import WORTH_PLACES
from shipments import rules
from shipments.states import CLEARED_IN, CROSSED, OPEN_SHIPMENT, RELEASED, UNREPORTED
from shipments.states import ShipmentState as S

RESERVED_DAYS = 30  # that a reservation holds after its planned day; no longer than its license: shipment_lasts()
REMINDER_DAYS = 7  # before the last day on which to report a delivery its holder is told
LATE_DAYS = 30  # a report that is overdue for longer stops reservations, and ends the annual qualification
CLIENT_REFERENCE_LONGEST = 64
DECLARATION_SHORTEST, DECLARATION_LONGEST = 9, 18
DECLARATION_PATTERN = f"[0-9A-Z]{{{DECLARATION_SHORTEST},{DECLARATION_LONGEST}}}"  # of the number of a declaration
DECLARATION_WORDS = filled(
    _("{least} to {most} digits or capitals."),
    least="shipments.models.DECLARATION_SHORTEST",
    most="shipments.models.DECLARATION_LONGEST",
)
MESSAGE_LONGEST = 80
MESSAGE_PATTERN = rf"[\x21-\x7e]{{1,{MESSAGE_LONGEST}}}"  # of what customs call a message
MESSAGE_WORDS = filled(_("1 to {most} visible ASCII characters."), most="shipments.models.MESSAGE_LONGEST")


@dataclass(frozen=True)
class OwedReport:
    """How the report of a delivery that is owed stands on a day."""

    due_on: date
    days_late: int  # 0 or less while it is not overdue

    @property
    def soon(self) -> bool:
        """It is due within the days of a reminder, or overdue: `due_soon_on` of many."""
        return self.days_late >= -REMINDER_DAYS

    @property
    def overdue(self) -> bool:
        """Its last day is over: `overdue_on` of many."""
        return self.days_late > 0

    @property
    def bars(self) -> bool:
        """It is so late that nothing new is reserved: `barring_on` of many."""
        return self.days_late > LATE_DAYS


@door("shipment_lapse(integer,bigint,boolean)")
@door("shipment_pools(bigint)")
@door("shipment_reserve(jsonb,boolean,jsonb)")
@door("shipment_reserve_many(jsonb)")
@door("shipment_settle(jsonb)")
@door("shipment_correct(jsonb)")
@door("shipment_credit(jsonb)")
@guarded(initial=S.RESERVED)
class Shipment(FSMModelMixin, models.Model):
    """Goods on one license, reserved the moment they are accepted, cleared by customs."""

    PREFIX = "SH"

    ref = models.CharField(max_length=REFERENCE_LONGEST, unique=True)
    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="shipments", db_index=False)
    license = models.ForeignKey(License, on_delete=models.PROTECT, related_name="shipments", db_index=False)
    client_reference = models.CharField(max_length=CLIENT_REFERENCE_LONGEST)
    state = FSMField(choices=S, default=S.RESERVED, protected=True, editable=False)
    end_user = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    consignee = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    destination = models.CharField(max_length=COUNTRY_LENGTH)
    port = models.CharField(max_length=PORT_LENGTH)
    planned_on = models.DateField()
    reserved_until = models.DateField()
    final = models.BooleanField(default=False)
    declaration_no = models.CharField(max_length=DECLARATION_LONGEST, blank=True)
    declared_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    report_due_on = models.DateField(
        null=True, blank=True, help_text="The last day on which to report its delivery, if anybody asks for that."
    )
    departed_on = models.DateField(null=True, blank=True)
    delivered_on = models.DateField(null=True, blank=True)
    delivery_proof = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    counted = models.BooleanField(default=True, help_text="Does it count against the license's number of clearances?")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(name="shipment_client_reference_once", fields=["exporter", "client_reference"]),
            models.CheckConstraint(
                name="shipment_reported_with_its_days",
                condition=~Q(state__in=["departed", "delivered"])
                | Q(departed_on__isnull=False)
                & (Q(state="departed") | Q(delivered_on__isnull=False, delivered_on__gte=F("departed_on"))),
            ),
        ]
        indexes = [
            models.Index(name="shipment_clearance", fields=["license", "counted", "state"]),
            models.Index(name="shipment_questioned", fields=["declared_at"], condition=Q(state="questioned")),
            models.Index(name="shipment_reservation", fields=["reserved_until"], condition=Q(state="reserved")),
            models.Index(
                name="shipment_report_due",
                fields=["report_due_on"],
                condition=Q(state__in=[*UNREPORTED], report_due_on__isnull=False),
            ),
            models.Index(
                name="shipment_report_owed",
                fields=["exporter", "report_due_on"],
                condition=Q(state__in=[*UNREPORTED], report_due_on__isnull=False),
            ),
            models.Index(name="shipment_proven", fields=["delivery_proof"], condition=Q(delivery_proof__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def waiting(self) -> list["Return"]:
        """What came back and waits for an officer; with what `with_corrections` reads, without a query."""
        return [row for row in self.returns.all() if row.decided_at is None]

    @property
    def all_back(self) -> bool:
        """Everything of it that crossed has come back, and nothing more is to cross."""
        return self.none_abroad and self.state in CROSSED

    @property
    def none_abroad(self) -> bool:
        """Everything of it that crossed by now has come back."""
        lines = list(self.lines.all())
        return any(line.returned for line in lines) and not any(line.abroad for line in lines)

    @property
    def crossed(self) -> bool:
        """Something of it did, after all that was corrected."""
        return any(line.crossed for line in self.lines.all())

    @property
    def crossed_as_last(self) -> bool:
        """It said that it is the last of its license, something of it crossed, and nothing more is to.

        What customs clears of one that they had rejected is an incident, and ends nothing.
        """
        return self.final and self.state not in (*OPEN_SHIPMENT, S.REJECTED) and self.crossed

    @property
    def may_come_back(self) -> bool:
        """Something of it that crossed is still abroad, whether more is to cross or not: what happened is booked."""
        return any(line.abroad for line in self.lines.all())

    @property
    def on_hold(self) -> bool:
        """It is open, and its license can't be used for it (WORKFLOWS 2): derived, never a state. An open one is asked
        with what shipments.selectors.with_holds reads."""
        return self.state in OPEN_SHIPMENT and self.stopped

    @property
    def held_back(self) -> bool:
        """It is on hold and not declared yet: what was declared is cleared as usual."""
        return self.on_hold and self.state == S.RESERVED

    def past_on(self, day: date) -> bool:
        """The last day of its reservation is over; the sweep that says so may come later."""
        return day > self.reserved_until

    @staticmethod
    def lapsing_on(day: date) -> Q:
        """Of many the reservations that are `past_on` that day and do not say so yet."""
        return Q(state=S.RESERVED, reserved_until__lt=day)

    @property
    def report_owed_until(self) -> date | None:
        """The last day on which to report its delivery; None where no report is owed, or no more."""
        return self.report_due_on if self.state in UNREPORTED else None

    def report_on(self, day: date) -> OwedReport | None:
        """None where no report is owed."""
        due = self.report_owed_until
        return None if due is None else OwedReport(due, (day - due).days)

    @staticmethod
    def in_time_on(day: date) -> Q:
        """Of many those whose report is owed and not overdue."""
        return Q(state__in=UNREPORTED, report_due_on__gte=day)

    @staticmethod
    def overdue_on(day: date) -> Q:
        return Q(state__in=UNREPORTED, report_due_on__lt=day)

    @classmethod
    def barring_on(cls, day: date) -> Q:
        """Of many those whose report is overdue for longer than reservations, and a qualification, bear."""
        return cls.overdue_on(day - timedelta(days=LATE_DAYS))

    @staticmethod
    def due_soon_on(day: date) -> Q:
        """Of many those whose report is due within the days of a reminder, or overdue."""
        return Q(state__in=UNREPORTED, report_due_on__lte=day + timedelta(days=REMINDER_DAYS))

    @transition(
        field=state,
        source=S.RESERVED,
        target=S.CANCELLED,
        permission=exporter_rules.holder("shipment.cancel"),
        custom={"label": _("Cancel"), "call": "cancel"},
    )
    def cancel(self) -> None: ...

    @transition(
        field=state,
        source=S.RESERVED,
        target=S.EXPIRED,
        permission=exporter_rules.the_clock,
        custom={"label": _("Lapse"), "hidden": True},
    )
    def lapse(self) -> None: ...

    @transition(
        field=state,
        source=[S.RESERVED, *RELEASED],
        target=S.DECLARED,
        permission=rules.customs_may,
        custom={"label": _("Declare"), "hidden": True},
    )
    def declare(self, *, declaration_no: str, declared_at: datetime) -> None:
        self.declaration_no, self.declared_at = declaration_no, declared_at

    @transition(
        field=state,
        source=[*CLEARED_IN],
        target=S.PART_CLEARED,
        permission=rules.customs_may,
        custom={"label": _("Clear a part"), "verb": "clear", "hidden": True},
    )
    def clear_part(self, *, declaration_no: str, declared_at: datetime, cleared_at: datetime) -> None:
        self.declaration_no, self.declared_at, self.cleared_at = declaration_no, declared_at, cleared_at

    @transition(
        field=state,
        source=[*CLEARED_IN],
        target=S.CLEARED,
        permission=rules.customs_may,
        custom={"label": _("Clear"), "hidden": True},
    )
    def clear(self, *, declaration_no: str, declared_at: datetime, cleared_at: datetime) -> None:
        self.declaration_no, self.declared_at, self.cleared_at = declaration_no, declared_at, cleared_at
        self.report_due_on = self._report_due(cleared_at)

    @transition(
        field=state,
        source=S.CLEARED,
        target=S.DEPARTED,
        permission=exporter_rules.holder("shipment.depart"),
        custom={"label": _("Report the departure"), "call": "departure"},
    )
    def depart(self, *, departed_on: date) -> None:
        self.departed_on = departed_on

    @transition(
        field=state,
        source=S.DEPARTED,
        target=S.DELIVERED,
        permission=exporter_rules.holder("shipment.deliver"),
        custom={"label": _("Report the delivery"), "call": "delivery"},
    )
    def deliver(self, *, delivered_on: date, delivery_proof: Document | None) -> None:
        self.delivered_on, self.delivery_proof = delivered_on, delivery_proof

    @transition(
        field=state,
        source=S.DECLARED,
        target=S.QUESTIONED,
        permission=rules.customs_may,
        custom={"label": _("Question"), "hidden": True},
    )
    def question(self) -> None: ...

    @transition(
        field=state,
        source=S.QUESTIONED,
        target=S.DECLARED,
        permission=exporter_rules.officer("shipment.answer"),
        custom={"label": _("Answer customs")},
    )
    def answer(self) -> None: ...

    @transition(
        field=state,
        source=[S.DECLARED, S.QUESTIONED],
        target=S.REJECTED,
        permission=rules.customs_may,
        custom={"label": _("Reject"), "hidden": True},
    )
    def reject(self) -> None: ...

    @transition(
        field=state,
        source=[S.DECLARED, S.QUESTIONED],
        target=S.CANCELLED,
        permission=exporter_rules.officer("shipment.close_out"),
        custom={"label": _("Close out")},
    )
    def close_out(self) -> None: ...

    @transition(
        field=state,
        source=S.PART_CLEARED,
        target=S.CLEARED,
        permission=exporter_rules.officer("shipment.close_out"),
        custom={"label": _("Close out"), "verb": "close_out"},
    )
    def close_out_part(self) -> None:
        self.report_due_on = self._report_due_after_all()

    @transition(
        field=state,
        source=S.PART_CLEARED,
        target=S.RETURNED,
        permission=exporter_rules.officer("shipment.close_out"),
        custom={"label": _("Close out"), "verb": "close_out"},
    )
    def close_out_back(self) -> None: ...

    @transition(
        field=state,
        source=[S.PART_CLEARED, *CROSSED],
        target=None,
        permission=rules.customs_may,
        custom={"label": _("Correct"), "hidden": True},
    )
    def correct(self) -> None:
        if self.state in UNREPORTED:
            self.report_due_on = self._report_due_after_all()

    def _report_due(self, cleared_at: datetime) -> date | None:
        """By when the delivery of what was cleared then is reported; None where nothing asks for it."""
        days = self.license.report_days
        return None if days is None else legal_day(cleared_at) + timedelta(days=days)

    def _report_due_after_all(self) -> date | None:
        """Of goods that did not cross after all nobody reports a delivery."""
        return self._report_due(self.cleared_at) if self.crossed and self.cleared_at else None

    @transition(
        field=state,
        source=[*CROSSED],
        target=S.RETURNED,
        permission=rules.customs_may,
        custom={"label": _("Come back"), "verb": "return", "hidden": True},
    )
    def come_back(self) -> None: ...


@rights("SELECT", "UPDATE(returned)")
class ShipmentLine(models.Model):
    """What a shipment takes of one license line, in base units: planned, still held, drawn, released, beyond; how much
    of that came back, and was credited to the license."""

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="lines", db_index=False)
    line_number = models.PositiveSmallIntegerField()
    quantity = models.BigIntegerField()
    unit = models.CharField(max_length=UNIT_LONGEST)
    hs_code = models.CharField(max_length=GOODS_CODE_LONG, blank=True)
    value = models.DecimalField(max_digits=18, decimal_places=WORTH_PLACES, null=True, blank=True)
    currency = models.CharField(max_length=CURRENCY_LENGTH, blank=True)
    worth = models.BigIntegerField(default=0, db_default=0, help_text="Hundredths reserved of a capped value.")
    worth_held = models.BigIntegerField(default=0, db_default=0)
    worth_drawn = models.BigIntegerField(default=0, db_default=0)
    composition = models.JSONField(default=dict, blank=True, help_text="As stated: {symbol: fraction}.")
    contents = models.JSONField(
        default=dict,
        db_default={},
        help_text="What of it counts: {symbol: {share, basis}}, where something was stated.",
    )
    held = models.BigIntegerField()
    drawn = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)
    over_cleared = models.BigIntegerField(default=0)
    returned = models.BigIntegerField(default=0, db_default=0)
    credited = models.BigIntegerField(default=0, db_default=0)
    added = models.BooleanField(db_default=False, help_text="It crossed, and was never reserved.")

    class Meta:
        ordering = ["shipment", "line_number"]
        constraints = [
            models.UniqueConstraint(name="shipment_line_once", fields=["shipment", "line_number"]),
            models.CheckConstraint(
                name="shipment_line_not_negative",
                condition=Q(quantity__gt=0, held__gte=0, drawn__gte=0, released__gte=0, over_cleared__gte=0),
            ),
            models.CheckConstraint(
                name="shipment_line_worth", condition=Q(worth__gte=0, worth_held__gte=0, worth_drawn__gte=0)
            ),
            models.CheckConstraint(
                name="shipment_line_returned_crossed",
                condition=Q(returned__gte=0, returned__lte=F("drawn") + F("over_cleared")),
            ),
            models.CheckConstraint(
                name="shipment_line_credited_returned",
                condition=Q(credited__gte=0, credited__lte=F("returned")) & Q(credited__lte=F("drawn")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shipment} line {self.line_number}"

    @property
    def crossed(self) -> int:
        return self.drawn + self.over_cleared

    @property
    def abroad(self) -> int:
        """What crossed and has not come back."""
        return self.crossed - self.returned


@insert_only
class CustomsDeclaration(models.Model):
    """A customs declaration of a shipment: its number once for ever, judged once, by the moment it was declared.

    lawful: license and reservation were usable then. Which lines the rules forbade is read from the verdicts.
    """

    number = models.CharField(max_length=DECLARATION_LONGEST, unique=True)
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="declarations")
    declared_at = models.DateTimeField()
    lawful = models.BooleanField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.number


@insert_only
class CustomsMessage(models.Model):
    """A message as customs sent it, once per source, and what was answered. Insert-only in what it says."""

    source = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    message_id = models.CharField(max_length=MESSAGE_LONGEST)
    event = models.CharField(max_length=12)
    fingerprint = models.CharField(max_length=64)
    body = models.JSONField()
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, null=True, related_name="messages")
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The clearance that it corrects, also where it names a correction of it.",
    )
    received_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField()
    answer = models.TextField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(name="customs_message_once", fields=["source", "message_id"])]

    def __str__(self) -> str:
        return self.message_id


@insert_only
class Resolution(models.Model):
    """What a customs message said of a shipment's line, and what it drew: less than nothing where it corrected an
    earlier one downward. The newest of a clearance and its corrections says how it stands."""

    line = models.ForeignKey(ShipmentLine, on_delete=models.PROTECT, related_name="resolutions")
    message = models.ForeignKey(CustomsMessage, on_delete=models.PROTECT, related_name="resolutions")
    quantity = models.BigIntegerField()
    drawn = models.BigIntegerField(null=True)  # as over_cleared, None of messages from before resolutions
    over_cleared = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="resolution_once", fields=["line", "message"]),
            models.CheckConstraint(name="resolution_not_negative", condition=Q(quantity__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.message} on {self.line}"

    @property
    def before(self) -> int:
        """How it stood before it was corrected."""
        return self.quantity - (self.drawn or 0) - (self.over_cleared or 0)


@rights("SELECT", "INSERT", "UPDATE(decided_by_id)", "UPDATE(decided_at)", "UPDATE(approved)", "UPDATE(reason)")
class Return(models.Model):
    """Goods of a shipment that came back. The license has them again only when an officer approves, while in date."""

    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="returns")
    message = models.OneToOneField(CustomsMessage, on_delete=models.PROTECT, related_name="returned")
    declaration_no = models.CharField(max_length=DECLARATION_LONGEST)
    reported_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    approved = models.BooleanField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="return_decided_whole",
                condition=Q(decided_by=None, decided_at=None, approved=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False, approved__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.declaration_no


@insert_only
class ReturnedLine(models.Model):
    """How much of a shipment's line came back."""

    of = models.ForeignKey(Return, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(ShipmentLine, on_delete=models.PROTECT, related_name="+")
    quantity = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="returned_line_once", fields=["of", "line"]),
            models.CheckConstraint(name="returned_line_positive", condition=Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.line}"


@insert_only
class Incident(models.Model):
    """Something customs reported that did not fit. It is recorded, answered, and looked at by a person."""

    PREFIX = "INC"

    class Kind(models.TextChoices):
        UNKNOWN_SHIPMENT = "unknown_shipment", _("Message about an unknown shipment")
        LICENSE_NOT_USABLE = "license_not_usable", _("Declared while the license was not usable")
        RULES_FORBADE = "rules_forbade", _("Declared when the rules forbade it")
        RESERVATION_GONE = "reservation_gone", _("Declared after the reservation was gone")
        OVER_USED = "over_used", _("More used than a national quota has")
        OVER_CLEARED = "over_cleared", _("More cleared than the license had")
        DECLARATION_USED = "declaration_used", _("Declaration number of another shipment")
        AFTER_FINAL = "after_final", _("Cleared after the last clearance")
        CLEARED_AND_REJECTED = "cleared_and_rejected", _("Both cleared and rejected")
        UNKNOWN_LINE = "unknown_line", _("Cleared on a line or unit that the license does not have")

    ref = models.CharField(max_length=REFERENCE_LONGEST, unique=True)
    kind = models.CharField(max_length=20, choices=Kind)
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, null=True, related_name="incidents")
    message_id = models.CharField(max_length=MESSAGE_LONGEST)
    text = models.TextField()  # without words, to be searched
    facts = models.JSONField(null=True)  # shipment, number, at; None where only the text was kept
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.ref

    @property
    def report(self) -> str:
        """What customs reported, in the reader's language."""
        if self.facts is None:
            return self.text
        said = gettext("{what}: {shipment}, declaration {number}, declared at {at}.")
        facts = {name: self.facts[name] for name in ("shipment", "number")}
        facts["at"] = instant(datetime.fromisoformat(self.facts["at"]))
        beyond = ", ".join(f"{one['pool']} {show(one['over'], 'kg')} kg" for one in self.facts.get("pools", ()))
        return " · ".join(filter(None, [said.format(what=self.get_kind_display(), **facts), beyond]))


class Handling(models.Model):
    """Who looks after an incident, and when that ended. What he noted, and why it ended, is the incident's history."""

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, primary_key=True, related_name="handling")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="handling_ended_by_owner", condition=Q(ended_at=None) | ~Q(owner=None)),
        ]
        indexes = [models.Index(name="handling_open", fields=["incident"], condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return str(self.incident)

    def not_to_follow(self) -> DomainError | None:
        """Why nothing is done about the incident here any more, by anybody; None while it is open."""
        text = gettext("This incident has ended, so nothing more is done about it here.")
        return WrongState(text) if self.ended_at else None

    def not_to_take(self, user: User) -> DomainError | None:
        """Why this officer does not take it; None where he may, whoever has it."""
        mine = WrongState(gettext("You have it already.")) if self.owner_id == user.pk else None
        return self.not_to_follow() or mine

    def not_to_end(self, user: User) -> DomainError | None:
        """Why this officer does not end it; None where he has it."""
        text = gettext("Take it first: whoever has an incident ends it.")
        return self.not_to_follow() or (Forbidden(text) if self.owner_id != user.pk else None)


class Bulk(models.Model):
    """Many shipments that were sent at once and are booked after the answer. How far it is, its rows say."""

    PREFIX = "BK"

    class Stage(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        STOPPED = "stopped", _("Stopped")

    class Cause(models.TextChoices):
        """Why it was stopped, as its people read it."""

        REVOKED = "revoked", _("The key or the membership that ordered it may not book any more.")
        FAILED = "failed", _("Its next rows could not be booked, however often it was tried.")

    ref = models.CharField(max_length=REFERENCE_LONGEST, unique=True)
    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="bulks")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    language = models.CharField(max_length=10)
    request_id = models.CharField(max_length=32)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_because = models.CharField(max_length=10, choices=Cause, blank=True)
    tries = models.SmallIntegerField(default=0, help_text="Of its next rows, all in vain.")
    again_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.ref

    @property
    def ended(self) -> bool:
        """Nothing more of it will be booked, though something may be left."""
        return bool(self.cancelled_at or self.stopped_at)

    def stage(self, *, rows: int, done: int, **_more: int) -> Stage:
        """By how many of its rows have an outcome."""
        if done == rows:
            return self.Stage.DONE
        if self.cancelled_at:
            return self.Stage.CANCELLED
        if self.stopped_at:
            return self.Stage.STOPPED
        return self.Stage.RUNNING if done else self.Stage.QUEUED


class BulkRow(models.Model):
    """A shipment of a bulk as it was sent, and what became of it: the same bytes that its key gets again."""

    bulk = models.ForeignKey(Bulk, on_delete=models.PROTECT, related_name="rows", db_index=False)
    number = models.SmallIntegerField()
    line = models.IntegerField(null=True)
    key = models.CharField(max_length=KEY_LONGEST, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    stated = models.JSONField(null=True)  # as shipment_reserve reads it; None where it could not be read
    status = models.SmallIntegerField(null=True)
    body = models.TextField(blank=True)
    replayed = models.BooleanField(default=False)

    class Meta:
        ordering = ["bulk", "number"]
        constraints = [models.UniqueConstraint(name="bulk_row_once", fields=["bulk", "number"])]
        indexes = [
            models.Index(name="bulk_row_open", fields=["bulk", "number"], condition=Q(status=None)),
            models.Index(name="bulk_row_refused", fields=["bulk"], condition=Q(status__gte=REFUSED)),
        ]

    def __str__(self) -> str:
        return f"{self.bulk} row {self.number}"


class Sheet(models.Model):
    """A file of shipments that somebody uploaded in a page: what was found in it, and what it was booked as, if it was.

    One for each content in a company, so that none is booked twice. What nobody booked is gone after a day; of what was
    booked the content is, later.
    """

    PREFIX = "FL"

    ref = models.CharField(max_length=REFERENCE_LONGEST, unique=True)
    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    language = models.CharField(max_length=10)
    found = models.JSONField(help_text="Rows, those refused with status and body, and what they ask of each line.")
    digest = models.CharField(max_length=64, help_text="Of what was shown: whoever confirms it says which.")
    bulk = models.OneToOneField(Bulk, on_delete=models.PROTECT, null=True, related_name="sheet")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(name="sheet_once", fields=["exporter", "sha256"])]

    def __str__(self) -> str:
        return self.name
