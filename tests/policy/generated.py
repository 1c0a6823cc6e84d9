"""Editions, facts and days for comparing two evaluators: drawn by hypothesis, or by a seed when there are many.

Each maker takes `pick`, which chooses; the choices come from hypothesis (`Drawn`, so a failure shrinks towards the
first edition and its first values) or from `random.Random` (`Seeded`, for 100,000 cases). Facts of `facts()` can be
asked about; `refused()` makes one vector that can't. Words are those of the first edition, so nothing is drawn that a
check of editions would refuse for its spelling. Not drawn: other fact_defaults, null facts, empty lists and matches,
shares that are no decimals, codes whose list is blank, parameters that the first edition has not.
"""

import random
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from tests.policy.plain import FROM_THE_CODE, edition_of_files

FIRST = edition_of_files()
CHANNELS = FIRST["channels"]
DISPOSITIONS = FIRST["disposition_rank"][FIRST["disposition_rank"].index("exempt") :]
PAPERS = ["undertaking", "risk_assessment_report", "compliance_undertaking", "named_downstream_users"]
FILINGS = next(rule for rule in FIRST["rules"] if rule["id"] == "R023")["match"]["transaction.purpose"]
WORDS = {
    "item.list": ["april", "october", "ann61", "none"],
    "item.category": [*dict.fromkeys(code["category"] for code in FIRST["codes"].values()), "none"],
    "item.element": [*dict.fromkeys(c["element"] for c in FIRST["codes"].values() if c["element"]), "Ga", "Ge", "La"],
    "item.origin": ["CN", "JP", "DE"],
    "item.cn_technology": [False, True],
    "destination.country": ["DE", "US", "JP", "FR", "PK"],
    "end_use.code": list(FIRST["end_uses"]),
    "end_user.class": ["commercial", "military"],
    "end_user.validated": [False, True],
    "screening.hit": ["none", "control_list", "watch_list", "owned_50_by_listed", "military_list"],
    "exporter.territory": ["domestic", "overseas"],
    "exporter.annual_qualified": [True, False],
    "exporter.red_flag": ["none", "wmd", "terror", "national_security"],
    "transaction.purpose": ["sale", *FILINGS],
}
TAME = {name: words[:1] for name, words in WORDS.items()} | {
    "end_use.code": ["CIV_AUTO", "CIV_WIND", "HUMANITARIAN", "PROCESSING"]
}
PREFIXES = ["1C905", "1C9", "1C905.a", "1C905.a.4", "1C907", "1C909", "2B902", "1E902", "ANN61", "ANN61-P1", "ANN61-P2"]
SHARES = ["0.001", "0.0015", "0.01", "0.25", "0", "1"]
SHARE = "item.cn_input_value_share"
LAST = date(2027, 12, 31)


class Seeded:
    """Chooses by a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, values):
        return values[int(self.random.random() * len(values))]

    def chance(self, percent):
        return self.random.random() * 100 < percent


class Drawn:
    """Chooses as hypothesis says: the first value and "no" are the simplest."""

    def __init__(self, draw):
        self.draw = draw

    def one(self, values):
        return values[self.draw(st.integers(0, len(values) - 1))]

    def chance(self, percent):
        return self.draw(st.integers(0, 99)) >= 100 - percent


@st.composite
def editions(draw):
    return edition(Drawn(draw))


@st.composite
def cases(draw):
    """(edition, facts, day)."""
    pick = Drawn(draw)
    drawn = edition(pick)
    return drawn, facts(pick, drawn), day(pick, boundaries(drawn))


def seeded_cases(seed, count, each=200):
    """The same triples from a seed: a fresh edition for every `each` of them, the first edition first."""
    pick = Seeded(seed)
    for number in range(count):
        if number % each == 0:
            drawn = edition(pick) if number else FIRST
            days = boundaries(drawn)
        yield drawn, facts(pick, drawn), day(pick, days)


def apart(edition):
    """What is in the edition and not in the first, and the other way round: short enough for a failure's words."""
    told = {}
    for name in ("rules", "instruments", "suspensions", "codes"):
        here, there = ([*of[name].items()] if name == "codes" else of[name] for of in (edition, FIRST))
        told[name] = [each for each in here if each not in there]
        told[f"gone from {name}"] = [each for each in there if each not in here]
    return {name: entries for name, entries in told.items() if entries}


