"""Classes of facts: what no rule tells apart is one class, and every vector of classes can be asked about."""

import random
from datetime import date
from itertools import combinations

import pytest

from licensing.policy.classes import Space, known
from licensing.policy.facts import whole
from licensing.policy.vocabulary import COUNTRY
from tests.policy.drafts import another, draft, first

ON = date(2026, 11, 28)


@pytest.fixture(scope="module")
def space():
    return Space(first())


def classes(space, fact):
    return next(dimension.classes for dimension in space.dimensions if dimension.fact == fact)


def values(one, fact):
    return [value[fact] for value in one.values]


def of_value(space, fact, value):
    return next(one for one in classes(space, fact) if value in values(one, fact))


def test_the_first_edition_is_some_hundred_thousand_vectors(space):
    assert [len(dimension.classes) for dimension in space.dimensions] == [11, 2, 2, 2, 4, 8, 3, 2, 6, 2, 2, 2]
    assert space.size == 811_008


def test_every_value_is_in_one_class_and_the_blank_element_among_them(space):
    items = [value for one in classes(space, "item.control_code") for value in one.values]
    assert len(items) == 81 + 2 * 119 and all(items.count(value) == 1 for value in items)
    assert {"item.control_code": "none", "item.element": "", "exporter.territory": "domestic"} in items
    assert sorted(use for one in classes(space, "end_use.code") for use in values(one, "end_use.code")) == sorted(
        first().edition.end_uses
    )


def test_every_value_is_one_that_can_be_asked_about():
    for dimension in Space(first()).dimensions:
        for one in dimension.classes:
            for value in one.values:
                assert set(value) <= set(whole(value, first().edition))


def test_values_of_one_class_come_out_alike_and_those_of_two_do_not_fail_the_same_rules(space):
    source = random.Random(6)
    for _ in range(400):
        chosen = [source.choice(dimension.classes).values for dimension in space.dimensions]
        one, other = ({k: v for values in chosen for k, v in source.choice(values).items()} for _ in range(2))
        assert first().assess(whole(one, first().edition), on=ON) == first().assess(
            whole(other, first().edition), on=ON
        )
    for dimension in space.dimensions:
        assert len({(one.failing, one.unlisted) for one in dimension.classes}) == len(dimension.classes)


def test_a_country_that_no_rule_names_stands_for_all_of_them(space):
    found = {tuple(values(one, "destination.country")): one.others for one in classes(space, "destination.country")}
    assert found == {("JP",): False, ("US",): False, ("DE",): True, (("JP", "US"),): False}
    named = draft(lambda rules, _: rules["R030"]["match"].update({"destination.country": ["US", "DE"]}))
    assert [
        values(one, "destination.country") for one in classes(Space(named), "destination.country") if one.others
    ] == [["FR"]]


def each_its_own(rules, document):
    for at, country in enumerate(["FR", "IT", "PL"]):
        another(rules, document, f"R90{at}", "R030", match={"destination.country": [country]})


def in_groups(rules, document):
    each_its_own(rules, document)
    for name, countries in (("EAST", ["FR", "IT"]), ("WEST", ["IT", "PL", "JP"])):
        document["groups"][name] = {"en": name, "zh": name, "countries": countries}
    both_keys = {"destination.country": ["FR", "US"], "destination.group": ["EAST"]}
    another(rules, document, "R910", "R030", match=both_keys)
    another(rules, document, "R911", "R030", match={"destination.group": ["WEST"]})


@pytest.mark.parametrize("change", [each_its_own, in_groups])
def test_every_list_of_countries_fails_what_a_class_of_them_fails(change):
    new = draft(change)
    found = Space(first(), new)
    failing = {one.failing for one in classes(found, COUNTRY)}
    lists = [chosen for size in range(1, 7) for chosen in combinations(("DE", "FR", "IT", "JP", "PL", "US"), size)]
    assert {tuple(one.failing({COUNTRY: some}) for one in (first(), new)) for some in lists} == failing
    assert not found.together and len(classes(found, COUNTRY)) == len(failing) == 2**5


@pytest.mark.parametrize(
    ("most", "sets", "number"), [(30, 10 + 10 + 5, 4), (29, 10 + 10, 3), (25, 10 + 10, 3), (24, 10, 2), (14, 10, 2)]
)
def test_of_too_many_sets_of_countries_those_of_few_are_classes(monkeypatch, most, sets, number):
    monkeypatch.setattr("licensing.policy.classes.MOST_SETS", most)
    found = Space(draft(each_its_own))
    names = [values(one, COUNTRY)[0] for one in classes(found, COUNTRY)]
    assert len(names) == 6 + sets and max(len(one) for one in names if isinstance(one, tuple)) == number
    assert found.together == number and not Space(first()).together


