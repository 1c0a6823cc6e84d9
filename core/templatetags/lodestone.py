"""How pages say quantities, days, states, errors and history: the same words and shapes everywhere.

The library is a template builtin, so no page loads it. Nothing here queries, and no number passes through a float.
"""

import html
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BaseForm, BaseFormSet, BoundField, CheckboxInput, FileField, RadioSelect
from django.forms.utils import flatatt
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import access, provinces, quantities
from core.decided import decided
from core.languages import day_in_words, in_chinese, listed
from core.legal_time import LEGAL_ZONE, legal_day
from core.papers import label_of
from core.scopes import any_of, scopes_of
from core.selectors import MANY
from core.telling import sentence

WRONG = re.compile('<div class="errsum"|<p class="errmsg" id=')  # parts/errors.html, parts/field_notes.html
HAN = re.compile("[\u3400-\u9fff]")

register = template.Library()
register.filter("sentence", sentence)
register.filter("paper", label_of)
register.simple_tag(decided)
register.simple_tag(access.who)


# --- quantities -------------------------------------------------------------------------------------------


@register.filter
def quantity_bare(base: int | None, unit: str) -> str:
    """Base units without the unit's word: 12345678 g of "kg" is `12,345.678`; trailing zeros are not said."""
    if base is None:
        return ""
    whole, point, fraction = quantities.show(base, unit).partition(".")
    sign = "-" if whole.startswith("-") else ""
    fraction = fraction.rstrip("0")
    return f"{sign}{int(whole.removeprefix('-')):,}{point if fraction else ''}{fraction}"


@register.filter
def quantity(base: int | None, unit: str) -> str:
    """Base units with the unit's word: `5,860 kg`, `1 piece`, `12 sets`."""
    return "" if base is None else _with_word(quantity_bare(base, unit), base, unit)


@register.filter
def money(hundredths: Decimal | int | None, currency: str) -> str:
    """An amount, or whole hundredths of one: `2,400,000.00 CNY`."""
    if hundredths is None:
        return ""
    amount = hundredths if isinstance(hundredths, Decimal) else Decimal(hundredths).scaleb(-quantities.MONEY_PLACES)
    return f"{amount:,.{quantities.MONEY_PLACES}f} {currency}"


def quantity_in_full(base: int, unit: str) -> str:
    """With every decimal place of the unit: `12,000.500 kg`."""
    whole, point, fraction = quantities.show(base, unit).partition(".")
    return _with_word(f"{int(whole):,}{point}{fraction}", base, unit)


_WORDS: dict[str, Callable[[int], str]] = {  # looked up one by one: a page says hundreds of quantities
    "kg": lambda count: _("%(number)s kg"),
    "g": lambda count: _("%(number)s g"),
    "unit": lambda count: ngettext("%(number)s piece", "%(number)s pieces", count),
    "set": lambda count: ngettext("%(number)s set", "%(number)s sets", count),
    "contract": lambda count: ngettext("%(number)s contract", "%(number)s contracts", count),
}


def _with_word(number: str, base: int, unit: str) -> str:
    return _WORDS[unit](abs(base)) % {"number": number}


@register.filter
def unit_word(unit: str) -> str:
    """The unit's word alone, as a field is labelled by it: `kg`, `pieces`."""
    return _with_word("", 2, unit).strip()


@register.filter
def up_to(count: int) -> str:
    """A bounded count (core.selectors.counted): of more than MANY only that."""
    return f"{MANY}+" if count > MANY else str(count)


# --- places -----------------------------------------------------------------------------------------------


register.filter(listed)


@register.filter
def province(code: str) -> str:
    """The province's name; nothing for none."""
    return provinces.name(code)


# --- days and instants ------------------------------------------------------------------------------------


@register.filter
def day(value: date | datetime | None) -> str:
    """A calendar day, `27 Nov 2026`; of an instant, its legal day."""
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        value = legal_day(value)
    return day_in_words(value)


@register.filter
def instant(at: datetime | None) -> str:
    """An aware instant on the legal clock, `27 Nov 2026, 16:20`."""
    if at is None or at == "":
        return ""
    separator = " " if in_chinese() else ", "
    return f"{day(at)}{separator}{at.astimezone(LEGAL_ZONE):%H:%M}"


# --- states -----------------------------------------------------------------------------------------------


