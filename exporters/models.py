"""Exporters and the parties abroad that they deal with."""

from datetime import date, datetime, timedelta
from typing import Any

import pgtrigger
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from core import provinces
from core.decided import filled
from core.errors import FourEyes
from core.graphs import countersigned, guarded
from core.guards import Guard, insert_only, rights
from core.models import Country, Document, Organization, User
from core.proposals import none_waits, waits
from core.references import REFERENCE_LONGEST
from exporters import rules
from exporters.states import ACTING, UNVERIFIED
from exporters.states import ExporterState as S
from exporters.states import QualificationState as Annual

NAMES = ("name_zh", "name_en")  # of its organization
FACTS = ("province", "address", "legal_representative")  # of the account itself
PHONES = ("legal_representative_phone", "main_manager_phone", "handler_phone")
PHONE_LONGEST = 30
PHONE = rf"^(\+?[0-9][0-9 ()-]{{5,{PHONE_LONGEST - 2}}})?$"
CREDIT_CODE_LENGTH = 18  # as GB 32100 has it, by which stdnum reads it
CUSTOMS_CODE_LENGTH = 10
CUSTOMS_CODE_PATTERN = f"[0-9A-Z]{{{CUSTOMS_CODE_LENGTH}}}"  # as guard_customs_code() has it, which a test compares
CUSTOMS_CODE_WORDS = filled(_("{n} characters, digits and letters"), n="exporters.models.CUSTOMS_CODE_LENGTH")
PERSONS = ("legal_representative", "main_manager", "handler")  # who answers for it
CONTACTS = ("customs_code", "main_manager", "handler", *PHONES)  # what the company changes by itself
VERIFIED = (*NAMES, *FACTS)  # what an officer compared with the business license, and with that of another


class Named(Organization):
    """A company's organization: from the verification on its names change as was asked for and accepted alone."""

    class Meta:
        proxy = True
        triggers = [
            Guard(
                "names_stand",
                runs="facts_stand",
                arguments=["id", *NAMES],
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(*NAMES),
            )
        ]


def change_waits(row: models.Model) -> bool:
    """A condition: the company asked to have something changed, and nobody answered that."""
    return isinstance(row, Exporter) and row.asked is not None


def no_change_waits(row: models.Model) -> bool:
    return not change_waits(row)


def _phone(label: Any) -> "models.CharField[str, str]":
    return models.CharField(label, max_length=PHONE_LONGEST, blank=True, default="", db_default="")


