"""Forms of the annual channel: what a company hands in, and what a decider answers."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.decided import filled
from core.templatetags.lodestone import day
from core.web.fields import DayField
from core.web.forms import ReasonForm, StepForm, read_upload
from shipments.actions.qualifications import FILE_KINDS


class PaperForm(StepForm):
    """With one file."""

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data | {"file": read_upload(self.cleaned_data["file"])}


class AuditForm(PaperForm):
    file = forms.FileField(
        label=_("Internal compliance program, with the report of its audit"),
        help_text=filled(
            _("{kinds}, at most {most} MB. Kept with its hash; the one handed in last counts."),
            kinds=FILE_KINDS,
            most="core.sizes.FILE_MEGABYTES",
        ),
    )
    audited_on = DayField(label=_("Day of the audit"))


class RecordForm(PaperForm):
    """Clearances from before this system."""

    number = forms.IntegerField(label=_("How many clearances it proves"), min_value=1, max_value=10_000)
    first_day = DayField(label=_("Day of the first one"))
    last_day = DayField(label=_("Day of the last one"))
    file = forms.FileField(
        label=_("The record"),
        help_text=filled(
            _(
                "{kinds}, at most {most} MB. An officer accepts it or says why not; it counts as long as all its days "
                "are looked back on."
            ),
            kinds=FILE_KINDS,
            most="core.sizes.FILE_MEGABYTES",
        ),
    )


class RecordAnswerForm(ReasonForm):
    """row: the company's qualification."""

    which = forms.TypedChoiceField(label=_("Record on paper"), coerce=int)
    field_order = ["which", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = gettext("{number} clearances, {first} – {last}")
        self.fields["which"].choices = [
            (record.pk, said.format(number=record.number, first=day(record.first_day), last=day(record.last_day)))
            for record in (self.row.waiting if self.row else [])
        ]
        self.fields["reason"].help_text = _("The company reads this.")


class PapersForm(StepForm):
    papers_seen = forms.BooleanField(
        label=_("I have looked at the compliance program and at the report of its audit."), required=False
    )


class DeclineForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "The company reads this, with how the test stands today: what is met, and what is missing, in numbers."
        )
