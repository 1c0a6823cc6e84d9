"""Which goods they are: model, maker, origin and purity, and how it is known what they contain."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core.legal_time import legal_now
from licensing.actions import amendments, copies
from licensing.web.changes import copied
from tests.licensing.test_prices import row_of
from tests.make import seen

SAID = {
    "composition_basis": "measured",
    "specification": "N38UH-T",
    "maker": "Ganzhou Works",
    "origin_id": "VN",
    "purity": Decimal("99.9500"),
}


def says(row):
    return {name: getattr(row.lines.get(), name) for name in SAID}


@pytest.mark.parametrize("verb", [copies.copy_license, amendments.amend])
def test_what_begins_with_a_license_has_it(world, verb):
    license = world.license()
    license.application.lines.update(**SAID)
    more = {"seen": seen(license.ref)} if verb is amendments.amend else {}
    row = verb(license.ref, **more, by=world.exporter)
    assert says(row) == SAID
    row.lines.update(maker="Another", origin="CN")
    if verb is copies.copy_license:
        found = [(str(one.label), one.before, one.now) for one in copied(row, legal_now().date()).changes]
        assert ("Line 1: maker", "Ganzhou Works", "Another") in found
        assert ("Line 1: country of origin", "Vietnam", "China") in found


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"purity": 0}, "application_line_purity"),
        ({"purity": "100.0001"}, "application_line_purity"),
        ({"composition_basis": "guessed"}, "application_line_basis"),
    ],
)
def test_postgresql_refuses_what_no_goods_are(world, said, name):
    lines = row_of(world).lines
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        lines.update(**said)
