"""A number that is a rule stands in one place; a text that says it names that place, and reads it when it is said.

So does a list that is one, where it says itself how it is read.
"""

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
        return str(found) if isinstance(found, tuple) else f"{found:,}"


def filled(text: Any, **places: str) -> Any:
    """The text, lazy, with the numbers of these places; commas part thousands.

    For example `filled(_("{days} working days"), days="licensing.clock.WORKING_DAYS")`.
    """
    return format_lazy(text, **{name: _At(place) for name, place in places.items()})
