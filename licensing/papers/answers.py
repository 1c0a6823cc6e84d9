"""The letter that answers an item inquiry: for which goods, which item, why, and as of which edition."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from core.models import HistoryLine
from core.papers import Content, Kind, papers
from licensing.elements import show_percents
from licensing.models import ControlItem, Inquiry
from licensing.papers import said


def answer(line: HistoryLine) -> Content:
    row = Inquiry.objects.select_related("exporter__organization").get(pk=line.subject_id)
    item = ControlItem.objects.select_related("instrument").filter(code=line.facts["item"]).first()
    data = {
        **said.head(line, row.exporter),
        "about": "inquiry",
        "asked_at": said.instant(row.asked_at),
        "description": row.description,
        "contains": said.close(show_percents(row.composition)),
        "hs": row.hs_code,
        "item": item and _item(item),
        "reason": line.reason,
        "edition": line.facts["edition"],
    }
    return Content(row.exporter_id, data)


def _item(item: ControlItem) -> dict[str, Any]:
    title = {"zh": item.instrument.title_zh, "en": item.instrument.title_en}
    return {"code": item.code, "zh": item.description_zh, "en": item.description_en, "instrument": title}


papers(
    Kind("answer", _("Answer to an item inquiry"), said.TEMPLATES / "answer.typ", answer),
    "inquiry",
    "sign",
)
