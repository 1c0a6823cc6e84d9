"""Which cases of one shipment each are like one another, and may be merged into one annual application."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, QuerySet, prefetch_related_objects

from core.access import Actor
from core.legal_time import day_start, legal_day, months_after
from core.models import Document
from exporters.selectors import of_company
from licensing.models import Application, ApplicationLine, Kind, License, Merged
from licensing.selectors.applications import applications_for, parts, steps
from licensing.selectors.licenses import licenses_for
from licensing.states import MERGING, RENEWING, UNDER_WAY, LicenseState

EACH, INTO = Kind.PER_SHIPMENT, Kind.ANNUAL  # the kind of each case, and of what they are merged into
CASES_LEAST, CASES_MOST = 2, 100
FILED_MONTHS = 12  # before today, at most


def of_the_year(actor: Actor, at: datetime) -> QuerySet[Application]:
    """A company's own cases of one shipment that it filed in the last FILED_MONTHS, and that nobody turned away."""
    rows = of_company(applications_for(actor), actor)
    return rows.filter(kind=EACH, state__in=MERGING, submitted_at__gte=since(at))


def since(at: datetime) -> datetime:
    return day_start(months_after(legal_day(at), -FILED_MONTHS))


def items_of(case: Application) -> list[int]:
    """Keys of its control items, each once."""
    return sorted({line.control_item_id for line in case.lines.all()})


def like(rows: QuerySet[Application], case: Application) -> QuerySet[Application]:
    """Of these the ones that go where the case goes, with goods of the same control items; itself, too."""
    return _with_items(rows).filter(destinations=case.destinations, items=items_of(case))


def to_choose(actor: Actor, case: Application, at: datetime) -> QuerySet[Application]:
    """What is like the case, the newest first, with into what each was merged already."""
    return _with_into(for_merging(like(of_the_year(actor, at), case)).order_by("-pk"))


def to_merge(cases: Sequence[Application]) -> QuerySet[Application]:
    """These, with all that the rules are asked of them, and into what each was merged already."""
    return _with_into(for_merging(Application.objects.filter(pk__in=[case.pk for case in cases])))


def _with_into(rows: QuerySet[Application]) -> QuerySet[Application]:
    into = Merged.objects.filter(application__state__in=RENEWING).select_related("application")
    return rows.prefetch_related(Prefetch("merged_into", into))


def unmerged(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Without those that were merged already into one that is a draft, open, or led to a license."""
    return rows.exclude(Exists(Merged.objects.filter(case=OuterRef("pk"), application__state__in=RENEWING)))


def _with_items(rows: QuerySet[Application]) -> QuerySet[Application]:
    lines = ApplicationLine.objects.filter(application=OuterRef("pk")).order_by("control_item")
    return rows.annotate(items=ArraySubquery(lines.values("control_item").distinct()))


@dataclass(frozen=True)
class Alike:
    """So many cases that are like one another; cases: the newest of them, the oldest of these first."""

    count: int
    cases: list[Application]

    @property
    def newest(self) -> Application:
        return self.cases[-1]


def alike(actor: Actor, at: datetime, *, most: int, each: int) -> list[Alike]:
    """The largest groups of like cases that were not merged yet, with the newest of each; one query where there are
    none."""
    rows = _with_items(unmerged(of_the_year(actor, at)).order_by()).values("destinations", "items")
    grouped = rows.annotate(count=Count("pk"), newest=Max("pk"), all=ArrayAgg("pk", order_by="pk"))
    found = list(grouped.filter(count__gte=CASES_LEAST).order_by("-count", "-newest")[:most])
    groups = [(one["count"], one["all"][-each:]) for one in found]
    asked = [pk for _count, keys in groups for pk in keys]
    cases = {case.pk: case for case in for_merging(Application.objects.filter(pk__in=asked))} if found else {}
    return [Alike(count, [cases[pk] for pk in keys]) for count, keys in groups]


def annual_in_force(actor: Actor, at: datetime) -> list[License]:
    """The company's own annual licenses that may be used today, the one that ends last first, with their end-users."""
    running = of_company(licenses_for(actor), actor).filter(License.running_on(legal_day(at)))
    rows = running.filter(state=LicenseState.ACTIVE, kind=INTO)
    return list(rows.order_by("-usable_until", "-pk").prefetch_related("end_users"))


def covering(licenses: Iterable[License], case: Application) -> License | None:
    """The first of these under which each end-user of the case may be sent all that it declared of its goods."""
    wanted = wanted_by(case)
    for license in licenses:
        if wanted <= {(item, user.party_id) for user in license.end_users.all() for item in user.goods}:
            return license
    return None


def wanted_by(case: Application) -> set[tuple[int, int]]:
    """The (item, end-user) of the case: those of its goods that the end-user declared."""
    items = set(items_of(case))
    return {(item, user.party_id) for user in case.end_users.all() for item in items & user.declaration.covered}


def asked_for(actor: Actor) -> set[tuple[int, int]]:
    """The same of all annual applications of the company that are not over, drafts among them."""
    rows = Application.objects.filter(exporter_id=actor.organization_id, kind=INTO, state__in=UNDER_WAY)
    declared = rows.filter(lines__control_item=F("end_users__declaration__items__control_item")).order_by()
    return set(declared.values_list("lines__control_item_id", "end_users__party_id"))


def for_merging(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Cases with all that the rules are asked of them, and that a list shows of them."""
    return rows.prefetch_related(*parts(), "end_users__declaration__end_user__country", "end_users__declaration__items")


_READ: tuple[Any, ...] = (
    *parts("case__"),
    *parts("license__application__"),
    *(
        f"{path}{part}"
        for path in ("case__", "license__application__")
        for part in ("end_users__declaration__items", "end_users__declaration__end_user", "consignees")
    ),
    *(
        Prefetch(f"{path}documents__document", Document.objects.defer("content"))
        for path in ("case__", "license__application__")
    ),
    steps("license__application__"),
)


def with_merged(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Cases with those that they were merged of, each with all that it says, and into which each was merged itself."""
    return rows.prefetch_related(
        Prefetch("merged_into", Merged.objects.select_related("application").order_by("-pk")),
        Prefetch("merged", Merged.objects.select_related("case", "license__application").prefetch_related(*_READ)),
    )


def read_merged(rows: Sequence[Merged]) -> None:
    """These have all that their cases say, saved or not; so many queries, however many they are."""
    prefetch_related_objects(rows, *_READ)
