"""An amendment asks that another license takes the place of one in force, with other quantities, end-users or days.

What it asks and grants of a line, a value, a share or the number of clearances is the whole: what the license before it
has used stays used (docs/decisions/0034). So none of it may be below what is drawn and reserved.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, Problem
from core.graphs import has_move
from core.history import move, record, require
from core.legal_time import legal_day, legal_now
from core.locks import lock
from core.references import draw
from core.templatetags.lodestone import day
from licensing.actions.drafts import Draft, said, unchanged
from licensing.granted import decided
from licensing.models import Application, ApplicationEndUser, Declaration, Kind, License, Suspension
from licensing.selectors import licenses_for, taken_along
from licensing.states import LicenseState


def require_amendable(row: Application) -> None:
    """The license that it amends, if it does, is in force. Raises DomainError license-not-amendable."""
    license = row.amends
    if license is None:
        return
    _require_no_successor(license)
    past = license.past_on(legal_day(legal_now()))
    if not has_move(license.amend) or past:
        message = _("{ref} is “{state}”, and only a license in force can be changed.")
        if license.state == LicenseState.SUSPENDED and not past:
            message = _("{ref} is “{state}”, and only a license in force can be changed. Wait until it is again.")
        text = message.format(ref=license.ref, state=license.get_state_display())
        raise DomainError(text, code="license-not-amendable")


def require_none_closed(row: Application, users: Iterable[ApplicationEndUser]) -> None:
    """A change opens nobody again whom a decider closed on the license that it amends, or on one before that: another
    decider does. What else closed him is looked at when it is issued. Raises DomainError end-user-closed."""
    if row.amends is None:
        return
    closed = Suspension.objects.filter(
        license__in=row.amends.and_before(),
        end_user__party__in=[user.party_id for user in users],
        cause=Suspension.Cause.ENFORCEMENT,
        ended_at=None,
    )
    if names := dict.fromkeys(closed.values_list("end_user__party__name", flat=True)):
        message = _("The ministry closed {names} on {ref}. Leave this out, or wait until that is lifted.")
        raise DomainError(message.format(ref=row.amends.ref, names="; ".join(names)), code="end-user-closed")


def require_contestable(row: Application) -> None:
    """The refusal of a change may be contested, whatever state its license is in: the days to do so are the law's.

    The license, if there is one, is this transaction's. Raises DomainError license-not-amendable where another one took
    its place, amendment-open where another change of it is open, renewal-open where another renewal is.
    """
    if row.renews_id is not None:
        require_none_renewing(_newest(row.renews_id))
    if row.amends_id is None:
        return
    license = lock(License.objects.filter(pk=row.amends_id))
    _require_no_successor(license)
    if other := license.changing:
        message = _("{other} asks to change {ref}, too, and one does at a time. {way}")
        facts = {"other": other.ref, "ref": license.ref, "way": other.way_past}
        raise DomainError(message.format(**facts), code="amendment-open")


def _newest(pk: int) -> License:
    """What stands at the place of this license in the end; it, and those between, are this transaction's."""
    license = lock(License.objects.filter(pk=pk))
    return _newest(license.successor.pk) if license.successor else license


def require_none_renewing(license: License) -> None:
    """No renewal of it is open or has led to a license. Raises DomainError renewal-open."""
    if other := license.renewal:
        message = _("{other} asks to renew {ref}, and one does at a time. {way}")
        facts = {"other": other.ref, "ref": license.ref, "way": other.way_past}
        raise DomainError(message.format(**facts), code="renewal-open")


def _require_no_successor(license: License) -> None:
    if other := license.successor:
        message = _("{ref} was replaced by {other} meanwhile. Begin a change of {other} instead.")
        raise DomainError(message.format(ref=license.ref, other=other.ref), code="license-not-amendable")


