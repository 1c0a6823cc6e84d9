"""What happened to an exporter's licenses and shipments and wants a look: derived, shown for a fortnight.

Nobody acknowledges it: one colleague's click would hide from the others what all of them must act upon. An open
suspension stays for as long as it is open.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.access import Actor
from core.legal_time import legal_day
from core.templatetags.lodestone import day, quantity
from licensing import selectors as licensing
from licensing.models import License
from licensing.states import LicenseState
from shipments.holdings import Holdings
from shipments.models import Incident, Shipment
from shipments.selectors import lately, strange_lately
from shipments.states import CROSSED, ShipmentState

LOOK_DAYS = 14
MOST = 10  # that the overview shows; one more of each kind is read, so that it knows of more
PRESSING = 5  # licenses closed somehow: others come last, or they would hide what has a day


@dataclass(frozen=True)
class Need:
    """One thing to do: what, why now, where; tone red, ochre or blue. over: of news, when it happened; there is nothing
    to do."""

    title: str
    text: str
    url: str
    button: str
    tone: str
    due_on: date | None = None
    over: datetime | None = None


def sought(actor: Actor, at: datetime) -> dict[str, QuerySet[Any]]:
    """What is looked through for what wants a look, by name."""
    since = at - timedelta(days=LOOK_DAYS)
    return {
        "closed": licensing.closed_somehow(actor)[: MOST + 1],
        "turned": licensing.changed_since(actor, since),
        "lately": lately(actor, since).order_by("license_id", "pk"),
        "strange": strange_lately(actor, since),
    }


def looks_of(holdings: Holdings) -> list[Need]:
    now, rows, strange = holdings.at, holdings["lately"], holdings["strange"]
    said = [row for row in rows if row.last_verb in _SAID]
    otherwise = [row for row in rows if row not in strange and row not in said and _differs(row)]
    lapsed = [row for row in rows if row.state == ShipmentState.EXPIRED]
    return [
        *_suspended(holdings["closed"], now),
        *(need for row in strange for need in _strange(row, now)),
        *(_told(row) for row in said),
        *(_cleared(license, some) for license, some in _by_license(otherwise)),
        *(_lapsed(license, some, legal_day(now)) for license, some in _by_license(lapsed)),
        *_licenses(holdings["turned"], legal_day(now)),
    ]


def _strange(row: Shipment, now: datetime) -> list[Need]:
    return [
        Need(
            _("Customs reported something that does not fit"),
            _("{ref}: {what}. An officer looks at it.").format(ref=row.ref, what=Incident.Kind(kind).label),
            reverse("shipment", kwargs={"ref": row.ref}),
            _("Look"),
            "ochre",
            _until(opened_at),
        )
        for kind, opened_at in zip(row.incident_kinds, row.incident_times, strict=True)
        if opened_at >= now - timedelta(days=LOOK_DAYS)
    ]


# The last that was done to a shipment: what it is called, and how pressing it is.
_SAID = {
    "question": (gettext_lazy("Customs has a question, and holds the goods"), "red"),
    "reject": (gettext_lazy("Rejected by customs"), "ochre"),
    "correct": (gettext_lazy("Customs corrected a clearance"), "ochre"),
    "absorb": (gettext_lazy("Customs corrected a clearance"), "blue"),
    "close_out": (gettext_lazy("Closed out by the ministry"), "blue"),
    "return": (gettext_lazy("Goods came back"), "blue"),
    "approve_return": (gettext_lazy("What came back is on the license again"), "blue"),
    "decline_return": (gettext_lazy("What came back is not given back to the license"), "ochre"),
}


def _told(row: Shipment) -> Need:
    title, tone = _SAID[row.last_verb]
    text = _("{ref}: {what}").format(ref=row.ref, what=row.last_reason[:140]) if row.last_reason else row.ref
    url = reverse("shipment", kwargs={"ref": row.ref})
    over = row.last_at if row.last_verb != "question" else None
    return Need(str(title), text, url, _("Look"), tone, _until(row.last_at), over)


def _until(at: datetime) -> date:
    """The last day on which it is shown."""
    return legal_day(at) + timedelta(days=LOOK_DAYS)


def _by_license(rows: Iterable[Shipment]) -> list[tuple[License, list[Shipment]]]:
    return [(license, list(some)) for license, some in groupby(rows, key=lambda row: row.license)]


def _differs(row: Shipment) -> bool:
    """Customs cleared other quantities than were reserved; a part, for the time being, is other too."""
    cleared = row.state in (*CROSSED, ShipmentState.PART_CLEARED)
    return cleared and any(line.drawn + line.over_cleared != line.quantity for line in row.lines.all())


def _cleared(license: License, rows: list[Shipment]) -> Need:
    last = max(row.last_at for row in rows)
    if len(rows) > 1:
        text = _("{number} shipments on {ref}; the license shows each.").format(number=len(rows), ref=license.ref)
        url = reverse("license", kwargs={"ref": license.ref})
    else:
        row = rows[0]
        text = _("{ref}: {quantities}.").format(
            ref=row.ref,
            quantities=_(", ").join(
                _("{cleared} of {reserved}").format(
                    cleared=quantity(line.drawn + line.over_cleared, line.unit),
                    reserved=quantity(line.quantity, line.unit),
                )
                for line in row.lines.all()
            ),
        )
        url = reverse("shipment", kwargs={"ref": row.ref})
    return Need(_("Cleared otherwise than reserved"), text, url, _("Look"), "ochre", _until(last), over=last)


def _lapsed(license: License, rows: list[Shipment], today: date) -> Need:
    last = max(row.last_at for row in rows)
    title = ngettext("{number} reservation lapsed", "{number} reservations lapsed", len(rows)).format(number=len(rows))
    if license.over_on(today):
        text = _("{refs}: its days were over, and so is {license}; what it had left lapsed with it.")
    else:
        text = _("{refs}: its days were over, and the quantity is free again on {license}.")
    text = text.format(refs=_(", ").join(row.ref for row in rows[:3]), license=license.ref)
    one = rows[0] if len(rows) == 1 else None
    url = reverse("shipment", kwargs={"ref": one.ref}) if one else reverse("license", kwargs={"ref": license.ref})
    return Need(title, text, url, _("Look"), "blue", _until(last), over=last)


def _suspended(rows: list[License], now: datetime) -> list[Need]:
    today = legal_day(now)
    licensing.foresee_ends(rows, {}, now)
    return [
        Need(
            _("License {ref} is suspended").format(ref=row.ref),
            _nothing_new(row).format(**_causes(row)),
            reverse("license", kwargs={"ref": row.ref}),
            _("See why"),
            "red",
            today if number < PRESSING else None,
        )
        if row.state == LicenseState.SUSPENDED
        else Need(
            _("License {ref} is closed for some of its end-users").format(ref=row.ref),
            _("{cause}, since {day}. For the others it is open.").format(**_causes(row)),
            reverse("license", kwargs={"ref": row.ref}),
            _("See why"),
            "ochre",
            today if number < PRESSING else None,
        )
        for number, row in enumerate(rows)
    ]


def _nothing_new(row: License) -> str:
    if row.again_at:
        return _(
            "{cause}, since {day}. Nothing new can be reserved; by the rules approved so far it can again from "
            "{again} on."
        )
    return _("{cause}, since {day}. Nothing new can be reserved.")


def _causes(row: License) -> dict[str, str]:
    causes = dict.fromkeys(str(cause) for cause in row.open_suspensions)
    first = day(min(cause.opened_at for cause in row.open_suspensions))
    return {"cause": _(", ").join(causes), "day": first, "again": day(row.again_at)}


def _licenses(rows: Iterable[License], today: date) -> list[Need]:
    """Licenses that are in force again, and those that ended, with what lapsed."""
    found = []
    for row in sorted(rows, key=lambda row: row.turn_at):
        rest = [quantity(part.lapsed, part.unit) for part in row.lines.all() if part.lapsed]
        if row.turn_verb == "reopen" and row.state == LicenseState.ACTIVE:
            title, text = _("License {ref} is in force again"), _("Something of it came free, {day}.")
        elif row.turn_verb == "lift" and row.state == LicenseState.ACTIVE:
            title = _("License {ref} is in force again")
            if row.obstacle_on(today) == "early":
                title = _("License {ref} is not suspended any more")
                text = _("No cause is open since {day}. It can be used from {first} on.")
            elif row.open_suspensions:
                text = _("For some of its end-users, since {day}; for the others it is still closed.")
            else:
                text = _("No cause is open since {day}.")
        elif row.turn_verb == "revoke":
            found.append(_ended(row, rest))
            continue
        elif row.turn_verb == "replace" and row.successor:
            title = _("License {ref} was replaced")
            text = _("{day}, by {new}.").replace("{new}", row.successor.ref)
        elif row.turn_verb == "surrender":
            title, text = _("License {ref} was handed back"), _("{day}. Unused, and lapsed: {rest}.")
        elif row.turn_verb in ("expire", "exhaust") and rest:
            title, text = _("License {ref} has ended"), _("Unused on {day}, and lapsed: {rest}.")
        else:
            continue
        text = text.format(day=day(row.turn_at), rest=_(", ").join(rest), first=day(row.usable_from))
        url = reverse("license", kwargs={"ref": row.ref})
        at = row.turn_at
        found.append(Need(title.format(ref=row.ref), text, url, _("Look"), "blue", _until(at), over=at))
    return found


def _ended(row: License, rest: list[str]) -> Need:
    """By the ministry, whatever was left: what is on its way needs looking at."""
    text = _("{day}: {way}.").format(day=day(row.turn_at), way=row.revocation.get_end_reason_display())
    if rest:
        text += " " + _("Unused, and lapsed: {rest}.").format(rest=_(", ").join(rest))
    title, url = _("License {ref} was ended by the ministry"), reverse("license", kwargs={"ref": row.ref})
    return Need(title.format(ref=row.ref), text, url, _("See why"), "red", _until(row.turn_at))
