"""What one officer proposes to do to a row, until a second one has countersigned or declined it."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from core.guards import Guard, rights
from core.models.documents import Document
from core.models.people import User


@rights(
    "SELECT", "INSERT", *(f"UPDATE({name})" for name in ("decided_by_id", "decided_at", "carried", "decision_reason"))
)
class Proposal(models.Model):
    """A verb of a row that waits for its second person; then whether he carried it, once and for all.

    Its subject is named as in its history. document: the paper that comes with it. Who proposed it may take it back,
    and only another person carries it.
    """

    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    subject_ref = models.CharField(max_length=40)
    verb = models.CharField(max_length=40)
    reason = models.TextField()
    facts = models.JSONField(default=dict, blank=True)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    carried = models.BooleanField(null=True)
    decision_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                name="proposal_one_open", fields=["subject_kind", "subject_id", "verb"], condition=Q(decided_at=None)
            ),
            models.CheckConstraint(
                name="proposal_decided_as_a_whole",
                condition=Q(decided_at=None, decided_by=None, carried=None, decision_reason="")
                | Q(decided_at__isnull=False, decided_by__isnull=False, carried__isnull=False),
            ),
            models.CheckConstraint(
                name="proposal_carried_by_another",
                condition=Q(carried=None) | Q(carried=False) | ~Q(decided_by=F("proposed_by")),
            ),
        ]
        indexes = [models.Index(name="proposal_of_subject", fields=["subject_kind", "subject_id", "verb"])]
        triggers = [
            Guard(
                "proposal_begins_open",
                runs="begins_open",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.decided_at IS NOT NULL"),
            ),
            Guard(
                "proposal_decided_once",
                runs="decided_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.decided_at IS NOT NULL"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_ref} {self.verb}"

    def is_of(self, user: User) -> bool:
        """It is his own: he may take it back, and not carry it."""
        return self.proposed_by_id == user.pk

    @staticmethod
    def those_of(user: User) -> Q:
        """The same of many."""
        return Q(proposed_by=user)
