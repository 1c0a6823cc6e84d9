"""Files that people hand in: what is kept is a plain file of a kind that is taken there, as it came."""

import io
import random
import struct
import zipfile
import zlib

import pikepdf
import pytest

from core import files, sizes
from core.actions import keep_file
from core.decided import filled
from core.errors import Invalid
from core.files import ANSWER, EICAR, PAPER, PROOF
from core.models import Document

GOOD = b"%PDF-1.4\nx\n%%EOF"
BAD = {
    "empty": ("a.pdf", b"", "file-empty"),
    "too large": ("a.pdf", GOOD[:8] + b"x" * sizes.FILE_BYTES + GOOD[-6:], "file-too-large"),
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


def png(width=3, height=2):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return files.PNG_START + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 8)) + chunk(b"IEND", b"")


def jpeg(width=3, height=2):
    comment = b"\xff\xfe\x00\x06hello"[:8]
    return (
        b"\xff\xd8"
        + comment
        + b"\xff\xc0\x00\x0b\x08"
        + struct.pack(">HH", height, width)
        + b"\x01\x01\x11\x00\xff\xd9"
    )


def xlsx(extra=(), names=("[Content_Types].xml", "xl/workbook.xml"), compression=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name in names:
            archive.writestr(name, "<x/>")
        for name, content in extra:
            archive.writestr(name, content)
    return made.getvalue()


def lying(content):
    """The archive's directory says that its first part is one byte."""
    at = content.index(b"PK\x01\x02") + 24
    return content[:at] + struct.pack("<I", 1) + content[at + 4 :]


TAKEN = {
    "a.pdf": GOOD,
    "a.png": png(),
    "a.PNG": png(10_000, 4_000),
    "a.jpg": jpeg(),
    "a.jpeg": jpeg(8_000, 5_000),
    "a.xlsx": xlsx(extra=[(f"xl/{n}.xml", "x") for n in range(998)]),
    "b.xlsx": xlsx(compression=zipfile.ZIP_STORED),
    "a.csv": "\ufeff货物,kg\n磁材,5\n".encode(),
    "b.csv": "货物,kg\n磁材,5\n".encode("gb18030"),
}
NOT_TAKEN = {
    "svg": ("a.svg", b"<svg/>", "file-name"),
    "a web page": ("a.html", b"<html>", "file-name"),
    "old sheet": ("a.xls", xlsx(), "file-name"),
    "macros by name": ("a.xlsm", xlsx(), "file-name"),
    "pdf as png": ("a.png", GOOD, "file-mismatch"),
    "png as jpg": ("a.jpg", png(), "file-mismatch"),
    "jpg as png": ("a.png", jpeg(), "file-mismatch"),
    "png that begins otherwise": ("a.png", b"X" + png()[1:], "file-mismatch"),
    "jpg that begins otherwise": ("a.jpg", b"XX" + jpeg()[2:], "file-mismatch"),
    "short png": ("a.png", png()[:20] + b"IEND", "file-mismatch"),
    "half a png": ("a.png", png()[:-8], "file-mismatch"),
    "no pixels": ("a.png", png(0, 5), "file-mismatch"),
    "half a jpg": ("a.jpg", jpeg()[:14], "file-mismatch"),
    "41 million pixels": ("a.png", png(10_000, 4_001), "file-too-large-inside"),
    "41 million in jpg": ("a.jpg", jpeg(8_000, 5_001), "file-too-large-inside"),
    "zip": ("a.xlsx", xlsx(names=("a.txt", "[Content_Types].xml")), "file-mismatch"),
    "no zip": ("a.xlsx", b"PK\x03\x04 and no more", "file-mismatch"),
    "text": ("a.xlsx", b"a,b", "file-mismatch"),
    "macros": ("a.xlsx", xlsx(extra=[("xl/vbaProject.bin", "x")]), "file-mismatch"),
    "macros in capitals": ("a.xlsx", xlsx(extra=[("xl/VBAPROJECT.BIN", "x")]), "file-mismatch"),
    "odd packing": ("a.xlsx", xlsx(compression=zipfile.ZIP_BZIP2), "file-mismatch"),
    "lying sizes": ("a.xlsx", lying(xlsx(extra=[("y", "z" * 100)])), "file-mismatch"),
    "1,001 parts": ("a.xlsx", xlsx(extra=[(f"xl/{n}.xml", "x") for n in range(999)]), "file-too-large-inside"),
    "bomb": ("a.xlsx", xlsx(extra=[("y", b"\0" * 3_000_000)]), "file-too-large-inside"),
    "html in csv": ("a.csv", b"  <html><script>1</script>", "file-mismatch"),
    "pdf in csv": ("a.csv", b"%PDF-1.4\n%%EOF", "file-mismatch"),
    "nul in csv": ("a.csv", b"a,\0b", "file-mismatch"),
    "no text at all": ("a.csv", b"\xff\xff\xff\xff", "file-mismatch"),
    "nothing but blanks": ("a.csv", b" \n \n", "file-mismatch"),
    "utf-16": ("a.csv", "a,b".encode("utf-16"), "file-mismatch"),
}


def refused(name, content, code, by, kinds=PAPER):
    before = Document.objects.count()
    with pytest.raises(Invalid) as refusal:
        keep_file(name, content, field="file", by=by, kinds=kinds)
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/file", code)]
    assert Document.objects.count() == before


@pytest.mark.parametrize(("name", "content", "code"), BAD.values(), ids=BAD)
def test_a_file_that_is_not_a_plain_pdf_is_refused_and_nothing_is_kept(name, content, code, lanting):
    refused(name, content, code, lanting)


@pytest.mark.parametrize("name", ["a.pdf", " 合同 №1.PDF ", "x" * 196 + ".pdf"])
def test_a_plain_pdf_is_kept_as_it_came(name, lanting):
    content = GOOD[:9] + b"x" * (sizes.FILE_BYTES - len(GOOD)) + GOOD[9:]
    kept = keep_file(name, content, field="file", by=lanting, kinds=PAPER)
    assert (kept.name, bytes(kept.content), kept.size) == (name.strip(), content, sizes.FILE_BYTES)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "content", "code"), NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_content_that_is_not_what_the_name_says_is_refused_and_nothing_is_kept(name, content, code, lanting):
    refused(name, content, code, lanting, kinds=ANSWER)


