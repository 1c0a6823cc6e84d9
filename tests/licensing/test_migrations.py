"""An old copy upgrades with its data, and finds its way back."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from licensing.selectors import clearances_taken

OLD, NEW = "0008_authorization_before_tolerance", "0009_clearance_counts"


def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
def test_clearances_that_were_counted_on_the_license_are_counted_still(world):
    limited, free = world.license(kind="per_shipment", kilograms=100), world.license(kilograms=100)
    world.shipment(limited, 100_000)
    world.shipment(free, 1_000)
    newest = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] == "licensing"]
    try:
        MigrationExecutor(connection).migrate([("licensing", OLD)])
        before = ask("SELECT id, clearances_taken FROM licensing_license ORDER BY id")
        ask("SELECT ledger_count(id, 1) FROM licensing_license")  # as the old version counts
        MigrationExecutor(connection).migrate([("licensing", NEW)])
        counted = ask("SELECT license_id, taken FROM licensing_clearancecount")
    finally:
        MigrationExecutor(connection).migrate(newest)
    assert before == [(limited.pk, 1), (free.pk, 0)]
    assert counted == [(limited.pk, 2)]
    assert clearances_taken([limited, free]) == {limited.pk: 2, free.pk: 1}
