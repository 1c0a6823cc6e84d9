"""A company leaves: its account is closed when nothing of it is open any more. Reports count, so it stands here."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, Problem
from core.history import move, require
from core.legal_time import legal_now
from core.locks import lock
from core.models import Organization
from exporters.actions.changes import drop_change
from exporters.models import Exporter
from exporters.selectors import exporters_for
from licensing.models import Application, License
from licensing.states import IN_FORCE, UNISSUED
from shipments.models import Shipment
from shipments.states import OPEN_SHIPMENT, UNREPORTED

NAMED = 5  # references of each kind


def open_ends(exporter: Exporter) -> list[Problem]:
    """All that keeps the account from being closed, each with what to do about it."""
    own = {"exporter": exporter.pk}
    shipments = Shipment.objects.filter(**own)
    found: list[tuple[str, QuerySet[Any], str]] = [
        (
            "license-in-force",
            License.objects.filter(**own, state__in=IN_FORCE),
            _("Licenses that are not over: {refs}. Wait for the last day of each, use it up, or hand it back."),
        ),
        (
            "case-open",
            Application.objects.filter(**own, state__in=UNISSUED),
            _("Applications that are open: {refs}. Withdraw each, or wait until it is decided and issued."),
        ),
        (
            "shipment-open",
            shipments.filter(state__in=OPEN_SHIPMENT),
            _("Shipments that may still cross: {refs}. Cancel each, or wait until customs is done with it."),
        ),
        (
            "report-owed",
            shipments.filter(state__in=UNREPORTED, report_due_on__isnull=False),
            _("Deliveries that are not reported: {refs}. Report each on its shipment’s page."),
        ),
    ]
    named = [(code, words, _named(rows)) for code, rows, words in found]
    return [Problem("", code, words.format(refs=refs)) for code, words, refs in named if refs]


def _named(rows: QuerySet[Any]) -> str:
    refs = list(rows.order_by("pk").values_list("ref", flat=True)[: NAMED + 1])
    return _(", ").join([*refs[:NAMED], *([_("and others")] if len(refs) > NAMED else [])])


@command
def close(*, seen: int, by: Actor) -> Exporter:
    """The company's account is closed for good: its people and keys read all of it, and change nothing.

    What it asked to have changed is dropped; nothing else of it may be open: raises DomainError not-to-close with
    everything that is. The credit code stays held, so that no other account is verified under it
    (exporters.selectors.holders_of).
    """
    exporter = lock(exporters_for(by), pk=by.organization_id)  # nothing of it is filed or issued meanwhile
    require(exporter.close, by=by, seen=seen)
    organization = lock(Organization.objects.filter(pk=exporter.pk))
    at = legal_now()
    if problems := open_ends(exporter):
        detail = _("The account can’t be closed yet, and nothing was changed.")
        raise DomainError(detail, code="not-to-close", errors=problems)
    drop_change(exporter, by=by, at=at)
    organization.closed_at = at
    organization.save(update_fields=["closed_at"])
    move(exporter.close, by=by, at=at)
    return exporter
