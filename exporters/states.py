"""State names (docs/workflows.md); only those that exist."""

from django.utils.translation import pgettext_lazy

from core.states import State


class ExporterState(State):
    DRAFT = "draft", "draft", pgettext_lazy("exporter", "Draft")
    PENDING = "pending", "review", pgettext_lazy("exporter", "Being verified")
    ACTIVE = "active", "ok", pgettext_lazy("exporter", "Active")
    SUSPENDED = "suspended", "no", pgettext_lazy("exporter", "Suspended")
    BARRED = "barred", "no", pgettext_lazy("exporter", "Barred")
    CLOSED = "closed", "", pgettext_lazy("exporter", "Closed")


class QualificationState(State):
    NONE = "none", "", pgettext_lazy("qualification", "Not qualified")
    ASKED = "asked", "review", pgettext_lazy("qualification", "Asked for")
    GRANTED = "granted", "ok", pgettext_lazy("qualification", "Qualified")
    LAPSED = "lapsed", "", pgettext_lazy("qualification", "Lapsed")


# Whoever typed a credit code; from verification on the company holds it.
UNVERIFIED = (ExporterState.DRAFT, ExporterState.PENDING)
ACTING = (ExporterState.ACTIVE,)  # it files, is licensed and reserves
STOPPED = (ExporterState.SUSPENDED, ExporterState.BARRED)  # by an order of the ministry that is open
