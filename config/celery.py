"""The worker's application and the one schedule. Every task may run twice, late or never."""

import os
from typing import Any

from celery import Celery, Task
from celery.schedules import crontab
from celery.signals import beat_init, task_failure, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("lodestone")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Times of CELERY_TIMEZONE, where legal days end.
app.conf.beat_schedule = {
    "relay-deliveries": {"task": "core.tasks.relay_deliveries", "schedule": 2.0},
    "make-papers": {"task": "core.tasks.make_papers", "schedule": 2.0},
    "expire-licenses": {"task": "licensing.tasks.expire_licenses", "schedule": 60.0},
    "turn-licenses": {"task": "licensing.tasks.turn_licenses", "schedule": 20.0},
    "turn-cases": {"task": "licensing.tasks.turn_cases", "schedule": 20.0},
    "run-simulations": {"task": "licensing.tasks.run_simulations", "schedule": 3.0},
    "accept-by-law": {"task": "licensing.tasks.accept_by_law", "schedule": 60.0},
    "lapse-supplements": {"task": "licensing.tasks.lapse_supplements", "schedule": 60.0},
    "expire-declarations": {"task": "licensing.tasks.expire_declarations", "schedule": 60.0},
    "end-bars": {"task": "licensing.tasks.end_bars", "schedule": 60.0},
    "end-questions": {"task": "licensing.tasks.end_questions", "schedule": 60.0},
    "signal-days": {"task": "licensing.tasks.signal_days", "schedule": crontab(minute="*/15")},
    "lapse-reservations": {"task": "shipments.tasks.lapse_reservations", "schedule": 60.0},
    "work-bulks": {"task": "shipments.tasks.work_bulks", "schedule": 2.0},
    "end-sheets": {"task": "shipments.tasks.end_sheets", "schedule": crontab(minute=35)},
    "lapse-qualifications": {"task": "shipments.tasks.lapse_qualifications", "schedule": 60.0},
    "warn-of-uses": {"task": "licensing.tasks.warn_of_uses", "schedule": crontab(minute="*/10")},
    "warn-of-ends": {"task": "licensing.tasks.warn_of_ends", "schedule": crontab(minute=15)},
    "warn-of-reports": {"task": "shipments.tasks.warn_of_reports", "schedule": crontab(minute="*/10")},
    "warn-of-windows": {"task": "licensing.tasks.warn_of_windows", "schedule": crontab(minute="*/10")},
    "make-months": {"task": "licensing.tasks.make_months", "schedule": crontab(minute=5)},
    "end-answers": {"task": "core.tasks.end_answers", "schedule": crontab(minute=50, hour=2)},
    "end-kept-texts": {"task": "core.tasks.end_kept_texts", "schedule": crontab(minute=55, hour=2)},
    "reconcile-ledger": {"task": "licensing.tasks.reconcile_ledger", "schedule": crontab(minute="*/10")},
    "reconcile-all": {
        "task": "licensing.tasks.reconcile_ledger",
        "schedule": crontab(minute=45, hour=2),
        "kwargs": {"whole": True},
    },
}


AGAIN_S = 60


@task_failure.connect
def send_again(sender: Task, exception: Exception, args: list[Any], kwargs: dict[str, Any], **_: object) -> None:
    """What fails because the database is of another version is for a worker of that one: it is sent again, but what
    the schedule sends again within a minute."""
    from core import upgrades  # noqa: PLC0415 (Django is not set up before this)

    rhythms = [one["schedule"] for one in app.conf.beat_schedule.values() if one["task"] == sender.name]
    often = any(not isinstance(rhythm, crontab) for rhythm in rhythms)
    if not often and upgrades.explains(exception):
        sender.apply_async(args, kwargs, countdown=AGAIN_S)


@worker_init.connect
@beat_init.connect
def refuse_unsafe(**_: object) -> None:
    """Worker and beat start only where the web would."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 (Django is not set up before this)

    from core.checks import start_gate  # noqa: PLC0415

    try:
        start_gate()
    except ImproperlyConfigured as refusal:  # Celery swallows a handler's exceptions, but not an exit
        raise SystemExit(str(refusal)) from refusal
