"""The comparison and the standing invariants in words: which way, whom, when, from what to what, by which case."""

import re
import time
from dataclasses import replace
from datetime import date
from functools import cache

import pytest
from django.utils.translation import override

from licensing.policy import comparison
from licensing.policy.classes import Class, Dimension
from licensing.policy.comparison import Reach, compare
from licensing.policy.invariants import held
from licensing.policy.strictness import Difference
from licensing.policy.vocabulary import COUNTRY
from licensing.policy.whole import Box
from licensing.words import comparisons
from licensing.words.differences import changes
from licensing.words.whom import Whom
from tests.policy.drafts import another, draft, first
from tests.policy.test_slips import IDLE

pytestmark = pytest.mark.full  # each goes over all cases that could exist

NAMES = {"JP": "Japan", "KR": "South Korea", "US": "United States", "CN": "China", "DE": "Germany"}
SINCE = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def quicker(monkeypatch):
    """Rules without effect are looked for once in an edition."""
    monkeypatch.setattr(comparison, "idle", IDLE)


def banned(rules, document):
    match = {"item.control_code_prefix": ["1C905"], "destination.country": ["JP"]}
    another(rules, document, "R048", "R033", match=match, applies_to=["new", "pending"])


def enabled(rules, document):
    rules["R041"]["enabled"] = True


def prolonged(rules, document):
    window = next(row for row in document["windows"] if row["instrument"] == "A57-2025")
    window["suspended_until"] = "2027-11-10"


def lost(rules, document):
    del rules["R045"]["effect"]["remove"]


def dropped(rules, document):
    document["codes"] = [row for row in document["codes"] if row["code"] != "1C905.a.4"]


def finer(rules, document):
    rules["R005"]["match"]["item.cn_input_value_share"]["gte"] = "0.01"


def unsaid(rules, document):
    rules["R042"]["rationale_en"] = "Another word"


@cache
def found(change):
    new = draft(change)
    return new, compare(first(), new, since=SINCE)


def told(change):
    new, differs = found(change)
    return comparisons.compared(differs, first(), new, NAMES)


@pytest.mark.parametrize(
    ("change", "way", "headline"),
    [
        (banned, "tightens", "Tightens"),
        (enabled, "both", "Tightens and loosens"),
        (prolonged, "loosens", "Loosens"),
        (lost, "loosens", "Loosens"),
        (dropped, "loosens", "Loosens"),
        (unsaid, "nothing", "Changes nothing"),
    ],
)
def test_the_headline_says_which_way_a_draft_goes(change, way, headline):
    assert (told(change).way, told(change).headline) == (way, headline)


def test_a_draft_that_only_hits_others_does_not_change_nothing():
    def hit(rules, document):
        rules["R033"]["applies_to"] = ["new", "pending"]

    only = told(hit)
    assert only.way == "loosens" and only.regions == ()
    assert [(one.name, one.told) for one in only.reach] == [
        (
            "R033",
            "It hit: new applications, pending cases and licenses in force. It hits now: new applications and "
            "pending cases.",
        ),
    ]


def test_a_draft_that_asks_holders_for_more_does_not_change_nothing():
    def hit(rules, document):
        rules["R044"]["applies_to"].append("existing")

    assert (told(hit).way, told(hit).regions, [one.name for one in told(hit).reach]) == ("changes", (), ["R044"])


def test_a_ban_is_told_by_whom_it_concerns_since_when_and_from_what_to_what():
    watched = next(one for one in told(banned).regions if "“on the watch list”" in one.whom)
    assert watched.heading == "Tightens" and watched.rules == ("R048",)
    assert watched.count == "5,120 kinds of cases"
    assert watched.whom.startswith("the item is any code beginning with 1C905, and the destination is Japan, and ")
    assert "the kind of end-user is any but military" in watched.whom
    assert watched.when == "new applications and pending cases: from 1 Dec 2026 on"
    assert (watched.old, watched.new) == ("License needed: Case by case; per-shipment licenses", "Prohibited")
    assert watched.differences == ("Outcome: Case by case, now Prohibited",)


