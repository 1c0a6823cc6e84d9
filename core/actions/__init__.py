"""The verbs of the ground: people, roles, keys, offices, mail, files."""

from core.actions.documents import ANSWER_KINDS, keep_answer, keep_file
from core.actions.keys import create_key, issue_key, revoke_key
from core.actions.mail import end_delivery, send_again
from core.actions.officers import confirm_grant, propose_officer, propose_roles
from core.actions.offices import first_officers, open_office, taken_names
from core.actions.people import choose_language, new_person
from core.actions.teams import accept_invitation, add_member, change_member, withdraw_invitation

__all__ = [
    "ANSWER_KINDS",
    "accept_invitation",
    "add_member",
    "change_member",
    "choose_language",
    "confirm_grant",
    "create_key",
    "end_delivery",
    "first_officers",
    "issue_key",
    "keep_answer",
    "keep_file",
    "new_person",
    "open_office",
    "propose_officer",
    "propose_roles",
    "revoke_key",
    "send_again",
    "taken_names",
    "withdraw_invitation",
]
