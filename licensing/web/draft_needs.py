"""What a draft of the rules still needs before it is in force, as its page lists it for authors and approvers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from core.errors import DomainError
from core.models import User
from core.templatetags.lodestone import day
from licensing.actions.editions import no_emergency
from licensing.actions.needs import FIRST_DAY, NEEDS, Coming, Need, Reads
from licensing.models import Draft
from licensing.policy.comparison import Comparison
from licensing.policy.editions import Edition

PROHIBITED = "prohibited"


@dataclass(frozen=True)
class Line:
    """A line of the list; small: why it is not met, as the verb would say it, or how it is met."""

    text: str
    done: bool
    small: str


def needs_of(coming: Coming) -> Iterator[Line]:
    """In the order of the work; the last is another person's, and never done as long as this is a draft."""
    for need in NEEDS:
        refusal = need.refusal(coming)
        if refusal or need.reads is not Reads.RULES:  # of rules that are in order nothing is said
            yield Line(str(need.text), not refusal, _why(refusal) if refusal else _met(need, coming.row))
    yield Line(_("An approver who wrote nothing of it approves it."), False, _("It then starts by itself on its day."))


def complete(coming: Coming) -> bool:
    """Its authors have done what is seen without reading its rules; whether what must always hold does, and its graces
    last, its page says."""
    return not any(need.refusal(coming) for need in NEEDS if need.reads is Reads.ROW)


def hurdles(coming: Coming, comparison: Comparison) -> tuple[list[Need], str]:
    """Why it would be refused as an emergency, as far as its page knows: what is missing, and why its text can be none.

    It is compared from a later start on, which finds nothing that is not so today; but where it follows another edition
    then, that says nothing.
    """
    now = replace(coming, starts_at=coming.known.at)
    if now.follows != coming.follows:
        return [], ""
    refusal = no_emergency(comparison, coming.follows, coming.row.text)
    alike = [need for need in NEEDS if need.hastens]
    missing = [need for need in alike if need.refusal(coming if need.reads is Reads.CASES else now)]
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
    authors = draft.authors
    return [user for user in approvers if user.pk not in authors]


def sparing(before: Edition, after: Edition) -> list[str]:
    """Rules that are new, or other than before, and prohibit, but not what is licensed already."""
    known = {rule.id: rule for rule in before.rules}
    return [
        rule.id
        for rule in after.rules
        if rule.enabled
        and rule.effect.disposition == PROHIBITED
        and not rule.for_holders
        and rule != known.get(rule.id)
    ]


def _why(refusal: DomainError) -> str:
    return " ".join(dict.fromkeys(str(one.message) for one in refusal.errors)) or str(refusal.detail)


def _met(need: Need, row: Draft) -> str:
    return _("In force from 00:00 of {day} on.").format(day=day(row.starts_on)) if need is FIRST_DAY else ""
