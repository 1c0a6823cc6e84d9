"""The public check: does this export need a license? The whole question stands in the address, and nothing is kept."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from core.legal_time import legal_today
from licensing import selectors
from licensing.models import ControlItem, EndUse
from licensing.policy.editions import Flaw, Unreadable
from licensing.policy.vocabulary import CODE, DOMESTIC, OVERSEAS, UNLISTED_CODE
from licensing.web.answers import Answer
from licensing.web.forms.check import FIELDS, CheckForm


def check(request: HttpRequest) -> HttpResponse:
    today = legal_today()
    form = CheckForm(request.GET or None, end_uses=_end_uses(), today=today)
    context: dict[str, Any] = {"form": form, "today": today}
    if form.is_bound:
        items = _items(form)
        if len(items) > 1 and not form.errors:
            context["hits"] = [(item, _address(request, item.code)) for item in items]
        elif not form.errors:
            context["item"] = items[0] if items else None
            context["answer"] = _answer(form, items[0].code if items else UNLISTED_CODE)
    return render(request, "licensing/check.html", context, status=422 if form.errors else 200)


def _end_uses() -> dict[str, Any]:
    """The end-uses of the edition in force, in the order of the list that people know."""
    named = selectors.rules_of(selectors.edition_now().digest).edition.document["end_uses"]
    known = {code: place for place, code in enumerate(EndUse.objects.values_list("pk", flat=True))}
    return {code: named[code] for code in sorted(named, key=lambda code: (known.get(code, len(known)), code))}


def _items(form: CheckForm) -> list[ControlItem]:
    """What the item's text may mean; none with an error in the form. Exporters overseas choose among our labels."""
    if form.errors.keys() & {"item", "territory"} or not form.cleaned_data["item"]:
        return []
    text, territory = form.cleaned_data["item"], form.cleaned_data["territory"] or DOMESTIC
    found = selectors.items_named(text, territory=territory)
    if not found and territory == OVERSEAS:
        found = list(selectors.items_for(OVERSEAS))
    if not found and ControlItem.objects.filter(code__iexact=text.strip()).exists():
        form.add_error("territory", _("{code} is a label for exporters overseas.").format(code=text))
    elif not found:
        form.add_error(
            "item",
            _(
                "Nothing on the lists loaded here is called so. Try a code's beginning such as 1C905, a goods code or "
                "an element; what is on none of these lists is asked for under “More”."
            ),
        )
    return found


def _address(request: HttpRequest, code: str) -> str:
    """The same question about the item of this code."""
    query = request.GET.copy()
    query["item"] = code
    return f"{reverse('check')}?{query.urlencode()}"


def _answer(form: CheckForm, code: str) -> Answer | None:
    """None when the edition of that day can't read the facts; the form says why."""
    try:
        return Answer(form.facts(code), day=form.cleaned_data["on"], today=form.today)
    except Unreadable as refused:
        for flaw in refused.flaws:
            form.add_error(FIELDS.get(flaw.where), _message(flaw))
        return None


def _message(flaw: Flaw) -> str:
    if flaw.code == "facts-contradict":
        return _("The control list says {value} of this code.").format(value=flaw.detail or _("nothing"))
    if flaw.where == CODE:
        return _("The lists in force on that day do not have this code.")
    return _("The rules in force on that day do not know this.")
