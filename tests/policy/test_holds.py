"""Holds of an edition: which are read, which are refused, which stand for facts on a day, and what a draft changes."""

import copy
from datetime import date

import pytest

from licensing.loading import first_document
from licensing.policy.comparison import compare
from licensing.policy.editions import canonical, read
from licensing.policy.facts import whole
from licensing.policy.strictness import LOOSENS, TIGHTENS
from licensing.words.comparisons import CHANGES, compared, way
from tests.policy.drafts import draft, first
from tests.policy.test_editions import flaws

pytestmark = pytest.mark.full  # each goes over all cases that could exist

FIRST, LAST, LATER = date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 1)


def hold(name="H001", **parts):
    row = {"id": name, "match": {"destination.country": ["JP"]}, "from": str(FIRST), "until": str(LAST)}
    row |= {"reason_en": "Talks are under way.", "reason_zh": "正在磋商。", "owner": "Bureau of Export Control"}
    return {**row, **parts}


def held(*rows):
    return lambda rules, document: document.update(holds=list(rows))


def standing(compiled, on=FIRST, **said):
    facts = whole({"item.control_code": "1C905.a.4", **said}, compiled.edition)
    return [(one.id, missing) for one, missing in compiled.holds(facts, on=on)], [
        one.id for one in compiled.holding(facts, on=on)
    ]


def test_a_text_without_holds_has_none_and_is_the_text_it_was():
    assert first().edition.holds == ()
    assert "holds" not in first_document()


def test_a_hold_is_read_whole_and_in_the_order_of_their_ids():
    [one, two] = draft(held(hold("H2", reservations=True), hold("H1", until=None))).edition.holds
    assert (one.id, one.span.first, one.span.last, one.reservations) == ("H1", FIRST, None, False)
    assert (two.id, two.span.last, two.reservations, two.owner) == ("H2", LAST, True, "Bureau of Export Control")
    assert (two.reason_en, two.reason_zh) == ("Talks are under way.", "正在磋商。")


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"until": "2026-11-30"}, ("/holds/0/until", "ends-before-it-begins")),
        ({"match": {"end_use.code": ["NOTHING"]}}, ("/holds/0/match/end_use.code/0", "matches-nothing")),
        ({"match": {"destination.country": ["jp"]}}, ("/holds/0/match/destination.country/0", "matches-nothing")),
        ({"match": {}}, ("/holds/0/match", "shape")),
        ({"match": {"screening.hit": ["none"]}}, ("/holds/0/match/screening.hit", "hold-would-tell")),
        ({"match": {"end_user.validated": True}}, ("/holds/0/match/end_user.validated", "hold-would-tell")),
        ({"match": {"exporter.red_flag": ["wmd"]}}, ("/holds/0/match/exporter.red_flag", "hold-would-tell")),
        (
            {"match": {"exporter.annual_qualified": True}},
            ("/holds/0/match/exporter.annual_qualified", "hold-would-tell"),
        ),
        ({"owner": ""}, ("/holds/0/owner", "shape")),
        ({"reservations": "yes"}, ("/holds/0/reservations", "shape")),
        ({"from": "tomorrow"}, ("/holds/0/from", "shape")),
        ({"effect": {}}, ("/holds/0", "shape")),
    ],
)
def test_a_hold_that_can_not_be_meant_is_a_flaw(change, flaw):
    document = {**copy.deepcopy(first_document()), "holds": [hold(**change)]}
    assert flaw in flaws(document)


def test_a_hold_that_ends_on_its_first_day_is_none():
    assert read(canonical({**first_document(), "holds": [hold(until=str(FIRST))]})).holds


def test_two_holds_of_one_name_are_a_flaw():
    assert flaws({**first_document(), "holds": [hold(), hold()]}) == [("/holds/1/id", "id-twice")]


@pytest.mark.parametrize(("day", "stands"), [("11-30", []), ("12-01", ["H001"]), ("12-31", ["H001"])])
def test_a_hold_stands_from_its_first_day_to_its_last(day, stands):
    assert (
        standing(draft(held(hold())), date.fromisoformat(f"2026-{day}"), **{"destination.country": "JP"})[1] == stands
    )
    assert standing(draft(held(hold())), date(2027, 1, 1), **{"destination.country": "JP"})[1] == []


def test_without_an_end_it_goes_on():
    assert standing(draft(held(hold(until=None))), date(2099, 1, 1), **{"destination.country": "JP"})[1] == ["H001"]


MATCHES = [
    ({"destination.country": ["JP"]}, {"destination.country": ["DE", "JP"]}, True),
    ({"destination.country": ["JP"]}, {"destination.country": ["DE"]}, False),
    ({"destination.group": ["g"]}, {"destination.country": ["JP"]}, True),
    ({"destination.group": ["g"]}, {"destination.country": ["DE"]}, False),
    ({"item.control_code_prefix": ["1C905.a"]}, {}, True),
    ({"item.control_code_prefix": ["1C904"]}, {}, False),
    ({"item.element": ["Dy"]}, {}, True),
    ({"item.cn_technology": False}, {"item.cn_technology": False}, True),
    ({"item.cn_technology": False}, {"item.cn_technology": True}, False),
    ({"item.cn_input_value_share": {"gte": "0.5"}}, {"item.cn_input_value_share": "0.5"}, True),
    ({"item.cn_input_value_share": {"gte": "0.5"}}, {"item.cn_input_value_share": "0.4"}, False),
    ({"end_user.class": ["military"], "item.element": ["Dy"]}, {"end_user.class": "military"}, True),
    ({"end_user.class": ["military"], "item.element": ["Tb"]}, {"end_user.class": "military"}, False),
]


