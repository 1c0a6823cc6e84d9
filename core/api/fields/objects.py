"""Objects and lists of them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from core.api.fields.numbers import AmountField
from core.api.fields.texts import PatternField
from core.quantities import CURRENCY_LENGTH, CURRENCY_PATTERN
from core.sizes import ECHOED, MESSAGES_AT_ONCE


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
                errors[str(name)[:ECHOED]] = [serializers.ErrorDetail(message, "unknown-field")]
        if errors:
            raise serializers.ValidationError(errors)
        return super().to_internal_value(data)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is None:
            return self.to_internal_value(data)
        return super().run_validation(data)


@cache
def reader(serializer: type[StrictSerializer]) -> StrictSerializer:
    """The one of its class that reads every request: reading leaves nothing in it, and a new one copies each field."""
    return serializer()


class NonEmptyList(serializers.ListSerializer[Any]):
    """A list that is a list, of so many objects at most and one at least."""

    refuses = ("expected-array", "min-items", "max-items")

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and not isinstance(data, list):
            raise serializers.ValidationError(_("Send a list."), "expected-array")
        if data == []:
            raise serializers.ValidationError(_("At least one."), "min-items")
        if data is not serializers.empty and len(data) > MESSAGES_AT_ONCE:
            raise serializers.ValidationError(_("At most {most}.").format(most=f"{MESSAGES_AT_ONCE:,}"), "max-items")
        return super().run_validation(data)


class MoneyInput(StrictSerializer):
    amount = AmountField()
    currency = PatternField(
        CURRENCY_PATTERN, gettext_lazy("Three capital letters, for example CNY."), max_length=CURRENCY_LENGTH
    )