@register.simple_tag
def state_tag(row: Any) -> SafeString:
    """The state's word with its shape and colour, as its states say (core/states.py)."""
    state = row.states(row.state)
    return _tag(f"tag {state.look}".strip(), str(state.label))


@lru_cache(maxsize=512)
def _tag(look: str, label: str) -> SafeString:
    """A list says the same few words in each row."""
    return format_html('<span class="{}">{}</span>', look, label)


# --- history ----------------------------------------------------------------------------------------------


@register.inclusion_tag("parts/history.html")
def history(lines: Iterable[Any]) -> dict[str, Any]:
    """What people and programs did, what else brought another state, and what the clock did since, of which they may
    have just been told, in the order given; the clock's other steps stand folded below it.

    lines: as core.telling tells them.
    """
    lines = list(lines)
    last = max((line.at for line in lines if line.moved or not line.by_clock), default=None)
    folded = [line for line in lines if line.by_clock and not line.moved and last and line.at <= last]
    return {"deeds": [line for line in lines if line not in folded], "clock": folded}


# --- forms ------------------------------------------------------------------------------------------------


@register.inclusion_tag("parts/field.html")
def field(bound: BoundField, note: str = "", of: str = "") -> dict[str, Any]:
    """One question: label, hint, error, control, tied together for assistive technology.

    Radio buttons and several checkboxes become a fieldset. Django ties control, hint and error by id.
    note: what stands behind the label instead of "(optional)", such as "(needed to send)"; a field may have its own.
    of: what it is a field of, such as "Line 2", where that is to be seen and not to be heard.
    """
    kind = bound.widget_type
    if kind == "select":
        _invite(bound.field.widget)
    choices = isinstance(bound.field.widget, RadioSelect)  # several boxes are one, too
    checkbox = isinstance(bound.field.widget, CheckboxInput)
    return {
        "field": bound,
        "hidden": bound.is_hidden,
        "choices": bound.subwidgets if choices else [],
        "fieldset": choices,
        "many": getattr(bound.field.widget, "many", False),
        "checkbox": checkbox,
        "option_class": "opt" if kind == "radioselect" else "chk",
        "note": note or getattr(bound.field, "note", ""),
        "of": of,
        "optional": not bound.field.required and not checkbox,
    }


def _invite(widget: Any) -> None:
    """The empty choice of a select says what to do, where it has no word of its own."""
    first, *others = list(widget.choices) or [("none", "none")]
    if first[0] == "" and not any(character.isalnum() for character in str(first[1])):
        widget.choices = [("", _("Choose…")), *others]


def _target(bound: BoundField) -> str:
    """The id that a link to the field should lead to; of several options, the first."""
    if bound.use_fieldset and bound.subwidgets:
        return bound.subwidgets[0].id_for_label
    return bound.id_for_label


def _form_errors(form: BaseForm, line: int = 0) -> list[dict[str, str]]:
    found = [{"href": "", "text": str(text)} for text in form.non_field_errors()]
    for bound in form:
        for message in bound.errors:
            label = str(bound.label).rstrip(".。")  # of a tick it is a sentence
            values = {"line": line, "label": label, "message": message}
            text = _("Line %(line)d, %(label)s: %(message)s") if line else _("%(label)s: %(message)s")
            found.append({"href": "" if bound.is_hidden else f"#{_target(bound)}", "text": text % values})
    return found


def _errors_of(source: Any) -> list[dict[str, str]]:
    if not source:
        return []
    if isinstance(source, str):
        return [{"href": "", "text": source}]
    if isinstance(source, BaseForm):
        return _form_errors(source)
    if isinstance(source, BaseFormSet):
        found = [{"href": "", "text": str(text)} for text in source.non_form_errors()]
        return found + [error for line, form in enumerate(source, start=1) for error in _form_errors(form, line)]
    if hasattr(source, "message"):  # a core.errors.Problem
        return [{"href": "", "text": str(source.message)}]
    if isinstance(source, Iterable):
        return [error for item in source for error in _errors_of(item)]
    return [{"href": "", "text": str(source)}]  # a translated string that is still lazy


def _files_of(source: Any) -> list[dict[str, str]]:
    """Those that are to be chosen again; of a file that is wrong itself its own error says so."""
    if isinstance(source, BaseForm):
        uploads = [bound for bound in source if isinstance(bound.field, FileField) and bound.data and not bound.errors]
        return [_chosen(bound, upload.name) for bound in uploads for upload in _listed(bound.data)]
    if isinstance(source, BaseFormSet | list | tuple):
        return [file for item in source for file in _files_of(item)]
    return []


