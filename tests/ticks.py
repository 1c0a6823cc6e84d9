"""The tick of an officer beside what the rules say otherwise of a case than when it was last looked at."""

from core.legal_time import legal_now
from licensing import selectors
from licensing.models import Application


def tick(ref: str) -> str:
    """As the case's page offers it now."""
    case = Application.objects.get(ref=ref)
    judged = selectors.judge(case, at=legal_now())
    return selectors.fingerprint(selectors.changed(case, judged))
