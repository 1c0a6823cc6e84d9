"""What an exporter asks of goods, and what an officer answers."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.decided import filled
from core.web.fields import FilesField
from core.web.forms import StepForm, length_of, read_upload
from licensing.actions.inquiries import FILE_KINDS
from licensing.models import ControlItem
from licensing.models.lists import GOODS_CODE_PATTERN, GOODS_CODE_WORDS
from licensing.web.forms.elements import ElementsField


class InquiryForm(forms.Form):
    description = forms.CharField(
        label=gettext_lazy("What the goods are"),
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("Make, form, grade, properties and use: whatever a list could tell them by."),
    )
    composition = ElementsField(
        label=gettext_lazy("Contained elements, at most"),
        help_text=gettext_lazy("Of magnets, alloys and compounds, in percent of the mass: Dy 3.5, Tb 0.5."),
    )
    hs_code = forms.RegexField(
        rf"^({GOODS_CODE_PATTERN})$",
        label=gettext_lazy("Customs goods code"),
        required=False,
        error_messages={"invalid": GOODS_CODE_WORDS},
    )
    files = FilesField(
        label=gettext_lazy("Technical description, test report, pictures"),
        required=False,
        kinds=FILE_KINDS,
        help_text=filled(
            gettext_lazy("{kinds}, together at most {most} MB."), kinds=FILE_KINDS, most="core.sizes.FILE_MEGABYTES"
        ),
    )

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data | {"files": [read_upload(file) for file in self.cleaned_data["files"]]}


class ProposeAnswerForm(StepForm):
    controlled = forms.ChoiceField(
        label=gettext_lazy("The answer"),
        choices=[
            ("yes", gettext_lazy("The goods are the control item below")),
            ("no", gettext_lazy("The goods are not controlled")),
        ],
        widget=forms.RadioSelect,
    )
    item = forms.CharField(
        label=gettext_lazy("Control code"),
        max_length=length_of(ControlItem, "code"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("For example 1C905.a.4; search the control list."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason, as the exporter will read it"),
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        item = data.get("item", "").strip()
        if data.get("controlled") == "yes" and not item and "item" not in self.errors:
            self.add_error("item", _("Say which control item the goods are."))
        if data.get("controlled") == "no" and item:
            self.add_error("item", _("Leave the code empty where the goods are not controlled."))
        return data

    def facts(self) -> dict[str, Any]:
        return {"item": self.cleaned_data["item"].strip(), "reason": self.cleaned_data["reason"]}
