"""What a company follows on the control list."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core.legal_time import legal_now
from core.web.refused import complete, form_page, refusals_in, sent
from licensing import selectors
from licensing.actions import follows as verbs
from licensing.models import ControlItem, Follow
from licensing.models.windows import STAGES
from licensing.web.forms.follows import FollowForm


def follows(request: HttpRequest) -> HttpResponse:
    """What is followed, and the form that follows one more; a button of the control list leads back there."""
    form = FollowForm(sent(request))
    if complete(request, form):
        with refusals_in(form):
            row = verbs.follow(code=form.cleaned_data["code"], by=request.actor)
            messages.success(request, _("Your company follows {code} now.").format(code=row.code))
            return redirect(_back(request))
    return _page(request, form)


def end(request: HttpRequest) -> HttpResponse:
    form = FollowForm(request.POST)
    if form.is_valid():
        with refusals_in(form):
            code = form.cleaned_data["code"]
            verbs.unfollow(code=code, by=request.actor)
            messages.success(request, _("Your company no longer follows {code}.").format(code=code))
            return redirect("follows")
    return _page(request, form)


def _page(request: HttpRequest, form: FollowForm) -> HttpResponse:
    editions = selectors.editions_at(legal_now())
    context = {
        "follows": _named(selectors.follows_of(request.actor)),
        "may_follow": request.actor.may("follows"),
        "stages": sorted(STAGES, reverse=True),
        "coming_back": selectors.coming_back(request.actor.organization_id, editions),
    }
    return form_page(request, "licensing/follows.html", form, **context)


def _named(rows: Iterable[Follow]) -> list[tuple[Follow, str]]:
    """Each with what the list says of its code; nothing of what codes begin with."""
    found = list(rows)
    items = {item.code: item.description for item in ControlItem.objects.filter(code__in=[row.code for row in found])}
    return [(row, items.get(row.code, "")) for row in found]


def _back(request: HttpRequest) -> str:
    """The control list as it was asked for, where the button stood there."""
    asked = request.GET.copy()
    if not asked.pop("back", None):
        return reverse("follows")
    return f"{reverse('control-list')}?{asked.urlencode()}" if asked else reverse("control-list")
