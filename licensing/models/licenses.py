"""Licenses, whom they name, and why they are suspended. Their lines and balances are the ledger's."""

from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from core.errors import DomainError, Forbidden, FourEyes
from core.graphs import countersigned, guarded
from core.guards import Guard, insert_only, rights
from core.languages import day_in_words
from core.models import Document, Proposal, User
from core.models.people import COUNTRY_LENGTH
from core.proposals import none_waits, waits
from core.references import CODE_LENGTH, REFERENCE_LONGEST
from exporters import rules
from exporters.models import Exporter, Party
from exporters.states import ACTING
from licensing.models.applications import PORT_LENGTH, RENEWED, TOLERANCE_PLACES, Application, DecisionStep, Kind
from licensing.models.declarations import Declaration
from licensing.models.editions import PolicyEdition
from licensing.policy.vocabulary import EXACT, PROVEN
from licensing.rules import changes_not_yet, has_a_hit, is_renewed_by_now, is_stopped_as_a_whole
from licensing.states import ENDED_BY_SOMEBODY, IN_FORCE, MAY_BE_USED, NOT_ENDED, RENEWING, UNDER_WAY
from licensing.states import LicenseState as S
from licensing.words import terms


class Obstacle(StrEnum):
    """What stands in the way of any reservation on a license now; the first of these that does.

    Its own: the ministry ended it (REVOKED), its holder handed it back (SURRENDERED), another one took its place
    (REPLACED), it is USED_UP, its last day is OVER, it is SUSPENDED or its first day is to come (EARLY). Of what else a
    reservation needs (licensing.selectors.usable): its last shipment cleared, its exporter is not active, no end-user
    is open, no clearance and no quantity is left, rules and holds stop every line.
    """

    REVOKED = "revoked"
    SURRENDERED = "surrendered"
    REPLACED = "replaced"
    USED_UP = "used-up"
    OVER = "over"
    SUSPENDED = "suspended"
    EARLY = "early"
    LAST_CLEARED = "last-cleared"
    EXPORTER = "exporter"
    END_USERS = "end-users"
    CLEARANCES = "clearances"
    QUANTITY = "quantity"
    RULES = "rules"

    @property
    def ends(self) -> bool:
        """It has ended: nothing new is reserved on it any more, and what it asked of later shipments is due no more."""
        return self in (Obstacle.REVOKED, Obstacle.SURRENDERED, Obstacle.REPLACED, Obstacle.USED_UP, Obstacle.OVER)


class _IsOrBefore(models.Func):
    """Whether a key is that of a license, or of one of those whose places it took, one after the other
    (`License.and_before`). An array, so that an index is asked for its few keys."""

    arity = 2
    arg_joiner = " = ANY (ARRAY(WITH RECURSIVE chain(id) AS (SELECT "
    template = """(
        %(expressions)s UNION ALL
            SELECT one.replaces_id FROM licensing_license one JOIN chain ON one.id = chain.id
            WHERE one.replaces_id IS NOT NULL
        ) SELECT id FROM chain))
    )"""
    output_field = models.BooleanField()


