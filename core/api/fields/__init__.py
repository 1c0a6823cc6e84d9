"""Strict fields and serializers: texts are texts, days are days, unknown and read-only members are errors.

Each says in `refuses` the codes that it may give, and in `openapi` its shape: the OpenAPI document reads both.
"""

from core.api.fields.instants import DayField, InstantField, read_day
from core.api.fields.numbers import AmountField, QuantityTextField, TruthField, WholeNumberField
from core.api.fields.objects import MoneyInput, NonEmptyList, StrictSerializer, reader
from core.api.fields.outputs import (
    AmountOutput,
    CountryOutput,
    QuantityOutput,
    ReferenceOutput,
    UnitOutput,
    WordOutput,
)
from core.api.fields.texts import PatternField, ReferenceField, TextField, UnitField

__all__ = [
    "AmountField",
    "AmountOutput",
    "CountryOutput",
    "DayField",
    "InstantField",
    "MoneyInput",
    "NonEmptyList",
    "PatternField",
    "QuantityOutput",
    "QuantityTextField",
    "ReferenceField",
    "ReferenceOutput",
    "StrictSerializer",
    "TextField",
    "TruthField",
    "UnitField",
    "UnitOutput",
    "WholeNumberField",
    "WordOutput",
    "read_day",
    "reader",
]
