"""As the role that serves requests: what it may not do to the record, tried on every table that the catalog has."""

import json
import urllib.request

import pytest
from django.db import IntegrityError, connection, transaction
from psycopg2 import errors, sql

from core import checks, grants, guards
from licensing.actions import editions, licenses, simulations
from licensing.models.balances import LicenseLine
from shipments.actions import ClearedLine, receive
from tests import make
from tests.make import seen

# Transcribed by hand, so that a declaration that is taken away is missed.
INSERT_ONLY = {
    "exporters_compliancepaper",
    "exporters_examination",
    "exporters_paperrecord",
    "exporters_recordanswer",
    "core_document",
    "core_paper",
    "licensing_allotted",
    "licensing_exchangerate",
    "core_historyline",
    "licensing_declarationentry",
    "licensing_declarationentry_files",
    "licensing_decisionstep",
    "licensing_decisionstep_end_users",
    "licensing_finding",
    "licensing_merged",
    "licensing_movement",
    "licensing_policyedition",
    "licensing_question",
    "shipments_resolution",
    "shipments_returnedline",
    "licensing_inquiry_files",
    "licensing_intent",
    "licensing_intentanswer",
    "licensing_intentanswer_files",
    "licensing_questionentry",
    "licensing_questionentry_files",
    "licensing_recommendedline",
    "licensing_revocation",
    "licensing_reconsideration",
    "licensing_reconsideration_files",
    "licensing_reconsiderationentry",
    "licensing_service",
    "licensing_screening",
    "licensing_visit",
    "licensing_visit_files",
    "licensing_comment",
    "licensing_signature",
    "licensing_supplement",
    "licensing_supplementanswer",
    "licensing_supplementanswer_files",
    "licensing_supplementpoint",
    "licensing_windowwarning",
    "shipments_customsdeclaration",
    "shipments_customsmessage",
    "shipments_incident",
}
MANY_TO_MANY = {
    "licensing_declarationentry_files",
    "licensing_decisionstep_end_users",
    "licensing_inquiry_files",
    "licensing_intentanswer_files",
    "licensing_questionentry_files",
    "licensing_reconsideration_files",
    "licensing_supplementanswer_files",
    "licensing_visit_files",
}
TABLES = (
    "SELECT c.relname, coalesce(root.relname, c.relname), root.oid IS NOT NULL AND c.oid <> root.oid,"
    " ARRAY(SELECT attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped)"
    " FROM pg_class c LEFT JOIN pg_class root ON root.oid = pg_partition_root(c.oid)"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname"
)
EVERYWHERE = (
    "TRUNCATE {table}",
    "DROP TABLE {table}",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON INSERT TO {table} DO INSTEAD NOTHING",
)


OF_THE_LEDGER = {  # and a column of each
    "licensing_licenseline": "open",
    "licensing_ceiling": "reserved",
    "licensing_clearancecount": "taken",
    "licensing_linecheck": "seq",
    "licensing_movement": "quantity",
}


def refused(cursor, statement, **names):
    identifiers = {name: sql.Identifier(value) for name, value in names.items()}
    try:
        cursor.execute(sql.SQL(statement).format(**identifiers))
    except errors.InsufficientPrivilege:
        return True
    return False


def attacks(table, root, partition, columns):
    """(statement, names) of everything that must be refused on a table of the catalog."""
    yield from ((statement, {"table": table}) for statement in EVERYWHERE)
    if partition:
        yield "ALTER TABLE {root} DETACH PARTITION {table}", {"root": root, "table": table}
    if root in INSERT_ONLY:
        yield "DELETE FROM {table}", {"table": table}
        yield from (("UPDATE {table} SET {column} = NULL", {"table": table, "column": column}) for column in columns)


def test_the_application_adds_to_the_record_and_changes_nothing_there(application):
    application.execute(TABLES)
    tables = application.fetchall()
    assert {name for name, *_ in tables} >= INSERT_ONLY | {"licensing_movement_default"}
    done = [
        (statement, names)
        for table in tables
        for statement, names in attacks(*table)
        if not refused(application, statement, **names)
    ]
    assert done == []


