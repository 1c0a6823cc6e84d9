"""Two tabs on one draft: what was typed beside what stands now, and a choice for each field. Nothing is overwritten.

A form that carries a version is refused with `stale` when the row moved on. Its page shows the form again, with the
new version and the differences; whoever ticks `theirs` for a field takes what stands now, everything else is saved as
typed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm, BaseFormSet, BoundField
from django.http import QueryDict
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Difference:
    """A field that was typed otherwise than it stands now. name: what `theirs` says to take the latter."""

    name: str
    label: str
    mine: str
    theirs: str


Part = BaseForm | BaseFormSet


def meet(
    data: QueryDict, parts: Callable[[QueryDict | None], list[Part]], labels: dict[str, Any] | None = None
) -> tuple[list[Part], list[Difference]]:
    """The forms again, typed into the present version, and where they differ from what stands now.

    parts: the page's forms of the row as it is, the one with the version first; bound to data, or not.
    labels: what the formsets are called.
    """
    now = parts(None)
    assert isinstance(now[0], BaseForm)
    typed = parts(_with_version(data, now[0]["version"].value()))
    for part in typed:
        part.is_valid()
    return typed, _differences(typed, now, labels or {})


def chosen(data: QueryDict, now: Iterable[Part]) -> QueryDict:
    """What was sent, with what stands now in each field that `theirs` names. now: unbound forms of the row as it is."""
    taken = set(data.getlist("theirs"))
    if not taken:
        return data
    data = data.copy()
    for part in now:
        if isinstance(part, BaseForm):
            for bound in part:
                if bound.html_name in taken:
                    data.setlist(bound.html_name, _sent(bound))
        elif part.prefix in taken:
            for name in [name for name in data if name.startswith(f"{part.prefix}-")]:
                del data[name]
            for form in (part.management_form, *part.initial_forms):
                for bound in form:
                    data.setlist(bound.html_name, _sent(bound))
            data[part.management_form.add_prefix("TOTAL_FORMS")] = str(len(part.initial_forms))
    return data


def _differences(typed: Iterable[Part], now: Iterable[Part], labels: dict[str, Any]) -> list[Difference]:
    """Each field of the typed forms that says otherwise than the row as it is. labels: of the formsets."""
    found = []
    for mine, theirs in zip(typed, now, strict=True):
        if isinstance(mine, BaseForm):
            for bound, present in zip(mine, theirs, strict=True):
                words = (_words(bound, bound.data), _words(present, present.value()))
                # a date that stands as text counts as changed, and yet there is nothing to choose
                changed = not bound.is_hidden and bound.field.has_changed(present.value(), bound.data)
                if changed and words[0] != words[1]:
                    found.append(Difference(bound.html_name, str(bound.label), *words))
        elif (rows := _rows(mine)) != (present_rows := _rows(theirs)):
            found.append(Difference(mine.prefix, str(labels[mine.prefix]), rows, present_rows))
    return found


def _with_version(data: QueryDict, version: int) -> QueryDict:
    """The same, as typed into the row's present version; the choices were made and are asked anew."""
    data = data.copy()
    data["version"] = str(version)
    data.pop("theirs", None)
    return data


def _sent(bound: BoundField) -> list[str]:
    """What a browser sends of the field untouched."""
    value = bound.value()
    if value is None or value is False:
        return []
    if value is True:
        return ["on"]
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _words(bound: BoundField, value: Any) -> str:
    choices = {str(key): str(label) for key, label in getattr(bound.field, "choices", ())}
    if isinstance(value, bool) or bound.widget_type == "checkbox":
        return _("Yes") if value else _("No")
    values = value if isinstance(value, list | tuple) else [value]
    return ", ".join(choices.get(str(item), str(item)) for item in values if item not in (None, "")) or "–"


def _rows(formset: BaseFormSet) -> str:
    """A formset's rows in one text, row by row, without those that are empty or to be deleted."""
    rows = []
    for form in formset.forms if formset.is_bound else formset.initial_forms:
        values = [str(bound.data or "" if form.is_bound else bound.value() or "") for bound in form]
        deleted = form.is_bound and form.data.get(form.add_prefix("DELETE"))
        if any(values) and not deleted:
            rows.append(" · ".join(value for value in values if value))
    return "\n".join(rows) or "–"
