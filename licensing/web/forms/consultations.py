"""For what the clock of a case stands still."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from core.sizes import REASON_CHARACTERS
from core.web.forms import StepForm
from licensing.models import ClockInterval


def _choices() -> list[tuple[str, Any]]:
    return [(reason.value, reason.label) for reason in ClockInterval.Reason.counted()]


class ConsultForm(StepForm):
    cause = forms.ChoiceField(label=gettext_lazy("Whom or what for"), choices=_choices, widget=forms.RadioSelect)
    notice = forms.CharField(
        label=gettext_lazy("Notice to the exporter"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("From today on no day counts, until you let the clock go on."),
    )
