"""Who sees which exporters and parties."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from core.access import Actor, visibility
from core.history import lines_of
from core.models import HistoryLine
from core.selectors import bears_proposals, reaches_documents, whoever_may
from exporters.models import (
    CONTACTS,
    NAMES,
    PERSONS,
    AccountChange,
    CompliancePaper,
    Exporter,
    PaperRecord,
    Party,
    Qualification,
    Stop,
)
from exporters.states import STOPPED, UNVERIFIED, ExporterState, QualificationState

M = TypeVar("M", bound=Model)
ALL = Q()
SENT = ~Q(state=ExporterState.DRAFT, verified_at=None)  # to the ministry, once at least


def of_province(rows: QuerySet[M], actor: Actor, path: str) -> QuerySet[M]:
    """What an officer sees of these rows: those of his province, all when he has none.

    path: from a row to its exporter's province. Whatever other roles he holds: what is limited is the person.
    """
    return rows.filter(**{path: actor.province}) if actor.province else rows


def serving(province: Any) -> Q:
    """Which memberships `of_province` leaves a company of that province: it, the other way round."""
    return Q(province="") | Q(province=province)


def of_company(rows: QuerySet[M], actor: Actor, path: str = "exporter") -> QuerySet[M]:
    """A company's own of these rows; nobody else's any."""
    return rows.filter(**{path: actor.organization_id}) if actor.kind == "exporter" else rows.none()


def of_ministry(rows: QuerySet[M], actor: Actor, page: str) -> QuerySet[M]:
    """All of these rows to officers to whom the access table opens that page; to nobody else any."""
    return rows if actor.kind == "ministry" and actor.may(page, "GET") else rows.none()


def seen_by(actor: Actor, rows: QuerySet[M], page: str, *, sent: Q = ALL, own: str = "exporter") -> QuerySet[M]:
    """What of these rows of companies an actor sees: a company its own; officers to whom the access table opens that
    page what was `sent` to them, of their province; nobody else any.

    own: from a row to its exporter. What customs sees too is `seen_at_the_border`.
    """
    if actor.kind == "exporter":
        return of_company(rows, actor, own)
    rows = of_ministry(rows, actor, page)
    return of_province(rows, actor, "province" if own == "pk" else f"{own}__province").filter(sent)


def seen_at_the_border(actor: Actor, rows: QuerySet[M], page: str) -> QuerySet[M]:
    """As `seen_by`, but customs sees all: whatever goods come to it, of whichever company."""
    return rows if actor.kind == "customs" else seen_by(actor, rows, page)


@bears_proposals("exporter")
def exporters_for(actor: Actor) -> QuerySet[Exporter]:
    """An exporter sees itself; officers who may open the list see all that were ever sent in."""
    return seen_by(actor, Exporter.objects.select_related("organization"), "desk.exporters", sent=SENT, own="pk")


def holders_of(uscc: str) -> QuerySet[Exporter]:
    """The verified company that holds the credit code: one at most. It holds it for good, closed or not, so that the
    code names one history."""
    return Exporter.objects.filter(uscc=uscc).exclude(state__in=UNVERIFIED)


def rivals_of(exporter: Exporter, actor: Actor) -> tuple[list[Exporter], int]:
    """Other accounts, sent in with the same credit code: those that this actor sees, and how many he does not."""
    same = {"uscc": exporter.uscc}
    everywhere = Exporter.objects.filter(SENT, **same).exclude(pk=exporter.pk)
    seen = exporters_for(actor).filter(**same).exclude(pk=exporter.pk).order_by("pk")
    return list(seen), everywhere.count() - len(seen)


def awaiting_verification(actor: Actor) -> QuerySet[Exporter]:
    return exporters_for(actor).filter(state=ExporterState.PENDING).order_by("pk")


def asking(actor: Actor) -> QuerySet[Exporter]:
    """Companies that wait for an intake officer: they asked to have something changed of what was verified."""
    waiting = AccountChange.objects.filter(AccountChange.OPEN, exporter=OuterRef("pk"))
    return exporters_for(actor).filter(Exists(waiting))


def facts_at(exporter: Exporter, at: datetime) -> dict[str, str]:
    """What was verified of the company, in words, as it stood at that instant."""
    return _as_they_stood(exporter, exporter.verified_facts, "accept_change", at)


def contacts_at(exporter: Exporter, at: datetime) -> dict[str, str]:
    """Its customs code, its responsible persons and how to call them, as they stood at that instant."""
    stand = {name: getattr(exporter, name) for name in CONTACTS}
    return _as_they_stood(exporter, stand, "restate", at)


def persons_changed(exporter: Exporter) -> Callable[[datetime], bool]:
    """Whether others answer for the company today than at an instant; who was verified does from when the company
    asked for it. Two queries for all that is asked."""
    restated = lines_of(exporter).filter(verb="restate").order_by("-seq")
    made = [(line.at, line.facts["before"]) for line in restated]
    # of other facts than restated ones; what was not accepted left what stood before
    made += exporter.changes.order_by("-pk").values_list("asked_at", "before")
    today = {name: getattr(exporter, name) for name in PERSONS}

    def changed(at: datetime) -> bool:
        return _without(today, (before for since, before in made if since > at)) != today

    return changed


def _as_they_stood(exporter: Exporter, facts: dict[str, str], verb: str, at: datetime) -> dict[str, str]:
    """These facts of today without what this verb changed of them since that instant."""
    lines = lines_of(exporter).filter(verb=verb, at__gt=at).order_by("-seq")
    return _without(facts, (line.facts["before"] for line in lines))


def _without(facts: dict[str, str], changes: Iterable[dict[str, str]]) -> dict[str, str]:
    """These facts as they stood before these changes, which come newest first."""
    stood = dict(facts)
    for before in changes:
        stood |= {name: said for name, said in before.items() if name in facts}
    return stood


def called_at(exporter: Exporter, at: datetime) -> str:
    """As the company was called at that instant, in both scripts; nothing where that is what it is called today."""
    stood = facts_at(exporter, at)
    names = [stood[name] for name in NAMES]
    return "" if names == [getattr(exporter.organization, name) for name in NAMES] else " ".join(filter(None, names))


def parties_for(actor: Actor) -> QuerySet[Party]:
    """An exporter's own parties abroad; officers who read cases see all."""
    return seen_by(actor, Party.objects.select_related("country", "exporter__organization"), "desk.case")


