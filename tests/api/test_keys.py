"""Which keys open the door, until when, and what a session has to bring."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from core import access
from core.api.authentication import Admitted, bearer
from core.errors import NotSignedIn
from core.models import ApiKey
from tests import make


def call(client, key, path="/api/v1/licenses/"):
    return client.get(path, HTTP_AUTHORIZATION=f"Bearer {key}")


def test_a_key_ends_at_its_instant(world, client, clock):
    key = make.key(world.exporter, "licenses:read", days=1)
    ends = ApiKey.objects.get(prefix=key[:12]).expires_at
    clock.set(ends - timedelta(seconds=5))
    assert call(client, key).status_code == 200
    clock.set(ends)
    answer = call(client, key)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid-key")


def test_a_key_has_the_form_that_the_docs_say(world):
    assert re.fullmatch(r"lk_live_[A-Za-z0-9]{43}", make.key(world.exporter, "licenses:read"))


def test_a_test_key_opens_nothing(world):
    key = make.key(world.exporter, "licenses:read").replace("lk_live_", "lk_test_")
    ApiKey.objects.update(digest=access.digest(key))
    request = SimpleNamespace(headers={"Authorization": f"Bearer {key}"})
    with pytest.raises(NotSignedIn) as refused:
        bearer(request)
    assert refused.value.code == "invalid-key"


@pytest.mark.parametrize("sent", ["{key}", "Token {key}", "Bearer {key} ", "Bearer: {key}", "Bearer nonsense"])
def test_who_sends_a_key_in_another_way_is_told_how_and_not_that_it_ended(world, client, sent):
    key = make.key(world.exporter, "licenses:read")
    answer = client.get("/api/v1/licenses/", HTTP_AUTHORIZATION=sent.format(key=key))
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid-key")
    assert "Authorization: Bearer lk_live_…" in answer.json()["detail"]
    unknown = call(client, key[:-1] + ("b" if key.endswith("a") else "a")).json()["detail"]
    assert unknown == "This key is not known, has ended, or was revoked."


def test_who_sends_no_key_is_told_how(world, client):
    assert "Authorization: Bearer lk_live_…" in client.get("/api/v1/licenses/").json()["detail"]


def test_a_key_notes_its_use_once_a_minute(world, client):
    key = make.key(world.exporter, "licenses:read")
    row = ApiKey.objects.get(prefix=key[:12])
    for ago, noted in ((None, True), (50, False), (70, True)):
        before = None if ago is None else timezone.now() - timedelta(seconds=ago)
        ApiKey.objects.update(last_used_at=before)
        call(client, key)
        row.refresh_from_db()
        assert (row.last_used_at != before) is noted, ago


def test_a_session_brings_its_csrf_token(world):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.exporter.user)
    answer = strict.post("/api/v1/shipments/", "{}", content_type="application/json", HTTP_IDEMPOTENCY_KEY="k")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf-failed")


def test_what_the_middleware_did_not_admit_is_refused():
    http = SimpleNamespace(resolver_match=SimpleNamespace(view_name="api.shipments"), actor=access.NOBODY)
    assert Admitted().has_permission(SimpleNamespace(_request=http, method="POST"), None) is False
