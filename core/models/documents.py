"""Files that people hand in, and papers that are made for them. Kept in the database: one transaction, one backup,
nothing half-written (docs/decisions/0003)."""

from django.db import models

from core.guards import insert_only
from core.models.history import HistoryLine
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


@insert_only
class Paper(models.Model):
    """What was made of a step for whom it concerns, once: its file, what it says, and by which versions it was set.

    kind: a name of those that are registered (core.papers). number: which of the papers of its row it is. part: for
    whom of its row, 0 for it as a whole. data: what its template was given, so that the same versions of typst, fonts
    and template make the same bytes of it again. credential: a token of what it says, with the hash of the file.
    """

    line = models.ForeignKey(HistoryLine, on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(max_length=30)
    number = models.PositiveSmallIntegerField()
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="paper")
    part = models.BigIntegerField(db_default=0)
    data = models.TextField()
    credential = models.TextField(blank=True, db_default="")
    typst = models.CharField(max_length=20)
    fonts = models.CharField(max_length=64)
    template = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["line", "pk"]
        constraints = [models.UniqueConstraint(name="paper_once_a_step", fields=["line", "kind", "part"])]

    def __str__(self) -> str:
        return str(self.document)
