"""What officers ask and exporters answer."""

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from core.actions import ANSWER_KINDS
from core.decided import filled
from core.sizes import REASON_CHARACTERS, TEXT_CHARACTERS, WORDS_CHARACTERS
from core.web.fields import DayField, FilesField
from core.web.forms import StepForm, read_upload
from licensing.actions.questions import default_question_day
from licensing.models import About


class QuestionForm(StepForm):
    """A step in the thread of one question; several threads stand on a page (licensing/web/threads.py)."""

    question = forms.IntegerField(widget=forms.HiddenInput)


class ReplyForm(StepForm):
    """Words, files, or both."""

    text = forms.CharField(
        label=gettext_lazy("Your answer"),
        max_length=TEXT_CHARACTERS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    files = FilesField(
        label=gettext_lazy("Files"),
        required=False,
        kinds=ANSWER_KINDS,
        help_text=filled(
            gettext_lazy("{kinds}, together at most {most} MB."),
            kinds=ANSWER_KINDS,
            most="core.sizes.FILE_MEGABYTES",
        ),
    )

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data | {"files": [read_upload(file) for file in self.cleaned_data["files"]]}


class AnswerForm(QuestionForm, ReplyForm):
    final = forms.BooleanField(required=False, widget=forms.HiddenInput)  # which of the two buttons

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].help_text = gettext("You can ask back here too: send that and keep the question open.")


class CloseQuestionForm(QuestionForm):
    reason = forms.CharField(
        label=gettext_lazy("Why no answer is needed any more"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("The exporter reads this."),
    )


class AskForm(QuestionForm):
    """A new question, or, with its number, more in the thread of one that is open."""

    question = forms.IntegerField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label=gettext_lazy("Question to the exporter"),
        max_length=WORDS_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
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
