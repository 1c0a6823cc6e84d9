"""The public statement: what changes, a line for each item that is concerned, and what does not change."""

import pytest

from licensing.policy import comparison
from licensing.words.statements import statement, statements
from tests.licensing.words.test_comparisons import NAMES, SINCE, dropped, enabled, found, prolonged, unsaid
from tests.policy.drafts import another, first
from tests.policy.test_slips import IDLE

pytestmark = pytest.mark.full  # each goes over all cases that could exist


@pytest.fixture(autouse=True)
def quicker(monkeypatch):
    monkeypatch.setattr(comparison, "idle", IDLE)


def said(change):
    new, differs = found(change)
    return statement(first().edition, new.edition, differs, SINCE, NAMES)


def banned(rules, document):
    match = {"item.control_code_prefix": ["1C905"], "destination.country": ["JP"]}
    another(rules, document, "R048", "R033", match=match, effective_from="2027-01-01")


def parts(text):
    """Each part's lines, by its title."""
    return {lines[0]: lines[1:] for lines in (part.split("\n") for part in text.split("\n\n"))}


def test_a_ban_names_each_item_on_a_line_of_its_own_with_where_it_goes_and_since_when():
    told = parts(said(banned))
    assert list(told) == [
        "What changes on 1 Dec 2026, and what does not",
        "What changes",
        "Which goods are concerned",
        "What does not change",
    ]
    assert told["What changes on 1 Dec 2026, and what does not"] == ["The rules become stricter."]
    rule, _ = told["What changes"]
    assert rule.startswith("Rule R048 is added. When the item is any code beginning with 1C905, and the destination is")
    assert rule.endswith("It hits new applications, pending cases and licenses in force. In force from 1 Jan 2027 on.")
    assert len(told["Which goods are concerned"]) == 6
    assert (
        told["Which goods are concerned"][0] == "1C905.a.1 Dysprosium metal, to Japan: prohibited from 1 Jan 2027 on."
    )


def test_a_ban_is_told_once_though_some_of_it_was_prohibited_before_and_not_where_it_does_not_reach():
    """What is exempt from it stays apart."""

    def spared(rules, document):
        banned(rules, document)
        document["rules"][-1]["match"]["end_user.class"] = ["commercial"]

    where, *lines = parts(said(spared))["Which goods are concerned"]
    assert (where, len(lines)) == ("Where the kind of end-user is commercial:", 6)


def test_what_was_prohibited_for_another_reason_is_not_told_with_a_ban():
    """A rule that bars no more, where another one bars the same: nothing changes there."""

    def two(rules, document):
        banned(rules, document)
        rules["R034"]["effect"]["disposition"] = "presumption_of_denial"

    goods = parts(said(two))["Which goods are concerned"]
    assert not any("1C902" in line and "prohibited" in line for line in goods)


def test_what_is_no_longer_prohibited_is_not_told_with_what_still_is():
    def softened(rules, document):
        rules["R033"]["effect"]["disposition"] = "presumption_of_denial"

    goods = parts(said(softened))["Which goods are concerned"]
    assert goods[0].startswith("Where the end-use is any but “Enhances military potential” or “Military end-use”, and")


def test_a_ban_says_what_becomes_of_licenses_in_force_and_its_end_that_they_can_be_used_again():
    suspends, again = "Licenses in force are suspended as far as they allow", "can be used again."

    def for_new(rules, document):
        banned(rules, document)
        document["rules"][-1]["applies_to"] = ["new", "pending"]

    def gone(rules, document):
        document["rules"].remove(rules["R033"])

    told = {change: parts(said(change))["What changes"][-1] for change in (banned, for_new, gone)}
    assert [line.startswith(suspends) for line in told.values()] == [True, False, False]
    assert [line.endswith(again) for line in told.values()] == [False, False, True]


def test_a_rule_of_an_older_clause_is_not_said_to_count_before_its_edition():
    def of_today(rules, document):
        banned(rules, document)
        del document["rules"][-1]["effective_from"]

    rule, _ = parts(said(of_today))["What changes"]
    assert rule.endswith("It hits new applications, pending cases and licenses in force.")


def test_what_does_not_change_names_the_channels_and_the_barriers_that_stay():
    stays = parts(said(banned))["What does not change"]
    assert stays[0] == "Open as before, annual licenses:"
    assert "April list: license before export (Ann. 18/2025, 1-7, R001)" in stays
    barriers = stays[stays.index("Prohibited or presumed refused as before:") :]
    assert "Any end-use that raises Japanese military strength is barred (Ann. 1/2026, 1, R034)" in barriers
    assert not any("R048" in line or "R041" in line for line in stays)


