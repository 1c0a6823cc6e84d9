"""Files that people hand in: what is kept is a plain PDF, as it came."""

import pytest
from django.conf import settings

from core.actions import EICAR, keep_pdf
from core.errors import Invalid
from core.models import Document

GOOD = b"%PDF-1.4\nx\n%%EOF"
BAD = {
    "empty": ("a.pdf", b"", "file-empty"),
    "too large": ("a.pdf", GOOD[:8] + b"x" * settings.MAX_UPLOAD_BYTES + GOOD[-6:], "file-too-large"),
    "climbs": ("../../a.pdf", GOOD, "file-name"),
    "climbs backwards": ("..\\a.pdf", GOOD, "file-name"),
    "line end": ("a\r\nb.pdf", GOOD, "file-name"),
    "direction": ("a\u202eb.pdf", GOOD, "file-name"),
    "shows nothing": ("\u200b.svg", GOOD, "file-name"),
    "svg": ("a.svg", GOOD, "file-name"),
    "long": ("x" * 197 + ".pdf", GOOD, "file-name"),
    "test file": ("a.pdf", EICAR, "file-unsafe"),
    "test inside": ("a.pdf", GOOD[:9] + EICAR + GOOD[9:], "file-unsafe"),
    "html": ("a.pdf", b"<html></html>%%EOF", "file-not-pdf"),
    "no end": ("a.pdf", b"%PDF-1.4\n", "file-not-pdf"),
    "end far off": ("a.pdf", GOOD + b"x" * 2048, "file-not-pdf"),
}


@pytest.mark.parametrize(("name", "content", "code"), BAD.values(), ids=BAD)
def test_a_file_that_is_not_a_plain_pdf_is_refused_and_nothing_is_kept(name, content, code, lanting):
    before = Document.objects.count()
    with pytest.raises(Invalid) as refused:
        keep_pdf(name, content, field="file", by=lanting)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/file", code)]
    assert Document.objects.count() == before


@pytest.mark.parametrize("name", ["a.pdf", " 合同 №1.PDF ", "x" * 196 + ".pdf"])
def test_a_plain_pdf_is_kept_as_it_came(name, lanting):
    content = GOOD[:9] + b"x" * (settings.MAX_UPLOAD_BYTES - len(GOOD)) + GOOD[9:]
    kept = keep_pdf(name, content, field="file", by=lanting)
    assert (kept.name, bytes(kept.content), kept.size) == (name.strip(), content, settings.MAX_UPLOAD_BYTES)
