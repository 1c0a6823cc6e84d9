"""Two tabs on one draft: what only the other changed is taken, what both changed is a choice. Nothing is overwritten.

A page carries the version that it shows, and the values of its fields (`base`). When the row has moved on, a field
that this tab left alone takes what stands now; one that the other left alone is saved as typed; of one that both
changed, the form asks: whoever ticks `theirs` takes what stands now. Until all is answered the old version is sent to
the verb, which refuses it as stale.

`base` is not signed: it decides only which of his own values somebody sends.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.forms import BaseForm, BaseFormSet, BoundField, FileField
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import DomainError
from core.history import overtaken
from core.languages import listed
from core.web.fields import words_of
from core.web.forms import show_refusal

Part = BaseForm | BaseFormSet
Files = MultiValueDict | None


@dataclass(frozen=True)
class Difference:
    """A field that both changed. name: what `theirs` says to take what stands now."""

    name: str
    label: str
    mine: str
    theirs: str


class Meeting:
    """A page's forms, what was sent in them, and what another tab saved meanwhile.

    parts: makes the forms of the row as it is, the one with the version first; bound to data and files, or not.
    labels: what the formsets are called. merged: values of another tab stand in what is saved. status: of the page.
    """

    def __init__(
        self,
        request: HttpRequest,
        parts: Callable[[QueryDict | None, Files], list[Part]],
        labels: dict[str, Any] | None = None,
    ) -> None:
        self._make, self._labels = parts, labels or {}
        self._sent, self.status = request.method == "POST", 200
        self.differences: list[Difference] = []
        self.left: list[str] = []
        self.lost: list[str] = []  # of a formset: which rows are not saved at all, or that no change of them is
        self.wrong: dict[str, str] = {}  # of rows that were left out: what is wrong with which control
        self._unreadable: dict[str, str] = getattr(
            request, "unreadable", {}
        )  # fields with what forms do not judge: why
        self.reasons: dict[str, str] = {}  # the same, by what they are called, of rows with their line
        self.merged = self.asked = False
        now = parts(None, None)
        self.forms, self.base = now, _base(now)
        if request.POST:
            self._data, self._files = request.POST, request.FILES
            if self._data.get("version") != _version(now) or "theirs" in self._data:
                self._copy()
                if typed := getattr(request, "typed", None):  # what the page shows again is the copy
                    request.typed = replace(typed, data=self._data)
                if self._meet(now):
                    self.asked = True
                    self.base = self._data.get("base", "")
                else:
                    self._agree(_version(now), _base(now))
            self.forms = parts(self._data, self._files)

    def _parts(self, data: QueryDict | None, files: Files) -> list[Part]:
        parts = self._make(data, files)
        for form, called in _forms(parts, self._labels) if data is not None and self._unreadable else ():
            for name, field in form.fields.items():
                if why := self._unreadable.get(form.add_prefix(name)):
                    assert form.errors is not None  # cleans it first, or add_error is undone by that
                    form.add_error(name, why)
                    self.reasons[called(str(field.label))] = why
        return parts

    def save(self, verb: Callable[..., Any]) -> Any:
        """What the verb made of the forms; None when nothing was sent, something is wrong with it or it was refused."""
        if not self._sent:
            return None
        self.status = 422
        right = [form.is_valid() for form in self.forms]  # each says what is wrong with it
        if not all(right):
            return None
        try:
            return verb(*self.forms)
        except DomainError as refusal:
            if refusal.code == "stale":
                self.again()
            show_refusal(self.forms[0], refusal)
            self.status = refusal.status
        return None

    def take(self) -> bool:
        """The forms say what can be taken, and elsewhere what stands; a new row that can't be is left out. `left` is
        what those other fields are called, and `lost` says of rows that more than these fields is not saved.

        Returns whether this can be saved. Raises DomainError 412 stale where another tab saved something meanwhile.
        """
        if self.merged or self.asked:  # the page would go on with values that it does not show
            raise overtaken()
        now = self._parts(None, None)
        left = [(mine, theirs) for mine, theirs in self._fields(now) if mine.wrong]
        if left:
            self._copy()
            self._unreadable = {}  # what stands takes the place of these, too
            for mine, theirs in left:
                if not mine.leave(self._data, theirs):
                    theirs.take(self._data, self._files)
            self.forms = self._parts(self._data, self._files)
        self.left = [label for mine, _theirs in left for label in mine.left]
        self.lost = [mine.lost for mine, _theirs in left if mine.lost]
        self.wrong = {control: words for mine, _theirs in left for control, words in mine.of_rows.items()}
        return all(form.is_valid() for form in self.forms)

    def differs(self) -> bool:
        """The forms say something else than what stands."""
        return any(not _same(mine.values, theirs.values) for mine, theirs in self._fields(self._parts(None, None)))

    def stands(self) -> tuple[str, str]:
        """Version and values of the row as it is now."""
        now = self._parts(None, None)
        return _version(now), _base(now)

    def again(self) -> None:
        """After a refusal as stale: the forms, typed into the row as it is now, and what both changed."""
        now = self._parts(None, None)
        self._copy()
        self.differences = self._meet(now)
        self._agree(_version(now), _base(now))
        self._bind()

    def saved(self, version: int, refusal: DomainError) -> None:
        """What was sent is saved, as this version, and what was to follow is refused: the forms go on from there."""
        self._copy()
        self._files.clear()
        self._agree(str(version), _base(self.forms))
        self._bind()
        show_refusal(self.forms[0], refusal)
        self.status = refusal.status

    def _bind(self) -> None:
        self.forms = self._parts(self._data, self._files)
        for part in self.forms:
            part.is_valid()

    def _copy(self) -> None:
        self._data, self._files = self._data.copy(), self._files.copy()

    def _agree(self, version: str, base: str) -> None:
        """What is sent has met this version, which has these values."""
        self._data["version"], self._data["base"] = version, base
        self._data.setlist("theirs", [])
        self.base = self._data["base"]

    def _meet(self, now: list[Part]) -> list[Difference]:
        """Takes what only the other changed, or what was ticked. What is left: what both changed."""
        moved, seen = self._data.get("version") != _version(now), _read(self._data.get("base", ""))
        ticked = set(self._data.getlist("theirs"))
        asked = []
        for mine, theirs in self._fields(now):
            base = seen.get(theirs.name) if moved else theirs.values
            typed = mine.values if mine.values is not None else base if base is not None else theirs.values
            if _same(typed, theirs.values):
                continue
            if _same(base, typed) or (theirs.name in ticked and _same(base, theirs.values)):
                theirs.take(self._data, self._files)
                self.merged = self.merged or moved
            elif not _same(base, theirs.values):
                asked.append(Difference(theirs.name, theirs.label, mine.words, theirs.words))
        return asked

    def _fields(self, now: list[Part]) -> Iterator[tuple["_Field", "_Field"]]:
        """Each field as it was typed, and as it stands."""
        typed = self._parts(self._data, self._files)
        for mine, theirs in zip(typed, now, strict=True):
            yield from zip(_fields(mine, self._labels), _fields(theirs, self._labels), strict=True)


def _forms(parts: list[Part], labels: dict[str, Any]) -> Iterator[tuple[BaseForm, Callable[[str], str]]]:
    """Each form, and what a field of it is called where others stand beside it."""
    for part in parts:
        if isinstance(part, BaseFormSet):
            label = str(labels.get(part.prefix, ""))
            yield from ((form, partial(_in_row, label, number)) for number, form in enumerate(part.forms))
        else:
            yield part, str


class _Field:
    """A form's field, or all rows of a formset, on a bound form or on one that shows what stands."""

    def __init__(
        self,
        name: str,
        label: str,
        values: list[str] | None,
        words: str,
        take: Callable[..., None],
        wrong: bool = False,
    ) -> None:
        """values: what a browser sends of it; None where it sends nothing, as of a file that was not chosen. wrong: the
        form can't be saved as long as this is so."""
        self.name, self.label, self.values, self.words, self.take = name, label, values, words, take
        self.wrong, self.left, self.of_rows = wrong, [label], dict[str, str]()
        self.lost = ""  # that more than these is not saved
        self.rows: list[BaseForm] = []  # as they stand
        self.leave: Callable[[QueryDict, _Field], bool] = lambda data, now: False


