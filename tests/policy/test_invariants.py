"""Standing invariants: held by the first edition on every day, and broken by a draft with a witness that does so."""

from datetime import date

import pytest

from licensing.policy.classes import known
from licensing.policy.editions import Invariant
from licensing.policy.engine import Outcome
from licensing.policy.invariants import held, keeps
from licensing.policy.promises import weakened
from tests.policy.drafts import draft, first

pytestmark = pytest.mark.full  # each goes over all cases that could exist

TODAY = date(2026, 11, 25)


def broken(change, **more):
    """The invariants that a draft breaks, by their ids; each witness is looked at by the rules of one case."""
    new = draft(change)
    found = {}
    for one in held(new.edition.invariants, new, **more):
        if not one.held:
            said = one.witness.asked(new)
            assert not keeps(one.invariant, said) and keeps(one.invariant, one.witness.asked(first()))
            assert any(span.covers(one.witness.on) for _, spans in one.when for span in spans) and one.boxes
            found[one.invariant.id] = one
    return found


def test_the_first_edition_holds_all_five_on_every_day():
    found = held(first().edition.invariants, first())
    assert [(one.invariant.id, one.held, one.count, one.sampled) for one in found] == [
        (name, True, 0, False) for name in ("I1", "I2", "I3", "I4", "I5")
    ]


def test_a_possible_hit_may_be_exempt_and_no_hit_is():
    facts = {"item.control_code": "ANN61-P1", "exporter.territory": "overseas", "item.origin": "CN"} | {
        "end_use.code": "HUMANITARIAN",
        "end_user.class": "commercial",
        "screening.hit": "possible",
        "destination.country": "DE",
        "exporter.annual_qualified": False,
        "item.cn_input_value_share": "0",
    }

    def said(hit):
        return first().assess(known(facts | {"screening.hit": hit}, first().edition), on=date(2026, 11, 20)).disposition

    hits = ("possible", "control_list", "watch_list", "military_list", "owned_50_by_listed")
    assert [said(hit) == "exempt" for hit in hits] == [True, False, False, False, False]


def lost_barrier(rules, document):
    del rules["R045"]["effect"]["remove"]


def open_to_all(rules, document):
    rules["R040"]["match"].pop("exporter.annual_qualified")


def milder_defence(rules, document):
    rules["R042"]["effect"]["disposition"] = "case_by_case"


def no_way(rules, document):
    del rules["R004"]["effect"]["grant"]


def exempt_flagged(rules, document):
    rules["R014"]["overrides_disposition_of"].append("R022")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lost_barrier, {"I2"}),
        (open_to_all, {"I1"}),
        (milder_defence, {"I3"}),
        (no_way, {"I4"}),
        (exempt_flagged, {"I5"}),
    ],
)
def test_a_draft_that_breaks_one_is_told_which_and_where(change, names):
    assert set(broken(change)) == names


def test_what_is_broken_is_told_with_its_days_and_its_boxes():
    (one,) = broken(lost_barrier, since=TODAY).values()
    assert one.count == 2400 and one.when[0][1][0].first == TODAY
    kinds = [classes for box in one.boxes for side, classes in box.sides if side.fact == "end_user.class"]
    assert [[value["end_user.class"] for value in kind.values] for (kind,) in kinds] == [["military"]] * len(one.boxes)


def test_days_past_may_be_left_out():
    def late(rules, document):
        rules["R042"]["effective_from"] = "2026-01-01"

    assert set(broken(late)) == {"I3"} and broken(late, since=TODAY) == {}


def test_an_edition_is_asked_about_those_of_the_one_that_it_follows():
    def struck(rules, document):
        document["invariants"] = []
        lost_barrier(rules, document)

    new = draft(struck)
    assert held(new.edition.invariants, new) == ()
    assert [one.invariant.id for one in held(first().edition.invariants, new) if not one.held] == ["I2"]


def test_what_is_held_by_a_sample_is_told_as_such():
    found = held(first().edition.invariants, first(), largest=1_000, drawn=5_000)
    assert all(one.sampled and one.held for one in found)
    some = held(first().edition.invariants, draft(lost_barrier), largest=1_000, drawn=20_000)
    assert [one.invariant.id for one in some if not one.held] == ["I2"]


CONTROLS = {"controlled": True, "disposition": "case_by_case", "channels": ("annual", "single")}


def of(**then):
    row = {"id": "I9", "when": (), "without_channels": frozenset(), "at_least": "", "never": frozenset()}
    return Invariant(**(row | {"has_channel": False} | then))


