"""What needs an exporter now: derived, never stored."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.access import Actor
from core.errors import one_stop
from core.legal_time import legal_day, legal_today
from core.templatetags.lodestone import day
from exporters.models import Exporter
from exporters.selectors import returned
from exporters.states import ExporterState, QualificationState
from licensing import selectors
from licensing.actions.renewals import filed_by
from licensing.models import RENEWED, Application, Declaration, Intent, Kind, License, Question
from licensing.selectors.reconsiderations import CONTEST_DAYS, SERVED_HOW, Remedy
from licensing.states import ApplicationState, DeclarationState
from shipments import looks
from shipments.holdings import Holdings
from shipments.looks import MOST, Need
from shipments.models import OwedReport, Shipment
from shipments.qualifying import ENDING_DAYS, days_left
from shipments.selectors import shipments_for

PRESSING_DAYS = 30
CONTESTING_DAYS = 14  # the last ones to contest a refusal, in which it presses
MOST_REFUSED = 100  # that are looked at: some may be contested no more


def sought(actor: Actor, at: datetime) -> dict[str, QuerySet[Any]]:
    """What is looked through for what somebody has to do, by name: of each kind one more than is told."""
    today = legal_day(at)
    cases = selectors.applications_for(actor)
    unreported = shipments_for(actor).filter(Shipment.due_soon_on(today))
    unsent = selectors.declarations_for(actor).filter(Declaration.EXPORTERS_TURN)
    licenses = selectors.licenses_for(actor)
    ending = licenses.filter(License.ending_within(ENDING_DAYS, today)).exclude(kind__in=RENEWED)
    renewable = licenses.filter(License.renewable_within(today))
    refused = cases.filter(selectors.contestable_still(today))
    own = Exporter.objects.filter(pk=actor.organization_id).select_related("qualification")
    return looks.sought(actor, at) | {
        "unverified": own.filter(state=ExporterState.DRAFT),
        "qualified": own.filter(qualification__last_day__lte=today + timedelta(days=ENDING_DAYS)),
        "supplements": cases.filter(state=ApplicationState.SUPPLEMENT_REQUIRED),
        "questions": selectors.open_questions(actor),
        "intents": selectors.open_intents(actor, today).order_by("due_on", "pk")[: MOST + 1],
        "refusals": refused.order_by("-decided_at", "-pk")[:MOST_REFUSED],
        "unreported": unreported.order_by("report_due_on", "pk")[: MOST + 1],
        "unsent": unsent[: MOST + 1],
        "drafts": cases.filter(state=ApplicationState.DRAFT)[: MOST + 1],
        "ending": ending.order_by("usable_until", "pk")[: MOST + 1],
        "renewable": renewable.order_by("usable_until", "pk")[: MOST + 1],
    }


def needs_of(holdings: Holdings) -> list[Need]:
    """The most pressing first; all of them where they are no more than MOST, else more than that.

    holdings: of what is `sought`.
    """
    today = legal_day(holdings.at)
    renewed = [*holdings["renewable"], *(row.renews for row in holdings["drafts"] if row.renews)]
    by_day = filed_by(renewed)
    annual = bool(holdings["renewable"]) or any(row.kind == Kind.ANNUAL for row in holdings["drafts"])
    needs = [
        *(need for row in holdings["unverified"] for need in _company(row)),
        *_supplements(holdings["supplements"]),
        *_questions(holdings["questions"]),
        *_intents(holdings["intents"]),
        *_refusals(holdings["refusals"], today),
        *_reports(holdings["unreported"], today),
        *looks.looks_of(holdings),
        *_declarations(holdings["unsent"]),
        *_drafts(holdings["drafts"], by_day, today),
        *_renewals(holdings["renewable"], by_day, today),
        *_endings(holdings["ending"], today),
        *(need for row in holdings["qualified"] for need in _qualification(row, today, annual)),
    ]
    return sorted(needs, key=lambda need: need.due_on or date.max)


def _company(exporter: Exporter) -> list[Need]:
    if line := returned(exporter):
        text = _("The ministry returned its facts, {day}. {reason}").format(day=day(line.at), reason=line.reason[:140])
        return [Need(_("Mend your company's account"), text, reverse("company"), _("Mend"), "red", legal_today())]
    text = _("Fill in the responsible persons and send the business license; then you can file.")
    return [Need(_("Have your company verified"), text, reverse("company"), _("Open"), "red", legal_today())]


def _supplements(rows: list[Application]) -> list[Need]:
    prefetch_related_objects(rows, "exporter__stops")
    return [
        Need(
            _("Send what is missing"),
            _("{ref}, by {day}. After that day the case lapses.").format(ref=row.ref, day=day(row.supplement.last_day)),
            reverse("application", kwargs={"ref": row.ref}),
            _("Send"),
            "red",
            row.supplement.last_day,
        )
        for row in rows
    ]


def _questions(rows: Iterable[Question]) -> list[Need]:
    return [
        Need(
            _("Answer a question from the reviewer"),
            _("{ref}, due {day}. {text}").format(ref=q.application.ref, day=day(q.due), text=q.asked[:140]),
            reverse("application", kwargs={"ref": q.application.ref}) + f"#question-{q.pk}",
            _("Reply"),
            "red",
            q.due,
        )
        for q in rows
    ]


def _intents(rows: Iterable[Intent]) -> list[Need]:
    return [
        Need(
            _("Answer to an intent to refuse"),
            _("{ref}, until {day}. {text}").format(ref=case.ref, day=day(one.due_on), text=one.text[:140]),
            reverse("application", kwargs={"ref": case.ref}) + "#intent",
            _("Reply"),
            "red",
            one.due_on,
        )
        for one in rows
        for case in [one.recommendation.application]
    ]


def _refusals(rows: list[Application], today: date) -> list[Need]:
    """From the first day on until they are contested, or can't be any more."""
    remedies = selectors.remedies_of(rows)
    both = ((row, remedies[row.pk]) for row in rows if row.pk in remedies)
    return [_refusal(row, remedy, today) for row, remedy in both if not remedy.over(today)]


