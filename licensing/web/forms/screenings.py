"""What screening the end-users of a case found."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from core.legal_time import legal_today
from core.sizes import REASON_CHARACTERS
from core.web.fields import DayField
from core.web.forms import StepForm, length_of
from licensing.models import Application, License, Screening
from licensing.models.screenings import NO_HIT, UNRESOLVED
from licensing.policy.vocabulary import HIT
from licensing.selectors import hits_on, screened_in
from licensing.web.forms.check import choices, words_of


class ScreenForm(StepForm):
    """One result for one end-user or several; begins with those who have none in this case. No result is chosen."""

    end_users = forms.TypedMultipleChoiceField(
        label=gettext_lazy("End-users"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    hit = forms.ChoiceField(label=gettext_lazy("What was found"), widget=forms.RadioSelect)
    list_version = forms.CharField(
        label=gettext_lazy("Version of the lists"),
        max_length=length_of(Screening, "list_version"),
        help_text=gettext_lazy("As the lists name it, for example “control and watch lists, 6 May 2026”."),
    )
    screened_on = DayField(label=gettext_lazy("Screened on"))
    reason = forms.CharField(
        label=gettext_lazy("Which entry, and why it is this party"),
        required=False,
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Stays inside the ministry."),
    )

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        users, screened = list(row.end_users.all()), screened_in(row)
        self.waiting = [user for user in users if user.party_id not in screened]
        self.fields["end_users"].choices = [(user.pk, str(user.party)) for user in users]
        self.fields["hit"].choices = choices(words_of("screening.hit"))
        self.initial |= {"end_users": [user.pk for user in self.waiting], "screened_on": legal_today()}


class ResolveForm(StepForm):
    """Whether a hit on an end-user of a license is one. Nothing is chosen but the only end-user that there is."""

    end_user = forms.TypedChoiceField(label=gettext_lazy("End-user"), coerce=int, widget=forms.RadioSelect)
    hit = forms.ChoiceField(label=gettext_lazy("Is it this party?"), widget=forms.RadioSelect)
    list_version = forms.CharField(
        label=gettext_lazy("Version of the lists"),
        max_length=length_of(Screening, "list_version"),
        help_text=gettext_lazy("Against which you looked today."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why it is this party, or another"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Stays inside the ministry."),
    )

    def __init__(self, *args: Any, row: License, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        hits = hits_on(row)
        lists = {one.list_version for one in hits.values()}
        same = gettext_lazy("It is this party: {what}")
        words = [
            (word, same.format(what=what)) for word, what in words_of(HIT, default=NO_HIT) if word not in UNRESOLVED
        ]
        self.fields["end_user"].choices = [(user.pk, str(user.party)) for user in hits]
        self.fields["hit"].choices = [(NO_HIT, gettext_lazy("It is another party: no hit")), *words]
        self.initial["list_version"] = lists.pop() if len(lists) == 1 else ""
        if len(hits) == 1:
            self.initial["end_user"] = next(iter(hits)).pk
