"""Sweeps: each fetches ids, calls a verb once per id, and may run twice, late or never."""

import logging
import time
from collections import defaultdict
from collections.abc import Collection

from celery import shared_task
from django.conf import settings
from django.db import DatabaseError

from core import upgrades
from core.access import clock
from core.legal_time import legal_day, legal_now, legal_today
from core.sweeps import batches, each
from exporters.selectors import bars_over
from licensing import books, ledger, selectors, simulating
from licensing.actions import (
    declarations,
    licenses,
    pools,
    questions,
    receipts,
    signals,
    standing,
    supplements,
    turns,
    verdicts,
    windows,
)

log = logging.getLogger(__name__)
BATCH = 500
TURNS = 100  # licenses that one transaction confirms: what it locks, nobody else changes meanwhile


@shared_task
def expire_licenses() -> int:
    """Every license whose last day is over says so."""
    by = clock()
    return batches(
        "license_expire",
        ("license", "expire"),
        by=by,
        verb=lambda pk: licenses.expire(pk, by=by),
        due=lambda: licenses.past(legal_today(), BATCH),
    )


@shared_task
def turn_licenses() -> int:
    """What the rules say holds for every license in force: all that are due, whoever else turns them now, too.

    Those of a batch for which nothing changes are done at once, the others one by one.
    """
    by, done, after = clock(), 0, 0
    while ids := selectors.licenses_to_turn(TURNS, after):
        each([ids], lambda some: verdicts.confirm(among=some))
        done += each(selectors.licenses_to_turn(TURNS, after, ids[-1]), lambda pk: verdicts.turn(pk, by=by))
        after = ids[-1]
    return done


@shared_task
def turn_cases() -> int:
    """Who reads an open case knows that other rules judge it: all that are due, as above."""
    by, done, after = clock(), 0, 0
    while ids := selectors.cases_to_turn(BATCH, after):
        done += each(ids, lambda pk: turns.turn(pk, by=by))
        after = ids[-1]
    return done


@shared_task(soft_time_limit=600, time_limit=660)
def run_simulations() -> int:
    """Every simulation that was asked for is worked out, one after the other."""
    by = clock()
    return each(selectors.simulations_to_run(), lambda pk: simulating.work(pk, by=by))


@shared_task
def accept_by_law() -> int:
    """Every case of which nothing was said in time is accepted from its receipt on."""
    by = clock()
    return each(receipts.silent(legal_today(), BATCH), lambda pk: receipts.accept_by_law(pk, by=by))


@shared_task
def lapse_supplements() -> int:
    """Every case ends of which nothing came by the last day of its supplement."""
    by = clock()
    return each(supplements.overdue(legal_today(), BATCH), lambda pk: supplements.lapse(pk, by=by))


@shared_task
def expire_declarations() -> int:
    """Every verified declaration says expired that so long after its signature carries no license."""
    by = clock()
    rows = selectors.expiring_declarations(legal_today()).order_by("pk").values_list("pk", flat=True)
    return each(rows[:BATCH], lambda pk: declarations.expire(pk, by=by))


@shared_task
def end_bars() -> int:
    """Every company that is barred says so through the last day of that."""
    by = clock()
    return each(bars_over(legal_today(), BATCH), lambda pk: standing.end_bar(pk, by=by))


@shared_task
def end_questions() -> int:
    """Every question ends to which nobody said anything in time."""
    by = clock()
    return each(selectors.long_asked(legal_today()), lambda pk: questions.no_answer(pk, by=by))


@shared_task
def signal_days() -> int:
    """The ministry knows which days the clocks of open cases have reached, and which cases, or contested refusals, are
    late."""
    by, today = clock(), legal_today()
    due = [*selectors.to_signal(today), *selectors.contests_to_signal(today)]
    return each(due, lambda pk: signals.signal(pk, by=by))


@shared_task
def warn_of_ends() -> int:
    """Holders know of ends that come near."""
    by = clock()
    return batches(
        "license_warn",
        ("license", "warn_of_end"),
        list(licenses.WARNING_DAYS),
        licenses.renewal_warning(),
        by=by,
        verb=lambda pk: licenses.warn_of_end(pk, by=by),
        due=lambda: licenses.ending(legal_today(), licenses.WARNING_DAYS, licenses.renewal_warning()),
    )


@shared_task
def warn_of_uses() -> int:
    """Holders know that an account is nearly, or wholly, taken."""
    by = clock()
    return each(selectors.uses_untold(), lambda pk: licenses.warn_of_use(pk, by=by))


@shared_task
def warn_of_windows() -> int:
    """Whom the end of a suspension concerns knows of it, and of each end that was put off."""
    by, at = clock(), legal_now()
    warned = each(selectors.windows_to_warn_of(at), lambda one: windows.warn(*one, by=by))
    rows = selectors.last_warnings(legal_day(at))
    return warned + each([row.pk for row in rows], lambda pk: windows.review(pk, by=by))


@shared_task
def make_months() -> int:
    """The movements of the months to come have their place."""
    return ledger.make_months()


@shared_task
def reconcile_ledger(whole: bool = False, after: int = books.FIRST) -> int:
    """A license, or a national quota, whose books do not agree is stopped, with an error in the log; nobody changes a
    balance.

    whole: all of them from the beginning, else those on which something moved since. What is left of the whole when
    this has run for long is a task of its own, so that none comes to its limit of time, and one that was killed begins
    again where it began. after: the last license that was looked at.
    """
    by, began, done = clock(), time.monotonic(), 0
    for some, upto in books.ranges(after) if whole else books.moved():
        wrong = _looked_at(some, whole=whole)
        for license, drift in wrong.items():
            log.error("ledger drift", extra={"license": license, "drift": [str(one) for one in drift]})
        each(wrong, lambda pk: licenses.freeze(pk, by=by))
        done += len(wrong)
        if whole and upto is not None and time.monotonic() - began > settings.RUN_SECONDS:
            reconcile_ledger.delay(True, upto)
            return done
    if whole and time.monotonic() - began > settings.RUN_SECONDS:
        reconcile_pools.delay(True)
        return done
    of_pools: int = reconcile_pools(whole)
    return done + of_pools


def _looked_at(some: Collection[int], *, whole: bool) -> dict[int, list[books.Drift]]:
    """What is wrong with the books of these licenses. What can't be looked at is told, and others are."""
    try:
        return books.check_some(some, whole=whole)
    except DatabaseError as error:
        if upgrades.explains(error):
            raise
        log.exception("ledger look failed", extra={"licenses": list(some)[:100]})
        return {}


@shared_task
def reconcile_pools(whole: bool = False, pool: int = 0, after: int = 0) -> int:
    """The same of national quotas, as far as their books were not looked at: from a movement of one on."""
    by, began = clock(), time.monotonic()
    wrong: dict[str, list[str]] = defaultdict(list)
    pieces: list[books.Piece | None] = [*(books.pieces(pool, after) if whole else ()), None]
    for number, piece in enumerate(pieces):
        if number and piece and time.monotonic() - began > settings.RUN_SECONDS:
            reconcile_pools.delay(True, *piece[:2])
            break
        for ref, what in pools.check(whole=whole, piece=piece, by=by).items():
            wrong[ref] += what
    for ref, what in wrong.items():
        log.error("pool drift", extra={"pool": ref, "drift": what})
    return len(wrong)
