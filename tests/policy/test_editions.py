"""An edition's text: one, canonical, read whole or refused with every flaw and its place."""

import copy
import json

import pytest

from licensing.loading import first_document
from licensing.policy import editions
from licensing.policy.editions import LARGEST, Unreadable, canonical, digest_of, read
from licensing.policy.vocabulary import DISPOSITIONS, FACTS


@pytest.fixture
def document():
    return copy.deepcopy(first_document())


def rule(document, name):
    return next(row for row in document["rules"] if row["id"] == name)


def flaws(document):
    with pytest.raises(Unreadable) as refused:
        read(canonical(document) if isinstance(document, dict) else document)
    return [(flaw.where, flaw.code) for flaw in refused.value.flaws]


def test_the_first_edition_is_the_files(document):
    edition = read(canonical(document))
    assert [one.id for one in edition.rules] == sorted(row["id"] for row in document["rules"])
    assert len(edition.rules) == 32 and len(edition.codes) == 81 and len(edition.end_uses) == 21


def test_a_document_has_one_text_however_it_was_written(document):
    turned = {key: document[key] for key in sorted(document, reverse=True)}
    text = canonical(turned)
    assert text == canonical(document) and "四月清单" in text
    assert canonical(json.loads(text)) == text
    assert read(json.dumps(turned, indent=2)).digest == read(text).digest == digest_of(text)
    turned["rules"][0]["clause"] = "1-6"
    assert digest_of(canonical(turned)) != digest_of(text)


def test_defaults_and_ranks_are_those_of_the_file():
    from licensing.loading import RULES

    rules = json.loads(RULES.read_text(encoding="utf-8"))
    assert {name: fact.default for name, fact in FACTS.items() if fact.default is not None} == rules["fact_defaults"]
    assert list(DISPOSITIONS) == rules["disposition_rank"]


