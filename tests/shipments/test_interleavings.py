"""Two verbs at once, in every order of their round trips: what comes out is what one after the other gives.

Each full run takes all orders of the pairs that have few, and some of the others; ORDERS=all takes all.

Elsewhere, each beside the twin that drops its lock: issue and the end of an account (licensing/test_standing_races),
what two officers countersign (licensing/test_countersign_races), a declaration that ends while a case names it
(licensing/test_invalidation_races), a refusal that is contested (licensing/test_reconsideration_races), what qualifies
a company (test_qualification_races), a replaced license and its successor (test_replaced_races), the end of a bar
(licensing/test_bar_races). That a declaration comes in force (activate) is part of issue.
"""

import logging
import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations, permutations

import pytest

from config.local.demo.cases import delivered
from core.access import clock as by_clock
from core.errors import DomainError
from core.history import version
from core.idempotency import Answer, Claim
from core.legal_time import day_end, legal_now, legal_today
from core.models import HistoryLine, Idempotency
from exporters.models import Exporter
from licensing import books
from licensing.actions import amendments, decisions, invalidations, licenses, pools, revocations, standing, verdicts
from licensing.models import License, PoolMovement, QuotaPool, Suspension
from licensing.models.balances import AMOUNTS, Ceiling, ClearanceCount, LicenseLine, Movement
from licensing.tasks import expire_licenses
from shipments import actions
from shipments.actions import bulk
from shipments.models import Incident, Return, Shipment
from tests import make
from tests.interleave import Orders, Player, Some, commute, in_turn, orders_of
from tests.make import seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_corrections import come_back
from tests.shipments.test_pool_races import CLOCK, changed, magnets
from tests.shipments.test_races import dsn

__all__ = ["world"]

log = logging.getLogger(__name__)
KG = 1000
OF_A_LICENSE = (
    *("suspend", "lift", "stop", "reinstate", "bar", "invalidate", "revoke", "surrender", "turn"),
    *("clear", "correct", "cancel", "bulk"),
)
OF_A_POOL = ("clear", "correct", "cancel", "bulk")
SOME, FEW = (None, None) if os.environ.get("ORDERS") == "all" else (20, 5)  # of pairs that have more
NEARLY = timedelta(seconds=2)
LATER = timedelta(minutes=5)  # books look for the history of a movement within 10 seconds of it
PARTS = ("quantity", "held", "drawn", "released", "over_cleared", "credited")
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def done(verb, *args, **named):
    verb(*args, **named)
    return "done"


def claimed(verb, key, *args, by):
    """The verb under a key, as its edge calls it."""
    claim = Claim(
        by.organization_id,
        key,
        "0" * 64,
        lambda made: Answer(200, "", "done"),
        lambda refused: Answer(refused.status, "", refused.code),
    )
    return verb.claimed(claim, *args, by=by).body


