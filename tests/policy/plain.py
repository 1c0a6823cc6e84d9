"""A plain evaluator of an edition: the sentences of `combination` in rules.json, one after the other, and nothing else.

It stands beside the engine to be compared with it, so it shares no line with it and is slow on purpose.

Parameters are the strictest of those that the rules which count give; a rule that does not name one has no say in it.
Numbers (months, clearances, days): the smallest, and null = no limit, so null only when no rule gives a number.
`…_pct`: the smallest, compared as decimals. Lists (conditions): all of them, sorted. Text (a mode of tolerance): "none"
is the strictest, then a share of what remains, then one of the line.

Where `combination` leaves a choice, this is what was chosen:
 1. effective_to: a rule's own wins, else its instrument's (as effective_from has it); a clause has no end of its own.
 2. Clauses are equal as text: a window of "1" touches neither "1.1" nor "1-7". A window without an end goes on.
 3. An override counts although the exempt rule that makes it is dropped later (the disposition is decided once).
 4. Overrides all happen at once: a rule that lost its disposition still takes that of others, even its own.
 5. Controlled, and no disposition is left: standard_review, as what is controlled needs a license.
 6. An exempt rule is one whose effect says exempt, also when that was overridden. Dropped, it gives nothing at all: it
    is not in matched, and its grant, remove, require, clock and params are gone. Its `control` stays.
 7. presumption_of_approval is stricter than exempt: the two together give it, and the exempt rule is dropped.
 8. "leaves exempt_report alone", "leaves at most": nothing is added, what was not granted (or was removed) stays away.
 9. Papers, an untimed clock and parameters stay when the disposition is prohibited; parameters also when exempt,
    and when the channel that their rule grants was removed.
10. "On no loaded list" is item.list "none" and nothing else: code absent and no list given is not_controlled (when no
    undetermined rule would control), and so is a code whose list is blank.
11. Code absent: item.list, item.category and item.element may be given alone and are used; the absent are named as the
    code. null and an empty list of countries are absent, and a default fills them.
12. A fact beside a code that leaves it blank contradicts it, unless it is blank too. A blank fact never matches.
13. A prefix is a prefix of the text: "1C905.a.1" holds for "1C905.a.10", and "none" is text like any other.
14. An empty match holds always; an empty list in a match never holds, and is undetermined when its fact is absent.
15. No default for exporter.territory and none given: official_code refuses nothing.
16. Rule ids are in the order of their text. Facts that no rule asks for are ignored. applies_to and transition say whom
    an edition is asked about, not what it answers, and are not looked at.
17. A share is text that is a decimal; a float is a TypeError, and any other text is for who takes the facts to refuse.
"""

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "licensing" / "data"
FROM_THE_CODE = ("item.list", "item.category", "item.element")


def edition_of_files(rules=DATA / "rules.json", control_list=DATA / "control_list.csv"):
    """The first edition: rules.json as it is, and its codes from control_list.csv."""
    edition = json.loads(rules.read_text(encoding="utf-8"))
    lines = control_list.read_text(encoding="utf-8").splitlines()[1:]
    edition["codes"] = {
        row["control_code"]: {
            "official": row["official_code"] == "1",
            "list": row["list"],
            "instrument": row["instrument"],
            "element": row["element"],
            "category": row["category"],
        }
        for row in csv.DictReader(lines)
    }
    return edition


def outcome(edition, facts, on):
    """What the edition says of these facts on that day. ValueError: the facts can't be asked about."""
    facts = complete(edition, facts)
    active = [rule for rule in edition["rules"] if is_active(edition, rule, on)]
    matched = [rule for rule in active if matches(rule, facts)]
    undetermined = [rule for rule in active if is_undetermined(rule, facts)]
    if not any(controls(rule) for rule in matched):
        return without_control(facts, [rule for rule in undetermined if controls(rule)])
    disposition = disposition_of(edition, matched)
    counting = [rule for rule in matched if not is_exempt(rule) or disposition == "exempt"]
    missing = missing_of(undetermined, facts)
    return {
        "controlled": True,
        "disposition": disposition,
        "channels": channels_of(counting, disposition),
        "requires": sorted(union(counting, "require")),
        "clock": clock_of(counting, disposition),
        "matched": sorted(rule["id"] for rule in counting),
        "missing": missing,
        "final": missing == [],
        "params": params_of(counting),
    }


# --- facts


def complete(edition, given):
    """The facts, with the defaults and with what the control list knows of the code; or ValueError."""
    facts = edition["fact_defaults"] | {name: value for name, value in given.items() if value not in (None, [])}
    code = facts.get("item.control_code")
    if code is None:
        return facts
    if code != "none" and code not in edition["codes"]:
        raise ValueError(f"{code} is not in this edition")
    for name, value in implied_by(edition, code).items():
        if facts.setdefault(name, value) != value:
            raise ValueError(f"{name} contradicts {code}")
    if code != "none":
        refuse_the_wrong_label(edition["codes"][code], facts.get("exporter.territory"))
    return facts


def implied_by(edition, code):
    """With "none", list and category are "none" and the element is a fact of its own."""
    if code == "none":
        return {"item.list": "none", "item.category": "none"}
    listed = edition["codes"][code]
    return {"item.list": listed["list"], "item.category": listed["category"], "item.element": listed["element"]}


