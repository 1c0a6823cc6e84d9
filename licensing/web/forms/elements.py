"""What goods contain, as people type it: "Dy 3.5, Tb 0.5", in percent of their mass."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from core.sizes import ECHOED
from licensing import elements


class ElementsField(forms.CharField):
    """{symbol: mass fraction}; nothing typed is nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=200, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return elements.show_percents(value) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:
        try:
            return elements.read_percents(super().clean(value))
        except elements.BadComposition as wrong:
            text = _("“{part}” is no element with its share. Write for example: Dy 3.5, Tb 0.5; together at most 100.")
            raise forms.ValidationError(text.format(part=str(wrong)[:ECHOED]), "invalid-format") from None
