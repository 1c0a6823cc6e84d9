"""Opening a national quota, and changing one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.legal_time import legal_today
from core.models import Country
from core.quantities import show
from core.sizes import REASON_CHARACTERS
from core.web.fields import CountriesField, DayField, QuantityField, TickedFirst, one_needed
from core.web.forms import StepForm
from licensing.models import ControlItem, EndUse, PoolState, QuotaPool
from licensing.models.pools import WHAT_STATES_LET
from licensing.policy.vocabulary import CATEGORY, ELEMENTS
from licensing.selectors import control_lists, standings
from licensing.words import terms

EVERY = ("", _("Every one"))


class TermsMixin(forms.Form):
    """What a pool is to be from a day on, and why; the cap is typed in kilograms."""

    cap = QuantityField(label=_("Cap, kg"), help_text=_("Of the element, or of the goods, as the quota counts."))
    public = forms.BooleanField(
        label=_("Public"),
        required=False,
        help_text=_("Everybody reads whether it is open, nearly used up or used up; no figures."),
    )
    from_day = DayField(label=_("From"), help_text=_("A legal day, the first on which it holds."))
    reason = forms.CharField(label=_("Reason"), max_length=REASON_CHARACTERS, widget=forms.Textarea(attrs={"rows": 3}))

    def clean_cap(self) -> int:
        return QuantityField.base(self.cleaned_data["cap"], "kg")


class ChangePoolForm(TermsMixin, StepForm):
    state = forms.ChoiceField(
        label=_("State"),
        choices=PoolState.choices,
        help_text=WHAT_STATES_LET,
    )
    field_order = ["cap", "state", "public", "from_day", "reason"]

    def __init__(self, *args: Any, row: QuotaPool, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        (now,) = standings(QuotaPool.objects.filter(pk=row.pk), legal_today())
        self.initial |= {
            "cap": show(now.cap, "kg"),
            "state": now.state,
            "public": now.public,
            "from_day": legal_today(),
        }


class OpenPoolForm(TermsMixin, forms.Form):
    ref = forms.RegexField(
        r"^Q-[A-Z0-9][A-Z0-9-]{1,27}$",
        label=_("Number"),
        help_text=_("Such as Q-EU-DY-2027: Q, a hyphen, then capital letters, digits and hyphens."),
        error_messages={"invalid": _("Write it as Q-EU-DY-2027.")},
    )
    measure = forms.ChoiceField(label=_("What is counted"), choices=QuotaPool.Measure.choices)
    element = forms.ChoiceField(label=_("Element"), required=False)
    category = forms.ChoiceField(label=_("Category"), required=False)
    list_name = forms.ChoiceField(label=_("List"), required=False)
    destinations = CountriesField(
        label=_("Destinations"),
        queryset=Country.objects.all(),
        to_field_name="code",
        required=False,
        widget=TickedFirst,
        help_text=_("None chosen: every one."),
    )
    end_uses = forms.ModelMultipleChoiceField(
        label=_("End-uses"),
        queryset=EndUse.objects.all(),
        required=False,
        widget=TickedFirst,
        help_text=_("None chosen: every one."),
    )
    period_from = DayField(label=_("First day"))
    period_until = DayField(label=_("Last day"), help_text=_("Nothing is carried over."))
    field_order = [
        "ref",
        "measure",
        "element",
        "category",
        "list_name",
        "destinations",
        "end_uses",
        "period_from",
        "period_until",
        "cap",
        "public",
        "from_day",
        "reason",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        items = ControlItem.objects.order_by()
        elements = items.filter(element__in=ELEMENTS).values_list("element", flat=True).distinct()
        categories = items.exclude(category="").values_list("category", flat=True).distinct()
        one_needed(self.fields[name] for name in ("element", "category", "list_name"))
        self.fields["list_name"].choices = [EVERY, *control_lists().items()]
        self.fields["element"].choices = [EVERY, *((one, one) for one in sorted(elements))]
        named = ((one, terms.word(terms.VALUES[CATEGORY], one)) for one in categories)
        self.fields["category"].choices = [EVERY, *sorted(named, key=lambda pair: str(pair[1]))]

    def clean_destinations(self) -> list[str]:
        return sorted(country.code for country in self.cleaned_data["destinations"])

    def clean_end_uses(self) -> list[str]:
        return sorted(use.code for use in self.cleaned_data["end_uses"])
