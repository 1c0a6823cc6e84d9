"""The ledger beside a plain model (tests/shipments/plain.py): whatever is done, both say the same."""

import os
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from core.errors import DomainError
from core.history import version
from core.legal_time import legal_today
from licensing import books, elements
from licensing import tasks as licensing_tasks
from licensing.actions import licenses, pools
from licensing.granted import Tolerance
from licensing.models import License, QuotaPool
from licensing.models.balances import Ceiling, ClearanceCount, LicenseLine, Movement
from shipments import tasks as shipment_tasks
from shipments.actions import ClearedLine, LineRequest, cancel, check, receive, reserve
from shipments.models import Shipment
from tests import make
from tests.clock import Clock
from tests.make import World, seen, tolerance
from tests.shipments.plain import IN_FORCE, Pool, Quota

STEPS = int(os.environ.get("LEDGER_STEPS", 5_000))  # a hundred thousand were run by hand
EACH = 50
YEARS = timedelta(days=2_000)
GRAMS = st.integers(1, 60)
CENTS = st.integers(0, 80)
CAPS = st.integers(0, 60)
CONTENTS = elements.contents({"Tb": "0.5"}, elements.DECLARED, "")
AMOUNTS = ("authorized", "tolerance", "reserved", "drawn", "lapsed", "available")


class Ledger(RuleBasedStateMachine):
    """One license with whatever ceilings; its end-users are 0 and 1."""

    world: World
    tolerances: dict[str, Tolerance]

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.savepoint()
        self.clock, self.over = Clock(), False

    @initialize(
        kilograms=st.integers(1, 2),
        mode=st.sampled_from(["none", "pct_line", "pct_remaining_final"]),
        value=st.none() | st.integers(1, 150),
        share=st.none() | st.integers(1, 50),
        clearances=st.none() | st.integers(1, 4),
        cap=CAPS,
    )
    def issue(self, kilograms, mode, value, share, clearances, cap):
        given = {} if mode == "none" else {"tolerance": self.tolerances[mode]}
        self.license = self.world.license(
            kilograms=kilograms,
            users=2,
            allotted=[] if share is None else [share],
            values={} if value is None else {1: Decimal(value) / 100},
            max_clearances=clearances,
            quantities_={1: kilograms * 50},
            text="Less",
            **given,
        )
        self.users = [row.party.ref for row in self.license.end_users.order_by("pk")]
        shares = {} if share is None else {0: share}
        percent = 0 if mode == "none" else 1_000
        self.plain = Quota(kilograms * 50, mode, percent, value, shares, clearances, pool=Pool(cap))
        self.pool = make.pool(
            self.world.ministry, make.unique("Q-"), cap / 1000, element="Tb", period_until=legal_today() + YEARS
        )
        self.refs: list[str] = []
        self.cleared: dict[int, list[str]] = {}

    def asked(self, user, grams, cents, last):
        value = {"value": Decimal(cents) / 100, "currency": "CNY"}
        line = LineRequest(1, grams, "g", contents=CONTENTS, **value)
        return self.world.request(
            self.license, lines=[line], end_user=self.users[user], final=last, planned_on=legal_today()
        )

    @rule(user=st.integers(0, 1), grams=GRAMS, cents=CENTS, last=st.booleans())
    def reserve(self, user, grams, cents, last):
        wrong = self.plain.wrong(user, grams, cents, last)
        request = self.asked(user, grams, cents, last)
        if self.over:
            if self.plain.state in IN_FORCE:
                wrong = ["license-expired", *(code for code in wrong if not code.startswith("license-"))]
            wrong += ["report-overdue"] * self.owed
        outlook = check(request, by=self.world.exporter)
        assert [one["code"] for one in outlook.failures] == wrong
        if wrong:
            with pytest.raises(DomainError) as refused:
                reserve(request, by=self.world.exporter)
            assert [one.code for one in refused.value.errors] == wrong
            return
        self.refs.append(reserve(request, by=self.world.exporter).ref)
        self.plain.reserve(user, grams, cents, last)

    def some(self, number, *states):
        """One of the shipments in such a state, or none."""
        open_ = [at for at, parcel in enumerate(self.plain.parcels) if parcel.state in states]
        return open_[number % len(open_)] if open_ else None

    @rule(number=st.integers(0, 9), grams=GRAMS, final=st.booleans())
    def clear(self, number, grams, final):
        at = self.some(number, "reserved", "part_cleared", "cancelled", "expired", "cleared")
        if at is not None:
            told = self.tell(at, "cleared", grams, final=final)
            self.plain.clear(self.plain.parcels[at], grams, final)
            self.cleared.setdefault(at, []).append(told)

    @rule(number=st.integers(0, 9), which=st.integers(0, 9), grams=st.integers(0, 60))
    def correct(self, number, which, grams):
        if self.cleared:
            at, told = list(self.cleared.items())[number % len(self.cleared)]
            which %= len(told)
            self.tell(at, "corrected", grams, corrects=told[which], reason="Weighed again")
            self.plain.correct(self.plain.parcels[at], which, grams)

    def tell(self, at, event, grams, **facts):
        """Customs says this of a shipment, always under the same declaration; the number of its message."""
        number = f"{self.license.pk % 10**9:09d}{at:09d}"
        lines = [ClearedLine(1, grams, "g")]
        message = self.world.message(self.refs[at], event, lines=lines, declaration_no=number, **facts)
        receive(message, by=self.world.customs)
        return message.message_id

    @rule(number=st.integers(0, 9))
    def cancel(self, number):
        at = self.some(number, "reserved")
        if at is not None:
            cancel(self.refs[at], by=self.world.exporter)
            self.plain.give_back(self.plain.parcels[at], "cancelled")

    @rule(cap=CAPS, state=st.sampled_from(["open", "open", "blocked", "suspended"]))
    def change_the_pool(self, cap, state):
        """By two people."""
        terms = {"cap": cap, "state": state, "from_day": legal_today(), "reason": "z"}
        row = pools.propose_change(
            self.pool.ref, **terms, seen=version(self.pool), by=self.world.ministry.policy_officer
        )
        make.pool_approved(self.world.ministry, row)
        self.plain.pool.cap, self.plain.pool.state = cap, state

    @precondition(lambda self: self.plain.state in IN_FORCE and not self.over)
    @rule()
    def suspend(self):
        licenses.suspend(self.license.ref, seen=seen(self.license.ref), reason="x", by=self.world.ministry.decider)
        self.plain.suspend()

    @precondition(lambda self: self.plain.state == "suspended")
    @rule()
    def lift(self):
        cause = self.license.suspensions.filter(ended_at=None).first()
        by = self.world.ministry.other_decider
        licenses.lift(self.license.ref, seen=seen(self.license.ref), suspension=cause.pk, reason="y", by=by)
        self.plain.lift()

    @precondition(lambda self: not self.over and self.refs)
    @rule()
    def end(self):
        """The last day is over; reservations lapse with it."""
        self.over = True
        self.owed = self.plain.unreported
        self.clock.shift(days=400)
        assert licensing_tasks.expire_licenses() == (self.plain.state in IN_FORCE)
        self.plain.expire()
        waiting = [parcel for parcel in self.plain.parcels if parcel.state == "reserved"]
        assert shipment_tasks.lapse_reservations() == len(waiting)
        for parcel in waiting:
            self.plain.give_back(parcel, "expired")

    @invariant()
    def agrees(self):
        if not hasattr(self, "plain"):
            return
        plain, line = self.plain, LicenseLine.objects.get(license=self.license)
        assert {name: getattr(line, name) for name in AMOUNTS} == {name: getattr(plain, name) for name in AMOUNTS}
        assert line.over_cleared == plain.over
        assert License.objects.get(pk=self.license.pk).state == plain.state
        for ceiling in Ceiling.objects.filter(line=line):
            held = plain.worth if ceiling.account == "value" else plain.share(0)
            assert (ceiling.reserved, ceiling.drawn) == held
        if plain.clearances is not None:
            assert ClearanceCount.objects.get(license=self.license).taken == plain.taken
        assert plain.fair
        given = Movement.objects.filter(line_id=line.pk, kind="tolerance", shipment_id__isnull=False)
        given = dict(given.order_by().values_list("shipment_ref").annotate(Sum("quantity")))
        assert [given.get(ref, 0) for ref in self.refs] == [parcel.given for parcel in plain.parcels]
        pool = QuotaPool.objects.get(pk=self.pool.pk)
        assert (pool.used, pool.over_used) == (plain.pool.used, plain.pool.over_used)
        states = list(Shipment.objects.filter(license=self.license).order_by("pk").values_list("state", flat=True))
        assert states == [parcel.state for parcel in plain.parcels]

    def teardown(self):
        if hasattr(self, "license"):
            assert books.drift([self.license.pk]) == books.check_pools(whole=True) == []
        transaction.savepoint_rollback(self.point)


