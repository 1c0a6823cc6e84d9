"""What the role that serves requests tries on the ledger: all that the catalog knows to be there, in every way that SQL
has of writing it, and each door with what it must not take. All are refused, and nothing of the ledger has changed."""

import io
import json
from collections.abc import Iterator
from decimal import Decimal

import psycopg2
import pytest
from django.db import connection
from psycopg2 import errors

from core.legal_time import legal_today
from licensing import books
from licensing.models import PoolChange
from licensing.models.balances import LicenseLine
from shipments.actions.reservations import stated_of
from shipments.models import Shipment
from tests import make
from tests.shipments.test_races import two_lines

KG = 1000
SETTLED = {  # nothing of a line that is held
    "line": 1,
    "quantity": 0,
    "held": KG,
    "asked": KG,
    "crossed": 0,
    "worth": 0,
    "worth_held": 0,
    "worth_drawn": 0,
}
AT_LEAST = 200
ROOTS = (
    "licensing_licenseline",
    "licensing_ceiling",
    "licensing_clearancecount",
    "licensing_linecheck",
    "licensing_movement",
    "licensing_quotapool",
    "licensing_poolmovement",
    "licensing_poolcheck",
)
TABLES = """
    SELECT root::text, part.relid::text, root <> part.relid, ARRAY(
        SELECT quote_ident(attname) FROM pg_attribute a
        WHERE a.attrelid = part.relid AND attnum > 0 AND NOT attisdropped ORDER BY attnum)
    FROM unnest(%s::regclass[]) root, LATERAL (
        SELECT relid FROM pg_partition_tree(root) UNION SELECT root) part (relid) ORDER BY 1, 2
"""
# Every function that is no door, and the doors: none is the application's to change.
FUNCTIONS = """
    SELECT p.oid::regprocedure::text, p.prokind FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
        AND p.proname ~ '^(ledger|pool|movement|shipment|license|guard)_' ORDER BY 1
"""
SEQUENCES = """
    SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S'
        AND relname ~ '^licensing_(movement|quota|pool|ceiling|licenseline)'
"""
OF_A_TABLE = (
    "INSERT INTO {table} SELECT * FROM {table} LIMIT 1",
    "INSERT INTO {table} DEFAULT VALUES",
    "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT DO NOTHING",
    "MERGE INTO {table} t USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "COPY {table} FROM STDIN",
    "SELECT 1 FROM {table} FOR UPDATE",
    "SELECT 1 FROM {table} FOR NO KEY UPDATE",
    "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
    "DROP TABLE {table}",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {table} ADD COLUMN mine int",
    "ALTER TABLE {table} OWNER TO CURRENT_USER",
    "ALTER TABLE {table} RENAME TO mine",
    "ALTER TABLE {table} SET SCHEMA pg_temp",
    "CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON UPDATE TO {table} DO INSTEAD NOTHING",
    "CREATE INDEX mine ON {table} ((1))",
    "CREATE POLICY mine ON {table} USING (true)",
)
OF_A_FUNCTION = (
    "ALTER {kind} {name} SECURITY DEFINER",
    "ALTER {kind} {name} SET search_path = pg_temp",
    "ALTER {kind} {name} OWNER TO CURRENT_USER",
    "DROP {kind} {name} CASCADE",
)
OF_A_SEQUENCE = ("SELECT setval('{name}', 1)", "ALTER SEQUENCE {name} RESTART", "DROP SEQUENCE {name}")
OF_THE_OWNER = (
    "SET session_replication_role = replica",
    "SET SESSION AUTHORIZATION {owner}",
    "SET ROLE {owner}",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER SET session_replication_role = replica",
    "GRANT {owner} TO CURRENT_USER",
    "CREATE ROLE mine SUPERUSER",
    "ALTER DATABASE {database} OWNER TO CURRENT_USER",
    "ALTER DATABASE {database} SET session_replication_role = replica",
    "ALTER SYSTEM SET session_replication_role = replica",
    "ALTER SCHEMA public OWNER TO CURRENT_USER",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION public.ledger_available(int) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "CREATE FUNCTION pg_catalog.legal_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
    "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE internal AS 'pg_backend_pid'",
    "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE c AS 'mine'",
    "CREATE OR REPLACE FUNCTION legal_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
    "CREATE OPERATOR public.+ (LEFTARG = bigint, RIGHTARG = text, FUNCTION = int8pl)",
    "CREATE CAST (bigint AS boolean) WITHOUT FUNCTION",
    "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE EXTENSION dblink",
    "CREATE TABLE public.mine (id int)",
    "CREATE VIEW public.mine AS SELECT * FROM licensing_movement",
    "CREATE TABLE public.mine PARTITION OF licensing_movement FOR VALUES FROM ('1990-01-01') TO ('1990-02-01')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT lo_import('/etc/hostname')",
    "LOAD 'mine'",
    "UPDATE pg_proc SET prosecdef = true",
    "DELETE FROM pg_trigger",
    "UPDATE pg_class SET relowner = 0",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{owner}'",
    "DO $$ BEGIN PERFORM set_config('session_replication_role', 'replica', false); END $$",
    "WITH mine AS (UPDATE licensing_licenseline SET open = true RETURNING 1) SELECT * FROM mine",
)
# What posts inside: called by the doors alone.
INNER = (
    "SELECT ledger_post(l, 'authorize', 1, false, NULL, NULL, now()) FROM licensing_licenseline l",
    "SELECT ledger_post(l, 'release', 1, true, NULL, NULL, now()) FROM licensing_licenseline l",
    "SELECT ledger_post_on(l, c.id, 'authorize', 1, false, NULL, NULL, NULL, now())"
    " FROM licensing_licenseline l JOIN licensing_ceiling c ON c.line_id = l.id",
    "SELECT ledger_chain(l, m) FROM licensing_licenseline l JOIN licensing_movement m ON m.line_id = l.id",
    "SELECT ledger_keep(l) FROM licensing_licenseline l",
    "SELECT ledger_count(license_id, -1) FROM licensing_licenseline",
    "SELECT ledger_hold_free(array_agg(license_id)) FROM licensing_licenseline",
    "SELECT ledger_post_all(array_agg(ROW(id, 'release', 1, NULL, NULL)::ledger_change), now(), false)"
    " FROM licensing_licenseline",
    "SELECT ledger_release_all(array_agg(ROW(s.id, s.ref, s.license_id, true, 1, 1)::ledger_held))"
    " FROM shipments_shipment s",
    "SELECT pool_post(m) FROM licensing_poolmovement m WHERE kind = 'use'",
    "SELECT pool_follow(jsonb_build_object('license', license_id, 'shipment', shipment_id, 'lines', '[]'::jsonb), NULL)"
    " FROM licensing_poolmovement WHERE kind = 'use'",
)
# A name of one's own before the owner's: the doors look names up in public first, wherever the caller does.
SHADOWS = (
    "CREATE TEMP TABLE licensing_licenseline (LIKE public.licensing_licenseline); SET search_path = pg_temp, public",
    "CREATE TEMP TABLE licensing_license (LIKE public.licensing_license); SET search_path = pg_temp, public",
    "CREATE TEMP VIEW licensing_quotapool AS SELECT * FROM public.licensing_quotapool;"
    " SET search_path = pg_temp, public",
    "CREATE FUNCTION pg_temp.ledger_available(public.licensing_licenseline) RETURNS bigint LANGUAGE sql"
    " AS 'SELECT 1000000000::bigint'; SET search_path = pg_temp, public",
    "CREATE FUNCTION pg_temp.legal_now() RETURNS timestamptz LANGUAGE sql AS $$SELECT 'infinity'::timestamptz$$;"
    " SET search_path = pg_temp, public",
    "SET row_security = off",
    "SELECT set_config('pgtrigger.ignore', 'all', false)",
    "SELECT pg_advisory_lock(hashtext('licensing_policyedition'))",
)


