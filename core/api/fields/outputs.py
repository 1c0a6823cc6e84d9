"""How an answer writes what no request sends."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from core import references
from core.api.fields.numbers import DECIMAL
from core.models.people import COUNTRY_PATTERN
from core.quantities import AMOUNT, UNITS


class ReferenceOutput(serializers.CharField):
    """How an answer writes a reference."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        self.prefix = prefix
        super().__init__(**kwargs)

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.prefix}-[{references.ALPHABET}]{{{references.NUMBER_LENGTH}}}$"}


class QuantityOutput(serializers.CharField):
    """How an answer writes a quantity: as many decimals as its unit has."""

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "pattern": DECIMAL.replace("^", "^-?"), "description": _("In the line's unit.")}


class AmountOutput(serializers.CharField):
    """How an answer writes an amount of money: with two decimals."""

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^-?{AMOUNT}$"}


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
        return {"type": "string", "pattern": f"^{COUNTRY_PATTERN}$"}
