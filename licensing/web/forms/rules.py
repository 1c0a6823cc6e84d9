"""Rows of a draft's rules as forms: a field for each of their leaves, named by its place (`match/end_use.code`)."""

import copy
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.languages import in_language, label_order
from core.templatetags.lodestone import unit_word
from core.web.fields import DayField, TickedFirst
from core.web.forms import StepForm, length_of, read_upload
from licensing.models import ControlItem, DecisionStep, Draft, PolicyEdition
from licensing.policy import shape
from licensing.policy.edits import NAMED
from licensing.policy.thresholds import COUNTED_MOST, LOOKED_BACK_MOST
from licensing.policy.vocabulary import (
    CHANNELS,
    CLEARANCES_LEAST,
    CLEARANCES_MOST,
    CODE,
    COUNTRY,
    END_USE,
    FACTS,
    JUDGED,
    MONTHS,
    MONTHS_MOST,
    OF_THE_MINISTRY,
    REPORT_DAYS_MOST,
    RULED,
    UNTIMED,
    Kind,
)
from licensing.web.forms.check import choices
from licensing.words import terms, thresholds
from licensing.words.rules import AUTHORITIES
from licensing.words.sentences import HIT

TITLE = length_of(Draft, "title_en")
PARTS = {
    "rules": gettext_lazy("Rules"),
    "windows": gettext_lazy("Suspension windows"),
    "instruments": gettext_lazy("Instruments"),
    "codes": gettext_lazy("Control codes"),
    "groups": gettext_lazy("Groups of destinations"),
    "end_uses": gettext_lazy("End-uses"),
    "invariants": gettext_lazy("What holds everywhere"),
    "holds": gettext_lazy("Holds"),
    "thresholds": gettext_lazy("Test for annual licenses"),
}


# --- fields -----------------------------------------------------------------------------------------------
class Names(forms.CharField):
    """Several names, separated by commas; none is nothing."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [name for name in re.split(r"[\s,;，；]+", super().to_python(value)) if name]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != self.to_python(data)

    def run_validators(self, value: Any) -> None:
        super().run_validators(", ".join(value))


class Several(forms.MultipleChoiceField):
    """Some of a few, as boxes to tick."""

    widget = forms.CheckboxSelectMultiple


class YesNo(forms.TypedChoiceField):
    """Yes, no, or not looked at."""

    def __init__(self, **kwargs: Any) -> None:
        words = [("", gettext_lazy("not looked at")), ("yes", terms.YES), ("no", terms.NO)]
        super().__init__(choices=choices(words), coerce=lambda text: text == "yes", empty_value=None, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return {True: "yes", False: "no"}.get(value, value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class Share(forms.RegexField):
    """A share from 0 to 1, as it is written."""

    def __init__(self, **kwargs: Any) -> None:
        message = gettext_lazy("Write a share between 0 and 1, for example 0.001.")
        super().__init__(r"^(0(\.[0-9]{1,12})?|1(\.0{1,12})?)$", error_messages={"invalid": message}, **kwargs)


class Lines(forms.CharField):
    """Names with a day each, one a line: `4: 2025-11-08`."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{name}: {on}" for name, on in value.items()) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        found = {}
        for line in filter(None, (one.strip() for one in super().to_python(value).splitlines())):
            name, _colon, on = (part.strip() for part in line.rpartition(":"))
            try:
                found[name] = date.fromisoformat(on).isoformat()
            except ValueError:
                raise forms.ValidationError(
                    _("Write a clause and its day on each line, for example 4: 2025-11-08.")
                ) from None
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial or {}) != (data or "").strip().replace("\r\n", "\n")

    def run_validators(self, value: Any) -> None: ...


class Document(forms.JSONField):
    """A part of the text as it stands there."""

    widget = forms.Textarea(attrs={"rows": 6, "spellcheck": "false"})

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError):
            raise forms.ValidationError(self.error_messages["invalid"], "invalid", {"value": value}) from None

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else json.dumps(value or [], ensure_ascii=False, indent=1)


# --- which fields a part has ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Section:
    """Fields that belong together; folded where hardly anybody needs them."""

    title: "str | Promise"
    fields: Mapping[str, forms.Field]
    folded: bool = False


def _text(label: Any, *, lines: int = 0, required: bool = True, **more: Any) -> forms.CharField:
    widget = {"widget": forms.Textarea(attrs={"rows": lines})} if lines else {}
    return forms.CharField(label=label, required=required, max_length=shape.TEXT["maxLength"], **widget, **more)


