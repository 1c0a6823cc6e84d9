"""What a page shows of the papers that steps of its row left."""

from typing import Any

from django.db.models import Model

from core.papers import being_made, papers_of


def shown(row: Model) -> dict[str, Any]:
    """The newest first, whether one is not made yet, and the newest that is signed and of no part. Two queries."""
    made = list(papers_of(row).reverse())
    signed = next((paper for paper in made if paper.credential and not paper.part), None)
    return {"made_papers": made, "being_made": being_made(row), "signed_paper": signed}
