"""Strict fields and serializers: texts are texts, days are days, unknown and read-only members are errors.

Each says in `refuses` the codes that it may give, and in `openapi` its shape: the OpenAPI document reads both.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from core import references
from core.characters import LINE_ENDS, shows
from core.quantities import UNITS

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,11})\.[0-9]{2}", re.ASCII)
DECIMAL = r"^(0|[1-9][0-9]*)(\.[0-9]+)?$"
_REFUSED = {"required": gettext_lazy("Needed."), "null": gettext_lazy("Needed; null is not a value here.")}


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses what it does not know. `read_only_members`: names that answers have and requests must not."""

    refuses = ("expected-object", "unknown-field", "read-only-field")
    read_only_members: tuple[str, ...] = ()

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError(
                {"non_field_errors": [serializers.ErrorDetail(_("Send a JSON object."), "expected-object")]}
            )
        errors = {}
        for name in data:
            field = self.fields.get(name)
            if name in self.read_only_members or (field is not None and field.read_only):
                errors[name] = [serializers.ErrorDetail(_("This is not yours to set."), "read-only-field")]
            elif field is None:
                message = _("There is no such field here.")
                errors[str(name)[:80]] = [serializers.ErrorDetail(message, "unknown-field")]
        if errors:
            raise serializers.ValidationError(errors)
        return super().to_internal_value(data)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is None:
            return self.to_internal_value(data)
        return super().run_validation(data)


class TextField(serializers.CharField):
    """A string that says something; never a number that looks like one."""

    refuses: tuple[str, ...] = ("must-be-string", "too-long", "blank")

    default_error_messages = {
        **_REFUSED,
        "invalid": gettext_lazy("Send a string."),
        "blank": gettext_lazy("Say something here."),
        "max_length": gettext_lazy("At most {max_length} characters."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 10_000)
        super().__init__(trim_whitespace=False, **kwargs)

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.max_length}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            raise serializers.ValidationError(_("Send a string."), "must-be-string")
        if isinstance(data, str) and len(data) > (self.max_length or 10_000):
            message = _("At most {most} characters.").format(most=self.max_length)
            raise serializers.ValidationError(message, "too-long")
        if isinstance(data, str) and data and not shows(data):
            raise serializers.ValidationError(_("Say something here."), "blank")
        if isinstance(data, str) and LINE_ENDS.search(data):
            raise serializers.ValidationError(_("Write this in one line, without tabs."), "forbidden-character")
        return super().run_validation(data)


class PatternField(TextField):
    """A string of a fixed form."""

    refuses = (*TextField.refuses, "invalid-format")

    def __init__(self, pattern: str, message: Any, **kwargs: Any) -> None:
        self.pattern, self.message = re.compile(pattern, re.ASCII), message
        super().__init__(**kwargs)

    def openapi(self) -> dict[str, Any]:
        pattern = self.pattern.pattern.replace(r"\d", "[0-9]")
        return {"type": "string", "pattern": f"^({pattern})$", "description": str(self.message)}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not self.pattern.fullmatch(text):
            raise serializers.ValidationError(str(self.message), "invalid-format")
        return text


class DayField(serializers.Field[date, Any, str, date]):
    refuses = ("must-be-string", "not-iso-date", "invalid-date")
    default_error_messages = _REFUSED

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "format": "date", "description": _("A legal day, Asia/Shanghai.")}

    def to_internal_value(self, data: Any) -> date:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send a string."), "must-be-string")
        try:
            day = parse_date(data) if _DAY.fullmatch(data) else None
        except ValueError:
            raise serializers.ValidationError(_("There is no such day."), "invalid-date") from None
        if day is None:
            raise serializers.ValidationError(_("Write the day as YYYY-MM-DD."), "not-iso-date")
        return day

    def to_representation(self, value: date) -> str:
        return value.isoformat()


class InstantField(serializers.Field[datetime, Any, str, datetime]):
    refuses = ("must-be-string", "not-iso-instant", "zone-required", "invalid-date")
    default_error_messages = _REFUSED

    def openapi(self) -> dict[str, Any]:
        about = _("Say which zone, for example +08:00 or Z.")
        return {"type": "string", "format": "date-time", "description": about}

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send a string."), "must-be-string")
        match = _INSTANT.fullmatch(data)
        if match is None:
            message = _("Write the instant as YYYY-MM-DDTHH:MM:SS+08:00.")
            raise serializers.ValidationError(message, "not-iso-instant")
        if not match.group(2):
            raise serializers.ValidationError(_("Say which zone, for example +08:00 or Z."), "zone-required")
        try:
            at = parse_datetime(data)
            if at is None or not 1990 <= at.year <= 2100:
                raise ValueError(data)
            at.utctimetuple()
        except (ValueError, OverflowError):
            raise serializers.ValidationError(
                _("There is no such instant, or it is out of range."), "invalid-date"
            ) from None
        return at

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


