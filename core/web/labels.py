"""What was typed as its writer saw it: each field by its label, each choice by its own. Hidden fields are left out."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from core.characters import without
from core.languages import listed
from core.web.fields import words_of

Said = list[tuple[str, str]]


def said(form: forms.BaseForm) -> Said:
    """What was typed into a form that is known."""
    found = [
        (str(bound.label), _in_words(bound.field, bound.data, getattr(bound.field, "choices", ())))
        for bound in form
        if not bound.is_hidden
    ]
    return [(label, words) for label, words in found if words]


def said_by_name(data: QueryDict) -> Said:
    """What was typed, where only the names of the fields are at hand: of the forms that have them the one that fits.

    Reads no database, so that it can be said when that is away.
    """
    found = []
    for _row, names in groupby(data, key=lambda name: name.rpartition("-")[0]):
        fields = {name: name.rpartition("-")[2] for name in names}
        form = _fitting(set(fields.values()))
        for name, plain in fields.items():
            label, field = _field(form, plain)
            choices = getattr(field, "choices", ())  # those that the code has; what else is asked of the database
            words = _in_words(field, data.getlist(name), choices if isinstance(choices, list) else ())
            found.append((label, words if label else ""))
    return [(label, words) for label, words in found if words]


def _in_words(field: forms.Field | None, value: Any, choices: Iterable[Any]) -> str:
    if field is not None and isinstance(field.widget, forms.CheckboxInput):
        return _("Yes") if value else ""
    values = value if isinstance(value, list | tuple) else [value]
    words = words_of(choices)
    shown = (words.get(str(one), getattr(one, "name", one)) for one in values if one not in (None, ""))
    return listed(without(str(one), several_lines=True) for one in shown)


def _fitting(names: set[str]) -> type[forms.BaseForm] | None:
    """The smallest of the forms that have the most of these fields."""

    def fits(kind: type[forms.BaseForm]) -> tuple[int, int]:
        return sum(bool(_field(kind, name)[0]) for name in names), -len(kind.base_fields)

    return max(_kinds(forms.BaseForm), key=fits, default=None)


def _kinds(kind: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    for one in kind.__subclasses__():
        if getattr(one, "base_fields", None):
            yield one
        yield from _kinds(one)


def _field(form: type[forms.BaseForm] | None, name: str) -> tuple[str, forms.Field | None]:
    """The field's label and itself; no label for one that is hidden or of another form."""
    field = getattr(form, "base_fields", {}).get(name)
    if field is not None:
        return ("" if field.widget.is_hidden else str(field.label or "")), field
    start, _bar, number = name.rpartition("_")
    numbered = getattr(form, "numbered", {}).get(start)
    return (str(numbered).format(number=number) if numbered and number.isdigit() else ""), None
