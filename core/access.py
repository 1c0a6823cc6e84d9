"""Who may do what. `access.csv` beside this file is the one table: pages, REST, docs and tests read it.

A route without a row does not exist. A row names a route (or a verb), its methods, the scopes that open it to a
key, the noun whose visibility decides between 404 and 403, and a Y under each role.
"""

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Model
from django.utils.functional import lazy

from core import scopes
from core.languages import in_language
from core.legal_time import legal_now

if TYPE_CHECKING:
    from core.models import ApiKey, Organization, User

TABLE = Path(__file__).with_name("access.csv")
ANONYMOUS, CLOCK, READS = "anonymous", "clock", "viewer"


@dataclass(frozen=True)
class Row:
    name: str
    methods: frozenset[str]
    scopes: frozenset[str]
    noun: str
    roles: frozenset[str]

    def admits(self, actor: "Actor") -> bool:
        """True when one of the actor's roles has a Y, or the actor's key carries one of the row's scopes."""
        return ANONYMOUS in self.roles or bool(self.roles & actor.roles or self.scopes & actor.scopes)


class Proof:
    """What a key was when this process read it, which the statement that acts for it has to find unchanged
    (core.proof). Of one call, and given once it did."""

    def __init__(self, digest: str, stamp: str) -> None:
        self.digest, self.stamp, self.given = digest, stamp, False


@dataclass(frozen=True)
class Actor:
    """Who is asking: a person with roles, a program with scopes, the clock, or nobody yet."""

    user: Any  # core.models.User, or AnonymousUser in NOBODY
    organization: "Organization | None" = None
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    key: "ApiKey | None" = None
    province: str = ""
    proof: Proof | None = None  # of a key that was remembered and not read

    @property
    def anonymous(self) -> bool:
        return self.organization is None

    @property
    def kind(self) -> str:
        return self.organization.kind if self.organization else ""

    @property
    def reads_names(self) -> bool:
        """Of officers he reads who they are, and their notes; exporters and customs read what they are."""
        return self.kind not in ("exporter", "customs")

    @property
    def reads_reasons(self) -> bool:
        """Of what was decided he reads why; what came of it is enough for customs."""
        return self.kind != "customs"

    @property
    def organization_id(self) -> int | None:
        return self.organization.pk if self.organization else None

    def may(self, name: str, method: str = "POST") -> bool:
        """Does the table admit this actor to the verb or route? Says nothing of any particular row."""
        row = find(name, method)
        return row is not None and row.admits(self)


NOBODY = Actor(AnonymousUser(), roles=frozenset({ANONYMOUS}))


@cache
def table() -> dict[tuple[str, str], Row]:
    """The access table by (name, method)."""
    rows: dict[tuple[str, str], Row] = {}
    with TABLE.open(encoding="utf-8", newline="") as source:
        for record in csv.DictReader(source):
            fixed = {key: record.pop(key) for key in ("name", "methods", "scopes", "noun")}
            row = Row(
                name=fixed["name"],
                methods=frozenset(fixed["methods"].split()),
                scopes=frozenset(fixed["scopes"].split()),
                noun=fixed["noun"],
                roles=frozenset(role for role, cell in record.items() if cell == "Y"),
            )
            for method in row.methods:
                if (row.name, method) in rows:
                    raise ValueError(f"access.csv has {row.name} {method} twice")
                rows[row.name, method] = row
    return rows


def find(name: str, method: str) -> Row | None:
    return table().get((name, "GET" if method == "HEAD" else method))


def who(name: str, method: str = "POST") -> str:
    """Whom the table admits, as a sentence names them: `a clerk or a signatory`. Raises KeyError without a row."""
    from core.models.roles import SAID  # noqa: PLC0415

    roles = table()[name, method].roles
    return in_language(" or ", "或").join(str(words) for role, words in SAID.items() if role in roles)


who_lazy = lazy(who, str)


def methods(name: str) -> frozenset[str]:
    """What the route answers, to whomever."""
    return frozenset(method for route, method in table() if route == name)


# noun -> "is the row with these URL arguments visible to this actor?"; filled by each app's selectors
visible: dict[str, Callable[..., bool]] = {}


def visibility(noun: str) -> Callable[[Callable[..., bool]], Callable[..., bool]]:
    """Registers how a noun's visibility is decided when a role is refused (404 before 403)."""

    def register(decide: Callable[..., bool]) -> Callable[..., bool]:
        visible[noun] = decide
        return decide

    return register


def actor_for_user(user: "User | AnonymousUser") -> Actor:
    """The actor behind a session. user: with his place (core.accounts.Backend), read on every request, so that taking
    rights away acts at once. Of an organization that is closed everybody reads, and nobody changes anything."""
    membership = getattr(user, "membership", None)
    if membership is None or membership.ended_at:
        return Actor(user, roles=frozenset({ANONYMOUS}))
    organization = membership.organization
    roles = [READS] if organization.closed_at else membership.roles
    return Actor(user, organization, roles=frozenset(roles), province=membership.province)


def actor_for_key(key: "ApiKey", proof: Proof | None = None) -> Actor:
    may = [scope for scope in key.scopes if scopes.reads(scope) or not key.organization.closed_at]
    return Actor(key.user, key.organization, scopes=frozenset(may), key=key, proof=proof)


def actor_behind(user: "User") -> Actor:
    """Whoever acts as this user now: a program by its key, a person by a membership; nobody where that has ended."""
    if not user.is_active:
        return NOBODY
    key: ApiKey | None = getattr(user, "key", None)
    if key is None:
        return actor_for_user(user)
    return actor_for_key(key) if key.live_at(legal_now()) else NOBODY


def clock() -> Actor:
    """The actor of sweeps: only makes visible what time has already made true."""
    from core.models import User  # noqa: PLC0415

    user, _ = User.objects.get_or_create(
        email="clock@lodestone.invalid", defaults={"name": "Clock", "nature": User.Nature.CLOCK, "password": "!"}
    )
    return Actor(user, roles=frozenset({CLOCK}))


def digest(key: str) -> str:
    """What is kept of a key: 256 random bits need no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


def live_key(text: str) -> "ApiKey | None":
    """The key of this text with its organization and user, when it is neither revoked nor past its day.

    One statement (core/sql/keys.sql): each call of a program begins with it.
    """
    sql, parts = _statement_of_key()
    with connection.cursor() as cursor:
        cursor.execute(sql, [digest(text)])
        row = cursor.fetchone()
    if row is None:
        return None
    values = iter(row)
    made: list[Any] = [one.from_db("default", names, list(islice(values, len(names)))) for one, names in parts]
    key, key.organization, key.user = made
    return cast("ApiKey", key)


@cache
def _statement_of_key() -> tuple[str, list[tuple[type[Model], list[str]]]]:
    """And which of its columns, one after the other, are of which model."""
    rows = {"key": "ApiKey", "organization": "Organization", "person": "User"}
    models = {row: apps.get_model("core", name) for row, name in rows.items()}
    fields = {row: [field.attname for field in one._meta.concrete_fields] for row, one in models.items()}
    columns = ", ".join(f'(found.{row})."{name}"' for row, names in fields.items() for name in names)
    return f"SELECT {columns} FROM live_key(%s) found", [(models[row], fields[row]) for row in rows]
