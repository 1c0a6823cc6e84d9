"""What becomes of a shipment: by its holder and by officers as verbs; by customs as messages, which are refused for
their content alone."""

from typing import Any

from config.local import demo
from core.errors import DomainError
from core.legal_time import legal_today
from shipments import actions
from shipments.actions import officers, reports
from shipments.models import Return
from tests.walk.plain import CROSSED, Licensed, Shipped
from tests.walk.verb import OWN, Verb, refused, unless


def released(walk: Any, row: Shipped, who: int, _: Any) -> None:
    """Nothing of it is reserved any more, and it is no clearance, unless some of it crossed."""
    release(row)
    if row.state != "cleared":
        uncount(row)
    row.license.exhaust()


def release(row: Shipped) -> None:
    row.license.reserved -= row.held
    row.held = 0


def uncount(row: Shipped) -> None:
    row.license.taken -= row.counted
    row.counted = False


def settled(walk: Any, license: Licensed) -> None:
    """What is used up is in force again where something may cross; with its company's cause if that is stopped."""
    if license.state == "exhausted" and license.free > 0 and not license.full:
        license.state = "active"
        if walk.plain.account.state in ("suspended", "barred"):
            license.own.append(("exporter", 0))
        license.settle()
    else:
        license.exhaust()


def closes_out(walk: Any, row: Shipped, who: int, _: Any) -> None:
    row.state = "cleared" if row.state == "part_cleared" else "cancelled"
    released(walk, row, who, _)
    row.state = "returned" if row.all_back else row.state


def decides(verb: str) -> Any:
    def call(walk: Any, row: Shipped, **by: Any) -> int:
        which = walk.draw.choice(sorted(row.returns) or [0])
        getattr(officers, verb)(row.ref, which=which, reason="r", **by)
        return int(which)

    return call


def declined(walk: Any, row: Shipped, who: int, which: int) -> None:
    del row.returns[which]


def credited(walk: Any, row: Shipped, who: int, which: int) -> None:
    more = min(row.returns.pop(which), row.drawn - row.credited)
    row.credited += more
    row.license.back += more
    settled(walk, row.license)


def expired(plain: Any, row: Shipped, who: int) -> bool:
    return bool(row.license.state == "expired")


def ended(plain: Any, row: Shipped, who: int) -> bool:
    return row.license.state in ("revoked", "surrendered", "replaced")


ALL = "reserved declared questioned part_cleared cleared departed delivered returned cancelled expired rejected"
WAITS = unless("not-found", lambda plain, row, who: row.returns)
SHIPMENTS = [
    Verb(
        *("shipment", "cancel", OWN, "reserved"),
        lambda walk, row, **by: actions.cancel(row.ref, **by),
        released,
        to="cancelled",
        seen=False,
    ),
    Verb(
        *("shipment", "depart", OWN, "cleared"),
        lambda walk, row, **by: reports.depart(row.ref, departed_on=legal_today(), **by),
        to="departed",
        seen=False,
    ),
    Verb(
        *("shipment", "deliver", OWN, "departed"),
        lambda walk, row, **by: reports.deliver(row.ref, delivered_on=legal_today(), proof=PROOF, **by),
        to="delivered",
        seen=False,
    ),
    Verb(
        *("shipment", "answer", "reviewer decider", "questioned"),
        lambda walk, row, **by: officers.answer(row.ref, reason="r", **by),
        to="declared",
    ),
    Verb(
        *("shipment", "close_out", "decider", "declared questioned part_cleared"),
        lambda walk, row, **by: officers.close_out(row.ref, reason="r", **by),
        closes_out,
    ),
    Verb(
        *("shipment", "approve_return", "decider", ALL),
        decides("approve_return"),
        credited,
        conditions=(WAITS, refused("license-expired", expired), refused("license-not-active", ended)),
    ),
    Verb(*("shipment", "decline_return", "decider", ALL), decides("decline_return"), declined, conditions=(WAITS,)),
]
PROOF = ("received.pdf", demo.pdf("Received"))


# --- customs ----------------------------------------------------------------------------------------------------------
def says(walk: Any, row: Shipped, event: str, refusal: str = "", **more: Any) -> bool:
    """Customs says so, and it is booked, or refused for what it says."""
    message = walk.world.message(row.ref, event, **more)
    try:
        actions.receive(message, by=walk.world.customs)
        said = ""
    except DomainError as refused_:
        said = refused_.code
    walk.note(f"shipment {event}", said, {refusal}, row.ref, row.state, more.get("lines"))
    if event == "cleared" and not said:
        walk.sent[row.ref] = message
        walk.stood[row.ref] = sum(line.quantity for line in message.lines)
    return not said


