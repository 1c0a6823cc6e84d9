"""Changes of an edition's document, a row at a time."""

import copy

import pytest

from licensing.loading import first_document
from licensing.policy.edits import NoSuchRow, Taken, key_of, put, rows

HOLD = {"id": "H001", "match": {}, "from": "2026-12-01", "until": "2026-12-31"}


@pytest.fixture
def document():
    return first_document()


def test_a_part_that_may_be_absent_goes_with_its_last_row_and_no_other_does(document):
    without = {name: part for name, part in document.items() if name != "holds"}
    held = put(without, "holds", "", HOLD)
    assert held == without | {"holds": [HOLD]}
    assert put(held, "holds", "H001", None) == without
    for key in rows(document, "windows"):
        document = put(document, "windows", key, None)
    assert document["windows"] == []


def test_a_row_takes_the_place_of_the_one_of_its_key_and_a_new_one_comes_last(document):
    before, (first, second, *others) = copy.deepcopy(document), document["rules"]
    after = put(document, "rules", second["id"], second | {"enabled": False})
    assert after["rules"] == [first, second | {"enabled": False}, *others]
    assert put(document, "rules", "", first | {"id": "R999"})["rules"] == [*before["rules"], first | {"id": "R999"}]
    assert put(document, "rules", first["id"], None)["rules"] == [second, *others]
    assert document == before


def test_a_row_of_a_map_is_named_anew_where_its_name_is_free(document):
    one, other = list(document["end_uses"])[:2]
    row = rows(document, "end_uses")[one]
    renamed = put(document, "end_uses", one, row | {"name": "free"})["end_uses"]
    assert list(renamed) == ["free", *list(document["end_uses"])[1:]]
    assert renamed["free"] == document["end_uses"][one]
    assert put(document, "end_uses", one, row)["end_uses"] == document["end_uses"]
    with pytest.raises(Taken, match=other):
        put(document, "end_uses", one, row | {"name": other})


@pytest.mark.parametrize(("part", "key"), [("rules", "R999"), ("nothing", "R001"), ("nothing", "")])
def test_what_is_not_there_is_not_changed(document, part, key):
    with pytest.raises(NoSuchRow):
        put(document, part, key, None)


def test_a_window_is_named_by_instrument_clause_and_first_day():
    window = {"instrument": "A46-2024", "clause": "2", "suspended_from": "2025-11-09"}
    assert key_of("windows", window) == "A46-2024 2 2025-11-09"
    assert key_of("windows", window | {"clause": None}) == "A46-2024 - 2025-11-09"
