"""The ground's entries in the main menu."""

from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.navigation import add
from core.selectors import open_grants


def to_confirm(actor: Actor) -> int:
    return open_grants(actor).count()


add(10, "overview", _("Overview"), "exporter")
add(70, "members", _("Team"), "exporter", place="account")
add(75, "keys", _("Keys"), "exporter", place="account")
add(75, "keys", _("Keys"), "customs")
add(80, "officers", _("Officers"), "ministry", count=to_confirm, work="grant.confirm")