def _fields(part: Part, labels: dict[str, Any]) -> Iterator[_Field]:
    if isinstance(part, BaseFormSet):
        rows = _rows(part)
        wrong = part.is_bound and not part.is_valid()
        field = _Field(part.prefix, str(labels.get(part.prefix, "")), [rows], rows or "–", _taking_rows(part), wrong)
        field.rows = part.initial_forms
        if wrong:
            field.lost = _("{part}: no change is saved until that is right").format(part=field.label)
        if wrong and (left := _wrong_rows(part)):
            field.left = [_in_row(field.label, number, _wrong_fields(form)) for number, form in left.items()]
            field.of_rows = {
                form[name].id_for_label: str(said[0])
                for form in left.values()
                for name, said in form.errors.items()
                if name in form.fields
            }
            field.leave = _leaving(part, left, field)
        yield field
        return
    for bound in part:
        if isinstance(bound.field, FileField):
            yield _file(bound)
        elif not bound.is_hidden:
            values = part.data.getlist(bound.html_name) if part.is_bound else _sent(bound)
            words = _words(bound, bound.data if part.is_bound else bound.value())
            yield _Field(bound.html_name, str(bound.label), values, words, _taking(bound), bool(bound.errors))


def _taking(bound: BoundField) -> Callable[..., None]:
    return lambda data, files: data.setlist(bound.html_name, _sent(bound))


