"""The verbs of licenses, and of whom the ministry closes on all of them at once."""

from typing import Any

from core.errors import DomainError
from core.legal_time import legal_today
from licensing.actions import amendments, copies, enforcement, licenses, renewals, revocations, screenings
from licensing.models import LicenseEndUser
from licensing.selectors.enforcement import Query, hits
from shipments.actions import visits
from tests import make
from tests.walk.plain import Licensed
from tests.walk.verb import ONCE, OWN, WAITS, Verb, over, proposed, refused, two_people


def inspected(walk: Any, row: Licensed, who: int, _: Any) -> None:
    row.own.append(("enforcement", who))
    row.settle()


def lifts(walk: Any, row: Licensed, **by: Any) -> tuple[str, int]:
    cause = walk.cause
    licenses.lift(row.ref, suspension=cause.pk if cause else 0, reason="r", **by)
    return cause.cause, cause.opened_by_id if cause.cause == "enforcement" else 0


def lifted(walk: Any, row: Licensed, who: int, cause: tuple[str, int]) -> None:
    row.own.remove(cause)
    row.settle()


def not_to_lift(walk: Any, row: Licensed, who: int) -> set[str]:
    """One of its causes, whichever it is: that of the account and those of an end-user end otherwise."""
    cause = walk.choose_cause(row)
    if cause is None:
        return {"not-found"}
    if cause.end_user_id or cause.cause == "exporter":
        return {"forbidden"}
    return {"four-eyes"} if cause.opened_by_id == who else set()


def hit_on(row: Licensed) -> set[int]:
    return {party for party, user in row.users.items() if "screening" in user.causes and row.may_leave}


def resolves(walk: Any, row: Licensed, **by: Any) -> tuple[str, int]:
    party = min(hit_on(row) or row.users)
    user = LicenseEndUser.objects.get(license__ref=row.ref, party=party)
    hit = walk.draw.choice(["none", "none", "control_list"])
    screenings.resolve(row.ref, end_user=user.pk, hit=hit, list_version="v", reason="r", **by)
    return hit, party


def resolved(walk: Any, row: Licensed, who: int, said: tuple[str, int]) -> None:
    hit, party = said
    walk.plain.find(hit, {party})


EVER = "active suspended exhausted expired surrendered replaced revoked"
VISIT = {"kind": "site_visit", "outcome": "as_expected", "went": "Two officers", "note": "n"}
LICENSES = [
    Verb(
        *("license", "suspend", "decider", "active suspended"),
        lambda walk, row, **by: licenses.suspend(row.ref, reason="r", **by),
        inspected,
    ),
    Verb(*("license", "lift", "decider", "suspended replaced"), lifts, lifted, conditions=(not_to_lift,)),
    Verb(
        *("license", "resolve", "reviewer", "active suspended exhausted replaced"),
        resolves,
        resolved,
        conditions=(refused("no-hit", lambda plain, row, who: not hit_on(row)),),
    ),
    Verb(
        *("license", "surrender", "signatory", "active"),
        lambda walk, row, **by: licenses.surrender(row.ref, reason="r", **by),
        to="surrendered",
        conditions=(
            refused("amendment-open", lambda plain, row, who: plain.changing(row)),
            refused("still-reserved", lambda plain, row, who: any(one.reserved for one in plain.and_before(row))),
        ),
    ),
    Verb(
        *("license", "propose_revoke", "decider", "active suspended"),
        lambda walk, row, **by: revocations.propose_revoke(row.ref, **make.ENDING, **by),
        proposed,
        conditions=(ONCE,),
    ),
    Verb(
        *("license", "drop_revoke", "decider", "active suspended exhausted expired surrendered replaced"),
        lambda walk, row, **by: revocations.drop_revoke(row.ref, reason="r", **by),
        over,
        conditions=(WAITS,),
    ),
    Verb(
        *("license", "revoke", "decider", "active suspended"),
        lambda walk, row, **by: revocations.revoke(row.ref, **by),
        over,
        to="revoked",
        conditions=two_people(lambda plain, row: row.proposed_by),
    ),
    Verb(
        *("license", "record_visit", "reviewer decider", EVER),
        lambda walk, row, **by: visits.record_visit(row.ref, **VISIT, made_on=legal_today(), **by),
        seen=False,
    ),
    Verb(
        *("license", "amend", OWN, "active"),
        lambda walk, row, **by: walk.begun_to_change(row, amendments.amend(row.ref, **by)),
        conditions=(refused("amendment-open", lambda plain, row, who: plain.changing(row)),),
    ),
    Verb(
        *("license", "renew", OWN, "active suspended exhausted"),
        lambda walk, row, **by: walk.begun_to_renew(row, renewals.renew(row.ref, **by)),
        conditions=(
            refused("license-not-renewable", lambda plain, row, who: not plain.renewable(row)),
            refused("renewal-open", lambda plain, row, who: plain.renewing(row)),
        ),
    ),
    Verb(
        *("license", "copy", OWN, EVER.replace("replaced ", "")),
        lambda walk, row, **by: walk.copied(
            row.kind, row.users, row.granted, copies.copy_license(row.ref, by=by["by"])
        ),
        seen=False,
        mine=True,
        edge=True,
    ),
]


