"""Typesetting: what somebody wrote is drawn and never obeyed, and the same data gives the same bytes."""

import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import typesetting
from core.typesetting import coverage, shown, text_of, typeset, versions
from tests import pdf

ROOT = Path(__file__).resolve().parent.parent.parent
PROBE = Path(__file__).parent / "papers" / "probe.typ"
BEYOND = (  # of the table of 2013 what stands in no range of common characters
    "㑇㑊㕮㘎㙍㙘㙦㛃㛚㛹㟃㠇㠓㤘㥄㧐㧑㧟㫰㬊㬎㬚㭎㭕㮾㰀㳇㳘㳚㴔㵐㶲㸆㸌㺄㻬㽏㿠䁖䂮䃅䃎䅟䌹䎃䎖",
    "䏝䏡䏲䐃䓖䓛䓨䓫䓬䗖䗛䗪䗴䜣䝙䢺䢼䣘䥽䦃䲟䲠䲢䴓䴔䴕䴖䴗䴘䴙䶮𠅤𠙶𠳐𡎚𡐓𣗋𣲗𣲘𣸣𤧛𤩽𤫉𥔲",
    "𥕢𥖨𥻗𦈡𦒍𦙶𦝼𦭜𦰡𧿹𨐈𨙸𨚕𨟠𨭉𨱇𨱏𨱑𨱔𨺙𩽾𩾃𩾌𪟝𪣻𪤗𪨰𪨶𪩘𪾢",
)
AT = datetime(2026, 7, 22, 4, 30, tzinfo=UTC)


def probe(*texts):
    return typeset(PROBE, text_of({"texts": texts}), AT)


@pytest.mark.parametrize(
    "text",
    [
        "#set page(width: 1pt)",
        '#read("/etc/passwd")',
        "#panic()",
        "$ x^2 $",
        "[",
        "]]])",
        "\\ \\u{41} \\#",
        "*bold* _not_ `raw` ~ --- ...",
        "= Heading",
        "- item",
        "// comment /* and */ more",
        "<label> @reference",
        "https://example.org",
        "\"quoted\" 'twice'",
        "{{ template }} {% now %}",
    ],
)
def test_what_looks_like_markup_is_printed_as_it_was_written(text):
    assert text in pdf.text_of(probe(text))


@pytest.mark.parametrize(
    "text",
    [
        "株式会社サクラモーターズ",
        "赣州兰汀磁材有限公司（镝铽钕）",
        "한국자석 주식회사",
        "Łódź Großhändler Ærø Ñandú ḍ ấ",
        "Ελληνική Εταιρεία",
        "Общество «Магнит»",
    ],
)
def test_every_script_that_is_promised_is_printed(text):
    assert text in pdf.text_of(probe(text))


@pytest.mark.parametrize("text", ["شركة المغناطيس", "חברת המגנטים"])
def test_what_is_written_from_the_right_is_printed(text):
    """A line is written as it is drawn: which letters there are says that none is lost."""
    assert sorted(pdf.text_of(probe(text)).removeprefix("Probe")) == sorted(text)


def test_a_character_without_a_glyph_prints_its_code_point():
    assert shown("\U00021618 😀 ภ") == "[U+21618] [U+1F600] [U+0E20]"
    assert "Ltd [U+1F600]" in pdf.text_of(probe("Ltd 😀"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a\x07b", "a[U+0007]b"),
        ("safe\u202egnp.exe", "safe[U+202E]gnp.exe"),
        ("a\u200bb", "a[U+200B]b"),
        ("\u2066x\u2069", "[U+2066]x[U+2069]"),
        ("\ufeffx", "[U+FEFF]x"),
        ("x\ue000", "x[U+E000]"),
        ("x\ud800", "x[U+D800]"),
        ("葛\U000e0100", "葛[U+E0100]"),
        ("\u0301x", "[U+0301]x"),
    ],
)
def test_what_shows_nothing_is_named(text, named):
    assert shown(text) == named


def test_a_joiner_stays_between_arabic_letters_alone():
    assert shown("می\u200cخواهم") == "می\u200cخواهم"
    assert shown("a\u200cb") == "a[U+200C]b"


def test_a_mark_stays_with_its_character_and_a_pile_of_marks_is_named():
    assert shown("e\u0301x") == "e\u0301x"
    assert shown("x" + "\u0301" * 4) == "x" + "\u0301" * 4
    assert shown("x" + "\u0301" * 5).replace("\u200b", "") == "x" + "[U+0301]" * 5
    assert shown("\u1112\u1161\u11ab") == "\u1112\u1161\u11ab"


def test_a_long_run_may_break_but_never_inside_of_a_name_or_before_a_mark():
    assert shown("A" * 20) == "A" * 20
    assert shown("A" * 25) == f"{'A' * 10}\u200b{'A' * 10}\u200b{'A' * 5}"
    assert shown("漢" * 50) == "漢" * 50
    for part in shown("😀" * 30).split("\u200b"):
        assert part.replace("[U+1F600]", "") == ""
    assert not any(part.startswith("\u0301") for part in shown("e\u0301" * 30).split("\u200b"))


