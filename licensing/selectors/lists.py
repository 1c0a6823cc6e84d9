"""The control list."""

import re
from collections.abc import Iterable
from datetime import date

from django.db.models import Min, QuerySet

from core.search import search, words_of
from licensing.models import ControlItem
from licensing.policy.engine import Outcome
from licensing.policy.facts import whole
from licensing.policy.vocabulary import CODE, DOMESTIC, TERRITORY_OF
from licensing.selectors.editions import edition_on, rules_of
from licensing.words import terms

ITEM_SEARCH = ("code", "element", "category", "description_en", "description_zh", "hs_codes")


def control_lists() -> dict[str, str]:
    """The lists that have items, those which editions added too, with what they are called. One query."""
    found = ControlItem.objects.exclude(list_name="").values("list_name").annotate(first=Min("pk")).order_by("first")
    return {row["list_name"]: terms.word(terms.LISTS, row["list_name"]) for row in found}


def search_items(*, q: str = "", code: str = "", list_name: str = "") -> QuerySet[ControlItem]:
    """The control list, narrowed by words (code, HS code, element, English, 中文), a code's start, or a list."""
    items = ControlItem.objects.select_related("instrument").order_by("pk")
    if code:
        items = items.filter(code__istartswith=code)
    if list_name:
        items = items.filter(list_name=list_name)
    return search(items, ITEM_SEARCH, words_of(q))


def items_named(text: str, *, territory: str = DOMESTIC) -> list[ControlItem]:
    """Whom a person may mean: the item of this very code, else all that these words or this goods code find."""
    items = items_for(territory).select_related("instrument")
    goods_code = re.sub(r"[\s.]", "", text)
    words = words_of(goods_code if re.fullmatch(r"[0-9]{4,}", goods_code, re.ASCII) else text)
    return list(items.filter(code__iexact=text.strip())) or list(search(items, ITEM_SEARCH, words))


def in_force_on(items: Iterable[ControlItem], on: date) -> list[tuple[ControlItem, Outcome]]:
    """Each item, and what its listing alone does to it on that day: controls it, and how, or not.

    Whatever else a rule looks at is left open, and so is what only that would control. A label of ours
    controls nothing. What the edition of that day lists no more, or not yet, is on none of its lists.
    """
    rules = rules_of(edition_on(on).digest)

    def said(item: ControlItem) -> Outcome:
        if item.code not in rules.edition.codes:
            return Outcome(False, "unlisted")
        if item.official:
            outcome = rules.assess(whole({CODE: item.code}, rules.edition), on=on)
            if outcome.controlled:
                return outcome
        return Outcome(False, "not_controlled")

    return [(item, said(item)) for item in items]


def items_for(territory: str = DOMESTIC) -> QuerySet[ControlItem]:
    """What exporters of there may name."""
    theirs = [official for official, whose in TERRITORY_OF.items() if whose == territory]
    return ControlItem.objects.filter(official__in=theirs).order_by("pk")
