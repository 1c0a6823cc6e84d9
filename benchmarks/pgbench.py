"""What PostgreSQL does alone: a transaction of statements, as pgbench runs it on the benchmark's own database."""

import os
import re
import subprocess
import tempfile

CLIENTS = 8


def rate(script: str, *, clients: int = CLIENTS, seconds: int) -> float:
    """Transactions a second, each statement prepared once a connection."""
    from config.local.embedded.programs import postgres_binaries

    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        words = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds), "-f", file.name]
        program = str(postgres_binaries() / "pgbench")
        done = subprocess.run(
            [program, *words, os.environ["DATABASE_OWNER_URL"]], capture_output=True, text=True, check=False
        )
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(done.stderr or done.stdout)
    return float(found[1])
