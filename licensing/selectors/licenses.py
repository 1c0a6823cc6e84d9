"""Which licenses somebody sees, with what, and which of them turned."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery, prefetch_related_objects
from django.utils.functional import Promise

from core.access import Actor, visibility
from core.models import HistoryLine
from core.selectors import bears_proposals, country_names
from exporters.models import Party
from exporters.selectors import seen_at_the_border
from licensing.models import License, LicenseEndUser, RecommendedLine
from licensing.models.balances import Ceiling, LicenseLine
from licensing.selectors.applications import parts, steps
from licensing.selectors.causes import end_users, open_causes
from licensing.states import ENDS, IN_FORCE, LicenseState

LABELS = {field.name: field.verbose_name for field in Party._meta.fields}


@bears_proposals("license")
def licenses_for(actor: Actor) -> QuerySet[License]:
    """An exporter's own; officers those of their province, customs all."""
    rows = License.objects.select_related(
        "exporter__organization", "application", "revocation", "replaces", "replaced_by"
    )
    return seen_at_the_border(actor, rows, "desk.license")


@cache
def _lines() -> "Prefetch[Any, Any, Any]":
    return Prefetch("lines", LicenseLine.objects.select_related("control_item").order_by("number"))


@cache
def _ceilings() -> "Prefetch[Any, Any, Any]":
    return Prefetch("lines__ceilings", Ceiling.objects.select_related("end_user__party").order_by("-account", "pk"))


def with_lines(rows: QuerySet[License]) -> QuerySet[License]:
    """With all that the ledger keeps of them."""
    return rows.prefetch_related(_lines(), _ceilings())


@cache
def _end_users() -> "Prefetch[Any, Any, Any]":
    return Prefetch("end_users", end_users())


@cache
def _causes() -> "Prefetch[Any, Any, Any]":
    return Prefetch("suspensions", open_causes(), to_attr="open_suspensions")


def with_balances(rows: QuerySet[License], users: QuerySet[LicenseEndUser] | None = None) -> QuerySet[License]:
    """Licenses with lines, end-users (as these tell of them) and open suspensions, whatever their number in the same
    few queries."""
    of_them = _end_users() if users is None else Prefetch("end_users", users)
    return rows.prefetch_related(_lines(), of_them, _causes())


def told(actor: Actor) -> QuerySet[License]:
    """An exporter's, as its overview tells of them: with lines and end-users, whether something of what was asked was
    `cut`, whether they are `closed` somehow, by what they came back into force, or ended, last (`turn_verb` and
    `turn_at`), and how many are in force (`in_force_count`)."""
    running = in_force(actor).order_by().values("exporter").annotate(number=Count("pk"))
    parts = RecommendedLine.objects.filter(step__application=OuterRef("application"))
    turn = _turned().filter(subject_id=OuterRef("pk")).order_by("-at", "-pk")
    return (
        licenses_for(actor)
        .prefetch_related(_lines(), _end_users())
        .annotate(
            in_force_count=Subquery(running.values("number")),
            cut=Exists(parts.filter(quantity__lt=F("line__quantity"))),
            closed=Exists(open_causes().filter(license=OuterRef("pk"))),
            turn_verb=Subquery(turn.values("verb")[:1]),
            turn_at=Subquery(turn.values("at")[:1]),
        )
    )


def with_names(rows: QuerySet[License]) -> QuerySet[License]:
    """With whom they name, and nothing of their balances; one more query."""
    return rows.prefetch_related(_end_users())


def with_causes(rows: Iterable[License]) -> None:
    """Each of these (`told`) has its open suspensions; one query where one is closed."""
    closed = []
    for row in rows:
        if row.closed:
            closed.append(row)
        else:
            row.open_suspensions = []
    prefetch_related_objects(closed, _causes())


def with_terms(rows: QuerySet[License]) -> QuerySet[License]:
    """With balances, and whatever else they say; three more queries."""
    return with_balances(rows).prefetch_related(_ceilings(), "consignees", "conditions")


