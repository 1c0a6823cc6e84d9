"""What screening found of the end-users of a case."""

from collections.abc import Iterable

from django.db.models import F

from licensing.models import Application, Screening
from licensing.models.screenings import counting


def screenings_of(parties: Iterable[int]) -> list[Screening]:
    """Every result of these parties, in whichever case it was recorded, newest first."""
    rows = Screening.objects.filter(party__in=list(parties)).select_related("by", "application", "party")
    return list(rows.order_by("-pk"))


def hits_of(parties: Iterable[int]) -> dict[int, str]:
    """party -> what the newest result of it found, where that counts; one query."""
    rows = Screening.objects.filter(party__in=list(parties)).order_by("party_id", "-pk").distinct("party_id")
    read = rows.select_related("party").only("party", "party_version", "hit", "party__version")
    return {party: row.hit for party, row in counting(read).items()}


def screened_in(case: Application) -> set[int]:
    """The parties of whose entry, as it is now, a result was recorded in this very case."""
    rows = Screening.objects.filter(application=case, party_version=F("party__version"))
    return set(rows.values_list("party_id", flat=True))
