"""Intents to refuse a case, as its pages show them."""

from dataclasses import dataclass
from datetime import date

from licensing.models import Application, Intent
from licensing.models.intents import intent_of
from licensing.states import ApplicationState


@dataclass(frozen=True)
class Announced:
    """waits: for the decision that it announced. runs: it may still be answered."""

    intent: Intent
    waits: bool
    runs: bool


def announced(case: Application, today: date) -> list[Announced]:
    """The latest first. case: with its whole steps."""
    waiting = intent_of(case) if case.state == ApplicationState.AWAITING_DECISION else None
    found = [intent for step in case.steps.all() if (intent := getattr(step, "intent", None))]
    return [Announced(one, one == waiting, one == waiting and one.runs_on(today)) for one in reversed(found)]
