"""What is done to declarations, applications and licenses: one row a verb (core/web/steps.py)."""

from collections.abc import Callable

from django.db.models import Model
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.decided import filled
from core.legal_time import legal_today
from core.models import HistoryLine
from core.selectors import whoever_may
from core.templatetags.lodestone import instant, quantity
from core.web.forms import ReasonForm
from core.web.steps import Holder, Page, Step, register
from exporters.selectors import people, serving
from exporters.web.steps import DESK as COMPANY_DESK
from exporters.web.steps import company
from licensing.actions import (
    amendments,
    applications,
    comments,
    consultations,
    decisions,
    declarations,
    editions,
    inquiries,
    intents,
    invalidations,
    licenses,
    notices,
    pools,
    questions,
    receipts,
    reconsiderations,
    renewals,
    revocations,
    screenings,
    simulations,
    standing,
    supplements,
)
from licensing.models import (
    Application,
    ClockInterval,
    Declaration,
    Draft,
    EndReason,
    Inquiry,
    InvalidGround,
    License,
    PolicyEdition,
    PoolChange,
    Suspension,
    WindowWarning,
)
from licensing.models.editions import SIGNED_HOURS, SIGNERS
from licensing.models.screenings import NO_HIT
from licensing.selectors import (
    admitted_by,
    announcer_of,
    applications_for,
    approvers,
    asked_by,
    asker_of,
    authors_of,
    deciders_of,
    declarations_for,
    drafts_for,
    inquiries_for,
    licenses_for,
    notices_for,
    officers_of,
    opened_because,
    pool_changes_for,
    pools_for,
    proposals,
    reconsiderers_of,
    reviewer_of,
)
from licensing.states import ApplicationState
from licensing.web.draft_needs import waited_for
from licensing.web.forms import (
    AnswerForm,
    ApproveForm,
    AskForm,
    CertificateForm,
    ChangeForm,
    CloseQuestionForm,
    ConsultForm,
    FitForm,
    IntendForm,
    IssueForm,
    LiftForm,
    OriginalForm,
    ProposeInvalidateForm,
    ProposeRevokeForm,
    QuashForm,
    QueryForm,
    QuestionForm,
    RecommendForm,
    ReconsiderForm,
    RedeclareForm,
    RedoForm,
    RefuseForm,
    ReplyForm,
    ResolveForm,
    ResubmitForm,
    ScreenForm,
    SupplementForm,
    SurrenderForm,
    UpholdForm,
)
from licensing.web.forms.companies import BarForm, CountersignBarForm, StopForm
from licensing.web.forms.declarations import changeable
from licensing.web.forms.inquiries import ProposeAnswerForm
from licensing.web.forms.notices import PublicReasonForm
from licensing.web.forms.pools import ChangePoolForm
from licensing.web.forms.rules import CommentForm, DescribeForm, LoadForm, PublishForm
from licensing.words.phrases import sentences, was_told
from licensing.words.rules import instrument

DECLARATION = Page("declaration", declarations_for)
DECLARATION_DESK = Page("desk.declaration", declarations_for)
CASE = Page("application", applications_for)
DESK = Page("desk.case", applications_for)
LICENSE = Page("license", licenses_for)
LICENSE_DESK = Page("desk.license", licenses_for)
INQUIRY = Page("inquiry", inquiries_for)
INQUIRY_DESK = Page("desk.inquiry", inquiries_for)
DRAFT_DESK = Page("desk.draft", drafts_for)
PROPOSAL = Page("proposal", lambda actor: proposals())
NOTICE_DESK = Page("desk.notice", notices_for)
POOL_DESK = Page("desk.pool", pools_for)
POOL_CHANGE_DESK = Page("desk.poolchange", pool_changes_for, key="pk")


def holder(model: type[Model], route: str) -> Holder:
    """The row's exporter, and the row's page as exporters see it."""

    def find(line: HistoryLine) -> tuple[list[str], str]:
        row = model._default_manager.get(pk=line.subject_id)
        return people(row.exporter_id), reverse(route, kwargs={"ref": row.ref})

    return find


def told_of_declaration(line: HistoryLine) -> tuple[list[str], str]:
    """Of what the exporter says to a question, whoever asked it; that it is found invalid, or is no more, the other
    officers who serve its company; of all else the exporter."""
    if line.verb in ("answer", "redo"):
        return asked_by(line.subject_id), reverse("desk.declaration", kwargs={"ref": line.subject_ref})
    if line.verb in ("propose_invalidate", "drop_invalidate"):
        row = Declaration.objects.select_related("exporter").get(pk=line.subject_id)
        others = (
            whoever_may("declaration.invalidate").filter(serving(row.exporter.province)).exclude(user=line.actor_id)
        )
        desk = reverse("desk.declaration", kwargs={"ref": row.ref})
        return list(others.order_by("pk").values_list("user__email", flat=True)), desk
    return holder(Declaration, "declaration")(line)


def found_invalid(words: "str | Promise") -> Callable[[HistoryLine], str]:
    """These words, with the ground."""

    def said(line: HistoryLine) -> str:
        return str(words).format(ground=InvalidGround(line.facts["ground"]).label)

    return said