@pytest.mark.full
def test_the_ledger_does_what_a_plain_sum_does(world):
    """STEPS in all, in examples of EACH."""
    Ledger.world = world
    widest = tolerance("pct_line", "10")
    Ledger.tolerances = {mode: replace(widest, mode=mode) for mode in ("pct_line", "pct_remaining_final")}
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run(
        Ledger,
        settings=settings(
            max_examples=STEPS // EACH,
            stateful_step_count=EACH,
            deadline=None,
            suppress_health_check=quiet,
            phases=[Phase.generate],
        ),
    )


def test_a_correction_makes_room_for_others_and_opens_the_license_again(world):
    """A course that chance seldom takes: what one gives back is another's, then free, then the pool's."""
    Ledger.world = world
    course = Ledger()
    course.issue(kilograms=1, mode="none", value=None, share=None, clearances=None, cap=25)
    for grams in (30, 20):
        course.reserve(user=0, grams=grams, cents=0, last=False)
    course.clear(number=0, grams=40, final=True)
    course.clear(number=1, grams=20, final=True)
    course.agrees()
    assert (course.plain.over, course.plain.pool.over_used, course.plain.state) == (10, 5, "suspended")
    course.correct(number=1, which=0, grams=5)
    course.agrees()
    assert (course.plain.over, course.plain.pool.over_used, course.plain.available) == (0, 5, 5)
    course.lift()
    for grams, state in ((10, "exhausted"), (5, "active")):
        course.correct(number=1, which=0, grams=grams)
        course.agrees()
        assert course.plain.state == state
    course.teardown()
