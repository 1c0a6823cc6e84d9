"""What covers an exporter's end-users, and what was asked for them."""

from collections.abc import Iterable, Iterator
from datetime import date

from licensing.cover import Cover
from licensing.models import Application, License
from licensing.states import OPEN_CASE, ApplicationState, LicenseState

ASKED = (*OPEN_CASE, ApplicationState.APPROVED)


def covers(licenses: Iterable[License], cases: Iterable[Application], today: date) -> Iterator[Cover]:
    """licenses: in force, with end-users and lines, foretold; cases: as an overview tells of them (`told_cases`).

    Of a case whose window is over, or unknown, there is none, and none of a change: it prolongs nothing.
    """
    for license in licenses:
        foretold = [line.forecast.runs_out for line in license.lines.all() if getattr(line, "forecast", None)]
        said = {
            "gone_on": min(filter(None, foretold), default=None),
            "stopped": license.state == LicenseState.SUSPENDED,
        }
        for user in license.end_users.all():
            yield Cover(str(user.party), license.ref, license.usable_from, license.usable_until, **said)
    for case in cases:
        asked = case.state in ASKED and case.amends_id is None
        if asked and case.planned_from and case.planned_until and case.planned_until >= today:
            for name in case.names:
                yield Cover(name, case.ref, case.planned_from, case.planned_until, asked=True)