def test_what_does_not_change_names_no_other_goods_or_destinations_and_the_rest_in_one_line():
    stays = parts(said(banned))["What does not change"]
    others = ("R002", "R003", "R031", "R035", "R010", "R022")  # other goods, the United States, whatever goes anywhere
    assert [line for line in stays for name in others if name in line] == []
    assert stays[-1] == "All that is not named here stays as it was."


def test_a_rule_that_changes_or_a_suspension_of_it_is_not_said_to_stay():
    def shorter(rules, document):
        rules["R001"]["effect"]["params"] = {"max_validity_months": 6}

    stays = "\n".join(parts(said(shorter))["What does not change"])
    assert "R040" in stays and "R001" not in stays
    assert "R002" not in "\n".join(parts(said(prolonged))["What does not change"])


def test_a_suspension_prolonged_is_told_by_itself_and_its_items_until_its_last_day():
    told = parts(said(prolonged))
    assert told["What changes"] == [
        "The suspension of Ann. 57/2025 is prolonged: it lasts until 10 Nov 2027, no longer until 10 Nov 2026."
    ]
    assert any(
        line.startswith("1C909.b Holmium oxide") and line.endswith("from 1 Dec 2026 until 10 Nov 2027.")
        for line in told["Which goods are concerned"]
    )


def test_a_rule_enabled_is_told_by_its_sentence_and_a_code_by_its_description():
    (rule,) = parts(said(enabled))["What changes"]
    assert rule.startswith("Rule R041 is enabled. When the item's list is")
    goods = parts(said(enabled))["Which goods are concerned"]
    assert "1C902.a.1 Samarium metal: longest validity: 12 months, now 6 months from 1 Dec 2026 on." in goods
    assert not any(line.startswith("1C905.a.4") for line in goods)
    assert parts(said(dropped))["What changes"] == [
        "1C905.a.4 Dysprosium-containing NdFeB permanent magnet materials is struck from the list."
    ]


def test_what_exporters_do_not_feel_is_not_told_them():
    assert list(parts(said(unsaid))) == ["What changes on 1 Dec 2026, and what does not", "What does not change"]

    def invariant(rules, document):
        del document["invariants"][0]
        rules["R041"]["effect"]["params"]["max_clearances"] = 24  # it is not enabled
        document["rules"].reverse()

    assert "What changes" not in parts(said(invariant))


def test_a_rule_that_is_dropped_or_another_says_what_it_said():
    def otherwise(rules, document):
        document["rules"].remove(rules["R047"])
        rules["R044"]["match"]["end_use.code"] = ["UNKNOWN"]

    another_, gone = parts(said(otherwise))["What changes"]
    assert another_.startswith(
        "Rule R044 is changed. End-use: “Stock for resale, end-user not yet known”; “Not stated”, "
    )
    assert gone.startswith("Rule R047 is dropped. Until now: When ")


def test_a_hold_says_whom_it_stops_from_when_to_when_and_a_code_what_is_another():
    def held(rules, document):
        words = {"reason_en": "Talks are under way.", "reason_zh": "正在商谈。", "owner": "Bureau"}
        days = {"from": "2026-12-01", "until": "2026-12-31"}
        document["holds"] = [{"id": "H001", "match": {"destination.country": ["JP"]}, **days, **words}]
        row = next(row for row in document["codes"] if row["code"] == "1C905.b")
        row["unit"], row["description_en"] = "g", "Another word"

    code, hold = parts(said(held))["What changes"]
    assert hold.startswith(
        "A hold begins: Talks are under way. From 1 Dec 2026 on it looks at this: the destination is"
    )
    assert "until 31 Dec 2026 inclusive. Nothing is approved or issued." in hold
    assert code.endswith("what the list says of it changes. Unit: kg, now g.")


def test_pending_cases_that_go_their_own_way_are_told_apart():
    def only_new(rules, document):
        rules["R044"]["applies_to"] = ["new"]

    goods = parts(said(only_new))["Which goods are concerned"]
    assert any(line.endswith("(pending cases: from 1 Dec 2026 on).") for line in goods)


def test_it_is_given_in_both_languages():
    new, differs = found(banned)
    both = statements(first().edition, new.edition, differs, SINCE, {"en": NAMES, "zh-hans": {"JP": "日本"}})
    assert both["en"] == said(banned)
    assert both["zh-hans"].startswith("2026年12月1日起哪些变化、哪些不变\n规则趋严。\n\n变化内容\n")
    (line,) = (line for line in both["zh-hans"].split("\n") if line.startswith("1C905.a.1 金属镝，出口至日本："))
    assert line.endswith("：自2027年1月1日起，禁止。")
