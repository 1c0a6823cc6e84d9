"""Shapes of licensing's forms. What is permitted is for the verbs to say."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.files import PAPERS_IMAGES_SHEETS
from core.models import Country
from core.quantities import show
from core.web.fields import CodesField, DayField, FilesField, QuantityField
from core.web.forms import StepForm, read_upload
from exporters.models import Party
from licensing.actions.applications import Draft, LineDraft
from licensing.actions.questions import default_question_day
from licensing.models import About, Application, ApplicationDocument, ControlItem, DecisionStep, Declaration, License
from licensing.models.declarations import CONFIRMATIONS


class DeclarationForm(forms.ModelForm):
    """What the end-user is asked to sign."""

    version = forms.IntegerField(widget=forms.HiddenInput, initial=1)
    items = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Control items"),
        queryset=ControlItem.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("What the goods are listed as."),
    )
    re_export_countries = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Countries they go on to"),
        queryset=Country.objects.all(),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 8}),
        help_text=gettext_lazy("Hold Ctrl, or ⌘ on a Mac, to choose several."),
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
            "verification_consent",
        ]
        widgets = {"end_use_text": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, parties: Any, items: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["end_user"].queryset = parties
        self.fields["items"].queryset = items
        self.fields["items"].label_from_instance = ControlItem.label
        if self.instance.pk:
            self.initial["items"] = [item.control_item_id for item in self.instance.items.all()]
            self.initial["re_export_countries"] = self.instance.re_export_countries
            self.initial["version"] = self.instance.version

    def facts(self) -> dict[str, Any]:
        facts = dict(self.cleaned_data)
        facts.pop("version")
        facts["items"] = list(facts["items"])
        facts["re_export_countries"] = sorted(country.pk for country in facts["re_export_countries"])
        return facts


class CertificateForm(StepForm):
    certificate = forms.FileField(
        label=gettext_lazy("Signed certificate"), help_text=gettext_lazy("PDF, at most 10 MB.")
    )
    signer_name = forms.CharField(label=gettext_lazy("Signed by"), max_length=120)
    signer_post = forms.CharField(label=gettext_lazy("Post"), max_length=120)
    signed_on = DayField(label=gettext_lazy("Signed on"))

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data | {"certificate": read_upload(self.cleaned_data["certificate"])}


def _declaration_words(row: Declaration) -> str:
    return f"{row.end_user}, {row.product} · {row.ref}, {row.get_state_display()}"


class ApplicationForm(forms.ModelForm):
    """Everything of an application but its goods."""

    version = forms.IntegerField(widget=forms.HiddenInput, initial=1)
    contract_on = DayField(label=gettext_lazy("Contract signed on"), required=False)
    planned_from = DayField(label=gettext_lazy("Planned from"), required=False)
    planned_until = DayField(label=gettext_lazy("Planned until"), required=False)
    end_users = forms.ModelMultipleChoiceField(
        label=gettext_lazy("End-users, by their declarations"),
        queryset=Declaration.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("One for a per-shipment license; each end-user of an annual license has its own."),
    )
    consignees = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Who receives the goods"),
        queryset=Party.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    ports = CodesField(
        label=gettext_lazy("Customs ports"),
        pattern=r"CN[A-Z0-9]{3}",
        example="CNSHA",
        help_text=gettext_lazy("For example CNSHA, CNNGB. Empty: any port."),
    )

    class Meta:
        model = Application
        fields = ["kind", "contract_no", "contract_on", "planned_from", "planned_until", "ports", "remarks"]
        widgets = {"kind": forms.RadioSelect, "remarks": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, declarations: Any, parties: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = Application._meta.get_field("kind").choices
        self.fields["end_users"].queryset = declarations
        self.fields["end_users"].label_from_instance = _declaration_words
        self.fields["consignees"].queryset = parties
        if self.instance.pk:
            self.initial["end_users"] = [user.declaration_id for user in self.instance.end_users.all()]
            self.initial["consignees"] = [party.pk for party in self.instance.consignees.all()]
            self.initial["version"] = self.instance.version

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        begins, ends = data.get("planned_from"), data.get("planned_until")
        if begins and ends and ends < begins:
            self.add_error("planned_until", _("The end lies before the start."))
        users = [declaration.end_user_id for declaration in data.get("end_users") or []]
        if len(users) != len(set(users)):
            self.add_error("end_users", _("Choose one declaration for each end-user."))
        return data

    def draft(self, lines: list[LineDraft]) -> Draft:
        data = self.cleaned_data
        return Draft(
            kind=data["kind"],
            lines=lines,
            end_users=list(data["end_users"]),
            consignees=list(data["consignees"]),
            ports=data["ports"],
            contract_no=data["contract_no"],
            contract_on=data["contract_on"],
            planned_from=data["planned_from"],
            planned_until=data["planned_until"],
            remarks=data["remarks"],
        )


class LineForm(forms.Form):
    """One row of goods, of the items handed in by their code in small letters. The unit is the control list's own."""

    code = forms.CharField(
        label=gettext_lazy("Control code"),
        max_length=20,
        widget=forms.TextInput(attrs={"list": "control-codes", "autocomplete": "off"}),
        help_text=gettext_lazy("For example 1C905.a.4; search the control list."),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=300,
        help_text=gettext_lazy("Grade, shape, composition; e.g. N42SH, Dy 3.2 %."),
    )
    hs_code = forms.RegexField(
        r"^\d{8}(\d{2})?$",
        label=gettext_lazy("Customs goods code"),
        required=False,
        error_messages={"invalid": gettext_lazy("8 or 10 digits.")},
    )
    quantity = QuantityField(
        label=gettext_lazy("Quantity"), help_text=gettext_lazy("In the list's unit, e.g. 1200.500 kg.")
    )

    def __init__(self, *args: Any, items: Mapping[str, ControlItem], **kwargs: Any) -> None:
        self.items = items
        super().__init__(*args, **kwargs)

    def clean_code(self) -> ControlItem:
        code = self.cleaned_data["code"].strip()
        if code.lower() not in self.items:
            raise forms.ValidationError(
                _("{code} is not on the lists loaded here.").format(code=code[:20]), "unknown-code"
            )
        return self.items[code.lower()]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "code" in data and "quantity" in data:
            try:
                data["base"] = QuantityField.base(data["quantity"], data["code"].unit)
            except forms.ValidationError as error:
                self.add_error("quantity", error)
            else:
                self.read_as = QuantityField.repeated(data["quantity"], data["base"], data["code"].unit)
                self["quantity"].help_text = self.read_as
                if data["base"] == 0:
                    self.add_error("quantity", _("The quantity must be more than zero."))
        return data

    def line(self) -> LineDraft:
        data = self.cleaned_data
        item = data["code"]
        return LineDraft(item, data["description"], data["base"], item.unit, data.get("hs_code") or "")


