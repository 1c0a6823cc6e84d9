"""What nobody knows for sure, said where it bears on an answer. Sources: what was looked for and not found."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from core.templatetags.lodestone import day
from licensing.policy.editions import Edition, suspends
from licensing.policy.engine import Outcome
from licensing.policy.vocabulary import CODE, UNLISTED_CODE
from licensing.words.rules import instrument


def doubts(edition: Edition, facts: Mapping[str, Any], said: Iterable[Outcome]) -> list[str]:
    """said: what the rules say of these facts on one day and another."""
    outcomes = list(said)
    matched = {name for outcome in outcomes for name in outcome.matched}
    rules = [row for row in edition.document["rules"] if row["id"] in matched]
    channels = {name for outcome in outcomes for name in outcome.channels}
    windows = [
        window
        for window in edition.document["windows"]
        if any(suspends(window, row["instrument"], row["clause"]) for row in rules)
    ]
    return [
        *_of_windows(edition, windows),
        *_of_law(rules),
        *_of_channels(channels),
        *_of_codes([facts.get(CODE, "")]),
    ]


def doubts_about(edition: Edition, instrument: str) -> list[str]:
    """What is not known for sure of an instrument: of its windows, rules and codes."""
    windows, rules, codes = (
        [row for row in edition.document[part] if row["instrument"] == instrument]
        for part in ("windows", "rules", "codes")
    )
    channels = {name for row in rules for name in row["effect"].get("grant", ())}
    return [
        *_of_windows(edition, windows),
        *_of_law(rules),
        *_of_channels(channels),
        *_of_codes(row["code"] for row in codes),
    ]


def _of_windows(edition: Edition, windows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A suspension that ends by itself: was it prolonged?"""
    titles = edition.document["instruments"]
    for window in windows:
        yield _(
            "{instrument}: suspended until {day} by {by}. No prolongation was found; it counts as ended after that day."
        ).format(
            instrument=instrument(window["instrument"], titles),
            day=day(date.fromisoformat(window["suspended_until"])),
            by=instrument(window["by"], titles),
        )


def _of_law(rules: list[dict[str, Any]]) -> Iterator[str]:
    if any(row["instrument"] == "DUR" for row in rules):
        yield _("Decree 792 was seen in parts only: the numbers of its articles may be others.")


def _of_channels(channels: set[str]) -> Iterator[str]:
    if "single" in channels:
        yield _(
            "That a per-shipment license is good for one clearance follows a draft of September 2025; whether that is "
            "in force was not found."
        )
    if "annual" in channels:
        yield _("For whom annual licenses are open is known from the press; no text was found.")


def _of_codes(codes: Iterable[str]) -> Iterator[str]:
    if any(code == UNLISTED_CODE or code.startswith("2B902") for code in codes):
        yield _("Equipment codes from 2B902.d on and those of auxiliary materials were not found and are not loaded.")
