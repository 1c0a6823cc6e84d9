"""What a page shows of the papers that steps of its row left."""

from typing import Any

from django.db.models import Model

from core.papers import being_made, papers_of


def shown(row: Model) -> dict[str, Any]:
    """The newest first, whether one is not made yet, and the whole of the newest that are signed. Two queries."""
    made = list(papers_of(row).reverse())
    signed = max(
        (paper for paper in made if paper.credential), key=lambda paper: (paper.line.at, -paper.pk), default=None
    )
    return {"made_papers": made, "being_made": being_made(row), "signed_paper": signed}
