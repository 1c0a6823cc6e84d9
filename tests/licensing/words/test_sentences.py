"""A rule as a sentence: whoever never saw the document knows when it counts, what follows, for whom and since when."""

from django.utils.translation import override

from licensing.policy import shape, vocabulary
from licensing.words import phrases, sentences
from tests.policy.drafts import another, draft, first

NAMES = {"JP": "Japan", "US": "United States", "KR": "South Korea", "CN": "China"}


def told(name, change=None, countries=NAMES):
    return sentences.told(name, (draft(change) if change else first()).edition, countries)


def barred(rules, document):
    another(
        rules,
        document,
        "R048",
        "R033",
        match={
            "item.control_code_prefix": ["1C905", "1C906.b"],
            "destination.country": ["JP", "KR"],
            "end_use.code": ["MIL_USE"],
        },
        effect={
            "control": True,
            "disposition": "prohibited",
            "grant": ["special_application"],
            "remove": ["annual", "single"],
            "require": ["undertaking", "risk_assessment_report"],
            "clock": "untimed",
            "params": {
                "max_validity_months": 1,
                "max_clearances": None,
                "qty_tolerance_mode": "pct_line",
                "qty_tolerance_pct": "0.05",
                "report_days_after_shipment": 15,
                "conditions": ["NO_RESALE", "PORT_ONLY"],
            },
        },
        transition={"until": "2027-01-31", "contracts_signed_before": "2026-11-01"},
        overrides_disposition_of=["R040"],
        effective_from="2026-12-01",
        effective_to="2027-12-31",
    )


def test_a_rule_is_a_sentence_with_every_condition_and_every_effect():
    found = told("R048", barred)
    assert found.sentence == (
        "When the item is 1C906.b or any code beginning with 1C905, and the destination is Japan or South Korea, and "
        "the end-use is “Military end-use”, then: controlled; prohibited; open: an application for special "
        "circumstances; closed: annual licenses, per-shipment licenses; papers: risk assessment report, undertaking "
        "that the goods serve nothing else; no time limit in law; longest validity: 1 month; clearances of a license: "
        "without limit; tolerance of quantity: percent of each line; share of that tolerance: 5 %; report after a "
        "shipment: within 15 days; conditions: no resale and through the named ports only."
    )


def test_it_says_whom_it_hits_with_the_grace_and_on_which_days():
    found = told("R048", barred)
    assert found.hits == (
        "It hits new applications, pending cases and licenses in force. Shipments that were reserved before, under "
        "contracts signed before 1 Nov 2026, may still be declared until 31 Jan 2027."
    )
    assert found.days == "In force from 1 Dec 2026 until 31 Dec 2027."
    assert found.notes == ("It takes away the outcome that these rules would give: R040.",)
    paused = "Suspended from 7 Nov 2025 until 10 Nov 2026."
    assert told("R002").days == f"In force with its clause: from 8 Nov 2025 on. {paused}"


def test_grace_without_a_day_of_contracts_and_without_a_day_at_all():
    def graced(rules, document):
        rules["R033"]["transition"] = {"until": "2027-01-31"}
        rules["R034"]["transition"] = {"contracts_signed_before": "2026-11-01"}

    assert told("R033", graced).hits.endswith("that were reserved before may still be declared until 31 Jan 2027.")
    assert told("R034", graced).hits.endswith("No day of grace is named.")
    assert told("R033").hits == "It hits new applications, pending cases and licenses in force."


def test_a_default_of_the_product_is_no_provision_and_what_is_unverified_is_told():
    ours, theirs = told("R041"), told("R033")
    assert (ours.provision, ours.authority, ours.verified) == (None, "Default of this product", False)
    assert (theirs.provision, theirs.authority, theirs.verified) == ("Ann. 1/2026, 1", "Announcement", True)


def test_a_rule_that_is_not_enabled_or_controls_nothing_says_so():
    assert not told("R041").enabled
    assert told("R041").notes == (
        "It is not enabled and has no effect.",
        "It controls nothing by itself: it counts for goods that another rule controls.",
    )
    assert told("R001").notes == ()


def test_facts_that_are_true_or_false_and_shares_are_told_in_words():
    assert "the exporter is qualified for annual licenses" in told("R040").sentence
    assert "the share of Chinese inputs in the value is 0.1 % or more" in told("R005").sentence
    assert "it was made with Chinese technology" in told("R006").sentence

    def unqualified(rules, document):
        rules["R040"]["match"] = {"exporter.annual_qualified": False, "end_user.validated": False}

    assert "the exporter is not qualified" in told("R040", unqualified).sentence
    assert "the end-user is not validated" in told("R040", unqualified).sentence


def test_a_group_is_told_by_its_name():
    def grouped(rules, document):
        document["groups"]["E"] = {"en": "Eastern neighbors", "zh": "东部邻国", "countries": ["JP"]}
        rules["R040"]["match"] = {"destination.group": ["E"]}

    assert "a country of this group: “Eastern neighbors”" in told("R040", grouped).sentence


def test_every_key_of_a_match_and_every_parameter_has_its_words():
    assert set(phrases.CONDITIONS) | set(phrases.FLAGS) == set(shape.MATCH["properties"])
    assert set(phrases.PARAMS) == set(shape.PARAMS["properties"])
    assert set(phrases.CLOCKS) == set(vocabulary.CLOCKS)
    assert set(sentences.HIT) == set(vocabulary.AUDIENCES)


def test_it_is_told_in_chinese_to_whoever_reads_it():
    with override("zh-hans"):
        found = told("R048", barred, {"JP": "日本", "KR": "韩国"})
    assert found.sentence.startswith(
        "物项为1C906.b或以1C905开头的任一编码，且目的地为日本或韩国，且最终用途为“军事用途”的：受管制；禁止；"
    )
    assert found.hits.startswith("适用于新申请、在办案件和有效许可证。")
    assert found.days == "自2026年12月1日起至2027年12月31日止施行。"