def verified(line: HistoryLine) -> str:
    """With the need that it stated and what was asked on it, which the officer found to fit."""
    if "asked" not in line.facts:
        return str(_("Verified by the ministry"))
    asked = [f"{code} {quantity(much, unit)}" for code, unit, much in line.facts["asked"]]
    words = _("Verified by the ministry: the quantities fit. Stated need: {need}; asked: {asked}")
    need = "{need}" if line.facts["need"] else _("none stated")  # what was typed may have braces: it is told as it is
    return str(words).format(need=need, asked=str(_(", ")).join(asked) or _("nothing yet"))


def taken_back(line: HistoryLine) -> str:
    """With what of it must change."""
    names = [changeable(name) for name in line.facts.get("changes", [])]
    if not names:
        return str(_("Taken back to be signed anew"))
    return str(_("Taken back to be signed anew; what must change: {what}")).format(what=str(_(", ")).join(names))


def changed(line: HistoryLine) -> str:
    """A refusal; or a draft, by lines of before that had a verb of its own."""
    draft = line.to_state == ApplicationState.DRAFT
    return str(_("Draft changed") if draft else _("The refusal was changed: approved"))


def of_review(review: "str | Promise", contest: "str | Promise") -> Callable[[HistoryLine], str]:
    """The first words, or the second where the refusal of the case was contested then."""

    def said(line: HistoryLine) -> str:
        return str(contest if line.to_state == ApplicationState.UNDER_RECONSIDERATION else review)

    return said


def _for_cause(words: "str | Promise") -> Callable[[HistoryLine], str]:
    """These, with what the clock stands still for."""
    return lambda line: str(words).replace("{cause}", str(ClockInterval.Reason(line.facts["cause"]).label))


TO_ITS_REVIEWER = ("answer", "redeclare", "declared_anew", "turn_inside", "return", "reopen")


def desk_of(line: HistoryLine) -> str:
    return reverse("desk.case", kwargs={"ref": line.subject_ref})


def told_of_case(line: HistoryLine) -> tuple[list[str], str]:
    """Of an answer, of what a decider gives back, and inside of a turn, whoever has the case, if he is still there; of
    an answer to whoever reconsiders it, and of another declaration then, that officer, and of one to an intent to
    refuse whoever announced that; of a recommendation those who may decide on it, of a contested refusal, and that it
    is late, those who may reconsider it; of its clock the ministry; of all else the exporter."""
    if line.verb in ("redeclare", "declared_anew") and line.to_state == ApplicationState.UNDER_RECONSIDERATION:
        return admitted_by(line.subject_id) or reconsiderers_of(line.subject_id), desk_of(line)
    if line.verb in (*TO_ITS_REVIEWER, "respond"):
        if line.verb == "answer" and line.to_state == ApplicationState.UNDER_RECONSIDERATION:
            return asker_of(line.facts["question"]), desk_of(line)
        announcer = announcer_of(line.subject_id) if line.verb == "respond" else []
        return reviewer_of(line.subject_id) + announcer, desk_of(line)
    if line.verb == "recommend":
        return deciders_of(line.subject_id), desk_of(line)
    if line.verb in ("reconsider", "reconsider_late"):
        return reconsiderers_of(line.subject_id), desk_of(line)
    if line.verb in ("signal", "overdue"):
        escalated = line.verb == "overdue"
        return officers_of(line.subject_id, escalated=escalated), desk_of(line)
    readers, page = holder(Application, "application")(line)
    if line.verb == "issue":
        page = reverse("license", kwargs={"ref": License.objects.get(application_id=line.subject_id).ref})
    return readers, page


register(
    "licensing",
    "declaration",
    [
        Step("draft", _("Draft begun")),
        Step("change", _("Draft changed"), folds=True),
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
        Step(
            "verify",
            verified,
            DECLARATION_DESK,
            declarations.verify,
            _("Verified."),
            FitForm,
            mail=_("{ref}: declaration verified"),
        ),
        Step(
            "query",
            _("Question to the exporter"),
            DECLARATION_DESK,
            declarations.query,
            _("The question was sent. The declaration comes back with the answer."),
            QueryForm,
            within="verify",
            mail=_("{ref}: the reviewer has a question about this declaration"),
        ),
        Step(
            "answer",
            _("Question answered"),
            DECLARATION,
            declarations.answer,
            _("Answer sent. The reviewer has the declaration again."),
            ReplyForm,
            mail=_("{ref}: the question about this declaration was answered"),
        ),
        Step(
            "redo",
            taken_back,
            DECLARATION,
            declarations.redo,
            _("It is a draft again. Change it, have it signed, and submit it."),
            RedoForm,
            within="answer",
            mail=_("{ref}: this declaration is being signed anew"),
        ),
        Step(
            "reject",
            _("Rejected by the ministry"),
            DECLARATION_DESK,
            declarations.reject,
            _("Rejected with your reason."),
            ReasonForm,
            within="verify",
            mail=_("{ref}: declaration rejected"),
        ),
        Step(
            "receive_original",
            _("The paper original came on {on}"),
            DECLARATION_DESK,
            declarations.receive_original,
            _("Recorded. The exporter sees it, too."),
            OriginalForm,
            mail=_("{ref}: the paper original has come"),
        ),
        Step(
            "miss_original",
            _("The paper original has not come: {on} was a mistake"),
            DECLARATION_DESK,
            declarations.miss_original,
            _("Taken back. The exporter was told, with your reason."),
            ReasonForm,
            mail=_("{ref}: the paper original has not come after all"),
        ),
        Step("supersede", _("Replaced by {declaration}")),
        Step(
            "propose_invalidate",
            found_invalid(_("It is proposed that it is invalid: {ground}")),
            DECLARATION_DESK,
            invalidations.propose_invalidate,
            _("Proposed. Nothing has happened yet; another officer countersigns it."),
            ProposeInvalidateForm,
            internal=True,
            mail=_("{ref}: that it is invalid is proposed, and waits for a second officer"),
        ),
        Step(
            "invalidate",
            found_invalid(_("Invalid: {ground}")),
            DECLARATION_DESK,
            invalidations.invalidate,
            _("The declaration is invalid. The exporter was told, with the reason."),
            mail=_("{ref}: declaration invalid"),
        ),
        Step(
            "drop_invalidate",
            _("That it is invalid is no longer proposed"),
            DECLARATION_DESK,
            invalidations.drop_invalidate,
            _("Dropped. The declaration stays as it was."),
            ReasonForm,
            internal=True,
            mail=_("{ref}: that it is invalid is no longer proposed"),
        ),
        Step("expire", _("Expired: no license was issued on it in time"), mail=_("{ref}: declaration expired")),
        Step("activate", _("In force with a license")),
    ],
    holder=told_of_declaration,
)