@pytest.fixture
def lived(world):
    """With every ceiling; something is reserved. A pool counts it, and another waits for its second person."""
    make.pool(world.ministry, "Q-MAG", 900, measure="gross", element="", category="magnet")
    make.pool_change(world.ministry, "Q-DY")
    made = world.license(kilograms=100, users=1, allotted=[60 * KG], values={1: Decimal("1000.00")})
    worth = {"value": Decimal("100.00"), "currency": "CNY"}
    world.shipment(made, lines=[make.shipments.LineRequest(1, 10 * KG, "kg", **worth)])
    world.clear(world.shipment(made, lines=[make.shipments.LineRequest(1, 5 * KG, "kg", **worth)]).ref, 5 * KG)
    return made


def on_the_catalog(cursor) -> Iterator[str]:
    """All that must be refused of what is there, made of the catalog."""
    cursor.execute("SELECT movement_months()")
    cursor.execute(TABLES, [list(ROOTS)])
    for root, table, part, columns in cursor.fetchall():
        yield from (statement.format(table=table) for statement in OF_A_TABLE)
        yield from (f"UPDATE {table} SET {column} = {column}" for column in columns)
        yield from (f"INSERT INTO {table} ({column}) VALUES (NULL)" for column in columns if not part)
        if part:
            yield f"ALTER TABLE {root} DETACH PARTITION {table}"
    cursor.execute(FUNCTIONS)
    for name, kind in cursor.fetchall():
        yield from (said.format(name=name, kind="FUNCTION" if kind == "f" else "PROCEDURE") for said in OF_A_FUNCTION)
    cursor.execute(SEQUENCES)
    for (name,) in cursor.fetchall():
        yield from (said.format(name=name) for said in OF_A_SEQUENCE)
    cursor.execute("SELECT datname, datdba::regrole::text FROM pg_database WHERE datname = current_database()")
    database, owner = cursor.fetchone()
    yield from (said.format(owner=owner, database=database) for said in OF_THE_OWNER)
    yield from INNER