def _name(label: Any, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=shape.NAME["maxLength"], **more)


def _several(
    label: Any, words: Mapping[str, Any] | Iterable[tuple[str, Any]], required: bool = False, **more: Any
) -> Several:
    pairs = words.items() if isinstance(words, Mapping) else words
    return Several(label=label, choices=choices(pairs), required=required, **more)


def _one(label: Any, words: Mapping[str, Any], *, required: bool = True, **more: Any) -> forms.ChoiceField:
    none = [] if required else [("", "—")]
    return forms.ChoiceField(label=label, choices=[*none, *choices(words.items())], required=required, **more)


def _countries(label: Any, countries: Mapping[str, str], required: bool = False) -> forms.MultipleChoiceField:
    pairs = sorted(countries.items(), key=lambda pair: label_order(pair[1]))
    return forms.MultipleChoiceField(label=label, choices=pairs, required=required, widget=TickedFirst)


def sections(part: str, document: Mapping[str, Any], countries: Mapping[str, str]) -> list[Section]:
    """What a row of this part is made of, in the order in which one thinks of it. countries: names by code."""
    return {
        "rules": _rule,
        "windows": _window,
        "instruments": _instrument,
        "codes": _code,
        "groups": _group,
        "end_uses": _end_use,
        "invariants": _invariant,
        "holds": _hold,
        "thresholds": _threshold,
    }[part](document, countries)


def _instruments(document: Mapping[str, Any]) -> dict[str, str]:
    return {
        row["id"]: f"{row['id']} · {in_language(row['title_en'], row['title_zh'])}" for row in document["instruments"]
    }


def _named(rows: Mapping[str, Any]) -> dict[str, str]:
    return {name: in_language(row["en"], row["zh"]) for name, row in rows.items()}


def _lists(document: Mapping[str, Any], key: str) -> dict[str, str]:
    return {name: name for name in sorted({row[key] for row in document["codes"]} | {"none"})}


def _looked_at(name: str) -> forms.Field:
    fact = FACTS[name]
    label = terms.FACTS[name]
    if fact.kind is Kind.FLAG:
        return YesNo(label=label, required=False)
    return _several(label, terms.VALUES[name])


def _when(document: Mapping[str, Any], countries: Mapping[str, str], *, but: Iterable[str] = ()) -> list[Section]:
    """Which cases: what hardly any rule looks at is folded. but: facts that are not asked for."""
    prefixes = gettext_lazy("How the code begins: 1C905 is all below it. Several: with commas. Empty: not looked at.")
    rest = ("exporter.territory", "transaction.purpose", "item.cn_technology")
    return [
        Section(
            gettext_lazy("Which cases"),
            {
                "match/item.control_code_prefix": Names(
                    label=terms.FACTS[CODE], required=False, max_length=2_000, help_text=prefixes
                ),
                f"match/{COUNTRY}": _countries(terms.FACTS[COUNTRY], countries),
                "match/destination.group": _several(
                    PARTS["groups"],
                    _named(document["groups"]),
                    help_text="" if document["groups"] else gettext_lazy("This draft has none."),
                ),
                f"match/{END_USE}": _several(terms.FACTS[END_USE], _named(document["end_uses"])),
                "match/end_user.class": _looked_at("end_user.class"),
            },
        ),
        Section(
            gettext_lazy("More conditions: screening, exporter, kind of transaction, list, element, origin"),
            {f"match/{name}": _looked_at(name) for name in (*OF_THE_MINISTRY, *rest) if name not in but}
            | {
                "match/item.list": _several(
                    terms.FACTS["item.list"], {**_lists(document, "list"), **terms.VALUES["item.list"]}
                ),
                "match/item.category": _several(
                    terms.FACTS["item.category"], {**_lists(document, "category"), **terms.VALUES["item.category"]}
                ),
                "match/item.element": Names(label=terms.FACTS["item.element"], required=False, max_length=400),
                "match/item.origin": _countries(terms.FACTS["item.origin"], countries),
                "match/item.cn_input_value_share/gte": Share(
                    label=terms.FACTS["item.cn_input_value_share"],
                    required=False,
                    help_text=gettext_lazy("From this share on."),
                ),
            },
            folded=True,
        ),
    ]


