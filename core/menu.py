"""The ground's entries in the main menu."""

from django.utils.translation import gettext_lazy as _

from core.access import Actor
from core.navigation import add
from core.selectors import counted, open_grants, refused_mail


def to_confirm(actor: Actor) -> int:
    return counted(open_grants(actor))


def refused(actor: Actor) -> int:
    return counted(refused_mail(actor))


add(10, "overview", _("Overview"), "exporter")
add(70, "members", _("Team"), "exporter", place="account")
add(75, "keys", _("Keys"), "exporter", place="account")
add(75, "keys", _("Keys"), "customs")
add(75, "keys", _("Keys"), "ministry", place="account")
add(80, "officers", _("Officers"), "ministry", count=to_confirm, work="grant.confirm")
add(85, "mail", _("Outgoing mail"), "ministry", count=refused, work="delivery.end")
