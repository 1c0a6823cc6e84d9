"""History as a reader may see it."""

import pytest
from django.utils import translation

from core import access
from core.history import lines_of
from core.models import HistoryLine
from core.telling import sentence, told
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


@pytest.mark.parametrize(("language", "said"), [("en", "until 1 Dec 2026"), ("zh-hans", "2026年12月1日")])
def test_a_day_is_told_as_its_reader_writes_it(language, said):
    line = HistoryLine(subject_kind="draft", verb="publish", facts={"until": "2026-12-01"})
    with translation.override(language):
        assert said in sentence(line)