def test_what_takes_several_boxes_is_told_in_short_and_exactly():
    several = next(one for one in told(banned).regions if len(one.cases) > 1)
    assert several.whom.startswith("some of these cases: the item is any code beginning with 1C905, ")
    assert all("1C905" in case and "the destination is Japan" in case for case in several.cases)
    assert {len(one.boxes) for one in found(banned)[1].regions} == {len(one.cases) for one in told(banned).regions}


def test_in_short_many_names_are_counted_and_exactly_they_are_all_told():
    region = next(one for one in told(banned).regions if re.search(r"or \d+ more, and", one.whom))
    assert not re.search(r"or \d+ more", "".join(region.cases))


def test_a_witness_is_told_fact_by_fact():
    witness = told(lost).regions[0].witness
    facts = dict(witness.facts)
    assert facts["Item"] == "1C902.a.4 Samarium-cobalt permanent magnet materials"
    assert (facts["Destination"], facts["Kind of end-user"]) == ("Germany", "military")
    assert facts["Share of Chinese inputs in the value"] == "0 %" and facts["Validated end-user"] == "no"
    assert witness.asked == "on 1 Dec 2026, as a new application"


def test_a_lost_remove_opens_a_channel_and_breaks_an_invariant():
    assert [one.differences for one in told(lost).regions] == [("Opens: registration and filing of information",)] * 2
    assert "any listed code of exporters in China" in told(lost).regions[0].whom
    new = found(lost)[0]
    standing = comparisons.standings(held(first().edition.invariants, new, since=SINCE), new, NAMES, first().edition)
    assert [(one.name, one.held, one.verdict) for one in standing] == [
        ("I1", True, "Held"),
        ("I2", False, "Broken"),
        ("I3", True, "Held"),
        ("I4", True, "Held"),
        ("I5", True, "Held"),
    ]
    broken = standing[1]
    assert broken.sentence == "No military end-user has the registration channel."
    assert ("Kind of end-user", "military") in broken.witness.facts
    assert "registration and filing of information" in broken.outcome and broken.count == "2,400 kinds of cases"
    assert "the kind of end-user is military" in broken.whom and standing[0].witness is None


def test_what_is_held_by_a_sample_says_so():
    new = first()
    standing = held(new.edition.invariants, new, since=SINCE, largest=1, drawn=1_000)
    assert {one.verdict for one in comparisons.standings(standing, new, NAMES)} == {"Held, as far as a sample shows"}


def test_an_item_of_nearly_all_is_told_by_those_that_it_is_not():
    whom = told(enabled).regions[0].cases[0]
    assert whom.startswith(
        "the item is any listed code of exporters in China but 1C902.a.4, 1C904.a.4, 1C905.a.4 or any code beginning "
        "with 1E902 or 2B902, and "
    )


def test_shares_are_told_from_one_threshold_to_the_next():
    assert all("is from 0.1 % to less than 1 %" in one.whom for one in told(finer).regions)


def test_several_destinations_are_told_where_they_do_not_go_as_one_of_them():
    def another_country(rules, document):
        rules["R031"]["match"]["destination.country"] = ["KR"]

    cases = {case for one in told(another_country).regions for case in one.cases}
    assert any("the destination is South Korea alone" in case for case in cases)
    assert not any("together" in case for case in cases)


def side(*values, others=False):
    return Class(tuple({COUNTRY: of} for of in (*values, *(["DE"] if others else []))), (), (), others)


def test_names_are_told_by_those_left_out_only_where_nothing_else_is():
    whom, names = Whom(first().edition, first().edition, {}), ["AA", "BB", "CC", "EE"]
    rest, most, one = side(others=True), side(*names), side("XX")
    country = Dimension(COUNTRY, (most, one, rest))
    assert whom.side(country, [most]) == "the destination is AA, BB, CC or EE"
    assert whom.side(country, [most, rest]) == "the destination is any but XX"
    assert whom.side(country, [rest]) == "the destination is any but AA, BB, CC, EE or XX"
    assert whom.side(Dimension(COUNTRY, (most, one)), [most]) == "the destination is any but XX"


def test_of_several_boxes_is_told_what_all_of_them_ask():
    whom, (first_box, *_) = Whom(first().edition, first().edition, NAMES), found(lost)[1].regions[0].boxes
    kind, purpose = (
        next(side for side in first_box.sides if side[0].fact == fact)
        for fact in ("end_user.class", "transaction.purpose")
    )
    assert whom.boxes([Box((kind, purpose)), Box((kind,))]) == "some of these cases: the kind of end-user is military"
    assert whom.boxes([Box((kind,)), Box((purpose,))]) == "some of these cases: whatever the facts are"


