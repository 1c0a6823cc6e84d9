"""What was asked beside what was granted: read from a case and the steps of its round, never stored."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.legal_time import months_after
from licensing.models import Application, ApplicationEndUser, ApplicationLine, DecisionStep
from licensing.policy.vocabulary import EXACT, TOLERANCES
from licensing.words import terms

Outcome = DecisionStep.Outcome


@dataclass(frozen=True)
class Tolerance:
    """How much more than authorized may cross, in percent, and of what: of each line, or of what remains at the end."""

    mode: str
    pct: Decimal

    @property
    def whole(self) -> bool:
        """It has a share exactly where it has a mode."""
        return (self.mode == EXACT) == (not self.pct)

    def within(self, most: "Tolerance") -> bool:
        """It is whole, and allows no more than the other."""
        return self.whole and TOLERANCES.index(self.mode) <= TOLERANCES.index(most.mode) and self.pct <= most.pct

    def __str__(self) -> str:
        label = terms.TOLERANCES[self.mode]
        return f"{label}: {self.pct.normalize():f} %" if self.pct else str(label)


NO_TOLERANCE = Tolerance(EXACT, Decimal(0))


@dataclass(frozen=True)
class Granted:
    """lines: each that was asked for, with how much of it was granted. shorter and longer: in fewer or more months than
    the exporter's plan has, whenever the license begins: that it was decided late costs him none."""

    case: Application
    lines: list[tuple[ApplicationLine, int]]
    left_out: list[ApplicationEndUser]
    months: int
    shorter: bool
    longer: bool
    reason: str = ""

    @property
    def cut(self) -> list[tuple[ApplicationLine, int]]:
        return [(line, granted) for line, granted in self.lines if granted < line.quantity]

    @property
    def in_part(self) -> bool:
        """Less than was asked: of a line, an end-user, or the time."""
        return bool(self.cut or self.left_out or self.shorter)

    @property
    def licensed(self) -> list[ApplicationLine]:
        """The lines that the license has, in its order."""
        return [line for line, granted in self.lines if granted]

    @property
    def goods_codes(self) -> dict[int, str]:
        """The customs code as it was stated for each line of the license, by number; empty where nobody said."""
        return {number: line.hs_code for number, line in enumerate(self.licensed, 1)}


def asked_months(case: Application) -> int | None:
    """The fewest that reach from the first planned day to the last; None where the plan has no end."""
    first, last = case.planned_from, case.planned_until
    if not (first and last):
        return None
    months = max(1, (last.year - first.year) * 12 + last.month - first.month)
    return months if months_after(first, months) >= last else months + 1


def compare(
    case: Application, quantities: Mapping[int, int], kept: Collection[int], months: int, reason: str = ""
) -> Granted:
    """quantities: {line number: base units}. kept: keys of the case's end-users."""
    asked = asked_months(case)
    return Granted(
        case,
        lines=[(line, quantities.get(line.number, 0)) for line in case.lines.all()],
        left_out=[user for user in case.end_users.all() if user.pk not in kept],
        months=months,
        shorter=asked is not None and months < asked,
        longer=asked is not None and months > asked,
        reason=reason,
    )


def recommended(case: Application) -> Granted | None:
    """What the latest recommendation of the round grants, or what changed its refusal; None without one, or when it is
    to refuse."""
    return of(case, case.basis)


def decided(case: Application) -> Granted | None:
    """What was granted, with the reason that the exporter reads; None as long as nothing is, or when it was refused,
    whatever had been recommended."""
    decision = case.decision
    if decision is None or decision.outcome != Outcome.APPROVE:
        return None
    return of(case, case.basis, decision.text)


def of(case: Application, step: DecisionStep | None, reason: str | None = None) -> Granted | None:
    """What that step grants, one of `selectors.steps`; None where it does not. reason: other words than its own."""
    if step is None or step.outcome != Outcome.APPROVE:
        return None
    return compare(
        case,
        dict(step.granted),
        set(step.kept),
        step.months or 0,
        step.text if reason is None else reason,
    )
