"""How often the schedule sends what, and what becomes of a task that fails as the database is of another version."""

import pytest
from celery import Task
from django.db import connection, transaction

from config.celery import AGAIN_S, app
from core import deliveries, upgrades
from core.tasks import relay_deliveries
from licensing import books
from licensing.tasks import reconcile_ledger


@pytest.fixture
def sent(monkeypatch):
    """The tasks that were sent: name, words, named words, seconds until then."""
    found = []
    monkeypatch.setattr(Task, "apply_async", lambda task, *said, countdown: found.append((task.name, *said, countdown)))
    upgrades._met.clear()
    yield found
    upgrades._met.clear()


@pytest.fixture
def gone(db, monkeypatch):
    """Both tasks ask for a table that is not there."""

    def ask(*_):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT FROM of_another_version")

    monkeypatch.setattr(books, "ranges", ask)
    monkeypatch.setattr(deliveries, "relay", ask)


@pytest.fixture
def other(db):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('core', '0999_next', now())")


def test_it_is_sent_again_for_a_worker_of_that_version(gone, other, sent):
    assert reconcile_ledger.apply([True, 7]).failed()
    assert sent == [(reconcile_ledger.name, [True, 7], {}, AGAIN_S)]


def test_what_the_schedule_sends_within_a_minute_comes_again_by_itself(gone, other, sent):
    assert relay_deliveries.apply().failed()
    assert sent == []
    rhythms = [one["schedule"] for one in app.conf.beat_schedule.values()]
    assert max(one for one in rhythms if isinstance(one, float)) <= AGAIN_S


def test_what_fails_for_another_reason_is_not_sent_again(gone, sent):
    assert reconcile_ledger.apply([True, 7]).failed()
    assert sent == []


def test_what_ends_by_itself_is_late_by_a_minute_at_most():
    """Reminders, months and kept texts are no ends: they may come with the next round of theirs."""
    ends = ("expire-", "end-bars", "end-questions", "lapse-", "turn-", "accept-")
    rhythms = {name: one["schedule"] for name, one in app.conf.beat_schedule.items() if name.startswith(ends)}
    assert len(rhythms) == 10
    assert {name: one for name, one in rhythms.items() if not (isinstance(one, float) and one <= 60)} == {}
