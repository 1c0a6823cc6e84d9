"""What two officers say, one after the other."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.legal_time import legal_today, months_after
from core.quantities import show
from core.templatetags.lodestone import day, quantity, unit_word
from core.web.fields import DayField, QuantityField
from core.web.forms import StepForm
from licensing.models import Application, DecisionStep


class Seen(forms.CheckboxInput):
    """A tick that names what stands beside it: one that was set beside something else is not set here."""

    def stand_beside(self, shown: str) -> None:
        self.attrs["value"] = shown
        self.check_test = lambda value: value == shown

    def format_value(self, value: Any) -> None:
        """What it names is among its attributes."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> str:
        return str(data.get(name, ""))


def seen_the_change() -> forms.CharField:
    """Asked where the rules say something else than when the case was last looked at."""
    label = gettext_lazy("I have seen that the rules say something else of this case than when it was last looked at")
    return forms.CharField(label=label, required=False, widget=Seen)


def why_otherwise() -> forms.CharField:
    """Asked where an outcome leaves what the rules presume."""
    return forms.CharField(
        label=gettext_lazy("Why this is decided otherwise than the rules presume"),
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Stays inside the ministry, under your name."),
    )


class RecommendForm(StepForm):
    """Outcome per line. What the exporter reads and what stays inside are two labelled fields."""

    numbered = {"quantity": gettext_lazy("Line {number}")}

    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"), choices=DecisionStep.Outcome.choices, widget=forms.RadioSelect, initial="approve"
    )
    months = forms.IntegerField(label=gettext_lazy("Valid for, months"), min_value=1, initial=12)
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
    acknowledged = seen_the_change()

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        case = row
        self.lines = list(case.lines.all())
        self.quantity_names = [f"quantity_{line.number}" for line in self.lines]
        for line, name in zip(self.lines, self.quantity_names, strict=True):
            asked = show(line.quantity, line.unit)
            self.fields[name] = QuantityField(
                label=_("Line {number}: {unit} to grant").format(number=line.number, unit=unit_word(line.unit)),
                help_text=_("{asked} asked. 0 leaves the line out.").format(asked=quantity(line.quantity, line.unit)),
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
        last = case.recommendation
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
                    if name in self.changed_data:
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
        step = row.recommendation
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
    departure = why_otherwise()
    acknowledged = seen_the_change()


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
    departure = why_otherwise()


class IssueForm(StepForm):
    """Begins with the day that the exporter planned, where it lies ahead."""

    usable_from = DayField(label=gettext_lazy("First day"), required=False)
    acknowledged = seen_the_change()

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        first = max(row.planned_from or date.min, legal_today())
        self.initial["usable_from"] = first
        if step := row.recommendation:
            self.fields["usable_from"].help_text = _(
                "With {first} the last day is {last} ({months} months). Today when left empty."
            ).format(first=day(first), last=day(months_after(first, step.months or 0)), months=step.months)
