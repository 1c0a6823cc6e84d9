"""What must hold before Lodestone serves anybody. `start_gate()` refuses to start production otherwise."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from core import grants, signing

DEMO_DOMAIN = "demo.lodestone.example"
DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": ("on", "remote_apply", "remote_write", "local"),
}


@checks.register()
def driver(**_: Any) -> list[checks.CheckMessage]:
    """psycopg 3, if installed, silently replaces psycopg2."""
    if connection.vendor == "postgresql":
        from django.db.backends.postgresql.psycopg_any import is_psycopg3  # noqa: PLC0415 (needs a driver)

        if is_psycopg3:
            return [checks.Error("psycopg 3 is installed and has taken psycopg2's place.", id="core.E001")]
    return []


@checks.register(deploy=True)
def two_roles(**_: Any) -> list[checks.CheckMessage]:
    """The application must not own its tables: else history could be truncated."""
    if not settings.DATABASE_URL:
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_get_userbyid(relowner) = current_user FROM pg_class WHERE relname = 'core_historyline'"
            )
            row = cursor.fetchone()
    except DatabaseError:
        return []
    if row and row[0]:
        hint = "Give DATABASE_URL (whoever serves) and DATABASE_OWNER_URL (migrations) two different roles."
        return [checks.Warning("The application's database role owns the history.", hint=hint, id="core.W002")]
    return []


@checks.register(checks.Tags.database, deploy=True)
def rights(databases: Sequence[str] | None, **_: Any) -> list[checks.CheckMessage]:
    """The application's role may do what is written beside its tables, on each partition too, and nothing else."""
    if not databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (role,) = cursor.fetchone()
        found = grants.differences(cursor, role)
    if not found:
        return []
    text = f"The application's database role {role} " + "; ".join(found[:5])
    more = f"; and {len(found) - 5} differences more" if len(found) > 5 else ""
    hint = "`manage.py setup`, with DATABASE_OWNER_URL, grants what is due."
    return [checks.Error(f"{text}{more}.", hint=hint, id="core.E008")]


@checks.register(checks.Tags.database, deploy=True)
def durable(databases: Sequence[str] | None, **_: Any) -> list[checks.CheckMessage]:
    """An answer that was given must survive a power cut."""
    if not databases:
        return []
    found: list[checks.CheckMessage] = []
    with connection.cursor() as cursor:
        for name, wanted in DURABLE.items():
            cursor.execute("SELECT current_setting(%s)", [name])
            value = cursor.fetchone()[0]
            if value not in wanted:
                hint = f"Set {name} = on in postgresql.conf."
                found.append(checks.Error(f"PostgreSQL runs with {name} = {value}.", hint=hint, id="core.E003"))
    return found


@checks.register(checks.Tags.database, deploy=True)
def no_demo(databases: Sequence[str] | None, **_: Any) -> list[checks.CheckMessage]:
    """Demo accounts and keys have published passwords."""
    if not databases or settings.LOCAL:
        return []
    from core.models import ApiKey, User  # noqa: PLC0415 (checks load before the models)

    try:
        accounts = User.objects.filter(email__endswith=f"@{DEMO_DOMAIN}", is_active=True).count()
        keys = ApiKey.objects.filter(created_by__email__endswith=f"@{DEMO_DOMAIN}", revoked_at=None).count()
    except DatabaseError:
        return []  # not migrated yet: nothing demo can be there
    found: list[checks.CheckMessage] = []
    if accounts:
        found.append(checks.Error(f"{accounts} demo accounts are active in this database.", id="core.E004"))
    if keys:
        found.append(checks.Error(f"{keys} demo keys are live in this database.", id="core.E005"))
    return found


@checks.register(deploy=True)
def secret(**_: Any) -> list[checks.CheckMessage]:
    if settings.LOCAL or not settings.SECRET_KEY.startswith("local-only-"):
        return []
    return [checks.Error("SECRET_KEY is the local default.", id="core.E006")]


@checks.register(deploy=True)
def signing_key(**_: Any) -> list[checks.CheckMessage]:
    """Papers are signed by a key that nobody else can read."""
    hint = "`manage.py signing_key make` makes the first one."
    return [checks.Error(flaw, hint=hint, id="core.E009") for flaw in signing.flaws()]


@checks.register(deploy=True)
def local_is_loopback(**_: Any) -> list[checks.CheckMessage]:
    """Local mode shows mail and demo passwords, so it must not be reachable from elsewhere."""
    host = urlsplit(settings.BASE_URL).hostname
    if settings.LOCAL and host not in ("127.0.0.1", "localhost", "::1"):
        return [checks.Error(f"LODESTONE_MODE is local but BASE_URL is {settings.BASE_URL}.", id="core.E007")]
    return []


def start_gate() -> None:
    """Production starts only when every check, deployment ones included, is clean. Local mode always starts."""
    if settings.LOCAL:
        return
    found = [
        message
        for message in checks.run_checks(include_deployment_checks=True, databases=["default"])
        if message.level >= checks.WARNING and not message.is_silenced()
    ]
    if found:
        raise ImproperlyConfigured("Lodestone refuses to start:\n" + "\n".join(str(message) for message in found))