def _file(bound: BoundField) -> _Field:
    """A file that is handed in replaces the one that the row has; a browser does not send it again by itself."""
    if bound.form.is_bound:
        values = [f"new {bound.data.name}"] if bound.data else None
        words = _("{name} (choose it again if it is to be kept)").format(name=bound.data.name) if bound.data else ""
    else:
        document = getattr(bound.form.instance, bound.name)
        values, words = [str(document.pk) if document else ""], document.name if document else "–"
    return _Field(
        bound.html_name, str(bound.label), values, words, lambda data, files: files.pop(bound.html_name, None)
    )


def _taking_rows(formset: BaseFormSet) -> Callable[..., None]:
    def take(data: QueryDict, files: Files) -> None:
        for name in [name for name in data if name.startswith(f"{formset.prefix}-")]:
            del data[name]
        for form in (formset.management_form, *formset.initial_forms):
            for bound in form:
                data.setlist(bound.html_name, _sent(bound))
        data[formset.management_form.add_prefix("TOTAL_FORMS")] = str(len(formset.initial_forms))

    return take


def _wrong_rows(formset: BaseFormSet) -> dict[int, BaseForm]:
    """By number from 0, without those to be deleted; none where something is wrong with all rows together."""
    if formset.non_form_errors():
        return {}
    rows = enumerate(formset.forms)
    return {number: form for number, form in rows if form.errors and not form.data.get(form.add_prefix("DELETE"))}


def _wrong_fields(form: BaseForm) -> str:
    return listed(form.fields[name].label for name in form.errors if name in form.fields)


def _in_row(label: str, number: int, fields: str) -> str:
    return _("{part}, line {number}: {fields}").format(part=label, number=number + 1, fields=fields)


def _leaving(formset: BaseFormSet, left: dict[int, BaseForm], field: _Field) -> Callable[[QueryDict, _Field], bool]:
    """Takes out of these rows what is wrong, or all of a row that is nothing without it: what stood there when the page
    was opened comes in its place. No new row goes where one that was added on the page stands already, as nobody knows
    any more which that is."""
    first = formset.initial_form_count()
    whole = [number for number, form in left.items() if any(map(_needed(form, number >= first), form.errors))]

    def leave(data: QueryDict, now: _Field) -> bool:
        if whole and max(whole) >= first and len(now.rows) > first:
            return False
        for number, form in left.items():
            for name in form.fields if number in whole else form.errors:
                stands = _sent(now.rows[number][name]) if number < first else []
                data.setlist(form.add_prefix(name), stands)
        numbers = listed(number + 1 for number in whole)
        lost = ngettext(
            "{part}: line {numbers} is not saved until that is right",
            "{part}: lines {numbers} are not saved until that is right",
            len(whole),
        )
        field.lost = lost.format(part=field.label, numbers=numbers) if whole else ""
        return True

    return leave


def _needed(form: BaseForm, new: bool) -> Callable[[str], bool]:
    """Of the name of what is wrong: whether the row is nothing without that. A new one would say what the form proposes
    there, which nobody said."""
    return lambda name: (
        name not in form.fields or form.fields[name].required or new and form.fields[name].initial is not None
    )


def _version(now: list[Part]) -> str:
    assert isinstance(now[0], BaseForm)
    return str(now[0]["version"].value())


def _base(now: list[Part]) -> str:
    """The values of each field, for the page to carry."""
    found = {field.name: field.values for part in now for field in _fields(part, {})}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _read(base: str) -> dict[str, list[str]]:
    """What a page carried; nothing where it was not one of ours, and then everything that differs is asked."""
    try:
        found = json.loads(base)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _same(one: Any, other: list[Any]) -> bool:
    return isinstance(one, list) and _plain(one) == _plain(other)


def _plain(values: list[Any]) -> list[str]:
    """The texts, without what a browser or a form adds or takes away."""
    texts = [value for value in values if isinstance(value, str)]
    return sorted("\n".join(text.split("\r\n")).strip() for text in texts if text.strip())


def _sent(bound: BoundField) -> list[str]:
    """What a browser sends of the field untouched."""
    value = bound.value()
    if value is None or value is False:
        return []
    if value is True:
        return ["on"]
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _words(bound: BoundField, value: Any) -> str:
    choices = words_of(getattr(bound.field, "choices", ()))
    if isinstance(value, bool) or bound.widget_type == "checkbox":
        return _("Yes") if value else _("No")
    values = value if isinstance(value, list | tuple) else [value]
    return listed(choices.get(str(item), item) for item in values if item not in (None, "")) or "–"


def _rows(formset: BaseFormSet) -> str:
    """A formset's rows in one text, row by row, without those that nobody began or that are to be deleted."""
    rows = []
    for form in formset.forms if formset.is_bound else formset.initial_forms:
        values = [str(bound.data or "" if form.is_bound else bound.value() or "") for bound in form]
        begun = any(value not in ("", bound.field.initial) for bound, value in zip(form, values, strict=True))
        deleted = form.is_bound and form.data.get(form.add_prefix("DELETE"))
        if begun and not deleted:
            rows.append(" · ".join(value for value in values if value))
    return "\n".join(rows)