def at_the_doors(license, change: PoolChange) -> Iterator[tuple[str, dict]]:
    """Each door with what it must not take: (call, what it is asked)."""
    party = license.end_users.get().party_id
    shipment = Shipment.objects.get(state="cleared").pk
    line = {"line": 1, "quantity": KG, "unit": "g", "hs": "", "value": "1.00", "currency": "CNY"}
    whom = {"license": license.pk, "end_user": party, "consignee": party, "destination": "DE", "port": "CNSHA"}
    asked = whom | {"planned_on": legal_today().isoformat(), "shipment": 0, "shipment_ref": "", "lines": [line]}
    for wrong in (
        *({"lines": [line | {"quantity": many}]} for many in (0, -1, -KG, 86 * KG, 10**15)),
        *({"lines": [line | {"value": worth}]} for worth in ("-1.00", "900.00", "99999999.00")),
        {"lines": [line | {"line": 2}]},
        {"lines": [line | {"unit": "piece"}]},
        {"lines": [line | {"quantity": 46 * KG}]},  # more than the end-user's
        {"lines": [line, line | {"quantity": 10**12}]},
        {"end_user": party + 1},
        {"consignee": party + 1},
        {"destination": "KP"},
        {"port": "XXXXX"},
        {"planned_on": "2020-01-01"},
        {"planned_on": "2099-01-01"},
    ):
        yield "ledger_take({}, false)", asked | wrong
    settled = SETTLED | {"quantity": KG}
    for op in ("clear", "release"):
        for name in settled.keys() - {"line"} - ({"quantity"} if op == "release" else set()):
            yield (
                "ledger_settle({})",
                whom | {"op": op, "final": True, "counted": True, "shipment": 0, "lines": [settled | {name: -1}]},
            )
        yield (
            "ledger_settle({})",
            whom | {"op": op, "final": True, "counted": True, "shipment": 0, "lines": [settled | {"line": 7}]},
        )
        more = settled | {"held": 10**9}
        yield "ledger_settle({})", whom | {"op": op, "final": True, "counted": True, "shipment": 0, "lines": [more]}
    corrected = settled | {"delta": 1, "over": 0, "lawful": False, "others": []}
    for name in corrected.keys() - {"line", "quantity", "delta", "lawful", "others"}:
        yield "ledger_correct({})", whom | {"shipment": 0, "lines": [corrected | {name: -1}]}
    yield "ledger_correct({})", whom | {"shipment": 0, "lines": [corrected | {"line": 7}]}
    yield "ledger_correct({})", whom | {"shipment": 0, "lines": [corrected | {"delta": -(10**9)}]}
    for many in (0, -1, 5 * KG + 1, 10**12):
        yield "shipment_credit({})", {"shipment": shipment, "lines": [{"line": 1, "quantity": many}]}
        yield "ledger_credit({})", whom | {"shipment": 0, "lines": [{"line": 1, "quantity": many, "worth": 1}]}
    crossing = {"line": 1, "quantity": KG, "unit": "g", "delta": KG, "lawful": True}
    for said in (
        [crossing | {"quantity": -1, "delta": -(10**9)}],
        [crossing | {"line": 7}],
        [crossing | {"line": 7, "unit": None}],
        [crossing, crossing],
    ):
        yield "shipment_settle({})", {"shipment": shipment, "clears": True, "lines": said}
        yield "shipment_correct({})", {"shipment": shipment, "lines": said}
    yield "ledger_credit({})", whom | {"license": 0, "shipment": 0, "lines": []}
    for call in ("ledger_open", "ledger_reopen"):
        yield f"{call}(({{}}->>'license')::bigint)", whom
    yield "ledger_open(({}->>'license')::bigint)", {"license": 0}
    yield "pool_decide(({}->>'change')::bigint)", {"change": change.pk}  # which nobody approved
    yield "pool_decide(({}->>'change')::bigint)", {"change": 0}
    for pool in PoolChange.objects.filter(approved=True):
        yield "pool_decide(({}->>'change')::bigint)", {"change": pool.pk}  # twice


