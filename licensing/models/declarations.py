"""End-use declarations: what the end-user, and nobody else, has signed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinLengthValidator
from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from core.graphs import countersigned, guarded
from core.guards import insert_only
from core.legal_time import months_after
from core.models import Document, User
from core.models.people import COUNTRY_LENGTH
from core.proposals import none_waits, waits
from core.references import REFERENCE_LONGEST
from exporters import rules
from exporters.models import Exporter, Party
from licensing.models.lists import ControlItem, EndUse
from licensing.states import CHECKED, RECEIVED, VOID
from licensing.states import DeclarationState as S

# what the end-user must confirm, all of it
CONFIRMATIONS = ("no_other_use", "no_transfer", "no_mass_destruction", "no_military_use", "verification_consent")


def unconfirmed(says: Mapping[str, Any]) -> list[str]:
    """Which of them a declaration that says this lacks."""
    return [name for name in CONFIRMATIONS if not says[name]]


FIELDS = (  # what it says, beside its items
    "end_user",
    "end_use",
    "end_use_text",
    "product",
    "position_in_product",
    "process",
    "yearly_need",
    "re_export",
    "re_export_countries",
    *CONFIRMATIONS,
)
PARTY, SIGNATURE = "party", "signature"
# what is signed, by what may have to change of it: its end-user's entry, and who signed it and how, too
CHANGEABLE = (*(name for name in FIELDS if name not in ("end_user", *CONFIRMATIONS)), "items", PARTY, SIGNATURE)

SIGNED_MONTHS = 12  # before the first planned day, at most
USE_LEAST = 50  # characters that tell an end-use


class InvalidGround(models.TextChoices):
    """Why a declaration that was verified counts no more."""

    CHANGED = "changed", _("The end-user or the end-use has changed")
    FORGED = "forged", _("It is forged")
    LAPSED = "lapsed", _("It has lapsed")
    FRAUD = "fraud", _("It was obtained by fraud")


def original_is_there(row: Any) -> bool:
    return bool(row.original_received_on is not None)


def original_is_missing(row: Any) -> bool:
    return bool(row.original_received_on is None)


@countersigned("invalidate", S.INVALID)
@guarded(initial=S.DRAFT)
class Declaration(FSMModelMixin, models.Model):
    """One end-user's word on what the goods are for, with the signed certificate as PDF.

    A case names any on which it may come to a license (`NAMED`), is filed on those that are `submitted` and signed
    recently enough (`recent_for`) and state what its kind of license asks (`enough_for`), and approved and issued on
    those that are `checked`. One that a newer one replaced stays good for the cases that name it, and for no others.
    """

    PREFIX = "EUD"
    NAMED = ~models.Q(state__in=[*VOID, S.SUPERSEDED])
    UNSENT = models.Q(state__in=[S.DRAFT, S.SIGNED])  # the ministry has not got it, or not as it will be
    EXPORTERS_TURN = UNSENT | models.Q(state=S.QUERIED)
    RELIABLE = models.Q(state__in=[S.SUBMITTED, S.VERIFIED, S.IN_FORCE])  # `submitted`, and replaced by no newer one
    AWAITS_ORIGINAL = RELIABLE & models.Q(original_received_on=None)  # of what was signed on paper
    TO_VERIFY = models.Q(state=S.SUBMITTED)  # no reviewer has decided on it

    class Process(models.TextChoices):
        AS_RECEIVED = "as_received", _("Used as received")
        INCORPORATED = "incorporated", _("Built into a product")
        PROCESSED = "processed", _("Processed further")
        RESOLD = "resold", _("Resold")

    ref = models.CharField(max_length=REFERENCE_LONGEST, unique=True)
    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="declarations")
    state = FSMField(choices=S, default=S.DRAFT, protected=True, editable=False)
    end_user = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="declarations", verbose_name=_("end-user")
    )
    end_use = models.ForeignKey(EndUse, on_delete=models.PROTECT, related_name="+", verbose_name=_("end-use"))
    end_use_text = models.TextField(
        _("end-use in words"),
        validators=[MinLengthValidator(USE_LEAST)],
        help_text=format_lazy(
            _("What is made with the goods, where, and who uses it; at least {least} characters."), least=USE_LEAST
        ),
    )
    product = models.CharField(_("product"), max_length=200)
    position_in_product = models.CharField(_("where in the product the item sits"), max_length=300)
    process = models.CharField(_("what happens to the goods"), max_length=12, choices=Process)
    yearly_need = models.CharField(
        _("yearly need, stock and yield"),
        max_length=300,
        blank=True,
        help_text=_("Needed for an annual license: kg a year, stock on hand, units made."),
    )
    re_export = models.BooleanField(_("the goods or products leave the end-user's country again"), default=False)
    re_export_countries = ArrayField(models.CharField(max_length=COUNTRY_LENGTH), default=list, blank=True)
    no_other_use = models.BooleanField(_("for no other use than the one stated"), default=False)
    no_transfer = models.BooleanField(_("no transfer to a third party without permission"), default=False)
    no_mass_destruction = models.BooleanField(
        _("not for weapons of mass destruction or their delivery systems"), default=False
    )
    no_military_use = models.BooleanField(_("not for military use"), default=False)
    verification_consent = models.BooleanField(_("a visit to verify the use is accepted"), default=False)
    signer_name = models.CharField(_("signed by"), max_length=120, blank=True)
    signer_post = models.CharField(_("post"), max_length=120, blank=True)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    certificate = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    as_signed = models.JSONField(
        null=True, editable=False, help_text="By field what it said, and its end-user's entry, when it was signed last."
    )
    # when the certificate came: a case that is decided compares it, and does not read a row that holds a file
    attached_at = models.DateTimeField(null=True, editable=False)
    # nothing waits for it: the ministry decides on the scan
    original_received_on = models.DateField(_("paper original received on"), null=True, editable=False)
    original_note = models.CharField(max_length=300, blank=True, db_default="", editable=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # what a case names is of its end-user (migration 0022)
            models.UniqueConstraint(name="declaration_of_its_end_user", fields=["id", "end_user"]),
            # signed and later: the certificate is there, and all that the end-user must confirm is confirmed
            models.CheckConstraint(
                name="declaration_signed_is_complete",
                condition=models.Q(state=S.DRAFT)
                | models.Q(
                    certificate__isnull=False,
                    signed_on__isnull=False,
                    **dict.fromkeys(CONFIRMATIONS, True),
                ),
            ),
            models.CheckConstraint(
                name="declaration_original_is_signed",
                condition=models.Q(original_received_on=None)
                | models.Q(signed_on__isnull=False, original_received_on__gte=models.F("signed_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} · {self.end_user}"

    def differs_from(self, party: Party) -> list[str]:
        """Which facts that a certificate names its end-user, this party, by were entered otherwise since it signed."""
        now, then = party.entered, (self.as_signed or {}).get("party", {})
        return [name for name in Party.NAMED_BY if name in then and then[name] != now[name]]

    @property
    def covered(self) -> set[int]:
        """The control items that it names."""
        return {item.control_item_id for item in self.items.all()}

    @property
    def confirmations(self) -> list[tuple[str, bool]]:
        """What its end-user must confirm, in words, and whether it did."""
        asked = [one for one in self._meta.fields if one.name in CONFIRMATIONS]
        return [(str(one.verbose_name), getattr(self, one.name)) for one in asked]

    def confirmed(self) -> bool:
        return not unconfirmed(vars(self))

    @property
    def editable(self) -> bool:
        """Its company may still change what it says: it is a draft."""
        return bool(self.state == S.DRAFT)

    @property
    def submitted(self) -> bool:
        """The ministry has it, and did not reject it."""
        return self.to_verify or self.checked

    @property
    def to_verify(self) -> bool:
        """What TO_VERIFY says, of this one."""
        return bool(self.state == S.SUBMITTED)

    @property
    def unsent(self) -> bool:
        """What UNSENT says, of this one."""
        return self.state in (S.DRAFT, S.SIGNED)

    @property
    def queried(self) -> bool:
        """The exporter has to answer, or to have it signed anew."""
        return bool(self.state == S.QUERIED)

    @property
    def rejected(self) -> bool:
        return bool(self.state == S.REJECTED)

    @property
    def void(self) -> bool:
        """Nothing is approved on it any more: a case that names it has to name another."""
        return self.state in VOID

    @property
    def verified(self) -> bool:
        """No license rests on it yet."""
        return bool(self.state == S.VERIFIED)

    @property
    def to_rely_on(self) -> bool:
        """It is signed, nothing is asked about it, and no license rests on it yet."""
        return self.state in (S.SIGNED, S.SUBMITTED, S.VERIFIED)

    @property
    def checked(self) -> bool:
        """A reviewer verified it, and nothing came in between."""
        return self.state in CHECKED

    @property
    def last_start(self) -> date | None:
        """The last planned start for which it was signed recently enough; None where nobody signed it."""
        return months_after(self.signed_on, SIGNED_MONTHS) if self.signed_on else None

    @staticmethod
    def last_start_by(signed_on: models.F | models.OuterRef) -> models.Func:
        """The same in SQL, by a column with the day of the signature."""
        template = f"(%(expressions)s + interval '{SIGNED_MONTHS} months')::date"
        return models.Func(signed_on, template=template, output_field=models.DateField())

    def recent_for(self, first: date) -> bool:
        last = self.last_start
        return last is None or first <= last

    def enough_for(self, *, annual: bool) -> bool:
        """An annual license asks for the yearly need besides."""
        return not annual or bool(self.yearly_need)

    @transition(
        field=state,
        source=S.DRAFT,
        target=S.SIGNED,
        permission=rules.holder("declaration.attach_signed"),
        custom={"label": _("Attach the signed certificate")},
    )
    def attach_signed(
        self,
        *,
        certificate: Document,
        signer_name: str,
        signer_post: str,
        signed_on: date,
        attached_at: datetime,
        as_signed: dict[str, Any],
    ) -> None:
        self.certificate, self.signer_name, self.signer_post = certificate, signer_name, signer_post
        self.signed_on, self.attached_at, self.as_signed = signed_on, attached_at, as_signed
        self.original_received_on, self.original_note = None, ""  # of what was signed before

    @transition(
        field=state,
        source=S.SIGNED,
        target=S.SUBMITTED,
        permission=rules.holder("declaration.submit"),
        custom={"label": _("Submit")},
    )
    def submit(self) -> None: ...

    @transition(
        field=state,
        source=S.SUBMITTED,
        target=S.VERIFIED,
        permission=rules.officer("declaration.verify"),
        custom={"label": _("Verify")},
    )
    def verify(self) -> None: ...

    @transition(
        field=state,
        source=S.SUBMITTED,
        target=S.QUERIED,
        permission=rules.officer("declaration.query"),
        custom={"label": _("Ask the exporter")},
    )
    def query(self) -> None: ...

    @transition(
        field=state,
        source=S.QUERIED,
        target=S.SUBMITTED,
        permission=rules.holder("declaration.answer"),
        custom={"label": _("Answer")},
    )
    def answer(self) -> None: ...

    @transition(
        field=state,
        source=S.QUERIED,
        target=S.DRAFT,
        permission=rules.holder("declaration.redo"),
        custom={"label": _("Have it signed anew")},
    )
    def redo(self) -> None: ...

    @transition(
        field=state,
        source=[S.SUBMITTED, S.QUERIED],
        target=S.REJECTED,
        permission=rules.officer("declaration.reject"),
        custom={"label": _("Reject")},
    )
    def reject(self) -> None: ...

    @transition(
        field=state,
        source=list(RECEIVED),
        target=None,
        permission=rules.officer("declaration.receive_original"),
        conditions=[original_is_missing],
        custom={"label": _("Record that the paper original came")},
    )
    def receive_original(self, *, on: date, note: str) -> None:
        self.original_received_on, self.original_note = on, note

    @transition(
        field=state,
        source=list(RECEIVED),
        target=None,
        permission=rules.officer("declaration.miss_original"),
        conditions=[original_is_there],
        custom={"label": _("Take back that the original came")},
    )
    def miss_original(self) -> None:
        self.original_received_on, self.original_note = None, ""

    @transition(
        field=state,
        source=S.VERIFIED,
        target=S.IN_FORCE,
        permission=rules.a_consequence,
        custom={"label": _("Put in force"), "hidden": True},
    )
    def activate(self) -> None: ...

    @transition(
        field=state,
        source=S.IN_FORCE,
        target=S.SUPERSEDED,
        permission=rules.a_consequence,
        custom={"label": _("Replaced by a newer one"), "hidden": True},
    )
    def supersede(self) -> None: ...

    @transition(
        field=state,
        source=S.VERIFIED,
        target=S.EXPIRED,
        permission=rules.the_clock,
        custom={"label": _("Expire"), "hidden": True},
    )
    def expire(self) -> None: ...

    @transition(
        field=state,
        source=list(CHECKED),
        target=None,
        permission=rules.officer("declaration.propose_invalidate"),
        conditions=[none_waits("invalidate")],
        custom={"label": _("Propose that it is invalid")},
    )
    def propose_invalidate(self) -> None: ...

    @transition(
        field=state,
        source=list(CHECKED),
        target=S.INVALID,
        permission=rules.officer("declaration.invalidate"),
        conditions=[waits("invalidate")],
        custom={"label": _("Declare it invalid")},
    )
    def invalidate(self) -> None: ...

    @transition(
        field=state,
        source=[*CHECKED, S.EXPIRED],
        target=None,
        permission=rules.officer("declaration.drop_invalidate"),
        conditions=[waits("invalidate")],
        custom={"label": _("Take back or decline the proposal")},
    )
    def drop_invalidate(self) -> None: ...


@insert_only
class DeclarationEntry(models.Model):
    """What a reviewer asked about a declaration, and what the exporter said or sent."""

    class Kind(models.TextChoices):
        ASK = "ask", _("Question to the exporter")
        ANSWER = "answer", _("Answered")
        REDO = "redo", _("Taken back to be signed anew")

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="thread")
    kind = models.CharField(max_length=6, choices=Kind)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    files = models.ManyToManyField(Document, related_name="+", blank=True)  # what was taken back has its certificate
    before = models.JSONField(null=True)  # of what was taken back, by field what it said

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="declaration_said_in_words", condition=models.Q(kind="answer") | ~models.Q(text="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text[:60]}"


insert_only(DeclarationEntry.files.through)


class DeclarationItem(models.Model):
    """A control item that the declaration covers."""

    declaration = models.ForeignKey(Declaration, on_delete=models.CASCADE, related_name="items")
    control_item = models.ForeignKey(ControlItem, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(name="declaration_item_once", fields=["declaration", "control_item"])]

    def __str__(self) -> str:
        return str(self.control_item)
