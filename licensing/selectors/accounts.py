"""What of a company stops with its account."""

from core.access import Actor
from exporters.selectors import tells_stopped
from licensing.models import Suspension
from licensing.selectors.applications import applications_for
from licensing.selectors.licenses import licenses_for
from licensing.states import UNISSUED, WITH_THE_ACCOUNT

SHOWN = 50  # on pages; one more says that there are more


@tells_stopped
def stopped_with(actor: Actor, exporter: int) -> dict[str, list[str]]:
    """Its licenses with a cause that came with the account, and the cases that lead to none meanwhile, the newest."""
    caused = Suspension.objects.filter(cause=Suspension.Cause.EXPORTER, ended_at=None)
    licenses = licenses_for(actor).filter(exporter=exporter, state__in=WITH_THE_ACCOUNT)
    rows = {
        "licenses": licenses.filter(suspensions__in=caused),
        "cases": applications_for(actor).filter(exporter=exporter, state__in=UNISSUED),
    }
    return {
        name: list(found.order_by("-pk").values_list("ref", flat=True)[: SHOWN + 1]) for name, found in rows.items()
    }
