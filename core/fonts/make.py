"""Makes the fonts of this folder again, from Debian's packages and with fontTools. Nothing else runs this.

    apt-get install fonts-noto-core=20201225-2 fonts-noto-cjk=1:20240730+repack1-1
    pip install fonttools==4.68.0
    python core/fonts/make.py [FOLDER WITH THE FONTS, /usr/share/fonts]

Of the CJK font whatever a text may say is kept: every ideograph, syllable and sign that it has, without the forms for
other countries and for columns. In bold there are the 3,755 common characters of GB 2312 alone, as what is bold in a
paper is the templates' own and never a user's. Each font gets a table of format 12, which core/typesetting.py reads.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

HERE = Path(__file__).resolve().parent
EVERYTHING = (0, 0x10FFFF)
LATIN = [(0x20, 0x52F), (0x1AB0, 0x1AFF), (0x1C80, 0x2E7F), (0xA640, 0xA7FF), (0xAB30, 0xAB6F), (0xFB00, 0xFB06)]
SHAPING = [
    "ccmp",
    "locl",
    "mark",
    "mkmk",
    "kern",
    "liga",
    "rlig",
    "calt",
    "init",
    "medi",
    "fina",
    "isol",
    "tnum",
    "lnum",
]


def main(source: Path) -> None:
    latin = source / "truetype" / "noto"
    cjk = source / "opentype" / "noto"
    make(whole(latin / "NotoSans-Regular.ttf"), "NotoSans-Regular.ttf", LATIN, SHAPING)
    make(whole(latin / "NotoSans-Bold.ttf"), "NotoSans-Bold.ttf", LATIN, SHAPING)
    make(whole(latin / "NotoSansArabic-Regular.ttf"), "NotoSansArabic-Regular.ttf", [EVERYTHING], SHAPING)
    make(whole(latin / "NotoSansHebrew-Regular.ttf"), "NotoSansHebrew-Regular.ttf", [EVERYTHING], SHAPING)
    make(chinese(cjk / "NotoSansCJK-Regular.ttc"), "NotoSansCJKsc-Regular.otf", [EVERYTHING], [])
    make(chinese(cjk / "NotoSansCJK-Bold.ttc"), "NotoSansCJKsc-Bold.otf", common(), [])


def whole(path: Path) -> TTFont:
    return TTFont(path, recalcTimestamp=False)


def chinese(collection: Path) -> TTFont:
    """As the mainland writes: the other fonts of the collection draw the same characters for other countries."""
    return next(
        font
        for font in TTCollection(collection, recalcTimestamp=False).fonts
        if font["name"].getDebugName(4).startswith("Noto Sans CJK SC")
    )


def common() -> list[tuple[int, int]]:
    """The first level of GB 2312 with the signs before it, and Latin."""
    rows = [*range(0xA1, 0xA4), *range(0xB0, 0xD8)]
    text = "".join(bytes([row, cell]).decode("gb2312", "ignore") for row in rows for cell in range(0xA1, 0xFF))
    return [(0x20, 0x7E), *((ord(one), ord(one)) for one in text)]


def make(font: TTFont, name: str, ranges: list[tuple[int, int]], features: list[str]) -> None:
    options = subset.Options(hinting=False, notdef_outline=True, layout_features=features, name_IDs=["*"])
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "MATH", "meta", "DSIG"]
    wanted = subset.Subsetter(options)
    has = font.getBestCmap()
    wanted.populate(unicodes=[one for one in has if any(first <= one <= last for first, last in ranges)])
    wanted.subset(font)
    with_format_12(font)
    font.save(HERE / name, reorderTables=True)
    kept = font.getBestCmap()
    sys.stdout.write(f"{name}: {len(kept)} characters, {(HERE / name).stat().st_size} bytes\n")


def with_format_12(font: TTFont) -> None:
    """One table for all its characters, in the place that fonts without a wide one leave empty."""
    whole = CmapSubtable.newSubtable(12)
    whole.platformID, whole.platEncID, whole.language, whole.cmap = 3, 10, 0, font.getBestCmap()
    font["cmap"].tables = [*(table for table in font["cmap"].tables if table.format in (4, 6)), whole]


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts"))
