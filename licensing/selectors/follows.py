"""Which codes can be followed, and which a company follows."""

from datetime import datetime

from django.db.models import QuerySet

from core.access import Actor
from exporters.selectors import of_company
from licensing.models import Follow
from licensing.selectors.editions import editions_at


def follows_of(actor: Actor) -> QuerySet[Follow]:
    """What the actor's company follows; nothing for whoever is of none."""
    return of_company(Follow.objects.all(), actor)


def codes_known(at: datetime) -> dict[str, str]:
    """Every code of an edition that is in force or announced, and what such codes begin with; by its small letters."""
    found: dict[str, str] = {}
    for rules, _begins, _ends in editions_at(at).reigns(at):
        for code in rules.edition.codes:
            parts = code.split(".")
            names = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
            found |= {name.lower(): name for name in names}
    return found
