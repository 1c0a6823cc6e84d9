"""State names (docs/workflows.md); only those that exist."""

from django.db import models
from django.utils.translation import pgettext_lazy


class ExporterState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("exporter", "Draft")
    PENDING = "pending", pgettext_lazy("exporter", "Being verified")
    ACTIVE = "active", pgettext_lazy("exporter", "Active")


# Whoever typed a credit code; from verification on the company holds it.
UNVERIFIED = (ExporterState.DRAFT, ExporterState.PENDING)
