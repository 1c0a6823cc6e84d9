"""What a decider says of a company's account."""

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from core.decided import filled
from core.web.fields import DayField
from core.web.forms import ReasonForm, StepForm, length_of
from exporters.models import Stop
from licensing.models import Application, License
from licensing.states import IN_FORCE, OPEN_CASE


def hits(exporter: int) -> dict[str, int]:
    """How many licenses in force and open cases the company has."""
    return {
        "licenses": License.objects.filter(exporter=exporter, state__in=IN_FORCE).count(),
        "cases": Application.objects.filter(exporter=exporter, state__in=OPEN_CASE).count(),
    }


class Hits(StepForm):
    """Its card says what it hits."""

    @cached_property
    def hits(self) -> dict[str, int]:
        return hits(self.row.pk)


class CountersignBarForm(Hits):
    """Nothing but the button."""


class StopForm(Hits, ReasonForm):
    """An order that stops the account."""

    number = forms.CharField(label=_("Number of the order"), max_length=length_of(Stop, "number"))
    provision = forms.CharField(label=_("Provision on which it rests"), max_length=length_of(Stop, "provision"))
    field_order = ["number", "provision", "reason"]


class BarForm(StopForm):
    """A penalty decision that bars the company through a day."""

    number = forms.CharField(label=_("Number of the penalty decision"), max_length=length_of(Stop, "number"))
    last_day = DayField(
        label=_("Last day of the bar"),
        help_text=filled(
            _(
                "It is barred on that day, and not on the next. At most {years} years from today (Export Control Law, "
                "article 39)."
            ),
            years="licensing.actions.standing.BAR_YEARS",
        ),
    )
    field_order = ["number", "provision", "last_day", "reason"]
