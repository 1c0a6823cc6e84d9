"""What nobody knows for sure stands where it bears on an answer, and nowhere else."""

from datetime import date

import pytest

from licensing.loading import first_document
from licensing.policy.editions import canonical, read
from licensing.policy.engine import Compiled
from licensing.policy.facts import whole
from licensing.words.doubts import doubts
from tests.policy.test_engine import CAR

FIRST = Compiled(read(canonical(first_document())))
ON = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ["one clearance", "from the press"]),
        ({"exporter.annual_qualified": False}, ["one clearance"]),
        (
            {"item.control_code": "1C909.b"},
            ["Ann. 57/2025: suspended until 10 Nov 2026 by Ann. 70/2025", "one clearance"],
        ),
        ({"screening.hit": "control_list"}, ["Decree 792"]),
        ({"item.control_code": "2B902.a"}, ["Ann. 56/2025: suspended until", "one clearance", "from 2B902.d on"]),
        ({"item.control_code": "none"}, ["from 2B902.d on"]),
        (
            {"item.control_code": "none", "item.element": "Ga", "destination.country": "US"},
            ["Ann. 46/2024: suspended until 27 Nov 2026 by Ann. 72/2025", "one clearance", "from 2B902.d on"],
        ),
        ({"destination.country": "US", "end_user.class": "military"}, []),
    ],
)
def test_each_doubt_stands_where_it_bears_on_the_answer(change, told):
    facts = whole(CAR | change, FIRST.edition)
    found = doubts(FIRST.edition, facts, [FIRST.assess(facts, on=ON)])
    assert len(found) == len(told)
    assert all(words in sentence for words, sentence in zip(told, found, strict=True))
