"""What a bar of its company means for an open case."""

from core.errors import DomainError
from licensing.models import Application


def require_not_barred(row: Application) -> None:
    """No step brings the case of a barred company nearer to a license; it stays in its state, and may end otherwise.
    Raises DomainError exporter-not-active.

    A bar that comes at the same moment is not waited for: what counts is issue, which holds the company.
    """
    if row.exporter.barred:
        raise DomainError(row.exporter.not_acting(), code="exporter-not-active")
