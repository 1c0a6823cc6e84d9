"""The verdicts of a license: written at issue and at each turn, under the lock of its lines; what follows from them.

A turn is every moment at which what rules for licenses in force say changes. No reservation waits for it: that reads
the verdict's own instants, and what a turn writes (causes, the state, that the holder was told) decides nothing there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.access import Actor
from core.command import command
from core.legal_time import legal_day, legal_now
from core.locks import lock_all
from licensing import ledger
from licensing.actions.holds import tell_of_holds
from licensing.actions.licenses import closing, narrowed, widened
from licensing.models import (
    Application,
    ApplicationLine,
    License,
    LicenseEndUser,
    PolicyEdition,
    Suspension,
    Verdict,
)
from licensing.policy.facts import Facts
from licensing.selectors import (
    Editions,
    Judged,
    closed,
    editions_at,
    held,
    holds_standing,
    is_to_turn,
    next_turn,
    prohibited,
    quiet,
    rules_of,
    standing,
    told_alike,
)


@dataclass(frozen=True)
class Foreseen:
    """What was said of a line for an end-user, frozen from issue on, when rules for licenses prohibit it and when a
    hold stops its reservations."""

    said: Facts
    prohibited: list[dict[str, Any]]
    held: list[dict[str, Any]]


def foresee(case: Application, judged: Iterable[Judged], at: datetime) -> dict[tuple[int, int], Foreseen]:
    """By number of the case's line and key of the party: of a license that is issued at that instant."""
    said: dict[tuple[int, int], Judged] = {}
    for one in judged:  # today comes first
        said.setdefault((one.line.number, one.user.party_id), one)
    return {
        key: Foreseen(
            one.said,
            prohibited(one.editions, one.said, since=at, contract=case.contract_on, special=case.special),
            held(one.editions, one.said, since=at),
        )
        for key, one in said.items()
    }


def open_verdicts(
    lines: Sequence[int],
    users: Sequence[LicenseEndUser],
    asked: Sequence[ApplicationLine],
    foreseen: Mapping[tuple[int, int], Foreseen],
) -> None:
    """Each line of a new license has a verdict for each end-user who declared its goods: of him alone it may be taken.

    lines: keys of its lines; asked: those of its case, in the same order.
    """
    pairs = [
        (line, user, foreseen[case.number, user.party_id])
        for line, case in zip(lines, asked, strict=True)
        for user in users
        if case.control_item_id in user.goods
    ]
    Verdict.objects.bulk_create(
        Verdict(line_id=line, end_user=user, facts=dict(one.said), prohibited=one.prohibited, held=one.held)
        for line, user, one in pairs
    )


@command
def confirm(*, among: Collection[int]) -> int:
    """Of these licenses those for which nothing changes are known to be judged by the newest edition: how many.

    All in one statement for each next turn. Their verdicts stand, so no line is locked: a reservation that reads this
    a moment too early evaluates the same. May run twice, late or never, and leaves alone what another holds; all others
    are left to `turn`.
    """
    licenses = lock_all(License.objects.filter(pk__in=among), skip_locked=True)
    at = legal_now()
    editions, running = editions_at(at), [row for row in licenses if not row.over_on(legal_day(at))]
    due: dict[datetime | None, list[int]] = {}
    for pk, next_one in quiet(running, editions, at).items():
        due.setdefault(next_one, []).append(pk)
    for next_one, keys in due.items():
        License.objects.filter(pk__in=keys).update(judged_by=editions.newest, next_turn_at=next_one)
    return sum(map(len, due.values()))


