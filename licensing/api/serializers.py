"""What the REST door says of licensing's rows. Output only; classes for the schema, functions for the work."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework import serializers

from core.access import Actor
from core.api.fields import AmountOutput, CountryOutput, QuantityOutput, ReferenceOutput, UnitOutput, WordOutput
from core.legal_time import legal_now, on_the_wire
from core.quantities import hundredths, show
from exporters.models import Party
from licensing.granted import Granted, decided
from licensing.models import ControlItem, DecisionStep, EndReason, Kind, License, Suspension
from licensing.models.balances import AMOUNTS, Account, LicenseLine, Movement
from licensing.policy.engine import Outcome
from licensing.policy.vocabulary import DISPOSITIONS
from licensing.selectors import Closing, clearances, open_users, why
from licensing.selectors import closings as closings_of
from licensing.states import LicenseState

POLICY = Suspension.Cause.POLICY


class ControlItemOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    official = serializers.BooleanField()
    list = serializers.CharField()
    element = serializers.CharField()
    category = serializers.CharField()
    description = serializers.DictField(child=serializers.CharField())
    hs_codes = serializers.ListField(child=serializers.CharField())
    unit = UnitOutput()
    instrument = serializers.CharField()
    confidence = serializers.CharField()
    source = serializers.CharField()
    as_of = serializers.DateField()
    controlled = serializers.BooleanField()
    disposition = serializers.ChoiceField(DISPOSITIONS)


def control_item(row: ControlItem, said: Outcome, on: date) -> dict[str, Any]:
    return {
        "code": row.code,
        "official": row.official,
        "list": row.list_name,
        "element": row.element,
        "category": row.category,
        "description": {"en": row.description_en, "zh": row.description_zh},
        "hs_codes": row.hs_codes,
        "unit": row.unit,
        "instrument": row.instrument_id,
        "confidence": row.confidence,
        "source": row.source,
        "as_of": on.isoformat(),
        "controlled": said.controlled,
        "disposition": said.disposition,
    }


class ValueOutput(serializers.Serializer[Any]):
    currency = serializers.CharField()
    authorized = AmountOutput()
    reserved = AmountOutput()
    drawn = AmountOutput()
    available = AmountOutput(help_text=gettext_lazy("Below zero where more crossed than was reserved."))


class AllotmentOutput(serializers.Serializer[Any]):
    party = ReferenceOutput(Party.PREFIX)
    authorized = QuantityOutput()
    reserved = QuantityOutput()
    drawn = QuantityOutput()
    available = QuantityOutput()


class LicenseLineOutput(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    control_code = serializers.CharField()
    description = serializers.CharField()
    unit = UnitOutput()
    requested = QuantityOutput(help_text=gettext_lazy("What was asked for."))
    authorized = QuantityOutput(help_text=gettext_lazy("What the license allows."))
    credited = QuantityOutput(help_text=gettext_lazy("Of what came back, what may leave again."))
    tolerance = QuantityOutput(
        help_text=gettext_lazy("What may be taken beyond that; it is not part of what is available.")
    )
    reserved = QuantityOutput(help_text=gettext_lazy("Held by shipments, and not cleared yet."))
    drawn = QuantityOutput(help_text=gettext_lazy("What customs cleared."))
    lapsed = QuantityOutput(help_text=gettext_lazy("What was left when the license ended."))
    over_cleared = QuantityOutput(help_text=gettext_lazy("What customs cleared beyond all of it."))
    available = QuantityOutput(
        help_text=gettext_lazy("What may be reserved now: authorized and credited, less reserved, drawn and lapsed.")
    )
    composition = serializers.DictField(
        child=serializers.CharField(), help_text=gettext_lazy("At most so much of each element it contains, by mass.")
    )
    value = ValueOutput(allow_null=True, help_text=gettext_lazy("What it may be worth at most; null: any value."))
    allotments = AllotmentOutput(
        many=True, help_text=gettext_lazy("What an end-user may take of it at most; others are bounded by it alone.")
    )


class LicenseEndUserOutput(serializers.Serializer[Any]):
    party = ReferenceOutput(Party.PREFIX)
    name = serializers.CharField()
    country = CountryOutput(help_text=gettext_lazy("Its own, when the license was issued: the one destination for it."))
    lines = serializers.ListField(
        child=serializers.IntegerField(),
        help_text=gettext_lazy("The lines of the license that it may have: whose goods its declaration names."),
    )
    open = serializers.BooleanField(help_text=gettext_lazy("May more be shipped to it?"))


class ConditionOutput(serializers.Serializer[Any]):
    code = WordOutput(DecisionStep.Condition)
    text = serializers.CharField()


class SuspensionOutput(serializers.Serializer[Any]):
    cause = WordOutput(Suspension.Cause)
    reason = serializers.CharField()
    since = serializers.DateTimeField()


class RevocationOutput(serializers.Serializer[Any]):
    end_reason = WordOutput(EndReason)
    display = serializers.CharField()
    provision = serializers.CharField()
    reason = serializers.CharField(allow_null=True, help_text=gettext_lazy("Null for customs."))
    at = serializers.DateTimeField()


class LineLeftOutOutput(serializers.Serializer[Any]):
    control_code = serializers.CharField()
    description = serializers.CharField()
    unit = UnitOutput()
    requested = QuantityOutput()


class PartyLeftOutOutput(serializers.Serializer[Any]):
    party = ReferenceOutput(Party.PREFIX)
    name = serializers.CharField()
    country = CountryOutput()


class LeftOutOutput(serializers.Serializer[Any]):
    lines = LineLeftOutOutput(many=True)
    end_users = PartyLeftOutOutput(many=True)
    planned_until = serializers.DateField(
        allow_null=True,
        help_text=gettext_lazy("The last day that was planned, where fewer months than that were granted."),
    )


class LicenseOutput(serializers.Serializer[Any]):
    number = ReferenceOutput(License.PREFIX)
    kind = WordOutput(Kind)
    state = WordOutput(LicenseState)
    display = serializers.CharField()
    replaces = ReferenceOutput(
        License.PREFIX, allow_null=True, help_text=gettext_lazy("The license whose place it took, by an amendment.")
    )
    replaced_by = ReferenceOutput(
        License.PREFIX, allow_null=True, help_text=gettext_lazy("The license that took its place: name that one.")
    )
    usable_from = serializers.DateField()
    usable_until = serializers.DateField(help_text=gettext_lazy("The last day, included (Asia/Shanghai)."))
    end_users = LicenseEndUserOutput(many=True)
    consignees = serializers.ListField(child=ReferenceOutput(Party.PREFIX))
    destinations = serializers.ListField(child=CountryOutput())
    ports = serializers.ListField(child=serializers.CharField(), help_text=gettext_lazy("Empty: any port."))
    max_clearances = serializers.IntegerField(
        allow_null=True, help_text=gettext_lazy("How many shipments it is good for; null: any number.")
    )
    clearances_taken = serializers.IntegerField(help_text=gettext_lazy("How many of them are taken."))
    clearances_used = serializers.IntegerField(
        help_text=gettext_lazy("How many of those taken were cleared; the others are reserved.")
    )
    suspensions = SuspensionOutput(
        many=True,
        help_text=gettext_lazy("Nothing is reserved on what they close, also where the license is active still."),
    )
    revocation = RevocationOutput(
        allow_null=True, help_text=gettext_lazy("When, why and on which provision the ministry ended it, if it did.")
    )
    conditions = ConditionOutput(many=True)
    reason = serializers.CharField(
        allow_null=True,
        help_text=gettext_lazy("What the ministry says of its decision, and why less was granted. Null for customs."),
    )
    left_out = LeftOutOutput(allow_null=True, help_text=gettext_lazy("What was asked and not granted at all."))
    lines = LicenseLineOutput(many=True)


def licenses(rows: Sequence[License], reader: Actor) -> list[dict[str, Any]]:
    counts = clearances(rows)
    closings = closings_of(rows, legal_now())
    return [license(row, *counts[row.pk], closings.get(row.pk, ()), reader) for row in rows]


def license(row: License, taken: int, used: int, closings: Sequence[Closing], reader: Actor) -> dict[str, Any]:
    granted = decided(row.application)
    assert granted is not None, "a license is issued on what was granted"
    free = open_users(row, closings)
    return {
        "number": row.ref,
        "kind": row.kind,
        "state": row.state,
        "display": row.get_state_display(),
        "replaces": row.replaces and row.replaces.ref,
        "replaced_by": row.successor and row.successor.ref,
        "usable_from": row.usable_from.isoformat(),
        "usable_until": row.usable_until.isoformat(),
        "end_users": [
            {
                "party": u.party.ref,
                "name": u.party.name,
                "country": u.destination,
                "lines": [line.number for line in row.lines.all() if line.is_for(u)],
                "open": u in free,
            }
            for u in row.end_users.all()
        ],
        "consignees": [party.ref for party in row.consignees.all()],
        "destinations": row.destinations,
        "ports": row.ports,
        "max_clearances": row.max_clearances,
        "clearances_taken": taken,
        "clearances_used": used,
        "suspensions": [
            *({"cause": s.cause, "reason": why(s), "since": on_the_wire(s.opened_at)} for s in row.open_suspensions),
            *({"cause": POLICY, "reason": one.why, "since": on_the_wire(one.since)} for one in closings),
        ],
        "revocation": _revocation(row, reader),
        "conditions": [{"code": c.code, "text": c.get_code_display()} for c in row.conditions.all()],
        "reason": granted.reason if reader.reads_reasons else None,
        "left_out": _left_out(granted) if reader.reads_reasons else None,
        "lines": [
            {
                "line": line.number,
                "control_code": line.control_item.code,
                "description": line.description,
                "unit": line.unit,
                "requested": show(asked.quantity, line.unit),
                **{name: show(getattr(line, name), line.unit) for name in (*AMOUNTS, "available")},
                "composition": line.composition,
                **_ceilings(line),
            }
            for line, asked in zip(row.lines.all(), granted.licensed, strict=True)
        ],
    }


def _revocation(row: License, reader: Actor) -> dict[str, Any] | None:
    if row.state != LicenseState.REVOKED:
        return None
    said = row.revocation
    return {
        "end_reason": said.end_reason,
        "display": said.get_end_reason_display(),
        "provision": said.provision,
        "reason": said.reason if reader.reads_reasons else None,
        "at": on_the_wire(said.revoked_at),
    }


def _ceilings(line: LicenseLine) -> dict[str, Any]:
    value, allotments = None, []
    for one in line.ceilings.all():
        amounts = {name: getattr(one, name) for name in ("authorized", "reserved", "drawn", "available")}
        if one.account == Account.VALUE:
            value = {"currency": one.currency} | {name: hundredths(amount) for name, amount in amounts.items()}
        else:
            shown = {name: show(amount, line.unit) for name, amount in amounts.items()}
            allotments.append({"party": one.end_user.party.ref} | shown)
    return {"value": value, "allotments": allotments}


def _left_out(granted: Granted) -> dict[str, Any]:
    return {
        "lines": [
            {
                "control_code": line.control_item.code,
                "description": line.description,
                "unit": line.unit,
                "requested": show(line.quantity, line.unit),
            }
            for line, quantity in granted.cut
            if not quantity
        ],
        "end_users": [
            {"party": u.party.ref, "name": u.party.name, "country": u.party.country_id} for u in granted.left_out
        ],
        "planned_until": granted.case.planned_until.isoformat() if granted.shorter else None,
    }


class MovementOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    line = serializers.IntegerField()
    kind = WordOutput(Movement.Kind)
    account = WordOutput(
        Account,
        help_text=gettext_lazy("Of value: amount and currency stand for quantity."),
    )
    quantity = QuantityOutput(required=False)
    amount = AmountOutput(required=False)
    currency = serializers.CharField(required=False)
    rate = serializers.CharField(
        required=False, help_text=gettext_lazy("What one unit of the currency that was stated counted for.")
    )
    end_user = ReferenceOutput(Party.PREFIX, required=False)
    from_reservation = serializers.BooleanField(
        help_text=gettext_lazy("A draw: did it come out of the shipment's reservation?")
    )
    shipment = serializers.CharField(allow_null=True)
    available_after = serializers.CharField(help_text=gettext_lazy("What was left of that account."))


def movement(row: Movement, lines: Mapping[int, LicenseLine]) -> dict[str, Any]:
    line = lines[row.line_number]
    said = {"account": row.account, **_moved(row, line)}
    return {
        "id": row.id,
        "at": on_the_wire(row.at),
        "line": row.line_number,
        "kind": row.kind,
        **said,
        "from_reservation": row.held,
        "shipment": row.shipment_ref or None,
    }


def _moved(row: Movement, line: LicenseLine) -> dict[str, Any]:
    if row.account == Account.VALUE:
        (currency,) = (one.currency for one in line.ceilings.all() if one.account == row.account)
        rate = {} if row.rate is None else {"rate": f"{row.rate.normalize():f}"}
        amounts = {"amount": hundredths(row.quantity), "available_after": hundredths(row.available_after)}
        return amounts | {"currency": currency} | rate
    whose = {one.end_user_id: one.end_user.party.ref for one in line.ceilings.all() if one.end_user}
    user = {} if row.end_user_id is None else {"end_user": whose[row.end_user_id]}
    return user | {
        "quantity": show(row.quantity, line.unit),
        "available_after": show(row.available_after, line.unit),
    }
