"""A draft is saved while it is typed. What can't be taken yet keeps what stands, and the page names it; the form's own
button says what is wrong with it.

A page that another tab has overtaken is refused: only the button asks, field by field, what is to stand.
"""

import json
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import idempotency
from core.errors import DomainError, Problem
from core.idempotency import Answer, Claim, fingerprint
from core.languages import listed
from core.legal_time import LEGAL_ZONE, legal_now
from core.models.idempotency import HEADER as KEY
from core.models.idempotency import TYPED
from core.web import errors
from core.web.conflicts import Meeting
from core.web.typed import cleaned

HEADER = "X-Autosave"
JSON = "application/json"
NAMED = 2

View = TypeVar("View", bound=Callable[..., HttpResponse])


def by_itself(request: HttpRequest) -> bool:
    """The page's script saves, and not whoever types."""
    return request.method == "POST" and HEADER in request.headers


def saves_itself(view: View) -> View:
    """A view that answers its page's script by `answer`."""
    view.saves_itself = True  # type: ignore[attr-defined]
    return view


def leaves_out(request: HttpRequest, view: Callable[..., HttpResponse], problems: list[Problem]) -> bool:
    """The script sent texts that can't be taken as they are: its view saves the others, and names these. Whether so."""
    if not by_itself(request) or not hasattr(view, "saves_itself"):
        return False
    if any(problem.pointer == "" or problem.code == "file-name" for problem in problems):
        return False
    request.POST = cleaned(request)
    request.unreadable = {problem.pointer.removeprefix("/"): problem.message for problem in problems}
    return True


def answer(
    request: HttpRequest, meeting: Meeting, save: Callable[..., Answer], address: Callable[[Any], str]
) -> HttpResponse:
    """Saves what can be taken of the forms. The answer: what to say to whoever types, what is `left` out, what is
    `wrong` with which control of rows, and the `version`, the `base` and the `address` with which the page goes on. The
    page that sends the same under the same key again, as its answer was lost, gets that answer.

    save: of the forms, by the `do` that it is handed. address: of what was saved, None where nothing was; from then on
    the forms are of that row.
    """
    try:
        told = _once(request, meeting, save, address)
    except DomainError as refusal:
        said = {"said": _("Not saved. {why}").format(why=refusal.detail)}
        return JsonResponse(said, status=refusal.status, headers=refusal.headers)
    return HttpResponse(told.body, status=told.status, content_type=told.content_type)


def _once(request: HttpRequest, meeting: Meeting, save: Callable[..., Answer], address: Callable[[Any], str]) -> Answer:
    def stands(saved: Any = None) -> Answer:
        on = address(saved)
        version, base = meeting.stands()
        said = {"left": meeting.left, "wrong": meeting.wrong, "version": version, "base": base, "address": on}
        return _told(_with_reasons(" · ".join([_saved(meeting.left), *meeting.lost]), meeting), **said)

    claim = _claim(request, stands)
    if given := idempotency.given(claim):  # before any conflict: with oneself it would be one
        return given
    if not meeting.take():
        fields = _named(meeting.left)
        said = _("Not saved yet. First complete: {fields}").format(fields=fields)
        return _told(_with_reasons(said, meeting), status=422, wrong=meeting.wrong)
    if not meeting.differs():
        return stands()
    return save(*meeting.forms, do=lambda verb, *args, **kwargs: verb.claimed(claim, *args, **kwargs))


def _claim(request: HttpRequest, render: Callable[[Any], Answer]) -> Claim:
    """The key is this person's: nobody else gets the answer. A page of before it sent keys asks once."""
    by, key = request.actor, request.headers.get(KEY) or uuid4().hex
    typed = {name: values for name, values in request.POST.lists() if name not in errors.SECRETS}

    def refuse(refusal: DomainError) -> Answer:
        raise refusal  # it is not remembered: the same may be saved later

    return Claim(
        organization_id=by.organization_id,
        key=f"{TYPED}{fingerprint('', str(by.user.pk), key)}",
        fingerprint=fingerprint("POST", request.path, typed),
        render=render,
        refuse=refuse,
    )


def _told(said: str, status: int = 200, **more: Any) -> Answer:
    return Answer(status, JSON, json.dumps({"said": said, **more}))


def _saved(left: list[str]) -> str:
    said = _("Saved at {time}, without what is not complete: {fields}") if left else _("Saved at {time}")
    return said.format(time=time_format(legal_now().astimezone(LEGAL_ZONE), "H:i"), fields=_named(left))


def _with_reasons(said: str, meeting: Meeting) -> str:
    """And what nobody sees in a field that looks right."""
    return " · ".join([said, *(f"{label}: {why}" for label, why in meeting.reasons.items())])


def _named(left: list[str]) -> str:
    """The first of them, and how many more: it stands in one line below what is typed."""
    more = len(left) - NAMED
    if more <= 0:
        return listed(left)
    named = listed(left[:NAMED])
    return ngettext("{named} and {n} more", "{named} and {n} more", more).format(named=named, n=more)
