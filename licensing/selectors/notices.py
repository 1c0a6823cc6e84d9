"""Notices, as the public and as the policy desk reads them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from core.access import Actor, visibility
from core.legal_time import legal_now
from exporters.selectors import of_ministry
from licensing.models import Notice
from licensing.selectors.editions import edition_now, editions_at, rules_of
from licensing.selectors.windows import Window, windows_of
from licensing.states import NoticeState
from licensing.words import rules as words

NEWEST, LOOKED_AT = 3, 20  # on an exporter's overview; of so many


def notices_for(actor: Actor) -> QuerySet[Notice]:
    """Those who may open the policy desk, where they are written and withdrawn."""
    return of_ministry(Notice.objects.all(), actor, "desk.notice")


@visibility("notice")
def notice_visible(actor: Actor, ref: str) -> bool:
    return notices_for(actor).filter(ref=ref).exists()


def notices_told(instrument: str = "") -> QuerySet[Notice]:
    """What everybody reads, of one instrument or of all: those that stand come first."""
    rows = Notice.objects.filter(instruments__contains=[instrument]) if instrument else Notice.objects.all()
    return rows.order_by("state", "-dated", "-pk")


def newest_notices() -> QuerySet[Notice]:
    """Of an exporter's overview, those that are over among them (`of_now`)."""
    return Notice.objects.filter(state=NoticeState.PUBLISHED)[:LOOKED_AT]


def of_now(rows: Iterable[Notice], today: date) -> list[Notice]:
    """Those that tell of something that lasts, or may come: of a suspension that ran on the day of the notice, and has
    ended since, one that knew of no change tells nothing any more."""
    windows = windows_of(rules_of(edition_now().digest).edition)
    return [row for row in rows if not _over(row, windows, today)]


def _over(notice: Notice, windows: Iterable[Window], today: date) -> bool:
    if notice.kind != Notice.Kind.NO_CHANGE:
        return False
    told = [one for one in windows if one.instrument in notice.instruments and one.covers(notice.dated)]
    return bool(told) and all(one.last < today for one in told)


def instruments_known(at: datetime) -> dict[str, Mapping[str, Any]]:
    """Each instrument of some edition that was or is in force, or is announced; by its name, in its last words."""
    found: dict[str, Mapping[str, Any]] = {}
    for _, digest, _ in editions_at(at).rows:
        found |= {row["id"]: row for row in rules_of(digest).edition.document["instruments"]}
    return found


@dataclass(frozen=True)
class About:
    """An instrument that a notice is about, in short words; `here`: the edition in force has it, and so a page."""

    name: str
    told: str
    here: bool


@dataclass(frozen=True)
class NoticeTold:
    notice: Notice
    about: tuple[About, ...]


def notices_in_words(rows: Iterable[Notice]) -> list[NoticeTold]:
    """Instruments as they are called in the last edition that has them."""
    found = list(rows)
    if not found:
        return []
    titles = [dict(row) for row in instruments_known(legal_now()).values()]
    here = {row["id"] for row in rules_of(edition_now().digest).edition.document["instruments"]}
    return [
        NoticeTold(row, tuple(About(name, words.instrument(name, titles), name in here) for name in row.instruments))
        for row in found
    ]
