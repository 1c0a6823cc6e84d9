"""What a case says otherwise than the license that it amends, or than what it began with: read from both, never
stored."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.templatetags.lodestone import day, quantity, unit_word
from core.web.lists import countries
from licensing.actions.copies import Unnamed, before, unnamed, without_its_contract
from licensing.actions.drafts import Draft, LineDraft, said, unchanged
from licensing.actions.renewals import filed_by, too_short
from licensing.elements import show_percent, show_percents
from licensing.models import Application, ApplicationLine, Basis, Kind, TradeMode, TransportMode
from licensing.prices import in_words
from licensing.templatetags.licensing import fact


@dataclass(frozen=True)
class LineChange:
    """before: what the license authorizes of it; used: what of that is drawn and reserved."""

    line: ApplicationLine
    before: int
    used: int


@dataclass(frozen=True)
class Change:
    label: "str | Promise"
    before: str
    now: str


@dataclass(frozen=True)
class Changes:
    """Only what differs."""

    lines: list[LineChange]
    others: list[Change]


def changes_of(row: Application) -> Changes | None:
    """None of a case that amends no license. With its lines, end-users and consignees."""
    license = row.amends
    if license is None:
        return None
    old = unchanged(license, row)
    its = zip(license.lines.order_by("number"), old.lines, strict=True)
    before = {line.number: (line.used, one.quantity) for line, one in its}
    both = [(line, *before[line.number]) for line in row.lines.all() if line.number in before]
    lines = [LineChange(line, whole, used) for line, used, whole in both if line.quantity != whole]
    return Changes(lines, _beside_quantities(old, said(row)))


def _beside_quantities(old: Draft, now: Draft) -> list[Change]:
    lines = [replace(old.lines[at], quantity=line.quantity) for at, line in enumerate(now.lines[: len(old.lines)])]
    return _otherwise(replace(old, lines=lines), now)


def _otherwise(old: Draft, now: Draft) -> list[Change]:
    return [one for one in (*_goods(old, now), *facts_of(old, now)) if one.before != one.now]


def _names(rows: Iterable[object]) -> str:
    return _(", ").join(sorted(str(one) for one in rows))


@dataclass(frozen=True)
class Copied:
    """Of a case that began with another: what it says otherwise, and whom of that one a draft does not name.

    file_by: of the draft of a renewal, where anybody can say; short: that day was before the license began. late: it is
    over. no_contract: it has that of the one shipment no more, and none of its own yet.
    """

    changes: list[Change]
    unnamed: list[Unnamed]
    file_by: date | None
    short: bool = False
    late: bool = False
    no_contract: bool = False


def copied(row: Application, today: date) -> Copied | None:
    """None of a case that began with nothing."""
    old = before(row)
    if old is None:
        return None
    found = _otherwise(old, said(row))
    if not row.editable:
        return Copied(found, [], None)
    renews = row.renews if row.renews and not row.renews.cut_short else None
    file_by = filed_by([renews]).get(renews.pk) if renews else None
    short = renews is not None and too_short(renews, file_by, today)
    late = file_by is not None and file_by < today
    return Copied(found, unnamed(row, old, today), file_by, short, late, without_its_contract(row))


def _goods(old: Draft, now: Draft) -> Iterator[Change]:
    """Line by line, each in its place; of one that came or went all that it says."""
    for number, (one, other) in enumerate(zip_longest(old.lines, now.lines), 1):
        if one and other:
            for label, words in _OF_A_LINE:
                yield Change(_("Line {number}: {what}").format(number=number, what=label), words(one), words(other))
        else:
            yield Change(_("Line {number}").format(number=number), line_in_full(one), line_in_full(other))


def line_in_full(line: LineDraft | None, *, but_quantity: bool = False) -> str:
    said = _OF_A_LINE[1:] if but_quantity else _OF_A_LINE
    return " · ".join(filter(None, (words(line) for _label, words in said))) if line else ""


def facts_of(old: Draft, now: Draft) -> Iterator[Change]:
    for label, words in _OF_A_CASE:
        yield Change(label, words(old), words(now))


def _label(of: type[TextChoices], slug: str) -> str:
    return str(of(slug).label) if slug else ""


def _day(on: date | None) -> str:
    return day(on) if on else ""


_OF_A_LINE: tuple[tuple[Promise, Callable[[LineDraft], str]], ...] = (
    (gettext_lazy("quantity"), lambda one: quantity(one.quantity, one.unit)),
    (gettext_lazy("control code"), lambda one: one.control_item.code),
    (gettext_lazy("description"), lambda one: one.description),
    (gettext_lazy("customs goods code"), lambda one: one.hs_code),
    (gettext_lazy("contained elements, at most"), lambda one: show_percents(one.composition)),
    (
        gettext_lazy("unit price"),
        lambda one: one.unit_price and f"{in_words(one.unit_price)}/{unit_word(one.unit)}" or "",
    ),
    (gettext_lazy("how its contents are known"), lambda one: _label(Basis, one.composition_basis)),
    (gettext_lazy("model or specification"), lambda one: one.specification),
    (gettext_lazy("maker"), lambda one: one.maker),
    (gettext_lazy("country of origin"), lambda one: dict(countries()).get(one.origin_id, "")),
    (gettext_lazy("purity"), lambda one: show_percent(one.purity)),
    (gettext_lazy("item inquiry"), lambda one: one.inquiry.ref if one.inquiry else ""),
)
_OF_A_CASE: tuple[tuple[Promise, Callable[[Draft], str]], ...] = (
    (gettext_lazy("Kind"), lambda one: str(Kind(one.kind).label)),
    (gettext_lazy("End-users"), lambda one: _names(row.end_user for row in one.end_users)),
    (gettext_lazy("Declarations"), lambda one: _names(row.ref for row in one.end_users)),
    (gettext_lazy("Who receives the goods"), lambda one: _names(one.consignees)),
    (gettext_lazy("Customs ports"), lambda one: _names(one.ports)),
    (gettext_lazy("Planned from"), lambda one: _day(one.planned_from)),
    (gettext_lazy("Planned until"), lambda one: _day(one.planned_until)),
    (gettext_lazy("Contract"), lambda one: one.contract_no),
    (gettext_lazy("Contract signed on"), lambda one: _day(one.contract_on)),
    (gettext_lazy("Contract value"), lambda one: in_words(one.contract_value)),
    (gettext_lazy("Payment terms"), lambda one: one.payment_terms),
    (gettext_lazy("Currency"), lambda one: one.currency),
    (gettext_lazy("Kind of transaction"), lambda one: fact(one.purpose, "transaction.purpose")),
    (
        gettext_lazy("Risk that the exporter knows of, or was told of"),
        lambda one: fact(one.red_flag, "exporter.red_flag"),
    ),
    (gettext_lazy("Mode of trade"), lambda one: _label(TradeMode, one.trade_mode)),
    (gettext_lazy("Mode of transport"), lambda one: _label(TransportMode, one.transport_mode)),
    (gettext_lazy("Special circumstances"), lambda one: one.circumstances),
    (gettext_lazy("For the reviewer"), lambda one: one.remarks),
)
