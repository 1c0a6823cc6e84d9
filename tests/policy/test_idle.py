"""Rules without effect: without one of them every outcome is the same, on every day."""

from datetime import date

import pytest

from licensing.policy.idle import idle
from tests.policy.drafts import another, draft, first

TODAY = date(2026, 11, 25)


def test_rules_without_effect_are_named():
    assert idle(first()) == idle(first(), since=TODAY) == ("R010", "R012", "R013")
    assert idle(
        draft(
            lambda rules, document: another(rules, document, "R048", "R044"),
        )
    ) == (
        "R010",
        "R012",
        "R013",
        "R044",
        "R048",
    )


@pytest.mark.full
def test_papers_and_limits_that_only_others_ask_for_do_not_count():
    """Of two rules for one paper of its own neither matters alone; one for another paper does."""

    def papers(rules, document):
        for name, paper in (("R900", "one"), ("R901", "one"), ("R902", "another")):
            effect = {"require": [f"paper_{paper}"]}
            another(rules, document, name, "R021", match={"destination.country": ["FR"]}, effect=effect)
        for name, months in (("R910", 9), ("R911", 8)):
            effect = {"params": {"max_validity_months": months}}
            another(rules, document, name, "R021", match={"destination.country": ["IT"]}, effect=effect)

    found = set(idle(draft(papers), since=TODAY)) - set(idle(first(), since=TODAY))
    assert found == {"R900", "R901", "R910"}


def test_a_rule_that_matters_only_where_another_is_not_has_an_effect():
    """However many rows are alike but for papers that only others ask for."""

    def papers(rules, document):
        for name, paper, match in (
            ("R900", "own", {"exporter.territory": ["overseas"]}),
            ("R901", "own", {"exporter.territory": ["domestic", "overseas"]}),
            ("R902", "a", {"destination.country": ["FR"]}),
            ("R903", "b", {"exporter.territory": ["domestic"]}),
        ):
            another(rules, document, name, "R021", match=match, effect={"require": [f"paper_{paper}"]})

    assert set(idle(draft(papers), since=TODAY)) - set(idle(first(), since=TODAY)) == {"R900"}


@pytest.mark.full
@pytest.mark.parametrize("effect", [{"grant": ["annual"]}, {"remove": ["single"]}])
def test_of_two_rules_that_open_or_close_a_channel_neither_matters_alone(effect):
    match = {"destination.country": ["FR"], "item.control_code_prefix": ["1C903"]}

    def changes(*names):
        return lambda rules, document: [
            another(rules, document, name, "R021", match=match, effect=effect) for name in names
        ]

    assert "R900" not in idle(draft(changes("R900")), since=TODAY)
    assert {"R900", "R901"} <= set(idle(draft(changes("R900", "R901")), since=TODAY))


def test_a_rule_that_counts_on_no_day_is_not_without_effect():
    assert "R041" not in idle(first())  # it is ready and disabled
    ended = draft(lambda rules, _: rules["R010"].update(effective_to="2026-11-24"))
    assert idle(ended) == ("R010", "R012", "R013") and idle(ended, since=TODAY) == ("R012", "R013")


def test_a_rule_that_has_an_effect_on_one_day_or_for_pending_cases_alone_has_one():
    def once(rules, document):
        another(rules, document, "R048", "R044", effective_from="2026-12-01", effective_to="2026-12-01")
        another(rules, document, "R049", "R044", applies_to=["pending"])
        rules["R044"].update(effective_to="2026-11-30", applies_to=["new"])

    assert idle(draft(once)) == idle(first())
    assert idle(draft(once), since=date(2026, 12, 2)) == idle(first())


@pytest.mark.full
@pytest.mark.parametrize("compiled", [first(), draft(lambda rules, document: rules["R040"].update(enabled=False))])
def test_who_says_nothing_that_counts_can_be_left_out(compiled, monkeypatch):
    found = idle.__wrapped__(compiled, since=TODAY)
    monkeypatch.setattr("licensing.policy.idle._apart", lambda other, rule: False)
    assert found == idle.__wrapped__(compiled, since=TODAY)
