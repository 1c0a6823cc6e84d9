"""OpenAPI from the views: a handler says what is its own by @call; what follows from its kind is derived here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from core import access, codes, idempotency
from core.access import ANONYMOUS
from core.api.fields import NonEmptyList, StrictSerializer
from core.api.pagination import CURSOR, ROWS_MOST, SIZE
from core.decided import filled
from core.models.idempotency import HEADER, KEY_PATTERN, REPLAYED
from core.problems import MEDIA_TYPE
from core.scopes import any_of
from core.search import LONGEST
from core.sizes import MESSAGES_AT_ONCE

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Call:
    """What one method of a view says of itself. refuses: the codes of its verb, beside those of its kind.

    takes: a serializer, or one for each media type. keyed: it needs an Idempotency-Key. remembered: it has its first
    answer again by a key of its own. leads: its 202 has a Location, where to follow what it began.
    """

    name: str
    summary: Any
    says: Any
    gives: dict[int, Any]
    takes: Any = None
    query: list[OpenApiParameter] = field(default_factory=list)
    keyed: bool = False
    remembered: bool = False
    leads: bool = False
    refuses: tuple[str, ...] = ()
    sent: Any = None
    answered: dict[int, Any] = field(default_factory=dict)


def call(name: str, summary: Any, says: Any, *, gives: Any, **more: Any) -> Callable[[F], F]:
    """Describes a handler for the OpenAPI document and the docs page. gives: a serializer, or one for each status."""

    def describe(handler: F) -> F:
        by_status = gives if isinstance(gives, dict) else {200: gives}
        handler.described = Call(name, summary, says, by_status, **more)  # type: ignore[attr-defined] (a function has none yet)
        return handler

    return describe


def parameter(name: str, about: Any, *, required: bool = False, **shape: Any) -> OpenApiParameter:
    """A query parameter; shape: JSON schema's keywords."""
    text = {} if "type" in shape or "enum" in shape else {"maxLength": LONGEST}
    return OpenApiParameter(name, {"type": "string"} | text | shape, description=about, required=required)


PAGES = [
    parameter(
        CURSOR,
        gettext_lazy("Where the page begins; follow `next` and `previous` instead of making one."),
        maxLength=400,
    ),
    parameter(
        SIZE,
        filled(gettext_lazy("Rows on a page, {rows} unless said."), rows="core.api.pagination.ROWS"),
        type="integer",
        minimum=1,
        maximum=ROWS_MOST,
    ),
]
KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "pattern": f"^{KEY_PATTERN}$", "examples": ["PO-778/1"]},
    OpenApiParameter.HEADER,
    required=True,
    description=gettext_lazy("Your own text; names this request once. Sent again, it gets the first answer again."),
)

REF = OpenApiParameter(
    "ref",
    {"type": "string"},
    OpenApiParameter.PATH,
    required=True,
    description=gettext_lazy("The number or reference that an answer gave."),
)


class ErrorOutput(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text=gettext_lazy("A JSON pointer into what you sent, or a parameter."))
    code = serializers.CharField()
    message = serializers.CharField()
    remaining = serializers.CharField(
        required=False,
        help_text=gettext_lazy(
            "What is left, where something ran out: in the unit or currency of the message, whatever was sent."
        ),
    )
    pool = serializers.CharField(
        required=False, help_text=gettext_lazy("What several share, where that ran out: its reference.")
    )
    destinations = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text=gettext_lazy("Where it may go instead, where it may not go to what was named."),
    )


class ProblemOutput(serializers.Serializer[Any]):
    """RFC 9457. Act on `code`."""

    type = serializers.CharField(help_text=gettext_lazy("Leads to the code's line in the docs."))
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text=gettext_lazy("Stable; the first thing that failed."))
    detail = serializers.CharField()
    instance = serializers.CharField(help_text=gettext_lazy("The request's id; tell it to us if you ask."))
    state = serializers.CharField(required=False, help_text=gettext_lazy("The present state, where that refuses."))
    allowed = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text=gettext_lazy("What you may call in that state: the last part of the call's address."),
    )
    errors = ErrorOutput(many=True, required=False, help_text=gettext_lazy("Every single thing that is wrong."))


EVERY = ("unreadable", "invalid-key", "https-required", "method-not-allowed", "not-acceptable", "length-required")
EVERY_TOO = ("invalid-parameter", "throttled", "unavailable", "upgrading")
MEMBERS = ("authentication-required", "forbidden", "insufficient-scope")
BODY = ("empty-body", "invalid-json", "invalid-encoding", "duplicate-key", "too-deep", "unsupported-media-type")
BODY_TOO = ("unsupported-charset", "forbidden-character")
KEYED = ("idempotency-key-required", "idempotency-key-invalid", "in-progress", "idempotency-key-reused", "busy")


def _shape_codes(part: Any) -> Iterable[str]:
    """The codes that reading this serializer or field may refuse with: its own, and those of what it holds."""
    part = part() if isinstance(part, type) else part
    yield from getattr(part, "refuses", ())
    if isinstance(part, StrictSerializer):
        yield "required"
        for inner in part.fields.values():
            yield from _shape_codes(inner)
    for inner in (getattr(part, "child", None), *(getattr(part, "serializers", None) or ())):
        if inner is not None:
            yield from _shape_codes(inner)


