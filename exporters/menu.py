from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.navigation import add
from exporters.models import Exporter
from exporters.selectors import awaiting_verification, to_answer


def waiting(actor: Actor) -> QuerySet[Exporter]:
    """Companies that wait for what this actor may do."""
    verifies, answers = (actor.may(verb) for verb in ("exporter.verify", "qualification.grant"))
    if not answers:
        return awaiting_verification(actor)
    return to_answer(actor) | awaiting_verification(actor) if verifies else to_answer(actor)


add(50, "parties", _("Parties"), "exporter")
add(65, "company", _("Company"), "exporter", place="account")
add(50, "desk.exporters", _("Exporters"), "ministry", counts=waiting, work="exporter.verify qualification.grant")
