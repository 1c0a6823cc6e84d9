from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.navigation import add
from core.selectors import counted
from exporters.selectors import awaiting_verification, to_answer


def waiting(actor: Actor) -> int:
    """Companies that wait for what this actor may do."""
    verifies, answers = (actor.may(verb) for verb in ("exporter.verify", "qualification.grant"))
    return (counted(awaiting_verification(actor)) if verifies else 0) + (counted(to_answer(actor)) if answers else 0)


add(50, "parties", _("Parties"), "exporter")
add(65, "company", _("Company"), "exporter", place="account")
add(50, "desk.exporters", _("Exporters"), "ministry", count=waiting, work="exporter.verify qualification.grant")
