"""The Simplified Chinese catalogue: whole, exact, compiled, and with the state words of the design."""

import ast
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from django.utils import translation

from exporters.states import ExporterState
from licensing.states import ApplicationState, DeclarationState, DraftState, InquiryState, LicenseState
from shipments.states import ShipmentState

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES"
PARTS = re.compile(r"%\(\w+\)[a-z]|\{\w*\}|<[^<>]+>|https?://\S+")
MARKERS = {"_", "gettext", "gettext_lazy", "Lazy"}
NUMBER = r"(?:[0-9][0-9,]*|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|ninety)"
UNIT = r"(?:days?|hours?|minutes|months?|years?|weeks?|MB|MiB|rows|characters|messages|fields|deep|digits|symbols)"
LIMIT = re.compile(
    rf"\b{NUMBER}(?:'| working| element)? {UNIT}\b|(?:from 1 to|up to|at most|at least|more than) [0-9][0-9,]*", re.I
)
TYPED = {
    *("18 characters", "10 characters", "nine characters", "10 digits", "18 digits"),  # how codes and references look
    *("at most 1", "more than 1", "at most 100"),  # a whole
    *("five minutes", "Five minutes"),  # of the session's last ones a script counts
    "Two rows",  # of a pair
}
STATE_WORDS = [
    (ExporterState, "草稿 核验中 正常 已暂停 已禁止 已关闭"),
    (DeclarationState, "草稿 已签署 已提交 待补充 已核实 有效 未通过 已更替 已过期 失效"),
    (
        ApplicationState,
        "草稿 已提交 待补正 已受理 审查中 待您答复 复核中 准予 已发证"
        " 不予许可 行政复议中 维持不予许可 不予受理 已撤回 已失效",
    ),
    (LicenseState, "有效 已暂停 已用完 已过期 已交回 已更替 已终止"),
    (InquiryState, "已提出 已答复 已撤回"),
    (DraftState, "草案 已批准 已废止"),
    (ShipmentState, "已占用 已申报 部分放行 已放行 已离境 已送达 海关质疑 已退回 已取消 占用已失效 海关不予放行"),
]


HELD_BACK = re.compile(r"%\(\w+\)[a-z]|\{\w*\}")  # (what stands in its place may be Chinese)
LATIN = re.compile(r"</?\w[^<>]*>|https?://\S+|`[^`]*`")
ASCII_MARK = re.compile(
    "(?<=[\u3400-\u9fff”）】])\\s*[,;:!?()]|[,;:!?()]\\s*(?=[\u3400-\u9fff“（])"
    "|(?<=[\u3400-\u9fff])\\.(?=\\s|$|[\u3400-\u9fff])"
)
ONE_WORD = {"预留": "占用", "官员": "人员"}  # one word for a thing, as the design has it
OF_A_FILE = (  # lines of a file, not of goods
    "Line {number} has the {name} of line {before}.",
    "Line {number} has {found} cells, and the first line {wanted}.",
    "Line {number}: {problem}",
    "Line {number} can't be read: {problem}.",
    "The sheet is not UTF-8: see line {line}. Save it as CSV UTF-8.",
    "The body is not JSON: {problem} (line {line}, column {column}).",
)
LINE_OF_GOODS = re.compile(r"\b[Ll]ine (?:\{\w+\}|%\(\w+\)s)")


@pytest.fixture(scope="module")
def catalogue():
    return read_po(BytesIO((FOLDER / "django.po").read_bytes()))


def forms(value):
    return (value,) if isinstance(value, str) else tuple(value)


def messages(catalogue):
    return [message for message in catalogue if message.id]


def test_every_string_is_translated_and_none_is_fuzzy(catalogue):
    assert catalogue.num_plurals == 1
    assert not catalogue.fuzzy
    assert [m.id for m in messages(catalogue) if m.fuzzy or not all(forms(m.string))] == []
    assert list(catalogue.obsolete) == []


