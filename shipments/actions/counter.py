"""What an officer of customs says at the counter: booked as the message of a program that says the same."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, Problem
from core.idempotency import fingerprint
from core.templatetags.lodestone import instant, listed, quantity
from shipments.actions.customs import book
from shipments.actions.messages import Message, Receipt
from shipments.models import Incident, Shipment, ShipmentLine
from shipments.states import ShipmentState


@command
def report(message: Message, *, told: str, seen: int, by: Actor) -> Receipt:
    """What the officer says of a shipment, which is as he saw it, is on record: `receive` does the same.

    told: what names the unusual things that he was told of before. Raises DomainError 409 `unusual` with those of now,
    and what names them, when they are others: sent again with that name it is booked, whatever we think of it.
    """
    rows = ShipmentLine.objects.filter(shipment__ref=message.shipment)
    held = dict(rows.values_list("line_number", "held"))  # whoever changes it after this changes what was seen
    before = Shipment.objects.values_list("state", flat=True).get(ref=message.shipment)
    receipt = book(message, by=by, seen=seen)
    found = unusual(receipt, held, before)
    named = fingerprint("", message.message_id, found)
    if found and told != named:
        raise DomainError(code="unusual", errors=[Problem("/told", "unusual", text) for text in found], told=named)
    return receipt


def unusual(receipt: Receipt, held: Mapping[int, int], before: str) -> list[str]:
    """What a person looks at twice before it is booked, in words. held: what each line had reserved; before: the state
    in which the shipment was."""
    shipment = receipt.shipment
    assert shipment is not None
    told = [one for one in receipt.incidents if one.kind != Incident.Kind.OVER_CLEARED]
    found = [str(one.get_kind_display()) for one in told]
    if receipt.message.event not in ("cleared", "corrected", "returned") and shipment.state == before:
        text = _("It is recorded, and moves nothing: the shipment stays as it is ({state}).")
        found.append(text.format(state=shipment.get_state_display()))
    if shipment.state == ShipmentState.RETURNED != before:
        found.append(_("All of it that crossed has come back: the shipment stays returned for good."))
    if receipt.message.event == "returned":
        found += _told_before(receipt.message, shipment)
    for line, booked in receipt.lines:
        beyond, crossed = booked["over_cleared"], booked["drawn"] + booked["over_cleared"]
        more = crossed - held.get(line.line_number, 0)
        facts = {
            "number": line.line_number,
            "more": quantity(more, line.unit),
            "beyond": quantity(beyond, line.unit),
        }
        if beyond > 0:
            text = _("Line {number}: {beyond} more than the license has. It is booked, and the license is suspended.")
            found.append(text.format(**facts))
        elif more > 0:
            found.append(_("Line {number}: {more} more than this shipment has reserved.").format(**facts))
    return found


def _told_before(message: Message, shipment: Shipment) -> list[str]:
    """What came back under the same number before: one paper that a program told, and then a person."""
    rows = shipment.returns.filter(declaration_no=message.reimport_no).prefetch_related("lines__line")
    *earlier, _this = rows
    text, one = _("Under this re-import number it came back before, {at}: {lines}."), _("line {number}: {much}")
    return [
        text.format(
            at=instant(back.reported_at),
            lines=listed(
                [
                    one.format(number=part.line.line_number, much=quantity(part.quantity, part.line.unit))
                    for part in back.lines.all()
                ]
            ),
        )
        for back in earlier
    ]
