"""Random histories of customs' messages, shuffled, doubled, in parts: what is booked equals a plain model.

`HISTORIES=800 ./run test tests/shipments/test_histories.py --log-cli-level=INFO` sends more than 10,000, and says so.
"""

import logging
import os
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.errors import Invalid
from core.idempotency import Answer, Claim
from licensing import books
from licensing.models import License
from licensing.models.balances import LicenseLine
from shipments.actions import ClearedLine, officers, receive
from shipments.models import Return, Shipment
from tests.make import seen

log = logging.getLogger(__name__)
NUMBER = int(os.environ.get("HISTORIES", "200" if os.environ.get("FULL") else "60"))
PLANNED = (40, 30, 20)
AUTHORIZED = 100  # in kilograms, as all here


@dataclass
class Ship:
    held: int
    state: str = "reserved"
    drawn: int = 0
    over: int = 0
    returned: int = 0
    credited: int = 0
    stands: dict[str, int] = field(default_factory=dict)  # by the clearance's id
    clearance: dict[str, str] = field(default_factory=dict)  # of a clearance or correction, by its id
    waiting: list[int] = field(default_factory=list)


class Books:
    """What should be booked: one line of a license, and three shipments. Reads as WORKFLOWS 6 and 7 do."""

    def __init__(self):
        self.ships, self.license = [Ship(planned) for planned in PLANNED], "active"

    def free(self):
        return AUTHORIZED + sum(one.credited - one.held - one.drawn for one in self.ships)

    def take(self, ship, more):
        from_held = min(more, ship.held)
        from_free = min(more - from_held, max(self.free(), 0))
        ship.held -= from_held
        ship.drawn += from_held + from_free
        ship.over += more - from_held - from_free
        return more - from_held - from_free

    def settle(self, beyond=0, *, may_reopen=False):
        if beyond:
            self.license = {"active": "suspended"}.get(self.license, self.license)
        elif self.license == "active" and self.free() <= 0 and not any(one.held for one in self.ships):
            self.license = "exhausted"
        elif may_reopen and self.license == "exhausted" and self.free() > 0:
            self.license = "suspended" if any(one.over for one in self.ships) else "active"

    def back(self, ship):
        if ship.state == "cleared" and ship.returned and ship.returned == ship.drawn + ship.over:
            ship.state = "returned"

    def customs(self, key, event, at, kilograms=0, corrects="", final=False):
        """Is it accepted?"""
        ship = self.ships[at]
        if event in ("declared", "questioned", "rejected") and ship.state in ("reserved", "cancelled"):
            ship.state = "declared"
        if event == "questioned" and ship.state == "declared":
            ship.state = "questioned"
        if event == "rejected" and ship.state in ("declared", "questioned"):
            ship.state, ship.held = "rejected", 0
            self.settle()
        if event == "cleared":
            beyond = self.take(ship, kilograms)
            ship.stands[key], ship.clearance[key] = kilograms, key
            if final:
                ship.held = 0
            if ship.state not in ("cleared", "returned", "rejected"):
                ship.state = "cleared" if final else "part_cleared"
            self.back(ship)
            self.settle(beyond)
        if event == "corrected":
            return self.correct(key, ship, kilograms, corrects)
        if event == "returned":
            if kilograms > ship.drawn + ship.over - ship.returned:
                return False
            ship.returned += kilograms
            ship.waiting.append(kilograms)
            self.back(ship)
        return True

    def correct(self, key, ship, kilograms, corrects):
        first = ship.clearance.get(corrects)
        if first is None or ship.drawn + ship.over + kilograms - ship.stands[first] < ship.returned:
            return False
        change, beyond = kilograms - ship.stands[first], 0
        if change > 0:
            beyond = self.take(ship, change)
        else:
            own = min(-change, ship.over)
            ship.over -= own
            ship.drawn -= -change - own
            room = -change - own
            for other in self.ships:
                if other is not ship:
                    found = min(room, other.over)
                    other.over, other.drawn, room = other.over - found, other.drawn + found, room - found
        ship.stands[first], ship.clearance[key] = kilograms, first
        self.back(ship)
        self.settle(beyond, may_reopen=True)
        return True

    def officer(self, verb, at):
        ship = self.ships[at]
        if verb == "answer":
            ship.state = "declared"
        if verb == "close_out":
            ship.state, ship.held = ("cleared" if ship.state == "part_cleared" else "cancelled"), 0
            self.settle()
        if verb == "approve_return":
            ship.credited += min(ship.waiting.pop(0), ship.drawn - ship.credited)
            self.settle(may_reopen=True)
        if verb == "decline_return":
            ship.waiting.pop(0)

    def open_to_officers(self, at):
        ship = self.ships[at]
        verbs = {"questioned": ["answer", "close_out"], "declared": ["close_out"], "part_cleared": ["close_out"]}
        return verbs.get(ship.state, []) + (["approve_return", "decline_return"] if ship.waiting else [])


