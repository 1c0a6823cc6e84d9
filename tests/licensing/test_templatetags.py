"""The gauge of a quota and the stages of a case."""

import pytest
from django.template import Context, Template

from licensing.models import Application
from licensing.states import STAGE_OF
from licensing.templatetags.licensing import gauge, stages


def test_every_state_of_an_application_has_a_stage():
    assert set(STAGE_OF) == set(Application.states)


def test_gauge_adds_up():
    assert gauge(11_060_000, 1_080_000, 0, 5_860_000, "kg") == {
        "hot": False,
        "bars": [
            {"css": "used", "x": "0.0%", "width": "61.4%"},
            {"css": "held", "x": "61.4%", "width": "6.0%"},
        ],
        "keys": [
            {"css": "key", "label": "Shipped", "amount": 11_060_000},
            {"css": "key k-held", "label": "Reserved", "amount": 1_080_000},
            {"css": "key k-free", "label": "Free", "amount": 5_860_000},
        ],
        "unit": "kg",
    }


def test_gauge_is_hot_below_a_tenth_and_not_at_it():
    assert [gauge(used, 0, 0, 1000 - used, "g")["hot"] for used in (900, 901, 1000)] == [False, True, True]


def test_gauge_of_nothing_is_empty_and_cool():
    result = gauge(0, 0, 0, 0, "kg")
    assert (result["hot"], result["bars"]) == (False, [])


def test_gauge_shows_what_lapsed():
    assert gauge(3, 0, 4, 0, "unit")["keys"] == [
        {"css": "key k-hot", "label": "Shipped", "amount": 3},
        {"css": "key k-lapsed", "label": "Lapsed", "amount": 4},
        {"css": "key k-free", "label": "Free", "amount": 0},
    ]


def test_gauge_stays_in_its_bar_inside_a_tolerance():
    result = gauge(1050, 0, 0, -50, "g")
    assert result["bars"] == [{"css": "used", "x": "0.0%", "width": "100.0%"}]
    assert result["keys"][-1] == {"css": "key k-free", "label": "Free", "amount": -50}


def test_gauge_renders_without_style():
    html = Template('{% gauge 3 1 0 6 "unit" %}').render(Context())
    assert html.count("<rect") == 3
    assert "style=" not in html
    assert "Shipped 3 pieces" in html


@pytest.mark.parametrize(
    ("state", "css", "summary"),
    [
        ("draft", ["", "", "", "", ""], "Not filed yet"),
        ("submitted", ["now", "", "", "", ""], "Stage 1 of 5: Filed"),
        ("accepted", ["done", "now", "", "", ""], "Stage 2 of 5: Accepted"),
        ("under_review", ["done", "done", "now", "", ""], "Stage 3 of 5: Review"),
        ("awaiting_applicant", ["done", "done", "now", "", ""], "Stage 3 of 5: Review"),
        ("awaiting_decision", ["done", "done", "done", "now", ""], "Stage 4 of 5: Second officer"),
        ("issued", ["done"] * 5, "Ended: License issued"),
        ("withdrawn", ["done", "passed", "passed", "passed", "done"], "Ended: Withdrawn"),
    ],
)
def test_stages(state, css, summary):
    result = stages(Application(state=state))
    assert ([step["css"] for step in result["steps"]], result["summary"]) == (css, summary)


def test_a_case_that_ended_early_names_its_end():
    result = stages(Application(state="withdrawn"))
    assert [step["label"] for step in result["steps"]] == ["Filed", "Accepted", "Review", "Second officer", "Withdrawn"]