def told_of_inquiry(line: HistoryLine) -> tuple[list[str], str]:
    """Of an answer that is proposed, or is no more, the other officers who may sign it; of all else the exporter."""
    if line.verb in ("propose_sign", "drop_sign"):
        row = Inquiry.objects.select_related("exporter").get(pk=line.subject_id)
        others = whoever_may("inquiry.sign").filter(serving(row.exporter.province)).exclude(user=line.actor_id)
        desk = reverse("desk.inquiry", kwargs={"ref": row.ref})
        return list(others.order_by("pk").values_list("user__email", flat=True)), desk
    return holder(Inquiry, "inquiry")(line)


def answered(controlled: "str | Promise", free: "str | Promise") -> Callable[[HistoryLine], str]:
    """The first words, with the code, where the goods are controlled."""

    def said(line: HistoryLine) -> str:
        item = line.facts["item"]
        return str(controlled).format(item=item) if item else str(free)

    return said


register(
    "licensing",
    "inquiry",
    [
        Step("ask", _("Asked what the goods are")),
        Step("withdraw", _("Withdrawn"), INQUIRY, inquiries.withdraw, _("Withdrawn. Nobody answers it any more.")),
        Step(
            "propose_sign",
            answered(_("Answer proposed: control item {item}"), _("Answer proposed: not controlled")),
            INQUIRY_DESK,
            inquiries.propose_sign,
            _("Proposed. The exporter reads it once another officer has signed."),
            ProposeAnswerForm,
            internal=True,
            mail=_("{ref}: an answer waits for a second officer"),
        ),
        Step(
            "sign",
            answered(_("Answered: control item {item}"), _("Answered: not controlled")),
            INQUIRY_DESK,
            inquiries.sign,
            _("Signed. The exporter has the answer."),
            mail=_("{ref}: your inquiry was answered"),
        ),
        Step(
            "drop_sign",
            _("The answer was sent back or taken back"),
            INQUIRY_DESK,
            inquiries.drop_sign,
            _("Sent back. The inquiry waits for another answer."),
            ReasonForm,
            internal=True,
            mail=_("{ref}: the answer was sent back or taken back"),
        ),
    ],
    holder=told_of_inquiry,
)