class Scene:
    """A license of 100 kg that counts its end-user's share: 40 kg wait for customs, 30 kg are booked, 10 kg have
    crossed, 20 kg are free. A national quota has room for these, and a cut of it that leaves none waits for its second
    person. granted: what else its license counts. amending: a change of it to 120 kg is approved. ends: today is its
    last day."""

    def __init__(self, world, *, amending=False, ends=False, **granted):
        self.world, officers = world, world.ministry
        self.cause = self.returned = self.seen = self.company_seen = self.shipment_seen = 0
        pool = make.pool(officers, cap=4.5)
        self.license = world.license(kilograms=100, allotted=[100 * KG], **granted)
        self.license = make.ends_in(self.license, 0) if ends else self.license
        self.booked = {}
        for name, kilograms in (("WAITS", 40), ("BOOKED", 30), ("CROSSED", 10)):
            request = magnets(world, self.license, kilograms, client_reference=name)
            made = actions.reserve(request, by=world.exporter)
            self.booked[name] = Shipment.objects.get(ref=made.ref)
        crossed = self.booked["CROSSED"].ref
        cleared = world.clear(crossed, 10 * KG).message.message_id
        delivered(world.exporter, crossed)
        terms = {"cap": 2_500, "from_day": legal_today(), "reason": "Less"}
        self.cut = pools.propose_change(pool.ref, **terms, seen=version(pool), by=officers.policy_officer)
        self.clears = world.message(self.booked["WAITS"].ref, grams=45 * KG)
        weighed = {"lines": [actions.ClearedLine(1, 12 * KG, "kg")], "reason": "Weighed again"}
        self.corrects = world.message(crossed, "corrected", corrects=cleared, **weighed)
        if amending:
            self.amended = self.approved()
        self.cut_seen = version(self.cut)
        by_clock()
        self.rewound = Rewound()
        self.begins(legal_now(), planned_on=legal_today())

    def approved(self):
        """An amendment that may be issued: its number."""
        officers = self.world.ministry
        row = amendments.amend(self.license.ref, seen=seen(self.license.ref), by=self.world.exporter)
        row.lines.update(quantity=120 * KG)
        make.demo.under_review(self.world.exporter, row.ref, officers)
        shares = {(1, row.end_users.get().pk): 120 * KG}
        said = {"outcome": "approve", "months": 12, "allotments": shares, "by": officers.reviewer}
        decisions.recommend(row.ref, seen=seen(row.ref), **said)
        decisions.approve(row.ref, seen=seen(row.ref), by=officers.decider)
        return row.ref

    def begins(self, at, *, planned_on):
        """They all ask at this instant, for that day."""

        def wanted(name, kilograms):
            return magnets(self.world, self.license, kilograms, client_reference=name, planned_on=planned_on)

        self.rewound.clock_from(at)
        self.wants = {kilograms: wanted(f"NEW-{kilograms}", kilograms) for kilograms in (15, 20, 25)}
        self.rows = [bulk.Row(name, "0" * 64, wanted(name, much)) for name, much in (("ROW-1", 15), ("ROW-2", 10))]

    def verbs(self):
        license, who, officers = self.license, self.world, self.world.ministry
        another, booked = officers.other_decider, self.booked["BOOKED"]
        stopped = {"reason": "Inspection", "by": officers.decider}
        inspected = {"seen": self.seen, "reason": "Inspection", "by": officers.decider}
        return {
            "reserve": lambda: claimed(actions.reserve, "k-20", self.wants[20], by=who.exporter),
            "reserve less": lambda: claimed(actions.reserve, "k-15", self.wants[15], by=who.exporter),
            "reserve more": lambda: claimed(actions.reserve, "k-25", self.wants[25], by=who.exporter),
            "reserve in time": self.in_time,
            "suspend": lambda: done(licenses.suspend, license.ref, **inspected),
            "lift": lambda: done(
                licenses.lift, license.ref, suspension=self.cause, seen=self.seen, reason="Seen", by=another
            ),
            "stop": lambda: done(
                standing.suspend, license.exporter_id, seen=self.company_seen, number="7", provision="p", **stopped
            ),
            "reinstate": lambda: done(
                standing.reinstate, license.exporter_id, seen=self.company_seen, reason="Seen", by=another
            ),
            "revoke": lambda: done(revocations.revoke, license.ref, seen=self.seen, by=another),
            "bar": lambda: done(standing.bar, license.exporter_id, seen=self.company_seen, by=another),
            "invalidate": lambda: done(
                invalidations.invalidate, self.false.ref, seen=self.false_seen, by=officers.decider
            ),
            "surrender": self.surrender,
            "replace": lambda: done(decisions.issue, self.amended, seen=self.amended_seen, by=officers.decider),
            "freeze": lambda: done(licenses.freeze, license.pk, by=by_clock()),
            "turn": lambda: done(verdicts.turn, license.pk, by=by_clock()),
            "expire": lambda: done(expire_licenses),
            "clear": lambda: claimed(actions.receive, "k-clear", self.clears, by=who.customs),
            "correct": lambda: claimed(actions.receive, "k-correct", self.corrects, by=who.customs),
            "cancel": lambda: claimed(actions.cancel, "k-cancel", booked.ref, by=who.exporter),
            "close_out": lambda: done(
                actions.officers.close_out, self.booked["WAITS"].ref, seen=self.shipment_seen, **stopped
            ),
            "approve_return": lambda: done(
                actions.officers.approve_return,
                self.booked["CROSSED"].ref,
                seen=self.shipment_seen,
                which=self.returned,
                **stopped,
            ),
            "lapse": lambda: done(actions.lapse, booked.pk, by=by_clock()),
            "cut": lambda: done(pools.approve, self.cut.pk, seen=self.cut_seen, by=officers.policy_approver),
            "bulk": lambda: [
                one.status for one in bulk.reserve_many(self.rows, atomic=False, instance="", by=who.exporter)
            ],
            "midnight": lambda: self.rewound.go_on(LATER),
        }

    def surrender(self):
        """Which is refused while something is reserved."""
        try:
            return done(licenses.surrender, self.license.ref, seen=self.seen, by=self.world.exporter)
        except DomainError as refused:
            return refused.code

    def in_time(self):
        """On the last day; the day after it is too late for what was planned, and for the license."""
        try:
            return done(actions.reserve, self.wants[20], by=self.world.exporter)
        except DomainError as refused:
            codes = {refused.code, *(one.code for one in refused.errors)}
            return "late" if codes & {"license-expired", "date-out-of-range"} else codes

    def before(self, names):
        """What is so when they begin: a license that may be lifted is suspended, or its company stopped, other rules
        judge one that turns, that one ends was proposed, on one that is handed back no more is reserved than the other
        takes away, some came back, what is closed out was declared."""
        if "lift" in names:
            said = {"seen": seen(self.license.ref), "reason": "Inspection", "by": self.world.ministry.decider}
            licenses.suspend(self.license.ref, **said)
            self.cause = self.license.suspensions.get().pk
        if "reinstate" in names:
            make.stopped(self.world)
        if "revoke" in names:
            make.end_proposed(self.world, self.license)
        if "bar" in names:
            make.bar_proposed(self.world)
        if "invalidate" in names:
            self.false = self.license.end_users.get().declaration
            said = {"ground": "forged", "reason": "Forged", "by": self.world.ministry.reviewer}
            invalidations.propose_invalidate(self.false.ref, seen=seen(self.false.ref), **said)
            self.false_seen = seen(self.false.ref)
        if "surrender" in names:
            for name, ends in (("WAITS", {"clear"}), ("BOOKED", {"cancel", "lapse"})):
                if not ends & {*names}:
                    actions.cancel(self.booked[name].ref, by=self.world.exporter)
        if "approve_return" in names:
            come_back(self.world, self.booked["CROSSED"], 5 * KG)
            self.returned, self.shipment_seen = Return.objects.get().pk, seen(self.booked["CROSSED"].ref)
        if "close_out" in names:
            waits = self.booked["WAITS"].ref
            declared = self.world.message(waits, "declared", declaration_no=self.clears.declaration_no)
            actions.receive(declared, by=self.world.customs)
            self.shipment_seen = seen(waits)
        self.seen, self.company_seen = seen(self.license.ref), seen(self.license.exporter_id)
        self.amended_seen = seen(self.amended) if "replace" in names else 0
        if "turn" in names:
            here = {"match": {"destination.country": ["DE"]}, "applies_to": ["existing"]}
            make.edition(lambda rules, _: rules["R033"].update(here))

    def after(self, names):
        """What runs every minute, and passes over what somebody holds, comes by once more."""
        if {"turn", "midnight"} & {*names}:
            verdicts.turn(self.license.pk, by=by_clock())
            expire_licenses()

    def licenses(self):
        """Its license, and what took its place."""
        return [one.pk for one in (self.license, *License.objects.filter(replaces=self.license))]

    def stands(self):
        """All that can be told apart, but for numbers and references; of license, pool and shipments also in which
        order of instants it came to that."""
        self.license.refresh_from_db()
        names = dict(Shipment.objects.values_list("pk", "client_reference"))
        found = {
            "company": list(Exporter.objects.values_list("state", flat=True)),
            "license": [self.license.state, self.license.last_cleared],
            "line": list(LicenseLine.objects.values_list("open", *AMOUNTS)),
            "ceilings": sorted(Ceiling.objects.values_list("account", "reserved", "drawn")),
            "clearances": list(ClearanceCount.objects.values_list("taken", flat=True)),
            "shipments": sorted(
                Shipment.objects.values_list("client_reference", "state", "counted", *[f"lines__{p}" for p in PARTS])
            ),
            "causes": sorted(
                (one.cause, str(one.end_user and one.end_user.party_id), bool(one.ended_at))
                for one in Suspension.objects.select_related("end_user")
            ),
            "incidents": sorted((one.kind, str(one.facts.get("pools"))) for one in Incident.objects.all()),
            "pool": list(QuotaPool.objects.values_list("used", "over_used", "frozen")),
            "keys": sorted(Idempotency.objects.values_list("key", "status")),
            "drift": [str(one) for one in (*books.drift(self.licenses()), *books.check_pools(whole=True))],
        }
        chains, instants = defaultdict(list), defaultdict(list)
        for one in Movement.objects.order_by("line_id", "seq"):
            whose = names.get(one.shipment_id, "")
            chains["line"].append((one.account, one.kind, one.quantity, one.held, whose, one.available_after))
            instants["license"].append((one.at, one.kind, one.account, whose))
        for one in PoolMovement.objects.order_by("seq"):
            whose = names.get(one.shipment_id, "")
            chains["pool"].append((one.kind, one.amount, one.over, whose, one.cap))
            instants["pool"].append((one.at, one.kind, whose))
        for one in HistoryLine.objects.filter(subject_kind__in=["license", "shipment", "poolchange"]):
            whose = names[one.subject_id] if one.subject_kind == "shipment" else one.subject_kind
            instants[whose].append((one.at, one.verb, one.to_state))
        found |= {f"chain of {of}": chain for of, chain in chains.items()}
        return found | {f"instants of {of}": [told[1:] for told in sorted(all_)] for of, all_ in instants.items()}


