"""The ledger's failures in words: what is wrong, the limit, and what would change it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import quantities
from core.errors import DomainError, Problem
from core.templatetags.lodestone import money, quantity
from licensing.states import LicenseState
from licensing.words import holds

# The guards in the order in which a reservation is judged (docs/ledger.md), by the codes of what they refuse. Those of
# one are told as they come, line by line.
GUARDS = (
    ("client-reference-used",),
    ("license-suspended", "license-not-active", "not-yet-valid", "license-expired"),
    ("exporter-not-active",),
    (
        "end-user-not-authorized",
        "end-user-closed",
        "consignee-not-authorized",
        "port-not-authorized",
        "destination-not-authorized",
    ),
    ("line-mismatch",),
    ("line-exhausted", "value-exhausted", "end-user-exhausted"),
    ("quota-exhausted",),
    ("clearances-exhausted",),
    ("policy-prohibits", "held"),
    ("report-overdue",),
)
_PLACE = {code: place for place, codes in enumerate(GUARDS) for code in codes}
IN_ORDER = tuple(_PLACE)


def exhausted(line: Any, asked: int, *, taken: int = 0, pointer: str = "") -> dict[str, Any] | None:
    """What the ledger says of a line that has no room for so much when so much more of it was taken; else None."""
    room = line.room - taken
    if asked <= room:
        return None
    about = {"pointer": pointer, "line": line.number, "unit": line.unit}
    return about | {"code": "line-exhausted", "remaining": max(room, 0), "asked": asked}


def in_order(failures: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(failures, key=lambda failure: _PLACE[failure["code"]])


def refusal(failures: list[dict[str, Any]]) -> DomainError:
    """409 with the first failed guard's code, and all of them in `errors`."""
    errors = [problem(failure) for failure in failures]
    return DomainError(_detail(failures, errors[0]), code=failures[0]["code"], errors=errors)


def problem(failure: dict[str, Any]) -> Problem:
    extra: dict[str, object] = {}
    if "remaining" in failure:
        extra["remaining"] = quantities.show(failure["remaining"], failure["unit"])
        extra |= {"pool": failure["pool"]} if "pool" in failure else {}
    elif "value_remaining" in failure:
        extra["remaining"] = failure["value_remaining"]
    elif "destinations" in failure:
        extra["destinations"] = failure["destinations"]
    return Problem(failure["pointer"], failure["code"], _message(failure), extra)


def _detail(failures: list[dict[str, Any]], error: Problem) -> str:
    failure = failures[0]
    if failure["code"] == "license-suspended" and any(one["code"] == "exporter-not-active" for one in failures):
        return _(
            "The account of the license’s company is stopped, and the license with it. Nothing new is reserved until "
            "the ministry reinstates the account; what was declared to customs before is cleared as usual."
        )
    if failure["code"] == "line-exhausted" and not failure["remaining"]:
        return _("Nothing is left of line {line}; asked: {asked}.").format(
            line=failure["line"], asked=quantity(failure["asked"], failure["unit"])
        )
    if failure["code"] == "line-exhausted":
        return _("Line {line} has {left} left; asked: {asked}.").format(
            line=failure["line"],
            left=quantity(failure["remaining"], failure["unit"]),
            asked=quantity(failure["asked"], failure["unit"]),
        )
    return error.message


