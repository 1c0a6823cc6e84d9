"""Slips of whoever writes a draft: each is named, by a witness of whom the two editions really say different things."""

from functools import cache

import pytest

from licensing.policy import comparison
from licensing.policy.comparison import compare
from licensing.policy.facts import whole
from licensing.policy.invariants import held
from licensing.policy.strictness import differences
from tests.policy.drafts import another, draft, first

SLIPS = {}
IDLE = cache(comparison.idle)


def slip(*, named=(), tightens=False, loosens=False, breaks=()):
    """What is named: the rules by which outcomes differ (none: any), which way, and the invariants that break."""

    def kept(change):
        SLIPS[change.__name__] = (change, set(named), tightens, loosens, set(breaks))
        return change

    return kept


def window(document, instrument):
    return next(row for row in document["windows"] if row["instrument"] == instrument)


def code(document, name):
    return next(row for row in document["codes"] if row["code"] == name)


@slip(named={"R045"}, loosens=True, breaks={"I2"})
def a_lost_remove(rules, document):
    del rules["R045"]["effect"]["remove"]


@slip(named={"R021"}, loosens=True)
def a_remove_of_one_channel_less(rules, document):
    rules["R021"]["effect"]["remove"] = ["annual"]


@slip(named={"R001"}, tightens=True)
def a_prefix_too_short(rules, document):
    rules["R001"]["match"]["item.control_code_prefix"] = ["1C90"]


@slip(named={"R005"}, tightens=True)
def a_prefix_too_short_abroad(rules, document):
    rules["R005"]["match"]["item.control_code_prefix"] = ["ANN61-P"]


@slip(named={"R001"}, loosens=True)
def a_prefix_too_long(rules, document):
    prefixes = rules["R001"]["match"]["item.control_code_prefix"]
    prefixes[prefixes.index("1C905")] = "1C905.a"


@slip(named={"R033", "R034", "R036"}, loosens=True)
def a_day_and_a_month_swapped(rules, document):
    next(row for row in document["instruments"] if row["id"] == "A1-2026")["effective_from"] = "2026-06-01"


@slip(named={"R001"}, loosens=True)
def an_instrument_that_ends(rules, document):
    next(row for row in document["instruments"] if row["id"] == "A18-2025")["effective_to"] = "2026-12-31"


@slip(named={"R002"}, loosens=True)
def a_window_prolonged_by_a_year(rules, document):
    window(document, "A57-2025")["suspended_until"] = "2027-11-10"


@slip(named={"R004"}, tightens=True)
def a_window_forgotten(rules, document):
    document["windows"].remove(window(document, "A62-2025"))


@slip(named={"R032"}, tightens=True)
def another_clause(rules, document):
    another(rules, document, "R048", "R032", enabled=False)  # else its window is of no rule, which is refused
    rules["R032"]["clause"] = "1"


@slip(named={"R048"}, tightens=True, loosens=True, breaks={"I3"})
def a_barrier_that_is_overridden(rules, document):
    another(rules, document, "R048", "R023", overrides_disposition_of=["R042"], match={"destination.country": ["KR"]})


@slip(named={"R031"}, tightens=True, loosens=True)
def another_country(rules, document):
    rules["R031"]["match"]["destination.country"] = ["KR"]


@slip(named={"R032"}, loosens=True)
def an_element_dropped(rules, document):
    rules["R032"]["match"]["item.element"] = ["Ga", "Ge"]


@slip(named={"R042"}, loosens=True, breaks={"I3"})
def an_end_use_dropped(rules, document):
    rules["R042"]["match"]["end_use.code"].remove("MIL_POTENTIAL")


@slip(named={"R020"}, loosens=True)
def enabled_flipped(rules, document):
    rules["R020"]["enabled"] = False


@slip(named={"R041"}, tightens=True, loosens=True)
def enabled_too_early(rules, document):
    rules["R041"]["enabled"] = True


@slip(named={"R040"}, tightens=True, loosens=True, breaks={"I1"})
def a_condition_forgotten(rules, document):
    del rules["R040"]["match"]["exporter.annual_qualified"]


@slip(named={"R002"}, loosens=True)
def the_other_territory(rules, document):
    rules["R002"]["match"]["exporter.territory"] = ["overseas"]


@slip(named={"R024"}, loosens=True)
def a_control_forgotten(rules, document):
    del rules["R024"]["effect"]["control"]


@slip(named={"R003"}, tightens=True, breaks={"I4"})
def a_grant_forgotten(rules, document):
    del rules["R003"]["effect"]["grant"]


@slip(named={"R005"}, loosens=True)
def a_threshold_ten_times_too_high(rules, document):
    rules["R005"]["match"]["item.cn_input_value_share"]["gte"] = "0.01"


@slip(named={"R014"}, loosens=True, breaks={"I5"})
def an_override_too_many(rules, document):
    rules["R014"]["overrides_disposition_of"].append("R022")


@slip(named={"R021"}, loosens=True)
def a_clock_forgotten(rules, document):
    del rules["R021"]["effect"]["clock"]


@slip(named={"R021"}, loosens=True)
def a_paper_forgotten(rules, document):
    rules["R021"]["effect"]["require"].remove("risk_assessment_report")


@slip(named={"R040"}, loosens=True)
def months_mistyped(rules, document):
    rules["R040"]["effect"]["params"]["max_validity_months"] = 36


@slip(named={"R040"}, tightens=True, loosens=True, breaks={"I4"})
def a_limit_that_goes_with_a_channel(rules, document):
    rules["R040"]["effect"] |= {"remove": ["single"], "params": {"max_clearances": None}}


