"""Cases of one shipment each, which are like one another, are merged into the draft of one annual application: their
goods added up, and what else still holds of them (docs/decisions/0042)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import DomainError, Invalid, NotFound, Problem
from core.legal_time import legal_day, legal_now
from core.locks import lock_all
from exporters.models import Party
from exporters.selectors import of_company
from licensing.actions.applications import LINES_MOST
from licensing.actions.copies import OF_ONE_SHIPMENT, REPLACED, Unnamed, against, as_filed, drafted, fitting
from licensing.actions.drafts import Draft, LineDraft, line_of
from licensing.actions.findings import closed_to_all
from licensing.granted import decided
from licensing.models import DESCRIBED, Application, Declaration, License, Merged
from licensing.prices import WORTH_MOST, average, worth
from licensing.selectors import applications_for, in_force_on, judge_typed, merges, of_former_persons
from licensing.states import MERGING

AGREED = ("purpose", "red_flag", "trade_mode", "transport_mode", "currency")  # said where all of them say the same


@dataclass(frozen=True)
class Goods:
    """A line of all: what it says, its quantity added up, at the price of all together, and how much of it is of which
    case."""

    line: LineDraft
    shares: list[tuple[Application, int]]

    @property
    def key(self) -> tuple[object, ...]:
        return key_of(self.line)


def key_of(line: LineDraft) -> tuple[object, ...]:
    """What is added up: all that a line says but how much, and for what price."""
    composition = tuple(sorted(line.composition.items()))
    inquiry = line.inquiry and line.inquiry.pk
    described = (getattr(line, name) for name in DESCRIBED)
    return line.control_item.pk, line.description, line.unit, line.hs_code, composition, inquiry, *described


@dataclass(frozen=True)
class User:
    """An end-user of all: its declarations there, the newest case's first, and the cases that name it."""

    party: Party
    declarations: list[Declaration]
    cases: list[Application]


def goods_of(rows: Iterable[Merged]) -> list[Goods]:
    """In the order of the cases; of a license what was granted, else what was asked."""
    found: dict[tuple[object, ...], list[tuple[Application, LineDraft]]] = {}
    rows = list(rows)
    for row in rows:
        for line in _lines(row):
            found.setdefault(key_of(line), []).append((row.case, line))
    currency = _same(row.says.currency for row in rows)
    return [_added_up(parts, currency) for parts in found.values()]


def _added_up(parts: list[tuple[Application, LineDraft]], currency: str) -> Goods:
    """currency: of all; nothing where they are in several, and there is no price of all together."""
    quantity = sum(line.quantity for _case, line in parts)
    price = average([(line.quantity, line.unit_price) for _case, line in parts]) if currency else None
    if price and worth(quantity, parts[0][1].unit, price) > WORTH_MOST:
        price = None
    whole = replace(parts[0][1], quantity=quantity, unit_price=price)
    return Goods(whole, [(case, line.quantity) for case, line in parts])


def _lines(row: Merged) -> list[LineDraft]:
    whole = decided(row.says) if row.license else None
    asked = whole.lines if whole else [(line, line.quantity) for line in row.says.lines.all()]
    return [line_of(line, quantity) for line, quantity in asked if quantity]


def users_of(rows: Sequence[Merged]) -> list[User]:
    found: dict[int, User] = {}
    for row in reversed(rows):
        for user in row.says.end_users.all():
            one = found.setdefault(user.party_id, User(user.party, [], []))
            if user.declaration not in one.declarations:
                one.declarations.append(user.declaration)
            one.cases.insert(0, row.case)
    return list(found.values())


def _same(words: Iterable[str]) -> str:
    said = set(words)
    return said.pop() if len(said) == 1 else ""


def gone(line: LineDraft, today: date) -> str:
    """Why no application has such a line any more; nothing where one may."""
    item = line.control_item
    if in_force_on([item], today)[0][1].disposition == "unlisted":
        return _("{code} is on no list in force any more.").format(code=item.code)
    if line.unit != item.unit:
        return _("{code} is counted in {unit} now.").format(code=item.code, unit=item.unit)
    return ""


def _fitting(case: Application, user: User, goods: Collection[int]) -> Declaration | None:
    return next((new for one in user.declarations if (new := fitting(case, one, goods))), None)


def unnamed(row: Application, users: Iterable[User], today: date) -> dict[int, Unnamed]:
    """Of a draft: whom of these it does not name, and why, by key."""
    there = {user.party_id for user in row.end_users.all()}
    goods = {line.control_item_id for line in row.lines.all()}
    case, found = as_filed(row.kind, row.planned_from, today), {}
    for user in users:
        if user.party.pk not in there:
            new = _fitting(case, user, goods)
            why = "" if new else " ".join(against(case, user.declarations[0])) or str(REPLACED)
            found[user.party.pk] = Unnamed(user.party, why, new)
    return found


def closed(cases: Sequence[Application], company: int | None, at: datetime) -> Problem | None:
    """Why the rules of today open no annual license for any of their goods to any of their end-users; None where they
    do. cases: with their parts, of the company with this key."""
    said = {name: _same(getattr(one, name) for one in cases) for name in ("purpose", "red_flag")}
    case = Application(kind=merges.INTO, exporter_id=company, purpose=said["purpose"], red_flag=said["red_flag"])
    items = {line.control_item_id: line.control_item for one in cases for line in one.lines.all()}
    users = {user.party_id: user.declaration for one in cases for user in one.end_users.all()}
    return closed_to_all(case, judge_typed(case, items.values(), users.values(), at=at))


