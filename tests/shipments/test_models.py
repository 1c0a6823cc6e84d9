"""Each constraint of shipments' tables refuses by itself what breaks it."""

import pytest

from shipments.actions import receive
from shipments.models import Shipment
from tests import make, story
from tests.refused import breaches

BOOKED = "(SELECT max(bulk_id) FROM shipments_sheet)"
CASES = [
    ("shipments_bulk.shipments_bulk_ref_key", {}),
    ("shipments_bulkrow.bulk_row_once", {}),
    ("shipments_customsdeclaration.shipments_customsdeclaration_number_key", {}),
    ("shipments_customsmessage.customs_message_once", {}),
    ("shipments_customsmessage.shipments_customsmessage_status_check", {"status": "-1"}),
    ("shipments_handling.handling_ended_by_owner", {"owner_id": "NULL", "ended_at": "now()"}),
    ("shipments_incident.shipments_incident_ref_key", {}),
    ("shipments_sheet.sheet_once", {"ref": "'FL-X'", "bulk_id": "NULL"}),
    ("shipments_sheet.shipments_sheet_bulk_id_key", {"ref": "'FL-X'", "sha256": "'x'", "bulk_id": BOOKED}),
    ("shipments_sheet.shipments_sheet_ref_key", {"sha256": "'x'", "bulk_id": "NULL"}),
    ("shipments_shipment.shipment_client_reference_once", {"state": "'reserved'", "ref": "'SH-X'"}),
    ("shipments_shipment.shipments_shipment_ref_key", {"state": "'reserved'", "client_reference": "'x'"}),
    ("shipments_resolution.resolution_not_negative", {"line_id": "-1", "quantity": "-1"}),
    ("shipments_resolution.resolution_once", {}),
    ("shipments_return.return_decided_whole", {"message_id": "-1", "approved": "NULL"}),
    ("shipments_return.shipments_return_message_id_key", {}),
    ("shipments_returnedline.returned_line_once", {}),
    ("shipments_returnedline.returned_line_positive", {"line_id": "-1", "quantity": "0"}),
    ("shipments_shipmentline.shipment_line_credited_returned", {"line_number": "31", "credited": "1", "returned": "0"}),
    ("shipments_shipmentline.shipment_line_not_negative", {"held": "-1"}),
    ("shipments_shipmentline.shipment_line_once", {}),
    ("shipments_shipmentline.shipment_line_worth", {"worth_held": "-1"}),
    (
        "shipments_shipmentline.shipment_line_returned_crossed",
        {"line_number": "31", "drawn": "1", "over_cleared": "1", "returned": "3"},
    ),
    ("shipments_shipmentline.shipments_shipmentline_line_number_check", {"line_number": "-1"}),
]


@pytest.mark.full
def test_postgresql_refuses_what_breaks_a_constraint(world, clock):
    story.told(world, clock)
    receive(world.message(make.unknown("SH")), by=world.customs)
    assert breaches(CASES) == {}


@pytest.mark.parametrize(
    ("state", "stopped", "held"),
    [
        ("reserved", False, False),
        ("reserved", True, True),
        ("declared", True, True),
        ("part_cleared", True, True),
        ("cleared", True, False),
        ("cancelled", True, False),
        ("expired", True, False),
    ],
)
def test_an_open_shipment_of_a_license_that_can_not_be_used_is_on_hold(state, stopped, held):
    row = Shipment(state=state)
    row.stopped = stopped
    assert row.on_hold is held