register(
    "licensing",
    "application",
    [
        Step("draft", _("Draft begun")),
        Step("edit", _("Draft changed"), folds=True),
        Step("add_document", _("Paper added")),
        Step("remove_document", _("Paper removed")),
        Step("submit", _("Filed"), mail=_("{ref}: your application was received")),
        Step(
            "accept",
            _("Accepted: the review begins"),
            DESK,
            receipts.accept,
            _("Accepted; the review can begin."),
            mail=_("{ref}: accepted, the review begins"),
        ),
        Step(
            "request_supplement",
            _("The ministry asked for what is missing"),
            DESK,
            supplements.request_supplement,
            filled(
                _("The applicant knows what is missing, and has {days} days."),
                days="licensing.actions.supplements.SUPPLEMENT_DAYS",
            ),
            SupplementForm,
            within="accept",
            mail=_("{ref}: something is missing; please send it by {due_on}"),
        ),
        Step(
            "resubmit",
            _("The applicant sent what was missing"),
            CASE,
            supplements.resubmit,
            _("Sent. The case is with the ministry again."),
            ResubmitForm,
            mail=_("{ref}: what was missing was received"),
        ),
        Step(
            "lapse",
            filled(
                _("Lapsed: what was missing did not come within {days} days"),
                days="licensing.actions.supplements.SUPPLEMENT_DAYS",
            ),
            mail=_("{ref}: lapsed"),
        ),
        Step(
            "accept_by_law",
            filled(
                _("Accepted by law: nothing was said within {days} working days"),
                days="licensing.clock.RECEIPT_DAYS",
            ),
            mail=_("{ref}: accepted by law, the review begins"),
        ),
        Step(
            "not_accept",
            _("Not accepted"),
            DESK,
            receipts.not_accept,
            _("Not accepted. The applicant was told why."),
            ReasonForm,
            within="accept",
            mail=_("{ref}: not accepted"),
        ),
        Step("assign", _("Taken by an officer"), DESK, decisions.assign, _("The case is yours.")),
        Step(
            "ask",
            of_review(
                _("The reviewer asked a question; the clock runs on"),
                _("The reconsidering officer asked a question; the time runs on"),
            ),
            DESK,
            questions.ask,
            _("The question was sent."),
            AskForm,
            mail=of_review(
                _("{ref}: the reviewer has a question; please answer by {due_on}"),
                _("{ref}: the officer who reconsiders the refusal has a question; please answer by {due_on}"),
            ),
        ),
        Step(
            "answer",
            _("Answered by the applicant"),
            CASE,
            questions.answer,
            _("Your answer is with the officer who asked."),
            AnswerForm,
            mail=_("{ref}: the applicant answered a question"),
        ),
        Step(
            "read_answer",
            of_review(_("The reviewer read an answer"), _("The reconsidering officer read an answer")),
            DESK,
            questions.read_answer,
            _("Marked as read; the exporter sees that too."),
            QuestionForm,
            within="ask",
        ),
        Step(
            "close_question",
            of_review(_("The reviewer closed a question"), _("The reconsidering officer closed a question")),
            DESK,
            questions.close_question,
            _("Closed. The exporter reads your reason."),
            CloseQuestionForm,
            within="ask",
            mail=of_review(
                _("{ref}: the reviewer closed a question"), _("{ref}: the reconsidering officer closed a question")
            ),
        ),
        Step(
            "no_answer",
            filled(
                _("No answer came to a question for {days} working days"),
                days="licensing.selectors.silence.ANSWER_DAYS",
            ),
            mail=_("{ref}: no answer came to a question, so it has ended"),
        ),
        Step(
            "consult",
            _for_cause(_("{cause}: the clock stands still")),
            DESK,
            consultations.consult,
            _("The clock stands still from today on. The exporter has your notice."),
            ConsultForm,
            mail=_for_cause(_("{ref}: {cause}; the clock stands still")),
        ),
        Step(
            "end_consult",
            _for_cause(_("{cause} has ended; the clock goes on")),
            DESK,
            consultations.end_consult,
            _("The clock goes on; today counts."),
            mail=_for_cause(_("{ref}: {cause} has ended; the clock goes on")),
        ),
        Step(
            "screen",
            _("Screening result recorded"),
            DESK,
            screenings.screen,
            _("The result is kept."),
            ScreenForm,
            internal=True,
        ),
        Step(
            "recommend",
            _("Recommended; with a second officer"),
            DESK,
            decisions.recommend,
            _("With a second officer now."),
            RecommendForm,
            mail=_("{ref}: a recommendation waits for a second officer"),
        ),
        Step(
            "approve",
            _("Approved by a second officer"),
            DESK,
            decisions.approve,
            _("Approved. Issue the license next."),
            ApproveForm,
            mail=lambda line: _("{ref}: approved in part") if line.facts.get("in_part") else _("{ref}: approved"),
        ),
        Step(
            "refuse",
            _("Refused by a second officer"),
            DESK,
            decisions.refuse,
            _("Refused. The applicant reads your reasons."),
            RefuseForm,
            within="approve",
            mail=_("{ref}: refused"),
            mailed=filled(
                _("{served}. The {days} days to contest it begin with that."),
                served="licensing.selectors.reconsiderations.SERVED_HOW",
                days="licensing.selectors.reconsiderations.CONTEST_DAYS",
            ),
        ),
        Step(
            "intend",
            _("The ministry intends to refuse; an answer may come until {due_on}"),
            DESK,
            intents.intend,
            _("Announced. You can refuse when the answer is there, or its last day is over."),
            IntendForm,
            within="approve",
            mail=_("{ref}: the ministry intends to refuse; you can answer until {due_on}"),
        ),
        Step(
            "respond",
            _("The applicant answered to the intent to refuse"),
            CASE,
            intents.respond,
            _("Your answer is with the officers who review and decide."),
            ReplyForm,
            mail=_("{ref}: the applicant answered to the intent to refuse"),
        ),
        Step(
            "end_intent",
            _("The intent to refuse has ended: the case is under review again"),
            mail=_("{ref}: the intent to refuse has ended; the case is under review again"),
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
            mail=_("{ref}: the case was returned to you"),
        ),
        Step(
            "issue",
            _("License issued"),
            DESK,
            decisions.issue,
            _("The license is issued."),
            IssueForm,
            mail=_("{ref}: your license was issued"),
        ),
        Step(
            "reopen",
            _("Approval reopened"),
            DESK,
            decisions.reopen,
            _("Reopened."),
            ReasonForm,
            within="issue",
            internal=True,
            mail=_("{ref}: its approval was reopened; the case is under review again"),
        ),
        Step(
            "end_approval",
            _("The approval was reopened: the case is under review again"),
            mail=_("{ref}: the approval was reopened; the case is under review again"),
        ),
        Step(
            "signal",
            _("Working day {day} of the clock is there"),
            mail=_("{ref}: working day {day} of the clock is there"),
        ),
        Step(
            "overdue",
            _("Overdue: the {day} working days are over"),
            mail=_("{ref}: overdue, the {day} working days are over"),
        ),
        Step(
            "accept_move",
            _("By a newer table of working days it is to be accepted by {deadline}"),
            mail=_("{ref}: by a newer table of working days it is to be accepted by {deadline}"),
        ),
        Step(
            "deadline_move",
            _("By a newer table of working days it is to be decided by {deadline}"),
            mail=_("{ref}: by a newer table of working days it is to be decided by {deadline}"),
        ),
        Step(
            "contest_move",
            _("By a newer table of working days the refusal can be contested until {deadline}"),
            mail=_("{ref}: by a newer table of working days the refusal can be contested until {deadline}"),
        ),
        Step(
            "turn",
            _("The rules that judge this case changed"),
            mail=_("{ref}: the rules that judge your case changed"),
        ),
        Step(
            "turn_inside",
            _("The rules that judge this case changed; whoever has it was told"),
            internal=True,
            mail=_("{ref}: the rules that judge this case changed"),
        ),
        Step("hold", _("A hold began to stand: {holds}"), mail=_("{ref}: a hold stops its approval")),
        Step("release", _("A hold ended: {holds}"), mail=_("{ref}: a hold on it has ended")),
        Step(
            "redeclare",
            _("Declaration {declaration} takes the place of {rejected}"),
            CASE,
            applications.redeclare,
            _("The case names that declaration now."),
            RedeclareForm,
            mail=_("{ref}: the applicant named another declaration"),
        ),
        Step(
            "declared_anew",
            _("Declaration {declaration} was signed anew"),
            mail=_("{ref}: one of its declarations was signed anew"),
        ),
        Step(
            "undeclared",
            _("Declaration {declaration} is invalid; the case needs another one"),
            mail=_("{ref}: one of its declarations is invalid"),
        ),
        Step(
            "reconsider",
            _("The applicant contested the refusal"),
            CASE,
            reconsiderations.reconsider,
            _("Filed. Officers who never acted on this case decide on it; you are told each step."),
            ReconsiderForm,
            mail=_("{ref}: a refusal is contested; the request waits to be accepted"),
        ),
        Step(
            "reconsider_late",
            _("Overdue: the reconsideration was to be decided by {due_on}"),
            mail=_("{ref}: overdue, the reconsideration was to be decided by {due_on}"),
        ),
        Step(
            "admit_by_law",
            _("The request to reconsider counts as accepted since {day_0}; it is decided by {due_on}"),
            mail=_("{ref}: your request to reconsider counts as accepted; it is decided by {due_on}"),
        ),
        Step(
            "admit",
            _("The request to reconsider was accepted; it is decided by {due_on}"),
            DESK,
            reconsiderations.admit,
            _("Accepted. Its time begins today."),
            mail=_("{ref}: your request to reconsider was accepted; it is decided by {due_on}"),
        ),
        Step(
            "extend",
            _("The time to reconsider was extended to {due_on}"),
            DESK,
            reconsiderations.extend,
            _("Extended. The exporter was told why."),
            ReasonForm,
            within="admit",
            mail=_("{ref}: the time to reconsider was extended to {due_on}"),
        ),
        Step(
            "change",
            changed,
            DESK,
            reconsiderations.change,
            _("Changed. Next the license is issued by an officer who neither recommended nor changed it."),
            ChangeForm,
            within="admit",
            mail=lambda line: (
                _("{ref}: the refusal was changed: approved in part")
                if line.facts.get("in_part")
                else _("{ref}: the refusal was changed: approved")
            ),
        ),
        Step(
            "quash",
            _("The refusal was quashed; a new round begins"),
            DESK,
            reconsiderations.quash,
            _("Quashed. The case waits for officers who never acted on it."),
            QuashForm,
            within="admit",
            mail=_("{ref}: the refusal was quashed; the review begins anew"),
        ),
        Step(
            "uphold",
            _("The refusal was upheld; it is final"),
            DESK,
            reconsiderations.uphold,
            _("Upheld. The applicant reads your reasons."),
            UpholdForm,
            within="admit",
            mail=_("{ref}: the refusal was upheld"),
        ),
        Step("withdraw", _("Withdrawn by the applicant"), mail=_("{ref}: withdrawn")),
    ],
    holder=told_of_case,
)


