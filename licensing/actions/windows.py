"""The verbs of windows: whom the end of a suspension concerns is warned of it, and told when it is put off."""

from datetime import date
from typing import Any

from core.access import Actor
from core.command import command
from core.history import lines_of, record
from core.legal_time import legal_now
from core.locks import lock
from core.models import Organization
from licensing.models import PolicyEdition, WindowWarning
from licensing.models.windows import STAGES
from licensing.selectors import (
    changed_by,
    editions_at,
    organizations_concerned,
    signed_by,
    stage_of,
    warned,
    windows_ending,
)


@command
def warn(organization: int, window: str, last_day: date, *, by: Actor) -> int | None:
    """The organization was warned once for each stage before this window ends. Returns the stage, or None.

    May run twice, late or never: a stage that was slept over is not made up for, the one that is due tells the rest.
    """
    row = lock(Organization.objects.all(), pk=organization)
    at = legal_now()
    editions = editions_at(at)
    endings = windows_ending(editions, max(STAGES))
    ending = next((one for one in endings if (one.window.key, one.window.last) == (window, last_day)), None)
    if ending is None:
        return None
    stage = stage_of(last_day, editions.today)
    if warned(row.pk, ending, stage) or row.pk not in organizations_concerned(ending):
        return None
    warning = WindowWarning.objects.create(
        organization=row,
        window=window,
        instrument=ending.window.instrument,
        last_day=last_day,
        stage=stage,
        edition=PolicyEdition.objects.defer("text").get(code=ending.edition),
        at=at,
    )
    facts = _facts(warning) | {"days": stage}
    record(warning, "warn", by=by, at=at, edition=ending.edition, facts=facts)
    return stage


@command
def review(pk: int, *, by: Actor) -> bool:
    """Whoever was warned knows whether the warning still holds: of each change he is told once.

    May run twice, late or never: what pages show is derived from the editions.
    """
    warning = WindowWarning.objects.get(pk=pk)
    lock(Organization.objects.all(), pk=warning.organization_id)
    at = legal_now()
    code = changed_by(editions_at(at), warning.window, warning.last_day)
    last = lines_of(warning).last()
    stands = last is None or last.verb != "withdraw"
    if stands == (code is None):
        return False
    if code is None:
        record(warning, "renew", by=by, at=at, facts=_facts(warning))
        return True
    edition = PolicyEdition.objects.defer("text").get(code=code)
    facts = _facts(warning) | {"signed": ", ".join(signed_by(edition))}
    record(warning, "withdraw", by=by, at=at, edition=code, facts=facts)
    return True


def _facts(warning: WindowWarning) -> dict[str, Any]:
    return {"instrument": warning.instrument, "until": warning.last_day.isoformat()}
