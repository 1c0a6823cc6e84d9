"""The verbs of end-use declarations."""

from typing import Any

from core.legal_time import legal_today
from licensing.actions import declarations, invalidations
from tests.walk.plain import UNDECIDED, Declared
from tests.walk.verb import ONCE, OWN, WAITS, Verb, over, proposed, refused, set_to, two_people, unless


def signed(walk: Any, row: Declared, who: int, _: Any) -> None:
    row.signed, row.original = walk.plain.step, False


def shown(walk: Any, row: Declared, who: int, _: Any) -> None:
    row.shown = True


def opens_again(walk: Any, row: Declared, who: int, _: Any) -> None:
    """Whom an invalid declaration closed relies on it now."""
    for license, party, user in walk.plain.served():
        if party == row.party and "declaration" in user.causes:
            user.causes.discard("declaration")
            user.declaration = row.ref
            walk.plain.put_in_force(row, who)
            license.settle()


def invalid(walk: Any, row: Declared, who: int, _: Any) -> None:
    walk.found_invalid.setdefault(row.ref, set()).update({row.proposed_by, who})
    row.proposed_by = 0
    for case in walk.plain.cases.values():
        if case.state in UNDECIDED and row.ref in case.named.values():  # which says so
            case.acts.append((case.round, who, "undeclared"))
    for license, _party, user in walk.plain.served():
        if user.declaration == row.ref:
            user.causes.add("declaration")
            license.settle()


def opened_by_who_closed(walk: Any, row: Declared, who: int) -> set[str]:
    closed = [
        user.declaration
        for _license, party, user in walk.plain.served()
        if party == row.party and "declaration" in user.causes
    ]
    return {"four-eyes"} if any(who in walk.found_invalid[ref] for ref in closed) else set()


SENT = "submitted queried verified in_force superseded expired"
DECLARATIONS = [
    Verb(
        *("declaration", "attach_signed", OWN, "draft"),
        lambda walk, row, **by: declarations.attach_signed(row.ref, **walk.certificate(), **by),
        signed,
        to="signed",
    ),
    Verb(
        *("declaration", "submit", OWN, "signed"),
        lambda walk, row, **by: declarations.submit(row.ref, **by),
        shown,
        to="submitted",
    ),
    Verb(
        *("declaration", "verify", "reviewer", "submitted"),
        lambda walk, row, **by: declarations.verify(row.ref, quantity_fit=True, **by),
        opens_again,
        to="verified",
        conditions=(
            refused("screening-unresolved", lambda plain, row, who: plain.hit(row.party) == "possible"),
            opened_by_who_closed,
        ),
    ),
    Verb(
        *("declaration", "query", "reviewer", "submitted"),
        lambda walk, row, **by: declarations.query(row.ref, reason="q", **by),
        to="queried",
    ),
    Verb(
        *("declaration", "answer", OWN, "queried"),
        lambda walk, row, **by: declarations.answer(row.ref, text="a", **by),
        to="submitted",
    ),
    Verb(
        *("declaration", "redo", OWN, "queried"),
        lambda walk, row, **by: declarations.redo(row.ref, changes=["signature"], reason="r", **by),
        to="draft",
    ),
    Verb(
        *("declaration", "reject", "reviewer", "submitted queried"),
        lambda walk, row, **by: declarations.reject(row.ref, reason="r", **by),
        to="rejected",
    ),
    Verb(
        *("declaration", "propose_invalidate", "reviewer", "verified in_force superseded"),
        lambda walk, row, **by: invalidations.propose_invalidate(row.ref, ground="forged", reason="r", **by),
        proposed,
        conditions=(ONCE,),
    ),
    Verb(
        *("declaration", "drop_invalidate", "reviewer decider", "verified in_force superseded expired"),
        lambda walk, row, **by: invalidations.drop_invalidate(row.ref, reason="r", **by),
        over,
        conditions=(WAITS,),
    ),
    Verb(
        *("declaration", "invalidate", "reviewer decider", "verified in_force superseded"),
        lambda walk, row, **by: invalidations.invalidate(row.ref, **by),
        invalid,
        to="invalid",
        conditions=two_people(lambda plain, row: row.proposed_by),
    ),
    Verb(
        *("declaration", "receive_original", "intake", SENT),
        lambda walk, row, **by: declarations.receive_original(row.ref, on=legal_today(), **by),
        set_to("original", True),
        conditions=(refused("original-received", lambda plain, row, who: row.original),),
    ),
    Verb(
        *("declaration", "miss_original", "intake", SENT),
        lambda walk, row, **by: declarations.miss_original(row.ref, reason="r", **by),
        set_to("original", False),
        conditions=(unless("no-original", lambda plain, row, who: row.original),),
    ),
]
