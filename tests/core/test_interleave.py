"""That every order is played, and each once: of lanes that are lists, and wait for nothing."""

import pytest

from tests.interleave import Orders, Some, Trip, commute, orders_of

READ, WRITE, END = 'SELECT x FROM "t"', "INSERT INTO t", "COMMIT"


def played(orders, lanes):
    made = []
    while orders.more:
        left, course = [list(lane) for lane in lanes], []
        while asking := {number: lane[0] for number, lane in enumerate(left) if lane}:
            number = orders.choose(asking)
            course.append((number, left[number].pop(0)))
        made += [tuple(course)] if orders.played() else []
    assert len(set(made)) == len(made) or isinstance(orders, Some)
    return made


def test_of_six_trips_each_there_are_924():
    assert len(played(Orders(), [[WRITE] * 6] * 2)) == 924


def test_of_three_lanes_too():
    assert len(played(Orders(), [[WRITE] * 2] * 3)) == 90


@pytest.mark.parametrize(
    ("lanes", "many"),
    [
        ([[READ] * 6, [WRITE] * 6], 1),
        ([[READ] * 6 + [END], [READ] * 6], 7),  # what the other reads before it, and after
        ([[WRITE], [WRITE, READ, READ]], 2),
        ([["UPDATE a SET x"], ["INSERT INTO b", 'SELECT x FROM "c" FOR NO KEY UPDATE']], 1),
        ([["UPDATE a SET x"], ['SELECT x FROM "a" FOR NO KEY UPDATE']], 2),
        ([["SELECT legal_now()"], ["INSERT INTO b", "SELECT setval('tick', 1)"]], 2),
        ([["SELECT ledger_take(%s)"], ["INSERT INTO b", "SELECT legal_now()"]], 3),
    ],
)
def test_orders_that_differ_by_trips_that_commute_are_one(lanes, many):
    assert len(played(Orders(commute), lanes)) == many


def test_some_are_so_many_and_not_all_the_same():
    made = played(Some(30, [6, 6]), [[WRITE] * 6] * 2)
    assert (len(made), len(set(made)) > 20) == (30, True)


@pytest.mark.parametrize(
    ("made", "orders"),
    [
        ([(0, set()), (1, set()), (0, set())], {(0, 1), (1, 0)}),
        ([(0, set()), (1, set()), (1, set())], {(0, 1)}),  # it had ended when the other began
        (
            [(0, set()), (2, {0}), (1, set()), (0, set())],
            {(2, 0, 1), (2, 1, 0)},
        ),  # 2 came while it waited, before 1 began
    ],
)
def test_which_orders_of_whole_verbs_may_have_been(made, orders):
    trips = [Trip(lane, WRITE, waited) for lane, waited in made]
    assert set(orders_of(trips, 2)) == orders
