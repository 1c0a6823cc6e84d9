"""Sets a template with data as PDF: PDF/A-2a and PDF/UA-1, the same bytes each time by the same versions.

What anybody wrote reaches the template as JSON, never as markup, and only as characters that the fonts of core/fonts
have: of any other, and of whatever shows nothing, its code point is printed. The machine's own fonts are never asked.
"""

import json
import re
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typst

FONTS = Path(__file__).resolve().parent / "fonts"
STANDARDS: list[Any] = ["a-2a", "ua-1"]
LONGEST_RUN = 20  # characters without a place to break a line: then some are made
UNBROKEN = re.compile(r"[^\s\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]+")
NAME = r"\[U\+[0-9A-F]{4,6}\]"  # how a character is called that can't be drawn
MOST_MARKS = 4  # on one character; more would reach into other lines
PLACE = "\u200b"  # where a line may break
JOINERS = "\u200c\u200d"
ARABIC = range(0x0600, 0x0900)


@dataclass(frozen=True)
class Versions:
    """Of what made a paper: with the same, its data gives the same bytes. fonts, template: digests."""

    typst: str
    fonts: str
    template: str


class Drawing(str):
    """An SVG picture that we made: no words of anybody, so it reaches the template as it is."""


def versions(template: Path) -> Versions:
    """Those of now. All templates of a folder are one, as they share what they are made of."""
    return Versions(version("typst"), _fonts_digest(), _digest(sorted(template.parent.glob("*.typ"))))


def typeset(template: Path, data: str, at: datetime) -> bytes:
    """The PDF, dated with that instant. data: as `text_of` gives it; the template reads it from `sys.inputs.data`."""
    made = typst.Compiler(template, root=template.parent, font_paths=_fonts(), ignore_system_fonts=True).compile(
        format="pdf", sys_inputs={"data": data}, pdf_standards=STANDARDS, timestamp=int(at.timestamp())
    )
    assert isinstance(made, bytes), "a PDF is one file, however many pages it has"
    return made


def text_of(data: Any) -> str:
    """One text for the same data, in which every text is `shown`, and every drawing as it is."""
    return json.dumps(_shown(data), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _shown(data: Any) -> Any:
    match data:
        case Drawing():
            return data
        case str():
            return shown(data)
        case dict():
            return {key: _shown(value) for key, value in data.items()}
        case list() | tuple():
            return [_shown(value) for value in data]
    return data


def shown(text: str) -> str:
    """The text in characters that the fonts have, with places to break where a line could not."""
    lines = re.sub("\r\n?|[\u2028\u2029]", "\n", text).replace("\t", " ")
    if not _plain().issuperset(lines):
        lines = "".join(_drawn(*around) for around in _clusters(lines))
    return UNBROKEN.sub(lambda run: _with_places(run[0]), lines)


def _clusters(text: str) -> Iterator[tuple[str, str, str]]:
    """Each character with the marks that stand on it, after and before its neighbours."""
    found = re.findall(rf"[^{_marks()}][{_marks()}]*|[{_marks()}]", text)
    yield from zip(["", *found], found, [*found[1:], ""], strict=False)


@cache
def _marks() -> str:
    """What stands on another character, as the inside of a class of a pattern."""
    return "".join(one for one in map(chr, range(0x0300, 0x2_0000)) if unicodedata.category(one)[0] == "M")


def _drawn(before: str, cluster: str, after: str) -> str:
    """What the fonts can draw of it: itself, the same written otherwise, or what its characters are called."""
    first, marks = cluster[0], cluster[1:]
    if first == "\n" or (cluster in JOINERS and _is_arabic(before) and _is_arabic(after)):
        return cluster
    for text in (cluster, unicodedata.normalize("NFC", cluster)):
        if len(text) <= 1 + MOST_MARKS and _is_seen(text) and any(font.issuperset(text) for font in coverage()):
            return text
    if marks:
        return _drawn("", first, "") + "".join(map(_name, marks))
    return " " if unicodedata.category(first) == "Zs" else _name(first)


def _name(character: str) -> str:
    return f"[U+{ord(character):04X}]"


def _is_seen(text: str) -> bool:
    """Controls, direction controls, private characters and the like show nothing, whatever a font says, and a mark
    that stands on nothing hides what is before it."""
    kinds = [unicodedata.category(one)[0] for one in text]
    return kinds[0] != "M" and "C" not in kinds


def _is_arabic(text: str) -> bool:
    return text != "" and ord(text[0]) in ARABIC


def _with_places(run: str) -> str:
    """Never before a mark, as that stands on what is before it."""
    if len(run) <= LONGEST_RUN:
        return run
    parts = re.findall(rf"{NAME}|[^{_marks()}][{_marks()}]*|[{_marks()}]", run)
    some = LONGEST_RUN // 2
    return PLACE.join("".join(parts[place : place + some]) for place in range(0, len(parts), some))


@cache
def _plain() -> frozenset[str]:
    """What can be drawn wherever it stands, and line ends."""
    return frozenset(one for font in coverage() for one in font if _is_seen(one)) | {"\n"}


@cache
def coverage() -> tuple[frozenset[str], ...]:
    """The characters that each font has in which data is set."""
    return tuple(frozenset(map(chr, _characters(path.read_bytes()))) for path in _files() if "Bold" not in path.name)


def _characters(font: bytes) -> Iterator[int]:
    """Those of its table of format 12, which core/fonts/make.py gives each."""
    for place in range(12, 12 + 16 * struct.unpack(">H", font[4:6])[0], 16):
        tag, _sum, cmap, _length = struct.unpack(">4sIII", font[place : place + 16])
        if tag == b"cmap":
            break
    tables = struct.unpack(">H", font[cmap + 2 : cmap + 4])[0]
    offsets = [cmap + struct.unpack(">HHI", font[cmap + 4 + 8 * n : cmap + 12 + 8 * n])[2] for n in range(tables)]
    wide = next(at for at in offsets if font[at : at + 2] == b"\x00\x0c")
    groups = struct.unpack(">I", font[wide + 12 : wide + 16])[0]
    for n in range(groups):
        first, last, _glyph = struct.unpack(">III", font[wide + 16 + 12 * n : wide + 28 + 12 * n])
        yield from range(first, last + 1)


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _files() -> list[Path]:
    return sorted(path for path in FONTS.iterdir() if path.suffix in (".otf", ".ttf"))


@cache
def _fonts_digest() -> str:
    return _digest(_files())


def _digest(files: list[Path]) -> str:
    """Of names and contents."""
    whole = sha256()
    for path in files:
        whole.update(f"{path.name} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()