def _refusal(row: Application, remedy: Remedy, today: date) -> Need:
    last = remedy.last_day  # None as long as its notice is on its way and nobody opened it, or where no table says
    left = (last - today).days if last else None
    if last and left is not None:
        text = _("The last day to contest it is {day}, {when}.").format(day=day(last), when=_in_days(left))
    else:
        text = _("It can be contested within {days} days after it was served.").format(days=CONTEST_DAYS)
    if not remedy.served(today):
        begins = _("{served}. The {days} days to contest it begin with that.")
        text = f"{text} {begins.format(served=SERVED_HOW, days=CONTEST_DAYS)}"
    return Need(
        _("Contest the refusal of {ref}, or let it stand").format(ref=row.ref),
        text,
        reverse("application", kwargs={"ref": row.ref}) + "#remedy",
        _("Read why"),
        "red" if left is not None and left <= CONTESTING_DAYS else "ochre",
        last,
    )


def _reports(rows: Iterable[Shipment], today: date) -> list[Need]:
    """Deliveries to be reported: those that are overdue, and those that are due soon."""
    return [
        Need(
            _("Report the delivery of {ref}").format(ref=row.ref),
            _owed(report),
            reverse("shipment", kwargs={"ref": row.ref}),
            _("Report"),
            "red" if report.overdue else "ochre",
            report.due_on,
        )
        for row in rows
        if (report := row.report_on(today))
    ]


def _owed(report: OwedReport) -> str:
    late = report.days_late
    if report.bars:
        said = _("Due {day}: {n} days late. Until it is reported nothing new can be reserved.")
    elif report.overdue:
        said = ngettext("Due {day}: {n} day late.", "Due {day}: {n} days late.", late)
    else:
        said = _("Due {day}, {when}.")
    return said.format(day=day(report.due_on), n=late, when=_in_days(-late))