BALANCES = " UNION ALL ".join(
    f"SELECT '{root}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM public.{root} t" for root in ROOTS
)


def standing(cursor) -> list[tuple[str, str]]:
    cursor.execute(BALANCES)
    return sorted(cursor.fetchall())


def refused(cursor, statement: str, *values: object) -> bool:
    """A refusal of the server; or the ledger's own, which is an outcome, or a pool's number that stands in the way."""
    cursor.execute("BEGIN")
    try:
        if statement.startswith("COPY") and statement.endswith("STDIN"):
            cursor.copy_expert(statement, io.StringIO(""))
        else:
            cursor.execute(statement, values or None)
        (said,) = cursor.fetchone() if values and cursor.rowcount else (None,)
        return isinstance(said, str) or isinstance(said, list) and not any(outcome["accepted"] for outcome in said)
    except errors.SyntaxError:
        raise
    except psycopg2.Error:
        return True
    finally:
        cursor.execute("ROLLBACK")


def test_all_that_the_application_tries_on_the_ledger_is_refused(application, lived):
    before = standing(application)
    attempts = list(on_the_catalog(application))
    assert len(attempts) == len(set(attempts))
    done = [statement for statement in attempts if not refused(application, statement)]
    change = PoolChange.objects.get(approved=None)
    doors = list(at_the_doors(lived, change))
    done += [
        f"{call} {said}"
        for call, said in doors
        if not refused(application, f"SELECT {call.format('%s::jsonb')}", json.dumps(said))
    ]
    assert done == []
    assert len(attempts) + len(doors) >= AT_LEAST
    assert standing(application) == before
    assert books.drift() == []


def test_no_name_of_its_own_and_no_setting_leads_a_door_astray(application, lived):
    """What stands before the owner's names for the caller does not for the owner's functions."""
    before, done = standing(application), []
    doors = list(at_the_doors(lived, PoolChange.objects.get(approved=None)))
    for shadow in SHADOWS:
        application.execute(shadow)
        done += [
            f"{shadow}: {call} {said}"
            for call, said in doors
            if not refused(application, f"SELECT public.{call.format('%s::jsonb')}", json.dumps(said))
        ]
        application.execute("DISCARD ALL")
    assert done == []
    assert standing(application) == before


BELIEVED = {  # by the ledger's functions, which are told of a shipment, and of their owner alone (docs/ledger.md)
    "ledger_take({}, false)": {
        "lines": [{"line": 1, "quantity": KG, "unit": "g", "hs": "", "value": "1.00", "currency": "CNY"}]
    },
    "ledger_settle({})": {
        "op": "release",
        "counted": False,
        "lines": [SETTLED],
    },
    "ledger_correct({})": {"lines": [SETTLED | {"delta": 1, "over": 0, "lawful": False, "others": []}]},
    "ledger_credit({})": {"lines": [{"line": 1, "quantity": KG, "worth": 1}]},
}


