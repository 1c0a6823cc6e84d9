"""The two addresses of a list: its page, and the same rows as CSV."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path

from core.web.lists.declared import List
from core.web.lists.export import export
from core.web.lists.listing import Listing
from core.web.steps import of_one_moment


def show(request: HttpRequest, listed: List, **more: Any) -> HttpResponse:
    """The list's page."""
    listing = Listing(listed, request).turn()
    return render(request, listed.template, {"listing": listing, **listed.more(request, listing), **more})


def addresses(prefix: str, listed: List) -> list[URLPattern]:
    """`things/` and `things.csv`."""
    return [
        path(prefix, show, {"listed": listed}, name=listed.route),
        path(f"{prefix.rstrip('/')}.csv", of_one_moment(export), {"listed": listed}, name=f"{listed.route}.csv"),
    ]
