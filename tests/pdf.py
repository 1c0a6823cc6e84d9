"""What a PDF says of itself and on its pages, read by pikepdf and by nothing of ours."""

import io
import re
from collections.abc import Iterator

import pikepdf


def opened(content: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(content))


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
    """What PDF/A-2a and PDF/UA-1 ask and the file does not have."""
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
    return found


def _unembedded(pdf: pikepdf.Pdf) -> Iterator[str]:
    for page in pdf.pages:
        for font in page.resources.get("/Font", {}).values():
            for inner in font.get("/DescendantFonts", [font]):
                descriptor = inner["/FontDescriptor"]
                if not any(f"/FontFile{number}" in descriptor for number in ("", "2", "3")):
                    yield str(inner["/BaseFont"])
