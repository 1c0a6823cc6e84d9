"""Files of shipments in a page: looked at, shown, and booked once, as they were shown."""

import hashlib
from collections.abc import Sequence

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError
from core.legal_time import LegalNow, legal_day, legal_now
from core.locks import lock
from core.references import draw
from shipments.actions import bulk
from shipments.actions.bulk import NothingBooked, Row
from shipments.actions.foreseeing import Foreseen
from shipments.models import Bulk, Sheet
from shipments.selectors import sheets_for

UNBOOKED_HOURS = 24  # for so long a file waits to be confirmed
CONTENT_DAYS = 90  # for so long the content of one that was booked is kept, to be handed out with its outcomes
MOST = 20  # of a company that wait; the oldest give way


@command
def show(name: str, content: bytes, found: Foreseen, *, language: str, by: Actor) -> Sheet:
    """The file is kept with what was found in it, to be confirmed; shown again, what is found now takes its place.

    Raises 409 `file-booked` where it was booked before.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    rows = Sheet.objects.filter(exporter_id=by.organization_id)
    shown = {"name": name, "found": found.as_json(), "digest": found.digest(sha256), "language": language}
    fresh = {"ref": draw(Sheet.PREFIX), "content": content, "uploaded_by": by.user, "uploaded_at": LegalNow(), **shown}
    known, _new = rows.get_or_create(exporter_id=by.organization_id, sha256=sha256, defaults=fresh)
    sheet = lock(rows, pk=known.pk)
    require_not_booked(sheet)
    for field, value in (shown | {"uploaded_by": by.user, "uploaded_at": legal_now()}).items():
        setattr(sheet, field, value)
    sheet.save()
    waiting = rows.filter(bulk=None).order_by("-uploaded_at", "-pk").values_list("pk", flat=True)
    rows.filter(bulk=None, pk__in=list(waiting[MOST:])).delete()
    return sheet


def require_not_booked(sheet: Sheet) -> None:
    """Raises 409 `file-booked`, naming when, by whom and as what."""
    if sheet.bulk is None:
        return
    text = _("This file was booked before: on {day}, by {who}, as {ref}. Send what is new in a file of its own.")
    on = sheet.bulk.created_at
    said = text.format(day=legal_day(on).isoformat(), who=sheet.bulk.created_by, ref=sheet.bulk.ref)
    raise DomainError(said, code="file-booked", bulk=sheet.bulk.ref)


@command
def confirm(
    ref: str,
    rows: Sequence[Row],
    *,
    read: str,
    shown: str,
    atomic: bool,
    language: str,
    instance: str,
    by: Actor,
) -> Bulk:
    """What was shown as good is booked, `at_once` or as a job; what was refused then stays refused. Twice is once.

    shown: the digest of what whoever confirms it saw; read: of what stood there when these rows were made of it, those
    that were refused among them. atomic: all rows, or none. Raises 412 `stale`, 409 `not-booked` and NothingBooked, and
    as `reserve_many` does.
    """
    held = lock(sheets_for(by), ref=ref)
    if held.bulk:
        return held.bulk
    if not held.digest == read == shown:
        raise DomainError(_("What the file comes to has changed since it was shown to you."), code="stale")
    refused = sum(row.refused is not None for row in rows)
    if refused == len(rows) or atomic and refused:
        raise DomainError(_("Rows of it are refused, so nothing was booked."), code="not-booked")
    if atomic:
        bulk.require_whole(len(rows), "/mode")
    made = bulk.keep(rows, language=language, instance=instance, by=by)
    if bulk.at_once(len(rows)):
        told = bulk.book(made, by)
        if atomic and any(one.refused for one in told):
            raise NothingBooked(told)
    held.bulk = made
    held.save(update_fields=["bulk"])
    return made
