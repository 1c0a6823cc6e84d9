"""An extract of the certificate for each end-user: his part, and nothing of the others, not even how many they are."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from core.papers import Content, Kind, papers
from core.references import MARK_LENGTH
from licensing.elements import show_percents
from licensing.models import LicenseEndUser
from licensing.papers import proof, said
from licensing.papers.certificate import Issued, issued
from licensing.selectors.verified import Share, shares


def extracts(of: Issued) -> list[Content]:
    return [_extract(of, user) for user in of.users if user.verify_code]


def _extract(of: Issued, user: LicenseEndUser) -> Content:
    license, party = of.license, of.parties.said(user.party_id)
    own, code = shares(license, user), user.verify_code
    facts = proof.facts(license, of.head["exporter"], own, {"name": party["name"], "country": user.destination})
    where = proof.address(license, code)
    data = {
        **of.head,
        "kind": license.kind,
        "whose": party["name"],
        "end_user": {**party, "declaration": user.declaration.ref},
        "from": said.day(license.usable_from),
        "until": said.day(license.usable_until),
        "lines": [_line(one) for one in own],
        "ports": ", ".join(license.ports),
        "conditions": [said.both(one.get_code_display) for one in license.conditions.all()],
        "code": proof.spoken(code),
        "ask": where,
        "qr": proof.code(facts, where, of.line.at),
    }
    return Content(license.exporter_id, data, claims=facts, part=user.pk, mark=code[:MARK_LENGTH])


def _line(one: Share) -> dict[str, Any]:
    """Without its number: how many there are besides is nobody's business here."""
    line = one.line
    return {
        "code": line.control_item.code,
        "description": line.description,
        "contains": said.close(show_percents(line.composition)),
        "amount": None if one.authorized is None else said.amount(one.authorized, line.unit),
    }


papers(
    Kind("extract", _("Extract for an end-user"), said.TEMPLATES / "extract.typ", extracts, read=issued),
    "license",
    "issue",
)
