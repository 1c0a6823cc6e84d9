"""State names (docs/workflows.md); only those that exist."""

from django.utils.translation import pgettext_lazy

from core.states import State


class ExporterState(State):
    DRAFT = "draft", "draft", pgettext_lazy("exporter", "Draft")
    PENDING = "pending", "review", pgettext_lazy("exporter", "Being verified")
    ACTIVE = "active", "ok", pgettext_lazy("exporter", "Active")


# Whoever typed a credit code; from verification on the company holds it.
UNVERIFIED = (ExporterState.DRAFT, ExporterState.PENDING)
