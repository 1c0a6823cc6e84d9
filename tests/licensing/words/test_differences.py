"""The difference of two editions in words: whatever leaf of the document is another is said, and nothing else."""

import copy
import json
from datetime import date

import pytest
from django.utils.translation import override

from licensing.policy import shape
from licensing.policy.editions import edition_of
from licensing.words import differences, labels
from licensing.words.differences import changes
from tests.policy.drafts import another, draft, first
from tests.policy.test_holds import held, hold

NAMES = {"JP": "Japan", "KR": "South Korea", "US": "United States"}


def told(change, countries=NAMES):
    return changes(first().edition, draft(change).edition, countries)


def said(change):
    return [(one.label, one.old, one.new) for one in change.fields]


def marked(field):
    return [(piece.mark, piece.words) for piece in field.pieces]


def window(document, instrument):
    return next(row for row in document["windows"] if row["instrument"] == instrument)


# --- worked examples --------------------------------------------------------------------------------------
def test_of_equal_editions_nothing_is_said():
    assert changes(first().edition, first().edition, NAMES) == ()


def test_a_rule_that_is_added_is_told_as_a_sentence_with_all_its_fields():
    def banned(rules, document):
        match = {"item.control_code_prefix": ["1C905"], "destination.country": ["JP"]}
        another(rules, document, "R048", "R033", match=match)

    (found,) = told(banned)
    assert (found.part, found.row, found.kind, found.told) == ("rules", "R048", "added", "Rule R048 is added.")
    assert found.old is None
    assert found.new.sentence.startswith(
        "When the item is any code beginning with 1C905, and the destination is Japan, then: prohibited; "
    )
    assert ("Codes that begin with", "", "1C905") in said(found)
    assert {piece.mark for field in found.fields for piece in field.pieces} == {"ins"}
    (back,) = changes(draft(banned).edition, first().edition, NAMES)
    assert (back.kind, back.told, back.new) == ("dropped", "Rule R048 is dropped.", None)
    assert {piece.mark for field in back.fields for piece in field.pieces} == {"del"}


def test_a_rule_that_is_enabled_and_one_that_is_disabled():
    def flipped(rules, document):
        rules["R041"]["enabled"] = True
        rules["R042"]["enabled"] = False

    on, off = told(flipped)
    assert (on.row, on.told, said(on)) == ("R041", "Rule R041 is enabled.", [("Enabled", "no", "yes")])
    assert (off.row, off.told, said(off)) == ("R042", "Rule R042 is disabled.", [("Enabled", "yes", "no")])


def test_a_suspension_is_prolonged_ends_early_begins_and_is_given_up():
    def prolonged(rules, document):
        window(document, "A57-2025")["suspended_until"] = "2027-11-10"

    (found,) = told(prolonged)
    assert found.told == (
        "The suspension of Ann. 57/2025 is prolonged: it lasts until 10 Nov 2027, no longer until 10 Nov 2026."
    )
    assert said(found) == [("Last day of the suspension", "10 Nov 2026", "10 Nov 2027")]

    def otherwise(rules, document):
        window(document, "A46-2024")["suspended_until"] = "2026-06-01"
        window(document, "A62-2025")["by"] = "A72-2025"
        document["windows"].remove(window(document, "A58-2025"))
        more = {"suspended_from": "2027-01-01", "suspended_until": "2027-06-30", "clause": None, "by": "A70-2025"}
        document["windows"].append({"instrument": "A18-2025", **more})

    assert [one.told for one in told(otherwise)] == [
        "The suspension of Ann. 18/2025 from 1 Jan 2027 until 30 Jun 2027 is added.",
        "The suspension of Ann. 46/2024, clause 2 ends early: it lasts until 1 Jun 2026, no longer until 27 Nov 2026.",
        "The suspension of Ann. 58/2025 from 7 Nov 2025 until 10 Nov 2026 is dropped.",
        "The suspension of Ann. 62/2025 from 7 Nov 2025 until 10 Nov 2026 stays; what is said of it changes.",
    ]


def test_a_lost_remove_names_the_channels_that_are_no_longer_closed():
    def lost(rules, document):
        del rules["R045"]["effect"]["remove"]

    (found,) = told(lost)
    assert found.told == "Rule R045 is changed."
    (field,) = found.fields
    assert (field.label, marked(field)) == (
        "Closes",
        [("del", "annual licenses"), ("del", "registration and filing of information")],
    )
    assert "closed: annual licenses" in found.old.sentence and "closed" not in found.new.sentence


