"""The yardstick: the same reservation on the same tables, as a good tutorial would write it with DRF and the ORM.

A token looked up, nested serializers, one transaction, rows locked, models saved. It knows no key that is sent twice,
no policy, no chain; it names the first thing that is wrong.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import path
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from core.access import live_key
from core.legal_time import legal_now, legal_today
from core.models import HistoryLine
from core.references import draw
from exporters.models import Party
from licensing.models import License
from licensing.models.balances import Movement
from shipments.models import Shipment, ShipmentLine


class Token(BaseAuthentication):
    def authenticate(self, request):
        key = live_key(request.headers.get("Authorization", "").removeprefix("Bearer "))
        return (key.user, key) if key else None


class LineInput(serializers.Serializer):
    license_line = serializers.IntegerField(min_value=1)
    quantity = serializers.DecimalField(max_digits=18, decimal_places=3)
    unit = serializers.CharField(max_length=10)


class ShipmentInput(serializers.Serializer):
    license = serializers.SlugRelatedField("ref", queryset=License.objects.select_related("exporter"))
    client_reference = serializers.CharField(max_length=64)
    end_user = serializers.SlugRelatedField("ref", queryset=Party.objects.all())
    consignee = serializers.SlugRelatedField("ref", queryset=Party.objects.all())
    destination = serializers.CharField(max_length=2)
    port = serializers.CharField(max_length=5)
    planned_on = serializers.DateField()
    lines = LineInput(many=True)


class LineOutput(serializers.ModelSerializer):
    class Meta:
        model = ShipmentLine
        fields = ["line_number", "quantity", "unit", "held", "drawn", "released", "over_cleared"]


class ShipmentOutput(serializers.ModelSerializer):
    license = serializers.SlugRelatedField("ref", read_only=True)
    end_user = serializers.SlugRelatedField("ref", read_only=True)
    consignee = serializers.SlugRelatedField("ref", read_only=True)
    lines = LineOutput(many=True, read_only=True)

    class Meta:
        model = Shipment
        fields = [
            *("ref", "license", "client_reference", "state", "end_user", "consignee", "destination", "port"),
            *("planned_on", "reserved_until", "created_at", "lines"),
        ]


class Shipments(APIView):
    authentication_classes = [Token]
    permission_classes = [IsAuthenticated]
    parser_classes = [JSONParser]
    renderer_classes = [JSONRenderer]

    def post(self, request):
        data = ShipmentInput(data=request.data)
        data.is_valid(raise_exception=True)
        shipment = reserve(request, **data.validated_data)
        return Response(ShipmentOutput(shipment).data, status=status.HTTP_201_CREATED)


@transaction.atomic
def reserve(request, *, license, lines, **fields):
    today = legal_today()
    if license.exporter_id != request.auth.organization_id:
        raise ValidationError({"license": "not found"})
    if license.state != "active" or not license.usable_from <= today <= license.usable_until:
        raise ValidationError({"license": "not usable"})
    if not license.end_users.filter(party=fields["end_user"], open=True).exists():
        raise ValidationError({"end_user": "not on the license"})
    if not license.consignees.filter(pk=fields["consignee"].pk).exists():
        raise ValidationError({"consignee": "not on the license"})
    if fields["destination"] not in license.destinations:
        raise ValidationError({"destination": "not on the license"})
    numbers = [line["license_line"] for line in lines]
    locked = {row.number: row for row in license.lines.select_for_update().filter(number__in=numbers).order_by("pk")}
    shipment = Shipment.objects.create(
        ref=draw(Shipment.PREFIX),
        exporter=license.exporter,
        license=license,
        reserved_until=min(fields["planned_on"] + timedelta(days=30), license.usable_until),
        created_by=request.user,
        created_at=legal_now(),
        **fields,
    )
    for line in lines:
        row, quantity = locked.get(line["license_line"]), int(line["quantity"] * 1000)
        if row is None or row.available + row.tolerance < quantity:
            raise ValidationError({"lines": "not enough left"})
        row.reserved += quantity
        row.save()
        ShipmentLine.objects.create(
            shipment=shipment, line_number=row.number, quantity=quantity, unit=line["unit"], held=quantity
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('licensing_movement_seq')")
            (number,) = cursor.fetchone()
        Movement.objects.create(
            id=number,
            at=legal_now(),
            exporter_id=row.exporter_id,
            license_id=license.pk,
            line_id=row.pk,
            line_number=row.number,
            kind="reserve",
            quantity=quantity,
            held=True,
            shipment_id=shipment.pk,
            shipment_ref=shipment.ref,
            available_after=row.available,
        )
    HistoryLine.objects.create(
        subject_kind="shipment",
        subject_id=shipment.pk,
        subject_ref=shipment.ref,
        seq=1,
        verb="reserve",
        to_state="reserved",
        actor=request.user,
        at=legal_now(),
        hash="0" * 64,
    )
    return shipment


urlpatterns = [
    path("api/v1/shipments/", Shipments.as_view()),
    path("healthz", lambda request: HttpResponse("ok")),
]
