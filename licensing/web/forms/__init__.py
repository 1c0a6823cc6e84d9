"""Shapes of licensing's forms, by noun. What is permitted is for the verbs to say."""

from licensing.web.forms.applications import ApplicationForm, DocumentForm, LineForm, LineFormSet
from licensing.web.forms.consultations import ConsultForm
from licensing.web.forms.decisions import ApproveForm, DecideForm, IntendForm, IssueForm, RecommendForm, RefuseForm
from licensing.web.forms.declarations import (
    CertificateForm,
    DeclarationForm,
    FitForm,
    OriginalForm,
    ProposeInvalidateForm,
    QueryForm,
    RedeclareForm,
    RedoForm,
)
from licensing.web.forms.licenses import LiftForm, ProposeRevokeForm, SurrenderForm
from licensing.web.forms.questions import AnswerForm, AskForm, CloseQuestionForm, QuestionForm, ReplyForm
from licensing.web.forms.reconsiderations import ChangeForm, QuashForm, ReconsiderForm, UpholdForm
from licensing.web.forms.screenings import ResolveForm, ScreenForm
from licensing.web.forms.supplements import ResubmitForm, SupplementForm

__all__ = [
    "AnswerForm",
    "ApplicationForm",
    "ApproveForm",
    "AskForm",
    "CertificateForm",
    "ChangeForm",
    "CloseQuestionForm",
    "ConsultForm",
    "DecideForm",
    "DeclarationForm",
    "IntendForm",
    "DocumentForm",
    "IssueForm",
    "LiftForm",
    "LineForm",
    "LineFormSet",
    "OriginalForm",
    "ProposeInvalidateForm",
    "ProposeRevokeForm",
    "QueryForm",
    "QuashForm",
    "QuestionForm",
    "RecommendForm",
    "ReconsiderForm",
    "RedeclareForm",
    "FitForm",
    "RedoForm",
    "RefuseForm",
    "ReplyForm",
    "ResubmitForm",
    "ResolveForm",
    "ScreenForm",
    "SupplementForm",
    "SurrenderForm",
    "UpholdForm",
]
