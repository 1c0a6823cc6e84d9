"""Days and instants."""

import re
from datetime import date, datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from rest_framework import serializers

from core.api.fields.needed import NEEDED
from core.errors import Invalid, Problem
from core.legal_time import DAY_PATTERN, YEARS

_DAY = re.compile(DAY_PATTERN, re.ASCII)


class DayField(serializers.Field[date, Any, str, date]):
    refuses = ("must-be-string", "not-iso-date", "invalid-date")
    default_error_messages = NEEDED

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


def read_day(text: str, pointer: str) -> date:
    """A day that stands in a query. Raises Invalid."""
    try:
        return DayField().run_validation(text)
    except serializers.ValidationError as error:
        raise Invalid([Problem(pointer, detail.code, str(detail)) for detail in error.detail]) from None


_INSTANT = re.compile(DAY_PATTERN + r"T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?", re.ASCII)


class InstantField(serializers.Field[datetime, Any, str, datetime]):
    refuses = ("must-be-string", "not-iso-instant", "zone-required", "invalid-date")
    default_error_messages = NEEDED

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
            if at is None or at.year not in YEARS:
                raise ValueError(data)
            at.utctimetuple()
        except (ValueError, OverflowError):
            raise serializers.ValidationError(
                _("There is no such instant, or it is out of range."), "invalid-date"
            ) from None
        return at

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()
