"""How often one key, person or address may call: a bucket each, in memory that the web processes of a machine share.

A bucket is one number, the instant at which it will be full again; a call moves it on by a minute divided by the
rate. It holds two minutes' worth, which is how large a burst may be. No database, no broker
(docs/decisions/0009).
"""

import fcntl
import hashlib
import ipaddress
import logging
import mmap
import os
import stat
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import monotonic_ns, sleep

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.access import Actor, Row
from core.errors import DomainError
from core.scopes import reads

logger = logging.getLogger(__name__)
MINUTE_NS = 60 * 10**9
BURST_MINUTES = 2
slow: dict[
    str, str
] = {}  # routes at which something could be guessed, and the setting that says how often; apps fill it


class Buckets:
    """A table of fixed size in a file of this machine. Where two names meet, the next of eight places is taken; where
    all are in use, or the table can't be locked, the call passes."""

    SLOT = struct.Struct("<QQ")  # who, and when the bucket is full again
    SLOTS, PLACES, TRIES = 1 << 16, 8, 40

    def __init__(self, path: str) -> None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        found = os.fstat(handle)
        if found.st_uid != os.geteuid() or not stat.S_ISREG(found.st_mode):
            os.close(handle)
            raise OSError(f"{path} is not ours")
        size = (self.SLOTS + self.PLACES) * self.SLOT.size
        os.ftruncate(handle, size)
        self.handle, self.memory, self.threads = handle, mmap.mmap(handle, size), threading.Lock()

    def take(self, name: str, *, per_minute: int) -> int:
        """Takes one call out of the bucket: 0, or the seconds until there is one, and then nothing is taken."""
        who = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little") | 1
        first = who % self.SLOTS
        step, most = MINUTE_NS // per_minute, BURST_MINUTES * MINUTE_NS
        with self._locked(first) as held:
            now = monotonic_ns()  # not before the wait: a bucket filled meanwhile would look like another boot's
            place = self._place(first, who, now, most) if held else None
            if place is None:
                return 0
            _known, full_at = self.SLOT.unpack_from(self.memory, place)
            if not now < full_at <= now + most:  # empty, full again (whosever it was), or another boot's
                full_at = now
            if full_at + step - now > most:
                return int(max(1, -(-(full_at + step - now - most) // 10**9)))
            self.SLOT.pack_into(self.memory, place, who, full_at + step)
            return 0

    def _place(self, first: int, who: int, now: int, most: int) -> int | None:
        free = None
        for slot in range(first, first + self.PLACES):
            place = slot * self.SLOT.size
            known, full_at = self.SLOT.unpack_from(self.memory, place)
            if known == who:
                return place
            if free is None and not now < full_at <= now + most:
                free = place
        return free

    @contextmanager
    def _locked(self, first: int) -> Iterator[bool]:
        """Against the other threads, and the other processes; a killed one lets go, a stopped one is not waited for."""
        span = self.PLACES * self.SLOT.size
        start = first * self.SLOT.size
        with self.threads:
            for _try in range(self.TRIES):
                try:
                    fcntl.lockf(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB, span, start)
                except BlockingIOError:
                    sleep(0.0005)
                    continue
                try:
                    yield True
                finally:
                    fcntl.lockf(self.handle, fcntl.LOCK_UN, span, start)
                return
            yield False


@cache
def _buckets(path: str) -> Buckets | None:
    try:
        return Buckets(path)
    except OSError as error:
        logger.error("calls are not counted: %s", error)
        return None


def counts_as_read(row: Row, method: str) -> bool:
    """GET, and what is posted only because the question is long: open to anyone, or to scopes that read."""
    asks = "anonymous" in row.roles or (bool(row.scopes) and all(reads(scope) for scope in row.scopes))
    return method in ("GET", "HEAD") or asks


def count(request: HttpRequest, actor: Actor, *, read: bool = True) -> None:
    """One call of this caller. Raises DomainError throttled, with Retry-After, when it is beyond the rate."""
    if actor.anonymous:
        name, per_minute = f"address {address(request)}", settings.RATE_ADDRESS
    else:
        kind = "read" if read else "write"
        name = f"key {actor.key.pk} {kind}" if actor.key else f"user {actor.user.pk} {kind}"
        per_minute = settings.RATE_READS if read else settings.RATE_WRITES
    _take(name, per_minute)


def count_tries(request: HttpRequest, route: str) -> None:
    """One call of a route that is `slow`, by its caller's address, whoever calls. Raises as `count` does."""
    if route in slow:
        _take(f"{slow[route]} {address(request)}", getattr(settings, slow[route]))


def _take(name: str, per_minute: int) -> None:
    buckets = _buckets(settings.RATE_FILE) if per_minute else None
    wait_s = buckets.take(name, per_minute=per_minute) if buckets else 0
    if wait_s:
        detail = _("More than {rate} calls a minute. Nothing was done; call again in {seconds} s.")
        raise DomainError(
            detail.format(rate=per_minute, seconds=wait_s), code="throttled", headers={"Retry-After": str(wait_s)}
        )


def address(request: HttpRequest) -> str:
    """Where the request came from: what the outermost of our proxies saw. IPv6 by its network of 64 bits."""
    seen = str(request.META.get("REMOTE_ADDR", ""))
    if settings.NUM_PROXIES:
        forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        seen = forwarded[-min(settings.NUM_PROXIES, len(forwarded))] or seen
    try:
        found = ipaddress.ip_address(seen)
    except ValueError:
        return seen[:45]
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else seen
