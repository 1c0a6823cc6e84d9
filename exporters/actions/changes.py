"""What changes of a verified company's account: contacts and customs code at once; what an officer compared with the
business license when it asked for that and an officer accepted it."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core import provinces
from core.access import Actor
from core.actions import keep_file
from core.command import command
from core.errors import DomainError, Invalid, Problem
from core.history import move, require
from core.legal_time import legal_now
from core.locks import lock
from core.models import Organization
from exporters.actions import FILE_KINDS, NEEDED, read_customs_code, read_phone, require_free_names
from exporters.models import CONTACTS, FACTS, NAMES, PHONES, VERIFIED, AccountChange, Exporter
from exporters.selectors import exporters_for

Outcome = AccountChange.Outcome


@command
def restate(
    *, seen: int, customs_code: str, main_manager: str, handler: str, handler_phone: str, by: Actor, **phones: str
) -> Exporter:
    """The account names these from now on; history says from what to what. No officer compared them with a paper.

    phones: the others of PHONES; those that are not named are none. Raises Invalid for what is no code or number, where
    a person is not named, where nobody can be called, and where nothing is another.
    """
    exporter = lock(exporters_for(by), pk=by.organization_id)
    require(exporter.restate, by=by, seen=seen)
    typed: dict[str, Any] = {
        "customs_code": read_customs_code(customs_code),
        "main_manager": main_manager,
        "handler": handler,
        **{name: read_phone({"handler_phone": handler_phone, **phones}.get(name, ""), name) for name in PHONES},
    }
    _require_said({name: typed[name] for name in NEEDED if name in typed})
    before = {name: getattr(exporter, name) for name in CONTACTS}
    changed = _require_another(typed, before)
    facts = {"before": {name: before[name] for name in changed}, "after": changed}
    move(exporter.restate, by=by, facts=facts, **typed)
    return exporter


def _require_said(facts: dict[str, str]) -> None:
    message = _("A verified account needs this.")
    if problems := [Problem(f"/{name}", "required", message) for name, said in facts.items() if not said.strip()]:
        raise Invalid(problems)


def _require_another(typed: dict[str, str], before: dict[str, str]) -> dict[str, str]:
    """Of what was typed what differs from what stands."""
    changed = {name: said for name, said in typed.items() if said != before[name]}
    if not changed:
        raise Invalid([Problem("", "nothing-new", _("This is what stands already, so nothing was changed."))])
    return changed


@command
def ask_change(
    *, seen: int, reason: str, paper: tuple[str, bytes], is_license: bool = False, by: Actor, **facts: str
) -> Exporter:
    """What these facts are to be waits for an intake officer; nothing else has changed.

    facts: of VERIFIED, those that stay as they are too. is_license: the paper is the company's new business license.
    Raises DomainError change-open where one waits, Invalid for facts that no account has, and where nothing is another.
    """
    exporter = lock(exporters_for(by), pk=by.organization_id)
    require(exporter.ask_change, by=by, seen=seen)
    if exporter.asked:
        text = _("Your company asked for a change already. Wait for the answer, or withdraw it and ask anew.")
        raise DomainError(text, code="change-open")
    at = legal_now()
    before = exporter.verified_facts
    typed = {name: facts[name] for name in VERIFIED if name in facts}
    after = {name: said for name, said in typed.items() if said != before[name]}
    if not is_license:
        _require_another(typed, before)
    _require_sound(after)
    name, content = paper
    change = exporter.changes.create(
        before={name: before[name] for name in after},
        after=after,
        is_license=is_license,
        reason=reason,
        paper=keep_file(name, content, field="paper", by=by, kinds=FILE_KINDS, at=at),
        license_before=exporter.business_license if is_license else None,
        asked_by=by.user,
        asked_at=at,
    )
    move(exporter.ask_change, by=by, at=at, reason=reason, facts=_told(change))
    return exporter


def _require_sound(after: dict[str, str]) -> None:
    _require_said(after)
    if "province" in after and after["province"] not in provinces.table():
        raise Invalid([Problem("/province", "required", _("Choose one of the provinces."))])
    require_free_names(**{name: after[name] for name in NAMES if name in after})


def _told(change: AccountChange) -> dict[str, Any]:
    """As history keeps it: the business license by the names of its files."""
    before, after = dict(change.before), dict(change.after)
    if change.is_license:
        before["business_license"] = change.license_before.name if change.license_before else ""
        after["business_license"] = change.paper.name
    return {"before": before, "after": after}


@command
def withdraw_change(*, seen: int, by: Actor) -> Exporter:
    """The company asks for nothing any more. Raises DomainError no-change where nothing waits."""
    exporter = lock(exporters_for(by), pk=by.organization_id)
    require(exporter.withdraw_change, by=by, seen=seen)
    change, at = _waiting(exporter), legal_now()
    _decide(change, Outcome.WITHDRAWN, by, at)
    move(exporter.withdraw_change, by=by, at=at)
    return exporter


@command
def accept_change(pk: int, *, seen: int, by: Actor) -> Exporter:
    """The account says what was asked for: the officer saw that the paper says so too. What was issued before keeps
    what stood then.

    Raises no-change where nothing waits, Invalid where the name is an authority's meanwhile.
    """
    exporter = lock(exporters_for(by), pk=pk)
    require(exporter.accept_change, by=by, seen=seen)
    change = _waiting(exporter)
    organization = lock(Organization.objects.filter(pk=pk))
    at = legal_now()
    _require_sound(change.after)
    told = _told(change)
    told["before"] |= {name: stands for name, stands in exporter.verified_facts.items() if name in change.after}
    _decide(change, Outcome.ACCEPTED, by, at)
    kept: dict[str, Any] = {name: change.after[name] for name in FACTS if name in change.after}
    if change.is_license:
        kept["business_license"] = change.paper
    move(exporter.accept_change, by=by, at=at, facts=told, **kept)
    for name in NAMES:
        setattr(organization, name, change.after.get(name, getattr(organization, name)))
    organization.save(update_fields=NAMES)
    exporter.organization = organization
    return exporter


@command
def decline_change(pk: int, *, seen: int, reason: str, by: Actor) -> Exporter:
    """The account stays as it is, and the company reads why."""
    exporter = lock(exporters_for(by), pk=pk)
    require(exporter.decline_change, by=by, seen=seen)
    change, at = _waiting(exporter), legal_now()
    _decide(change, Outcome.DECLINED, by, at, reason)
    move(exporter.decline_change, by=by, at=at, reason=reason)
    return exporter


def drop_change(exporter: Exporter, *, by: Actor, at: datetime) -> None:
    """Nothing waits of what the company asked for: its account stops for long, or for good. exporter: locked, before
    it moves."""
    if exporter.asked:
        _decide(exporter.asked, Outcome.DROPPED, by, at)
        move(exporter.drop_change, by=by, at=at)


def _waiting(exporter: Exporter) -> AccountChange:
    if exporter.asked is None:
        raise DomainError(_("It was answered or withdrawn already, or nobody asked for it."), code="no-change")
    return exporter.asked


def _decide(change: AccountChange, outcome: Outcome, by: Actor, at: datetime, answer: str = "") -> None:
    change.outcome, change.decided_by, change.decided_at, change.answer = outcome, by.user, at, answer
    change.save(update_fields=["outcome", "decided_by", "decided_at", "answer"])
