"""Closing the annual programme takes the annual channel away, and changes no barrier's outcome, wherever one stands.

Each over every vector and every day, for new and for pending cases.
"""

import pytest

from licensing.policy.comparison import compare
from tests.policy.drafts import draft, first

BARRIERS = ("case_by_case", "presumption_of_denial", "prohibited")
OPENING = ("R040", "R041", "R047")
PARAMETERS = {"max_validity_months", "max_clearances", "qty_tolerance_mode", "report_days_after_shipment"}


def without_the_channel(rules, document):
    for name in OPENING:
        assert rules[name]["effect"].pop("grant") == ["annual"]


def without_the_rules(rules, document):
    for name in OPENING:
        rules[name]["enabled"] = False


def regions(change):
    """(those of barriers, the others)"""
    assert {rule.id for rule in first().rules if "annual" in rule.effect.grant} == set(OPENING)
    found = compare(first(), draft(change))
    assert (found.sampled, found.more) == (False, 0)
    assert all("annual" not in region.new.channels for region in found.regions)
    behind = [region for region in found.regions if {region.old.disposition, region.new.disposition} & {*BARRIERS}]
    return behind, [region for region in found.regions if region not in behind]


def parts(found):
    return {one.part for region in found for one in region.differences}


def test_closing_the_channel_is_all_that_it_changes():
    behind, others = regions(without_the_channel)
    assert behind == []
    assert {(one.part, one.old, one.new) for region in others for one in region.differences} == {
        ("channel", "annual", None)
    }


@pytest.mark.full
def test_dropping_its_rules_leaves_each_barrier_with_its_disposition_channels_papers_and_clock():
    """What the annual rules say of months and clearances goes with them; behind a barrier no license was to have it."""
    behind, others = regions(without_the_rules)
    assert parts(behind) <= PARAMETERS
    assert {"channel", "disposition"} <= parts(others) <= {"channel", "disposition"} | PARAMETERS
    assert {(region.old.disposition, region.new.disposition) for region in others} == {
        ("presumption_of_approval", "standard_review"),
        ("standard_review", "standard_review"),
    }
