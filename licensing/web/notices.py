"""Notices: written and withdrawn at the policy desk, read by everybody."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from core.history import lines_of
from core.legal_time import legal_now, legal_today
from core.telling import told
from core.web.refused import form_page, refusals_in
from core.web.steps import Failed, of_one_moment, offered
from core.web.typed import typed_into
from licensing import selectors
from licensing.actions import notices as verbs
from licensing.web.forms.notices import NoticeForm


def notices(request: HttpRequest, form: NoticeForm | None = None) -> HttpResponse:
    """All of them, and the form that publishes one."""
    form = form or _form(typed_into(request, "notice.new"))
    told = selectors.notices_in_words(selectors.notices_for(request.actor))
    context = {"notices": told, "may_publish": request.actor.may("notice.new")}
    return form_page(request, "licensing/notices.html", form, **context)


def _form(data: Any) -> NoticeForm:
    return NoticeForm(data, known=selectors.instruments_known(legal_now()), initial={"dated": legal_today()})


def publish(request: HttpRequest) -> HttpResponse:
    form = _form(request.POST)
    if form.is_valid():
        with refusals_in(form):
            row = verbs.publish(**form.cleaned_data, by=request.actor)
            messages.success(request, _("Published as {ref}. Everybody reads it.").format(ref=row.ref))
            return redirect("desk.notices")
    return notices(request, form)


@of_one_moment
def notice(request: HttpRequest, ref: str, failed: Failed | None = None) -> HttpResponse:
    """One notice in both languages, and the step that withdraws it."""
    row = get_object_or_404(selectors.notices_for(request.actor), ref=ref)
    context = {
        "told": selectors.notices_in_words([row])[0],
        **offered(request, row, "desk.notice", failed),
        "history": told(lines_of(row), request.actor),
    }
    return render(request, "licensing/notice_page.html", context, status=failed.status if failed else 200)