@pytest.mark.slow
@pytest.mark.parametrize("call", BELIEVED)
def test_nothing_is_booked_for_a_shipment_that_nobody_has(call, application, lived):
    """The twin of each refusal: its owner would be believed, until the next look at the books."""
    party = lived.end_users.get().party_id
    asked = {"license": lived.pk, "end_user": party, "consignee": party, "destination": "DE", "port": "CNSHA"}
    asked |= {"planned_on": legal_today().isoformat(), "shipment": 0, "shipment_ref": ""} | BELIEVED[call]
    statement, before = f"SELECT {call.format('%s::jsonb')}", standing(application)
    application.execute("BEGIN")
    with pytest.raises(errors.InsufficientPrivilege):
        application.execute(statement, [json.dumps(asked)])
    application.execute("COMMIT")
    assert standing(application) == before
    assert books.check(whole=False) == {}
    with connection.cursor() as owner:
        owner.execute(statement, [json.dumps(asked)])
    (found,) = books.check(whole=False).values()
    assert {one.line for one in found} == {LicenseLine.objects.get().pk}


@pytest.mark.slow
@pytest.mark.parametrize("door", ["shipment_settle", "shipment_correct", "shipment_credit"])
@pytest.mark.parametrize("lines", [[], [{"line": 1, "quantity": KG, "delta": KG, "unit": "g"}]])
def test_no_door_knows_a_shipment_that_nobody_has(door, lines, application, lived):
    before = standing(application)
    with pytest.raises(errors.NoDataFound):
        application.execute(f"SELECT {door}(%s::jsonb)", [json.dumps({"shipment": 0, "lines": lines})])
    assert standing(application) == before


def test_nothing_is_reserved_for_a_shipment_that_stands_already(application, world):
    """What a bulk opened for its rows is no part of a request, and who says so is told to come again."""
    license = two_lines(world)
    shipment, more = world.shipment(license, KG), make.shipments.LineRequest(2, KG, "kg")
    stated = stated_of(world.request(license, lines=[more]), world.exporter.organization_id)
    opened = {"ref": shipment.ref, "actor": world.exporter.user.pk, "opened": shipment.pk}
    before = standing(application)
    with pytest.raises(errors.SerializationFailure, match="opened by a request"):
        application.execute("SELECT shipment_reserve(%s::jsonb, false)", [json.dumps(stated | opened)])
    with pytest.raises(errors.InsufficientPrivilege):
        application.execute(
            "SELECT shipment_taken(r.it, l, %s) FROM (SELECT %s::jsonb) r (it), shipment_license(r.it) l",
            [shipment.pk, json.dumps(stated | opened)],
        )
    assert standing(application) == before


def test_nothing_of_a_license_in_force_lapses(application, lived):
    before = standing(application)
    with pytest.raises(errors.InsufficientPrivilege, match="has ended"):
        application.execute("SELECT ledger_lapse(%s)", [lived.pk])
    assert standing(application) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("door", "asked"),
    [
        ("shipment_settle", {"clears": True, "final": True, "lines": [{"line": 1, "quantity": 4 * KG}]}),
        ("shipment_settle", {"clears": True, "lines": [{"line": 1, "quantity": 99 * KG}]}),
        ("shipment_settle", {"clears": False}),
        ("shipment_settle", {}),
        ("shipment_correct", {"lines": [{"line": 1, "quantity": 4 * KG, "delta": 4 * KG, "lawful": True}]}),
        ("shipment_correct", {"lines": [{"line": 1, "quantity": 99 * KG, "delta": 99 * KG, "lawful": True}]}),
    ],
)
def test_whatever_a_door_does_stands_on_the_shipment_and_on_its_license(door, asked, application, lived):
    """Called as no verb calls it, without what customs said: of that alone the next look finds too little."""
    shipment = Shipment.objects.get(state="reserved")
    application.execute(f"SELECT {door}(%s::jsonb)", [json.dumps(asked | {"shipment": shipment.pk})])
    application.execute("SELECT shipment_pools(%s)", [shipment.pk])
    found = [str(one) for one in books.drift() if not one.what.endswith(" crossed")]
    assert found == []
