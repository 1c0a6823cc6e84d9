"""Form fields that several apps need."""

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from core import quantities


class DayField(forms.DateField):
    """A legal day; the browser's own date picker, YYYY-MM-DD on the wire."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), input_formats=["%Y-%m-%d"], **kwargs
        )

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value


class QuantityField(forms.CharField):
    """A quantity's text. `base()` reads it in a unit; nothing is rounded."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal", "size": 14}), **kwargs)

    @staticmethod
    def base(text: str, unit: str) -> int:
        """Base units; a zero is allowed as "0". Raises forms.ValidationError saying what to write."""
        try:
            return 0 if text.strip() == "0" else quantities.read(text.strip(), unit)
        except quantities.BadQuantity as error:
            raise forms.ValidationError(_(quantities.MESSAGES[error.code]), error.code) from None


class CodesField(forms.CharField):
    """Codes separated by commas or blanks, upper-cased; empty means none."""

    def __init__(self, *, pattern: str, example: str, **kwargs: Any) -> None:
        self.pattern, self.example = pattern, example
        super().__init__(required=False, max_length=200, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        codes = [code for code in re.split(r"[\s,;，；]+", super().clean(value).upper()) if code]
        wrong = [code for code in codes if not re.fullmatch(self.pattern, code, re.ASCII)]
        if wrong:
            message = _("{code} is not such a code; write for example {example}.")
            raise forms.ValidationError(message.format(code=wrong[0][:20], example=self.example), "invalid-format")
        return sorted(set(codes))
