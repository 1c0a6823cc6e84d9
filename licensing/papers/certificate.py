"""The certificate of a license: what was decided on the day of issue. How it stands today is in no paper."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.models import HistoryLine
from core.papers import Content, Kind, papers
from core.templatetags.lodestone import money
from licensing.elements import show_percents
from licensing.granted import Tolerance
from licensing.models import License, LicenseEndUser
from licensing.papers import proof, said
from licensing.selectors.floors import as_issued
from licensing.selectors.licenses import with_terms
from licensing.selectors.verified import shares


@dataclass(frozen=True)
class Issued:
    """What was decided on the day of issue, with people as they stood then."""

    line: HistoryLine
    license: License
    users: list[LicenseEndUser]
    parties: said.Parties
    head: dict[str, Any]


def issued(line: HistoryLine) -> Issued:
    rows = with_terms(License.objects.select_related("exporter__organization", "application"))
    license = as_issued(rows.get(pk=line.subject_id))
    users = list(license.end_users.all())
    parties = said.Parties([*(user.party for user in users), *license.consignees.all()], line.at)
    return Issued(line, license, users, parties, said.head(line, license.exporter))


def certificate(of: Issued) -> Content:
    line, license, parties = of.line, of.license, of.parties
    document = said.document_of(license.edition)
    findings = license.application.findings.filter(moment="issue", found_at=line.at).order_by()
    matched = findings.values_list("matched", flat=True).distinct()
    tolerance = Tolerance(license.tolerance_mode, license.tolerance_pct)
    facts = proof.facts(license, of.head["exporter"], shares(license, None))
    where = proof.address(license, license.verify_code)
    data = {
        **of.head,
        "kind": license.kind,
        "case": license.application.ref,
        "from": said.day(license.usable_from),
        "until": said.day(license.usable_until),
        "lines": [_line(one) for one in license.lines.all()],
        "tolerance": said.both(lambda: said.close(str(tolerance))),
        "end_users": [
            {
                **parties.said(user.party_id),
                "declaration": user.declaration.ref,
                "within": _within(license, user),
                "shares": _shares(license, user.pk),
            }
            for user in of.users
        ],
        "consignees": [parties.said(party.pk) for party in license.consignees.all()],
        "destinations": said.countries(license.destinations),
        "ports": ", ".join(license.ports),
        "modes": said.modes(license.application),
        "conditions": [said.both(one.get_code_display) for one in license.conditions.all()],
        "clearances": license.max_clearances,
        "report_days": license.report_days,
        "basis": [
            *said.laws(document),
            *({"zh": one["zh"], "en": one["en"]} for one in said.provisions(matched, document)),
        ],
        "code": proof.spoken(license.verify_code),
        "ask": where,
        "qr": proof.code(facts, where, line.at),
    }
    return Content(license.exporter_id, data, claims=facts)


def _line(line: Any) -> dict[str, Any]:
    value = next((one for one in line.ceilings.all() if one.of_value), None)
    return {
        "number": line.number,
        "code": line.control_item.code,
        "description": line.description,
        "contains": said.close(show_percents(line.composition)),
        "hs": ", ".join(line.hs_codes),
        "value": money(value.authorized, value.currency) if value else "",
        **said.amount(line.authorized, line.unit),
    }


def _within(license: License, user: LicenseEndUser) -> list[int]:
    """The lines of which this end-user may take all that is left, as he declared their goods; none where that is each
    line of the license."""
    shared = {one["line"] for one in _shares(license, user.pk)}
    lines = license.lines.all()
    own = [line.number for line in lines if line.is_for(user) and line.number not in shared]
    return own if len(own) < len(lines) else []


def _shares(license: License, user: int) -> list[dict[str, Any]]:
    """What this end-user may take of each line that is shared out."""
    return [
        {"line": line.number, **said.amount(one.authorized, line.unit)}
        for line in license.lines.all()
        for one in line.ceilings.all()
        if one.account == "allotment" and one.end_user_id == user
    ]


papers(
    Kind("certificate", _("Certificate of the license"), said.TEMPLATES / "certificate.typ", certificate, read=issued),
    "license",
    "issue",
)
