"""Exporters and the parties abroad that they deal with."""

from datetime import datetime

from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from core import provinces
from core.graphs import guarded
from core.guards import insert_only
from core.models import Country, Document, Organization, User
from exporters import rules
from exporters.states import UNVERIFIED
from exporters.states import ExporterState as S


@guarded(initial=S.DRAFT)
class Exporter(FSMModelMixin, models.Model):
    """A company that files applications: one-to-one with its organization, and its primary key too."""

    organization = models.OneToOneField(
        Organization, on_delete=models.PROTECT, primary_key=True, related_name="exporter"
    )
    state = FSMField(choices=S, default=S.DRAFT, protected=True, editable=False)
    uscc = models.CharField(_("unified social credit code"), max_length=18)
    customs_code = models.CharField(_("customs registration code"), max_length=10, blank=True)
    province = models.CharField(_("province"), max_length=2, blank=True, default="")
    address = models.CharField(_("address"), max_length=300, blank=True)
    legal_representative = models.CharField(_("legal representative"), max_length=120, blank=True)
    main_manager = models.CharField(_("main manager"), max_length=120, blank=True)
    handler = models.CharField(_("handler"), max_length=120, blank=True)
    business_license = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="exporter_code_held_once", fields=["uscc"], condition=~Q(state__in=UNVERIFIED)
            ),
            models.CheckConstraint(name="exporter_province_known", condition=Q(province__in=provinces.codes())),
        ]

    def __str__(self) -> str:
        return str(self.organization)

    @property
    def exporter_id(self) -> int:
        return self.organization_id

    @property
    def ref(self) -> str:
        return self.uscc

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
        target=None,
        permission=rules.officer("exporter.qualify"),
        custom={"label": _("Qualify for annual licenses")},
    )
    def qualify(self) -> None: ...


@insert_only
class Qualification(models.Model):
    """The company may file for annual licenses, through this day. Rows are only added; the newest counts."""

    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="qualifications")
    last_day = models.DateField()
    reason = models.TextField()
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(name="qualification_says_why", condition=~Q(reason=""))]

    def __str__(self) -> str:
        return f"{self.exporter} {self.last_day}"


class Party(models.Model):
    """A company or person abroad: end-user, consignee or importer. A master record, reused by applications."""

    PREFIX = "PTY"

    class Nature(models.TextChoices):
        COMMERCIAL = "commercial", _("Commercial")
        GOVERNMENT = "government", _("Government")
        MILITARY = "military", _("Military")
        ACADEMIC = "academic", _("Academic")
        INDIVIDUAL = "individual", _("Individual")

    ref = models.CharField(max_length=16, unique=True)
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
    email = models.EmailField(_("e-mail"), blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "parties"

    @property
    def kind(self) -> str:
        return self.get_nature_display() or gettext("Kind not stated")

    def label(self) -> str:
        """Among others: two may have one name."""
        return f"{self.name}, {self.country} · {self.ref}"

    def __str__(self) -> str:
        return self.name