def other_lines(row: Application, lines: list[tuple[int, str]]) -> list[Problem]:
    """Where these (item, unit) are not the lines of the license that it amends, each in its place."""
    if row.amends is None:
        return []
    before = list(row.amends.lines.select_related("control_item").order_by("number"))
    problems = []
    if len(lines) != len(before):
        message = _("A change of {ref} has its lines, {count}, and no others. Apply for other goods by themselves.")
        text = message.format(ref=row.amends.ref, count=len(before))
        problems.append(Problem("/lines", "lines-differ", text))
    message = _("Line {number} of {ref} is {code}, in {unit}: that stays as it is.")
    for index, (line, (item, unit)) in enumerate(zip(before, lines, strict=False)):
        if (line.control_item_id, line.unit) != (item, unit):
            text = message.format(number=line.number, ref=row.amends.ref, code=line.control_item.code, unit=line.unit)
            problems.append(Problem(f"/lines/{index}/code", "lines-differ", text))
    return problems


def counts_from(license: License) -> str:
    return _("A change counts its months from {day} on, as the license does.").format(day=day(license.counted_from))


def other_first_day(row: Application, planned_from: date | None) -> list[Problem]:
    """Where it is not that from which the months of the license that it amends count."""
    if row.amends is None or planned_from == row.amends.counted_from:
        return []
    return [Problem("/planned_from", "out-of-range", counts_from(row.amends))]


def asks_nothing(row: Application) -> list[Problem]:
    """Where it says again what the license that it amends says, and no word to the reviewer: he alone can be asked for
    another cap, share or number of clearances."""
    if row.amends is None or _in_order(said(row)) != _in_order(unchanged(row.amends, row)):
        return []
    message = _("Say what is to be otherwise than {ref} says, in the form or in the remarks.")
    return [Problem("/lines", "required", message.format(ref=row.amends.ref))]


def _in_order(one: Draft) -> Draft:
    """Of what it lists without an order."""
    users = sorted(one.end_users, key=lambda row: row.pk)
    consignees = sorted(one.consignees, key=lambda row: row.pk)
    return replace(one, end_users=users, consignees=consignees, ports=sorted(one.ports))


@command
def amend(ref: str, *, seen: int, by: Actor) -> Application:
    """A draft exists that asks to change the license, and says for now what that says, with the papers it was filed
    with. Raises DomainError amendment-open where another one does."""
    license = lock(licenses_for(by), ref=ref)
    require(license.amend, by=by, seen=seen)
    if other := license.changing:
        message = _("{other} asks to change {ref} already, and one does at a time. {way}")
        facts = {"other": other.ref, "ref": license.ref, "way": other.way_past}
        raise DomainError(message.format(**facts), code="amendment-open")
    at = legal_now()
    number = draw(Application.PREFIX)
    move(license.amend, by=by, at=at, facts={"application": number})
    before = license.application
    row = Application.objects.create(
        ref=number,
        exporter_id=license.exporter_id,
        kind=Kind.AMENDMENT,
        amends=license,
        contract_no=before.contract_no,
        contract_on=before.contract_on,
        contract_value=before.contract_value,
        payment_terms=before.payment_terms,
        currency=before.currency,
        planned_from=license.counted_from,
        planned_until=license.usable_until,
        destinations=license.destinations,
        ports=license.ports,
        purpose=before.purpose,
        red_flag=before.red_flag,
        trade_mode=before.trade_mode,
        transport_mode=before.transport_mode,
        circumstances=before.circumstances,
        created_by=by.user,
        created_at=at,
    )
    _fill(row, license)
    record(row, "draft", by=by, at=at)
    return row


def _fill(row: Application, license: License) -> None:
    """The draft has the lines, end-users, consignees and papers of the license."""
    before = license.application
    whole = decided(before)
    assert whole is not None, "what was issued was granted"
    for line, asked in zip(license.lines.order_by("number"), whole.licensed, strict=True):
        row.lines.create(
            number=line.number,
            control_item=line.control_item,
            description=line.description,
            quantity=max(line.authorized, 1),
            unit=line.unit,
            hs_code=asked.hs_code,
            unit_price=asked.unit_price,
            composition=line.composition,
            inquiry=asked.inquiry,
            **asked.described,
        )
    declared = Declaration.objects.filter(pk__in=license.end_users.values("declaration")).select_related("end_user")
    for declaration in declared.order_by("pk"):
        row.end_users.create(party=declaration.end_user, declaration=declaration)
    row.consignees.set(license.consignees.all())
    for paper in taken_along(before):
        row.documents.create(type=paper.type, document_id=paper.document_id)
