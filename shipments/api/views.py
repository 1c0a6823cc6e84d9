"""REST: shipments for clients, messages for customs. Each view reads strictly, calls one verb, answers."""

import json
import logging
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import problems
from core.api import commands
from core.api.fields import reader
from core.api.pagination import Cursor, page_of, read_query
from core.api.problems import exception_handler
from core.api.schema import PAGES, call, parameter
from core.decided import filled
from core.errors import DomainError, Invalid, NotFound, Problem, Unreadable
from core.idempotency import fingerprint
from core.legal_time import legal_now
from core.proof import proving
from core.sizes import MESSAGES_AT_ONCE
from licensing.api.views import actor_of, canonical
from shipments import actions, answers, selectors
from shipments.actions.messages import key_of
from shipments.api import examples, serializers
from shipments.models import Shipment
from shipments.refusals import IN_ORDER, problem
from shipments.states import ShipmentState

# what is wrong with a request itself, beyond its shape
ASKED = ("unknown-reference", "date-out-of-range", "required")

REPORTS = filled(
    gettext_lazy(
        "One message, or a list of up to {most} (207, an answer per item in order).\n\n"
        "`message_id` is the key: the same message again gets the same answer; another body under it is 422. What "
        "crossed the border is always booked, in any order; what does not fit opens an incident.\n\n"
        "`questioned` waits for the ministry's answer, `rejected` gives back what was reserved, `corrected` puts "
        "right what an earlier message cleared, `returned` tells what came back: an officer decides whether the "
        "license has it again."
    ),
    most="core.sizes.MESSAGES_AT_ONCE",
)

log = logging.getLogger(__name__)
proving.add(("api.shipments", "POST"))  # shipment_reserve


class Shipments(APIView):
    route_name = "api.shipments"

    @call(
        "shipments_list",
        gettext_lazy("List shipments"),
        gettext_lazy("Your organization's shipments, newest first."),
        gives=page_of(serializers.ShipmentOutput),
        query=[
            parameter("state", gettext_lazy("In this state only."), enum=ShipmentState.values),
            parameter("license", gettext_lazy("Under this license only.")),
            parameter("client_reference", gettext_lazy("The one that you gave this reference.")),
            *PAGES,
        ],
        refuses=("invalid-license-number",),
    )
    def get(self, request: Request) -> Response:
        query = read_query(request, "state", "license", "client_reference", paged=True)
        rows = selectors.with_corrections(selectors.with_lines(selectors.shipments_for(actor_of(request))))
        if "state" in query:
            choices = [str(choice[0]) for choice in Shipment._meta.get_field("state").choices or []]
            if query["state"] not in choices:
                message = _("One of: {choices}.").format(choices=", ".join(choices))
                raise Invalid([Problem("/state", "invalid-parameter", message)])
            rows = rows.filter(state=query["state"])
        if "license" in query:
            rows = rows.filter(license__ref=canonical(query["license"], pointer="/license"))
        if "client_reference" in query:
            rows = rows.filter(client_reference=query["client_reference"])
        cursor = Cursor("-pk")
        page = selectors.with_questions(selectors.with_holds(cursor.page(rows, request), legal_now()))
        return Response(cursor.body([answers.shipment(row) for row in page]))

    @call(
        "shipments_reserve",
        gettext_lazy("Reserve quota for a shipment"),
        gettext_lazy(
            "The shipment takes its quantity from the license the moment this answers 201.\n\n"
            "409 names every guard that failed, in order, with the remaining quantity; nothing was taken then. 404: "
            "the license is none of yours."
        ),
        gives={201: serializers.ShipmentOutput},
        takes=serializers.ShipmentInput,
        keyed=True,
        refuses=("not-found", *ASKED, *IN_ORDER),
        sent=examples.REQUEST,
        answered={201: examples.RESERVED, 409: examples.EXHAUSTED},
    )
    def post(self, request: Request) -> HttpResponse:
        asked = commands.read(request, serializers.ShipmentInput)
        return commands.run(request, actions.reserve, asked, render=answers.reserved, status=201)


class ShipmentCheck(APIView):
    route_name = "api.shipments.check"

    @call(
        "shipments_check",
        gettext_lazy("Try a shipment without effect"),
        gettext_lazy(
            "Every guard's verdict as of now. Nothing is reserved and no Idempotency-Key is needed. 404: the license "
            "is none of yours."
        ),
        gives=serializers.VerdictOutput,
        takes=serializers.ShipmentInput,
        refuses=("not-found", *ASKED),
        sent=examples.REQUEST,
        answered={200: examples.VERDICT},
    )
    def post(self, request: Request) -> Response:
        asked = commands.read(request, serializers.ShipmentInput)
        outcome = actions.check(asked, by=actor_of(request))
        failures = [problem(failure).as_dict() for failure in outcome.failures]
        return Response({"accepted": outcome.accepted, "failures": failures})


