"""A hold in words: why, whose it is, and when it ends."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from core.languages import in_language
from core.legal_time import INSTANT, legal_day
from core.templatetags.lodestone import day
from licensing.policy.editions import Hold
from licensing.words import terms


def reason(hold: Hold) -> str:
    return in_language(hold.reason_en, hold.reason_zh)


def told(hold: Hold, until: date | None) -> str:
    """What stands, and what would change it."""
    return _stands(reason(hold), hold.owner, until)


def may(hold: Hold, missing: Iterable[str], until: date | None) -> str:
    """What would stand, and for want of which facts it does not."""
    facts = terms.listed(terms.word(terms.FACTS, name) for name in missing)
    message = _("A hold may stand here, and does not as long as this is not said: {facts}. {why} {ends}")
    return message.format(facts=facts, why=reason(hold), ends=ends(hold.owner, until))


def told_of(stretch: Mapping[str, Any]) -> str:
    """What stands, of a verdict's stretch."""
    why = in_language(stretch["reason_en"], stretch["reason_zh"])
    until = stretch["until"] and datetime.fromisoformat(stretch["until"])
    return _stands(why, stretch["owner"], legal_day(until - INSTANT) if until else None)


def _stands(why: str, owner: str, last: date | None) -> str:
    return _("A hold stands here: {why} {ends}").format(why=why, ends=ends(owner, last))


def ends(owner: str, last: date | None) -> str:
    if last is None:
        return _("It is with {owner}, until a later edition of the rules ends it.").format(owner=owner)
    return _("It is with {owner}, until {day} inclusive.").format(owner=owner, day=day(last))
