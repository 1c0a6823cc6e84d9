"""What the application's role may do, granted by the owner after every migrate.

History and movements can be added and read; TRUNCATE is withheld everywhere.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections

INSERT_ONLY = ("core_historyline", "licensing_movement")


def after_migrate(using: str, **_: Any) -> None:
    """The application's role holds exactly its rights, when it is another role than the one that migrates."""
    role = urlsplit(settings.DATABASE_URL).username
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT current_user, EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role])
        me, exists = cursor.fetchone()
        if not exists or role == me:
            return
        quoted = connections[using].ops.quote_name(role)
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {quoted}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}")
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname = ANY(%s)", [list(INSERT_ONLY)]
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {quoted}")
