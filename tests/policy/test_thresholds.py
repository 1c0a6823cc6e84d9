"""Thresholds of the test for annual licenses: what an edition may say of them, and which way a change of them goes."""

import copy

import pytest

from licensing.loading import first_document
from licensing.policy.comparison import compare
from licensing.policy.editions import Unreadable, canonical, read
from licensing.policy.thresholds import Threshold
from licensing.words import comparisons, differences, thresholds
from tests.policy.drafts import draft, first


def changed(**changes):
    """The first edition's document with `{id: {leaf: value, or None: gone}, or None: dropped}`."""
    document = copy.deepcopy(first_document())
    for name, change in changes.items():
        row = next(row for row in document["thresholds"] if row["id"] == name)
        if change is None:
            document["thresholds"].remove(row)
        else:
            row |= change
            for leaf in [leaf for leaf, value in row.items() if value is None]:
                del row[leaf]
    return document


def flaws(document):
    try:
        read(canonical(document))
    except Unreadable as refused:
        return [(flaw.where, flaw.code) for flaw in refused.flaws]
    return []


def test_the_first_test_is_a_default_of_the_product_and_says_so():
    found = first().edition.thresholds
    assert {name: (one.number, one.months) for name, one in found.items()} == {
        "account": (180, 0),
        "clearances": (12, 24),
        "incidents": (0, 12),
        "causes": (0, 12),
        "audit": (0, 24),
    }
    assert {(one.authority, one.verified) for one in found.values()} == {("product", False)}


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"account": {"number": None}}, ("/thresholds/0/number", "threshold-without")),
        ({"account": {"months": 3}}, ("/thresholds/0/months", "threshold-with")),
        ({"clearances": {"months": None}}, ("/thresholds/1/months", "threshold-without")),
        ({"audit": {"number": 1}}, ("/thresholds/4/number", "threshold-with")),
        ({"account": {"number": -1}}, ("/thresholds/0/number", "shape")),
        ({"account": {"number": 10_001}}, ("/thresholds/0/number", "shape")),
        ({"account": {"number": 1.5}}, ("/thresholds/0/number", "shape")),
        ({"account": {"number": "180"}}, ("/thresholds/0/number", "shape")),
        ({"audit": {"months": 0}}, ("/thresholds/4/months", "shape")),
        ({"audit": {"months": 121}}, ("/thresholds/4/months", "shape")),
        ({"account": {"id": "bread"}}, ("/thresholds/0/id", "shape")),
        ({"account": {"bread": 1}}, ("/thresholds/0", "shape")),
        ({"causes": {"id": "incidents"}}, ("/thresholds/3/id", "id-twice")),
    ],
)
def test_a_threshold_that_can_not_be_meant_is_a_flaw(change, flaw):
    assert flaws(changed(**change)) == [flaw]


@pytest.mark.parametrize("change", [{"account": {"number": 0}}, {"audit": {"months": 120}}, {"audit": None}])
def test_a_threshold_at_the_limits_of_its_numbers_or_none_is_read(change):
    assert flaws(changed(**change)) == []


def test_a_whole_number_is_one_however_it_is_written():
    assert read(canonical(changed(audit={"months": 12.0}))).thresholds["audit"] == Threshold(
        "audit", 0, 12, "product", False
    )


@pytest.mark.full
@pytest.mark.parametrize(
    ("change", "tightens", "loosens"),
    [
        ({"account": {"number": 181}}, True, False),
        ({"account": {"number": 179}}, False, True),
        ({"clearances": {"number": 13}}, True, False),
        ({"clearances": {"months": 25}}, False, True),
        ({"clearances": {"number": 13, "months": 25}}, True, True),
        ({"incidents": {"number": 1}}, False, True),
        ({"causes": {"months": 13}}, True, False),
        ({"audit": {"months": 25}}, False, True),
        ({"audit": {"months": 23}}, True, False),
        ({"audit": None}, False, True),
        ({"account": {"source": "Another", "verified": True}}, False, False),
    ],
)
def test_a_change_of_the_test_tightens_or_loosens(change, tightens, loosens):
    new = draft(lambda rules, document: document.update(changed(**change)))
    found = compare(first(), new)
    assert (found.tightens, found.loosens) == (tightens, loosens)
    back = compare(new, first())
    assert (back.tightens, back.loosens) == (loosens, tightens)
    told = comparisons.compared(found, first(), new, {})
    named = [note for note in told.notes if "annual licenses" in note]
    assert bool(named) is (tightens or loosens)


def test_a_change_of_the_test_is_told_from_what_to_what():
    new = draft(lambda rules, document: document.update(changed(account={"number": 240})))
    note = comparisons.compared(compare(first(), new), first(), new, {}).notes[-1]
    assert note.startswith("A threshold of the test for annual licenses changes. It is now: The account")
    assert note.endswith("How many: 180, now 240.")


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"account": {"number": 1}}, "changed", "changes. It is now: The account has been active for 1 day."),
        ({"audit": None}, "dropped", "is given up: An audit of the internal compliance program that is at most 24"),
    ],
)
def test_a_change_of_the_test_is_told(change, kind, said):
    new = read(canonical(changed(**change)))
    (found,) = differences.changes(first().edition, new, {})
    assert (found.part, found.kind) == ("thresholds", kind) and said in found.told
    (back,) = differences.changes(new, first().edition, {})
    assert back.kind == {"changed": "changed", "dropped": "added"}[kind]


@pytest.mark.parametrize(
    ("name", "number", "said"),
    [
        ("incidents", 0, "No incident that was open on some day of the last 1 month."),
        ("incidents", 2, "At most 2 incidents that were open on some day of the last 1 month."),
        ("causes", 0, "No suspension by enforcement that was open on some day of the last 1 month."),
        ("causes", 1, "At most 1 suspension by enforcement that was open on some day of the last 1 month."),
        ("clearances", 1, "1 clearance in the last 1 month, here or on a record on paper that the ministry accepted."),
    ],
)
def test_each_threshold_has_its_sentence(name, number, said):
    assert thresholds.told(Threshold(name, number, 1, "product", False)) == said
