"""What one edition's document says otherwise than another's, row by row and field by field: nothing goes unsaid."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import compress
from typing import Any

from django.utils.translation import gettext as _

from core.languages import in_language
from core.templatetags.lodestone import day
from licensing.policy.editions import Edition
from licensing.policy.edits import KEYS
from licensing.words import labels, phrases, rules, sentences, thresholds
from licensing.words.labels import Place
from licensing.words.sentences import RuleTold

ADDED, DROPPED, CHANGED, MOVED = "added", "dropped", "changed", "moved"
KEPT, OLD, NEW = "", "del", "ins"
FELT = {"enabled", "match", "effect", "applies_to", "transition", "overrides_disposition_of"}
FELT |= {"effective_from", "effective_to", "instrument", "clause"}  # fields of a rule that exporters feel


@dataclass(frozen=True)
class Piece:
    """Words that stay (mark ""), or stand in one edition only (`del`: in the old one, `ins`: in the new one)."""

    mark: str
    words: str


@dataclass(frozen=True)
class Field:
    """What a field says in both editions; a list by its members."""

    place: Place
    label: str
    pieces: tuple[Piece, ...]

    @property
    def old(self) -> str:
        return phrases.one_by_one(piece.words for piece in self.pieces if piece.mark != NEW)

    @property
    def new(self) -> str:
        return phrases.one_by_one(piece.words for piece in self.pieces if piece.mark != OLD)

    @property
    def told(self) -> str:
        """In one sentence, from what to what."""
        said = {"old": self.old or _("nothing"), "new": self.new or _("nothing")}
        return _("{label}: {old}, now {new}.").format(label=self.label, **said)


@dataclass(frozen=True)
class Change:
    """A row of a part of the document that is new, gone or another; `fields` are all that differ."""

    part: str
    row: str  # what names the row: R041
    kind: str
    told: str  # in one sentence
    fields: tuple[Field, ...]
    old: RuleTold | None = None  # of a rule, as it was
    new: RuleTold | None = None  # and as it is


def changes(old: Edition, new: Edition, countries: Mapping[str, str]) -> tuple[Change, ...]:
    """Everything that differs, in the order of KEYS; of equal editions nothing. countries: names by code."""
    telling = _Telling(old, new, countries)
    return tuple(change for part in KEYS for change in telling.part(part))


class _Telling:
    def __init__(self, old: Edition, new: Edition, countries: Mapping[str, str]) -> None:
        self.editions, self.countries = (old, new), countries

    def part(self, part: str) -> Iterator[Change]:
        was, becomes = (_rows(edition.document, part) for edition in self.editions)
        for key in sorted(was.keys() | becomes.keys(), key=lambda key: [str(one or "") for one in key]):
            if _text(was.get(key)) != _text(becomes.get(key)):
                yield self._change(part, key, was.get(key), becomes.get(key))
        if [key for key in was if key in becomes] != [key for key in becomes if key in was]:
            told = _("The rows of this part stand in another order; what they say is the same.")
            yield Change(part, "", MOVED, told, ())

    def _change(self, part: str, key: Place, was: Any, becomes: Any) -> Change:
        kind = ADDED if was is None else DROPPED if becomes is None else CHANGED
        if part != "rules":
            told = self._told(part, key, kind, was, becomes)
            return Change(part, _name(key), kind, told, tuple(self._fields(was or {}, becomes or {})))
        rules = [
            sentences.told(key[0], edition, self.countries) if row else None
            for edition, row in zip(self.editions, (was, becomes), strict=True)
        ]
        told = _rule(key[0], kind, *rules)
        return Change(part, key[0], kind, told, tuple(self._fields(was or {}, becomes or {})), *rules)

    # --- fields -------------------------------------------------------------------------------------------
    def _fields(self, was: Mapping[str, Any], becomes: Mapping[str, Any]) -> Iterator[Field]:
        old, new = dict(_leaves(was)), dict(_leaves(becomes))
        for place in sorted(old.keys() | new.keys(), key=labels.order):
            if _text(old.get(place)) != _text(new.get(place)):
                pieces = tuple(self._pieces(place, old.get(place, ()), new.get(place, ())))
                if was and becomes and not (place in old and place in new):
                    pieces = tuple(_with_unsaid(pieces, labels.unsaid(place), old=place not in old))
                yield Field(place, labels.label(place), pieces)

    def _pieces(self, place: Place, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[Piece]:
        """Of a field that stands in another order: all of it as it was, then as it is."""
        was, becomes = ([_text(one) for one in values] for values in (old, new))
        moved = sorted(was) == sorted(becomes)
        lost = [moved or one not in becomes for one in was]
        gained = [moved or one not in was for one in becomes]
        before, after = (
            [labels.word(place, one, edition, self.countries) for one in values]
            for edition, values in zip(self.editions, (old, new), strict=True)
        )
        alike = set() if moved else set(compress(before, lost)) & set(compress(after, gained))
        for words, raw, gone in zip(before, was, lost, strict=True):
            yield Piece(OLD if gone else KEPT, f"{words} ({raw})" if words in alike else words)
        for words, raw in compress(zip(after, becomes, strict=True), gained):
            yield Piece(NEW, f"{words} ({raw})" if words in alike else words)

    # --- what is said of a row ----------------------------------------------------------------------------
    def _told(self, part: str, key: Place, kind: str, was: Any, becomes: Any) -> str:
        if part == "windows":
            return self._window(kind, was, becomes)
        edition, row = (self.editions[0], was) if kind == DROPPED else (self.editions[1], becomes)
        match part:
            case "codes":
                name = code(row)
                told = {
                    ADDED: _("{name} is added to the list."),
                    DROPPED: _("{name} is struck from the list."),
                    CHANGED: _("{name}: what the list says of it changes."),
                }
            case "instruments":
                name = rules.instrument(row["id"], edition.document["instruments"])
                told = {
                    ADDED: _("{name} is added to the instruments."),
                    DROPPED: _("{name} is taken out of the instruments."),
                    CHANGED: _("{name}: what is said of this instrument changes."),
                }
            case "invariants":
                name = _("Invariant {name}: {sentence}").format(
                    name=row["id"], sentence=in_language(row["sentence_en"], row["sentence_zh"])
                )
                told = {
                    ADDED: _("A standing invariant is added. {name}"),
                    DROPPED: _("A standing invariant is given up. {name}"),
                    CHANGED: _("A standing invariant changes. {name}"),
                }
            case "holds":
                name = f"{row['id']}: {in_language(row['reason_en'], row['reason_zh'])}"
                told = {
                    ADDED: _("A hold is added. {name}"),
                    DROPPED: _("A hold is given up. {name}"),
                    CHANGED: _("A hold changes. {name}"),
                }
            case "thresholds":
                name = thresholds.told_row(row)
                told = {
                    ADDED: _("Whoever is to file for annual licenses must meet another threshold from then on: {name}"),
                    DROPPED: _("A threshold of the test for annual licenses is given up: {name}"),
                    CHANGED: _("A threshold of the test for annual licenses changes. It is now: {name}"),
                }
            case _:
                name = phrases.quoted(in_language(row["en"], row["zh"]))
                told = {
                    ADDED: _("The end-use {name} is added."),
                    DROPPED: _("The end-use {name} is dropped."),
                    CHANGED: _("The end-use {name} is named otherwise."),
                }
                if part == "groups":
                    told = {
                        ADDED: _("The group of countries {name} is added."),
                        DROPPED: _("The group of countries {name} is dropped."),
                        CHANGED: _("The group of countries {name} changes."),
                    }
        return told[kind].format(name=name)

    def _window(self, kind: str, was: Any, becomes: Any) -> str:
        """A suspension that is added, dropped, prolonged or ended early, or of which something else is said."""
        row, edition = (was, self.editions[0]) if kind == DROPPED else (becomes, self.editions[1])
        name = rules.instrument(row["instrument"], edition.document["instruments"])
        if row["clause"] is not None:
            name = _("{instrument}, clause {clause}").format(instrument=name, clause=row["clause"])
        first, until = _day(row["suspended_from"]), _day(row["suspended_until"])
        if kind != CHANGED:
            told = (
                _("The suspension of {name} from {first} until {until} is added.")
                if kind == ADDED
                else _("The suspension of {name} from {first} until {until} is dropped.")
            )
            return told.format(name=name, first=first, until=until)
        before = _day(was["suspended_until"])
        if was["suspended_until"] == becomes["suspended_until"]:
            told = _("The suspension of {name} from {first} until {until} stays; what is said of it changes.")
        elif was["suspended_until"] < becomes["suspended_until"]:
            told = _("The suspension of {name} is prolonged: it lasts until {until}, no longer until {before}.")
        else:
            told = _("The suspension of {name} ends early: it lasts until {until}, no longer until {before}.")
        return told.format(name=name, first=first, until=until, before=before)


def code(row: Mapping[str, Any]) -> str:
    """A code of the list with its description."""
    return f"{row['code']} {in_language(row['description_en'], row['description_zh'])}"


def _rule(name: str, kind: str, was: RuleTold | None, becomes: RuleTold | None) -> str:
    if was is None or becomes is None:
        told = _("Rule {name} is added.") if kind == ADDED else _("Rule {name} is dropped.")
    elif was.enabled == becomes.enabled:
        told = _("Rule {name} is changed.")
    else:
        told = _("Rule {name} is enabled.") if becomes.enabled else _("Rule {name} is disabled.")
    return told.format(name=name)


def _day(text: str) -> str:
    return day(date.fromisoformat(text))


def _name(key: tuple[Any, ...]) -> str:
    return " ".join(str(one) for one in key if one is not None)


def _rows(document: Mapping[str, Any], part: str) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """The rows of a part by what names them."""
    rows = document.get(part, ())
    if isinstance(rows, dict):
        return {(name,): row for name, row in sorted(rows.items())}
    return {tuple(row[name] for name in KEYS[part]): row for row in rows}


def _leaves(row: Mapping[str, Any], above: Place = ()) -> Iterator[tuple[Place, tuple[Any, ...]]]:
    """Every place of a row with what stands there: of a list its members, of an empty one that it is empty."""
    for name, value in row.items():
        place = (*above, name)
        if isinstance(value, dict) and value:
            yield from _leaves(value, place)
        else:
            yield place, tuple(value) if isinstance(value, list) and value else (value,)


def _with_unsaid(pieces: tuple[Piece, ...], unsaid: str, *, old: bool) -> Iterator[Piece]:
    """With what holds in the edition that says nothing there, where that is known and another thing."""
    known = unsaid not in ("", *(piece.words for piece in pieces))
    if old and known:
        yield Piece(OLD, unsaid)
    yield from pieces
    if not old and known:
        yield Piece(NEW, unsaid)


def _text(value: Any) -> str:
    """JSON knows true from 1, and 1 from 1.0."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