def history(random):
    """What customs knows of each shipment, in order."""
    sent = []
    for at, planned in enumerate(PLANNED):
        keys = []

        def say(event, *, at=at, **facts):
            sent.append({"key": f"{at}-{len(sent)}", "event": event, "at": at, **facts})
            return sent[-1]["key"]

        say("declared")
        if random.random() < 0.3:
            say("questioned")
        if random.random() < 0.15:
            say("rejected")
        parts = 2 if random.random() < 0.3 else 1
        for part in range(parts):
            about = max(1, planned // parts + random.randint(-5, 8))
            keys.append(say("cleared", kilograms=about, final=part == parts - 1 and random.random() > 0.05))
        for _ in range(random.choice([0, 0, 1, 1, 2])):
            keys.append(say("corrected", corrects=random.choice(keys), kilograms=random.randint(0, planned + 15)))
        for _ in range(random.choice([0, 0, 1, 2])):
            say("returned", kilograms=random.randint(1, planned))
    doubled = [*sent, *(one for one in sent if random.random() < 0.3)]
    random.shuffle(doubled)
    return doubled


class Played:
    """A history sent as clients do: what was refused with 422 is sent again after the others."""

    def __init__(self, world, license, shipments, random, seed=0, counts=None):
        self.world, self.license, self.shipments, self.random = world, license, shipments, random
        self.books, self.done, self.messages = Books(), set(), {}
        self.seed, self.told = seed, []
        self.counts = Counter() if counts is None else counts

    def play(self, sent):
        while sent:
            refused = [one for one in sent if not self.send(one)]
            if len({one["key"] for one in refused}) == len({one["key"] for one in sent}):
                return
            sent = refused

    def send(self, one):
        """Was it accepted, now or before? The books are asked only of what comes for the first time."""
        key = one["key"]
        facts = {name: value for name, value in one.items() if name != "key"}
        self.counts["doubled" if key in self.done else "first" if key not in self.messages else "again"] += 1
        self.counts["in part"] += one.get("final") is False and key not in self.messages
        wanted = key in self.done or self.books.customs(key, **facts)
        accepted = self.post(key, **facts)
        assert accepted == wanted, one
        self.told += [(accepted, one)]
        self.done |= {key} if accepted else set()
        self.act()
        return accepted

    def post(self, key, event, at, kilograms=0, corrects="", final=False):
        lines = [ClearedLine(1, kilograms * 1000, "kg")] if event in ("cleared", "corrected", "returned") else []
        ref = self.shipments[at].ref
        if key not in self.messages:
            facts = {"final": final, "lines": lines, "corrects": corrects, "reason": "Because"}
            number = f"53012026000000{at:04d}"
            facts |= {"declaration_no": number, "reimport_no": number, "fingerprint": key}
            self.messages[key] = self.world.message(ref, event, message_id=key, **facts)
        claim = Claim(
            organization_id=self.world.customs.organization_id,
            key=f"message:{key}",
            fingerprint=key,
            render=lambda made: Answer(made.status, "", made.shipment.state),
            refuse=lambda refusal: Answer(409, "", refusal.code),
        )
        try:
            return receive.claimed(claim, self.messages[key], by=self.world.customs).status == 200
        except Invalid:
            return False

    def act(self):
        """Now and then an officer does what is open to him."""
        at = self.random.randrange(len(PLANNED))
        verbs = self.books.open_to_officers(at)
        if not verbs or self.random.random() > 0.25:
            return
        verb, ref = self.random.choice(verbs), self.shipments[at].ref
        self.books.officer(verb, at)
        self.told += [(verb, at)]
        which = {}
        if "return" in verb:
            which = {"which": Return.objects.filter(shipment__ref=ref, decided_at=None).first().pk}
        getattr(officers, verb)(ref, seen=seen(ref), reason="Because", by=self.world.ministry.decider, **which)

    def compare(self):
        for ship, row in zip(self.books.ships, self.shipments, strict=True):
            shipment = Shipment.objects.get(pk=row.pk)
            line = shipment.lines.get()
            found = [shipment.state]
            found += [getattr(line, name) / 1000 for name in ("held", "drawn", "over_cleared", "returned", "credited")]
            wanted = [ship.state, ship.held, ship.drawn, ship.over, ship.returned, ship.credited]
            assert found == wanted, (self.seed, self.told)
            assert ship.drawn + ship.over == sum(ship.stands.values())
        ships = self.books.ships
        line = LicenseLine.objects.get(license=self.license)
        assert [getattr(line, name) / 1000 for name in ("reserved", "drawn", "over_cleared", "credited", "lapsed")] == [
            sum(one.held for one in ships),
            sum(one.drawn for one in ships),
            sum(one.over for one in ships),
            sum(one.credited for one in ships),
            0,
        ]
        assert License.objects.get(pk=self.license.pk).state == self.books.license
        assert books.drift() == []


@pytest.fixture(scope="module")
def counts():
    """What was sent: for the first time, again after a refusal, doubled; and which were clearances of a part."""
    found = Counter()
    yield found
    log.info("messages: %s", dict(found))


@pytest.mark.slow
@settings(
    max_examples=NUMBER,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a seed says all, and is not shrunk
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_whatever_the_order_what_crossed_is_booked_as_a_plain_model_says(world, license, counts, seed):
    random = Random(seed)
    begun = transaction.savepoint()
    try:
        shipments = [world.shipment(license, planned * 1000) for planned in PLANNED]
        played = Played(world, license, shipments, random, seed, counts)
        played.play(history(random))
        played.compare()
    finally:
        transaction.savepoint_rollback(begun)


def test_a_refusal_is_sent_again_and_not_remembered(world, license):
    """The twin of the above with one history by hand: a correction and a return before what they are about."""
    shipments = [world.shipment(license, planned * 1000) for planned in PLANNED]

    class Never:
        def randrange(self, stop):
            return 0

        def random(self):
            return 1.0

    played = Played(world, license, shipments, Never())
    played.play(
        [
            {"key": "back", "event": "returned", "at": 0, "kilograms": 35},
            {"key": "right", "event": "corrected", "at": 0, "kilograms": 35, "corrects": "first"},
            {"key": "first", "event": "cleared", "at": 0, "kilograms": 40, "final": True},
            {"key": "first", "event": "cleared", "at": 0, "kilograms": 40, "final": True},
        ]
    )
    assert played.done == {"back", "right", "first"}
    played.compare()
    assert played.books.ships[0].state == "returned"