@countersigned("revoke", S.REVOKED)
@guarded(initial=S.ACTIVE)
class License(FSMModelMixin, models.Model):
    """A right to export, to named end-users, within days and quantities. usable_until is its last day, included."""

    PREFIX = "EL"

    ref = models.CharField(_("number"), max_length=REFERENCE_LONGEST, unique=True)
    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="licenses")
    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="license")
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="replaced_by",
        help_text="Whose place it took, by an amendment.",
    )
    kind = models.CharField(max_length=12, choices=Kind)
    state = FSMField(choices=S, default=S.ACTIVE, protected=True, editable=False)
    usable_from = models.DateField()
    usable_until = models.DateField()
    destinations = ArrayField(models.CharField(max_length=COUNTRY_LENGTH))
    ports = ArrayField(models.CharField(max_length=PORT_LENGTH), default=list, blank=True)
    consignees = models.ManyToManyField(Party, related_name="+")
    max_clearances = models.PositiveIntegerField(null=True, blank=True)
    report_days = models.SmallIntegerField(
        null=True, help_text="Within how many days of the last clearance of a shipment its delivery is reported."
    )
    last_cleared = models.BooleanField(default=False, help_text="The shipment that said it is the last was cleared.")
    tolerance_mode = models.CharField(max_length=20, choices=terms.TOLERANCES, default=EXACT)
    tolerance_pct = models.DecimalField(max_digits=5, decimal_places=TOLERANCE_PLACES, default=0)
    edition = models.CharField(max_length=40)
    judged_by = models.ForeignKey(
        PolicyEdition,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The newest edition that its verdicts know.",
    )
    next_turn_at = models.DateTimeField(
        null=True, help_text="When a verdict of it next begins or ends to prohibit or to hold, by the editions known."
    )
    held = models.JSONField(default=list, help_text="The holds of which its holder was told that they stand.")
    verify_code = models.CharField(max_length=CODE_LENGTH)
    issued_at = models.DateTimeField()

    # On it something may leave, now or again; and where another took its place, what is reserved on it.
    STILL_CLEARS = Q(state=S.REPLACED, lines__reserved__gt=0)
    MAY_LEAVE = Q(state__in=MAY_BE_USED) | STILL_CLEARS

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="license_days_in_order", condition=Q(usable_until__gte=F("usable_from"))),
        ]
        indexes = [
            models.Index(name="license_running", fields=["usable_until"], condition=Q(state__in=[*IN_FORCE])),
            models.Index(name="license_judged", fields=["judged_by"], condition=Q(state__in=[*IN_FORCE])),
            models.Index(name="license_turning", fields=["next_turn_at"], condition=Q(state__in=[*IN_FORCE])),
        ]
        triggers = [
            Guard("two_people", operation=pgtrigger.Insert),
            Guard("replaces_what_it_amends", operation=pgtrigger.Insert),
            Guard(
                "keeps_its_case",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("application", "replaces"),
            ),
            Guard(
                "succeeded_by_one",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__df=pgtrigger.F("new__state"), new__state=S.REPLACED),
            ),
            Guard(
                "no_cause_open",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__df=pgtrigger.F("new__state"), new__state=S.ACTIVE),
            ),
            Guard(
                "surrendered_as_a_whole",
                runs="nothing_reserved",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__df=pgtrigger.F("new__state"), new__state=S.SURRENDERED),
            ),
            Guard(  # PostgreSQL asks after `takes_two_to_revoke`, by name
                "tells_why_it_ended",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__df=pgtrigger.F("new__state"), new__state=S.REVOKED),
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def special(self) -> bool:
        """It was granted in spite of a prohibition that leaves such a way."""
        return self.kind == Kind.SPECIAL

    def covers(self, day: date) -> bool:
        return day >= self.usable_from and not self.past_on(day)

    def first_day_from(self, day: date) -> date:
        """The first one from that day on that is not before its own first."""
        return max(day, self.usable_from)

    def obstacle_on(self, day: date) -> Obstacle | None:
        """Of its own, as pages say it. What decides is each line's `open`, under its lock, and these days:
        ledger_take()."""
        if self.state in (*ENDED_BY_SOMEBODY, S.REPLACED):
            return Obstacle(self.state)
        if self.state == S.EXHAUSTED:
            return Obstacle.USED_UP
        if self.state == S.EXPIRED or self.past_on(day):
            return Obstacle.OVER
        if self.state == S.SUSPENDED:
            return Obstacle.SUSPENDED
        return Obstacle.EARLY if day < self.usable_from else None

    @cached_property
    def changing(self) -> Application | None:
        """The draft, or the open case, that asks to change it."""
        return self.amendments.filter(state__in=UNDER_WAY).first()

    @cached_property
    def renewal(self) -> Application | None:
        """The draft, the case, or the one that led to a license, that goes on after its last day: its own, or that of
        one whose place it took."""
        lines = [one.pk for one in self.and_before()]
        return Application.objects.filter(renews__in=lines, state__in=RENEWING).select_related("license").first()

    @property
    def of_renewed_kind(self) -> bool:
        return self.kind in RENEWED

    @property
    def renewable_from(self) -> date:
        return self.usable_until - timedelta(days=settings.LICENSE_RENEWAL_DAYS)

    def not_to_renew(self, on: date) -> DomainError | None:
        """Why it can't be renewed that day, be another renewal begun or not; None from its `renewable_from` on, through
        its last day."""
        if not self.of_renewed_kind:
            message = gettext("{ref} is for one shipment. Copy it into a new draft instead.")
        elif self.past_on(on):
            message = gettext("The last day of {ref} was {last}. Copy it into a new draft instead.")
        elif on < self.renewable_from:
            message = gettext("{ref} can be renewed from {first} on.")
        else:
            return None
        first, last = day_in_words(self.renewable_from), day_in_words(self.usable_until)
        return DomainError(message.format(ref=self.ref, first=first, last=last), code="license-not-renewable")

    @property
    def successor(self) -> "License | None":
        """Which one took its place."""
        return self.replaced_by if self.state == S.REPLACED else None

    def and_after(self) -> "list[License]":
        """It and those that took its place, one after the other."""
        after = self.successor
        return [self, *(after.and_after() if after else ())]

    def and_before(self) -> list[Self]:
        """It and those whose place it took, one after the other."""
        return [self, *(self.replaces.and_before() if self.replaces else ())]

    @property
    def counted_from(self) -> date:
        """From which day its months are counted: from the first of the license at whose place it stands in the end."""
        return self.and_before()[-1].usable_from

    def still_clears(self) -> bool:
        """It was replaced, and something is reserved on it still: STILL_CLEARS of many."""
        return License.objects.filter(License.STILL_CLEARS, pk=self.pk).exists()

    @property
    def stopped_itself(self) -> bool:
        """A cause of its own, and not of one of its end-users, is open."""
        return self.suspensions.filter(end_user=None, ended_at=None).exists()

    def serves(self) -> bool:
        """An end-user of it is open; with none it is suspended, whatever else. Asked before or after one is closed."""
        return self.end_users.still_open().exists()

    def hit_users(self) -> "models.QuerySet[LicenseEndUser]":
        """Its end-users whom a hit closes, as long as something may leave on it."""
        may_leave = License.objects.filter(License.MAY_LEAVE, pk=self.pk).order_by().values("pk")
        hit = Q(causes__cause=Suspension.Cause.SCREENING, causes__ended_at=None)
        return self.end_users.filter(hit, license__in=may_leave)

    def days_left_on(self, day: date) -> int:
        """Until its last day: none on it, fewer after it."""
        return (self.usable_until - day).days

    def past_on(self, day: date) -> bool:
        """Its last day is over; the sweep that says expired may come later."""
        return self.days_left_on(day) < 0

    def in_date_on(self, day: date) -> bool:
        """It may be used that day, or again: a renewal begins, and what came back stands on it again."""
        return self.state in MAY_BE_USED and not self.past_on(day)

    def not_to_credit(self, on: date) -> DomainError | None:
        """Why what came back that day does not stand on it again; None while it is `in_date_on`. Only what is in force
        expires (WORKFLOWS 6): of one that somebody ended, or whose place another took, it says that."""
        if self.in_date_on(on):
            return None
        if self.state not in (*ENDED_BY_SOMEBODY, S.REPLACED):
            message = gettext("The license is not in date, so nothing comes back to it.")
            return DomainError(message, code="license-expired")
        if new := self.successor:
            message = gettext("{ref} took the place of the license, so nothing comes back to the old one.")
        else:
            message = gettext("The license is not in force any more ({state}), so nothing comes back to it.")
        return DomainError(
            message.format(ref=new and new.ref, state=self.get_state_display()),
            code="license-not-active",
            state=self.state,
            successor=new and new.ref,
        )

    def clearances_gone(self, taken: int) -> bool:
        """So many are all that it allows, as clearances_gone() says in SQL."""
        return self.max_clearances is not None and taken >= self.max_clearances

    @property
    def cut_short(self) -> bool:
        """Somebody ended it before its days were over: the ministry, or its holder."""
        return self.state in ENDED_BY_SOMEBODY

    def over_on(self, day: date) -> bool:
        """What comes free on it then lapses with it."""
        return self.state not in IN_FORCE or self.past_on(day)

    def ends_within(self, days: int, day: date) -> bool:
        """It is not `over_on` that day, and will be after so many more."""
        return not self.over_on(day) and self.days_left_on(day) <= days

    @staticmethod
    def _lasting_on(day: date) -> Q:
        """Of many those that are not `past_on` that day."""
        return Q(usable_until__gte=day)

    @classmethod
    def open_on(cls, day: date) -> Q:
        """Of many those that have no obstacle of their own that day, whose last shipment did not clear, and whose
        exporter is active."""
        ready = Q(state=S.ACTIVE, last_cleared=False, exporter__state__in=ACTING)
        return ready & Q(usable_from__lte=day) & cls._lasting_on(day)

    @classmethod
    def running_on(cls, day: date) -> Q:
        """Of many those that are not `over_on` that day."""
        return Q(state__in=IN_FORCE) & cls._lasting_on(day)

    @classmethod
    def changed_since(cls, first: date | models.expressions.Combinable, day: date) -> Q:
        """Of many those that run on that day and of which a change would count from that first one, or from before."""
        counted = cls.objects.filter(_IsOrBefore(F("pk"), OuterRef("pk")), usable_from__lte=first)
        return Q(Exists(counted)) & cls.running_on(day)

    @classmethod
    def expiring_on(cls, day: date) -> Q:
        """Of many those that are `past_on` that day and do not say so yet."""
        return Q(state__in=IN_FORCE) & ~cls._lasting_on(day)

    @classmethod
    def renewable_within(cls, day: date) -> Q:
        """Of many those that a company may renew that day (`not_to_renew`), and did not begin to."""
        last = day + timedelta(days=settings.LICENSE_RENEWAL_DAYS)
        begun = Application.objects.filter(_IsOrBefore(F("renews_id"), OuterRef("pk")), state__in=RENEWING)
        of_these_days = Q(~Exists(begun), kind__in=RENEWED, state__in=MAY_BE_USED, usable_until__lte=last)
        return of_these_days & cls._lasting_on(day)

    @classmethod
    def ending_within(cls, days: int, day: date) -> Q:
        """Of many those that end within so many days from that one on (`ends_within`)."""
        return cls.running_on(day) & Q(usable_until__lte=day + timedelta(days=days))

    @property
    def asks_proof(self) -> bool:
        """The report of a delivery comes with a paper that proves it."""
        return any(one.asks_proof for one in self.conditions.all())

    @transition(
        field=state,
        source=list(IN_FORCE),
        target=S.SUSPENDED,
        permission=rules.officer_or_clock("license.suspend"),
        custom={"label": _("Suspend")},
    )
    def suspend(self) -> None: ...

    @transition(
        field=state,
        source=S.SUSPENDED,
        target=S.ACTIVE,
        permission=rules.officer_or_clock("license.lift"),
        custom={"label": _("Lift the suspension")},
    )
    def lift(self) -> None: ...

    @transition(
        field=state,
        source=S.REPLACED,
        target=None,
        permission=rules.officer("license.lift"),
        conditions=[is_stopped_as_a_whole],
        custom={"label": _("Lift the suspension"), "verb": "lift"},
    )
    def lift_replaced(self) -> None: ...

    @transition(
        field=state,
        source=list(NOT_ENDED),
        target=None,
        permission=rules.officer("license.resolve"),
        conditions=[has_a_hit],
        custom={"label": _("Resolve a screening hit")},
    )
    def resolve(self) -> None: ...

    @transition(
        field=state,
        source=S.SUSPENDED,
        target=None,
        permission=rules.officer_or_clock("license.lift"),
        custom={"label": _("Lift the suspension"), "verb": "lift"},
    )
    def lift_one(self) -> None:
        """Of several of its causes one has ended."""

    @transition(
        field=state,
        source=S.ACTIVE,
        target=S.EXHAUSTED,
        permission=rules.a_consequence,
        custom={"label": _("Used up"), "hidden": True},
    )
    def exhaust(self) -> None: ...

    @transition(
        field=state,
        source=S.EXHAUSTED,
        target=S.ACTIVE,
        permission=rules.a_consequence,
        custom={"label": _("In force again"), "hidden": True},
    )
    def reopen(self) -> None: ...

    @transition(
        field=state,
        source=list(IN_FORCE),
        target=S.EXPIRED,
        permission=rules.the_clock,
        custom={"label": _("Expire"), "hidden": True},
    )
    def expire(self) -> None: ...

    @transition(
        field=state,
        source=S.ACTIVE,
        target=S.SURRENDERED,
        permission=rules.holder("license.surrender"),
        custom={"label": _("Hand back")},
    )
    def surrender(self) -> None: ...

    @transition(
        field=state,
        source=S.ACTIVE,
        target=None,
        permission=rules.holder("license.amend"),
        conditions=[changes_not_yet],
        custom={"label": _("Change this license")},
    )
    def amend(self) -> None: ...

    @transition(
        field=state,
        source=list(MAY_BE_USED),
        target=None,
        permission=rules.holder("license.renew"),
        conditions=[is_renewed_by_now],
        custom={"label": _("Renew this license")},
    )
    def renew(self) -> None: ...

    @transition(
        field=state,
        source=S.ACTIVE,
        target=S.REPLACED,
        permission=rules.a_consequence,
        custom={"label": _("Replaced"), "hidden": True},
    )
    def replace(self) -> None: ...

    @transition(
        field=state,
        source=list(IN_FORCE),
        target=None,
        permission=rules.officer("license.propose_revoke"),
        conditions=[none_waits("revoke")],
        custom={"label": _("Propose to end it")},
    )
    def propose_revoke(self) -> None: ...

    @transition(
        field=state,
        source=list(IN_FORCE),
        target=S.REVOKED,
        permission=rules.officer("license.revoke"),
        conditions=[waits("revoke")],
        custom={"label": _("End this license")},
    )
    def revoke(self) -> None: ...

    @transition(
        field=state,
        source=[S.ACTIVE, S.SUSPENDED, S.EXHAUSTED, S.EXPIRED, S.SURRENDERED, S.REPLACED],
        target=None,
        permission=rules.officer("license.drop_revoke"),
        conditions=[waits("revoke")],
        custom={"label": _("Take back or decline the proposal")},
    )
    def drop_revoke(self) -> None: ...


