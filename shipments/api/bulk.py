"""REST: many shipments in one call, and the job that a large one becomes."""

import json
from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.views import APIView

from core import problems
from core.api import commands
from core.api.fields import ReferenceOutput, WordOutput
from core.api.pagination import Cursor, read_query
from core.api.schema import PAGES, ProblemOutput, call, parameter
from core.decided import filled
from core.errors import DomainError, Invalid, NotFound, Problem, Unreadable
from core.idempotency import Answer, Claim, fingerprint
from core.languages import listed
from core.legal_time import on_the_wire
from licensing.api.views import actor_of, canonical
from shipments import selectors
from shipments.actions import bulk as actions
from shipments.actions.bulk import ATOMIC, MODES
from shipments.api import examples
from shipments.api.reading import read_rows, refuse_repeated
from shipments.api.rows import COLUMNS, MAY_BE_MISSING, JSONRows, NDJSONRows, Sent, SheetRows
from shipments.api.serializers import ShipmentOutput, ShipmentRowInput
from shipments.models import Bulk, BulkRow

PARSERS = (JSONRows, NDJSONRows, SheetRows)
_listed = lazy(listed, str)
RESERVES = filled(
    gettext_lazy(
        "Up to {rows} rows and {size} MiB: a JSON array, one JSON object a line, or CSV. Each row is what the single "
        "call takes, with its `idempotency_key` beside it: the same keys, and the same answers, as if it came "
        "alone. They are judged in their order.\n\n"
        "`partial` books every row that can be, and remembers each answer. Up to {chunk} rows are answered at once "
        "(207); more become a job (202), booked {step} at a time, which you follow at the address that the header "
        "`Location` has, and may cancel.\n\n"
        "`atomic` (up to {chunk} rows) books all or none: where a row is refused it says why, the others are "
        "`not-booked`, and no key is used up, neither theirs nor the call's: mend the row and send all again.\n\n"
        "A body that can't be read as a whole, a row that repeats another's key or client_reference, or too many "
        "rows, is refused as a whole, and nothing is booked.\n\n"
        "CSV is UTF-8 (a byte order mark is accepted), parted by commas; each line is one shipment of one license "
        "line. Its first line names the columns in any order: {needed}, and, if you want, {optional}. A "
        "composition is written as Dy 0.032; Tb 0.004, and final as true or false. An empty cell says nothing."
    ),
    rows="core.sizes.BULK_ROWS",
    size="core.sizes.BULK_MEGABYTES",
    chunk="core.sizes.ROWS_AT_ONCE",
    step="shipments.actions.bulk.STEP",
    needed=_listed([name for name in COLUMNS if name not in MAY_BE_MISSING]),
    optional=_listed([name for name in COLUMNS if name in MAY_BE_MISSING]),
)


class RowOutput(serializers.Serializer[Any]):
    """What became of one row."""

    row = serializers.IntegerField(help_text=gettext_lazy("Counted from 1, without the line that names columns."))
    line = serializers.IntegerField(required=False, help_text=gettext_lazy("Of the text, where it has lines."))
    status = serializers.IntegerField(allow_null=True, help_text=gettext_lazy("Null: not booked yet."))
    replayed = serializers.BooleanField(
        required=False, help_text=gettext_lazy("True where it is the first answer of the row's key again.")
    )
    body = PolymorphicProxySerializer("ShipmentOrProblem", [ShipmentOutput, ProblemOutput], None, allow_null=True)