# --- days


def boundaries(edition):
    """Each first and last day of the edition, with the days before and after."""
    dated = [*edition["instruments"], *edition["rules"], *edition["suspensions"]]
    names = ("effective_from", "effective_to", "suspended_from", "suspended_until")
    found = {each[name] for each in dated for name in names if each.get(name)}
    found |= {start for each in edition["instruments"] for start in (each.get("clauses") or {}).values()}
    return sorted({date.fromisoformat(text) + timedelta(days=near) for text in found for near in (-1, 0, 1)})


def day(pick, days):
    """Two in three stand at a boundary; the others are days on which much is in force."""
    return pick.one(days) if pick.chance(66) else pick.one([date(2026, 1, 20), date(2026, 11, 28), LAST])


def some_day(pick, edition):
    """Near a day that the edition has, so that windows touch, overlap and miss each other by one."""
    return pick.one(boundaries(edition)).isoformat()


# --- facts


def facts(pick, edition):
    """One vector; vectors differ in how many facts are absent, and in how tame the others are.

    A tame vector is stopped by few rules, so that those show which allow.
    """
    absent, tame = pick.one([0, 0, 10, 30, 70]), pick.one([97, 80, 0])
    given = {} if pick.chance(absent // 2) else of_code(pick, edition)
    with_the_code = FROM_THE_CODE if "item.control_code" in given else ()
    for name in WORDS:
        if name not in given and name not in with_the_code and name != "exporter.territory" and not pick.chance(absent):
            given[name] = word(pick, name, tame)
    if not pick.chance(max(absent, 20)):
        given[SHARE] = share(pick, thresholds(edition))
    if "item.control_code" not in given and not pick.chance(60):
        given["exporter.territory"] = pick.one(WORDS["exporter.territory"])
    return given


def of_code(pick, edition):
    """A code and what goes with it: the territory that may use it, and perhaps what follows from it, said again."""
    if pick.chance(20):
        given = {"item.control_code": "none", "exporter.territory": pick.one(WORDS["exporter.territory"])}
        if not pick.chance(25):
            given["item.element"] = pick.one(WORDS["item.element"])
        return given
    known, official = edition["codes"], not pick.chance(30)
    codes = [name for name in known if known[name]["official"] == official]
    magnets = [name for name in codes if known[name]["category"] == "magnet"]  # a few, and much is said of them
    code = pick.one(magnets if magnets and pick.chance(30) else codes)
    given, listed = {"item.control_code": code}, known[code]
    if not listed["official"]:
        given["exporter.territory"] = "overseas"
    elif pick.chance(30):
        given["exporter.territory"] = "domestic"
    if pick.chance(10):
        part = pick.one(["list", "category", "element"])
        given[f"item.{part}"] = listed[part]
    return given


def word(pick, name, tame):
    if name == "destination.country":
        return countries(pick)
    if not pick.chance(tame):
        return pick.one(WORDS[name])
    return pick.one(TAME[name])


def countries(pick):
    """One country, or the end-user's and those that follow it."""
    words = WORDS["destination.country"]
    if not pick.chance(30):
        return pick.one(words)
    return [pick.one(words) for _ in range(pick.one([1, 2, 3]))]


def thresholds(edition):
    wanted = [rule["match"][SHARE]["gte"] for rule in edition["rules"] if SHARE in rule["match"]]
    return list(dict.fromkeys(wanted)) or SHARES


def share(pick, around):
    """At a threshold, however written; beside it by more or less than rounding would show; or far away."""
    threshold = Decimal(pick.one(around))
    step = Decimal(pick.one(["0.0001", "0.0000001", "1e-18", "1e-27"]))
    beside = [
        threshold,
        min(threshold + step, Decimal(1)),
        max(threshold - step, Decimal(0)),
        Decimal(0),
        Decimal("0.5"),
        Decimal(1),
    ]
    written = f"{pick.one(beside):f}"
    return written + "00" if "." in written and pick.chance(20) else written


def refused(pick, edition):
    """One vector that can't be asked about."""
    official = [code for code, listed in edition["codes"].items() if listed["official"]]
    labels = [code for code, listed in edition["codes"].items() if not listed["official"]]
    code = pick.one(official)
    ways = [
        {"item.control_code": "9Z999"},
        {"item.control_code": code, "exporter.territory": "overseas"},
        {"item.control_code": code, "item.list": "none"},
        {"item.control_code": code, "item.category": "none"},
        {"item.control_code": code, "item.element": "La"},
        {"item.control_code": pick.one(labels)},
        {"item.control_code": pick.one(labels), "exporter.territory": "domestic"},
        {"item.control_code": "none", "item.list": "april"},
        {"item.control_code": "none", "item.category": "magnet"},
    ]
    return {"destination.country": countries(pick), "end_use.code": "CIV_AUTO"} | pick.one(ways)


# --- editions


def edition(pick, most=12):
    """The first edition after a few changes; what is shared with it is never changed in place."""
    drawn = FIRST | {name: [dict(each) for each in FIRST[name]] for name in ("rules", "instruments", "suspensions")}
    for _ in range(pick.one(range(most + 1))):
        pick.one(CHANGES)(pick, drawn)
    return drawn


def add_rule(pick, edition):
    """A rule of a new id, anywhere in the list: the order of ids is not that of the list."""
    taken = {rule["id"] for rule in edition["rules"]}
    rule = {
        "id": next(name for name in (f"R{number}" for number in range(100, 1000)) if name not in taken),
        "instrument": pick.one(edition["instruments"])["id"],
        "match": match(pick),
        "effect": effect(pick),
    }
    if pick.chance(50):
        rule["clause"] = pick.one(["1", "2", "1.1", "5"])
    edition["rules"].insert(pick.one(range(len(edition["rules"]) + 1)), rule)
    return rule


def match(pick):
    """One to three keys; a key of the item comes first, as in most rules."""
    keys = ["item.control_code_prefix", "item.list", "item.element", "item.category", SHARE, *list(WORDS)[3:]]
    return {key: wanted(pick, key) for key in [pick.one(keys) for _ in range(pick.one([1, 2, 3]))]}


def wanted(pick, key):
    if key == SHARE:
        return {"gte": pick.one(SHARES)}
    words = PREFIXES if key == "item.control_code_prefix" else WORDS[key]
    if isinstance(words[0], bool):
        return pick.one(words)
    return [*dict.fromkeys(pick.one(words) for _ in range(pick.one([1, 2, 4])))]


def effect(pick):
    made = {}
    if pick.chance(40):
        made["control"] = True
    if not pick.chance(20):
        made["disposition"] = pick.one(DISPOSITIONS)
    for part, words, percent in (("grant", CHANNELS, 60), ("remove", CHANNELS, 30), ("require", PAPERS, 30)):
        if pick.chance(percent):
            made[part] = [*dict.fromkeys(pick.one(words) for _ in range(pick.one([1, 2])))]
    if pick.chance(15):
        made["clock"] = "untimed"
    if pick.chance(25):
        made["params"] = {
            "max_validity_months": pick.one([12, 6, 24]),
            "max_clearances": pick.one([None, 12, 1]),
            "report_days_after_shipment": pick.one([15, 30]),
        }
    return made


def add_exempt(pick, edition):
    """An exempt rule with papers or without, that takes the disposition of some of those that control, or of none."""
    rule = add_rule(pick, edition)
    rule["effect"] = {"disposition": "exempt"}
    if not pick.chance(20):
        rule["effect"]["grant"] = ["exempt_report"]
    if pick.chance(50):
        rule["effect"]["require"] = ["undertaking"]
    if pick.chance(70):
        rule["overrides_disposition_of"] = [r["id"] for r in edition["rules"] if r["effect"].get("control")]


def drop_rule(pick, edition):
    if edition["rules"]:
        edition["rules"].remove(pick.one(edition["rules"]))


def change_effect(pick, edition):
    if edition["rules"]:
        pick.one(edition["rules"])["effect"] = effect(pick)


def override(pick, edition):
    """Some rule takes the disposition of others, perhaps its own."""
    if edition["rules"]:
        names = [rule["id"] for rule in edition["rules"]]
        pick.one(edition["rules"])["overrides_disposition_of"] = [pick.one(names) for _ in range(pick.one([1, 2, 4]))]


def toggle(pick, edition):
    if edition["rules"]:
        rule = pick.one(edition["rules"])
        rule["enabled"] = not rule.get("enabled", True)


def start_rule(pick, edition):
    if edition["rules"]:
        pick.one(edition["rules"])["effective_from"] = some_day(pick, edition)


def end_rule(pick, edition):
    if edition["rules"]:
        pick.one(edition["rules"])["effective_to"] = some_day(pick, edition)


def start_instrument(pick, edition):
    if edition["rules"]:
        instrument_of(edition, pick.one(edition["rules"]))["effective_from"] = some_day(pick, edition)


def end_instrument(pick, edition):
    """It ends, and perhaps one of its rules on a day of its own, before or after."""
    if edition["rules"]:
        rule = pick.one(edition["rules"])
        instrument_of(edition, rule)["effective_to"] = some_day(pick, edition)
        if pick.chance(40):
            rule["effective_to"] = some_day(pick, edition)


def instrument_of(edition, rule):
    return next(each for each in edition["instruments"] if each["id"] == rule["instrument"])


def start_clause(pick, edition):
    """A clause that rules name gets a day of its own."""
    if edition["rules"]:
        rule = pick.one(edition["rules"])
        instrument = instrument_of(edition, rule)
        own = {rule.get("clause") or "1": some_day(pick, edition)}
        instrument["clauses"] = (instrument.get("clauses") or {}) | own


def add_window(pick, edition):
    """Of a whole instrument or of one clause; it may overlap another, touch it, or last one day."""
    if edition["rules"]:
        rule = pick.one(edition["rules"])
        days = sorted([some_day(pick, edition), some_day(pick, edition)])
        clause = rule.get("clause") if pick.chance(50) else None
        window = {"instrument": rule["instrument"], "clause": clause, "by": "DUR"}
        edition["suspensions"].append(window | {"suspended_from": days[0], "suspended_until": days[1]})


def move_window(pick, edition):
    if edition["suspensions"]:
        window = pick.one(edition["suspensions"])
        days = sorted([window["suspended_from"], some_day(pick, edition)])
        window["suspended_from"], window["suspended_until"] = days


def drop_window(pick, edition):
    if edition["suspensions"]:
        edition["suspensions"].remove(pick.one(edition["suspensions"]))


def change_code(pick, edition):
    """An official code leaves the list, comes to it, or loses its element."""
    code = pick.one([name for name, known in edition["codes"].items() if known["official"]])
    others = {name: listed for name, listed in edition["codes"].items() if name != code}
    listed = edition["codes"][code]
    without_element, and_another = {code: listed | {"element": ""}}, {code: listed, f"{code}.9": listed}
    edition["codes"] = others | pick.one([without_element, {}, and_another])


CHANGES = [
    toggle, drop_rule, add_rule, add_rule, add_rule, add_exempt, change_effect, override, start_rule, end_rule,
    start_instrument, end_instrument, start_clause, add_window, add_window, move_window, drop_window, change_code,
]  # fmt: skip
