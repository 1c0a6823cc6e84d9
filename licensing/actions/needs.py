"""What a draft of the rules needs before it is in force: one list, by which verbs refuse and which its page shows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum, auto
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import DomainError, Invalid, Problem
from core.legal_time import day_start, legal_day
from licensing.models import Draft
from licensing.policy.editions import short_graces
from licensing.selectors import AHEAD, Editions, broken_by, compiled, outdated, rules_of, unexplained
from licensing.selectors.drafts import SIMULATED_HOURS
from licensing.words.flaws import start_taken, unreadable

HASTE = timedelta(seconds=5)  # whoever reads the clock after an emergency was signed sees it
TITLES = ("title_en", "title_zh")


@dataclass(frozen=True)
class Coming:
    """A draft as it would be in force from an instant on, beside the editions known at another."""

    row: Draft
    starts_at: datetime
    known: Editions

    @property
    def follows(self) -> str:
        """The digest of the text that it would take the place of."""
        return self.known.before(self.starts_at).digest

    @property
    def since(self) -> date:
        return legal_day(self.starts_at)


class Reads(IntEnum):
    """What is read to know whether a need is met; each takes longer than the one before."""

    ROW = auto()
    RULES = auto()
    CASES = auto()  # all that could exist


@dataclass(frozen=True)
class Need:
    """refusal: why it is not met, or None. hastens: an emergency needs it alike, whenever it is in force."""

    text: Any
    refusal: Callable[[Coming], DomainError | None]
    reads: Reads = Reads.ROW
    hastens: bool = True


def require_needs(coming: Coming, *, hastens: bool = False) -> None:
    """Each is met; of an emergency those that it needs alike. Raises the refusal of the first that is not."""
    for need in NEEDS:
        if (need.hastens or not hastens) and (refusal := need.refusal(coming)):
            raise refusal


def _changes_nothing(coming: Coming) -> DomainError | None:
    if coming.row.digest != coming.follows:
        return None
    same = _("The rules would be the same as before it starts. Change something first.")
    return DomainError(same, code="changes-nothing")


def _no_first_day(coming: Coming) -> DomainError | None:
    day = coming.row.starts_on
    if day is None:
        unsaid = _(
            "Say from which day on, tomorrow at the earliest. An emergency needs none: it is in force some seconds "
            "after the last signature."
        )
        return Invalid([Problem("/starts_on", "required", unsaid)])
    if refusal := not_ahead(day, coming.known.at + HASTE):
        return refusal
    taken = [code for code, _digest, starts_at in coming.known.rows if starts_at == day_start(day)]
    return Invalid([Problem("/starts_on", "start-taken", start_taken(taken[-1]))]) if taken else None


def not_ahead(day: date, at: datetime) -> Invalid | None:
    """Why it can't start on that day: it has come, or is too far ahead."""
    today = legal_day(at)
    if today < day <= today + AHEAD:
        return None
    coming = _("Choose a day after today ({today}): it starts at 00:00 of it.").format(today=today)
    return Invalid([Problem("/starts_on", "date-out-of-range", coming)])


def _untold(coming: Coming) -> DomainError | None:
    """Everybody can read what it is about and what it changes, in both languages, and that is of this very text."""
    row = coming.row
    missing = _(
        "Say in the public statement what changes and what does not, in both languages. A text is proposed in its "
        "form, once there is a first day or for an emergency."
    )
    messages = dict.fromkeys(row.untold, missing) | {name: same_title(name) for name in TITLES}
    problems = [Problem(f"/{name}", "required", messages[name]) for name in row.untold]
    return older_statement(row) or (Invalid(problems) if problems else None)


def older_statement(row: Draft) -> DomainError | None:
    """Why its public statement is not one of its text."""
    if not row.statement_is_older:
        return None
    older = _("The public statement was written for an earlier text. One of its authors must look and save it again.")
    return DomainError(older, code="statement-older")


def same_title(name: str) -> str:
    """What is wrong with a title that stands for both languages and lacks this one."""
    if name == "title_zh":
        return _("Its title in Chinese is the English one: say it in Chinese.")
    return _("Its title in English is the Chinese one: say it in English.")


def _over(coming: Coming) -> DomainError | None:
    """The graces that would be over on its first day."""
    edition = compiled(coming.row.text).edition
    short = list(short_graces(rules_of(coming.follows).edition, edition, coming.since))
    return unreadable(short, document=edition.document) if short else None


def _breaks(coming: Coming) -> DomainError | None:
    """Its own standing invariants hold everywhere from its start on, and it weakens or strikes none of those before
    without its own reason."""
    if broken := broken_by(coming.follows, coming.row.text, since=coming.since):
        fix = _("It breaks what is to hold everywhere: {invariants}. The page shows a case of each; mend the rules.")
        return DomainError(fix.format(invariants=", ".join(sorted(broken))), code="invariant-broken")
    if silent := unexplained(coming.follows, coming.row.text):
        why = _(
            "It weakens or strikes what is to hold everywhere, and does not say why: {invariants}. Put it back, and "
            "word its basis anew, or write in its row why it holds no more."
        )
        return DomainError(why.format(invariants=", ".join(sorted(silent))), code="invariant-unexplained")
    return None


def _not_simulated(coming: Coming) -> DomainError | None:
    at, newest = coming.known.at, coming.known.newest
    if any(not outdated(one, coming.row, coming.starts_at, at, newest) for one in coming.row.simulations.all()):
        return None
    first = _(
        "Simulate it on the book first: this very text, from this day on, in the last {hours} hours. An emergency "
        "needs no simulation."
    )
    return DomainError(first.format(hours=SIMULATED_HOURS), code="not-simulated")


FIRST_DAY = Need(gettext_lazy("It has a first day."), _no_first_day, hastens=False)
# in the order of the work
NEEDS = (
    Need(gettext_lazy("It changes something."), _changes_nothing),
    FIRST_DAY,
    Need(gettext_lazy("The public is told in both languages."), _untold),
    Need(gettext_lazy("Each grace lasts until it starts, or longer."), _over, Reads.RULES),
    Need(gettext_lazy("What must always hold does."), _breaks, Reads.CASES),
    Need(gettext_lazy("It was simulated on the book."), _not_simulated, hastens=False),
)
