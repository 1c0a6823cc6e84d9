"""Hostile characters in every form: each field of each route that takes a POST, with seven strings; never a 5xx."""

import re
import sys
from html import unescape
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path
from unicodedata import category
from urllib.parse import quote_plus

import pytest
import yaml
from django.urls import resolve, reverse

from core import access
from core.characters import FORBIDDEN
from core.models import HistoryLine
from core.web.typed import texts
from tests.core.test_access import VERBS_WITHOUT_A_ROUTE, stage  # noqa: F401 (a fixture)

HOSTILE = {
    "NUL": b"a\x00b",
    "escape": b"a\x1bb",
    "direction": "a\u202eb".encode(),
    "zero width": "\u200b".encode(),
    "byte FF": b"a\xffb",
    "surrogate": b"a\xed\xa0\x80b",
    "C1 control": "a\u0085b".encode(),
}


class Forms(HTMLParser):
    """The POST forms of a page: [(action, {name: value})]; files under `files`."""

    def __init__(self, path):
        super().__init__()
        self.path, self.forms = path, []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.forms.append((given.get("method"), given.get("action") or self.path, {}, set()))
        elif tag in ("input", "select", "textarea", "button") and given.get("name") and self.forms:
            _, _, fields, files = self.forms[-1]
            if given.get("type") == "file":
                files.add(given["name"])
            else:
                fields.setdefault(given["name"], given.get("value") or "")


def routes():
    """Every page of the access table that takes a POST: {route: the roles that may}."""
    return {
        name: row
        for (name, method), row in access.table().items()
        if method == "POST" and not name.startswith("api.") and name not in VERBS_WITHOUT_A_ROUTE
    }


def found_forms(client, people, objects):
    """{route: (role, path, fields, files)}, of the pages that each role may open; where no page shows it here, its
    fields are guessed and there are no files."""
    found = {}
    for role in [*people, ""]:
        client.logout()
        if role:
            client.force_login(people[role].user)
        for (name, method), row in sorted(access.table().items()):
            if method != "GET" or name.startswith("api.") or (role or "anonymous") not in row.roles:
                continue
            kwargs = objects.get(name) or objects.get(row.noun)
            path = reverse(name, kwargs=kwargs)
            page = Forms(path)
            answer = client.get(path)
            page.feed(answer.content.decode() if answer.headers["Content-Type"].startswith("text/html") else "")
            for way, action, fields, files in page.forms:
                if way == "post":
                    route = resolve(action.split("?")[0]).view_name
                    known = found.setdefault(route, (role, action, {}, set()))
                    known[2].update(fields)
                    known[3].update(files)
    for name, row in routes().items():
        if name not in found:
            role = next((role for role in people if role in row.roles), "")
            path = reverse(name, kwargs=objects.get(name) or objects.get(row.noun))
            guessed = dict.fromkeys(texts() | {"version", "quantity_1", "end_users", "next"}, "")
            found[name] = (role, path, guessed, None)
    return found


def urlencoded(fields):
    body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields.items())
    return body, "application/x-www-form-urlencoded"


def multipart(fields, file, name):
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (field.encode(), value)
        for field, value in fields.items()
    ]
    head = b'--x\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n' % (file.encode(), name)
    return b"".join(parts) + head + b"Content-Type: application/pdf\r\n\r\n%PDF-1.4 %%EOF\r\n--x--\r\n", (
        "multipart/form-data; boundary=x"
    )


