"""A visitor with a cookie jar who reads forms as a browser does; enough of one to play the tour over real HTTP."""

import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Any


@dataclass
class Form:
    """A form as its page shows it: where it goes, and what it would send untouched."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, changes: dict[str, Any]) -> list[tuple[str, str]]:
        """The fields with these answers; a list answers a multiple choice."""
        kept = [(name, value) for name, value in self.fields if name not in changes]
        for name, value in changes.items():
            kept += [(name, str(item)) for item in (value if isinstance(value, list) else [value])]
        return kept


class _Reader(HTMLParser):
    """Collects forms, options by their text, and the page's visible words."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.options: dict[tuple[str, str], str] = {}
        self.text: list[str] = []
        self._form: Form | None = None
        self._select = self._option = self._textarea = ""
        self._first = ""
        self._hush = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        given = dict(attrs)
        if tag in ("script", "style", "template"):
            self._hush += 1
        if tag == "form":
            self._form = Form(a.get("action", ""))
            self.forms.append(self._form)
        elif self._form is None or self._hush:
            return
        elif tag == "input" and a.get("name") and a.get("type") not in ("submit", "button", "file"):
            box = a.get("type") in ("checkbox", "radio")
            if not box or "checked" in given:
                self._form.fields.append((a["name"], a.get("value", "on" if box else "")))
        elif tag == "textarea" and a.get("name"):
            self._textarea = a["name"]
            self._form.fields.append((a["name"], ""))
        elif tag == "select":
            self._select, self._first = a.get("name", ""), "multiple" if "multiple" in given else ""
        elif tag == "option" and self._select:
            self._option = a.get("value", "")
            if "selected" in given or not self._first:
                self._form.fields = [f for f in self._form.fields if f[0] != self._select or self._first == "multiple"]
                self._form.fields.append((self._select, self._option))
                self._first = self._first or "chosen"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "template"):
            self._hush -= 1
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "select":
            self._select = ""
        elif tag == "option":
            self._option = ""

    def handle_data(self, data: str) -> None:
        if self._hush:
            return
        if self._textarea and self._form:
            name, value = self._form.fields[-1]
            self._form.fields[-1] = (name, value + data)
        elif self._option and self._select:
            self.options[self._select, data.strip()] = self._option
        elif data.strip():
            self.text.append(data.strip())


class Surprise(Exception):
    """Lodestone answered something else than the story needs."""


@dataclass
class Page:
    url: str
    status: int
    html: str

    def __post_init__(self) -> None:
        self.read = _Reader()
        self.read.feed(self.html)

    @property
    def text(self) -> str:
        return " ".join(self.read.text)

    def form(self, action: str = "") -> Form:
        """The form that goes there; "" is the page's own main form."""
        path = urllib.parse.urlsplit(self.url).path
        for form in self.read.forms:
            goes = urllib.parse.urlsplit(form.action).path or path
            if goes == (action or path):
                return form
        raise Surprise(f"{path} has no form for {action or path}; it says: {self.text[:300]}")


class Visitor:
    """One person's browser."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> Page:
        return self._open(urllib.request.Request(self.base + path))

    def send(
        self, page: Page, action: str = "", files: dict[str, tuple[str, bytes]] | None = None, **answers: Any
    ) -> Page:
        """Fills the page's form and sends it, as a browser would."""
        form = page.form(action)
        fields = form.filled(answers)
        url = urllib.parse.urljoin(page.url, form.action)
        if files is None:
            body = urllib.parse.urlencode(fields).encode()
            kind = "application/x-www-form-urlencoded"
        else:
            body, kind = _multipart(fields, files)
        return self._open(urllib.request.Request(url, body, {"Content-Type": kind, "Referer": page.url}))

    def file(self, path: str) -> bytes:
        with self.opener.open(self.base + path, timeout=30) as answer:
            return bytes(answer.read())

    def sign_in(self, email: str, password: str) -> None:
        page = self.send(self.get("/accounts/login/"), login=email, password=password)
        if "/accounts/login/" in page.url:
            raise Surprise(f"{email} can't sign in: {page.text[:300]}")

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            with self.opener.open(request, timeout=30) as answer:
                return Page(answer.url, answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            return Page(request.full_url, error.code, error.read().decode())


def _multipart(fields: list[tuple[str, str]], files: dict[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    for name, (filename, content) in files.items():
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        parts.append(f"{head}Content-Type: application/pdf\r\n\r\n".encode() + content + b"\r\n")
    return b"".join(parts) + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


class Client:
    """A program with a key."""

    def __init__(self, base: str, key: str) -> None:
        self.base, self.key = base, key

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        status, answer = self.send(method, path, None if body is None else json.dumps(body).encode(), **headers)
        return status, json.loads(answer)

    def send(self, method: str, path: str, content: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """The same to the byte."""
        request = urllib.request.Request(
            f"{self.base}/api/v1{path}",
            content,
            {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
            | {name.replace("_", "-"): value for name, value in headers.items()},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
