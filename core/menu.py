"""The ground's entries in the main menu."""

from django.utils.translation import gettext_lazy as _

from core.navigation import add
from core.selectors import grants_to_confirm, refused_mail

add(10, "overview", _("Overview"), "exporter")
add(70, "members", _("Team"), "exporter", place="account")
add(75, "keys", _("Keys"), "exporter", place="account")
add(75, "keys", _("Keys"), "customs")
add(75, "keys", _("Keys"), "ministry", place="account")
add(80, "officers", _("Officers"), "ministry", counts=grants_to_confirm, work="grant.confirm", only="officer.add")
add(80, "officers", _("Officers"), "ministry", place="account")  # where an auditor finds them: his menu is full
add(85, "mail", _("Mail"), "ministry", counts=refused_mail, work="delivery.end")
