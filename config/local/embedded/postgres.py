"""PostgreSQL answers on a port of its own, with two modest roles and one database."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from config.local.embedded.cluster import APP, DATABASE, OWNER, SUPERUSER, cluster_of, ensure, passwords_of
from config.local.embedded.errors import LauncherError, PortTaken
from config.local.embedded.folder import tail
from config.local.embedded.leftovers import POSTGRES_ENDS, clear_postgres
from config.local.embedded.programs import identity, postgres_binaries
from config.local.embedded.starting import CLEAN_ENVIRONMENT, HOST, Part, first_free_port, run, spawn

if TYPE_CHECKING:
    from config.local.embedded.servers import Servers

DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # A killed server is back in seconds: few files to sync before it recovers, and little to recover. Each of
    # 1,800 files by itself took 6 s on a busy disk.
    **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
    "checkpoint_timeout": "1min",
}

DISPOSABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
}


def start(servers: "Servers", *, durable: bool) -> None:
    """PostgreSQL answers for this folder, with the two roles and the database; the addresses are noted."""
    data = servers.data
    binaries = postgres_binaries()
    cluster = cluster_of(data)
    passwords = passwords_of(data, cluster)
    ensure(data, cluster, binaries, passwords, durable=durable)
    port = first_free_port(lambda port: servers.begin(part(data, binaries, cluster, port, passwords, durable=durable)))
    provision(binaries, port, passwords)
    servers.database_url = f"postgres://{APP}:{passwords[APP]}@{HOST}:{port}/{DATABASE}"
    servers.owner_url = f"postgres://{OWNER}:{passwords[OWNER]}@{HOST}:{port}/{DATABASE}"


def part(data: Path, binaries: Path, cluster: Path, port: int, passwords: dict, *, durable: bool) -> Part:
    """The server of this cluster on this port."""
    options = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "100",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",
        **(DURABLE if durable else DISPOSABLE),
    }
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return Part(
        "postgres",
        lambda log: spawn([binaries / "postgres", "-D", cluster, *words], log, **identity()),
        POSTGRES_ENDS,
        clear=lambda: clear_postgres(cluster),
        await_answer=lambda process: await_answer(data, process, binaries, cluster, port, passwords),
    )


def psql(binaries: Path, port: int, password: str, sql: str) -> subprocess.CompletedProcess:
    """Run SQL as the superuser. It goes in by stdin, the password by the environment: `ps` shows neither."""
    command = [
        *(binaries / "psql", "--no-psqlrc", "--no-password", "-qAt", "-v", "ON_ERROR_STOP=1"),
        *("-h", HOST, "-p", str(port), "-U", SUPERUSER, "-d", "postgres"),
    ]
    known = CLEAN_ENVIRONMENT | {"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"}
    return run(command, env=known, input=sql)


def await_answer(
    data: Path, process: subprocess.Popen, binaries: Path, cluster: Path, port: int, passwords: dict
) -> None:
    """It answers, and it is ours: the answer names our cluster."""
    until = time.monotonic() + 120  # recovery after a crash takes its time
    pause = 0.03
    while time.monotonic() < until:
        answer = psql(binaries, port, passwords[SUPERUSER], "SHOW data_directory")
        if answer.returncode == 0 and Path(answer.stdout.strip()).resolve() == cluster.resolve():
            return
        if process.poll() is not None:
            said = tail(data, "postgres")
            if "Address already in use" in said:
                raise PortTaken
            raise LauncherError(f"PostgreSQL did not start: read why, or start with --reset.\n{said}")
        if answer.returncode == 0 or "password authentication failed" in answer.stderr:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=2)  # if a stranger answered, ours is about to give up the port
                continue
            raise LauncherError(f"The passwords in {data}/secrets.json do not open the cluster: start with --reset.")
        time.sleep(pause)
        pause = min(pause * 1.3, 0.3)  # each look is a process, and a line in the server's log
    raise LauncherError(f"PostgreSQL did not answer in two minutes: try again.\n{tail(data, 'postgres')}")


PROVISION = """
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['{owner}', '{app}']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec
ALTER ROLE {owner} NOSUPERUSER CREATEDB NOCREATEROLE PASSWORD '{owner_password}';
ALTER ROLE {app} NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{app_password}';
SELECT 'CREATE DATABASE {database} OWNER {owner}'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {app};
\\connect {database}
REVOKE CREATE ON SCHEMA public FROM PUBLIC, {app};
"""


def provision(binaries: Path, port: int, passwords: dict) -> None:
    """Both roles and the database are there. The application's role may connect and nothing else yet.

    Every statement may run again, so that a start interrupted here is made whole by the next one.
    """
    sql = PROVISION.format(
        owner=OWNER, app=APP, database=DATABASE, owner_password=passwords[OWNER], app_password=passwords[APP]
    )
    done = psql(binaries, port, passwords[SUPERUSER], sql)
    if done.returncode:
        raise LauncherError(f"The database's roles could not be made: start with --reset.\n{done.stderr}")
