"""Strict reading, once, for every form and every query: before any view sees them."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParser
from django.utils.translation import gettext as _

from core.characters import MESSAGE, wrong
from core.errors import Invalid, Problem, Unreadable
from core.problems import wanted
from core.sizes import ECHOED
from core.web import autosave, errors, kept
from core.web.typed import Typed, answers_get, cleaned, name_of, show_again, texts


class Strict:
    """A character that hides is refused: 400 in a query, 422 in a form, which comes back with what was typed. A page
    that saves by itself leaves its field out, and names it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.typed = None
        request.odd_file_names = {}
        request.parse_file_upload = partial(_parse_files, request)
        response = self.get_response(request)
        if request.typed and request.typed.kept and response.status_code == 422:
            response.status_code = 200  # nothing was sent yet
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> HttpResponse | None:
        for name, values in request.GET.lists():
            if "forbidden-character" in (wrong(name), *map(_wrong, values)):
                detail = _("The address has a character that is not allowed, or broken UTF-8.")
                return errors.answer(request, Unreadable(detail, code="forbidden-character"))
        if wanted(request):  # its bodies are JSON: core.api.parsers
            return None
        if "kept" in request.GET and request.method == "GET" and request.user.is_authenticated:
            kept.restore(request)
        problems = list(_problems(request)) if request.method == "POST" else []
        if kept.WRITER in request.POST:  # it has said whose the text is; no view need know of it
            request.POST = request.POST.copy()
            del request.POST[kept.WRITER]
        if not problems:
            return None
        if autosave.leaves_out(request, view, problems):
            return None
        path, route = request.path_info, request.resolver_match.view_name
        typed = Typed(route, answers_get(route), cleaned(request), problems=problems)
        response = show_again(request, path, typed) or errors.page(request, Invalid(problems))
        if response.status_code == 200:
            response.status_code = 422
        return response


def _problems(request: HttpRequest) -> Iterator[Problem]:
    for name, values in request.POST.lists():
        if wrong(name):
            yield Problem("", "forbidden-character", _("A field's name has a character that is not allowed."))
            continue
        several = name_of(name) in texts()
        for code in sorted({code for value in values if (code := _wrong(value, several_lines=several))}):
            message = _("Say something here.") if code == "blank" else str(MESSAGE)
            yield Problem(f"/{name}", code, message)
    for clean in request.odd_file_names.values():
        name = next((field for field, upload in request.FILES.items() if upload.name == clean), "")
        yield Problem(f"/{name}", "file-name", _("Give the file a plain name, without folders or control characters."))


def _wrong(value: str, *, several_lines: bool = False) -> str:
    """As `wrong`, of the value as its field will take it: without what stands at its edges."""
    return wrong(value.strip(" \t\n\r"), several_lines=several_lines)


def _parse_files(request: HttpRequest, environment: Any, post_data: Any) -> Any:
    """As HttpRequest.parse_file_upload, and remembers the names that Django cleaned away."""
    parser = _Names(environment, post_data, request.upload_handlers, request.encoding)
    parser.odd = request.odd_file_names
    return parser.parse()


class _Names(MultiPartParser):
    odd: dict[str, str | None]
    ESCAPED = re.compile(r"%0[0ad]", re.IGNORECASE)  # how browsers send NUL and line ends in a name

    def sanitize_file_name(self, file_name: str) -> str | None:
        clean = super().sanitize_file_name(file_name)
        if wrong(file_name) or "/" in file_name or "\\" in file_name or self.ESCAPED.search(file_name) or not clean:
            self.odd[file_name[:ECHOED]] = clean
        return clean
