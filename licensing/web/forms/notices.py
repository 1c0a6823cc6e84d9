"""A notice to the public, and why one is taken back."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from core.web.fields import DayField, TickedFirst
from core.web.forms import ReasonForm
from licensing.models import Notice
from licensing.words import rules

LONGEST = 4_000


class NoticeForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What it tells of"), choices=Notice.Kind.choices)
    dated = DayField(label=gettext_lazy("Day"), help_text=gettext_lazy("Today, or the day on which it became known."))
    instruments = forms.MultipleChoiceField(label=gettext_lazy("Instruments that it is about"), widget=TickedFirst)
    text_en = forms.CharField(
        label=gettext_lazy("Text in English"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4})
    )
    text_zh = forms.CharField(
        label=gettext_lazy("Text in Chinese"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, known: Mapping[str, Mapping[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = [dict(row) for row in known.values()]
        self.fields["instruments"].choices = [(name, rules.instrument(name, titles)) for name in known]


class PublicReasonForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = gettext_lazy("Everybody reads it.")
