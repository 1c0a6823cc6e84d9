"""How long a session lasts: without a sign of life, and in all. Typing is a sign of life. What
was typed when it ended is kept by core/web/kept.py."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, JsonResponse

BEGAN, SEEN = "began_at", "seen_at"
EXACT_S = 60  # the row is written at most so often


def now_s() -> int:
    return time.time_ns() // 10**9


def left_s(request: HttpRequest) -> int:
    """Seconds until the session ends when nothing more is heard; 0 without one."""
    user = getattr(request, "user", None)  # nobody yet, when the request is refused before anybody was looked for
    if user is None or not user.is_authenticated or not hasattr(request, "session"):  # a key has none
        return 0
    now = now_s()
    began, seen = request.session.get(BEGAN, now), request.session.get(SEEN, now)
    return max(0, min(seen + settings.SESSION_IDLE_S, began + settings.SESSION_COOKIE_AGE) - now)


class Idle:
    """Ends a session that is over before anything is done in it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if auth.SESSION_KEY in request.session:
            now = now_s()
            request.session.setdefault(BEGAN, now)
            if SEEN in request.session and left_s(request) == 0:
                auth.logout(request)
            elif now - request.session.get(SEEN, 0) >= EXACT_S and not self._only_asks(request):
                request.session[SEEN] = now
        return self.get_response(request)

    @staticmethod
    def _only_asks(request: HttpRequest) -> bool:
        return request.method == "GET" and request.path_info == "/session/"


def session(request: HttpRequest) -> HttpResponse:
    """How long is left. A POST says that somebody is typing, and like any other request it is a sign of life."""
    response = JsonResponse({"left_s": left_s(request)})
    response.headers["Cache-Control"] = "no-store"
    return response
