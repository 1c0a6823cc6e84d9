"""What time does at the end of a walk: six weeks go by, then 600 days, and each time the clock's sweeps come."""

from typing import Any

from core.legal_time import legal_today
from licensing import tasks as licensing_tasks
from shipments import tasks as shipment_tasks
from tests.clock import Clock
from tests.walk.plain import UNDECIDED
from tests.walk.shipments import CUSTOMS, uncount

SIX_WEEKS, YEARS = 44, 600
SWEEPS = (
    licensing_tasks.end_bars,
    licensing_tasks.lapse_supplements,
    licensing_tasks.accept_by_law,
    licensing_tasks.end_questions,
    shipment_tasks.lapse_reservations,
    licensing_tasks.expire_licenses,
    licensing_tasks.expire_declarations,
    shipment_tasks.lapse_qualifications,
)
# What the passing of days changes nothing of.
TIMELESS = {
    "drop_revoke",
    "drop_invalidate",
    "drop_sign",
    "drop_bar",
    "receive_original",
    "miss_original",
    "record_visit",
    "admit",
    "uphold",
}


def goes_on(walk: Any, steps: int) -> None:
    """Time passes, and somebody still does something that it does not touch."""
    for days, changes in ((SIX_WEEKS, six_weeks), (YEARS, years)):
        Clock().shift(days=days, seconds=walk.ahead)
        walk.plain.today = legal_today()
        for sweep in SWEEPS:
            sweep()
        changes(walk)
        walk.compare()
        for _ in range(steps):
            _a_timeless_step(walk)
            walk.compare()
    walk.drops()
    walk.compare()


def six_weeks(walk: Any) -> None:
    """Longer than a bar, a supplement, the days to accept, those to answer and a reservation last; after a bar those of
    a supplement count anew."""
    plain = walk.plain
    barred = plain.account.state == "barred"
    plain.account.state = "suspended" if barred else plain.account.state
    for case in plain.cases.values():
        if case.state == "supplement_required" and not barred:
            case.state = "lapsed"
        elif case.state == "submitted":
            case.state, case.round = "accepted", 1
        case.admitted = case.admitted or case.state == "under_reconsideration"
        if case.state in ("awaiting_applicant", "under_reconsideration"):
            for one in case.queries.values():
                one.open = one.open and one.said  # to which not a word came
            if case.state == "awaiting_applicant" and not case.questions:
                case.state = "under_review"
    for one in plain.shipments.values():
        if one.state == "reserved":
            one.license.reserved -= one.held
            one.held, one.state = 0, "expired"
            uncount(one)
            one.license.exhaust()


def years(walk: Any) -> None:
    """Longer than a license lasts, a declaration without one, and what lets a company file for annual ones."""
    plain = walk.plain
    plain.annual.state = "lapsed" if plain.qualified else plain.annual.state
    for case in plain.cases.values():
        case.state = "lapsed" if case.state == "supplement_required" else case.state
    for license in plain.licenses.values():
        assert license.last < plain.today, license
        license.state = "expired" if license.in_force else license.state
    waited_for = {ref for case in plain.cases.values() if case.state in UNDECIDED for ref in case.named.values()}
    for row in plain.declarations.values():
        row.state = "expired" if row.state == "verified" and row.ref not in waited_for else row.state


def _a_timeless_step(walk: Any) -> None:
    plain = walk.plain
    nouns = walk.graphs()
    verbs, rows = walk.draw.choice(nouns)
    verbs = [verb for verb in verbs if verb.name in TIMELESS]
    gone = [one for one in plain.shipments.values() if one.state in ("expired", "declared", "part_cleared")]
    if verbs and rows:
        walk.of(verbs, [walk.draw.choice(rows)])
    elif gone and any(one.license.in_force for one in gone):
        walk.draw.choice(CUSTOMS)(walk, walk.draw.choice([one for one in gone if one.license.in_force]))
