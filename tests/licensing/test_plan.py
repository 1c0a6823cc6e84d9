"""The days of an application: when its contract was signed, and what becomes of those that it plans."""

from datetime import timedelta

import pytest

from config.local import demo
from core.legal_time import legal_today, months_after
from core.templatetags.lodestone import day
from licensing.actions import amendments, applications, decisions, reconsiderations
from licensing.models import Application
from tests.licensing.test_limits import missing
from tests.make import seen
from tests.said import refused, text_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_contract_was_signed_today_at_the_latest(world, client):
    today, lone = legal_today(), {"kind": "annual"}
    error = refused(applications.start, applications.Draft(**lone, contract_on=today + DAY), by=world.exporter)
    assert [one.pointer for one in error.errors] == ["/contract_on"]
    assert applications.start(applications.Draft(**lone, contract_on=today), by=world.exporter).contract_on == today

    client.force_login(world.exporter.user)
    page = client.post("/applications/new/", lone | {"contract_on": (today + DAY).isoformat()})
    assert page.status_code == 422 and "contract_on" in page.context["form"].errors


def test_a_draft_from_before_is_not_sent_with_a_contract_of_tomorrow(world):
    ref = world.application()
    for on, codes in ((legal_today() + DAY, ["date-out-of-range"]), (legal_today(), [])):
        Application.objects.filter(ref=ref).update(contract_on=on)
        assert missing(ref) == codes


@pytest.fixture
def told(world, client):
    """What the pages of the draft, and then of the case, say of the plan."""

    def told(ref, actor=world.exporter, paths=("/applications/{}/", "/applications/{}/submit/")):
        texts = [text_of(client, actor, path.format(ref)) for path in paths]
        over, longer = (
            {word in text for text in texts} for word in ("begins no earlier than", "needs another license")
        )
        assert len(over) == len(longer) == 1, "each page says the same"
        return over.pop(), longer.pop(), texts[0]

    return told


def test_what_becomes_of_the_planned_days_is_told_and_binds_nobody(world, told):
    ref, today = world.application(), legal_today()
    for first, last, over, longer in (
        (today, months_after(today, 12), False, False),
        (today, months_after(today, 12) + DAY, False, True),
        (today - DAY, months_after(today, 12), True, False),
        (today + 40 * DAY, months_after(today + 40 * DAY, 12) + DAY, False, True),
    ):
        Application.objects.filter(ref=ref).update(planned_from=first, planned_until=last)
        assert told(ref)[:2] == (over, longer)
    assert f"planned until {day(last)}, and this license lasts 12 months at most" in told(ref)[2]

    applications.submit(ref, seen=seen(ref), by=world.exporter)
    assert told(ref, world.ministry.reviewer, ["/desk/cases/{}/"])[:2] == (False, True)


def test_the_desk_counts_the_months_that_were_recommended_where_the_rules_allow_more(world, told):
    m, today = world.ministry, legal_today()
    ref = world.under_review(world.application())
    Application.objects.filter(ref=ref).update(planned_from=today, planned_until=months_after(today, 10))
    desk = ["/desk/cases/{}/"]
    assert told(ref, m.reviewer, desk)[1] is False
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=6, text="As long as tests last.", by=m.reviewer)
    words = f"lasts 6 months at most: one that begins on {day(today)} ends on {day(months_after(today, 6))}"
    assert words in told(ref, m.decider, desk)[2]
    granted = world.under_review(world.application())
    Application.objects.filter(ref=granted).update(planned_from=today, planned_until=months_after(today, 10))
    decisions.recommend(granted, seen=seen(granted), outcome="approve", months=6, text="For tests.", by=m.reviewer)
    decisions.approve(granted, seen=seen(granted), by=m.decider)
    assert words in told(granted, m.decider, desk)[2]
    decisions.send_back(ref, seen=seen(ref), reason="Tests last longer.", by=m.decider)
    assert told(ref, m.reviewer, desk)[1] is False, "what was sent back limits nobody"
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=6, text="As long as tests last.", by=m.reviewer)
    no = {"factors": ["END_USE"], "text": "Its use is not known.", "departure": "Doubts."}
    decisions.refuse(ref, seen=seen(ref), by=m.decider, **no)
    reconsiderations.reconsider(ref, seen=seen(ref), grounds="It is known.", by=world.exporter)
    assert told(ref, m.reconsiderer, desk)[1] is False


def test_a_change_counts_from_where_its_license_began(world, told):
    with demo.earlier(40):
        license = world.license()
    ref = amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter).ref
    assert Application.objects.get(ref=ref).planned_from < legal_today()
    assert told(ref, paths=["/applications/{}/"])[:2] == (False, False)
