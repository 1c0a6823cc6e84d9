"""Mail that still waits: what, since when and why; an administrator sends it again or ends it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from core import actions, selectors
from core.deliveries import MAIL
from core.web.forms import ReasonForm
from core.web.refused import complete, form_page, refusals_in, sent

MOST = 100  # of each class; whoever has more to look at has one cause to mend first


def mail(request: HttpRequest) -> HttpResponse:
    waiting = selectors.waiting_mail(request.actor)
    classes = [
        {"refused": refused, **selectors.weighed(rows := waiting.filter(refused=refused)), "rows": rows[:MOST]}
        for refused in (True, False)
    ]
    return render(request, "core/mail_list.html", {"classes": classes})


def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    actions.send_again(pk, by=request.actor)
    messages.success(request, _("It is tried again now. If it fails, it stands here again."))
    return redirect("mail")


def end(request: HttpRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(selectors.waiting_mail(request.actor), pk=pk, consumer=MAIL)
    form = ReasonForm(sent(request))
    if complete(request, form):
        with refusals_in(form):
            actions.end_delivery(pk, reason=form.cleaned_data["reason"], by=request.actor)
            messages.success(request, _("This mail is not tried any more."))
            return redirect("mail")
    return form_page(request, "core/mail_end.html", form, delivery=delivery)
