"""Every refusal: a stable code, its status, its cause, what mends it. Each stands here, or in its app's `codes`, once.

What raises gives the code alone; status, title, docs page and OpenAPI document follow from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.decided import filled

TITLES = {
    400: _("Unreadable request"),
    401: _("Sign-in needed"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Method not allowed"),
    406: _("Not acceptable"),
    409: _("Not possible now"),
    411: _("Length required"),
    412: _("Changed since you read it"),
    413: _("Too large"),
    415: _("Unsupported media type"),
    422: _("Needs mending"),
    429: _("Too many requests"),
    500: _("Our fault"),
    503: _("Not available"),
}


@dataclass(frozen=True)
class Code:
    """One kind of refusal. retry: the same request may succeed later. also: further statuses that it comes with."""

    code: str
    status: int
    cause: "str | Promise"
    fix: "str | Promise"
    retry: bool = False
    also: tuple[int, ...] = ()


_codes: dict[str, Code] = {}


def register(codes: Iterable[Code]) -> None:
    """The app's codes are known. Raises ValueError for one that is there already."""
    for code in codes:
        if code.code in _codes:
            raise ValueError(f"the code {code.code} is defined twice")
        _codes[code.code] = code


def find(code: str) -> Code:
    """The code's definition. Raises LookupError for a code that nobody defined: a bug of whoever raises it."""
    if code not in _codes:
        raise LookupError(f"the code {code!r} is not defined; it belongs into the app's codes.py")
    return _codes[code]


def table() -> list[Code]:
    """Every code, by status."""
    return sorted(_codes.values(), key=lambda code: code.status)