@dataclass
class Found:
    """outcomes: how many different ones came out; wrong: those that no serial order gives, and after which trips."""

    names: tuple[str, ...]
    trips: list[int]
    orders: int
    outcomes: int
    wrong: list[str]

    def __str__(self):
        trips = " + ".join(map(str, self.trips))
        return f"{' × '.join(self.names)}: {trips} trips, {self.orders} orders, {self.outcomes} outcomes"


def explored(scene, player, *names, most=None, until_wrong=False):
    """All orders of the round trips of these verbs, but for those that differ by trips that commute; or so many."""
    moment = names.index("midnight") if "midnight" in names else None

    def played(choose):
        scene.rewound.back()
        scene.before(names)
        made = player.play([scene.verbs()[name] for name in names], choose)
        scene.after(names)
        lanes = player.lanes[: len(names)]
        return made, ([(lane.said, lane.wrong) for lane in lanes], scene.stands())

    serial = {order: played(in_turn(*order)) for order in permutations(range(len(names)))}
    for _made, (said, stands) in serial.values():
        assert (stands["drift"], [wrong for _, wrong in said]) == ([], [[]] * len(names)), said
    trips = [sum(trip.lane == lane for trip in next(iter(serial.values()))[0]) for lane in range(len(names))]
    orders = Some(most, trips) if most else Orders(commute)
    found = Found(names, trips, 0, 0, [])
    came = []
    while orders.more and not (until_wrong and found.wrong):
        made, outcome = played(orders.choose)
        if orders.played():
            found.orders += 1
            came += [] if outcome in came else [outcome]
            lawful = [serial[order][1] for order in orders_of(made, moment)]
            if outcome not in lawful:
                course = [f"{names[trip.lane]}: {trip.sql[:70]}" for trip in made]
                found.wrong.append("\n".join([*difference(outcome, lawful), *course]))
    found.outcomes = len(came)
    log.info(found)
    return found


