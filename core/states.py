"""What a state is to those who look at it: a slug on the wire, a word, and a look."""

from typing import Self

from django.db import models


class State(models.TextChoices):
    """States of a noun: `DRAFT = "draft", "draft", _("Draft")` is slug, look, word.

    A look is a class of tags in static/css/parts.css (word, shape and color go together); an empty one is the quiet
    slate of what ended without blame.
    """

    look: str

    def __new__(cls, slug: str, look: str) -> Self:
        member = str.__new__(cls, slug)
        member._value_ = slug
        member.look = look
        return member
