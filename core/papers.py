"""Papers: what a step leaves in the hands of whom it concerns. Made after its commit, kept as a file, once.

An app registers each kind: how it is called, its template, of which steps it is, and who writes what it says. A sweep
makes what is due; a run that is killed leaves all of a paper or nothing, and then the next one makes it.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import JSONField, Model, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.functional import Promise

from core import signing
from core.access import clock
from core.deliveries import PAPER, delivered, due, follows, pause
from core.files import PDF
from core.legal_time import legal_now
from core.models import Delivery, Document, HistoryLine, Paper
from core.typesetting import Versions, text_of, typeset, versions

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Content:
    """What a paper says, and to which organization. claims: what of it is signed together with the file's hash.

    part: for whom of the line's row it is, where there are several, and mark: what the number of such a one ends in.
    """

    organization: int
    data: dict[str, Any]
    claims: dict[str, Any] | None = None
    part: int = 0
    mark: str = ""


Writer = Callable[[Any], Content | list[Content]]


def itself(line: HistoryLine) -> HistoryLine:
    return line


@dataclass(frozen=True)
class Kind:
    """write: what it says of a line, or of what is read of it, once for all kinds that read the same. called: how it is
    called after one of its steps, where that says more."""

    name: str
    label: "str | Promise"
    template: Path
    write: Writer
    called: "Mapping[str, str | Promise]" = field(default_factory=dict)
    read: Callable[[HistoryLine], Any] = itself


_kinds: dict[str, Kind] = {}
_of: dict[tuple[str, str], list[str]] = {}


def papers(kind: Kind, subject_kind: str, *verbs: str) -> None:
    """Registers that each of these steps of such a row leaves a paper of this kind."""
    _kinds[kind.name] = kind
    for verb in verbs:
        _of.setdefault((subject_kind, verb), []).append(kind.name)
        follows(PAPER, subject_kind, verb)


def label_of(paper: Paper) -> str:
    """How it is called, in the reader's language."""
    kind = _kinds.get(paper.kind)
    return str(kind.called.get(paper.line.verb, kind.label)) if kind else paper.kind


def make_due(limit: int = 1_000) -> int:
    """Makes what is due; returns how many papers. Any number may run at once, or be killed."""
    made = 0
    for delivery in due(PAPER, limit):
        try:
            made += _make(delivery)
        except Exception as error:  # one that can't be made holds up none of the others
            log.exception("paper failed", extra={"delivery": delivery.pk})
            pause(delivery, error)
    return made


def _make(delivery: Delivery) -> int:
    """The papers of the line are there, and it is written down that they are: both or neither."""
    line, made = delivery.line, 0
    read = cache(lambda kind: kind(line))
    with transaction.atomic():
        there = set(Paper.objects.filter(line=line).values_list("kind", "part"))
        for number, name in enumerate(_of.get((line.subject_kind, line.verb), []), _first_number(line)):
            kind = _kinds[name]
            for content in _contents(kind, read(kind.read)):
                if (name, content.part) not in there:
                    _keep(kind, line, number, content)
                    made += 1
        delivered(delivery)
    return made


def _contents(kind: Kind, read: Any) -> list[Content]:
    written = kind.write(read)
    return written if isinstance(written, list) else [written]


def _keep(kind: Kind, line: HistoryLine, number: int, content: Content) -> None:
    mark = f"-{content.mark}" if content.mark else ""
    data = text_of({**content.data, "number": f"{line.subject_ref}/{number}{mark}"})
    file, by, at = typeset(kind.template, data, line.at), versions(kind.template), legal_now()
    digest = sha256(file).hexdigest()
    document = Document.objects.create(
        organization_id=content.organization,
        name=f"{line.subject_ref}-{number}{mark}-{kind.name}.pdf",
        media_type=PDF.media_type,
        sha256=digest,
        size=len(file),
        content=file,
        uploaded_by=clock().user,
        uploaded_at=at,
    )
    Paper.objects.create(
        line=line,
        kind=kind.name,
        number=number,
        part=content.part,
        document=document,
        data=data,
        credential=signing.sign({**content.claims, "file": digest}, line.at) if content.claims else "",
        typst=by.typst,
        fonts=by.fonts,
        template=by.template,
        made_at=at,
    )


def _first_number(line: HistoryLine) -> int:
    """Which papers of its row the line's are: by the steps before it, so the same whenever they are made."""
    verbs = [verb for subject_kind, verb in _of if subject_kind == line.subject_kind]
    before = HistoryLine.objects.filter(
        subject_kind=line.subject_kind, subject_id=line.subject_id, seq__lt=line.seq, verb__in=verbs
    )
    return 1 + sum(len(_of[line.subject_kind, verb]) for verb in before.values_list("verb", flat=True))


def made_anew(paper: Paper) -> bytes | None:
    """The same bytes as the kept file, made again; nothing where a version is another since, and the file stands."""
    kind = _kinds.get(paper.kind)
    if kind is None or versions(kind.template) != Versions(paper.typst, paper.fonts, paper.template):
        return None
    return typeset(kind.template, paper.data, paper.line.at)


def papers_of(*rows: Model) -> "QuerySet[Paper]":
    """Of one kind of row, the oldest first, without the files' bytes. Each with its number as it is `printed`, and
    `whose` part it is, by the name that it says, where it is one."""
    kind = rows[0]._meta.model_name
    found = Paper.objects.filter(line__subject_kind=kind, line__subject_id__in=[row.pk for row in rows])
    says = Cast("data", JSONField())
    found = found.annotate(printed=KeyTextTransform("number", says), whose=KeyTextTransform("whose", says))
    return found.select_related("line", "document").defer("document__content", "data").order_by("line__at", "pk")


def being_made(row: Model) -> bool:
    """A step of it left a paper that is not there yet."""
    waiting = Delivery.objects.filter(consumer=PAPER, delivered_at=None, ended_at=None)
    return waiting.filter(line__subject_kind=row._meta.model_name, line__subject_id=row.pk).exists()
