"""Countries to which an end-user sends on what it gets, by name."""

from collections.abc import Iterable

from core.models import Country
from core.web.lists import by_name
from licensing.models import Declaration


def with_onward(declarations: Iterable[Declaration]) -> None:
    """Each has `onward`: its countries of re-export, as the reader names and orders them. One query for all of them."""
    rows = list(declarations)
    codes = {code for row in rows for code in row.re_export_countries}
    countries = by_name(Country.objects.filter(pk__in=codes))
    for row in rows:
        row.onward = [country for country in countries if country.pk in row.re_export_countries]
