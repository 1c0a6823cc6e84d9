"""What is missing of a case, and what its applicant sends for each of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.sizes import TEXT_CHARACTERS
from core.web.fields import FilesField, one_needed
from core.web.forms import StepForm, read_upload
from licensing.actions.supplements import FILE_KINDS, Answer
from licensing.models import Application


class SupplementForm(StepForm):
    points = forms.CharField(
        label=gettext_lazy("What is missing, one thing a line"),
        max_length=TEXT_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Everything at once: by law there is no second notice."),
    )

    def facts(self) -> dict[str, Any]:
        lines = self.cleaned_data["points"].splitlines()
        return {"points": [line.strip() for line in lines if line.strip()]}


class ResubmitForm(StepForm):
    """Words, files or both for each point."""

    numbered = {"answer": gettext_lazy("Answer to point {number}")}

    def __init__(self, *args: Any, row: Application, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        self.points = list(row.supplement.points.all()) if row.asked_for_more else []
        for point in self.points:
            self.fields[f"answer_{point.number}"] = forms.CharField(
                label=_("{number}. {text}").format(number=point.number, text=point.text),
                max_length=TEXT_CHARACTERS,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
            self.fields[f"files_{point.number}"] = FilesField(
                label=_("Files for point {number}").format(number=point.number),
                required=False,
                kinds=FILE_KINDS,
                help_text=_("{kinds}.").format(kinds=FILE_KINDS),
            )
            pair = (self.fields[f"{kind}_{point.number}"] for kind in ("answer", "files"))
            one_needed(pair, _("(words or files are needed)"))

    def facts(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "answers": {
                point.number: Answer(
                    said[f"answer_{point.number}"], [read_upload(file) for file in said[f"files_{point.number}"]]
                )
                for point in self.points
            }
        }
