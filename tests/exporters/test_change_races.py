"""What a company asked for is accepted while it withdraws that, in every order of their round trips."""

import pytest

from core.legal_time import legal_now
from core.models import Organization
from exporters.actions import changes
from exporters.models import AccountChange
from tests import make
from tests.interleave import Player, Some, in_turn
from tests.make import NEW_NAMES, seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
OLD = "Lanting Magnetics Co., Ltd."
LAWFUL = {("accepted", NEW_NAMES["name_en"]), ("withdrawn", OLD)}


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


def outcomes(world, player, many=20):
    """(what became of the change, how the company is called, whether a verb broke off) after each order."""
    pk, now = world.exporter.organization_id, seen(world.exporter.organization_id)
    rewound, found = Rewound(), set()
    rewound.clock_from(legal_now())
    verbs = [
        lambda: changes.accept_change(pk, seen=now, by=world.ministry.intake).state,
        lambda: changes.withdraw_change(seen=now, by=world.exporter).state,
    ]

    def played(choose):
        rewound.back()
        made = player.play(verbs, choose)
        row, name = AccountChange.objects.get(), Organization.objects.get(pk=pk).name_en
        found.add((row.outcome, name) if [lane.wrong for lane in player.lanes] == [[], []] else ("broke off",))
        return made

    made = played(in_turn(0, 1))
    orders = Some(many, [sum(trip.lane == lane for trip in made) for lane in range(2)])
    while orders.more:
        played(orders.choose)
        orders.played()
    rewound.end()
    return found


def test_it_is_accepted_or_withdrawn_and_the_account_says_so(world, player):
    make.asked(world.exporter)
    assert outcomes(world, player) == LAWFUL


def test_twin_whoever_withdraws_does_not_hold_the_account(world, player, monkeypatch):
    """He reads it as waiting while it is being accepted."""
    make.asked(world.exporter)

    def unheld(rows, **named):
        return rows.get(**named)

    monkeypatch.setattr(changes, "lock", unheld)
    assert outcomes(world, player, 40) - LAWFUL
