"""The one tag of core/web/typed.py."""

from typing import Any

from django import template

from core.web.typed import tell

register = template.Library()


@register.inclusion_tag("parts/errors.html", takes_context=True)
def typed_problems(context: Any) -> dict[str, Any]:
    """What is wrong with the text that the page shows again: at its fields, or here where it has none."""
    typed = getattr(context.get("request"), "typed", None)
    values = list(context.flatten().values()) if typed else []
    return {"errors": [{"text": sentence} for sentence in tell(typed, values)] if typed else []}
