"""With whom a case was on each day since it was filed: no elapsed day belongs to nobody. No row, no clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from core.working_days import Pause
from licensing.states import EXPORTERS_TURN, ApplicationState

DAY = timedelta(days=1)


class Holder(StrEnum):
    MINISTRY = "ministry"
    EXPORTER = "exporter"
    OTHERS = "others"  # whom the ministry asks, while the clock stands still


@dataclass(frozen=True)
class Stay:
    """Days, the first to the last, at whose ends the case stood in one state with one holder."""

    holder: Holder
    state: str
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first) // DAY + 1


def course(
    moves: Sequence[tuple[date, str]],
    asked: Sequence[Pause],
    until: date,
    unanswered: Callable[[date], bool] = lambda day: False,
) -> list[Stay]:
    """Each day after that of the first move, up to `until`, by where the case stood at its end: as the clock counts.

    moves: the days on which it came into its states, in order, the filing first. asked: when others had it.
    unanswered: on which days no question waits any more, whenever a worker says so.
    """
    days = [moves[0][0] + number * DAY for number in range(1, (until - moves[0][0]) // DAY + 1)]

    def stood(day: date) -> tuple[Holder, str]:
        state = next(state for moved, state in reversed(moves) if moved <= day)
        if state == ApplicationState.AWAITING_APPLICANT and unanswered(day):
            state = ApplicationState.UNDER_REVIEW
        if any(pause.covers(day) for pause in asked):
            return Holder.OTHERS, state
        return (Holder.EXPORTER if state in EXPORTERS_TURN else Holder.MINISTRY), state

    found = [(where, list(group)) for where, group in groupby(days, key=stood)]
    return [Stay(holder, state, group[0], group[-1]) for (holder, state), group in found]


def by_holder(stays: Sequence[Stay]) -> list[Stay]:
    """Neighbours of one holder as one stay: what the steps inside the ministry were is not for the exporter."""
    groups = [list(group) for _holder, group in groupby(stays, key=lambda stay: stay.holder)]
    return [Stay(group[0].holder, "", group[0].first, group[-1].last) for group in groups]


def days_of(stays: Sequence[Stay]) -> dict[Holder, int]:
    """How many of the days each had; nobody is left out."""
    return {holder: sum(stay.days for stay in stays if stay.holder == holder) for holder in Holder}