def difference(outcome, lawful):
    """In what it is none of these: beside the nearest."""
    apart = [
        [f"{outcome[0]}, not {said}"] * (outcome[0] != said)
        + [f"{part}: {told}, not {stands.get(part)}" for part, told in outcome[1].items() if told != stands.get(part)]
        for said, stands in lawful
    ]
    return min(apart, key=len)


@pytest.fixture
def player(transactional_db):
    with Player(3, **dsn()).lasting() as player:
        yield player


@pytest.fixture
def scene(world):
    made = Scene(world)
    yield made
    made.rewound.end()


@pytest.fixture
def amended(world):
    """Another license is about to take the place of its."""
    made = Scene(world, amending=True)
    yield made
    made.rewound.end()


@pytest.fixture
def ending(world):
    """The same just before that license ends."""
    made = Scene(world, amending=True, ends=True)
    made.begins(day_end(legal_today()) - NEARLY, planned_on=legal_today())
    yield made
    made.rewound.end()


@pytest.fixture
def counted(world):
    """Its license counts its clearances, too; that is held before its lines, so that it hides a lock of theirs that is
    missing."""
    made = Scene(world, max_clearances=4)
    yield made
    made.rewound.end()


@pytest.fixture
def last_day(scene):
    """Just before the license ends."""
    until = scene.license.usable_until
    scene.begins(day_end(until) - NEARLY, planned_on=until)
    return scene


