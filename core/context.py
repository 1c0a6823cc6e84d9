"""What every page's frame needs."""

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from core.access import NOBODY, Actor
from core.models import Role
from core.navigation import entries
from core.web.sessions import left_s


def demo_accounts() -> list[dict[str, str]]:
    """Local mode: whom a newcomer can sign in as, each with his office in words, from what the launcher left in the
    data folder."""
    if not settings.LOCAL:
        return []
    try:
        told = json.loads((settings.DATA_DIR / "demo.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    words = dict(Role.choices)
    return [one | {"role": str(words.get(one["role"], one["role"]))} for one in told["accounts"]]


def page(request: HttpRequest) -> dict[str, Any]:
    actor: Actor = getattr(request, "actor", NOBODY)
    return {
        "actor": actor,
        "person": actor.user if actor.organization else None,
        "nav": entries(request, actor),
        "session_left_s": left_s(request),
        "local_mode": settings.LOCAL,
        "demo_accounts": demo_accounts if actor.anonymous else (),  # called by the one page that shows them
        "request_id": getattr(request, "request_id", ""),
    }