def test_an_end_use_and_a_code_that_only_one_edition_knows_are_told_by_their_names():
    def renamed(rules, document):
        dropped(rules, document)
        del document["end_uses"]["CIV_AVIATION"]
        document["end_uses"]["SPACE"] = {"en": "Space", "zh": "航天"}
        rules["R042"]["match"]["end_use.code"].append("SPACE")

    new, differs = found(renamed)
    whom = Whom(first().edition, new.edition, NAMES)
    assert whom.value("end_use.code", "SPACE") == "“Space”"
    assert whom.value("end_use.code", "CIV_AVIATION") == "“Civil aircraft and engine parts”"
    assert whom.item("1C905.a.4").startswith("1C905.a.4 Dysprosium")
    assert told(dropped).regions[0].new == "On none of the lists loaded here"


def test_beside_the_regions_stand_rules_without_effect_and_changes_that_nobody_feels():
    def idle(rules, document):
        another(rules, document, "R048", "R044")
        rules["R041"]["effect"]["params"]["max_clearances"] = 24
        next(row for row in document["codes"] if row["code"] == "2B902.b")["official"] = False
        del document["end_uses"]["RESEARCH"], document["end_uses"]["CIV_AVIATION"]

    assert told(idle).notes == (
        "Rules without effect now, since other rules already say what they say: R044 and R048.",
        "Rules without effect, before and now: R010, R012 and R013.",
        "Rules that are new, gone or another, by which no outcome of a new or pending case changes where all facts are "
        "said: R041 and R048.",
        "Codes that change sides between exporters in China and overseas, not compared: 2B902.b.",
        "End-uses that are dropped, which cases that name one are asked for again: CIV_AVIATION and RESEARCH.",
    )
    assert told(lost).notes[-1] == "Rules that were without effect and are so no longer, or are gone: R010."


def test_a_draft_that_only_drops_an_end_use_does_not_change_nothing():
    new = draft(lambda _, document: document["end_uses"].pop("RESEARCH"))
    assert comparisons.way(compare(first(), new, since=SINCE)) == comparisons.CHANGES


def test_who_is_hit_otherwise_is_told():
    everybody, new, held = (frozenset(of) for of in (["new", "pending", "existing"], ["new"], ["existing"]))
    nobody = frozenset()
    said = [
        comparisons._reach(Reach("R1", *facts), None).told
        for facts in (
            (nobody, new, False),
            (new, nobody, False),
            (everybody, everybody, True),
            (held, everybody, True),
            (held, everybody, False),
        )
    ]
    assert said == [
        "It hits now: new applications.",
        "It hit: new applications. It hits now: nobody.",
        "It hits whom it hit (new applications, pending cases and licenses in force); for those who hold a license it "
        "does so in another way.",
        "It hit: licenses in force. It hits now: new applications, pending cases and licenses in force. For those who "
        "hold a license it does so in another way.",
        "It hit: licenses in force. It hits now: new applications, pending cases and licenses in force.",
    ]


def test_what_is_otherwise_for_those_who_hold_a_license_is_told():
    def otherwise(rules, document):
        rules["R033"]["transition"] = {"until": "2027-03-31"}
        rules["R033"]["match"]["destination.country"] = ["JP", "KR"]

    before = draft(lambda rules, _: rules["R033"].update(transition={"until": "2027-01-31"}))
    after = draft(otherwise)
    [one] = comparisons.compared(compare(before, after, since=SINCE), before, after, NAMES).reach
    assert one.told.endswith("Grace until: 31 Jan 2027, now 31 Mar 2027.")
    assert "does so in another way. Destination: Japan, now" in one.told


