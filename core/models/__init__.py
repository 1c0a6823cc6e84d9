"""The ground's tables."""

from core.models.days import DayKind, LegalDay
from core.models.documents import Document, Paper
from core.models.history import Delivery, HistoryLine
from core.models.idempotency import Idempotency
from core.models.mail import Mail
from core.models.people import ApiKey, Country, Membership, Organization, RoleGrant, User, anonymous
from core.models.proposals import Proposal
from core.models.roles import Kind, Role
from core.models.typed import KeptText

__all__ = [
    "ApiKey",
    "Country",
    "DayKind",
    "Delivery",
    "Document",
    "HistoryLine",
    "Idempotency",
    "KeptText",
    "Kind",
    "LegalDay",
    "Mail",
    "Membership",
    "Organization",
    "Paper",
    "Proposal",
    "Role",
    "RoleGrant",
    "User",
    "anonymous",
]