def test_line_ends_are_one_and_a_tab_is_a_blank():
    assert shown("a\r\nb\rc\u2028d\te\u00a0f") == "a\nb\nc\nd e\u00a0f"


def test_data_of_every_depth_is_shown_and_numbers_stay():
    assert text_of({"b": [1, {"c": "\x07"}], "a": None}) == '{"a":null,"b":[1,{"c":"[U+0007]"}]}'


def has(text):
    return {one for one in text if not any(one in font for font in coverage())}


def test_the_fonts_have_every_character_that_chinese_law_and_our_own_data_use():
    two_levels = [bytes([row, cell]) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF)]
    standard = "".join(one.decode("gb2312", "ignore") for one in two_levels)
    assert (len(standard), has(standard)) == (6_763, set())
    assert has("".join(BEYOND)) == set()
    data = [*(ROOT / "core" / "data").glob("*.csv"), *(ROOT / "licensing" / "data").iterdir()]
    assert has("".join(path.read_text(encoding="utf-8") for path in data)) == {"\n"}


@pytest.mark.parametrize(
    ("first", "last"),
    [(0xAC00, 0xD7A3), (0x0391, 0x03A1), (0x0410, 0x044F), (0x05D0, 0x05EA), (0x0621, 0x064A), (0x00C0, 0x017F)],
)
def test_the_fonts_have_whole_alphabets(first, last):
    assert has(map(chr, range(first, last + 1))) == set()


def test_it_is_what_archives_and_screen_readers_ask_for():
    content = probe("出口许可证", "Text", "مرحبا", "한국", "שלום")
    assert pdf.flaws_of(content) == []


def spoiled(spoil):
    """A paper after this was done to it."""
    out = io.BytesIO()
    with pdf.opened(probe("出口许可证", "Text")) as made:
        spoil(made)
        made.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("gone", "flaws"),
    [
        ("/MarkInfo", {"not tagged"}),
        ("/StructTreeRoot", {"no structure"}),
        ("/Lang", {"no language"}),
        ("/ViewerPreferences", {"its title is not shown"}),
        ("/OutputIntents", {"no output intent"}),
        ("/Metadata", {"pdfaid:part is None", "pdfaid:conformance is None", "pdfuaid:part is None", "no title"}),
    ],
)
def test_twin_of_a_paper_without_something_it_is_named(gone, flaws):
    assert pdf.flaws_of(spoiled(lambda made: None)) == []
    assert flaws <= set(pdf.flaws_of(spoiled(lambda made: made.Root.__delitem__(gone))))


def test_twin_a_font_that_is_left_out_and_a_program_are_named():
    def without_a_font(made):
        for font in made.pages[0].resources.Font.values():
            descriptor = font.DescendantFonts[0].FontDescriptor
            if "/FontFile2" in descriptor:
                del descriptor["/FontFile2"]

    def with_a_program(made):
        made.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary())

    flaws = pdf.flaws_of(spoiled(without_a_font))
    assert any("NotoSans" in flaw and flaw.endswith("is not embedded") for flaw in flaws)
    assert "a page asks a program" in pdf.flaws_of(spoiled(with_a_program))


def test_the_same_data_gives_the_same_bytes_in_another_process_too():
    content = probe("出口许可证", "😀", "مرحبا")
    program = (
        "import sys; from tests.core.test_typesetting import probe;"
        "sys.stdout.buffer.write(probe('出口许可证', '😀', 'مرحبا'))"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, cwd=ROOT)
    assert other.stdout == content == probe("出口许可证", "😀", "مرحبا")


def test_other_data_or_another_instant_gives_other_bytes():
    made = {probe("a"), probe("b"), typeset(PROBE, text_of({"texts": ["a"]}), AT + timedelta(seconds=1))}
    assert len(made) == 3


def test_a_template_that_changes_is_another_version(tmp_path):
    for name in ("one.typ", "layout.typ"):
        (tmp_path / name).write_text("= One")
    before = versions(tmp_path / "one.typ")
    (tmp_path / "layout.typ").write_text("= Two")
    after = versions(tmp_path / "one.typ")
    assert before.template != after.template
    assert (before.typst, before.fonts) == (after.typst, after.fonts)


def test_no_font_of_the_machine_is_asked(tmp_path):
    """This one is on many machines, and comes with typst."""
    template = '#set document(title: "x")\n#set text(font: "DejaVu Sans Mono")\n= x'
    (tmp_path / "one.typ").write_text(template)
    with pdf.opened(typeset(tmp_path / "one.typ", "{}", AT)) as made:
        [font] = made.pages[0].resources.Font.values()
    assert "NotoSans" in str(font.BaseFont)


def test_the_fonts_are_free_and_small():
    assert "SIL OPEN FONT LICENSE" in (typesetting.FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in typesetting.FONTS.iterdir() if path.is_file()) < 12_000_000


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(st.characters(), max_size=40), min_size=1, max_size=5))
def test_any_text_is_set(texts):
    assert probe(*texts).startswith(b"%PDF-")
