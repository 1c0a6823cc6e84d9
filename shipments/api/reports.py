"""REST: what the holder reports of a shipment that customs cleared."""

import hashlib
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from rest_framework.request import Request
from rest_framework.views import APIView

from core.api import commands, uploads
from core.api.fields import DayField, StrictSerializer
from core.api.parsers import StrictJSONParser
from core.api.schema import call
from core.decided import filled
from licensing.api.views import canonical
from shipments import actions, answers
from shipments.actions.reports import FILE_KINDS
from shipments.api import examples, serializers
from shipments.models import Shipment

FILES = (
    "file-empty",
    "file-too-large",
    "file-name",
    "file-unsafe",
    "file-not-pdf",
    "file-mismatch",
    "file-too-large-inside",
)


class DepartureInput(StrictSerializer):
    departed_on = DayField(help_text=gettext_lazy("Not before the day on which customs cleared it, nor after today."))


class DeliveryInput(StrictSerializer):
    delivered_on = DayField(help_text=gettext_lazy("Not before the day of departure, nor after today."))


class ProvenDeliveryInput(DeliveryInput):
    proof = uploads.UploadField(
        help_text=filled(
            gettext_lazy("{kinds}, at most {most} MB. Needed where a condition of the license asks for it."),
            kinds=FILE_KINDS,
            most="core.sizes.FILE_MEGABYTES",
        )
    )


class ShipmentDeparture(APIView):
    route_name = "api.shipment.departure"

    @call(
        "shipments_depart",
        gettext_lazy("Report that a shipment has left"),
        gettext_lazy("The day on which the goods left the country, once customs has cleared all of them."),
        gives=serializers.ShipmentOutput,
        takes=DepartureInput,
        keyed=True,
        refuses=("invalid-reference", "wrong-state", "date-out-of-range"),
        sent=examples.DEPARTURE,
        answered={200: examples.DEPARTED},
    )
    def post(self, request: Request, ref: str) -> HttpResponse:
        said = commands.read(request, DepartureInput)
        wanted = canonical(ref, Shipment.PREFIX, "invalid-reference")
        return commands.run(request, actions.depart, wanted, render=answers.changed, **said)


class ShipmentDelivery(APIView):
    route_name = "api.shipment.delivery"
    parser_classes = (StrictJSONParser, uploads.FormParser)

    @call(
        "shipments_deliver",
        gettext_lazy("Report that a shipment was delivered"),
        gettext_lazy(
            "The day on which the consignee had the goods, once its departure is reported. Send JSON; or, with a "
            "proof, multipart/form-data that has it as the part `proof`: needed where the license has the condition "
            "`DELIVERY_PROOF_30D`."
        ),
        gives=serializers.ShipmentOutput,
        takes={"application/json": DeliveryInput, uploads.MULTIPART: ProvenDeliveryInput},
        keyed=True,
        refuses=("invalid-reference", "wrong-state", "date-out-of-range", *FILES),
        sent=examples.DELIVERY,
        answered={200: examples.DELIVERED},
    )
    def post(self, request: Request, ref: str) -> HttpResponse:
        said, data = _read(request)
        wanted = canonical(ref, Shipment.PREFIX, "invalid-reference")
        key = commands.read_key(request)
        return commands.claimed(request, key, actions.deliver, wanted, render=answers.changed, data=data, **said)


def _read(request: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the verb is told, and what makes the request the same one when it is sent again."""
    if not uploads.has_form(request):
        return commands.read(request, DeliveryInput), request.data
    said = uploads.read_form(request, ProvenDeliveryInput).validated_data
    name, content = said["proof"]
    proof = [name, hashlib.sha256(content).hexdigest()]
    return said, {"delivered_on": said["delivered_on"].isoformat(), "proof": proof}
