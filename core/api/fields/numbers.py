"""Quantities and amounts, which are texts; whole numbers and truths, which are not."""

import re
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from core import quantities
from core.api.fields.needed import NEEDED

DECIMAL = f"^{quantities.DECIMAL}$"


class QuantityTextField(serializers.Field[str, Any, str, str]):
    """A quantity's text; `read_quantity` turns it into base units beside its unit."""

    refuses = ("must-be-string", "too-long", "use-a-point", "must-be-positive", "not-plain-decimal", "too-precise")
    default_error_messages = NEEDED

    def openapi(self) -> dict[str, Any]:
        about = _("A plain decimal such as 1200.500; never a number.")
        return {"type": "string", "pattern": DECIMAL, "maxLength": quantities.LONGEST, "description": about}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send the quantity as a string."), "must-be-string")
        return data

    def to_representation(self, value: str) -> str:
        return value


_AMOUNT = re.compile(rf"(0|[1-9][0-9]{{0,11}})\.[0-9]{{{quantities.MONEY_PLACES}}}", re.ASCII)


class AmountField(serializers.Field[Decimal, Any, str, Decimal]):
    refuses = ("must-be-string", "not-plain-decimal")
    default_error_messages = NEEDED

    def openapi(self) -> dict[str, Any]:
        about = _("With two decimals, for example 2400000.00; never a number.")
        return {"type": "string", "pattern": f"^({_AMOUNT.pattern})$", "description": about}

    def to_internal_value(self, data: Any) -> Decimal:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send the amount as a string."), "must-be-string")
        if not _AMOUNT.fullmatch(data):
            message = _("Write the amount with two decimals, for example 2400000.00.")
            raise serializers.ValidationError(message, "not-plain-decimal")
        return Decimal(data)

    def to_representation(self, value: Decimal) -> str:
        return quantities.show_amount(value)


WHOLE_MOST = 32_000


class WholeNumberField(serializers.Field[int, Any, int, int]):
    """A JSON integer from 1; neither text nor true."""

    refuses = ("must-be-integer",)
    default_error_messages = NEEDED

    def openapi(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": WHOLE_MOST}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int) or not 1 <= data <= WHOLE_MOST:
            raise serializers.ValidationError(_("Send a whole number from 1."), "must-be-integer")
        return data

    def to_representation(self, value: int) -> int:
        return value


class TruthField(serializers.Field[bool, Any, bool, bool]):
    refuses = ("must-be-boolean",)
    default_error_messages = NEEDED

    def openapi(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError(_("Send true or false."), "must-be-boolean")
        return data

    def to_representation(self, value: bool) -> bool:
        return value
