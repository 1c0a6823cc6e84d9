"""Sweeps over shipments: ids, a verb once per id; may run twice, late or never."""

from celery import shared_task

from core.access import clock
from core.legal_time import legal_today
from core.sweeps import batches, each
from exporters.selectors import qualifications_past
from shipments import actions, selectors
from shipments.actions import qualifications

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
    """Every qualification for annual licenses whose last day is over has lapsed; no day is decided by that."""
    by = clock()
    return each(qualifications_past(legal_today(), BATCH), lambda pk: qualifications.lapse(pk, by=by))
