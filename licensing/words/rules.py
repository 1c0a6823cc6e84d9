"""Sentences about rules: where one stands in law, what became of it, what would change an answer."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.languages import in_language
from core.templatetags.lodestone import day
from licensing.policy.editions import Edition
from licensing.policy.engine import Outcome
from licensing.policy.trace import Change, Fate, Line
from licensing.words import terms

AUTHORITIES = {
    "law": gettext_lazy("Law"),
    "announcement": gettext_lazy("Announcement"),
    "product": gettext_lazy("Default of this product"),
}


def in_words(rule: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of an edition's document, as readers see it. provision None: it is a default of ours."""
    return {
        "rule": rule["id"],
        "provision": provision(rule, document["instruments"]),
        "authority": rule["authority"],
        "verified": rule["verified"],
        "text": in_language(rule["rationale_en"], rule["rationale_zh"]),
    }


def in_full(edition: Edition, names: Collection[str]) -> str:
    """These rules in words, each with where it stands."""
    document = edition.document
    rows = [in_words(row, document) for row in document["rules"] if row["id"] in names]
    return " ".join(
        f"{row['text']} ({row['provision'] or terms.word(AUTHORITIES, row['authority'])}, {row['rule']})"
        for row in rows
    )


def provision(rule: Mapping[str, Any], instruments: list[dict[str, Any]]) -> str | None:
    """Where the rule stands in law or an announcement. None: it is a default of this product, never a provision."""
    if rule["authority"] == "product":
        return None
    return f"{instrument(rule['instrument'], instruments)}, {rule['clause']}"


def instrument(name: str, instruments: list[dict[str, Any]]) -> str:
    """The short title of an instrument of the edition: announcements by their number."""
    if found := re.fullmatch(r"A(\d+)-(\d{4})", name):
        number, year = found.groups()
        return in_language(f"Ann. {number}/{year}", f"公告{year}年第{number}号")
    return next((in_language(row["title_en"], row["title_zh"]) for row in instruments if row["id"] == name), name)


VERDICTS = {
    "not_controlled": gettext_lazy("Not controlled"),
    "unlisted": gettext_lazy("On none of the lists loaded here"),
    "needs_facts": gettext_lazy("Can't be said yet"),
    "exempt": gettext_lazy("Exempt from a license"),
    "prohibited": gettext_lazy("Prohibited"),
}


def verdict(outcome: Outcome) -> str:
    """Needs a license or not, in a few words."""
    return str(VERDICTS.get(outcome.disposition) or _("License needed"))


def told(outcome: Outcome) -> str:
    """The same, with the usual way and the channels where there are some; what is prohibited may be asked for, too."""
    if outcome.disposition == "prohibited" and outcome.channels:
        return _("{verdict}; {channels}").format(verdict=verdict(outcome), channels=channels(outcome.channels))
    if outcome.disposition in VERDICTS:
        return verdict(outcome)
    return _("{verdict}: {disposition}; {channels}").format(
        verdict=verdict(outcome),
        disposition=terms.word(terms.DISPOSITIONS, outcome.disposition),
        channels=channels(outcome.channels) or _("no channel is open"),
    )


def until(last: date, outcome: Outcome) -> str:
    return _("Until {day}: {told}.").format(day=day(last), told=told(outcome))


def since(first: date, outcome: Outcome) -> str:
    return _("From {day} on: {told}.").format(day=day(first), told=told(outcome))


FATES = {
    Fate.MATCHED: gettext_lazy("Applies"),
    Fate.IDLE: gettext_lazy("Fits, but nothing controls these goods"),
    Fate.OVERRIDDEN: gettext_lazy("Applies; another rule takes its outcome away"),
    Fate.DROPPED: gettext_lazy("Fits, but a stricter rule leaves no exemption"),
    Fate.UNDETERMINED: gettext_lazy("Not known yet"),
    Fate.FAILED: gettext_lazy("Does not fit"),
    Fate.DISABLED: gettext_lazy("Not enabled"),
    Fate.FOR_OTHERS: gettext_lazy("For other cases"),
    Fate.NOT_YET: gettext_lazy("Not in force yet"),
    Fate.ENDED: gettext_lazy("No longer in force"),
    Fate.PAUSED: gettext_lazy("Suspended"),
}


def became(line: Line) -> str:
    """What became of a rule, and why."""
    word = str(FATES[line.fate])
    facts = terms.listed([terms.word(terms.FACTS, name) for name in line.facts], most=len(line.facts))
    match line.fate:
        case Fate.FAILED | Fate.UNDETERMINED:
            return _("{word}: {facts}").format(word=word, facts=facts)
        case Fate.NOT_YET if line.day:
            return _("{word}: from {day} on").format(word=word, day=day(line.day))
        case Fate.ENDED | Fate.PAUSED if line.day:
            return _("{word}: until {day}").format(word=word, day=day(line.day))
    return word


def change(one: Change, edition: Edition, countries: Mapping[str, str]) -> dict[str, str]:
    """What would change an answer: the fact, its values, and what is said then."""
    return {
        "fact": terms.word(terms.FACTS, one.fact),
        "values": terms.listed(_instead(one.fact, value, edition, countries) for value in one.values),
        "told": told(one.outcome),
    }


def _instead(fact: str, value: Any, edition: Edition, countries: Mapping[str, str]) -> str:
    """A value for all of its class: of a share, from a threshold on or below all of them."""
    if not isinstance(value, Decimal):
        return terms.value(fact, value, edition, countries)
    return _("{share} or more").format(share=terms.value(fact, value, edition, countries)) if value else _("less")


def channels(names: tuple[str, ...]) -> str:
    return terms.listed(terms.word(terms.CHANNELS, name) for name in names)
