"""Real PostgreSQL and Valkey for a test run. Loaded by `-p`, before settings are read.

DATABASE_URL given: that server is used (its role must be able to create databases). Else an embedded pair is started
in a folder of its own and ends with the run. Tests connect as the owner: they flush, and shift legal_now().
"""

import atexit
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

os.environ["LODESTONE_MODE"] = "local"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def database_of(root: Path) -> str:
    """The test database of the checkout that stands there: its own, so that two may be tested at once."""
    return f"test_lodestone_{hashlib.sha256(str(root).encode()).hexdigest()[:8]}"


if "DATABASE_URL" not in os.environ:
    from config.local import embedded

    memory = Path("/dev/shm")  # a test that commits ends by emptying tables, which makes some thousand files anew
    room = memory.is_dir() and shutil.disk_usage(memory).free > 8 << 30
    folder = Path(tempfile.mkdtemp(prefix="lodestone-test-", dir=memory if room else None))
    folder.chmod(0o755)  # (the database's own user must reach its folder)
    servers = embedded.start(folder, durable=False)
    os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"] = servers.owner_url
    os.environ["TEST_APPLICATION_URL"] = servers.database_url
    os.environ["REDIS_URL"] = servers.redis_url

    def stop() -> None:
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
