"""Files as they came."""

import hashlib
from datetime import datetime

from core.access import Actor
from core.errors import Invalid, Problem
from core.files import Kinds, examine
from core.legal_time import legal_now
from core.models import Document


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