class ShipmentDetail(APIView):
    route_name = "api.shipment"

    @call(
        "shipments_read",
        gettext_lazy("Read a shipment"),
        gettext_lazy("State, per line what is reserved, drawn, released, and what customs said after that."),
        gives=serializers.ShipmentOutput,
        refuses=("invalid-reference",),
    )
    def get(self, request: Request, ref: str) -> Response:
        read_query(request)
        rows = selectors.with_corrections(selectors.with_lines(selectors.shipments_for(actor_of(request))))
        row = rows.filter(ref=canonical(ref, Shipment.PREFIX, "invalid-reference")).first()
        if row is None:
            raise NotFound()
        [shown] = selectors.with_questions(selectors.with_holds([row], legal_now()))
        return Response(answers.shipment(shown))


class ShipmentCancel(APIView):
    route_name = "api.shipment.cancel"

    @call(
        "shipments_cancel",
        gettext_lazy("Cancel a reserved shipment"),
        gettext_lazy("What it reserved is free again, or lapses when the license is over. Takes no body."),
        gives=serializers.ShipmentOutput,
        keyed=True,
        refuses=("invalid-reference", "wrong-state", "unknown-field"),
    )
    def post(self, request: Request, ref: str) -> HttpResponse:
        read_query(request)
        commands.refuse_body(request, _("Cancelling takes no body."))
        wanted = canonical(ref, Shipment.PREFIX, "invalid-reference")
        return commands.claimed(
            request, commands.read_key(request), actions.cancel, wanted, render=answers.changed, data={}
        )


class CustomsMessages(APIView):
    route_name = "api.customs.messages"

    @call(
        "customs_report",
        gettext_lazy("Report what customs declared, asked, cleared, rejected, corrected, or saw come back"),
        REPORTS,
        gives={
            200: serializers.ReceiptOutput,
            202: OpenApiResponse(serializers.ReceiptOutput, gettext_lazy("A shipment that we do not know.")),
            207: OpenApiResponse(serializers.OutcomeOutput(many=True), gettext_lazy("An answer per message.")),
        },
        takes=PolymorphicProxySerializer(
            "OneOrMany", [serializers.MessageInput, serializers.MessageInput(many=True)], None, many=False
        ),
        remembered=True,
        refuses=(
            "min-items",
            "max-items",
            "declaration-no-used",
            "unknown-reference",
            "below-returned",
            "more-than-crossed",
            "message-id-reused",
            "in-progress",
            "busy",
        ),
        sent=examples.CLEARED,
        answered={200: examples.RECEIPT},
    )
    def post(self, request: Request) -> HttpResponse:
        read_query(request)
        if not request._request.body.strip():
            raise Unreadable(_("The body is empty."), code="empty-body")
        if isinstance(request.data, list):
            if not 1 <= len(request.data) <= MESSAGES_AT_ONCE:
                code = "max-items" if request.data else "min-items"
                raise Invalid([Problem("", code, _("From 1 to {most} messages.").format(most=f"{MESSAGES_AT_ONCE:,}"))])
            return self._many(request, request.data)
        return self._one(request, request.data)

    def _one(self, request: Request, body: Any) -> HttpResponse:
        data = reader(serializers.MessageInput).run_validation(body)
        message = serializers.message(data, body, fingerprint("POST", request.path, body))
        try:
            return commands.claimed(
                request,
                key_of(message.message_id),
                actions.receive,
                message,
                render=serializers.receipt,
                status=lambda made: made.status,
                data=body,
            )
        except Invalid as refusal:
            if refusal.code == "idempotency-key-reused":
                log.error("customs message contradicts an earlier one", extra={"message_id": message.message_id})
                text = _("This message_id was used before for another message.")
                raise Invalid([Problem("/message_id", "message-id-reused", text)]) from refusal
            raise

    def _many(self, request: Request, bodies: list[Any]) -> HttpResponse:
        items = []
        for body in bodies:
            try:
                answer = self._one(request, body)
                items.append({"status": answer.status_code, "body": json.loads(answer.content)})
            except (DomainError, serializers.serializers.ValidationError) as error:
                refused = exception_handler(error, {"request": request})
                assert refused is not None
                items.append({"status": refused.status_code, "body": json.loads(refused.content)})
        return HttpResponse(problems.dumps(items), status=207, content_type=commands.JSON)
