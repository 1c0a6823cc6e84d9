"""Who sends an application saw all of it: whatever its form asks for stands on the page that sends it."""

from datetime import date
from decimal import Decimal

import pytest
from django import forms
from django.db.models import Model

from core.templatetags.lodestone import day, quantity
from core.web.fields import AmountField, words_of
from exporters.selectors import parties_for
from licensing.elements import show_percents
from licensing.models import Application, ApplicationLine
from licensing.selectors import search_items, usable_declarations
from licensing.web.forms import ApplicationForm, LineForm
from tests import make
from tests.said import text_of

OF_THE_FORM = {"version", "DELETE"}


def filled(row: Model, form: forms.BaseForm, **said: object) -> None:
    """Every field that the form asks of this row says something; said: of those that are no plain ones."""
    columns = {field.name for field in row._meta.concrete_fields} & set(form.fields)
    values = {name: _some(form.fields[name], name) for name in columns if not getattr(row, name)}
    type(row).objects.filter(pk=row.pk).update(**values | said)
    row.refresh_from_db()


def _some(field: forms.Field, name: str) -> object:
    if choices := [value for value in words_of(getattr(field, "choices", ())) if value]:
        return choices[-1]
    if isinstance(field, forms.DateField):
        return date(2026, 11, 2)
    return Decimal("12.34") if isinstance(field, AmountField | forms.DecimalField) else f"Said of {name}"


def words(field: forms.Field, value: object) -> list[str]:
    """How people read it; nothing is an error of this test."""
    values = value if isinstance(value, list) else [value]
    assert all(value not in (None, "") for value in values) and values
    labels = words_of(getattr(field, "choices", ()))
    return [
        day(one)
        if isinstance(one, date)
        else f"{one.normalize():f}"
        if isinstance(one, Decimal)
        else str(labels.get(str(one), one))
        for one in values
    ]


@pytest.fixture
def draft(world):
    ref = world.special(remarks="For the reviewer.")
    row = Application.objects.get(ref=ref)
    filled(row, form_of(row, world))
    line = row.lines.get()
    filled(line, rows_form(world), composition={"Dy": "3.2"}, inquiry=make.answered(world), hs_code="85051110")
    return Application.objects.get(ref=ref)


def form_of(row, world):
    return ApplicationForm(
        instance=row, declarations=usable_declarations(world.exporter), parties=parties_for(world.exporter)
    )


def rows_form(world):
    items = {item.code.lower(): item for item in search_items()}
    return LineForm(items=items, inquiries=[make.answered(world)])


def test_it_shows_whatever_the_form_asks_for(draft, world, client):
    text = text_of(client, world.exporter, f"/applications/{draft.ref}/submit/").lower()
    form, line = form_of(draft, world), draft.lines.get()
    columns = {field.name for field in draft._meta.concrete_fields} & form.fields.keys()
    said = {name: words(form.fields[name], getattr(draft, name)) for name in columns - OF_THE_FORM}
    said["end_users"] = [user.declaration.ref for user in draft.end_users.all()]
    said["consignees"] = [str(party) for party in draft.consignees.all()]
    of_line = rows_form(world).fields.keys() - OF_THE_FORM
    assert of_line >= {"code", "composition", "inquiry"}
    kept = {field.name for field in ApplicationLine._meta.concrete_fields}
    said |= {name: words(rows_form(world).fields[name], getattr(line, name)) for name in of_line & kept}
    said |= {"code": [line.control_item.code], "quantity": [quantity(line.quantity, line.unit)]}
    said |= {
        "currency": [draft.currency],
        "composition": [show_percents(line.composition)],
        "inquiry": [line.inquiry.ref],
    }
    assert of_line | form.fields.keys() - OF_THE_FORM <= said.keys()
    assert {
        name: missing for name, all_ in said.items() if (missing := [w for w in all_ if w.lower() not in text])
    } == {}
