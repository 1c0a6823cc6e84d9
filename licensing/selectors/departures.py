"""How often decisions leave what the rules presume: by who decided, by item and by destination."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from core.access import Actor
from core.languages import in_language
from core.legal_time import day_start, months_after
from exporters.selectors import of_province
from licensing.models import EXCEPTION, OVERRULING, DecisionStep
from licensing.policy.vocabulary import EXCEPTED, OVERRULED

MONTHS = 12
PRESUMED = Q(presumed__in=[*EXCEPTED, OVERRULED])
COUNTRY = "application__end_users__party__country"
BY = {
    "officer": ("actor", "actor__name"),
    "item": ("application__lines__control_item__code",),
    "destination": (COUNTRY, f"{COUNTRY}__name_en", f"{COUNTRY}__name_zh"),
}


@dataclass(frozen=True)
class Rate:
    """Decisions of an officer, on an item or to a destination: all; those in which the rules presumed an outcome; of
    these what was approved against a presumption of denial, and refused against one of approval."""

    name: str
    decisions: int
    presumed: int
    approved: int
    refused: int

    @property
    def percent(self) -> int:
        return round(100 * (self.approved + self.refused) / self.presumed) if self.presumed else 0


def departure_rates(actor: Actor, today: date) -> dict[str, list[Rate]]:
    """Of MONTHS, today included; most departures first. A query for each of the three.

    A case of several items or destinations counts at each of them.
    """
    since = day_start(months_after(today, -MONTHS))
    rows = DecisionStep.objects.filter(step=DecisionStep.Step.DECIDE, at__gte=since).order_by()
    rows = of_province(rows, actor, "application__exporter__province")
    return {name: _rates(rows, paths) for name, paths in BY.items()}


def _rates(rows: QuerySet[DecisionStep], paths: tuple[str, ...]) -> list[Rate]:
    counts = {
        "decisions": Count("pk", distinct=True),
        "presumed_": Count("pk", filter=PRESUMED, distinct=True),
        "approved": Count("pk", filter=EXCEPTION, distinct=True),
        "refused": Count("pk", filter=OVERRULING, distinct=True),
    }
    found = [
        Rate(in_language(*row[1:3]) if len(paths) > 2 else row[len(paths) - 1], *row[len(paths) :])
        for row in rows.values_list(*paths).annotate(**counts).values_list(*paths, *counts)
    ]
    return sorted(found, key=lambda one: (-(one.approved + one.refused), -one.percent, one.name))