def returned(exporter: Exporter) -> HistoryLine | None:
    """With what the ministry returned the draft, as long as that was not sent again; None when it did not."""
    return lines_of(exporter).filter(verb="return").last() if exporter.state == ExporterState.DRAFT else None


def stop_of(exporter: Exporter) -> Stop | None:
    """The newest order that stops this account, as it was read; None where none does."""
    rows = exporter.stops.filter(ended_at=None).select_related("opened_by", "proposed_by")
    return rows.last() if exporter.state in STOPPED else None


def not_acting(actor: Actor) -> str:
    """Why the actor's own company does nothing new, in words; nothing where it may, or is not verified yet."""
    own = Exporter.objects.filter(pk=actor.organization_id).first()
    return own.not_acting() if own else ""


Stopped = Callable[[Actor, int], dict[str, list[str]]]
_stopped: list[Stopped] = []


def tells_stopped(tell: Stopped) -> Stopped:
    """Registers who knows what of a company stops with its account: references, by what they are of."""
    _stopped[:] = [tell]
    return tell


def stopped_with(stop: Stop | None, actor: Actor) -> dict[str, list[str]]:
    """What this order stops, as far as the actor sees it; asks nothing where there is none."""
    return _stopped[0](actor, stop.exporter_id) if stop else {}


def bars_over(today: date, limit: int) -> list[int]:
    """Companies that are barred still, though the last day of that is over."""
    barring = Stop.objects.filter(Stop.barring_on(today), exporter=OuterRef("pk"))
    over = Exporter.objects.filter(~Exists(barring), state=ExporterState.BARRED)
    return list(over.order_by("pk").values_list("pk", flat=True)[:limit])


