"""What every page's frame needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from core.access import NOBODY, Actor
from core.navigation import entries


def page(request: HttpRequest) -> dict[str, Any]:
    actor: Actor = getattr(request, "actor", NOBODY)
    return {
        "actor": actor,
        "person": request.user if actor.organization else None,
        "nav": entries(request, actor),
        "local_mode": settings.LOCAL,
        "request_id": getattr(request, "request_id", ""),
    }
