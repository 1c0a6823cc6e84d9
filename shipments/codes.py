"""The refusals of shipments and customs messages."""

from django.utils.translation import gettext_lazy as _

from core.codes import Code, register
from core.decided import filled

CODES = (
    Code(
        "client-reference-used",
        409,
        _("Your reference belongs to an earlier shipment."),
        _("Use a new client_reference."),
    ),
    Code(
        "report-overdue",
        409,
        filled(
            _("The company owes reports of deliveries that are overdue for more than {days} days."),
            days="shipments.models.LATE_DAYS",
        ),
        _("Report the delivery of each shipment that `errors` names; then send the same under a new key."),
    ),
    Code(
        "not-to-close",
        409,
        _("An account is closed when nothing of the company is open any more; `errors` names all that is."),
        _("Do what each of these says; then close the account."),
    ),
    Code("license-in-force", 409, _("A license of the company is not over."), _("Wait for its end, or hand it back.")),
    Code("case-open", 409, _("An application of the company is open."), _("Withdraw it, or wait for the decision.")),
    Code("shipment-open", 409, _("Goods may still cross for a shipment."), _("Cancel it, or wait for customs.")),
    Code("report-owed", 409, _("The delivery of a shipment is not reported."), _("Report it on the shipment's page.")),
    Code(
        "declaration-no-used",
        409,
        _("The declaration number belongs to another shipment."),
        _("Send the number of this shipment's own declaration."),
    ),
    Code(
        "unusual",
        409,
        _("What is reported is unusual, and whoever reports it was not told so yet."),
        _("Look at it again; what crossed is booked all the same once that was seen."),
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
        filled(
            _("A qualification is renewed in its last {days} days, and not after them."),
            days="exporters.models.RENEWAL_DAYS",
        ),
        _("Renew it from the day that is named on; after its last day the company asks again."),
    ),
    Code(
        "record-overlaps",
        409,
        _("An accepted record on paper covers some of the same days."),
        _("Refuse this one, and have the company hand in a record of the other days."),
    ),
    Code(
        "no-rate",
        422,
        _("No rate of this month converts the value into the currency of the cap."),
        _("State the value in the currency that the message names."),
    ),
    Code(
        "not-booked",
        409,
        _("Another row of an atomic bulk was refused, so this one was not booked."),
        _("Mend the row that is named, or leave it out, and send all again; no key of it was used up."),
    ),
    Code(
        "file-booked",
        409,
        _("This very file was booked before."),
        _("Look at what became of it; send what is new in a file of its own."),
    ),
    Code(
        "invalid-sheet",
        422,
        _("The lines of the sheet are not made of the documented columns."),
        _("Save it as CSV UTF-8, parted by commas, with the documented columns as its first line."),
    ),
    Code(
        "formula",
        422,
        _("A cell begins with = or @, as a formula does."),
        _("Put the formula's value into the cell."),
    ),
    Code(
        "row-repeated",
        422,
        _("Two rows of a bulk have the same idempotency_key or client_reference."),
        _("Send each shipment once; add what goes on one license line up."),
    ),
    Code("duplicate-line", 422, _("A license line stands twice."), _("Add the quantities up in one line.")),
    Code(
        "unknown-event",
        422,
        _("The event is not known."),
        filled(_("Send one of {events}."), events="shipments.api.serializers.EVENTS"),
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
