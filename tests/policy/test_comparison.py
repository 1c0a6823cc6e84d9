"""A draft beside the edition that it follows: what is told differs, what differs is told, and each has a witness."""

import copy
import time
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest

from licensing.policy import comparison
from licensing.policy.classes import Space, known
from licensing.policy.comparison import compare
from licensing.policy.editions import Span
from licensing.policy.facts import as_read
from licensing.policy.strictness import LOOSENS, TIGHTENS, differences
from licensing.policy.vocabulary import COUNTRY, FACTS
from licensing.words import comparisons
from tests.policy import generated
from tests.policy.drafts import another, draft, first
from tests.policy.test_twin import compiled

pytestmark = pytest.mark.full  # each goes over all cases that could exist

TODAY = date(2026, 11, 25)
ALWAYS = (Span(TODAY),)


def no_remove(rules, document):
    del rules["R045"]["effect"]["remove"]


def tells(found, space, vector, on, audience):
    """Whether some region holds this vector on that day."""
    facts = [dimension.fact for dimension in space.dimensions]
    return any(
        any(span.covers(on) for who, spans in region.when if who == audience for span in spans)
        and any(
            all(
                space.dimensions[(at := facts.index(side.fact))].classes[vector[at]] in classes
                for side, classes in box.sides
            )
            for box in region.boxes
        )
        for region in found.regions
    )


@cache
def compared(change):
    return compare(first(), draft(change))


def mistold(old, new, count, seed, found=None):
    """Drawn vectors in some region of which both say the same, or in none although they don't."""
    found, space, source = found or compare(old, new), Space(old, new), np.random.default_rng(seed)
    assert found.more == 0
    sizes = [len(dimension.classes) for dimension in space.dimensions]
    days = [day + timedelta(days=near) for day in {*old.days, *new.days} for near in (-1, 0)]
    for vector in source.integers(0, sizes, (count, len(sizes))):
        said, on = space.said(vector), days[source.integers(len(days))]
        audience = ("new", "pending")[source.integers(2)]
        asked = [one.assess(known(said, one.edition), on=on, audience=audience) for one in (old, new)]
        if bool(differences(*asked)) != tells(found, space, vector, on, audience):
            yield said, on, asked


def test_an_edition_beside_itself_changes_nothing():
    found = compare(first(), first())
    assert (found.tightens, found.loosens, found.regions, found.more, found.reach) == (False, False, (), 0, ())
    assert (found.size, found.sampled, found.absent.differing) == (811_008, False, 0)


def test_a_lost_remove_opens_registration_to_military_end_users():
    found = compare(first(), draft(no_remove), since=TODAY)
    assert found.loosens and not found.tightens
    assert [region.count for region in found.regions] == [1920, 480]
    region = found.regions[0]
    assert region.rules == ("R045",) and region.when == (("new", ALWAYS), ("pending", ALWAYS))
    assert [(one.part, one.new, one.direction) for one in region.differences] == [
        ("channel", "registration", "loosens")
    ]
    assert "registration" in region.new.channels and "registration" not in region.old.channels
    (box,) = region.boxes
    assert {side.fact for side, _ in box.sides} == {
        "item.control_code",
        "destination.country",
        "end_use.code",
        "end_user.class",
        "screening.hit",
        "exporter.red_flag",
        "transaction.purpose",
    }
    kind = next(classes for side, classes in box.sides if side.fact == "end_user.class")
    assert [value["end_user.class"] for one in kind for value in one.values] == ["military"]
    assert region.witness.facts["end_user.class"] == "military" and region.witness.on == TODAY


def widened(rules, document):
    rules["R030"]["match"]["destination.country"] = ["US", "KR"]
    rules["R040"]["enabled"] = False
    rules["R024"]["effect"]["require"] = ["undertaking"]
    rules["R021"]["effective_from"] = "2026-12-24"


def renamed(rules, document):
    document["codes"] = [row for row in document["codes"] if row["code"] != "1C905.a.4"]
    document["end_uses"]["SPACE"] = {"en": "Space", "zh": "航天"}
    rules["R043"]["match"]["end_use.code"].append("SPACE")
    document["windows"] = [row for row in document["windows"] if row["instrument"] != "A57-2025"]


@pytest.mark.parametrize("change", [no_remove, widened, renamed])
def test_what_differs_is_told_and_nothing_else(change):
    assert list(mistold(first(), draft(change), 3_000, 6, compared(change))) == []


