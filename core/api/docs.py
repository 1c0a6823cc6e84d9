"""The readable docs: how to begin, manners, every call, every code. Made from the schema, so that it can't be stale."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator

from core import access
from core.api.codes import CODES


def calls() -> list[dict[str, Any]]:
    """Every call of the schema: method, path, summary, words, scope."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            found.append(
                {
                    "method": method.upper(),
                    "path": path,
                    "summary": operation.get("summary", ""),
                    "description": operation.get("description", ""),
                    "parameters": operation.get("parameters", []),
                    "anchor": f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
                }
            )
    return found


def page(request: HttpRequest) -> HttpResponse:
    scopes = sorted({row.scope for row in access.table().values() if row.scope})
    context = {"calls": calls(), "codes": CODES, "scopes": scopes}
    return render(request, "core/api_docs.html", context)
