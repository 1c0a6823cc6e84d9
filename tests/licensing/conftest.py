"""Cases of days of the working-day table, and their clock as everybody reads it."""

import pytest

from licensing import selectors
from licensing.actions import applications
from licensing.api.applications import told
from tests.days import D
from tests.make import seen


@pytest.fixture
def read(client, world):
    """The clock as everybody reads it now: the exporter's page and programs, the desk and its queue say the same."""

    def page(actor, path, **query):
        client.force_login(actor.user)
        answer = client.get(path, query)
        assert answer.status_code == 200
        return answer.context, " ".join(answer.content.decode().split())

    def over_rest(ref):
        client.force_login(world.exporter.user)
        said = client.get(f"/api/v1/applications/{ref}/").json()["clock"]
        days = [{**pause, "from": D(pause["from"]), "to": pause["to"] and D(pause["to"])} for pause in said["pauses"]]
        told = {name: said[name] and D(said[name]) for name in ("deadline", "overdue_before")}
        return said | told | {"pauses": days}

    def read(ref):
        mine, text = page(world.exporter, f"/applications/{ref}/")
        desk, desk_text = page(world.ministry.auditor, f"/desk/cases/{ref}/")
        assert mine["clock"] == desk["clock"]
        assert over_rest(ref) == told(mine["clock"], mine["application"].pauses.all())
        if not mine["application"].decided_at:
            queue, _ = page(world.ministry.auditor, "/desk/", view="open", q=ref)
            row = queue["listing"].rows[0]
            assert row.clock == mine["clock"]
            assert row.days_left == (selectors.NO_CLOCK if row.clock.left is None else row.clock.left)
        return mine["clock"], text, desk_text

    return read


@pytest.fixture
def filed(world, on):
    """A case that was received on Friday 13 February 2026; the Spring Festival follows."""
    on("2026-02-13")
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    return ref