class Schema(AutoSchema):
    """Adds who may call (from the access table), and every problem that the call may answer."""

    @property
    def said(self) -> Call:
        described: Call = getattr(self.view, self.method.lower()).described
        return described

    @property
    def row(self) -> access.Row | None:
        return access.find(self.view.route_name, self.method)

    def get_operation_id(self) -> str:
        return self.said.name

    def get_summary(self) -> str:
        return str(self.said.summary)

    def get_description(self) -> str:
        if not self.row or not self.row.scopes:
            return str(self.said.says)
        words = _("Key scope: {scopes}.").format(scopes=any_of(self.row.scopes))
        return f"{self.said.says}\n\n{words}"

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix(f"/{settings.API}").split("/")[0]]

    def get_auth(self) -> list[dict[str, Any]]:
        ways: list[dict[str, Any]] = [{"key": []}, {"session": []}]
        return [*ways, {}] if self.row and ANONYMOUS in self.row.roles else ways

    def get_request_serializer(self) -> Any:
        return self.said.takes

    def get_response_serializers(self) -> Any:
        return self.said.gives

    def get_override_parameters(self) -> list[OpenApiParameter]:
        return [*self.said.query, *([KEY] if self.said.keyed else []), *([REF] if "{ref}" in self.path else [])]

    def get_examples(self) -> list[OpenApiExample]:
        sent = [OpenApiExample("sent", self.said.sent, request_only=True)] if self.said.sent else []
        return sent + [
            OpenApiExample(f"answered {status}", body, response_only=True, status_codes=[str(status)])
            for status, body in self.said.answered.items()
            if status < idempotency.REFUSED
        ]

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Output")

    def _get_request_body(self, direction: Any = "request") -> Any:
        body = super()._get_request_body(direction)
        return body and body | {"required": True}

    def _map_serializer_field(self, field: Any, direction: str, bypass_extensions: bool = False) -> Any:
        """A field of ours may say its own schema."""
        if isinstance(field, NonEmptyList):
            about = str(field.help_text or _("1 to {most} of them.").format(most=f"{MESSAGES_AT_ONCE:,}"))
            limits = {"minItems": 1, "maxItems": MESSAGES_AT_ONCE, "description": about}
            return super()._map_serializer_field(field, direction, bypass_extensions) | limits
        if not hasattr(field, "openapi"):
            return super()._map_serializer_field(field, direction, bypass_extensions)
        said = field.openapi()
        if field.allow_null:
            said |= {"type": [said["type"], "null"]} | ({"enum": [*said["enum"], None]} if "enum" in said else {})
        if field.help_text:
            said["description"] = str(field.help_text)
        return said

    def _map_serializer(self, serializer: Any, direction: str, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer(serializer, direction, bypass_extensions)
        schema.pop("description", None)  # a docstring is for us
        if isinstance(serializer, StrictSerializer) and "properties" in schema:
            schema["additionalProperties"] = False
        return schema

    def codes(self) -> set[tuple[int, str]]:
        """Status and code of every refusal that this call may answer."""
        found = {*EVERY, *EVERY_TOO, *self.said.refuses}
        pairs = {(400, "forbidden-character")}
        if self.row and ANONYMOUS not in self.row.roles:
            found |= {*MEMBERS}
        if "{" in self.path:
            found |= {"not-found"}
        if self.method != "GET":
            found |= {"csrf-failed", "body-too-large"}
        if self.said.takes:
            parts = self.said.takes.values() if isinstance(self.said.takes, dict) else [self.said.takes]
            found |= {*BODY, *BODY_TOO, *(code for part in parts for code in _shape_codes(part))}
        if self.said.keyed:
            found |= {*KEYED}
        return pairs | {(codes.find(code).status, code) for code in found}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        made: dict[str, Any] = super()._get_response_bodies(direction)
        pairs = self.codes()
        for status in sorted({status for status, _code in pairs}):
            made[str(status)] = self._problem(status, sorted(code for at, code in pairs if at == status))
        for status, answer in made.items():
            answer["headers"] = _headers(int(status), self.said)
            answer["description"] = answer["description"] or _("What was asked.")
        return made

    def _problem(self, status: int, names: list[str]) -> dict[str, Any]:
        lines = [f"- `{name}`: {codes.find(name).cause} {codes.find(name).fix}" for name in names]
        shape = {"properties": {"status": {"const": status}, "code": {"enum": names}}}
        problem: dict[str, Any] = {
            "schema": {"allOf": [self.resolve_serializer(ProblemOutput, "response").ref, shape]},
        }
        if status in self.said.answered:
            problem["example"] = self.said.answered[status]
        return {"description": "\n".join([str(codes.TITLES[status]), "", *lines]), "content": {MEDIA_TYPE: problem}}


def _headers(status: int, said: Call) -> dict[str, Any]:
    text, number = {"type": "string"}, {"type": "integer", "minimum": 0}
    found = {"X-Request-Id": (_("The request's id."), text, True)}
    if (said.keyed or said.remembered) and idempotency.kept(status):
        found[REPLAYED] = (_("`true` when this is the first answer again."), {"const": "true"}, False)
    if said.leads and status == 202:
        found["Location"] = (_("Where to follow it."), text | {"format": "uri"}, True)
    if status in (409, 429, 503):
        found["Retry-After"] = (_("Seconds to wait before the same request is sent again."), number, status != 409)
    if status == 401:
        found["WWW-Authenticate"] = (_("How to say who asks: `Bearer`."), text, True)
    if status == 405:
        found["Allow"] = (_("The methods that this address answers."), text, True)
    return {
        name: {"description": about, "schema": shape, **({"required": True} if always else {})}
        for name, (about, shape, always) in found.items()
    }
