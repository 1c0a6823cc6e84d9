"""Customs' messages beyond declared and cleared, over REST: what is read, answered, and shown of a shipment."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shipments.actions import officers
from shipments.models import CustomsMessage, Return
from tests import make
from tests.api.test_shipments import MESSAGES, PATH, border, declared, door, message

__all__ = ["border", "door"]
LINE = {"license_line": 1, "unit": "kg"}


def body(shipment, event, **changes):
    return declared(shipment.ref) | {"event": event} | changes


@pytest.fixture
def cleared(world, border):
    """(shipment, what was sent)"""
    shipment = world.shipment(world.license(kilograms=5_000), 1_200_000)
    sent = message(shipment.ref)
    assert border.post(MESSAGES, sent).status_code == 200
    return shipment, sent


def test_a_question_its_answer_and_a_rejection_are_read_by_customs_and_the_holder(world, border, door):
    shipment = world.shipment(world.license(kilograms=5_000), 1_200_000)
    asked = border.post(MESSAGES, body(shipment, "questioned", reason="What is it?"))
    assert (asked.status_code, asked.json()["state"], asked.json()["lines"]) == (200, "questioned", [])
    officers.answer(shipment.ref, seen=make.seen(shipment.ref), reason="Magnets", by=world.ministry.reviewer)
    for reader in (border, door):
        (said,) = reader.get(f"{PATH}{shipment.ref}/").json()["questions"]
        assert (said["text"], said["answer"]) == ("What is it?", "Magnets")
        assert said["asked_at"] < said["answered_at"]
    assert border.post(MESSAGES, body(shipment, "questioned", reason="Which?")).json()["state"] == "questioned"
    (_, open_) = border.get(f"{PATH}{shipment.ref}/").json()["questions"]
    assert open_ | {"asked_at": ""} == {"text": "Which?", "asked_at": "", "answer": None, "answered_at": None}
    assert border.post(MESSAGES, body(shipment, "rejected")).json()["state"] == "rejected"


def test_a_correction_answers_with_what_it_changed_and_stands_beside_the_shipment(cleared, border, door):
    shipment, sent = cleared
    lines = [LINE | {"quantity": "1190.000"}]
    facts = {"corrects": sent["message_id"], "reason": "Weighed again", "lines": lines}
    answer = border.post(MESSAGES, body(shipment, "corrected", message_id="FIX-1", **facts))
    assert answer.json() == {
        "message_id": "FIX-1",
        "shipment": shipment.ref,
        "state": "cleared",
        "lines": [{"license_line": 1, "drawn": "-6.400", "released": "0.000", "over_cleared": "0.000"}],
    }
    (found,) = door.get(f"{PATH}{shipment.ref}/").json()["corrections"]
    assert found | {"reported_at": ""} == {
        "message_id": "FIX-1",
        "corrects": sent["message_id"],
        "reason": "Weighed again",
        "reported_at": "",
        "lines": [{"license_line": 1, "unit": "kg", "before": "1196.400", "after": "1190.000"}],
    }
    posted = door.get(f"/api/v1/licenses/{shipment.license.ref}/movements/").json()["results"]
    assert (posted[-1]["kind"], posted[-1]["quantity"]) == ("adjust", "-6.400")


def test_what_came_back_is_answered_and_shown_with_what_was_decided(world, cleared, border, door):
    shipment, _ = cleared
    facts = {"reimport_declaration_no": "530120269000000001", "lines": [LINE | {"quantity": "100.000"}]}
    answer = border.post(MESSAGES, body(shipment, "returned", **facts)).json()
    assert answer["lines"] == [
        {"license_line": 1, "drawn": "0.000", "released": "0.000", "over_cleared": "0.000", "returned": "100.000"}
    ]
    (back,) = door.get(f"{PATH}{shipment.ref}/").json()["returns"]
    assert (back["approved"], back["reason"], back["reimport_declaration_no"]) == (None, None, "530120269000000001")
    assert back["lines"] == [{"license_line": 1, "quantity": "100.000", "unit": "kg"}]
    which = Return.objects.get().pk
    seen = make.seen(shipment.ref)
    officers.approve_return(shipment.ref, seen=seen, which=which, reason="Seen", by=world.ministry.decider)
    shown = door.get(f"{PATH}{shipment.ref}/").json()
    assert (shown["returns"][0]["approved"], shown["returns"][0]["reason"]) == (True, "Seen")
    assert (shown["lines"][0]["returned"], shown["lines"][0]["credited"]) == ("100.000", "100.000")
    (line,) = door.get(f"/api/v1/licenses/{shipment.license.ref}/").json()["lines"]
    assert (line["credited"], line["available"]) == ("100.000", "3903.600")


def test_a_correction_before_its_clearance_is_refused_and_taken_when_it_is_sent_again(world, border):
    shipment = world.shipment(world.license(kilograms=5_000), 1_200_000)
    first = message(shipment.ref)
    facts = {"corrects": first["message_id"], "reason": "x", "lines": [LINE | {"quantity": "1.000"}]}
    early = body(shipment, "corrected", **facts)
    answers = border.post(MESSAGES, [early, first, early, early, first]).json()
    assert [one["status"] for one in answers] == [422, 200, 200, 200, 200]
    assert answers[0]["body"]["code"] == "unknown-reference"
    assert CustomsMessage.objects.count() == 2
    shipment.refresh_from_db()
    assert shipment.lines.get().drawn == 1_000


GOOD = {
    "declared": {},
    "questioned": {"reason": "x"},
    "cleared": {"cleared_at": "2026-11-25T09:30:00+08:00", "lines": [LINE | {"quantity": "1"}], "final": True},
    "rejected": {"reason": "x"},
    "corrected": {"corrects": "A", "reason": "x", "lines": [LINE | {"quantity": "0"}]},
    "returned": {"reimport_declaration_no": "530120269000000001", "lines": [LINE | {"quantity": "1"}]},
}
ALL = {name: value for facts in GOOD.values() for name, value in facts.items()}


@pytest.mark.parametrize("event", GOOD)
def test_each_event_carries_what_is_its_own_and_nothing_else(event):
    from shipments.api.serializers import CARRIES, MessageInput

    about = {"message_id": "M", "shipment": make.unknown("SH"), "declaration_no": "530120260000000001"}
    about |= {"declared_at": "2026-11-25T09:30:00+08:00", "event": event}

    def codes(facts):
        read = MessageInput(data=about | facts)
        read.is_valid()
        return {name: found[0].code for name, found in read.errors.items()}

    assert codes(GOOD[event]) == {}
    assert codes({}) == dict.fromkeys(CARRIES[event][0], "required")
    others = {name: value for name, value in ALL.items() if name not in GOOD[event]}
    assert codes(GOOD[event] | others) == dict.fromkeys(others, "unknown-field")


@pytest.mark.parametrize("event", ["cleared", "returned"])
def test_only_a_correction_says_that_nothing_crossed(event, border, cleared):
    shipment, _ = cleared
    lines = [LINE | {"quantity": "0.000"}, LINE | {"license_line": 2, "quantity": "1.000"}]
    sent = message(shipment.ref, event=event) if event == "cleared" else body(shipment, event, **GOOD[event])
    answer = border.post(MESSAGES, sent | {"lines": lines})
    assert answer.status_code == 422
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/lines/0/quantity", "must-be-positive")
    ]


def test_a_list_of_shipments_asks_as_often_for_three_as_for_one(world, border, door):
    license, counts = world.license(kilograms=5_000), []
    door.get(PATH)  # the first use of a key is written down
    for number in (1, 3):
        while license.shipments.count() < number:
            shipment = world.shipment(license, 10_000)
            sent = message(shipment.ref, lines=[LINE | {"quantity": "10.000"}])
            border.post(MESSAGES, body(shipment, "questioned", reason="?"))
            border.post(MESSAGES, sent)
            facts = {"corrects": sent["message_id"], "reason": "x", "lines": [LINE | {"quantity": "9.000"}]}
            border.post(MESSAGES, body(shipment, "corrected", **facts))
            border.post(MESSAGES, body(shipment, "returned", **GOOD["returned"]))
        with CaptureQueriesContext(connection) as asked:
            assert len(door.get(PATH).json()["results"]) == number
        counts.append(len(asked))
    assert counts[0] == counts[1]
