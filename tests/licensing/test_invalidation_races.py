"""A declaration is found invalid while a case is filed on it, or comes to name it, in every order of their round
trips: the case says that it needs another one, or does not name it."""

import pytest

from core.errors import DomainError
from core.history import lines_of
from core.legal_time import legal_now
from licensing.actions import applications, declarations, invalidations
from licensing.models import Application, Declaration
from tests.interleave import Player, in_turn, outcomes
from tests.licensing.test_redeclared import another, reject
from tests.make import seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
FORGED = {"ground": "forged", "reason": "The stamp is not that of the company."}


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


def filed(world):
    """What a draft names is found invalid while that is filed: the case, its declaration, and the verb."""
    row = world.declaration()
    ref = world.application(by_whom=[row])
    page = seen(ref)
    return ref, row, lambda: applications.submit(ref, seen=page, by=world.exporter)


def named(world):
    """What an open case comes to name in the place of a rejected one."""
    rejected, reviewer = world.declaration(verified=False), world.ministry.reviewer
    ref = world.under_review(world.application(by_whom=[rejected]))
    reject(rejected, world)
    row = another(world, Declaration.objects.get(pk=rejected.pk))
    declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=reviewer)
    page = seen(ref)
    return ref, row, lambda: applications.redeclare(ref, seen=page, declaration=row.ref, by=world.exporter)


WAYS = {"submit": filed, "redeclare": named}


@pytest.fixture
def scene(world, request):
    """(of the case whether the ministry has it on this declaration, whether it says that this is invalid)."""
    ref, row, verb = WAYS[request.param](world)
    invalidations.propose_invalidate(row.ref, seen=seen(row.ref), by=world.ministry.reviewer, **FORGED)
    rewound, page = Rewound(), seen(row.ref)
    rewound.clock_from(legal_now())
    verbs = [
        lambda: said(verb),
        lambda: invalidations.invalidate(row.ref, seen=page, by=world.ministry.decider).state,
    ]

    def played(player, choose):
        rewound.back()
        made = player.play(verbs, choose)
        assert [lane.wrong for lane in player.lanes] == [[], []]
        assert Declaration.objects.get(pk=row.pk).state == "invalid"
        case = Application.objects.get(ref=ref)
        names = case.state != "draft" and case.end_users.filter(declaration=row).exists()
        return made, (names, lines_of(case).filter(verb="undeclared").exists())

    yield played
    rewound.end()


def said(verb):
    try:
        return verb().ref
    except DomainError as refusal:
        return refusal.code


LAWFUL = {(True, True), (False, False)}


@pytest.mark.parametrize("scene", WAYS, indirect=True)
def test_what_comes_to_name_it_meanwhile_says_so_or_names_it_not(scene, player):
    assert {scene(player, in_turn(*order))[1] for order in ((0, 1), (1, 0))} == LAWFUL
    assert set(outcomes(scene, player, 30)) <= LAWFUL


@pytest.mark.parametrize("scene", WAYS, indirect=True)
def test_twin_invalidate_does_not_hold_the_company(scene, player, monkeypatch):
    """Whatever comes to name it after the cases were looked for, and before it is held, is missed."""
    lock = invalidations.lock
    monkeypatch.setattr(invalidations, "lock", lambda rows, **named: lock(rows, **named) if named else rows.get())
    assert (True, False) in outcomes(scene, player, 60)
