"""What a page shows of the papers that steps of its row left."""

from typing import Any

from django.db.models import Model

from core.papers import being_made, papers_of


def shown(row: Model) -> dict[str, Any]:
    """The newest first, and whether one is not made yet. Two queries."""
    return {"made_papers": list(papers_of(row).reverse()), "being_made": being_made(row)}
