"""A judgement as it is kept: one canonical text that says what was said of which facts, and why.

Replayed byte for byte.
"""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from licensing.policy.editions import canonical
from licensing.policy.engine import ENGINE, Compiled, Outcome
from licensing.policy.facts import Facts
from licensing.policy.trace import trace
from licensing.policy.vocabulary import FACTS, Kind


def record_of(rules: Compiled, facts: Facts, *, on: date, audience: str) -> str:
    """facts: whole ones (licensing.policy.facts)."""
    lines = trace(rules, facts, on=on, audience=audience)
    outcome = rules.assess(facts, on=on, audience=audience)
    return canonical(
        {
            "as_of": on.isoformat(),
            "audience": audience,
            "edition": rules.edition.digest,
            "engine": ENGINE,
            "facts": {name: _plain(value) for name, value in facts.items()},
            "outcome": {name: _plain(value) for name, value in vars(outcome).items()},
            "trace": [
                [line.rule, line.fate.value, list(line.facts), line.day and line.day.isoformat()] for line in lines
            ],
        }
    )


def replayed(record: str, rules: Compiled) -> str:
    """What these rules say now of the facts of a record, on its day. rules: of the edition that the record names."""
    kept = json.loads(record)
    return record_of(rules, facts_of(kept), on=date.fromisoformat(kept["as_of"]), audience=kept["audience"])


def facts_of(kept: Mapping[str, Any]) -> Facts:
    """The facts of a record that was read, as the engine reads them."""
    return {name: _read(name, value) for name, value in kept["facts"].items()}


def outcome_of(kept: Mapping[str, Any]) -> Outcome:
    """The outcome of a record that was read."""
    said: dict[str, Any] = {name: tuple(of) if isinstance(of, list) else of for name, of in kept["outcome"].items()}
    return Outcome(**said)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return f"{value:f}" if isinstance(value, Decimal) else value


def _read(name: str, value: Any) -> Any:
    kind = FACTS[name].kind
    if kind is Kind.NAMES:
        return tuple(value)
    return Decimal(value) if kind is Kind.SHARE else value