def refuse_the_wrong_label(listed, territory):
    if territory == "domestic" and not listed["official"]:
        raise ValueError("a domestic exporter chooses an official code")
    if territory == "overseas" and listed["official"]:
        raise ValueError("an overseas exporter chooses the label of the announcement")


# --- which rules are active


def is_active(edition, rule, on):
    """Enabled, begun, not over, and no suspension covers the day."""
    instrument = next(each for each in edition["instruments"] if each["id"] == rule["instrument"])
    return (
        rule.get("enabled", True)
        and start_of(rule, instrument) <= on <= end_of(rule, instrument)
        and not any(covers(window, rule, on) for window in edition["suspensions"])
    )


def start_of(rule, instrument):
    """The rule's own day, else that of its clause, else that of its instrument."""
    of_clause = (instrument.get("clauses") or {}).get(rule.get("clause"))
    return date.fromisoformat(rule.get("effective_from") or of_clause or instrument["effective_from"])


def end_of(rule, instrument):
    """The last day: the rule's own, else its instrument's, else none."""
    last = rule.get("effective_to") or instrument.get("effective_to")
    return date.fromisoformat(last) if last else date.max


def covers(window, rule, on):
    """A suspension of the rule's instrument, whole or of its clause; both days are suspended days."""
    until = window.get("suspended_until")
    return (
        window["instrument"] == rule["instrument"]
        and window.get("clause") in (None, rule.get("clause"))
        and date.fromisoformat(window["suspended_from"]) <= on <= (date.fromisoformat(until) if until else date.max)
    )


# --- which rules match


def matches(rule, facts):
    """Every key holds."""
    return all(holds(key, wanted, facts) is True for key, wanted in rule["match"].items())


def is_undetermined(rule, facts):
    """A fact is absent, and no other key fails."""
    answers = [holds(key, wanted, facts) for key, wanted in rule["match"].items()]
    return None in answers and False not in answers


def holds(key, wanted, facts):
    """True, False, or None when the fact is absent."""
    fact = facts.get(fact_of(key))
    if fact is None:
        return None
    if fact == "":
        return False  # the control list leaves it blank
    if isinstance(wanted, dict):
        return decimal(fact) >= decimal(wanted["gte"])
    if key == "item.control_code_prefix":
        return any(fact.startswith(prefix) for prefix in listed(wanted))
    return any(each in listed(wanted) for each in listed(fact))


def fact_of(key):
    return "item.control_code" if key == "item.control_code_prefix" else key


def listed(value):
    return value if isinstance(value, list) else [value]


def decimal(value):
    if isinstance(value, float):
        raise TypeError("a float is no decimal")
    return Decimal(value)


def missing_of(undetermined, facts):
    """The absent facts of these rules; what would follow from the code is named as it, when the code is absent."""
    absent = {fact_of(key) for rule in undetermined for key in rule["match"] if fact_of(key) not in facts}
    if "item.control_code" not in facts:
        absent = {"item.control_code" if name in FROM_THE_CODE else name for name in absent}
    return sorted(absent)


# --- what they say together


def controls(rule):
    return rule["effect"].get("control", False)


def without_control(facts, would_control):
    if would_control:
        controlled, disposition = None, "needs_facts"
    elif facts.get("item.list") == "none":
        controlled, disposition = False, "unlisted"
    else:
        controlled, disposition = False, "not_controlled"
    missing = missing_of(would_control, facts)
    return {
        "controlled": controlled,
        "disposition": disposition,
        "channels": [],
        "requires": [],
        "clock": "none",
        "matched": [],
        "missing": missing,
        "final": missing == [],
        "params": {},
    }


def disposition_of(edition, matched):
    """The highest that is not overridden; presumption_of_approval lowers standard_review and nothing stricter."""
    overridden = {name for rule in matched for name in rule.get("overrides_disposition_of") or []}
    said = [rule["effect"].get("disposition") for rule in matched if rule["id"] not in overridden]
    said = [disposition for disposition in said if disposition is not None]
    highest = max(said, key=edition["disposition_rank"].index, default="standard_review")
    if highest == "standard_review" and "presumption_of_approval" in said:
        return "presumption_of_approval"
    return highest


def is_exempt(rule):
    return rule["effect"].get("disposition") == "exempt"


def channels_of(counting, disposition):
    channels = union(counting, "grant") - union(counting, "remove")
    if disposition == "exempt":
        channels &= {"exempt_report"}
    if disposition == "prohibited":
        channels &= {"special_application"}
    return sorted(channels)


def clock_of(counting, disposition):
    if disposition == "exempt":
        return "none"
    if any(rule["effect"].get("clock") == "untimed" for rule in counting):
        return "untimed"
    return "45wd"


def union(rules, part):
    return {each for rule in rules for each in rule["effect"].get(part) or []}


def params_of(counting):
    given = {}
    for rule in counting:
        for name, value in (rule["effect"].get("params") or {}).items():
            given.setdefault(name, []).append(value)
    return {name: strictest(name, values) for name, values in sorted(given.items())}


def strictest(name, values):
    limits = [value for value in values if value is not None]
    if not limits:
        return None
    if isinstance(limits[0], list):
        return sorted({each for limit in limits for each in limit})
    if name.endswith("_pct"):
        return min(limits, key=lambda limit: (decimal(limit), str(limit)))
    if name.endswith("_mode"):
        return min(limits, key=["none", "pct_remaining_final", "pct_line"].index)
    return min(limits)
