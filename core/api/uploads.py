"""Calls that may bring a file: then the body is a form, and as strict as JSON is."""

from collections.abc import Mapping
from typing import IO, Any, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.parsers import BaseParser, DataAndFiles
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from core.api.fields.needed import NEEDED
from core.api.pagination import read_query
from core.api.parsers import refuse_hidden
from core.errors import Unreadable
from core.sizes import ECHOED, FILE_BYTES

MULTIPART = "multipart/form-data"
S = TypeVar("S", bound="BaseSerializer[Any]")


class FormParser(BaseParser):
    """The form as Django reads it, and as the CSRF check of a session has read it before."""

    media_type = MULTIPART

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        http = (parser_context or {})["request"]._request
        return DataAndFiles(http.POST, http.FILES)


class UploadField(serializers.Field[tuple[str, bytes], Any, str, Any]):
    """A file of the form: its name and content, the bytes beyond what is taken left out. The verb judges them."""

    refuses = ("file-name",)
    default_error_messages = NEEDED

    def openapi(self) -> dict[str, Any]:
        return {"type": "string", "format": "binary"}

    def to_internal_value(self, data: Any) -> tuple[str, bytes]:
        if not isinstance(data, UploadedFile):
            raise serializers.ValidationError(_("Send a file here, with its name."), "file-name")
        return data.name or "", data.read(FILE_BYTES + 1)

    def to_representation(self, value: Any) -> str:
        return str(value)


def has_form(request: Request) -> bool:
    return (request.content_type or "").split(";")[0].strip().lower() == MULTIPART


def read_form(request: Request, serializer: type[S]) -> S:
    """The request's form, read strictly: each part once, none that is unknown, no characters that hide."""
    read_query(request)
    http, said = request._request, {}
    for name, values in [*http.POST.lists(), *http.FILES.lists()]:
        if name in said or len(values) > 1:
            raise Unreadable(
                _("The key “{key}” stands twice in one object.").format(key=name[:ECHOED]), code="duplicate-key"
            )
        said[name] = values[0]
    refuse_hidden(said)
    for name, upload in http.FILES.items():
        if upload.name in http.odd_file_names.values():  # Django cleaned it
            message = _("Give the file a plain name, without folders or control characters.")
            raise serializers.ValidationError({name: [serializers.ErrorDetail(message, "file-name")]})
    data = serializer(data=said)
    data.is_valid(raise_exception=True)
    return data
