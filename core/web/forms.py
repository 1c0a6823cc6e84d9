"""Shapes of the ground's forms. Whether something is permitted is for the verbs to say."""

from typing import Any

from allauth.account.forms import SetPasswordForm
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Model
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core import provinces
from core.errors import DomainError
from core.models import ApiKey, Organization, Role, User
from core.models.people import KEY_DAYS_MOST
from core.models.roles import ROLES_OF, TEAM
from core.scopes import scopes_of
from core.sizes import FILE_BYTES, REASON_CHARACTERS


def role_choices(kind: str) -> list[tuple[str, Any]]:
    return [(role.value, role.label) for role in ROLES_OF[kind]]


def length_of(model: type[Model], name: str) -> int:
    """How many characters such a field of these rows holds: what a form may take for it."""
    return int(model._meta.get_field(name).max_length)


class MemberForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=length_of(User, "name"))
    email = forms.EmailField(label=_("Email address"), help_text=_("A one-time link to choose a password goes there."))
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=role_choices("exporter"),
        widget=forms.CheckboxSelectMultiple,
        help_text=TEAM,
    )


class JoinForm(SetPasswordForm):
    """Name and password of whoever was invited."""

    name = forms.CharField(label=_("Your name"), max_length=length_of(User, "name"))
    field_order = ["name", "password1", "password2"]

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(User(email=email), *args, **kwargs)


class RolesForm(forms.Form):
    """Roles of somebody who is there already; none ends the membership."""

    roles = forms.MultipleChoiceField(label=_("Roles"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = role_choices(kind)


def province_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Province"),
        choices=lambda: [("", _("All provinces")), *provinces.choices()[1:]],
        required=False,
        help_text=_("Intake officers: the one province whose companies and cases they see. Empty: all."),
    )


class OfficerRolesForm(RolesForm):
    province = province_field()


class OfficerForm(forms.Form):
    organization_id = forms.TypedChoiceField(label=_("Office"), coerce=int)
    name = forms.CharField(label=_("Name"), max_length=length_of(User, "name"))
    email = forms.EmailField(label=_("Email address"))
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=[(role.value, role.label) for role in Role if role not in ROLES_OF["exporter"]],
        widget=forms.CheckboxSelectMultiple,
    )
    province = province_field()

    def __init__(self, *args: Any, offices: list[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization_id"].choices = [(o.pk, str(o)) for o in offices]


class KeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=length_of(ApiKey, "name"), help_text=_("What uses it, for example “ERP, Ganzhou”.")
    )
    scopes = forms.MultipleChoiceField(label=_("May"), widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label=_("Lasts, days"), min_value=1, max_value=KEY_DAYS_MOST, initial=KEY_DAYS_MOST)

    def __init__(self, *args: Any, kind: str, offices: list[Organization], **kwargs: Any) -> None:
        """offices: for an administrator, the customs offices among which he chooses."""
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [
            (scope, format_lazy("{words} ({scope})", words=words, scope=scope))
            for scope, words in scopes_of("exporter" if kind == "exporter" else "customs").items()
        ]
        if kind == "ministry":
            self.fields["office"] = forms.TypedChoiceField(
                label=_("Customs office"),
                coerce=int,
                choices=[(office.pk, str(office)) for office in offices],
                help_text=_("An office is here once it has an officer."),
            )
            self.order_fields(["office"])


class OfficeForm(forms.Form):
    name_en = forms.CharField(label=_("Name in English"), max_length=length_of(Organization, "name_en"))
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=length_of(Organization, "name_zh"))


class StepForm(forms.Form):
    """What a step asks for; as it stands here, nothing but the button.

    row: what the step is about, as it was read. seen: its version, where the step decides.
    """

    def __init__(self, *args: Any, row: Any = None, **kwargs: Any) -> None:
        self.row = row
        self.read_as: list[str] = []  # how quantities were read; the page repeats it
        self.seen: int | None = None
        super().__init__(*args, **kwargs)

    def facts(self) -> dict[str, Any]:
        """What the verb is told."""
        return dict(self.cleaned_data)


class ReasonForm(StepForm):
    reason = forms.CharField(label=_("Reason"), max_length=REASON_CHARACTERS, widget=forms.Textarea(attrs={"rows": 3}))


def show_refusal(form: forms.BaseForm, refusal: DomainError) -> None:
    """The refusal's sentences stand at the form's fields (by JSON pointer), or above it where no field fits.

    A form whose fields are called otherwise says so by its own `field_for`.
    """
    if refusal.status in (401, 403, 404, 503):
        raise refusal
    form.refusal = refusal
    field_for = getattr(form, "field_for", lambda pointer: pointer.strip("/").split("/")[0])
    for problem in refusal.errors:
        name = field_for(problem.pointer)
        form.add_error(name if name in form.fields else None, problem.message)
    if not refusal.errors:
        form.add_error(None, str(refusal.detail))


def read_upload(upload: UploadedFile | None) -> tuple[str, bytes] | None:
    """Name and bytes of an uploaded file, or None when there is none."""
    return (upload.name or "", upload.read(FILE_BYTES + 1)) if upload else None
