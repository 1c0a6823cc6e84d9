"""The command: the one durable transaction around every change of state."""

import functools
import random
import time
from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from core import idempotency
from core.errors import DomainError, Invalid, Problem
from core.idempotency import Answer, Answered, Claim, InProgress
from core.outside import again

P = ParamSpec("P")
R = TypeVar("R", covariant=True)

SOON_S = "1"  # after so many seconds somebody else is done
LOCK_NOT_AVAILABLE, DEADLOCK, SERIALIZATION = "55P03", "40P01", "40001"
TRIES = 4


class Command(Protocol[P, R]):
    """A verb as its callers see it: its own signature, and the same under a caller's key."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    def claimed(self, claim: Claim, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        """The key's first answer, or this call's own, remembered with its effect."""


def command(verb: Callable[P, R]) -> Command[P, R]:
    """Makes a verb a command: one durable transaction, retried on deadlock, one effect per claimed key. What takes long
    is worked out before (core.outside).

    Used by the outermost verb only. Raises what the verb raises; DomainError 503 `busy` when a lock was not to be had
    within lock_timeout, or 409 `in-progress` when the lock was the key's own; Invalid for a blank `reason`, where the
    verb can't be called without one.
    """
    verb = _with_a_reason(verb)

    def of_the_key(claim: Claim, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if answer := idempotency.take(claim):
            raise Answered(answer)
        with transaction.atomic():  # a refusal leaves nothing but its answer
            return verb(*args, **kwargs)

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return _durably(lambda: verb(*args, **kwargs))

    def claimed(claim: Claim, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        return _durably(lambda: _answered(claim, lambda: of_the_key(claim, *args, **kwargs)))

    run.claimed = claimed
    return cast(Command[P, R], run)


def command_of_one_statement(verb: Callable[Concatenate[Claim | None, P], Any]) -> Command[P, Any]:
    """The same of a verb whose one statement is its transaction, and takes the key and keeps the answer as well. Its
    first argument is the claim, None without; with one it returns the Answer that was kept.

    The verb raises Answered where the key has an answer, and what it refuses has written nothing: a refusal takes the
    key in a transaction of its own, unless a twin was faster.
    """

    def claimed(claim: Claim, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        try:
            return cast(Answer, _again(lambda: _alone(lambda: verb(claim, *args, **kwargs))))
        except Answered as found:
            return found.answer
        except InProgress:
            raise in_progress() from None
        except DomainError as refusal:
            if not idempotency.kept(refusal.status):
                raise
            refused = refusal
        return _durably(lambda: _answered(claim, lambda: _refused(claim, refused)))

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        return _again(lambda: _alone(lambda: verb(None, *args, **kwargs)))

    run.claimed = claimed
    return cast(Command[P, Any], run)


def _with_a_reason(verb: Callable[P, R]) -> Callable[P, R]:
    """The verb itself, or, where its `reason` has no default, one that is not begun without words in it."""
    asked = signature(verb).parameters.get("reason")
    if asked is None or asked.default is not Parameter.empty:
        return verb

    @functools.wraps(verb)
    def asking(*args: P.args, **kwargs: P.kwargs) -> R:
        if not str(kwargs.get("reason") or "").strip():
            raise Invalid([Problem("/reason", "required", _("Say why."))])
        return verb(*args, **kwargs)

    return asking


def _durably(effect: Callable[[], R]) -> R:
    """The effect has committed in one transaction, at the first try or after a deadlock was retried."""
    return _again(lambda: _in_one_transaction(effect))


def _again(tried: Callable[[], R]) -> R:
    """What the transaction gave that is tried, at the first try or after a deadlock was retried."""
    for attempt in range(1, TRIES + 1):
        try:
            return again(tried)
        except OperationalError as error:
            state = getattr(error.__cause__, "pgcode", None)
            if state == LOCK_NOT_AVAILABLE:
                raise busy() from error
            if state not in (DEADLOCK, SERIALIZATION) or attempt == TRIES:
                raise
            time.sleep(random.uniform(0.01, 0.05) * attempt)
    raise AssertionError("unreachable")


def _in_one_transaction(effect: Callable[[], R]) -> R:
    with transaction.atomic(durable=True):
        return effect()


def _alone(effect: Callable[[], R]) -> R:
    """The effect's statement is a transaction: it commits before this returns."""
    if any(not block._from_testcase for block in connection.atomic_blocks):
        raise RuntimeError("a durable statement can't be part of a transaction")
    return effect()


def _refused(claim: Claim, refusal: DomainError) -> None:
    """Raises the refusal under its key, or Answered where that has an answer by now."""
    if answer := idempotency.take(claim):
        raise Answered(answer)
    raise refusal


def _answered(claim: Claim, effect: Callable[[], Any]) -> Answer:
    """The key's first answer, or the effect's own, remembered: what it made, or why it refused."""
    try:
        answer = claim.render(effect())
    except Answered as found:
        return found.answer
    except InProgress:
        raise in_progress() from None
    except DomainError as refusal:
        if not idempotency.kept(refusal.status):
            raise
        answer = claim.refuse(refusal)
    idempotency.keep(claim, answer)
    return answer


def busy() -> DomainError:
    return DomainError(
        _("Somebody else is changing the same thing right now. Nothing was changed; try again in a moment."),
        code="busy",
        headers={"Retry-After": SOON_S},
    )


def in_progress() -> DomainError:
    return DomainError(
        _("The first request with this key is still running. Ask again in a moment with the same key."),
        code="in-progress",
        headers={"Retry-After": SOON_S},
    )
