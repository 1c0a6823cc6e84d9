"""What pages say of a license's renewal."""

from dataclasses import dataclass
from datetime import date

from core.access import Actor
from licensing.actions.renewals import filed_by, too_short
from licensing.models import Application, License
from licensing.states import ApplicationState


@dataclass(frozen=True)
class Renewal:
    """case: what asks for it, or led to the next license. file_by: None where the table of working days does not say.
    late: that day is over, and nothing was filed; short: it was before the license began, as the law's time is longer
    than its days. opened: it may be begun."""

    case: Application | None
    opens_on: date
    file_by: date | None
    late: bool
    short: bool
    opened: bool


def renewal_of(license: License, actor: Actor, today: date) -> Renewal | None:
    """None of a license that is not renewed, and of one that has ended without any. A draft is told to nobody but its
    company."""
    if not license.of_renewed_kind:
        return None
    case = license.renewal
    if case and actor.kind != "exporter" and not case.submitted_at:
        case = None
    if case is None and (actor.kind != "exporter" or not license.in_date_on(today)):
        return None
    unfiled = case is None or case.state == ApplicationState.DRAFT
    file_by = filed_by([license]).get(license.pk) if unfiled else None
    late = file_by is not None and file_by < today
    short = too_short(license, file_by, today)
    return Renewal(case, license.renewable_from, file_by, late, short, not license.not_to_renew(today))
