"""One key, one effect, one answer. The answer commits with the effect."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from core.errors import DomainError, Invalid, Problem
from core.models import Idempotency

REFUSED = 400  # from this status on nothing was done


@dataclass(frozen=True)
class Answer:
    """What goes back to the caller: the bytes that were, or will be, remembered."""

    status: int
    content_type: str
    body: str
    replayed: bool = False

    @property
    def refused(self) -> bool:
        return self.status >= REFUSED


@dataclass(frozen=True)
class Claim:
    """A caller's key, what it asks (a fingerprint), and how its edge renders an outcome to bytes."""

    organization_id: int
    key: str
    fingerprint: str
    render: Callable[[Any], Answer]
    refuse: Callable[[DomainError], Answer]


REFUSAL_KEPT = 409  # of what was rightly asked, and not possible then


def kept(status: int) -> bool:
    """Whether a key keeps an answer of this status; of any other it stays free, and nothing was written.

    SQL that answers many keys at once holds theirs by it: docs/where.md says where, and a test asks of each outcome.
    """
    return status < 300 or status == REFUSAL_KEPT


_MARK = secrets.token_hex(16)  # nobody can write it: it leaves this process nowhere


def blank(number: int) -> str:
    """In the place of a value that the effect will bring, counted from 1 (`with_blanks`)."""
    return f"{_MARK}{number}"


def with_blanks(answer: Answer, many: int) -> dict[str, Any]:
    """An answer in JSON that was rendered of so many `blank`s, for answer_keep, which fills them in."""
    body = answer.body.replace("%", "%%")
    for number in range(1, many + 1):
        body = body.replace(f'"{blank(number)}"', f"%{number}$s")
    return {"status": answer.status, "content_type": answer.content_type, "body": body}


def fingerprint(method: str, path: str, data: object) -> str:
    """The same for the same request, whatever the order of its keys."""
    canonical = json.dumps([method, path, data], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class Answered(Exception):
    """The key has its answer, so nothing is done again."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class InProgress(Exception):
    """The first request with this key is still running. No DomainError, whose 409 would be `kept` as its answer."""


def take(claim: Claim) -> Answer | None:
    """Holds the key until the transaction ends, or gives back the answer that it already has. Raises as `earlier` does.

    A twin that is still running makes this wait up to lock_timeout.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer_claim(%s, %s, %s)", [claim.organization_id, claim.key, claim.fingerprint])
        (said,) = cursor.fetchone()
    return earlier(claim, json.loads(said or "null"))


def earlier(claim: Claim, said: Mapping[str, Any] | None) -> Answer | None:
    """The answer that the key already has; None where it is held now. said: by answer_claim.

    Raises InProgress while its first request is running, Invalid idempotency-key-reused when that was another request.
    """
    if said is None:
        return None
    if "in_progress" in said:
        raise InProgress()
    return first(claim.fingerprint, said)


def first(fingerprint: str, said: Mapping[str, Any]) -> Answer:
    """The answer that a key has. Raises Invalid idempotency-key-reused when it was given to another request."""
    if said["fingerprint"] != fingerprint:
        message = _("This Idempotency-Key was used before with another request. Use a new key for a new request.")
        raise Invalid([Problem("", "idempotency-key-reused", message)])
    return Answer(said["status"], said["content_type"], said["body"], replayed=True)


def given(claim: Claim) -> Answer | None:
    """The answer that the key has by now; the key is not held. Raises as `first` does."""
    rows = Idempotency.objects.filter(organization=claim.organization_id, key=claim.key)
    said = rows.values("fingerprint", "status", "content_type", "body").first()
    return first(claim.fingerprint, said) if said else None


def keep(claim: Claim, answer: Answer) -> None:
    """Remembers the answer; it commits with the effect."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_idempotency SET status = %s, content_type = %s, body = %s "
            "WHERE organization_id = %s AND key = %s",
            [answer.status, answer.content_type, answer.body, claim.organization_id, claim.key],
        )


def keep_many(organization_id: int | None, answers: Mapping[str, Answer]) -> None:
    """The same of many keys, which this transaction holds."""
    columns = zip(*((key, one.status, one.content_type, one.body) for key, one in answers.items()), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_idempotency i SET status = a.status, content_type = a.content_type, body = a.body"
            " FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[]) a (key, status, content_type, body)"
            " WHERE i.organization_id = %s AND i.key = a.key",
            [*map(list, columns), organization_id],
        )


def end() -> int:
    """Keys whose days are over are gone; how many that was. Only the owner's function may delete one."""
    ended = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT end_answers()")
            (some,) = cursor.fetchone()
            if not some:
                return ended
            ended += some