def test_countries_that_fit_a_rule_only_together_stand_with_each_other_one(monkeypatch):
    def hub(rules, document):
        each_its_own(rules, document)
        document["groups"]["HUB"] = {"en": "Hub", "zh": "枢纽", "countries": ["AE", "HK"]}
        match = {"destination.country": ["US"], "destination.group": ["HUB"]}
        another(rules, document, "R910", "R030", match=match)

    monkeypatch.setattr("licensing.policy.classes.MOST_SETS", 40)
    found = Space(draft(hub))
    sets = [values(one, COUNTRY)[0] for one in classes(found, COUNTRY)]
    assert found.together == 2
    three = [("AE", "FR", "US"), ("AE", "IT", "US"), ("AE", "JP", "US"), ("AE", "PL", "US")]
    assert sorted(one for one in sets if len(one) == 3) == three
    monkeypatch.setattr("licensing.policy.classes.MOST_SETS", 23)
    assert sum(len(values(one, COUNTRY)[0]) == 3 for one in classes(Space(draft(hub)), COUNTRY)) == 2


def test_sets_of_countries_make_no_space_too_large(monkeypatch):
    whole_size = Space(draft(each_its_own)).size
    monkeypatch.setattr("licensing.policy.classes.LARGEST", whole_size - 1)
    found = Space(draft(each_its_own))
    assert found.together == 4 and found.size == whole_size // 32 * 31


def test_countries_that_fit_a_rule_only_together_are_told_apart():
    def both_keys(rules, document):
        document["groups"]["NATO"] = {"en": "NATO", "zh": "北约", "countries": ["DE", "FR"]}
        together = {"destination.country": ["KR"], "destination.group": ["NATO"]}
        another(rules, document, "R048", "R030", match=together)

    new = draft(both_keys)
    found = {one.values[0]["destination.country"]: one for one in classes(Space(new), "destination.country")}
    assert {("KR",), ("DE",), ("DE", "KR")} <= {(name,) if isinstance(name, str) else name for name in found}
    (rule,) = (1 << at for at, rule in enumerate(new.rules) if rule.id == "R048")
    assert [bool(found[name].failing[0] & rule) for name in ("DE", "KR", ("DE", "KR"))] == [True, True, False]


def test_a_threshold_and_what_lies_below_it_are_two_classes(space):
    share = "item.cn_input_value_share"
    assert [values(one, share) for one in classes(space, share)] == [["0"], ["0.001"]]


def test_what_either_edition_tells_apart_is_told_apart():
    finer = draft(lambda rules, _: rules["R045"]["match"].update({"end_user.class": ["military", "government"]}))
    kinds = [values(one, "end_user.class") for one in classes(Space(first(), finer), "end_user.class")]
    assert kinds == [["commercial"], ["government"], ["military"], ["academic", "individual"]]


def test_what_only_one_edition_knows_is_unlisted_and_named_by_no_rule_in_the_other():
    def fewer(rules, document):
        document["codes"] = [row for row in document["codes"] if row["code"] != "1C905.a.4"]
        document["end_uses"]["SPACE"] = {"en": "Space", "zh": "航天"}

    without = draft(fewer)
    space = Space(first(), without)
    lost = of_value(space, "item.control_code", "1C905.a.4")
    assert lost.unlisted == (False, True) and lost.values[0]["item.element"] == "Dy"
    assert known(lost.values[0], without.edition)["item.list"] == "none"
    assert known(lost.values[0], first().edition)["item.category"] == "magnet"
    assert "SPACE" in values(of_value(space, "end_use.code", "CIV_AVIATION"), "end_use.code")
    assert known({"end_use.code": "SPACE"}, first().edition)["end_use.code"] == "SPACE"


def test_a_code_that_changes_sides_is_in_no_vector():
    def turned(rules, document):
        next(row for row in document["codes"] if row["code"] == "2B902.a")["official"] = False

    space = Space(first(), draft(turned))
    assert space.of_others == ("2B902.a",)
    assert not any("2B902.a" in values(one, "item.control_code") for one in classes(space, "item.control_code"))
