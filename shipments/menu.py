from django.utils.translation import gettext_lazy as _

from core.navigation import add

add(40, "shipments", _("Shipments"), "exporter")
add(45, "desk.incidents", _("Incidents"), "ministry")
