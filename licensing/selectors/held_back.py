"""What holds back what is reserved on a license that was replaced: of its own, and of those that took its place."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from licensing.models import License, Suspension
from licensing.selectors.causes import open_causes
from licensing.states import LicenseState


@dataclass(frozen=True)
class HeldBack:
    """chain: it and those that took its place. causes: their open ones. ended: which of these the ministry ended.
    stopped: nothing of what is reserved on it may be declared, for no end-user."""

    chain: list[License]
    causes: list[Suspension]
    ended: License | None
    stopped: bool
    states = LicenseState

    @property
    def state(self) -> LicenseState:
        """What stops it, as the state of a license says it."""
        return LicenseState.REVOKED if self.ended else LicenseState.SUSPENDED

    def shuts(self, party: int) -> bool:
        """For this end-user what is reserved may not be declared."""
        return bool(self.ended) or any(one.end_user is None or one.end_user.party_id == party for one in self.causes)


def held_back(licenses: Iterable[License]) -> dict[int, HeldBack]:
    """Of each of these licenses (with end-users) that was replaced, by key. As many queries as the longest chain of
    changes has links, and one; none where nothing was replaced."""
    rows = [row for row in licenses if row.state == LicenseState.REPLACED]
    after = _after(rows)
    causes: dict[int, list[Suspension]] = {}
    for cause in open_causes().filter(license__in=[one.pk for some in after.values() for one in some]) if rows else ():
        causes.setdefault(cause.license_id, []).append(cause)
    return {row.pk: _of(row, after[row.pk], causes) for row in rows}


def _of(row: License, chain: list[License], causes: dict[int, list[Suspension]]) -> HeldBack:
    ended = next((one for one in chain if one.state == LicenseState.REVOKED), None)
    found = HeldBack(chain, [cause for one in chain for cause in causes.get(one.pk, ())], ended, stopped=False)
    return replace(found, stopped=all(found.shuts(user.party_id) for user in row.end_users.all()))


def _after(rows: Collection[License]) -> dict[int, list[License]]:
    """Each, by its key, and those that took its place, one after the other."""
    after: dict[int, License] = {}
    new = {row.pk for row in rows}
    while new:
        found = {row.replaces_id: row for row in License.objects.filter(replaces__in=new) if row.replaces_id}
        after |= found
        new = {row.pk for row in found.values() if row.state == LicenseState.REPLACED} - after.keys()
    chains = {row.pk: [row] for row in rows}
    for chain in chains.values():
        while one := after.get(chain[-1].pk):
            chain.append(one)
    return chains