@slip(named={"R033"}, loosens=True)
def pending_cases_forgotten(rules, document):
    rules["R033"]["applies_to"] = ["new", "existing"]


@slip(named={"R040"}, tightens=True, loosens=True)
def a_code_of_another_category(rules, document):
    code(document, "1C904.a.4")["category"] = "magnets"


@slip(named={"R003"}, loosens=True)
def a_code_struck(rules, document):
    document["codes"].remove(code(document, "2B902.b"))


@slip(named={"R030", "R031", "R035"}, loosens=True)
def a_window_of_one_clause_that_stops_the_whole_instrument(rules, document):
    window(document, "A46-2024")["clause"] = None


@slip(named={"R032"}, tightens=True)
def a_window_one_day_too_short(rules, document):
    window(document, "A46-2024")["suspended_until"] = "2026-11-26"


@slip(named={"R048"}, loosens=True, breaks={"I4"})
def a_ban_lifted_for_those_who_send_on_alone(rules, document):
    match = {"destination.country": ["DE"], "end_user.class": ["military"]}
    another(rules, document, "R048", "R045", match=match, overrides_disposition_of=["R030"])


@slip(named={"R048"}, tightens=True)
def a_country_and_a_group_where_either_was_meant(rules, document):
    document["groups"]["NATO"] = {"en": "NATO", "zh": "北约", "countries": ["DE", "FR"]}
    match = {"destination.country": ["JP"], "destination.group": ["NATO"], "item.category": ["magnet"]}
    another(rules, document, "R048", "R045", match=match, effect={"disposition": "prohibited"})


@slip(named={"R014"}, tightens=True)
def an_exemption_removed(rules, document):
    document["rules"].remove(rules["R014"])


@slip(named={"R040", "R045"}, tightens=True, loosens=True, breaks={"I1"})
def a_promise_weakened_with_its_rule(rules, document):
    rules["R040"]["match"]["end_user.class"].append("military")
    rules["R045"]["effect"]["remove"] = ["registration"]
    promise = next(row for row in document["invariants"] if row["id"] == "I1")
    promise["when"] = [match for match in promise["when"] if "end_user.class" not in match]


@slip(named={"R042"}, loosens=True, breaks={"I3"})
def an_instrument_that_was_suspended(rules, document):
    rules["R042"] |= {"instrument": "A57-2025", "clause": "1-5"}


@slip(named={"R042"}, loosens=True, breaks={"I3"})
def a_day_between_a_rule_and_its_successor(rules, document):
    another(rules, document, "R048", "R042", effective_from="2027-01-02")
    rules["R042"]["effective_to"] = "2026-12-31"


@slip(named={"R045"}, loosens=True, breaks={"I2"})
def a_year_mistyped(rules, document):
    rules["R045"]["effective_from"] = "2062-12-01"


@slip(named={"R030"}, loosens=True)
def a_last_day_left_in(rules, document):
    rules["R030"]["effective_to"] = "2027-01-31"


@slip(named={"R022"}, loosens=True, breaks={"I1", "I5"})
def a_risk_dropped(rules, document):
    rules["R022"]["match"]["exporter.red_flag"].remove("national_security")


@slip(named={"R030"}, loosens=True)
def a_way_to_apply_for_what_is_prohibited(rules, document):
    rules["R030"]["effect"]["grant"] = [rules["R030"]["effect"]["remove"].pop()]


@slip(named={"R034"}, loosens=True)
def a_way_left_open_to_who_is_listed_as_well(rules, document):
    rules["R034"]["effect"]["remove"].remove("special_application")


@slip(named={"R036"}, loosens=True, breaks={"I4"})
def an_outcome_one_step_too_mild(rules, document):
    rules["R036"]["effect"]["disposition"] = "presumption_of_denial"


@slip(named={"R023"}, tightens=True, loosens=True)
def an_everyday_purpose_among_the_rare_ones(rules, document):
    rules["R023"]["match"]["transaction.purpose"].append("sale")


@pytest.fixture(autouse=True)
def quicker(monkeypatch):
    """Nothing is looked for here among absent facts, and rules without effect are looked for once in an edition."""
    monkeypatch.setattr(comparison, "ABSENT", 20)
    monkeypatch.setattr(comparison, "idle", IDLE)


@pytest.mark.full
@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_named_with_a_witness(name):
    change, named, tightens, loosens, breaks = SLIPS[name]
    new = draft(change)
    found = compare(first(), new)
    assert (found.tightens, found.loosens) == (tightens, loosens)
    assert {rule for region in found.regions for rule in region.rules} == named
    for region in found.regions:
        facts, on, audience = region.witness.facts, region.witness.on, region.witness.audience
        assert differences(region.witness.asked(first()), region.witness.asked(new)) == region.differences
        if facts["item.control_code"] in {"none", *first().edition.codes.keys() & new.edition.codes.keys()}:
            old, now = (one.assess(whole(facts, one.edition), on=on, audience=audience) for one in (first(), new))
            assert old != now and old.final and now.final
    assert {one.invariant.id for one in held(first().edition.invariants, new) if not one.held} == breaks


@pytest.mark.slow
def test_barriers_that_others_shadow_are_named_without_a_witness():
    def shadowed(rules, document):
        rules["R045"]["match"] = {"end_user.class": ["military"], "end_use.code": ["MIL_USE"]}

    found = compare(first(), draft(shadowed))
    assert "R045" in set(found.idle) - set(found.idle_before) and found.loosens


def test_a_code_that_changes_sides_is_named():
    found = compare(first(), draft(lambda _, document: code(document, "2B902.b").update(official=False)))
    assert found.of_others == ("2B902.b",)
