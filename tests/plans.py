"""How PostgreSQL would go about a statement, whatever else the tests have put in and autovacuum has counted."""

from django.db import connection


def uncounted(table: str) -> None:
    """Until the test ends `table` is one that nobody has counted, which is taken for ten pages, and not read through:
    before a table of one page no index is worth a look. (A temporary one of its name and indexes stands before it.)"""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {table} (LIKE {table} INCLUDING INDEXES) ON COMMIT DROP")
        cursor.execute("SET LOCAL enable_seqscan = off")


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())
