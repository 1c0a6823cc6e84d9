"""History lines as a reader may see them: sentences, and no officer's name for an exporter."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from typing import Any, TypeAlias

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.access import Actor
from core.languages import day_in_words
from core.legal_time import DAY_PATTERN
from core.models import ApiKey, HistoryLine, Membership

_DAY = re.compile(DAY_PATTERN, re.ASCII)
Sentence: TypeAlias = "str | Promise | Callable[[HistoryLine], str]"
_sentences: "dict[tuple[str, str], Sentence]" = {}
_internal: set[tuple[str, str]] = set()
_folded: set[tuple[str, str]] = set()


def sentences(
    kind: str, words: "Mapping[str, Sentence]", *, internal: tuple[str, ...] = (), folded: tuple[str, ...] = ()
) -> None:
    """Registers what each verb of a kind of row is called in its history, or what says it of the line.

    internal: officers' steps that an exporter never sees, only what they lead to. folded: what one person does several
    times in a row, as a draft that is saved while he types, is told once.
    """
    _sentences.update({(kind, verb): sentence for verb, sentence in words.items()})
    _internal.update((kind, verb) for verb in internal)
    _folded.update((kind, verb) for verb in folded)


@dataclass(frozen=True)
class Told:
    """moved: the row's state is another since. verb: what happened, as the graph calls it."""

    at: datetime
    sentence: str
    actor_name: str
    reason: str
    by_clock: bool = False
    moved: bool = False
    verb: str = ""


def told(lines: Iterable[HistoryLine], reader: Actor) -> list[Told]:
    """The lines as this reader reads them. Exporters read roles of officers, never their names or notes; customs reads
    nobody's."""
    lines = list(lines)
    hidden = not reader.reads_names
    offices = {"ministry": pgettext("history", "the ministry"), "customs": pgettext("history", "customs")}
    if reader.kind == "customs":
        offices["exporter"] = pgettext("history", "the company")
    officers = _offices({line.actor_id for line in lines}, offices) if hidden else {}
    return [
        Told(
            line.at,
            sentence(line),
            officers[line.actor_id] if line.actor_id in officers else _name(line),
            line.reason,
            by_clock=_by_clock(line),
            moved=line.from_state not in ("", line.to_state),
            verb=line.verb,
        )
        for line, following in zip_longest(lines, lines[1:])
        if not (hidden and (line.subject_kind, line.verb) in _internal) and not _goes_on(line, following)
    ]


def _goes_on(line: HistoryLine, following: HistoryLine | None) -> bool:
    """The next line says the same once more: of one person, and one that is told once."""
    if following is None or (line.subject_kind, line.verb) not in _folded:
        return False
    return (line.verb, line.actor_id, line.subject_id) == (following.verb, following.actor_id, following.subject_id)


def _offices(actors: Collection[int], offices: Mapping[str, str]) -> dict[int, str]:
    """Of these users the ones who are of such an organization, each with what that is called."""
    return {
        user: offices[kind]
        for model in (Membership, ApiKey)  # customs acts by its keys
        for user, kind in model._default_manager.filter(user__in=actors, organization__kind__in=offices).values_list(
            "user", "organization__kind"
        )
    }


def sentence(line: HistoryLine) -> str:
    """What happened, in words, with the line's facts where they name some."""
    said = _sentences.get((line.subject_kind, line.verb), line.verb)
    words = str(said(line) if callable(said) else said)
    return words.format(**facts_of(line)) if "{" in words else words


def facts_of(line: HistoryLine) -> dict[str, Any]:
    """The line's facts, a day as the reader writes it; history has it as 2026-12-01."""
    return {
        name: day_in_words(date.fromisoformat(fact)) if isinstance(fact, str) and _DAY.fullmatch(fact) else fact
        for name, fact in line.facts.items()
    }


def _name(line: HistoryLine) -> str:
    return _("the system") if _by_clock(line) else str(line.actor)


def _by_clock(line: HistoryLine) -> bool:
    return bool(line.actor.nature == "clock")