def slips():
    """(what is done to the first document, where it is told, as what)"""

    def at(path, value):
        def change(document):
            *way, last = path
            for step in way:
                document = document[step]
            document[last] = value

        return change

    def again(part):
        return lambda document: document[part].append(document[part][0])

    yield again("rules"), "/rules/32/id", "id-twice"
    yield again("codes"), "/codes/81/code", "id-twice"
    yield again("instruments"), "/instruments/16/id", "id-twice"
    yield at(["rules", 0, "instrument"], "A99"), "/rules/0/instrument", "unknown-instrument"
    yield at(["codes", 0, "instrument"], "A99"), "/codes/0/instrument", "unknown-instrument"
    yield at(["windows", 0, "instrument"], "A99"), "/windows/0/instrument", "unknown-instrument"
    yield at(["windows", 0, "suspended_until"], "2025-11-06"), "/windows/0/suspended_until", "ends-before-it-begins"
    overlap = {"instrument": "A57-2025", "clause": None, "suspended_from": "2026-11-10"}
    late = overlap | {"suspended_until": "2027-11-10", "by": "A99"}
    yield at(["windows", 0, "clause"], "99"), "/windows/0/clause", "clause-of-no-rule"
    yield (lambda document: document["windows"].append(late)), "/windows/8", "windows-overlap"
    part = late | {"instrument": "A61-2025", "clause": "1.1"}
    yield (lambda document: document["windows"].append(part)), "/windows/8", "windows-overlap"
    whole = late | {"instrument": "A46-2024"}
    yield (lambda document: document["windows"].append(whole)), "/windows/8", "windows-overlap"
    early = whole | {"suspended_from": "2024-01-01", "suspended_until": "2024-12-02"}
    until = "/windows/8/suspended_until"
    yield (lambda document: document["windows"].append(early)), until, "window-before-its-instrument"
    grace, ban = "/rules/20/transition/until", ["rules", 20, "transition"]
    yield at(ban, {"until": "2026-01-05"}), grace, "grace-before-its-rule"
    yield at(["rules", 0, "transition"], {"until": "2027-01-05"}), "/rules/0/transition/until", "grace-for-nobody"
    for name in ("R/../1", " R1", "R1 ", "R 1", "R\u202e1", "..", "R?x=1", "R1\n", "-"):
        yield at(["invariants", 0, "id"], name), "/invariants/0/id", "no-name"
    yield at(["rules", 0, "id"], "R/1"), "/rules/0/id", "no-name"
    yield at(["groups", "E U"], {"en": "E", "zh": "欧", "countries": ["DE"]}), "/groups", "no-name"
    yield at(["end_uses", "A/B"], {"en": "E", "zh": "欧"}), "/end_uses", "no-name"
    yield at(["end_uses", "civ_wind"], {"en": "E", "zh": "欧"}), "/end_uses/civ_wind", "id-twice"
    yield at(["rules", 1, "id"], "r001"), "/rules/1/id", "id-twice"
    yield at(["invariants", 1, "id"], "i1"), "/invariants/1/id", "id-twice"
    yield at(["instruments", 0, "effective_to"], "2020-11-30"), "/instruments/0/effective_to", "ends-before-it-begins"
    yield at(["rules", 0, "effective_from"], "2025-04-03"), "/rules/0/effective_from", "before-its-instrument"
    clause = "/instruments/9/clauses/1.1"
    yield at(["instruments", 9, "clauses", "1.1"], "2025-10-08"), clause, "clause-before-its-instrument"
    yield at(["instruments", 9, "clauses", "1.1"], "9999-12-31"), clause, "shape"
    yield at(["instruments", 0, "effective_from"], "0001-01-01"), "/instruments/0/effective_from", "shape"
    match = ["rules", 0, "match"]
    prefix, place = "item.control_code_prefix", "/rules/0/match/item.control_code_prefix"
    yield at([*match, prefix], ["1C902", "1C999"]), f"{place}/1", "matches-nothing"
    yield at([*match, "destination.country"], ["Japan"]), "/rules/0/match/destination.country/0", "matches-nothing"
    yield at([*match, "destination.group"], ["EU"]), "/rules/0/match/destination.group/0", "matches-nothing"
    yield at([*match, "end_use.code"], ["BREAD"]), "/rules/0/match/end_use.code/0", "matches-nothing"
    yield at([*match, "item.element"], ["Xx"]), "/rules/0/match/item.element/0", "matches-nothing"
    yield at([*match, "item.list"], ["may"]), "/rules/0/match/item.list/0", "matches-nothing"
    yield at([*match, "item.category"], ["bread"]), "/rules/0/match/item.category/0", "matches-nothing"
    yield at([*match, "item.origin"], ["jp"]), "/rules/0/match/item.origin/0", "matches-nothing"
    yield at([*match, "end_user.class"], ["army"]), "/rules/0/match/end_user.class/0", "shape"
    yield at(match, {}), "/rules/0/match", "shape"
    yield at(["rules", 0, "effect"], {"control": True}), "/rules/0/effect", "no-disposition"
    first, codes = "/rules/0/match/item.control_code_prefix", "item.control_code_prefix"
    yield at(match, {codes: ["1C909"], "item.list": ["april"]}), first, "matches-no-item"
    yield at(match, {codes: ["1C905"], "item.element": ["Ho"]}), first, "matches-no-item"
    magnets = {"item.list": ["none"], "item.category": ["magnet"]}
    yield at(match, magnets), "/rules/0/match/item.list", "matches-no-item"
    hold = {"id": "H1", "match": magnets, "from": "2027-01-01", "until": None, "owner": "Us"}
    hold |= {"reason_en": "Studied.", "reason_zh": "研究中。"}
    yield (lambda document: document.update(holds=[hold])), "/holds/0/match/item.list", "matches-no-item"
    place = "/invariants/1/when/0/item.list"
    yield at(["invariants", 1, "when", 0], magnets), place, "matches-no-item"
    yield at(["rules", 0, "effect"], {}), "/rules/0/effect", "rule-does-nothing"
    yield at(["rules", 0, "effect"], {"params": {}}), "/rules/0/effect", "rule-does-nothing"
    named = "/rules/0/overrides_disposition_of/0"
    yield at(["rules", 0, "overrides_disposition_of"], ["R999"]), named, "unknown-rule"
    yield at(["rules", 0, "overrides_disposition_of"], ["R014"]), named, "overrides-an-override"
    yield at(["rules", 0, "effect", "params"], {"months": 3}), "/rules/0/effect/params", "shape"
    condition = "/rules/0/effect/params/conditions/1"
    yield at(["rules", 0, "effect", "params"], {"conditions": ["NO_RESALE", "SEAL"]}), condition, "shape"
    yield at(["rules", 0, "effective_from"], "2025-13-01"), "/rules/0/effective_from", "shape"
    yield at(["rules", 0, "colour"], "red"), "/rules/0", "shape"


@pytest.mark.parametrize(
    ("change", "where", "code"), list(slips()), ids=lambda part: part if isinstance(part, str) else ""
)
def test_a_slip_is_refused_where_it_stands(document, change, where, code):
    change(document)
    assert flaws(document) == [(where, code)]


@pytest.mark.parametrize(
    "match",
    [
        {"item.list": ["none"]},
        {"item.list": ["none"], "item.category": ["none"], "item.element": ["Ho"], "exporter.territory": ["overseas"]},
        {"item.list": ["april", "none"], "item.category": ["magnet"]},
        {"item.element": ["Ga"]},
    ],
)
def test_what_fits_goods_off_the_lists_matches_something(document, match):
    document["rules"][0]["match"] = match
    assert editions.read(canonical(document))


