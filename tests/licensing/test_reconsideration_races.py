"""A contested refusal is upheld, changed or quashed by two officers at once, in every order of their round trips: one
of them does it. Its applicant withdraws the case only once it is quashed."""

import pytest

from core.errors import DomainError
from core.legal_time import legal_now
from licensing.actions import applications, reconsiderations, standing
from licensing.models import Application, DecisionStep
from tests.interleave import Player, in_turn, outcomes
from tests.licensing.test_reconsiderations import NO, act, contest, refuse
from tests.make import seen
from tests.rewind import Rewound
from tests.shipments.test_bulk_races import world
from tests.shipments.test_races import dsn
from tests.ticks import tick

__all__ = ["world"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LEADS_TO = {"uphold": "refused_final", "change": "approved", "quash": "under_review"}


@pytest.fixture
def player(transactional_db):
    with Player(2, **dsn()).lasting() as player:
        yield player


@pytest.fixture
def scene(world, request):
    """Both verbs; what each was told, where the case stands, and how many steps of it there are."""
    m, ref = world.ministry, refuse(world)
    contest(ref, world.exporter)
    act("admit", ref, m.reconsiderer)
    standing.clock()
    answers, rewound, page, ticked = ["", ""], Rewound(), seen(ref), tick(ref)
    rewound.clock_from(legal_now())
    said = {"uphold": NO, "change": {"text": "x", "acknowledged": ticked}, "quash": {"text": "x"}}

    def by(lane, name):
        officer = (m.reconsiderer, m.other_reconsiderer)[lane]

        def done():
            try:
                if name == "withdraw":
                    applications.withdraw(ref, by=world.exporter)
                else:
                    getattr(reconsiderations, name)(ref, seen=page, by=officer, **said[name])
                answers[lane] = "done"
            except DomainError as refusal:
                answers[lane] = refusal.code

        return done

    def played(player, choose):
        rewound.back()
        made = player.play([by(lane, name) for lane, name in enumerate(request.param)], choose)
        if any(lane.wrong for lane in player.lanes):
            return made, ("stuck",)
        steps = DecisionStep.objects.filter(step="reconsider").count()
        return made, (*answers, Application.objects.get(ref=ref).state, steps)

    played.names = request.param
    yield played
    rewound.end()


def each(*pairs):
    return pytest.mark.parametrize("scene", pairs, indirect=True, ids=" ".join)


TWO = each(("uphold", "quash"), ("change", "uphold"), ("quash", "change"), ("quash", "quash"))


def once(names):
    first, second = (LEADS_TO[name] for name in names)
    return {("done", "wrong-state", first, 1), ("wrong-state", "done", second, 1)}


@TWO
def test_of_two_who_reconsider_at_once_one_does_it(scene, player):
    assert {scene(player, in_turn(*order))[1] for order in ((0, 1), (1, 0))} == once(scene.names)
    assert set(outcomes(scene, player, 20)) <= once(scene.names)


@TWO
def test_twin_nobody_holds_what_is_reconsidered(scene, player, monkeypatch):
    """Both find it contested, and one of them is stuck on what PostgreSQL keeps, or undoes what the other did."""
    monkeypatch.setattr(reconsiderations, "lock", lambda rows, **named: rows.get(**named))
    assert not set(outcomes(scene, player, 40)) <= once(scene.names)


@each(("quash", "withdraw"))
def test_a_withdrawal_is_refused_or_lies_after_the_quash(scene, player):
    """Nothing else can come of it, whoever holds what: until the quash is committed it is refused."""
    lawful = {("done", "wrong-state", "under_review", 1), ("done", "done", "withdrawn", 1)}
    assert {scene(player, in_turn(*order))[1] for order in ((0, 1), (1, 0))} == lawful
    assert set(outcomes(scene, player, 20)) <= lawful