def _message(failure: dict[str, Any]) -> str:
    match failure["code"]:
        case "line-exhausted" if not failure["remaining"]:
            return _("Nothing is left of this line. Use another license, or cancel a shipment that will not leave.")
        case "line-exhausted":
            return _("At most {left}.").format(left=quantity(failure["remaining"], failure["unit"]))
        case "value-exhausted" if not Decimal(failure["value_remaining"]):
            return _("No value is left on this line. Use another license, or cancel a shipment that will not leave.")
        case "value-exhausted":
            left = money(Decimal(failure["value_remaining"]), failure["currency"])
            return _("The value left on this line is {left}.").format(left=left)
        case "end-user-exhausted" if not failure["remaining"]:
            return _("Nothing is left for this end-user. Name another, or cancel a shipment that will not leave.")
        case "end-user-exhausted":
            left = quantity(failure["remaining"], failure["unit"])
            return _("At most {left} for this end-user.").format(left=left)
        case "quota-exhausted":
            if failure["state"] != "open":
                return _("The national quota {pool} takes no new use.").format(pool=failure["pool"])
            if not failure["remaining"]:
                return _(
                    "Nothing is left of the national quota {pool}. Cancel a shipment that will not leave, or wait "
                    "until the ministry raises it."
                ).format(pool=failure["pool"])
            text = (
                _("The national quota {pool} has {left} of {element} left; asked: {asked}.")
                if failure["element"]
                else _("The national quota {pool} has {left} left; asked: {asked}.")
            )
            left, asked = (quantity(failure[name], failure["unit"]) for name in ("remaining", "asked"))
            return text.format(pool=failure["pool"], left=left, element=failure["element"], asked=asked)
        case "license-expired":
            return _("The license's last day is {day}. Use another license, or renew.").format(
                day=failure["usable_until"]
            )
        case "not-yet-valid":
            return _("The license's first day is {day}. Wait for it, or plan for a day from then on.").format(
                day=failure["usable_from"]
            )
        case "license-suspended":
            return _("The license is suspended. It can be used again when its causes have ended; its page names them.")
        case "license-not-active" if failure["state"] == LicenseState.REVOKED:
            return _(
                "The ministry ended this license; its page says when and why. Use another license, or apply for a new "
                "one."
            )
        case "license-not-active" if failure["state"] == LicenseState.REPLACED:
            return _("{ref} took the place of this license. Name that one.").format(ref=failure["successor"])
        case "license-not-active" if failure["state"] == LicenseState.SURRENDERED:
            return _("Your company handed this license back. Use another license, or apply for a new one.")
        case "license-not-active":
            return _("The license is not in force any more. Use another license.")
        case "exporter-not-active":
            return _(
                "The exporter's account is not active; nothing is reserved until it is. Its company page says why."
            )
        case "end-user-not-authorized":
            return _("This end-user is not on the license. Name one that is.")
        case "end-user-closed":
            return _("This end-user is closed on the license; its page says why. Name another end-user of it.")
        case "consignee-not-authorized":
            return _("This consignee is not on the license. Name one that is.")
        case "port-not-authorized":
            return _("This port is not on the license. Name one that is.")
        case "destination-not-authorized" if failure["whose"] == "license":
            return _("This destination is not on the license. Name one that is.")
        case "destination-not-authorized":
            return _(
                "Under this license this end-user is sent goods to {destinations} alone, where he is. Name that, or the"
                " end-user to whom the goods go."
            ).format(destinations=_(", ").join(failure["destinations"]))
        case "clearances-exhausted":
            return ngettext(
                "The license allows one clearance, and it is taken. Use another license, or cancel a shipment that "
                "will not leave.",
                "The license allows {most} clearances, and they are taken. Use another license, or cancel a shipment "
                "that will not leave.",
                failure["max_clearances"],
            ).format(most=failure["max_clearances"])
        case "policy-prohibits":
            return _(
                "The rules in force forbid this export ({rules}). It is possible again when they no longer do; their "
                "page says what they forbid."
            ).format(rules=", ".join(failure["rules"]))
        case "held":
            return holds.told_of(failure["hold"])
        case "report-overdue":
            text = _(
                "Deliveries should have been reported more than {days} days ago: {refs}. Report each on its shipment's "
                "page; then new shipments can be reserved again."
            )
            refs = [*failure["shipments"], *([_("and others")] if failure["more"] else [])]
            return text.format(days=failure["days"], refs=_(", ").join(refs))
        case "client-reference-used":
            text = _("This client reference belongs to {ref} already; each one is used once, for ever.")
            return text.format(ref=failure["shipment"])
        case "line-mismatch":
            return {
                "line": _("The license has no such line."),
                "end_user": _(
                    "This end-user’s declaration does not name the goods of this line. Name an end-user who declared"
                    " them, or have the license changed on a declaration of his that does."
                ),
                "unit": _("The license counts this line in {unit}.").format(unit=failure.get("unit", "")),
                "composition": _("Goods of this line contain at most {most} of {element}, as the license says.").format(
                    most=failure.get("most", ""), element=failure.get("element", "")
                ),
                "hs": _("The goods code does not belong to this line; it begins with {codes}.").format(
                    codes=", ".join(failure.get("hs", []))
                ),
            }[failure["what"]]
    raise AssertionError(failure["code"])
