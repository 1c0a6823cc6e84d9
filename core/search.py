"""Words found in either script: width and case make no difference."""

import unicodedata
from typing import TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, Model, Q, QuerySet, TextField, Transform
from django.utils.translation import gettext as _

from core.errors import Invalid, Problem

M = TypeVar("M", bound=Model)

LONGEST = 100  # characters of what is searched or filtered by
WORDS = 8  # looked for one by one; what stands behind the seventh is one word


@ArrayField.register_lookup
@CharField.register_lookup
@TextField.register_lookup
class Folded(Transform):
    """Text in which `Ｌａｎ` is `lan`: compatibility forms made one, small letters."""

    lookup_name = "folded"
    template = "lower(normalize((%(expressions)s)::text, NFKC))"
    output_field = TextField()


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def words_of(text: str) -> list[str]:
    """The words to search for. Raises Invalid for more than LONGEST characters."""
    if len(text) > LONGEST:
        message = _("Search for at most {most} characters.").format(most=LONGEST)
        raise Invalid([Problem("/q", "invalid-parameter", message)])
    return folded(text).split(maxsplit=WORDS - 1)


def search(rows: QuerySet[M], paths: tuple[str, ...], words: list[str]) -> QuerySet[M]:
    """The rows in which each word stands somewhere.

    Each relation is asked by itself, among these rows alone: no product of joins, and nobody else's rows.
    """
    relations: dict[str, list[str]] = {}
    for path in paths:
        relations.setdefault(path.partition("__")[0] if "__" in path else "", []).append(path)
    mine = rows.order_by()
    for word in words:
        found = Q()
        for relation, inside in relations.items():
            here = Q()
            for path in inside:
                here |= Q(**{f"{path}__folded__contains": word})
            found |= Q(pk__in=mine.filter(here).values("pk")) if relation else here
        rows = rows.filter(found)
    return rows