@countersigned("bar", S.BARRED)
@guarded(initial=S.DRAFT)
class Exporter(FSMModelMixin, models.Model):
    """A company that files applications: one-to-one with its organization, and its primary key too."""

    organization = models.OneToOneField(
        Organization, on_delete=models.PROTECT, primary_key=True, related_name="exporter"
    )
    state = FSMField(choices=S, default=S.DRAFT, protected=True, editable=False)
    uscc = models.CharField(_("unified social credit code"), max_length=CREDIT_CODE_LENGTH)
    customs_code = models.CharField(_("customs registration code"), max_length=CUSTOMS_CODE_LENGTH, blank=True)
    province = models.CharField(_("province"), max_length=2, blank=True, default="")
    address = models.CharField(_("address"), max_length=300, blank=True)
    legal_representative = models.CharField(_("legal representative"), max_length=120, blank=True)
    main_manager = models.CharField(_("main manager"), max_length=120, blank=True)
    handler = models.CharField(_("handler"), max_length=120, blank=True)
    legal_representative_phone = _phone(_("telephone of the legal representative"))
    main_manager_phone = _phone(_("telephone of the main manager"))
    handler_phone = _phone(_("telephone of the handler"))
    business_license = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="exporter_code_held_once", fields=["uscc"], condition=~Q(state__in=UNVERIFIED)
            ),
            models.CheckConstraint(name="exporter_province_known", condition=Q(province__in=provinces.codes())),
            *(
                models.CheckConstraint(name=f"exporter_{name}", condition=Q(**{f"{name}__regex": PHONE}))
                for name in PHONES
            ),
        ]
        triggers = [
            Guard(
                "stopped", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state__df=pgtrigger.F("new__state"))
            ),
            Guard(
                "facts_stand",
                arguments=["organization_id", "uscc", *FACTS, "business_license_id"],
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("uscc", *FACTS, "business_license"),
            ),
            Guard(
                "customs_code",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("customs_code"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.organization)

    @property
    def exporter_id(self) -> int:
        return self.organization_id

    @property
    def ref(self) -> str:
        return self.uscc

    @property
    def verified_facts(self) -> dict[str, str]:
        """What was verified, in words, as it stands now."""
        rows = {**dict.fromkeys(NAMES, self.organization), **dict.fromkeys(FACTS, self)}
        return {name: getattr(row, name) for name, row in rows.items()}

    @cached_property
    def asked(self) -> "AccountChange | None":
        """What the company asked to have changed and nobody answered, as it was when this was first asked of the row:
        a verb that answers it still has what its conditions look at."""
        rows = self.changes.select_related("asked_by", "paper", "license_before")
        return rows.defer("paper__content", "license_before__content").filter(AccountChange.OPEN).first()

    @transition(
        field=state,
        source=S.DRAFT,
        target=S.PENDING,
        permission=rules.holder("exporter.submit"),
        custom={"label": _("Send for verification")},
    )
    def submit(self) -> None: ...

    @transition(
        field=state,
        source=S.PENDING,
        target=S.ACTIVE,
        permission=rules.officer("exporter.verify"),
        custom={"label": _("Verify")},
    )
    def verify(self, *, verified_at: datetime) -> None:
        self.verified_at = verified_at

    @transition(
        field=state,
        source=S.PENDING,
        target=S.DRAFT,
        permission=rules.officer("exporter.return"),
        custom={"label": _("Return"), "verb": "return"},
    )
    def send_back(self) -> None: ...

    @transition(
        field=state,
        source=S.ACTIVE,
        target=S.SUSPENDED,
        permission=rules.officer("exporter.suspend"),
        custom={"label": _("Suspend the account")},
    )
    def suspend(self) -> None: ...

    @transition(
        field=state,
        source=S.SUSPENDED,
        target=S.ACTIVE,
        permission=rules.officer("exporter.reinstate"),
        custom={"label": _("Reinstate the account")},
    )
    def reinstate(self) -> None: ...

    @transition(
        field=state,
        source=S.ACTIVE,
        target=S.CLOSED,
        permission=rules.holder("exporter.close"),
        custom={"label": _("Close the account")},
    )
    def close(self) -> None: ...

    @transition(
        field=state,
        source=[S.ACTIVE, S.SUSPENDED],
        target=None,
        permission=rules.officer("exporter.propose_bar"),
        conditions=[none_waits("bar")],
        custom={"label": _("Propose to bar the company")},
    )
    def propose_bar(self) -> None: ...

    @transition(
        field=state,
        source=[S.ACTIVE, S.SUSPENDED],
        target=S.BARRED,
        permission=rules.officer("exporter.bar"),
        conditions=[waits("bar")],
        custom={"label": _("Bar the company")},
    )
    def bar(self) -> None: ...

    @transition(
        field=state,
        source=[S.ACTIVE, S.SUSPENDED, S.CLOSED],
        target=None,
        permission=rules.officer("exporter.drop_bar"),
        conditions=[waits("bar")],
        custom={"label": _("Take back or decline the proposal")},
    )
    def drop_bar(self) -> None: ...

    @transition(
        field=state,
        source=S.BARRED,
        target=S.SUSPENDED,
        permission=rules.the_clock,
        custom={"label": _("End the bar"), "hidden": True},
    )
    def end_bar(self) -> None: ...

    @transition(
        field=state,
        source=[S.ACTIVE, S.SUSPENDED, S.BARRED],
        target=None,
        permission=rules.holder("exporter.restate"),
        custom={"label": _("Change contacts and customs code")},
    )
    def restate(self, **contacts: str) -> None:
        for name, said in contacts.items():
            setattr(self, name, said)

    @transition(
        field=state,
        source=[S.ACTIVE, S.SUSPENDED],
        target=None,
        permission=rules.holder("exporter.ask_change"),
        conditions=[no_change_waits],
        custom={"label": _("Ask to change what was verified")},
    )
    def ask_change(self) -> None: ...

    @transition(
        field=state,
        source=[S.ACTIVE, S.SUSPENDED],
        target=None,
        permission=rules.holder("exporter.withdraw_change"),
        conditions=[change_waits],
        custom={"label": _("Withdraw what you asked for")},
    )
    def withdraw_change(self) -> None: ...

    @transition(
        field=state,
        source=[S.ACTIVE, S.SUSPENDED],
        target=None,
        permission=rules.officer("exporter.accept_change"),
        conditions=[change_waits],
        custom={"label": _("Accept the change")},
    )
    def accept_change(self, **facts: Any) -> None:
        for name, value in facts.items():
            setattr(self, name, value)

    @transition(
        field=state,
        source=[S.ACTIVE, S.SUSPENDED],
        target=None,
        permission=rules.officer("exporter.decline_change"),
        conditions=[change_waits],
        custom={"label": _("Decline the change")},
    )
    def decline_change(self) -> None: ...

    @transition(
        field=state,
        source=[S.ACTIVE, S.SUSPENDED],
        target=None,
        permission=rules.a_consequence,
        conditions=[change_waits],
        custom={"label": _("Drop the change"), "hidden": True},
    )
    def drop_change(self) -> None: ...

    def not_to_reinstate(self, user: User) -> FourEyes | None:
        """Why this officer does not reinstate it; None where he may: PostgreSQL has `stop_ended_by_another`."""
        if self.stops.filter(Q(opened_by=user.pk) | Q(proposed_by=user.pk), ended_at=None).exists():
            return FourEyes(gettext("You stopped this account, so another officer must reinstate it."))
        return None

    @property
    def acts(self) -> bool:
        return self.state in ACTING

    @property
    def barred(self) -> bool:
        """By a penalty decision: no open case of it comes nearer to a license."""
        return bool(self.state == S.BARRED)

    def not_acting(self) -> str:
        """Why the account does nothing new, in words; nothing while it `acts`, or was never verified."""
        if self.state == S.SUSPENDED:
            return gettext(
                "The company’s account is suspended by an order of the ministry. Until it is reinstated nothing is "
                "filed, licensed or reserved."
            )
        if self.barred:
            return gettext(
                "The company is barred by a penalty decision of the ministry. Until that ends, and the account is "
                "reinstated, nothing is filed, licensed or reserved."
            )
        if self.state == S.CLOSED:
            return gettext("The company’s account is closed.")
        return ""


@rights("SELECT", "INSERT", *(f"UPDATE({name})" for name in ("decided_by_id", "decided_at", "outcome", "answer")))
class AccountChange(models.Model):
    """What a verified company asks to have changed of what was verified, until somebody answers that, once.

    before, after: of each fact that is to be another what stood and what shall stand, by name. is_license: the paper is
    its new business license, and takes the place of that on file (license_before). PostgreSQL lets no fact become what
    the last accepted one of these does not say: guard_facts_stand().
    """

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted"
        DECLINED = "declined"
        WITHDRAWN = "withdrawn"
        DROPPED = "dropped"

    OPEN = Q(outcome="")  # nobody answered it

    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="changes")
    before = models.JSONField()
    after = models.JSONField()
    is_license = models.BooleanField()
    reason = models.TextField()
    paper = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    license_before = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="change_one_open", fields=["exporter"], condition=Q(outcome="")),
            models.CheckConstraint(name="change_of_something", condition=~Q(after={}) | Q(is_license=True)),
            models.CheckConstraint(name="change_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="change_decided_as_a_whole",
                condition=Q(outcome="", decided_at=None, decided_by=None, answer="")
                | Q(outcome__in=["accepted", "withdrawn", "dropped"], decided_at__isnull=False)
                & Q(decided_by__isnull=False)
                | Q(outcome="declined", decided_at__isnull=False, decided_by__isnull=False) & ~Q(answer=""),
            ),
        ]
        triggers = [
            Guard(
                "begins_open", operation=pgtrigger.Insert, condition=pgtrigger.Condition("NEW.decided_at IS NOT NULL")
            ),
            Guard(
                "decided_once", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.decided_at IS NOT NULL")
            ),
            Guard("change_answered", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return f"{self.exporter_id} {self.outcome or 'open'}"


@rights("SELECT", "INSERT", "UPDATE(ended_by_id)", "UPDATE(ended_at)", "UPDATE(end_reason)")
class Stop(models.Model):
    """An order of the ministry that stops a company's account, until another officer ends it. Only its end is written
    later. PostgreSQL lets no account be stopped without one that is open, nor be active with one: guard_stopped().

    One that bars it is a penalty decision of two people, through its last day; then the account is suspended by it.
    """

    class Kind(models.TextChoices):
        SUSPEND = "suspend"
        BAR = "bar"

    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="stops")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.SUSPEND, db_default=Kind.SUSPEND)
    number = models.CharField(max_length=60)
    provision = models.CharField(max_length=200, blank=True, db_default="")  # nothing: of before it was asked for
    reason = models.TextField()
    last_day = models.DateField(null=True, blank=True)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="stop_says_why", condition=~Q(number="") & ~Q(reason="")),
            models.CheckConstraint(name="stop_in_order", condition=Q(ended_at=None) | Q(ended_at__gte=F("opened_at"))),
            models.CheckConstraint(
                name="stop_ended_by_another",
                condition=Q(ended_at=None)
                | Q(ended_by__isnull=False)
                & ~Q(ended_by=F("opened_by"))
                & (Q(proposed_by=None) | ~Q(ended_by=F("proposed_by"))),
            ),
            models.CheckConstraint(
                name="stop_bars_by_two_until_a_day",
                condition=Q(kind="suspend", last_day=None, proposed_by=None)
                | Q(kind="bar", last_day__isnull=False, proposed_by__isnull=False) & ~Q(proposed_by=F("opened_by")),
            ),
            models.UniqueConstraint(
                name="stop_suspends_once", fields=["exporter"], condition=Q(kind="suspend", ended_at=None)
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def bars(self) -> bool:
        """It does now: its last day is not over, as far as anybody wrote so."""
        return self.kind == self.Kind.BAR and self.exporter.barred

    @classmethod
    def barring_on(cls, day: date) -> Q:
        """Of many the bars that run that day: nobody ended them, and their last day is not over."""
        return Q(kind=cls.Kind.BAR, ended_at=None, last_day__gte=day)


GRANTED_MONTHS = 12  # of a qualification, and of each renewal
RENEWAL_DAYS = 60  # before the last day: from then on it may be renewed


def qualified_on(day: date, *, last_day: date | None) -> bool:
    """A day through the last one that was granted counts, whatever the state says: that it lapsed is written later."""
    return last_day is not None and day <= last_day


def renewable_from(last_day: date) -> date:
    """The first day on which a qualification through that one may be renewed."""
    return last_day - timedelta(days=RENEWAL_DAYS)


@guarded(initial=Annual.NONE)
class Qualification(FSMModelMixin, models.Model):
    """May the company file for annual licenses? A row for each company, with the last day that was granted."""

    exporter = models.OneToOneField(Exporter, on_delete=models.PROTECT, primary_key=True, related_name="qualification")
    state = FSMField(choices=Annual, default=Annual.NONE, protected=True, editable=False)
    last_day = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="qualification_granted_through_a_day",
                condition=~Q(state__in=[Annual.GRANTED, Annual.LAPSED]) | Q(last_day__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        return self.exporter.uscc

    @cached_property
    def waiting(self) -> list["PaperRecord"]:
        """Records on paper that no decider answered yet."""
        return list(PaperRecord.objects.filter(exporter=self.pk, answer=None))

    def standing_on(self, on: date) -> Annual:
        """Its state, as that day has it."""
        return Annual.LAPSED if self.over_on(on) else next(one for one in Annual if one == self.state)

    @property
    def renewable_from(self) -> date | None:
        return self.last_day and renewable_from(self.last_day)

    def renewable_on(self, on: date) -> bool:
        """From then on, through its last day."""
        first, last = self.renewable_from, self.last_day
        return first is not None and last is not None and first <= on <= last

    @classmethod
    def renewable_within(cls, day: date) -> Q:
        """Of many the granted ones that are `renewable_on` that day."""
        soon = day + timedelta(days=RENEWAL_DAYS)
        return Q(state=Annual.GRANTED, last_day__gte=day, last_day__lte=soon)

    def over_on(self, on: date) -> bool:
        """Its last day is over and nobody wrote so yet."""
        return self.state == Annual.GRANTED and not qualified_on(on, last_day=self.last_day)

    @classmethod
    def ending_before(cls, day: date) -> Q:
        """Of many those that are `over_on` that day."""
        return Q(state=Annual.GRANTED, last_day__lt=day)

    @transition(
        field=state,
        source=[Annual.NONE, Annual.LAPSED],
        target=Annual.ASKED,
        permission=rules.holder("qualification.ask"),
        custom={"label": _("Ask for the annual channel")},
    )
    def ask(self) -> None: ...

    @transition(
        field=state,
        source=Annual.ASKED,
        target=Annual.GRANTED,
        permission=rules.officer("qualification.grant"),
        custom={"label": _("Grant the annual channel")},
    )
    def grant(self, *, last_day: date) -> None:
        self.last_day = last_day

    @transition(
        field=state,
        source=Annual.ASKED,
        target=Annual.NONE,
        permission=rules.officer("qualification.decline"),
        custom={"label": _("Decline")},
    )
    def decline(self) -> None: ...

    @transition(
        field=state,
        source=Annual.GRANTED,
        target=None,
        permission=rules.officer("qualification.renew"),
        custom={"label": format_lazy(_("Renew for {months} months"), months=GRANTED_MONTHS)},
    )
    def renew(self, *, last_day: date) -> None:
        self.last_day = last_day

    @transition(
        field=state,
        source=Annual.GRANTED,
        target=Annual.LAPSED,
        permission=rules.the_clock,
        custom={"label": _("Lapse"), "hidden": True},
    )
    def lapse(self, *, last_day: date) -> None:
        self.last_day = last_day


@insert_only
class CompliancePaper(models.Model):
    """The company's internal compliance program with the day of its audit. The one handed in last counts."""

    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="compliance_papers")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    audited_on = models.DateField()
    filed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.exporter} {self.audited_on}"


