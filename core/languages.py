"""The reader's language, of a page or a mail: English or Chinese."""

from django.utils.translation import get_language


def in_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def in_language(en: str, zh: str) -> str:
    """The Chinese text for whoever reads Chinese, when there is one."""
    return zh if in_chinese() and zh else en
