"""Words for the fields of an edition's document, by where they stand in a row of one of its parts."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.templatetags.lodestone import day
from licensing.policy.editions import Edition
from licensing.policy.vocabulary import FACTS, LOOKS_AT, TIMED, Kind
from licensing.words import phrases, rules, terms
from licensing.words.sentences import HIT

Place = tuple[str, ...]
LABELS: Mapping[str, Any] = {
    "id": gettext_lazy("Name"),
    "enabled": gettext_lazy("Enabled"),
    **{f"match.{name}": label for name, label in terms.FACTS.items()},
    f"match.{phrases.PREFIX}": gettext_lazy("Codes that begin with"),
    f"match.{phrases.GROUP}": gettext_lazy("Group of destinations"),
    "match.item.cn_input_value_share.gte": gettext_lazy("Share of Chinese inputs in the value, at least"),
    "effect": gettext_lazy("Effect"),
    "effect.control": gettext_lazy("Controls the goods"),
    "effect.disposition": gettext_lazy("Outcome"),
    "effect.grant": gettext_lazy("Opens"),
    "effect.remove": gettext_lazy("Closes"),
    "effect.require": gettext_lazy("Papers of its own"),
    "effect.clock": gettext_lazy("Time limit"),
    "effect.params": gettext_lazy("Limits of a license"),
    **{f"effect.params.{name}": label for name, label in phrases.PARAMS.items()},
    "instrument": gettext_lazy("Instrument"),
    "clause": gettext_lazy("Clause"),
    "clauses": gettext_lazy("Clauses with days of their own"),
    "authority": gettext_lazy("Authority"),
    "verified": gettext_lazy("Verified"),
    "applies_to": gettext_lazy("Whom it hits"),
    "transition": gettext_lazy("Grace"),
    "transition.until": gettext_lazy("Grace until"),
    "transition.contracts_signed_before": gettext_lazy("Grace for contracts signed before"),
    "overrides_disposition_of": gettext_lazy("Takes away the outcome of"),
    "rationale_en": gettext_lazy("In words, in English"),
    "rationale_zh": gettext_lazy("In words, in Chinese"),
    "source": gettext_lazy("Source"),
    "note": gettext_lazy("Note"),
    "effective_from": gettext_lazy("In force from"),
    "effective_to": gettext_lazy("Last day in force"),
    "published": gettext_lazy("Published on"),
    "title_en": gettext_lazy("Title in English"),
    "title_zh": gettext_lazy("Title in Chinese"),
    "by": gettext_lazy("Suspended by"),
    "suspended_from": gettext_lazy("First day of the suspension"),
    "suspended_until": gettext_lazy("Last day of the suspension"),
    "code": gettext_lazy("Code"),
    "official": gettext_lazy("Official code"),
    "list": terms.FACTS["item.list"],
    "category": terms.FACTS["item.category"],
    "element": terms.FACTS["item.element"],
    "description_en": gettext_lazy("Description in English"),
    "description_zh": gettext_lazy("Description in Chinese"),
    "unit": gettext_lazy("Unit"),
    "hs_codes": gettext_lazy("Goods codes of customs"),
    "confidence": gettext_lazy("How sure the wording is"),
    "en": gettext_lazy("Name in English"),
    "zh": gettext_lazy("Name in Chinese"),
    "countries": gettext_lazy("Countries"),
    "sentence_en": gettext_lazy("Sentence in English"),
    "sentence_zh": gettext_lazy("Sentence in Chinese"),
    "basis": gettext_lazy("Basis"),
    "struck": gettext_lazy("Struck, because"),
    "when": gettext_lazy("Of whom it speaks"),
    "then.without_channels": gettext_lazy("Never opens"),
    "then.at_least": gettext_lazy("No milder than"),
    "then.never": gettext_lazy("Never comes to"),
    "then.has_channel": gettext_lazy("Something is open unless it is prohibited"),
    "from": gettext_lazy("First day of the hold"),
    "until": gettext_lazy("Last day of the hold"),
    "owner": gettext_lazy("With whom"),
    "reason_en": gettext_lazy("Reason in English"),
    "reason_zh": gettext_lazy("Reason in Chinese"),
    "reservations": gettext_lazy("Stops reservations"),
    "number": gettext_lazy("How many"),
    "months": gettext_lazy("Months looked back on"),
}
ORDER = list(LABELS)
UNSAID = {
    "enabled": terms.YES,
    "effective_from": gettext_lazy("as its instrument says"),
    "effective_to": gettext_lazy("no day named"),
    "effect.control": terms.NO,
    "effect.clock": phrases.CLOCKS[TIMED],
    "when": gettext_lazy("everybody"),
    "reservations": terms.NO,
}
DATES = {"published", "effective_from", "effective_to", "suspended_from", "suspended_until"}
DATES |= {"until", "contracts_signed_before", "from"}
OUTCOMES = {"disposition", "at_least", "never"}
CHANNELS = {"grant", "remove", "without_channels"}


def label(place: Place) -> str:
    """What stands at this place of a row."""
    if place[0] == "clauses" and len(place) == 2:
        return _("Clause {clause}, in force from").format(clause=place[1])
    return terms.word(LABELS, ".".join(place))


def order(place: Place) -> tuple[int, Place]:
    """Fields stand in the order of the labels."""
    name = ".".join(place)
    return (ORDER.index(name) if name in ORDER else len(ORDER)), place


def unsaid(place: Place) -> str:
    """What holds where a row says nothing there; "" where nothing does."""
    if place[0] == "match":
        return _("any")
    return str(UNSAID.get(".".join(place), ""))


def word(place: Place, of: Any, edition: Edition, countries: Mapping[str, str]) -> str:
    """A value, or one of several, that stands there."""
    name = place[-1]
    if of is None and place == ("until",):
        return _("no day named")
    if of is None or place[:2] == ("effect", "params") and len(place) == 3:
        return phrases.limit(name, of) if place[0] == "effect" else _("the whole instrument")
    if of in ("", {}, []):
        return _("nothing")
    if isinstance(of, bool):
        return str(terms.YES if of else terms.NO)
    if place[0] == "match":
        return _asked(place[1], of, edition, countries)
    if name in DATES or place[0] == "clauses":
        return day(date.fromisoformat(of))
    return _named(name, of, edition, countries)


def _asked(key: str, of: Any, edition: Edition, countries: Mapping[str, str]) -> str:
    if FACTS[LOOKS_AT.get(key, key)].kind is Kind.SHARE:
        return phrases.percent(of)
    return phrases.value(key, of, edition, countries)


def _named(name: str, of: Any, edition: Edition, countries: Mapping[str, str]) -> str:
    match name:
        case "instrument" | "by":
            return rules.instrument(of, edition.document["instruments"])
        case "authority":
            return terms.word(rules.AUTHORITIES, of)
        case "applies_to":
            return terms.word(HIT, of)
        case "countries":
            return countries.get(of, of)
        case "clock":
            return terms.word(phrases.CLOCKS, of)
        case "require":
            return phrases.paper(of)
        case "list" | "category":
            return terms.word(terms.VALUES[f"item.{name}"], of)
        case "when":
            return phrases.conditions(of, edition, countries)
        case _ if name in OUTCOMES:
            return terms.word(terms.DISPOSITIONS, of)
        case _ if name in CHANNELS:
            return terms.word(terms.CHANNELS, of)
    return str(of)
