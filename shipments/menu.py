from django.utils.translation import gettext_lazy as _

from core import scopes
from core.navigation import add
from shipments import selectors

add(10, "customs", _("Look up"), "customs")
add(40, "shipments", _("Shipments"), "exporter")
add(45, "desk.incidents", _("Incidents"), "ministry", counts=selectors.questioned, work="shipment.answer")

scopes.add("exporter", "shipments:read", _("read shipments, and try one without effect"))
scopes.add("exporter", "shipments:write", _("record and cancel shipments, and report their delivery"))
scopes.add("customs", "customs:confirm", _("report what customs does with shipments"))
