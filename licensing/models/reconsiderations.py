"""When a refusal reached its applicant, and how he contests it. Rows are only added."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from core.guards import insert_only
from core.legal_time import legal_day
from core.models import Document, HistoryLine, User
from core.selectors import calendar
from core.working_days import Calendar, NotPublished
from licensing.models.applications import Application, DecisionStep

ACCEPT_DAYS = 5  # working days within which a request is accepted. Administrative Reconsideration Law, Article 30


@insert_only
class Service(models.Model):
    """That somebody of the applicant's people opened the page of a decision, for the first time."""

    decision = models.OneToOneField(DecisionStep, on_delete=models.PROTECT, related_name="service")
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.decision)


@insert_only
class Reconsideration(models.Model):
    """A refusal that is contested, on what grounds and with which papers. What came of it is a step of its round."""

    decision = models.OneToOneField(DecisionStep, on_delete=models.PROTECT, related_name="reconsideration")
    filed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    filed_at = models.DateTimeField()
    grounds = models.TextField()
    files = models.ManyToManyField(Document, related_name="+", blank=True)

    class Meta:
        constraints = [models.CheckConstraint(name="reconsideration_has_grounds", condition=~Q(grounds=""))]

    def __str__(self) -> str:
        return self.grounds[:60]

    def entry(self, kind: str) -> "ReconsiderationEntry | None":
        return next((entry for entry in self.entries.all() if entry.kind == kind), None)

    @property
    def admitted(self) -> "ReconsiderationEntry | None":
        return self.entry(ReconsiderationEntry.Kind.ADMIT)

    def accept_by(self, table: Calendar) -> date | None:
        """The last day to accept it. None where the table of working days ends before it."""
        with suppress(NotPublished):
            return table.day(ACCEPT_DAYS, legal_day(self.filed_at))
        return None

    def begun_on(
        self, today: date, table: Calendar | None = None, said: Mapping[int, date | None] | None = None
    ) -> date | None:
        """Day 0 of its time: when it was accepted, or else the last day to, once that is over: by law it counts as
        accepted then (Article 30), and where its history says so no newer table of working days moves that day. None as
        long as neither is there. table, said: the table, and `said_by_law`, where they were read."""
        if self.admitted:
            return legal_day(self.admitted.at)
        if on := (said_by_law([self]) if said is None else said).get(self.pk):
            return on
        last = self.accept_by(table or calendar(legal_day(self.filed_at), ACCEPT_DAYS))
        return last if last and today > last else None

    @property
    def extended(self) -> "ReconsiderationEntry | None":
        return self.entry(ReconsiderationEntry.Kind.EXTEND)


insert_only(Reconsideration.files.through)


@insert_only
class ReconsiderationEntry(models.Model):
    """That the request was accepted, which is day 0 of its time, or that this was extended; each once."""

    class Kind(models.TextChoices):
        ADMIT = "admit", _("Request accepted")
        EXTEND = "extend", _("Time extended")

    reconsideration = models.ForeignKey(Reconsideration, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=6, choices=Kind)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "reconsideration entries"
        constraints = [
            models.UniqueConstraint(name="reconsideration_entry_once", fields=["reconsideration", "kind"]),
            models.CheckConstraint(
                name="reconsideration_extended_for_a_reason", condition=~Q(kind="extend") | ~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


def said_of(case: str) -> Subquery:
    """Since when a request counts as accepted, as its history says it, of rows that have `filed_at` and their case's
    key by that name."""
    lines = HistoryLine.objects.filter(
        subject_kind="application", subject_id=OuterRef(case), verb="admit_by_law", at__gte=OuterRef("filed_at")
    )
    return Subquery(lines.order_by("seq").values(day_0=Cast(KT("facts__day_0"), models.DateField()))[:1])


def said_by_law(rows: Iterable[Reconsideration]) -> dict[int, date]:
    """Since when each of these counts as accepted whose history says so, by primary key. One query, or none where each
    was accepted by somebody."""
    if not (waiting := [row.pk for row in rows if not row.admitted]):
        return {}
    found = Reconsideration.objects.filter(pk__in=waiting).annotate(day_0=said_of("decision__application_id"))
    return dict(found.exclude(day_0=None).values_list("pk", "day_0"))


def contested(case: Application) -> Reconsideration | None:
    """That of the decision which counts now."""
    return getattr(case.decision, "reconsideration", None)
