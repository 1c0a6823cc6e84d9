"""How a case was contested, and what came of it, as its pages show it."""

from dataclasses import dataclass
from datetime import date, datetime

from licensing import selectors
from licensing.models import Application, DecisionStep, Reconsideration
from licensing.selectors.reconsiderations import Term


@dataclass(frozen=True)
class Contest:
    """outcome: None as long as it is not decided."""

    filed: Reconsideration
    term: Term
    outcome: DecisionStep | None

    def covers(self, at: datetime) -> bool:
        """It was waiting for its decision then."""
        return self.filed.filed_at <= at and (self.outcome is None or at <= self.outcome.at)


def contests(case: Application, today: date) -> list[Contest]:
    """The latest first. case: with its whole steps."""
    steps = list(case.steps.all())
    filed = [(at, step.reconsideration) for at, step in enumerate(steps) if getattr(step, "reconsideration", None)]
    terms = selectors.terms_of((row for _at, row in filed), today)
    found = [Contest(row, terms[row.pk], _outcome(steps[at:])) for at, row in filed]
    return found[::-1]


def _outcome(since: list[DecisionStep]) -> DecisionStep | None:
    """The first of these steps that reconsiders, unless another decision comes before it."""
    return next((step for step in since if step.step == DecisionStep.Step.RECONSIDER), None)
