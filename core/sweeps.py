"""How every sweep goes over its ids: a verb once per id, and one that fails stops none of the others."""

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from celery.exceptions import SoftTimeLimitExceeded

T = TypeVar("T")

log = logging.getLogger(__name__)


def each(ids: Iterable[T], verb: Callable[[T], Any]) -> int:
    """How many calls did something. A failed one is logged, and comes up again with the next run."""
    done = 0
    for pk in ids:
        try:
            done += verb(pk) not in (None, False)
        except SoftTimeLimitExceeded:
            raise
        except Exception:  # a locked or broken row is tried again a minute later
            log.exception("sweep passed over a row", extra={"row": pk})
    return done
