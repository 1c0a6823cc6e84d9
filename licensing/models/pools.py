"""National quotas: a pool bounds what shipments of many companies take together; two people open it and change it."""

from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.errors import FourEyes
from core.guards import Guard, door, rights
from core.models import User
from core.models.people import COUNTRY_LENGTH
from core.references import REFERENCE_LONGEST
from core.states import State


class PoolState(State):
    """What each lets through is pool_room's (licensing/sql/pools.sql)."""

    OPEN = "open", "ok", pgettext_lazy("quota", "Open")
    BLOCKED = "blocked", "no", _("Blocked")
    SUSPENDED = "suspended", "no", _("Suspended")


WHAT_STATES_LET = _(
    "Blocked: no new reservation. Suspended: what is declared finds no room either. What crosses is always booked."
)


class PoolScope(models.Model):
    """What counts against a pool: of which goods what, where to, for which end-uses, used on which days.

    An empty text or list is every one. Days are legal days, the last included.
    """

    class Measure(models.TextChoices):
        CONTENT = "content", _("Contained element")
        GROSS = "gross", _("Mass of the goods")

    ref = models.CharField(_("number"), max_length=30)
    measure = models.CharField(_("what is counted"), max_length=10, choices=Measure)
    element = models.CharField(_("element"), max_length=2, blank=True)
    category = models.CharField(_("category"), max_length=40, blank=True)
    list_name = models.CharField(_("list"), max_length=20, blank=True)
    destinations = ArrayField(models.CharField(max_length=COUNTRY_LENGTH), default=list, blank=True)
    end_uses = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    period_from = models.DateField(_("first day"))
    period_until = models.DateField(_("last day"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.ref


@door("pool_decide(bigint)")
@door("pool_check(boolean)")
@door("pool_walk(bigint,bigint,bigint)")
@door("pool_thaw(bigint)")
@rights("SELECT")
class QuotaPool(PoolScope):
    """A pool and its balance, in grams: used counts all, over_used what of it came when there was no room.

    Its cap and state are those of its newest terms (pool_terms). Only the ledger's functions write it.
    """

    opened_on = models.DateField(help_text="The first day on which use counts: that of its first terms.")
    used = models.BigIntegerField()
    over_used = models.BigIntegerField()
    frozen = models.BooleanField(default=False, help_text="Its books did not agree, and nobody has lifted that yet.")
    chain_seq = models.BigIntegerField()
    chain_digest = models.BinaryField()

    class Meta:
        ordering = ["period_from", "ref"]
        constraints = [
            models.UniqueConstraint(name="quota_pool_once", fields=["ref"]),
            models.CheckConstraint(
                name="quota_pool_not_negative", condition=Q(used__gte=F("over_used"), over_used__gte=0)
            ),
            models.CheckConstraint(
                name="quota_pool_of_something",
                condition=Q(measure="gross") & ~Q(element="", category="", list_name="")
                | Q(measure="content") & ~Q(element=""),
            ),
        ]
        triggers = [
            Guard(
                "pool_has_room",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.used - NEW.over_used > OLD.used - OLD.over_used"),
            )
        ]


@rights(
    "SELECT", "INSERT", *(f"UPDATE({name})" for name in ("decided_by_id", "decided_at", "approved", "decision_reason"))
)
class PoolChange(PoolScope):
    """How a pool is to be from a day on, as one officer proposes; another approves or refuses it, once.

    The first of a pool opens it. cap: in grams.
    """

    WAITS = Q(decided_at=None)

    pool = models.ForeignKey(QuotaPool, on_delete=models.PROTECT, null=True, related_name="changes")
    cap = models.BigIntegerField()
    state = models.CharField(_("state"), max_length=10, choices=PoolState, default=PoolState.OPEN)
    public = models.BooleanField(_("public"), help_text="Does everybody read whether something is left of it?")
    from_day = models.DateField(_("from"))
    reason = models.TextField(_("reason"))
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    approved = models.BooleanField(null=True)
    decision_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="pool_change_one_at_a_time", fields=["ref"], condition=Q(decided_at=None)),
            models.CheckConstraint(name="pool_change_in_its_period", condition=Q(from_day__lte=F("period_until"))),
            models.CheckConstraint(name="pool_change_cap", condition=Q(cap__gte=0)),
            models.CheckConstraint(
                name="pool_change_two_people",
                condition=Q(decided_at=None, decided_by=None, approved=None)
                | Q(decided_at__isnull=False, decided_by__isnull=False, approved__isnull=False)
                & ~Q(decided_by=F("proposed_by")),
            ),
        ]
        triggers = [
            Guard(
                "pool_change_decided_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.decided_at IS NOT NULL"),
            )
        ]

    @property
    def waits(self) -> bool:
        """As WAITS asks of many: nobody decided it yet."""
        return self.decided_at is None

    def not_to_decide(self, actor: Any) -> FourEyes | None:
        """Why this officer does not decide it; None where he may. PostgreSQL holds it by `pool_change_two_people`."""
        if self.proposed_by_id == actor.user.pk:
            return FourEyes(gettext("Whoever proposed it does not decide it. Another approver can."))
        return None

    @staticmethod
    def left_to(actor: Any) -> models.Q:
        """Of many those that this officer may decide."""
        return ~models.Q(proposed_by=actor.user)


