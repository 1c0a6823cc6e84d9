"""Cursor pages, and no unknown parameters."""

import re
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound as BadCursor
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from core.errors import Invalid, Problem
from core.search import LONGEST
from core.sizes import ECHOED

ROWS, ROWS_MOST = 50, 200  # of a page: where nobody says how many, and at most
CURSOR, SIZE = PAGING = ("cursor", "page_size")  # parameters


def read_query(request: Request, *known: str, paged: bool = False, repeats: tuple[str, ...] = ()) -> dict[str, str]:
    """The query's parameters. Raises Invalid for one that is not known, or stands twice and is none that repeats.

    Of one that repeats the last is given; they are all in `request.query_params.getlist(name)`.
    """
    problems = []
    allowed = {*known, *PAGING} if paged else {*known}
    for name, values in request.query_params.lists():
        if name not in allowed:
            problems.append(Problem(f"/{name[:ECHOED]}", "invalid-parameter", _("There is no such parameter.")))
        elif len(values) > 1 and name not in repeats:
            problems.append(Problem(f"/{name}", "invalid-parameter", _("Send this parameter once.")))
        elif name in known and max(map(len, values)) > LONGEST:
            message = _("At most {most} characters.").format(most=LONGEST)
            problems.append(Problem(f"/{name}", "invalid-parameter", message))
    size = request.query_params.get(SIZE) if paged else None
    if size is not None and not (size.isascii() and size.isdigit() and 1 <= int(size[:6]) <= ROWS_MOST):
        problems.append(Problem(f"/{SIZE}", "invalid-parameter", _("From 1 to {most}.").format(most=ROWS_MOST)))
    if problems:
        raise Invalid(problems)
    return {name: request.query_params[name] for name in known if name in request.query_params}


def page_of(serializer: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """The schema of a cursor page of these."""
    name = serializer.__name__.removesuffix("Serializer").removesuffix("Output")
    return inline_serializer(
        f"{name}Page",
        {
            "next": serializers.URLField(allow_null=True, help_text=gettext_lazy("Follow it until it is null.")),
            "previous": serializers.URLField(allow_null=True),
            "results": serializer(many=True),
        },
    )


class Cursor(CursorPagination):
    page_size = ROWS
    cursor_query_param, page_size_query_param = CURSOR, SIZE
    max_page_size = ROWS_MOST
    ordering: tuple[str, ...] = ("pk",)
    offset_cutoff = 100_000  # rows of one transaction stand behind one position

    def __init__(self, *ordering: str) -> None:
        self.ordering = ordering or ("pk",)

    def decode_cursor(self, request: Request) -> Any:
        """Positions are our primary keys; anything else was made by hand."""
        cursor = super().decode_cursor(request)
        if (
            cursor is not None
            and cursor.position is not None
            and not re.fullmatch(r"[0-9]{1,18}", cursor.position, re.ASCII)
        ):
            raise BadCursor
        return cursor

    def page(self, rows: QuerySet[Any], request: Request) -> list[Any]:
        try:
            return self.paginate_queryset(rows, request) or []
        except BadCursor:
            raise Invalid([Problem(f"/{CURSOR}", "invalid-parameter", _("This cursor is not one of ours."))]) from None

    def body(self, results: list[Any]) -> dict[str, Any]:
        return {"next": self.get_next_link(), "previous": self.get_previous_link(), "results": results}
