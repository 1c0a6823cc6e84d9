from datetime import timedelta

from celery import shared_task

from core import deliveries, idempotency, papers
from core.legal_time import legal_now
from core.models import KeptText
from core.models.typed import KEPT_DAYS


@shared_task
def relay_deliveries() -> int:
    """Everything due has gone out, or will be tried again."""
    return deliveries.relay()


@shared_task
def make_papers() -> int:
    """Every paper that a step leaves is made, or will be tried again."""
    return papers.make_due()


@shared_task
def end_answers() -> int:
    """Keys whose days are over are gone."""
    return idempotency.end()


@shared_task
def end_kept_texts() -> int:
    """Typed text that its writer has not come back for in time is gone."""
    return KeptText.objects.filter(kept_at__lt=legal_now() - timedelta(days=KEPT_DAYS)).delete()[0]