@rights("SELECT")
class PoolMovement(models.Model):
    """One change of a pool, chained as a line's movements are: its terms from a day on, or what a line of a shipment
    uses more, or frees.

    amount, over: of the content, in grams. gross: how much of the line counts after it. share: of that what counts, and
    basis says why: `measured`, `declared`, `grade` (the license's upper bound), an oxide with its factor's version, or
    `gross`.
    """

    class Kind(models.TextChoices):
        TERMS = "terms"
        USE = "use"
        FREE = "free"

    pool = models.ForeignKey(QuotaPool, on_delete=models.PROTECT, related_name="movements", db_index=False)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=5, choices=Kind)
    cap = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, blank=True, choices=PoolState)
    public = models.BooleanField(null=True)
    from_day = models.DateField(null=True)
    change_id = models.BigIntegerField(null=True)
    license_id = models.BigIntegerField(null=True)
    shipment_id = models.BigIntegerField(null=True)
    shipment_ref = models.CharField(max_length=REFERENCE_LONGEST, blank=True)
    line_number = models.PositiveSmallIntegerField(null=True)
    gross = models.BigIntegerField(null=True)
    share = models.DecimalField(max_digits=12, decimal_places=10, null=True)
    basis = models.CharField(max_length=40, blank=True)
    amount = models.BigIntegerField()
    over = models.BigIntegerField()
    used_after = models.BigIntegerField()
    digest = models.BinaryField()

    class Meta:
        ordering = ["pool", "seq"]
        constraints = [
            models.UniqueConstraint(name="pool_movement_once", fields=["pool", "seq"]),
            models.UniqueConstraint(
                name="pool_movement_of_a_change", fields=["change_id"], condition=Q(change_id__isnull=False)
            ),
            models.CheckConstraint(name="pool_movement_not_negative", condition=Q(amount__gte=F("over"), over__gte=0)),
        ]
        indexes = [
            models.Index(
                name="pool_movement_of_shipment", fields=["shipment_id"], condition=Q(shipment_id__isnull=False)
            ),
            models.Index(name="pool_movement_of_license", fields=["license_id"], condition=Q(license_id__isnull=False)),
            models.Index(name="pool_terms", fields=["pool", "from_day", "seq"], condition=Q(kind="terms")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} of {self.pool}"


@rights("SELECT")
class PoolCheck(models.Model):
    """Up to which of its movements a pool was found right, and how it stood then; pool_check writes it."""

    pool = models.OneToOneField(QuotaPool, on_delete=models.PROTECT, primary_key=True, related_name="+")
    seq = models.BigIntegerField()
    digest = models.BinaryField()
    used = models.BigIntegerField()
    over_used = models.BigIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.pool} up to {self.seq}"
