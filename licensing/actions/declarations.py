"""The verbs of end-use declarations."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from core.access import Actor
from core.actions import keep_answer, keep_file
from core.command import command
from core.errors import DomainError, FourEyes, Invalid, Problem, WrongState
from core.files import PAPER
from core.history import lines_of, move, overtaken, record, require, require_version
from core.legal_time import legal_day, legal_now, legal_today
from core.locks import lock, lock_all
from core.references import draw
from core.templatetags.lodestone import day
from licensing.actions.invalidations import found_invalid_by, lock_closed, restore
from licensing.actions.screenings import require_resolved_of
from licensing.models import Application, ControlItem, Declaration
from licensing.models.declarations import CHANGEABLE, FIELDS, SIGNATURE, SIGNED_MONTHS, DeclarationEntry, unconfirmed
from licensing.policy.facts import MOST_COUNTRIES
from licensing.selectors import asked_on, declarations_for, expiring_declarations, signed_in_time
from licensing.states import OPEN_CASE, ApplicationState, DeclarationState

FILE_KINDS = PAPER  # of certificates
Kind = DeclarationEntry.Kind
ONWARD_MOST = MOST_COUNTRIES - 2  # with the end-user's own and a shipment's the most that rules read


@command
def draft(*, by: Actor, items: list[ControlItem], **facts: Any) -> Declaration:
    """A declaration in draft says what the end-user will be asked to sign."""
    _own_end_user(facts, by)
    row = Declaration(ref=draw(Declaration.PREFIX), exporter_id=by.organization_id, created_at=legal_now())
    return _write(row, items, facts, by, "draft")


@command
def change(ref: str, *, version: int, by: Actor, items: list[ControlItem], **facts: Any) -> Declaration:
    """The draft says what the form said. Raises 412 stale when somebody else changed it meanwhile."""
    row = lock(declarations_for(by), ref=ref)
    if not row.editable:
        raise WrongState(
            _("Have it signed anew, with your reason; then it can be changed.")
            if row.queried
            else _("A signed declaration can't be changed. Make a new one.")
        )
    require_version(row, version)
    _own_end_user(facts, by)
    if facts["end_user"].pk != row.end_user_id and (row.used_by.exists() or row.thread.exists()):
        message = _("It stays with the end-user for whom it was named or sent. For another one make a new declaration.")
        raise Invalid([Problem("/end_user", "end-user-stays", message)])
    row.version += 1
    return _write(row, items, facts, by, "change")


def _own_end_user(facts: dict[str, Any], by: Actor) -> None:
    if facts["end_user"].exporter_id != by.organization_id:
        raise Invalid([Problem("/end_user", "unknown-reference", _("Choose one of your parties abroad."))])


def _write(row: Declaration, items: list[ControlItem], facts: dict[str, Any], by: Actor, verb: str) -> Declaration:
    if facts.get("re_export") and not facts.get("re_export_countries"):
        message = _("Name the countries that the goods or products go on to.")
        raise Invalid([Problem("/re_export_countries", "required", message)])
    if len(facts.get("re_export_countries") or ()) > ONWARD_MOST:
        message = _("At most {most} countries.").format(most=ONWARD_MOST)
        raise Invalid([Problem("/re_export_countries", "max-items", message)])
    for name in FIELDS:
        if name in facts:
            setattr(row, name, facts[name])
    row.save()
    row.items.all().delete()
    for item in items:
        row.items.create(control_item=item)
    record(row, verb, by=by)
    return row


@command
def attach_signed(
    ref: str,
    *,
    seen: int,
    certificate: tuple[str, bytes],
    signer_name: str,
    signer_post: str,
    signed_on: date,
    by: Actor,
) -> Declaration:
    """The declaration is signed: the certificate is kept with its hash, with who signed and when.

    Raises Invalid when the file is no PDF, the day lies ahead or too far back, or a confirmation is missing.
    """
    row = lock(declarations_for(by), ref=ref)
    require(row.attach_signed, by=by, seen=seen)
    at = legal_now()
    problems = _not_anew(row, certificate[1], signed_on)
    if signed_on > legal_today():
        problems.append(Problem("/signed_on", "date-out-of-range", _("The day of signature can't lie ahead.")))
    problems += _too_old(Declaration(exporter_id=row.exporter_id, signed_on=signed_on), legal_day(at))
    problems += _as_it_was(row)
    for name in unconfirmed(vars(row)):
        message = _("The end-user must confirm this in the certificate; tick it in the draft first.")
        problems.append(Problem(f"/{name}", "required", message))
    if problems:
        raise Invalid(problems)
    name, content = certificate
    document = keep_file(name, content, field="certificate", by=by, kinds=FILE_KINDS, at=at)
    facts = {"sha256": document.sha256, "signed_on": signed_on.isoformat()}
    move(
        row.attach_signed,
        by=by,
        at=at,
        facts=facts,
        certificate=document,
        signer_name=signer_name,
        signer_post=signer_post,
        signed_on=signed_on,
        attached_at=at,
        as_signed={**stated(row), "party": row.end_user.entered},
    )
    return row


def _too_old(signed: Declaration, today: date) -> list[Problem]:
    """Where no application that is begun today could be filed on what was signed on that day."""
    if signed_in_time(signed, today):
        return []
    message = _(
        "It was signed more than {months} months ago: an application can rely on it for a planned start until {last} "
        "only, and that is over. Have it signed anew."
    )
    text = message.format(months=SIGNED_MONTHS, last=day(signed.last_start))
    return [Problem("/signed_on", "declaration-too-old", text)]


def _not_anew(row: Declaration, content: bytes, signed_on: date) -> list[Problem]:
    """Why this is no new signature of what was rejected, invalid or taken back; nothing where none was."""
    problems = []
    found_false = [DeclarationState.REJECTED, DeclarationState.INVALID]
    taken = Declaration.objects.filter(exporter=row.exporter_id, state__in=found_false)
    if taken.filter(certificate__sha256=hashlib.sha256(content).hexdigest()).exists():
        message = _(
            "The declaration with this certificate was rejected, or is invalid. Attach one that was signed since."
        )
        problems.append(Problem("/certificate", "out-of-range", message))
    signed_before = row.thread.filter(kind=Kind.REDO, files__sha256=hashlib.sha256(content).hexdigest())
    if signed_before.exists():
        message = _("This is the certificate that was signed before. Attach the one that was signed since.")
        problems.append(Problem("/certificate", "out-of-range", message))
    asked = row.thread.filter(kind=Kind.ASK).last()
    if asked is not None and signed_on < (since := legal_day(asked.at)):
        message = _("The reviewer asked on {day}; what answers that was signed on that day or later.").format(day=since)
        problems.append(Problem("/signed_on", "date-out-of-range", message))
    return problems


def _as_it_was(row: Declaration) -> list[Problem]:
    """Where it was taken back for what it says, and says just what it said then."""
    last = row.thread.last()
    if last is None or last.kind != Kind.REDO or not last.before:
        return []
    named = lines_of(row).filter(verb="redo").latest("seq").facts.get("changes", [SIGNATURE])
    now = {**stated(row), "party": row.end_user.entered}
    if not any(name in last.before and now.get(name) == last.before[name] for name in named):
        return []
    message = _("It was taken back so that it says something else, and says what it said. Change that first.")
    return [Problem("/certificate", "out-of-range", message)]


def stated(row: Declaration) -> dict[str, Any]:
    """What the declaration says, by field, in words of no language: as it is kept when it is signed."""
    said = {name: getattr(row, f"{name}_id" if name in ("end_user", "end_use") else name) for name in FIELDS}
    return said | {"items": sorted(item.control_item.code for item in row.items.all())}


@command
def submit(ref: str, *, seen: int, by: Actor) -> Declaration:
    """The ministry may look at it, and applications may rely on it. Raises Invalid where none could that is begun now.

    Where it was signed anew, the history of each case that is not decided and names it says so: nobody goes on with
    what he saw before, and whoever has the case is written to.
    """
    undecided = (*OPEN_CASE, ApplicationState.UNDER_RECONSIDERATION)
    cases = lock_all(Application.objects.filter(state__in=undecided, end_users__declaration__ref=ref))
    row = lock(declarations_for(by), ref=ref)
    require(row.submit, by=by, seen=seen)
    at = legal_now()
    if problems := _too_old(row, legal_day(at)):
        raise Invalid(problems)
    move(row.submit, by=by, at=at)
    for case in cases:
        record(case, "declared_anew", by=by, at=at, before=case.state, facts={"declaration": row.ref})
    return row


@command
def verify(ref: str, *, seen: int, quantity_fit: bool, compared: str | None = None, by: Actor) -> Declaration:
    """A reviewer has looked at certificate, signer and quantities, and found them right.

    quantity_fit: he says that what is asked on it fits the need that it states; history keeps both. compared: what was
    asked on the page that he saw, as `told` writes it; None: what is asked now.
    End-users of licenses whom an invalid declaration had closed are open again where this one says as much and was
    signed since. Raises FourEyes then for both who found that invalid, DomainError screening-unresolved while it is not
    known whether its end-user is on a list.
    """
    visible = declarations_for(by)
    theirs = Q(state=DeclarationState.IN_FORCE, end_user__in=visible.filter(ref=ref).values("end_user"))
    others = lock_all(visible.filter(Q(ref=ref) | theirs))  # together, in one order, as an issue locks several
    row = lock(visible, ref=ref)
    require(row.verify, by=by, seen=seen)
    require_resolved_of(row)
    closed = lock_closed(row)
    if closed and found_invalid_by(row, by):
        raise FourEyes(_("You found the declaration before invalid, so another officer verifies what opens it again."))
    if not quantity_fit:
        message = _("Compare what is asked with the stated need, and say that it fits; or ask the exporter.")
        raise Invalid([Problem("/quantity_fit", "required", message)])
    at, asked = legal_now(), asked_on(row)
    if compared is not None and compared != told(asked):
        raise overtaken()
    facts = {"need": row.yearly_need, "asked": [list(one) for one in asked]}
    move(row.verify, by=by, at=at, facts=facts)
    restore(row, others, closed, by=by, at=at)
    return row


def told(asked: list[tuple[str, str, int]]) -> str:
    """What is asked on a declaration, for a page to carry along."""
    return json.dumps(asked)


@command
def query(ref: str, *, seen: int, reason: str, by: Actor) -> Declaration:
    """The exporter has to answer, or to have the declaration signed anew; nothing is filed on it until then."""
    row = lock(declarations_for(by), ref=ref)
    require(row.query, by=by, seen=seen)
    at = legal_now()
    row.thread.create(kind=Kind.ASK, by=by.user, at=at, text=reason)
    move(row.query, by=by, at=at, reason=reason)
    return row


@command
def answer(ref: str, *, seen: int, text: str = "", files: Sequence[tuple[str, bytes]] = (), by: Actor) -> Declaration:
    """The reviewer has the answer, and the declaration again, as it was signed.

    files: (name, content) of PDF, images and sheets. Raises Invalid for an empty answer.
    """
    row = lock(declarations_for(by), ref=ref)
    require(row.answer, by=by, seen=seen)
    at = legal_now()
    kept = keep_answer(text, files, by=by, at=at)
    said = row.thread.create(kind=Kind.ANSWER, by=by.user, at=at, text=text)
    said.files.set(kept)
    move(row.answer, by=by, at=at, facts={"files": [document.sha256 for document in kept]})
    return row


@command
def redo(ref: str, *, seen: int, changes: Sequence[str], reason: str, by: Actor) -> Declaration:
    """It is a draft again, whose fields may change; the end-user has to sign it anew. The reviewer reads what and why.

    changes: of what is signed that which must change, `CHANGEABLE`; what changes nothing of that is answered. What was
    signed before is kept, and stands until another certificate is attached.
    """
    row = lock(declarations_for(by), ref=ref)
    require(row.redo, by=by, seen=seen)
    if not changes or not set(changes) <= set(CHANGEABLE):
        message = _("Name what of it must change. Where nothing that is signed changes, answer the question.")
        raise Invalid([Problem("/changes", "required", message)])
    at = legal_now()
    said = row.thread.create(kind=Kind.REDO, by=by.user, at=at, text=reason, before=row.as_signed or stated(row))
    assert row.certificate is not None, "what was sent is signed"
    said.files.add(row.certificate)
    move(row.redo, by=by, at=at, reason=reason, facts={"changes": [one for one in CHANGEABLE if one in changes]})
    return row


@command
def receive_original(ref: str, *, seen: int, on: date, note: str = "", by: Actor) -> Declaration:
    """The paper that the end-user signed has come to the ministry on that day. Nothing waits for it.

    Raises DomainError original-received where it is recorded already, Invalid for a day ahead or before the signature.
    """
    row = lock(declarations_for(by), ref=ref)
    require(row.receive_original, by=by, seen=seen)
    if row.original_received_on is not None:
        raise DomainError(_("The paper original is recorded as received already."), code="original-received")
    assert row.signed_on is not None, "what was sent is signed"
    at = legal_now()
    if on > legal_day(at):
        raise Invalid([Problem("/on", "date-out-of-range", _("The day on which it came can’t lie ahead."))])
    if on < row.signed_on:
        raise Invalid([Problem("/on", "date-out-of-range", _("It can’t have come before it was signed."))])
    move(row.receive_original, by=by, at=at, reason=note, facts={"on": on.isoformat()}, on=on, note=note)
    return row


@command
def miss_original(ref: str, *, seen: int, reason: str, by: Actor) -> Declaration:
    """That its paper original came was recorded by mistake: it is not there. Raises DomainError no-original."""
    row = lock(declarations_for(by), ref=ref)
    require(row.miss_original, by=by, seen=seen)
    if row.original_received_on is None:
        raise DomainError(_("The paper original is not recorded as received."), code="no-original")
    facts = {"on": row.original_received_on.isoformat()}
    move(row.miss_original, by=by, at=legal_now(), reason=reason, facts=facts)
    return row


@command
def expire(pk: int, *, by: Actor) -> bool:
    """The declaration says expired: SIGNED_MONTHS after it was signed there is no license on it, unless by a change of
    one in force that began in time. A case that was filed in time keeps it until it is decided. May run late or never:
    whether a case may be filed on it never waits for this."""
    row = lock(Declaration.objects.all(), pk=pk)
    at = legal_now()
    if not expiring_declarations(legal_day(at)).filter(pk=row.pk).exists():
        return False
    move(row.expire, by=by, at=at)
    return True


@command
def reject(ref: str, *, seen: int, reason: str, by: Actor) -> Declaration:
    """No application may rely on it any more; the exporter knows why and can make another."""
    row = lock(declarations_for(by), ref=ref)
    require(row.reject, by=by, seen=seen)
    move(row.reject, by=by, reason=reason)
    return row
