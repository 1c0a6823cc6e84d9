from celery import shared_task

from core import deliveries, idempotency


@shared_task
def relay_deliveries() -> int:
    """Everything due has gone out, or will be tried again."""
    return deliveries.relay()


@shared_task
def end_answers() -> int:
    """Keys whose 400 days are over are gone."""
    return idempotency.end()