class BulkAnswerOutput(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(MODES)
    booked = serializers.IntegerField(help_text=gettext_lazy("How many of the rows are booked."))
    outcomes = RowOutput(many=True)


class BulkOutput(serializers.Serializer[Any]):
    reference = ReferenceOutput(Bulk.PREFIX)
    state = WordOutput(Bulk.Stage)
    display = serializers.CharField()
    rows = serializers.IntegerField()
    done = serializers.IntegerField(help_text=gettext_lazy("Rows that have an outcome."))
    booked = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    cancelled_at = serializers.DateTimeField(allow_null=True)
    stopped_at = serializers.DateTimeField(allow_null=True)
    stopped_because = serializers.CharField(
        allow_null=True, help_text=gettext_lazy("Why nothing more of it is booked; what is booked stays so.")
    )


class BulkPageOutput(BulkOutput):
    next = serializers.URLField(allow_null=True, help_text=gettext_lazy("Follow it until it is null."))
    previous = serializers.URLField(allow_null=True)
    results = RowOutput(many=True)


def shown(bulk: Bulk) -> dict[str, Any]:
    said = selectors.progress(bulk)
    stage = bulk.stage(**said)
    return {
        "reference": bulk.ref,
        "state": stage.value,
        "display": str(stage.label),
        **said,
        "created_at": on_the_wire(bulk.created_at),
        "cancelled_at": on_the_wire(bulk.cancelled_at) if bulk.cancelled_at else None,
        "stopped_at": on_the_wire(bulk.stopped_at) if bulk.stopped_at else None,
        "stopped_because": bulk.get_stopped_because_display() or None,
    }


def row(number: int, line: int | None, status: int | None, body: str, replayed: bool) -> str:
    """As text, since the body is kept as one."""
    said = {"row": number} | ({"line": line} if line else {}) | {"status": status}
    said |= {"replayed": True} if replayed else {}
    return f'{problems.dumps(said)[:-1]},"body":{body or "null"}}}'


class ShipmentBulk(APIView):
    route_name = "api.shipments.bulk"
    parser_classes = PARSERS

    @call(
        "shipments_bulk",
        gettext_lazy("Reserve quota for many shipments"),
        RESERVES,
        gives={
            207: OpenApiResponse(BulkAnswerOutput, gettext_lazy("What became of each row.")),
            202: OpenApiResponse(BulkOutput, gettext_lazy("A job: follow it at its `Location`.")),
        },
        takes={
            JSONRows.media_type: ShipmentRowInput(many=True),
            NDJSONRows.media_type: {
                "type": "string",
                "description": gettext_lazy("A row of the JSON array a line."),
            },
            SheetRows.media_type: {
                "type": "string",
                "description": gettext_lazy("With the columns named above as first line."),
            },
        },
        query=[parameter("mode", gettext_lazy("All rows or none, or those that can be."), enum=MODES, required=True)],
        keyed=True,
        leads=True,
        refuses=("expected-array", "min-items", "max-items", "row-repeated", "invalid-sheet"),
        sent=examples.ROW,
        answered={207: examples.OUTCOMES},
    )
    def post(self, request: Request) -> HttpResponse:
        mode = read_query(request, "mode").get("mode")
        if mode not in MODES:
            message = _("One of: {choices}.").format(choices=", ".join(MODES))
            raise Invalid([Problem("/mode", "invalid-parameter", message)])
        sent = _sent(request)
        if mode == ATOMIC:
            actions.require_whole(len(sent), "")
        key, instance = commands.read_key(request), request._request.request_id
        refuse_repeated(sent)
        rows = list(read_rows(sent, instance))
        by = actor_of(request)

        def claim(render: Any) -> Claim:
            asked = [mode, [[one.key, one.fingerprint] for one in rows]]
            print_ = fingerprint("POST", request.path, asked)
            return Claim(
                by.organization_id or 0, key, print_, render, lambda refusal: problems.answer(refusal, instance)
            )

        def told(outcomes: Sequence[Answer]) -> Answer:
            booked = sum(not one.refused for one in outcomes)
            each = ",".join(
                row(number, at.line, one.status, one.body, one.replayed)
                for number, (at, one) in enumerate(zip(rows, outcomes, strict=True), 1)
            )
            text = f'{{"mode":"{mode}","booked":{booked},"outcomes":[{each}]}}'
            return Answer(207, problems.JSON, text)

        if not actions.at_once(len(rows)):
            job = claim(lambda made: Answer(202, problems.JSON, problems.dumps(shown(made))))
            named = {"language": get_language() or "", "instance": instance, "by": by}
            return _leading(request, commands.respond(actions.order.claimed(job, rows, **named)))
        try:
            whole = {"atomic": mode == ATOMIC, "instance": instance, "by": by}
            return commands.respond(actions.reserve_many.claimed(claim(told), rows, **whole))
        except actions.NothingBooked as refused:
            return commands.respond(told(refused.told))


def _leading(request: Request, response: HttpResponse) -> HttpResponse:
    """The answer that is a job, whether made or kept, with the job's address."""
    if response.status_code == 202:
        job = reverse(BulkJob.route_name, args=[json.loads(response.content)["reference"]])
        response.headers["Location"] = request.build_absolute_uri(job)
    return response


def _sent(request: Request) -> list[Sent]:
    try:
        sent = request.data
    except UnsupportedMediaType:
        text = _("Send one of {types}.").format(types=", ".join(one.media_type for one in PARSERS))
        raise DomainError(text, code="unsupported-media-type") from None
    if not isinstance(sent, list):
        raise Unreadable(_("The body is empty."), code="empty-body")
    return sent


class BulkJob(APIView):
    route_name = "api.shipments.bulk.job"

    @call(
        "shipments_bulk_read",
        gettext_lazy("Follow a bulk"),
        gettext_lazy(
            "How far it is, and what became of its rows, in their order. What is not booked yet has no status."
        ),
        gives=BulkPageOutput,
        query=PAGES,
        refuses=("invalid-reference",),
    )
    def get(self, request: Request, ref: str) -> HttpResponse:
        read_query(request, paged=True)
        bulk = selectors.bulks_for(actor_of(request)).filter(ref=_canonical(ref)).first()
        if bulk is None:
            raise NotFound()
        cursor = Cursor("number")
        page: list[BulkRow] = cursor.page(bulk.rows.defer("stated"), request)
        said = problems.dumps(shown(bulk) | {name: of for name, of in cursor.body([]).items() if name != "results"})
        each = ",".join(row(one.number, one.line, one.status, one.body, one.replayed) for one in page)
        return HttpResponse(f'{said[:-1]},"results":[{each}]}}', content_type=problems.JSON)


class BulkCancel(APIView):
    route_name = "api.shipments.bulk.cancel"

    @call(
        "shipments_bulk_cancel",
        gettext_lazy("Cancel a bulk"),
        gettext_lazy("Nothing more of it is booked; what is booked stays so. Takes no body."),
        gives=BulkOutput,
        keyed=True,
        refuses=("invalid-reference", "wrong-state", "unknown-field"),
    )
    def post(self, request: Request, ref: str) -> HttpResponse:
        read_query(request)
        commands.refuse_body(request, _("Cancelling takes no body."))
        return commands.claimed(
            request, commands.read_key(request), actions.cancel, _canonical(ref), render=shown, data={}
        )


def _canonical(ref: str) -> str:
    return canonical(ref, Bulk.PREFIX, "invalid-reference")
