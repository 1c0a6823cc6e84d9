"""Intents to refuse: what a deciding officer means to decide, told before it is, and what the applicant says to it."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.guards import insert_only
from core.models import Document, User
from licensing.models.applications import GROUNDED, Application, DecisionStep


@insert_only
class Intent(models.Model):
    """That a recommended refusal is meant to be decided so, why, and until which day the applicant may answer.

    It is of one recommendation: with another one, or without a case that waits for its decision, it is over.
    """

    recommendation = models.OneToOneField(DecisionStep, on_delete=models.PROTECT, related_name="intent")
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    factors = ArrayField(models.CharField(max_length=20, choices=DecisionStep.Factor))
    text = models.TextField()
    due_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="intent_rests_on_something", condition=GROUNDED),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def answered(self) -> "IntentAnswer | None":
        return getattr(self, "answer", None)

    def runs_on(self, today: date) -> bool:
        """The applicant may still answer; as long as the case waits for its decision on that recommendation."""
        return self.answered is None and today <= self.due_on

    @classmethod
    def running_on(cls, today: date) -> models.Q:
        """Of many those that are `runs_on` that day."""
        return models.Q(answer=None, due_on__gte=today)

    def factor_labels(self) -> list[str]:
        return [str(DecisionStep.Factor(code).label) for code in self.factors]


@insert_only
class IntentAnswer(models.Model):
    """What the applicant said to it, once: words, files or both."""

    intent = models.OneToOneField(Intent, on_delete=models.PROTECT, related_name="answer")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    files = models.ManyToManyField(Document, related_name="+", blank=True)

    def __str__(self) -> str:
        return self.text[:60]


insert_only(IntentAnswer.files.through)


def told_of_none_until(case: Application) -> date | None:
    """The last day that an intent of this round gave to its answer, whatever became of the case; none where he answered
    to the newest one."""
    of_it = Intent.objects.filter(recommendation__application=case, recommendation__round=case.round)
    told = list(of_it.order_by("pk").values_list("due_on", "answer"))
    if not told or told[-1][1]:
        return None
    return max(day for day, answer in told if answer is None)


def intent_of(case: Application) -> Intent | None:
    """That of the recommendation which counts now, running or over."""
    return getattr(case.recommendation, "intent", None)


def intents_before(decision: DecisionStep) -> list[Intent]:
    """Those of its round, the oldest first."""
    rows = Intent.objects.filter(
        recommendation__application=decision.application_id, recommendation__round=decision.round
    )
    return list(rows.select_related("answer").order_by("pk"))
