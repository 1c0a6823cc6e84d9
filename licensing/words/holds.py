"""A hold in words: why, whose it is, and when it ends."""

from collections.abc import Iterator, Mapping
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
    return _told(reason(hold), hold.owner, hold.span.last)


def told_of(stretch: Mapping[str, Any]) -> str:
    """The same of a verdict's stretch."""
    why = in_language(stretch["reason_en"], stretch["reason_zh"])
    return _told(why, stretch["owner"], date.fromisoformat(stretch["last_day"]) if stretch["last_day"] else None)


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


def _told(why: str, owner: str, last: date | None) -> str:
    if last is None:
        message = _("A hold stands here: {why} It is with {owner}, until a later edition of the rules ends it.")
        return message.format(why=why or _silent(), owner=owner)
    message = _("A hold stands here: {why} It is with {owner}, until {day} inclusive.")
    return message.format(why=why or _silent(), owner=owner, day=day(last))


def _silent() -> str:
    return _("why is the ministry's to know.")