@command
def merge(refs: Sequence[str], *, by: Actor) -> Application:
    """A draft of an annual application exists that says what these cases say together; they stay what they are.

    Raises NotFound where one is not the company's, Invalid naming each that is in the way, DomainError
    channel-closed or policy-prohibits where the rules of today open no annual license.
    """
    cases = _of_company(refs, by)
    at = legal_now()
    rows = [Merged(case=case, license=_granted(case)) for case in cases]
    merges.read_merged(rows)
    _require_alike(rows, at)
    if why := closed([one.says for one in rows], by.organization_id, at):
        code = "channel-closed" if why.code == "not-controlled" else why.code
        raise DomainError(why.message, code=code)
    row = drafted(_together(rows, legal_day(at)), by=by, at=at)
    for one in rows:
        one.application = row
    Merged.objects.bulk_create(rows)
    _add_papers(row, rows)
    return row


def _of_company(refs: Sequence[str], by: Actor) -> list[Application]:
    """They are this transaction's: whoever merges one of them at once waits, and finds that it was merged."""
    wanted = set(refs)
    if not merges.CASES_LEAST <= len(wanted) <= merges.CASES_MOST:
        message = _("Choose {least} cases at least, and {most} at most.")
        code = "min-items" if len(wanted) < merges.CASES_LEAST else "max-items"
        text = message.format(least=merges.CASES_LEAST, most=merges.CASES_MOST)
        raise Invalid([Problem("/cases", code, text)])
    mine = lock_all(of_company(applications_for(by), by).filter(ref__in=wanted))
    rows = merges.to_merge(mine).select_related("license")
    cases = list(rows.order_by("pk"))
    if len(cases) < len(wanted):
        raise NotFound()
    return cases


def _granted(case: Application) -> License | None:
    """The license that the case led to, or the one that stands in its place now."""
    license = getattr(case, "license", None)
    return license.and_after()[-1] if license else None


def _require_alike(rows: Sequence[Merged], at: datetime) -> None:
    """Each of them is of one shipment, open or licensed, of the last year, and was not merged; where it goes and what
    it is as of the first one. Raises Invalid with each that is not."""
    first = rows[0]
    found = [why for row in rows if (why := _not_to_merge(row.case, at) or _unlike(row, first))]
    if found:
        raise Invalid([Problem("/cases", "not-mergeable", why) for why in found])


def _unlike(row: Merged, first: Merged) -> str:
    if row.says.destinations != first.says.destinations:
        message = _("{ref} goes to {one}, and {other} to {two}. What is merged goes to one destination.")
        one, two = _countries(row), _countries(first)
    elif merges.items_of(row.case) != merges.items_of(first.case):
        message = _("{ref} is of {one}, and {other} of {two}. What is merged is of the same control codes.")
        one, two = _codes(row.case), _codes(first.case)
    else:
        return ""
    return message.format(ref=row.case.ref, other=first.case.ref, one=one, two=two)


def _countries(row: Merged) -> str:
    return ", ".join(sorted({str(user.party.country) for user in row.says.end_users.all()}))


def _codes(case: Application) -> str:
    return ", ".join(sorted({line.control_item.code for line in case.lines.all()}))


def _not_to_merge(case: Application, at: datetime) -> str:
    if case.kind != merges.EACH:
        message = _("{ref} is not of one shipment, but: {kind}.")
    elif case.submitted_at is None:
        message = _("{ref} was not sent yet. Send it first, or leave it out.")
    elif case.state not in MERGING:
        message = _("{ref} is “{state}”. Only cases that are open, or led to a license, are merged.")
    elif case.submitted_at < merges.since(at):
        message = _("{ref} was filed more than {months} months ago.")
    elif merged := next(iter(case.merged_into.all()), None):
        message = _("{ref} was merged into {other} already. {way}")
        return message.format(ref=case.ref, other=merged.application.ref, way=merged.application.way_past)
    else:
        return ""
    return message.format(
        ref=case.ref, kind=case.get_kind_display(), state=case.get_state_display(), months=merges.FILED_MONTHS
    )


def _together(rows: Sequence[Merged], today: date) -> Draft:
    goods = goods_of(rows)
    lines = [one.line for one in goods if not gone(one.line, today)]
    if not lines:
        raise Invalid([Problem("/cases", "not-mergeable", gone(one.line, today)) for one in goods])
    if len(lines) > LINES_MOST:
        message = _("Together they have {count} different lines; an application has {most} at most. Leave some out.")
        text = message.format(count=len(lines), most=LINES_MOST)
        raise Invalid([Problem("/cases", "max-items", text)])
    case, items = as_filed(merges.INTO, None, today), {line.control_item.pk for line in lines}
    users = [_fitting(case, user, items) for user in users_of(rows)]
    return replace(shared(rows), lines=lines, end_users=[one for one in users if one])


def shared(rows: Sequence[Merged]) -> Draft:
    """What they say together, apart from goods and end-users."""
    parties = {party.pk: party for row in rows for party in row.says.consignees.all()}
    ports = [row.says.ports for row in rows]
    said: dict[str, Any] = {name: _same(getattr(row.says, name) for row in rows) for name in AGREED}
    return Draft(
        kind=merges.INTO,
        consignees=list(parties.values()),
        ports=sorted(set().union(*ports)) if all(ports) else [],  # of a case that names none: any port
        **said,
    )


def _add_papers(row: Application, rows: Sequence[Merged]) -> None:
    """Of each type each file once; none that are of one shipment, or of people who answer for the company no more."""
    former = of_former_persons([one.says for one in rows])
    every = (paper for one in rows for paper in one.says.documents.all() if paper.pk not in former)
    papers = [paper for paper in every if paper.type not in OF_ONE_SHIPMENT]
    for paper in {(paper.type, paper.document.sha256): paper for paper in papers}.values():
        row.documents.create(type=paper.type, document_id=paper.document_id)
