"""The test for annual licenses in words: what each threshold asks."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from licensing.policy.thresholds import ACCOUNT, AUDIT, CAUSES, CLEARANCES, INCIDENTS, Threshold, threshold_of

NAMES = {
    ACCOUNT: gettext_lazy("Time since the account was verified"),
    CLEARANCES: gettext_lazy("Clearances"),
    INCIDENTS: gettext_lazy("Incidents"),
    CAUSES: gettext_lazy("Suspensions by enforcement"),
    AUDIT: gettext_lazy("Audit of the internal compliance program"),
}


def told(threshold: Threshold) -> str:
    """In one sentence."""
    number, past = threshold.number, months(threshold.months)
    match threshold.id:
        case "account":
            asks = ngettext(
                "The account has been active for %(number)d day.",
                "The account has been active for %(number)d days.",
                number,
            )
        case "clearances":
            asks = ngettext(
                "%(number)d clearance in the last %(past)s, here or on a record on paper that the ministry accepted.",
                "%(number)d clearances in the last %(past)s, here or on records on paper that the ministry accepted.",
                number,
            )
        case "incidents" if not number:
            asks = _("No incident that was open on some day of the last %(past)s.")
        case "incidents":
            asks = ngettext(
                "At most %(number)d incident that was open on some day of the last %(past)s.",
                "At most %(number)d incidents that were open on some day of the last %(past)s.",
                number,
            )
        case "causes" if not number:
            asks = _("No suspension by enforcement that was open on some day of the last %(past)s.")
        case "causes":
            asks = ngettext(
                "At most %(number)d suspension by enforcement that was open on some day of the last %(past)s.",
                "At most %(number)d suspensions by enforcement that were open on some day of the last %(past)s.",
                number,
            )
        case _:
            return _("An audit of the internal compliance program that is at most {past} old.").format(past=past)
    return asks % {"number": number, "past": past}


def told_row(row: Mapping[str, Any]) -> str:
    return told(threshold_of(row))


def months(number: int) -> str:
    return ngettext("%(number)d month", "%(number)d months", number) % {"number": number}
