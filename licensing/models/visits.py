"""What officers found where goods arrived. Rows are only added."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.guards import insert_only
from core.models import Document, User
from core.references import REFERENCE_LONGEST
from licensing.models.licenses import License, LicenseEndUser


class VisitKind(models.TextChoices):
    POST_SHIPMENT = "post_shipment", _("Post-shipment check")
    SITE_VISIT = "site_visit", _("Site visit")


class VisitOutcome(models.TextChoices):
    AS_EXPECTED = "as_expected", _("As expected")
    DISCREPANCY = "discrepancy", _("Discrepancy")
    NOT_DONE = "not_done", _("Could not be done")


@insert_only
class Visit(models.Model):
    """A check after a shipment, or a visit to a site, and its outcome; of the license, or of one end-user of it.

    shipment: its reference, where it was about one. The holder reads kind, day and outcome, and no more.
    """

    license = models.ForeignKey(License, on_delete=models.PROTECT, related_name="visits")
    end_user = models.ForeignKey(LicenseEndUser, on_delete=models.PROTECT, null=True, related_name="visits")
    shipment = models.CharField(max_length=REFERENCE_LONGEST, blank=True)
    kind = models.CharField(max_length=15, choices=VisitKind)
    made_on = models.DateField()
    went = models.CharField(max_length=300)
    outcome = models.CharField(max_length=15, choices=VisitOutcome)
    note = models.TextField()
    files = models.ManyToManyField(Document, related_name="+", blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_on", "-pk"]
        constraints = [
            models.CheckConstraint(name="visit_says_who_and_what", condition=~Q(went="") & ~Q(note="")),
            models.CheckConstraint(name="visit_kind", condition=Q(kind__in=VisitKind.values)),
            models.CheckConstraint(name="visit_outcome", condition=Q(outcome__in=VisitOutcome.values)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_outcome_display()}"


insert_only(Visit.files.through)
