"""What the application's role may do: granted by the owner after every migrate, compared at every start.

The catalog is walked, so that no table, partition or function is forgotten; `core.guards` says which rights a table
has that are not the usual ones, and which functions may run with their owner's. A partition has its table's rights.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections, transaction

from core.guards import USUAL, Rights, doors, narrowed

# Every table and sequence of ours, the table it is a partition of, and what a role holds on it.
_HELD = """
    WITH kinds AS (
        SELECT ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'] || CASE
            WHEN current_setting('server_version_num')::int >= 170000 THEN ARRAY['MAINTAIN'] ELSE '{}' END AS of_table,
            ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'] AS of_column,
            ARRAY['SELECT', 'USAGE', 'UPDATE'] AS of_sequence
    )
    SELECT c.relname, coalesce(root.relname, c.relname), c.relkind = 'S', CASE WHEN c.relkind = 'S' THEN ARRAY(
            SELECT p FROM unnest(of_sequence) p WHERE has_sequence_privilege(%(role)s, c.oid, p))
        ELSE ARRAY(
            SELECT p FROM unnest(of_table) p WHERE has_table_privilege(%(role)s, c.oid, p)
            UNION ALL
            SELECT format('%%s(%%s)', p, a.attname) FROM unnest(of_column) p, pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
              AND NOT has_table_privilege(%(role)s, c.oid, p) AND has_column_privilege(%(role)s, c.oid, a.attnum, p))
        END
    FROM kinds, pg_class c LEFT JOIN pg_class root ON root.oid = pg_partition_root(c.oid)
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    ORDER BY c.relname
"""
# Whatever runs with its owner's rights: may the application call it, may anybody, and where it looks names up.
_DOORS = """
    SELECT p.oid::regprocedure::text, has_function_privilege(%(role)s, p.oid, 'EXECUTE'),
        has_function_privilege('public', p.oid, 'EXECUTE'),
        coalesce((SELECT c FROM unnest(p.proconfig) c WHERE starts_with(c, 'search_path=')), '')
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef ORDER BY 1
"""
_PATHS = ("search_path=pg_catalog, public, pg_temp", "search_path=public, pg_temp")  # the same: pg_catalog comes first
_POWERS = """
    SELECT r.rolsuper, pg_has_role(r.oid, d.datdba, 'MEMBER'), has_schema_privilege(r.oid, 'public', 'CREATE'),
        has_parameter_privilege(r.oid, 'session_replication_role', 'SET')
    FROM pg_roles r, pg_database d WHERE r.rolname = %(role)s AND d.datname = current_database()
"""
_POWER_WORDS = (
    "is a superuser",
    "may become the database's owner",
    "may create in schema public",
    "may set session_replication_role, which switches triggers off",
)


def after_migrate(using: str, **_: Any) -> None:
    """The application's role holds exactly its rights, when it is another role than the one that migrates."""
    role = urlsplit(settings.DATABASE_URL).username
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT current_user, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
        me, exists = cursor.fetchone()
        if not exists or role == me:
            return
        quote = connections[using].ops.quote_name
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {quote(role)}")
        for name, (held, due, sequence) in _tables(cursor, role).items():
            if held != due:
                what = f"{'SEQUENCE' if sequence else 'TABLE'} {quote(name)}"
                cursor.execute(f"REVOKE ALL ON {what} FROM {quote(role)}")
                cursor.execute(f"GRANT {', '.join(sorted(due))} ON {what} TO {quote(role)}")
        cursor.execute(_DOORS, {"role": role})
        for door, *_privileges in cursor.fetchall():
            cursor.execute(f"REVOKE ALL ON FUNCTION {door} FROM PUBLIC, {quote(role)}")
            if door in doors():
                cursor.execute(f"GRANT EXECUTE ON FUNCTION {door} TO {quote(role)}")


def differences(cursor: Any, role: str) -> list[str]:
    """What the role may do and should not, or should and may not; empty when all is well."""
    cursor.execute(_POWERS, {"role": role})
    found = [word for word, has in zip(_POWER_WORDS, cursor.fetchone(), strict=True) if has]
    for name, (held, due, _sequence) in _tables(cursor, role).items():
        found += [f"may {right} on {name}" for right in sorted(held - due)]
        found += [f"may not {right} on {name}" for right in sorted(due - held)]
    cursor.execute(_DOORS, {"role": role})
    met = {door: privileges for door, *privileges in cursor.fetchall()}
    for door in sorted(met.keys() | doors()):
        mine, anybodys, path = met.get(door, (False, False, _PATHS[0]))
        wrong = {
            f"meets {door}, which has its owner's rights and is declared nowhere": door not in doors(),
            f"may not call {door}": door in doors() and not mine,
            f"may call {door}, as anybody may": anybodys,
            f"may call {door}, whose search_path is not {_PATHS[1].partition('=')[2]}": path not in _PATHS,
        }
        found += [words for words, so in wrong.items() if so]
    return found


def _tables(cursor: Any, role: str) -> dict[str, tuple[Rights, Rights, bool]]:
    """What the role holds and what it is due, by table, partition and sequence."""
    cursor.execute(_HELD, {"role": role})
    due = narrowed()
    return {
        name: (frozenset(held), frozenset({"SELECT", "USAGE"}) if sequence else due.get(table, USUAL), sequence)
        for name, table, sequence, held in cursor.fetchall()
    }
