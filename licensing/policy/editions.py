"""An edition: one canonical text, its SHA-256, and what it says.

Frozen, and read in one piece: `read` gives an edition without a flaw, or every flaw with its place.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from licensing.policy import shape
from licensing.policy.thresholds import COUNTED, STRICTER_WITH_MORE, Threshold, threshold_of
from licensing.policy.vocabulary import (
    CATEGORY,
    COUNTRY,
    COUNTRY_PATTERN,
    ELEMENT,
    ELEMENTS,
    END_USE,
    EXISTING,
    FACTS,
    LIST,
    LOOKS_AT,
    OF_THE_MINISTRY,
    OF_UNLISTED,
    TERRITORY_OF,
    UNTIMED,
    Kind,
)

NEVER = date.max.isoformat()  # the last day of what has none
OF_ITEM = ("item.control_code_prefix", LIST, CATEGORY, ELEMENT)  # keys that a code fits all, or doesn't
LARGEST = 5_000_000  # characters of a text; the first edition has some 90,000


@dataclass(frozen=True)
class Flaw:
    """Why a document, or facts, can't be read: where (a JSON pointer, or a fact's name), a code, its particulars."""

    where: str
    code: str
    detail: str = ""


class Unreadable(ValueError):
    """Every flaw that was found; nothing was read."""

    def __init__(self, flaws: Iterable[Flaw]) -> None:
        self.flaws = tuple(flaws)
        super().__init__("; ".join(f"{flaw.where}: {flaw.code} {flaw.detail}".strip() for flaw in self.flaws[:20]))


@dataclass(frozen=True)
class Span:
    """Legal days from the first to the last, both included; None: without an end."""

    first: date
    last: date | None = None

    def covers(self, on: date) -> bool:
        return self.first <= on and (self.last is None or on <= self.last)

    @property
    def after(self) -> date | None:
        """The first day after it; None where it has no end, or no calendar has that day."""
        return self.last + timedelta(days=1) if self.last and self.last < date.max else None


@dataclass(frozen=True)
class Effect:
    """What a rule that matches does."""

    control: bool
    disposition: str
    grant: frozenset[str]
    remove: frozenset[str]
    require: frozenset[str]
    untimed: bool
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """A rule, the days on which it may act (its own, else its clause's, else its instrument's), and what pauses it."""

    id: str
    enabled: bool
    span: Span
    pauses: tuple[Span, ...]
    match: Mapping[str, Any]
    effect: Effect
    overrides: frozenset[str]
    audiences: frozenset[str]
    transition: Mapping[str, str]

    def grace(self, contract: date | None) -> date | None:
        """The last day on which what was reserved before may still be declared; none where the contract came late."""
        until, before = _day(self.transition.get("until")), _day(self.transition.get("contracts_signed_before"))
        signed = before is None or contract is not None and contract < before
        return until if signed else None

    @property
    def for_holders(self) -> bool:
        """It hits those who hold a license."""
        return EXISTING in self.audiences

    @property
    def only_asks(self) -> bool:
        """It says nothing but papers and limits."""
        one = self.effect
        return not (one.control or one.disposition or one.grant or one.remove or one.untimed or self.overrides)

    def spared(self, since: date) -> tuple[date, date]:
        """The last day of its grace, and the day before which a contract has it: the later, the more is spared.

        One that is over before that day is none.
        """
        until, before = _day(self.transition.get("until")), _day(self.transition.get("contracts_signed_before"))
        return (until, before or date.max) if until and until >= since else (date.min, date.min)

    def active(self, on: date) -> bool:
        return self.enabled and self.span.covers(on) and not any(pause.covers(on) for pause in self.pauses)


@dataclass(frozen=True)
class Hold:
    """What stops approvals, and reservations where it says so, of what it matches, with why, whose it is and its days.

    What is held is judged on, and its clock runs on.
    """

    id: str
    span: Span
    match: Mapping[str, Any]
    reason_en: str
    reason_zh: str
    owner: str
    reservations: bool


@dataclass(frozen=True)
class Code:
    """A code of the list and what follows from it. A blank element is present and matches nothing."""

    official: bool
    list: str
    category: str
    element: str

    @property
    def territory(self) -> str:
        """Of which exporters it may be: labels of ours are for those overseas."""
        return TERRITORY_OF[self.official]


@dataclass(frozen=True)
class Invariant:
    """What must hold of every outcome that controls, where one of these matches holds (none: everywhere).

    A row that says why it is struck is none any more.
    """

    id: str
    when: tuple[Mapping[str, Any], ...]
    without_channels: frozenset[str]
    at_least: str
    never: frozenset[str]
    has_channel: bool  # unless it is prohibited


@dataclass(frozen=True)
class Edition:
    """What a text says, its rules in the order of their ids."""

    digest: str
    rules: tuple[Rule, ...]
    codes: Mapping[str, Code]
    end_uses: frozenset[str]
    groups: Mapping[str, frozenset[str]]
    invariants: tuple[Invariant, ...]
    holds: tuple[Hold, ...]
    thresholds: Mapping[str, Threshold]
    document: Mapping[str, Any]


def canonical(document: Mapping[str, Any]) -> str:
    """The one text of this document: keys sorted, no spaces to choose, characters as they are."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read(text: str) -> Edition:
    """The edition that this text is. Raises Unreadable with every flaw."""
    document = _parsed(text)
    flaws = [_of_shape(error) for error in _validator.iter_errors(document)] or list(_of_sense(document))
    if flaws:
        raise Unreadable(sorted(flaws, key=lambda flaw: flaw.where))
    return edition_of(document, digest_of(canonical(document)))


