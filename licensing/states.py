"""State names (docs/workflows.md); only those that exist."""

from django.db import models
from django.utils.translation import pgettext_lazy


class DeclarationState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("declaration", "Draft")
    SIGNED = "signed", pgettext_lazy("declaration", "Signed")
    SUBMITTED = "submitted", pgettext_lazy("declaration", "Submitted")
    VERIFIED = "verified", pgettext_lazy("declaration", "Verified")
    IN_FORCE = "in_force", pgettext_lazy("declaration", "In force")
    REJECTED = "rejected", pgettext_lazy("declaration", "Rejected")


class ApplicationState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("application", "Draft")
    SUBMITTED = "submitted", pgettext_lazy("application", "Submitted")
    ACCEPTED = "accepted", pgettext_lazy("application", "Accepted")
    UNDER_REVIEW = "under_review", pgettext_lazy("application", "Under review")
    AWAITING_APPLICANT = "awaiting_applicant", pgettext_lazy("application", "Waiting for you")
    AWAITING_DECISION = "awaiting_decision", pgettext_lazy("application", "With second officer")
    APPROVED = "approved", pgettext_lazy("application", "Approved")
    ISSUED = "issued", pgettext_lazy("application", "License issued")
    REFUSED = "refused", pgettext_lazy("application", "Refused")
    NOT_ACCEPTED = "not_accepted", pgettext_lazy("application", "Not accepted")
    WITHDRAWN = "withdrawn", pgettext_lazy("application", "Withdrawn")


class LicenseState(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("license", "In force")
    SUSPENDED = "suspended", pgettext_lazy("license", "Suspended")
    EXHAUSTED = "exhausted", pgettext_lazy("license", "Used up")
    EXPIRED = "expired", pgettext_lazy("license", "Expired")


# What an officer may still decide on, and what an exporter may still withdraw.
OPEN_CASE = (
    ApplicationState.SUBMITTED,
    ApplicationState.ACCEPTED,
    ApplicationState.UNDER_REVIEW,
    ApplicationState.AWAITING_APPLICANT,
    ApplicationState.AWAITING_DECISION,
)
IN_FORCE = (LicenseState.ACTIVE, LicenseState.SUSPENDED)
