"""Whom of licenses in force goods, a destination and an end-user's name mean together, and what of each a decider would
stop, or let go again."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery

from core.access import Actor
from core.models import HistoryLine, User
from core.search import folded
from licensing.models import ControlItem, License, LicenseEndUser, Suspension
from licensing.models.balances import LicenseLine
from licensing.selectors.causes import end_users
from licensing.selectors.licenses import licenses_for, with_balances
from licensing.selectors.movements import under_way_with
from licensing.states import IN_FORCE, LicenseState

MOST_HIT = 200  # that one transaction holds
GROUPS = {"item": "code", "element": "element", "category": "category", "list": "list_name"}


@dataclass(frozen=True)
class Query:
    """All of it is asked of each end-user of a license: he is sent nothing but his own goods to his own country, so
    whoever is not all of that can be sent nothing that was named, but for what was reserved before that was so
    (decision 0043): of that it is asked itself.

    item: `item:` and a control code, or one of the other GROUPS and its name. destination: a country's code.
    end_user: a part of its name, or the whole of its number."""

    item: str = ""
    destination: str = ""
    end_user: str = ""

    def __bool__(self) -> bool:
        return bool(self.item or self.destination or self.end_user)

    def rows(self, actor: Actor) -> QuerySet[License]:
        """The licenses in force of whose end-users it names one, and those replaced on which something is reserved, or
        stopped, of those that the actor sees; nothing where it asks for nothing."""
        stopped = Q(suspensions__cause=Suspension.Cause.ENFORCEMENT, suspensions__ended_at=None)
        replaced = License.objects.filter(License.STILL_CLEARS | Q(stopped, state=LicenseState.REPLACED))
        rows = licenses_for(actor).filter(Q(state__in=IN_FORCE) | Q(pk__in=replaced.order_by().values("pk")))
        if not self:
            return rows.none()
        return rows.filter(Exists(LicenseEndUser.objects.filter(self.named(), license=OuterRef("pk"))))

    def named(self) -> Q:
        """Of end-users of licenses those that are all of what it asks for."""
        asked, items = Q(pk__isnull=False), None
        if self.item:
            kind, _, name = self.item.partition(":")
            items = ControlItem.objects.filter(**{GROUPS[kind]: name}).order_by().values("pk")
            asked &= Q(goods__overlap=items)
        if self.destination:
            asked &= Q(destination=self.destination)
        if self.item or self.destination:
            asked |= Q(Exists(under_way_with(items, self.destination)))
        if self.end_user:
            asked &= self._called()
        return asked

    def _called(self) -> Q:
        text = folded(self.end_user.strip())
        by_name = Q(party__name__folded__contains=text) | Q(party__name_local__folded__contains=text)
        return by_name | Q(party__ref__folded=text) | Q(party__registration_no__folded=text)


@dataclass(frozen=True)
class Hit:
    """A license that is hit, as it was at this version. users: whom alone of it; none where all of it is. causes: those
    of enforcement that are open on what is hit."""

    license: License
    version: int
    users: tuple[LicenseEndUser, ...]
    causes: tuple[Suspension, ...]

    @property
    def lines(self) -> list[LicenseLine]:
        """Its lines, or those that these end-users may have."""
        lines = list(self.license.lines.all())
        return [line for line in lines if not self.users or any(line.is_for(user) for user in self.users)]

    @property
    def to_stop(self) -> tuple[LicenseEndUser | None, ...]:
        """What has no such cause: the license (None), or of these end-users."""
        has = {one.end_user_id for one in self.causes}
        return tuple(one for one in self.users or (None,) if (one.pk if one else None) not in has)


def hits(query: Query, actor: Actor) -> list[Hit]:
    """What the query hits now, each license with balances, in the order of keys; one more than MOST_HIT at most. Four
    queries, whatever their number."""
    lines = HistoryLine.objects.filter(subject_kind="license", subject_id=OuterRef("pk")).order_by("-seq")
    named = ExpressionWrapper(query.named(), output_field=BooleanField())
    found = with_balances(query.rows(actor), end_users().annotate(named=named))
    found = found.annotate(version=Subquery(lines.values("seq")[:1])).order_by("pk")
    return [_hit(row, query) for row in found[: MOST_HIT + 1]]


def _hit(row: Any, query: Query) -> Hit:
    """Where all its end-users are named, all of it is hit."""
    users = row.end_users.all()
    named = tuple(user for user in users if user.named)
    alone = () if len(named) == len(users) else named
    of_them = {user.pk for user in alone}
    causes = [one for one in row.open_suspensions if one.cause == Suspension.Cause.ENFORCEMENT]
    return Hit(row, row.version, alone, tuple(one for one in causes if not alone or one.end_user_id in of_them))


def ended_by(found: Collection[Hit], user: User) -> tuple[list[Suspension], list[Suspension]]:
    """The causes that these hit: what this officer may end, and what another one must, since he opened it."""
    causes = [one for hit in found for one in hit.causes]
    own = [one for one in causes if one.opened_himself(user)]
    return [one for one in causes if one not in own], own
