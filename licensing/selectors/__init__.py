"""Who sees which cases, declarations and licenses; lists and look-ups."""

from licensing.selectors.applications import (
    applications_for,
    in_queue,
    on_their_way,
    open_questions,
    overdue_supplements,
    reviewer_of,
    silent,
    to_countersign,
    took,
    with_parts,
    with_questions,
    with_signals,
    with_steps,
    with_supplement,
)
from licensing.selectors.clocks import NO_CLOCK, clocks_of, with_days_left
from licensing.selectors.declarations import declarations_for, rejection, usable_declarations
from licensing.selectors.editions import edition_now, edition_on, rules_of
from licensing.selectors.licenses import (
    changed_since,
    in_force,
    licenses_ending,
    licenses_for,
    licenses_past,
    turns_of,
    with_balances,
    with_decision,
)
from licensing.selectors.lists import ITEM_SEARCH, applicable_items, regime, search_items
from licensing.selectors.movements import clearances_taken, clearances_used, movements_of

__all__ = [
    "ITEM_SEARCH",
    "NO_CLOCK",
    "applicable_items",
    "applications_for",
    "changed_since",
    "clearances_taken",
    "clearances_used",
    "clocks_of",
    "declarations_for",
    "edition_now",
    "edition_on",
    "in_force",
    "in_queue",
    "licenses_ending",
    "licenses_for",
    "licenses_past",
    "movements_of",
    "on_their_way",
    "open_questions",
    "overdue_supplements",
    "regime",
    "rules_of",
    "rejection",
    "reviewer_of",
    "search_items",
    "silent",
    "to_countersign",
    "took",
    "turns_of",
    "usable_declarations",
    "with_balances",
    "with_days_left",
    "with_decision",
    "with_parts",
    "with_questions",
    "with_signals",
    "with_steps",
    "with_supplement",
]
