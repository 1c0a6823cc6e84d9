"""A turn of the rules for open cases: whoever has one, and its holder, know that other rules judge it now.
Of licenses: verdicts.py.

No machine refuses one, and its clock runs on: approve and issue look at the rules again by themselves.
"""

from typing import Any

from core.access import Actor
from core.command import command
from core.history import record
from core.legal_time import legal_day, legal_now
from core.locks import lock_all
from licensing.actions.holds import tell_of_holds
from licensing.models import Application
from licensing.selectors import Turned, audience_of, editions_at, holds_of, judge, turned


@command
def turn(pk: int, *, by: Actor) -> bool:
    """An open case says what the rules say otherwise of it now than those of the last look; who reads it was told, and
    its holder also of holds that begin and end.

    Told once: again only where something else is said than a turn said before. May run twice, late or never, and
    leaves alone what another holds. Returns whether somebody was told.
    """
    found = lock_all(Application.objects.filter(pk=pk), skip_locked=True)
    if not found:
        return False
    row, at = found[0], legal_now()
    editions = editions_at(at)
    if not (row.open and editions.to_turn(row)):
        return False
    judged, was = judge(row, at=at), row.turned
    news = {"turn": turned(row, judged, as_told=True), "turn_inside": turned(row, judged)}
    row.turned = {verb: said for verb, differing in news.items() if (said := _said(differing))}
    row.judged_by_id, row.next_turn_at = editions.newest, editions.next_turn(audience_of(row))
    row.save(update_fields=["turned", "judged_by", "next_turn_at"])
    told = tell_of_holds(row, (one.hold.id for one in holds_of(judged) if not one.missing), by=by, at=at)
    telling = [verb for verb in news if row.turned.get(verb) != was.get(verb)]
    for verb in telling:
        reason = ", ".join(sorted({name for one in news[verb] for name in (*one.rules, one.now.edition)}))
        edition, _digest = editions.of(legal_day(at))
        record(row, verb, by=by, at=at, before=row.state, reason=reason or edition, edition=edition)
    return bool(told or telling)


def _said(differing: list[Turned]) -> list[Any]:
    """What is told of a turn; on which day does not tell one from another."""
    told = {
        (
            line.number,
            one.now.user.party.ref,
            after.disposition,
            after.clock,
            "; ".join(after.channels),
            *after.requires,
        )
        for one in differing
        for line, after in [(one.now.line, one.after)]
    }
    return sorted(map(list, told))