def test_a_code_that_is_dropped_is_told_with_its_description():
    (found,) = told(lambda _, document: document["codes"].pop(0))
    assert (found.part, found.row, found.kind) == ("codes", "1C902.a.1", "dropped")
    assert found.told == "1C902.a.1 Samarium metal is struck from the list."


def test_of_a_list_the_members_that_stay_go_and_come_are_told_apart():
    def more(rules, document):
        rules["R033"]["match"]["destination.country"] = ["KR", "JP"]
        rules["R042"]["match"]["end_use.code"].remove("TERROR")

    more_countries, fewer_uses = told(more)
    assert marked(more_countries.fields[0]) == [("", "Japan"), ("ins", "South Korea")]
    assert (more_countries.fields[0].old, more_countries.fields[0].new) == ("Japan", "Japan; South Korea")
    assert marked(fewer_uses.fields[0])[-1] == ("del", "“Terrorist purpose”")


def test_a_condition_that_is_dropped_is_told_to_take_any():
    def forgotten(rules, document):
        del rules["R040"]["match"]["exporter.annual_qualified"]

    (found,) = told(forgotten)
    assert said(found) == [("Exporter qualified for annual licenses", "yes", "any")]
    (back,) = changes(draft(forgotten).edition, first().edition, NAMES)
    assert said(back) == [("Exporter qualified for annual licenses", "any", "yes")]


def test_what_words_alone_would_say_twice_is_told_as_it_stands():
    def finer(rules, document):
        rules["R005"]["match"]["item.cn_input_value_share"]["gte"] = "0.0010"

    assert said(told(finer)[0]) == [
        ("Share of Chinese inputs in the value, at least", '0.1 % ("0.001")', '0.1 % ("0.0010")')
    ]


def test_rows_in_another_order_are_told_once():
    (found,) = told(lambda _, document: document["rules"].reverse())
    assert (found.part, found.kind, found.fields) == ("rules", "moved", ())


def test_instruments_end_uses_groups_and_invariants_are_told_by_their_names():
    def renamed(rules, document):
        document["instruments"][0]["effective_to"] = "2030-12-31"
        document["end_uses"]["SPACE"] = {"en": "Space", "zh": "航天"}
        document["groups"]["E"] = {"en": "Eastern neighbors", "zh": "东部邻国", "countries": ["JP", "KR"]}
        del document["invariants"][1]

    found = told(renamed)
    assert [(one.part, one.row, one.kind) for one in found] == [
        ("instruments", "ECL", "changed"),
        ("end_uses", "SPACE", "added"),
        ("groups", "E", "added"),
        ("invariants", "I2", "dropped"),
    ]
    assert said(found[0]) == [("Last day in force", "no day named", "31 Dec 2030")]
    assert ("Countries", "", "Japan; South Korea") in said(found[2])
    with override("zh-hans"):
        assert "“航天”" in told(renamed)[1].told


def test_a_hold_that_comes_goes_and_changes():
    (came,) = told(held(hold(until=None)))
    assert (came.part, came.row, came.told) == ("holds", "H001", "A hold is added. H001: Talks are under way.")
    assert ("Last day of the hold", "", "no day named") in said(came)
    (gone,) = changes(draft(held(hold())).edition, first().edition, NAMES)
    assert gone.told == "A hold is given up. H001: Talks are under way."
    (other,) = changes(draft(held(hold())).edition, draft(held(hold(reservations=True))).edition, NAMES)
    assert (other.told, said(other)) == (
        "A hold changes. H001: Talks are under way.",
        [("Stops reservations", "no", "yes")],
    )


# --- nothing goes unsaid ----------------------------------------------------------------------------------
def full():
    """The first edition with every field that the shape allows in some row."""
    document = json.loads(json.dumps(first().edition.document))
    rule = document["rules"][0]
    rule |= {"enabled": True, "effective_from": "2025-05-01", "effective_to": "2030-01-01"}
    rule |= {"overrides_disposition_of": ["R040"], "transition": {"contracts_signed_before": "2026-01-01"}}
    rule["transition"]["until"] = "2026-02-01"
    rule["match"] |= {"destination.group": ["E"], "end_user.validated": True}
    rule["effect"] |= {"clock": "untimed", "remove": ["annual"], "require": ["undertaking"]}
    rule["effect"]["params"] = {"qty_tolerance_pct": "0.05", "conditions": ["NO_RESALE"]}
    document["groups"] |= {name: {"en": name, "zh": name, "countries": ["JP", "KR"]} for name in ("E", "ZZ")}
    document["instruments"][0] |= {"effective_to": "2030-01-01", "clauses": {"1": "2025-01-01"}, "note": ""}
    document["instruments"][1]["clauses"] = {}
    every = {key: wanted for row in document["rules"] for key, wanted in row["match"].items()}
    document["invariants"][0]["struck"] = "Order 7"
    document["holds"] = [hold(reservations=True, match=every)]
    return document