@pytest.mark.parametrize(("name", "content"), TAKEN.items(), ids=TAKEN)
def test_images_and_sheets_are_kept_as_they_came_where_they_are_taken(name, content, lanting, client):
    kept = keep_file(name, content, field="file", by=lanting, kinds=ANSWER)
    assert (kept.name, bytes(kept.content)) == (name, content)
    assert name.lower().endswith(files.end_of(kept.media_type)) or name == "a.jpeg"


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.xlsx", "a.csv"])
def test_only_pdf_is_taken_where_nothing_else_is_said(name, lanting):
    refused(name, TAKEN[name], "file-name", lanting)


def test_a_sheet_that_unpacks_to_50_mb_is_taken_and_one_byte_more_is_not(lanting):
    noise = random.Random(1).randbytes(600_000)  # so that it is no 1 : 100
    rest = sizes.UNPACKED_MOST - len(noise) - len("<x/>") * 2
    most, more = (xlsx(extra=[("noise", noise), ("rest", b"\0" * size)]) for size in (rest, rest + 1))
    keep_file("a.xlsx", most, field="file", by=lanting, kinds=ANSWER)
    refused("a.xlsx", more, "file-too-large-inside", lanting, kinds=ANSWER)


def test_a_pdf_of_200_pages_is_kept_as_it_came(lanting):
    made, file = io.BytesIO(), pikepdf.new()
    for _ in range(200):
        file.add_blank_page()
    file.save(made)
    kept = keep_file("a.pdf", made.getvalue(), field="file", by=lanting, kinds=PAPER)
    assert bytes(Document.objects.get(pk=kept.pk).content) == made.getvalue()
    assert len(pikepdf.open(io.BytesIO(kept.content)).pages) == 200


@pytest.mark.parametrize(("kinds", "words"), [(PAPER, "PDF"), (PROOF, "PDF, PNG or JPG")])
def test_forms_name_the_kinds_that_verbs_take(kinds, words):
    assert (str(kinds), kinds.ends[0]) == (words, ".pdf")
    said = filled("{kinds}, at most {most} MB.", kinds=kinds, most="core.sizes.FILE_MEGABYTES")
    assert str(said) == f"{words}, at most 10 MB."
