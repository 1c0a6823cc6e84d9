"""Who sees which of the ground's rows."""

from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Count, Max, Min, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from core import access
from core.access import Actor, find, visibility
from core.deliveries import PAPER
from core.errors import NotFound
from core.legal_time import legal_now
from core.models import (
    ApiKey,
    Country,
    Delivery,
    Document,
    HistoryLine,
    Kind,
    LegalDay,
    Membership,
    Organization,
    Proposal,
    Role,
    RoleGrant,
    User,
)
from core.once import once
from core.proposals import PREFIX
from core.working_days import Calendar, Day, Pause

MANY = 50


def picked(rows: Mapping[str, QuerySet[Any]]) -> dict[str, list[int]]:
    """The keys of each of these rows, by name, in their order. One query, however many they are."""
    found: dict[str, list[int]] = {name: [] for name in rows}
    keys = [some.values_list(Value(name), "pk") for name, some in rows.items()]
    for name, pk in keys[0].union(*keys[1:], all=True) if keys else ():
        found[name].append(pk)
    return found


def counted(rows: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """How many each of them are, by name; of more than MANY only that: nobody counts a whole table for a badge.

    One query, however many they are.
    """
    few = picked({name: some.order_by()[: MANY + 1] for name, some in rows.items()})
    return {name: len(keys) for name, keys in few.items()}


_countries = set[str]()  # found once: a country that was loaded stays


def unknown_countries(named: Set[str]) -> set[str]:
    """Those of these codes that no country has. No query where each was asked of before in this process."""
    if fresh := named - _countries:
        _countries.update(Country.objects.filter(code__in=fresh).values_list("code", flat=True))
    return {*named} - _countries


_called = dict[str, str]()  # found once, as above


def country_called(text: str) -> str:
    """The code of the country that is called so, in English or Chinese, in any case; nothing where none is."""
    if not _called:
        for code, *names in Country.objects.values_list("code", "name_en", "name_zh"):
            _called.update((name.casefold(), code) for name in names if name)
    return _called.get(text.strip().casefold(), "")


def country_names() -> dict[str, str]:
    """Every country's name by its code, in the reader's language. One query."""
    return {country.code: str(country) for country in Country.objects.all()}


def members_of(actor: Actor) -> QuerySet[Membership]:
    """People of the actor's own organization, those who left last."""
    people = _people_of(actor.organization_id).select_related("user", "organization")
    return people.order_by("ended_at", "user__name", "pk")


def _people_of(organization_id: int | None) -> QuerySet[Membership]:
    return Membership.objects.filter(organization=organization_id)


def whoever_may(verb: str) -> QuerySet[Membership]:
    """People of today to whom a role opens the verb."""
    row = find(verb, "POST")
    roles = sorted(row.roles) if row else []
    return Membership.objects.filter(ended_at=None, user__is_active=True, roles__overlap=roles)


@dataclass(frozen=True)
class Invited:
    email: str
    name: str
    roles: list[str]
    at: datetime

    def role_labels(self) -> list[str]:
        return [str(Role(role).label) for role in self.roles]


def invitations_of(actor: Actor) -> list[Invited]:
    """Who was invited into the actor's organization and is no member."""
    return invited_into(actor.organization_id)


def invited_into(organization_id: int | None) -> list[Invited]:
    """Read from the organization's history, which is the same whether the address has an account elsewhere or not."""
    lines = HistoryLine.objects.filter(
        subject_kind="organization", subject_id=organization_id, verb__in=["add_member", "withdraw_invitation"]
    )
    last = {line.facts["email"]: line for line in lines.order_by("seq")}
    here = set(_people_of(organization_id).values_list("user__email", flat=True))
    return [
        Invited(email, line.facts.get("name", ""), line.facts["roles"], line.at)
        for email, line in last.items()
        if line.verb == "add_member" and email not in here
    ]


def invitation(organization_id: int, email: str) -> Invited:
    """As it was sent last. Raises NotFound when it was withdrawn, or the address has an account now."""
    invited = {one.email: one for one in invited_into(organization_id)}.get(email)
    if invited is None or User.objects.filter(email=email).exists():
        raise invitation_over()
    return invited


def invitation_over() -> NotFound:
    return NotFound(
        _(
            "This invitation no longer works: it was used, withdrawn, or is too old. If you have an account, sign in; "
            "otherwise ask whoever invited you to do it again."
        )
    )


def key_owners(actor: Actor) -> QuerySet[Organization]:
    """Whose keys are the actor's to make: his organization's own, and customs offices' for an administrator.

    An office counts from its first confirmed officer on, so that two administrators stand behind every key of it.
    """
    if actor.kind != "ministry":
        return Organization.objects.filter(pk=actor.organization_id)
    if not actor.may("keys", "GET"):
        return Organization.objects.none()
    confirmed = Membership.objects.filter(ended_at=None, roles__len__gt=0)
    return Organization.objects.filter(kind="customs", pk__in=confirmed.values("organization")).order_by("name_en")


def keys_of(actor: Actor) -> QuerySet[ApiKey]:
    """The keys of the actor's organization; for an administrator those of every customs office."""
    keys = ApiKey.objects.select_related("created_by", "organization")
    if actor.kind == "ministry" and actor.may("keys", "GET"):
        return keys.filter(organization__kind="customs")
    return keys.filter(organization=actor.organization)


def officers(actor: Actor) -> QuerySet[Membership]:
    """Officers of the ministry and of customs, for administrators and whoever audits them."""
    if not actor.may("officers", "GET"):
        return Membership.objects.none()
    return (
        Membership.objects.exclude(organization__kind="exporter")
        .select_related("user", "organization")
        .order_by("organization__kind", "ended_at", "user__name", "pk")
    )


def open_grants(actor: Actor) -> QuerySet[RoleGrant]:
    return RoleGrant.objects.filter(confirmed_at=None, dropped_at=None).select_related(
        "membership__user", "membership__organization", "proposed_by"
    )


def grants_to_confirm(actor: Actor) -> QuerySet[RoleGrant]:
    return open_grants(actor).exclude(RoleGrant.left_to_others(actor.user))


def offices(actor: Actor) -> QuerySet[Organization]:
    return Organization.objects.exclude(kind="exporter").order_by("-kind", "name_en")


def waiting_mail(actor: Actor) -> QuerySet[Delivery]:
    """What could not go out yet, the oldest first; of papers those that could not be made."""
    if not actor.may("mail", "GET"):
        return Delivery.objects.none()
    waiting = unsent().exclude(consumer=PAPER, failed_at=None)
    return waiting.select_related("line").order_by("line__at", "pk")


def refused_mail(actor: Actor) -> QuerySet[Delivery]:
    """What an administrator must decide on: it will hardly go out by itself."""
    return waiting_mail(actor).filter(refused=True)


def unsent() -> QuerySet[Delivery]:
    return Delivery.objects.filter(delivered_at=None, ended_at=None)


def weighed(rows: QuerySet[Delivery]) -> dict[str, Any]:
    """How many they are, the instant of the oldest, and the last error."""
    failed = rows.exclude(failed_at=None).order_by("-failed_at").values_list("error", flat=True)
    return rows.aggregate(count=Count("pk"), oldest=Min("line__at")) | {"error": failed.first() or ""}


def waits(consumer: str) -> dict[str, int]:
    """How much of it waits, mail or papers, and for how long the oldest."""
    found = unsent().filter(consumer=consumer).aggregate(count=Count("pk"), oldest=Min("line__at"))
    age = legal_now() - found["oldest"] if found["oldest"] else timedelta()
    return {"waiting": found["count"], "oldest_s": int(age.total_seconds())}


@visibility("delivery")
def delivery_visible(actor: Actor, pk: int) -> bool:
    return waiting_mail(actor).filter(pk=pk).exists()


@visibility("member")
def member_visible(actor: Actor, pk: int) -> bool:
    return members_of(actor).filter(pk=pk).exists()


@visibility("key")
def key_visible(actor: Actor, pk: int) -> bool:
    return keys_of(actor).filter(pk=pk).exists()


@visibility("officer")
def officer_visible(actor: Actor, pk: int) -> bool:
    return officers(actor).filter(pk=pk).exists()


# each gives the keys of documents that an actor reaches through rows that it sees
_reachable: list[Callable[[Actor], QuerySet[Any]]] = []


def reaches_documents(keys: Callable[[Actor], QuerySet[Any]]) -> Callable[[Actor], QuerySet[Any]]:
    """Registers a way to documents: whoever sees the row sees its papers."""
    _reachable.append(keys)
    return keys


def documents_for(actor: Actor) -> QuerySet[Document]:
    """An exporter's own files; an officer's are those of the rows that he sees."""
    files = Document.objects.defer("content")
    if actor.kind == "exporter":
        return files.filter(organization=actor.organization)
    seen = Q(pk__in=[])
    for keys in _reachable:
        seen |= Q(pk__in=keys(actor))
    return files.filter(seen)


@visibility("document")
def document_visible(actor: Actor, pk: int) -> bool:
    return documents_for(actor).filter(pk=pk).exists()


# by kind of row: those that an actor sees of them
_proposed_of: dict[str, Callable[[Actor], QuerySet[Any]]] = {}


Rows = TypeVar("Rows", bound=Callable[[Actor], QuerySet[Any]])


def bears_proposals(kind: str) -> Callable[[Rows], Rows]:
    """Registers rows of which something may wait for a second officer: whoever of the ministry sees the row sees it."""

    def register(rows: Rows) -> Rows:
        _proposed_of[kind] = rows
        return rows

    return register


def proposals_for(actor: Actor) -> QuerySet[Proposal]:
    """Of the rows that an officer sees; nobody else sees any."""
    seen = Q(pk__in=[])
    for kind, rows in _proposed_of.items() if actor.kind == Kind.MINISTRY else ():
        seen |= Q(subject_kind=kind, subject_id__in=rows(actor).order_by().values("pk"))
    return Proposal.objects.filter(seen)


def proposals_open(actor: Actor) -> QuerySet[Proposal]:
    """Of these what waits for its second person."""
    rows = proposals_for(actor).filter(decided_at=None).select_related("proposed_by", "document")
    return rows.defer("document__content")


def proposals_to_countersign(actor: Actor) -> QuerySet[Proposal]:
    """Of these what this officer may countersign: nothing that he proposed himself."""
    mine = Q(pk__in=[])
    for name, method in access.table():
        kind, _dot, verb = name.partition(".")
        carried = verb.removeprefix(PREFIX)
        if method == "POST" and carried != verb and actor.may(f"{kind}.{carried}"):
            mine |= Q(subject_kind=kind, verb=carried)
    return proposals_open(actor).filter(mine).exclude(Proposal.those_of(actor.user))


@reaches_documents
def papers_of_proposals(actor: Actor) -> QuerySet[Proposal, int | None]:
    rows = proposals_for(actor).filter(document__isnull=False)
    return rows.order_by().values_list("document_id", flat=True)


def working_day_before(today: date, number: int) -> date | None:
    """The last worked day before this one, the last but one and so on. None where the table does not go back so far."""
    worked = LegalDay.objects.filter(working=True, day__lt=today).order_by("-day").values_list("day", flat=True)
    return next(iter(worked[number - 1 : number]), None)


def table_end() -> Subquery:
    """The last day of the working-day table, inside a query."""
    return Subquery(LegalDay.objects.order_by("-day").values("day")[:1])


def table_ends_before(day: date, last: date | None = None) -> date | None:
    """The last day of the working-day table if it lies before that day; else None.

    last: that day, where it is known.
    """
    last = last or LegalDay.objects.aggregate(last=Max("day"))["last"]
    return last if last and last < day else None


@once
def _calendars() -> list[tuple[date, int, date, Calendar]]:
    """Those that this page has read: from when on, and for how many working days after which day."""
    return []


def calendar(begins: date, working_days: int, pauses: Collection[Pause] = (), *, until: date | None = None) -> Calendar:
    """As much of the working-day table as it takes to count so many days from `begins` on. One query, or none where
    the page has read as much.

    Whatever the pauses cover, the last day is counted by the time that so many have gone by since they all ended.
    until: a later day up to which is counted, or on which a count begins: for several counts at once.
    """
    ended = max([begins, until or begins, *(pause.end for pause in pauses if pause.end)])
    for first, most, after, table in _calendars():
        if first <= begins and most >= working_days and after >= ended:
            return table
    then = LegalDay.objects.filter(working=True, day__gte=ended).order_by("day").values("day")
    last = Coalesce(Subquery(then[working_days : working_days + 1]), Value(date.max))
    rows = LegalDay.objects.filter(day__gte=begins, day__lte=last)
    table = Calendar(Day(*row) for row in rows.values_list("day", "working", "provisional"))
    _calendars().append((begins, working_days, ended, table))
    return table


def calendar_before(ends: date, working_days: int, *, until: date | None = None) -> Calendar:
    """As much of the working-day table as it takes to count so many days back from `ends`. One query.

    until: a later day from which is counted back, too: for several counts at once.
    """
    before = LegalDay.objects.filter(working=True, day__lte=ends).order_by("-day").values("day")
    first = Coalesce(Subquery(before[working_days : working_days + 1]), Value(date.min))
    rows = LegalDay.objects.filter(day__gte=first, day__lte=max(ends, until or ends))
    return Calendar(Day(*row) for row in rows.values_list("day", "working", "provisional"))