@pytest.mark.parametrize("table", sorted(OF_THE_LEDGER))
def test_the_application_reads_the_ledgers_tables_and_writes_none(table, application, license):
    """Nor any partition of them; one row slipped in with its balance would be as good as a change."""
    application.execute("SELECT movement_months()")
    application.execute("SELECT relid::text FROM pg_partition_tree(%s) UNION SELECT %s", [table, table])
    parts = [name for (name,) in application.fetchall()]
    assert len(parts) > 24 if table == "licensing_movement" else parts == [table]
    for part in parts:
        application.execute(f"SELECT count(*) FROM {part}")
        column = OF_THE_LEDGER[table]
        for attack in (
            "INSERT INTO {part} SELECT * FROM {table} LIMIT 1",
            "UPDATE {part} SET {column} = NULL",
            "DELETE FROM {part}",
            "TRUNCATE {part}",
            "SELECT 1 FROM {part} FOR UPDATE",
        ):
            assert refused(application, attack, part=part, table=table, column=column), (attack, part)


def test_the_application_posts_through_the_ledgers_doors_alone(application, world):
    license = world.license(kilograms=100)
    post = "SELECT ledger_post(l, 'authorize', 1, false, NULL, NULL, legal_now()) FROM licensing_licenseline l"
    for attack in (post, "SELECT ledger_count(license_id, 1) FROM licensing_licenseline"):
        assert refused(application, attack), attack
    with pytest.raises(errors.CheckViolation, match="gets its lines once"):
        application.execute("SELECT ledger_open(%s)", [license.pk])


@pytest.mark.parametrize(
    ("call", "request_"),
    [
        ("ledger_take({}, false)", {"lines": [{"line": 1, "quantity": -1000, "unit": "g"}]}),
        ("ledger_take({}, false)", {"lines": [{"line": 1, "quantity": 0, "unit": "g"}]}),
        (
            "ledger_take({}, false)",
            {"lines": [{"line": 1, "quantity": 1, "unit": "g", "value": "-1.00"}]},
        ),
        ("ledger_settle({})", {"op": "release", "lines": [{"line": 1, "held": -1000}]}),
        ("ledger_settle({})", {"op": "clear", "lines": [{"line": 1, "held": 0, "quantity": -1000}]}),
        ("ledger_settle({})", {"op": "release", "lines": [{"line": 1, "held": 0, "worth_held": -1}]}),
    ],
)
def test_the_ledger_takes_less_than_nothing_from_nobody(call, request_, world):
    license = world.license(kilograms=100)
    world.shipment(license, 5_000)
    party = license.end_users.get().party_id
    whom = {"license": license.pk, "end_user": party, "consignee": party, "destination": "DE", "port": "CNSHA"}
    asked = whom | {"planned_on": "2026-12-01", "counted": True, "shipment": 0} | request_
    with connection.cursor() as owner, pytest.raises(IntegrityError, match="than nothing"), transaction.atomic():
        owner.execute(f"SELECT {call.format('%s::jsonb')}", [json.dumps(asked)])
    assert LicenseLine.objects.values_list("reserved", "drawn").get() == (5_000, 0)


def test_the_application_authorizes_nothing_that_was_not_approved_however_it_adds_to_the_record(application, world):
    """Lines of a step after the approval, of another case, or beyond what was asked are not a license's."""
    license = world.license(kilograms=100)
    other = world.under_review(world.application(kilograms=7))
    with connection.cursor() as owner:
        owner.execute("ALTER TABLE licensing_movement DISABLE TRIGGER USER")
        for table in ("movement", "verdict", "licenseline"):
            owner.execute(f"DELETE FROM licensing_{table}")
        owner.execute("ALTER TABLE licensing_movement ENABLE TRIGGER USER")
    application.execute(
        "INSERT INTO licensing_recommendedline (step_id, line_id, quantity) SELECT s.id, l.id, l.quantity"
        " FROM licensing_decisionstep s, licensing_applicationline l JOIN licensing_application a"
        " ON a.id = l.application_id WHERE s.step = 'recommend' AND a.ref = %s",
        [other],
    )
    application.execute(
        "WITH later AS (INSERT INTO licensing_decisionstep SELECT (jsonb_populate_record(s, jsonb_build_object("
        "'id', (SELECT max(id) + 1 FROM licensing_decisionstep)))).* FROM licensing_decisionstep s"
        " WHERE s.step = 'recommend' RETURNING id) INSERT INTO licensing_recommendedline (step_id, line_id, quantity)"
        " SELECT later.id, l.line_id, 1 FROM later, licensing_recommendedline l LIMIT 1"
    )
    application.execute("SELECT authorized FROM ledger_open(%s)", [license.pk])
    assert application.fetchall() == [(100_000,)]