@pytest.mark.parametrize(("match", "said", "stands"), MATCHES)
def test_a_hold_looks_at_facts_as_a_rule_does(match, said, stands):
    def change(rules, document):
        document["groups"] = {"g": {"en": "Group", "zh": "组", "countries": ["JP", "KR"]}}
        document["holds"] = [hold(match=match)]

    assert standing(draft(change), **said) == (([("H001", ())], ["H001"]) if stands else ([], []))


def test_what_is_not_known_holds_nothing_and_is_said():
    both = {"destination.country": ["JP"], "end_user.class": ["military"]}
    compiled = draft(held(hold(match=both)))
    assert standing(compiled, **{"destination.country": "JP"}) == ([("H001", ("end_user.class",))], [])
    assert standing(compiled, **{"destination.country": "DE"}) == ([], [])
    assert standing(compiled) == ([("H001", ("destination.country", "end_user.class"))], [])


def test_the_days_on_which_holds_turn():
    compiled = draft(held(hold(), hold("H2", **{"from": "2026-12-05"}, until=None)))
    assert [str(day) for day in compiled.hold_turns] == ["2026-12-01", "2026-12-05", "2027-01-01"]


def test_a_draft_that_adds_a_hold_tightens_and_one_that_drops_it_loosens():
    with_one, another = draft(held(hold())), draft(held(hold(owner="Another")))
    added, gone, other = compare(first(), with_one), compare(with_one, first()), compare(with_one, another)
    assert [(one.tightens, one.loosens, one.regions) for one in (added, gone, other)] == [
        (True, False, ()),
        (False, True, ()),
        (True, True, ()),
    ]
    [came], [went], [changed] = added.holds, gone.holds, other.holds
    assert (came.old, came.new.id, came.directions) == (None, "H001", {TIGHTENS})
    assert (went.old.id, went.new, went.directions) == ("H001", None, {LOOSENS})
    assert changed.directions == {TIGHTENS, LOOSENS}
    assert compare(with_one, with_one).holds == ()


def test_a_hold_that_means_other_countries_or_codes_is_another():
    def meaning(match, countries, category):
        def change(_, document):
            document["groups"]["g"] = {"en": "g", "zh": "g", "countries": countries}
            next(row for row in document["codes"] if row["code"] == "1C905.a.4")["category"] = category
            document["holds"] = [hold(match=match)]

        return draft(change)

    for match in ({"destination.group": ["g"]}, {"item.category": ["magnet"]}):
        was, becomes = meaning(match, ["JP", "KR"], "magnet"), meaning(match, ["JP"], "alloy")
        found = compare(was, becomes, since=FIRST)
        assert [one.name for one in found.holds] == ["H001"] and found.loosens
        assert compare(was, was, since=FIRST).holds == ()


def test_a_hold_that_is_over_by_then_holds_nothing_and_is_told():
    with_one = draft(held(hold()))
    assert [one.late for one in compare(first(), with_one, since=LAST).holds] == [False]
    found = compare(first(), with_one, since=LATER)
    assert way(found) == CHANGES
    assert ([one.late for one in found.holds], found.tightens, found.loosens) == ([True], False, False)
    [told] = compared(found, first(), with_one, {"JP": "Japan"}).holds
    assert told.told.startswith("This hold is over before these rules begin, and holds nothing: Talks are under way.")
    still = draft(held(hold(until="2027-06-30")))
    found = compare(still, with_one, since=LATER)
    assert ([one.late for one in found.holds], found.tightens, found.loosens) == ([True], False, True)
    [told] = compared(found, still, with_one, {"JP": "Japan"}).holds
    assert "It was: Talks are under way." in told.told and "30 Jun 2027" in told.told


def test_a_hold_that_was_over_already_is_none():
    with_one, again = draft(held(hold())), draft(held(hold(until="2027-06-30")))
    found = compare(with_one, again, since=LATER)
    assert [(one.old, one.late) for one in found.holds] == [(None, False)] and not found.loosens
    assert compare(with_one, first(), since=LATER).holds == compare(with_one, with_one, since=LATER).holds == ()


def test_each_hold_that_comes_goes_or_changes_is_told_in_words():
    def told(old, new):
        return [(one.name, one.told) for one in compared(compare(old, new), old, new, {"JP": "Japan"}).holds]

    with_one = draft(held(hold()))
    [(name, came)] = told(first(), with_one)
    assert name == "H001" and came.startswith("A hold begins: Talks are under way.")
    assert (
        "From 1 Dec 2026 on it looks at this: the destination is Japan" in came
        and "Licenses in force can be used." in came
    )
    assert told(with_one, first())[0][1].startswith("A hold ends: Talks are under way.")
    [(_, other)] = told(with_one, draft(held(hold(reservations=True))))
    assert other.startswith("This hold changes. It was:") and "nothing new is reserved" in other
    assert told(with_one, with_one) == []
