"""How gunicorn serves, here and in the image: `-c config/gunicorn.py`."""

import contextlib
import os
from typing import Any

worker_class = "gthread"
workers = 2
threads = 8
timeout = 30
graceful_timeout = 20
keepalive = 5
control_socket_disable = True
limit_request_line = 4094
limit_request_fields = 100
limit_request_field_size = 8190


def post_fork(arbiter: Any, worker: Any) -> None:
    """Where there are no more processors than workers, this one stays on one, on which no other is as long as there are
    such.

    The interpreter's lock lets one of its threads work at a time. Where the next one does so on another processor, what
    they share is in the caches of the one before (docs/performance.md).
    """
    with contextlib.suppress(AttributeError, OSError):  # Linux alone has it, and not every sandbox lets us
        _stay(arbiter, worker)


def _stay(arbiter: Any, worker: Any) -> None:
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > arbiter.num_workers:
        return
    taken: set[int] = set()
    for pid in arbiter.WORKERS:
        with contextlib.suppress(ProcessLookupError):
            taken |= os.sched_getaffinity(pid)
    free = [one for one in processors if one not in taken] or processors
    os.sched_setaffinity(0, {free[worker.age % len(free)]})