def _declarations(rows: Iterable[Declaration]) -> list[Need]:
    titles = {
        DeclarationState.DRAFT: _("Attach the signed declaration"),
        DeclarationState.SIGNED: _("Submit the signed declaration"),
        DeclarationState.QUERIED: _("Answer a question about a declaration"),
    }
    needs = []
    for row in rows:
        needs.append(
            Need(
                titles[row.state],
                one_stop(
                    _("{ref}, {name}. An application can't be sent without it.").format(
                        ref=row.ref, name=row.end_user.name
                    )
                ),
                reverse("declaration", kwargs={"ref": row.ref}),
                _("Open"),
                "red" if row.queried else "ochre",
            )
        )
    return needs


def _drafts(rows: Iterable[Application], by_day: Mapping[int, date], today: date) -> list[Need]:
    return [_draft(row, _to_renew(row.renews, by_day, today)) for row in rows]


def _to_renew(old: License | None, by_day: Mapping[int, date], today: date) -> Need | None:
    """A renewal that was begun presses as one that was not, until its license has ended."""
    if old is None or old.past_on(today) or old.cut_short:
        return None
    return _renewal(old, by_day.get(old.pk), today)


def _draft(row: Application, renewal: Need | None) -> Need:
    title = _("Finish the renewal of {ref}").format(ref=row.renews.ref) if row.renews else _("Finish an application")
    text = _("{ref}, {kind}. It is a draft; nobody at the ministry sees it.")
    said = [text.format(ref=row.ref, kind=row.get_kind_display()), *([renewal.text] if renewal else [])]
    url = reverse("application", kwargs={"ref": row.ref})
    tone, due_on = (renewal.tone, renewal.due_on) if renewal else ("blue", None)
    return Need(title, " ".join(said), url, _("Continue"), tone, due_on)


def _renewals(rows: Iterable[License], by_day: Mapping[int, date], today: date) -> list[Need]:
    return [_renewal(row, by_day.get(row.pk), today) for row in rows]


def _renewal(row: License, file_by: date | None, today: date) -> Need:
    late = file_by is None or file_by < today
    text = (
        _("Its last day is {last}, {when}. File now: a renewal may not be decided before.")
        if late
        else _("Renew until {day}: then the law’s time ends before the license does, on {last}.")
    ).format(day=day(file_by) if file_by else "", last=day(row.usable_until), when=_in_days(row.days_left_on(today)))
    soon = file_by is not None and (file_by - today).days <= PRESSING_DAYS
    tone = "red" if late else "ochre" if soon else "blue"
    url = reverse("license", kwargs={"ref": row.ref}) + "#renew"
    return Need(_("Renew license {ref}").format(ref=row.ref), text, url, _("Renew"), tone, file_by or row.usable_until)


def _endings(rows: Iterable[License], today: date) -> list[Need]:
    return [
        Need(
            _("License {ref} ends soon").format(ref=row.ref),
            _("Its last day is {day}, {when}. File the next one in time.").format(
                day=day(row.usable_until), when=_in_days(row.days_left_on(today))
            ),
            reverse("application.new") + f"?kind={row.kind}",
            _("Start an application"),
            "blue",
            row.usable_until,
        )
        for row in rows
    ]


def _in_days(days: int) -> str:
    """Inside a sentence."""
    return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days} if days else _("today")


def _qualification(exporter: Exporter, today: date, annual: bool) -> list[Need]:
    """annual: there is something annual to file."""
    last_day, left = exporter.qualification.last_day, days_left(exporter.qualification, today)
    if annual and exporter.qualification.standing_on(today) == QualificationState.LAPSED:
        title = _("Your qualification for annual licenses is over")
        text = _("Nothing annual can be filed until the ministry qualifies your company again.")
        return [Need(title, text, reverse("company") + "#annual", _("See the test"), "ochre", today)]
    if last_day is None or left is None:
        return []
    text = _(
        "Its last day is {day}, {when}. The ministry may renew it from {first} on, when the published test is met then."
    ).format(day=day(last_day), when=_in_days(left), first=day(exporter.qualification.renewable_from))
    tone = "ochre" if left <= PRESSING_DAYS else "blue"
    title = _("Your qualification for annual licenses ends soon")
    return [Need(title, text, reverse("company") + "#annual", _("See the test"), tone, last_day)]