def _rule(document: Mapping[str, Any], countries: Mapping[str, str]) -> list[Section]:
    papers = {**terms.PAPERS, **{name: name for row in document["rules"] for name in row["effect"].get("require", ())}}
    papers = {name: terms.word(terms.PAPERS, name) for name in papers}
    dispositions = {name: terms.DISPOSITIONS[name] for name in RULED}
    channels = {name: terms.CHANNELS[name] for name in CHANNELS}
    return [
        *_when(document, countries),
        Section(
            gettext_lazy("Then"),
            {
                "effect/control": forms.BooleanField(
                    label=gettext_lazy("It needs a license"),
                    required=False,
                    help_text=gettext_lazy("Leave it empty where another rule controls these goods already."),
                ),
                "effect/disposition": _one(
                    gettext_lazy("Outcome"),
                    dispositions,
                    required=False,
                    help_text=gettext_lazy("Of several rules the strictest counts. “Prohibited” closes every way."),
                ),
                "effect/grant": _several(gettext_lazy("Opens"), channels),
                "effect/remove": _several(gettext_lazy("Closes"), channels),
                "effect/require": _several(gettext_lazy("Papers"), papers),
            },
        ),
        Section(
            gettext_lazy("More effects: clock, months, clearances, tolerance, reports, conditions"),
            {
                "effect/clock": _one(
                    gettext_lazy("Clock of the case"),
                    {UNTIMED: gettext_lazy("no working days are counted")},
                    required=False,
                ),
                "effect/params/max_validity_months": forms.IntegerField(
                    label=gettext_lazy("Valid for at most, months"),
                    min_value=1,
                    max_value=MONTHS_MOST["annual"],
                    required=False,
                    help_text=format_lazy(
                        gettext_lazy("Empty: {months}. A per-shipment license never lasts longer than {most}."),
                        months=MONTHS,
                        most=MONTHS_MOST["single"],
                    ),
                ),
                "effect/params/max_clearances": forms.IntegerField(
                    label=gettext_lazy("Clearances at most"),
                    min_value=CLEARANCES_LEAST,
                    max_value=CLEARANCES_MOST,
                    required=False,
                ),
                "effect/params/report_days_after_shipment": forms.IntegerField(
                    label=gettext_lazy("Report after each shipment, days"),
                    min_value=1,
                    max_value=REPORT_DAYS_MOST,
                    required=False,
                ),
                "effect/params/qty_tolerance_mode": _one(gettext_lazy("Tolerance"), terms.TOLERANCES, required=False),
                "effect/params/qty_tolerance_pct": Share(label=gettext_lazy("Tolerance, a share"), required=False),
                "effect/params/conditions": _several(gettext_lazy("Conditions"), DecisionStep.Condition.choices),
                "overrides_disposition_of": _several(
                    gettext_lazy("Takes away the outcome of"),
                    {row["id"]: row["id"] for row in document["rules"] if "overrides_disposition_of" not in row},
                ),
            },
            folded=True,
        ),
        Section(
            gettext_lazy("Whom it hits"),
            {
                "applies_to": _several(
                    gettext_lazy("It counts for"),
                    HIT,
                    required=True,
                    help_text=gettext_lazy(
                        "Questions to the check count as new applications. "
                        "A ban that is to stop what is licensed already counts for licenses in force, too."
                    ),
                ),
                "transition/until": DayField(
                    label=gettext_lazy("Grace: what was reserved before may still be shipped until"), required=False
                ),
                "transition/contracts_signed_before": DayField(
                    label=gettext_lazy("Grace only for contracts signed before"), required=False
                ),
            },
        ),
        Section(
            gettext_lazy("From when, until when"),
            {
                "enabled": forms.BooleanField(label=gettext_lazy("It is enabled"), required=False),
                "effective_from": DayField(
                    label=gettext_lazy("First day"),
                    required=False,
                    help_text=gettext_lazy("Empty: as its clause, or its instrument, says."),
                ),
                "effective_to": DayField(label=gettext_lazy("Last day"), required=False),
            },
        ),
        Section(
            gettext_lazy("Why"),
            {
                "id": _name(gettext_lazy("Number"), help_text=gettext_lazy("For example R050")),
                "instrument": _one(
                    gettext_lazy("Instrument"),
                    _instruments(document),
                    help_text=gettext_lazy("One that is not here is added to the instruments of this draft first."),
                ),
                "clause": _name(gettext_lazy("Clause"), help_text=gettext_lazy("For example 1, or 4-6.")),
                "rationale_en": _text(gettext_lazy("What readers are told, in English"), lines=3),
                "rationale_zh": _text(gettext_lazy("What readers are told, in Chinese"), lines=3),
                "authority": _one(gettext_lazy("Stands on"), AUTHORITIES),
                "verified": forms.BooleanField(
                    label=gettext_lazy("Checked against the text of the provision"), required=False
                ),
                "source": _text(gettext_lazy("Source"), help_text=gettext_lazy("Where its text can be read.")),
            },
        ),
    ]


