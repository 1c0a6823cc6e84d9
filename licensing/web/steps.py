"""What is done to declarations, applications and licenses: one row a verb (core/web/steps.py)."""

from django.utils.translation import gettext_lazy as _

from core.web.forms import ReasonForm
from core.web.steps import Page, Step, register
from licensing.actions import applications, decisions, declarations, licenses
from licensing.selectors import applications_for, declarations_for, licenses_for
from licensing.states import IN_FORCE
from licensing.web.forms import (
    AnswerForm,
    ApproveForm,
    AskForm,
    CertificateForm,
    IssueForm,
    LiftForm,
    RecommendForm,
    RefuseForm,
)

DECLARATION = Page("declaration", declarations_for)
DECLARATION_DESK = Page("desk.declaration", declarations_for)
CASE = Page("application", applications_for)
DESK = Page("desk.case", applications_for)
LICENSE_DESK = Page("desk.license", licenses_for)

register(
    "licensing",
    "declaration",
    [
        Step("draft", _("Draft begun")),
        Step("change", _("Draft changed")),
        Step(
            "attach_signed",
            _("Signed certificate attached"),
            DECLARATION,
            declarations.attach_signed,
            _("The signed certificate is kept. Submit the declaration next."),
            CertificateForm,
        ),
        Step(
            "submit",
            _("Submitted to the ministry"),
            DECLARATION,
            declarations.submit,
            _("Submitted. Applications can rely on it now."),
        ),
        Step("verify", _("Verified by the ministry"), DECLARATION_DESK, declarations.verify, _("Verified.")),
        Step(
            "reject",
            _("Rejected by the ministry"),
            DECLARATION_DESK,
            declarations.reject,
            _("Rejected with your reason."),
            ReasonForm,
            within="verify",
        ),
        Step("activate", _("In force with a license")),
    ],
)

register(
    "licensing",
    "application",
    [
        Step("draft", _("Draft begun")),
        Step("change", _("Draft changed")),
        Step("add_document", _("Paper added")),
        Step("remove_document", _("Paper removed")),
        Step("submit", _("Filed")),
        Step(
            "accept", _("Accepted: the review begins"), DESK, applications.accept, _("Accepted; the review can begin.")
        ),
        Step(
            "not_accept",
            _("Not accepted"),
            DESK,
            applications.not_accept,
            _("Not accepted. The applicant was told why."),
            ReasonForm,
            within="accept",
        ),
        Step("assign", _("Taken by a reviewing officer"), DESK, decisions.assign, _("The case is yours.")),
        Step(
            "ask",
            _("The reviewer asked a question; the clock runs on"),
            DESK,
            decisions.ask,
            _("The question was sent."),
            AskForm,
        ),
        Step(
            "answer",
            _("Answered by the applicant"),
            CASE,
            applications.answer,
            _("Your answer is with the reviewer."),
            AnswerForm,
        ),
        Step(
            "recommend",
            _("Recommended; with a second officer"),
            DESK,
            decisions.recommend,
            _("With a second officer now."),
            RecommendForm,
        ),
        Step(
            "approve",
            _("Approved by a second officer"),
            DESK,
            decisions.approve,
            _("Approved. Issue the license next."),
            ApproveForm,
        ),
        Step(
            "refuse",
            _("Refused by a second officer"),
            DESK,
            decisions.refuse,
            _("Refused. The applicant reads your reasons."),
            RefuseForm,
            within="approve",
        ),
        Step(
            "return",
            _("Returned to the reviewer"),
            DESK,
            decisions.send_back,
            _("Returned to the reviewer."),
            ReasonForm,
            within="approve",
            internal=True,
        ),
        Step("issue", _("License issued"), DESK, decisions.issue, _("The license is issued."), IssueForm),
        Step(
            "reopen",
            _("Approval reopened"),
            DESK,
            decisions.reopen,
            _("Reopened."),
            ReasonForm,
            within="issue",
            internal=True,
        ),
        Step("withdraw", _("Withdrawn by the applicant")),
    ],
)

register(
    "licensing",
    "license",
    [
        Step("issue", _("Issued")),
        Step(
            "suspend",
            _("Suspended"),
            LICENSE_DESK,
            licenses.suspend,
            _("Suspended. The exporter was told, with your reason."),
            ReasonForm,
            offered=lambda license, actor: license.state in IN_FORCE and actor.may("license.suspend"),
            label=_("Suspend"),
        ),
        Step(
            "lift",
            _("A suspension was lifted"),
            LICENSE_DESK,
            licenses.lift,
            _("This cause has ended. The license is in force again when no other cause is open."),
            LiftForm,
        ),
        Step("exhaust", _("Used up")),
        Step("expire", _("Expired; the unused rest lapsed")),
        Step("warn_of_end", _("Holder warned of the coming end")),
    ],
)
