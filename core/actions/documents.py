"""Files as they came."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from core.access import Actor
from core.errors import Invalid, Problem
from core.files import ANSWER, Kinds, examine, too_large
from core.legal_time import legal_now
from core.models import Document

ANSWER_KINDS = ANSWER  # of the files of an answer


def keep_file(
    name: str, content: bytes, *, field: str, by: Actor, kinds: Kinds, at: datetime | None = None
) -> Document:
    """The file is stored with its hash, inside the caller's transaction. Raises Invalid naming `field` when it is
    empty, too large, badly named, a scanner's test, or none of these kinds (core/files.py)."""
    clean = name.strip()
    kind = examine(clean, content, kinds=kinds, field=field)
    if isinstance(kind, Problem):
        raise Invalid([kind])
    return Document.objects.create(
        organization=by.organization,
        name=clean,
        media_type=kind.media_type,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        content=content,
        uploaded_by=by.user,
        uploaded_at=at or legal_now(),
    )


def keep_answer(
    text: str, files: Sequence[tuple[str, bytes]], *, by: Actor, at: datetime, once: bool = False
) -> list[Document]:
    """These files, (name, content) of PDF, images and sheets, are stored as part of an answer.

    once: no other one can follow. Raises Invalid where it says nothing at all, and where the files are too large
    together.
    """
    if not text.strip() and not files:
        raise Invalid([Problem("/text", "required", _("Write an answer, or add a file."))])
    remedy = "" if once else _("Send some now, and the rest with another answer.")
    if problems := too_large(*(content for _name, content in files), field="files", remedy=remedy):
        raise Invalid(problems)
    return [keep_file(*file, field="files", by=by, kinds=ANSWER_KINDS, at=at) for file in files]