def test_dates_of_a_rule_are_in_order_and_inside_its_instrument(document):
    rule(document, "R001").update(effective_from="2025-05-01", effective_to="2025-04-30")
    rule(document, "R005")["effective_to"] = "2026-01-02"
    next(row for row in document["instruments"] if row["id"] == "A61-2025")["effective_to"] = "2026-01-01"
    assert flaws(document) == [
        ("/rules/0/effective_to", "ends-before-it-begins"),
        ("/rules/4/effective_to", "after-its-instrument"),
    ]


def test_dates_that_a_rule_takes_from_its_clause_or_its_instrument_are_in_order_too(document):
    rule(document, "R007")["effective_to"] = "2025-10-08"
    rule(document, "R010")["effective_from"] = "2026-01-02"
    instrument = next(row for row in document["instruments"] if row["id"] == "A61-2025")
    instrument["effective_to"] = "2026-01-01"
    instrument["clauses"]["5"] = "2026-01-02"
    at = document["instruments"].index(instrument)
    assert flaws(document) == [
        (f"/instruments/{at}/clauses/5", "begins-after-its-instrument"),
        ("/rules/6/effective_to", "ends-before-it-begins"),
        ("/rules/7/effective_from", "begins-after-its-instrument"),
    ]


def test_the_last_day_of_all_is_a_last_day(document):
    rule(document, "R001")["effective_to"] = "9999-12-31"
    assert read(canonical(document))


def test_every_flaw_is_told_at_once(document):
    document["windows"][0]["instrument"] = document["rules"][3]["instrument"] = "A99"
    assert flaws(document) == [
        ("/rules/3/instrument", "unknown-instrument"),
        ("/windows/0/instrument", "unknown-instrument"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "no-json"),
        ("[" * 200_000, "too-deep"),
        ('{"rules": [], "rules": []}', "key-twice"),
        (" " * (LARGEST + 1), "too-large"),
        ("[]", "shape"),
        ("null", "shape"),
    ],
)
def test_what_is_no_document_is_refused(text, code):
    assert flaws(text) == [("", code)]


def test_a_text_may_be_as_long_as_the_longest(document, monkeypatch):
    text = canonical(document)
    monkeypatch.setattr("licensing.policy.editions.LARGEST", len(text))
    assert read(text).document == document
    monkeypatch.setattr("licensing.policy.editions.LARGEST", len(text) - 1)
    assert flaws(text) == [("", "too-large")]


@pytest.mark.parametrize(
    ("name", "most"), [("code", 20), ("list", 20), ("category", 40), ("element", 10), ("confidence", 20)]
)
def test_words_of_a_code_are_as_long_as_what_keeps_them(document, name, most):
    """Models of the control list have columns of these lengths."""
    document["codes"][0][name] = "x" * most
    assert read(canonical(document)).document["codes"][0][name] == "x" * most
    document["codes"][0][name] += "x"
    assert flaws(document) == [(f"/codes/0/{name}", "shape")]


def test_an_expression_nested_deep_is_no_rule(document):
    text = canonical(document).replace('["1C902",', "[" * 1_000 + '"1C902"' + "]" * 999 + ",", 1)
    assert [code for _, code in flaws(text)] in (["shape"], ["too-deep"])


def test_an_edition_is_not_changed_by_who_reads_it(document):
    text = canonical(document)
    assert editions.read(text).digest == editions.read(text).digest
    with pytest.raises(AttributeError):
        editions.read(text).rules[0].enabled = False


@pytest.mark.parametrize(
    ("part", "value", "where", "code"),
    [
        ("then", {}, "/invariants/0/then", "shape"),
        ("then", {"never": ["bread"]}, "/invariants/0/then/never/0", "shape"),
        ("then", {"colour": "red"}, "/invariants/0/then", "shape"),
        ("when", [], "/invariants/0/when", "shape"),
        ("when", [{"end_use.code": ["BREAD"]}], "/invariants/0/when/0/end_use.code/0", "matches-nothing"),
        ("when", [{"end_user.class": ["army"]}], "/invariants/0/when/0/end_user.class/0", "shape"),
        ("id", "I2", "/invariants/1/id", "id-twice"),
    ],
)
def test_an_invariant_that_says_nothing_is_refused_where_it_stands(document, part, value, where, code):
    document["invariants"][0][part] = value
    assert flaws(document) == [(where, code)]


def test_an_edition_says_what_its_invariants_are_or_that_there_are_none(document):
    del document["invariants"]
    assert flaws(document) == [("", "shape")]
    document["invariants"] = []
    assert editions.read(canonical(document)).invariants == ()
