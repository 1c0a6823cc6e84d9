"""A bar ends twice at once, or while its company says whom to call now, in the orders of their round trips."""

import pytest

from core.history import broken_links, lines_of
from core.legal_time import legal_now
from exporters.actions import changes
from exporters.models import Exporter
from licensing.actions import standing
from tests import make
from tests.interleave import Player, in_turn, outcomes
from tests.make import seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ENDED = ("suspended", ("end_bar",))
LAWFUL = {
    "end_bar": {((True, False), *ENDED, False), ((False, True), *ENDED, False)},
    "restate": {((True, "stale"), *ENDED, False), ((True, "Wu"), "suspended", ("restate", "end_bar"), False)},
}


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


@pytest.fixture
def scene(request, world, clock):
    """What both said, the account's state, its new history in order of instants, and whether its chain is broken."""
    make.barred(world, days=2)
    clock.shift(days=3)
    pk, by = world.exporter.organization_id, standing.clock()
    page, rewound = seen(pk), Rewound()
    rewound.clock_from(legal_now())
    facts = dict.fromkeys(("customs_code", "main_manager", "handler_phone"))
    facts = {name: getattr(Exporter.objects.get(pk=pk), name) for name in facts}
    verbs = {
        "end_bar": lambda: standing.end_bar(pk, by=by),
        "restate": lambda: changes.restate(seen=page, handler="Wu", **facts, by=world.exporter).handler,
    }

    def played(player, choose):
        rewound.back()
        made = player.play([verbs["end_bar"], verbs[request.param]], choose)
        row = Exporter.objects.get(pk=pk)
        new = lines_of(row).filter(seq__gt=page).order_by("at").values_list("verb", flat=True)
        said = tuple(lane.wrong[0] if lane.wrong else lane.said for lane in player.lanes)
        return made, (said, row.state, tuple(new), bool(broken_links(row)))

    yield request.param, played
    rewound.end()


EACH = pytest.mark.parametrize("scene", LAWFUL, indirect=True)


@EACH
def test_it_ends_once_and_after_what_came_before(scene, player):
    other, played = scene
    assert {played(player, in_turn(*order))[1] for order in ((0, 1), (1, 0))} == LAWFUL[other]
    assert set(outcomes(played, player, 40)) == LAWFUL[other]


# --- twins ------------------------------------------------------------------------------------------------


@EACH
def test_twin_end_bar_does_not_hold_the_company(scene, player, monkeypatch):
    """Two lines of history want one place, or the bar ends twice."""
    monkeypatch.setattr(standing, "lock", lambda rows, **named: rows.get(**named))
    other, played = scene
    assert any(one not in LAWFUL[other] for one in outcomes(played, player, 60))
