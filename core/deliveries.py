"""Messages that follow from history: enqueued with it, addressed and sent by a sweep. At least once, never given up.

The delivery that a history line leaves is its writer's: it makes one for each reader, and from then on each of these
goes its own way. What can't go out is tried again for ever, with pauses that grow up to an hour. What else follows from
a line has deliveries of its own, under another consumer's name, and a sweep that makes it.
"""

import logging
import smtplib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.utils import translation

from core.legal_time import LegalNow, legal_now
from core.models import Delivery, HistoryLine, User

log = logging.getLogger(__name__)

MAIL, PAPER = "mail", "paper"  # consumers: who writes to people, and what is made for them (core.papers)
LEASE_SECONDS = 120  # longer than a mail server may dawdle: every step with it has EMAIL_TIMEOUT
FIRST_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 3600


@dataclass(frozen=True)
class Message:
    """One mail, which each of its readers gets alone: to whom, about what, in words of the language then set."""

    to: list[str]
    subject: str
    body: str


Writer = Callable[[HistoryLine], Message | None]
_writers: dict[tuple[str, str], Writer] = {}
_others: dict[tuple[str, str], list[str]] = {}


def mails(subject_kind: str, *verbs: str) -> Callable[[Writer], Writer]:
    """Registers who is told, and how, when a verb happened to a kind of row."""

    def register(writer: Writer) -> Writer:
        for verb in verbs:
            _writers[subject_kind, verb] = writer
        return writer

    return register


def is_told(subject_kind: str, verb: str) -> bool:
    """Is somebody told when this happened to such a row?"""
    return (subject_kind, verb) in _writers


def follows(consumer: str, subject_kind: str, verb: str) -> None:
    """Besides the mail, something of this consumer follows from it."""
    named = _others.setdefault((subject_kind, verb), [])
    named += [consumer] if consumer not in named else []


def consumers_of(subject_kind: str, verb: str) -> list[str]:
    """For whom a line leaves a delivery."""
    mail = [MAIL] if is_told(subject_kind, verb) else []
    return mail + _others.get((subject_kind, verb), [])


def due(consumer: str, limit: int) -> Iterator[Delivery]:
    """What is due longest, one by one, each this run's for a while, until the run is over."""
    until = time.monotonic() + settings.RUN_SECONDS
    for _ in range(limit):
        if time.monotonic() >= until or (delivery := _lease(consumer)) is None:
            return
        yield delivery


def relay(limit: int = 200) -> int:
    """Sends what is due; returns how many mails went out. Any number may run at once, or be killed."""
    sent = 0
    for delivery in due(MAIL, limit):
        try:
            with translation.override(_language_of(delivery)):
                message = _writers[delivery.line.subject_kind, delivery.line.verb](delivery.line)
            if delivery.to:
                sent += _send(delivery, message)
            else:
                _address(delivery, message)
        except Exception as error:  # one broken address, or writer, or row that is gone, stops none of the others
            log.exception("delivery failed", extra={"delivery": delivery.pk})
            pause(delivery, error)
            if delivery.to and isinstance(error, OSError) and not _answered(error):
                break  # no mail server: each further try would wait for it in vain; the others stay due
    return sent


def _language_of(delivery: Delivery) -> str:
    """What the reader chose last, at first that of the page on which he was entered (core.languages.spoken); for one
    without an account, what the line says."""
    chosen = User.objects.filter(email=delivery.to).values_list("language", flat=True).first()
    return chosen or delivery.line.facts.get("language") or settings.LANGUAGE_CODE


def _lease(consumer: str = MAIL) -> Delivery | None:
    """The delivery that is due longest is this run's for a while."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_delivery SET tries = tries + 1, due_at = legal_now() + make_interval(secs => %s) WHERE id = ("
            " SELECT id FROM core_delivery WHERE delivered_at IS NULL AND ended_at IS NULL AND due_at <= legal_now()"
            " AND consumer = %s ORDER BY due_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) RETURNING id",
            [LEASE_SECONDS, consumer],
        )
        found = cursor.fetchone()
    return Delivery.objects.select_related("line__actor").get(pk=found[0]) if found else None


def _address(delivery: Delivery, message: Message | None) -> None:
    """Each reader has a delivery of his own, due now; the writer's is done."""
    with transaction.atomic():
        at = legal_now()
        readers = dict.fromkeys(message.to if message else [])
        rows = [Delivery(line=delivery.line, consumer=delivery.consumer, to=reader, due_at=at) for reader in readers]
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        delivered(delivery)


def delivered(delivery: Delivery) -> None:
    """Nothing more is to be done for it."""
    Delivery.objects.filter(pk=delivery.pk).update(delivered_at=LegalNow(), error="", refused=False)


def _send(delivery: Delivery, message: Message | None) -> bool:
    """The mail server has it; False when its reader is no longer among those who are told."""
    if message is None or delivery.to not in message.to:
        Delivery.objects.filter(pk=delivery.pk).update(ended_at=LegalNow(), error="", refused=False)
        return False
    EmailMessage(
        subject=message.subject,
        body=message.body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[delivery.to],
        headers={"Message-ID": f"<delivery-{delivery.pk}@lodestone.invalid>"},
    ).send()
    delivered(delivery)
    return True


def pause(delivery: Delivery, error: Exception) -> None:
    """It is tried again: after a permanent refusal, or many tries, in an hour."""
    refused = _refused(error)
    grown = FIRST_PAUSE_SECONDS * 2 ** min(delivery.tries - 1, 10)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_delivery SET due_at = legal_now() + make_interval(secs => %s), error = %s, refused = %s,"
            " failed_at = legal_now()"
            " WHERE id = %s",
            [
                LONGEST_PAUSE_SECONDS if refused else min(grown, LONGEST_PAUSE_SECONDS),
                _words(error)[:500],
                refused,
                delivery.pk,
            ],
        )


def _words(error: Exception) -> str:
    """The error as an administrator reads it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {bytes(text).decode(errors='replace')}" for code, text in error.recipients.values())
    return str(error) or repr(error)


def _answered(error: Exception) -> list[int]:
    """What the mail server answered about this one mail; nothing when it was not about that."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return [code for code, _ in error.recipients.values()]
        case smtplib.SMTPDataError():
            return [error.smtp_code]
    return []


def _refused(error: Exception) -> bool:
    """5xx: the server says that it will never take it (people mend even that, so it is tried on)."""
    codes = _answered(error)
    return bool(codes) and all(500 <= code < 600 for code in codes)