def with_party_changes(rows: QuerySet[License]) -> QuerySet[License]:
    """Each with `parties_changed`: somebody whom it names was entered otherwise since it was issued."""
    named = LicenseEndUser.objects.filter(license=OuterRef(OuterRef("pk"))).values("party")
    sent = License.consignees.through.objects.filter(license=OuterRef(OuterRef("pk"))).values("party")
    lines = _party_changes().filter(Q(subject_id__in=named) | Q(subject_id__in=sent), at__gt=OuterRef("issued_at"))
    return rows.annotate(parties_changed=Exists(lines))


def _party_changes() -> QuerySet[HistoryLine]:
    return HistoryLine.objects.filter(subject_kind="party", verb="change")


@dataclass(frozen=True)
class PartyChange:
    """What an entry of the address book said when the license was issued, what it says now, and since when."""

    party: Party
    label: "str | Promise"
    before: str
    now: str
    at: datetime


def party_changes(license: License) -> list[PartyChange]:
    """Of everybody whom the license names, field by field, but for what says again what it said. The license goes on
    saying what was decided."""
    parties = {user.party_id: user.party for user in license.end_users.all()}
    parties |= {party.pk: party for party in license.consignees.all()}
    found: dict[tuple[int, str], tuple[str, datetime]] = {}
    for line in _party_changes().filter(subject_id__in=parties, at__gt=license.issued_at).order_by("pk"):
        for name, before in line.facts["before"].items():
            first, _ = found.get((line.subject_id, name), (before, line.at))
            found[line.subject_id, name] = first, line.at
    words: dict[str, Mapping[str, Any]] = {"nature": dict(Party.Nature.choices)}
    if any(name == "country" for _, name in found):
        words["country"] = country_names()
    now = {pk: party.entered for pk, party in parties.items()}
    changes = [
        PartyChange(parties[pk], LABELS[name], _shown(before, name, words), _shown(now[pk][name], name, words), at)
        for (pk, name), (before, at) in found.items()
        if before != now[pk][name]
    ]
    return sorted(changes, key=lambda one: (one.party.name, one.at))


def _shown(value: str, name: str, words: Mapping[str, Mapping[str, Any]]) -> str:
    return str(words.get(name, {}).get(value, value))


def with_decision(rows: QuerySet[License]) -> QuerySet[License]:
    """Licenses with what was asked and what was decided (licensing.granted), in the same few queries."""
    return rows.prefetch_related(*parts("application__"), steps("application__"))


def with_asked(licenses: Sequence[License]) -> None:
    """Each of these has what was asked and what was decided, as `with_decision`."""
    prefetch_related_objects(licenses, *parts("application__"), steps("application__"))


def in_force(actor: Actor) -> QuerySet[License]:
    return licenses_for(actor).filter(state__in=IN_FORCE)


def closed_somehow(actor: Actor) -> QuerySet[License]:
    """The actor's licenses in force with an open cause, of their own or of an end-user; suspended ones first."""
    return in_force(actor).filter(pk__in=open_causes().values("license")).order_by("-state", "-pk")


def changed_since(actor: Actor, since: datetime) -> QuerySet[License]:
    """The actor's licenses that came back into force, or ended, since then."""
    rows = licenses_for(actor)
    turned = _turned().filter(subject_id__in=rows.order_by().values("pk"), at__gte=since)
    return rows.filter(pk__in=turned.values("subject_id"))


def _turned() -> QuerySet[HistoryLine]:
    return HistoryLine.objects.filter(
        Q(verb="lift", to_state=LicenseState.ACTIVE) | Q(verb__in=["reopen", *ENDS]), subject_kind="license"
    )


@visibility("license")
def license_visible(actor: Actor, ref: str) -> bool:
    return licenses_for(actor).filter(ref=ref).exists()
