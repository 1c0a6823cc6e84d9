"""What screening an end-user against the lists of parties found. Rows are only added: the newest one counts."""

from collections.abc import Iterable

from django.db import models
from django.db.models import Q

from core.guards import insert_only
from core.models import User
from exporters.models import Party
from licensing.models.applications import Application

NO_HIT = "none"
UNRESOLVED = frozenset({"possible"})  # nobody said yet whether it is a hit


@insert_only
class Screening(models.Model):
    """The result of a day against a version of the lists, that there is no hit included; in the rules' words."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="screenings")
    party_version = models.IntegerField()  # of the party's entry that was looked at
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="screenings")
    hit = models.CharField(max_length=20)
    list_version = models.CharField(max_length=80)
    screened_on = models.DateField()
    reason = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="screening_names_its_list", condition=~Q(list_version="")),
            models.CheckConstraint(name="screening_hit_has_a_reason", condition=Q(hit=NO_HIT) | ~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.party}: {self.hit}"

    @property
    def clear(self) -> bool:
        return self.hit == NO_HIT

    @property
    def counts(self) -> bool:
        """No hit clears the entry that was looked at, and no later one: another name may be on a list. A hit stays."""
        return not self.clear or self.party_version == self.party.version

    def of_entry_in(self, case: Application) -> bool:
        """It was recorded in this very case, of the entry as it is now."""
        return self.application_id == case.pk and self.party_version == self.party.version


def counting(rows: Iterable[Screening]) -> dict[int, Screening]:
    """party -> the newest of these results, which come newest first, where it counts for its entry as it is now. What
    it took the place of does not come back."""
    newest: dict[int, Screening] = {}
    for row in rows:
        newest.setdefault(row.party_id, row)
    return {party: row for party, row in newest.items() if row.counts}
