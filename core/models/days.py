"""The working-day table."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.guards import rights


class DayKind(models.TextChoices):
    WORKDAY = "workday", _("Working day")
    MAKEUP_WORKDAY = "makeup_workday", _("Make-up working day")
    WEEKEND = "weekend", _("Weekend")
    PUBLIC_HOLIDAY = "public_holiday", _("Public holiday")


WORKED = (DayKind.WORKDAY, DayKind.MAKEUP_WORKDAY)


@rights("SELECT", "INSERT", "UPDATE")
class LegalDay(models.Model):
    """A legal day, worked or not, as the newest file says. Days are never taken away."""

    day = models.DateField(primary_key=True)
    working = models.BooleanField()
    kind = models.CharField(max_length=20, choices=DayKind)
    name = models.CharField(max_length=100, blank=True)
    provisional = models.BooleanField()
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(
                name="legal_day_worked_as_its_kind_says",
                condition=Q(working=True, kind__in=WORKED)
                | Q(working=False, kind__in=(DayKind.WEEKEND, DayKind.PUBLIC_HOLIDAY)),
            ),
        ]

    def __str__(self) -> str:
        return self.day.isoformat()
