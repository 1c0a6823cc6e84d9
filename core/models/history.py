"""What happened, insert-only, and the messages that follow from it."""

from django.db import models

from core.guards import insert_only
from core.models.people import User


@insert_only
class HistoryLine(models.Model):
    """Who, when (database time), from, to, why, under which policy edition. Chained by hash per subject."""

    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    subject_ref = models.CharField(max_length=40)
    seq = models.PositiveIntegerField()
    verb = models.CharField(max_length=40)
    from_state = models.CharField(max_length=30, blank=True)
    to_state = models.CharField(max_length=30, blank=True)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reason = models.TextField(blank=True)
    edition = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["subject_kind", "subject_id", "seq"]
        constraints = [
            models.UniqueConstraint(name="history_one_chain", fields=["subject_kind", "subject_id", "seq"]),
        ]

    def __str__(self) -> str:
        return f"{self.subject_ref} {self.verb}"


class Delivery(models.Model):
    """A message that must go out for a history line: leased, sent, marked; at least once, never not at all."""

    line = models.ForeignKey(HistoryLine, on_delete=models.PROTECT, related_name="deliveries")
    consumer = models.CharField(max_length=20, default="mail")
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="delivery_once_a_consumer", fields=["line", "consumer"])]
        indexes = [
            # the relay's question, and nothing else: what is still to go out
            models.Index(name="delivery_open", fields=["due_at"], condition=models.Q(delivered_at=None)),
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.consumer} of {self.line_id}"
