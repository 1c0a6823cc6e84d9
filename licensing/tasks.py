"""Sweeps: each fetches ids, calls a verb once per id, and may run twice, late or never."""

import logging
from collections.abc import Callable
from datetime import timedelta

from celery import shared_task

from core.access import clock
from core.legal_time import legal_today
from core.sweeps import each
from licensing import ledger, selectors
from licensing.actions import licenses, questions, receipts, signals, supplements, turns, verdicts

log = logging.getLogger(__name__)
BATCH = 500


@shared_task
def expire_licenses() -> int:
    """Every license whose last day is over says so; at most BATCH a run, the rest a minute later."""
    by = clock()
    return each(selectors.licenses_past(legal_today(), BATCH), lambda pk: licenses.expire(pk, by=by))


@shared_task
def turn_licenses() -> int:
    """What the rules say holds for every license in force: all that are due, whoever else turns them now, too."""
    return _all_due(selectors.licenses_to_turn, verdicts.turn)


@shared_task
def turn_cases() -> int:
    """Who reads an open case knows that other rules judge it: all that are due, as above."""
    return _all_due(selectors.cases_to_turn, turns.turn)


def _all_due(due: Callable[[int, int], list[int]], turn: Callable[..., bool]) -> int:
    """In the order of their keys, so that one that fails, or is another's, stops none behind it."""
    by, done, after = clock(), 0, 0
    while ids := due(BATCH, after):
        done += each(ids, lambda pk: turn(pk, by=by))
        after = ids[-1]
    return done


@shared_task
def accept_by_law() -> int:
    """Every case of which nothing was said in time is accepted from its receipt on."""
    by = clock()
    return each(selectors.silent(legal_today(), BATCH), lambda pk: receipts.accept_by_law(pk, by=by))


@shared_task
def lapse_supplements() -> int:
    """Every case ends of which nothing came by the last day of its supplement."""
    by = clock()
    return each(selectors.overdue_supplements(legal_today(), BATCH), lambda pk: supplements.lapse(pk, by=by))


@shared_task
def end_questions() -> int:
    """Every question ends to which nobody said anything for 20 working days."""
    by = clock()
    return each(selectors.long_asked(legal_today()), lambda pk: questions.no_answer(pk, by=by))


@shared_task
def signal_days() -> int:
    """The ministry knows which days the clocks of open cases have reached, and which cases are late."""
    by = clock()
    return each(selectors.to_signal(legal_today()), lambda pk: signals.signal(pk, by=by))


@shared_task
def warn_of_ends() -> int:
    """Holders know of ends that come near."""
    by, today = clock(), legal_today()
    ids = selectors.licenses_ending(today, today + timedelta(days=max(licenses.WARNING_DAYS)))
    return each(ids, lambda pk: licenses.warn_of_end(pk, by=by))


@shared_task
def make_months() -> int:
    """The movements of the months to come have their place."""
    return ledger.make_months()


@shared_task
def reconcile_ledger() -> int:
    """Every line equals the sum of its movements; a difference is an error in the log, and changed by nobody."""
    drift = ledger.reconcile()
    for row in drift:
        log.error("ledger drift", extra={"drift": row})
    return len(drift)
