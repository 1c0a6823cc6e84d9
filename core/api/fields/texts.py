"""Strings that say something, in a form."""

import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from core import references
from core.api.fields.needed import NEEDED
from core.characters import wrong
from core.quantities import NAMES, UNIT_LONGEST, UNITS
from core.sizes import TEXT_CHARACTERS


class TextField(serializers.CharField):
    """A string that says something; never a number that looks like one."""

    refuses: tuple[str, ...] = ("must-be-string", "too-long", "blank")

    default_error_messages = {
        **NEEDED,
        "invalid": gettext_lazy("Send a string."),
        "blank": gettext_lazy("Say something here."),
        "forbidden-character": gettext_lazy("Write this in one line, without tabs."),
        "max_length": gettext_lazy("At most {max_length} characters."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", TEXT_CHARACTERS)
        super().__init__(trim_whitespace=False, **kwargs)

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.max_length}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            raise serializers.ValidationError(_("Send a string."), "must-be-string")
        if isinstance(data, str) and len(data) > (self.max_length or TEXT_CHARACTERS):
            raise serializers.ValidationError(self.too_long(), "too-long")
        if isinstance(data, str) and data and (code := wrong(data) if data.strip() else "blank"):
            self.fail(code)
        return super().run_validation(data)

    def too_long(self) -> str:
        return _("At most {most} characters.").format(most=self.max_length)


class PatternField(TextField):
    """A string of a fixed form."""

    refuses = (*TextField.refuses, "invalid-format")

    def __init__(self, pattern: str, message: Any, **kwargs: Any) -> None:
        self.pattern, self.message = re.compile(pattern, re.ASCII), message
        super().__init__(**kwargs)

    def openapi(self) -> dict[str, Any]:
        pattern = self.pattern.pattern.replace(r"\d", "[0-9]")
        return {"type": "string", "pattern": f"^({pattern})$", "description": str(self.message)}

    def too_long(self) -> str:
        return str(self.message)  # how it is written, which a limit alone does not tell: Denmark is DK, not De

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not self.pattern.fullmatch(text):
            raise serializers.ValidationError(str(self.message), "invalid-format")
        return text


class UnitField(TextField):
    refuses = (*TextField.refuses, "unknown-unit")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=UNIT_LONGEST, **kwargs)

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(UNITS)}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text not in UNITS:
            message = _("Use one of: {units}.").format(units=NAMES)
            raise serializers.ValidationError(message, "unknown-unit")
        return text


class ReferenceField(serializers.Field[str, Any, str, str]):
    """A reference, read tolerantly; its check character is verified."""

    default_error_messages = NEEDED

    def __init__(self, prefix: str, code: str = "invalid-reference", **kwargs: Any) -> None:
        self.prefix, self.code, self.refuses = prefix, code, ("must-be-string", code)
        super().__init__(**kwargs)

    def openapi(self) -> dict[str, Any]:
        about = _("Begins with {prefix}-; case, spaces, hyphens, O for 0, I and L for 1 are forgiven.")
        about = about.format(prefix=self.prefix)
        return {"type": "string", "maxLength": references.TYPED_LONGEST, "description": about}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send a string."), "must-be-string")
        try:
            return references.read(data, self.prefix)
        except ValueError:
            message = _("This is no {prefix}- reference, or it has a typing error.").format(prefix=self.prefix)
            raise serializers.ValidationError(message, self.code) from None

    def to_representation(self, value: str) -> str:
        return value
