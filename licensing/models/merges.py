"""Which cases the draft of an annual application was merged of. Rows are only added."""

from django.db import models
from django.db.models import F

from core.guards import insert_only
from licensing.models.applications import Application
from licensing.models.licenses import License


@insert_only
class Merged(models.Model):
    """One of them. license: what was granted with it then, which counts; none where it was not decided yet, and what it
    asked for counts."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="merged", db_index=False)
    case = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="merged_into")
    license = models.ForeignKey(License, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        ordering = ["case_id"]
        constraints = [
            models.UniqueConstraint(name="merged_once", fields=["application", "case"]),
            models.CheckConstraint(name="merged_of_others", condition=~models.Q(application=F("case"))),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.case}"

    @property
    def says(self) -> Application:
        """The case that says what counts of it: its own, or the change that led to its license."""
        return self.license.application if self.license else self.case
