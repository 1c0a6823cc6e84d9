from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import scopes
from core.access import Actor
from core.navigation import add
from core.selectors import proposals_to_countersign
from licensing import selectors
from licensing.models import Application, Declaration, PoolChange


def mine(actor: Actor) -> QuerySet[Application]:
    return selectors.in_queue(selectors.applications_for(actor), actor, "mine")


def to_verify(actor: Actor) -> QuerySet[Declaration]:
    return selectors.declarations_for(actor).filter(Declaration.TO_VERIFY)


def pools_to_decide(actor: Actor) -> QuerySet[PoolChange]:
    return selectors.pool_changes_waiting(actor).filter(PoolChange.left_to(actor))


add(20, "applications", _("Applications"), "exporter")
add(30, "licenses", _("Licenses"), "exporter")
add(45, "declarations", _("Declarations"), "exporter")
add(10, "desk", _("Queue"), "ministry", counts=mine, work="application.recommend application.accept")
add(20, "desk.countersign", _("Countersign"), "ministry", counts=selectors.to_countersign, work="application.approve")
add(
    25,
    "desk.proposals",
    _("Proposals"),
    "ministry",
    counts=proposals_to_countersign,
    work="license.revoke exporter.bar declaration.invalidate inquiry.sign",
)
add(
    27,
    "desk.reconsiderations",
    pgettext_lazy("menu", "Contested"),
    "ministry",
    counts=selectors.to_reconsider,
    work="application.uphold",
)
add(30, "desk.declarations", _("Declarations"), "ministry", counts=to_verify, work="declaration.verify")
add(40, "desk.licenses", _("Licenses"), "ministry")
add(45, "desk.pools", _("Quotas"), "ministry", counts=pools_to_decide, work="poolchange.approve")
add(50, "desk.policy", _("Rules"), "ministry")
# the ministry has these at the foot of each page
add(60, "control-list", _("Control list"), "", "exporter", "customs")
add(65, "check", _("License check"), "", "exporter", "customs")
add(67, "rules", _("Rules"), "", "customs")  # exporters have it at the foot of each page, the ministry its desk

scopes.add("exporter", "applications:read", _("read cases, who has them and what their clocks say"))
scopes.add("exporter", "licenses:read", _("read licenses, their balances and movements"))
