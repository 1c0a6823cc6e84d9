"""What is drawn for comparing two evaluators: it can be asked about, repeats by its seed, and reaches every answer."""

import json
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings

from tests.policy import generated, plain

FIRST = plain.edition_of_files()


def test_the_same_seed_draws_the_same_and_every_disposition():
    drawn = list(generated.seeded_cases(6, 2000, each=100))
    assert drawn == list(generated.seeded_cases(6, 2000, each=100))
    seen = Counter(plain.outcome(*case)["disposition"] for case in drawn)
    assert set(seen) == {*FIRST["disposition_rank"], "needs_facts"}
    assert min(seen.values()) >= 10
    assert len({json.dumps(edition, sort_keys=True) for edition, _, _ in drawn[::100]}) > 15


def test_drawing_leaves_the_first_edition_as_it_is():
    list(generated.seeded_cases(7, 100, each=1))
    assert generated.FIRST == FIRST


def test_an_edition_is_told_by_what_sets_it_apart_from_the_first():
    assert generated.apart(FIRST) == {}
    drawn = FIRST | {"rules": [{**FIRST["rules"][0], "enabled": False}, *FIRST["rules"][2:]]}
    assert generated.apart(drawn) == {"rules": [drawn["rules"][0]], "gone from rules": FIRST["rules"][:2]}


def test_drawn_shares_stand_at_the_threshold_and_closer_than_rounding_would_show():
    pick = generated.Seeded(1)
    off = {Decimal(generated.share(pick, ["0.001"])) - Decimal("0.001") for _ in range(400)}
    assert {Decimal(0), Decimal("1e-27"), Decimal("-1e-27")} <= off


def test_drawn_vectors_that_are_meant_to_be_refused_are():
    pick = generated.Seeded(2)
    for _ in range(200):
        edition = generated.edition(pick)
        with pytest.raises(ValueError, match=r"contradicts|not in this edition|chooses"):
            plain.outcome(edition, generated.refused(pick, edition), date(2026, 1, 20))


@settings(max_examples=60, deadline=None)
@given(generated.cases())
def test_every_drawn_case_has_an_answer_that_holds_together(case):
    said = plain.outcome(*case)
    assert said["final"] is (said["missing"] == [])
    assert said["controlled"] is True or said["matched"] == said["channels"] == said["requires"] == []
    assert said["disposition"] != "prohibited" or said["channels"] in ([], ["special_application"])
    assert (said["clock"] == "none") is (said["disposition"] == "exempt" or not said["controlled"])