def _parsed(text: str) -> Any:
    if len(text) > LARGEST:
        raise Unreadable([Flaw("", "too-large", f"{LARGEST:,}")])

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
        if twice:
            raise Unreadable([Flaw("", "key-twice", twice[0])])
        return dict(pairs)

    try:
        document = json.loads(text, object_pairs_hook=once)
        canonical(document).encode()  # half a character can be written in JSON, and in no text
        return document
    except Unreadable:
        raise
    except RecursionError:
        raise Unreadable([Flaw("", "too-deep")]) from None
    except json.JSONDecodeError as error:
        raise Unreadable([Flaw("", "no-json", f"{error.lineno}:{error.colno}")]) from None
    except ValueError:
        raise Unreadable([Flaw("", "no-json")]) from None


_validator = Draft202012Validator(shape.DOCUMENT, format_checker=FormatChecker(["date"]))


def _of_shape(error: ValidationError) -> Flaw:
    place = "".join(f"/{part}" for part in error.absolute_path)
    if error.validator == "pattern" and error.validator_value == shape.ID["pattern"]:
        return Flaw(place, "no-name", error.instance[:60])
    return Flaw(place, "shape", error.message[:200])


def _of_sense(document: dict[str, Any]) -> Iterator[Flaw]:
    """What is well formed and can't be meant."""
    yield from _twice(document)
    instruments = {row["id"]: row for row in document["instruments"]}
    for at, row in enumerate(document["instruments"]):
        if row.get("effective_to", NEVER) < row["effective_from"]:
            yield Flaw(f"/instruments/{at}/effective_to", "ends-before-it-begins")
        for clause, day in row.get("clauses", {}).items():
            if day < row["effective_from"]:
                yield Flaw(f"/instruments/{at}/clauses/{clause}", "clause-before-its-instrument", row["effective_from"])
            if day > row.get("effective_to", NEVER):
                yield Flaw(f"/instruments/{at}/clauses/{clause}", "begins-after-its-instrument", row["effective_to"])
    for part in ("windows", "rules", "codes"):
        for at, row in enumerate(document[part]):
            if row["instrument"] not in instruments:
                yield Flaw(f"/{part}/{at}/instrument", "unknown-instrument", row["instrument"])
    for at, row in enumerate(document["windows"]):
        begins = instruments.get(row["instrument"], row).get("effective_from", "")
        if row["suspended_from"] <= row["suspended_until"] < begins:
            yield Flaw(f"/windows/{at}/suspended_until", "window-before-its-instrument", begins)
    yield from _of_windows(document["windows"], {(row["instrument"], row["clause"]) for row in document["rules"]})
    names = _names(document)
    for at, rule in enumerate(document["rules"]):
        place = f"/rules/{at}"
        yield from _of_dates(rule, instruments.get(rule["instrument"]), place)
        yield from _of_effect(rule, {row["id"]: row for row in document["rules"]}, place)
    for at, hold in enumerate(document.get("holds", ())):
        if (hold["until"] or NEVER) < hold["from"]:
            yield Flaw(f"/holds/{at}/until", "ends-before-it-begins")
        for key in hold["match"]:
            if key in OF_THE_MINISTRY:
                yield Flaw(f"/holds/{at}/match/{key}", "hold-would-tell", key)
    for at, threshold in enumerate(document.get("thresholds", ())):
        yield from _of_threshold(threshold, f"/thresholds/{at}")
    for place, match in _matches(document):
        yield from _of_match(match, names, place)
        yield from _of_items(match, document["codes"], names, place)


