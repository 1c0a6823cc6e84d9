"""What an exporter says of an end-user, and what the end-user signed."""

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy

from core.decided import filled
from core.models import Country
from core.sizes import REASON_CHARACTERS
from core.templatetags.lodestone import day
from core.web.fields import CountriesField, DayField, TickedFirst
from core.web.forms import StepForm, length_of, read_upload
from exporters.models import Party
from licensing.actions.declarations import FILE_KINDS, told
from licensing.models import Application, ControlItem, Declaration, InvalidGround
from licensing.models.declarations import CHANGEABLE, CONFIRMATIONS, PARTY, SIGNATURE
from licensing.selectors import asked_on, reliable_declarations


class DeclarationForm(forms.ModelForm):
    """What the end-user is asked to sign."""

    version = forms.IntegerField(widget=forms.HiddenInput, initial=1)
    items = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Control items"),
        queryset=ControlItem.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("What the goods are listed as."),
    )
    re_export_countries = CountriesField(
        label=gettext_lazy("Countries they go on to"),
        queryset=Country.objects.all(),
        required=False,
        widget=TickedFirst,
        help_text=gettext_lazy("Tick each of them."),
    )

    class Meta:
        model = Declaration
        fields = [
            "end_user",
            "end_use",
            "end_use_text",
            "product",
            "position_in_product",
            "process",
            "yearly_need",
            "re_export",
            *CONFIRMATIONS,
        ]
        widgets = {"end_use_text": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, parties: Any, items: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["end_user"].queryset = parties
        self.fields["end_user"].label_from_instance = Party.label
        self.fields["items"].queryset = items
        self.fields["items"].label_from_instance = ControlItem.label
        if self.instance.pk:
            self.initial["items"] = [item.control_item_id for item in self.instance.items.all()]
            self.initial["re_export_countries"] = self.instance.re_export_countries
            self.initial["version"] = self.instance.version

    @property
    def confirmations(self) -> list[forms.BoundField]:
        return [self[name] for name in CONFIRMATIONS]

    def facts(self) -> dict[str, Any]:
        facts = dict(self.cleaned_data)
        facts.pop("version")
        facts["items"] = list(facts["items"])
        facts["re_export_countries"] = sorted(country.pk for country in facts["re_export_countries"])
        return facts


class CertificateForm(StepForm):
    certificate = forms.FileField(
        label=gettext_lazy("Signed certificate"),
        help_text=filled(
            gettext_lazy("{kinds}, at most {most} MB."), kinds=FILE_KINDS, most="core.sizes.FILE_MEGABYTES"
        ),
    )
    signer_name = forms.CharField(label=gettext_lazy("Signed by"), max_length=length_of(Declaration, "signer_name"))
    signer_post = forms.CharField(label=gettext_lazy("Post"), max_length=length_of(Declaration, "signer_post"))
    signed_on = DayField(label=gettext_lazy("Signed on"))

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data | {"certificate": read_upload(self.cleaned_data["certificate"])}


def _signed(row: Declaration) -> str:
    return gettext("{declaration}, signed {day}").format(declaration=row, day=day(row.signed_on))


class RedeclareForm(StepForm):
    """One of the declarations that may stand in the place of a void one."""

    declaration = forms.ModelChoiceField(
        label=gettext_lazy("Declaration"), queryset=Declaration.objects.none(), to_field_name="ref", empty_label=None
    )

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.void = [user for user in row.end_users.all() if user.declaration.void]
        self.fields["declaration"].queryset = reliable_declarations(user.party_id for user in self.void)
        self.fields["declaration"].label_from_instance = _signed

    def facts(self) -> dict[str, Any]:
        return {"declaration": self.cleaned_data["declaration"].ref}


class ProposeInvalidateForm(StepForm):
    ground = forms.ChoiceField(label=gettext_lazy("Ground"), choices=InvalidGround.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Reason, as the exporter will read it"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class OriginalForm(StepForm):
    on = DayField(label=gettext_lazy("Received on"))
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=length_of(Declaration, "original_note"),
        required=False,
        help_text=gettext_lazy("The exporter reads this, too."),
    )


class QueryForm(StepForm):
    reason = forms.CharField(
        label=gettext_lazy("Question to the exporter"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


def changeable(name: str) -> str:
    """How what is signed and may have to change is called."""
    others = {
        "items": gettext("control items"),
        PARTY: gettext("the end-user’s name, address or site"),
        SIGNATURE: gettext("who signed it, or how"),
    }
    return others.get(name) or str(Declaration._meta.get_field(name).verbose_name)


def _changeables() -> list[tuple[str, str]]:
    return [(name, capfirst(changeable(name))) for name in CHANGEABLE]


class FitForm(StepForm):
    """What is asked on it fits what its end-user says to need; both stand beside."""

    compared = forms.CharField(widget=forms.HiddenInput, required=False)
    quantity_fit = forms.BooleanField(
        label=gettext_lazy("What is asked fits the stated need"),
        error_messages={
            "required": gettext_lazy(
                "Compare what is asked with the stated need, and say that it fits; or ask the exporter."
            )
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["compared"] = told(self.asked)

    @cached_property
    def asked(self) -> list[tuple[str, str, int]]:
        return asked_on(self.row)


class RedoForm(StepForm):
    changes = forms.MultipleChoiceField(
        label=gettext_lazy("What of it must change"),
        choices=_changeables,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Where nothing that is signed changes, answer the question instead."),
    )
    reason = forms.CharField(
        label=gettext_lazy("What will change"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The reviewer reads this."),
    )
