from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.navigation import add
from licensing import selectors
from licensing.states import DeclarationState


def to_verify(actor: Actor) -> int:
    return selectors.declarations_for(actor).filter(state=DeclarationState.SUBMITTED).count()


add(20, "applications", _("Applications"), "exporter")
add(30, "licenses", _("Licenses"), "exporter")
add(45, "declarations", _("Declarations"), "exporter")
add(10, "desk", _("Queue"), "ministry", count=lambda actor: selectors.desk_queue(actor, "mine").count())
add(20, "desk.countersign", _("Countersign"), "ministry", count=lambda actor: selectors.to_countersign(actor).count())
add(30, "desk.declarations", _("Declarations"), "ministry", count=to_verify)
add(40, "desk.licenses", _("Licenses"), "ministry")
add(60, "control-list", _("Control list"), "exporter", "ministry", "customs")
