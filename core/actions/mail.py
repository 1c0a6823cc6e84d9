"""Mail that waits."""

from core.access import Actor
from core.command import command
from core.deliveries import MAIL
from core.errors import NotFound
from core.history import record
from core.legal_time import legal_now
from core.locks import lock
from core.models import Delivery
from core.selectors import waiting_mail


def _still_waiting(pk: int, by: Actor, **which: str) -> Delivery:
    """The mail is this transaction's, and waits still: it may have gone out while the lock was waited for."""
    delivery = lock(waiting_mail(by), pk=pk, **which)
    if delivery.delivered_at or delivery.ended_at:
        raise NotFound()
    return delivery


@command
def send_again(pk: int, *, by: Actor) -> Delivery:
    """The mail, or the paper, is due now."""
    delivery = _still_waiting(pk, by)
    delivery.due_at = legal_now()
    delivery.save(update_fields=["due_at"])
    record(delivery, "send_again", by=by)
    return delivery


@command
def end_delivery(pk: int, *, reason: str, by: Actor) -> Delivery:
    """Nobody tries to send the mail any more. Raises NotFound for a paper: what a step leaves is owed."""
    delivery = _still_waiting(pk, by, consumer=MAIL)
    delivery.ended_at = legal_now()
    delivery.save(update_fields=["ended_at"])
    record(delivery, "end", by=by, reason=reason)
    return delivery
