from celery import shared_task

from core import deliveries


@shared_task
def relay_deliveries() -> int:
    """Everything due has gone out, or will be tried again."""
    return deliveries.relay()