# --- by what they name ------------------------------------------------------------------------------------------------
def names(walk: Any, party: int) -> tuple[Query, list[Licensed]]:
    """All licenses that name the end-user: in force, or replaced with something reserved, or stopped, on them."""
    rows = [one for one in walk.plain.licenses.values() if party in one.users]
    hit = [one for one in rows if one.in_force or one.state == "replaced" and (one.reserved or stopped(one))]
    return Query(end_user=walk.parties[party].ref), hit


def stopped(row: Licensed) -> bool:
    """It has a cause of enforcement, or an end-user of it has."""
    return "enforcement" in [cause for cause, _ in row.own] or any(
        "enforcement" in u.causes for u in row.users.values()
    )


def alone(row: Licensed, party: int) -> bool:
    """It names others besides, so that he alone is closed."""
    return set(row.users) != {party}


def stop_by_query(walk: Any, party: int) -> None:
    query, hit = names(walk, party)
    to_stop = [one for one in hit if not _has(one, party)]
    if by := asked(walk, enforcement.suspend, query, set() if to_stop else {"nothing-hit"}):
        for one in to_stop:
            if alone(one, party):
                one.users[party].causes.add("enforcement")
                one.users[party].closed_by = by
            else:
                one.own.append(("enforcement", by))
            one.settle()


def _has(row: Licensed, party: int) -> bool:
    """What the query would stop of it has such a cause already."""
    of_it = "enforcement" in [cause for cause, _ in row.own]
    return "enforcement" in row.users[party].causes if alone(row, party) else of_it


def lift_by_query(walk: Any, party: int) -> None:
    query, hit = names(walk, party)
    person = walk.somebody("decider")
    causes = [cause for one in hit for cause in _causes(one, party)]
    theirs = [by for by in causes if by != person.pk]
    code = set() if theirs else {"four-eyes"} if causes else {"nothing-hit"}
    if by := asked(walk, enforcement.lift, query, code, person):
        for one in hit:
            for user in [one.users[party]] if alone(one, party) else one.users.values():
                if "enforcement" in user.causes and user.closed_by != by:
                    user.causes.discard("enforcement")
            if not alone(one, party):
                one.own = [cause for cause in one.own if cause[0] != "enforcement" or cause[1] == by]
            one.settle()


def _causes(row: Licensed, party: int) -> list[int]:
    """Who opened each of its causes of enforcement that the query hits."""
    users = [row.users[party]] if alone(row, party) else row.users.values()
    of_users = [user.closed_by for user in users if "enforcement" in user.causes]
    return of_users if alone(row, party) else [*of_users, *(by for cause, by in row.own if cause == "enforcement")]


def asked(walk: Any, verb: Any, query: Query, codes: set[str], person: Any = None) -> int:
    """By whom it was done; nobody where it was refused."""
    person = person or walk.somebody("decider")
    stale = walk.draw.random() < 0.04
    shown = {hit.license.ref: hit.version - stale for hit in hits(query, walk.world.ministry.auditor)}
    if not person.has("decider"):
        codes = {"forbidden"}
    elif stale and shown:
        codes = {"stale"}
    try:
        verb(query, shown=shown, reason="r", by=person.actor)
        said = ""
    except DomainError as refusal:
        said = refusal.code
    walk.note(f"enforcement {verb.__name__}", said, codes or {""}, query.end_user, sorted(person.roles))
    return 0 if said else int(person.pk)
