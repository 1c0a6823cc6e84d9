"""REST: the control list, licenses and their movements."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import references
from core.access import Actor
from core.api.fields import DayField, read_day
from core.api.pagination import Cursor, page_of, read_query
from core.api.schema import PAGES, call, parameter
from core.errors import Invalid, NotFound, Problem
from core.legal_time import legal_today
from licensing import selectors
from licensing.api import examples, serializers
from licensing.models import Kind, License
from licensing.states import LicenseState


def actor_of(request: Request) -> Actor:
    http: HttpRequest = request._request
    return http.actor  # type: ignore[attr-defined, no-any-return]


class ControlItems(APIView):
    route_name = "api.control-items"

    @call(
        "control_items_list",
        gettext_lazy("Search the control list"),
        gettext_lazy("The list as loaded, each row with its source, and whether its control is in force on a day."),
        gives=page_of(serializers.ControlItemOutput),
        query=[
            parameter("q", gettext_lazy("Words: code, HS code, element, English or 中文.")),
            parameter("code", gettext_lazy("The start of a control code.")),
            parameter("list", gettext_lazy("One list only, as `list` of its items has it, such as april.")),
            parameter("as_of", gettext_lazy("A legal day; today when left out."), format="date"),
            *PAGES,
        ],
        refuses=DayField.refuses,
    )
    def get(self, request: Request) -> Response:
        query = read_query(request, "q", "code", "list", "as_of", paged=True)
        on = read_day(query["as_of"], "/as_of") if "as_of" in query else legal_today()
        if "list" in query and query["list"] not in (known := selectors.control_lists()):
            message = _("One of: {choices}.").format(choices=", ".join(known))
            raise Invalid([Problem("/list", "invalid-parameter", message)])
        items = selectors.search_items(
            q=query.get("q", ""), code=query.get("code", ""), list_name=query.get("list", "")
        )
        cursor = Cursor("pk")
        rows = selectors.in_force_on(cursor.page(items, request), on)
        return Response(cursor.body([serializers.control_item(row, said, on) for row, said in rows]))


class Licenses(APIView):
    route_name = "api.licenses"

    @call(
        "licenses_list",
        gettext_lazy("List licenses"),
        gettext_lazy("Your organization's licenses, newest first, each with the balance of every line."),
        gives=page_of(serializers.LicenseOutput),
        query=[
            parameter("state", gettext_lazy("In this state only."), enum=LicenseState.values),
            parameter("kind", gettext_lazy("Of this kind only."), enum=Kind.values),
            *PAGES,
        ],
    )
    def get(self, request: Request) -> Response:
        query = read_query(request, "state", "kind", paged=True)
        actor = actor_of(request)
        rows = selectors.with_decision(selectors.with_terms(selectors.licenses_for(actor)))
        for name, value in query.items():
            choices = [str(choice[0]) for choice in License._meta.get_field(name).choices or []]
            if value not in choices:
                message = _("One of: {choices}.").format(choices=", ".join(choices))
                raise Invalid([Problem(f"/{name}", "invalid-parameter", message)])
            rows = rows.filter(**{name: value})
        cursor = Cursor("-pk")
        page = cursor.page(rows, request)
        return Response(cursor.body(serializers.licenses(page, actor)))


class LicenseDetail(APIView):
    route_name = "api.license"

    @call(
        "licenses_read",
        gettext_lazy("Read a license"),
        gettext_lazy("State, days, conditions, and authorized, reserved, drawn and available per line."),
        gives=serializers.LicenseOutput,
        refuses=("invalid-license-number",),
        answered={200: examples.LICENSE},
    )
    def get(self, request: Request, ref: str) -> Response:
        read_query(request)
        actor = actor_of(request)
        rows = selectors.with_decision(selectors.with_terms(selectors.licenses_for(actor)))
        row = rows.filter(ref=canonical(ref)).first()
        if row is None:
            raise NotFound()
        return Response(serializers.licenses([row], actor)[0])


class Movements(APIView):
    route_name = "api.movements"

    @call(
        "movements_list",
        gettext_lazy("Every change of a license's balance"),
        gettext_lazy("Oldest first. Summed from zero they give the balances; see the table of kinds in the docs."),
        gives=page_of(serializers.MovementOutput),
        query=PAGES,
        refuses=("invalid-license-number",),
    )
    def get(self, request: Request, ref: str) -> Response:
        read_query(request, paged=True)
        rows = selectors.with_lines(selectors.licenses_for(actor_of(request)))
        row = rows.filter(ref=canonical(ref)).first()
        if row is None:
            raise NotFound()
        lines = {line.number: line for line in row.lines.all()}
        cursor = Cursor(*selectors.MOVEMENT_ORDER)
        rows = cursor.page(selectors.movements_of(row), request)
        return Response(cursor.body([serializers.movement(item, lines) for item in rows]))


def canonical(
    ref: str, prefix: str = License.PREFIX, code: str = "invalid-license-number", *, pointer: str = ""
) -> str:
    """The reference of a path, or of the parameter at pointer, read tolerantly. Raises Invalid for a wrong check
    character."""
    try:
        return references.read(ref, prefix)
    except ValueError:
        message = _("This is no {prefix}- reference, or it has a typing error.").format(prefix=prefix)
        raise Invalid([Problem(pointer, code, message)]) from None