def test_the_application_switches_no_trigger_off_and_takes_the_owners_place_nowhere(application):
    for attack in (
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION legal_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP FUNCTION guard_insert_only() CASCADE",
    ):
        assert refused(application, attack), attack


def test_the_application_makes_no_license_without_two_people_and_no_state_outside_the_graph(
    application, world, license
):
    with pytest.raises(errors.CheckViolation, match="two people"):
        application.execute(
            "INSERT INTO licensing_license SELECT (jsonb_populate_record(l, jsonb_build_object('id', 0, 'ref', 'EL-2',"
            " 'application_id', 0))).* FROM licensing_license l"
        )
    with pytest.raises(errors.CheckViolation, match="no move leads"):
        application.execute("UPDATE licensing_application SET state = 'draft'")
    with pytest.raises(errors.CheckViolation, match="begins as"):
        application.execute(
            "INSERT INTO licensing_application SELECT (jsonb_populate_record(a, jsonb_build_object('id', 0, 'ref',"
            " 'AP-2', 'state', 'approved'))).* FROM licensing_application a"
        )
    application.execute("SELECT count(*), min(state) FROM licensing_application")
    assert application.fetchone() == (1, "issued")
    application.execute("SELECT id, state FROM licensing_license")
    assert application.fetchall() == [(license.pk, "active")]


def test_the_facts_of_a_verdict_are_never_written_again(application, world):
    world.license(kilograms=100)
    for change in ("facts = 'null'", "line_id = 0", "end_user_id = 0"):
        assert refused(application, f"UPDATE licensing_verdict SET {change}"), change
    assert refused(application, "DELETE FROM licensing_verdict")
    application.execute("UPDATE licensing_verdict SET prohibited = prohibited")
    assert application.rowcount == 1


def test_the_application_writes_of_a_return_its_decision_alone(application, world, license):
    shipment = world.shipment(license, 10_000)
    world.clear(shipment.ref, 10_000)
    lines = [ClearedLine(1, 5_000, "kg")]
    receive(world.message(shipment.ref, "returned", lines=lines, reimport_no="530120269000000001"), by=world.customs)
    for change in ("declaration_no = ''", "shipment_id = 0", "message_id = 0", "reported_at = legal_now()"):
        assert refused(application, f"UPDATE shipments_return SET {change}"), change
    assert refused(application, "DELETE FROM shipments_return")
    application.execute("UPDATE shipments_return SET reason = 'Seen'")
    assert application.rowcount == 1


def test_the_application_writes_of_a_shipments_line_what_came_back_alone(application, world, license):
    """All else is the doors' that settle it with its license."""
    world.shipment(license, 10_000)
    for attack in (
        "UPDATE {t} SET held = 0",
        "UPDATE {t} SET credited = 0",
        "DELETE FROM {t}",
        "INSERT INTO {t} TABLE {t}",
    ):
        assert refused(application, attack, t="shipments_shipmentline"), attack
    application.execute("UPDATE shipments_shipmentline SET returned = 0")
    assert application.rowcount == 1


def test_the_application_writes_of_an_order_its_end_alone_and_not_by_whoever_gave_it(application, world):
    make.stopped(world)
    m, t = world.ministry, "exporters_stop"
    for change in ("opened_by_id = ended_by_id", "number = 'x'", "reason = 'x'", "opened_at = ended_at"):
        assert refused(application, f"UPDATE {t} SET {change}"), change
    assert refused(application, f"DELETE FROM {t}")
    end = f"UPDATE {t} SET ended_at = legal_now(), ended_by_id = %s"
    for nobody in (m.decider.user.pk, None):
        with pytest.raises(errors.CheckViolation, match="stop_ended_by_another"):
            application.execute(end, [nobody])
    application.execute(end, [m.other_decider.user.pk])
    assert application.rowcount == 1


