"""What screening found of the end-users of a case."""

from collections.abc import Iterable

from licensing.models import Application, Screening


def screenings_of(parties: Iterable[int]) -> list[Screening]:
    """Every result of these parties, in whichever case it was recorded, newest first."""
    rows = Screening.objects.filter(party__in=list(parties)).select_related("by", "application", "party")
    return list(rows.order_by("-pk"))


def screened_in(case: Application) -> set[int]:
    """The parties for which a result was recorded in this very case."""
    return set(Screening.objects.filter(application=case).values_list("party_id", flat=True))
