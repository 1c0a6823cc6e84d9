"""What whoever has a paper in hand is told of its license now: as far as the paper's code goes, and no further.

A license has a code for the whole, and each of its end-users one for his part. A wrong code and a number that does
not exist are the same: one query, and the same comparisons.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Q

from core.access import Actor
from core.legal_time import legal_day
from core.models import Country, HistoryLine, Organization
from core.references import CODE_LENGTH, MARK_LENGTH, read, read_code
from licensing.models import License, LicenseEndUser, Obstacle, Suspension
from licensing.models.balances import Ceiling, LicenseLine
from licensing.models.verdicts import Verdict
from licensing.selectors.causes import POLICY, Closing, closings, open_users
from licensing.selectors.floors import as_issued, passed_on
from licensing.selectors.held_back import held_back
from licensing.selectors.licenses import licenses_for, with_terms
from licensing.selectors.verdicts import begin_of
from licensing.states import ENDS

DUMMY = "*" * CODE_LENGTH  # no code has such a character


class Word(StrEnum):
    IN_FORCE = "in_force"
    NOT_YET = "not_yet"
    SUSPENDED = "suspended"
    ENDED = "ended"


WORDS = {Obstacle.SUSPENDED: Word.SUSPENDED, Obstacle.EARLY: Word.NOT_YET, None: Word.IN_FORCE}


@dataclass(frozen=True)
class Share:
    """A line as one reader has it; no quantities where it is shared with others and none of it is set aside for him.
    passed_on: so much of the whole what took the place of its license has."""

    line: LicenseLine
    authorized: int | None
    left: int | None
    passed_on: int = 0


@dataclass(frozen=True)
class Opened:
    """What a code opens: the whole license, or the part of one end-user."""

    license: int
    end_user: int | None


@dataclass(frozen=True)
class Standing:
    """end_user: None, the whole. ended: why, and on which day. suspended_on: since when it, or this part of it, is. Of
    one that was replaced: goes_on, what was reserved on it may still be exported; stopped, it may not until a
    suspension is lifted. closed: of the whole, whom it serves no more."""

    license: License
    end_user: LicenseEndUser | None
    word: Word
    ended: Obstacle | None
    ended_on: date | None
    suspended_on: date | None
    goes_on: bool
    stopped: bool
    shares: list[Share]
    countries: list[Country]
    closed: list[LicenseEndUser]
    office: Organization
    at: datetime


def opened(number: str, code: str) -> Opened | None:
    """What this code of this license opens. One query, whatever is asked."""
    try:
        ref = read(number, License.PREFIX)
    except ValueError:
        ref = ""  # asked for all the same
    given, found = read_code(code), None
    rows = License.objects.filter(ref=ref).values_list("pk", "verify_code", "end_users", "end_users__verify_code")
    for license, whole, user, part in rows or [(0, DUMMY, 0, DUMMY)]:
        if _same(given, whole):
            found = Opened(license, None)
        if _same(given, part or DUMMY):
            found = Opened(license, user)
    return found


def opened_by(code: str, actor: Actor) -> License | None:
    """What a code opens whose number nobody said, the whole or a part of it: of the licenses that the actor sees."""
    given, rows = read_code(code), licenses_for(actor)
    part = LicenseEndUser.objects.filter(verify_code=given)
    return rows.filter(Q(verify_code=given) | Q(pk__in=part.values("license"))).first() if given else None


def opened_of(license: License, code: str) -> Opened | None:
    """What a code opens of this license, as officers read it off a paper; of an extract's the first letters, which
    stand in its number, are enough. None where it is of no paper of it."""
    if code == license.verify_code:
        return Opened(license.pk, None)
    users = license.end_users.all() if len(code) >= MARK_LENGTH else ()
    part = next((user.pk for user in users if user.verify_code.startswith(code)), None)
    return Opened(license.pk, part) if part else None


def _same(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode(), kept.encode())


def standing(what: Opened, at: datetime) -> Standing:
    """How it stands at that instant, which is now."""
    license = with_terms(License.objects.select_related("exporter__organization")).get(pk=what.license)
    users = list(license.end_users.all())
    user = next((one for one in users if one.pk == what.end_user), None)
    found = closings([license], at).get(license.pk, [])
    free = open_users(license, found)
    obstacle = license.obstacle_on(legal_day(at))
    on = passed_on(license)
    goes_on = stopped = False
    if obstacle == Obstacle.REPLACED:
        license, behind = as_issued(license), held_back([license])[license.pk]
        free = [one for one in users if not behind.shuts(one.party_id)]
        served = user in free if user else bool(free)
        lasts = not license.past_on(legal_day(at)) and not behind.ended
        goes_on, stopped = lasts and served, lasts and not served
    ended = obstacle is not None and obstacle.ends
    word = Word.ENDED if ended else WORDS[obstacle]
    if not ended and not (free if user is None else user in free):
        word = Word.SUSPENDED
    return Standing(
        license=license,
        end_user=user,
        word=word,
        ended=obstacle if ended else None,
        ended_on=_ended_on(license, obstacle) if ended else None,
        suspended_on=_suspended_on(license, user, found, at) if word == Word.SUSPENDED else None,
        goes_on=goes_on,
        stopped=stopped,
        shares=[replace(one, passed_on=on.get(one.line.pk, 0)) for one in shares(license, user, over=ended)],
        countries=list(Country.objects.filter(pk__in=[user.destination] if user else license.destinations)),
        closed=[] if user or not (goes_on or word == Word.IN_FORCE) else [one for one in users if one not in free],
        office=office(),
        at=at,
    )


def office() -> Organization:
    """Whom to ask about a license."""
    return Organization.objects.filter(kind="ministry").order_by("pk")[0]


def shares(license: License, user: LicenseEndUser | None, *, over: bool = False) -> list[Share]:
    """The whole's lines, or those of this end-user: whose item his declaration covers. over: nothing is left."""
    lines: Iterable[LicenseLine] = license.lines.all()
    if user is not None:
        lines = [line for line in lines if line.is_for(user)]
    sole = user is None or len(license.end_users.all()) == 1
    return [_share(line, user, sole, over) for line in lines]