def test_of_drawn_editions_too(monkeypatch):
    monkeypatch.setattr(comparison, "DESCRIBED", 100_000)
    pick = generated.Seeded(61)
    for seed in range(2):
        document = generated.edition(pick)
        lost = pick.one(document["rules"])
        fewer = {**document, "rules": [rule for rule in document["rules"] if rule is not lost]}
        assert list(mistold(compiled(document), compiled(fewer), 400, seed)) == []


def test_every_witness_is_a_case_of_which_the_editions_say_different_things():
    new, found = draft(widened), compared(widened)
    assert found.tightens and found.loosens and len(found.regions) > 5
    for region in found.regions:
        old, now = region.witness.asked(first()), region.witness.asked(new)
        assert differences(old, now) == region.differences
        assert (old.disposition, now.disposition) == (region.old.disposition, region.new.disposition)
        assert region.witness.on == region.when[0][1][-1].first  # days ahead matter more than days past


def test_a_code_that_is_struck_is_unlisted_from_then_on():
    new = draft(renamed)
    lost = [region for region in compared(renamed).regions if region.new.disposition == "unlisted"]
    assert lost and all(region.witness.facts["item.control_code"] == "1C905.a.4" for region in lost)
    assert all(region.witness.asked(new).disposition == "unlisted" for region in lost)


def test_a_code_that_comes_and_that_no_rule_names_is_not_controlled_and_no_longer_unlisted():
    def comes(rules, document):
        like = next(row for row in document["codes"] if row["code"] == "ANN61-P1")
        document["codes"].append(like | {"code": "ANN61-P9", "category": "ribbon", "list": "ribbons"})

    found = compare(first(), draft(comes), since=TODAY)
    assert {(one.old.disposition, one.new.disposition) for one in found.regions} == {("unlisted", "not_controlled")}


def test_days_before_the_first_one_asked_for_are_left_out():
    def ended(rules, document):
        rules["R047"]["effective_from"] = "2026-10-01"

    assert compare(first(), draft(ended), since=TODAY).regions == ()
    assert compare(first(), draft(ended)).tightens


def test_rules_without_effect_are_named_as_before_and_as_now():
    twice = draft(lambda rules, document: another(rules, document, "R048", "R044"))
    found = compare(first(), twice)
    assert found.regions == () and set(found.idle) - set(found.idle_before) == {"R044", "R048"}


def test_a_change_that_changes_no_outcome_is_told():
    def unfelt(rules, document):
        rules["R042"]["match"]["end_use.code"].remove("TERROR")  # R024 says the same of it
        rules["R041"]["effect"]["params"]["max_clearances"] = 24  # it is disabled
        document["rules"].remove(rules["R010"])
        rules["R003"]["effect"]["disposition"] = "case_by_case"

    assert compare(first(), draft(unfelt)).unfelt == ("R010", "R041", "R042")
    assert compare(first(), draft(no_remove)).unfelt == ()


def test_who_is_hit_is_told_and_what_changes_for_those_who_hold_a_license():
    def hit(rules, document):
        rules["R034"]["applies_to"] = ["new"]
        rules["R030"]["match"]["destination.country"] = ["US", "KR"]
        rules["R031"]["applies_to"] = ["existing", "new"]
        document["rules"].remove(rules["R035"])
        rules["R033"]["transition"] = {"until": "2027-01-31"}

    found = compare(first(), draft(hit)).reach
    everybody = ["existing", "new", "pending"]
    assert {one.rule: (sorted(one.before), sorted(one.after), one.otherwise) for one in found} == {
        "R030": (everybody, everybody, True),
        "R031": (everybody, ["existing", "new"], False),
        "R033": (everybody, everybody, True),
        "R034": (everybody, ["new"], False),
        "R035": (everybody, [], False),
    }


def graced(**transition):
    return draft(lambda rules, _: rules["R033"].update(transition=transition))