class EndUsers(models.QuerySet["LicenseEndUser"]):
    def with_closed(self) -> Self:
        """Each with `closed`: a cause of its own is open, whatever rules say besides (licensing.selectors.verdicts)."""
        own = Suspension.objects.filter(end_user=OuterRef("pk"), ended_at=None)
        return self.annotate(closed=Exists(own) | Q(open=False))

    def still_open(self) -> Self:
        return self.with_closed().filter(closed=False)


class LicenseEndUser(models.Model):
    """An end-user of a license, open as long as no cause of its own is; the license goes on for the others."""

    license = models.ForeignKey(License, on_delete=models.PROTECT, related_name="end_users")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="+")
    destination = models.CharField(
        max_length=COUNTRY_LENGTH, help_text="His country at issue: he is sent nothing elsewhere."
    )
    goods = ArrayField(
        models.BigIntegerField(), help_text="The control items, of the license's, that his declaration named at issue."
    )
    open = models.BooleanField(default=True)
    verify_code = models.CharField(
        max_length=CODE_LENGTH,
        blank=True,
        db_default="",
        help_text="Opens its part of the license to anybody; empty: to nobody.",
    )
    objects = EndUsers.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(name="license_end_user_once", fields=["license", "party"])]
        triggers = [
            Guard("as_declared", operation=pgtrigger.Insert),
            Guard(
                "as_issued",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("license", "party", "declaration", "destination", "goods"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.party)


class LicenseCondition(models.Model):
    license = models.ForeignKey(License, on_delete=models.PROTECT, related_name="conditions")
    code = models.CharField(max_length=30, choices=DecisionStep.Condition)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(name="license_condition_once", fields=["license", "code"])]

    def __str__(self) -> str:
        return self.get_code_display()

    @property
    def asks_proof(self) -> bool:
        return self.code == PROVEN


@rights("SELECT", "INSERT", "UPDATE(ended_by_id)", "UPDATE(ended_at)", "UPDATE(end_reason)")
class Suspension(models.Model):
    """One cause why a license, or one end-user of it, can't be used; only its end is written later.

    A license is usable when none of its own is open and at least one end-user is. Only what a person gives as reason is
    kept in words. One of policy names the edition and the rules that prohibit every line for the end-user; one that a
    clearance opened, in its facts, the shipment.
    """

    class Cause(models.TextChoices):
        ENFORCEMENT = "enforcement", _("Enforcement")
        OVER_CLEARANCE = "over_clearance", _("More was cleared than the license had")
        POLICY = "policy", _("The rules in force")
        SCREENING = "screening", _("A question about the end-user")
        DECLARATION = "declaration", _("An invalid declaration of the end-user")
        LEDGER = "ledger", _("The books of the license do not agree")
        EXPORTER = "exporter", _("The company’s account is stopped")

    license = models.ForeignKey(License, on_delete=models.PROTECT, related_name="suspensions")
    end_user = models.ForeignKey(LicenseEndUser, on_delete=models.PROTECT, null=True, related_name="causes")
    cause = models.CharField(max_length=20, choices=Cause)
    reason = models.TextField()
    facts = models.JSONField(default=dict, db_default={})
    edition = models.ForeignKey(PolicyEdition, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    rules = ArrayField(models.CharField(max_length=60), default=list)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="suspension_in_order", condition=Q(ended_at=None) | Q(ended_at__gte=F("opened_at"))
            ),
            models.CheckConstraint(
                name="suspension_enforcement_ended_by_another",
                condition=Q(ended_at=None)
                | ~Q(cause="enforcement")
                | Q(ended_by__isnull=False) & ~Q(ended_by=F("opened_by")),
            ),
            models.CheckConstraint(
                name="suspension_policy_ended_by_a_turn",
                condition=Q(ended_at=None) | ~Q(cause="policy") | Q(ended_by__isnull=False, ended_by=F("opened_by")),
            ),
            models.CheckConstraint(
                name="suspension_policy_names_its_rules",
                condition=~Q(cause="policy") | Q(end_user__isnull=False, edition__isnull=False, rules__len__gt=0),
            ),
            models.CheckConstraint(
                name="suspension_screening_of_an_end_user", condition=~Q(cause="screening") | Q(end_user__isnull=False)
            ),
            models.CheckConstraint(
                name="suspension_exporter_of_a_license", condition=~Q(cause="exporter") | Q(end_user=None)
            ),
            models.UniqueConstraint(
                name="suspension_of_an_exporter_once",
                fields=["license"],
                condition=Q(cause="exporter", ended_at=None),
            ),
            models.CheckConstraint(
                name="suspension_declaration_of_an_end_user",
                condition=~Q(cause="declaration") | Q(end_user__isnull=False),
            ),
            models.UniqueConstraint(
                name="suspension_of_an_end_user_once",
                fields=["end_user", "cause"],
                condition=Q(end_user__isnull=False, ended_at=None),
            ),
        ]
        triggers = [
            Guard(
                "ended_with_the_account",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__cause="exporter", new__ended_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.get_cause_display()

    @classmethod
    def by_somebody(cls, party: int | OuterRef) -> Q:
        """Those that somebody opened of a license as a whole, or of this party there: what is reserved for it is not
        declared then. What the rules close is read of verdicts, which know the instant and the grace."""
        return ~Q(cause=cls.Cause.POLICY) & (Q(end_user=None) | Q(end_user__party=party))

    def opened_himself(self, user: User) -> bool:
        """Whoever did so does not end it: PostgreSQL has `suspension_enforcement_ended_by_another`."""
        return self.opened_by_id == user.pk

    def not_to_end(self, user: User) -> DomainError | None:
        """Why this officer does not end it; None where he may."""
        if self.end_user_id and self.cause == self.Cause.ENFORCEMENT:
            return Forbidden(gettext("This closed one end-user; what is closed so is opened under “Enforcement”."))
        if self.end_user_id:
            return Forbidden(
                gettext(
                    "This closed an end-user, and ends with what closed it: with the rules, with the hit, or with a new"
                    " declaration that is verified."
                )
            )
        if self.cause == self.Cause.EXPORTER:
            return Forbidden(gettext("This came with the company’s account, and ends when that is reinstated."))
        if self.cause == self.Cause.ENFORCEMENT and self.opened_himself(user):
            return FourEyes(gettext("You suspended it for this, so another officer must end it."))
        return None


class EndReason(models.TextChoices):
    """Which of the four ways in which the ministry ends a license before its last day."""

    QUASH = "quash", pgettext_lazy("end of a license", "Quashed")
    WITHDRAW = "withdraw", pgettext_lazy("end of a license", "Withdrawn")
    PENALTY = "penalty", pgettext_lazy("end of a license", "Revoked as penalty")
    CANCEL = "cancel", pgettext_lazy("end of a license", "Cancelled")


@insert_only
class Revocation(models.Model):
    """Why the ministry ended a license, as its holder reads it, and on which provision; what two officers signed.

    A penalty has the record of a hearing, and its day.
    """

    license = models.OneToOneField(License, on_delete=models.PROTECT, primary_key=True, related_name="revocation")
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="+")
    end_reason = models.CharField(max_length=8, choices=EndReason)
    provision = models.CharField(max_length=200)
    reason = models.TextField()
    hearing = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    heard_on = models.DateField(null=True)
    revoked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="revocation_says_why", condition=~Q(reason="") & ~Q(provision="")),
            models.CheckConstraint(name="revocation_end_reason", condition=Q(end_reason__in=EndReason.values)),
            models.CheckConstraint(
                name="revocation_penalty_was_heard",
                condition=~Q(end_reason="penalty") | Q(hearing__isnull=False, heard_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.license_id} {self.end_reason}"
