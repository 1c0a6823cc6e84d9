"""What a list page may be asked for: a page that there is, a filter that there is, a search of 100 characters."""

from collections.abc import Container
from typing import Any

from django.core.paginator import InvalidPage, Page, Paginator
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core.errors import Invalid, Problem

LONGEST = 100


def _refuse(name: str, message: str) -> Invalid:
    return Invalid([Problem(f"/{name}", "invalid-parameter", message)])


def page_of(request: HttpRequest, rows: Any, size: int = 50) -> Page:
    """The page of these rows that `?page=` asks for. Raises Invalid for one that is not there."""
    text = request.GET.get("page") or "1"
    try:
        if not (text.isascii() and text.isdigit()):
            raise InvalidPage
        return Paginator(rows, size).page(int(text[:10]))
    except InvalidPage:
        raise _refuse("page", _("There is no such page of this list.")) from None


def choice_of(request: HttpRequest, name: str, choices: Container[str]) -> str:
    """The filter's value, or nothing when it is not used. Raises Invalid for a value that is none of the choices."""
    value = request.GET.get(name, "")
    if value and value not in choices:
        raise _refuse(name, _("This list can't be filtered by that."))
    return value


def search_of(request: HttpRequest, name: str = "q") -> str:
    """The words to search for. Raises Invalid for more than 100 characters."""
    text = request.GET.get(name, "").strip()
    if len(text) > LONGEST:
        raise _refuse(name, _("Search for at most {most} characters.").format(most=LONGEST))
    return text