def by_name(words: "str | Promise") -> Callable[[HistoryLine], str]:
    """These words of end-users, by their names where the line has those."""

    def said(line: HistoryLine) -> str:
        return str(words).replace("{end_users}", "{names}") if "names" in line.facts else str(words)

    return said


def suspended(line: HistoryLine) -> str:
    """And why, where nobody gave a reason in words."""
    why = "" if line.reason else opened_because(line.facts.get("cause", ""), line.facts)
    if why:
        return str(_("Suspended. {why}")).format(why=why)
    if line.facts.get("end_users") and not line.reason:
        return by_name(_("Suspended: it is closed for {end_users}, and serves nobody else"))(line)
    return str(_("Suspended"))


def lifted(line: HistoryLine) -> str:
    """Which of its causes ended; others may still be open."""
    cause = Suspension.Cause(line.facts["cause"]).label
    return str(_("A suspension was lifted. Its cause was “{cause}”.")).format(cause=cause)


def resolved(line: HistoryLine) -> str:
    """Whether the hit is one, and on whom."""
    words = _("Screening hit on {end_user} resolved: it is this party")
    if line.facts["hit"] == NO_HIT:
        words = _("Screening hit on {end_user} resolved: it is another party")
    return str(words).replace("{end_user}", "{name} ({end_user})") if "name" in line.facts else str(words)


