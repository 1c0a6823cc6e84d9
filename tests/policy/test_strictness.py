"""The order of outcomes: which part of which outcome is stricter."""

import pytest

from licensing.policy.engine import Outcome
from licensing.policy.strictness import differences

LICENSE = {"controlled": True, "disposition": "standard_review", "channels": ("single",), "clock": "45wd"}


def license_with(**parts):
    return Outcome(**(LICENSE | parts))


FREE = Outcome(False, "not_controlled")
UNLISTED = Outcome(False, "unlisted")
OPEN = Outcome(None, "needs_facts", missing=("end_use.code",))
EXEMPT = license_with(disposition="exempt", channels=("exempt_report",), requires=("undertaking",), clock="none")
PROHIBITED = license_with(disposition="prohibited", channels=())


@pytest.mark.parametrize(
    ("milder", "stricter", "part"),
    [
        (FREE, license_with(), "disposition"),
        (UNLISTED, EXEMPT, "disposition"),
        (EXEMPT, license_with(disposition="presumption_of_approval"), "disposition"),
        (license_with(disposition="presumption_of_approval"), license_with(), "disposition"),
        (license_with(), license_with(disposition="case_by_case"), "disposition"),
        (license_with(disposition="presumption_of_denial", requires=("a",)), PROHIBITED, "disposition"),
        (license_with(channels=("annual", "single")), license_with(), "channel"),
        (license_with(disposition="prohibited", channels=("special_application",)), PROHIBITED, "channel"),
        (license_with(), license_with(requires=("risk_assessment_report",)), "paper"),
        (license_with(), license_with(clock="untimed"), "clock"),
        (license_with(params={"max_clearances": 12}), license_with(params={"max_clearances": 6}), "max_clearances"),
        (license_with(params={"max_clearances": None}), license_with(params={"max_clearances": 99}), "max_clearances"),
        (license_with(), license_with(params={"max_validity_months": 11}), "max_validity_months"),
        (license_with(params={"max_validity_months": 13}), license_with(), "max_validity_months"),
        (license_with(params={"qty_tolerance_pct": "0.05"}), license_with(), "qty_tolerance_pct"),
        (license_with(params={"qty_tolerance_mode": "pct_line"}), license_with(), "qty_tolerance_mode"),
        (
            license_with(params={"qty_tolerance_pct": "0.1"}),
            license_with(params={"qty_tolerance_pct": "0.05"}),
            "qty_tolerance_pct",
        ),
        (
            license_with(params={"qty_tolerance_mode": "pct_line"}),
            license_with(params={"qty_tolerance_mode": "none"}),
            "qty_tolerance_mode",
        ),
        (license_with(params={"conditions": ["a"]}), license_with(params={"conditions": ["a", "b"]}), "condition"),
        (license_with(), license_with(params={"conditions": ["a"]}), "condition"),
    ],
)
def test_one_of_two_is_stricter_and_the_other_milder(milder, stricter, part):
    assert [(one.part, one.direction) for one in differences(milder, stricter)] == [(part, "tightens")]
    assert [(one.part, one.direction) for one in differences(stricter, milder)] == [(part, "loosens")]
    assert differences(milder, milder) == differences(stricter, stricter) == ()


def test_a_change_may_go_both_ways():
    mixed = license_with(disposition="case_by_case", channels=("registration", "single"))
    assert [(one.part, one.old, one.new, one.direction) for one in differences(license_with(), mixed)] == [
        ("disposition", "standard_review", "case_by_case", "tightens"),
        ("channel", None, "registration", "loosens"),
    ]


def test_months_that_nobody_names_are_a_year():
    assert differences(license_with(), license_with(params={"max_validity_months": 12})) == ()


def test_a_number_is_the_same_however_it_is_written():
    pct = [license_with(params={"qty_tolerance_pct": value}) for value in ("0.05", "0.050")]
    assert differences(*pct) == ()


def test_a_limit_that_comes_or_goes_beside_another_channel_is_told_for_the_one_that_stays():
    annual = license_with(channels=("annual", "single"), params={"max_clearances": 12, "max_validity_months": 12})
    single = license_with(params={"max_validity_months": 6})
    assert [(one.part, one.direction) for one in differences(single, annual)] == [
        ("channel", "loosens"),
        ("max_clearances", "tightens"),
        ("max_validity_months", "loosens"),
    ]
    limited = license_with(channels=("annual", "single"), params={"max_validity_months": 6})
    assert [(one.part, one.direction) for one in differences(limited, license_with(channels=("annual",)))] == [
        ("channel", "tightens"),
        ("max_validity_months", "loosens"),
    ]


def test_a_limit_that_comes_or_goes_where_no_channel_stays_is_told_by_the_channels():
    annual = license_with(channels=("annual",), params={"max_clearances": 12, "max_validity_months": 12})
    single = license_with(params={"max_validity_months": 6})
    assert [(one.part, one.direction) for one in differences(single, annual)] == [
        ("channel", "tightens"),
        ("channel", "loosens"),
        ("max_validity_months", "loosens"),
    ]


def test_to_be_on_a_list_of_which_nothing_is_controlled_is_neither_stricter_nor_milder():
    assert [(one.part, one.direction) for one in differences(FREE, UNLISTED)] == [("disposition", "")]


def test_what_can_not_be_said_yet_is_neither_stricter_nor_milder():
    assert [(one.part, one.direction) for one in differences(OPEN, license_with())] == [
        ("missing", ""),
        ("disposition", ""),
    ]
    assert differences(OPEN, OPEN) == ()
    other = Outcome(None, "needs_facts", missing=("end_user.class",))
    assert [one.part for one in differences(OPEN, other)] == ["missing"]
    assert [one.part for one in differences(license_with(), license_with(missing=("end_user.class",)))] == ["missing"]
