"""Which files people may hand in, and what is wrong with one: its content must be what the end of its name says.

A file is only looked at, and served again as it came, as an attachment. A sheet is unpacked in memory, within limits,
because officers' own programs will unpack it.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.characters import wrong
from core.errors import Problem
from core.sizes import (
    FILE_BYTES,
    FILE_MEGABYTES,
    MEGABYTES_UNPACKED,
    MEGAPIXELS_MOST,
    NAME_MOST,
    PARTS_MOST,
    PIXELS_MOST,
    RATIO_MOST,
    UNPACKED_MOST,
)

# What scanners are tried with, in two parts so that none finds it here.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF_START, PNG_START, JPEG_START, ZIP_START = b"%PDF-", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"PK\x03\x04"


def too_large(*contents: bytes, field: str, remedy: str = "") -> list[Problem]:
    """That it is more than is taken at once, of one file or of all that come together, at this field; else nothing."""
    if sum(map(len, contents)) <= FILE_BYTES:
        return []
    one, all_ = _("The file is larger than {most} MB."), _("Together the files are larger than {most} MB.")
    message = (one if len(contents) == 1 else all_).format(most=FILE_MEGABYTES)
    return [Problem(f"/{field}" if field else "", "file-too-large", f"{message} {remedy}".rstrip())]


class Other(Exception):
    """The content is not of this kind."""


class TooLargeInside(Exception):
    """Opened, it is larger than we take."""


@dataclass(frozen=True)
class Kind:
    """A kind of file. check: raises Other or TooLargeInside for content that is not one, or not one we take."""

    ends: tuple[str, ...]
    media_type: str
    check: Callable[[bytes], None]


class Kinds(tuple[Kind, ...]):
    """Those that are taken together; as a text their names, "PDF, PNG or JPG"."""

    __slots__ = ()

    @property
    def ends(self) -> list[str]:
        return [end for kind in self for end in kind.ends]

    def __str__(self) -> str:
        names = [kind.ends[0][1:].upper() for kind in self]
        return _(" or ").join([*filter(None, [_(", ").join(names[:-1])]), names[-1]])


def _pdf(content: bytes) -> None:
    if not content.startswith(PDF_START) or b"%%EOF" not in content[-2048:]:
        raise Other


def _png(content: bytes) -> None:
    if not content.startswith(PNG_START) or content[12:16] != b"IHDR" or b"IEND" not in content[24:][-2048:]:
        raise Other
    _measured(*struct.unpack(">II", content[16:24]))


def _jpeg(content: bytes) -> None:
    """Segments are followed to the frame's header, which holds the size."""
    at = 2 if content.startswith(JPEG_START) else len(content)
    while at + 9 <= len(content) and content[at] == 0xFF:
        mark, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if mark in range(0xC0, 0xD0) and mark not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return _measured(width, height)
        at += 1 if mark == 0xFF else 2 + length
    raise Other


def _measured(width: int, height: int) -> None:
    if not width or not height:
        raise Other
    if width * height > PIXELS_MOST:
        raise TooLargeInside


def _sheet(content: bytes) -> None:
    """A workbook without macros. What the archive says of its sizes is held against what unpacks."""
    if not content.startswith(ZIP_START):
        raise Other
    if content.count(b"PK\x01\x02") > PARTS_MOST:  # before anything is read
        raise TooLargeInside
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = archive.infolist()
        unpacked = sum(part.file_size for part in parts)
        if unpacked > UNPACKED_MOST or unpacked > RATIO_MOST * len(content):
            raise TooLargeInside
        names = {part.filename for part in parts}
        plain = all(part.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts)
        macros = any(name.lower().endswith("vbaproject.bin") for name in names)
        if not {"[Content_Types].xml", "xl/workbook.xml"} <= names or macros or not plain or archive.testzip():
            raise Other
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OverflowError) as broken:
        raise Other from broken


def _csv(content: bytes) -> None:
    """Text, in UTF-8 or as Chinese spreadsheets write it, that is no markup and no other kind of file."""
    if content.startswith((PDF_START, PNG_START, JPEG_START, ZIP_START)):
        raise Other
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not wrong(text, several_lines=True) and text.strip() and not text.lstrip().startswith("<"):
            return
        break
    raise Other


PDF = Kind((".pdf",), "application/pdf", _pdf)
PNG = Kind((".png",), "image/png", _png)
JPEG = Kind((".jpg", ".jpeg"), "image/jpeg", _jpeg)
XLSX = Kind((".xlsx",), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _sheet)
CSV = Kind((".csv",), "text/csv", _csv)
ROWS = Kind((".csv",), "text/csv", lambda content: None)  # what is in it the reader of its rows says better
# by their use; whatever is served again is of one of these kinds
PAPER = Kinds([PDF])  # that stands by itself
PROOF = Kinds([PDF, PNG, JPEG])  # what somebody signed far away
ANSWER = Kinds([PDF, PNG, JPEG, XLSX, CSV])  # with words of one's own
SHEET = Kinds([ROWS])  # that is read row by row


def end_of(media_type: str) -> str:
    """The end that a served file's name gets."""
    return next((kind.ends[0] for kind in ANSWER if kind.media_type == media_type), "")


def examine(name: str, content: bytes, *, kinds: Kinds, field: str) -> Kind | Problem:
    """The kind that the file is, or the first thing that is wrong with it, at this field. name: without blanks."""
    kind = next((kind for kind in kinds if name.lower().endswith(kind.ends)), None)
    pointer = f"/{field}"
    if not content:
        return Problem(pointer, "file-empty", _("The file is empty."))
    if problems := too_large(content, field=field):
        return problems[0]
    if kind is None or wrong(name) or "/" in name or "\\" in name or len(name) > NAME_MOST:
        message = _("Give the file a plain name that ends in {ends}.")
        return Problem(pointer, "file-name", message.format(ends=_(" or ").join(kinds.ends)))
    if EICAR in content:
        return Problem(pointer, "file-unsafe", _("A virus scanner would stop this file, so we do not take it."))
    try:
        kind.check(content)
    except TooLargeInside:
        message = _("Opened, this file is larger than we take: {most} MB, {parts} parts or {pixels} million pixels.")
        message = message.format(most=MEGABYTES_UNPACKED, parts=f"{PARTS_MOST:,}", pixels=MEGAPIXELS_MOST)
        return Problem(pointer, "file-too-large-inside", message)
    except Other:
        if kind is PDF:
            return Problem(pointer, "file-not-pdf", _("This is not a PDF. Save or scan the paper as PDF."))
        message = _("Inside, this file is not what the end of its name says, or it has macros. Save it anew.")
        return Problem(pointer, "file-mismatch", message)
    return kind
