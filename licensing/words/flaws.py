"""What is wrong with a text of the rules, as whoever writes it is told."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import characters
from core.characters import MESSAGE
from core.errors import Invalid, Problem
from licensing.policy.editions import Flaw
from licensing.policy.edits import key_of
from licensing.words import terms

FLAWS = {
    "shape": gettext_lazy("This can't stand here: {detail}"),
    "no-json": gettext_lazy("This is no edition's document (JSON, in UTF-8). {detail}"),
    "too-large": gettext_lazy("The text is longer than {detail} characters."),
    "too-deep": gettext_lazy("Its parts stand in one another too deeply."),
    "key-twice": gettext_lazy("“{detail}” stands twice in the same place."),
    "no-name": gettext_lazy(
        "“{detail}” is no name of a row. Use letters from A to Z, digits and . _ -, with a letter or a "
        "digit at both ends."
    ),
    "forbidden-character": MESSAGE,
    "blank": gettext_lazy("Nothing can be read here. Write something, or leave it empty."),
    "id-twice": gettext_lazy("“{detail}” is there already. Choose another name, or change that one."),
    "ends-before-it-begins": gettext_lazy("The last day lies before the first."),
    "unknown-instrument": gettext_lazy("There is no instrument “{detail}”. Add it first."),
    "windows-overlap": gettext_lazy(
        "Another window of the same instrument and clause, or of the whole instrument, covers some of these "
        "days: {detail}."
    ),
    "window-before-its-instrument": gettext_lazy(
        "The instrument is in force from {detail} on, so the window would suspend nothing."
    ),
    "grace-before-its-rule": gettext_lazy(
        "The rule is in force from {detail} on; a grace that ends earlier spares nobody."
    ),
    "grace-before-its-edition": gettext_lazy(
        "The edition starts on {detail}; a grace that is over then spares nobody. Let it end on that day or later, or "
        "leave it out."
    ),
    "grace-for-nobody": gettext_lazy(
        "A grace is for what is licensed already. Let the rule count for licenses in force, too, or leave the "
        "grace out."
    ),
    "hold-would-tell": gettext_lazy(
        "A hold is told to whoever it holds, so it looks only at what an applicant states, and not at this: {detail}. "
        "Leave it empty, or make it a rule."
    ),
    "clause-of-no-rule": gettext_lazy("No rule is of the clause “{detail}”, so the window would suspend nothing."),
    "clause-before-its-instrument": gettext_lazy(
        "The instrument is in force from {detail} on; none of its clauses can begin earlier."
    ),
    "begins-after-its-instrument": gettext_lazy("Its instrument ends on {detail}, so it would never be in force."),
    "before-its-instrument": gettext_lazy("Its instrument is in force from {detail} on; the rule can't begin earlier."),
    "after-its-instrument": gettext_lazy("Its instrument ends on {detail}; the rule can't end later."),
    "matches-nothing": gettext_lazy("Nothing is called “{detail}” here, so it would fit no case."),
    "matches-no-item": gettext_lazy(
        "Each of these is there, but no code on the lists and nothing off them fits all together: {detail}. Leave some "
        "of them empty, or choose others."
    ),
    "rule-does-nothing": gettext_lazy("The rule does nothing. Say what it controls, opens, closes or asks for."),
    "no-disposition": gettext_lazy("A rule that controls, or takes another's outcome away, says which outcome it has."),
    "unknown-rule": gettext_lazy("There is no rule “{detail}”."),
    "threshold-without": gettext_lazy("This threshold counts by this number: say it."),
    "threshold-with": gettext_lazy("This threshold has no such number: leave it empty."),
    "overrides-an-override": gettext_lazy("“{detail}” takes an outcome away itself, so it can't be taken away."),
}


def message(flaw: Flaw) -> str:
    """Why, and what would mend it."""
    detail = terms.FACTS.get(flaw.detail, flaw.detail)  # a fact by its words
    return str(FLAWS[flaw.code]).format(detail=detail)


def start_taken(code: str) -> str:
    """Of a first day at which another edition starts."""
    return _("Edition {code} starts then. Choose another day, or repeal that one first.").format(code=code)


def unreadable(flaws: Iterable[Flaw], pointer: str = "", document: Mapping[str, Any] | None = None) -> Invalid:
    """Each flaw at its place, in words with the row's name; or, of a file, with its place."""
    return Invalid(
        [
            Problem(
                pointer or flaw.where or "/",
                "rules-unreadable",
                characters.without(
                    f"{flaw.where if pointer else _row_named(flaw.where, document)} {message(flaw)}".strip()
                ),
                {"flaw": flaw.code},
            )
            for flaw in flaws
        ]
    )


def _row_named(where: str, document: Mapping[str, Any] | None) -> str:
    """`R033:` of a flaw in that row; nothing where the row is not one of a list."""
    part, _slash, rest = where.strip("/").partition("/")
    at, listed = rest.split("/")[0], (document or {}).get(part)
    if not isinstance(listed, list) or not at.isdigit():
        return ""
    return f"{key_of(part, listed[int(at)])}:"
