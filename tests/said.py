"""What a page says to somebody, and what a call is refused with."""

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from core.access import Actor
from core.errors import DomainError


def text_of(client: Client, actor: Actor, path: str) -> str:
    """Of the page that he sees, its markup with it, all blanks alike."""
    client.force_login(actor.user)
    return " ".join(unescape(client.get(path).content.decode()).split())


def refused(call: Callable[..., Any], *args: Any, **facts: Any) -> DomainError:
    with pytest.raises(DomainError) as error:
        call(*args, **facts)
    return error.value
