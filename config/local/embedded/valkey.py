"""The broker answers on a port of its own, with a password."""

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from config.local.embedded.cluster import cluster_of, passwords_of
from config.local.embedded.errors import LauncherError, PortTaken
from config.local.embedded.folder import tail
from config.local.embedded.leftovers import VALKEY_ENDS, clear_valkey
from config.local.embedded.programs import valkey_binary
from config.local.embedded.starting import HOST, Part, first_free_port, spawn

if TYPE_CHECKING:
    from config.local.embedded.servers import Servers


def start(servers: "Servers", *, durable: bool) -> None:
    """The broker answers with its password; its address is noted."""
    data = servers.data
    password = passwords_of(data, cluster_of(data))["valkey"]
    binary = valkey_binary()
    (data / "valkey").mkdir(mode=0o700, exist_ok=True)
    port = first_free_port(lambda port: servers.begin(part(data, binary, port, password, durable=durable)))
    servers.redis_url = f"redis://:{password}@{HOST}:{port}/0"


def part(data: Path, binary: Path, port: int, password: str, *, durable: bool) -> Part:
    """The broker of this folder on this port; its configuration is written."""
    folder = data / "valkey"
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
    return Part(
        "valkey",
        lambda log: spawn([binary, config], log),
        VALKEY_ENDS,
        clear=lambda: clear_valkey(folder),
        await_answer=lambda process: await_answer(data, process, port, password),
    )


def quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def await_answer(data: Path, process: subprocess.Popen, port: int, password: str) -> None:
    until = time.monotonic() + 60  # a large append-only file is read first
    while time.monotonic() < until:
        answer = ask(port, password)
        if answer.startswith("+OK\r\n+PONG"):
            return
        time.sleep(0.02)
        if process.poll() is not None:
            said = tail(data, "valkey")
            if "Address already in use" in said or "Failed listening" in said:
                raise PortTaken
            raise LauncherError(f"Valkey did not start: read why, or start with --reset.\n{said}")
        if "WRONGPASS" in answer:
            raise PortTaken  # a stranger: ours reads its password from the file just written
    raise LauncherError(f"Valkey did not answer in a minute: try again.\n{tail(data, 'valkey')}")


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
