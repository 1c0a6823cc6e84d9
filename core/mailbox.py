"""The mail backend of local mode: every mail lands on the mailbox page instead of leaving the machine."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from core.models import Mail


class Backend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for mail in email_messages:
            Mail.objects.create(
                message_id=mail.extra_headers.get("Message-ID", ""),
                sender=mail.from_email,
                recipients=", ".join(mail.to),
                subject=mail.subject[:300],
                body=mail.body,
            )
        return len(email_messages)
