"""The ledger's tables. Only its functions write them (licensing/sql/doors.sql): the application's role may not."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from core.guards import door, insert_only, rights
from exporters.models import Exporter
from licensing.models.licenses import License
from licensing.models.lists import ControlItem

AMOUNTS = ("authorized", "credited", "tolerance", "reserved", "drawn", "lapsed", "over_cleared")


@door("ledger_take(jsonb,boolean)")
@door("ledger_settle(jsonb)")
@door("ledger_lapse(bigint)")
@door("ledger_open(bigint)")
@door("ledger_lock(bigint)")
@door("ledger_usable(bigint,boolean)")
@door("ledger_correct(jsonb)")
@door("ledger_credit(jsonb)")
@door("ledger_reopen(bigint)")
@rights("SELECT")
class LicenseLine(models.Model):
    """Goods that a license covers, and its balance in whole base units of the control item.

    Whether it may be used (`open`) stands here too, written by whatever changes the license.
    """

    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="+")
    license = models.ForeignKey(License, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()
    control_item = models.ForeignKey(ControlItem, on_delete=models.PROTECT, related_name="+", db_index=False)
    description = models.CharField(max_length=300)
    hs_codes = ArrayField(models.CharField(max_length=10), default=list)
    unit = models.CharField(max_length=10)
    open = models.BooleanField(default=True)
    usable_from = models.DateField()
    usable_until = models.DateField()
    authorized = models.BigIntegerField()
    credited = models.BigIntegerField(default=0)
    tolerance = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    drawn = models.BigIntegerField(default=0)
    lapsed = models.BigIntegerField(default=0)
    over_cleared = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    value_authorized = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    value_reserved = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    value_drawn = models.DecimalField(max_digits=18, decimal_places=2, default=0)

    class Meta:
        ordering = ["license", "number"]
        constraints = [
            models.UniqueConstraint(name="license_line_once", fields=["license", "number"]),
            models.CheckConstraint(
                name="license_line_not_negative", condition=Q(**{f"{name}__gte": 0 for name in AMOUNTS})
            ),
            models.CheckConstraint(
                name="license_line_within_authorized",
                condition=Q(authorized__gte=F("reserved") + F("drawn") + F("lapsed") - F("credited") - F("tolerance")),
            ),
            models.CheckConstraint(
                name="license_line_value_not_negative", condition=Q(value_reserved__gte=0, value_drawn__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.license} line {self.number}"

    @property
    def available(self) -> int:
        """What is left to reserve; below zero only inside a tolerance."""
        return self.authorized + self.credited - self.reserved - self.drawn - self.lapsed


@rights("SELECT")
class ClearanceCount(models.Model):
    """How many clearances are taken of a license that limits them. A row of the ledger's own: it writes no license."""

    license = models.OneToOneField(License, on_delete=models.PROTECT, primary_key=True, related_name="+")
    taken = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.taken} of {self.license}"


@door("movement_months()")
@rights("SELECT")
@insert_only
class Movement(models.Model):
    """One change of one line's balance, and what was left after it. Insert-only; partitioned by month.

    No foreign keys: the rows outlive nothing, and the hot path pays for none.
    """

    class Kind(models.TextChoices):
        AUTHORIZE = "authorize"
        CREDIT = "credit"
        RESERVE = "reserve"
        RELEASE = "release"
        DRAW = "draw"
        OVER_CLEAR = "over_clear"
        ADJUST = "adjust"
        LAPSE = "lapse"
        UNLAPSE = "unlapse"
        TOLERANCE = "tolerance"

    pk = models.CompositePrimaryKey("id", "at")
    id = models.BigIntegerField()
    at = models.DateTimeField()
    exporter_id = models.BigIntegerField()
    license_id = models.BigIntegerField()
    line_id = models.BigIntegerField()
    line_number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    quantity = models.BigIntegerField()
    held = models.BooleanField(help_text="Did it come out of (or go into) a reservation?")
    shipment_id = models.BigIntegerField(null=True)
    shipment_ref = models.CharField(max_length=16, blank=True)
    available_after = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(name="movement_of_license", fields=["license_id", "id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} on line {self.line_id}"
