"""Drawn licenses, with whatever was done to them, and an amendment of each: every account is carried exactly.

A few in each run, 40 with FULL=1, as each takes two seconds; AMENDMENTS says another number, AMENDMENTS_SEED another
beginning.
"""

import logging
import os
from collections import Counter
from decimal import Decimal
from random import Random

import pytest

from core.errors import DomainError
from licensing import books
from licensing.actions import amendments, decisions
from licensing.models import License, PoolMovement, QuotaPool
from licensing.models.balances import Ceiling, ClearanceCount, LicenseLine, Movement
from shipments.actions import LineRequest, cancel, receive
from tests import make
from tests.make import seen
from tests.shipments.test_corrections import come_back, decide

log = logging.getLogger(__name__)
KG = 1000
MANY = int(os.environ.get("AMENDMENTS", "40" if os.environ.get("FULL") else "6"))
SEED = int(os.environ.get("AMENDMENTS_SEED", "1"))


class Drawn:
    """A license of two end-users with what else it counts, and what was done on it; `used` is kept beside, plainly."""

    def __init__(self, world, draw):
        self.world, self.draw = world, draw
        self.kilograms = draw.randint(50, 500)
        self.worth = draw.random() < 0.6
        self.shares = [self.kilograms * KG // 2, self.kilograms * KG] if draw.random() < 0.6 else []
        self.clearances = draw.randint(4, 9) if draw.random() < 0.5 else None
        granted = {"values": {1: Decimal(5_000)}} if self.worth else {}
        granted |= {"max_clearances": self.clearances} if self.clearances else {}
        self.license = world.license(kilograms=self.kilograms, users=2, allotted=self.shares, **granted)
        self.users = [user.party for user in self.license.end_users.order_by("pk")]
        self.reserved, self.crossed, self.did = [], [], Counter()
        self.used = Counter()  # of the quantity, and by end-user
        self.taken = 0
        for _ in range(draw.randint(0, 6)):
            self.step()

    def step(self):
        verb = self.draw.choice([self.reserve, self.reserve, self.clear, self.cancel, self.back])
        if verb():
            self.did[verb.__name__] += 1

    def reserve(self):
        who = self.draw.randrange(2)
        grams = self.draw.randint(1, self.kilograms * KG // 5)
        priced = {"value": Decimal(self.draw.randint(1, 90_000)) / 100, "currency": "CNY"} if self.worth else {}
        try:
            row = self.world.shipment(
                self.license, end_user=self.users[who].ref, lines=[LineRequest(1, grams, "kg", **priced)]
            )
        except DomainError:
            return False
        self.reserved.append((row, who, grams))
        self.used.update({"all": grams, who: grams})
        self.taken += 1
        return True

    def clear(self):
        if not self.reserved:
            return False
        row, who, grams = self.reserved.pop()
        some = self.draw.randint(1, grams)
        self.world.clear(row.ref, some, final=True)
        self.crossed.append((row, who, some))
        self.used.subtract({"all": grams - some, who: grams - some})
        return True

    def cancel(self):
        if not self.reserved:
            return False
        row, who, grams = self.reserved.pop()
        cancel(row.ref, by=self.world.exporter)
        self.used.subtract({"all": grams, who: grams})
        self.taken -= 1
        return True

    def back(self):
        if not self.crossed:
            return False
        row, who, grams = self.crossed.pop()
        some = self.draw.randint(1, grams)
        come_back(self.world, row, some)
        decide(self.world, row)
        self.used.subtract({"all": some, who: some})
        return True

    def amended(self):
        """The new license, and what was granted: of the line, of its value in hundredths, by end-user, clearances."""
        world, draw = self.world, self.draw
        worth = Ceiling.objects.filter(line__license=self.license, account="value").first()
        row = amendments.amend(self.license.ref, seen=seen(self.license.ref), by=world.exporter)
        whole = self.used["all"] + draw.randint(1, 100 * KG)
        row.lines.update(quantity=whole)
        users = {user.party_id: user.pk for user in row.end_users.all()}
        shares = {who: self.used[who] + draw.randint(1, whole - self.used["all"]) for who in range(2) if self.shares}
        values = {1: Decimal(worth.authorized + draw.randint(0, 100_000)) / 100} if worth else {}
        clearances = self.taken + draw.randint(1, 3) if self.clearances else None
        make.demo.under_review(world.exporter, row.ref, world.ministry)
        decisions.recommend(
            row.ref,
            seen=seen(row.ref),
            outcome="approve",
            months=12,
            values=values,
            allotments={(1, users[self.users[who].pk]): share for who, share in shares.items()},
            max_clearances=clearances,
            by=world.ministry.reviewer,
        )
        decisions.approve(row.ref, seen=seen(row.ref), by=world.ministry.decider)
        new = decisions.issue(row.ref, seen=seen(row.ref), by=world.ministry.decider)
        return new, whole, values, shares, clearances


def value_used(license):
    """By its movements alone."""
    rows = Movement.objects.filter(license_id=license.pk, account="value")
    signs = {"reserve": 1, "release": -1, "credit": -1}
    found = 0
    for one in rows:
        moved = 0 if one.held and one.kind in ("draw", "adjust") else one.quantity
        found += signs.get(one.kind, 1 if one.kind in ("draw", "adjust") else 0) * moved
    return found


@pytest.mark.slow
def test_an_amendment_carries_every_account_exactly(world):
    world.grade["Dy"] = "3.5"
    make.pool(world.ministry, cap=900_000_000)
    draw, did = Random(SEED), Counter()
    for _ in range(MANY):
        one = Drawn(world, draw)
        worth, pool = value_used(one.license), QuotaPool.objects.values_list("used", flat=True).get()
        counted = PoolMovement.objects.count()
        new, whole, values, shares, clearances = one.amended()
        old, line = LicenseLine.objects.get(license=one.license), LicenseLine.objects.get(license=new)
        assert (line.authorized, line.available) == (whole - one.used["all"], whole - one.used["all"])
        assert (old.available, old.used) == (0, one.used["all"])
        of_old = {(c.account, c.end_user and c.end_user.party_id): c for c in old.ceilings.all()}
        for c in line.ceilings.select_related("end_user"):
            if c.account == "value":
                assert c.available == int(values[1] * 100) - worth
            else:
                who = [party.pk for party in one.users].index(c.end_user.party_id)
                assert c.available == shares[who] - one.used[who]
            assert of_old[c.account, c.end_user and c.end_user.party_id].available == 0
        assert len(line.ceilings.all()) == len(of_old)
        assert new.max_clearances == (None if clearances is None else clearances - one.taken)
        counts = ClearanceCount.objects.filter(license=new).values_list("taken", flat=True)
        assert list(counts) == [0] * bool(clearances)
        assert QuotaPool.objects.get().used == pool and PoolMovement.objects.count() == counted
        while one.reserved:  # what was reserved ends where it was
            if draw.random() < 0.5:
                receive(world.message(one.reserved[-1][0].ref, "declared"), by=world.customs)
                one.clear()
            else:
                one.cancel()
        line.refresh_from_db()
        old.refresh_from_db()
        assert (line.available, old.available, old.over_cleared) == (whole - old.authorized, 0, 0)
        assert books.drift([one.license.pk, new.pk], whole=True) == []
        did += one.did
    log.info("%s licenses: %s", MANY, dict(did))
    assert License.objects.filter(state="replaced").count() == MANY
    assert books.check_pools(whole=True) == []
