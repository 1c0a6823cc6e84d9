"""The broker answers on a port of its own, with a password."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from config.local.embedded.cluster import cluster_of, passwords_of
from config.local.embedded.errors import LauncherError, PortTaken
from config.local.embedded.folder import tail
from config.local.embedded.programs import valkey_binary
from config.local.embedded.starting import HOST, first_free_port, spawn
from config.local.embedded.watchdog import Charge, began

if TYPE_CHECKING:
    from config.local.embedded.servers import Servers


def start(servers: "Servers", *, durable: bool) -> None:
    """The broker answers with its password; its address is noted."""
    password = passwords_of(servers.data, cluster_of(servers.data))["valkey"]
    binary = valkey_binary()
    folder = servers.data / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    port = first_free_port(lambda port: launch(servers, binary, folder, port, password, durable=durable))
    servers.redis_url = f"redis://:{password}@{HOST}:{port}/0"


def launch(servers: "Servers", binary: Path, folder: Path, port: int, password: str, *, durable: bool) -> None:
    settings = {
        "bind": HOST,
        "port": port,
        "requirepass": password,
        "dir": quoted(folder),
        "pidfile": quoted(folder / "valkey.pid"),
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
    process = spawn(servers.data, "valkey", [binary, config])
    servers.take(charge(process.pid), process, "valkey")
    await_answer(servers, process, port, password)


def charge(pid: int) -> Charge:
    return Charge(pid, began(pid) or "", ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)))


def quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def await_answer(servers: "Servers", process: subprocess.Popen, port: int, password: str) -> None:
    until = time.monotonic() + 60  # a large append-only file is read first
    while time.monotonic() < until:
        answer = ask(port, password)
        if answer.startswith("+OK\r\n+PONG"):
            return
        time.sleep(0.02)
        if process.poll() is not None:
            said = tail(servers.data, "valkey")
            if "Address already in use" in said or "Failed listening" in said:
                raise PortTaken
            raise LauncherError(f"Valkey did not start: read why, or start with --reset.\n{said}")
        if "WRONGPASS" in answer:
            raise PortTaken  # a stranger: ours reads its password from the file just written
    raise LauncherError(f"Valkey did not answer in a minute: try again.\n{tail(servers.data, 'valkey')}")


def ask(port: int, password: str) -> str:
    try:
        with socket.create_connection((HOST, port), timeout=2) as wire:
            wire.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (more := wire.recv(1024)):
                answer += more
            return answer.decode(errors="replace")
    except OSError:
        return ""
