"""The verdicts of a license: written at issue and at each turn, under the lock of its lines; what follows from them.

A turn is every moment at which what rules for licenses in force say changes. No reservation waits for it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from core.access import Actor
from core.command import command
from core.history import move, record
from core.legal_time import legal_day, legal_now
from core.locks import lock, lock_all
from licensing import ledger
from licensing.actions.licenses import lifted, usable
from licensing.models import ApplicationLine, License, LicenseEndUser, PolicyEdition, Suspension, Verdict
from licensing.selectors import Judged, editions_at, next_turn, prohibited, standing
from licensing.states import IN_FORCE, LicenseState

Closing = list[tuple[LicenseEndUser, set[str]]]


def open_verdicts(
    license: License,
    lines: Sequence[int],
    users: Sequence[LicenseEndUser],
    asked: Sequence[ApplicationLine],
    judged: Sequence[Judged],
) -> None:
    """Each line of a new license has a verdict for each end-user, on the facts that were judged: frozen from now on.

    lines: keys of its lines; asked: those of its case, in the same order.
    """
    facts = {(one.line.number, one.user.party_id): one.facts for one in judged}
    Verdict.objects.bulk_create(
        Verdict(
            line_id=line,
            end_user=user,
            facts=facts[case.number, user.party_id],
            prohibited=prohibited(
                judged[0].editions,
                facts[case.number, user.party_id],
                since=license.issued_at,
                contract=license.application.contract_on,
            ),
        )
        for line, case in zip(lines, asked, strict=True)
        for user in users
    )


@command
def turn(pk: int, *, by: Actor) -> bool:
    """What the rules say of a license in force holds for it: verdicts, causes of policy, and its state.

    An end-user for whom they prohibit every line is closed; whom they no longer prohibit is open again, unless another
    cause closed it. Balances are untouched. May run twice, late or never. Returns whether a cause began or ended.
    """
    license = lock(License.objects.all(), pk=pk)
    ledger.lock_lines(license)
    users = lock_all(LicenseEndUser.objects.filter(license=license))
    at = legal_now()
    if license.state not in IN_FORCE:
        return False
    verdicts = _judge_again(license, at)
    causes = {cause.end_user_id: cause for cause in license.suspensions.filter(cause="policy", ended_at=None)}
    closing: Closing = []
    for user in users:
        stretches = [standing(verdict.prohibited, at) for verdict in verdicts if verdict.end_user_id == user.pk]
        if stretches and all(stretches):
            cause = causes.pop(user.pk, None)
            if cause is None:
                closing.append((user, {rule for stretch in stretches if stretch for rule in stretch["rules"]}))
    ending = list(causes.values())
    if ending:
        _end(license, ending, by, at)
    if closing:
        _close(license, closing, by, at)
    return bool(closing or ending)


def _judge_again(license: License, at: datetime) -> list[Verdict]:
    """Its verdicts know every edition of now; they are written, and when the next turn of one of them is."""
    editions, contract = editions_at(at), license.application.contract_on
    verdicts = list(Verdict.objects.filter(line__license=license))
    for verdict in verdicts:
        verdict.prohibited = prohibited(editions, verdict.facts, since=license.issued_at, contract=contract)
    Verdict.objects.bulk_update(verdicts, ["prohibited"])
    license.judged_by_id = editions.newest
    license.next_turn_at = next_turn([one for verdict in verdicts for one in verdict.prohibited], at)
    license.save(update_fields=["judged_by", "next_turn_at"])
    return verdicts


def _close(license: License, closing: Closing, by: Actor, at: datetime) -> None:
    """These end-users are closed by the rules; the license is suspended when none is left."""
    _code, digest = editions_at(at).of(legal_day(at))
    edition = PolicyEdition.objects.defer("text").get(digest=digest)
    for user, rules in closing:
        Suspension.objects.create(
            license=license,
            end_user=user,
            cause=Suspension.Cause.POLICY,
            edition=edition,
            rules=sorted(rules),
            opened_by=by.user,
            opened_at=at,
        )
    _reopen_or_close(license)
    facts = _facts(user for user, _rules in closing)
    if usable(license):
        record(license, "narrow", by=by, at=at, before=license.state, facts=facts, edition=edition.code)
        return
    ledger.set_usable(license, usable=False)
    if license.state == LicenseState.ACTIVE:
        move(license.suspend, by=by, at=at, facts=facts, edition=edition.code)
    else:
        record(license, "suspend", by=by, at=at, before=license.state, facts=facts, edition=edition.code)


def _end(license: License, ending: Sequence[Suspension], by: Actor, at: datetime) -> None:
    """The rules no longer prohibit these end-users: they are open again, and no other cause has ended."""
    for cause in ending:
        cause.ended_by, cause.ended_at = by.user, at
        cause.save(update_fields=["ended_by", "ended_at"])
    _reopen_or_close(license)
    edition, _digest = editions_at(at).of(legal_day(at))
    facts = _facts(cause.end_user for cause in ending if cause.end_user)
    if license.state == LicenseState.SUSPENDED:
        lifted(license, by=by, at=at, facts=facts, edition=edition)
    else:
        record(license, "widen", by=by, at=at, before=license.state, facts=facts, edition=edition)


def _reopen_or_close(license: License) -> None:
    """Each end-user is open when no cause of its own is."""
    closed = license.suspensions.filter(ended_at=None, end_user__isnull=False).values("end_user")
    license.end_users.filter(pk__in=closed).update(open=False)
    license.end_users.exclude(pk__in=closed).update(open=True)


def _facts(users: Iterable[LicenseEndUser]) -> dict[str, str]:
    return {"cause": "policy", "end_users": ", ".join(sorted(user.party.ref for user in users))}
