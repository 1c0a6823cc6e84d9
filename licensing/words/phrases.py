"""Parts of sentences: several names as one, days, what a rule asks of the facts, and what it does."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.decided import filled
from core.languages import in_chinese, in_language
from core.templatetags.lodestone import day, listed
from licensing.policy.editions import Edition, Effect, Span
from licensing.policy.vocabulary import (
    CATEGORY,
    COUNTRY,
    ELEMENT,
    END_USE,
    FACTS,
    HIT,
    LIST,
    LOOKS_AT,
    NO_CLOCK,
    TERRITORY,
    TIMED,
    UNSAID,
    UNTIMED,
    Kind,
)
from licensing.words import terms

PREFIX, GROUP = "item.control_code_prefix", "destination.group"
CONDITIONS = {
    PREFIX: gettext_lazy("the item is {values}"),
    LIST: gettext_lazy("the item's list is {values}"),
    CATEGORY: gettext_lazy("the item's category is {values}"),
    ELEMENT: gettext_lazy("the item's element is {values}"),
    "item.origin": gettext_lazy("the country of origin is {values}"),
    "item.cn_input_value_share": gettext_lazy("the share of Chinese inputs in the value is {values}"),
    COUNTRY: gettext_lazy("the destination is {values}"),
    GROUP: gettext_lazy("the destination is a country of this group: {values}"),
    END_USE: gettext_lazy("the end-use is {values}"),
    "end_user.class": gettext_lazy("the kind of end-user is {values}"),
    HIT: gettext_lazy("the screening result is {values}"),
    TERRITORY: gettext_lazy("the exporter is {values}"),
    "exporter.red_flag": gettext_lazy("the risk that the exporter knows of, or was told of, is {values}"),
    "transaction.purpose": gettext_lazy("the kind of transaction is {values}"),
}
QUOTED = {LIST, CATEGORY, END_USE, HIT, "transaction.purpose"}  # their words are phrases with commas of their own
FLAGS = {  # what is so when it is false, and when it is true
    "item.cn_technology": (
        gettext_lazy("it was not made with Chinese technology"),
        gettext_lazy("it was made with Chinese technology"),
    ),
    "end_user.validated": (
        gettext_lazy("the end-user is not validated"),
        gettext_lazy("the end-user is validated"),
    ),
    "exporter.annual_qualified": (
        gettext_lazy("the exporter is not qualified for annual licenses"),
        gettext_lazy("the exporter is qualified for annual licenses"),
    ),
}
CLOCKS = {
    NO_CLOCK: gettext_lazy("none, for nothing is decided"),
    UNTIMED: gettext_lazy("none in law"),
    TIMED: filled(gettext_lazy("{days} working days"), days="licensing.clock.WORKING_DAYS"),
}
PARAMS = {
    "max_validity_months": gettext_lazy("Longest validity"),
    "max_clearances": gettext_lazy("Clearances of a license"),
    "qty_tolerance_mode": gettext_lazy("Tolerance of quantity"),
    "qty_tolerance_pct": gettext_lazy("Share of that tolerance"),
    "report_days_after_shipment": gettext_lazy("Report after a shipment"),
    "conditions": gettext_lazy("Conditions"),
}


# --- several as one ---------------------------------------------------------------------------------------
def either(words: Iterable[str]) -> str:
    """A, B or C."""
    return _joined(list(words), _("{first} or {last}"))


def both(words: Iterable[str]) -> str:
    """A, B and C."""
    return _joined(list(words), _("{first} and {last}"))


def _joined(words: list[str], pattern: str) -> str:
    *first, last = words
    return pattern.format(first=plainly(first), last=last) if first else last


def plainly(words: Iterable[str]) -> str:
    """A, B, C: for words that have an "and" of their own."""
    return listed(words)


def all_of(conditions: Iterable[str]) -> str:
    """Conditions that hold together."""
    return in_language(", and ", "，且").join(conditions)


def in_a_row(words: Iterable[str]) -> str:
    """What belongs together, after one another."""
    return in_language(", ", "，").join(words)


def one_by_one(words: Iterable[str]) -> str:
    """All of them, none left out."""
    return in_language("; ", "；").join(words)


def sentences(told: Iterable[str]) -> str:
    """One after the other."""
    return ("" if in_chinese() else " ").join(told)


# --- days -------------------------------------------------------------------------------------------------
def days(span: Span) -> str:
    """From the first day until the last one, as far as there are such."""
    first, last = day(span.first), day(span.last)
    if span.last is None:
        return _("on every day") if span.first == date.min else _("from {first} on").format(first=first)
    if span.first == date.min:
        return _("until {last}").format(last=last)
    if span.first == span.last:
        return _("on {day} alone").format(day=first)
    return _("from {first} until {last}").format(first=first, last=last)


# --- what is asked of the facts ---------------------------------------------------------------------------
def conditions(match: Mapping[str, Any], edition: Edition, countries: Mapping[str, str]) -> str:
    """What a match asks, the goods first and the transaction last."""
    order = list(FACTS)
    keys = sorted(match, key=lambda key: order.index(str(LOOKS_AT.get(key, key))))
    return all_of(condition(key, match[key], edition, countries) for key in keys)


def condition(key: str, wanted: Any, edition: Edition, countries: Mapping[str, str]) -> str:
    match FACTS[LOOKS_AT.get(key, key)].kind:
        case Kind.FLAG:
            return str(FLAGS[key][wanted])
        case Kind.SHARE:
            values = _("{share} or more").format(share=percent(wanted["gte"]))
        case Kind.CODE:
            values = codes(wanted, edition.codes)
        case _:
            values = either(value(key, one, edition, countries) for one in wanted)
    return str(CONDITIONS[key]).format(values=values)


def codes(prefixes: Iterable[str], known: Iterable[str]) -> str:
    """Codes by what they begin with; one that no other begins with stands alone."""
    known = list(known)
    begun = {prefix: [code for code in known if code.startswith(prefix)] for prefix in prefixes}
    families = [prefix for prefix, found in begun.items() if found != [prefix]]
    alone = [prefix for prefix in begun if prefix not in families]
    begins = [_("any code beginning with {codes}").format(codes=either(families))] if families else []
    return either([*alone, *begins])


def value(key: str, of: Any, edition: Edition, countries: Mapping[str, str]) -> str:
    """One value that a key of a match names."""
    if key == GROUP:
        group = edition.document["groups"][of]
        return quoted(in_language(group["en"], group["zh"]))
    word = terms.value(key, of, edition, countries)
    return quoted(word) if key in QUOTED else word


def quoted(words: str) -> str:
    return f"“{words}”"


def percent(share: str) -> str:
    """A share from 0 to 1, unrounded: 0.001 is 0.1 %."""
    number = f"{Decimal(share) * 100:f}"
    return in_language("{} %", "{}%").format(number.rstrip("0").rstrip(".") if "." in number else number)


# --- what is done -----------------------------------------------------------------------------------------
def effects(effect: Effect) -> Iterator[str]:
    """What a rule does where it matches, one thing after the other; nothing is left out."""
    if effect.control:
        yield _("controlled")
    if effect.disposition:
        yield lower(terms.word(terms.DISPOSITIONS, effect.disposition))
    if effect.grant:
        yield _("open: {channels}").format(channels=channels(effect.grant))
    if effect.remove:
        yield _("closed: {channels}").format(channels=channels(effect.remove))
    if effect.require:
        yield _("papers: {papers}").format(papers=plainly(lower(paper(name)) for name in sorted(effect.require)))
    if effect.untimed:
        yield _("no time limit in law")
    for name in PARAMS:
        if name in effect.params:
            yield parameter(name, effect.params[name])


def channels(names: Iterable[str]) -> str:
    return plainly(terms.word(terms.CHANNELS, name) for name in sorted(names))


def paper(name: str) -> str:
    return terms.word(terms.PAPERS, name)


def parameter(name: str, of: Any) -> str:
    return _("{label}: {value}").format(label=lower(str(PARAMS[name])), value=limit(name, of))


def limit(name: str, of: Any) -> str:
    """The value of a parameter."""
    of = UNSAID.get(name) if of is None else of
    if of is None:
        return _("without limit")
    match name:
        case "qty_tolerance_mode":
            return lower(terms.word(terms.TOLERANCES, of))
        case "qty_tolerance_pct":
            return percent(of)
        case "max_validity_months":
            return ngettext("%(number)d month", "%(number)d months", int(of)) % {"number": int(of)}
        case "max_clearances":
            return _("at most %(number)d") % {"number": int(of)}
        case "report_days_after_shipment":
            return ngettext("within %(number)d day", "within %(number)d days", int(of)) % {"number": int(of)}
    return both(lower(terms.word(terms.CONDITIONS, name)) for name in of)


def lower(words: str) -> str:
    """Inside a sentence."""
    return words[:1].lower() + words[1:]


def is_told(holders: int = 1) -> str:
    """What a page says, before the button, of the mail that a suspension and its end have (licensing.web.steps)."""
    return ngettext(
        "The holder is told at once and reads your reason.",
        "The holders are told at once and read your reason.",
        holders,
    )


def was_told(holders: int = 1) -> str:
    """The same afterwards."""
    return ngettext("The holder was told, with your reason.", "The holders were told, with your reason.", holders)