def test_what_is_told_of_whom_a_rule_hits_and_means_as_before_is_no_other_way_for_holders():
    def silent(rules, document):
        rules["R033"].pop("enabled", None)
        rules["R033"].update(applies_to=["existing"], transition={"until": "2027-01-31"})

    def saying(rules, document):
        parts = {"applies_to": ["existing", "new"], "transition": {"until": "2027-03-31"}}
        rules["R033"].update(enabled=True, **parts)

    before, after = draft(silent), draft(saying)
    [one] = comparisons.compared(compare(before, after, since=SINCE), before, after, NAMES).reach
    assert one.told == (
        "It hit: licenses in force. It hits now: new applications and licenses in force. For those who hold a license "
        "it does so in another way. Grace until: 31 Jan 2027, now 31 Mar 2027."
    )


def test_what_a_code_says_of_goods_is_told_from_what_to_what():
    def measured(rules, document):
        row = next(row for row in document["codes"] if row["code"] == "1C905.b")
        row["unit"], row["description_en"] = "g", "Another word"

    assert told(measured).notes[-1] == "1C905.b changes in what no outcome shows: Unit: kg, now g."


def test_what_an_invariant_promises_less_is_told_part_by_part():
    def less(rules, document):
        rows = {row["id"]: row for row in document["invariants"]}
        rows["I1"]["when"].pop(0)
        rows["I1"]["then"] = {"at_least": "case_by_case"}
        rows["I5"]["struck"] = "Order 7"

    assert told(less).notes[-2:] == (
        "I1 promises less than before in “Of whom it speaks” and “Never opens”.",
        "I5 is no longer to hold everywhere.",
    )
    assert told(less).way == comparisons.CHANGES
    new = draft(less)
    standings = comparisons.standings(
        held(new.edition.invariants, new, since=SINCE), new, NAMES, weaker=found(less)[1].weaker
    )
    assert [one.name for one in standings if one.weaker.startswith(f"{one.name} promises less than before")] == ["I1"]


def test_how_much_was_looked_at_is_told():
    assert (
        told(lost).looked
        == "Whole: all 811,008 kinds of cases that the rules tell apart, new and pending, on every day."
    )
    new = draft(lost)
    sample = comparisons.compared(compare(first(), new, since=SINCE, largest=1, drawn=5_000), first(), new, NAMES)
    assert sample.looked.startswith("By a sample: there are 811,008 kinds of cases, too many for all.")
    few = comparisons._looked(replace(found(lost)[1], together=3))
    assert few.startswith("All 811,008 kinds of cases") and "at most 3 destinations at once" in few
    assert told(lost).absent.startswith("Beside these 3,000 cases with some facts left out were drawn: ")
    assert told(lost).absent_witness is not None and told(unsaid).absent_witness is None


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (("channel", "annual", None), "Closes: annual licenses"),
        (("paper", None, "undertaking"), "Asked for: Undertaking that the goods serve nothing else"),
        (("paper", "undertaking", None), "No longer asked for: Undertaking that the goods serve nothing else"),
        (("condition", None, "NO_RESALE"), "Condition that is added: No resale"),
        (("condition", "NO_RESALE", None), "Condition that falls away: No resale"),
        (("clock", "45wd", "untimed"), "Time limit: 45 working days, now none in law"),
        (("missing", (), ("end_use.code",)), "Facts that are missing: none, now End-use"),
        (("max_validity_months", None, 6), "Longest validity: 12 months, now 6 months"),
        (("qty_tolerance_pct", "0.05", "0.1"), "Share of that tolerance: 5 %, now 10 %"),
        (("qty_tolerance_pct", None, "0.05"), "Share of that tolerance: 0 %, now 5 %"),
        (("qty_tolerance_mode", None, "pct_line"), "Tolerance of quantity: none, now percent of each line"),
    ],
)
def test_each_part_of_an_outcome_that_is_another_is_told(difference, said):
    assert comparisons.difference(Difference(*difference, "")) == said


def test_it_is_told_in_chinese_to_whoever_reads_it():
    with override("zh-hans"):
        found = told(lost)
    assert found.headline == "放宽"
    assert "最终用户类型为军事" in found.regions[0].whom
    assert found.regions[0].when == "新申请和在办案件：自2026年12月1日起"


def test_the_words_take_a_fraction_of_a_second():
    new, differs = found(enabled)
    standing = held(first().edition.invariants, new, since=SINCE)
    before = time.process_time()
    comparisons.compared(differs, first(), new, NAMES)
    comparisons.standings(standing, new, NAMES)
    changes(first().edition, new.edition, NAMES)
    assert time.process_time() - before < 1
