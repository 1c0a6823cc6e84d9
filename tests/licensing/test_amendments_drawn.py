"""Drawn licenses, with whatever was done to them, and an amendment of each: every account is carried exactly.

20 in each full run, 6 without FULL=1, as each takes two seconds; AMENDMENTS says another number, AMENDMENTS_SEED
another beginning.
"""

import logging
import os
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

import pytest
from django.db import connection

from config.local import demo
from core.errors import DomainError
from licensing import books
from licensing.actions import amendments, decisions
from licensing.models import ApplicationEndUser, ApplicationLine, License, PoolMovement, QuotaPool
from licensing.models.balances import ClearanceCount, LicenseLine, Movement
from shipments.actions import ClearedLine, LineRequest, cancel, officers, receive
from shipments.models import Shipment
from tests import make
from tests.make import seen
from tests.shipments.test_corrections import come_back, decide
from tests.shipments.test_pool_races import changed

log = logging.getLogger(__name__)
KG = 1000
MANY = int(os.environ.get("AMENDMENTS", "20" if os.environ.get("FULL") else "6"))
FIRST = 28  # of six that are drawn so some have each of KINDS
SEED = int(os.environ.get("AMENDMENTS_SEED", FIRST))
PERCENT = 10  # of tolerance
# what some of the drawn ones had on the day of their change: a national quota counts them, values and allotments are
# taken, a shipment was cleared in part, more is gone than was granted
KINDS = {"pool", "value", "allotment", "part", "tolerance"}


@dataclass(frozen=True)
class Parcel:
    """What a shipment of this end-user holds, and what of it crossed, by line."""

    row: Shipment
    who: int
    held: dict[int, int]
    crossed: Counter[int] = field(default_factory=Counter)


