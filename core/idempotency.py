"""One key, one effect, one answer. The answer commits with the effect."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from core.errors import DomainError, Invalid, Problem


@dataclass(frozen=True)
class Answer:
    """What goes back to the caller: the bytes that were, or will be, remembered."""

    status: int
    content_type: str
    body: str
    replayed: bool = False


@dataclass(frozen=True)
class Claim:
    """A caller's key, what it asks (a fingerprint), and how its edge renders an outcome to bytes."""

    organization_id: int
    key: str
    fingerprint: str
    render: Callable[[Any], Answer]
    refuse: Callable[[DomainError], Answer]


def fingerprint(method: str, path: str, data: object) -> str:
    """The same for the same request, whatever the order of its keys."""
    canonical = json.dumps([method, path, data], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def take(claim: Claim) -> Answer | None:
    """Holds the key until the transaction ends, or gives back the answer that it already has.

    A twin that is still running makes this wait up to lock_timeout; the caller turns that into 409 in-progress.
    Raises Invalid idempotency-key-reused when the key came with another request before.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_idempotency (organization_id, key, fingerprint, content_type, body, created_at) "
            "VALUES (%s, %s, %s, '', '', legal_now()) ON CONFLICT DO NOTHING RETURNING id",
            [claim.organization_id, claim.key, claim.fingerprint],
        )
        if cursor.fetchone():
            return None
        cursor.execute(
            "SELECT fingerprint, status, content_type, body FROM core_idempotency "
            "WHERE organization_id = %s AND key = %s",
            [claim.organization_id, claim.key],
        )
        stored, status, content_type, body = cursor.fetchone()
    if stored != claim.fingerprint:
        message = _("This Idempotency-Key was used before with another request. Use a new key for a new request.")
        raise Invalid([Problem("", "idempotency-key-reused", message)])
    return Answer(status, content_type, body, replayed=True)


def keep(claim: Claim, answer: Answer) -> None:
    """Remembers the answer; it commits with the effect."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_idempotency SET status = %s, content_type = %s, body = %s "
            "WHERE organization_id = %s AND key = %s",
            [answer.status, answer.content_type, answer.body, claim.organization_id, claim.key],
        )


def end() -> int:
    """Keys whose 400 days are over are gone; how many that was. Only the owner's function may delete one."""
    ended = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT end_answers()")
            (some,) = cursor.fetchone()
            if not some:
                return ended
            ended += some
