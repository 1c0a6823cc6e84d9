"""History as a reader may see it."""

import pytest
from django.db import transaction
from django.utils import translation

from core import access
from core.history import lines_of, record
from core.models import HistoryLine
from core.telling import sentence, told
from licensing.models import Application
from shipments import actions as shipments
from shipments.models import Shipment
from tests import make

pytestmark = pytest.mark.django_db


def test_an_exporter_reads_which_office_acted_and_an_officer_reads_who(world):
    ref = world.shipment(world.license(kilograms=10), 1_000).ref
    program = access.actor_for_key(access.live_key(make.key(world.customs, "customs:confirm")))
    shipments.receive(world.message(ref, grams=1_000), by=program)
    shipment = Shipment.objects.get(ref=ref)
    ours = world.exporter.user.name
    assert [line.actor_name for line in told(lines_of(shipment), world.exporter)] == [ours, "customs"]
    assert [line.actor_name for line in told(lines_of(shipment), world.ministry.auditor)] == [ours, "Test"]
    declared = lines_of(shipment.license)
    assert {line.actor_name for line in told(declared, world.exporter)} == {"the ministry"}


def test_of_nothing_that_happened_nothing_is_told(world):
    assert told([], world.exporter) == []


def test_what_customs_says_is_told_with_how_much_of_which_line(world):
    ref = world.shipment(world.license(kilograms=10), 5_000).ref
    part = world.message(ref, grams=1_000, final=False)
    right = {"corrects": part.message_id, "lines": [shipments.ClearedLine(1, 1_500, "kg")]}
    back = {"lines": [shipments.ClearedLine(1, 500, "kg")], "reimport_no": "530120269000000001"}
    later = [
        world.message(ref, grams=2_000),
        world.message(ref, "corrected", reason="Weighed again", **right),
        world.message(ref, "returned", **back),
    ]
    for message in (part, *later):
        shipments.receive(message, by=world.customs)
    said = [line.sentence for line in told(lines_of(Shipment.objects.get(ref=ref)), world.exporter)]
    assert said[1:] == [
        "Cleared by customs: line 1: 1 kg",
        "Cleared by customs: line 1: 2 kg",
        "Corrected by customs, what crossed: line 1: 1.5 kg",
        "Came back, as customs reported: line 1: 0.5 kg",
    ]


def test_a_clearance_from_before_its_quantities_were_kept_is_told_without_them(world):
    line = HistoryLine(subject_kind="shipment", verb="clear", facts={"message_id": "GAC-1"})
    assert sentence(line) == "Cleared by customs"


@pytest.mark.parametrize(("language", "said"), [("en", "until 1 Dec 2026"), ("zh-hans", "2026年12月1日")])
def test_a_day_is_told_as_its_reader_writes_it(language, said):
    line = HistoryLine(subject_kind="draft", verb="publish", facts={"until": "2026-12-01"})
    with translation.override(language):
        assert said in sentence(line)


def test_what_one_person_goes_on_typing_is_told_once_at_its_last_time(world):
    case = Application.objects.get(ref=world.application())
    colleague = make.colleague(world.exporter, "clerk")
    with transaction.atomic():
        for by, verb in (
            (world.exporter, "edit"),
            (world.exporter, "edit"),
            (colleague, "edit"),
            (world.exporter, "edit"),
        ):
            record(case, verb, by=by)
        record(case, "add_document", by=world.exporter)
        record(case, "add_document", by=world.exporter)
    lines = list(lines_of(case))[-6:]
    assert [(line.verb, line.at) for line in told(lines, world.exporter)] == [
        (line.verb, line.at) for line in (lines[1], *lines[2:])
    ]
