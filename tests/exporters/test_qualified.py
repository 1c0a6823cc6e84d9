"""Who may file for annual licenses: a decider says so, for twelve months, and everybody concerned reads it."""

from datetime import date
from html import unescape

import pytest

from core.errors import DomainError, Forbidden, WrongState
from core.legal_time import legal_now, legal_today, months_after
from core.models import Delivery
from exporters import actions, selectors
from exporters.models import Qualification
from tests import make
from tests.make import seen

WHY = "Audit of 3 March seen."


@pytest.fixture
def company(world):
    """A verified company that nobody qualified."""
    return make.exporter(world.ministry, "Plain Co., Ltd.", qualified=False)


def qualify(company, by):
    return actions.qualify(company.organization_id, seen=seen(company.organization_id), reason=WHY, by=by)


def words(page):
    return " ".join(unescape(page.content.decode()).split())


def test_a_decider_qualifies_a_company_through_the_same_day_twelve_months_on(world, company):
    assert selectors.qualified_until(company.organization_id) is None
    assert qualify(company, world.ministry.decider).state == "active"
    row = Qualification.objects.get(exporter=company.organization_id)
    assert (row.last_day, row.reason, row.granted_by) == (
        months_after(legal_today(), 12),
        WHY,
        world.ministry.decider.user,
    )
    assert selectors.qualified_until(company.organization_id) == row.last_day
    assert Delivery.objects.filter(line__verb="qualify", line__subject_id=company.organization_id).count() == 1


def test_the_newest_qualification_counts(world, company):
    qualify(company, world.ministry.decider)
    granted = {"granted_by": world.ministry.decider.user, "granted_at": legal_now()}
    Qualification.objects.create(exporter_id=company.organization_id, last_day=date(2031, 1, 1), reason="-", **granted)
    Qualification.objects.create(exporter_id=company.organization_id, last_day=date(2030, 1, 1), reason="-", **granted)
    assert selectors.qualified_until(company.organization_id) == date(2030, 1, 1)


def test_nobody_else_qualifies_and_no_company_that_is_not_verified(world, company):
    for who in (world.ministry.reviewer, world.ministry.intake, world.ministry.auditor):
        with pytest.raises(Forbidden):
            qualify(company, who)
    with pytest.raises(DomainError):
        qualify(company, company)
    waiting = make.exporter(None, "Waiting Co., Ltd.")
    make.demo.send_company(waiting)
    with pytest.raises(WrongState):
        qualify(waiting, world.ministry.decider)
    assert not Qualification.objects.filter(exporter__in=[company.organization_id, waiting.organization_id]).exists()


def test_both_sides_read_whether_a_company_is_qualified(world, company, client, clock):
    pk = company.organization_id
    client.force_login(company.user)
    assert "Not qualified" in words(client.get("/company/"))
    client.force_login(world.ministry.decider.user)
    page = client.post(f"/desk/exporters/{pk}/qualify/", {"reason": WHY, "seen": seen(pk)}, follow=True)
    told = words(page)
    assert "Qualified until" in told and "Qualified for annual licenses by the ministry" in told
    clock.shift(days=400)
    client.force_login(company.user)
    assert "Not qualified any more" in words(client.get("/company/"))
