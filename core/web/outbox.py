"""Mail that still waits: what, since when and why; an administrator sends it again or ends it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from core import actions, selectors
from core.errors import DomainError
from core.web.forms import ReasonForm, show_refusal

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
    delivery = get_object_or_404(selectors.waiting_mail(request.actor), pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_delivery(pk, reason=form.cleaned_data["reason"], by=request.actor)
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("This mail is not tried any more."))
            return redirect("mail")
    return render(
        request, "core/mail_end.html", {"form": form, "delivery": delivery}, status=422 if form.errors else 200
    )
