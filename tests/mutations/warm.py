"""A process that has the libraries loaded and is forked for each test run: an import a mutation is what costs most.

It reads a JSON object a line, {"words": pytest's, "log": path, "seconds": most, "bytecode": written?}, and answers each
with one line: the exit status, or "late". Our own code is loaded by the child only, so that a mutation is seen.
"""

import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
from typing import Any

OURS = {"config", "core", "exporters", "licensing", "shipments", "tests"}
UNSET = {"allauth", "drf_spectacular", "pgtrigger", "rest_framework"}  # need our settings, as django.contrib does
MEMORY_MOST = 4 << 30  # bytes; a loop that a mutation made endless must not take the machine with it


def main() -> None:
    loaded = False
    for line in sys.stdin:
        asked = json.loads(line)
        status = run(asked)
        if not loaded:
            load(asked["log"] + ".modules")
            loaded = True
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


def run(asked: dict[str, Any]) -> str:
    gc.freeze()  # the child collects its own garbage, and copies none of these pages to do it
    child = os.fork()
    if not child:
        test(asked)
    ends = time.monotonic() + asked["seconds"]
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return str(os.waitstatus_to_exitcode(status))
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "late"


def test(asked: dict[str, Any]) -> None:
    """The child: never comes back."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MOST, MEMORY_MOST))
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.dont_write_bytecode = not asked["bytecode"]
    if sys.dont_write_bytecode:
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # (for what the tests start)
    import pytest

    status = pytest.main(asked["words"])
    with open(asked["log"] + ".modules", "w") as names:
        names.write("\n".join(sys.modules))
    sys.stdout.flush()
    os._exit(status)


def load(path: str) -> None:
    """What the first child needed of the libraries, as far as it loads without our settings."""
    with open(path) as names:
        for name in names.read().split():
            if name.partition(".")[0] not in OURS | UNSET and not name.startswith("django.contrib."):
                try:
                    importlib.import_module(name)
                except Exception:  # needs the settings: the children load it
                    continue


if __name__ == "__main__":
    main()
