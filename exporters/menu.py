from django.utils.translation import gettext_lazy as _

from core.navigation import add
from exporters.selectors import awaiting_verification

add(50, "parties", _("Parties"), "exporter")
add(65, "company", _("Company"), "exporter", place="account")
add(50, "desk.exporters", _("Exporters"), "ministry", count=lambda actor: awaiting_verification(actor).count())
