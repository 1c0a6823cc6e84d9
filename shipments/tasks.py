"""Sweeps over shipments: ids, a verb once per id; may run twice, late or never."""

import time
from datetime import timedelta

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

from core import upgrades
from core.access import clock
from core.legal_time import legal_now, legal_today
from core.sweeps import batches, each
from shipments import actions, selectors
from shipments.actions import bulk, qualifications, reports
from shipments.actions.sheets import CONTENT_DAYS, UNBOOKED_HOURS
from shipments.models import Sheet

BATCH = 500


@shared_task
def lapse_reservations() -> int:
    """Every reservation whose last day is over has lapsed."""
    by = clock()
    return batches(
        "shipment_lapse",
        ("shipment", "lapse"),
        by=by,
        verb=lambda pk: actions.lapse(pk, by=by),
        due=lambda: selectors.reservations_past(legal_today(), BATCH),
    )


@shared_task
def lapse_qualifications() -> int:
    """Every qualification for annual licenses has lapsed whose last day is over, no day is decided by that, or whose
    company owes a report for too long."""
    by = clock()
    return each(qualifications.to_lapse(legal_today(), BATCH), lambda pk: qualifications.lapse(pk, by=by))


@shared_task
def warn_of_reports() -> int:
    """Holders know of reports that are due soon, and of those that are overdue; at most BATCH a run."""
    by = clock()
    ids = selectors.reports_to_warn_of(legal_today(), BATCH)
    return each(ids, lambda pk: reports.warn_of_report(pk, by=by))


@shared_task
def work_bulks() -> int:
    """Every bulk goes on, the oldest first, chunk by chunk; what is left after a while, seconds later."""
    by, until, done = clock(), time.monotonic() + settings.RUN_SECONDS, 0

    def go_on(pk: int) -> bool:
        try:
            return bulk.work(pk, by=by)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            if not upgrades.explains(error):
                bulk.fail(pk, by=by)
            raise

    for pk in selectors.bulks_to_work():
        while time.monotonic() < until and each([pk], go_on):
            done += 1
    return done


@shared_task
def end_sheets() -> int:
    """Files that nobody booked in time are gone, and the content of those that were booked long ago."""
    now = legal_now()
    gone, _each = Sheet.objects.filter(bulk=None, uploaded_at__lt=now - timedelta(hours=UNBOOKED_HOURS)).delete()
    old = Sheet.objects.filter(bulk__created_at__lt=now - timedelta(days=CONTENT_DAYS)).exclude(content=b"")
    return gone + old.update(content=b"")
