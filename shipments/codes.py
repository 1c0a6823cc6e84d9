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
    Code(
        "test-not-met",
        409,
        _("The published test for annual licenses is not met today."),
        _("The company’s page says what is missing, in numbers, and since when each number counts."),
    ),
    Code(
        "renewal-not-open",
        409,
        _("A qualification is renewed in its last 60 days, and not after them."),
        _("Renew it from the day that is named on; after its last day the company asks again."),
    ),
    Code(
        "record-overlaps",
        409,
        _("An accepted record on paper covers some of the same days."),
        _("Refuse this one, and have the company hand in a record of the other days."),
    ),
    Code("duplicate-line", 422, _("A license line stands twice."), _("Add the quantities up in one line.")),
    Code(
        "unknown-event",
        422,
        _("The event is not known."),
        _("Send one of declared, questioned, cleared, rejected, corrected, returned."),
    ),
    Code(
        "below-returned",
        422,
        _("Less would have crossed than came back."),
        _("Correct the line to no less than what came back of it."),
    ),
    Code(
        "more-than-crossed",
        422,
        _("More came back than crossed and was still out."),
        _("Send what was cleared first, or the right quantity."),
    ),
    Code(
        "message-id-reused",
        422,
        _("The message_id was used for another message."),
        _("Give the message an id of its own."),
    ),
)
register(CODES)
