from functools import reduce
from operator import or_

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.navigation import add
from exporters.models import Exporter
from exporters.selectors import asking, awaiting_verification, to_answer

WAIT = {"exporter.verify": awaiting_verification, "exporter.accept_change": asking, "qualification.grant": to_answer}


def waiting(actor: Actor) -> QuerySet[Exporter]:
    """Companies that wait for what this actor may do; those to be verified for whoever may do nothing of it."""
    mine = [rows(actor) for verb, rows in WAIT.items() if actor.may(verb)] or [awaiting_verification(actor)]
    return reduce(or_, mine)


add(50, "parties", _("Parties"), "exporter")
add(65, "company", _("Company"), "exporter", place="account")
add(50, "desk.exporters", _("Exporters"), "ministry", counts=waiting, work="exporter.verify qualification.grant")
