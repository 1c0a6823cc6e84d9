"""Open causes of licenses and of their end-users, and what says why."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.legal_time import legal_day
from licensing.models import License, LicenseEndUser, Suspension
from licensing.policy.vocabulary import HIT
from licensing.selectors.editions import Editions, editions_at, rules_of
from licensing.selectors.verdicts import Judgment, Taken, begins, closed, is_to_turn, judgments, stops_of
from licensing.states import LicenseState
from licensing.words import holds, rules

POLICY = Suspension.Cause.POLICY


def open_causes() -> QuerySet[Suspension]:
    rows = Suspension.objects.filter(ended_at=None)
    return rows.select_related("end_user__party", "edition", "opened_by").defer("edition__text")


def end_users() -> QuerySet[LicenseEndUser]:
    """End-users of licenses, each with `closed`."""
    return LicenseEndUser.objects.with_closed().select_related("party__country")


def why(cause: Suspension) -> str:
    """Whoever opened it says so, or what it tells does, in the reader's language; of an end-user the rules that close
    it do, or nobody."""
    if cause.cause == Suspension.Cause.EXPORTER:
        return _("Order {number} about the company: {reason}").format(number=cause.facts["number"], reason=cause.reason)
    if cause.end_user is None:
        return cause.reason or opened_because(cause.cause, cause.facts)
    if cause.cause == Suspension.Cause.ENFORCEMENT:
        return _("{name}: {why}").format(name=cause.end_user.party.name, why=cause.reason)
    if cause.cause == Suspension.Cause.DECLARATION:
        words = _(
            "{name}: its declaration {ref} is invalid. Once a new one for the same use is verified, which was signed "
            "in the same country and covers all that it may have of the license, it is open again."
        )
        return words.format(name=cause.end_user.party.name, ref=cause.facts["declaration"])
    if cause.edition is None:  # what screening found is the ministry's to know
        return _("{name}: the ministry looks into a question about this end-user.").format(
            name=cause.end_user.party.name
        )
    return _said(cause.end_user.party.name, cause.edition.digest, cause.rules)


def opened_because(cause: str, facts: Mapping[str, Any]) -> str:
    """What opened a cause for which nobody gave a reason, in the reader's language; of others nothing."""
    if cause == Suspension.Cause.OVER_CLEARANCE and "shipment" in facts:
        return _("Customs cleared more of shipment {ref} than the license had left.").format(ref=facts["shipment"])
    if cause == Suspension.Cause.DECLARATION:
        return _("The declaration of an end-user is invalid.")
    if cause == Suspension.Cause.LEDGER:
        return _("The ministry compares what is booked on it, line by line, and then ends this.")
    return ""


@dataclass(frozen=True)
class Closing:
    """An end-user of a license for whom rules prohibit every line, of which no turn said so yet: why, since when, and
    until when by the editions known."""

    end_user: LicenseEndUser
    why: str
    since: datetime
    until: datetime | None


def closings(licenses: Iterable[License], at: datetime) -> dict[int, list[Closing]]:
    """Of each of these licenses with its open suspensions, by key: two queries, or one where each turn was made."""
    editions = editions_at(at)
    late = [license for license in licenses if is_to_turn(license, editions)]
    told = {cause.end_user_id for license in late for cause in license.open_suspensions if cause.cause == POLICY}
    found: dict[LicenseEndUser, list[Judgment]] = {}
    for one in judgments(late, editions, at) if late else ():
        found.setdefault(one.verdict.end_user, []).append(one)
    shut = closed((user.pk, one.prohibited) for user, some in found.items() for one in some)
    closings: dict[int, list[Closing]] = {}
    for user, some in found.items():
        if user.pk in shut and user.pk not in told:
            since = max(begins(one.prohibited) for one in some if one.prohibited)
            why = _said(user.party.name, editions.of(legal_day(at)).digest, shut[user.pk])
            closings.setdefault(user.license_id, []).append(Closing(user, why, since, _end(some)))
    return closings


def open_users(license: License, closings: Iterable[Closing]) -> list[LicenseEndUser]:
    """Its end-users (with `closed`) whom nothing closes: no cause of their own, and no rule of which no turn said so.

    closings: of it.
    """
    shut = {one.end_user.pk for one in closings}
    return [user for user in license.end_users.all() if not user.closed and user.pk not in shut]


def foresee_ends(licenses: Collection[License], closings: Mapping[int, Collection[Closing]], at: datetime) -> None:
    """Each open cause of policy has `ends_at`, when the rules let a line of its end-user go again; each license
    `again_at`, when it can be used again at the earliest: by the editions known, None where no end is known.

    licenses: with their open suspensions and end-users. closings: of them. Two queries, or none.
    """
    told = [license for license in licenses if any(cause.cause == POLICY for cause in license.open_suspensions)]
    found: dict[int, list[Judgment]] = {}
    for one in judgments(told, editions_at(at), at) if told else ():
        found.setdefault(one.verdict.end_user_id, []).append(one)
    for license in licenses:
        for cause in license.open_suspensions:
            cause.ends_at = _end(found.get(cause.end_user_id, [])) if cause.cause == POLICY else None
        license.again_at = _again(license, closings.get(license.pk, ()))