def test_every_placeholder_and_tag_is_kept(catalogue):
    wrong = []
    for message in messages(catalogue):
        wanted = sorted(PARTS.findall(forms(message.id)[-1]))
        wrong += [message.id for text in forms(message.string) if sorted(PARTS.findall(text)) != wanted]
    assert wrong == []


def test_line_breaks_at_both_ends_are_kept(catalogue):
    def ends(text):
        return text.startswith("\n"), text.endswith("\n")

    pairs = [(forms(m.id)[0], text) for m in messages(catalogue) for text in forms(m.string)]
    assert [source for source, text in pairs if ends(source) != ends(text)] == []


def test_no_text_types_a_number_that_is_a_rule(catalogue):
    """Such a number stands in code, and the text reads it there (core/decided.py), so that both can't part."""
    typed = {found for m in messages(catalogue) for text in forms(m.id) for found in LIMIT.findall(text)}
    assert typed - TYPED == set()


@pytest.mark.parametrize("other", ["官员", "工作人员", "签字人"])
def test_officers_and_signatories_have_one_word_each(other, catalogue):
    """人员, of the ministry or of a role, and 签署人."""
    assert [message.id for message in messages(catalogue) if any(other in text for text in forms(message.string))] == []


def test_between_chinese_characters_stand_chinese_marks(catalogue):
    said = {text for message in messages(catalogue) for text in forms(message.string)}
    plain = {text: HELD_BACK.sub("值", LATIN.sub("", text)) for text in said}
    assert sorted(text for text, words in plain.items() if ASCII_MARK.search(words)) == []
    assert all(ASCII_MARK.search(text) for text in ("值,值", "第一. 第二", "已用(值)", "完成.", "说明: 值"))


@pytest.mark.parametrize("other", ONE_WORD)
def test_one_thing_has_one_word(other, catalogue):
    said = [message.id for message in messages(catalogue) if any(other in text for text in forms(message.string))]
    assert said == []


def test_a_line_of_goods_is_no_line_of_a_file(catalogue):
    """第 1 项 is the first of a license's goods, 第 1 行 the first line of a file."""
    for message in messages(catalogue):
        for text in forms(message.string) if LINE_OF_GOODS.search(forms(message.id)[0]) else ():
            wrong = r"第\s*\S+?\s*项" if forms(message.id)[0] in OF_A_FILE else r"第\s*(?:\{\w+\}|%\(\w+\)s)\s*行"
            assert not re.search(wrong, text), message.id


def test_the_compiled_catalogue_is_the_written_one(catalogue):
    def content(compiled):
        return {(m.context, forms(m.id)): forms(m.string) for m in read_mo(compiled) if m.id}

    fresh = BytesIO()
    write_mo(fresh, catalogue)
    fresh.seek(0)
    with (FOLDER / "django.mo").open("rb") as compiled:
        assert content(compiled) == content(fresh), "run ./run manage compilemessages -l zh_Hans"


@pytest.mark.slow
def test_every_string_that_python_marks_is_in_the_catalogue(catalogue):
    known = {(m.context, forms(m.id)[0]) for m in messages(catalogue)}
    missing = []
    for app in ("config", "core", "exporters", "licensing", "shipments"):
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                    continue
                texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                if node.func.id in MARKERS and texts:
                    key = (None, texts[0])
                elif node.func.id in {"pgettext", "pgettext_lazy"} and len(texts) == 2:
                    key = (texts[0], texts[1])
                elif node.func.id in {"ngettext", "ngettext_lazy"} and texts:
                    key = (None, texts[0])
                else:
                    continue
                if key not in known:
                    missing.append((path.name, *key))
    assert missing == [], "run ./run manage makemessages -l zh_Hans --no-location, and translate"


@pytest.mark.parametrize(("states", "words"), STATE_WORDS, ids=lambda value: getattr(value, "__name__", ""))
def test_the_state_words_are_those_of_the_design(states, words):
    with translation.override("zh-hans"):
        assert [str(label) for label in states.labels] == words.split()
