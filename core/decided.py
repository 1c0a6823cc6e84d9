"""A number or a phrase that is a rule stands in one place; a text that says it names that place, and reads it then."""

from typing import Any

from django.utils.module_loading import import_string
from django.utils.text import format_lazy


def decided(place: str) -> Any:
    """What stands there now: `licensing.clock.WORKING_DAYS`. Raises ImportError where nothing does."""
    return import_string(place)


class _At:
    def __init__(self, place: str) -> None:
        self.place = place

    def __str__(self) -> str:
        found = decided(self.place)
        return f"{found:,}" if isinstance(found, int) else str(found)


def filled(text: Any, **said: Any) -> Any:
    """The text, lazy, with what these places hold, commas part thousands, and with what says itself how it is
    read.

    For example `filled(_("{days} working days"), days="licensing.clock.WORKING_DAYS")`.
    """
    return format_lazy(text, **{name: _At(one) if isinstance(one, str) else one for name, one in said.items()})
