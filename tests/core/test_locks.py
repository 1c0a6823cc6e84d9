"""Each verb takes its rows in the order of docs/ledger.md, and reads the clock after that."""

import pytest

from core.errors import NotFound
from core.locks import lock, lock_all
from exporters.models import Exporter, Party
from tests import story

TAKES = {
    "core.add_member": "core_organization now",
    "core.withdraw_invitation": "core_organization now",
    "core.change_member": "core_organization core_membership now",
    "core.create_key": "core_organization now",
    "core.open_office": "now",
    "core.revoke_key": "core_organization core_apikey now",
    "core.propose_officer": "core_organization now",
    "core.confirm_grant": "core_organization core_rolegrant now",
    "core.propose_roles": "core_organization core_membership now",
    "exporters.describe": "exporters_exporter now",
    "exporters.submit": "exporters_exporter now",
    "exporters.send_back": "exporters_exporter now",
    "exporters.verify": "exporters_exporter now",
    "exporters.change_party": "exporters_party now",
    "licensing.declarations.reject": "licensing_declaration now",
    "licensing.declarations.change": "licensing_declaration now",
    "licensing.declarations.attach_signed": "licensing_declaration now",
    "licensing.declarations.submit": "licensing_declaration now",
    "licensing.declarations.verify": "licensing_declaration now",
    "licensing.applications.add_document": "licensing_application now",
    "licensing.applications.remove_document": "licensing_application now",
    "licensing.applications.change": "licensing_application now",
    "licensing.applications.withdraw": "licensing_application now",
    "licensing.applications.not_accept": "licensing_application now",
    "licensing.applications.submit": "exporters_exporter licensing_application now",
    "licensing.applications.accept": "licensing_application now",
    "licensing.decisions.assign": "licensing_application now",
    "licensing.questions.ask": "licensing_application now",
    "licensing.questions.answer": "licensing_application now",
    "licensing.questions.read_answer": "licensing_application now",
    "licensing.questions.close_question": "licensing_application now",
    "licensing.decisions.recommend": "licensing_application now",
    "licensing.decisions.send_back": "licensing_application now",
    "licensing.decisions.approve": "licensing_application now licensing_declaration",
    "licensing.decisions.reopen": "licensing_application now",
    "licensing.decisions.issue": "exporters_exporter licensing_application now licensing_declaration ledger_post",
    "licensing.decisions.refuse": "licensing_application now",
    "shipments.reservations.reserve": "now ledger_take",
    "shipments.customs.receive": "licensing_license shipments_shipment now ledger_settle",
    "shipments.reservations.cancel": "licensing_license shipments_shipment ledger_settle now",
    "shipments.incidents.take": "shipments_handling now",
    "shipments.incidents.note": "shipments_handling now",
    "shipments.incidents.end": "shipments_handling now",
    "licensing.licenses.suspend": "licensing_license licensing_licenseline now",
    "licensing.licenses.lift": "licensing_license licensing_licenseline now",
    "licensing.licenses.warn_of_end": "licensing_license now",
    "shipments.reservations.lapse": "licensing_license shipments_shipment now ledger_settle",
    "licensing.licenses.expire": "licensing_license licensing_licenseline now",
}


def test_each_verb_takes_its_rows_first_and_then_reads_the_clock(world, clock):
    assert story.told(world, clock).steps == TAKES


def test_what_the_actor_does_not_see_is_not_taken(world):
    with pytest.raises(NotFound):
        lock(Exporter.objects.none(), pk=world.exporter.organization_id)


def test_rows_are_taken_in_the_order_of_their_keys(world):
    made = [world.declaration().end_user for _ in range(3)]
    rows = Party.objects.filter(pk__in=[party.pk for party in made]).order_by("-name")
    assert [row.pk for row in lock_all(rows)] == sorted(party.pk for party in made)


def test_a_lock_waits_for_nobody_who_only_refers_to_the_row(world, django_assert_num_queries):
    with django_assert_num_queries(1) as seen:
        lock(Exporter.objects.all(), pk=world.exporter.organization_id)
    assert "FOR NO KEY UPDATE" in seen[0]["sql"]
