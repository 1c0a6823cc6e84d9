"""What two officers say, one after the other."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.legal_time import legal_today
from core.quantities import show
from core.sizes import WORDS_CHARACTERS
from core.templatetags.lodestone import day, money, quantity, unit_word
from core.web.fields import AmountField, DayField, QuantityField
from core.web.forms import StepForm
from licensing.actions.decisions import currency_of
from licensing.actions.intents import default_intent_days
from licensing.clock import WORKING_DAYS
from licensing.granted import Tolerance, asked_months
from licensing.models import LONE, Application, DecisionStep
from licensing.models.applications import GROUNDS, TOLERANCE_PLACES
from licensing.models.intents import intent_of
from licensing.policy.vocabulary import CLEARANCES_LEAST, CLEARANCES_MOST, EXACT, MONTHS
from licensing.prices import WORTH_PLACES
from licensing.words import terms

DECIDED = [(outcome.value, outcome.label) for outcome in DecisionStep.DECIDED]


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
        max_length=WORDS_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Stays inside the ministry, under your name."),
    )


class RecommendForm(StepForm):
    """Outcome per line. What the exporter reads and what stays inside are two labelled fields."""

    numbered = {"quantity": gettext_lazy("Line {number}")}

    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"), choices=DECIDED, widget=forms.RadioSelect, initial="approve"
    )
    months = forms.IntegerField(label=gettext_lazy("Valid for, months"), min_value=1, initial=MONTHS)
    max_clearances = forms.IntegerField(
        label=gettext_lazy("Clearances at most"),
        min_value=CLEARANCES_LEAST,
        max_value=CLEARANCES_MOST,
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
        label=gettext_lazy("Factors of the law"),
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
    tolerance_mode = forms.ChoiceField(
        label=gettext_lazy("Tolerance"), choices=[*terms.TOLERANCES.items()], required=False, initial=EXACT
    )
    tolerance_pct = forms.DecimalField(
        label=gettext_lazy("Tolerance, percent"),
        min_value=0,
        max_value=100,
        decimal_places=TOLERANCE_PLACES,
        required=False,
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
        self._begin_with_the_plan(case)
        last = case.recommendation
        before = case.amends or case.renews
        if old := last or (before.application.basis if before else None):  # that goes on, unless he ends it
            self.initial |= {"conditions": old.conditions, "max_clearances": old.max_clearances}
            self.initial |= {"tolerance_mode": old.tolerance_mode, "tolerance_pct": old.tolerance_pct or None}
        if last:  # returned: begin with what was recommended
            self.initial |= {name: getattr(last, name) for name in ("outcome", "factors", "text", "note")}
            self.initial |= {f"quantity_{q.line.number}": show(q.quantity, q.line.unit) for q in last.lines.all()}
            self.initial["end_users"] = [user.pk for user in last.end_users.all()] or users.initial
            self.initial["months"] = last.months or self.initial["months"]
        if case.grants in LONE:
            del self.fields["max_clearances"]
        self._add_caps(case, last)

    def _begin_with_the_plan(self, case: Application) -> None:
        """As many months as were asked, from the first planned day to the last, whenever it is decided: more is not
        granted by a default."""
        self.initial["months"] = asked_months(case) or MONTHS
        if case.planned_from and case.planned_until:
            asked = _("Asked for {first} to {last}.")
            self.fields["months"].help_text = asked.format(first=day(case.planned_from), last=day(case.planned_until))

    def _add_caps(self, case: Application, last: DecisionStep | None) -> None:
        """For each line its value, and, where there are several end-users, what each that declared it may take: empty
        as a rule."""
        users = list(case.end_users.all())
        covered = {user.pk: user.declaration.covered for user in users}
        said = {part.line_id: part.value for part in last.lines.all()} if last else {}
        allotted = {(one.line_id, one.end_user_id): one.quantity for one in last.allotments.all()} if last else {}
        self.value_names = {f"value_{line.number}": line for line in self.lines}
        for name, line in self.value_names.items():
            label = _("Line {number}: value at most, {currency}")
            self.fields[name] = AmountField(
                label=label.format(number=line.number, currency=currency_of(line)),
                initial=said.get(line.pk),
                places=WORTH_PLACES,
                required=False,
                help_text=_("Asked: {value}.").format(value=money(line.value, line.currency)) if line.value else "",
            )
        self.allotment_names = {
            f"allotment_{line.number}_{user.pk}": (line, user)
            for line in self.lines
            for user in users
            if len(users) > 1 and line.control_item_id in covered[user.pk]
        }
        for name, (line, user) in self.allotment_names.items():
            label = _("Line {number}: {unit} for {user} at most")
            before = allotted.get((line.pk, user.pk))
            self.fields[name] = QuantityField(
                label=label.format(number=line.number, unit=unit_word(line.unit), user=user.party),
                initial=before and show(before, line.unit),
                required=False,
            )

    def cap_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in (*self.value_names, *self.allotment_names)]

    def has_caps(self) -> bool:
        return any(bound.value() for bound in self.cap_fields())

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
                    read_as = QuantityField.repeated(data[name], base, line.unit)
                    if read_as and name in self.changed_data:
                        self.read_as.append(read_as)
                        self[name].help_text += " " + read_as
        data["quantities_"] = quantities
        data["values"] = {
            line.number: data[name] for name, line in self.value_names.items() if data.get(name) is not None
        }
        data["allotments"] = {}
        for name, (line, user) in self.allotment_names.items():
            if data.get(name):
                try:
                    data["allotments"][line.number, user.pk] = QuantityField.base(data[name], line.unit)
                except forms.ValidationError as error:
                    self.add_error(name, error)
        mode = data.pop("tolerance_mode", "") or EXACT
        data["tolerance"] = Tolerance(mode, data.pop("tolerance_pct", None) or Decimal(0))
        return data

    def facts(self) -> dict[str, Any]:
        names = {*self.quantity_names, *self.value_names, *self.allotment_names}
        return {name: value for name, value in self.cleaned_data.items() if name not in names}


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
        max_length=WORDS_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    departure = why_otherwise()
    acknowledged = seen_the_change()


class GroundedForm(StepForm):
    """Asks for what a refusal rests on."""

    why: Any
    factors = forms.MultipleChoiceField(
        label=gettext_lazy("Factors of the law"),
        choices=DecisionStep.Factor.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    text = forms.CharField(
        label=gettext_lazy("Reason the exporter will read"),
        max_length=WORDS_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].help_text = self.why
        for name in ("factors", "text"):
            self.fields[name].required = name in GROUNDS


class RefuseForm(GroundedForm, DecideForm):
    """What was announced stands in it, where a refusal was."""

    outcome = DecisionStep.Outcome.REFUSE
    why = gettext_lazy("Why, and what would change the outcome.")
    departure = why_otherwise()

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        if announced := intent_of(row):
            self.initial |= {"text": announced.text, "factors": announced.factors}


class IntendForm(GroundedForm, DecideForm):
    """Begins with what was recommended, and the usual days."""

    outcome = DecisionStep.Outcome.REFUSE
    why = gettext_lazy("Why you mean to refuse, and what would change that.")
    days = forms.IntegerField(
        label=gettext_lazy("Working days to answer"),
        min_value=1,
        max_value=WORKING_DAYS,
        initial=default_intent_days,
        help_text=gettext_lazy("Today does not count. The clock runs on meanwhile."),
    )


class IssueForm(StepForm):
    """Begins with the day that the exporter planned, where it lies ahead."""

    usable_from = DayField(label=gettext_lazy("First day"), required=False)
    acknowledged = seen_the_change()

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        first = row.begins_on(legal_today())
        self.initial["usable_from"] = first
        if step := row.basis:
            self.fields["usable_from"].help_text = _(
                "With {first}, which holds when left empty, the last day is {last} ({months} months)."
            ).format(first=day(first), last=day(row.lasts_until(first, step.months or 0)), months=step.months)
