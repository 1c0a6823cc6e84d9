"""Guards hold whatever the session has set: pgtrigger's own switch, and tables that stand in for real ones."""

import json

import pytest
from django.db import IntegrityError, connection, transaction

from core.models import HistoryLine
from exporters.models import Exporter
from licensing.actions import decisions
from licensing.models import Application, License
from tests import make
from tests.make import seen

COPY = "INSERT INTO licensing_license SELECT (jsonb_populate_record(l, %s)).* FROM licensing_license l"


@pytest.fixture
def ignoring(world):
    """A world, and a session that asks pgtrigger to ignore every trigger that there is."""
    world.license(kilograms=100)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pgtrigger.ignore', array_agg(DISTINCT tgname)::text, true), count(*)"
            " FROM pg_trigger WHERE tgname LIKE 'pgtrigger_%'"
        )
        assert cursor.fetchone()[1] > 10
    return world


def refused(words, statement, *values):
    with pytest.raises(IntegrityError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_every_guard_runs_its_own_function_with_a_fixed_search_path(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT p.proname, p.proconfig, p.prosecdef FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal ORDER BY p.proname"
        )
        found = cursor.fetchall()
    guards = (
        "answered_once",
        "as_declared",
        "as_issued",
        "begins_open",
        "ceiling_has_room",
        "change_answered",
        "countersigned",
        "customs_code",
        "decided_once",
        "ended_with_the_account",
        "facts_stand",
        "in_order",
        "insert_only",
        "keeps_its_case",
        "no_cause_open",
        "nothing_reserved",
        "pool_change_decided_once",
        "pool_has_room",
        "replaces_what_it_amends",
        "signed",
        "state_begins",
        "state_moves",
        "stopped",
        "succeeded_by_one",
        "tells_why_it_ended",
        "two_people",
    )
    assert found == [(f"guard_{name}", ["search_path=pg_catalog, public, pg_temp"], False) for name in guards]


def test_a_state_outside_the_graph_stays_refused(ignoring):
    refused("no move leads", "UPDATE exporters_exporter SET state = 'draft'")
    assert Exporter.objects.get().state == "active"


def test_a_later_first_state_stays_refused(ignoring):
    refused("begins as active, not expired", COPY, '{"id": 999999, "state": "expired", "ref": "EL-2"}')
    assert License.objects.count() == 1


def test_what_is_insert_only_stays_so(ignoring):
    before = list(HistoryLine.objects.values("pk", "hash"))
    refused("never changed or deleted", "UPDATE core_historyline SET hash = ''")
    refused("never changed or deleted", "DELETE FROM core_historyline")
    assert list(HistoryLine.objects.values("pk", "hash")) == before


def test_a_license_stays_refused_without_two_people_even_where_temporary_tables_say_two(ignoring):
    draft = Application.objects.get(ref=ignoring.application())
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE licensing_decisionstep ON COMMIT DROP AS"
            " SELECT id, %s::bigint AS application_id, 0 AS round, step, outcome, actor_id"
            " FROM public.licensing_decisionstep",
            [draft.pk],
        )
        cursor.execute(
            "CREATE TEMP TABLE licensing_application ON COMMIT DROP AS"
            " SELECT id, exporter_id, round, 'approved' AS state FROM public.licensing_application"
        )
        cursor.execute("SET LOCAL search_path = pg_temp, public")
    refused("two people", COPY, f'{{"id": 999999, "application_id": {draft.pk}, "ref": "EL-2"}}')
    assert License.objects.count() == 1


def test_a_license_is_of_nobody_but_who_applied(world):
    world.license(kilograms=100)
    ref = world.under_review(world.application())
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    facts = {"id": 999_999, "application_id": Application.objects.get(ref=ref).pk, "ref": "EL-2"}
    stranger = make.exporter(world.ministry, "Other Co., Ltd.").organization_id
    refused("needs an approved application", COPY, json.dumps(facts | {"exporter_id": stranger}))
    with connection.cursor() as cursor:
        cursor.execute(COPY, [json.dumps(facts)])
    assert License.objects.count() == 2