def _window(document: Mapping[str, Any], countries: Mapping[str, str]) -> list[Section]:
    return [
        Section(
            gettext_lazy("Suspension window"),
            {
                "instrument": _one(gettext_lazy("Instrument"), _instruments(document)),
                "clause": forms.CharField(
                    label=gettext_lazy("Clause"),
                    max_length=shape.NAME["maxLength"],
                    required=False,
                    empty_value=None,
                    help_text=gettext_lazy("Empty: all of it."),
                ),
                "suspended_from": DayField(label=gettext_lazy("First day")),
                "suspended_until": DayField(
                    label=gettext_lazy("Last day"),
                    help_text=gettext_lazy("It is suspended on this day, too. To prolong, choose a later one."),
                ),
                "by": _text(
                    gettext_lazy("By which announcement"),
                    help_text=gettext_lazy("The one that says so: readers see it beside these days."),
                ),
            },
        )
    ]


def _instrument(document: Mapping[str, Any], countries: Mapping[str, str]) -> list[Section]:
    return [
        Section(
            gettext_lazy("Instrument"),
            {
                "id": _name(gettext_lazy("Number")),
                "title_en": _text(gettext_lazy("Title in English")),
                "title_zh": _text(gettext_lazy("Title in Chinese")),
                "published": DayField(label=gettext_lazy("Published")),
                "effective_from": DayField(label=gettext_lazy("First day")),
                "effective_to": DayField(label=gettext_lazy("Last day"), required=False),
                "clauses": Lines(
                    label=gettext_lazy("Clauses that begin on another day"),
                    required=False,
                    help_text=gettext_lazy("One a line, for example 4: 2025-11-08."),
                ),
                "authority": _one(gettext_lazy("Stands on"), AUTHORITIES),
                "source": _text(gettext_lazy("Source")),
                "note": _text(gettext_lazy("Note"), lines=2, required=False),
            },
        )
    ]


def _code(document: Mapping[str, Any], countries: Mapping[str, str]) -> list[Section]:
    return [
        Section(
            gettext_lazy("Control code"),
            {
                "code": _name(gettext_lazy("Code")),
                "description_en": _text(gettext_lazy("Description in English"), lines=2),
                "description_zh": _text(gettext_lazy("Description in Chinese"), lines=2, required=False),
                "official": forms.BooleanField(label=gettext_lazy("It stands so in the announcement"), required=False),
                "list": _name(gettext_lazy("List")),
                "instrument": _one(gettext_lazy("Instrument"), _instruments(document)),
                "category": _name(gettext_lazy("Category")),
                "element": forms.CharField(
                    label=terms.FACTS["item.element"], max_length=length_of(ControlItem, "element"), required=False
                ),
                "hs_codes": Names(label=gettext_lazy("HS codes"), required=False, max_length=2_000),
                "unit": _one(gettext_lazy("Unit"), {unit: unit_word(unit) for unit in shape.UNITS}),
                "confidence": _name(gettext_lazy("Confidence")),
                "source": _text(gettext_lazy("Source")),
                "note": _text(gettext_lazy("Note"), lines=2, required=False),
            },
        )
    ]


def _group(document: Mapping[str, Any], countries: Mapping[str, str]) -> list[Section]:
    fields = {**_words(), "countries": _countries(gettext_lazy("Countries"), countries, required=True)}
    return [Section(gettext_lazy("Group of destinations"), fields)]


def _end_use(document: Mapping[str, Any], countries: Mapping[str, str]) -> list[Section]:
    return [Section(gettext_lazy("End-use"), _words())]


def _words() -> dict[str, forms.Field]:
    return {
        NAMED: _name(gettext_lazy("Short name")),
        "en": _text(gettext_lazy("Name in English")),
        "zh": _text(gettext_lazy("Name in Chinese")),
    }


