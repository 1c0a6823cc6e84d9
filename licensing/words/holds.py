"""A hold in words: why, whose it is, and when it ends."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core.languages import in_language
from core.templatetags.lodestone import day
from licensing.policy.editions import Edition, Hold
from licensing.policy.vocabulary import LOOKS_AT
from licensing.words import rules, terms


def reason(hold: Hold) -> str:
    return in_language(hold.reason_en, hold.reason_zh)


def told(hold: Hold) -> str:
    """What stands, and what would change it."""
    return _stands(reason(hold), hold.owner, hold.span.last)


def may(hold: Hold, missing: Iterable[str]) -> str:
    """What would stand, and for want of which facts it does not."""
    facts = terms.listed(terms.word(terms.FACTS, name) for name in missing)
    message = _("A hold may stand here, and does not as long as this is not said: {facts}. {why} {ends}")
    return message.format(facts=facts, why=reason(hold), ends=_ends(hold.owner, hold.span.last))


def told_of(stretch: Mapping[str, Any]) -> str:
    """What stands, of a verdict's stretch."""
    why = in_language(stretch["reason_en"], stretch["reason_zh"]) or _("The ministry does not say why.")
    return _stands(why, stretch["owner"], date.fromisoformat(stretch["last_day"]) if stretch["last_day"] else None)


def _stands(why: str, owner: str, last: date | None) -> str:
    return _("A hold stands here: {why} {ends}").format(why=why, ends=_ends(owner, last))


def _ends(owner: str, last: date | None) -> str:
    if last is None:
        return _("It is with {owner}, until a later edition of the rules ends it.").format(owner=owner)
    return _("It is with {owner}, until {day} inclusive.").format(owner=owner, day=day(last))


def covers(hold: Hold, edition: Edition, countries: Mapping[str, str]) -> list[tuple[str, str]]:
    """What it looks at, fact by fact, and with which values; countries: names by code."""
    return [
        (terms.word(terms.FACTS, LOOKS_AT.get(key, key)), terms.listed(_values(key, wanted, edition, countries)))
        for key, wanted in hold.match.items()
    ]


def _values(key: str, wanted: Any, edition: Edition, countries: Mapping[str, str]) -> Iterator[str]:
    match wanted:
        case bool():
            yield terms.value(key, wanted, edition, countries)
        case {"gte": least}:
            yield rules.or_more(terms.value(key, Decimal(least), edition, countries))
        case _ if key == "destination.group":
            groups = edition.document["groups"]
            yield from (in_language(groups[name]["en"], groups[name]["zh"]) for name in wanted)
        case _:
            yield from (terms.value(LOOKS_AT.get(key, key), one, edition, countries) for one in wanted)
