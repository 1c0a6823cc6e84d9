"""What the company can't do to its license now, as its page says it: why, and what would change that."""

from collections.abc import Collection

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core.access import Actor, who
from core.graphs import has_move
from licensing.models import License
from licensing.states import LicenseState as S


def absent(license: License, actor: Actor, offered: Collection[str]) -> list[str]:
    """A sentence for each of these steps that its page does not offer this person: the graph says which of its own
    conditions is not so. What another place of the page says of a renewal is not said twice."""
    if actor.kind != "exporter":
        return []
    said = [_why(license, verb) for verb in ("amend", "surrender", "renew") if verb not in offered]
    return [one for one in said if one]


def _why(license: License, verb: str) -> str:
    transition = getattr(license, verb)
    if not has_move(transition):
        return _state(license, verb)
    if not transition._django_fsm.conditions_met(license, license.state):
        return _condition(license, verb)
    return {
        "amend": _("{who} of your company can ask to change it."),
        "surrender": _("{who} of your company can hand it back."),
        "renew": _("{who} of your company can renew it."),
    }[verb].format(who=capfirst(who(f"license.{verb}")))


def _state(license: License, verb: str) -> str:
    if license.state == S.SUSPENDED:
        return {
            "amend": _("It can be changed again when its suspension has ended."),
            "surrender": _("It can be handed back again when its suspension has ended."),
        }[verb]
    if license.state == S.EXHAUSTED:
        return {
            "amend": _("It is used up and can't be changed: for more, file a new application."),
            "surrender": _("It is used up: nothing is left on it to hand back."),
        }[verb]
    if license.state == S.REPLACED and (new := license.successor):
        said = {
            "amend": _("{ref} took its place: ask to change that one."),
            "surrender": _("{ref} took its place: what is left is handed back with that one."),
            "renew": _("{ref} took its place: renew that one."),
        }
        return said[verb].format(ref=new.ref) if verb != "renew" or license.of_renewed_kind else ""
    return {
        "amend": _("It has ended and can't be changed: a new application can begin with a copy of it."),
        "surrender": _("It has ended: nothing is left on it to hand back."),
        "renew": _("It has ended and can't be renewed any more.") if license.of_renewed_kind else "",
    }[verb]


def _condition(license: License, verb: str) -> str:
    if verb == "amend" and (other := license.changing):
        text = _("It can be changed again when {other}, which asks to change it, is withdrawn or decided.")
        return text.format(other=other.ref)
    if not license.of_renewed_kind:
        return _("It is for one shipment and is not renewed: a new application can begin with a copy of it.")
    return ""