@pytest.mark.parametrize(
    ("before", "after", "ways"),
    [
        ({}, {"until": "2027-01-31"}, {LOOSENS}),
        ({"until": "2027-01-31"}, {}, {TIGHTENS}),
        ({"until": "2027-01-31"}, {"until": "2027-02-01"}, {LOOSENS}),
        ({"until": "2027-01-31"}, {"until": "2027-01-30"}, {TIGHTENS}),
        ({"until": "2027-01-31"}, {"until": "2027-01-31", "contracts_signed_before": "2026-12-01"}, {TIGHTENS}),
        (
            {"until": "2027-01-31"},
            {"until": "2027-03-31", "contracts_signed_before": "2026-12-01"},
            {TIGHTENS, LOOSENS},
        ),
        ({"contracts_signed_before": "2026-12-01"}, {}, set()),
        ({"until": "2026-11-24"}, {}, set()),  # over before the draft begins
        ({"until": "2026-11-25"}, {}, {TIGHTENS}),
    ],
)
def test_a_longer_grace_loosens_and_a_shorter_one_tightens(before, after, ways):
    found = compare(graced(**before), graced(**after), since=TODAY)
    assert [one.directions for one in found.reach] == [ways]
    assert (found.tightens, found.loosens) == (TIGHTENS in ways, LOOSENS in ways)


@pytest.mark.parametrize(
    ("before", "after", "ways"),
    [
        ({}, {"applies_to": ["new", "pending"]}, {LOOSENS}),
        ({"transition": {"until": "2027-01-31"}}, {"transition": {}, "applies_to": ["new", "pending"]}, {LOOSENS}),
        ({"applies_to": ["new", "pending"]}, {}, {TIGHTENS}),
        ({"enabled": False}, {"enabled": False, "transition": {"until": "2027-01-31"}}, set()),
        ({"enabled": False}, {"transition": {"until": "2027-01-31"}}, {TIGHTENS}),
        ({"transition": {"until": "2027-01-31"}}, {"enabled": False}, {LOOSENS}),
        (
            {"effect": {"disposition": "exempt"}},
            {"effect": {"disposition": "exempt"}, "transition": {"until": "2027-01-31"}},
            set(),
        ),
        ({"effective_to": "2026-11-24"}, {"effective_to": "2026-11-24", "transition": {"until": "2027-01-31"}}, set()),
    ],
)
def test_a_ban_goes_the_way_it_goes_for_those_who_hold_a_license_where_it_bars_them(before, after, ways):
    def changed(parts):
        return draft(lambda rules, _: rules["R033"].update(copy.deepcopy(parts)))

    [one] = compare(changed(before), changed(after), since=TODAY).reach
    assert (one.rule, one.directions) == ("R033", ways)
    assert one.otherwise == ("existing" in one.before & one.after)


def grouped(rules, document):
    document["groups"]["NATO"] = {"en": "NATO", "zh": "北约", "countries": ["DE", "FR"]}
    another(rules, document, "R048", "R030", match={"destination.group": ["NATO"]}, applies_to=["existing"])
    another(rules, document, "R049", "R030", match={"item.category": ["magnet"]}, applies_to=["existing"])


def smaller(rules, document):
    grouped(rules, document)
    document["groups"]["NATO"]["countries"] = ["DE"]
    next(row for row in document["codes"] if row["code"] == "1C905.a.4")["category"] = "alloy"


def test_a_rule_that_means_other_countries_or_codes_hits_those_who_hold_a_license_in_another_way():
    found = compare(draft(grouped), draft(smaller), since=TODAY)
    assert [one.rule for one in found.reach] == ["R048", "R049"]
    assert all(one.before == one.after == {"existing"} for one in found.reach)
    assert compare(draft(grouped), draft(grouped), since=TODAY).reach == ()


def test_a_rule_that_is_overridden_for_those_who_hold_a_license_hits_them_in_another_way():
    def lifted(who):
        match = {"destination.country": ["JP"]}
        parts = {"match": match, "applies_to": [who], "overrides_disposition_of": ["R033", "R042"]}
        return draft(lambda rules, document: another(rules, document, "R048", "R045", **parts))

    assert [one.rule for one in compare(first(), lifted("existing"), since=TODAY).reach] == ["R033", "R048"]
    assert [one.rule for one in compare(first(), lifted("new"), since=TODAY).reach] == ["R048"]


def test_countries_that_fit_a_rule_only_together_are_compared():
    def together(rules, document):
        document["groups"]["NATO"] = {"en": "NATO", "zh": "北约", "countries": ["DE", "FR"]}
        match = {"destination.country": ["KR"], "destination.group": ["NATO"]}
        another(rules, document, "R048", "R045", match=match, effect={"disposition": "prohibited"})

    found = compare(first(), draft(together), since=TODAY)
    assert found.tightens and "R048" not in found.idle
    assert found.regions and all({"DE", "KR"} <= {*region.witness.facts[COUNTRY]} for region in found.regions)


