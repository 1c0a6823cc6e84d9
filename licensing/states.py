"""State names (docs/workflows.md); only those that exist."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy, pgettext_lazy

from core.states import State


class DeclarationState(State):
    DRAFT = "draft", "draft", pgettext_lazy("declaration", "Draft")
    SIGNED = "signed", "ok", pgettext_lazy("declaration", "Signed")
    SUBMITTED = "submitted", "review", pgettext_lazy("declaration", "Submitted")
    QUERIED = "queried", "wait", pgettext_lazy("declaration", "Question open")
    VERIFIED = "verified", "ok", pgettext_lazy("declaration", "Verified")
    IN_FORCE = "in_force", "ok", pgettext_lazy("declaration", "In force")
    REJECTED = "rejected", "no", pgettext_lazy("declaration", "Rejected")
    SUPERSEDED = "superseded", "", pgettext_lazy("declaration", "Replaced")
    EXPIRED = "expired", "", pgettext_lazy("declaration", "Expired")
    INVALID = "invalid", "no", pgettext_lazy("declaration", "Invalid")


class ApplicationState(State):
    DRAFT = "draft", "draft", pgettext_lazy("application", "Draft")
    SUBMITTED = "submitted", "review", pgettext_lazy("application", "Submitted")
    SUPPLEMENT_REQUIRED = "supplement_required", "wait", pgettext_lazy("application", "Supplement needed")
    ACCEPTED = "accepted", "review", pgettext_lazy("application", "Accepted")
    UNDER_REVIEW = "under_review", "review", pgettext_lazy("application", "Under review")
    AWAITING_APPLICANT = "awaiting_applicant", "wait", pgettext_lazy("application", "Waiting for you")
    AWAITING_DECISION = "awaiting_decision", "sign", pgettext_lazy("application", "With second officer")
    APPROVED = "approved", "ok", pgettext_lazy("application", "Approved")
    ISSUED = "issued", "ok", pgettext_lazy("application", "License issued")
    REFUSED = "refused", "no", pgettext_lazy("application", "Refused")
    UNDER_RECONSIDERATION = "under_reconsideration", "review", pgettext_lazy("application", "Under reconsideration")
    REFUSED_FINAL = "refused_final", "no", pgettext_lazy("application", "Refused, final")
    NOT_ACCEPTED = "not_accepted", "no", pgettext_lazy("application", "Not accepted")
    WITHDRAWN = "withdrawn", "", pgettext_lazy("application", "Withdrawn")
    LAPSED = "lapsed", "", pgettext_lazy("application", "Lapsed")


class LicenseState(State):
    ACTIVE = "active", "ok", pgettext_lazy("license", "In force")
    SUSPENDED = "suspended", "no", pgettext_lazy("license", "Suspended")
    EXHAUSTED = "exhausted", "", pgettext_lazy("license", "Used up")
    EXPIRED = "expired", "", pgettext_lazy("license", "Expired")
    SURRENDERED = "surrendered", "", pgettext_lazy("license", "Handed back")
    REPLACED = "replaced", "", pgettext_lazy("license", "Replaced")
    REVOKED = "revoked", "no", pgettext_lazy("license", "Ended by the ministry")


class InquiryState(State):
    ASKED = "asked", "review", pgettext_lazy("inquiry", "Asked")
    SIGNED = "signed", "ok", pgettext_lazy("inquiry", "Answered")
    WITHDRAWN = "withdrawn", "", pgettext_lazy("inquiry", "Withdrawn")


class DraftState(State):
    DRAFT = "draft", "draft", pgettext_lazy("edition", "Draft")
    APPROVED = "approved", "ok", pgettext_lazy("edition", "Approved")
    REPEALED = "repealed", "", pgettext_lazy("edition", "Repealed")


class NoticeState(State):
    PUBLISHED = "published", "ok", pgettext_lazy("notice", "Made public")
    WITHDRAWN = "withdrawn", "", pgettext_lazy("notice", "Withdrawn")


# Of declarations: a reviewer verified one of these, and nothing came in between.
CHECKED = (DeclarationState.VERIFIED, DeclarationState.IN_FORCE, DeclarationState.SUPERSEDED)
# The ministry has it, or had it: its paper original may be on its way.
RECEIVED = (DeclarationState.SUBMITTED, DeclarationState.QUERIED, *CHECKED, DeclarationState.EXPIRED)
# No case is approved on one of these any more.
VOID = (DeclarationState.REJECTED, DeclarationState.EXPIRED, DeclarationState.INVALID)
# What an officer may still decide on, and what an exporter may still withdraw.
OPEN_CASE = (
    ApplicationState.SUBMITTED,
    ApplicationState.SUPPLEMENT_REQUIRED,
    ApplicationState.ACCEPTED,
    ApplicationState.UNDER_REVIEW,
    ApplicationState.AWAITING_APPLICANT,
    ApplicationState.AWAITING_DECISION,
)
# its license is not given yet, and may be
UNISSUED = (*OPEN_CASE, ApplicationState.UNDER_RECONSIDERATION, ApplicationState.APPROVED)
# the same, with what is not filed yet: of one license one change at a time
UNDER_WAY = (ApplicationState.DRAFT, *UNISSUED)
# of its license no other renewal is begun any more
RENEWING = (*UNDER_WAY, ApplicationState.ISSUED)
# what it asks for, or was granted, counts where cases are merged into one
MERGING = (*OPEN_CASE, ApplicationState.APPROVED, ApplicationState.ISSUED)
# Refused in the present round, whatever became of that since.
CONTESTED = (ApplicationState.REFUSED, ApplicationState.UNDER_RECONSIDERATION, ApplicationState.REFUSED_FINAL)
# In which an applicant may name another declaration: not on what was recommended, which is to be returned first.
REDECLARED = (
    *(state for state in OPEN_CASE if state != ApplicationState.AWAITING_DECISION),
    ApplicationState.UNDER_RECONSIDERATION,
)
# In the hands of the officer who took it.
TAKEN = (ApplicationState.UNDER_REVIEW, ApplicationState.AWAITING_APPLICANT)
# In which a question may be open, and is answered.
ASKED = (ApplicationState.AWAITING_APPLICANT, ApplicationState.UNDER_RECONSIDERATION)


class Holder(TextChoices):
    """Who has to act next in a case."""

    APPLICANT = "applicant", gettext_lazy("you")
    INTAKE = "intake", gettext_lazy("an intake officer")
    REVIEWER = "reviewer", gettext_lazy("an officer who reviews it")
    DECIDER = "decider", gettext_lazy("a deciding officer")
    RECONSIDERER = "reconsiderer", gettext_lazy("whoever reconsiders the decision")


# nobody has a case of another state any more
HOLDER_OF = {
    ApplicationState.DRAFT: Holder.APPLICANT,
    ApplicationState.SUBMITTED: Holder.INTAKE,
    ApplicationState.SUPPLEMENT_REQUIRED: Holder.APPLICANT,
    ApplicationState.ACCEPTED: Holder.REVIEWER,
    ApplicationState.UNDER_REVIEW: Holder.REVIEWER,
    ApplicationState.AWAITING_APPLICANT: Holder.APPLICANT,
    ApplicationState.AWAITING_DECISION: Holder.DECIDER,
    ApplicationState.APPROVED: Holder.DECIDER,
    ApplicationState.UNDER_RECONSIDERATION: Holder.RECONSIDERER,
}


def held_by(holder: Holder) -> tuple[ApplicationState, ...]:
    return tuple(state for state, one in HOLDER_OF.items() if one == holder)


# Nothing goes on unless the exporter acts: where he has to, and where he may contest what was decided.
EXPORTERS_TURN = (*held_by(Holder.APPLICANT), ApplicationState.REFUSED)
# The stage that a case is in, from 0; before it was filed -1, from 5 on the decision is there.
STAGE_OF = {
    ApplicationState.DRAFT: -1,
    ApplicationState.SUBMITTED: 0,
    ApplicationState.SUPPLEMENT_REQUIRED: 0,
    ApplicationState.ACCEPTED: 1,
    ApplicationState.UNDER_REVIEW: 2,
    ApplicationState.AWAITING_APPLICANT: 2,
    ApplicationState.AWAITING_DECISION: 3,
    ApplicationState.UNDER_RECONSIDERATION: 4,
    ApplicationState.APPROVED: 5,
    ApplicationState.ISSUED: 5,
    ApplicationState.REFUSED: 5,
    ApplicationState.REFUSED_FINAL: 5,
    ApplicationState.NOT_ACCEPTED: 5,
    ApplicationState.WITHDRAWN: 5,
    ApplicationState.LAPSED: 5,
}
ENDED_EARLY = (ApplicationState.NOT_ACCEPTED, ApplicationState.WITHDRAWN, ApplicationState.LAPSED)  # without a decision
IN_FORCE = (LicenseState.ACTIVE, LicenseState.SUSPENDED)
# Before its days were over and its quantities used, for good; and the steps of its history that do so.
ENDED_BY_SOMEBODY = (LicenseState.REVOKED, LicenseState.SURRENDERED)
ENDS_BY_SOMEBODY = ("revoke", "surrender")
ENDS = (*ENDS_BY_SOMEBODY, "replace", "exhaust", "expire")  # the last step of these says when it ended
WITH_THE_ACCOUNT = (*IN_FORCE, LicenseState.REPLACED)  # stop; what is used up does when it is in force again
MAY_BE_USED = (*IN_FORCE, LicenseState.EXHAUSTED)  # one that is used up may be in force again
NOT_ENDED = (*MAY_BE_USED, LicenseState.REPLACED)  # what is reserved on one that was replaced may leave