LineFormSet = forms.formset_factory(LineForm, extra=1, max_num=50, validate_max=True, can_delete=True)


class DocumentForm(forms.Form):
    type = forms.ChoiceField(label=gettext_lazy("Paper"), choices=ApplicationDocument.Type.choices)
    file = forms.FileField(label=gettext_lazy("File"), help_text=gettext_lazy("PDF, at most 10 MB."))


class QuestionForm(StepForm):
    """A step in the thread of one question; several threads stand on a page (licensing/web/threads.py)."""

    question = forms.IntegerField(widget=forms.HiddenInput)


class AnswerForm(QuestionForm):
    text = forms.CharField(
        label=gettext_lazy("Your answer"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("You can ask back here too: send that and keep the question open."),
    )
    files = FilesField(
        label=gettext_lazy("Files"),
        required=False,
        kinds=PAPERS_IMAGES_SHEETS,
        help_text=gettext_lazy("PDF, PNG, JPG, XLSX or CSV, together at most 10 MB."),
    )
    final = forms.BooleanField(required=False, widget=forms.HiddenInput)  # which of the two buttons

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data | {"files": [read_upload(file) for file in self.cleaned_data["files"]]}


class CloseQuestionForm(QuestionForm):
    reason = forms.CharField(
        label=gettext_lazy("Why no answer is needed any more"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("The exporter reads this."),
    )


class AskForm(QuestionForm):
    """A new question, or, with its number, more in the thread of one that is open."""

    question = forms.IntegerField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label=gettext_lazy("Question to the exporter"), max_length=5_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    about = forms.MultipleChoiceField(
        label=gettext_lazy("What it is about"),
        choices=About.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    due_on = DayField(
        label=gettext_lazy("Answer by"),
        help_text=gettext_lazy("The clock runs on meanwhile."),
        initial=default_question_day,
    )


class RecommendForm(StepForm):
    """Outcome per line. What the exporter reads and what stays inside are two labelled fields."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"), choices=DecisionStep.Outcome.choices, widget=forms.RadioSelect, initial="approve"
    )
    months = forms.IntegerField(label=gettext_lazy("Valid for, months"), min_value=1, max_value=12, initial=12)
    max_clearances = forms.IntegerField(
        label=gettext_lazy("Clearances at most"),
        min_value=1,
        max_value=10_000,
        required=False,
        help_text=gettext_lazy("Empty: no limit."),
    )
    end_users = forms.TypedMultipleChoiceField(
        label=gettext_lazy("End-users"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    conditions = forms.MultipleChoiceField(
        label=gettext_lazy("Conditions"),
        choices=DecisionStep.Condition.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    factors = forms.MultipleChoiceField(
        label=gettext_lazy("If refused: which factors of the law"),
        choices=DecisionStep.Factor.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    text = forms.CharField(
        label=gettext_lazy("Reason the exporter will read"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    note = forms.CharField(
        label=gettext_lazy("Note for the second officer"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Stays inside the ministry."),
    )
    acknowledged = forms.BooleanField(
        label=gettext_lazy("I have seen that the rules say something else today than when this was filed"),
        required=False,
    )

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        case = row
        self.lines = list(case.lines.all())
        self.quantity_names = [f"quantity_{line.number}" for line in self.lines]
        for line, name in zip(self.lines, self.quantity_names, strict=True):
            asked = show(line.quantity, line.unit)
            self.fields[name] = QuantityField(
                label=_("Line {number}: {unit} to grant").format(number=line.number, unit=line.unit),
                help_text=_("{asked} {unit} asked. 0 leaves the line out.").format(asked=asked, unit=line.unit),
                initial=asked,
                required=False,
            )
        self.order_fields(["outcome", *self.quantity_names])
        users = self.fields["end_users"]
        users.choices = [(user.pk, str(user.party)) for user in case.end_users.all()]
        users.initial = [user.pk for user in case.end_users.all()]
        users.required = self.data.get("outcome") != "refuse"
        for name in ("months", *self.quantity_names):  # an emptied quantity must not mean "all that was asked"
            self.fields[name].required = users.required
        last = case.steps.filter(round=case.round, step=DecisionStep.Step.RECOMMEND).order_by("pk").last()
        if last:  # returned: begin with what was recommended
            self.initial |= {name: getattr(last, name) for name in ("outcome", "conditions", "factors", "text", "note")}
            self.initial |= {"months": last.months or 12, "max_clearances": last.max_clearances}
            self.initial |= {f"quantity_{q.line.number}": show(q.quantity, q.line.unit) for q in last.lines.all()}
            self.initial["end_users"] = [user.pk for user in last.end_users.all()] or users.initial
        if case.kind == "per_shipment":
            del self.fields["max_clearances"]

    def quantity_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.quantity_names]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        quantities = {}
        self.read_as = []
        for line, name in zip(self.lines, self.quantity_names, strict=True):
            if data.get(name):
                try:
                    base = quantities[line.number] = QuantityField.base(data[name], line.unit)
                except forms.ValidationError as error:
                    self.add_error(name, error)
                else:
                    self.read_as.append(QuantityField.repeated(data[name], base, line.unit))
                    self[name].help_text += " " + self.read_as[-1]
        data["quantities_"] = quantities
        return data

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in self.quantity_names}


class DecideForm(StepForm):
    """Begins with the words that the first officer recommended to this outcome."""

    outcome = ""

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        step = row.steps.filter(round=row.round, step=DecisionStep.Step.RECOMMEND).last()
        if step and step.outcome == self.outcome:
            self.initial |= {"text": step.text, "factors": step.factors}


class ApproveForm(DecideForm):
    outcome = DecisionStep.Outcome.APPROVE
    text = forms.CharField(
        label=gettext_lazy("Words for the exporter"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class RefuseForm(DecideForm):
    outcome = DecisionStep.Outcome.REFUSE
    factors = forms.MultipleChoiceField(
        label=gettext_lazy("Factors of the law"),
        choices=DecisionStep.Factor.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    text = forms.CharField(
        label=gettext_lazy("Reason the exporter will read"),
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Why, and what would change the outcome."),
    )


class IssueForm(StepForm):
    usable_from = DayField(
        label=gettext_lazy("First day"), required=False, help_text=gettext_lazy("Today when left empty.")
    )


class LiftForm(StepForm):
    suspension = forms.TypedChoiceField(label=gettext_lazy("Cause"), coerce=int, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Why it ends"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, row: License, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        causes = [(cause.pk, f"{cause}: {cause.reason}") for cause in row.suspensions.all() if cause.ended_at is None]
        self.fields["suspension"].choices = causes
        self.fields["suspension"].initial = causes[0][0] if causes else None
