"""A page with one form: as opened, wrong, or refused by its verb."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from core.errors import DomainError
from core.web.errors import with_headers
from core.web.forms import show_refusal


def sent(request: HttpRequest) -> QueryDict | None:
    """What the form was sent with, or what was typed into it before a session ended; None when just opened."""
    return request.POST if request.method == "POST" or request.POST else None


def complete(request: HttpRequest, form: forms.BaseForm) -> bool:
    """Whether the form was sent, and its answers have the shape that the verb takes."""
    return request.method == "POST" and form.is_valid()


@contextmanager
def refusals_in(form: forms.BaseForm) -> Iterator[None]:
    """Whatever a verb refuses inside stands in the form, which is shown again by form_page."""
    try:
        yield
    except DomainError as refusal:
        show_refusal(form, refusal)


def form_page(request: HttpRequest, template: str, form: forms.BaseForm, **context: Any) -> HttpResponse:
    """The page and its form: 200 as opened, 422 when wrong; when a verb refused, its status and headers."""
    refusal: DomainError | None = getattr(form, "refusal", None)
    status = refusal.status if refusal else 422 if form.errors else 200
    page = render(request, template, {"form": form} | context, status=status)
    return with_headers(page, refusal) if refusal else page