@pytest.mark.parametrize("other", ["reserve less", "suspend", "bulk"])
def test_a_reservation_beside_another_verb(scene, player, other):
    found = explored(scene, player, "reserve", other)
    assert (found.wrong, found.outcomes) == ([], 2)


@pytest.mark.parametrize(
    ("other", "outcomes"),
    [
        ("stop", 2),
        ("bar", 2),
        ("invalidate", 2),
        ("revoke", 2),
        ("surrender", 2),
        ("cut", 2),
        ("lift", 2),
        ("freeze", 2),
        ("turn", 1),
        ("clear", 2),
        ("correct", 2),
    ],
)
def test_a_reservation_beside_a_long_verb(scene, player, other, outcomes):
    found = explored(scene, player, "reserve", other, most=SOME)
    assert (found.wrong, found.outcomes) == ([], outcomes)


def test_a_reservation_of_what_another_gives_back(scene, player):
    found = explored(scene, player, "reserve more", "cancel", most=SOME)
    assert (found.wrong, found.outcomes) == ([], 2)


def test_a_reservation_beside_one_that_takes_the_last_clearance(counted, player):
    found = explored(counted, player, "reserve less", "reserve")
    assert (found.wrong, found.outcomes) == ([], 2)


@pytest.mark.parametrize("other", ["expire", "lapse", "cancel"])
def test_a_reservation_across_the_end(last_day, player, other):
    found = explored(last_day, player, "reserve in time", other, "midnight", most=SOME)
    assert found.wrong == []
    assert found.outcomes > 1


@pytest.mark.parametrize(("other", "outcomes"), [("reserve", 2), ("clear", 2), ("cancel", 2)])
def test_another_license_takes_its_place_beside_what_is_done_on_it(amended, player, other, outcomes):
    found = explored(amended, player, other, "replace", most=SOME)
    assert (found.wrong, found.outcomes) == ([], outcomes)


