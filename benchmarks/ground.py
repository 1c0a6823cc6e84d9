"""A database of a benchmark's own: migrated, with the rules and the legal days, and one world that people made."""

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

SCALE = float(os.environ.get("BENCH_SCALE", "1"))
COMMITS = 1_000
BACKEND = "SELECT pg_backend_pid()"


def sign_papers(folder: Path) -> None:
    """There is a key that signs them, in this folder."""
    from django.conf import settings
    from django.utils import timezone

    from core import signing

    settings.SIGNING_KEYS = str(folder)
    if not signing.all_keys():
        signing.make(timezone.now())


def raise_() -> Any:
    """The world (tests.make.World)."""
    os.environ.update(LODESTONE_MODE="local", DJANGO_SETTINGS_MODULE="config.settings")
    from config.local import embedded

    folder = Path(tempfile.mkdtemp(prefix="lodestone-bench-"))
    folder.chmod(0o755)
    servers = embedded.start(folder)
    atexit.register(lambda: (servers.stop(), shutil.rmtree(folder, ignore_errors=True)))
    os.environ.update(DATABASE_URL=servers.owner_url, DATABASE_OWNER_URL=servers.owner_url)
    os.environ.update(APPLICATION_URL=servers.database_url, REDIS_URL=servers.redis_url)
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    sign_papers(folder / "keys")
    options = connection.settings_dict["OPTIONS"]
    options["options"] += " -c statement_timeout=0"  # millions of rows are laid at once
    settings.DATABASE_URL = servers.database_url  # whose role is given its rights; what runs here is the owner
    call_command("migrate", verbosity=0)
    from licensing.loading import load
    from tests import make
    from tests.conftest import legal_days

    load()
    legal_days()
    ministry = make.ministry()
    return make.World(ministry, make.customs(), make.exporter(ministry))


def beside_commits(measure: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """The same with the seconds of a thousand plain commits before and after, and how many of these it took."""

    def measured(world: Any) -> dict[str, Any]:
        before, figures, after = limit(), measure(world), limit()
        noisy = abs(before - after) > 0.25 * min(before, after)
        return figures | {
            "limit_s": [before, after],
            "ratio": figures["seconds"] * 2 / (before + after),
            "noisy": noisy,
        }

    return measured


def limit() -> float:
    """Seconds for a thousand transactions that change one row each."""
    from core.models import User

    key, began = User.objects.values_list("pk", flat=True)[0], time.monotonic()
    for _ in range(COMMITS):
        User.objects.filter(pk=key).update(name="Limit")
    return time.monotonic() - began


def timed(work: Callable[[], Any], times: int) -> tuple[float, float]:
    """The median of so many tries in milliseconds: by the clock, and of CPU, of this process and of its backend."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(BACKEND)
        backend = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    spent: list[tuple[float, float]] = []
    for _ in range(times):
        began, cpu = time.monotonic(), time.process_time() + int(backend.read_text().split()[0]) / 1e9
        work()
        now = time.process_time() + int(backend.read_text().split()[0]) / 1e9
        spent.append(((time.monotonic() - began) * 1_000, (now - cpu) * 1_000))
    clock, used = zip(*spent, strict=True)
    return median(clock), median(used)


def transactions(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds for the whole work, and for its longest transaction: from BEGIN to COMMIT as the client sees them."""
    from django.db import transaction

    enter, leave, longest, began = transaction.Atomic.__enter__, transaction.Atomic.__exit__, 0.0, 0.0

    def entered(self: Any) -> None:
        nonlocal began
        if self.durable:
            began = time.monotonic()
        enter(self)

    def left(self: Any, *error: Any) -> None:
        nonlocal longest
        leave(self, *error)
        if self.durable:
            longest = max(longest, time.monotonic() - began)

    transaction.Atomic.__enter__, transaction.Atomic.__exit__ = entered, left
    start = time.monotonic()
    try:
        work()
    finally:
        transaction.Atomic.__enter__, transaction.Atomic.__exit__ = enter, leave
    return time.monotonic() - start, longest
