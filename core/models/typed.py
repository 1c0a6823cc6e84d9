"""Text that was typed when its writer's session had ended: kept until he has signed in again."""

import uuid

from django.db import models

from core.models.people import User

KEPT_DAYS = 90


class KeptText(models.Model):
    """One form as it was sent, without secrets and files. Shown to its writer only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    route = models.CharField(max_length=100)
    data = models.TextField()
    files = models.JSONField(default=list)
    kept_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-kept_at"], name="kept_text_of_user")]

    def __str__(self) -> str:
        return f"{self.route} of {self.user_id}"
