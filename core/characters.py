"""Which characters a text may have: one definition for forms, queries, file names and JSON."""

import re
import unicodedata

from django.utils.translation import gettext_lazy

# NUL and the other control characters but tab and line ends; lone surrogates; direction controls; and the mark
# that stands where a byte was not UTF-8: text that does not read as it is stored.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]"
)
# What only a text of several lines may have besides.
LINE_ENDS = re.compile("[\t\n\r]")

# Characters that count as printable, and of which nothing is seen: fillers of Hangul, the blank of braille, and what
# chooses a variant of another character, or joins two.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

_DASHES = re.compile("[\u2010-\u2015\u2212]")

MESSAGE = gettext_lazy(
    "The text has a character that is not allowed: a control character, a direction control, or broken UTF-8."
)


def wrong(text: str, *, several_lines: bool = False) -> str:
    """The code of what is wrong with the text's characters: `forbidden-character`, `blank`, or nothing.

    Blank is a text that is there and shows nothing, such as a lone zero-width space. An empty one is not wrong here,
    nor one of plain blanks: whether a field must say something is its form's to say, and what stands at the edges is
    for whoever takes it off.
    """
    if FORBIDDEN.search(text) or (not several_lines and LINE_ENDS.search(text)):
        return "forbidden-character"
    if text.strip() and not shows(text):
        return "blank"
    return ""


def half_width(text: str) -> str:
    """The text as it is typed without an input method: ＥＬ－１ is EL-1, and every dash is a hyphen."""
    return _DASHES.sub("-", unicodedata.normalize("NFKC", text))


def shows(text: str) -> bool:
    """Somebody who reads the text sees something."""
    seen = _UNSEEN.sub("", text)
    return any(character.isprintable() and not character.isspace() for character in seen)


def without(text: str, *, several_lines: bool = False) -> str:
    """The text as it can be shown again."""
    kept = FORBIDDEN.sub("", text)
    return kept if several_lines else LINE_ENDS.sub(" ", kept)
