"""Cases that schemathesis makes from the OpenAPI document, good ones and bad ones, and good bodies with bytes changed:
never a 5xx, and no answer that the document does not describe.

A few of them here; docs/develop.md says how to run as many as a release wants.
"""

import json
import os
import sys
from collections import Counter

import pytest
import requests
import schemathesis
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests import make
from tests.api.test_openapi import BULK, CUSTOMS, DOCUMENT, SHIPMENTS, Caller

CASES, SEED = int(os.environ.get("FUZZ_CASES", "300")), int(os.environ.get("FUZZ_SEED", "2"))
BODIES = max(-(-CASES // 8), 50)  # of each call
EACH = 100  # cases on one license: nothing is left of it in the end
LIGHTLY = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
METHODS = ["OPTIONS", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "FOO"]
HEADERS = [
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_CONTENT_ENCODING",
    "HTTP_COOKIE",
    "HTTP_EXPECT",
    "HTTP_IF_MATCH",
    "HTTP_ORIGIN",
    "HTTP_RANGE",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_HTTP_METHOD_OVERRIDE",
    "content_type",
]
ANY_TEXT = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60)
HOSTILE = st.dictionaries(st.sampled_from(HEADERS), ANY_TEXT, max_size=2)
BYTES = st.binary(max_size=3) | st.text("0123456789.-+eE\"',:[]{}\\ntu ", max_size=3).map(str.encode)
pytestmark = [pytest.mark.full, pytest.mark.django_db]


@schemathesis.serializer("text/csv", "application/x-ndjson")
def plain_text(_context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def calls():
    """The cases of each call of the document: as many that it allows as such that it forbids."""
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(DOCUMENT.text)))
    return [
        st.one_of(*(result.ok().as_strategy(generation_mode=mode) for mode in MODES))
        for result in schema.get_all_operations()
    ]


class Asker:
    """Sends cases, judges the answers, counts them."""

    def __init__(self, world):
        self.world, self.sent, self.answers, self.wrong = world, 0, Counter(), {}
        with connection.cursor() as cursor:  # to make a case may take a busy machine longer than a request may pause
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")

    def at_work(self):
        """The caller of the next case: a new license each hundred."""
        if self.sent % EACH == 0:
            self.caller = Caller(self.world, Client(raise_request_exception=False))
        self.sent += 1
        return self.caller

    def judge(self, answer):
        request = answer.wsgi_request
        known = DOCUMENT.at(request.path_info) or "elsewhere"
        wrong = DOCUMENT.judge(request.method, request.path_info, answer)
        self.answers[f"{request.method} {known} {answer.status_code}"] += 1
        if answer.status_code >= 500 or wrong:
            about = (request.method, known, answer.status_code, str(wrong)[:100])
            self.wrong.setdefault(about, (request.get_full_path(), request.headers, request.body, answer.content))

    def end(self, least):
        """Writes what was answered (pytest shows it with -s)."""
        lines = [f"{times:7} {what}" for what, times in sorted(self.answers.items())]
        sys.stdout.write("\n".join(["", f"{self.sent} cases, seed {SEED}", *lines, ""]))
        assert self.wrong == {}
        assert self.answers.total() >= least


def made_real(case, caller, kept):
    """The case with references that exist, and good bodies but for a member or two: it comes past the first door; with
    nothing kept it is a good one."""
    if not kept and "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = make.unique("k-")
    if "ref" in (case.path_parameters or {}):
        case.path_parameters["ref"] = caller.row_of(case.path).ref
    if "calendar" in case.path:  # days that the table has
        case.query = (case.query or {}) | {"accepted_on": "2026-03-02", "tolled": "2026-03-16/2026-04-08"}
    for body in [case.body, *(case.body if isinstance(case.body, list) else [])]:
        good = caller.good_body(case.path)
        good = good[0] if isinstance(good, list) else good
        if good and isinstance(body, dict):
            names = sorted(body)
            good |= {names[place % len(names)]: body[names[place % len(names)]] for place in kept if names}
            body.clear()
            body.update(good)


def on_the_wire(case):
    """The case as a client of HTTP would send it, or None for what none can send."""
    said = case.as_transport_kwargs(base_url="http://testserver")
    parts = {name: said[name] for name in ("method", "url", "headers", "params", "json", "data") if name in said}
    try:
        return requests.Request(**parts).prepare()
    except (requests.exceptions.RequestException, ValueError):
        return None


def test_no_case_gets_a_5xx_or_an_answer_that_is_not_described(world):
    asker, each = Asker(world), calls()

    def run(case, kept, method, hostile):
        caller, number = asker.at_work(), asker.sent  # (what is drawn may not depend on it, what is sent may)
        if number % 3:
            made_real(case, caller, kept if number % 2 else [])
        sent = on_the_wire(case)
        if sent is None:
            return
        headers = {f"HTTP_{name.upper().replace('-', '_')}": str(value) for name, value in sent.headers.items()}
        headers["content_type"] = headers.pop("HTTP_CONTENT_TYPE", "application/json")
        headers.pop("HTTP_CONTENT_LENGTH", None)
        if number % 10 != 3:  # else with the key that the case made up, or none
            headers["HTTP_AUTHORIZATION"] = f"Bearer {caller.keys['customs' if CUSTOMS in case.path else 'exporter']}"
        if number % 7 == 0:
            headers |= hostile
        body = sent.body.encode("utf-8", "surrogatepass") if isinstance(sent.body, str) else sent.body or b""
        method = sent.method if number % 20 else method
        asker.judge(caller.client.generic(method, sent.path_url, body, **headers))

    for cases in each:  # drawn from all at once, some calls came so seldom that none of their cases was good
        drawn = given(cases, st.lists(st.integers(0, 9), max_size=2), st.sampled_from(METHODS), HOSTILE)
        seed(SEED)(settings(LIGHTLY, max_examples=-(-CASES // len(each)))(drawn(run)))()
    asker.end(least=CASES * 0.9)
    statuses = {int(what.split()[-1]) for what in asker.answers}
    assert statuses >= {200, 201, 400, 401, 404, 422}  # it comes past each door


@pytest.mark.parametrize("path", [SHIPMENTS, BULK, CUSTOMS])
def test_no_changed_byte_gets_a_5xx_or_an_answer_that_is_not_described(path, world):
    asker = Asker(world)

    @seed(SEED)
    @settings(LIGHTLY, max_examples=BODIES)
    @given(where=st.integers(0, 9_999), put=BYTES, cut=st.integers(0, 3))
    def run(where, put, cut):
        caller = asker.at_work()
        good = json.dumps(caller.good_body(path)).encode()
        at = where * len(good) // 10_000
        asker.judge(caller.send(path, "post", good[:at] + put + good[at + cut :]))

    run()
    asker.end(least=BODIES)
