"""The command: the one durable transaction around every change of state."""

import functools
import random
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from core import idempotency
from core.errors import DomainError
from core.idempotency import Answer, Claim

P = ParamSpec("P")
R = TypeVar("R")

LOCK_NOT_AVAILABLE, DEADLOCK, SERIALIZATION = "55P03", "40P01", "40001"
TRIES = 4


def command(verb: Callable[P, R]) -> Callable[..., Any]:
    """Makes a verb a command: one durable transaction, retried on deadlock, one effect per claimed key.

    Used by the outermost verb only. Called with `claim=` it returns an Answer, without it the verb's own value.
    Raises what the verb raises; DomainError 503 `busy` when a lock was not to be had within lock_timeout, or 409
    `in-progress` when the lock was the key's own.
    """

    @functools.wraps(verb)
    def run(*args: Any, claim: Claim | None = None, **kwargs: Any) -> Any:
        for attempt in range(1, TRIES + 1):
            try:
                with transaction.atomic(durable=True):
                    if claim is None:
                        return verb(*args, **kwargs)
                    return _claimed(claim, lambda: verb(*args, **kwargs))
            except OperationalError as error:
                state = getattr(error.__cause__, "pgcode", None)
                if state == LOCK_NOT_AVAILABLE:
                    raise busy() from error
                if state not in (DEADLOCK, SERIALIZATION) or attempt == TRIES:
                    raise
                time.sleep(random.uniform(0.01, 0.05) * attempt)
        raise AssertionError("unreachable")

    return run


def _claimed(claim: Claim, effect: Callable[[], Any]) -> Answer:
    """The key's first answer, or the effect's own, remembered. Effects run in a savepoint, so that a domain
    refusal leaves nothing but its answer."""
    try:
        with transaction.atomic():
            earlier = idempotency.take(claim)
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) == LOCK_NOT_AVAILABLE:
            raise in_progress() from error
        raise
    if earlier is not None:
        return earlier
    try:
        with transaction.atomic():
            answer = claim.render(effect())
    except DomainError as refusal:
        if refusal.status != 409:
            raise
        answer = claim.refuse(refusal)
    idempotency.keep(claim, answer)
    return answer


def busy() -> DomainError:
    return DomainError(
        _("Somebody else is changing the same thing right now. Nothing was changed; try again in a moment."),
        code="busy",
        headers={"Retry-After": "1"},
    )


def in_progress() -> DomainError:
    return DomainError(
        _("The first request with this key is still running. Ask again in a moment with the same key."),
        code="in-progress",
        headers={"Retry-After": "1"},
    )
