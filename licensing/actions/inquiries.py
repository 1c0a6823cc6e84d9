"""An exporter asks what goods are on the control list; one officer proposes the answer, a second signs it."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from core import proposals
from core.access import Actor
from core.actions import ANSWER_KINDS, keep_file
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.files import too_large
from core.history import move, record, require
from core.legal_time import legal_now
from core.locks import lock
from core.references import draw
from exporters.models import Exporter
from exporters.states import ExporterState
from licensing.models import ControlItem, Inquiry, PolicyEdition
from licensing.selectors import edition_now, inquiries_for, items_for

FILE_KINDS = ANSWER_KINDS


def not_to_ask(company: int | None) -> str:
    """Why this company asks nothing now; empty where it may."""
    found = Exporter.objects.get(pk=company)
    return found.not_acting() if found.state in (ExporterState.BARRED, ExporterState.CLOSED) else ""


@command
def ask(
    *,
    description: str,
    composition: dict[str, str] | None = None,
    hs_code: str = "",
    files: Sequence[tuple[str, bytes]] = (),
    by: Actor,
) -> Inquiry:
    """The ministry has the question, with its papers. Raises Invalid naming each field.

    A company whose account is suspended may ask: which of its goods need no license it has to know then, too, and no
    answer is a step toward one. One that is barred or closed may not (DomainError exporter-not-active); what it asked
    before is answered, and may be withdrawn.
    """
    if why := not_to_ask(by.organization_id):
        raise DomainError(why, code="exporter-not-active")
    at = legal_now()
    problems = too_large(*(content for _name, content in files), field="files", remedy="")
    if not description.strip():
        problems = [Problem("/description", "required", _("Say what the goods are.")), *problems]
    if problems:
        raise Invalid(problems)
    row = Inquiry.objects.create(
        ref=draw(Inquiry.PREFIX),
        exporter_id=by.organization_id,
        description=description,
        composition=composition or {},
        hs_code=hs_code,
        asked_at=at,
    )
    row.files.set([keep_file(*file, field="files", by=by, kinds=FILE_KINDS, at=at) for file in files])
    record(row, "ask", by=by, at=at)
    return row


@command
def withdraw(ref: str, *, seen: int, by: Actor) -> Inquiry:
    """Nobody answers it any more."""
    row = lock(inquiries_for(by), ref=ref)
    require(row.withdraw, by=by, seen=seen)
    move(row.withdraw, by=by, at=legal_now())
    return row


@command
def propose_sign(ref: str, *, seen: int, item: str = "", reason: str, by: Actor) -> Inquiry:
    """The answer waits for a second officer; the company reads nothing of it before.

    item: a code of the control list, or nothing where the goods are not controlled. reason: as the company will read
    it. Raises DomainError proposal-open where one waits, Invalid for a code of no list.
    """
    row = lock(inquiries_for(by), ref=ref)
    require(row.propose_sign, by=by, seen=seen)
    at = legal_now()
    if item and not items_for().filter(code=item).exists():
        message = _("That is no official code of the lists loaded here.")
        raise Invalid([Problem("/item", "unknown-code", message)])
    facts = {"item": item, "edition": edition_now().code}
    proposals.propose(row, "sign", by=by, at=at, reason=reason, facts=facts)
    move(row.propose_sign, by=by, at=at, reason=reason, facts=facts)
    return row


@command
def drop_sign(ref: str, *, seen: int, reason: str, by: Actor) -> Inquiry:
    """The answer is not given: whoever proposed it took it back, or another officer sent it back."""
    row = lock(inquiries_for(by), ref=ref)
    require(row.drop_sign, by=by, seen=seen)
    proposals.drop(row, "sign", by=by, at=legal_now(), reason=reason)
    return row


@command
def sign(ref: str, *, seen: int, by: Actor) -> Inquiry:
    """The answer is given, and binds: the company reads it, with the edition under which it was found.

    Raises FourEyes for whoever proposed it, no-proposal, and edition-passed where another edition is in force since.
    """
    row = lock(inquiries_for(by), ref=ref)
    require(row.sign, by=by, seen=seen)
    at = legal_now()
    found = proposals.carry(row, "sign", by=by, at=at)
    item, edition = found.facts["item"], found.facts["edition"]
    if edition != edition_now().code:
        text = _("Another edition of the rules is in force since. Send the answer back, to be found under that one.")
        raise DomainError(text, code="edition-passed")
    facts, found_on = {"item": item, "edition": edition}, PolicyEdition.objects.defer("text").get(code=edition)
    what = ControlItem.objects.get(code=item) if item else None
    said: dict[str, Any] = {"by": by, "at": at, "reason": found.reason, "facts": facts}
    move(row.sign, **said, control_item=what, answer=found.reason, found_on=found_on, signed_at=at)
    return row
