"""What happens to a license later."""

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from core.decided import filled
from core.errors import DomainError
from core.sizes import REASON_CHARACTERS
from core.web.fields import DayField
from core.web.forms import StepForm, length_of, read_upload
from licensing.actions.licenses import against_surrender
from licensing.actions.revocations import FILE_KINDS
from licensing.models import EndReason, License, Revocation, Suspension
from licensing.selectors import why


class LiftForm(StepForm):
    suspension = forms.TypedChoiceField(label=gettext_lazy("Cause"), coerce=int, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Why it ends"), max_length=REASON_CHARACTERS, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, row: License, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.only([cause for cause in row.suspensions.all() if cause.ended_at is None])

    def only(self, causes: list[Suspension]) -> None:
        """These can be chosen."""
        self.fields["suspension"].choices = [(cause.pk, f"{cause}: {why(cause)}") for cause in causes]
        self.fields["suspension"].initial = causes[0].pk if causes else None


class ProposeRevokeForm(StepForm):
    end_reason = forms.ChoiceField(
        label=gettext_lazy("How it ends"),
        choices=EndReason.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Quashed: it should not have been issued (fraud, or beyond power). Withdrawn: it was lawful, and the facts "
            "changed. Revoked as penalty: after a hearing. Cancelled: taken off the register."
        ),
    )
    provision = forms.CharField(
        label=gettext_lazy("Provision"),
        max_length=length_of(Revocation, "provision"),
        help_text=gettext_lazy("By name and article, as the letter will have it. Its holder reads it."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason, as its holder will read it"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    hearing = forms.FileField(
        label=gettext_lazy("Record of the hearing"),
        required=False,
        help_text=filled(
            gettext_lazy("A penalty needs it. {kinds}, at most {most} MB."),
            kinds=FILE_KINDS,
            most="core.sizes.FILE_MEGABYTES",
        ),
    )
    heard_on = DayField(label=gettext_lazy("Day of the hearing"), required=False)

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data | {"hearing": read_upload(self.cleaned_data["hearing"])}


class SurrenderForm(StepForm):
    """Its card says what stands in the way, as the verb would."""

    reason = forms.CharField(
        label=gettext_lazy("Reason, if you want to give one"),
        required=False,
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    @cached_property
    def against(self) -> list[DomainError]:
        return list(against_surrender(self.row))
