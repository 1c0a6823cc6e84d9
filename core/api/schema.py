"""OpenAPI from the views, with what every call shares said once."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from core import access


class Schema(AutoSchema):
    """Adds who may call (from the access table) and the problem answers that every call may give."""

    def get_description(self) -> str:
        text = super().get_description() or ""
        row = access.find(getattr(self.view, "route_name", ""), self.method)
        if row and row.scopes:
            text += "\n\nKey scope: " + ", ".join(f"`{scope}`" for scope in sorted(row.scopes)) + "."
        return text

    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def get_auth(self) -> list[dict[str, Any]]:
        return [{"key": []}]
