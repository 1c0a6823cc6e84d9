"""A walk over all graphs at once beside a plain model: account, declarations, cases, licenses, causes, shipments."""

import os

import pytest
from django.db import connection

from tests.walk.verbs import ACCOUNT, CASES, DECLARATIONS, LICENSES
from tests.walk.walker import Walk

STEPS = int(os.environ.get("WALK_STEPS") or 600)  # of 20,000, which take half an hour, each verb is done
FIRST = int(os.environ.get("WALK_FIRST") or 0)  # the number of the first walk
ONE = 300  # steps of a walk; then another one begins
pytestmark = [pytest.mark.full, pytest.mark.slow, pytest.mark.django_db]


def test_what_is_done_and_what_is_refused_is_what_the_rules_say(world):
    counts = set()
    with connection.cursor() as cursor:  # verbs are no part of a transaction, as far as Django knows
        for number in range(FIRST, FIRST + STEPS // ONE):
            cursor.execute("SAVEPOINT walk")
            walk = Walk(world, number)
            while walk.plain.step < ONE:
                walk.go()
                walk.compare()
                assert walk.differences == [], (number, walk.plain.step)
            walk.replay()
            assert walk.differences == [], number
            counts |= set(walk.counts)
            cursor.execute("ROLLBACK TO SAVEPOINT walk")
    done = {verb for verb, said in counts if not said}
    verbs = {f"{verb.noun} {verb.name}" for verb in (*ACCOUNT, *DECLARATIONS, *CASES, *LICENSES)}
    if STEPS >= 20_000:
        assert verbs <= done, verbs - done
