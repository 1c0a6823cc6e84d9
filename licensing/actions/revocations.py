"""The ministry ends a license before its last day: one decider proposes it, a second one countersigns."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from core import proposals
from core.access import Actor
from core.actions import keep_file
from core.command import command
from core.errors import Invalid, Problem
from core.files import PAPER
from core.history import move, require
from core.legal_time import legal_day, legal_now
from core.locks import lock
from core.templatetags.lodestone import day
from exporters.models import Qualification
from licensing import ledger
from licensing.actions.standing import lapse_with
from licensing.models import EndReason, License, Revocation
from licensing.selectors import licenses_for

FILE_KINDS = PAPER  # of the record of a hearing


@command
def propose_revoke(
    ref: str,
    *,
    seen: int,
    end_reason: str,
    provision: str,
    reason: str,
    hearing: tuple[str, bytes] | None = None,
    heard_on: date | None = None,
    by: Actor,
) -> License:
    """That the license ends waits for a second decider; nothing else has changed.

    reason: as its holder will read it. hearing: its record, name and content, which is kept with its hash; a penalty
    needs one, and its day. Raises DomainError proposal-open where one waits, Invalid naming each other field.
    """
    license = lock(licenses_for(by), ref=ref)
    require(license.propose_revoke, by=by, seen=seen)
    at = legal_now()
    issued = license.and_before()[-1].issued_at  # what took its place goes on with the same goods and people
    if problems := _wrong(end_reason, provision, hearing, heard_on, legal_day(issued), legal_day(at)):
        raise Invalid(problems)
    record = keep_file(*hearing, field="hearing", by=by, kinds=FILE_KINDS, at=at) if hearing else None
    facts = {"end_reason": end_reason, "provision": provision.strip()}
    facts |= {"heard_on": heard_on.isoformat()} if heard_on else {}
    said: dict[str, Any] = {"by": by, "at": at, "reason": reason, "facts": facts}
    proposals.propose(license, "revoke", document=record, **said)
    move(license.propose_revoke, **said)
    return license


def _wrong(
    end_reason: str,
    provision: str,
    hearing: tuple[str, bytes] | None,
    heard_on: date | None,
    issued: date,
    today: date,
) -> list[Problem]:
    problems = []
    if end_reason not in EndReason.values:
        problems.append(Problem("/end_reason", "invalid", _("Choose one of the four ways in which a license ends.")))
    if not provision.strip():
        problems.append(Problem("/provision", "required", _("Name the provision on which it rests.")))
    heard = end_reason == EndReason.PENALTY or hearing is not None or heard_on is not None
    if heard and hearing is None:
        text = _("Add the record of the hearing: no penalty without one, and no day without its record.")
        problems.append(Problem("/hearing", "required", text))
    if heard and heard_on is None:
        problems.append(Problem("/heard_on", "required", _("Say on which day the hearing was.")))
    if heard_on and heard_on > today:
        problems.append(Problem("/heard_on", "date-out-of-range", _("The hearing can't lie ahead.")))
    if heard_on and heard_on < issued:
        message = _("The license was issued on {day}: a hearing about it was on that day or later.")
        problems.append(Problem("/heard_on", "date-out-of-range", message.format(day=day(issued))))
    return problems


@command
def drop_revoke(ref: str, *, seen: int, reason: str, by: Actor) -> License:
    """The license goes on: whoever proposed its end took that back, or another decider declined it."""
    license = lock(licenses_for(by), ref=ref)
    require(license.drop_revoke, by=by, seen=seen)
    proposals.drop(license, "revoke", by=by, at=legal_now(), reason=reason)
    return license


@command
def revoke(ref: str, *, seen: int, by: Actor) -> License:
    """The license has ended as was proposed: no reservation commits after this does, and what was free has lapsed.

    What was declared before stays lawful and is cleared as usual; what is only reserved stays so until it is cancelled
    or lapses, and is no lawful declaration any more. Open causes stay as they are. With a penalty its holder's
    qualification for annual licenses has lapsed. Raises FourEyes for whoever proposed it, and no-proposal.
    """
    qualification = _lapses_with(ref, by)
    license = lock(licenses_for(by), ref=ref)
    require(license.revoke, by=by, seen=seen)
    ledger.lock_lines(license)
    at = legal_now()
    found = proposals.carry(license, "revoke", by=by, at=at)
    ledger.set_usable(license, usable=False)
    facts = {name: found.facts[name] for name in ("end_reason", "provision")}
    heard_on = found.facts.get("heard_on")
    Revocation.objects.create(
        license=license,
        proposal=found,
        reason=found.reason,
        hearing=found.document,
        heard_on=heard_on and date.fromisoformat(heard_on),
        revoked_at=at,
        **facts,
    )
    move(license.revoke, by=by, at=at, reason=found.reason, facts=facts)
    ledger.lapse(license)
    if qualification:
        lapse_with(qualification, at, license=license.ref)
    return license


def _lapses_with(ref: str, by: Actor) -> Qualification | None:
    """The holder's, which is taken before the license, where a penalty waits. One that is proposed after this was
    looked up is refused as not seen."""
    license = licenses_for(by).filter(ref=ref).first()
    found = license and proposals.waiting(license).get("revoke")
    if not license or not found or found.facts["end_reason"] != EndReason.PENALTY:
        return None
    return lock(Qualification.objects.filter(pk=license.exporter_id))