def test_an_end_use_that_is_gone_is_told_because_its_cases_are_asked_again():
    new = draft(lambda _, document: document["end_uses"].pop("RESEARCH"))
    assert compare(first(), new, since=TODAY).unsaid == ("RESEARCH",)
    said = {"item.control_code": "1C905.b", "end_use.code": "RESEARCH"}
    missing = [one.assess(as_read(said, one.edition), on=TODAY).missing for one in (first(), new)]
    assert ["end_use.code" in names for names in missing] == [False, True]


def test_pending_cases_are_compared_apart():
    new = draft(lambda rules, _: rules["R044"].update(applies_to=["new"]))
    found = compare(first(), new, since=TODAY)
    assert found.loosens and {who for region in found.regions for who, _ in region.when} == {"pending"}
    assert all(region.witness.audience == "pending" for region in found.regions)


def test_what_is_too_large_is_compared_by_a_sample_that_says_so():
    new = draft(no_remove)
    found = compare(first(), new, largest=811_007, drawn=20_000)
    assert found.sampled and found.size == 811_008 and found.loosens
    assert sum(region.count for region in found.regions) < 20_000
    assert all(differences(one.witness.asked(first()), one.witness.asked(new)) for one in found.regions)


def test_of_a_sample_no_rule_is_told_to_be_without_effect():
    new = draft(lambda rules, document: another(rules, document, "R198", "R044"))
    whole, sample = (compare(first(), new, drawn=2_000, **size) for size in ({}, {"largest": 811_007}))
    assert whole.idle and whole.idle_before and whole.unfelt == ("R198",)
    assert sample.sampled and (sample.idle, sample.idle_before, sample.unfelt) == ((), (), ())


def test_a_space_above_fifty_million_is_counted_before_a_vector_is_made():
    def vast(rules, document):
        for fact in (
            "end_use.code",
            "transaction.purpose",
            "end_user.class",
            "exporter.red_flag",
            "destination.country",
        ):
            words = FACTS[fact].words or document["end_uses"] if fact != COUNTRY else ["DE", "FR", "IT", "PL"]
            for at, word in enumerate(words):
                another(rules, document, f"{fact}{at}", "R044", match={fact: [word]})

    before = time.process_time()
    found = compare(first(), draft(vast), since=TODAY, drawn=2_000)
    assert found.size > 50_000_000 and found.sampled and found.tightens
    assert time.process_time() - before < 20


def test_of_a_draft_that_changes_much_the_largest_regions_are_told(monkeypatch):
    def bare(rules, document):
        document["rules"] = [rules["R001"], rules["R023"]]
        document["windows"] = [one for one in document["windows"] if one["clause"] is None]

    monkeypatch.setattr(comparison, "DESCRIBED", 1)
    new = draft(bare)
    found = compare(first(), new, since=TODAY)
    assert found.tightens and found.loosens and found.more > 100
    assert {way for region in found.regions for way in region.directions} >= {"tightens", "loosens"}


def test_of_a_draft_that_changes_much_each_rule_is_named_where_the_fewest_others_differ(monkeypatch):
    """A ban of a narrow kind that is switched off amid a reform is told by itself."""

    def narrow(rules, document):
        match = {"item.control_code_prefix": ["1C905.a.4"], "destination.country": ["IN"], "end_use.code": ["RESEARCH"]}
        another(rules, document, "R900", "R033", match=match, applies_to=["new", "pending"])

    def reform(rules, document):
        narrow(rules, document)
        document["rules"][-1]["enabled"] = False
        for name in ("R001", "R002", "R022"):
            rules[name]["effect"].setdefault("require", []).append(f"paper_of_{name}")

    monkeypatch.setattr(comparison, "DESCRIBED", 1)
    found = compare(draft(narrow), draft(reform), since=TODAY)
    named = {name for region in found.regions for name in region.rules}
    assert found.more > 10 and {"R001", "R002", "R022", "R900"} <= named
    milder = [region for region in found.regions if "R900" in region.rules and "loosens" in region.directions]
    assert any(not {"R002", "R022"} & set(region.rules) for region in milder)


