"""The ledger's tables. Only its functions write them (licensing/sql/doors.sql): the application's role may not."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from core.guards import Guard, door, insert_only, rights
from core.quantities import CURRENCY_LENGTH, UNIT_LONGEST
from core.references import REFERENCE_LONGEST
from exporters.models import Exporter
from licensing.models.licenses import License, LicenseEndUser
from licensing.models.lists import GOODS_CODE_LONG, ControlItem
from licensing.models.rates import RATE_DIGITS, RATE_PLACES
from licensing.states import IN_FORCE

AMOUNTS = ("authorized", "credited", "tolerance", "reserved", "drawn", "lapsed", "over_cleared")


class Account(models.TextChoices):
    """What moves: a line's quantity, its value, or an end-user's share of it."""

    QUANTITY = "quantity"
    VALUE = "value"
    ALLOTMENT = "allotment"


@door("ledger_hold(bigint[],integer[])")
@door("ledger_lapse(bigint)")
@door("ledger_open(bigint)")
@door("ledger_lock(bigint)")
@door("ledger_usable(bigint,boolean)")
@door("ledger_check(bigint[],boolean)")
@door("license_expire(integer,bigint,boolean)")
@door("ledger_reopen(bigint)")
@rights("SELECT")
class LicenseLine(models.Model):
    """Goods that a license covers, and its balance in whole base units of the control item.

    Whether it may be used (`open`) stands here too, written by whatever changes the license. One `STANDS` while its
    license says it is in force, or something is reserved on it.
    """

    STANDS = Q(license__state__in=IN_FORCE) | Q(reserved__gt=0)
    UNCROSSED = F("authorized") + F("credited") - F("drawn") - F("lapsed")

    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="+")
    license = models.ForeignKey(License, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()
    control_item = models.ForeignKey(ControlItem, on_delete=models.PROTECT, related_name="+", db_index=False)
    description = models.CharField(max_length=300)
    hs_codes = ArrayField(models.CharField(max_length=GOODS_CODE_LONG), default=list)
    unit = models.CharField(max_length=UNIT_LONGEST)
    open = models.BooleanField(default=True)
    # the license's days again, which decide nothing: ledger_take reads the license's own, and the books compare both
    usable_from = models.DateField()
    usable_until = models.DateField()
    authorized = models.BigIntegerField()
    credited = models.BigIntegerField(default=0)
    tolerance = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    drawn = models.BigIntegerField(default=0)
    lapsed = models.BigIntegerField(default=0)
    over_cleared = models.BigIntegerField(default=0)
    final_pct = models.PositiveSmallIntegerField(
        db_default=0,
        help_text="In hundredths of a percent of what remains: what the last shipment may take beyond it.",
    )
    capped = models.BooleanField(db_default=False, help_text="It has ceilings besides its quantity.")
    composition = models.JSONField(
        default=dict,
        db_default={},
        help_text="At most so much of each element it contains, by mass: {symbol: fraction}.",
    )
    chain_seq = models.BigIntegerField(db_default=0, help_text="How many movements it has, its ceilings' included.")
    chain_digest = models.BinaryField(db_default=b"", help_text="Of the last one; each is hashed with that before it.")

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
        ]

    def is_for(self, user: LicenseEndUser) -> bool:
        """This end-user of its license declared the goods."""
        return self.control_item_id in user.goods

    @property
    def not_for(self) -> list[LicenseEndUser]:
        """The end-users of its license who did not."""
        return [user for user in self.license.end_users.all() if not self.is_for(user)]

    def __str__(self) -> str:
        return f"{self.license} line {self.number}"

    @property
    def stands(self) -> bool:
        """As STANDS asks of many."""
        return self.license.state in IN_FORCE or self.reserved > 0

    @property
    def whole(self) -> int:
        """What was authorized, with what came back since."""
        return self.authorized + self.credited

    @property
    def used(self) -> int:
        """What of it is drawn or reserved, and did not come back: ledger_used()."""
        return self.authorized - self.available

    @property
    def available(self) -> int:
        """What is left to reserve; below zero only inside a tolerance."""
        return self.whole - self.reserved - self.drawn - self.lapsed

    @property
    def uncrossed(self) -> int:
        """What is reserved or left to reserve; as UNCROSSED says of many."""
        return self.available + self.reserved

    @property
    def room(self) -> int:
        """What any shipment may still take, as ledger_room() says. A tolerance of what remains is the last one's, when
        nothing else is reserved: then something is left, or the license is used up."""
        return self.available + (0 if self.final_pct else self.tolerance)


@rights("SELECT")
class Ceiling(models.Model):
    """What else bounds a line, and its balance: its value (in hundredths of the currency), or an end-user's share.

    Written under the lock of its line. What crossed is booked, so drawn may pass authorized; then no more is reserved.
    """

    line = models.ForeignKey(LicenseLine, on_delete=models.PROTECT, related_name="ceilings", db_index=False)
    account = models.CharField(max_length=10, choices=[one for one in Account.choices if one[0] != Account.QUANTITY])
    end_user = models.ForeignKey(LicenseEndUser, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    currency = models.CharField(max_length=CURRENCY_LENGTH, blank=True)
    authorized = models.BigIntegerField()
    reserved = models.BigIntegerField()
    drawn = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="ceiling_once", fields=["line", "account", "end_user"], nulls_distinct=False),
            models.CheckConstraint(
                name="ceiling_not_negative", condition=Q(authorized__gte=0, reserved__gte=0, drawn__gte=0)
            ),
            models.CheckConstraint(
                name="ceiling_of_somebody_or_a_value",
                condition=Q(account=Account.VALUE, end_user=None) & ~Q(currency="")
                | Q(account=Account.ALLOTMENT, end_user__isnull=False, currency=""),
            ),
        ]
        triggers = [
            Guard(
                "ceiling_has_room",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.reserved > OLD.reserved AND NEW.reserved + NEW.drawn > NEW.authorized"
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} of {self.line}"

    @property
    def of_value(self) -> bool:
        return self.account == Account.VALUE

    @property
    def available(self) -> int:
        return self.authorized - self.reserved - self.drawn


@rights("SELECT")
class LineCheck(models.Model):
    """Up to which of its movements a line's chain was found right, and their digest; ledger_check writes it."""

    line = models.OneToOneField(LicenseLine, on_delete=models.PROTECT, primary_key=True, related_name="+")
    seq = models.BigIntegerField()
    digest = models.BinaryField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.line} up to {self.seq}"


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
    """One change of one balance of a line, and what was left of it. Insert-only; partitioned by month.

    Amounts are base units, or hundredths of the currency. Chained: digest is that of the line's movement before, and of
    all that this one says (ledger_digest).

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
        CARRY = "carry"
        PASS_ON = "pass_on"

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
    shipment_ref = models.CharField(max_length=REFERENCE_LONGEST, blank=True)
    available_after = models.BigIntegerField()
    account = models.CharField(max_length=10, choices=Account, default=Account.QUANTITY)
    end_user_id = models.BigIntegerField(null=True, help_text="Whose allotment.")
    rate = models.DecimalField(
        max_digits=RATE_DIGITS, decimal_places=RATE_PLACES, null=True, help_text="At which a value was converted."
    )
    seq = models.BigIntegerField(null=True, help_text="Which of its line's; none, where no chain was yet.")
    digest = models.BinaryField(null=True)
    transaction = models.BigIntegerField(default=0, help_text="Readers go by it: ids follow no order of commits.")

    class Meta:
        indexes = [models.Index(name="movement_of_license", fields=["license_id", "transaction", "id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} on line {self.line_id}"
