"""Every order in which the round trips of some verbs can come, each run on connections of their own.

A lane runs one verb and stops before each round trip; whoever plays lets one lane go on at a time. One that waits for a
row of another is passed over until it has that: so no order is played that can't happen, and each that can is once.
"""

import random
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import permutations
from queue import SimpleQueue
from typing import Any

import psycopg2
from django.db import DatabaseError, connection

from core.errors import DomainError

# Who waits at the gate 4242 that a test put into a function of this database: others' tests have their own.
AT_THE_GATE = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4242 AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

Verb = Callable[[], Any]
LONG = 60  # seconds after which a lane is stuck
_ENDS = ("COMMIT", "ROLLBACK")
_LOCKS = re.compile(r"\bFOR (NO KEY )?(UPDATE|SHARE)\b")
_CALLS = re.compile(r"\b(ledger|shipment|license|pool|answer|history)_\w+\(")
_CLOCK = re.compile(r"\b(legal_now|setval)\(")
_TABLE = re.compile(r'^(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)|^SELECT .*?\bFROM "(\w+)"', re.DOTALL)


def commute(one: str, other: str) -> bool:
    """Neither trip of two lanes can notice which of them came first: they touch nothing in common, or one only reads,
    and the other does not commit."""
    if one in _ENDS or other in _ENDS:
        return False
    touched = _touches(one), _touches(other)
    return set() in touched or None not in touched and touched[0] != touched[1]


def _touches(trip: str) -> set[str] | None:
    """The table that it writes, or whose rows it locks, or the clock; nothing where it only reads; None: who knows."""
    if trip.startswith(("SAVEPOINT", "RELEASE")):
        return set()
    found = _TABLE.match(trip)
    if _CALLS.search(trip) or not (found or _CLOCK.search(trip)):
        return None
    if _CLOCK.search(trip):
        return {"clock"} if trip.startswith("SELECT") and not found else None
    return set() if trip.startswith("SELECT") and not _LOCKS.search(trip) else {found[1] or found[2]}


@dataclass(frozen=True)
class Trip:
    """waited: lanes that waited for a lock when it was made."""

    lane: int
    sql: str
    waited: set[int]


