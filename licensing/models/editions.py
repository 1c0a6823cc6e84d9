"""Editions of the rules. A row is an edition that somebody has put in force, and no row is ever changed."""

import pgtrigger
from django.db import models
from django.db.models import F, Func

from core.guards import Guard, insert_only

_DIGEST = Func(
    F("text"),
    template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')",
    output_field=models.CharField(),
)


@pgtrigger.register(Guard("never_emptied", runs="insert_only", level=pgtrigger.Statement, operation=pgtrigger.Truncate))
@insert_only
class PolicyEdition(models.Model):
    """One canonical text of the rules, from an instant on: read by the engine of that number, kept for ever.

    The first covers all earlier days, too. Which is in force at a moment is derived (licensing.selectors.editions).
    """

    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=200)
    text = models.TextField()
    digest = models.CharField(max_length=64, db_index=True)  # the same again where a change is undone
    engine = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField(unique=True)

    class Meta:
        ordering = ["starts_at"]
        triggers = [Guard("in_order", operation=pgtrigger.Insert)]
        constraints = [models.CheckConstraint(name="policy_edition_is_its_text", condition=models.Q(digest=_DIGEST))]

    def __str__(self) -> str:
        return self.code
