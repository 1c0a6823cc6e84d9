"""What a draft changes, in words: the comparison everywhere, and the standing invariants."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.languages import in_language
from core.templatetags.lodestone import day
from licensing.policy.comparison import OF_GOODS, Comparison, HoldChange, Reach, Region
from licensing.policy.editions import Edition, Hold
from licensing.policy.engine import Compiled
from licensing.policy.invariants import Standing
from licensing.policy.strictness import LOOSENS, TIGHTENS, Difference
from licensing.policy.thresholds import STRICTER_WITH_MORE
from licensing.words import holds, labels, phrases, rules, terms
from licensing.words.differences import FELT, Change, Field, changes
from licensing.words.phrases import CLOCKS, PARAMS, both
from licensing.words.sentences import audiences
from licensing.words.whom import BRIEF, Whom, WitnessTold, when

NOTHING, CHANGES, EITHER_WAY = "nothing", "changes", "both"
WAYS = {
    TIGHTENS: gettext_lazy("Tightens"),
    LOOSENS: gettext_lazy("Loosens"),
    EITHER_WAY: gettext_lazy("Tightens and loosens"),
    CHANGES: gettext_lazy("Changes something, and judges no case stricter or milder"),
    NOTHING: gettext_lazy("Changes nothing"),
}


@dataclass(frozen=True)
class RegionTold:
    """Cases of which the editions say two different things."""

    way: str
    heading: str
    count: str
    whom: str  # in short
    cases: tuple[str, ...]  # and exactly
    when: str
    old: str
    new: str
    differences: tuple[str, ...]
    rules: tuple[str, ...]
    witness: WitnessTold


@dataclass(frozen=True)
class ReachTold:
    """What is told of a rule, or a hold, by its name."""

    name: str
    told: str


@dataclass(frozen=True)
class ComparisonTold:
    """What a draft changes and how that was found out."""

    way: str
    headline: str
    looked: str  # at how much
    regions: tuple[RegionTold, ...]
    more: str  # regions that are not told; "" where all are
    reach: tuple[ReachTold, ...]
    holds: tuple[ReachTold, ...]  # that begin, end or change, by name
    notes: tuple[str, ...]  # rules without effect, changes that nobody feels, codes that changed sides
    absent: str  # of cases with facts left out
    absent_witness: WitnessTold | None


@dataclass(frozen=True)
class StandingTold:
    """A standing invariant: held, or broken, then where, when, and by whom for one."""

    name: str
    sentence: str
    basis: str
    held: bool
    verdict: str
    whom: str = ""
    when: str = ""
    count: str = ""
    witness: WitnessTold | None = None
    outcome: str = ""  # what the rules say of the witness
    weaker: str = ""  # what it promises less than before


def compared(comparison: Comparison, old: Compiled, new: Compiled, countries: Mapping[str, str]) -> ComparisonTold:
    """The comparison of these two in words. countries: names by code."""
    whom, exactly = (Whom(old.edition, new.edition, countries, most) for most in (BRIEF, None))
    absent = comparison.absent
    found = way(comparison)
    written = {(one.part, one.row): one for one in changes(old.edition, new.edition, countries)}
    return ComparisonTold(
        way=found,
        headline=str(WAYS[found]),
        looked=_looked(comparison),
        regions=tuple(_region(region, whom, exactly) for region in comparison.regions),
        more=_more(comparison.more),
        reach=tuple(_reach(one, written.get(("rules", one.rule))) for one in comparison.reach),
        holds=tuple(hold(one, old.edition, new.edition, countries) for one in comparison.holds),
        notes=(*_notes(comparison), *_written(comparison, written), *_weaker(comparison.weaker)),
        absent=ngettext(
            "Beside these %(drawn)s cases with some facts left out were drawn: %(number)s comes out differently.",
            "Beside these %(drawn)s cases with some facts left out were drawn: %(number)s come out differently.",
            absent.differing,
        )
        % {"drawn": f"{absent.drawn:,}", "number": f"{absent.differing:,}"},
        absent_witness=whom.witness(absent.witness) if absent.witness else None,
    )


def way(comparison: Comparison) -> str:
    """Which way a draft goes; that it changes nothing is said only where nothing at all was found."""
    if comparison.tightens or comparison.loosens:
        return _way(comparison.tightens, comparison.loosens)
    felt = comparison.regions or comparison.more or comparison.reach or comparison.absent.differing
    beside = comparison.of_others or comparison.of_goods or comparison.unsaid or comparison.holds or comparison.weaker
    return CHANGES if felt or beside else NOTHING


def _way(tightens: bool, loosens: bool) -> str:
    if tightens and loosens:
        return EITHER_WAY
    return TIGHTENS if tightens else LOOSENS if loosens else CHANGES


def _looked(comparison: Comparison) -> str:
    size = f"{comparison.size:,}"
    if comparison.sampled:
        return _(
            "By a sample: there are {size} kinds of cases, too many for all. What is told holds; what is not told "
            "may be all the same."
        ).format(size=size)
    if comparison.together:
        return _(
            "All {size} kinds of cases that the rules tell apart, new and pending, on every day, with at most {number} "
            "destinations at once: so many are told apart that not every set of them was looked at."
        ).format(size=size, number=comparison.together)
    return _("Whole: all {size} kinds of cases that the rules tell apart, new and pending, on every day.").format(
        size=size
    )


def _more(number: int) -> str:
    if not number:
        return ""
    return ngettext("%(number)s smaller change is not told.", "%(number)s smaller changes are not told.", number) % {
        "number": f"{number:,}"
    }


def classes(count: int) -> str:
    return ngettext("%(number)s kind of cases", "%(number)s kinds of cases", count) % {"number": f"{count:,}"}


# --- regions ----------------------------------------------------------------------------------------------
def _region(region: Region, whom: Whom, exactly: Whom) -> RegionTold:
    found = _way(TIGHTENS in region.directions, LOOSENS in region.directions)
    return RegionTold(
        way=found,
        heading=str(WAYS[found]),
        count=classes(region.count),
        whom=whom.boxes(region.boxes),
        cases=tuple(exactly.box(box) for box in region.boxes),
        when=when(region.when),
        old=rules.told(region.old),
        new=rules.told(region.new),
        differences=tuple(difference(one) for one in region.differences),
        rules=region.rules,
        witness=whom.witness(region.witness),
    )


def difference(one: Difference) -> str:
    """What is another part of an outcome."""
    match one.part:
        case "channel" if one.new is None:
            return _("Closes: {name}").format(name=terms.word(terms.CHANNELS, one.old))
        case "channel":
            return _("Opens: {name}").format(name=terms.word(terms.CHANNELS, one.new))
        case "paper" if one.new is None:
            return _("No longer asked for: {name}").format(name=phrases.paper(one.old))
        case "paper":
            return _("Asked for: {name}").format(name=phrases.paper(one.new))
        case "condition" if one.new is None:
            return _("Condition that falls away: {name}").format(name=terms.word(terms.CONDITIONS, one.old))
        case "condition":
            return _("Condition that is added: {name}").format(name=terms.word(terms.CONDITIONS, one.new))
        case "disposition":
            label, words = _("Outcome"), [terms.word(terms.DISPOSITIONS, name) for name in (one.old, one.new)]
        case "clock":
            label, words = _("Time limit"), [terms.word(CLOCKS, name) for name in (one.old, one.new)]
        case "missing":
            label = _("Facts that are missing")
            words = [
                both(terms.word(terms.FACTS, name) for name in names) if names else _("none")
                for names in (one.old, one.new)
            ]
        case _:
            label, words = str(PARAMS[one.part]), [phrases.limit(one.part, value) for value in (one.old, one.new)]
    return _("{label}: {old}, now {new}").format(label=label, old=words[0], new=words[1])


# --- beside them ------------------------------------------------------------------------------------------
def _reach(one: Reach, written: Change | None) -> ReachTold:
    """written: what the rule itself says otherwise; where it says the same, what it names is another, or what takes
    away its outcome."""
    if one.before == one.after:
        told = _("It hits whom it hit ({after}); for those who hold a license it does so in another way.")
    elif not one.before:
        told = _("It hits now: {after}.")
    else:
        told = _("It hit: {before}. It hits now: {after}.")
    said = [told.format(before=audiences(one.before), after=audiences(one.after))]
    if one.otherwise and one.before != one.after:
        said.append(_("For those who hold a license it does so in another way."))
    if one.otherwise:
        said += _fields(written, FELT - {"applies_to"})
    return ReachTold(one.rule, phrases.sentences(said))


def _fields(written: Change | None, names: Collection[str]) -> list[str]:
    """What a row says otherwise in these fields, and means otherwise."""
    fields = [field for field in written.fields if field.place[0] in names] if written else []
    return [field.told for field in fields if field.old != field.new and not _unsaid(field)]


def _unsaid(field: Field) -> bool:
    """One of the editions says there what holds where nothing is said, as in the other."""
    return labels.unsaid(field.place) == field.old + field.new


def hold(one: HoldChange, old: Edition, new: Edition, countries: Mapping[str, str]) -> ReachTold:
    """A hold that begins, ends, changes, or begins and is over already."""
    was, becomes = (_said(row, edition, countries) if row else "" for row, edition in ((one.old, old), (one.new, new)))
    if one.late:
        told = _("This hold is over before these rules begin, and holds nothing: {hold}").format(hold=becomes)
        told = _("{told} It was: {was}").format(told=told, was=was) if was else told
    elif was and becomes:
        told = _("This hold changes. It was: {was} It is then: {becomes}").format(was=was, becomes=becomes)
    elif becomes:
        told = _("A hold begins: {hold}").format(hold=becomes)
    else:
        told = _("A hold ends: {hold}").format(hold=was)
    return ReachTold(one.name, told)


def _said(hold: Hold, edition: Edition, countries: Mapping[str, str]) -> str:
    whom = phrases.conditions(hold.match, edition, countries)
    facts = {"why": holds.reason(hold), "ends": holds.ends(hold.owner, hold.span.last), "scope": _scope(hold)}
    return _("{why} From {day} on it looks at this: {whom}. {ends} {scope}").format(
        whom=whom, day=day(hold.span.first), **facts
    )


def _scope(hold: Hold) -> str:
    if hold.reservations:
        return _("Nothing is approved or issued, and nothing new is reserved on licenses in force.")
    return _("Nothing is approved or issued. Licenses in force can be used.")


def _notes(comparison: Comparison) -> Iterator[str]:
    fresh = [name for name in comparison.idle if name not in comparison.idle_before]
    stale = [name for name in comparison.idle if name in comparison.idle_before]
    wakes = [name for name in comparison.idle_before if name not in comparison.idle]
    for names, told in (
        (fresh, _("Rules without effect now, since other rules already say what they say: {rules}.")),
        (stale, _("Rules without effect, before and now: {rules}.")),
        (wakes, _("Rules that were without effect and are so no longer, or are gone: {rules}.")),
        (
            comparison.unfelt,
            _(
                "Rules that are new, gone or another, by which no outcome of a new or pending case changes where all "
                "facts are said: {rules}."
            ),
        ),
        (
            comparison.of_others,
            _("Codes that change sides between exporters in China and overseas, not compared: {rules}."),
        ),
        (
            comparison.unsaid,
            _("End-uses that are dropped, which cases that name one are asked for again: {rules}."),
        ),
    ):
        if names:
            yield told.format(rules=both(names))


def _written(comparison: Comparison, written: Mapping[tuple[str, str], Change]) -> Iterator[str]:
    """What no outcome says of a code, and the test for annual licenses: from what to what."""
    for code in comparison.of_goods:
        told = phrases.sentences(_fields(written["codes", code], OF_GOODS))
        yield _("{code} changes in what no outcome shows: {told}").format(code=code, told=told)

    for one in comparison.thresholds:
        change = written["thresholds", one.id]
        yield phrases.sentences([change.told, *(_fields(change, STRICTER_WITH_MORE) if one.old and one.new else ())])


def _weaker(found: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for name, parts in found.items():
        yield less(name, parts)


def less(name: str, parts: Collection[str]) -> str:
    """What a standing invariant promises less."""
    if "struck" in parts:
        return _("{name} is no longer to hold everywhere.").format(name=name)
    fields = (labels.label((part,) if part == "when" else ("then", part)) for part in parts)
    return _("{name} promises less than before in {parts}.").format(
        name=name, parts=both(phrases.quoted(field) for field in fields)
    )


# --- standing invariants ----------------------------------------------------------------------------------
def standings(
    found: Iterable[Standing],
    compiled: Compiled,
    countries: Mapping[str, str],
    of: Edition | None = None,
    weaker: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> tuple[StandingTold, ...]:
    """Invariants as they stand under an edition, in words. of: whose they are, else its own. weaker: which promise less
    than before, and in what."""
    rows = {row["id"]: row for row in (of or compiled.edition).document["invariants"]}
    whom = Whom(compiled.edition, compiled.edition, countries, BRIEF)
    told = {one.invariant.id: _standing(one, rows[one.invariant.id], compiled, whom) for one in found}
    return tuple(replace(one, weaker=less(name, weaker[name]) if name in weaker else "") for name, one in told.items())


def _standing(one: Standing, row: Mapping[str, Any], compiled: Compiled, whom: Whom) -> StandingTold:
    told = StandingTold(
        name=one.invariant.id,
        sentence=in_language(row["sentence_en"], row["sentence_zh"]),
        basis=row["basis"],
        held=one.held,
        verdict=_("Broken") if not one.held else _("Held, as far as a sample shows") if one.sampled else _("Held"),
    )
    if one.witness is None:
        return told
    return replace(
        told,
        whom=whom.boxes(one.boxes),
        when=when(one.when),
        count=classes(one.count),
        witness=whom.witness(one.witness),
        outcome=rules.told(one.witness.asked(compiled)),
    )
