"""What a decider says of a company's account."""

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from core.web.forms import ReasonForm
from licensing.models import Application, License
from licensing.states import IN_FORCE, OPEN_CASE


class StopForm(ReasonForm):
    """An order that stops the account. Its card says what that hits."""

    number = forms.CharField(label=_("Number of the order"), max_length=60)
    field_order = ["number", "reason"]

    @cached_property
    def hits(self) -> dict[str, Any]:
        """How many licenses in force and open cases the company has."""
        return {
            "licenses": License.objects.filter(exporter=self.row.pk, state__in=IN_FORCE).count(),
            "cases": Application.objects.filter(exporter=self.row.pk, state__in=OPEN_CASE).count(),
        }
