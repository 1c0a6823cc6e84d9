"""The mailbox of local mode: mail that would have left the machine."""

from django.db import models


class Mail(models.Model):
    at = models.DateTimeField(auto_now_add=True)
    message_id = models.CharField(max_length=200, blank=True)
    sender = models.CharField(max_length=200)
    recipients = models.TextField()
    subject = models.CharField(max_length=300)
    body = models.TextField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.subject