def declared(walk: Any, row: Shipped) -> None:
    says(walk, row, "declared")
    row.state = "declared" if row.state in ("reserved", "cancelled", "expired") else row.state


def questioned(walk: Any, row: Shipped) -> None:
    says(walk, row, "questioned", reason="?")
    row.state = "questioned" if row.state in ("reserved", "cancelled", "expired", "declared") else row.state


def rejected(walk: Any, row: Shipped) -> None:
    says(walk, row, "rejected", reason="r")
    if row.state in ("reserved", "cancelled", "expired", "declared", "questioned"):
        row.state = "rejected"
        released(walk, row, 0, None)


def cleared(walk: Any, row: Shipped) -> None:
    """Some of it or all crosses, or more than it holds; what the license is by now stops none of it."""
    if row.state not in ("reserved", "declared", "questioned", "part_cleared", "cancelled", "expired"):
        return
    license, held = row.license, row.held
    much, final = walk.draw.choice([(held, True), (held // 2, True), (held // 2, False), (held // 2, False)])
    if license.in_force and (not held or walk.draw.random() < 0.2):
        much, final = held + walk.draw.choice([5_000, max(license.free, 0), max(license.free, 0) + 3_000]), final
    if not much:
        return
    says(walk, row, "cleared", grams=much, final=final, lines=[actions.ClearedLine(1, much, "kg")])
    beyond = crosses(row, much)
    license.taken += not row.counted
    row.counted, row.state = True, "cleared" if final else "part_cleared"
    if final:
        release(row)
    if row.all_back:
        row.state = "returned"
    if not went_beyond(walk, license, beyond):
        license.exhaust()


def crosses(row: Shipped, much: int) -> int:
    """Out of its reservation, then what is free; how much went beyond that."""
    license = row.license
    reserved = min(much, row.held)
    free = min(much - reserved, max(license.free, 0))
    row.held -= reserved
    license.reserved -= reserved
    row.drawn += reserved + free
    license.drawn += reserved + free
    row.over += much - reserved - free
    license.over += much - reserved - free
    return much - reserved - free


def went_beyond(walk: Any, license: Licensed, beyond: int) -> bool:
    """The license is suspended, or what took its place, where that is in force."""
    last = walk.plain.and_after(license)[-1]
    if beyond and last.in_force:
        last.own.append(("over_clearance", 0))
        last.settle()
    return bool(beyond)


def corrected(walk: Any, row: Shipped) -> None:
    """Customs says that less crossed with its last clearance, or more: what is used up may be opened again."""
    if row.state not in ("part_cleared", *CROSSED, "returned"):
        return
    first, stood, license = walk.sent[row.ref], walk.stood[row.ref], row.license
    more = walk.draw.choice([0, 2_000]) if license.in_force else 0
    now = walk.draw.choice([stood + more, max(stood - 10_000, 0), max(stood - 3_000, 0), 0])
    wrong = row.crossed + now - stood < row.back
    facts = {"corrects": first.message_id, "declaration_no": first.declaration_no, "reason": "Weighed anew"}
    lines = [actions.ClearedLine(1, now, "kg")]
    if not says(walk, row, "corrected", "below-returned" if wrong else "", lines=lines, **facts):
        return
    walk.stood[row.ref] = now
    beyond = crosses(row, now - stood) if now > stood else uncross(walk, row, stood - now)
    if row.all_back:
        row.state = "returned"
    if not went_beyond(walk, license, beyond):
        settled(walk, license)


def uncross(walk: Any, row: Shipped, less: int) -> int:
    """What went beyond is given back first; by the rest there is room for others of the license who went beyond."""
    license = row.license
    beyond = min(less, row.over)
    row.over -= beyond
    license.over -= beyond
    rest = less - beyond
    row.drawn -= rest
    license.drawn -= rest
    for other in walk.plain.shipments.values():
        if other is not row and other.license is license:
            part = min(rest, other.over)
            other.over, other.drawn, rest = other.over - part, other.drawn + part, rest - part
            license.over, license.drawn = license.over - part, license.drawn + part
    return 0


def came_back(walk: Any, row: Shipped) -> None:
    out = row.crossed - row.back
    if not out:
        return
    much = walk.draw.choice([out, out, max(out // 2, 1), out + 1])
    refusal = "more-than-crossed" if much > out else ""
    lines = [actions.ClearedLine(1, much, "kg")]
    if says(walk, row, "returned", refusal, reimport_no="530120269000000001", lines=lines):
        row.back += much
        row.returns[Return.objects.latest("pk").pk] = much
        if row.all_back:
            row.state = "returned"


CUSTOMS = [declared, questioned, questioned, rejected, *[cleared] * 6, corrected, corrected, came_back, came_back]
