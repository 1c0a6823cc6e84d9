"""What clients and customs send about shipments, read strictly, and what they get back."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from core import quantities
from core.api.fields import (
    CountryOutput,
    DayField,
    InstantField,
    MoneyInput,
    NonEmptyList,
    PatternField,
    QuantityOutput,
    QuantityTextField,
    ReferenceField,
    ReferenceOutput,
    StrictSerializer,
    TextField,
    TruthField,
    UnitField,
    UnitOutput,
    WholeNumberField,
    WordOutput,
)
from core.api.schema import ErrorOutput, ProblemOutput
from core.decided import filled
from core.models.idempotency import KEY_LONGEST, KEY_PATTERN
from core.models.people import COUNTRY_LENGTH, COUNTRY_PATTERN
from core.quantities import AMOUNT, CURRENCY_PATTERN, show
from core.sizes import REASON_CHARACTERS
from exporters.models import Party
from licensing import elements
from licensing.models import License
from licensing.models.applications import PORT_LENGTH, PORT_PATTERN, PORT_WORDS
from licensing.models.lists import GOODS_CODE_LONG, GOODS_CODE_PATTERN, GOODS_CODE_WORDS
from licensing.policy.vocabulary import ELEMENTS
from shipments.actions import ClearedLine, LineRequest, Message, Receipt, ShipmentRequest
from shipments.models import (
    CLIENT_REFERENCE_LONGEST,
    DECLARATION_LONGEST,
    DECLARATION_PATTERN,
    DECLARATION_WORDS,
    MESSAGE_LONGEST,
    MESSAGE_PATTERN,
    MESSAGE_WORDS,
    Incident,
    Shipment,
)
from shipments.states import ShipmentState

ELEMENTS_MOST = 20  # of one line, each with its share


def read_quantity(attributes: dict[str, Any], *, least: int = 1) -> dict[str, Any]:
    """Base units from `quantity` beside `unit`. Raises at the quantity."""
    try:
        attributes["quantity"] = quantities.read(attributes["quantity"], attributes["unit"], least=least)
    except quantities.BadQuantity as error:
        message = serializers.ErrorDetail(_(quantities.MESSAGES[error.code]), error.code)
        raise serializers.ValidationError({"quantity": [message]}) from None
    return attributes


def twice(lines: Iterable[Mapping[str, Any]]) -> list[serializers.ErrorDetail]:
    """What is said of the first license line that stands twice among these."""
    seen: set[int] = set()
    for line in lines:
        if line["license_line"] in seen:
            text = _("License line {number} stands twice; add the quantities.").format(number=line["license_line"])
            return [serializers.ErrorDetail(text, "duplicate-line")]
        seen.add(line["license_line"])
    return []


class CompositionField(serializers.DictField):
    """Mass fractions by element, together at most 1."""

    refuses = ("expected-object", "invalid-format", "out-of-range")

    def openapi(self) -> dict[str, Any]:
        about = _("Mass fractions by element symbol, together at most 1.")
        names = {"enum": sorted(ELEMENTS)}
        each = self.child.openapi()
        return {
            "type": "object",
            "maxProperties": ELEMENTS_MOST,
            "propertyNames": names,
            "additionalProperties": each,
            "description": about,
        }

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("Send a JSON object."), "expected-object")
        if len(data) > ELEMENTS_MOST or not data.keys() <= ELEMENTS:
            message = _("At most {most} element symbols such as Dy, each with its mass fraction.").format(
                most=ELEMENTS_MOST
            )
            raise serializers.ValidationError(message, "invalid-format")
        found: dict[str, str] = super().to_internal_value(data)
        if not elements.possible(found.values()):
            raise serializers.ValidationError(_("The mass fractions are more than 1 together."), "out-of-range")
        if not all(map(elements.present, found.values())):
            raise serializers.ValidationError(_("Leave out what the goods do not contain."), "out-of-range")
        return found


class ShipmentLineInput(StrictSerializer):
    license_line = WholeNumberField(help_text=gettext_lazy("The number of the license's line."))
    hs_code = PatternField(GOODS_CODE_PATTERN, GOODS_CODE_WORDS, max_length=GOODS_CODE_LONG, required=False)
    quantity = QuantityTextField()
    unit = UnitField()
    value = MoneyInput(required=False, help_text=gettext_lazy("Needed where the license caps value."))
    composition = CompositionField(
        child=PatternField(r"0(\.\d{1,6})?|1(\.0{1,6})?", gettext_lazy("A mass fraction such as 0.0320.")),
        required=False,
        help_text=gettext_lazy(
            "Mass fractions by element. Needed where a national quota counts an element and the license has no "
            "upper bound."
        ),
    )
    composition_basis = PatternField(
        f"{elements.MEASURED}|{elements.DECLARED}",
        gettext_lazy("measured, or declared (the default)."),
        max_length=10,
        required=False,
    )
    oxide = PatternField(
        "|".join(elements.oxides()),
        gettext_lazy("The formula of the usual oxide, such as Dy2O3, where the goods are one."),
        max_length=10,
        required=False,
    )
    read_only_members = ("available_after", "id")

    class Meta:
        list_serializer_class = NonEmptyList

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (oxide := elements.oxides().get(attrs.get("oxide", ""))) and oxide.element in attrs.get("composition", {}):
            message = _("Say {element} once: by its oxide, or by its mass fraction.").format(element=oxide.element)
            raise serializers.ValidationError({"oxide": [serializers.ErrorDetail(message, "invalid-format")]})
        return read_quantity(attrs)


class ShipmentInput(StrictSerializer):
    refuses = (*StrictSerializer.refuses, "duplicate-line")
    license = ReferenceField(License.PREFIX, "invalid-license-number")
    client_reference = TextField(
        max_length=CLIENT_REFERENCE_LONGEST,
        help_text=gettext_lazy(
            "Your own number of the shipment, for ever the only one in your company, also where it is cancelled."
        ),
    )
    end_user = ReferenceField(Party.PREFIX)
    consignee = ReferenceField(Party.PREFIX)
    destination = PatternField(
        COUNTRY_PATTERN,
        gettext_lazy("A two-letter country code such as DE."),
        max_length=COUNTRY_LENGTH,
        help_text=gettext_lazy("The end-user's own country, as the license names it: it is sent nothing elsewhere."),
    )
    port = PatternField(PORT_PATTERN, PORT_WORDS, max_length=PORT_LENGTH)
    planned_on = DayField(
        help_text=filled(
            gettext_lazy("Today in Shanghai, or one of the next {days} days."),
            days="shipments.actions.reservations.DAYS_AHEAD_MOST",
        )
    )
    final = TruthField(required=False, help_text=gettext_lazy("The last shipment under the license."))
    lines = ShipmentLineInput(many=True)
    read_only_members = (
        "id",
        "reference",
        "state",
        "display",
        "organization",
        "exporter",
        "reserved_until",
        "created_at",
        "declaration_no",
        "declared_at",
        "cleared_at",
        "report_due_on",
        "departed_on",
        "delivered_on",
    )

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if wrong := twice(lines):
            raise serializers.ValidationError(wrong)
        return lines

    def validate(self, attrs: dict[str, Any]) -> ShipmentRequest:
        return request_of(attrs)


class ShipmentRowInput(ShipmentInput):
    idempotency_key = PatternField(
        KEY_PATTERN,
        gettext_lazy("The key that the shipment would have if it were sent alone."),
        max_length=KEY_LONGEST,
    )


_PLAIN = ("license", "client_reference", "end_user", "consignee", "destination", "port", "planned_on")


def request_of(data: Mapping[str, Any]) -> ShipmentRequest:
    """What a ShipmentInput found."""
    return ShipmentRequest(
        **{name: data[name] for name in _PLAIN},
        final=data.get("final", False),
        lines=[
            LineRequest(
                license_line=line["license_line"],
                quantity=line["quantity"],
                unit=line["unit"],
                hs_code=line.get("hs_code", ""),
                value=line["value"]["amount"] if "value" in line else None,
                currency=line["value"]["currency"] if "value" in line else "",
                composition=line.get("composition", {}),
                oxide=line.get("oxide", ""),
                contents=elements.contents(
                    line.get("composition", {}),
                    line.get("composition_basis", elements.DECLARED),
                    line.get("oxide", ""),
                ),
            )
            for line in data["lines"]
        ],
    )


class MoneyOutput(serializers.Serializer[Any]):
    amount = serializers.RegexField(f"^{AMOUNT}$")
    currency = serializers.RegexField(f"^{CURRENCY_PATTERN}$")


class ShipmentLineOutput(serializers.Serializer[Any]):
    license_line = serializers.IntegerField()
    quantity = QuantityOutput(help_text=gettext_lazy("In the unit that was sent, as all of the line."))
    unit = UnitOutput()
    hs_code = serializers.CharField()
    reserved = QuantityOutput(help_text=gettext_lazy("What it still holds."))
    drawn = QuantityOutput(help_text=gettext_lazy("What customs cleared of it."))
    released = QuantityOutput(help_text=gettext_lazy("What it held and is free again."))
    over_cleared = QuantityOutput(help_text=gettext_lazy("What customs cleared beyond what the license had."))
    returned = QuantityOutput(help_text=gettext_lazy("Of what crossed, what came back."))
    credited = QuantityOutput(help_text=gettext_lazy("Of what came back, what the license has again."))
    available_after = QuantityOutput(required=False, help_text=gettext_lazy("Only in the answer to the reservation."))
    value = MoneyOutput(required=False)


class QuestionOutput(serializers.Serializer[Any]):
    text = serializers.CharField()
    asked_at = serializers.DateTimeField()
    answer = serializers.CharField(allow_null=True, help_text=gettext_lazy("What the ministry said; null before that."))
    answered_at = serializers.DateTimeField(allow_null=True)


class CorrectedLineOutput(serializers.Serializer[Any]):
    license_line = serializers.IntegerField()
    unit = UnitOutput()
    before = QuantityOutput()
    after = QuantityOutput()


class CorrectionOutput(serializers.Serializer[Any]):
    message_id = serializers.CharField()
    corrects = serializers.CharField(help_text=gettext_lazy("The clearance that stands otherwise now."))
    reason = serializers.CharField()
    reported_at = serializers.DateTimeField()
    lines = CorrectedLineOutput(many=True)


class ReturnedLineOutput(serializers.Serializer[Any]):
    license_line = serializers.IntegerField()
    quantity = QuantityOutput()
    unit = UnitOutput()


class ReturnOutput(serializers.Serializer[Any]):
    message_id = serializers.CharField()
    reimport_declaration_no = serializers.CharField()
    reported_at = serializers.DateTimeField()
    approved = serializers.BooleanField(
        allow_null=True, help_text=gettext_lazy("May the license have it again? Null until an officer decides.")
    )
    reason = serializers.CharField(allow_null=True)
    lines = ReturnedLineOutput(many=True)


class ShipmentOutput(serializers.Serializer[Any]):
    reference = ReferenceOutput(Shipment.PREFIX)
    state = WordOutput(ShipmentState)
    display = serializers.CharField()
    on_hold = serializers.BooleanField(
        help_text=gettext_lazy(
            "An open shipment of whose goods nothing more could be reserved now: its license, or its end-user there, "
            "is closed, the rules forbid it, or a hold stops it. What was declared to customs already is cleared as "
            "usual."
        )
    )
    license = ReferenceOutput(License.PREFIX)
    client_reference = serializers.CharField()
    end_user = ReferenceOutput(Party.PREFIX)
    consignee = ReferenceOutput(Party.PREFIX)
    destination = CountryOutput()
    port = serializers.CharField()
    planned_on = serializers.DateField()
    reserved_until = serializers.DateField()
    final = serializers.BooleanField()
    declaration_no = serializers.CharField(allow_null=True)
    declared_at = serializers.DateTimeField(allow_null=True)
    cleared_at = serializers.DateTimeField(allow_null=True)
    report_due_on = serializers.DateField(
        allow_null=True,
        help_text=gettext_lazy(
            "The last day on which to report its delivery: null where nobody asks for that, and once it is reported."
        ),
    )
    departed_on = serializers.DateField(allow_null=True)
    delivered_on = serializers.DateField(allow_null=True)
    lines = ShipmentLineOutput(many=True)
    questions = QuestionOutput(many=True, help_text=gettext_lazy("What customs asked, the oldest first."))
    corrections = CorrectionOutput(many=True, help_text=gettext_lazy("What customs corrected, the oldest first."))
    returns = ReturnOutput(many=True, help_text=gettext_lazy("What came back, the oldest first."))


class VerdictOutput(serializers.Serializer[Any]):
    accepted = serializers.BooleanField()
    failures = ErrorOutput(many=True)


class ClearedLineInput(StrictSerializer):
    license_line = WholeNumberField(help_text=gettext_lazy("The number of the license's line."))
    quantity = QuantityTextField()
    unit = UnitField()

    class Meta:
        list_serializer_class = NonEmptyList

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return read_quantity(attrs, least=0)  # a correction may say that nothing crossed


# Which events there are, and what the message of one carries beyond what all do: needed, and allowed.
CARRIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "declared": ((), ()),
    "questioned": (("reason",), ()),
    "cleared": (("cleared_at", "lines"), ("final",)),
    "rejected": ((), ("reason",)),
    "corrected": (("corrects", "reason", "lines"), ()),
    "returned": (("reimport_declaration_no", "lines"), ()),
}
EVENTS = ", ".join(CARRIES)


class EventField(TextField):
    refuses = (*TextField.refuses, "unknown-event")

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(CARRIES)}

    def to_internal_value(self, data: Any) -> str:
        event = super().to_internal_value(data)
        if event not in CARRIES:
            raise serializers.ValidationError(_("One of: {choices}.").format(choices=EVENTS), "unknown-event")
        return event


class MessageInput(StrictSerializer):
    """One customs message. What only some events carry says so."""

    refuses = (*StrictSerializer.refuses, "duplicate-line", "end-before-start")

    message_id = PatternField(MESSAGE_PATTERN, MESSAGE_WORDS, max_length=MESSAGE_LONGEST)
    event = EventField(max_length=20)
    shipment = ReferenceField(Shipment.PREFIX)
    declaration_no = PatternField(DECLARATION_PATTERN, DECLARATION_WORDS, max_length=DECLARATION_LONGEST)
    declared_at = InstantField()
    cleared_at = InstantField(required=False, help_text=gettext_lazy("Needed when `cleared`, and only then."))
    final = TruthField(
        required=False,
        help_text=gettext_lazy(
            "Only when `cleared`: nothing of this shipment follows, and what it still holds is free."
        ),
    )
    reason = TextField(
        required=False,
        max_length=REASON_CHARACTERS,
        help_text=gettext_lazy(
            "Needed when `questioned` (what customs asks) and when `corrected`, allowed when `rejected`."
        ),
    )
    corrects = PatternField(
        MESSAGE_PATTERN,
        MESSAGE_WORDS,
        max_length=MESSAGE_LONGEST,
        required=False,
        help_text=gettext_lazy(
            "Needed when `corrected`, and only then: the message_id of the clearance, or of what corrected it before."
        ),
    )
    reimport_declaration_no = PatternField(
        DECLARATION_PATTERN,
        DECLARATION_WORDS,
        max_length=DECLARATION_LONGEST,
        required=False,
        help_text=gettext_lazy("Needed when `returned`, and only then."),
    )
    lines = ClearedLineInput(
        many=True,
        required=False,
        help_text=gettext_lazy(
            "Needed when `cleared`, `returned`, or `corrected`, and only then. A correction says how much crossed, 0 "
            "too, on the lines that were wrong."
        ),
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed, allowed = CARRIES[attrs["event"]]
        errors: dict[str, Any] = {}
        for name in needed:
            if name not in attrs:
                errors[name] = [serializers.ErrorDetail(_("Needed."), "required")]
        for name in {name for names in CARRIES.values() for some in names for name in some} - {*needed, *allowed}:
            if name in attrs:
                message = _("A {event} message does not carry this.").format(event=attrs["event"])
                errors[name] = [serializers.ErrorDetail(message, "unknown-field")]
        if "cleared_at" in attrs and attrs["cleared_at"] < attrs["declared_at"]:
            message = _("Cleared before it was declared.")
            errors.setdefault("cleared_at", [serializers.ErrorDetail(message, "end-before-start")])
        lines = attrs.get("lines", [])
        if "lines" not in errors and attrs["event"] != "corrected" and not all(item["quantity"] for item in lines):
            message = serializers.ErrorDetail(_(quantities.MESSAGES["must-be-positive"]), "must-be-positive")
            errors["lines"] = {n: {"quantity": [message]} for n, item in enumerate(lines) if not item["quantity"]}
        if wrong := twice(lines):
            errors["lines"] = wrong
        if errors:
            raise serializers.ValidationError(errors)
        return attrs


def message(data: Mapping[str, Any], body: dict[str, Any], fingerprint: str) -> Message:
    return Message(
        message_id=data["message_id"],
        event=data["event"],
        shipment=data["shipment"],
        declaration_no=data["declaration_no"],
        declared_at=data["declared_at"],
        cleared_at=data.get("cleared_at"),
        final=data.get("final", False),
        lines=[ClearedLine(**item) for item in data.get("lines", [])],
        reason=data.get("reason", ""),
        corrects=data.get("corrects", ""),
        reimport_no=data.get("reimport_declaration_no", ""),
        body=body,
        fingerprint=fingerprint,
    )


class ReceiptLineOutput(serializers.Serializer[Any]):
    license_line = serializers.IntegerField()
    drawn = QuantityOutput(help_text=gettext_lazy("Less than nothing where a correction gives some back."))
    released = QuantityOutput()
    over_cleared = QuantityOutput()
    returned = QuantityOutput(required=False, help_text=gettext_lazy("Only when `returned`."))


class IncidentOutput(serializers.Serializer[Any]):
    reference = ReferenceOutput(Incident.PREFIX)
    kind = WordOutput(Incident.Kind)
    text = serializers.CharField()


class ReceiptOutput(serializers.Serializer[Any]):
    message_id = serializers.CharField()
    shipment = ReferenceOutput(Shipment.PREFIX)
    state = WordOutput(ShipmentState, allow_null=True, help_text=gettext_lazy("Null for a shipment we do not know."))
    lines = ReceiptLineOutput(many=True)
    incident = ReferenceOutput(Incident.PREFIX, required=False, help_text=gettext_lazy("The first of incidents."))
    incidents = IncidentOutput(many=True, required=False, help_text=gettext_lazy("What did not fit."))


class OutcomeOutput(serializers.Serializer[Any]):
    """What became of one message of a list."""

    status = serializers.IntegerField()
    body = PolymorphicProxySerializer("ReceiptOrProblem", [ReceiptOutput, ProblemOutput], None)


def receipt(made: Receipt) -> dict[str, Any]:
    body: dict[str, Any] = {
        "message_id": made.message.message_id,
        "shipment": made.message.shipment,
        "state": made.shipment.state if made.shipment else None,
        "lines": [
            {
                "license_line": row.line_number,
                "drawn": show(result["drawn"], row.unit),
                "released": show(result["released"], row.unit),
                "over_cleared": show(result["over_cleared"], row.unit),
                **({"returned": show(result["returned"], row.unit)} if "returned" in result else {}),
            }
            for row, result in made.lines
        ],
    }
    if made.incidents:
        body["incident"] = made.incidents[0].ref
        body["incidents"] = [{"reference": i.ref, "kind": i.kind, "text": i.report} for i in made.incidents]
    return body
