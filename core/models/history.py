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
    """Somebody must be told of a history line: at least once, never not at all.

    Without an address it is its writer's, who makes one for each reader; with one it is a message to that reader.
    """

    line = models.ForeignKey(HistoryLine, on_delete=models.PROTECT, related_name="deliveries")
    consumer = models.CharField(max_length=20, default="mail")
    to = models.CharField(max_length=254, blank=True, default="", db_default="")
    due_at = models.DateTimeField()  # the next try; while one is under way, when it counts as lost
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    refused = models.BooleanField(default=False, db_default=False)  # the last answer was a permanent refusal
    delivered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # nobody is to be told any more

    class Meta:
        constraints = [models.UniqueConstraint(name="delivery_once_a_reader", fields=["line", "consumer", "to"])]
        indexes = [
            # the relay's question, and nothing else: what is still to go out
            models.Index(
                name="delivery_waiting", fields=["due_at"], condition=models.Q(delivered_at=None, ended_at=None)
            ),
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.consumer} {self.pk}"
