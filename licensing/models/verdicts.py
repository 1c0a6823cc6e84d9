"""What rules that apply to licenses in force say of each line of a license for each of its end-users."""

from django.db import models

from core.guards import rights
from licensing.models.licenses import LicenseEndUser


@rights("SELECT", "INSERT", "UPDATE(prohibited)", "UPDATE(held)", "UPDATE(forbidden)")
class Verdict(models.Model):
    """When rules for licenses in force prohibit a line for an end-user, by the editions known to License.judged_by.

    facts are frozen at issue. prohibited: [{from, until, grace, rules}], instants of which `until` is the first after
    it and null without an end; `grace` is the first instant at which what was reserved before `from` comes too late.
    forbidden: whether one of them stood when a turn last came by, and the holder was told. held: when holds stop its
    reservations, [{from, until, hold, reason_en, reason_zh, owner}], likewise. Written under the lock of the
    license's lines, so that a reservation that holds them reads the last word.
    """

    line = models.ForeignKey("licensing.LicenseLine", on_delete=models.PROTECT, related_name="verdicts")
    end_user = models.ForeignKey(LicenseEndUser, on_delete=models.PROTECT, related_name="verdicts", db_index=False)
    facts = models.JSONField()
    prohibited = models.JSONField(default=list)
    held = models.JSONField(default=list)
    forbidden = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(name="verdict_once", fields=["end_user", "line"])]

    def __str__(self) -> str:
        return f"{self.line} for {self.end_user}"
