"""What a draft of the rules still needs before it is in force, as its page lists it for authors and approvers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from core.legal_time import day_start, legal_day
from core.models import User
from core.templatetags.lodestone import day
from licensing import selectors
from licensing.actions.editions import TITLES, no_emergency, same_title
from licensing.models import Draft, Signature
from licensing.policy.editions import Edition, short_graces
from licensing.selectors.drafts import SIMULATED_HOURS, Effect
from licensing.selectors.verdicts import EXISTING
from licensing.words.flaws import message, start_taken

PROHIBITED = "prohibited"


@dataclass(frozen=True)
class Need:
    """A line of the list; small: what to do where it is not met, or how it is met. hastens: an emergency needs it
    alike, whenever it is in force."""

    text: str
    done: bool
    small: str
    hastens: bool = False


def needs_of(draft: Draft, effect: Effect, at: datetime) -> Iterator[Need]:
    """In the order of the work; the last is another person's, and never done as long as this is a draft."""
    changed = draft.digest != effect.follows.digest
    yield Need(
        _("It changes something."), changed, "" if changed else _("Add or change a row of its rules first."), True
    )
    flaw = _first_day(draft, at)
    yield Need(
        _("It has a first day."),
        not flaw,
        flaw or _("In force from 00:00 of {day} on.").format(day=day(draft.starts_on)),
    )
    told = not draft.untold and not draft.statement_is_older
    small = [*(same_title(name) for name in TITLES if name in draft.untold), _statement(draft)]
    yield Need(_("The public is told in both languages."), told, " ".join(filter(None, small)), True)
    if short := _short_graces(draft, effect, effect.since):
        yield Need(_("Each grace lasts until it starts, or longer."), False, short)
    yield Need(_("What must always hold does."), not (effect.broken or effect.unexplained), _kept(effect), True)
    simulated = selectors.simulated(draft, selectors.start_of(draft, at), at)
    again = _("Simulate this text, from this day on; it counts for {hours} hours. An emergency needs no simulation.")
    again = again.format(hours=SIMULATED_HOURS)
    yield Need(_("It was simulated on the book."), simulated, "" if simulated else again)
    yield Need(_("An approver who wrote nothing of it approves it."), False, _("It then starts by itself on its day."))


def complete(draft: Draft, known: selectors.Editions, at: datetime) -> bool:
    """Its authors have done what is seen without reading its rules; whether what must always hold does, and its graces
    last, its page says."""
    starts_at = selectors.start_of(draft, at)
    follows = known.before(starts_at).digest
    if draft.starts_on is None or starts_at != day_start(draft.starts_on) or draft.digest == follows:
        return False
    if starts_at in {taken for _, _, taken in known.rows} or draft.untold or draft.statement_is_older:
        return False
    return any(not selectors.outdated(one, draft, starts_at, at, known.newest) for one in draft.simulations.all())


def hurdles(draft: Draft, effect: Effect, needs: Iterable[Need], at: datetime) -> tuple[list[Need], str]:
    """Why it would be refused as an emergency, as far as its page knows: what is missing, and why its text can be none.

    It is compared from a later start on, which finds nothing that is not so today; but where it follows another edition
    then, that says nothing.
    """
    follows = selectors.editions_at(at).before(at).digest
    if effect.follows.digest != follows:
        return [], ""
    refusal = no_emergency(effect.comparison, follows, draft.text)
    missing = [need for need in needs if need.hastens and not need.done]
    if short := _short_graces(draft, effect, legal_day(at)):
        missing.append(Need(_("Each grace lasts until it starts, or longer."), False, short, True))
    return missing, str(refusal.detail) if refusal else ""


def hastened_by(draft: Draft, at: datetime) -> list[User]:
    """Approvers who signed it as an emergency, as far as that counts at that instant."""
    return list(dict.fromkeys(one.actor for one in draft.hastened(at)))


def waited_for(draft: Draft, approvers: Iterable[User], at: datetime) -> list[User]:
    """Of these the ones whose signature as an emergency would be another: they wrote nothing of it, and none counts."""
    signed = {one.actor_id for one in draft.hastened(at)}
    return [user for user in of_no_author(draft, approvers) if user.pk not in signed]


def of_no_author(draft: Draft, approvers: Iterable[User]) -> list[User]:
    """Of these the ones who wrote nothing of it."""
    authors = {one.actor_id for one in draft.signatures.all() if one.part == Signature.Part.AUTHOR}
    return [user for user in approvers if user.pk not in authors]


def sparing(before: Edition, after: Edition) -> list[str]:
    """Rules that are new, or other than before, and prohibit, but not what is licensed already."""
    known = {rule.id: rule for rule in before.rules}
    return [
        rule.id
        for rule in after.rules
        if rule.enabled
        and rule.effect.disposition == PROHIBITED
        and EXISTING not in rule.audiences
        and rule != known.get(rule.id)
    ]


def _first_day(draft: Draft, at: datetime) -> str:
    """What is wrong with it, and what to do."""
    if draft.starts_on is None:
        return _(
            "Say from which day on, tomorrow at the earliest. An emergency needs none: it is in force some seconds "
            "after the second signature."
        )
    if draft.starts_on <= legal_day(at):
        come = _("{day} has come: say another day, tomorrow at the earliest. Sooner only as an emergency.")
        return come.format(day=day(draft.starts_on))
    other = selectors.starting_at(day_start(draft.starts_on))
    return start_taken(other.code) if other else ""


def _statement(draft: Draft) -> str:
    if draft.statement_is_older:
        return _("The text was written for earlier rules: look at it, and keep it again.")
    if draft.statement_en and draft.statement_zh:
        return ""
    if draft.starts_on is None:
        return _(
            "A text is proposed to its author once there is a first day, or at once for an emergency. Without one it "
            "is not put in force."
        )
    return _("A text is proposed in the form: read it, and keep it. Without one it is not put in force.")


def _short_graces(draft: Draft, effect: Effect, starts_on: date) -> str:
    """The rules whose grace is over when it starts, each with why and what would mend it."""
    before, after = selectors.rules_of(effect.follows.digest).edition, selectors.compiled(draft.text).edition
    rules = after.document["rules"]
    flaws = short_graces(before, after, starts_on)
    return " ".join(f"{rules[int(flaw.where.split('/')[2])]['id']}: {message(flaw)}" for flaw in flaws)


def _kept(effect: Effect) -> str:
    if effect.broken:
        names = ", ".join(sorted(effect.broken))
        return _("It breaks {invariants}: mend the rules. A case of each of its own stands below.").format(
            invariants=names
        )
    if effect.unexplained:
        names = ", ".join(sorted(effect.unexplained))
        return _("Say why it weakens or strikes {invariants}: in the basis, or in the row that it strikes.").format(
            invariants=names
        )
    return ""