@pytest.mark.parametrize(
    ("invariant", "outcome", "kept"),
    [
        (of(without_channels=frozenset({"annual"})), CONTROLS, False),
        (of(without_channels=frozenset({"registration"})), CONTROLS, True),
        (of(at_least="presumption_of_denial"), CONTROLS, False),
        (of(at_least="case_by_case"), CONTROLS, True),
        (of(at_least="standard_review"), CONTROLS, True),
        (of(never=frozenset({"case_by_case"})), CONTROLS, False),
        (of(never=frozenset({"exempt"})), CONTROLS, True),
        (of(has_channel=True), CONTROLS, True),
        (of(has_channel=True), CONTROLS | {"channels": ()}, False),
        (of(has_channel=True), CONTROLS | {"channels": (), "disposition": "prohibited"}, True),
        (of(at_least="prohibited", has_channel=True), {"controlled": False, "disposition": "unlisted"}, True),
        (of(has_channel=True), {"controlled": None, "disposition": "needs_facts"}, True),
    ],
)
def test_what_an_outcome_keeps(invariant, outcome, kept):
    assert keeps(invariant, Outcome(**outcome)) is kept


def invariant(name, change):
    def changed(rules, document):
        row = next(one for one in document["invariants"] if one["id"] == name)
        change(row)

    return changed


@pytest.mark.parametrize(
    ("name", "change", "weaker"),
    [
        ("I1", lambda row: row["when"].pop(0), True),
        ("I1", lambda row: row["when"][1]["end_use.code"].pop(), True),
        ("I1", lambda row: row["when"][0].update({"exporter.annual_qualified": True}), True),
        ("I1", lambda row: row["when"][4].update({"exporter.annual_qualified": True}), True),
        ("I1", lambda row: row.update(then={"without_channels": ["single"]}), True),
        ("I3", lambda row: row.update(then={"at_least": "case_by_case"}), True),
        ("I3", lambda row: row.update(then={"never": ["exempt"]}), True),
        ("I4", lambda row: row.update(then={"never": ["exempt"]}), True),
        ("I4", lambda row: row.update(when=[{"destination.country": ["JP"]}]), True),
        ("I5", lambda row: row.update(then={"at_least": "case_by_case"}), True),
        ("I5", lambda row: row.update(struck="Nobody knows."), True),
        ("I1", lambda row: row.pop("when"), False),
        ("I1", lambda row: row["when"].append({"destination.country": ["JP"]}), False),
        ("I1", lambda row: row["when"][1]["end_use.code"].append("UNKNOWN"), False),
        ("I3", lambda row: row.update(then={"at_least": "prohibited", "has_channel": True}), False),
        ("I3", lambda row: row.update(sentence_en="In other words."), False),
    ],
)
def test_an_invariant_is_weakened_by_fewer_cases_and_by_asking_less(name, change, weaker):
    assert weakened(first(), draft(invariant(name, change))).keys() == ({name} if weaker else set())


def test_of_a_weakened_invariant_each_part_that_is_less_is_told():
    def change(row):
        row["when"].pop(0)
        row["then"] = {"at_least": "case_by_case"}

    def struck(row):
        row["struck"] = "Order 7"

    assert weakened(first(), draft(invariant("I1", change))) == {"I1": ("when", "without_channels")}
    assert weakened(first(), draft(invariant("I3", lambda row: row.update(then={"at_least": "case_by_case"})))) == {
        "I3": ("at_least",)
    }
    assert weakened(first(), draft(invariant("I4", lambda row: row.update(then={"never": ["exempt"]})))) == {
        "I4": ("has_channel",)
    }
    assert weakened(first(), draft(invariant("I5", lambda row: row.update(then={"has_channel": True})))) == {
        "I5": ("never",)
    }
    assert weakened(first(), draft(invariant("I5", struck))) == {"I5": ("struck",)}


def test_an_invariant_is_weakened_by_what_its_words_name_and_by_a_share():
    def spoken_of(countries, share):
        def change(rules, document):
            document["groups"]["FAR"] = {"en": "Far", "zh": "远方", "countries": countries}
            match = {"destination.group": ["FAR"], "item.cn_input_value_share": {"gte": share}}
            document["invariants"][1]["when"] = [match]

        return draft(change)

    before = spoken_of(["US", "CA"], "0.2")
    assert weakened(before, spoken_of(["CA", "US", "MX"], "0.1")) == {}
    assert weakened(before, spoken_of(["CA"], "0.2")) == {"I2": ("when",)}
    assert weakened(before, spoken_of(["US", "CA"], "0.3")) == {"I2": ("when",)}
