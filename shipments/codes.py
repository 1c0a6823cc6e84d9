"""The refusals of shipments and customs messages."""

from django.utils.translation import gettext_lazy as _

from core.codes import Code, register

CODES = (
    Code(
        "client-reference-used",
        409,
        _("Your reference belongs to an earlier shipment."),
        _("Use a new client_reference."),
    ),
    Code(
        "declaration-no-used",
        409,
        _("The declaration number belongs to another shipment."),
        _("Send the number of this shipment's own declaration."),
    ),
    Code("duplicate-line", 422, _("A license line stands twice."), _("Add the quantities up in one line.")),
    Code("unknown-event", 422, _("The event is not known."), _("Send one of declared, cleared.")),
    Code(
        "message-id-reused",
        422,
        _("The message_id was used for another message."),
        _("Give the message an id of its own."),
    ),
)
register(CODES)
