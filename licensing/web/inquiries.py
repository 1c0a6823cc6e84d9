"""Item inquiries: the exporter's form, and one page of each as both sides see it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from core.history import lines_of
from core.telling import told
from core.web import papers
from core.web.refused import complete, form_page, refusals_in, sent
from core.web.steps import Failed, of_one_moment, offered
from licensing import selectors
from licensing.actions import inquiries as verbs
from licensing.web.forms.inquiries import InquiryForm


def new(request: HttpRequest) -> HttpResponse:
    form = InquiryForm(sent(request), request.FILES or None)
    if complete(request, form):
        with refusals_in(form):
            row = verbs.ask(**form.facts(), by=request.actor)
            messages.success(request, _("Asked. The answer comes to this page, signed by two officers."))
            return redirect("inquiry", ref=row.ref)
    # what was typed is shown with its refusal
    obstacle = "" if form.is_bound else verbs.not_to_ask(request.actor.organization_id)
    return form_page(request, "licensing/inquiry_form.html", form, obstacle=obstacle)


def inquiry(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    return _page(request, ref, "inquiry", failed)


def desk_inquiry(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    return _page(request, ref, "desk.inquiry", failed)


@of_one_moment
def _page(request: HttpRequest, ref: str, route: str, failed: Failed | None) -> HttpResponse:
    row = get_object_or_404(selectors.inquiries_for(request.actor), ref=ref)
    context: dict[str, Any] = {
        "inquiry": row,
        "files": row.files.defer("content").order_by("pk"),
        "of_desk": route == "desk.inquiry",
        **offered(request, row, route, failed),
        **papers.shown(row),
        "history": told(lines_of(row), request.actor),
    }
    return render(request, "licensing/inquiry_page.html", context, status=failed.status if failed else 200)
