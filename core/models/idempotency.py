"""Answers that were given, by key, so that a repeated request gets the first one again."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy

from core.decided import filled
from core.guards import Guard, door, rights
from core.models.people import Organization

HEADER = "Idempotency-Key"  # as autosave.js has it
REPLAYED = "Idempotency-Replayed"  # of an answer that was given before
KEY_LONGEST = 255
KEY_PATTERN = rf"[\x21-\x7e]{{1,{KEY_LONGEST}}}"
KEY_WORDS = filled(
    gettext_lazy("1 to {most} visible ASCII characters"), most="core.models.idempotency.KEY_LONGEST"
)  # what the pattern lets through
KEPT_DAYS = 400  # as end_answers of the database has it, which a test compares
TYPED = "typed:"  # of whatever a page saved by itself: it asks again within moments, and says all that is typed
TYPED_DAYS = 7  # likewise


@door("end_answers()")
@rights("SELECT", "INSERT", "UPDATE(status)", "UPDATE(content_type)", "UPDATE(body)")
class Idempotency(models.Model):
    """One key of one organization: what was asked (a fingerprint) and, byte for byte, what was answered."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=KEY_LONGEST)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=60, blank=True)
    body = models.TextField(blank=True)  # text, not jsonb: jsonb reorders keys
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="idempotency_key_once", fields=["organization", "key"])]
        indexes = [
            models.Index(name="idempotency_typed", fields=["created_at"], condition=models.Q(key__startswith=TYPED))
        ]
        triggers = [
            Guard("answered_once", operation=pgtrigger.Update, condition=pgtrigger.Condition("OLD.status IS NOT NULL"))
        ]

    def __str__(self) -> str:
        return self.key