def _invariant(document: Mapping[str, Any], countries: Mapping[str, str]) -> list[Section]:
    dispositions = {name: terms.DISPOSITIONS[name] for name in RULED}
    return [
        Section(
            gettext_lazy("What holds everywhere"),
            {
                "id": _name(gettext_lazy("Number")),
                "sentence_en": _text(gettext_lazy("The promise in English"), lines=2),
                "sentence_zh": _text(gettext_lazy("The promise in Chinese"), lines=2),
                "basis": _text(gettext_lazy("Its basis, and why it is changed")),
                "when": Document(
                    label=gettext_lazy("Of which cases"),
                    required=False,
                    help_text=gettext_lazy("Matches as they stand in the text; of any of them. Empty ([]): of all."),
                ),
                "then/without_channels": _several(gettext_lazy("Never opens"), terms.CHANNELS),
                "then/at_least": _one(gettext_lazy("At least as strict as"), dispositions, required=False),
                "then/never": _several(gettext_lazy("Never has the outcome"), dispositions),
                "then/has_channel": forms.BooleanField(
                    label=gettext_lazy("Some channel is open, unless it is prohibited"), required=False
                ),
                "struck": _text(
                    gettext_lazy("Why it holds no more"),
                    required=False,
                    help_text=gettext_lazy("Only to strike it: once that is in force, a later draft may drop the row."),
                ),
            },
        )
    ]


def _hold(document: Mapping[str, Any], countries: Mapping[str, str]) -> list[Section]:
    return [
        *_when(document, countries, but=OF_THE_MINISTRY),
        Section(
            gettext_lazy("Then"),
            {
                "id": _name(gettext_lazy("Number"), help_text=gettext_lazy("For example H001")),
                "from": DayField(label=gettext_lazy("First day")),
                "until": DayField(label=gettext_lazy("Last day"), required=False),
                "reason_en": _text(gettext_lazy("What readers are told, in English"), lines=3),
                "reason_zh": _text(gettext_lazy("What readers are told, in Chinese"), lines=3),
                "owner": _text(gettext_lazy("Who ends it")),
                "reservations": forms.BooleanField(
                    label=gettext_lazy("Reservations on licenses in force are refused, too"), required=False
                ),
            },
        ),
    ]


def _threshold(document: Mapping[str, Any], countries: Mapping[str, str]) -> list[Section]:
    return [
        Section(
            gettext_lazy("Threshold of the test for annual licenses"),
            {
                "id": _one(gettext_lazy("What is counted"), thresholds.NAMES),
                "number": forms.IntegerField(
                    label=gettext_lazy("How many"),
                    min_value=0,
                    max_value=COUNTED_MOST,
                    required=False,
                    help_text=gettext_lazy(
                        "Days since the account was verified; clearances at least; incidents, and suspensions by "
                        "enforcement, at most. Empty for the audit."
                    ),
                ),
                "months": forms.IntegerField(
                    label=gettext_lazy("Months looked back on"),
                    min_value=1,
                    max_value=LOOKED_BACK_MOST,
                    required=False,
                    help_text=gettext_lazy("Of the audit: how old it may be. Empty for the time since verification."),
                ),
                "authority": _one(gettext_lazy("Stands on"), AUTHORITIES),
                "verified": forms.BooleanField(
                    label=gettext_lazy("Checked against the text of the provision"), required=False
                ),
                "source": _text(gettext_lazy("Source")),
            },
        )
    ]


# --- the form ---------------------------------------------------------------------------------------------
BEGUN: Mapping[str, dict[str, Any]] = {
    "rules": {"match": {}, "effect": {}, "verified": False, "applies_to": [*JUDGED]},
    "windows": {"clause": None},
    "codes": {"official": False, "element": "", "description_zh": "", "note": "", "hs_codes": []},
    "invariants": {"then": {}},
    "holds": {"match": {}, "until": None},
    "thresholds": {"verified": False},
}
EMPTY = (None, "", [], {})
KEPT_EMPTY: Mapping[str, set[str]] = {  # what must stand in a row though it be empty
    "rules": {"match", "effect"},
    "windows": {"clause"},
    "codes": {"element", "description_zh", "note", "hs_codes"},
    "invariants": {"then"},
    "holds": {"match", "until"},
}
ENABLED = "enabled"  # of a rule, unless it says otherwise


