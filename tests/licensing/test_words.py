"""What the rules name has a word, in both languages, and what has none is shown as it is named."""

from datetime import date

import pytest
from django.utils.translation import override

from exporters.models import Party
from licensing.loading import first_document
from licensing.policy import vocabulary
from licensing.policy.editions import canonical, read
from licensing.policy.trace import ANY_OTHER, Fate, Line
from licensing.words import rules, terms

FIRST = read(canonical(first_document()))
WORDS = {
    "dispositions": (terms.DISPOSITIONS, [*vocabulary.DISPOSITIONS, vocabulary.NEEDS_FACTS]),
    "meanings": (terms.MEANINGS, [*vocabulary.DISPOSITIONS, vocabulary.NEEDS_FACTS]),
    "channels": (terms.CHANNELS, vocabulary.CHANNELS),
    "conditions": (terms.CONDITIONS, vocabulary.CONDITIONS),
    "tolerances": (terms.TOLERANCES, vocabulary.TOLERANCES),
    "papers": (terms.PAPERS, {paper for rule in FIRST.rules for paper in rule.effect.require}),
    "facts": (terms.FACTS, vocabulary.FACTS),
    "fates": (rules.FATES, Fate),
    "lists": (terms.VALUES["item.list"], {"none", *(code.list for code in FIRST.codes.values())}),
    "categories": (terms.VALUES["item.category"], {"none", *(code.category for code in FIRST.codes.values())}),
    "kinds of end-users, as companies enter them": (Party.Nature.values, vocabulary.FACTS["end_user.class"].words),
    "authorities": (rules.AUTHORITIES, vocabulary.AUTHORITIES),
    **{name: (terms.VALUES[name], fact.words) for name, fact in vocabulary.FACTS.items() if fact.words},
}


@pytest.mark.parametrize("kind", WORDS)
def test_everything_that_rules_name_has_its_word(kind):
    words, names = WORDS[kind]
    assert set(words) == set(names)


def test_what_an_edition_names_anew_is_shown_as_it_is_named():
    assert terms.word(terms.PAPERS, "seal_of_the_port") == "seal_of_the_port"


@pytest.mark.parametrize(
    ("fact", "value", "en"),
    [
        ("destination.country", ("DE", "QQ"), "Germany; QQ"),
        ("destination.country", ANY_OTHER, "any other"),
        ("item.origin", "DE", "Germany"),
        ("end_use.code", "WMD", "Weapons of mass destruction or delivery systems"),
        ("item.control_code", "none", "on none of these lists"),
        ("item.control_code", "1C905.b", "1C905.b"),
        ("end_user.validated", False, "no"),
        ("screening.hit", "watch_list", "on the watch list"),
    ],
)
def test_a_fact_is_told_in_words(fact, value, en):
    assert terms.value(fact, value, FIRST, {"DE": "Germany"}) == en


def test_end_uses_and_provisions_are_told_in_chinese_to_whoever_reads_it():
    of = {row["id"]: row for row in FIRST.document["rules"]}
    with override("zh-hans"):
        assert terms.value("end_use.code", "MIL_USE", FIRST, {}) == "军事用途"
        assert rules.in_words(of["R033"], FIRST.document)["provision"] == "公告2026年第1号, 1"
    assert rules.in_words(of["R033"], FIRST.document)["provision"] == "Ann. 1/2026, 1"
    assert rules.in_words(of["R042"], FIRST.document)["provision"] is None


def test_of_many_the_first_are_told_and_how_many_more():
    assert terms.listed("abcdefg") == "a; b; c; d; e; f and 1 more"
    assert terms.listed("abcdef") == "a; b; c; d; e; f"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (Line("R1", Fate.MATCHED), "Applies"),
        (Line("R1", Fate.FAILED, ("end_use.code", "item.list")), "Does not fit: End-use; List"),
        (Line("R1", Fate.PAUSED, day=date(2026, 11, 10)), "Suspended: until 10 Nov 2026"),
        (Line("R1", Fate.PAUSED), "Suspended"),
        (Line("R1", Fate.NOT_YET, day=date(2026, 11, 11)), "Not in force yet: from 11 Nov 2026 on"),
    ],
)
def test_what_became_of_a_rule_is_told_with_its_reason(line, told):
    assert rules.became(line) == told
