from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.navigation import add
from core.selectors import counted
from exporters.selectors import awaiting_verification


def to_verify(actor: Actor) -> int:
    return counted(awaiting_verification(actor))


add(50, "parties", _("Parties"), "exporter")
add(65, "company", _("Company"), "exporter", place="account")
add(50, "desk.exporters", _("Exporters"), "ministry", count=to_verify, work="exporter.verify")