class Drawn:
    """A license of two lines and two end-users with what else it counts, and what was done on it; `used` is kept
    beside, plainly, by line, and by line and end-user. Little is taken of the second line, so that it is not used up.
    """

    def __init__(self, world, draw, tolerance):
        self.world, self.draw = world, draw
        self.granted = {number: draw.randint(50, 500) * KG for number in (1, 2)}
        self.worth = draw.random() < 0.6
        self.shares = [self.granted[1] // 2, self.granted[1]] if draw.random() < 0.5 else []
        self.clearances = draw.randint(5, 9) if draw.random() < 0.5 else None
        self.tolerance = {"tolerance": tolerance} if draw.random() < 0.8 else {}
        self.license = self.issued()
        self.users = [user.party for user in self.license.end_users.order_by("pk")]
        self.reserved, self.crossed, self.did = [], [], Counter()
        self.used = Counter()
        self.taken = 0
        for _ in range(draw.randint(3, 8)):
            self.step()

    def issued(self):
        world = self.world
        signed = [world.declaration() for _ in range(2)]
        ref = world.application(kilograms=self.granted[1] // KG, by_whom=signed)
        second = ApplicationLine.objects.get(application__ref=ref)
        second.pk, second.number, second.quantity = None, 2, self.granted[2]
        second.save(force_insert=True)
        asked = ApplicationEndUser.objects.filter(application__ref=ref).order_by("pk")
        return demo.issued(
            world.exporter,
            ref,
            world.ministry,
            signed,
            allotments={(1, user.pk): share for user, share in zip(asked, self.shares, strict=False)},
            values={1: Decimal(5_000), 2: Decimal(5_000)} if self.worth else {},
            max_clearances=self.clearances,
            **self.tolerance,
        )

    def room(self, number, who):
        """What is left of the line for this end-user, its tolerance included."""
        left = self.granted[number] - self.used[number]
        left += self.granted[number] * PERCENT // 100 if self.tolerance else 0
        return min(left, self.shares[who] - self.used[1, who]) if number == 1 and self.shares else left

    def take(self, parcel, number, grams):
        """So much more is used of the line, or less."""
        self.used.update({number: grams, (number, parcel.who): grams})

    def step(self):
        verb = self.draw.choice([*[self.reserve] * 4, *[self.clear] * 2, self.end, self.back])
        if verb():
            self.did[verb.__name__] += 1

    def reserve(self):
        draw, who = self.draw, self.draw.randrange(2)
        asked = {number: draw.randint(1, self.granted[number] // (5 if number == 1 else 20)) for number in (1, 2)}
        asked.pop(draw.choice([0, 1, 2]), None)
        if 1 in asked and draw.random() < 0.4:  # nearly all that is left
            asked[1] = max(self.room(1, who) - draw.randint(0, 2 * KG), 1)
        lines = [
            LineRequest(number, grams, "kg", value=Decimal(draw.randint(1, 90_000)) / 100, currency="CNY")
            if self.worth
            else LineRequest(number, grams, "kg")
            for number, grams in asked.items()
        ]
        try:
            row = self.world.shipment(self.license, end_user=self.users[who].ref, lines=lines)
        except DomainError:
            return False
        parcel = Parcel(row, who, asked)
        for number, grams in asked.items():
            self.take(parcel, number, grams)
        self.reserved.append(parcel)
        self.taken += 1
        return True

    def clear(self, *, more=True):
        """Some of it crossed, or all, or more where the license has that; or a part, and the rest is yet to come."""
        if not self.reserved:
            return False
        draw, parcel = self.draw, self.reserved.pop()
        final = draw.random() < 0.6 or min(parcel.held.values()) < 2
        some = {}
        for number, held in parcel.held.items():
            some[number] = draw.randint(1, held if final else held - 1) if held else 0
            if final and more and draw.random() < 0.3:
                some[number] = held + draw.randint(0, max(min(held, self.room(number, parcel.who)), 0))
        lines = [ClearedLine(number, grams, "kg") for number, grams in some.items() if grams]
        self.world.clear(parcel.row.ref, 0, final=final, lines=lines)
        parcel.crossed.update(some)
        for number, grams in some.items():
            if final:
                self.take(parcel, number, grams - parcel.held[number])
            parcel.held[number] = 0 if final else parcel.held[number] - grams
        (self.crossed if final else self.reserved).append(parcel)
        return True

    def end(self):
        """It is cancelled; of one that crossed in part the rest is off."""
        if not self.reserved:
            return False
        parcel = self.reserved.pop()
        for number, grams in parcel.held.items():
            self.take(parcel, number, -grams)
        ref = parcel.row.ref
        if parcel.crossed:
            officers.close_out(ref, seen=seen(ref), reason="Silence", by=self.world.ministry.decider)
            self.crossed.append(parcel)
        else:
            cancel(ref, by=self.world.exporter)
            self.taken -= 1
        return True

    def back(self):
        if not self.crossed:
            return False
        parcel = self.crossed.pop()
        number = self.draw.choice(sorted(+parcel.crossed))
        some = self.draw.randint(1, parcel.crossed[number])
        come_back(self.world, parcel.row, some, number)
        decide(self.world, parcel.row)
        self.take(parcel, number, -some)
        return True

    def had(self, pool):
        """pool: how much more a national quota counts."""
        part = any(parcel.crossed for parcel in self.reserved)
        beyond = any(self.used[number] > granted for number, granted in self.granted.items())
        shared = self.shares and any(self.used[1, who] for who in range(2))
        worth = self.worth and self.used.total()
        told = {"pool": pool, "value": worth, "allotment": shared, "part": part, "tolerance": beyond}
        return {kind for kind, found in told.items() if found}

    def amended(self, worth):
        """The new license, and what was granted: of each line, of its value in hundredths, by end-user, clearances.
        worth: how much of the value of each line is used."""
        world, draw = self.world, self.draw
        row = amendments.amend(self.license.ref, seen=seen(self.license.ref), by=world.exporter)
        whole = {number: self.used[number] + draw.randint(1, 100 * KG) for number in self.granted}
        for number, grams in whole.items():
            row.lines.filter(number=number).update(quantity=grams)
        users = {user.party_id: user.pk for user in row.end_users.all()}
        free = whole[1] - self.used[1]
        shares = {who: self.used[1, who] + draw.randint(1, free) for who in range(2) if self.shares}
        cents = {number: max(used, 1) + draw.randint(0, 100_000) for number, used in worth.items() if self.worth}
        clearances = self.taken + draw.randint(1, 3) if self.clearances else None
        make.demo.under_review(world.exporter, row.ref, world.ministry)
        decisions.recommend(
            row.ref,
            seen=seen(row.ref),
            outcome="approve",
            months=12,
            values={number: Decimal(much) / 100 for number, much in cents.items()},
            allotments={(1, users[self.users[who].pk]): share for who, share in shares.items()},
            max_clearances=clearances,
            by=world.ministry.reviewer,
            **self.tolerance,
        )
        decisions.approve(row.ref, seen=seen(row.ref), by=world.ministry.decider)
        new = decisions.issue(row.ref, seen=seen(row.ref), by=world.ministry.decider)
        return new, whole, cents, shares, clearances


def value_used(line):
    """In hundredths, by its movements alone."""
    signs = {"reserve": 1, "release": -1, "credit": -1}
    found = 0
    for one in Movement.objects.filter(line_id=line.pk, account="value"):
        moved = 0 if one.held and one.kind in ("draw", "adjust") else one.quantity
        found += signs.get(one.kind, 1 if one.kind in ("draw", "adjust") else 0) * moved
    return found


def lines_of(license):
    return {line.number: line for line in LicenseLine.objects.filter(license=license)}


def carried(world, draw, tolerance):
    """Whether each account of a drawn license is on that of its successor; the license, and what it had."""
    counted = QuotaPool.objects.get().used
    one = Drawn(world, draw, tolerance)
    worth, pool = {n: value_used(line) for n, line in lines_of(one.license).items()}, QuotaPool.objects.get().used
    had, moved = one.had(pool - counted), PoolMovement.objects.count()
    new, whole, cents, shares, clearances = one.amended(worth)
    before, after = lines_of(one.license), lines_of(new)
    for number, line in after.items():
        old, left = before[number], whole[number] - one.used[number]
        assert (line.authorized, line.available) == (left, left)
        assert (old.available, old.used, old.tolerance) == (0, one.used[number], 0)
        of_old = {(c.account, c.end_user and c.end_user.party_id): c for c in old.ceilings.all()}
        for c in line.ceilings.select_related("end_user"):
            if c.account == "value":
                assert c.available == cents[number] - worth[number]
            else:
                who = [party.pk for party in one.users].index(c.end_user.party_id)
                assert c.available == shares[who] - one.used[1, who]
            assert of_old[c.account, c.end_user and c.end_user.party_id].available == 0
        assert len(line.ceilings.all()) == len(of_old) == one.worth + (number == 1) * len(one.shares)
    assert new.max_clearances == (None if clearances is None else clearances - one.taken)
    counts = ClearanceCount.objects.filter(license=new).values_list("taken", flat=True)
    assert list(counts) == [0] * bool(clearances)
    assert QuotaPool.objects.get().used == pool and PoolMovement.objects.count() == moved
    while one.reserved:  # what was reserved ends where it was
        if draw.random() < 0.5:
            receive(world.message(one.reserved[-1].row.ref, "declared"), by=world.customs)
            one.clear(more=False)
        else:
            one.end()
    before = lines_of(one.license)
    for number, line in lines_of(new).items():
        old = before[number]
        assert (line.available, old.available, old.over_cleared) == (whole[number] - old.authorized, 0, 0)
    assert books.drift([one.license.pk, new.pk], whole=True) == []
    connection.check_constraints()  # not of a thousand at once
    return one, had


@pytest.fixture
def allowed(world):
    """The tolerance that rules allow; a national quota counts what is in the goods."""
    world.grade["Dy"] = "3.5"
    make.pool(world.ministry, cap=900_000_000)
    return make.tolerance("pct_line", str(PERCENT))


@pytest.mark.slow
def test_an_amendment_carries_every_account_exactly(world, allowed):
    draw, did, had = Random(SEED), Counter(), Counter()
    for _ in range(MANY):
        one, kinds = carried(world, draw, allowed)
        did += one.did
        had.update(kinds)
    log.info("%s licenses: %s; %s", MANY, dict(did), dict(had))
    assert License.objects.filter(state="replaced").count() == MANY
    assert books.check_pools(whole=True) == []
    assert had.keys() == KINDS or MANY < 20 and SEED != FIRST


@pytest.mark.slow
@pytest.mark.parametrize(
    "carry",
    [
        "line := ledger_post(line, 'carry', used, false, NULL, NULL, at_);",
        "line := ledger_post_on(line, ceiling.id, 'carry', used, false, NULL, NULL, NULL, at_);",
    ],
    ids=["line", "ceiling"],
)
def test_twin_nothing_is_carried(world, allowed, carry):
    draw = Random(SEED)

    def each():
        for _ in range(MANY):
            carried(world, draw, allowed)

    with changed("ledger_succeed", carry, "NULL;"), pytest.raises(AssertionError):
        each()
