"""What forms need so that nothing typed is lost: core/web/typed.py and kept.py."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.web.kept import WRITER, writer
from core.web.labels import Said
from core.web.typed import address_of, tell, without_form

register = template.Library()


@register.inclusion_tag("parts/errors.html", takes_context=True)
def typed_problems(context: Any) -> dict[str, Any]:
    """What is wrong with the text that the page shows again: at its fields, or here where it has none."""
    typed = getattr(context.get("request"), "typed", None)
    values = list(context.flatten().values()) if typed else []
    return {"errors": [{"text": sentence} for sentence in tell(typed, values)] if typed else []}


@register.simple_tag(takes_context=True)
def left_over(context: Any) -> Said:
    """What was typed before its writer was signed out, when the page has no form for it any more."""
    typed = getattr(context.get("request"), "typed", None)
    if typed is None or not typed.kept:
        return []
    return context.get("typed") or without_form(typed, list(context.flatten().values()))


@register.simple_tag(takes_context=True)
def page_address(context: Any) -> str:
    """The address at which the page is opened anew; none where there is no request."""
    request = context.get("request")
    return address_of(request) if request else ""


@register.simple_tag(takes_context=True)
def csrf_token(context: Any) -> SafeString:
    """Django's token, and whose the typed text is (core/web/kept.py)."""
    token, user = context.get("csrf_token"), getattr(context.get("request"), "user", None)
    if not token or token == "NOTPROVIDED":
        return SafeString()
    found = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', token)
    if user is not None and user.is_authenticated:
        found += format_html('<input type="hidden" name="{}" value="{}">', WRITER, writer(user))
    return found


@register.simple_tag(takes_context=True)
def carry(context: Any, form: Any) -> SafeString:
    """What a step's form carries unseen: what every form does, and what the person sees where the step decides."""
    found: SafeString = csrf_token(context)
    if form.seen is not None:
        found += format_html('<input type="hidden" name="seen" value="{}">', form.seen)
    return found
