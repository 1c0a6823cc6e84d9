"""What a draft would do in the book: asked for by somebody, worked out by a worker, kept with the draft."""

from typing import Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.guards import Guard, rights
from core.models import User
from licensing.models.editions import Draft


class Simulations(models.QuerySet["Simulation"]):
    def still_open(self) -> Self:
        """Of many those that are `open`."""
        return self.filter(stage__in=Simulation.OPEN)


@rights(
    "SELECT",
    "INSERT",
    *(f"UPDATE({name})" for name in ("stage", "taken_until", "done", "total", "book_at", "newest", "result")),
)
class Simulation(models.Model):
    """One text of a draft from one instant on, over the book of one moment (`book_at`) and the editions known then.

    Where no worker comes by it stays asked for, and what rests on it is refused. taken_until: a worker has it so long.
    Once done it is never changed: approvals rest on it.
    """

    class Stage(models.TextChoices):
        ASKED = "asked", _("Waiting for a worker")
        RUNNING = "running", _("Being worked out")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    OPEN = (Stage.ASKED, Stage.RUNNING)

    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="simulations")
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.ASKED)
    digest = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    taken_until = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    book_at = models.DateTimeField(null=True)
    newest = models.BigIntegerField(null=True, help_text="The key of the newest edition that it knew.")
    result = models.JSONField(null=True)

    objects = Simulations.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="simulation_done_has_a_result",
                condition=~Q(stage="done") | Q(result__isnull=False, book_at__isnull=False, newest__isnull=False),
            ),
        ]
        triggers = [
            Guard(
                "done_once",
                runs="insert_only",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.stage = 'done'"),
            ),
        ]
        indexes = [models.Index(name="simulation_open", fields=["id"], condition=Q(stage__in=["asked", "running"]))]

    def __str__(self) -> str:
        return str(self.get_stage_display())

    @property
    def open(self) -> bool:
        return self.stage in self.OPEN
