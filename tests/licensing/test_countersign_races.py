"""Two officers countersign the same at once, in every order of their round trips: one of them does it."""

import pytest

from config.local import demo
from core.errors import DomainError
from core.history import lines_of
from core.legal_time import legal_now, legal_today, months_after
from core.models import Proposal, Role
from exporters.models import Exporter
from licensing.actions import invalidations, revocations, standing
from licensing.models import Declaration, License
from tests import make
from tests.interleave import Player, in_turn, outcomes
from tests.make import seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ONCE = {("done", "wrong-state", 1), ("wrong-state", "done", 1)}


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


def revoked(world, license, third):
    make.end_proposed(world, license, by=third)
    return License, license.pk, license.ref, revocations, "revoke"


def barred(world, license, third):
    pk = license.exporter_id
    order = {"number": "7", "provision": "p", "last_day": months_after(legal_today(), 6), "reason": "Forged"}
    standing.propose_bar(pk, seen=seen(pk), **order, by=third)
    return Exporter, pk, pk, standing, "bar"


def invalidated(world, license, _):
    row = license.end_users.get().declaration
    said = {"ground": "forged", "reason": "Forged"}
    invalidations.propose_invalidate(row.ref, seen=seen(row.ref), **said, by=world.ministry.reviewer)
    return Declaration, row.pk, row.ref, invalidations, "invalidate"


@pytest.fixture
def scene(world, request):
    """Two who did not propose it; what each was told, and how often history says that it was done."""
    m = world.ministry
    third = demo.person("third", "Third", m.office, Role.DECIDER)
    model, pk, key, module, verb = request.param(world, world.license(kilograms=100), third)
    standing.clock()
    answers, rewound = ["", ""], Rewound()
    rewound.clock_from(legal_now())
    version = seen(key)

    def by(lane, officer):
        def signs():
            try:
                getattr(module, verb)(key, seen=version, by=officer)
                answers[lane] = "done"
            except DomainError as refusal:
                answers[lane] = refusal.code

        return signs

    def played(player, choose):
        rewound.back()
        made = player.play([by(0, m.decider), by(1, m.other_decider)], choose)
        stuck = any(lane.wrong for lane in player.lanes)
        done = lines_of(model.objects.get(pk=pk)).filter(verb=verb).count()
        assert stuck or Proposal.objects.get().carried
        return made, ("stuck",) if stuck else (*answers, done)

    played.module = module
    yield played
    rewound.end()


EACH = pytest.mark.parametrize("scene", [revoked, barred, invalidated], indirect=True)


@EACH
def test_one_of_two_who_countersign_at_once_does_it(scene, player):
    assert {scene(player, in_turn(*order))[1] for order in ((0, 1), (1, 0))} == ONCE
    assert set(outcomes(scene, player, 20)) <= ONCE


@EACH
def test_twin_nobody_holds_what_is_countersigned(scene, player, monkeypatch):
    """Both find that it waits: PostgreSQL lets nobody decide a proposal twice, and the second is told of no rule."""
    monkeypatch.setattr(scene.module, "lock", lambda rows, **named: rows.get(**named))
    assert not set(outcomes(scene, player, 40)) <= ONCE
