"""The pauses of a case's clock: each a row, to which only its end is added later."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from core.guards import Guard, rights
from core.models import User
from core.working_days import Pause
from licensing.models.applications import Application


@rights("SELECT", "INSERT", "UPDATE(ends_on)", "UPDATE(ended_by_id)", "UPDATE(ended_at)")
class ClockInterval(models.Model):
    """Legal days on which the clock of a case stands still, from `begins_on` on. The day `ends_on` counts again."""

    class Reason(models.TextChoices):
        IDENTIFICATION = "identification", _("Identification of the goods")
        EXPERT = "expert", _("Expert consultation")
        STATE_COUNCIL = "state_council", _("Approval by the State Council")
        SITE_VISIT = "site_visit", _("Visit to the site")

        @property
        def by_law(self) -> bool:
            """The law itself stops the clock for it; for what else it stands still is the ministry's own rule."""
            return self != self.SITE_VISIT

        @classmethod
        def counted(cls) -> list["ClockInterval.Reason"]:
            """For what the clock may stand still: what the law names, and site visits where the ministry counts so."""
            return [one for one in cls if one.by_law or settings.CLOCK_SITE_VISITS]

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="pauses")
    reason = models.CharField(max_length=20, choices=Reason)
    notice = models.TextField()
    begins_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="pause_in_order", condition=Q(ends_on=None) | Q(ends_on__gte=F("begins_on"))),
            models.CheckConstraint(
                name="pause_ended_by_somebody",
                condition=Q(ends_on=None, ended_by=None, ended_at=None)
                | Q(ends_on__isnull=False, ended_by__isnull=False, ended_at__isnull=False),
            ),
            models.CheckConstraint(name="pause_says_why", condition=~Q(notice="")),
            ExclusionConstraint(
                name="pause_one_at_a_time",
                expressions=[
                    ("application", RangeOperators.EQUAL),
                    (
                        Func(F("begins_on"), F("ends_on"), function="daterange", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        triggers = [
            Guard(
                "insert_only",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__ends_on__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.get_reason_display()

    @property
    def pause(self) -> Pause:
        return Pause(self.begins_on, self.ends_on)
