"""A what-if as the draft's page shows it, and as a file for a spreadsheet: a line for each figure and each reference,
no cell of which is executed."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core import quantities
from core.decided import filled
from core.templatetags.lodestone import instant
from core.web.lists.export import cell
from licensing.policy.editions import Edition
from licensing.policy.strictness import Difference
from licensing.policy.vocabulary import CODE, COUNTRY, END_USE
from licensing.selectors.what_if import GROUPS
from licensing.words import comparisons, terms

HEAD = (
    *("part", "what", "by", "value", "before", "after", "entries", "parts"),
    *("quantity", "unit", "reference", "company"),
)
COUNTED = ("cases", "licenses", "shipments", "decided")


def lines(
    found: Mapping[str, Any], names: Mapping[str, str], about: Iterable[tuple[str, str]] = ()
) -> Iterator[list[str]]:
    """Its head first, then what is said about the whole. A figure of several units is a line for each.

    names: of companies, by reference.
    """
    yield list(HEAD)
    of_it = ({"part": "simulation", "what": what, "value": value} for what, value in about)
    for row in (*of_it, *_rows(found)):
        row["company"] = names.get(row.get("reference", ""))
        yield [cell(row.get(name)) for name in HEAD]


def _rows(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part in COUNTED:
        for one in found[part]["outcomes"]:
            figures = {"by": one["by"], "value": one["value"], "before": one["old"], "after": one["new"]}
            counts = {"entries": one["entries"], "parts": one["parts"]}
            yield from _of_units({"part": part, "what": "outcome", **figures, **counts}, one["quantity"])
        for one in found[part].get("differences", ()):
            figures = {"value": one["part"], "before": one["old"], "after": one["new"], "entries": one["entries"]}
            yield {"part": part, "what": one["direction"] or "differs", **figures}
        for name in GROUPS:
            for what, refs in found[part].get(name, {}).items():
                yield from ({"part": part, "what": what, "reference": ref} for ref in refs)
        for one in found[part].get("pools", ()):
            fates = {"before": one["old"], "after": one["new"]}
            yield from _of_units({"part": part, "what": "quota", "value": one["pool"], **fates}, {"kg": one["content"]})
        for one in found[part].get("holds", ()):
            held = {"part": part, "what": f"hold {one['event']}", "value": one["hold"]}
            yield from _of_units({**held, "parts": one["lines"]}, one["quantity"])
            yield from ({**held, "reference": ref} for ref in one["refs"])
    before, after = found["load"]["cases"]
    yield {"part": "load", "what": "cases", "before": before, "after": after}
    yield {"part": "load", "what": "working days", "value": found["load"]["average"], "after": found["load"]["days"]}
    for what, refs in found["load"]["refs"].items():
        yield from ({"part": "load", "what": what, "reference": ref} for ref in refs)
    for when in ("old", "new"):
        for one in found["exposure"][when]:
            exposed = {"part": "exposure", "what": when, "by": one["item"], "value": one["from"]}
            yield from _of_units({**exposed, "parts": one["lines"]}, one["quantity"])
            yield from ({**exposed, "reference": ref} for ref in one["refs"])


def _of_units(row: dict[str, Any], quantity: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for unit, amount in quantity.items():
        yield {**row, "quantity": quantities.show(amount, unit), "unit": unit}


# --- as the draft's page shows it -------------------------------------------------------------------------
PARTS: Mapping[str, Any] = {
    "cases": _("Open cases"),
    "licenses": _("Licenses in force, by line and end-user"),
    "shipments": _("Reserved shipments"),
    "decided": filled(
        _("Cases decided in {months} months, filed again"), months="licensing.selectors.what_if.cases.REPLAYED_MONTHS"
    ),
}
OUTCOMES: Mapping[str, Any] = {
    **terms.DISPOSITIONS,
    "open": pgettext_lazy("license", "In force"),
    "lawful": _("Can be declared"),
    "in_grace": _("Can be declared in its grace"),
    "too_late": _("Can't be declared any more"),
    "": _("Nothing is said"),
}
EVENTS: Mapping[str, Any] = {
    "narrow": _("Closed in part"),
    "suspend": _("Suspended"),
    "widen": _("Open again in part"),
    "lift": _("In force again"),
    "spared": _("Not hit, though new applications are prohibited then"),
    "changed": _("Comes out otherwise"),
    "more": _("Can be filed then"),
    "less": _("Can't be filed any more"),
    "lawful": _("Can be declared"),
    "in_grace": _("Can be declared in its grace"),
    "too_late": _("Can't be declared any more"),
}


LATER: Mapping[str, Any] = {
    "prohibited": _("Prohibited from {at} on, open without the draft"),
    "open": _("Open from {at} on, prohibited without the draft"),
}
HOLDS: Mapping[str, Any] = {
    "begins": _("Hold {hold} begins to stop"),
    "ends": _("Hold {hold} ends to stop"),
}
OUTDATED: Mapping[str, Any] = {
    "text": _("The rules of this draft were changed since."),
    "start": _("It is of another first day."),
    "old": filled(_("It is more than {hours} hours old."), hours="licensing.selectors.drafts.SIMULATED_HOURS"),
    "edition": _("Another edition was approved or repealed since."),
}


def told(
    found: Mapping[str, Any], countries: Mapping[str, str], edition: Edition, names: Mapping[str, str]
) -> dict[str, Any]:
    """What changes for whom: of each part the outcomes from which to which, in all and by what, what else is said
    otherwise, and who is hit.

    names: of companies, by reference, as far as the reader may know them.
    """
    return {
        "parts": [_part(name, label, found[name], countries, edition, names) for name, label in PARTS.items()],
        "load": found["load"],
        "exposure": [
            {
                **one,
                "quantity": _shown(one["quantity"]),
                "from": date.fromisoformat(one["from"]),
                "refs": _named(one["refs"], names),
            }
            for one in found["exposure"]["new"]
        ],
        "hash": found["hash"],
    }


def _part(
    name: str,
    label: Any,
    found: Mapping[str, Any],
    countries: Mapping[str, str],
    edition: Edition,
    names: Mapping[str, str],
) -> dict[str, Any]:
    facts = {"item": CODE, "destination": COUNTRY, "end_use": END_USE}
    rows = [
        {
            "by": terms.word(terms.FACTS, facts[one["by"]]) if one["by"] else "",
            "value": terms.value(facts[one["by"]], one["value"], edition, countries) if one["by"] else "",
            "old": terms.word(OUTCOMES, one["old"]),
            "new": terms.word(OUTCOMES, one["new"]),
            "entries": one["entries"],
            "quantity": _shown(one["quantity"]),
        }
        for one in found["outcomes"]
        if one["old"] != one["new"]
    ]
    differing = [
        (comparisons.difference(_differing(one)), one["entries"])
        for one in found.get("differences", ())
        if one["part"] != "disposition"
    ]
    groups = [found.get(group, {}) for group in GROUPS]
    refs = [(_event(what), _named(some, names)) for group in groups for what, some in group.items()]
    holds = [
        {
            "told": HOLDS[one["event"]].format(hold=one["hold"]),
            "quantity": _shown(one["quantity"]),
            "refs": _named(one["refs"], names),
        }
        for one in found.get("holds", ())
    ]
    pools = [
        {**one, "old": terms.word(OUTCOMES, one["old"]), "new": terms.word(OUTCOMES, one["new"])}
        for one in found.get("pools", ())
    ]
    shown = {"rows": rows, "differing": differing, "refs": refs, "holds": holds, "pools": pools}
    return {"label": label, "entries": found["entries"], **shown}


def _differing(one: Mapping[str, Any]) -> Difference:
    """As it was before it was kept as text."""
    old, new = one["old"] or None, one["new"] or None
    if one["part"] == "missing":
        old, new = (tuple(names.split(", ")) if names else () for names in (old, new))
    return Difference(one["part"], old, new, one["direction"])


def _named(refs: Iterable[str], names: Mapping[str, str]) -> list[tuple[str, str | None]]:
    return [(ref, names.get(ref)) for ref in refs]


def _event(what: str) -> str:
    """`suspend`, a channel that is gained or lost, or an instant from which on it is prohibited or open."""
    way, _space, of = what.partition(" ")
    if way == "gained":
        return gettext("Gain: {channel}").format(channel=terms.word(terms.CHANNELS, of))
    if way == "lost":
        return gettext("Lose: {channel}").format(channel=terms.word(terms.CHANNELS, of))
    if way in LATER:
        return str(LATER[way]).format(at=instant(datetime.fromisoformat(of)))
    return terms.word(EVENTS, what)


def _shown(quantity: Mapping[str, int]) -> list[tuple[int, str]]:
    return [(amount, unit) for unit, amount in quantity.items()]
