"""The parts of pages that show rules, differences, the comparison and invariants: nothing is told by color alone."""

import re
from html import escape, unescape

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from licensing.policy import comparison
from licensing.policy.invariants import held
from licensing.words import comparisons, sentences
from licensing.words.differences import changes
from tests.licensing.words.test_comparisons import NAMES, SINCE, banned, enabled, found, lost, told
from tests.policy.drafts import draft, first
from tests.policy.test_slips import IDLE


@pytest.fixture(autouse=True)
def quicker(monkeypatch):
    monkeypatch.setattr(comparison, "idle", IDLE)


def shown(part, **context):
    return " ".join(render_to_string(f"licensing/parts/policy_{part}.html", context).split())


def words(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_a_rule_is_shown_with_its_authority_and_that_it_is_not_enabled():
    ours = words(shown("rule", rule=sentences.told("R041", first().edition, NAMES)))
    assert "R041 Default of this product: No provision says so. Unverified Not enabled When the item's list" in ours
    theirs = words(shown("rule", rule=sentences.told("R033", first().edition, NAMES)))
    assert "R033 Announcement: Ann. 1/2026, 1 Verified When the destination is Japan" in theirs
    assert "Not enabled" not in theirs


def test_what_differs_is_marked_for_eyes_and_for_ears():
    html = shown("changes", changes=changes(first().edition, draft(lost).edition, NAMES))
    assert '<del><span class="vh">No longer:</span> annual licenses</del>' in html
    html = shown("changes", changes=changes(first().edition, draft(enabled).edition, NAMES))
    assert '<del><span class="vh">No longer:</span> no</del> <ins><span class="vh">Now:</span> yes</ins>' in html
    assert "<h3>Rule R041 is enabled.</h3>" in html and "<details>" not in html
    html = shown("changes", changes=changes(first().edition, draft(banned).edition, NAMES))
    assert "<summary>Field by field</summary>" in html and "any code beginning with 1C905" in html
    assert "Both say the same, word for word." in shown("changes", changes=())


def test_a_member_that_stays_is_not_marked():
    def more(rules, document):
        rules["R033"]["match"]["destination.country"] = ["JP", "KR"]

    html = shown("changes", changes=changes(first().edition, draft(more).edition, NAMES))
    assert "<span>Japan</span> <ins>" in html


@pytest.mark.slow
def test_the_comparison_is_a_table_with_its_witnesses_folded():
    html = shown("comparison", comparison=told(lost))
    assert '<h2 id="h-comparison">Loosens</h2>' in html and html.count("A case that shows it") == 2
    assert "Samarium-cobalt permanent magnet materials" in html and "1,920 kinds of cases" in html
    assert "Exactly which cases" in shown("comparison", comparison=told(banned))


def test_an_invariant_is_held_or_broken_in_words():
    new = found(lost)[0]
    standing = comparisons.standings(held(first().edition.invariants, new, since=SINCE), new, NAMES, first().edition)
    html = shown("standings", standings=standing)
    assert all(f'lang="en">{escape(one.basis)}</span>' in html for one in standing)  # no edition says it in Chinese
    assert html.count('<span class="tag ok">Held</span>') == 4
    assert '<span class="tag no">Broken</span>' in html and html.count("A case that shows it") == 1


def test_they_are_shown_in_chinese_to_whoever_reads_it():
    with override("zh-hans"):
        html = shown("changes", changes=changes(first().edition, draft(enabled).edition, NAMES))
    assert "启用规则R041。" in html and "No longer" not in html
