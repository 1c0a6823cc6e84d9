"""The readable docs: how to begin, manners, every call, every code. Made from the schema, so that it can't be stale."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator

from core import codes
from core.legal_time import legal_today
from core.problems import MEDIA_TYPE
from core.scopes import every_scope


@cache
def calls(language: str) -> list[dict[str, Any]]:
    """Every call of the schema, told in the active language, which is named so that each is remembered apart."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            found.append(
                {
                    "method": method.upper(),
                    "path": path,
                    "summary": operation["summary"],
                    "description": operation["description"].split("\n\n"),
                    "open": {} in operation["security"],
                    "takes": _takes(schema, operation.get("requestBody", {})),
                    "types": list(operation.get("requestBody", {}).get("content", {})),
                    "gives": list(_gives(schema, operation)),
                    "refuses": list(_refusals(operation)),
                    "parameters": [one | {"about": about(schema, one)} for one in operation.get("parameters", [])],
                    "example": _example(operation.get("requestBody", {})),
                    "anchor": f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
                }
            )
    return sorted(found, key=lambda call: "/customs/" in call["path"])  # most readers are exporters


def _body(part: dict[str, Any]) -> dict[str, Any]:
    return part.get("content", {}).get("application/json", {}).get("schema", {})


def _takes(schema: dict[str, Any], part: dict[str, Any]) -> list[dict[str, Any]]:
    """The members of the JSON, then those that another media type has beside them, which are never needed."""
    found = members(schema, _body(part))
    for other in part.get("content", {}).values():
        known = {one["name"] for one in found}
        more = [one for one in members(schema, other["schema"]) if one["name"] not in known]
        found += [one | {"needed": False} for one in more]
    return found


def _gives(schema: dict[str, Any], operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each status that is no refusal, and what its body consists of, where none before it has the same."""
    told: list[dict[str, Any]] = []
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            body = _body(answer)
            inner = [] if body in told else members(schema, body)
            yield {"status": status, "about": answer["description"], "members": inner}
            told.append(body)


def _example(part: dict[str, Any]) -> str:
    shown = part.get("content", {}).get("application/json", {}).get("examples", {})
    return next((json.dumps(one["value"], ensure_ascii=False, indent=1) for one in shown.values()), "")


def about(schema: dict[str, Any], part: dict[str, Any]) -> str:
    """What a member or a parameter means, and the words that it may be, where its description has none of them."""
    said = part.get("description", "")
    part = part.get("schema", part)
    part = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[-1]] if "$ref" in part else part
    words = [f"`{word}`" for word in part.get("enum", ()) if word is not None and f"`{word}`" not in said]
    return " ".join(filter(None, [said, ", ".join(words)]))


def _refusals(operation: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each status that refuses, with its codes."""
    for status, answer in operation["responses"].items():
        problem = answer["content"].get(MEDIA_TYPE)
        if problem:
            yield status, problem["schema"]["allOf"][-1]["properties"]["code"]["enum"]


def members(schema: dict[str, Any], part: dict[str, Any], prefix: str = "") -> list[dict[str, Any]]:
    """What a body consists of, inner members after their outer one: `lines[].quantity`, needed or not, said what."""
    if part.get("type") == "array":
        return members(schema, part["items"], f"{prefix}[]." if prefix else "")
    if "$ref" in part:
        part = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[-1]]
    if "oneOf" in part:
        return members(schema, part["oneOf"][0], prefix)
    found = []
    for name, inner in part.get("properties", {}).items():
        needed = name in part.get("required", ())
        found.append({"name": f"{prefix}{name}", "needed": needed, "about": about(schema, inner)})
        inner = inner["allOf"][0] if "allOf" in inner else inner
        if "$ref" in inner or inner.get("type") == "array":
            dot = "" if inner.get("type") == "array" else "."
            found += members(schema, inner, f"{prefix}{name}{dot}")
    return found


def page(request: HttpRequest) -> HttpResponse:
    context = {
        "calls": calls(get_language() or "en"),
        "codes": codes.table(),
        "scopes": every_scope(),
        "today": legal_today(),
        "root": request.build_absolute_uri(f"/{settings.API}").rstrip("/"),
        "reads": settings.RATE_READS,
        "writes": settings.RATE_WRITES,
    }
    return render(request, "core/api_docs.html", context)