@insert_only
class PaperRecord(models.Model):
    """So many clearances, from the first day until the last, that this system knows of by a paper alone."""

    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="paper_records")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    number = models.IntegerField()
    first_day = models.DateField()
    last_day = models.DateField()
    filed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="paper_record_counts", condition=Q(number__gt=0)),
            models.CheckConstraint(name="paper_record_in_order", condition=Q(last_day__gte=F("first_day"))),
        ]


@insert_only
class RecordAnswer(models.Model):
    """What a decider says of a record on paper: once."""

    record = models.OneToOneField(PaperRecord, on_delete=models.PROTECT, primary_key=True, related_name="answer")
    accepted = models.BooleanField()
    reason = models.TextField()
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="record_answer_says_why", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return f"{self.record_id} {self.accepted}"


@insert_only
class Examination(models.Model):
    """How the published test stood when the company asked, or a decider answered: what it had, and what was missing."""

    class Occasion(models.TextChoices):
        ASK = "ask"
        GRANT = "grant"
        DECLINE = "decline"
        RENEW = "renew"

    qualification = models.ForeignKey(Qualification, on_delete=models.PROTECT, related_name="examinations")
    occasion = models.CharField(max_length=8, choices=Occasion)
    edition = models.CharField(max_length=40)
    results = models.JSONField()  # one a threshold of that edition, met or not
    missing = models.IntegerField()
    paper = models.ForeignKey(CompliancePaper, on_delete=models.PROTECT, null=True, related_name="+")  # the one seen
    examined_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    examined_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="examination_granted_when_met",
                condition=~Q(occasion__in=["grant", "renew"]) | Q(missing=0, paper__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.qualification} {self.occasion}"