def test_the_application_answers_what_a_company_asked_for_and_renames_nobody_by_itself(application, world):
    make.asked(world.exporter)
    pk, t = world.exporter.organization_id, "exporters_accountchange"
    for change in (
        "after = '{}'",
        "before = '{}'",
        "paper_id = 0",
        "reason = 'x'",
        "asked_by_id = 0",
        "exporter_id = 0",
    ):
        assert refused(application, f"UPDATE {t} SET {change}".replace("{}", "{{}}")), change
    assert refused(application, f"DELETE FROM {t}")
    for change in (
        "core_organization SET name_en = 'Other' WHERE id = %s",
        "exporters_exporter SET address = 'Elsewhere' WHERE organization_id = %s",
    ):
        with pytest.raises(errors.CheckViolation, match="of a verified company"):
            application.execute(f"UPDATE {change}", [pk])
    answer = f"UPDATE {t} SET outcome = 'accepted', decided_by_id = %s, decided_at = legal_now()"
    with pytest.raises(errors.CheckViolation, match="the ministry answers"):
        application.execute(answer, [world.exporter.user.pk])
    application.execute(answer, [world.ministry.intake.user.pk])
    application.execute("UPDATE core_organization SET name_en = %s WHERE id = %s", [make.NEW_NAMES["name_en"], pk])
    assert application.rowcount == 1


def test_the_application_writes_of_a_cause_its_end_alone_and_not_by_whoever_opened_it(application, world):
    license, m = world.license(kilograms=100), world.ministry
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=m.decider)
    for change in ("opened_by_id = ended_by_id", "cause = 'over_clearance'", "reason = ''", "license_id = 0"):
        assert refused(application, f"UPDATE licensing_suspension SET {change}"), change
    assert refused(application, "DELETE FROM licensing_suspension")
    end = "UPDATE licensing_suspension SET ended_at = legal_now(), ended_by_id = %s"
    for nobody in (m.decider.user.pk, None):
        with pytest.raises(errors.CheckViolation, match="suspension_enforcement_ended_by_another"):
            application.execute(end, [nobody])
    application.execute("SELECT count(*) FROM licensing_suspension WHERE ended_at IS NULL")
    assert application.fetchone() == (1,)
    application.execute(end, [m.other_decider.user.pk])


def test_what_a_simulation_says_is_written_once_and_of_what_it_was_asked_never_again(application, world):
    m = world.ministry
    row = editions.draft(title="Ban", by=m.policy_officer)
    simulations.simulate(row.ref, seen=seen(row.ref), by=m.policy_officer)
    for change in (
        "draft_id = 0",
        "digest = ''",
        "starts_at = legal_now()",
        "asked_by_id = 0",
        "asked_at = legal_now()",
    ):
        assert refused(application, f"UPDATE licensing_simulation SET {change}"), change
    assert refused(application, "DELETE FROM licensing_simulation")
    done = "UPDATE licensing_simulation SET stage = 'done', result = %s, book_at = legal_now(), newest = 1"
    application.execute(done, ["{}"])
    with pytest.raises(errors.CheckViolation, match="never changed or deleted"):
        application.execute(done, ['{"other": 1}'])
    with connection.cursor() as owner, pytest.raises(IntegrityError, match="never changed or deleted"):
        owner.execute("DELETE FROM licensing_simulation")


def test_what_is_insert_only_is_declared():
    declared = {table for table, held in guards.narrowed().items() if held == {"SELECT", "INSERT"}}
    assert declared == INSERT_ONLY - set(OF_THE_LEDGER)


