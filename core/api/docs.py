"""The readable docs: how to begin, manners, every call, every code. Made from the schema, so that it can't be stale."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator

from core import access, codes
from core.legal_time import legal_today


@cache
def calls() -> list[dict[str, Any]]:
    """Every call of the schema: method, path, summary, words, scope, parameters, members of body and answer."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            words, _, scope = operation.get("description", "").partition("\n\nKey scope: ")
            found.append(
                {
                    "method": method.upper(),
                    "path": path,
                    "summary": operation.get("summary", ""),
                    "description": [" ".join(paragraph.split()) for paragraph in words.split("\n\n")],
                    "scope": scope.strip("`."),
                    "takes": members(schema, _body(operation.get("requestBody", {}))),
                    "gives": members(schema, _body(_success(operation))),
                    "parameters": operation.get("parameters", []),
                    "anchor": f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
                }
            )
    return sorted(found, key=lambda call: "/customs/" in call["path"])  # most readers are exporters


def _body(part: dict[str, Any]) -> dict[str, Any]:
    return part.get("content", {}).get("application/json", {}).get("schema", {})


def _success(operation: dict[str, Any]) -> dict[str, Any]:
    return next((answer for status, answer in operation["responses"].items() if status.startswith("2")), {})


def members(schema: dict[str, Any], part: dict[str, Any], prefix: str = "") -> list[dict[str, Any]]:
    """What a body consists of, inner members after their outer one: `lines[].quantity`, needed or not, said what."""
    if part.get("type") == "array":
        return members(schema, part["items"], f"{prefix}[]." if prefix else "")
    if "$ref" in part:
        part = schema["components"]["schemas"][part["$ref"].rsplit("/", 1)[-1]]
    found = []
    for name, inner in part.get("properties", {}).items():
        needed = name in part.get("required", ())
        found.append({"name": f"{prefix}{name}", "needed": needed, "about": inner.get("description", "")})
        inner = inner["allOf"][0] if "allOf" in inner else inner
        if "$ref" in inner or inner.get("type") == "array":
            dot = "" if inner.get("type") == "array" else "."
            found += members(schema, inner, f"{prefix}{name}{dot}")
    return found


def page(request: HttpRequest) -> HttpResponse:
    scopes = sorted({scope for row in access.table().values() for scope in row.scopes})
    context = {"calls": calls(), "codes": codes.table(), "scopes": scopes, "today": legal_today()}
    return render(request, "core/api_docs.html", context)
