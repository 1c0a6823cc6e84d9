"""Cases on days of the working-day table, and their clock as everybody reads it."""

from datetime import datetime, time

import pytest

from core.legal_time import LEGAL_ZONE
from licensing.actions import applications
from tests.days import D
from tests.make import seen


@pytest.fixture
def on(clock):
    """It is this day's noon, or another time of it."""

    def on(day, at=time(12)):
        clock.set(datetime.combine(D(day), at, LEGAL_ZONE))

    return on


@pytest.fixture
def accepted(world, on):
    """A case that was filed and accepted on this day."""

    def accepted(day):
        on(day)
        ref = world.application()
        applications.submit(ref, seen=seen(ref), by=world.exporter)
        applications.accept(ref, by=world.ministry.intake)
        return ref

    return accepted


@pytest.fixture
def read(client, world):
    """The clock as everybody reads it now: the exporter's page, the desk's, and the queue say the same."""

    def page(actor, path, **query):
        client.force_login(actor.user)
        answer = client.get(path, query)
        assert answer.status_code == 200
        return answer.context, " ".join(answer.content.decode().split())

    def read(ref):
        mine, text = page(world.exporter, f"/applications/{ref}/")
        desk, desk_text = page(world.ministry.auditor, f"/desk/cases/{ref}/")
        assert mine["clock"] == desk["clock"]
        if not mine["application"].decided_at:
            queue, _ = page(world.ministry.auditor, "/desk/", view="open", q=ref)
            row = queue["listing"].rows[0]
            assert row.clock == mine["clock"]
            assert row.clock.used in (None, row.clock.of - row.days_left)
        return mine["clock"], text, desk_text

    return read


@pytest.fixture
def filed(world, on):
    """A case that was received on Friday 13 February 2026; the Spring Festival follows."""
    on("2026-02-13")
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    return ref
