from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.navigation import add
from exporters.selectors import awaiting_verification


def to_verify(actor: Actor) -> int:
    return awaiting_verification(actor).count()


add(50, "parties", _("Parties"), "exporter")
add(65, "company", _("Company"), "exporter", place="account")
add(50, "desk.exporters", _("Exporters"), "ministry", count=to_verify, work="exporter.verify")
