"""The page of mail that waits: what it shows, who may do what there, and what is recorded."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import actions
from core.access import NOBODY
from core.deliveries import relay
from core.errors import Invalid, NotFound
from core.models import Delivery, HistoryLine
from core.selectors import waiting_mail
from tests.post import refusal, waiting


@pytest.fixture
def stuck(told, post):
    """One reader's mail waits, another's was refused for good: (waiting, refused)."""
    post.answers = {told[0]: refusal(told[0], 451), told[1]: refusal(told[1], 550)}
    relay()
    return [Delivery.objects.get(to=to, delivered_at=None) for to in told[:2]]


@pytest.mark.parametrize("role", ["admin", "auditor"])
def test_the_page_shows_what_waits_since_when_and_why_the_refused_apart(role, stuck, client, world):
    client.force_login(getattr(world.ministry, role).user)
    answer = client.get("/mail/")
    refused, late = answer.context["classes"]
    assert [(one["refused"], one["count"], one["oldest"]) for one in (refused, late)] == [
        (True, 1, stuck[1].line.at),
        (False, 1, stuck[0].line.at),
    ]
    assert "550" in refused["error"] and "451" in late["error"]
    assert [list(one["rows"]) for one in (refused, late)] == [[stuck[1]], [stuck[0]]]
    assert (b"Send again" in answer.content) == (role == "admin")
    assert stuck[0].line.subject_ref in answer.content.decode()


def test_the_last_error_is_that_of_the_last_try(stuck, post, clock):
    from core.selectors import unsent, weighed

    assert "550" in weighed(unsent())["error"] or "451" in weighed(unsent())["error"]
    post.answers[stuck[0].to] = OSError("new and last")
    clock.shift(minutes=10)
    relay()
    assert weighed(unsent())["error"] == "new and last"


def test_the_page_takes_as_many_queries_for_one_row_as_for_three(stuck, client, world):
    client.force_login(world.ministry.admin.user)
    client.get("/mail/")  # the first request of a session also writes when it was seen
    counts = []
    for more in (0, 2):
        for row in stuck[:more]:
            for number in range(more):
                row.pk, row.to = None, f"{number}{row.to}"
                row.save(force_insert=True)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get("/mail/")
        counts.append(len(captured))
    assert [one["count"] for one in answer.context["classes"]] == [3, 3]
    assert counts[0] == counts[1]


def test_an_administrator_sends_again_at_once(stuck, post, client, world):
    post.answers = {}
    assert relay() == 0
    client.force_login(world.ministry.admin.user)
    assert client.post(f"/mail/{stuck[1].pk}/send_again/").status_code == 302
    assert relay() == 1
    assert post.took[-1][0] == stuck[1].to
    line = HistoryLine.objects.get(subject_kind="delivery", subject_id=stuck[1].pk)
    assert (line.verb, line.actor) == ("send_again", world.ministry.admin.user)


def test_an_administrator_ends_a_mail_with_a_reason(stuck, post, client, world, clock):
    client.force_login(world.ministry.admin.user)
    assert client.post(f"/mail/{stuck[1].pk}/end/", {"reason": ""}).status_code == 422
    assert client.post(f"/mail/{stuck[1].pk}/end/", {"reason": "Told by phone."}).status_code == 302
    post.answers = {}
    clock.shift(hours=2)
    assert relay() == 1
    assert post.took[-1][0] == stuck[0].to
    line = HistoryLine.objects.get(subject_kind="delivery", subject_id=stuck[1].pk)
    assert (line.verb, line.actor, line.reason) == ("end", world.ministry.admin.user, "Told by phone.")
    assert waiting("to") == []
    assert list(waiting_mail(world.ministry.admin)) == []


def test_without_a_reason_nothing_ends(stuck, world):
    with pytest.raises(Invalid) as refused:
        actions.end_delivery(stuck[0].pk, reason=" ", by=world.ministry.admin)
    assert refused.value.code == "required"
    assert Delivery.objects.get(pk=stuck[0].pk).ended_at is None
    assert not HistoryLine.objects.filter(subject_kind="delivery").exists()


@pytest.mark.parametrize("verb", [actions.send_again, lambda pk, by: actions.end_delivery(pk, reason="x", by=by)])
def test_mail_that_is_out_is_nobodys_to_send_or_end(verb, told, post, world):
    relay()
    pk = Delivery.objects.get(to=told[0], line__verb="submit").pk
    before = Delivery.objects.filter(pk=pk).values().get()
    with pytest.raises(NotFound):
        verb(pk, by=world.ministry.admin)
    assert Delivery.objects.filter(pk=pk).values().get() == before


@pytest.mark.parametrize("verb", [actions.send_again, lambda pk, by: actions.end_delivery(pk, reason="x", by=by)])
def test_mail_that_went_out_while_its_row_was_waited_for_is_left_alone(verb, told, post, world, monkeypatch):
    """The lock gives the row as it is after the wait, whatever it was chosen by before."""
    relay()
    pk = Delivery.objects.get(to=told[0], line__verb="submit").pk
    before = Delivery.objects.filter(pk=pk).values().get()
    monkeypatch.setattr(actions.mail, "waiting_mail", lambda by: Delivery.objects.all())
    with pytest.raises(NotFound):
        verb(pk, by=world.ministry.admin)
    assert Delivery.objects.filter(pk=pk).values().get() == before


def test_readyz_tells_how_much_waits_and_how_long_and_nothing_else(stuck, client, clock):
    clock.shift(minutes=10)
    mail = client.get("/readyz").json()["mail"]
    assert mail["waiting"] == 2
    assert 600 <= mail["oldest_s"] < 660
    assert set(mail) == {"waiting", "oldest_s"}


def test_readyz_without_mail_that_waits(told, client):
    relay()
    assert client.get("/readyz").json()["mail"] == {"waiting": 0, "oldest_s": 0}


def test_refused_mail_is_counted_in_the_administrators_menu_alone(stuck, client, world):
    for role, count in (("admin", 1), ("auditor", None)):
        client.force_login(getattr(world.ministry, role).user)
        [entry] = [entry for entry in client.get("/mail/").context["nav"] if entry["url"] == "/mail/"]
        assert entry["count"] == count


def test_mail_that_waits_is_shown_to_administrators_and_auditors_alone(stuck, world):
    m = world.ministry
    assert [set(waiting_mail(actor)) for actor in (m.admin, m.auditor)] == [set(stuck)] * 2
    for actor in (m.reviewer, world.exporter, world.customs, NOBODY):
        assert not waiting_mail(actor).exists()


def test_every_task_has_its_time():
    """A task that nothing starts would be forgotten in silence."""
    from config.celery import app

    app.loader.import_default_modules()
    ours = {name for name in app.tasks if name.split(".")[0] in ("core", "exporters", "licensing", "shipments")}
    by_another = {"licensing.tasks.reconcile_pools"}  # what reconcile_ledger leaves for it
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} | by_another == ours