class ReferenceField(serializers.Field[str, Any, str, str]):
    """A reference, read tolerantly; its check character is verified."""

    default_error_messages = _REFUSED

    def __init__(self, prefix: str, code: str = "invalid-reference", **kwargs: Any) -> None:
        self.prefix, self.code, self.refuses = prefix, code, ("must-be-string", code)
        super().__init__(**kwargs)

    def openapi(self) -> dict[str, Any]:
        about = _("Begins with {prefix}-; case, spaces, hyphens, O for 0, I and L for 1 are forgiven.")
        return {"type": "string", "maxLength": 40, "description": about.format(prefix=self.prefix)}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send a string."), "must-be-string")
        try:
            return references.read(data, self.prefix)
        except ValueError:
            message = _("This is not a {prefix}- reference, or it has a typing error.").format(prefix=self.prefix)
            raise serializers.ValidationError(message, self.code) from None

    def to_representation(self, value: str) -> str:
        return value


class QuantityTextField(serializers.Field[str, Any, str, str]):
    """A quantity's text; `read_quantity` turns it into base units beside its unit."""

    refuses = ("must-be-string", "too-long", "use-a-point", "must-be-positive", "not-plain-decimal", "too-precise")
    default_error_messages = _REFUSED

    def openapi(self) -> dict[str, Any]:
        about = _("A plain decimal such as 1200.500; never a number.")
        return {"type": "string", "pattern": DECIMAL, "maxLength": 40, "description": about}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send the quantity as a string."), "must-be-string")
        return data

    def to_representation(self, value: str) -> str:
        return value


class UnitField(TextField):
    refuses = (*TextField.refuses, "unknown-unit")

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(UNITS)}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text not in UNITS:
            message = _("Use one of: {units}.").format(units=", ".join(UNITS))
            raise serializers.ValidationError(message, "unknown-unit")
        return text


class AmountField(serializers.Field[Decimal, Any, str, Decimal]):
    refuses = ("must-be-string", "not-plain-decimal")
    default_error_messages = _REFUSED

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
        return f"{value:.2f}"


class MoneyInput(StrictSerializer):
    amount = AmountField()
    currency = PatternField(r"[A-Z]{3}", gettext_lazy("Three capital letters, for example CNY."), max_length=3)


class NonEmptyList(serializers.ListSerializer[Any]):
    """A list that is a list, of 1 to 1,000 objects."""

    MOST = 1_000
    refuses = ("expected-array", "min-items", "max-items")

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and not isinstance(data, list):
            raise serializers.ValidationError(_("Send a list."), "expected-array")
        if data == []:
            raise serializers.ValidationError(_("At least one."), "min-items")
        if data is not serializers.empty and len(data) > self.MOST:
            raise serializers.ValidationError(_("At most 1,000."), "max-items")
        return super().run_validation(data)


class WholeNumberField(serializers.Field[int, Any, int, int]):
    """A JSON integer from 1; neither text nor true."""

    refuses = ("must-be-integer",)
    default_error_messages = _REFUSED

    def openapi(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": 1, "maximum": 32_000}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int) or not 1 <= data <= 32_000:
            raise serializers.ValidationError(_("Send a whole number from 1."), "must-be-integer")
        return data

    def to_representation(self, value: int) -> int:
        return value


class TruthField(serializers.Field[bool, Any, bool, bool]):
    refuses = ("must-be-boolean",)
    default_error_messages = _REFUSED

    def openapi(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError(_("Send true or false."), "must-be-boolean")
        return data

    def to_representation(self, value: bool) -> bool:
        return value


class ReferenceOutput(serializers.CharField):
    """How an answer writes a reference."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        super().__init__(**kwargs)

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.prefix}-[{references.ALPHABET}]{{9}}$"}


class QuantityOutput(serializers.CharField):
    """How an answer writes a quantity: as many decimals as its unit has."""

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "pattern": DECIMAL.replace("^", "^-?"), "description": _("In the line's unit.")}


class UnitOutput(serializers.CharField):
    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(UNITS)}


class WordOutput(serializers.CharField):
    """One of a field's words, such as a state."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        self.choices = choices
        super().__init__(**kwargs)

    def openapi(self) -> dict[str, Any]:
        meanings = "\n".join(f"- `{word}`: {label}" for word, label in self.choices.choices)
        return {"type": "string", "enum": list(self.choices.values), "description": meanings}


class CountryOutput(serializers.CharField):
    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[A-Z]{2}$"}
