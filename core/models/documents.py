"""Files that people hand in. Kept in the database: one transaction, one backup, nothing half-written
(docs/decisions/0003)."""

from django.db import models

from core.guards import insert_only
from core.models.people import Organization, User


@insert_only
class Document(models.Model):
    """A file as received, with its hash. Never changed; served as an attachment only."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content = models.BinaryField()
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
