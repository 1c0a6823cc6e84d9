"""What somebody typed and nobody carried out: shown again in the form that it was typed into, to mend or to send.

The page is asked for again (GET, so that no verb runs) with the text in its form. A form of the page's own address
finds it as `request.POST`; a form that posts elsewhere is handed `typed_into(request, route)` by its page's view.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.datastructures import MultiValueDict

from core import access
from core.characters import without
from core.errors import DomainError, Problem
from core.web import errors
from core.web.labels import Said, said_by_name


@dataclass(frozen=True)
class Typed:
    """route, own: where the form posts to, and whether that is the page itself. Why it was not done: `problems`, or
    its writer's session had ended (`kept`)."""

    route: str
    own: bool
    data: QueryDict
    files: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    kept: bool = False


def typed_into(request: HttpRequest, route: str) -> QueryDict | None:
    """What was typed into the form that posts to this route, where this page shows it again."""
    typed: Typed | None = getattr(request, "typed", None)
    return typed.data if typed and typed.route == route else None


def answers_get(route: str) -> bool:
    """The route is a page, and not only an address that forms post to."""
    return access.find(route, "GET") is not None


def page_of(path: str) -> tuple[str, ResolverMatch]:
    """The page on which the form of this address stands: the nearest address, going up, that answers GET."""
    while True:
        try:
            match = resolve(path)
        except Resolver404:
            match = None
        if match and answers_get(match.view_name):
            return path, match
        path = path.rstrip("/").rpartition("/")[0] + "/"


def address_of(request: HttpRequest) -> str:
    """Where the page that is shown is opened anew: where a form was sent to need be no page."""
    match = request.resolver_match
    if match is None or answers_get(match.view_name) or access.find(match.view_name, "POST") is None:
        return request.get_full_path()
    page, query = page_of(request.path_info)[0], request.GET.urlencode()
    return f"{page}?{query}" if query else page


def cleaned(request: HttpRequest) -> QueryDict:
    """The form's text without secrets, and without characters that can't be shown."""
    data = QueryDict(mutable=True)
    for name, values in request.POST.lists():
        if name not in errors.SECRETS:
            line = name_of(name) not in texts()
            data.setlist(without(name), [without(value, several_lines=not line) for value in values])
    return data


def show_again(request: HttpRequest, path: str, typed: Typed) -> HttpResponse | None:
    """The page with the text in its form; None where there is none that this person may open."""
    page, match = page_of(path)
    row = access.find(match.view_name, "GET")
    if row is None or not row.admits(request.actor) or match.view_name.startswith("account_"):
        return None
    request.typed = typed
    request.method = "GET"
    request.path = request.path_info = page
    request.resolver_match = match
    request.POST = typed.data if typed.own else QueryDict()
    request._files = MultiValueDict()
    try:
        response = match.func(request, *match.args, **match.kwargs)
    except DomainError as refusal:
        return errors.answer(request, refusal)
    except Http404 as absent:
        return errors.not_found(request, absent)
    return response if response.status_code in (200, 422) else None


def name_of(name: str) -> str:
    """A field's own name: that of a formset's row without its prefix and number."""
    return name.rsplit("-", 1)[-1]


@cache
def texts() -> frozenset[str]:
    """Names of the fields that take several lines, on any form: asked of the forms themselves."""
    found: set[str] = set()
    queue: list[type] = [forms.BaseForm]
    while queue:
        kind = queue.pop()
        queue += kind.__subclasses__()
        fields = getattr(kind, "base_fields", {})
        found |= {name for name, one in fields.items() if isinstance(one.widget, forms.Textarea)}
        found |= getattr(kind, "texts", frozenset())  # of fields that it makes by itself
    return frozenset(found)


def tell(typed: Typed, context: Any) -> list[str]:
    """Each problem stands at its field in the page's forms; what fits none of them comes back as sentences."""
    shown = _shown(typed, context)
    left = []
    for problem in typed.problems:
        pointed = problem.pointer.strip("/")
        places = [(form, name) for form in shown for name in form.fields if form.add_prefix(name) == pointed]
        for form, name in places[:1]:
            assert form.errors is not None  # cleans it first, or add_error is undone by that
            form.add_error(name, problem.message)
        if not places:
            left.append(f"{pointed}: {problem.message}" if pointed else problem.message)
    return left


def without_form(typed: Typed, context: Any) -> Said:
    """What was typed, in words, when no form of the page shows it any more."""
    return [] if _shown(typed, context) else said_by_name(typed.data)


def _shown(typed: Typed, context: Any) -> list[forms.BaseForm]:
    return [form for value in context for form in _forms_of(value) if form.data is typed.data]


def _forms_of(value: Any) -> Iterator[forms.BaseForm]:
    if isinstance(value, forms.BaseForm):
        yield value
    elif isinstance(value, forms.BaseFormSet | list | tuple):
        for inner in value:
            yield from _forms_of(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _forms_of(inner)