class Lane(threading.Thread):
    """asks: the round trip before which it stops; None while it runs one, waits for a lock, or has ended.
    said: what its verb answered, or the code of its refusal. wrong: what PostgreSQL refused on the way, and whatever
    else was raised."""

    def __init__(self, changed: threading.Condition) -> None:
        super().__init__(daemon=True)
        self.changed, self.verbs, self.go = changed, SimpleQueue[Verb | None](), threading.Semaphore(0)
        self.asks: str | None = None
        self.ended, self.pid = True, 0
        self.said: Any = None
        self.wrong: list[str] = []

    def begin(self, verb: Verb) -> None:
        self.ended, self.said, self.wrong = False, None, []
        self.verbs.put(verb)

    def run(self) -> None:
        with connection.cursor() as cursor:  # on a slow machine the lane that is waited for may take its time
            for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
                cursor.execute(f"SET {limit} = '{LONG}s'")
        self.pid = connection.connection.info.backend_pid
        for end in ("_commit", "_rollback"):
            setattr(connection, end, self._asking(end[1:].upper(), getattr(connection, end)))
        connection.execute_wrappers.insert(0, self._through)  # before anybody measures how long a statement takes
        while verb := self.verbs.get():
            try:
                self.said = verb()
            except DomainError as refused:
                self.said = refused.code
            except Exception as error:
                self.wrong.append(repr(error))
            with self.changed:
                self.ended = True
                self.changed.notify_all()
        connection.close()

    def _through(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self._ask(sql)
        try:
            return execute(sql, params, many, context)
        except DatabaseError as error:
            self.wrong.append(repr(error))
            raise

    def _asking(self, name: str, real: Callable[[], None]) -> Callable[[], None]:
        def end() -> None:
            self._ask(name)
            real()

        return end

    def _ask(self, trip: str) -> None:
        with self.changed:
            self.asks = trip
            self.changed.notify_all()
        self.go.acquire()


class Player:
    def __init__(self, lanes: int, **database: Any) -> None:
        self.changed = threading.Condition()
        self.lanes = [Lane(self.changed) for _ in range(lanes)]
        self.watch = psycopg2.connect(**database)
        self.watch.autocommit = True
        for lane in self.lanes:
            lane.start()

    @contextmanager
    def lasting(self) -> Iterator["Player"]:
        with closing(self.watch):
            try:
                yield self
            finally:
                for lane in self.lanes:
                    lane.verbs.put(None)
                for lane in self.lanes:
                    lane.join(LONG)

    def play(self, verbs: Collection[Verb], choose: Callable[[dict[int, str]], int]) -> list[Trip]:
        """Each verb has ended; which trips were made, in their order. choose: of the trips that could be made now, by
        lane, the next."""
        made = []
        lanes = self.lanes[: len(verbs)]
        for lane, verb in zip(lanes, verbs, strict=True):
            lane.begin(verb)
        while asking := self._settled(lanes):
            number = choose(asking)
            wait = {other for other, lane in enumerate(lanes) if other not in asking and not lane.ended}
            made.append(Trip(number, asking[number], wait))
            with self.changed:
                lanes[number].asks = None
            lanes[number].go.release()
        return made

    def _settled(self, lanes: list[Lane]) -> dict[int, str]:
        """Who asks for which trip, when all others have ended or wait for a lock. Nobody asks when all have ended."""
        until, waited = time.monotonic() + LONG, 0
        with self.changed:
            while True:
                running = [lane for lane in lanes if lane.asks is None and not lane.ended]
                asking = {number: lane.asks for number, lane in enumerate(lanes) if lane.asks is not None}
                if not running or asking and waited > 1:
                    return asking
                if self.changed.wait(0.002):
                    waited = 0
                else:  # twice: to extend a table takes a lock too, for a moment
                    waited = waited + 1 if self._wait([lane.pid for lane in running]) else 0
                assert time.monotonic() < until, [lane.asks for lane in lanes]

    def _wait(self, pids: list[int]) -> bool:
        with self.watch.cursor() as cursor:
            by_lanes = "SELECT bool_and(pg_blocking_pids(pid) && %s) FROM unnest(%s) pid"  # and not by autovacuum
            cursor.execute(by_lanes, [[lane.pid for lane in self.lanes], pids])
            return bool(cursor.fetchone()[0])


def in_turn(*order: int) -> Callable[[dict[int, str]], int]:
    """One lane after the other."""
    return lambda asking: next(number for number in order if number in asking)


def orders_of(made: list[Trip], moment: int | None = None) -> Iterator[tuple[int, ...]]:
    """The orders of whole verbs that what was made may equal: who had ended before another began came before that, and
    who waited for a lock at the moment (a lane of one trip) came after it."""
    first = {trip.lane: at for at, trip in reversed(list(enumerate(made)))}
    last = {trip.lane: at for at, trip in enumerate(made)}
    before = {
        (one, other)
        for one in first
        for other in first
        if last[one] < first[other] and one not in made[first[other]].waited
    }
    before |= {(moment, other) for trip in made if trip.lane == moment for other in trip.waited}
    for order in permutations(sorted(first)):
        if not any(order.index(one) > order.index(other) for one, other in before):
            yield order


@dataclass
class _Branch:
    asking: dict[int, str]
    asleep: set[int]
    taken: list[int] = field(default_factory=list)

    @property
    def left(self) -> list[int]:
        return [number for number in self.asking if number not in self.asleep and number not in self.taken]


class Orders:
    """All orders, one a call of `choose` from the beginning to `played`; of those that differ by trips that commute one
    (sleep sets: Godefroid 1996, from knowledge)."""

    def __init__(self, commute: Callable[[str, str], bool] = lambda one, other: False) -> None:
        self.commute = commute
        self.path: list[_Branch] = []
        self.depth, self.known, self.more = 0, False, True

    def choose(self, asking: dict[int, str]) -> int:
        if self.known:  # the rest of an order that another one stands for
            return min(asking)
        if self.depth == len(self.path):
            branch = _Branch(asking, self._asleep())
            self.path.append(branch)
            if not branch.left:
                self.known = True
                return min(asking)
            branch.taken.append(branch.left[0])
        branch = self.path[self.depth]
        assert branch.asking.keys() == asking.keys(), "the same beginning leads to the same place"
        self.depth += 1
        return branch.taken[-1]

    def _asleep(self) -> set[int]:
        if not self.path:
            return set()
        last = self.path[-1]
        *before, now = last.taken
        trip = last.asking[now]
        return {one for one in {*last.asleep, *before} if self.commute(last.asking[one], trip)}

    def played(self) -> bool:
        """Whether the order that was played is one of its own; the next begins."""
        new = not self.known
        while self.path and not self.path[-1].left:
            self.path.pop()
        if self.path:
            self.path[-1].taken.append(self.path[-1].left[0])
        self.more = bool(self.path)
        self.depth, self.known = 0, False
        return new


class Some:
    """So many orders, each as likely as any other. left: how many trips each lane makes."""

    def __init__(self, many: int, left: list[int]) -> None:
        self.many, self.trips, self.left, self.draw = many, left, list(left), random.Random(many)

    @property
    def more(self) -> bool:
        return self.many > 0

    def choose(self, asking: dict[int, str]) -> int:
        numbers = list(asking)
        (number,) = self.draw.choices(numbers, [max(self.left[one], 1) for one in numbers])
        self.left[number] -= 1
        return number

    def played(self) -> bool:
        self.many, self.left = self.many - 1, list(self.trips)
        return True


def outcomes(scene: Callable[..., Any], player: Player, many: int) -> Iterator[Any]:
    """What came of it after each of so many drawn orders of two verbs, as it is played: who has seen enough stops.

    scene: plays once, by the player and whoever chooses; the trips that were made, and what came of them.
    """
    made, _ = scene(player, in_turn(0, 1))
    orders = Some(many, [sum(trip.lane == lane for trip in made) for lane in range(2)])
    while orders.more:
        yield scene(player, orders.choose)[1]
        orders.played()
