"""Officers record what they found where goods arrived. Nothing else follows from it by itself."""

from collections.abc import Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _

from core.access import Actor
from core.actions.documents import ANSWER_KINDS, keep_file
from core.command import command
from core.errors import Invalid, Problem
from core.files import too_large
from core.history import record, require_may
from core.legal_time import legal_day, legal_now
from core.locks import lock
from exporters import rules
from licensing.models import License, LicenseEndUser, Visit, VisitKind, VisitOutcome
from licensing.selectors import licenses_for
from shipments.models import Shipment


@command
def record_visit(
    ref: str,
    *,
    kind: str,
    made_on: date,
    went: str,
    outcome: str,
    note: str,
    end_user: str = "",
    shipment: str = "",
    files: Sequence[tuple[str, bytes]] = (),
    by: Actor,
) -> License:
    """A check or a visit stands with the license, in whatever state that is, and with its end-user.

    end_user, shipment: references, of this license; without the first it is whom the shipment names, or who alone is
    named by the license.
    files: (name, content) of PDF, images and sheets. The license stays as it is. Raises Invalid naming each field.
    """
    license = lock(licenses_for(by), ref=ref)
    require_may(rules.officer("license.record_visit")(license, by))
    at = legal_now()
    goods = Shipment.objects.filter(license=license, ref=shipment).first() if shipment else None
    problems = _wrong(kind, outcome, went, note, made_on, at)
    if shipment and goods is None:
        problems.append(Problem("/shipment", "invalid", _("No shipment of this license has that number.")))
    user = _whom(license, end_user, goods)
    if user is None and end_user:
        problems.append(Problem("/end_user", "invalid", _("The license does not name this end-user.")))
    if user and goods and user.party_id != goods.end_user_id:
        problems.append(Problem("/end_user", "invalid", _("The shipment goes to another end-user.")))
    problems += too_large(*(content for _name, content in files), field="files", remedy="")
    if problems:
        raise Invalid(problems)
    kept = [keep_file(*file, field="files", by=by, kinds=ANSWER_KINDS, at=at) for file in files]
    said = {"kind": kind, "outcome": outcome, "made_on": made_on}
    told = {"shipment": shipment, "went": went, "note": note, "recorded_by": by.user, "recorded_at": at}
    row = Visit.objects.create(license=license, end_user=user, **said, **told)
    row.files.set(kept)
    facts = said | {"made_on": made_on.isoformat(), "files": [document.sha256 for document in kept]}
    record(license, "record_visit", by=by, at=at, before=license.state, facts=facts)
    return license


def _whom(license: License, ref: str, goods: Shipment | None) -> LicenseEndUser | None:
    users = license.end_users.select_related("party")
    if ref:
        return users.filter(party__ref=ref).first()
    if goods:
        return users.filter(party=goods.end_user_id).first()
    found = list(users[:2])
    return found[0] if len(found) == 1 else None


def _wrong(kind: str, outcome: str, went: str, note: str, made_on: date, at: datetime) -> list[Problem]:
    found = []
    if kind not in VisitKind.values:
        found.append(Problem("/kind", "invalid", _("Choose one of the kinds.")))
    if outcome not in VisitOutcome.values:
        found.append(Problem("/outcome", "invalid", _("Choose one of the outcomes.")))
    if not went.strip():
        found.append(Problem("/went", "required", _("Say who went, or who asked.")))
    if not note.strip():
        found.append(Problem("/note", "required", _("Say what was found.")))
    if made_on > legal_day(at):
        found.append(Problem("/made_on", "date-out-of-range", _("It can't lie ahead.")))
    return found
