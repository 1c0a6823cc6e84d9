"""The one supplement of a case: all that is missing, said at once, and what came for it. Rows are only added."""

from datetime import date

from django.db import models
from django.db.models import Q

from core.guards import insert_only
from core.legal_time import legal_day
from core.models import Document, User
from exporters.models import Exporter
from licensing.models.applications import Application


def last_day(asked_on: date, due_on: date, exporter: Exporter) -> date:
    """Nothing is sent while the company is barred, so after a bar that began before the days were over as many as were
    given count anew."""
    last = due_on
    for stop in exporter.stops.all():
        if stop.last_day and legal_day(stop.opened_at) <= last:
            last = max(last, stop.last_day + (due_on - asked_on))
    return last


@insert_only
class Supplement(models.Model):
    """What intake asked for, and until which day it may come. A case has one at most: the law allows one notice."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="supplement")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    due_on = models.DateField()

    def __str__(self) -> str:
        return str(self.application)

    @property
    def last_day(self) -> date:
        """Through which it may come."""
        return last_day(legal_day(self.requested_at), self.due_on, self.application.exporter)


@insert_only
class SupplementPoint(models.Model):
    """One thing that is missing."""

    supplement = models.ForeignKey(Supplement, on_delete=models.PROTECT, related_name="points")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()

    class Meta:
        ordering = ["supplement", "number"]
        constraints = [
            models.UniqueConstraint(name="supplement_point_once", fields=["supplement", "number"]),
            models.CheckConstraint(name="supplement_point_in_words", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.text[:60]}"


@insert_only
class SupplementAnswer(models.Model):
    """What the applicant sent for a point: words, files or both."""

    point = models.OneToOneField(SupplementPoint, on_delete=models.PROTECT, related_name="answer")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    files = models.ManyToManyField(Document, related_name="+", blank=True)

    def __str__(self) -> str:
        return self.text[:60]


insert_only(SupplementAnswer.files.through)
