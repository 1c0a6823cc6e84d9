"""What a case says: its form writes it, what is granted is read as such, and both are compared."""

from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from exporters.models import Party
from licensing.elements import HOME
from licensing.granted import decided
from licensing.models import Application, ControlItem, Declaration, Inquiry, License
from licensing.selectors.floors import passed_on

PARTS = ("lines", "end_users", "consignees")  # rows of their own beside that of the case


@dataclass(frozen=True)
class LineDraft:
    """One row of goods as the form read it; quantity in whole base units."""

    control_item: ControlItem
    description: str
    quantity: int
    unit: str
    hs_code: str = ""
    unit_price: Decimal | None = None
    composition: dict[str, str] = field(default_factory=dict)
    composition_basis: str = ""
    specification: str = ""
    maker: str = ""
    origin_id: str = HOME
    purity: Decimal | None = None
    inquiry: Inquiry | None = None


@dataclass(frozen=True)
class Draft:
    """All that an application says, before it is sent."""

    kind: str
    lines: list[LineDraft] = field(default_factory=list)
    end_users: list[Declaration] = field(default_factory=list)
    consignees: list[Party] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)
    contract_no: str = ""
    contract_on: date | None = None
    contract_value: Decimal | None = None
    payment_terms: str = ""
    currency: str = ""
    planned_from: date | None = None
    planned_until: date | None = None
    purpose: str = ""
    red_flag: str = ""
    trade_mode: str = ""
    transport_mode: str = ""
    remarks: str = ""
    circumstances: str = ""


SAID = tuple(one.name for one in fields(Draft) if one.name not in PARTS)


def said(row: Application) -> Draft:
    """All that a case says."""
    users = row.end_users.select_related("declaration__end_user")
    return Draft(
        lines=[line_of(line, line.quantity) for line in row.lines.select_related("control_item", "inquiry")],
        end_users=[user.declaration for user in users],
        consignees=list(row.consignees.order_by("pk")),
        **{name: getattr(row, name) for name in SAID},
    )


def granted(license: License) -> Draft:
    """The same of a license: of what its case says what was granted, and the license's own days."""
    whole = decided(license.application)
    assert whole is not None, "what was issued was granted"
    users = license.end_users.select_related("declaration__end_user").order_by("pk")
    return replace(
        said(license.application),
        kind=license.kind,
        lines=[line_of(line, quantity) for line, quantity in whole.lines if quantity],
        end_users=[user.declaration for user in users],
        planned_from=license.usable_from,
        planned_until=license.usable_until,
        remarks="",
    )


def line_of(line: Any, quantity: int) -> LineDraft:
    return LineDraft(
        control_item=line.control_item,
        description=line.description,
        quantity=quantity,
        unit=line.unit,
        hs_code=line.hs_code,
        unit_price=line.unit_price,
        composition=line.composition,
        inquiry=line.inquiry,
        **line.described,
    )


def says(license: License) -> Draft:
    """The same in the quantities that the license itself says: of one that took another's place, without what that one
    keeps; of one that was replaced, as long as it stood."""
    old, on = granted(license), passed_on(license)
    its = zip(old.lines, license.lines.order_by("number"), strict=True)
    return replace(old, lines=[replace(line, quantity=own.authorized + on.get(own.pk, 0)) for line, own in its])


def unchanged(license: License, row: Application) -> Draft:
    """What this change of the license would say if nothing were asked to be otherwise: it is of a kind of its own,
    counts its months from the first license on, and asks for some of each line, as every application does."""
    old = says(license)
    lines = [replace(line, quantity=max(line.quantity, 1)) for line in old.lines]
    return replace(old, kind=row.kind, planned_from=row.planned_from, lines=lines)
