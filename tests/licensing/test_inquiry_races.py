"""An answer is signed while its company withdraws the inquiry, and by two officers at once, in every order of their
round trips."""

import pytest

from core.legal_time import legal_now
from core.models import HistoryLine
from licensing.actions import inquiries
from licensing.models import Inquiry
from tests import make
from tests.interleave import Player, Some, in_turn
from tests.make import seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


def outcomes(player, ref, *verbs, many=12):
    """(state, what its history says of the two) after each order."""
    rewound, found = Rewound(), set()
    rewound.clock_from(legal_now())

    def played(choose):
        rewound.back()
        made = player.play(verbs, choose)
        assert [lane.wrong for lane in player.lanes] == [[], []]
        row = Inquiry.objects.get(ref=ref)
        lines = HistoryLine.objects.filter(subject_ref=ref, verb__in=["sign", "withdraw"]).order_by("seq")
        found.add((row.state, *lines.values_list("verb", flat=True)))
        return made

    made = played(in_turn(0, 1))
    orders = Some(many, [sum(trip.lane == lane for trip in made) for lane in range(2)])
    while orders.more:
        played(orders.choose)
        orders.played()
    rewound.end()
    return found


def signing(ref, by):
    now = seen(ref)
    return lambda: inquiries.sign(ref, seen=now, by=by).state


def test_it_is_signed_or_withdrawn_and_never_both(world, player):
    ref = make.answer_proposed(world).ref
    now = seen(ref)

    def withdraw():
        return inquiries.withdraw(ref, seen=now, by=world.exporter).state

    found = outcomes(player, ref, signing(ref, world.ministry.decider), withdraw)
    assert found == {("signed", "sign"), ("withdrawn", "withdraw")}


def test_two_officers_sign_it_once(world, player):
    ref = make.answer_proposed(world).ref
    found = outcomes(player, ref, signing(ref, world.ministry.decider), signing(ref, world.ministry.other_decider))
    assert found == {("signed", "sign")}