class Party(models.Model):
    """A company or person abroad: end-user, consignee or importer. A master record, reused by applications."""

    PREFIX = "PTY"
    ENTERED = (
        "name",
        "name_local",
        "country",
        "address",
        "site_address",
        "nature",
        "business",
        "registration_no",
        "email",
    )

    NAMED_BY = ("name", "name_local", "country", "address", "site_address", "registration_no")  # in a certificate

    class Nature(models.TextChoices):
        COMMERCIAL = "commercial", _("Commercial")
        GOVERNMENT = "government", _("Government")
        MILITARY = "military", _("Military")
        ACADEMIC = "academic", _("Academic")
        INDIVIDUAL = "individual", _("Individual")

    ref = models.CharField(max_length=REFERENCE_LONGEST, unique=True)
    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="parties")
    name = models.CharField(_("name"), max_length=200)
    name_local = models.CharField(_("name in its own script"), max_length=200, blank=True)
    country = models.ForeignKey(
        Country, on_delete=models.PROTECT, related_name="+", verbose_name=_("country or region")
    )
    address = models.CharField(_("address"), max_length=300)
    site_address = models.CharField(_("site of use"), max_length=300, blank=True)
    nature = models.CharField(_("kind"), max_length=12, choices=Nature, blank=True)  # nothing until somebody says it
    business = models.CharField(
        _("business"), max_length=300, validators=[MinLengthValidator(3)], help_text=_("What it makes or does.")
    )
    registration_no = models.CharField(_("registration number"), max_length=60, blank=True)
    email = models.EmailField(_("email address"), blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "parties"

    @property
    def kind(self) -> str:
        return self.get_nature_display() or gettext("Kind not stated")

    @property
    def entered(self) -> dict[str, str]:
        """What stands in the address book, in no language: a country's code, a kind's slug."""
        kept = {name: str(getattr(self, name)) for name in self.ENTERED if name != "country"}
        return kept | {"country": self.country_id}

    def label(self) -> str:
        """Among others: two may have one name."""
        return f"{self.name}, {self.country} · {self.ref}"

    def __str__(self) -> str:
        return self.name
