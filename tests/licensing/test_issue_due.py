"""An approved license is issued within ten working days by law: everybody reads by when, and late is not too late."""

from datetime import time

import pytest

from config.local import demo
from core.models import LegalDay
from licensing.actions import decisions
from licensing.models import Application
from tests.days import D
from tests.make import seen
from tests.ticks import tick


@pytest.fixture
def approved(accepted, on, world):
    """Scenario 1: accepted on 2 March 2026, approved on 10 April."""
    ref, m = accepted("2026-03-02"), world.ministry
    on("2026-04-10")
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    demo.screened(ref, m.reviewer)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    return ref


@pytest.fixture
def texts(client, world):
    """What the applicant, the desk and its lists say."""

    def texts(ref):
        m = world.ministry
        places = [(world.exporter, f"/applications/{ref}/"), (m.auditor, f"/desk/cases/{ref}/")]
        places += [(m.auditor, f"/desk/?view=decided&q={ref}"), (m.decider, "/desk/countersign/")]
        for actor, path in places:
            client.force_login(actor.user)
            yield " ".join(client.get(path).content.decode().split())

    return texts


@pytest.mark.slow
def test_by_when_it_is_to_be_issued_stands_on_each_page(approved, on, texts):
    mine, desk, queue, countersign = texts(approved)
    assert all("The license is to be issued by 24 Apr 2026." in text for text in (mine, desk))
    assert all("issue by 24 Apr 2026" in text for text in (queue, countersign))
    on("2026-04-24", time(23, 59, 30))
    assert not any("Overdue" in text for text in texts(approved))


@pytest.mark.slow
def test_it_is_overdue_from_the_next_midnight_on_and_issued_all_the_same(approved, on, texts, world):
    on("2026-04-25", time())
    mine, desk, queue, countersign = texts(approved)
    late = "The license was to be issued by 24 Apr 2026; the ministry is late."
    assert all(late in text and "Overdue" in text for text in (mine, desk))
    assert all("Overdue" in text for text in (queue, countersign))
    decisions.issue(approved, seen=seen(approved), by=world.ministry.decider)
    assert Application.objects.get(ref=approved).state == "issued"
    assert not any("to be issued by" in text for text in list(texts(approved))[:2])


def test_where_the_table_ends_before_it_no_day_is_told(approved, texts):
    LegalDay.objects.filter(day__gt=D("2026-04-15")).delete()
    mine, *_ = texts(approved)
    assert "The license is to be issued within 10 working days of the decision." in mine
