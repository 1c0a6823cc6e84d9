"""Who follows which goods, and who was warned that a suspension of their control ends."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.guards import insert_only
from core.models import Organization, User
from exporters.models import Exporter


class Follow(models.Model):
    """A company follows a control code, and all that lie below it."""

    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="follows")
    code = models.CharField(max_length=60)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["code"]
        constraints = [models.UniqueConstraint(name="follow_once", fields=["exporter", "code"])]

    def __str__(self) -> str:
        return self.code

    def covers(self, code: str) -> bool:
        return code == self.code or code.startswith(f"{self.code}.")


STAGES = (7, 30, 90)  # days before a window's end on which organizations are warned


@insert_only
class WindowWarning(models.Model):
    """An organization was warned, so many days (`stage`) before it, that a suspension window ends on a day.

    window: its key in the text of `edition`, which said so. Whether it still does is derived, never written here.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    window = models.CharField(max_length=200)
    instrument = models.CharField(max_length=60)
    last_day = models.DateField(db_index=True)
    stage = models.SmallIntegerField()
    edition = models.ForeignKey("licensing.PolicyEdition", on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("warning of a window's end")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="window_warning_once", fields=["organization", "window", "last_day", "stage"]),
            models.CheckConstraint(name="window_warning_stage", condition=Q(stage__in=STAGES)),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.last_day}"
