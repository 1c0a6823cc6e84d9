"""The reader's language, of a page or a mail: English or Chinese."""

import unicodedata
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from django.utils import formats
from django.utils.translation import get_language


def spoken() -> str:
    """The language of this page. Whoever is entered on it is written to in that until he chooses another."""
    return get_language() or ""


def in_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def day_in_words(day: date) -> str:
    """`27 Nov 2026`, or as Chinese is written."""
    return _in_words(day, get_language() or "")


@lru_cache(maxsize=4_096)
def _in_words(day: date, _language: str) -> str:
    """In the language that is active, which this names: a page says some hundred days."""
    return formats.date_format(day, "Y年n月j日" if in_chinese() else "j M Y")


def in_language(en: str, zh: str) -> str:
    """The Chinese text for whoever reads Chinese, when there is one."""
    return zh if in_chinese() and zh else en


def listed(words: Iterable[object] | None) -> str:
    """A, B, C, as the reader's language separates them; nothing of none."""
    return in_language(", ", "、").join(str(word) for word in words or ())


def label_order(label: str) -> bytes:
    """By what labels are sorted for their reader: English ones by their letters, without accents; Chinese ones by their
    pinyin, as the characters of the first level of GB 2312 stand (the rarer ones follow, by radical)."""
    if in_chinese():
        return label.encode("gb18030")
    return unicodedata.normalize("NFKD", label).encode("ascii", "ignore").lower()
