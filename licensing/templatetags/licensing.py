"""How pages show the stages of a case, what is left of a quota, and what rules say. No number passes a float."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.languages import day_in_words
from licensing.course import Holder, Stay, by_holder, days_of
from licensing.cover import Axis, Cover, lanes
from licensing.elements import show_percent, show_percents
from licensing.models import ApplicationLine, EndReason, InvalidGround, License
from licensing.prices import in_words
from licensing.selectors import why
from licensing.states import ENDED_EARLY, STAGE_OF, ApplicationState
from licensing.words import phrases, rules, terms

register = template.Library()
register.simple_tag(phrases.is_told)
register.filter("channels", rules.channels)
register.filter("price", in_words)
register.filter("why", why)
register.filter("obstacle_on", License.obstacle_on)
register.filter("past_on", License.past_on)


@register.filter
def instrument(name: str) -> str:
    """An announcement by its number; of a law its name among the rules."""
    return rules.instrument(name, [])


@register.filter
def end_reason(slug: str) -> str:
    """Which of the four ways it is in which a license ends before its last day."""
    return str(EndReason(slug).label)


@register.filter
def fact_day(text: str) -> str:
    """A day that stands among facts, as the reader writes it."""
    return day_in_words(date.fromisoformat(text))


@register.filter
def disposition(name: str) -> str:
    """How the rules would have it decided, in a word or two."""
    return terms.word(terms.DISPOSITIONS, name)


@register.filter
def ground(value: str) -> str:
    """Why a declaration is invalid."""
    return str(InvalidGround(value).label)


@register.filter
def fact(value: str, name: str) -> str:
    """What somebody said of the fact of this name; that nobody did."""
    return terms.word(terms.VALUES[name], value) if value else _("Not stated")


@register.inclusion_tag("parts/stages.html")
def stages(application: Any) -> dict[str, Any]:
    """The five stages of a case: which are done, which is now.

    A case that ended without a decision does not pretend to have passed the stages between.
    """
    labels = [_("Filed"), _("Accepted"), _("Review"), _("Second officer"), _("Decision")]
    now = STAGE_OF[application.state]
    early = application.state in ENDED_EARLY
    if early:
        labels[4] = str(application.get_state_display())
    steps = []
    for index, label in enumerate(labels):
        skipped = early and 0 < index < 4
        css = "passed" if skipped else "done" if index < now else "now" if index == now else ""
        steps.append({"label": label, "css": css})
    if now < 0:
        summary = _("Not filed yet")
    elif now < len(labels):
        summary = _("Stage %(number)d of %(of)d: %(label)s") % {
            "number": now + 1,
            "of": len(labels),
            "label": labels[now],
        }
    else:
        summary = _("Ended: %(label)s") % {"label": application.get_state_display()}
    return {"steps": steps, "summary": summary}


def _percent(part: int, whole: int) -> int:
    """Tenths of a percent, floored and kept within the bar."""
    return max(0, min(1000, part * 1000 // whole)) if whole > 0 else 0


def _bars(parts: Iterable[tuple[str, int]], whole: int) -> list[dict[str, str]]:
    """Pieces of a bar, one after another: (class, how much of the whole); what is too little to be seen is left out."""
    bars, reached = [], 0
    for css, amount in parts:
        left, reached = _percent(reached, whole), reached + amount
        if wide := _percent(reached, whole) - left:
            bars.append({"css": css, "x": _share(left), "width": _share(wide)})
    return bars


HOLDERS = {
    Holder.MINISTRY: ("used", "", gettext_lazy("Ministry")),
    Holder.EXPORTER: ("exporters", "k-hot", gettext_lazy("Exporter")),
    Holder.OTHERS: ("lapsed", "k-lapsed", gettext_lazy("Others whom the ministry asked")),
}


@register.inclusion_tag("licensing/parts/course.html")
def course(stays: list[Stay], inside: bool = False) -> dict[str, Any]:
    """The bar of elapsed days, a piece for each stay, and whose they were; nothing on the day of the filing.

    inside: with the steps inside the ministry, for officers.
    """
    stays = stays if inside else by_holder(stays)
    days, whole = days_of(stays), sum(stay.days for stay in stays)
    bars = _bars(((HOLDERS[stay.holder][0], stay.days) for stay in stays), whole)
    keys = [{"css": css, "label": label, "days": days[holder]} for holder, (_css, css, label) in HOLDERS.items()]
    told = [
        {
            "first": stay.first,
            "last": stay.last,
            "days": stay.days,
            "who": HOLDERS[stay.holder][2],
            "what": ApplicationState(stay.state).label if inside and stay.holder == Holder.MINISTRY else "",
        }
        for stay in stays
    ]
    return {"stays": told, "whole": whole, "bars": bars, "keys": keys}


register.filter("percents", show_percents)


@register.filter
def made(line: ApplicationLine) -> list[str]:
    """What was said of which goods they are, how their contents are known, who makes them and where."""
    said = (
        (_("Contents: {words}"), line.get_composition_basis_display()),
        (_("Model: {words}"), line.specification),
        (_("Maker: {words}"), line.maker),
        (_("Origin: {words}"), line.origin),
        (_("Purity: {words}"), show_percent(line.purity)),
    )
    return [text.format(words=words) for text, words in said if words]


@register.inclusion_tag("licensing/parts/cover.html")
def cover_chart(covers: list[Cover], today: date) -> dict[str, Any]:
    """For each end-user the days that its licenses cover, and those that were asked for, on an axis of a year."""
    axis = Axis.of(today)
    shown = [(lane, [_drawn(axis, one) for one in lane.covers]) for lane in lanes(covers)]
    months = [{"x": _share(axis.at(month)), "month": month} for month in axis.months()]
    return {"lanes": shown, "months": months, "today": today, "now": _share(axis.at(today))}


def _drawn(axis: Axis, one: Cover) -> dict[str, Any]:
    left, right = axis.at(one.first), axis.at(one.ends + timedelta(days=1))
    return {"css": one.look, "x": _share(left), "width": _share(right - left), "of": one}


def _share(thousandths: int) -> str:
    return f"{thousandths // 10}.{thousandths % 10}%"


@register.inclusion_tag("parts/gauge.html")
def gauge(used: int, held: int, lapsed: int, free: int, unit: str, used_label: str = "") -> dict[str, Any]:
    """The quota gauge: shipped + reserved + lapsed + free = the whole of it, in base units; hot below a tenth free."""
    total = used + held + lapsed + free
    hot = total > 0 and free * 10 < total
    parts = [
        ("used", "k-hot" if hot else "", used_label or _("Shipped"), used, True),
        ("held", "k-held", _("Reserved"), held, held != 0),
        ("lapsed", "k-lapsed", _("Lapsed"), lapsed, lapsed != 0),
    ]
    bars = _bars(((css, amount) for css, _key, _label, amount, _shown in parts), total)
    keys = [
        {"css": f"key {key}".strip(), "label": label, "amount": amount}
        for _css, key, label, amount, shown in [*parts, ("free", "k-free", _("Free"), free, True)]
        if shown
    ]
    return {"hot": hot, "bars": bars, "keys": keys, "unit": unit}
