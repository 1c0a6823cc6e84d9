"""Messages that follow from history: enqueued with it, leased by a sweep, sent, marked. At least once."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import translation

from core.models import Delivery, HistoryLine

log = logging.getLogger(__name__)

LEASE_SECONDS = 60
MOST_TRIES = 12


@dataclass(frozen=True)
class Message:
    """One mail: to whom, about what, in words."""

    to: list[str]
    subject: str
    body: str
    language: str = field(default="en")


Writer = Callable[[HistoryLine], Iterable[Message]]
_writers: dict[tuple[str, str], Writer] = {}


def mails(subject_kind: str, *verbs: str) -> Callable[[Writer], Writer]:
    """Registers who is told, and how, when a verb happened to a kind of row."""

    def register(writer: Writer) -> Writer:
        for verb in verbs:
            _writers[subject_kind, verb] = writer
        return writer

    return register


def enqueue(line: HistoryLine) -> None:
    """A delivery row stands beside the line when somebody is to be told of it."""
    if (line.subject_kind, line.verb) in _writers:
        Delivery.objects.create(line=line, due_at=line.at)


def relay(limit: int = 50) -> int:
    """Sends what is due; returns how many deliveries were made. Any number may run at once, or be killed."""
    sent = 0
    for delivery in _lease(limit):
        try:
            _send(delivery)
        except Exception as error:  # a mail server that is down must not stop the others
            log.exception("delivery failed", extra={"delivery": delivery.pk})
            Delivery.objects.filter(pk=delivery.pk).update(error=repr(error)[:500])
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE core_delivery SET delivered_at = clock_timestamp(), error = '' WHERE id = %s", [delivery.pk]
            )
        sent += 1
    return sent


def _lease(limit: int) -> list[Delivery]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_delivery SET claimed_at = clock_timestamp(), tries = tries + 1 WHERE id IN ("
            " SELECT id FROM core_delivery WHERE delivered_at IS NULL AND tries < %s"
            "  AND (claimed_at IS NULL OR claimed_at < clock_timestamp() - make_interval(secs => %s * (tries + 1)))"
            " ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING id",
            [MOST_TRIES, LEASE_SECONDS, limit],
        )
        ids = [row[0] for row in cursor.fetchall()]
    return list(Delivery.objects.filter(pk__in=ids).select_related("line", "line__actor").order_by("due_at", "id"))


def _send(delivery: Delivery) -> None:
    writer = _writers[delivery.line.subject_kind, delivery.line.verb]
    with translation.override("en"):
        for number, message in enumerate(writer(delivery.line), 1):
            if not message.to:
                continue
            EmailMessage(
                subject=message.subject,
                body=message.body,
                from_email=settings.DEFAULT_FROM_EMAIL,
                to=message.to,
                headers={"Message-ID": f"<delivery-{delivery.pk}-{number}@lodestone.invalid>"},
            ).send()
