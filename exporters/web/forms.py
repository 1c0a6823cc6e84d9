"""Shapes of the exporters' forms."""

from typing import Any

from allauth.account.forms import SignupForm as AllauthSignup
from django import forms
from django.db import transaction
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from core import provinces
from core.decided import filled
from core.errors import DomainError
from core.models import Organization, User
from core.sizes import REASON_CHARACTERS
from core.web.fields import CountryField
from core.web.forms import ReasonForm, StepForm, length_of, read_upload
from core.web.refused import refusals_in
from exporters import actions
from exporters.models import CONTACTS, PHONE_LONGEST, Exporter, Party


class SignupForm(AllauthSignup):
    """A new company and its first signatory. Everything is written, or nothing."""

    your_name = forms.CharField(label=_("Your name"), max_length=length_of(User, "name"))
    name_en = forms.CharField(label=_("Company name in English"), max_length=length_of(Organization, "name_en"))
    name_zh = forms.CharField(label=_("Company name in Chinese"), max_length=length_of(Organization, "name_zh"))
    uscc = forms.CharField(
        label=_("Unified social credit code"),
        max_length=40,
        help_text=filled(
            _("{n} characters, from the business license. Its last character checks the others."),
            n="exporters.models.CREDIT_CODE_LENGTH",
        ),
    )
    field_order = ["name_en", "name_zh", "uscc", "your_name", "email", "password1", "password2"]

    def clean_uscc(self) -> str:
        try:
            return actions.require_free_credit_code(self.cleaned_data["uscc"])
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal.detail), refusal.code) from None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        with refusals_in(self):
            actions.require_free_names(**{name: cleaned.get(name, "") for name in ("name_en", "name_zh")})
        return cleaned

    @transaction.atomic
    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        facts = {name: self.cleaned_data[name] for name in ("name_en", "name_zh", "uscc")}
        actions.join(user, **facts)
        return user


def fact_labels() -> dict[str, str]:
    """What an officer may name as to be mended, in the order of the company's page."""
    names = {"name_en": _("Company name in English"), "name_zh": _("Company name in Chinese")}
    return {
        name: str(names.get(name) or capfirst(Exporter._meta.get_field(name).verbose_name)) for name in actions.MENDED
    }


def paper_help() -> Any:
    return filled(
        _("{kinds}, at most {most} MB. Kept with its hash."),
        kinds=actions.FILE_KINDS,
        most="core.sizes.FILE_MEGABYTES",
    )


def customs_code_field() -> forms.CharField:
    return forms.CharField(
        label=_("Customs registration code"),
        max_length=40,
        required=False,
        help_text=filled(_("{characters}, if you have one."), characters="exporters.models.CUSTOMS_CODE_WORDS"),
    )


def _phone_field(label: Any, required: bool = False) -> forms.CharField:
    widget = forms.TextInput(attrs={"type": "tel"})
    return forms.CharField(label=label, max_length=PHONE_LONGEST, required=required, widget=widget)


class CompanyForm(forms.ModelForm):
    """seen: the version of its row, or an older one. names: its reader may mend names and credit code, too."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name_en = forms.CharField(label=_("Company name in English"), max_length=length_of(Organization, "name_en"))
    name_zh = forms.CharField(label=_("Company name in Chinese"), max_length=length_of(Organization, "name_zh"))
    uscc = forms.CharField(
        label=_("Unified social credit code"),
        max_length=40,
        help_text=filled(_("{n} characters, from the business license."), n="exporters.models.CREDIT_CODE_LENGTH"),
    )
    province = forms.ChoiceField(label=_("Province"), choices=provinces.choices, required=False)
    customs_code = customs_code_field()
    business_license = forms.FileField(label=_("Business license"), required=False, help_text=paper_help())

    class Meta:
        model = Exporter
        fields = actions.STATED
        help_texts = {
            "handler": _("Whom an officer may call about your cases."),
        }

    def __init__(self, *args: Any, seen: int, names: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        organization = self.instance.organization
        self.initial["version"] = seen
        self.initial |= {"name_en": organization.name_en, "name_zh": organization.name_zh, "uscc": self.instance.uscc}
        if not names:
            for name in actions.IDENTITY:
                del self.fields[name]

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in (*actions.IDENTITY, *self.Meta.fields) if name in self.fields}


class ProvinceForm(forms.Form):
    province = forms.ChoiceField(label=_("Province"), choices=provinces.choices)


class ReturnForm(ReasonForm):
    """Why, and which facts: the company's page leads to each."""

    mend = forms.MultipleChoiceField(
        label=_("What is to be mended"),
        choices=lambda: list(fact_labels().items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("The company’s page leads to each of these."),
    )


class RestateForm(StepForm):
    """Contacts and customs code, as they stand."""

    main_manager = forms.CharField(label=_("Main manager"), max_length=length_of(Exporter, "main_manager"))
    handler = forms.CharField(
        label=_("Handler"),
        max_length=length_of(Exporter, "handler"),
        help_text=_("Whom an officer may call about your cases."),
    )
    handler_phone = _phone_field(_("Telephone of the handler"), required="handler_phone" in actions.NEEDED)
    main_manager_phone = _phone_field(_("Telephone of the main manager"))
    legal_representative_phone = _phone_field(_("Telephone of the legal representative"))
    customs_code = customs_code_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {name: getattr(self.row, name) for name in CONTACTS} | self.initial


class ChangeForm(StepForm):
    """What was verified, as it stands, to be changed; why, and the paper that says so."""

    name_zh = forms.CharField(label=_("Company name in Chinese"), max_length=length_of(Organization, "name_zh"))
    name_en = forms.CharField(label=_("Company name in English"), max_length=length_of(Organization, "name_en"))
    province = forms.ChoiceField(label=_("Province"), choices=provinces.choices)
    address = forms.CharField(label=_("Address"), max_length=length_of(Exporter, "address"))
    legal_representative = forms.CharField(
        label=_("Legal representative"), max_length=length_of(Exporter, "legal_representative")
    )
    reason = forms.CharField(
        label=_("Why it changes"), max_length=REASON_CHARACTERS, widget=forms.Textarea(attrs={"rows": 3})
    )
    paper = forms.FileField(label=_("The paper that says so"), help_text=paper_help())
    is_license = forms.BooleanField(
        label=_("This is our new business license: it takes the place of the one on file."), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {**self.row.verified_facts, "is_license": True} | self.initial

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data | {"paper": read_upload(self.cleaned_data["paper"])}


class PartyForm(forms.ModelForm):
    version = forms.IntegerField(widget=forms.HiddenInput, initial=1)

    class Meta:
        model = Party
        fields = Party.ENTERED
        field_classes = {"country": CountryField}
        help_texts = {
            "name": _("As in its register, in Latin letters."),
            "site_address": _("End-users: where the goods are used."),
            "nature": _("An end-user’s must be known before an application is sent. Leave open what you do not know."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}
