"""What screening found of the end-users of a case."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import F

from licensing.models import Application, License, LicenseEndUser, Screening, Suspension
from licensing.models.screenings import counting
from licensing.selectors.licenses import with_balances
from licensing.states import LicenseState


def screenings_of(parties: Iterable[int]) -> list[Screening]:
    """Every result of these parties, in whichever case it was recorded, newest first."""
    rows = Screening.objects.filter(party__in=list(parties)).select_related("by", "application", "party")
    return list(rows.order_by("-pk"))


def hits_of(parties: Iterable[int]) -> dict[int, str]:
    """party -> what the newest result of it found, where that counts; one query."""
    rows = Screening.objects.filter(party__in=list(parties)).order_by("party_id", "-pk").distinct("party_id")
    read = rows.select_related("party").only("party", "party_version", "hit", "party__version")
    return {party: row.hit for party, row in counting(read).items()}


def hits_on(license: License) -> dict[LicenseEndUser, Screening]:
    """Of each end-user of the license whom a hit closes what was found last; two queries."""
    users = list(license.hit_users().select_related("party"))
    newest = counting(screenings_of([user.party_id for user in users]))
    return {user: newest[user.party_id] for user in users if user.party_id in newest}


def screened_in(case: Application) -> set[int]:
    """The parties of whose entry, as it is now, a result was recorded in this very case."""
    rows = Screening.objects.filter(application=case, party_version=F("party__version"))
    return set(rows.values_list("party_id", flat=True))


@dataclass(frozen=True)
class Closes:
    """What a hit would do to a license: whom of it it closes; suspends: nobody else of it is open, so it is in force no
    more."""

    license: License
    users: list[LicenseEndUser]
    suspends: bool


def closed_by_hit(parties: Collection[int]) -> list[Closes]:
    """What a hit on all of these would close that no result has closed yet; licenses with balances, in the order of
    keys. One that was issued on this very hit stays as it is, all the same."""
    named = License.objects.filter(License.MAY_LEAVE, end_users__party__in=parties).order_by().values("pk")
    rows = with_balances(License.objects.filter(pk__in=named))
    return [one for row in rows.order_by("pk") if (one := _closes(row, parties)).users]


def _closes(row: License, parties: Collection[int]) -> Closes:
    shut = {one.end_user_id for one in row.open_suspensions if one.cause == Suspension.Cause.SCREENING}
    users = list(row.end_users.all())
    hit = [user for user in users if user.party_id in parties and user.pk not in shut]
    others = [user for user in users if user not in hit and not user.closed]
    return Closes(row, hit, row.state == LicenseState.ACTIVE and not others)
