"""Asking PostgreSQL itself, whatever our code would have done before."""

from django.db import DatabaseError, connection, transaction


def breaches(cases: list[tuple[str, dict[str, str]]]) -> dict[str, str]:
    """What became of each case that was not refused by the constraint it names; empty when all were.

    A case: ("table.constraint", {column: SQL}). The newest row of the table is copied with these columns changed;
    "*" as a column: the rows are updated instead; "+" as a column: it is copied twice.
    """
    found = {}
    for named, changes in cases:
        table, _, constraint = named.partition(".")
        got = _refusal(table, changes)
        if got != constraint:
            found[named] = got
    return found


def _refusal(table: str, changes: dict[str, str]) -> str:
    changed = {column: sql for column, sql in changes.items() if column not in "*+"}
    statement = _update(table, changed) if "*" in changes else _copy(table, changed)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for _ in range(2 if "+" in changes else 1):
                cursor.execute(statement)
                assert cursor.rowcount, f"{table} has no row to try with"
            transaction.set_rollback(True)
    except DatabaseError as error:
        return error.__cause__.diag.constraint_name or str(error)  # type: ignore[union-attr]
    return "accepted"


def _update(table: str, changes: dict[str, str]) -> str:
    return f"UPDATE {table} SET " + ", ".join(f"{column} = {sql}" for column, sql in changes.items())


def _copy(table: str, changes: dict[str, str]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, is_identity = 'YES' FROM information_schema.columns"
            " WHERE table_name = %s AND is_generated = 'NEVER'"
            " ORDER BY ordinal_position",
            [table],
        )
        columns = cursor.fetchall()
    kept = [name for name, numbered in columns if not numbered]
    picked = ", ".join(changes.get(name, f'"{name}"') for name in kept)
    named = ", ".join(f'"{name}"' for name in kept)
    return f"INSERT INTO {table} ({named}) SELECT {picked} FROM {table} ORDER BY {columns[0][0]} DESC LIMIT 1"
