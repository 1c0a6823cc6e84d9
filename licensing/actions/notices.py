"""The verbs of notices: what is no rule yet is told to the public, and taken back where it no longer holds."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import Invalid, Problem
from core.history import move, record, require, require_may
from core.legal_time import legal_day, legal_now
from core.locks import lock
from core.references import draw
from exporters import rules
from licensing.models import Notice
from licensing.selectors import FIRST_DAY, instruments_known, notices_for


@command
def publish(*, kind: str, dated: date, text_en: str, text_zh: str, instruments: Sequence[str], by: Actor) -> Notice:
    """Everybody reads it: of these instruments, as of that day. Raises Invalid with everything that is wrong."""
    require_may(rules.officer("notice.new")(None, by))
    at = legal_now()
    problems = [
        Problem(f"/{name}", "required", _("Write it in both languages."))
        for name, text in (("text_en", text_en), ("text_zh", text_zh))
        if not text.strip()
    ]
    if not FIRST_DAY <= dated <= legal_day(at):
        message = _("A notice is of today or of an earlier day; what is to come stands in its text.")
        problems.append(Problem("/dated", "date-out-of-range", message))
    if not instruments:
        problems.append(Problem("/instruments", "required", _("Say which instruments it is about.")))
    known = instruments_known(at)
    problems += [
        Problem("/instruments", "unknown-instrument", _("No edition has an instrument {name}.").format(name=name))
        for name in instruments
        if name not in known
    ]
    if problems:
        raise Invalid(problems)
    facts = {"kind": kind, "dated": dated, "text_en": text_en, "text_zh": text_zh, "published_at": at}
    row = Notice.objects.create(ref=draw(Notice.PREFIX), instruments=sorted(set(instruments)), **facts)
    record(row, "publish", by=by, at=at)
    return row


@command
def withdraw(ref: str, *, seen: int, reason: str, by: Actor) -> Notice:
    """It no longer holds, and everybody reads why; its text stays."""
    row = lock(notices_for(by), ref=ref)
    require(row.withdraw, by=by, seen=seen)
    at = legal_now()
    move(row.withdraw, by=by, at=at, reason=reason, withdrawn_at=at, withdrawn_because=reason)
    return row
