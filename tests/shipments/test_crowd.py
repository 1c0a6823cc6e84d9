"""A crowd on one license: whatever comes at once, no ceiling is overdrawn, and nobody refused what there was room for.

A run has four rounds of a few; `CROWD=20 ./run test tests/shipments/test_crowd.py --log-cli-level=INFO` has 20 rounds
of 64 clients with 50 reservations each.
"""

import logging
import os
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

import pytest
from django.db import IntegrityError

from core.errors import DomainError
from core.history import version
from core.legal_time import legal_today
from licensing import books, elements
from licensing.actions import pools
from licensing.models import QuotaPool
from shipments.actions import LineRequest, reserve
from shipments.requests import ShipmentRequest
from tests import make
from tests.make import unique
from tests.shipments.test_bulk_races import deadlocks, world
from tests.shipments.test_pool_races import changed
from tests.shipments.test_races import together

__all__ = ["world"]

log = logging.getLogger(__name__)
ROUNDS = int(os.environ.get("CROWD", "0"))
CLIENTS, EACH, MORE = (64, 50, (1.05, 1.12)) if ROUNDS else (8, 10, (1.2, 1.4))
LEVELS = ("line-exhausted", "value-exhausted", "end-user-exhausted", "quota-exhausted")
USERS = 3
SHARE = Decimal("0.03")  # of dysprosium, which the pool counts
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@dataclass(frozen=True)
class Asked:
    """grams, hundredths of the currency, and whose."""

    grams: int
    worth: int
    user: int

    @property
    def takes(self) -> dict[str, int]:
        """Of each ceiling."""
        return dict(
            zip(LEVELS, (self.grams, self.worth, self.grams, int(self.grams * SHARE + Decimal("0.5"))), strict=True)
        )


class Round:
    """A license that has less than half of what the crowd will ask for: least at one level, a little more at others."""

    def __init__(self, world, pool, draw, tight):
        self.world, self.pool = world, pool
        self.asks = [
            Asked(grams, grams * draw.randint(5, 15), draw.randrange(USERS))
            for grams in (draw.randint(1, 2_000) for _ in range(CLIENTS * EACH))
        ]
        least = draw.uniform(0.4, 0.5)
        part = {level: least * (1 if level == tight else draw.uniform(*MORE)) for level in LEVELS}
        wanted = {level: part[level] * sum(one.takes[level] for one in self.asks) for level in LEVELS}
        kilograms = round(wanted["line-exhausted"] / 1000)
        mine = [sum(one.grams for one in self.asks if one.user == user) for user in range(USERS)]
        allotted = [min(int(part["end-user-exhausted"] * grams), kilograms * 1000) for grams in mine]
        value = Decimal(round(wanted["value-exhausted"])) / 100
        self.license = world.license(kilograms=kilograms, users=USERS, allotted=allotted, values={1: value})
        cap = {
            "cap": pool.used + int(wanted["quota-exhausted"]),
            "from_day": legal_today(),
            "reason": "For this round.",
        }
        officers = world.ministry
        change = pools.propose_change(pool.ref, **cap, seen=version(pool), by=officers.policy_officer)
        pools.approve(change.pk, seen=version(change), by=officers.policy_approver)
        said = {"Dy": str(SHARE)}
        line = LineRequest(
            1, 0, "kg", currency="CNY", composition=said, contents=elements.contents(said, elements.DECLARED, "")
        )
        self.line = line
        self.users = [
            world.request(self.license, end_user=one.party.ref) for one in self.license.end_users.order_by("pk")
        ]

    def request(self, asked: Asked) -> ShipmentRequest:
        line = replace(self.line, quantity=asked.grams, value=Decimal(asked.worth) / 100)
        return replace(self.users[asked.user], client_reference=unique("PO-"), lines=[line])

    def client(self, asks):
        """What became of each: why it was refused, or nothing. It comes again where the line was busy."""
        told = []
        for asked in asks:
            request = self.request(asked)
            while True:
                try:
                    reserve(request, by=self.world.exporter)
                    told.append((asked, frozenset()))
                except DomainError as refused:
                    if refused.code == "busy":
                        continue
                    told.append((asked, frozenset(one.code for one in refused.errors)))
                break
        return told

    def play(self):
        parts = [self.asks[number::CLIENTS] for number in range(CLIENTS)]
        return [one for told in together([lambda part=part: self.client(part) for part in parts]) for one in told]

    def room(self, used_before):
        """What each ceiling has left, the allotments by end-user; and what was taken of it."""
        line = self.license.lines.get()
        worth = line.ceilings.get(account="value")
        shares = line.ceilings.filter(account="allotment").order_by("end_user")
        self.pool.refresh_from_db()
        cap = self.pool.movements.filter(kind="terms").latest("seq").cap
        left = [line.available, worth.available, [one.available for one in shares], cap - self.pool.used]
        taken = [line.reserved, worth.reserved, [one.reserved for one in shares], self.pool.used - used_before]
        return dict(zip(LEVELS, left, strict=True)), dict(zip(LEVELS, taken, strict=True))


def crowded(world, pool, draw, tight):
    """A round, judged: which levels refused somebody, and how many were accepted."""
    used_before, begun = pool.used, Round(world, pool, draw, tight)
    told = begun.play()
    left, taken = begun.room(used_before)
    accepted = [asked for asked, refused in told if not refused]

    def all_of(level, asks):
        return sum(one.takes[level] for one in asks)

    by_user = [[one for one in accepted if one.user == user] for user in range(USERS)]
    assert taken == {level: all_of(level, accepted) for level in LEVELS} | {
        "end-user-exhausted": [all_of("end-user-exhausted", mine) for mine in by_user]
    }
    assert min(left["end-user-exhausted"]) >= 0
    assert min(rest for level, rest in left.items() if level != "end-user-exhausted") >= 0
    seen = Counter(level for _, refused in told for level in refused)
    assert set(seen) <= set(LEVELS)
    for asked, refused in told:
        for level in refused:
            room = left[level][asked.user] if level == "end-user-exhausted" else left[level]
            assert asked.takes[level] > room, (asked, level)  # the smallest, too, would not have fitted
    log.info("%s accepted of %s; refused for: %s", len(accepted), len(told), dict(seen))
    assert seen[tight]
    return seen


@pytest.fixture
def pool(world):
    return make.pool(world.ministry, cap=0.001)


def test_no_ceiling_is_overdrawn_by_a_crowd_and_nobody_refused_what_would_have_fitted(world, pool):
    draw, before = Random(1), deadlocks()
    for number in range(ROUNDS or len(LEVELS)):
        crowded(world, pool, draw, LEVELS[number % len(LEVELS)])
    assert deadlocks() == before
    assert books.drift() == []
    assert books.check_pools(whole=True) == []
    assert QuotaPool.objects.get().over_used == 0


def test_twin_the_line_is_not_locked(world, pool):
    """What two read at once only one can keep, and the other is told so in no words of ours."""
    with (
        changed("ledger_take", "ORDER BY l.id FOR NO KEY UPDATE", "ORDER BY l.id"),
        changed("ledger_take", "ORDER BY p.id FOR NO KEY UPDATE", "ORDER BY p.id"),  # one after the other by that, too
        pytest.raises(IntegrityError, match="has moved since"),
    ):
        Round(world, pool, Random(1), LEVELS[0]).play()
