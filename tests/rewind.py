"""A database as it was, again and again: copies of its small tables, and what has changed since put back."""

from datetime import datetime, timedelta

from django.db import connection

from tests.clock import REAL
from tests.kept import columns

SMALL = 400  # rows: of more there are in what is shipped only, which no verb changes
SCHEMA = "rewound"
# what guards rows looks away while they are put back
GUARDED = f"BEGIN IF current_setting('{SCHEMA}.back', true) = 'now' THEN RETURN coalesce(NEW, OLD); END IF;"


class Rewound:
    """What stands in the database when it is made, and a clock that no one else's work moves: each look at it is a
    millisecond later than the one before."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}; CREATE SEQUENCE {SCHEMA}.tick"
            )
            cursor.execute(
                "SELECT relname FROM pg_class c WHERE relkind IN ('r', 'p') AND NOT relispartition"
                " AND relnamespace = 'public'::regnamespace ORDER BY oid"
            )
            out, back = [], []
            for (name,) in cursor.fetchall():
                cursor.execute(f"SELECT count(*) FROM (SELECT FROM {name} LIMIT {SMALL} + 1) t")
                if cursor.fetchone()[0] <= SMALL:
                    kept = f"{SCHEMA}.{name}"
                    cursor.execute(f"CREATE TABLE {kept} AS SELECT t AS was, t::text AS said FROM public.{name} t")
                    out.append(f"DELETE FROM {name} t WHERE t::text NOT IN (SELECT said FROM {kept});")
                    missing = f"k.said NOT IN (SELECT t::text FROM {name} t)"
                    into, was = (", ".join(f"{of}{one}" for one in columns(name)) for of in ("", "(k.was)."))
                    back.append(f"INSERT INTO {name} ({into}) SELECT {was} FROM {kept} k WHERE {missing};")
            cursor.execute(
                f"CREATE PROCEDURE {SCHEMA}.back() LANGUAGE plpgsql AS $back$ BEGIN"
                f" PERFORM set_config('{SCHEMA}.back', 'now', true); {' '.join(out + back)} END $back$"
            )
            cursor.execute(
                "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE prorettype = 'trigger'::regtype"
                " AND pronamespace = 'public'::regnamespace"
            )
            self.guards = [text for (text,) in cursor.fetchall()]
            for text in self.guards:
                cursor.execute(text.replace("BEGIN", GUARDED, 1))

    def back(self) -> None:
        """All is as it was, and so is the clock."""
        with connection.cursor() as cursor:
            cursor.execute(f"CALL {SCHEMA}.back(); SELECT setval('{SCHEMA}.tick', 1)")

    def clock_from(self, at: datetime) -> None:
        """legal_now() begins at this instant."""
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION legal_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS"
                f" $$ SELECT timestamptz '{at.isoformat()}' + nextval('{SCHEMA}.tick') * interval '1 ms' $$"
            )

    @staticmethod
    def go_on(by: timedelta) -> None:
        """It is so much later, for everybody, at once."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT setval('{SCHEMA}.tick', %s)", [by // timedelta(milliseconds=1)])

    def end(self) -> None:
        with connection.cursor() as cursor:
            for text in self.guards:
                cursor.execute(text)
            cursor.execute(f"{REAL}; DROP SCHEMA {SCHEMA} CASCADE")