def bar_dropped(line: HistoryLine) -> str:
    return str(_("The proposal to bar it was taken back") if line.facts["taken_back"] else _("The bar was declined"))


register(
    "licensing",
    "exporter",
    [
        Step(
            "suspend",
            _("Account suspended by order {number}"),
            COMPANY_DESK,
            standing.suspend,
            _("Suspended, and its licenses with it. The company was told, with your reason."),
            StopForm,
            mail=_("Your company’s account is suspended"),
        ),
        Step(
            "reinstate",
            _("Account reinstated"),
            COMPANY_DESK,
            standing.reinstate,
            _("Reinstated. Its licenses can be used again where no other cause is open."),
            ReasonForm,
            mail=_("Your company’s account is reinstated"),
        ),
        Step(
            "propose_bar",
            _("That it is barred through {last_day} is proposed, by penalty decision {number}"),
            COMPANY_DESK,
            standing.propose_bar,
            _("Proposed. Nothing has happened yet; another officer countersigns it."),
            BarForm,
            internal=True,
            mail=_("{ref}: that this company is barred is proposed, and waits for a second officer"),
        ),
        Step(
            "bar",
            _("Barred through {last_day} by penalty decision {number}"),
            COMPANY_DESK,
            standing.bar,
            _("Barred, and its licenses suspended. The company was told, with the reason."),
            CountersignBarForm,
            mail=_("Your company is barred through {last_day}"),
        ),
        Step(
            "drop_bar",
            bar_dropped,
            COMPANY_DESK,
            standing.drop_bar,
            _("Dropped. The account stays as it is."),
            ReasonForm,
            internal=True,
            mail=_("{ref}: that this company is barred is no longer proposed"),
        ),
        Step(
            "end_bar",
            _("The bar is over since {last_day} ended; the account is suspended until it is reinstated"),
            mail=_("The bar of your company is over; its account is suspended until it is reinstated"),
        ),
    ],
    holder=company,
)


def ended(words: "str | Promise") -> Callable[[HistoryLine], str]:
    """These words, with which of the four ways it is, and on which provision it rests."""

    def said(line: HistoryLine) -> str:
        return str(words).replace("{way}", str(EndReason(line.facts["end_reason"]).label))

    return said


def dropped(line: HistoryLine) -> str:
    return str(_("The proposal to end it was taken back") if line.facts["taken_back"] else _("Its end was declined"))


def told_of_license(line: HistoryLine) -> tuple[list[str], str]:
    """That its end is proposed, or is no more, the other deciders who serve its company; of all else its holder."""
    if line.verb in ("propose_revoke", "drop_revoke"):
        row = License.objects.select_related("exporter").get(pk=line.subject_id)
        others = whoever_may("license.revoke").filter(serving(row.exporter.province)).exclude(user=line.actor_id)
        desk = reverse("desk.license", kwargs={"ref": row.ref})
        return list(others.order_by("pk").values_list("user__email", flat=True)), desk
    return holder(License, "license")(line)


def used(line: HistoryLine) -> str:
    """Which account of it, and which share of that is taken at least."""
    said = {
        "quantity": _("Use of the quantity of line {line} has reached {percent} %"),
        "value": _("Use of the value of line {line} has reached {percent} %"),
        "allotment": _("Use of what {end_user} may have of line {line} has reached {percent} %"),
    }
    return str(said[line.facts["account"]]).format(**line.facts)


def used_up_to(line: HistoryLine) -> str:
    """The same, as the subject of a mail."""
    said = {
        "quantity": _("{ref}: use of the quantity of line {line} has reached {percent} %"),
        "value": _("{ref}: use of the value of line {line} has reached {percent} %"),
        "allotment": _("{ref}: use of an end-user's share of line {line} has reached {percent} %"),
    }
    return str(said[line.facts["account"]])


