"""Where like per-shipment cases repeat: what one annual license would have saved in a year. Derived, never stored."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, QuerySet, prefetch_related_objects

from core.access import Actor
from core.legal_time import day_start, legal_day, months_after
from core.models import HistoryLine, Membership
from exporters.models import Exporter, qualified_on
from licensing.models import Application, ApplicationEndUser, ApplicationLine, EndUse, Kind
from licensing.policy.vocabulary import CHANNEL_OF
from licensing.selectors import editions_at, in_force
from licensing.selectors.judging import NEW, PARTS, known_of, looks, said
from licensing.selectors.merges import asked_for
from licensing.states import ApplicationState
from shipments.qualifying import Exam, examine

MONTHS = 12
REPEATED = 2  # cases of one item to one end-user for one end-use: from then on one filing was one too many
MOST = 200  # cases that are looked at, the newest ones
NEWEST = ("-decided_at", "-pk")
Key = tuple[int, int, str]


@dataclass(frozen=True)
class Offer:
    """Cases that repeat, the newest first; steps and days are what all but the dearest of them cost."""

    line: ApplicationLine
    user: ApplicationEndUser
    end_use: EndUse
    cases: tuple[Application, ...]
    steps: int
    days: int

    @property
    def filings(self) -> int:
        return len(self.cases) - 1


@dataclass(frozen=True)
class Offered:
    """What saves most comes first. exam: the test, where the company is not qualified."""

    offers: tuple[Offer, ...]
    exam: Exam | None


def offered_to(actor: Actor, at: datetime) -> Offered | None:
    """What the company could have filed as annual, as the rules in force judge a qualified one; None where nothing is.

    What an annual license in force has already, or a draft or an open case asks for, of that item for that end-user, is
    not among it.
    """
    repeated = {key: same for key, same in _alike(actor, at).items() if len(same) >= REPEATED}
    held = _held(actor) | asked_for(actor) if repeated else set()
    wanted = {key: same for key, same in repeated.items() if key[:2] not in held}
    if not wanted:
        return None
    cases = Application.objects.in_bulk({pk for same in wanted.values() for pk in same})
    opened = _opened({key: cases[same[0]] for key, same in wanted.items()}, at)
    if not opened:
        return None
    uses, steps = EndUse.objects.in_bulk({key[2] for key in opened}), _steps(cases)
    offers = []
    for key, (line, user) in opened.items():
        same = [cases[pk] for pk in wanted[key]]
        of_each, days = [steps.get(case.pk, 0) for case in same], [_days(case) for case in same]
        steps_saved, days_saved = sum(of_each) - max(of_each), sum(days) - max(days)
        offers.append(Offer(line, user, uses[key[2]], tuple(same), steps_saved, days_saved))
    exporter = Exporter.objects.select_related("qualification").get(pk=actor.organization_id)
    qualified = qualified_on(legal_day(at), last_day=exporter.qualification.last_day)
    offers.sort(key=lambda one: (-one.filings, -one.days, one.cases[0].pk))
    return Offered(tuple(offers), None if qualified else examine(exporter, at))


def granted(actor: Actor, at: datetime) -> QuerySet[Application]:
    """Per-shipment cases that were granted in the past year, the newest first."""
    rows = Application.objects.filter(
        exporter_id=actor.organization_id,
        kind=Kind.PER_SHIPMENT,
        state__in=[ApplicationState.APPROVED, ApplicationState.ISSUED],
        decided_at__gte=day_start(months_after(legal_day(at), -MONTHS)),
    )
    return rows.order_by(*NEWEST)[:MOST]


def _alike(actor: Actor, at: datetime) -> dict[Key, list[int]]:
    """Of each item, end-user and end-use the cases, the newest first; one statement."""
    rows = Application.objects.filter(pk__in=granted(actor, at).values("pk"))
    found: dict[Key, dict[int, None]] = {}
    parts = ("lines__control_item_id", "end_users__party_id", "end_users__declaration__end_use_id")
    for pk, *key in rows.order_by(*NEWEST, "lines__number", "end_users__pk").values_list("pk", *parts):
        found.setdefault(tuple(key), {})[pk] = None
    return {key: list(same) for key, same in found.items()}


def _opened(newest: Mapping[Key, Application], at: datetime) -> dict[Key, tuple[ApplicationLine, ApplicationEndUser]]:
    """What the rules of today open the annual way for, if the company is qualified: of each the newest case's parts."""
    cases = list({case.pk: case for case in newest.values()}.values())
    prefetch_related_objects(cases, *PARTS)
    editions, known, today = editions_at(at), known_of(cases), legal_day(at)
    found = {}
    for key, case in newest.items():
        line = next(line for line in case.lines.all() if line.control_item_id == key[0])
        user = next(user for user in case.end_users.all() if (user.party_id, user.declaration.end_use_id) == key[1:])
        facts = said(case, line, user, known.hits.get(user.party_id))
        (look,) = looks(facts, [(today, True)], date.max, editions, NEW)
        if look.opens(CHANNEL_OF[Kind.ANNUAL]):
            found[key] = line, user
    return found


def _held(actor: Actor) -> set[tuple[int, int]]:
    rows = in_force(actor).filter(kind=Kind.ANNUAL).order_by().values_list("end_users__goods", "end_users__party_id")
    return {(item, party) for goods, party in rows for item in goods}


def _steps(cases: Collection[int]) -> dict[int, int]:
    """How many lines of each case's history are officers'."""
    officers = Membership.objects.filter(organization__kind="ministry").values("user")
    lines = HistoryLine.objects.filter(subject_kind="application", subject_id__in=list(cases))
    counted = lines.filter(actor__in=officers).order_by().values("subject_id").annotate(steps=Count("pk"))
    return {row["subject_id"]: row["steps"] for row in counted}


def _days(case: Application) -> int:
    """From being filed to being decided."""
    assert case.submitted_at is not None and case.decided_at is not None  # it was granted
    return (legal_day(case.decided_at) - legal_day(case.submitted_at)).days
