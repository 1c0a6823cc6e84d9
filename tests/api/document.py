"""Reads the served OpenAPI document and judges real answers by it, more strictly than a client would."""

import copy
import json
import re

from django.test import Client
from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker

from core.problems import MEDIA_TYPE

METHODS = ("get", "post", "patch", "put", "delete")


class Document:
    def __init__(self, text):
        self.text = text
        self.components = copy.deepcopy(text["components"])
        for name, schema in self.components["schemas"].items():
            if schema.get("type") == "object" and name != "Problem":  # no answer has a member that is not described
                schema.setdefault("additionalProperties", False)

    @classmethod
    def generated(cls, language="en"):
        with override(language):
            return cls(SchemaGenerator().get_schema(request=None, public=True))

    def operations(self):
        for path, methods in self.text["paths"].items():
            for method, operation in methods.items():
                if method in METHODS:
                    yield path, method, operation

    def wrong(self, schema, value, *, closed=False):
        """What is wrong with a value, in words; empty when the schema describes it."""
        whole = {"allOf": [schema], "components": self.components}
        if closed:
            whole["unevaluatedProperties"] = False
        found = Draft202012Validator(whole, format_checker=FormatChecker()).iter_errors(value)
        return [f"{error.json_path}: {error.message[:300]}" for error in found]

    def at(self, path):
        """The path of the document that an address belongs to, or None."""
        for known in sorted(self.text["paths"], key=lambda known: known.count("{")):
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path):
                return known
        return None

    def judge(self, method, path, response):
        """Why the document does not describe this answer; empty when it does."""
        known = self.at(path)
        operation = known and self.text["paths"][known].get({"head": "get"}.get(method.lower(), method.lower()))
        if not operation:
            if response.headers.get("Content-Type") != MEDIA_TYPE:
                return [f"{response.headers.get('Content-Type')} for {response.status_code}, where no call is"]
            problem = {"$ref": "#/components/schemas/Problem"}
            wrong = self.wrong(problem, json.loads(response.content)) if method != "HEAD" else []
            return wrong + ([] if response.status_code in (400, 401, 403, 404, 405) else [f"{response.status_code}?"])
        said = operation["responses"].get(str(response.status_code))
        if said is None:
            return [f"{response.status_code} is not described: {response.content[:200]!r}"]
        media_type = response.headers["Content-Type"].split(";")[0]
        if media_type not in said["content"]:
            return [f"{media_type} is not described for {response.status_code}"]
        wrong = []
        for name, header in said["headers"].items():
            if name in response.headers:
                value = response.headers[name]
                value = int(value) if header["schema"].get("type") == "integer" else value
                wrong += self.wrong(header["schema"], value)
            elif header.get("required"):
                wrong.append(f"the header {name} is missing")
        wrong += [f"the header {name} is not described" for name in KEPT & set(response.headers) - set(said["headers"])]
        if method != "HEAD":
            schema = said["content"][media_type]["schema"]
            wrong += self.wrong(schema, json.loads(response.content), closed=response.status_code >= 400)
        return wrong


# headers that mean something to a caller of the API: those that an answer has must be described
KEPT = {"Idempotency-Replayed", "Retry-After", "WWW-Authenticate", "ETag", "Location"}
ELSEWHERE = ("/api/v1/docs/", "/api/v1/schema/")


class JudgingClient(Client):
    """A client that fails on an answer that the document does not describe."""

    document = None

    def request(self, **request):
        response = super().request(**request)
        path, method = response.wsgi_request.path_info, response.wsgi_request.method
        if path.startswith("/api/v1/") and not path.startswith(ELSEWHERE):
            JudgingClient.document = JudgingClient.document or Document.generated()
            wrong = JudgingClient.document.judge(method, path, response)
            assert wrong == [], (method, path, response.status_code, wrong)
        return response
