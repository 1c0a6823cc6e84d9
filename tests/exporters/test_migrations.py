"""An old copy upgrades with its data, and finds its way back."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core.legal_time import legal_now


def migrate(name="", model="Exporter"):
    """The model as it is at the migration of this name; as it is now, every app at its last one, without a name."""
    executor = MigrationExecutor(connection)
    targets = [("exporters", name)] if name else executor.loader.graph.leaf_nodes()
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps.get_model("exporters", model)


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_provinces_that_were_typed_become_codes_and_names_again():
    typed = ["Jiangxi", "jiangxi province", "江西", "江西省", "Inner Mongolia", "香港", "Nowhere", ""]
    try:
        old = migrate("0003_code_held_by_the_verified")
        organizations = old._meta.get_field("organization").related_model.objects
        for number, province in enumerate(typed):
            office = organizations.create(kind="exporter", name_en=f"Company {number}")
            old.objects.create(organization=office, uscc=f"{number:018d}", province=province)
        new = migrate("0005_province_is_a_code")
        codes = list(new.objects.order_by("pk").values_list("province", flat=True))
        old = migrate("0003_code_held_by_the_verified")
        names = list(old.objects.order_by("pk").values_list("province", flat=True))
    finally:
        migrate()
    assert codes == ["36", "36", "36", "36", "15", "81", "", ""]
    assert names == ["Jiangxi"] * 4 + ["Inner Mongolia", "Hong Kong", "", ""]


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_whoever_was_commercial_because_nobody_chose_is_asked_again(world):
    kinds = ["commercial", "military", "academic"]
    exporter = world.exporter.organization_id
    try:
        old = migrate("0005_province_is_a_code", "Party")
        for kind in kinds:
            facts = {"name": kind, "country_id": "DE", "nature": kind, "exporter_id": exporter}
            old.objects.create(ref=f"PTY-{kind}"[:16], created_at=legal_now(), **facts)
    finally:
        new = migrate(model="Party")
    assert list(new.objects.order_by("pk").values_list("nature", flat=True)) == ["", "military", "academic"]