@pytest.mark.parametrize("verb", ["revoke", "surrender"])
def test_a_verb_that_ends_a_license_stalls(scene, player, verb):
    """However long it is between its instant and what lapses, the books agree."""
    assert explored(scene, player, verb, "midnight").wrong == []


def test_another_license_takes_its_place_after_a_stall(amended, player):
    assert explored(amended, player, "replace", "midnight").wrong == []


@pytest.mark.full
@pytest.mark.parametrize("other", sorted({*OF_A_LICENSE} - {"clear", "cancel"}))
def test_another_license_takes_its_place_beside_other_verbs(amended, player, other):
    assert explored(amended, player, other, "replace", most=FEW).wrong == []


@pytest.mark.full
@pytest.mark.parametrize("other", ["expire", "lapse"])
def test_another_license_takes_its_place_across_its_end(ending, player, other):
    found = explored(ending, player, "replace", other, "midnight", most=SOME)
    assert found.wrong == []
    assert found.outcomes > 1


@pytest.mark.full
@pytest.mark.parametrize("pair", list(combinations(OF_A_LICENSE, 2)), ids=" ".join)
def test_two_verbs_of_one_license(scene, player, pair):
    assert explored(scene, player, *pair, most=FEW).wrong == []


@pytest.mark.full
@pytest.mark.parametrize("other", OF_A_LICENSE)
def test_a_license_expires_beside_another_verb(last_day, player, other):
    assert explored(last_day, player, other, "expire", "midnight", most=FEW).wrong == []


@pytest.mark.full
@pytest.mark.parametrize("other", ["clear", "correct", "suspend", "revoke"])
@pytest.mark.parametrize("verb", ["approve_return", "close_out"])
def test_an_officer_settles_a_shipment_beside_another_verb(scene, player, verb, other):
    assert explored(scene, player, verb, other, most=FEW).wrong == []


@pytest.mark.full
@pytest.mark.parametrize("other", OF_A_POOL)
def test_a_cut_beside_what_changes_a_pool(scene, player, other):
    """They meet late, so there are many orders."""
    assert explored(scene, player, "cut", other, most=SOME or 100).wrong == []


# --- twins ------------------------------------------------------------------------------------------------


def test_twin_the_clock_is_read_before_the_lock(last_day, player):
    """A reservation that waited until the license had ended is accepted, as if the day were not over."""
    first = "BEGIN\n"
    with changed("ledger_take", CLOCK, ""), changed("ledger_take", first, first + CLOCK):
        found = explored(last_day, player, "reserve in time", "cancel", "midnight", most=100, until_wrong=True)
    assert found.wrong[0].startswith("[('done', []), ('done', []), (None, [])], not [('late', [])")


def test_twin_the_line_is_not_locked(scene, player):
    """A reservation is accepted after the instant from which on the license is suspended."""
    with changed("ledger_take", "ORDER BY l.id FOR NO KEY UPDATE", "ORDER BY l.id"):
        found = explored(scene, player, "reserve", "suspend", until_wrong=True)
    assert found.wrong[0].startswith("instants of license:")


@pytest.mark.parametrize("end", ["revoke", "surrender"])
def test_twin_the_line_is_not_locked_and_the_license_ends(end, scene, player):
    """A reservation is accepted on a license that has ended, of which nothing was reserved."""
    with changed("ledger_take", "ORDER BY l.id FOR NO KEY UPDATE", "ORDER BY l.id"):
        found = explored(scene, player, "reserve", end, until_wrong=True)
    assert found.wrong


def test_twin_issue_does_not_hold_the_lines_of_the_license_that_it_replaces(amended, player, monkeypatch):
    """A reservation is accepted after the instant from which on another license has its place."""
    monkeypatch.setattr(decisions.ledger, "lock_lines", lambda license: None)
    found = explored(amended, player, "reserve", "replace", most=100, until_wrong=True)
    assert found.wrong
