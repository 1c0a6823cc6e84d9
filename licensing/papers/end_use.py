"""The form of the end-user certificate: what a declaration says, to be signed and stamped on paper. It is not kept."""

import json
from hashlib import sha256
from typing import Any

from core.legal_time import legal_now
from core.typesetting import text_of, typeset
from exporters.models import Party
from licensing.actions.declarations import stated
from licensing.models import ControlItem, Declaration, EndUse
from licensing.models.declarations import CONFIRMATIONS, unconfirmed
from licensing.papers import said
from licensing.states import DeclarationState


def form(row: Declaration) -> bytes:
    """As the declaration stands: what was signed, or of a draft what would be."""
    return typeset(said.TEMPLATES / "end_use.typ", text_of(_data(row)), legal_now())


def code_of(row: Declaration) -> str:
    """Eight characters that change with whatever the form says of it: papers of one code have the same words."""
    says = _says(row)
    party = {name: says["party"][name] for name in Party.NAMED_BY}
    text = json.dumps(says | {"party": party}, ensure_ascii=False, sort_keys=True)
    digest = sha256(text.encode()).hexdigest().upper()
    return f"{digest[:4]}-{digest[4:8]}"


def _says(row: Declaration) -> dict[str, Any]:
    """By field, in words of no language."""
    now = {**stated(row), "party": row.end_user.entered}
    return now if row.state == DeclarationState.DRAFT else now | (row.as_signed or {})


def _data(row: Declaration) -> dict[str, Any]:
    says = _says(row)
    party = says["party"]
    signed = None if row.state == DeclarationState.DRAFT else row.attached_at
    items = ControlItem.objects.filter(code__in=says["items"])
    [country] = said.countries([party["country"]])
    return {
        "ref": row.ref,
        "version": row.version,
        "number": f"{row.ref}/{row.version}",
        "code": code_of(row),
        "exporter": said.company(row.exporter, signed or legal_now()),
        "party": {name: party[name] for name in Party.NAMED_BY} | {"country": country},
        "items": [{"code": item.code, "zh": item.description_zh, "en": item.description_en} for item in items],
        "use": said.named(EndUse.objects.get(pk=says["end_use"])),
        "words": says["end_use_text"],
        "product": says["product"],
        "place": says["position_in_product"],
        "process": said.both(lambda: Declaration.Process(says["process"]).label if says["process"] else ""),
        "need": says["yearly_need"],
        "onward": said.countries(says["re_export_countries"]) if says["re_export"] else [],
        "complete": not unconfirmed(says),
        "confirms": {name: says[name] for name in CONFIRMATIONS},
    }