def _share(line: LicenseLine, user: LicenseEndUser | None, sole: bool, over: bool) -> Share:
    own = _allotment(line, user)
    if own is None and not sole:
        return Share(line, None, None)
    authorized, left = (line.authorized, line.available) if own is None else (own.authorized, own.available)
    return Share(line, authorized, 0 if over else max(0, left))


def _allotment(line: LicenseLine, user: LicenseEndUser | None) -> Ceiling | None:
    own = [one for one in line.ceilings.all() if user is not None and one.end_user_id == user.pk]
    return own[0] if own else None


def _ended_on(license: License, why: Obstacle | None) -> date:
    if why == Obstacle.OVER:
        return license.usable_until
    lines = HistoryLine.objects.filter(subject_kind="license", subject_id=license.pk, verb__in=ENDS)
    return legal_day(lines.latest("seq").at)


def _suspended_on(
    license: License, user: LicenseEndUser | None, closings: Iterable[Closing], at: datetime
) -> date | None:
    """Since when the license is, or this part of it, without a break: the whole since its last end-user is closed."""
    users = [user] if user else license.end_users.all()
    verdicts = list(Verdict.objects.filter(line__license=license))
    spans = [(one.end_user_id, _began(one, verdicts), one.ended_at or at) for one in license.suspensions.all()]
    spans += [(one.end_user.pk, one.since, at) for one in closings]
    return legal_day(max(_closed_since(one.pk, spans, at) for one in users))


def _began(cause: Suspension, verdicts: list[Verdict]) -> datetime:
    """When it closed its end-user, or the license: by rules as soon as they prohibit every line, for a turn may have
    come by days later."""
    if cause.cause != POLICY:
        return cause.opened_at
    of_user = (one for one in verdicts if one.end_user_id == cause.end_user_id)
    return max((begin_of(one.prohibited, cause.opened_at) for one in of_user), default=cause.opened_at)


def _closed_since(user: int, spans: Iterable[tuple[int | None, datetime, datetime]], at: datetime) -> datetime:
    """Since when something closes him, or the license as a whole, be it one after the other."""
    of_him = [(began, ended) for whom, began, ended in spans if whom in (None, user)]
    since = at
    for began, ended in sorted(of_him, key=lambda span: span[1], reverse=True):
        if ended >= since:
            since = min(since, began)
    return since
