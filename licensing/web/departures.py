"""How often decisions leave what the rules presume."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.legal_time import legal_today, months_after
from core.web.steps import of_one_moment
from licensing import selectors
from licensing.selectors.departures import MONTHS


@of_one_moment
def departures(request: HttpRequest) -> HttpResponse:
    """The rates of late by who decided, by item and by destination."""
    today = legal_today()
    found = selectors.departure_rates(request.actor, today)
    tables = [
        (_("By who decided"), _("Officer"), found["officer"]),
        (_("By item"), _("Item"), found["item"]),
        (_("By destination"), _("Destination"), found["destination"]),
    ]
    context = {"tables": tables, "since": months_after(today, -MONTHS), "today": today}
    return render(request, "licensing/departures.html", context)
