"""Which licenses somebody sees, with what, and which of them turned."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from core.access import Actor, visibility
from core.models import HistoryLine
from exporters.selectors import of_province
from licensing.models import License
from licensing.models.balances import LicenseLine
from licensing.selectors.causes import end_users, open_causes
from licensing.states import IN_FORCE, LicenseState


def licenses_for(actor: Actor) -> QuerySet[License]:
    """An exporter's own; officers and customs see all."""
    rows = License.objects.select_related("exporter__organization", "application")
    if actor.kind == "exporter":
        return rows.filter(exporter_id=actor.organization_id)
    if actor.kind == "ministry" and actor.may("desk.license", "GET"):
        return of_province(rows, actor, "exporter__province")
    if actor.kind == "customs":
        return rows
    return rows.none()


def with_balances(rows: QuerySet[License]) -> QuerySet[License]:
    """Licenses with lines, end-users and open suspensions, whatever their number in the same few queries."""
    return rows.prefetch_related(
        Prefetch("lines", LicenseLine.objects.select_related("control_item").order_by("number")),
        Prefetch("end_users", end_users()),
        "consignees",
        "conditions",
        Prefetch("suspensions", open_causes(), to_attr="open_suspensions"),
    )


def with_decision(rows: QuerySet[License]) -> QuerySet[License]:
    """Licenses with what was asked and what was decided (licensing.granted), in the same few queries."""
    return rows.prefetch_related(
        "application__lines__control_item",
        "application__end_users__party__country",
        "application__steps__lines__line",
        "application__steps__end_users",
    )


def in_force(actor: Actor) -> QuerySet[License]:
    return licenses_for(actor).filter(state__in=IN_FORCE)


def closed_somehow(actor: Actor) -> QuerySet[License]:
    """The actor's licenses in force with an open cause, of their own or of an end-user; suspended ones first."""
    return in_force(actor).filter(pk__in=open_causes().values("license")).order_by("-state", "-pk")


def changed_since(actor: Actor, since: datetime) -> QuerySet[License]:
    """The actor's licenses that came back into force, or ended, since then."""
    rows = licenses_for(actor)
    return rows.filter(pk__in=_turns(rows.order_by().values("pk"), since).values("subject_id"))


def turns_of(licenses: Iterable[int], since: datetime) -> list[HistoryLine]:
    """The last line of each that says so, oldest first."""
    return list({line.subject_id: line for line in _turns(licenses, since).order_by("at", "pk")}.values())


def _turns(licenses: Any, since: datetime) -> QuerySet[HistoryLine]:
    return HistoryLine.objects.filter(
        Q(verb="lift", to_state=LicenseState.ACTIVE) | Q(verb__in=["expire", "exhaust"]),
        subject_kind="license",
        subject_id__in=licenses,
        at__gte=since,
    )


def licenses_past(today: date, limit: int) -> list[int]:
    """Licenses whose last day is over and that still say they are in force."""
    return list(
        License.objects.filter(state__in=IN_FORCE, usable_until__lt=today)
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )


def licenses_ending(today: date, by: date) -> list[int]:
    return list(
        License.objects.filter(state__in=IN_FORCE, usable_until__gte=today, usable_until__lte=by)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


@visibility("license")
def license_visible(actor: Actor, ref: str) -> bool:
    return licenses_for(actor).filter(ref=ref).exists()
