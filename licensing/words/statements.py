"""The public statement of a new edition, "what changes and what does not": plain text for its author to go on with."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from core.templatetags.lodestone import day
from licensing.policy.comparison import OF_GOODS, PROHIBITED, Comparison, Region
from licensing.policy.days import When
from licensing.policy.editions import Edition, Rule
from licensing.policy.strictness import LOOSENS, TIGHTENS
from licensing.policy.vocabulary import CHANNELS, CODE, COUNTRY, END_USE, EXCEPTED, NEW, PENDING, UNLISTED_CODE
from licensing.policy.whole import Box, united
from licensing.words import comparisons, phrases, rules, terms
from licensing.words.differences import CHANGED, FELT, MOVED, Change, changes
from licensing.words.whom import Whom, when

LANGUAGES = ("en", "zh-hans")
PLACES = (CODE, COUNTRY)
SHORT = 60  # characters of what stands in the line of an item
TO = {COUNTRY: gettext_lazy("to {values}"), END_USE: gettext_lazy("end-use {values}")}
WAYS = {
    comparisons.EITHER_WAY: gettext_lazy("The rules become stricter in part and milder in part."),
    "tightens": gettext_lazy("The rules become stricter."),
    "loosens": gettext_lazy("The rules become milder."),
    comparisons.CHANGES: gettext_lazy("The rules become neither stricter nor milder."),
    comparisons.NOTHING: gettext_lazy("The rules say the same as before."),
}


def statements(
    old: Edition, new: Edition, comparison: Comparison, starts: date, countries: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """The statement in each language. countries: of each language names by code."""
    found = {}
    for language in LANGUAGES:
        with override(language):
            found[language] = statement(old, new, comparison, starts, countries[language])
    return found


def statement(old: Edition, new: Edition, comparison: Comparison, starts: date, countries: Mapping[str, str]) -> str:
    """In the language of whoever reads: a title, what changes, for which goods, and what does not change."""
    parts = [
        [_("What changes on {day}, and what does not").format(day=day(starts)), str(WAYS[comparisons.way(comparison)])],
        [
            _("What changes"),
            *_changed(changes(old, new, countries), _begun(new, starts), _holds(comparison, old, new, countries)),
            *_licenses(comparison),
        ],
        [_("Which goods are concerned"), *_goods(comparison, Whom(old, new, countries))],
        [_("What does not change"), *_stays(old, new, starts, comparison)],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if len(lines) > 1)


# --- what changes -----------------------------------------------------------------------------------------
def _begun(edition: Edition, starts: date) -> set[str]:
    """Rules whose own days began before the edition and have no end: only its start says when they count."""
    rules_ = (rule for rule in edition.rules if not rule.pauses and rule.span.last is None)
    return {rule.id for rule in rules_ if rule.span.first <= starts}


def _changed(found: tuple[Change, ...], begun: Collection[str], held: Mapping[str, str]) -> Iterator[str]:
    """begun: rules that say no day of their own where they are added, as it would be one before the edition. held: what
    is told of each hold."""
    for one in found:
        if one.part == "rules" and one.kind != MOVED:
            yield from _rule(one, dated=one.old is not None or one.row not in begun)
        elif one.part == "codes" and one.kind == CHANGED:
            yield phrases.sentences([one.told, *(field.told for field in one.fields if field.place[0] in OF_GOODS)])
        elif one.part not in ("rules", "invariants") and one.kind != MOVED:
            yield held.get(one.row, one.told) if one.part == "holds" else one.told


def _holds(comparison: Comparison, old: Edition, new: Edition, countries: Mapping[str, str]) -> dict[str, str]:
    return {one.name: comparisons.hold(one, old, new, countries).told for one in comparison.holds}


def _rule(one: Change, *, dated: bool) -> Iterator[str]:
    """A rule by its sentence; of a change first what is another."""
    felt = [field for field in one.fields if field.place[0] in FELT]
    if one.new is None and one.old is not None and one.old.enabled:
        yield phrases.sentences([one.told, _("Until now: {sentence}").format(sentence=one.old.sentence)])
    elif one.new is not None and felt and (one.new.enabled or one.old is not None and one.old.enabled):
        otherwise = [field.told for field in felt if one.kind == CHANGED and field.place != ("enabled",)]
        days = [one.new.days] if dated else []
        yield phrases.sentences([one.told, *otherwise, one.new.sentence, one.new.hits, *days])


def _licenses(comparison: Comparison) -> Iterator[str]:
    """What becomes of licenses in force, as far as that can be said of each rule alone."""
    directions = {one for reach in comparison.reach for one in reach.directions}
    if TIGHTENS in directions:
        yield _(
            "Licenses in force are suspended as far as they allow what is prohibited for them now: no shipment of it "
            "can be reserved any more."
        )
    if LOOSENS in directions:
        yield _("What was suspended of licenses in force only by what is no longer prohibited can be used again.")


# --- which goods ------------------------------------------------------------------------------------------
def _goods(comparison: Comparison, whom: Whom) -> Iterator[str]:
    """A line for each item of the lists and each thing that is said of it from now on, under what they share."""
    found: dict[tuple[str, When], list[Box]] = {}
    for region in comparison.regions:
        found.setdefault((_outcome(region), region.when), []).extend((*region.boxes, *_barred(comparison, region)))
    shared: dict[str, list[str]] = {}
    for (outcome, days), boxes in found.items():
        for box in united(boxes):
            rest, lines = _lines(box, whom)
            shared.setdefault(rest, []).extend(_line(line, outcome, days) for line in lines)
    for rest, lines in sorted(shared.items()):
        if rest:
            yield _("Where {conditions}:").format(conditions=rest)
        yield from sorted(lines)
    if comparison.more or comparison.sampled:
        yield _("More cases may be concerned; the license check answers for each.")


def _line(case: str, outcome: str, days: When) -> str:
    spans = dict(days)
    if spans.get(NEW) == spans.get(PENDING):
        told = phrases.both(phrases.days(span) for span in spans[NEW])
        return _("{case}: {outcome} {days}.").format(case=case, outcome=outcome, days=told)
    return _("{case}: {outcome} ({days}).").format(case=case, outcome=outcome, days=when(days))


def _outcome(region: Region) -> str:
    """What is said from now on; where the verdict stays, what else is another."""
    was, becomes = rules.told(region.old), rules.told(region.new)
    if was != becomes:
        return phrases.lower(becomes)
    return phrases.one_by_one(phrases.lower(comparisons.difference(one)) for one in region.differences)


def _barred(comparison: Comparison, region: Region) -> Iterator[Box]:
    """What the rules of a region prohibit beside it, and was prohibited before: a ban does not tell them apart. Where
    it may be applied for all the same, that is so as before."""
    for one in comparison.barred:
        same = (one.rules, one.when) == (region.rules, region.when)
        if same and region.new.disposition == PROHIBITED and {*region.new.channels} <= {*one.outcome.channels}:
            yield from one.boxes


def _lines(box: Box, whom: Whom) -> tuple[str, list[str]]:
    """What the items of a box share, and each item, with where it goes and what for as far as that is short."""
    sides = [(side.fact, whom.side(side, classes, TO)) for side, classes in box.sides if side.fact != CODE]
    short = [told for fact, told in sides if fact in TO and len(told) <= SHORT]
    rest = [whom.side(side, classes) for side, classes in box.sides if side.fact != CODE]
    shared = [told for told, (fact, brief) in zip(rest, sides, strict=True) if brief not in short]
    items = next((classes for side, classes in box.sides if side.fact == CODE), None)
    codes = sorted({of[CODE] for one in items or () for of in one.values})
    told = [_("Items on none of the lists") if name == UNLISTED_CODE else whom.item(name) for name in codes]
    return phrases.all_of(shared), [phrases.in_a_row([one, *short]) for one in told or [_("Every item")]]


# --- what stays -------------------------------------------------------------------------------------------
def _stays(old: Edition, new: Edition, starts: date, comparison: Comparison) -> Iterator[str]:
    """Channels and barriers by rules that are the same in both, may count from that day on, and are of the goods or
    destinations that are concerned; the rest in one line."""
    before = {rule.id: rule for rule in old.rules}
    boxes = [box for region in comparison.regions for box in region.boxes]
    near = [
        rule
        for at, rule in enumerate(new.rules)
        if _of_goods_or_destinations(rule) and any(_meets(at, box) for box in boxes)
    ]
    same = [rule for rule in near if before.get(rule.id) == rule and _counts(rule, starts)]
    for channel in CHANNELS:
        if names := {rule.id for rule in same if channel in rule.effect.grant}:
            yield _("Open as before, {channel}:").format(channel=terms.word(terms.CHANNELS, channel))
            yield from _reasons(new, names)
    if names := {rule.id for rule in same if rule.effect.disposition in EXCEPTED}:
        yield _("Prohibited or presumed refused as before:")
        yield from _reasons(new, names)
    yield _("All that is not named here stays as it was.")


def _of_goods_or_destinations(rule: Rule) -> bool:
    """It is of some goods, or of some destinations."""
    return any(key.startswith(("item.", "destination.")) for key in rule.match)


def _meets(at: int, box: Box) -> bool:
    """Some goods and destinations of the box, each by itself, are those of the new edition's rule of this number."""
    places = ((side.fact, classes) for side, classes in box.sides if side.fact in PLACES)
    return all(
        any(not one.failing[-1] >> at & 1 and not isinstance(one.values[0][fact], tuple) for one in classes)
        for fact, classes in places
    )


def _reasons(edition: Edition, names: Collection[str]) -> Iterator[str]:
    """Each rule in its author's words, with where it stands."""
    for row in edition.document["rules"]:
        if row["id"] in names:
            yield rules.in_full(edition, [row["id"]])


def _counts(rule: Rule, starts: date) -> bool:
    return rule.enabled and (rule.span.last is None or rule.span.last >= starts)