def _matches(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every match of a document, with its place."""
    for part in ("rules", "holds"):
        for at, row in enumerate(document.get(part, ())):
            yield f"/{part}/{at}/match", row["match"]
    for at, row in enumerate(document["invariants"]):
        for case, match in enumerate(row.get("when", ())):
            yield f"/invariants/{at}/when/{case}", match


def _twice(document: dict[str, Any]) -> Iterator[Flaw]:
    by_id = ((part, "id") for part in ("instruments", "rules", "invariants", "holds", "thresholds"))
    for part, key in (*by_id, ("codes", "code")):
        seen: dict[str, str] = {}
        for at, row in enumerate(document.get(part, ())):
            if (name := row[key].casefold()) in seen:
                yield Flaw(f"/{part}/{at}/{key}", "id-twice", seen[name])
            seen[name] = row[key]
    for part in ("end_uses", "groups"):
        named: dict[str, str] = {}
        for name in document[part]:
            if (other := named.setdefault(name.casefold(), name)) != name:
                yield Flaw(f"/{part}/{name}", "id-twice", other)


def _of_windows(windows: list[dict[str, Any]], clauses: set[tuple[str, str]]) -> Iterator[Flaw]:
    """clauses: those that some rule has, with their instrument."""
    for at, row in enumerate(windows):
        if row["clause"] is not None and (row["instrument"], row["clause"]) not in clauses:
            yield Flaw(f"/windows/{at}/clause", "clause-of-no-rule", f"{row['instrument']} {row['clause']}")
        if row["suspended_until"] < row["suspended_from"]:
            yield Flaw(f"/windows/{at}/suspended_until", "ends-before-it-begins")
        for other in windows[:at]:
            same = row["instrument"] == other["instrument"] and (
                row["clause"] == other["clause"] or None in (row["clause"], other["clause"])
            )
            apart = row["suspended_until"] < other["suspended_from"] or other["suspended_until"] < row["suspended_from"]
            if same and not apart:
                yield Flaw(f"/windows/{at}", "windows-overlap", f"{row['instrument']} {other['suspended_from']}")


def _names(document: dict[str, Any]) -> dict[str, set[str]]:
    """What a name in a rule may be, by fact; a fact that is not here takes any name."""
    codes = document["codes"]
    return {
        LIST: {row["list"] for row in codes} | {OF_UNLISTED[LIST]},
        CATEGORY: {row["category"] for row in codes} | {OF_UNLISTED[CATEGORY]},
        "item.control_code_prefix": {row["code"] for row in codes},
        END_USE: set(document["end_uses"]),
        ELEMENT: set(ELEMENTS),
        "destination.group": set(document["groups"]),
    }


def _of_dates(rule: dict[str, Any], instrument: dict[str, Any] | None, place: str) -> Iterator[Flaw]:
    first, last = rule.get("effective_from", ""), rule.get("effective_to", "")
    begins = first or (clause_begins(rule["clause"], instrument) if instrument else "")
    if last and last < begins:
        yield Flaw(f"{place}/effective_to", "ends-before-it-begins")
    if grace := rule.get("transition"):
        place_of_grace = f"{place}/transition/until"
        if grace.get("until", NEVER) < begins:
            yield Flaw(place_of_grace, "grace-before-its-rule", begins)
        elif EXISTING not in rule["applies_to"]:
            yield Flaw(place_of_grace, "grace-for-nobody")
    if instrument is not None:
        ends = instrument.get("effective_to", NEVER)
        if first and first < instrument["effective_from"]:
            yield Flaw(f"{place}/effective_from", "before-its-instrument", instrument["effective_from"])
        if first > ends:
            yield Flaw(f"{place}/effective_from", "begins-after-its-instrument", ends)
        if last > ends:
            yield Flaw(f"{place}/effective_to", "after-its-instrument", ends)


def short_graces(before: Edition, after: Edition, starts: date) -> Iterator[Flaw]:
    """Each grace that the edition before did not give, and that is over when this one starts: it spares nobody."""
    given, places = {_grace(rule) for rule in before.rules}, [row["id"] for row in after.document["rules"]]
    for rule in after.rules:
        until = _day(rule.transition.get("until"))
        if rule.enabled and until and until < starts and _grace(rule) not in given:
            yield Flaw(f"/rules/{places.index(rule.id)}/transition/until", "grace-before-its-edition", str(starts))


def _grace(rule: Rule) -> tuple[Any, ...]:
    """What a rule gives those who hold a license."""
    return rule.id, rule.enabled, *sorted(rule.transition.items())


def clause_begins(clause: str, instrument: Mapping[str, Any]) -> str:
    """The first day of a clause, and of its rules that say none: its own, else its instrument's."""
    return str(instrument.get("clauses", {}).get(clause, instrument["effective_from"]))


def suspends(window: Mapping[str, Any], instrument: str, clause: str | None) -> bool:
    """The window is one of that clause: its own, or of the whole instrument (None)."""
    return window["instrument"] == instrument and window["clause"] in (None, clause)


def _of_match(match: dict[str, Any], names: dict[str, set[str]], place: str) -> Iterator[Flaw]:
    for key, values in match.items():
        fact = LOOKS_AT.get(key, key)
        if FACTS[fact].kind in (Kind.FLAG, Kind.SHARE, Kind.WORD):
            continue
        for at, value in enumerate(values):
            if key == "item.control_code_prefix":
                known = any(code.startswith(value) for code in names[key])
            elif fact in (COUNTRY, "item.origin") and key != "destination.group":
                known = re.fullmatch(COUNTRY_PATTERN, value, re.ASCII) is not None
            else:
                known = value in names[key]
            if not known:
                yield Flaw(f"{place}/{key}/{at}", "matches-nothing", value)


def _of_items(
    match: dict[str, Any], codes: list[dict[str, Any]], names: dict[str, set[str]], place: str
) -> Iterator[Flaw]:
    """What a match says of the item all together, where each word of it is one: some code, or none, must fit it."""
    said = {key: match[key] for key in OF_ITEM if key in match}
    fits = any(_fits_item(said, row) for row in codes) or (
        "item.control_code_prefix" not in said
        and all(word in said.get(key, [word]) for key, word in OF_UNLISTED.items())
    )
    if said and not fits and not any(_of_match(said, names, place)):
        yield Flaw(
            f"{place}/{next(iter(said))}", "matches-no-item", " + ".join(", ".join(one) for one in said.values())
        )


def _fits_item(said: Mapping[str, list[str]], row: Mapping[str, Any]) -> bool:
    follows = {LIST: "list", CATEGORY: "category", ELEMENT: "element"}
    return row["code"].startswith(tuple(said.get("item.control_code_prefix", [""]))) and all(
        row[name] in said[key] for key, name in follows.items() if key in said
    )


def countries_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every country that a document names, with its place: which there are is not known here."""
    named = [
        (f"{place}/{key}", match.get(key, ()))
        for place, match in _matches(document)
        for key in (COUNTRY, "item.origin")
    ]
    named += [(f"/groups/{name}/countries", group["countries"]) for name, group in document["groups"].items()]
    return ((f"{place}/{at}", code) for place, codes in named for at, code in enumerate(codes))


def texts_of(document: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a document, names too, with its place."""
    if isinstance(document, str):
        yield place, document
    elif isinstance(document, Mapping):
        for name, part in document.items():
            yield f"{place}/{name}", name
            yield from texts_of(part, f"{place}/{name}")
    elif isinstance(document, list):
        for at, part in enumerate(document):
            yield from texts_of(part, f"{place}/{at}")


def _of_effect(rule: dict[str, Any], rules: dict[str, dict[str, Any]], place: str) -> Iterator[Flaw]:
    effect = rule["effect"]
    if not any(effect.values()):
        yield Flaw(f"{place}/effect", "rule-does-nothing")
    if (effect.get("control") or "overrides_disposition_of" in rule) and "disposition" not in effect:
        yield Flaw(f"{place}/effect", "no-disposition")
    for at, named in enumerate(rule.get("overrides_disposition_of", ())):
        if named not in rules:
            yield Flaw(f"{place}/overrides_disposition_of/{at}", "unknown-rule", named)
        elif "overrides_disposition_of" in rules[named]:
            yield Flaw(f"{place}/overrides_disposition_of/{at}", "overrides-an-override", named)


def _of_threshold(row: dict[str, Any], place: str) -> Iterator[Flaw]:
    for name in STRICTER_WITH_MORE:
        if name in COUNTED[row["id"]] and name not in row:
            yield Flaw(f"{place}/{name}", "threshold-without")
        elif name not in COUNTED[row["id"]] and name in row:
            yield Flaw(f"{place}/{name}", "threshold-with")


# --- a document without a flaw ---------------------------------------------------------------------------
def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def edition_of(document: Mapping[str, Any], digest: str) -> Edition:
    """What a document says that was looked at before."""
    instruments = {row["id"]: row for row in document["instruments"]}
    return Edition(
        digest=digest,
        rules=tuple(
            _rule(row, instruments[row["instrument"]], document["windows"])
            for row in sorted(document["rules"], key=lambda row: row["id"])
        ),
        codes={
            row["code"]: Code(row["official"], row["list"], row["category"], row["element"])
            for row in document["codes"]
        },
        end_uses=frozenset(document["end_uses"]),
        groups={name: frozenset(group["countries"]) for name, group in document["groups"].items()},
        invariants=tuple(_invariant(row) for row in document["invariants"] if "struck" not in row),
        holds=tuple(_hold(row) for row in sorted(document.get("holds", ()), key=lambda row: row["id"])),
        thresholds={row["id"]: threshold_of(row) for row in document.get("thresholds", ())},
        document=document,
    )


def _invariant(row: dict[str, Any]) -> Invariant:
    then = row["then"]
    return Invariant(
        id=row["id"],
        when=tuple(row.get("when", ())),
        without_channels=frozenset(then.get("without_channels", ())),
        at_least=then.get("at_least", ""),
        never=frozenset(then.get("never", ())),
        has_channel=then.get("has_channel", False),
    )


def _hold(row: dict[str, Any]) -> Hold:
    return Hold(
        id=row["id"],
        span=Span(date.fromisoformat(row["from"]), _day(row["until"])),
        match=row["match"],
        reason_en=row["reason_en"],
        reason_zh=row["reason_zh"],
        owner=row["owner"],
        reservations=row.get("reservations", False),
    )


def _rule(row: dict[str, Any], instrument: dict[str, Any], windows: list[dict[str, Any]]) -> Rule:
    first = row.get("effective_from") or clause_begins(row["clause"], instrument)
    effect = row["effect"]
    return Rule(
        id=row["id"],
        enabled=row.get("enabled", True),
        span=Span(date.fromisoformat(first), _day(row.get("effective_to", instrument.get("effective_to")))),
        pauses=tuple(
            Span(date.fromisoformat(window["suspended_from"]), _day(window["suspended_until"]))
            for window in windows
            if suspends(window, row["instrument"], row["clause"])
        ),
        match=row["match"],
        effect=Effect(
            control=effect.get("control", False),
            disposition=effect.get("disposition", ""),
            grant=frozenset(effect.get("grant", ())),
            remove=frozenset(effect.get("remove", ())),
            require=frozenset(effect.get("require", ())),
            untimed=effect.get("clock") == UNTIMED,
            params=effect.get("params", {}),
        ),
        overrides=frozenset(row.get("overrides_disposition_of", ())),
        audiences=frozenset(row["applies_to"]),
        transition=row.get("transition", {}),
    )