def leaves(row, above=()):
    for name, value in row.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*above, name))
        else:
            yield (*above, name), value


def others(place, value):
    """What may stand there instead."""
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
            yield float(value)
        case None:
            yield 7 if place[-1] == "max_clearances" else "9"
        case {}:
            yield {"9": "2025-01-01"}
        case list():
            yield from ([value[:-1], value[::-1]] if len(value) > 1 else [])
            yield [*value, *{"applies_to": {"existing"}, "when": [{"item.cn_technology": True}]}.get(place[-1], ["ZZ"])]
        case _ if place[-1] in labels.DATES or place[0] == "clauses":
            yield str(date.fromisoformat(value).replace(year=2031))
        case _ if place[-1] == "instrument":
            yield "A18-2025" if value == "A21-2025" else "A21-2025"
        case _ if place[-1] in ("gte", "qty_tolerance_pct"):
            yield value + "0"
            yield "0.5"
        case _:
            yield value + "x"
            yield value + " "


def rows_of(document, part):
    rows = document[part]
    return [rows[name] for name in sorted(rows)] if isinstance(rows, dict) else rows


def changed(document, part, at, place, value):
    made = copy.deepcopy(document)
    row = rows_of(made, part)[at]
    for name in place[:-1]:
        row = row[name]
    row[place[-1]] = value
    return made


def of_each_place(document):
    """Every place that some row has: where it stands last."""
    found = {}
    for part in differences.KEYS:
        for at, row in enumerate(rows_of(document, part)):
            for place, value in leaves(row):
                if place[-1] != "id" or part != "instruments" or row["id"] == "A21-2025":
                    found[part, place] = (at, value)
    return found


def test_every_field_that_the_shape_allows_is_tried():
    def allowed(schema, above=()):
        for name, part in schema["properties"].items():
            if part.get("properties"):
                yield from allowed(part, (*above, name))
            else:
                yield (*above, name)

    shapes = {
        "holds": shape.HOLD,
        "rules": shape.RULE,
        "windows": shape.WINDOW,
        "instruments": shape.INSTRUMENT,
        "codes": shape.CODE,
        "thresholds": shape.THRESHOLD,
    }
    places = {(part, place) for part, schema in shapes.items() for place in allowed(schema)}
    tried = {(part, place[:1] if place[0] == "clauses" else place) for part, place in of_each_place(full())}
    assert places - tried == set()


@pytest.mark.parametrize("part", differences.KEYS)
def test_no_leaf_that_differs_goes_unsaid(part):
    document = full()
    old, tried = edition_of(document, ""), 0
    for (of, place), (at, value) in of_each_place(document).items():
        for other in others(place, value) if of == part else ():
            new = edition_of(changed(document, part, at, place, other), "")
            for found in (changes(old, new, NAMES), changes(new, old, NAMES)):
                fields = [field for change in found for field in change.fields if field.place[: len(place)] == place]
                assert fields and all(field.old != field.new for field in fields), (part, place, other)
            tried += 1
    assert tried


@pytest.mark.parametrize("part", ["rules", "instruments", "invariants"])
def test_no_leaf_that_comes_or_goes_goes_unsaid(part):
    document = full()
    old = edition_of(document, "")
    optional = {"enabled", "effective_from", "effective_to", "note", "overrides_disposition_of"}
    for (of, place), (at, _) in of_each_place(document).items():
        if of == part and (
            place[0] in ("match", "effect", "transition", "then", "clauses", "when") or optional & {*place}
        ):
            made = copy.deepcopy(document)
            row = rows_of(made, part)[at]
            for name in place[:-1]:
                row = row[name]
            if place[-1] == "effective_from" and part == "instruments" or place[-1] == "gte":
                continue  # these must be there
            del row[place[-1]]
            new = edition_of(made, "")
            for found in (changes(old, new, NAMES), changes(new, old, NAMES)):
                fields = [field for change in found for field in change.fields]
                assert place in {field.place for field in fields}, (part, place)
                assert all(field.old != field.new for field in fields)


def test_every_field_has_its_label():
    for (_, place), _value in of_each_place(full()).items():
        assert place[0] == "clauses" or ".".join(place) in labels.LABELS, place
