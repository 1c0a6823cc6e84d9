"""The control list, and the rules as loaded."""

import re

from django.db.models import QuerySet

from core.search import search, words_of
from licensing import policy
from licensing.models import ControlItem, Instrument
from licensing.selectors.editions import edition_now


def regime() -> policy.Regime:
    """The rules as loaded, frozen."""
    instruments = Instrument.objects.prefetch_related("suspensions")
    return policy.Regime(
        edition_now().code,
        {
            row.pk: policy.InstrumentFacts(
                row.pk,
                row.effective_from,
                tuple(policy.Window(w.suspended_from, w.suspended_until, w.clause) for w in row.suspensions.all()),
            )
            for row in instruments
        },
    )


ITEM_SEARCH = ("code", "element", "category", "description_en", "description_zh", "hs_codes")


def search_items(*, q: str = "", code: str = "", list_name: str = "") -> QuerySet[ControlItem]:
    """The control list, narrowed by words (code, HS code, element, English, 中文), a code's start, or a list."""
    items = ControlItem.objects.select_related("instrument").order_by("pk")
    if code:
        items = items.filter(code__istartswith=code)
    if list_name:
        items = items.filter(list_name=list_name)
    return search(items, ITEM_SEARCH, words_of(q))


def items_named(text: str, *, official: bool = True) -> list[ControlItem]:
    """Whom a person may mean: the item of this very code, else all that these words or this goods code find."""
    items = ControlItem.objects.filter(official=official).select_related("instrument").order_by("pk")
    goods_code = re.sub(r"[\s.]", "", text)
    words = words_of(goods_code if re.fullmatch(r"[0-9]{4,}", goods_code, re.ASCII) else text)
    return list(items.filter(code__iexact=text.strip())) or list(search(items, ITEM_SEARCH, words))


def applicable_items() -> QuerySet[ControlItem]:
    """What a domestic exporter may apply for."""
    return ControlItem.objects.filter(official=True).order_by("pk")