def trials(fields, files):
    """(what, body, content type): each string in all fields, in each file's name; one in each field of a page alone."""
    kinds = list(HOSTILE.items())
    fields = {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"}
    plain = {name: value.encode() for name, value in fields.items()}
    for name, (kind, text) in zip(plain, cycle(kinds), strict=False) if files is not None else ():
        yield f"{name}, {kind}", *urlencoded(plain | {name: text})
    for kind, text in kinds:
        if plain:
            yield f"all, {kind}", *urlencoded(dict.fromkeys(plain, text))
        for file in files or ():
            yield f"{file}, {kind}", *multipart(plain, file, text + b".pdf" if kind != "zero width" else text)


@pytest.mark.full
def test_no_hostile_character_in_any_form_passes_or_breaks(stage, client):  # noqa: F811
    people, objects = stage
    client.raise_request_exception = False
    forms = found_forms(client, people, objects)
    assert set(routes()) - set(forms) == set()
    before, wrong, sent = HistoryLine.objects.count(), [], 0
    for route, (role, path, fields, files) in sorted(forms.items()):
        client.logout()
        if role:
            client.force_login(people[role].user)
        client.get(reverse("invitation.link", kwargs=objects["invitation.link"]))
        for what, body, kind in trials(fields, files):
            response = client.generic("POST", path, body, kind)
            sent += 1
            if response.status_code != 422:
                wrong.append((route, what, response.status_code))
    assert wrong == [], f"{len(wrong)} of {sent} requests to {len(forms)} forms"
    assert HistoryLine.objects.count() == before


FORM_CASES = [
    case
    for case in yaml.safe_load((Path(__file__).parent.parent / "bad_inputs.yaml").read_text(encoding="utf-8"))
    if "form" in case
]
GOOD = {
    "/applications/new/": {"kind": "annual", "version": "1", "contract_no": "K-7", "lines-0-description": "N42SH"},
    "/parties/new/": {"name": "Auriga", "address": "Street 1", "country": "DK", "version": "1"},
}


@pytest.mark.parametrize("case", FORM_CASES, ids=lambda case: f"{case['row']}-{case['name']}")
def test_a_form_comes_back_with_what_was_typed_and_names_the_field(case, client, world):
    client.force_login(world.exporter.user)
    good = GOOD[case["form"]]
    typed = {name: text.encode() for name, text in good.items()} | {
        name: bytes.fromhex(text[4:]) if text.startswith("hex:") else text.replace("LONG", "x" * 10_001).encode()
        for name, text in case["typed"].items()
    }
    before = HistoryLine.objects.count()
    response = client.generic("POST", case["form"], *urlencoded(typed))
    html = unescape(response.content.decode())
    assert response.status_code == case["status"]
    assert 'class="errsum"' in html
    assert case["says"] in html
    for name in set(good) - set(case["typed"]) - {"version", "kind", "country"}:
        assert good[name] in html, name
    assert HistoryLine.objects.count() == before


@pytest.mark.slow
def test_a_step_refused_for_its_characters_comes_back_on_the_page_it_stands_on(client, world):
    client.force_login(world.ministry.reviewer.user)
    ref = world.under_review(world.application())
    typed = {"text": b"Which motor?\x00", "due_on": b"2026-12-01"}
    response = client.generic("POST", f"/desk/cases/{ref}/ask/", *urlencoded(typed))
    html = unescape(response.content.decode())
    assert response.status_code == 422
    assert "Which motor?</textarea>" in html
    assert '<a href="#id_ask_text">Question to the exporter: The text has a character' in html


def test_several_lines_are_read_where_a_field_has_them(client, world):
    client.force_login(world.exporter.user)
    good = {name: text.encode() for name, text in GOOD["/applications/new/"].items()} | {"remarks": b"One\r\n\tTwo"}
    html = client.generic("POST", "/applications/new/", *urlencoded(good)).content.decode()
    assert "a character that is not allowed" not in html


@pytest.mark.parametrize(
    "name", [b"../../x.pdf", b"a%0D%0Ab.pdf", b"..\\x.pdf", b"a\x07.pdf", b"..", "a\u202efdp".encode()]
)
def test_a_file_name_that_hides_or_climbs_is_refused(name, client, world):
    from core.models import Document

    client.force_login(world.exporter.user)
    ref, before = world.application(), Document.objects.count()
    response = client.generic(
        "POST", f"/applications/{ref}/documents/", *multipart({"type": b"contract"}, "file", name)
    )
    assert response.status_code == 422
    assert "Give the file a plain name, without folders or control characters." in response.content.decode()
    assert Document.objects.count() == before


@pytest.mark.parametrize("query", ["q=%00", "q=a%1b", "q=%FF", "q=%E2%80%AE", "%00=1", "q=a%0Ab"])
@pytest.mark.parametrize("path", ["/control-list/", "/api/v1/control-items/"])
def test_a_query_with_a_hidden_character_is_400(path, query, client, reference):
    response = client.get(f"{path}?{query}")
    assert response.status_code == 400
    assert "a character that is not allowed" in response.content.decode()


def test_a_refused_step_that_has_no_page_shows_what_was_typed_to_copy(client, world):
    client.force_login(world.exporter.user)
    ref = world.application()
    response = client.post(f"/applications/{ref}/answer/", {"question": "1", "text": "Five hundred typed characters"})
    assert response.status_code == 409
    assert "Five hundred typed characters" in response.content.decode()


def test_a_field_whose_name_hides_something_is_refused(client, world):
    client.force_login(world.exporter.user)
    before = HistoryLine.objects.count()
    response = client.generic("POST", "/parties/new/", *urlencoded({"na\x00me": b"x"}))
    assert response.status_code == 422
    assert "field’s name has a character" in unescape(response.content.decode()).replace("'", "’")
    assert HistoryLine.objects.count() == before


def test_the_odd_name_of_one_of_two_files_is_named_at_its_field(world, client):
    """The other file's field has nothing to mend."""
    client.force_login(world.exporter.user)
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n'
        b"Content-Type: application/pdf\r\n\r\n%%PDF-1.4 %%%%EOF\r\n" % (field, name)
        for field, name in ((b"first", b"plain.pdf"), (b"second", b"a/b.pdf"))
    ]
    answer = client.post("/company/", b"".join(parts) + b"--x--\r\n", content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 422
    text = unescape(answer.content.decode())
    assert "second: Give the file a plain name" in text
    assert "first: Give the file" not in text


def test_what_is_pasted_leaves_out_the_direction_controls_that_a_form_would_refuse():
    script = (Path(__file__).parents[2] / "static/js/paste.js").read_text("utf-8")
    marks = re.compile(re.search(r"MARKS = /(\[.*?\])/g", script)[1])
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    marked = {one for one in every if marks.match(one)} - {"\ufeff"}  # which a file begins with, and is not refused
    assert marked == {one for one in every if FORBIDDEN.match(one) and category(one) == "Cf"}