@command
def turn(pk: int, *, by: Actor) -> bool:
    """What the rules say of a license in force holds for it: verdicts, causes of policy, its state; its holder knows.

    An end-user for whom they prohibit every line has a cause of policy; of whom they no longer prohibit that, it has
    ended, and no other. Balances are untouched. May run twice, late or never, and leaves alone what another holds.
    Holds that stop its reservations are told when they begin and when they end. Returns whether anything did.
    """
    found = lock_all(License.objects.filter(pk=pk), skip_locked=True)
    if not found:
        return False
    license = found[0]
    ledger.lock_lines(license)
    at = legal_now()
    editions = editions_at(at)
    if not is_to_turn(license, editions):
        return False
    verdicts = list(Verdict.objects.filter(line__license=license).select_related("line", "end_user__party"))
    began, ended = _judge_again(license, verdicts, editions, at)
    served = license.serves()
    changed = _follow(license, verdicts, editions, by, at)
    began += [one for one in verdicts if one.end_user_id in changed and one not in began]
    if began:
        narrowed(license, **_told(began, by, at))
    if ended:
        widened(license, served=served, **_told(ended, by, at))
    told = tell_of_holds(license, {one for v in verdicts for one in holds_standing(v.held, at)}, by=by, at=at)
    return bool(began or ended or told)


def _judge_again(
    license: License, verdicts: list[Verdict], editions: Editions, at: datetime
) -> tuple[list[Verdict], list[Verdict]]:
    """Its verdicts know every edition of now. Returns which began to prohibit since the last turn, and which ended."""
    since, contract, special = license.issued_at, license.application.contract_on, license.special
    was = {verdict.pk: verdict.forbidden for verdict in verdicts}
    for verdict in verdicts:
        verdict.prohibited = prohibited(editions, verdict.facts, since=since, contract=contract, special=special)
        verdict.held = held(editions, verdict.facts, since=license.issued_at)
        verdict.forbidden = standing(verdict.prohibited, at) is not None
    Verdict.objects.bulk_update(verdicts, ["prohibited", "held", "forbidden"])
    license.judged_by_id = editions.newest
    license.next_turn_at = next_turn([one for v in verdicts for one in (*v.prohibited, *v.held)], at)
    license.save(update_fields=["judged_by", "next_turn_at"])
    turned = [one for one in verdicts if one.forbidden != was[one.pk]]
    return [one for one in turned if one.forbidden], [one for one in turned if not one.forbidden]


def _follow(license: License, verdicts: list[Verdict], editions: Editions, by: Actor, at: datetime) -> set[int]:
    """Causes of policy are those of now: one for each end-user for whom every line is prohibited, by these rules.

    Returns the end-users that had one and have another, by other rules or other words of them.
    """
    code, digest = editions.of(legal_day(at))
    edition = editions.rules(digest)
    now = closed((verdict.end_user_id, standing(verdict.prohibited, at)) for verdict in verdicts)
    causes = license.suspensions.filter(cause=Suspension.Cause.POLICY, ended_at=None).select_related("edition")
    replaced, kept = set(), set()
    for cause in causes.defer("edition__text"):
        assert cause.end_user_id is not None, "rules close an end-user, or each of them"
        user, rules = cause.end_user_id, now.get(cause.end_user_id, [])
        if cause.edition and told_alike(cause.rules, rules_of(cause.edition.digest), rules, edition):
            kept.add(user)
            continue
        cause.ended_by, cause.ended_at = by.user, at
        cause.save(update_fields=["ended_by", "ended_at"])
        replaced |= {user} if rules else set()
    opening = {user: rules for user, rules in now.items() if user not in kept}
    if opening:
        facts = {"cause": Suspension.Cause.POLICY, "opened_by": by.user, "opened_at": at}
        facts["edition"] = PolicyEdition.objects.defer("text").get(code=code)
        Suspension.objects.bulk_create(
            Suspension(license=license, end_user_id=user, rules=rules, **facts)
            for user, rules in sorted(opening.items())
        )
    return replaced


def _told(verdicts: list[Verdict], by: Actor, at: datetime) -> dict[str, Any]:
    """What history says of verdicts that turned."""
    stretches = [one for one in (standing(verdict.prohibited, at) for verdict in verdicts) if one]
    users, lines = [one.end_user for one in verdicts], [one.line.number for one in verdicts]
    facts = closing(Suspension.Cause.POLICY, users, lines)
    rules = sorted({rule for stretch in stretches for rule in stretch["rules"]})
    return {"by": by, "at": at, "reason": ", ".join(rules), "facts": facts}