def last_days(exporters: Iterable[int]) -> dict[int, date]:
    """The last day through which each of these companies may file for annual licenses; of those that ever might."""
    rows = Qualification.objects.filter(exporter__in=set(exporters))
    return {pk: last_day for pk, last_day in rows.values_list("exporter_id", "last_day") if last_day}


def qualifications_for(actor: Actor) -> QuerySet[Qualification]:
    """Those of the companies that the actor sees."""
    return Qualification.objects.filter(exporter__in=exporters_for(actor))


def to_answer(actor: Actor) -> QuerySet[Exporter]:
    """Companies that wait for a decider: they asked for the annual channel, or handed in a record on paper."""
    asked = Q(qualification__state=QualificationState.ASKED)
    handed_in = Exists(PaperRecord.objects.filter(exporter=OuterRef("pk"), answer=None))
    return exporters_for(actor).filter(asked | Q(handed_in))


def to_renew(actor: Actor, today: date) -> QuerySet[Exporter]:
    """Companies whose qualification may be renewed now: its last day is near."""
    near = Qualification.objects.filter(Qualification.renewable_within(today))
    return exporters_for(actor).filter(qualification__in=near)


Reader = Callable[[Exporter, datetime], dict[str, Any]]
_annual: list[Reader] = []


def reads_test(read: Reader) -> Reader:
    """Registers who runs the test for annual licenses; it counts what apps above this one know."""
    _annual[:] = [read]
    return read


def annual_of(exporter: Exporter, at: datetime) -> dict[str, Any]:
    """What the company's pages show of annual licenses: the test, the papers, the ministry's last answer."""
    return _annual[0](exporter, at)


def people(exporter_id: int) -> list[str]:
    """The e-mails of everybody of the company who prepares or signs."""
    rows = whoever_may("application.new").filter(organization_id=exporter_id)
    return list(rows.order_by("pk").values_list("user__email", flat=True))


def intake_of(exporter: int) -> list[str]:
    """The e-mails of whoever answers what this company asks to have changed."""
    province = Exporter.objects.values_list("province", flat=True).get(pk=exporter)
    officers = whoever_may("exporter.accept_change").filter(serving(province))
    return list(officers.order_by("pk").values_list("user__email", flat=True))


def other_deciders(exporter: int, actor: int) -> list[str]:
    """The e-mails of whoever may countersign what this officer proposed of the company."""
    province = Exporter.objects.values_list("province", flat=True).get(pk=exporter)
    others = whoever_may("exporter.bar").filter(serving(province)).exclude(user=actor)
    return list(others.order_by("pk").values_list("user__email", flat=True))


@visibility("exporter")
def exporter_visible(actor: Actor, pk: int) -> bool:
    return exporters_for(actor).filter(pk=pk).exists()


@visibility("party")
def party_visible(actor: Actor, ref: str) -> bool:
    return parties_for(actor).filter(ref=ref).exists()


@visibility("qualification")
def qualification_visible(actor: Actor, pk: int) -> bool:
    return qualifications_for(actor).filter(pk=pk).exists()


@reaches_documents
def compliance_papers(actor: Actor) -> QuerySet[CompliancePaper, int]:
    rows = CompliancePaper.objects.filter(exporter__in=exporters_for(actor))
    return rows.order_by().values_list("document_id", flat=True)


@reaches_documents
def paper_records(actor: Actor) -> QuerySet[PaperRecord, int]:
    rows = PaperRecord.objects.filter(exporter__in=exporters_for(actor))
    return rows.order_by().values_list("document_id", flat=True)


@reaches_documents
def business_licenses(actor: Actor) -> QuerySet[Exporter, int | None]:
    return exporters_for(actor).order_by().values_list("business_license_id", flat=True)


@reaches_documents
def papers_of_changes(actor: Actor) -> QuerySet[AccountChange, int]:
    rows = AccountChange.objects.filter(exporter__in=exporters_for(actor))
    return rows.order_by().values_list("paper_id", flat=True)


@reaches_documents
def licenses_before(actor: Actor) -> QuerySet[AccountChange, int | None]:
    rows = AccountChange.objects.filter(exporter__in=exporters_for(actor))
    return rows.order_by().values_list("license_before_id", flat=True)
