"""Sweeps over shipments: ids, a verb once per id; may run twice, late or never."""

import time

from celery import shared_task

from core.access import clock
from core.legal_time import legal_today
from core.sweeps import each
from exporters.selectors import qualifications_past
from shipments import actions, selectors
from shipments.actions import bulk, qualifications

BATCH = 500
RUN_SECONDS = 45  # a run ends well before the task's time limit


@shared_task
def lapse_reservations() -> int:
    """Every reservation whose last day is over has lapsed; at most BATCH a run, the rest a minute later."""
    by = clock()
    return each(selectors.reservations_past(legal_today(), BATCH), lambda pk: actions.lapse(pk, by=by))


@shared_task
def lapse_qualifications() -> int:
    """Every qualification for annual licenses whose last day is over has lapsed; no day is decided by that."""
    by = clock()
    return each(qualifications_past(legal_today(), BATCH), lambda pk: qualifications.lapse(pk, by=by))


@shared_task
def work_bulks() -> int:
    """Every bulk goes on, the oldest first, chunk by chunk; what is left after a while, seconds later."""
    by, until, done = clock(), time.monotonic() + RUN_SECONDS, 0
    for pk in selectors.bulks_to_work():
        while time.monotonic() < until and each([pk], lambda pk: bulk.work(pk, by=by)):
            done += 1
    return done
