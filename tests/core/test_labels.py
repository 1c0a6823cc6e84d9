"""What was typed is said by its labels, and what nobody typed is not said."""

import pytest
from django.http import QueryDict

from core.web.labels import said_by_name


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            "key=k1&client_reference=PO-1&end_user=PTY-1&planned_on=2026-12-01&quantity_1=10&license=EL-1",
            [
                ("Your reference", "PO-1"),
                ("End-user", "PTY-1"),
                ("Planned day", "2026-12-01"),
                ("Line 1", "10"),
            ],
        ),
        ("lines-TOTAL_FORMS=1&lines-0-description=N42SH&lines-0-hs_code=", [("Description", "N42SH")]),
        (
            "outcome=refuse&seen=4&factors=END_USER&factors=END_USE&months=",
            [
                ("Outcome", "Refuse"),
                ("If refused: which factors of the law", "End-user, End-use"),
            ],
        ),
        ("seen=4&version=2&base=%7B%7D&nothing=x", []),
    ],
    ids=["shipment", "goods", "recommendation", "hidden"],
)
def test_what_was_typed_has_its_labels(data, words):
    assert said_by_name(QueryDict(data)) == words
