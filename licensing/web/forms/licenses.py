"""What happens to a license later."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from core.web.forms import StepForm
from licensing.models import License, Suspension
from licensing.selectors import why


class LiftForm(StepForm):
    suspension = forms.TypedChoiceField(label=gettext_lazy("Cause"), coerce=int, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Why it ends"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, row: License, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.only([cause for cause in row.suspensions.all() if cause.ended_at is None])

    def only(self, causes: list[Suspension]) -> None:
        """These can be chosen."""
        self.fields["suspension"].choices = [(cause.pk, f"{cause}: {why(cause)}") for cause in causes]
        self.fields["suspension"].initial = causes[0].pk if causes else None
