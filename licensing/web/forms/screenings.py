"""What screening the end-users of a case found."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from core.legal_time import legal_today
from core.web.fields import DayField
from core.web.forms import StepForm
from licensing.models import Application
from licensing.selectors import screened_in
from licensing.web.forms.check import words_of


class ScreenForm(StepForm):
    """One result for one end-user or several; begins with those who have none in this case. No result is chosen."""

    end_users = forms.TypedMultipleChoiceField(
        label=gettext_lazy("End-users"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    hit = forms.ChoiceField(label=gettext_lazy("What was found"), widget=forms.RadioSelect)
    list_version = forms.CharField(
        label=gettext_lazy("Version of the lists"),
        max_length=80,
        help_text=gettext_lazy("As the lists name it, for example “control and watch lists, 6 May 2026”."),
    )
    screened_on = DayField(label=gettext_lazy("Screened on"))
    reason = forms.CharField(
        label=gettext_lazy("Which entry, and why it is this party"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Stays inside the ministry."),
    )

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        users, screened = list(row.end_users.all()), screened_in(row)
        self.waiting = [user for user in users if user.party_id not in screened]
        self.fields["end_users"].choices = [(user.pk, str(user.party)) for user in users]
        self.fields["hit"].choices = words_of("screening.hit")
        self.initial |= {"end_users": [user.pk for user in self.waiting], "screened_on": legal_today()}
