"""The demo world of local mode: two exporters, a ministry, customs, and cases in every stage.

Everything but the first accounts is made by the verbs that people use, so the demo can't be in a state that
Lodestone would not allow. All names are invented.
"""

from config.local.demo.cases import (
    MADE,
    PRICE,
    application,
    cleared,
    declaration,
    issued,
    paper,
    party,
    screened,
    shipped,
    under_review,
    usual,
)
from config.local.demo.file import ensure
from config.local.demo.papers import pdf
from config.local.demo.people import (
    PASSWORD,
    Ministry,
    annual_seen,
    earlier,
    exporter,
    person,
    qualified,
    seen,
    send_company,
)
from config.local.demo.world import World, make

__all__ = [
    "PASSWORD",
    "Ministry",
    "World",
    "annual_seen",
    "application",
    "cleared",
    "declaration",
    "earlier",
    "ensure",
    "exporter",
    "issued",
    "make",
    "paper",
    "party",
    "pdf",
    "person",
    "qualified",
    "screened",
    "seen",
    "send_company",
    "shipped",
    "under_review",
    "MADE",
    "PRICE",
    "usual",
]
