"""Who sees which drafts of the rules, and what a draft would do. Nothing is written here."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from core.access import Actor, visibility
from core.legal_time import LegalNow, day_start, legal_day
from core.models import User
from core.outside import outside
from core.selectors import whoever_may
from exporters.selectors import of_ministry
from licensing.models import Draft, PolicyEdition, Signature, Simulation
from licensing.models.editions import COUNTS
from licensing.policy.comparison import Comparison, compare
from licensing.policy.editions import read
from licensing.policy.engine import DAY, Compiled
from licensing.policy.invariants import Standing, held
from licensing.policy.promises import weakened
from licensing.selectors.editions import editions_at, rules_of

SIMULATED = Prefetch("simulations", Simulation.objects.defer("result"))
SIMULATED_HOURS = 24  # for so long an approval may rest on a simulation


def drafts_for(actor: Actor) -> QuerySet[Draft]:
    """Those who may open the policy desk see every draft."""
    return of_ministry(Draft.objects.select_related("base"), actor, "desk.draft")


@visibility("draft")
def draft_visible(actor: Actor, ref: str) -> bool:
    return drafts_for(actor).filter(ref=ref).exists()


def editions_for(actor: Actor) -> QuerySet[PolicyEdition]:
    """Likewise every edition, its text left out."""
    return of_ministry(PolicyEdition.objects.defer("text").select_related("draft"), actor, "desk.edition")


@visibility("edition")
def edition_visible(actor: Actor, ref: str) -> bool:
    return editions_for(actor).filter(code=ref).exists()


def authors_of(draft: int) -> list[str]:
    """The e-mails of those who wrote it, as far as they may still write."""
    wrote = Signature.objects.filter(draft=draft, part=Signature.Part.AUTHOR).values("actor")
    rows = whoever_may("draft.describe").filter(user__in=wrote)
    return list(rows.order_by("pk").values_list("user__email", flat=True))


def approvers() -> list[User]:
    """Who may sign an emergency, of which he wrote nothing."""
    return list(User.objects.filter(pk__in=whoever_may("draft.hasten").values("user")).order_by("pk"))


@dataclass(frozen=True)
class Effect:
    """What a draft does from a day on, beside the edition that it follows then."""

    follows: PolicyEdition
    since: date
    comparison: Comparison
    invariants: tuple[Standing, ...]
    broken: frozenset[str]
    unexplained: frozenset[str]
    later: tuple[PolicyEdition, ...]  # which start after it and so take its place


def start_of(draft: Draft, at: datetime) -> datetime:
    """00:00 of its first day, or of the coming day where it has none, or one that is over."""
    coming = legal_day(at) + DAY
    return day_start(max(draft.starts_on or coming, coming))


def effect_of(draft: Draft, at: datetime) -> Effect:
    """From the start that it would have now; once approved, from the one that it has."""
    edition = draft.editions.order_by("pk").first()
    starts_at = edition.starts_at if edition else start_of(draft, at)
    since, editions = legal_day(starts_at), editions_at(at)
    name, follows = editions.before(starts_at)
    coming = PolicyEdition.objects.defer("text").filter(COUNTS).exclude(draft=None)
    return Effect(
        follows=PolicyEdition.objects.defer("text").get(code=name),
        since=since,
        comparison=compared(follows, draft.text, since=since),
        invariants=invariants_of(draft.text, since=since),
        broken=broken_by(follows, draft.text, since=since),
        unexplained=unexplained(follows, draft.text),
        later=tuple(coming.filter(starts_at__gt=starts_at).order_by("starts_at")),
    )


def simulations_to_run() -> list[int]:
    """Those that were asked for and that no worker has, the oldest first."""
    free = Q(stage=Simulation.Stage.ASKED) | Q(stage=Simulation.Stage.RUNNING, taken_until__lte=LegalNow())
    return list(Simulation.objects.filter(free).order_by("pk").values_list("pk", flat=True))


def outdated(done: Simulation, draft: Draft, starts_at: datetime, at: datetime, newest: int) -> list[str]:
    """Why nothing rests on a simulation: it is of another text, from another start on, too old, or of before another
    edition was added (newest: the last one). Nothing where something may."""
    since = at - timedelta(hours=SIMULATED_HOURS)
    why = {
        "text": done.digest != draft.digest,
        "start": done.starts_at != starts_at,
        "old": done.book_at is None or done.book_at <= since,
        "edition": done.newest != newest,
    }
    return [name for name, is_so in why.items() if is_so]


@lru_cache(maxsize=16)
def compiled(text: str) -> Compiled:
    """A draft's text, read and compiled once a process."""
    return Compiled(read(text))


@contextmanager
def _forgotten(*editions: Compiled) -> Iterator[None]:
    """A space of all cases is gone through, of which they remember nothing afterwards."""
    try:
        yield
    finally:
        for one in editions:
            one.forget()


@outside
def compared(follows: str, text: str, *, since: date) -> Comparison:
    """A draft beside the edition that it follows, over every case that could exist from that day on.

    follows: that edition's digest. It takes seconds, so it is worked out in no transaction (core.outside).
    """
    old, new = rules_of(follows), compiled(text)
    with _forgotten(old, new):
        return compare(old, new, since=since)


@outside
def invariants_of(text: str, *, since: date) -> tuple[Standing, ...]:
    """The draft's own standing invariants, each held or broken from that day on; likewise."""
    rules = compiled(text)
    with _forgotten(rules):
        return held(rules.edition.invariants, rules, since=since)


@outside
def promises_of(follows: str, text: str, *, since: date) -> tuple[Standing, ...]:
    """Under the draft, the standing invariants of the edition that it follows; likewise."""
    rules = compiled(text)
    with _forgotten(rules):
        return held(rules_of(follows).edition.invariants, rules, since=since)


def broken_by(follows: str, text: str, *, since: date) -> frozenset[str]:
    """The draft's own invariants that don't hold everywhere, and the promises it breaks and does not word anew."""
    own = {one.invariant.id for one in invariants_of(text, since=since) if not one.held}
    promised = {one.invariant.id for one in promises_of(follows, text, since=since) if not one.held}
    return frozenset(own | promised - _with_another(follows, text, "basis"))


def unexplained(follows: str, text: str) -> frozenset[str]:
    """The promises that the draft weakens, or strikes, and does not say why: in the basis, or where it strikes."""
    weaker, why = weakened(rules_of(follows), compiled(text)), _with_another(follows, text, "basis", "struck")
    return frozenset(weaker.keys() - why)


def _with_another(follows: str, text: str, *fields: str) -> set[str]:
    """The invariants that stand in the draft with other words in some of these fields, blanks apart."""
    were, are = (
        {row["id"]: row for row in rules.edition.document["invariants"]}
        for rules in (rules_of(follows), compiled(text))
    )

    def said(row: Mapping[str, Any], field: str) -> list[str]:
        return str(row.get(field, "")).split()

    return {
        name for name in were.keys() & are.keys() for one in fields if said(were[name], one) != said(are[name], one)
    }
