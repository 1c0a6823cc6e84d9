"""A key that this process has read within the minute, and what proves that it is still so.

To read a key is a trip, a tenth of what a reservation takes. A route that is `proving` is entered with what this
process remembers; the one statement that acts asks first whether the key, its organization and its user are what was
read (key_stamp in sql/keys.sql), and does nothing otherwise. Whatever is answered without that proof is thrown away,
and the call is made again with a key that was read (core.middleware.Access).
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from core.access import Actor, Proof, actor_for_key, digest
from core.errors import NotSignedIn

if TYPE_CHECKING:
    from core.models import ApiKey

MOST = 1000  # keys that are remembered
USED = timedelta(minutes=1)  # so exact is a key's last use, and so long it is remembered
proving: set[tuple[str, str]] = set()  # routes and methods; filled by each app
_remembered: dict[str, tuple["ApiKey", str]] = {}


class Unproved(NotSignedIn):
    """What was remembered of the key is so no more. Nobody sees this: the call is made again."""


def lately(key: "ApiKey") -> bool:
    """Its last use is exact enough as it is."""
    return key.last_used_at is not None and key.last_used_at >= timezone.now() - USED


def stamp_of(text: str) -> str | None:
    """What a live key, its organization and its user are now, as `remember` takes it: asked before they are read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key_stamp(%s)", [digest(text)])
        stamp: str | None = cursor.fetchone()[0]
        return stamp


def remember(key: "ApiKey", stamp: str) -> None:
    if len(_remembered) >= MOST:
        _remembered.clear()
    _remembered[key.digest] = key, stamp


def forget(proof: Proof) -> None:
    _remembered.pop(proof.digest, None)


def remembered(text: str) -> Actor | None:
    """The key's actor, who is yet to be proved; None where it was not read within the minute."""
    found = _remembered.get(digest(text))
    if found is None or not lately(found[0]):
        return None
    key, stamp = found
    return actor_for_key(key, Proof(key.digest, stamp))


def proving_first(by: Actor, call: str) -> tuple[str, list[str]]:
    """The statement that makes this call of a function, and nothing where the key is yet to be proved and is not: then
    it gives NULL. With the values that come before the call's."""
    if by.proof is None:
        return f"SELECT {call}", []
    return f"SELECT CASE WHEN key_stamp(%s) = %s THEN {call} END", [by.proof.digest, by.proof.stamp]


def heard(by: Actor, said: object) -> None:
    """That statement gave this. Raises Unproved where it made no call."""
    if by.proof:
        by.proof.given = said is not None
        if said is None:
            raise Unproved()
