"""REST: the control list, licenses and their movements."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import references
from core.access import Actor
from core.api.fields import DayField
from core.api.pagination import Cursor, page_of, read_query
from core.errors import Invalid, NotFound, Problem
from core.legal_time import legal_today
from licensing import selectors
from licensing.api import serializers
from licensing.models import License

LISTS = ("april", "october", "ann61")


def actor_of(request: Request) -> Actor:
    http: HttpRequest = request._request
    return http.actor  # type: ignore[attr-defined, no-any-return]


class ControlItems(APIView):
    route_name = "api.control-items"

    @extend_schema(
        operation_id="control_items_list",
        summary="Search the control list",
        parameters=[
            OpenApiParameter("q", str, description="Words: code, HS code, element, English or 中文."),
            OpenApiParameter("code", str, description="The start of a control code."),
            OpenApiParameter("list", str, description="april, october or ann61."),
            OpenApiParameter("as_of", str, description="A legal day; today when left out."),
        ],
        responses=page_of(serializers.ControlItemSerializer),
    )
    def get(self, request: Request) -> Response:
        """The list as loaded, each row with its source, and whether its control is in force on a day."""
        query = read_query(request, "q", "code", "list", "as_of")
        try:
            on = DayField().run_validation(query["as_of"]) if "as_of" in query else legal_today()
        except ValidationError as error:
            raise Invalid([Problem("/as_of", d.code, str(d)) for d in error.detail]) from None
        if query.get("list", "april") not in LISTS:
            message = _("One of: {choices}.").format(choices=", ".join(LISTS))
            raise Invalid([Problem("/list", "invalid-parameter", message)])
        items = selectors.search_items(
            q=query.get("q", ""), code=query.get("code", ""), list_name=query.get("list", "")
        )
        cursor = Cursor("pk")
        rules = selectors.regime()
        rows = cursor.page(items, request)
        return Response(cursor.body([serializers.control_item(row, rules, on) for row in rows]))


class Licenses(APIView):
    route_name = "api.licenses"

    @extend_schema(
        operation_id="licenses_list",
        summary="List licenses",
        parameters=[OpenApiParameter("state", str), OpenApiParameter("kind", str)],
        responses=page_of(serializers.LicenseSerializer),
    )
    def get(self, request: Request) -> Response:
        """Your organization's licenses, newest first, each with the balance of every line."""
        query = read_query(request, "state", "kind")
        rows = selectors.with_balances(selectors.licenses_for(actor_of(request)))
        for name, value in query.items():
            choices = [str(choice[0]) for choice in License._meta.get_field(name).choices or []]
            if value not in choices:
                message = _("One of: {choices}.").format(choices=", ".join(choices))
                raise Invalid([Problem(f"/{name}", "invalid-parameter", message)])
            rows = rows.filter(**{name: value})
        cursor = Cursor("-pk")
        page = cursor.page(rows, request)
        taken = selectors.clearances_taken(page)
        return Response(cursor.body([serializers.license(row, taken) for row in page]))


class LicenseDetail(APIView):
    route_name = "api.license"

    @extend_schema(summary="Read a license", responses=serializers.LicenseSerializer)
    def get(self, request: Request, ref: str) -> Response:
        """State, days, conditions, and authorized, reserved, drawn and available per line."""
        read_query(request)
        row = selectors.with_balances(selectors.licenses_for(actor_of(request))).filter(ref=canonical(ref)).first()
        if row is None:
            raise NotFound()
        return Response(serializers.license(row, selectors.clearances_taken([row])))


class Movements(APIView):
    route_name = "api.movements"

    @extend_schema(summary="Every change of a license's balance", responses=page_of(serializers.MovementSerializer))
    def get(self, request: Request, ref: str) -> Response:
        """Oldest first. Summed from zero they give the balances; see the table of kinds in the docs."""
        read_query(request)
        row = selectors.licenses_for(actor_of(request)).filter(ref=canonical(ref)).first()
        if row is None:
            raise NotFound()
        units = dict(row.lines.values_list("number", "unit"))
        cursor = Cursor("id")
        rows = cursor.page(selectors.movements_of(row), request)
        return Response(cursor.body([serializers.movement(item, units) for item in rows]))


def canonical(ref: str, prefix: str = License.PREFIX, code: str = "invalid-license-number") -> str:
    """The reference of a path, read tolerantly. Raises Invalid for a wrong check character."""
    try:
        return references.read(ref, prefix)
    except ValueError:
        message = _("This is not a {prefix}- reference, or it has a typing error.").format(prefix=prefix)
        raise Invalid([Problem("", code, message)]) from None