def _chosen(bound: BoundField, name: str) -> dict[str, str]:
    message = _("Choose the file %(name)s again.") % {"name": name}
    text = _("%(label)s: %(message)s") % {"label": bound.label, "message": message}
    return {"href": f"#{_target(bound)}", "text": text}


def _listed(data: Any) -> list[Any]:
    return data if isinstance(data, list) else [data]


@register.inclusion_tag("parts/errors.html")
def errors(*sources: Any) -> dict[str, Any]:
    """The summary of all that is wrong, with links to the fields; nothing when nothing is. It names each file that was
    chosen, too, as no browser sends one again by itself.

    Takes forms, formsets, sentences, Problems, or lists of these, in the order in which they stand on the page.
    """
    found = _errors_of(sources)
    return {"errors": found + _files_of(sources) if found else []}


class MistakesFirst(template.Node):
    """The page; where it shows what is wrong in a form, its title says so first, as a screen reader reads it first.

    No `simple_block_tag`, as Django looks for the blocks of a page in the children of a node, and finds none of those.
    """

    def __init__(self, nodelist: template.NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: template.Context) -> SafeString:
        page = self.nodelist.render(context)
        if not WRONG.search(page):
            return page
        return mark_safe(page.replace("<title>", format_html("<title>{} ", _("Error:")), 1))  # escaped before


@register.tag
def mistakes_first(parser: template.base.Parser, token: template.base.Token) -> MistakesFirst:
    nodelist = parser.parse(("endmistakes_first",))
    parser.delete_first_token()
    return MistakesFirst(nodelist)


@register.simple_tag
def ref(text: str) -> SafeString:
    """A reference such as `EL-7QF4K2M1R`: never broken over two lines, never translated."""
    return format_html('<span class="ref mono nowrap" translate="no">{}</span>', text)


# --- the rest ---------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def may(context: Any, name: str, method: str = "GET") -> bool:
    """Does the access table open this route to the reader? `{% may 'party.new' as can_add %}`"""
    return bool(context["actor"].may(name, method))


@register.simple_tag(takes_context=True)
def officer(context: Any, person: Any, office: str) -> str:
    """What the reader reads of an officer: his name, or his office. `{% officer asked.asked_by office as who %}`"""
    return str(person) if context["actor"].reads_names else office


@register.simple_tag
def scopes_of_calls(*calls: str) -> list[str]:
    """What a company's key needs to make them, each once: `{% scopes_of_calls 'GET NAME' … as needed %}`."""
    rows = [access.table()[name, method] for method, name in map(str.split, calls)]
    needed = (row.scopes & scopes_of("exporter").keys() for row in rows)
    return list(dict.fromkeys(any_of(scopes) for scopes in needed if scopes))


@register.simple_tag
def options(choices: Iterable[tuple[str, str]], chosen: str) -> SafeString:
    """The options of a select. There are some hundreds of countries, each of them dear in a template's own loop."""
    made = (
        f'<option value="{html.escape(value)}"{" selected" if value == chosen else ""}>{html.escape(label)}</option>'
        for value, label in choices
    )
    return mark_safe("\n".join(made))  # escaped before


@register.simple_tag
def boxes(choices: Iterable[Any], option_class: str) -> SafeString:
    """What is ticked of a question, each with its words. Made here for the same reason."""
    return mark_safe("\n".join(_box(choice, choice.data, option_class) for choice in choices))  # escaped there


def _box(choice: Any, said: dict[str, Any], option_class: str) -> str:
    typed, name, value, label = (conditional_escape(said[one]) for one in ("type", "name", "value", "label"))
    box = f'<input type="{typed}" name="{name}" value="{value}"{flatatt(said["attrs"])}>'
    return f'<label class="{option_class}" for="{html.escape(choice.id_for_label)}">{box}<span>{label}</span></label>'


@register.filter
def as_written(text: str) -> SafeString:
    """A remark that stands in one language on pages in both, which says in which: what has no Chinese character is
    English."""
    return format_html('<span lang="{}">{}</span>', "zh-Hans" if HAN.search(text) else "en", text)


@register.filter
def marked(text: object) -> SafeString:
    """Words between backticks as code, as the API's texts have them; everything else is escaped."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(str(text))))  # escaped before
