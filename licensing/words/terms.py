"""Words for what the rules name: dispositions, channels, papers, facts and their values. An edition may bring names of
its own (end-uses have their words there); what has no word here is shown as it is named."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from core.decided import filled
from core.languages import in_language
from licensing.policy.editions import Edition
from licensing.policy.trace import ANY_OTHER
from licensing.policy.vocabulary import CATEGORY, CODE, COUNTRY, END_USE, LIST, SPECIAL, UNLISTED_CODE

DISPOSITIONS = {
    "not_controlled": _("Not controlled"),
    "unlisted": _("Not on the lists"),
    "needs_facts": _("Can't be said yet"),
    "exempt": _("Exempt"),
    "presumption_of_approval": _("Presumption of approval"),
    "standard_review": _("Standard review"),
    "case_by_case": _("Case by case"),
    "presumption_of_denial": _("Presumption of refusal"),
    "prohibited": _("Prohibited"),
}
MEANINGS = {
    "not_controlled": _("It is on a list loaded here, but no control is in force for these facts on that day."),
    "unlisted": _(
        "It is on none of the lists loaded here, which are those of rare earths alone. Look it up in the full catalog; "
        "controls that catch every item still apply."
    ),
    "needs_facts": _("Facts are missing."),
    "exempt": _("No license is needed, but a report is due."),
    "presumption_of_approval": _("Granted, unless something speaks against it."),
    "standard_review": _("Each application is reviewed, with no presumption either way."),
    "case_by_case": _("Decided case by case, never by routine."),
    "presumption_of_denial": _("Refused, unless an officer with that power records why not."),
    "prohibited": _("No license is given."),
}
CHANNELS = {
    "annual": _("annual licenses"),
    "single": _("per-shipment licenses"),
    "registration": _("registration and filing of information"),
    "exempt_report": _("a report after the export"),
    SPECIAL: _("an application for special circumstances"),
}
PAPERS = {
    "report_within_10_working_days_after_export": filled(
        _("Report within {days} working days after the export"), days="licensing.policy.vocabulary.REPORT_DAYS"
    ),
    "undertaking": _("Undertaking that the goods serve nothing else"),
    "risk_assessment_report": _("Risk assessment report"),
    "compliance_undertaking": _("Undertaking of compliance"),
    "named_downstream_users": _("Names of the downstream users"),
}
TOLERANCES = {
    "none": _("None"),
    "pct_line": _("Percent of each line"),
    "pct_remaining_final": _("Percent of what remains, for the last shipment"),
}
CONDITIONS = {
    "PORT_ONLY": _("Through the named ports only"),
    "NO_RESALE": _("No resale"),
    "NAMED_SITE_ONLY": _("Use at the named site only"),
    "DELIVERY_PROOF_30D": filled(
        _("Delivery proof within {days} days of each shipment"), days="licensing.policy.vocabulary.PROOF_DAYS"
    ),
}
FACTS = {
    CODE: _("Item"),
    "item.list": _("List"),
    "item.category": _("Category"),
    "item.element": _("Element"),
    "item.origin": _("Country of origin"),
    "item.cn_input_value_share": _("Share of Chinese inputs in the value"),
    "item.cn_technology": _("Made with Chinese technology"),
    COUNTRY: _("Destination"),
    END_USE: _("End-use"),
    "end_user.class": _("Kind of end-user"),
    "end_user.validated": _("Validated end-user"),
    "screening.hit": _("Screening result"),
    "exporter.territory": _("Where the exporter is"),
    "exporter.annual_qualified": _("Exporter qualified for annual licenses"),
    "exporter.red_flag": _("Risk that the exporter knows of, or was told of"),
    "transaction.purpose": _("Kind of transaction"),
}
LISTS = {
    "april": _("April list: Ann. 18/2025, medium and heavy rare earths"),
    "october": _("October list: Ann. 56, 57 and 62/2025, five further rare earths, equipment, technology"),
    "ann61": _("Ann. 61/2025, rare-earth items abroad"),
}
VALUES: Mapping[str, Mapping[str, Any]] = {
    LIST: {
        "april": _("April list"),
        "october": _("October list"),
        "ann61": _("list of Ann. 61/2025"),
        "none": _("on none of these lists"),
    },
    CATEGORY: {
        "metal": _("Metal"),
        "alloy": _("Alloy"),
        "target": _("Sputtering target"),
        "oxide": _("Oxide"),
        "compound": _("Compound"),
        "magnet": _("Magnet"),
        "functional_material": _("Functional material"),
        "equipment": _("Equipment"),
        "technology": _("Technology"),
        "extraterritorial_input": _("Goods abroad with such inputs"),
        "extraterritorial_product": _("Goods abroad made with such technology"),
        "none": _("on none of these lists"),
    },
    "end_user.class": {
        "commercial": _("commercial"),
        "government": _("government"),
        "military": _("military"),
        "academic": _("academic"),
        "individual": pgettext_lazy("end-user", "individual"),
    },
    "screening.hit": {
        "none": _("no hit"),
        "possible": _("possible hit, not resolved yet"),
        "control_list": _("on the control list of parties"),
        "watch_list": _("on the watch list"),
        "military_list": _("on a list of military users"),
        "owned_50_by_listed": _("half or more owned by a listed party"),
    },
    "exporter.territory": {"domestic": _("in China"), "overseas": _("overseas")},
    "exporter.red_flag": {
        "none": _("none"),
        "wmd": _("weapons of mass destruction"),
        "terror": _("terrorism"),
        "national_security": _("national security"),
    },
    "transaction.purpose": {
        "sale": _("sale"),
        "return_after_repair_to_original_user": _("return after repair to the original user"),
        "exhibition_return_unaltered": _("return, unaltered, of what was exhibited here"),
        "exhibition_abroad_return_unaltered": _("exhibition abroad, to return unaltered"),
        "civil_aircraft_parts": _("parts for civil aircraft"),
    },
}
YES, NO = _("yes"), _("no")
MOST = 6  # values told one by one
LONGEST = 12  # characters of a share


def word(words: Mapping[str, Any], name: str) -> str:
    return str(words.get(name, name))


def value(fact: str, of: Any, edition: Edition, countries: Mapping[str, str]) -> str:
    """What a fact is, in words. countries: names by code."""
    if of == ANY_OTHER:
        return str(_("any other"))
    if isinstance(of, bool):
        return str(YES if of else NO)
    if isinstance(of, Decimal):
        return _shortened(f"{of:f}".rstrip("0").rstrip("."))
    if fact == COUNTRY and isinstance(of, tuple):
        return listed(countries.get(one, one) for one in of)
    if fact in (COUNTRY, "item.origin"):
        return countries.get(of, of)
    if fact == END_USE and of in edition.document["end_uses"]:
        name = edition.document["end_uses"][of]
        return in_language(name["en"], name["zh"])
    if fact == CODE and of == UNLISTED_CODE:
        return str(_("on none of these lists"))
    return word(VALUES.get(fact, {}), of)


def _shortened(number: str) -> str:
    """A share of many places, cut off: 0.3333333333…"""
    return number if len(number) <= LONGEST else f"{number[:LONGEST]}…"


def listed(words: Iterable[str], most: int = MOST) -> str:
    """Several, one after the other; of many the first ones and how many more."""
    given = list(words)
    told = in_language("; ", "；").join(given[:most])
    more = len(given) - most
    if more <= 0:
        return told
    return ngettext("%(told)s and %(number)d more", "%(told)s and %(number)d more", more) % {
        "told": told,
        "number": more,
    }
