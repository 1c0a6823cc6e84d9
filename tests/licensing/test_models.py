"""Each constraint of licensing's tables refuses by itself what breaks it."""

from datetime import date
from decimal import Decimal

import pytest

from core.legal_time import day_start
from licensing.models import ExchangeRate
from tests import make, story
from tests.refused import breaches

BEGUN = {"state": "'draft'"}
PUBLISHED = {"state": "'published'", "ref": "'NT-X'"}
ISSUED = {"state": "'active'", "ref": "'EL-X'"}

LATER = {"starts_at": "starts_at + interval '1 day'"}
ENFORCED = {"cause": "'enforcement'", "end_user_id": "NULL", "ended_at": "now() + interval '9 years'"}
OF_A_COMPANY = {"cause": "'exporter'", "ended_at": "NULL", "ended_by_id": "NULL"}
AN_END_USER = "(SELECT max(u.id) FROM licensing_licenseenduser u)"
CASES = [
    (
        "licensing_application.application_window_in_order",
        BEGUN | {"planned_from": "'2026-01-02'", "planned_until": "'2026-01-01'"},
    ),
    ("licensing_application.application_contract_value", BEGUN | {"contract_value": "0"}),
    ("licensing_application.application_currency_known", BEGUN | {"currency": "'EU'"}),
    ("licensing_application.licensing_application_ref_key", BEGUN),
    ("licensing_application.licensing_application_round_check", BEGUN | {"round": "-1"}),
    ("licensing_application.licensing_application_version_check", BEGUN | {"version": "-1"}),
    (
        "licensing_application_consignees.licensing_application_co_application_id_party_id_dc7165e8_uniq",
        {},
    ),
    ("licensing_applicationenduser.application_end_user_once", {}),
    ("licensing_applicationline.application_line_once", {}),
    ("licensing_applicationline.application_line_unit_price", {"unit_price": "0"}),
    ("licensing_applicationline.application_line_value", {"unit_price": "1e12", "quantity": "2000000"}),
    ("licensing_applicationline.application_line_basis", {"composition_basis": "'x'"}),
    ("licensing_applicationline.application_line_purity", {"purity": "0"}),
    ("licensing_applicationline.application_line_quantity", {"quantity": "0"}),
    ("licensing_applicationline.licensing_applicationline_number_check", {"number": "-1"}),
    ("licensing_controlitem.licensing_controlitem_code_key", {}),
    ("licensing_decisionstep.licensing_decisionstep_max_clearances_check", {"max_clearances": "-1"}),
    ("licensing_decisionstep.licensing_decisionstep_months_check", {"months": "-1"}),
    ("licensing_decisionstep.licensing_decisionstep_round_check", {"round": "-1"}),
    ("licensing_decisionstep.step_nobody_takes_both", {"step": "'other'"}),
    (
        "licensing_decisionstep.step_departure_says_why",
        {"outcome": "'approve'", "presumed": "'presumption_of_denial'", "departure": "''", "id": "-1"},
    ),
    (
        "licensing_decisionstep.step_refusal_rests_on_something",
        {"outcome": "'refuse'", "factors": "'{}'", "presumed": "''"},
    ),
    (
        "licensing_decisionstep_end_users.licensing_decisionstep_e_decisionstep_id_applicat_1c5600f0_uniq",
        {},
    ),
    ("licensing_clearancecount.licensing_clearancecount_taken_check", {"*": "", "taken": "-1"}),
    ("licensing_declaration.declaration_signed_is_complete", {"*": "", "no_transfer": "false"}),
    ("licensing_declaration.declaration_original_is_signed", {"*": "", "original_received_on": "signed_on - 1"}),
    ("licensing_declaration.licensing_declaration_ref_key", BEGUN),
    ("licensing_declaration.licensing_declaration_version_check", BEGUN | {"version": "-1"}),
    ("licensing_declarationitem.declaration_item_once", {}),
    ("licensing_enduse.licensing_enduse_position_check", {"position": "-1"}),
    ("licensing_finding.licensing_finding_line_number_check", {"line_number": "-1"}),
    ("licensing_license.license_days_in_order", ISSUED | {"usable_until": "usable_from - 1"}),
    ("licensing_license.licensing_license_application_id_key", ISSUED),
    ("licensing_license.licensing_license_max_clearances_check", ISSUED | {"max_clearances": "-1"}),
    ("licensing_license.licensing_license_ref_key", {"state": "'active'"}),
    ("licensing_license_consignees.licensing_license_consignees_license_id_party_id_bc687211_uniq", {}),
    ("licensing_licensecondition.license_condition_once", {}),
    ("licensing_licenseenduser.license_end_user_once", {}),
    ("licensing_licenseline.license_line_not_negative", {"*": "", "lapsed": "-1"}),
    ("licensing_licenseline.license_line_once", {}),
    ("licensing_licenseline.licensing_licenseline_final_pct_check", {"number": "77", "final_pct": "-1"}),
    ("licensing_allotted.allotted_once", {}),
    ("licensing_allotted.allotted_quantity", {"quantity": "0"}),
    ("licensing_ceiling.ceiling_once", {}),
    ("licensing_ceiling.ceiling_not_negative", {"*": "", "drawn": "-1"}),
    ("licensing_ceiling.ceiling_of_somebody_or_a_value", {"*": "", "account": "'allotment'", "end_user_id": "NULL"}),
    ("licensing_exchangerate.exchange_rate_once", {}),
    ("licensing_exchangerate.exchange_rate_of_a_month", {"month": "month + 1"}),
    ("licensing_recommendedline.recommended_line_value", {"value": "0", "currency": "'CNY'"}),
    ("licensing_licenseline.license_line_within_authorized", {"*": "", "lapsed": "authorized + 1"}),
    ("licensing_licenseline.licensing_licenseline_number_check", {"number": "-1"}),
    ("licensing_movement.licensing_movement_line_number_check", {"line_number": "-1", "id": "-1"}),
    ("licensing_draft.draft_is_its_text", {"ref": "'ED-X'", "text": "'y'"}),
    ("licensing_draft.licensing_draft_ref_key", {}),
    ("licensing_comment.comment_says_something", {"text": "''"}),
    ("licensing_simulation.simulation_done_has_a_result", {"stage": "'done'", "book_at": "NULL"}),
    ("licensing_simulation.licensing_simulation_done_check", {"done": "-1"}),
    ("licensing_simulation.licensing_simulation_total_check", {"total": "-1"}),
    ("licensing_signature.signature_nobody_gives_both", {"part": "'author'"}),
    ("licensing_policyedition.licensing_policyedition_code_key", LATER),
    ("licensing_policyedition.licensing_policyedition_engine_check", {"code": "'Y'", "engine": "-1"} | LATER),
    ("licensing_policyedition.policy_edition_is_its_text", {"code": "'Y'", "text": "'y'"} | LATER),
    ("licensing_follow.follow_once", {}),
    ("licensing_notice.licensing_notice_ref_key", {"state": "'published'"}),
    ("licensing_notice.notice_in_both_languages", PUBLISHED | {"text_zh": "''"}),
    ("licensing_notice.notice_in_both_languages", PUBLISHED | {"text_en": "''"}),
    ("licensing_notice.notice_is_about_something", PUBLISHED | {"instruments": "'{}'"}),
    ("licensing_notice.notice_withdrawn_with_a_reason", PUBLISHED | {"withdrawn_because": "''"}),
    ("licensing_windowwarning.window_warning_once", {}),
    ("licensing_windowwarning.window_warning_stage", {"stage": "8"}),
    ("licensing_declarationentry.declaration_said_in_words", {"text": "''"}),
    (
        "licensing_declarationentry_files.licensing_declarationent_declarationentry_id_docu_eee58569_uniq",
        {},
    ),
    ("licensing_inquiry.inquiry_describes_goods", {"ref": "'IQ-X'", "state": "'asked'", "description": "''"}),
    ("licensing_inquiry.inquiry_signed_is_answered", {"ref": "'IQ-X'", "state": "'asked'", "reason": "'x'"}),
    ("licensing_inquiry.licensing_inquiry_ref_key", {"state": "'asked'"}),
    ("licensing_inquiry_files.licensing_inquiry_files_inquiry_id_document_id_b20cdac9_uniq", {}),
    ("licensing_intent.intent_rests_on_something", {"text": "''"}),
    ("licensing_intent.licensing_intent_recommendation_id_key", {}),
    ("licensing_intentanswer.licensing_intentanswer_intent_id_key", {}),
    ("licensing_intentanswer_files.licensing_intentanswer_f_intentanswer_id_document_48375f23_uniq", {}),
    ("licensing_decisionstep.step_nobody_in_two_rounds", {"round": "round + 1"}),
    (
        "licensing_decisionstep.step_quashed_with_a_reason",
        {"outcome": "'quash'", "step": "'decide'", "presumed": "''", "departure": "''", "round": "9"},
    ),
    ("licensing_reconsideration.licensing_reconsideration_decision_id_key", {}),
    ("licensing_reconsideration.reconsideration_has_grounds", {"grounds": "''"}),
    ("licensing_reconsideration_files.licensing_reconsideratio_reconsideration_id_docum_7814b05d_uniq", {}),
    ("licensing_reconsiderationentry.reconsideration_entry_once", {}),
    ("licensing_reconsiderationentry.reconsideration_extended_for_a_reason", {"kind": "'extend'", "reason": "''"}),
    ("licensing_service.licensing_service_decision_id_key", {}),
    ("licensing_merged.merged_once", {}),
    ("licensing_merged.merged_of_others", {"case_id": "application_id"}),
    ("licensing_visit.visit_says_who_and_what", {"note": "''"}),
    ("licensing_visit.visit_kind", {"kind": "'tea'"}),
    ("licensing_visit.visit_outcome", {"outcome": "'fine'"}),
    ("licensing_visit_files.licensing_visit_files_visit_id_document_id_0b39d339_uniq", {}),
    ("licensing_question.question_about_something", {"about": "'{}'"}),
    ("licensing_questionentry.question_ends_once", {"kind": "'answer'"}),
    ("licensing_questionentry.question_asked_or_closed_in_words", {"kind": "'ask'", "text": "''"}),
    (
        "licensing_questionentry_files.licensing_questionentry__questionentry_id_documen_b5a2df71_uniq",
        {},
    ),
    ("licensing_recommendedline.recommended_line_once", {}),
    ("licensing_recommendedline.recommended_line_quantity", {"quantity": "-1"}),
    ("licensing_screening.screening_hit_has_a_reason", {"hit": "'watch_list'", "reason": "''"}),
    ("licensing_screening.screening_names_its_list", {"list_version": "''"}),
    ("licensing_suspension.suspension_enforcement_ended_by_another", ENFORCED | {"ended_by_id": "opened_by_id"}),
    ("licensing_suspension.suspension_enforcement_ended_by_another", ENFORCED | {"ended_by_id": "NULL"}),
    ("licensing_suspension.suspension_exporter_of_a_license", OF_A_COMPANY | {"end_user_id": AN_END_USER}),
    ("licensing_suspension.suspension_of_an_exporter_once", OF_A_COMPANY | {"+": "", "end_user_id": "NULL"}),
    ("licensing_suspension.suspension_declaration_of_an_end_user", {"cause": "'declaration'", "end_user_id": "NULL"}),
    ("licensing_suspension.suspension_in_order", {"ended_at": "opened_at - interval '1 second'"}),
]


@pytest.mark.full
def test_postgresql_refuses_what_breaks_a_constraint(world, clock):
    world.license(kind="per_shipment", kilograms=1)  # whose clearances are counted
    world.license(kilograms=1, users=2, allotted=[1_000], values={1: Decimal("1.00")})
    ExchangeRate.objects.create(month=date(2026, 12, 1), currency="EUR", cny=8)
    story.told(world, clock)
    make.signed("x", "X", day_start(date(2020, 1, 1)))
    assert breaches(CASES) == {}
