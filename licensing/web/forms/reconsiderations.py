"""How a refusal is contested, and what is decided on that."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from core.sizes import TEXT_CHARACTERS, WORDS_CHARACTERS
from core.web.forms import StepForm
from licensing.models import Application
from licensing.web.forms.decisions import GroundedForm, RecommendForm, why_otherwise
from licensing.web.forms.questions import ReplyForm


class ReconsiderForm(ReplyForm):
    text = None
    grounds = forms.CharField(
        label=gettext_lazy("Grounds"),
        max_length=TEXT_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("What of the refusal is wrong, and why."),
    )
    field_order = ["grounds", "files"]


class UpholdForm(GroundedForm):
    """Begins with the factors on which it was refused."""

    why = gettext_lazy("What you say to each of the grounds.")

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        if decision := row.decision:
            self.initial["factors"] = decision.factors


class ChangeForm(RecommendForm):
    """What a refusal is changed to: all that was asked, or less, within what the rules allow."""

    outcome = factors = note = None
    departure = why_otherwise()

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.fields["text"].required = True
        for said in ("text", "conditions"):  # of the refusal
            self.initial.pop(said, None)


class QuashForm(StepForm):
    text = forms.CharField(
        label=gettext_lazy("Reason the exporter will read"),
        max_length=WORDS_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("What was wrong, and what is to be looked at anew. Whoever reviews it next reads it."),
    )
