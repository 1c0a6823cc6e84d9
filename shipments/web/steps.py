"""What is done to shipments: one row a verb (core/web/steps.py)."""

from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.web.forms import ReasonForm
from core.web.steps import Page, Step, register
from shipments.actions import incidents
from shipments.models import Incident
from shipments.selectors import incidents_for
from shipments.web.forms import NoteForm

INCIDENT_DESK = Page("desk.incident", incidents_for)


def _open(incident: Incident, actor: Actor, verb: str) -> bool:
    return incident.handling.ended_at is None and actor.may(f"incident.{verb}")


def _has_it(incident: Incident, actor: Actor) -> bool:
    return bool(incident.handling.owner_id == actor.user.pk)


register(
    "shipments",
    "shipment",
    [
        Step("reserve", _("Quota reserved")),
        Step("cancel", _("Cancelled; nothing is reserved any more")),
        Step("lapse", _("Reservation lapsed")),
        Step("declare", _("Declared at customs")),
        Step("clear", _("Cleared by customs")),
    ],
)

register(
    "shipments",
    "incident",
    [
        Step(
            "take",
            _("Taken by an officer"),
            INCIDENT_DESK,
            incidents.take,
            _("The incident is yours."),
            offered=lambda row, actor: _open(row, actor, "take") and not _has_it(row, actor),
            label=_("Take this incident"),
        ),
        Step(
            "note",
            _("Noted"),
            INCIDENT_DESK,
            incidents.note,
            _("Your note is kept."),
            NoteForm,
            offered=lambda row, actor: _open(row, actor, "note"),
            label=_("Add a note"),
        ),
        Step(
            "end",
            _("Ended"),
            INCIDENT_DESK,
            incidents.end,
            _("Ended with your reason."),
            ReasonForm,
            offered=lambda row, actor: _open(row, actor, "end") and _has_it(row, actor),
            label=_("End this incident"),
        ),
    ],
)
