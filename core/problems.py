"""RFC 9457 problem documents: the only shape of a refusal below /api/."""

import json
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from core import codes, upgrades
from core.errors import DomainError
from core.idempotency import Answer

MEDIA_TYPE = "application/problem+json"
JSON = "application/json; charset=utf-8"  # of any other answer


def wanted(request: HttpRequest) -> bool:
    """Everything at that door is answered with one, whatever went wrong."""
    return request.path_info.startswith(f"/{settings.API_DOOR}")


def document(refusal: DomainError) -> dict[str, Any]:
    """The problem's members, but for `instance`, which each answer has of its own."""
    return {
        "type": f"{reverse('api.docs')}#{refusal.code}",
        "title": str(codes.TITLES[refusal.status]),
        "status": refusal.status,
        "code": refusal.code,
        "detail": str(refusal.detail),
        **({"errors": [problem.as_dict() for problem in refusal.errors]} if refusal.errors else {}),
        **refusal.extra,
    }


def dumps(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def answer(refusal: DomainError, instance: str) -> Answer:
    """The refusal as bytes to remember under an idempotency key. instance: the id of the request that is refused."""
    body = document(refusal) | {"instance": instance}
    return Answer(refusal.status, MEDIA_TYPE, dumps(body))


def response(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    made = answer(refusal, getattr(request, "request_id", ""))
    result = HttpResponse(made.body, status=made.status, content_type=made.content_type)
    result.headers["Content-Length"] = str(len(result.content))  # some are made before CommonMiddleware
    for name, value in refusal.headers.items():
        result.headers[name] = value
    return result


# What Django raises when the database is away: the first time, and for whoever uses the broken connection again.
DATABASE_AWAY = (OperationalError, InterfaceError)


def of_the_database(error: BaseException | None) -> DomainError | None:
    """What is told of an error that is nobody's fault here: the database is away, or of another version."""
    if isinstance(error, DATABASE_AWAY):
        return database_away()
    return other_version() if upgrades.explains(error, patience_s=upgrades.WRITTEN_S) else None


RETRY_S = "5"  # after so many seconds what is not available may be asked again


def database_away() -> DomainError:
    """Whether a change was made is not known: the same key gets the one true answer later."""
    detail = _(
        "The database does not answer. If you sent a change, it is not known whether it was made: with a key, send it "
        "again under the same one; on a page, wait a minute and look before you send it again."
    )
    return DomainError(detail, code="unavailable", headers={"Retry-After": RETRY_S})


def other_version() -> DomainError:
    """The same of a database whose tables are those of another version."""
    detail = _(
        "Lodestone is being upgraded. If you sent a change, it is not known whether it was made: with a key, send it "
        "again under the same one; on a page, wait a minute and look before you send it again."
    )
    return DomainError(detail, code="upgrading", headers={"Retry-After": RETRY_S})
