"""PostgreSQL and Valkey for one data folder, from the wheels that the environment already holds.

`start(folder)` returns when both answer. They end with `stop()`, and also when the process that called start
is killed: a watchdog child holds the other end of a pipe, and at its end of file stops everything in order.

What a data folder holds:

    lock           held (flock) by the launcher and its watchdog for as long as a server may run
    state.json     addresses and process ids; there only while both servers answer
    secrets.json   the passwords of this cluster; without them the cluster cannot be opened
    postgres/      the cluster, or a link to it where `nobody` could not reach it here (see cluster.py)
    valkey/        the broker's append-only file and its configuration
    logs/          what the servers say, this run and the one before (.1)

Only the standard library, and nothing of Django: the launcher runs this before there is a database.
"""

from config.local.embedded.errors import LauncherError
from config.local.embedded.folder import open_log, refuse_if_running, running, tail
from config.local.embedded.servers import Servers, reset, start
from config.local.embedded.starting import free_port

__all__ = [
    "LauncherError",
    "Servers",
    "free_port",
    "open_log",
    "refuse_if_running",
    "reset",
    "running",
    "start",
    "tail",
]