def _end(found: Collection[Judgment]) -> datetime | None:
    """When the first line is open again for an end-user of whom every one is prohibited."""
    return (
        min((one.until for one in found if one.until), default=None) if all(one.prohibited for one in found) else None
    )


def _again(license: License, closings: Iterable[Closing]) -> datetime | None:
    """When the first of its end-users is open again whom nothing but rules closes; before its last day is over."""
    causes = license.open_suspensions
    ends = {cause.end_user_id: cause.ends_at for cause in causes} | {one.end_user.pk: one.until for one in closings}
    others = {cause.end_user_id for cause in causes if cause.cause != POLICY}
    users = {user.pk for user in license.end_users.all() if user.open} - others
    if None in others or not users <= ends.keys():  # it is closed as a whole, or somebody is open
        return None
    again = min((end for user in users if (end := ends[user])), default=None)
    return None if again and license.past_on(legal_day(again)) else again


def closed_in_part(license: License, closings: Iterable[Closing], at: datetime) -> list[tuple[int, str]]:
    """Lines that the rules prohibit for an end-user who is open on others, and lines on which a hold stops
    reservations: number, and for whom and why.

    license: with its end-users. closings: of it, as of that instant.
    """
    editions = editions_at(at)
    found = _of_open_users([license], {license.pk: closings}, editions, at)
    return _closed(found, editions.of(legal_day(at)).digest)


def closed_as_a_whole(
    licenses: Collection[License], closings: Mapping[int, Collection[Closing]], at: datetime
) -> dict[int, list[tuple[int, str]]]:
    """The same of each of these licenses, by key, on which rules and holds leave nothing to reserve for any open
    end-user; others are not in it. One query, whatever their number."""
    editions = editions_at(at)
    found: dict[int, list[Judgment]] = {}
    for one in _of_open_users(licenses, closings, editions, at):
        found.setdefault(one.verdict.line.license_id, []).append(one)
    digest = editions.of(legal_day(at)).digest
    return {pk: _closed(some, digest) for pk, some in found.items() if all(one.prohibited or one.held for one in some)}


def _of_open_users(
    licenses: Collection[License], closings: Mapping[int, Iterable[Closing]], editions: Editions, at: datetime
) -> list[Judgment]:
    free = {user.pk for license in licenses for user in open_users(license, closings.get(license.pk, ()))}
    return [one for one in judgments(licenses, editions, at) if one.verdict.end_user_id in free]


def _closed(found: Iterable[Judgment], digest: str) -> list[tuple[int, str]]:
    said = []
    for one in found:
        name, number = one.verdict.end_user.party.name, one.verdict.line.number
        if one.prohibited:
            said.append((number, _said(name, digest, one.prohibited["rules"])))
        if one.held:
            said.append((number, _("{name}: {why}").format(name=name, why=holds.told_of(one.held))))
    return said


@dataclass(frozen=True)
class Reason:
    """Why something is closed, as pages of a license tell it: what, in words, since when, until when by the editions
    known, and of rules the edition that has them."""

    what: str
    why: str
    since: datetime
    until: datetime | None = None
    edition: str = ""


def reasons(taken: Taken, name: str, at: datetime) -> list[Reason]:
    """Why no such shipment can be reserved at that instant: open causes of its license and of its end-user (name), and
    what rules and holds say of it, whether or not a turn came by. Three queries."""
    causes = open_causes().filter(Suspension.by_somebody(taken.party), license=taken.license)
    found = [*_ended(taken.license), *(Reason(str(cause), why(cause), cause.opened_at) for cause in causes)]
    editions = editions_at(at)
    code, digest = editions.of(legal_day(at))
    for stop in stops_of(taken, editions, at):
        one, since = stop.stretch, begins(stop.stretch)
        if "hold" in one:
            found.append(Reason(_("A hold on reservations"), holds.told_of(one), since))
        else:
            found.append(Reason(str(POLICY.label), _said(name, digest, one["rules"]), since, stop.until, code))
    return found


def _ended(license: License) -> list[Reason]:
    """That the ministry ended it."""
    if license.state != LicenseState.REVOKED:
        return []
    said = license.revocation
    return [Reason(str(LicenseState.REVOKED.label), said.reason, said.revoked_at)]


def _said(name: str, digest: str, names: Collection[str]) -> str:
    """What a rule about results of screening says is the ministry's to know: of it the number is told."""
    edition = rules_of(digest).edition
    silent = {rule.id for rule in edition.rules if HIT in rule.match}
    said = [rules.in_full(edition, [one for one in names if one not in silent])]
    said += [_("Rule {rule}.").format(rule=one) for one in names if one in silent]
    return _("{name}: {why}").format(name=name, why=" ".join(filter(None, said)))