register(
    "licensing",
    "license",
    [
        Step("issue", _("Issued")),
        Step(
            "suspend",
            suspended,
            LICENSE_DESK,
            licenses.suspend,
            lambda license: sentences([str(_("Suspended.")), was_told()]),
            ReasonForm,
            mail=_("{ref}: suspended"),
        ),
        Step(
            "lift",
            lifted,
            LICENSE_DESK,
            licenses.lift,
            _("This cause has ended. The license is in force again when no other cause is open."),
            LiftForm,
            mail=_("{ref}: a suspension was lifted"),
        ),
        Step(
            "resolve",
            resolved,
            LICENSE_DESK,
            screenings.resolve,
            _("The result is kept, and counts for each license that names this end-user."),
            ResolveForm,
            internal=True,
        ),
        Step("narrow", by_name(_("Line {lines} is closed for {end_users}")), mail=_("{ref}: closed in part")),
        Step("widen", by_name(_("Line {lines} is open again for {end_users}")), mail=_("{ref}: open again in part")),
        Step("hold", _("A hold began to stop reservations: {holds}"), mail=_("{ref}: a hold stops reservations")),
        Step("release", _("A hold on reservations ended: {holds}"), mail=_("{ref}: a hold on it has ended")),
        Step("exhaust", _("Used up"), mail=_("{ref}: used up")),
        Step("reopen", _("In force again: something of it came free"), mail=_("{ref}: in force again")),
        Step("expire", _("Expired; the unused rest lapsed"), mail=_("{ref}: expired")),
        Step("warn_of_use", used, mail=used_up_to),
        Step("warn_of_end", _("Holder warned of the coming end"), mail=_("{ref}: ends within {days} days")),
        Step(
            "amend",
            _("A change of it was begun: {application}"),
            LICENSE,
            amendments.amend,
            _("Begun with what the license says. Change what is to be otherwise; nothing is sent yet."),
            leads=lambda row: reverse("application.edit", kwargs={"ref": row.ref}),
        ),
        Step(
            "renew",
            _("A renewal of it was begun: {application}"),
            LICENSE,
            renewals.renew,
            _("Begun with what the license says, from the day after its last one on. Nothing is sent yet."),
            leads=lambda row: reverse("application", kwargs={"ref": row.ref}),
        ),
        Step(
            "replace",
            _("Replaced by {license}; what was reserved is cleared here"),
            mail=_("{ref}: replaced by {license}"),
        ),
        Step(
            "surrender",
            _("Handed back by its holder; the unused rest lapsed"),
            LICENSE,
            licenses.surrender,
            _("Handed back. Nothing can be reserved on it any more."),
            SurrenderForm,
            mail=_("{ref}: handed back"),
        ),
        Step(
            "propose_revoke",
            ended(_("Its end is proposed: {way}. Provision: {provision}")),
            LICENSE_DESK,
            revocations.propose_revoke,
            _("Proposed. Nothing has happened yet; another officer countersigns it."),
            ProposeRevokeForm,
            internal=True,
            mail=_("{ref}: its end is proposed, and waits for a second officer"),
        ),
        Step(
            "revoke",
            ended(_("Ended by the ministry: {way}. Provision: {provision}")),
            LICENSE_DESK,
            revocations.revoke,
            _("The license has ended. Its holder was told, with the reason."),
            mail=_("{ref}: ended by the ministry"),
        ),
        Step(
            "drop_revoke",
            dropped,
            LICENSE_DESK,
            revocations.drop_revoke,
            _("Dropped. The license goes on as it was."),
            ReasonForm,
            internal=True,
            mail=_("{ref}: that it ends is no longer proposed"),
        ),
    ],
    holder=told_of_license,
)


def told_of_draft(line: HistoryLine) -> tuple[list[str], str]:
    """Its authors, who may write on another; of a signature of an emergency that waits for another, and that it was
    taken back, whoever can give that."""
    readers = authors_of(line.subject_id)
    if _not_the_last(line) or line.verb == "unsign":
        others = waited_for(Draft.objects.prefetch_related("signatures").get(pk=line.subject_id), approvers(), line.at)
        readers += [user.email for user in others if user.pk != line.actor_id]
    return readers, reverse("desk.draft", kwargs={"ref": line.subject_ref})


def _not_the_last(line: HistoryLine) -> bool:
    return line.verb == "hasten" and line.facts["signatures"] < SIGNERS


def hastened(line: HistoryLine) -> str:
    """The subject of the mail about a signature: that another one is waited for, or since when it is in force."""
    if _not_the_last(line):
        waits = str(_("{ref}: signed as an emergency; another approver must sign within {hours} hours"))
        return waits.replace("{hours}", str(SIGNED_HOURS))
    since = instant(PolicyEdition.objects.get(code=line.edition).starts_at)
    return str(_("{ref}: in force since {since}, as an emergency")).replace("{since}", since)


def open_for_comment(row: Draft, actor: Actor) -> bool:
    return row.takes_comments_on(legal_today())