@pytest.mark.parametrize("table", sorted(INSERT_ONLY - MANY_TO_MANY))
def test_what_is_insert_only_is_so_for_the_owner_too(table, db):
    """A guard before each UPDATE and DELETE of a row, enabled. (The table of a many-to-many field has none.)"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_triggerdef(t.oid), t.tgenabled FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgrelid = %s::regclass AND p.proname = 'guard_insert_only' AND t.tgname LIKE '%%insert_only%%'",
            [table],
        )
        ((definition, enabled),) = cursor.fetchall()
    assert f"BEFORE DELETE OR UPDATE ON public.{table} FOR EACH ROW EXECUTE FUNCTION" in definition
    assert enabled == "O"


def test_the_rights_are_what_the_declarations_say(application):
    assert grants.differences(application, application.connection.info.user) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "undo", "words"),
    [
        ("GRANT UPDATE ON core_historyline TO {}", None, "may UPDATE on core_historyline"),
        ("GRANT DELETE ON licensing_movement_default TO {}", None, "may DELETE on licensing_movement_default"),
        ("GRANT UPDATE (reason) ON core_historyline TO {}", None, "may UPDATE(reason) on core_historyline"),
        ("GRANT TRUNCATE ON licensing_license TO {}", None, "may TRUNCATE on licensing_license"),
        ("REVOKE INSERT ON core_historyline FROM {}", None, "may not INSERT on core_historyline"),
        ("REVOKE EXECUTE ON FUNCTION end_answers() FROM {}", None, "may not call end_answers()"),
        (
            "ALTER FUNCTION end_answers() RESET search_path",
            "ALTER FUNCTION end_answers() SET search_path = pg_catalog, public, pg_temp",
            "may call end_answers(), whose search_path is not public, pg_temp",
        ),
        (
            "ALTER FUNCTION end_answers() SET search_path = pg_temp, public",
            "ALTER FUNCTION end_answers() SET search_path = pg_catalog, public, pg_temp",
            "may call end_answers(), whose search_path is not public, pg_temp",
        ),
        ("GRANT EXECUTE ON FUNCTION end_answers() TO PUBLIC", None, "may call end_answers(), as anybody may"),
        (
            "CREATE FUNCTION made_up() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp"
            " AS 'SELECT 1'; REVOKE ALL ON FUNCTION made_up() FROM PUBLIC",
            "DROP FUNCTION made_up()",
            "meets made_up(), which has its owner's rights and is declared nowhere",
        ),
        (
            "ALTER FUNCTION end_answers() SECURITY INVOKER",
            "ALTER FUNCTION end_answers() SECURITY DEFINER",
            "may not call end_answers()",
        ),
        (
            "GRANT CREATE ON SCHEMA public TO {}",
            "REVOKE CREATE ON SCHEMA public FROM {}",
            "may create in schema public",
        ),
    ],
)
def test_a_right_too_many_or_too_few_is_named_and_mended(application, change, undo, words):
    role = application.connection.info.user
    with connection.cursor() as owner:
        owner.execute(change.format(role))
        found = grants.differences(owner, role)
        if undo:
            owner.execute(undo.format(role))
        grants.after_migrate("default")
        assert (found, grants.differences(owner, role)) == ([words], [])


def test_a_function_with_its_owners_rights_that_is_declared_nowhere_is_given_to_nobody(application):
    """Made as PostgreSQL makes it, for anybody to call: after the next migrate nobody may."""
    role = application.connection.info.user
    with connection.cursor() as owner:
        owner.execute("CREATE FUNCTION made_up() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
        try:
            before = grants.differences(owner, role)
            grants.after_migrate("default")
            after = grants.differences(owner, role)
            closed = refused(application, "SELECT made_up()")
        finally:
            owner.execute("DROP FUNCTION made_up()")
    declared = "meets made_up(), which has its owner's rights and is declared nowhere"
    path = "may call made_up(), whose search_path is not public, pg_temp"
    assert (before, after) == ([declared, "may call made_up(), as anybody may", path], [declared, path])
    assert closed


def test_production_does_not_start_on_a_role_with_other_rights(application, monkeypatch):
    """The check asks as whoever serves: here the owner, who may do everything."""
    (found,) = checks.rights(databases=["default"])
    assert found.id == "core.E008"
    assert "may become the database's owner" in found.msg
    monkeypatch.setattr(grants, "differences", lambda *_: [])
    assert checks.rights(databases=["default"]) == []
    assert checks.rights(databases=None) == []


def test_what_the_tests_serve_has_the_rights_of_the_application(application, server):
    urllib.request.urlopen(f"{server.url}/readyz").close()
    own = connection.connection.info.backend_pid
    application.execute(
        "SELECT DISTINCT usename = current_user FROM pg_stat_activity WHERE usename IS NOT NULL"
        " AND datname = current_database() AND pid NOT IN (%s, pg_backend_pid())",
        [own],
    )
    assert application.fetchall() == [(True,)]