CODES = (
    Code("empty-body", 400, _("The body is empty."), _("Send JSON.")),
    Code(
        "invalid-json",
        400,
        _("The body is not JSON, or begins with a byte order mark; the detail says where."),
        _("Mend the text there."),
    ),
    Code("invalid-encoding", 400, _("The body is not UTF-8."), _("Send UTF-8.")),
    Code("duplicate-key", 400, _("A key stands twice in one object."), _("Send each key once.")),
    Code(
        "too-deep",
        400,
        filled(_("The body is nested more than {most} deep."), most="core.api.parsers.MAX_DEPTH"),
        _("Send the object that the call describes."),
    ),
    Code(
        "too-many-fields",
        400,
        filled(_("A form has more than {most} fields."), most="core.sizes.FORM_FIELDS"),
        _("Send fewer fields at once."),
    ),
    Code("unreadable", 400, _("The request could not be read."), _("Compare it with the call's description.")),
    Code(
        "idempotency-key-required",
        400,
        _("A POST that changes something came without an Idempotency-Key."),
        _("Send the header: any text of your own that names this request once."),
    ),
    Code(
        "idempotency-key-invalid",
        400,
        filled(
            _("The Idempotency-Key is not {characters}."),
            characters="core.models.idempotency.KEY_WORDS",
        ),
        _("Use only those characters, without blanks, and no more of them."),
    ),
    Code(
        "authentication-required",
        401,
        _("Nobody is signed in and no key was sent."),
        filled(_("Send `Authorization: Bearer {key}…`, or sign in."), key="core.models.people.KEY_PREFIX"),
    ),
    Code(
        "invalid-key",
        401,
        _("The key is unknown, has ended, or was revoked, or it is sent in another way than the docs say."),
        _("Compare how it is sent; where that is right, make a new key and send that."),
    ),
    Code("forbidden", 403, _("Your role does not allow this."), _("Ask somebody who has the role.")),
    Code(
        "https-required",
        403,
        _("The call came in the clear, and with it the key."),
        _("Call over https, with a new key."),
    ),
    Code(
        "insufficient-scope", 403, _("The key lacks the scope that the detail names."), _("Make a key with that scope.")
    ),
    Code(
        "csrf-failed",
        403,
        _("A browser session came without its CSRF token."),
        _("Send the token in `X-CSRFToken`, or load the page again."),
    ),
    Code("four-eyes", 403, _("The other step was taken by the same person."), _("Let somebody else take this one.")),
    Code(
        "no-membership",
        403,
        _("Your account belongs to no organization any more."),
        _("Ask an administrator to add you."),
    ),
    Code(
        "not-found",
        404,
        _("Absent, or not yours; both look the same."),
        _("Check the address, its reference, and what the body names."),
    ),
    Code(
        "method-not-allowed",
        405,
        _("The address does not answer this method."),
        _("Use one that the Allow header names."),
    ),
    Code("not-acceptable", 406, _("The Accept header excludes application/json."), _("Accept application/json.")),
    Code(
        "in-progress",
        409,
        _("The first request with this key still runs."),
        _("Send the same request under the same key after Retry-After."),
        retry=True,
    ),
    Code(
        "wrong-state",
        409,
        _("Not possible in its present state."),
        _("Read it again. `allowed`, where the refusal has it, names what you may call now."),
    ),
    Code(
        "proposal-open",
        409,
        _("Somebody proposed this already, and it waits for a second officer."),
        _("Have that countersigned or dropped first."),
    ),
    Code(
        "no-proposal",
        409,
        _("Nobody proposed this, or it was decided already."),
        _("Read it again; propose it where it is still wanted."),
    ),
    Code(
        "last-signatory", 409, _("It is the organization's only signatory."), _("Make somebody else a signatory first.")
    ),
    Code(
        "last-admins",
        409,
        filled(_("{n} administrators must remain."), n="core.models.roles.ADMINS_LEAST"),
        _("Make somebody else an administrator first."),
    ),
    Code("already-bootstrapped", 409, _("There are administrators already."), _("Let them make the other officers.")),
    Code("length-required", 411, _("The body came in chunks."), _("Send Content-Length.")),
    Code(
        "stale", 412, _("Somebody changed it since you read it."), _("Compare with the present values, and send again.")
    ),
    Code(
        "body-too-large",
        413,
        filled(
            _("The body is larger than the call takes: {most} MiB, unless it says more."),
            most="core.sizes.BODY_MEGABYTES",
        ),
        _("Send less at once."),
    ),
    Code(
        "unsupported-media-type",
        415,
        _("The Content-Type is none that the call takes: application/json, unless it says more."),
        _("Say in Content-Type what you send."),
    ),
    Code("unsupported-charset", 415, _("The Content-Type names another charset than UTF-8."), _("Send UTF-8.")),
    Code(
        "invalid",
        422,
        _("The value is not of the form that the message asks for."),
        _("Read the message; it says what fits."),
    ),
    Code("expected-object", 422, _("A JSON object was expected here."), _("Send `{…}`.")),
    Code("expected-array", 422, _("A JSON list was expected here."), _("Send `[…]`.")),
    Code("unknown-field", 422, _("There is no such field."), _("Mend its name, or leave it out.")),
    Code("read-only-field", 422, _("The field is not yours to set."), _("Leave it out.")),
    Code("required", 422, _("The field is needed."), _("Send it; null is not a value.")),
    Code("blank", 422, _("The text says nothing."), _("Send at least one letter or digit.")),
    Code("min-items", 422, _("The list needs at least one item."), _("Send one or more.")),
    Code("max-items", 422, _("The list is too long."), _("Send fewer items at once.")),
    Code(
        "must-be-string",
        422,
        _("A string was expected."),
        _("Send text in quotes; quantities and amounts are never numbers."),
    ),
    Code(
        "must-be-integer",
        422,
        _("A whole number in range was expected."),
        _("Send it without quotes and without a fraction."),
    ),
    Code("must-be-boolean", 422, _("True or false was expected."), _("Send `true` or `false` without quotes.")),
    Code(
        "not-plain-decimal",
        422,
        _("The text is not a plain decimal."),
        _("Write it like `1200.500`: no sign, exponent or separator."),
    ),
    Code(
        "must-be-positive",
        422,
        _("The quantity must be more than zero."),
        _("Send more than zero, or leave the line out."),
    ),
    Code(
        "use-a-point",
        422,
        _("A comma stands in the number."),
        _("Use a point for decimals and no thousands separator."),
    ),
    Code(
        "too-precise",
        422,
        _("More places than the unit has; nothing is rounded."),
        _("Send at most three places for kilograms, whole numbers otherwise."),
    ),
    Code(
        "too-long",
        422,
        _("The text is too long, or the number too large."),
        _("Send less; the message names the limit."),
    ),
    Code(
        "unknown-unit",
        422,
        _("The unit is not known."),
        filled(_("Use one of: {units}."), units="core.quantities.NAMES"),
    ),
    Code("unknown-reference", 422, _("The reference names nothing of yours."), _("Take it from your own lists.")),
    Code(
        "invalid-reference",
        422,
        _("Not a reference of that kind, or a typing error."),
        _("Compare it letter by letter with the original."),
    ),
    Code("invalid-format", 422, _("Not of the form that the message shows."), _("Write it in that form.")),
    Code(
        "too-many-rows",
        422,
        filled(_("A file of a list would have more than {most} rows."), most="core.sizes.LIST_ROWS"),
        _("Narrow the list, by days for example, and make several files."),
    ),
    Code(
        "invalid-parameter",
        422,
        _("A query parameter is unknown, stands twice, or has a value that it can't have."),
        _("Compare it with the call's parameters."),
    ),
    Code(
        "forbidden-character",
        422,
        _("A control or direction character, or broken UTF-8, stands in the text (400 in the address)."),
        _("Take the character out."),
        also=(400,),
    ),
    Code("out-of-range", 422, _("More or less than is allowed."), _("Stay within the limits that the message names.")),
    Code("not-iso-date", 422, _("The day is not written as YYYY-MM-DD."), _("Write it like `2026-12-01`.")),
    Code(
        "not-iso-instant",
        422,
        _("The instant is not written as RFC 3339 has it."),
        _("Write it like `2026-12-01T09:30:00+08:00`."),
    ),
    Code(
        "invalid-date",
        422,
        _("There is no such day or instant, or it is out of range."),
        _("Send one that the calendar has."),
    ),
    Code("zone-required", 422, _("The instant has no zone."), _("Append `+08:00` or `Z`.")),
    Code(
        "date-out-of-range",
        422,
        _("The day is out of the allowed range."),
        _("Choose a day within the range that the message names."),
    ),
    Code(
        "calendar-not-published",
        422,
        _("The working days that the count needs are not published, or lie before the first year that is kept here."),
        _("Ask again when the table has them: the notice for a year usually comes in November of the year before."),
    ),
    Code("end-before-start", 422, _("The end lies before the start."), _("Exchange or mend them.")),
    Code(
        "idempotency-key-reused",
        422,
        _("The Idempotency-Key was used for another request."),
        _("Use a new key for a new request."),
    ),
    Code(
        "unknown-role",
        422,
        _("The organization has no such role."),
        _("Choose among the roles that the message names."),
    ),
    Code(
        "province-without-intake",
        422,
        _("A province limits what an intake officer sees, and nobody else."),
        _("Leave the province empty, or give the role of an intake officer."),
    ),
    Code(
        "name-taken",
        422,
        _("Another organization has this name, or one that differs only in width, case, blanks or points."),
        _("Choose a name that nobody takes for the other."),
    ),
    Code("already-member", 422, _("The person is, or was, in the team."), _("Change the roles of the member.")),
    Code("already-used", 422, _("Somebody has an account with this email address."), _("Use another address.")),
    Code(
        "unknown-scope",
        422,
        _("No scope was chosen, or one that the organization can't give."),
        _("Choose from the list."),
    ),
    Code(
        "too-few-admins",
        422,
        filled(_("Fewer than {n} administrators were named."), n="core.models.roles.ADMINS_LEAST"),
        filled(_("Name at least {n} people with the role admin."), n="core.models.roles.ADMINS_LEAST"),
    ),
    Code("file-empty", 422, _("The file is empty."), _("Choose the file again.")),
    Code(
        "file-too-large",
        422,
        filled(_("The file is larger than {most} MB."), most="core.sizes.FILE_MEGABYTES"),
        _("Send a smaller one."),
    ),
    Code(
        "file-name",
        422,
        _("The file's name is too long, not plain, or does not end as the kinds of file do that are taken there."),
        _("Rename it."),
    ),
    Code("file-unsafe", 422, _("A virus scanner would stop the file."), _("Send another one.")),
    Code("file-not-pdf", 422, _("The file is not a PDF."), _("Save or scan it as PDF.")),
    Code(
        "file-mismatch",
        422,
        _("The file's content is not what the end of its name says, or it has macros."),
        _("Save it anew from the program that made it."),
    ),
    Code(
        "file-too-large-inside",
        422,
        filled(
            _("Opened, the file is larger than {most} MB, {parts} parts or {pixels} million pixels."),
            most="core.sizes.MEGABYTES_UNPACKED",
            parts="core.sizes.PARTS_MOST",
            pixels="core.sizes.MEGAPIXELS_MOST",
        ),
        _("Send a smaller one, or several."),
    ),
    Code(
        "locked-out",
        429,
        _("Too many failed sign-ins for the account or from the address, or another form sent too often."),
        _("Wait for Retry-After."),
        retry=True,
    ),
    Code(
        "too-many-invitations",
        429,
        filled(
            _("The company invited more people in {hours} hours than are let."),
            hours="core.actions.teams.SPAN_HOURS",
        ),
        _("Wait for Retry-After; nothing was sent."),
        retry=True,
    ),
    Code(
        "throttled",
        429,
        _("More calls than the key's rate allows."),
        _("Wait for Retry-After; nothing was done."),
        retry=True,
    ),
    Code(
        "internal",
        500,
        _("Our fault."),
        _("Tell us the `instance`; the same request under the same key is safe."),
        retry=True,
    ),
    Code(
        "busy",
        503,
        _("Somebody changes the same thing right now; nothing was changed."),
        _("Send the same request again after Retry-After."),
        retry=True,
    ),
    Code(
        "unavailable",
        503,
        _("The database does not answer."),
        _("Send the same request under the same key after Retry-After."),
        retry=True,
    ),
    Code(
        "upgrading",
        503,
        _("Lodestone is being upgraded, and what answered is of another version than the database."),
        _("Send the same request under the same key after Retry-After."),
        retry=True,
    ),
)
register(CODES)
