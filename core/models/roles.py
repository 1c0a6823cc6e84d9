"""Who a person may be."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What an organization is."""

    EXPORTER = "exporter", _("Exporter")
    MINISTRY = "ministry", _("Ministry")
    CUSTOMS = "customs", _("Customs")


class Role(models.TextChoices):
    CLERK = "clerk", _("Clerk")
    SIGNATORY = "signatory", _("Signatory")
    VIEWER = "viewer", _("Viewer")
    INTAKE = "intake", _("Intake officer")
    REVIEWER = "reviewer", _("Reviewing officer")
    DECIDER = "decider", _("Deciding officer")
    RECONSIDERER = "reconsiderer", _("Reconsideration officer")
    POLICY_OFFICER = "policy_officer", _("Policy officer")
    POLICY_APPROVER = "policy_approver", _("Policy approver")
    AUDITOR = "auditor", _("Auditor")
    ADMIN = "admin", _("Accounts administrator")
    CUSTOMS = "customs", _("Customs officer")


SAID: dict[str, str | Promise] = {  # how a sentence names one who has it
    Role.CLERK: _("a clerk"),
    Role.SIGNATORY: _("a signatory"),
    Role.VIEWER: _("a viewer"),
    Role.INTAKE: _("an intake officer"),
    Role.REVIEWER: _("a reviewing officer"),
    Role.DECIDER: _("a deciding officer"),
    Role.RECONSIDERER: _("a reconsideration officer"),
    Role.POLICY_OFFICER: _("a policy officer"),
    Role.POLICY_APPROVER: _("a policy approver"),
    Role.AUDITOR: _("an auditor"),
    Role.ADMIN: _("an administrator"),
    Role.CUSTOMS: _("a customs officer"),
}
TEAM = _("Clerks prepare; signatories also submit and administer; viewers read.")  # who does what of a company
ADMINS_LEAST = 2  # of the ministry: one of them proposes a role, another confirms it
ROLES_OF: dict[str, tuple[Role, ...]] = {
    Kind.EXPORTER: (Role.CLERK, Role.SIGNATORY, Role.VIEWER),
    Kind.MINISTRY: (
        Role.INTAKE,
        Role.REVIEWER,
        Role.DECIDER,
        Role.RECONSIDERER,
        Role.POLICY_OFFICER,
        Role.POLICY_APPROVER,
        Role.AUDITOR,
        Role.ADMIN,
    ),
    Kind.CUSTOMS: (Role.CUSTOMS,),
}
