"""A draft begins with what an earlier license, or case, of the same company says, as far as that holds of the next one
too (docs/decisions/0037)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.access import Actor
from core.command import command
from core.errors import NotFound, WrongState
from core.legal_time import legal_day, legal_now
from core.references import draw
from exporters.models import Party
from exporters.selectors import of_company
from licensing.actions.applications import write
from licensing.actions.drafts import Draft, granted, said, says
from licensing.actions.reliance import unreliable
from licensing.models import LONE, Application, ApplicationDocument, ApplicationEndUser, Declaration, Kind
from licensing.selectors import applications_for, licenses_for, reliable_declarations, taken_along

COPIED = (*LONE, Kind.ANNUAL)
REPLACED = gettext_lazy("It was replaced, and no newer one fits.")
OF_ONE_CONTRACT: dict[str, Any] = {
    "contract_no": "",
    "contract_on": None,
    "contract_value": None,
    "payment_terms": "",
}
OF_ONE_SHIPMENT: list[str] = [ApplicationDocument.Type.CONTRACT, ApplicationDocument.Type.CIRCUMSTANCES]


def can_be_copied(row: Application) -> bool:
    """The ministry got it, and it asks for a license of its own."""
    return row.submitted_at is not None and row.kind in COPIED


def before(row: Application) -> Draft | None:
    """What it began with, as that itself says it; nothing of what did not begin with another."""
    if license := row.renews or row.copied_license:
        return says(license)
    return said(row.copied_case) if row.copied_case else None


def without_its_contract(row: Application) -> bool:
    """A draft that began with what was for one shipment, and says no contract of its own yet."""
    old = row.began_with
    return old is not None and old.kind in LONE and not row.contract_no


def fitting(case: Application, old: Declaration, goods: Collection[int]) -> Declaration | None:
    """On what a case of this kind and these days may name the end-user of this declaration: on itself, or else on the
    newest of his that covers of these goods what it covers."""
    covered = old.covered & set(goods)
    theirs = reliable_declarations([old.end_user_id]).prefetch_related("items")
    own_first = sorted(theirs, key=lambda one: one.pk != old.pk)
    enough = (one for one in own_first if covered <= one.covered)
    return next((one for one in enough if not against(case, one)), None)


def against(case: Application, declaration: Declaration) -> list[str]:
    """Why such a case can't be filed on it."""
    user = ApplicationEndUser(application=case, party=declaration.end_user, declaration=declaration)
    return [problem.message for problem in unreliable(case, user)]


@dataclass(frozen=True)
class Unnamed:
    """An end-user of what a draft began with, whom it does not name. new: on what it may; None: why on nothing."""

    party: Party
    why: str
    new: Declaration | None


def unnamed(row: Application, old: Draft, today: date) -> list[Unnamed]:
    named, goods = {user.party_id for user in row.end_users.all()}, {line.control_item_id for line in row.lines.all()}
    case = as_filed(row.kind, row.planned_from, today)
    found = []
    for one in old.end_users:
        if one.end_user_id not in named:
            new = fitting(case, one, goods)
            why = "" if new else " ".join(against(case, one)) or str(REPLACED)
            found.append(Unnamed(one.end_user, why, new))
    return found


def as_filed(kind: str, first: date | None, today: date) -> Application:
    """A case of which declarations are asked whether they fit: today is its first day where none is known."""
    return Application(kind=kind, planned_from=first or today)


@command
def copy_license(ref: str, *, by: Actor) -> Application:
    """A draft exists that says what was granted with this license."""
    license = _one(of_company(licenses_for(by), by), ref)
    if other := license.successor:
        message = _("{ref} was replaced by {other}. Begin with that one instead.")
        raise WrongState(message.format(ref=license.ref, other=other.ref))
    old = replace(granted(license), planned_from=None, planned_until=None)  # days of its own, which are not repeated
    return begin(old, license.application, by=by, at=legal_now(), copied_license=license)


@command
def copy_case(ref: str, *, by: Actor) -> Application:
    """A draft exists that says what this case asked for; the case stays what it is."""
    case = _one(of_company(applications_for(by), by), ref)
    if case.submitted_at is None:
        raise WrongState(_("{ref} is a draft itself. Go on with it, or send it first.").format(ref=case.ref))
    if case.kind not in COPIED:
        raise WrongState(_("{ref} is about a license. Begin with that license instead.").format(ref=case.ref))
    return begin(said(case), case, by=by, at=legal_now(), copied_case=case)


def _one(rows: QuerySet[Any], ref: str) -> Any:
    """It is not locked: what is read of it stays as it is, and what a draft says is looked at when it is sent."""
    row = rows.filter(ref=ref).first()
    if row is None:
        raise NotFound()
    return row


def begin(old: Draft, case: Application, *, by: Actor, at: datetime, **origin: Any) -> Application:
    """A draft exists that says what of this still holds, with the papers of that case. origin: what it began with."""
    row = drafted(_still_holds(old, legal_day(at)), by=by, at=at, **origin)
    for paper in taken_along(case).exclude(type__in=_of_one_shipment(old)):
        row.documents.create(type=paper.type, document_id=paper.document_id)
    return row


def drafted(draft: Draft, *, by: Actor, at: datetime, **origin: Any) -> Application:
    """A draft exists that says this. origin: what it began with."""
    row = Application(
        ref=draw(Application.PREFIX), exporter_id=by.organization_id, created_by=by.user, created_at=at, **origin
    )
    return write(row, draft, draft.end_users, by, "draft")


def _still_holds(old: Draft, today: date) -> Draft:
    """Nothing is said again of a contract and of circumstances for one shipment, of days that have begun, and of an
    end-user on whose declarations no such case can be filed."""
    if old.planned_from is None or old.planned_from < today:
        old = replace(old, planned_from=None, planned_until=None)
    if _of_one_shipment(old):
        old = replace(old, **OF_ONE_CONTRACT, circumstances="")
    case, goods = as_filed(old.kind, old.planned_from, today), {line.control_item.pk for line in old.lines}
    return replace(old, end_users=[new for one in old.end_users if (new := fitting(case, one, goods))])


def _of_one_shipment(old: Draft) -> list[str]:
    """Which papers of it are: an annual license has a frame contract, or the orders so far, which go on."""
    return OF_ONE_SHIPMENT if old.kind in LONE else []
