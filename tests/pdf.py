"""What a PDF says of itself and on its pages, read by pikepdf and by nothing of ours."""

import io
import json
import re
from collections.abc import Iterator
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import pdfua
import pikepdf

from core.typesetting import Drawing

if TYPE_CHECKING:
    from core.models import Paper


def opened(content: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(content))


def data_of(paper: "Paper") -> dict[str, Any]:
    """What its template is given, as `core.typesetting.text_of` takes it."""
    data: dict[str, Any] = json.loads(paper.data)
    return data | ({"qr": Drawing(data["qr"])} if "qr" in data else {})


def pages_of(content: bytes) -> list[str]:
    """The text of each page, in the order in which it is written: by each font's own table of characters."""
    with opened(content) as pdf:
        return ["".join(_words(page)) for page in pdf.pages]


def text_of(content: bytes) -> str:
    """All of it, without the places where a line may break."""
    return " ".join(pages_of(content)).replace("\u200b", "")


def _words(page: pikepdf.Page) -> Iterator[str]:
    fonts = {name: _table(font) for name, font in page.resources.get("/Font", {}).items()}
    table: dict[int, str] = {}
    instead: list[str | None] = []  # a mark's own words stand for what is drawn inside
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "BDC":
                properties = operands[1] if isinstance(operands[1], pikepdf.Dictionary) else {}
                instead.append(str(properties["/ActualText"]) if "/ActualText" in properties else None)
                yield instead[-1] or ""
            case "BMC":
                instead.append(None)
            case "EMC":
                instead.pop()
            case "Tf":
                table = fonts[str(operands[0])]
            case "Tj" | "TJ" if not any(one is not None for one in instead):
                parts = operands[0] if str(operator) == "TJ" else operands
                for part in parts:
                    if isinstance(part, pikepdf.String):
                        codes = bytes(part)
                        yield "".join(
                            table.get(int.from_bytes(codes[at : at + 2], "big"), "\ufffd")
                            for at in range(0, len(codes), 2)
                        )


def _table(font: pikepdf.Object) -> dict[int, str]:
    """What each glyph stands for."""
    told = bytes(font["/ToUnicode"].read_bytes()).decode("ascii")
    found = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", told, re.DOTALL):
        for code, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", told, re.DOTALL):
        for first, last, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            start = bytes.fromhex(text).decode("utf-16-be")
            for code in range(int(first, 16), int(last, 16) + 1):
                found[code] = start[:-1] + chr(ord(start[-1]) + code - int(first, 16))
    return found


def flaws_of(content: bytes) -> list[str]:
    """What PDF/A-2a and PDF/UA-1 ask and the file does not have: by pdfua what a machine can check of the second."""
    with opened(content) as pdf:
        found = [] if pdf.Root.get("/MarkInfo", {}).get("/Marked") else ["not tagged"]
        found += [] if "/StructTreeRoot" in pdf.Root else ["no structure"]
        found += [] if "/Lang" in pdf.Root else ["no language"]
        found += [] if pdf.Root.get("/ViewerPreferences", {}).get("/DisplayDocTitle") else ["its title is not shown"]
        intents = pdf.Root.get("/OutputIntents", [])
        found += [] if any("/DestOutputProfile" in one for one in intents) else ["no output intent"]
        with pdf.open_metadata() as meta:
            said = {name: meta.get(name) for name in ("pdfaid:part", "pdfaid:conformance", "pdfuaid:part", "dc:title")}
        wanted = {"pdfaid:part": "2", "pdfaid:conformance": "A", "pdfuaid:part": "1"}
        found += [f"{name} is {said[name]}" for name, value in wanted.items() if said[name] != value]
        found += [] if said["dc:title"] else ["no title"]
        found += [f"{font} is not embedded" for font in _unembedded(pdf)]
        found += ["a page asks a program"] if "/JavaScript" in pdf.Root.get("/Names", {}) else []
    with NamedTemporaryFile(suffix=".pdf") as file:
        file.write(content)
        file.flush()
        found += [f"{one.rule_id}: {one.message}" for one in pdfua.validate(file.name).findings]
    return found


def _unembedded(pdf: pikepdf.Pdf) -> Iterator[str]:
    for page in pdf.pages:
        for font in page.resources.get("/Font", {}).values():
            for inner in font.get("/DescendantFonts", [font]):
                descriptor = inner["/FontDescriptor"]
                if not any(f"/FontFile{number}" in descriptor for number in ("", "2", "3")):
                    yield str(inner["/BaseFont"])


def outside(content: bytes, *, left: float, right: float, bottom: float, top: float) -> list[tuple[float, float]]:
    """Where runs of text begin or end beyond these, in points of the page."""
    found = []
    with opened(content) as pdf:
        for page in pdf.pages:
            widths = {name: _widths(font) for name, font in page.resources.get("/Font", {}).items()}
            found += [
                place
                for place in _places(page, widths)
                if not (left <= place[0] <= right and bottom <= place[1] <= top)
            ]
    return found


def _places(page: pikepdf.Page, widths: dict[str, dict[int, float]]) -> Iterator[tuple[float, float]]:
    """The start and the end of each run. typst places each by a matrix of its own, upright."""
    matrix, saved = pikepdf.Matrix(), []
    line, font, size = pikepdf.Matrix(), "", 1.0
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "q":
                saved.append(matrix)
            case "Q":
                matrix = saved.pop()
            case "cm":
                matrix = pikepdf.Matrix(*(float(one) for one in operands)) @ matrix
            case "Tf":
                font, size = str(operands[0]), float(operands[1])
            case "Tm":
                line = pikepdf.Matrix(*(float(one) for one in operands))
            case "Tj" | "TJ":
                parts = operands[0] if str(operator) == "TJ" else operands
                wide = 0.0
                for part in parts:
                    if isinstance(part, pikepdf.String):
                        codes = bytes(part)
                        pairs = (int.from_bytes(codes[at : at + 2], "big") for at in range(0, len(codes), 2))
                        wide += sum(widths[font].get(code, 1000) for code in pairs)
                    else:
                        wide -= float(part)
                for along in (0.0, wide * size / 1000):
                    yield (line @ matrix).transform((along, 0.0))


def _widths(font: pikepdf.Object) -> dict[int, float]:
    """By glyph, in thousandths of the size."""
    inner = font["/DescendantFonts"][0]
    found, given = {}, list(inner.get("/W", []))
    while given:
        first = int(given.pop(0))
        if isinstance(given[0], pikepdf.Array):
            found |= {first + n: float(one) for n, one in enumerate(given.pop(0))}
        else:
            last, wide = int(given.pop(0)), float(given.pop(0))
            found |= dict.fromkeys(range(first, last + 1), wide)
    return found