def test_of_a_draft_that_changes_much_a_lost_paper_hides_no_new_one(monkeypatch):
    """Which another rule asks for, too, in most cases."""
    of_india = {"item.control_code_prefix": ["1C905"], "destination.country": ["IN"]}

    def asked(rules, document):
        effect = {"disposition": "case_by_case", "require": ["undertaking"]}
        another(rules, document, "R900", "R042", match=of_india, effect=effect)
        most = sorted({*document["end_uses"]} - {"RESEARCH"})
        match, effect = of_india | {"end_use.code": most}, {"require": ["site_plan"]}
        another(rules, document, "R901", "R042", match=match, effect=effect)

    def swapped(rules, document):
        asked(rules, document)
        document["rules"][-2]["effect"]["require"] = ["site_plan"]

    monkeypatch.setattr(comparison, "DESCRIBED", 1)
    found = compare(draft(asked), draft(swapped), since=TODAY)
    assert {("loosens", None), ("tightens", "site_plan")} <= {
        (one.direction, one.new) for region in found.regions for one in region.differences
    }


def test_of_a_draft_that_changes_much_a_lost_paper_hides_no_lost_outcome(monkeypatch):
    """What a rule asks for is another in many cases, and in few, where no other rule says so, its outcome, too."""

    def barred(rules, document):
        match = {"item.control_code_prefix": ["1C905"], "destination.country": ["IN"]}
        effect = {"disposition": "case_by_case", "require": ["undertaking"]}
        another(rules, document, "R900", "R042", match=match, effect=effect)
        match = {"item.control_code_prefix": ["1C905"], "destination.country": ["IN"], "end_use.code": ["RESEARCH"]}
        another(rules, document, "R901", "R042", match=match, effect={"remove": ["annual"]})

    def lost(rules, document):
        barred(rules, document)
        document["rules"][-2]["effect"] = {"disposition": "presumption_of_approval"}

    monkeypatch.setattr(comparison, "DESCRIBED", 1)
    found = compare(draft(barred), draft(lost), since=TODAY)
    parts = {one.part for region in found.regions if "R900" in region.rules for one in region.differences}
    assert {"paper", "disposition"} <= parts


def test_vectors_with_absent_facts_stand_beside_the_whole():
    new = draft(lambda rules, document: document["rules"].remove(rules["R001"]))
    compared_whole = compare(first(), new)
    assert compared_whole.loosens and {one.rules for one in compared_whole.regions} == {("R001",)}
    found = compared_whole.absent
    assert found.drawn == 2_000 and found.differing > 20 and found.witness is not None
    assert differences(found.witness.asked(first()), found.witness.asked(new))


def test_what_is_milder_only_as_long_as_a_fact_is_missing_loosens():
    def asked_first(rules, document):
        rules["R030"]["match"]["screening.hit"] = [*FACTS["screening.hit"].words]

    found = compare(first(), draft(asked_first), since=TODAY)
    assert found.regions == () and found.loosens and not found.tightens
    old, new = (found.absent.witness.asked(one) for one in (first(), draft(asked_first)))
    assert (old.disposition, new.disposition) == ("prohibited", "presumption_of_denial")


def test_what_is_milder_as_long_as_a_fact_is_missing_is_found_however_few_it_concerns():
    narrow = {"item.control_code_prefix": ["1C905.a.4"], "destination.country": ["IN"]}
    narrow |= {"end_user.class": ["academic"], "end_use.code": ["RESEARCH"]}

    def ban(**more):
        return lambda rules, document: another(rules, document, "R900", "R033", match=narrow | more)

    new = draft(ban(**{"screening.hit": [*FACTS["screening.hit"].words]}))
    found = compare(draft(ban()), new, since=TODAY)
    assert found.regions == () and found.loosens and found.unfelt == ("R900",)
    assert found.absent.differing > 20


@pytest.mark.parametrize(("name", "value"), [("unit", "g"), ("hs_codes", ["8505"]), ("element", "Sm")])
def test_what_a_code_says_of_goods_and_no_outcome_does_is_told(name, value):
    def change(rules, document):
        next(row for row in document["codes"] if row["code"] == "1C905.b")[name] = value

    found = compare(first(), draft(change), since=TODAY)
    assert found.of_goods == ("1C905.b",) and comparisons.way(found) == comparisons.CHANGES


def test_goods_codes_in_another_order_are_the_same():
    def turned(rules, document):
        next(row for row in document["codes"] if len(row["hs_codes"]) > 1)["hs_codes"].reverse()

    found = compare(first(), draft(turned), since=TODAY)
    assert found.of_goods == () and comparisons.way(found) == comparisons.NOTHING


def test_the_whole_comparison_takes_seconds_not_minutes():
    new = draft(no_remove)
    before = time.process_time()
    compare(first(), new)
    assert time.process_time() - before < 5