register(
    "licensing",
    "draft",
    [
        Step("draft", _("Draft begun of edition {base}")),
        Step("change", _("Rules changed: {row}")),
        Step(
            "describe",
            _("Title, statement or first day changed"),
            DRAFT_DESK,
            editions.describe,
            _("Kept."),
            DescribeForm,
        ),
        Step(
            "simulate",
            _("A simulation on the book was asked for"),
            DRAFT_DESK,
            simulations.simulate,
            _("Asked for. A worker works it out; this page shows how far it is."),
        ),
        Step(
            "stop",
            _("The simulation was stopped"),
            DRAFT_DESK,
            simulations.stop,
            _("Stopped."),
        ),
        Step(
            "publish",
            _("Shown for comment until {until}"),
            DRAFT_DESK,
            comments.publish,
            _("Everybody reads it now, and companies can comment. To change it, withdraw it first."),
            PublishForm,
        ),
        Step("withdraw", _("Withdrawn from comment"), DRAFT_DESK, comments.withdraw, _("Withdrawn.")),
        Step(
            "load",
            _("Rules loaded from the file {file}"),
            DRAFT_DESK,
            editions.load,
            _("Loaded. See below what changes."),
            LoadForm,
        ),
        Step(
            "comment",
            _("A company commented"),
            PROPOSAL,
            comments.comment,
            _("The ministry has your comment."),
            CommentForm,
            offered=open_for_comment,
            label=_("Comment"),
        ),
        Step(
            "approve",
            _("Approved: it starts by itself"),
            DRAFT_DESK,
            editions.approve,
            _("Approved. It starts by itself."),
            mail=_("{ref}: approved, in force from {starts_on}"),
        ),
        Step(
            "hasten",
            _("Signed as an emergency"),
            DRAFT_DESK,
            editions.hasten,
            _("Signed. With two signatures it is in force some seconds later."),
            ReasonForm,
            mail=hastened,
        ),
        Step(
            "unsign",
            _("A signature of the emergency was taken back"),
            DRAFT_DESK,
            editions.unsign,
            _("Taken back. Your signature counts no more."),
            mail=_("{ref}: a signature of the emergency was taken back"),
        ),
        Step(
            "repeal",
            _("Repealed before it started"),
            DRAFT_DESK,
            editions.repeal,
            _("Repealed: it never starts."),
            ReasonForm,
            mail=_("{ref}: repealed before it started"),
        ),
    ],
    holder=told_of_draft,
)


def told_of_window(line: HistoryLine) -> tuple[list[str], str]:
    """Policy officers at their desk; of a company everybody who prepares or signs, on its overview."""
    warning = WindowWarning.objects.select_related("organization").get(pk=line.subject_id)
    if warning.organization.kind == "ministry":
        officers = whoever_may("draft.describe").filter(organization=warning.organization_id)
        return list(officers.order_by("pk").values_list("user__email", flat=True)), f"{reverse('desk.policy')}#windows"
    return people(warning.organization_id), f"{reverse('overview')}#coming-back"


def of_window(words: "str | Promise") -> Callable[[HistoryLine], str]:
    """A subject with the instrument in the reader's short words; days are filled in with the line's facts."""

    def subject(line: HistoryLine) -> str:
        number = instrument(line.facts["instrument"], [])
        return str(words).replace("{instrument}", number.replace("{", "{{").replace("}", "}}"))

    return subject


register(
    "licensing",
    "windowwarning",
    [
        Step(
            "warn",
            _("Warned that the suspension of {instrument} ends on {until}"),
            mail=of_window(_("{instrument}: its suspension ends on {until}")),
        ),
        Step(
            "withdraw",
            _("Warning withdrawn: the suspension of {instrument} does not end on {until}. Approved by {signed}."),
            mail=of_window(_("{instrument}: its suspension does not end on {until}; the warning is withdrawn")),
        ),
        Step(
            "renew",
            _("Warning renewed: the suspension of {instrument} ends on {until} after all"),
            mail=of_window(_("{instrument}: its suspension ends on {until} after all")),
        ),
    ],
    holder=told_of_window,
)
register(
    "licensing",
    "notice",
    [
        Step("publish", _("Notice published")),
        Step(
            "withdraw",
            _("Withdrawn"),
            NOTICE_DESK,
            notices.withdraw,
            _("Withdrawn. It stays where it was, with your reason."),
            PublicReasonForm,
        ),
    ],
)

register(
    "licensing",
    "quotapool",
    [
        Step(
            "change",
            _("Change proposed"),
            POOL_DESK,
            pools.propose_change,
            _("Proposed. It holds from its day on once another officer has approved it."),
            ChangePoolForm,
            internal=True,
            offered=lambda row, actor: not row.changes.filter(PoolChange.WAITS).exists(),
            label=_("Propose a change"),
        ),
        Step("freeze", _("Stopped: its books do not agree"), internal=True),
        Step(
            "thaw",
            _("Goes on: its books agree again"),
            POOL_DESK,
            pools.thaw,
            _("The pool is as its terms say again."),
            ReasonForm,
            internal=True,
            offered=lambda row, actor: row.frozen,
            label=_("Let it go on"),
        ),
    ],
)


def _undecided(row: PoolChange, actor: Actor) -> bool:
    return row.waits and row.not_to_decide(actor) is None


register(
    "licensing",
    "poolchange",
    [
        Step("propose", _("Proposed"), internal=True),
        Step(
            "approve",
            _("Approved"),
            POOL_CHANGE_DESK,
            pools.approve,
            _("Approved. It holds from its day on."),
            internal=True,
            offered=_undecided,
            label=_("Approve"),
        ),
        Step(
            "refuse",
            _("Refused"),
            POOL_CHANGE_DESK,
            pools.refuse,
            _("Refused with your reason. The pool stays as it is."),
            ReasonForm,
            internal=True,
            offered=_undecided,
            label=_("Refuse"),
        ),
    ],
)
