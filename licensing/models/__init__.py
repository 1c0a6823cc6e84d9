"""Licensing's tables. The ledger's own (`balances`) are not named here: licensing.ledger alone writes them."""

from licensing.models import balances as _balances  # noqa: F401 (registers the models)
from licensing.models.applications import (
    CIRCUMSTANCES_LEAST,
    DESCRIBED,
    EXCEPTION,
    LONE,
    OVERRULING,
    RENEWED,
    Allotted,
    Application,
    ApplicationDocument,
    ApplicationEndUser,
    ApplicationLine,
    Basis,
    DecisionStep,
    Finding,
    Kind,
    RecommendedLine,
    TradeMode,
    TransportMode,
)
from licensing.models.comments import Comment
from licensing.models.declarations import Declaration, DeclarationEntry, DeclarationItem, InvalidGround
from licensing.models.editions import Draft, PolicyEdition, Signature
from licensing.models.inquiries import Inquiry
from licensing.models.intents import Intent, IntentAnswer
from licensing.models.licenses import (
    EndReason,
    License,
    LicenseCondition,
    LicenseEndUser,
    Obstacle,
    Revocation,
    Suspension,
)
from licensing.models.lists import ControlItem, EndUse, Instrument
from licensing.models.merges import Merged
from licensing.models.notices import Notice
from licensing.models.pauses import ClockInterval
from licensing.models.pools import PoolChange, PoolMovement, PoolState, QuotaPool
from licensing.models.questions import About, Question, QuestionEntry
from licensing.models.rates import ExchangeRate
from licensing.models.reconsiderations import Reconsideration, ReconsiderationEntry, Service
from licensing.models.screenings import Screening
from licensing.models.simulations import Simulation
from licensing.models.supplements import Supplement, SupplementAnswer, SupplementPoint
from licensing.models.verdicts import Verdict
from licensing.models.visits import Visit, VisitKind, VisitOutcome
from licensing.models.windows import Follow, WindowWarning

__all__ = [
    "TradeMode",
    "TransportMode",
    "CIRCUMSTANCES_LEAST",
    "LONE",
    "About",
    "Allotted",
    "Application",
    "ApplicationDocument",
    "ApplicationEndUser",
    "ApplicationLine",
    "Basis",
    "DESCRIBED",
    "EXCEPTION",
    "ClockInterval",
    "Comment",
    "ControlItem",
    "DecisionStep",
    "Declaration",
    "DeclarationEntry",
    "DeclarationItem",
    "Draft",
    "EndReason",
    "EndUse",
    "ExchangeRate",
    "Finding",
    "Follow",
    "Inquiry",
    "Instrument",
    "InvalidGround",
    "Intent",
    "IntentAnswer",
    "Kind",
    "License",
    "LicenseCondition",
    "LicenseEndUser",
    "Merged",
    "Obstacle",
    "Notice",
    "OVERRULING",
    "PolicyEdition",
    "PoolChange",
    "PoolMovement",
    "PoolState",
    "Question",
    "QuestionEntry",
    "QuotaPool",
    "RENEWED",
    "RecommendedLine",
    "Revocation",
    "Reconsideration",
    "ReconsiderationEntry",
    "Screening",
    "Service",
    "Signature",
    "Simulation",
    "Supplement",
    "SupplementAnswer",
    "SupplementPoint",
    "Suspension",
    "Verdict",
    "Visit",
    "VisitKind",
    "VisitOutcome",
    "WindowWarning",
]
