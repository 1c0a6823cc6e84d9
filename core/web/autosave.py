"""A draft is saved while it is typed. What can't be taken yet keeps what stands, and the page names it; the form's own
button says what is wrong with it.

A page that another tab has overtaken is refused: only the button asks, field by field, what is to stand.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import DomainError
from core.legal_time import LEGAL_ZONE, legal_now
from core.web.conflicts import Meeting

HEADER = "X-Autosave"
NAMED = 2


def by_itself(request: HttpRequest) -> bool:
    """The page's script saves, and not whoever types."""
    return request.method == "POST" and HEADER in request.headers


def answer(meeting: Meeting, verb: Callable[..., Any], address: Callable[[], str]) -> HttpResponse:
    """Saves what can be taken of the forms. The answer: what to say to whoever types, what is `left` out, and the
    `version`, the `base` and the `address` with which the page goes on."""
    try:
        saved, left = meeting.keep(verb)
    except DomainError as refusal:
        return JsonResponse({"said": _("Not saved. {why}").format(why=refusal.detail)}, status=refusal.status)
    fields, at = _named(left), time_format(legal_now().astimezone(LEGAL_ZONE), "H:i")
    if not saved:
        return JsonResponse({"said": _("Not saved yet. First complete: {fields}").format(fields=fields)}, status=422)
    said = _("Saved at {time}, without what is not complete: {fields}") if left else _("Saved at {time}")
    version, base = meeting.stands()
    said = said.format(time=at, fields=fields)
    return JsonResponse({"said": said, "left": left, "version": version, "base": base, "address": address()})


def _named(left: list[str]) -> str:
    """The first of them, and how many more: it stands in one line below what is typed."""
    more = len(left) - NAMED
    if more <= 0:
        return ", ".join(left)
    named = ", ".join(left[:NAMED])
    return ngettext("{named} and {n} more", "{named} and {n} more", more).format(named=named, n=more)
