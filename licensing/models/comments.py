"""What companies say of a draft of the rules while it is open for comment."""

from django.db import models
from django.db.models import Q

from core.guards import insert_only
from core.models import User
from exporters.models import Exporter
from licensing.models.editions import Draft


@insert_only
class Comment(models.Model):
    """What somebody of a company said of a draft's text; the policy desk and that company read it."""

    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="comments")
    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    digest = models.CharField(max_length=64)
    text = models.TextField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(name="comment_says_something", condition=~Q(text=""))]

    def __str__(self) -> str:
        return self.text[:60]
