"""A rule of an edition as a sentence, with whom it hits, on which days, and on what authority."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.templatetags.lodestone import day
from licensing.policy.editions import Edition, Rule
from licensing.policy.vocabulary import AUDIENCES, EXISTING, NEW, PENDING
from licensing.words import rules, terms
from licensing.words.phrases import both, conditions, days, effects, one_by_one, sentences

HIT = {
    NEW: gettext_lazy("new applications"),
    PENDING: gettext_lazy("pending cases"),
    EXISTING: gettext_lazy("licenses in force"),
}


@dataclass(frozen=True)
class RuleTold:
    """A rule, as whoever never saw the document reads it."""

    rule: str
    sentence: str  # when, and what then
    hits: str  # whom, with the grace of those who hold a license
    days: str  # since when, until when, and its suspensions
    notes: tuple[str, ...]  # that it is not enabled, controls nothing by itself, takes away what others say
    reason: str  # what its author says of it
    provision: str | None  # None: a default of this product, never a provision
    authority: str
    verified: bool
    enabled: bool

    @property
    def anchor(self) -> str:
        return anchor("rule", self.rule)


def anchor(kind: str, name: str) -> str:
    """Where a rule, a clause or an item stands on its page: the same for whoever links to it."""
    return f"{kind}-{quote(name, safe='')}"


def told(name: str, edition: Edition, countries: Mapping[str, str]) -> RuleTold:
    """The rule of this name in words. countries: names by code."""
    rule = next(rule for rule in edition.rules if rule.id == name)
    row = next(row for row in edition.document["rules"] if row["id"] == name)
    said = rules.in_words(row, edition.document)
    return RuleTold(
        rule=name,
        sentence=sentence(rule, edition, countries),
        hits=hits(rule),
        days=when(rule, own="effective_from" in row),
        notes=tuple(_notes(rule)),
        reason=said["text"],
        provision=said["provision"],
        authority=terms.word(rules.AUTHORITIES, row["authority"]),
        verified=row["verified"],
        enabled=rule.enabled,
    )


def sentence(rule: Rule, edition: Edition, countries: Mapping[str, str]) -> str:
    then = one_by_one(effects(rule.effect)) or _("nothing")
    return _("When {conditions}, then: {effects}.").format(
        conditions=conditions(rule.match, edition, countries), effects=then
    )


def audiences(names: Iterable[str]) -> str:
    """Who is hit, in the order of a case's life."""
    found = sorted(names, key=AUDIENCES.index)
    return both(str(HIT[name]) for name in found) if found else _("nobody")


def hits(rule: Rule) -> str:
    told = _("It hits {audiences}.").format(audiences=audiences(rule.audiences))
    return sentences([told, _grace(rule.transition)] if rule.transition else [told])


def _grace(transition: Mapping[str, str]) -> str:
    """What those who hold a license may still do."""
    until, before = (_day_of(transition, name) for name in ("until", "contracts_signed_before"))
    if not until:
        return _("No day of grace is named.")
    if before:
        return _(
            "Shipments that were reserved before, under contracts signed before {before}, may still be declared "
            "until {until}."
        ).format(before=before, until=until)
    return _("Shipments that were reserved before may still be declared until {until}.").format(until=until)


def _day_of(row: Mapping[str, str], name: str) -> str:
    return day(date.fromisoformat(row[name])) if name in row else ""


def when(rule: Rule, *, own: bool) -> str:
    """The days on which it may count. own: its first day is its own, and not that of its clause."""
    begins = _("In force {days}.") if own else _("In force with its clause: {days}.")
    told = [begins.format(days=days(rule.span))]
    told += [
        _("Suspended {days}.").format(days=days(pause)) for pause in sorted(rule.pauses, key=lambda one: one.first)
    ]
    return sentences(told)


def _notes(rule: Rule) -> Iterator[str]:
    if not rule.enabled:
        yield _("It is not enabled and has no effect.")
    if not rule.effect.control:
        yield _("It controls nothing by itself: it counts for goods that another rule controls.")
    if rule.overrides:
        yield _("It takes away the outcome that these rules would give: {rules}.").format(
            rules=both(sorted(rule.overrides))
        )