class RowForm(StepForm):
    """A row of a part. current: as it stands; None: a new one. texts: fields that take several lines."""

    texts = frozenset(
        ("rationale_en", "rationale_zh", "clauses", "note", "description_en", "description_zh")
        + ("sentence_en", "sentence_zh", "when", "reason_en", "reason_zh")
    )

    def __init__(
        self,
        *args: Any,
        part: str,
        document: Mapping[str, Any],
        countries: Mapping[str, str],
        current: Mapping[str, Any] | None,
        place: int = 0,
        **kwargs: Any,
    ) -> None:
        self.place = {str(place), "-"}  # where it stands among the part's rows; "-" wherever that is
        self.part, self.current = part, copy.deepcopy(dict(BEGUN.get(part, {}) if current is None else current))
        self.parts = sections(part, document, countries)
        fields = {name: field for section in self.parts for name, field in section.fields.items()}
        kwargs["initial"] = {name: _at(self.current, name) for name in fields} | (kwargs.get("initial") or {})
        if ENABLED in fields:
            kwargs["initial"][ENABLED] = self.current.get(ENABLED, True)
        super().__init__(*args, **kwargs)
        self.fields.update(fields)

    def sections(self) -> Iterator[tuple[Section, list[Any], bool]]:
        """Each with its bound fields, and whether it is to be shown unfolded."""
        for section in self.parts:
            bound = [self[name] for name in section.fields]
            yield section, bound, not section.folded or any(one.errors or one.initial for one in bound)

    def facts(self) -> dict[str, Any]:
        """The row as it is to stand: what was not touched is as it was."""
        row = copy.deepcopy(self.current)
        for name in self.changed_data:
            _put(row, name.split("/"), _plain(self.cleaned_data[name]), KEPT_EMPTY.get(self.part, set()))
        return {"row": row}

    def field_for(self, pointer: str) -> str:
        """The field of a flaw of this row: the last one whose place the pointer begins with."""
        part, at, *leaf = [*pointer.strip("/").split("/"), "", ""]
        if part != self.part or at not in self.place:
            return ""
        place = "/".join(leaf).rstrip("/")
        fitting = [name for name in self.fields if place == name or place.startswith(f"{name}/")]
        return max(fitting, key=len, default="")


def _at(row: Mapping[str, Any], name: str) -> Any:
    found: Any = row
    for key in name.split("/"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _put(row: dict[str, Any], path: Sequence[str], value: Any, kept: Collection[str] = ()) -> None:
    """Empty is gone, with what then holds nothing; what must stand there stays, empty."""
    if len(path) > 1:
        inner = row.setdefault(path[0], {})
        _put(inner, path[1:], value)
        value = inner
    no = value is False and path[0] in ("control", "has_channel")  # they say yes, or nothing
    if no or value in EMPTY and path[0] not in kept:
        row.pop(path[0], None)
    else:
        row[path[0]] = value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


# --- the draft's steps ------------------------------------------------------------------------------------
def _statement(label: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 12})
    return forms.CharField(label=label, required=False, max_length=50_000, widget=widget)


def _title(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=TITLE,
        help_text=gettext_lazy("What it is about, in a few words."),
    )


class DescribeForm(StepForm):
    title_en = _title(gettext_lazy("Title in English"))
    title_zh = _title(gettext_lazy("Title in Chinese"))
    starts_on = DayField(
        label=gettext_lazy("In force from"),
        required=False,
        help_text=gettext_lazy("From 00:00 of that day, Beijing time."),
    )
    statement_en = _statement(gettext_lazy("Public statement in English"))
    statement_zh = _statement(gettext_lazy("Public statement in Chinese"))

    def __init__(self, *args: Any, row: Any = None, **kwargs: Any) -> None:
        said = {name: getattr(row, name) for name in self.base_fields} if row else {}
        super().__init__(*args, row=row, initial=said | (kwargs.pop("initial", None) or {}), **kwargs)


class PublishForm(StepForm):
    until = DayField(
        label=gettext_lazy("Comments until"), help_text=gettext_lazy("The last day on which companies comment on it.")
    )


class CommentForm(StepForm):
    text = forms.CharField(
        label=gettext_lazy("Your comment"),
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("The ministry reads it, with your name and your company's. Other companies do not."),
    )


class LoadForm(StepForm):
    file = forms.FileField(
        label=gettext_lazy("Rules as a file"),
        help_text=gettext_lazy("JSON as an edition is downloaded. It takes the place of all rules of this draft."),
    )

    def facts(self) -> dict[str, Any]:
        return {"file": read_upload(self.cleaned_data["file"])}


class BeginForm(forms.Form):
    """A draft is begun: what it is about, and whose text it has at first."""

    title = forms.CharField(label=gettext_lazy("What is to change"), max_length=TITLE)
    base = forms.CharField(max_length=length_of(PolicyEdition, "code"), required=False, widget=forms.HiddenInput)
    window = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)  # whose row is to be opened
