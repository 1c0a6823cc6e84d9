"""Beside the form of an application stands what the rules say of it, as far as it has been typed."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from config.local.visitor import Page
from core.legal_time import day_start, legal_today
from core.templatetags.lodestone import day
from exporters.models import Party
from licensing.actions import amendments, screenings
from licensing.models import Application
from tests import make
from tests.licensing.test_screenings import hit
from tests.make import seen

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def beside(world, client):
    """What it says, as one text."""
    client.force_login(world.exporter.user)

    def beside(*declared, goods=("1C905.a.4",), **typed):
        window = {"planned_from": legal_today(), "planned_until": legal_today() + 30 * DAY}
        sent = {"kind": "per_shipment", "purpose": "sale", "red_flag": "none"} | window | typed
        sent |= {"lines-TOTAL_FORMS": len(goods), "lines-INITIAL_FORMS": 0, "end_users": [one.pk for one in declared]}
        sent |= {f"lines-{at}-code": code for at, code in enumerate(goods)}
        answer = client.post("/applications/typed/", {name: value for name, value in sent.items() if value is not None})
        assert answer.status_code == 200
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())

    return beside


def test_what_has_been_typed_is_judged_and_nothing_is_kept(world, beside):
    said = beside(world.declaration(), goods=("1C905.a.4", "not a code", "1C903.a.2"))
    assert "1C905.a.4 to " in said and "1C903.a.2 to " in said and said.count("License needed") == 2
    assert "Papers: " not in said and f"known on {day(legal_today())}" in said
    assert not Application.objects.exists()
    left_out = beside(world.declaration(), goods=("1C905.a.4", "1C903.a.2"), **{"lines-1-DELETE": "on"})
    assert "1C905.a.4 to " in left_out and "1C903.a.2" not in left_out


def test_of_half_a_form_it_says_what_is_needed_for_an_answer(world, beside):
    for said in (beside(), beside(world.declaration(), goods=()), beside(world.declaration(), kind=None)):
        assert said.startswith("Choose goods and an end-user") and "known on" not in said
    assert "License needed" in beside(world.declaration(), planned_from="next week", planned_until=None)


@pytest.mark.parametrize(
    "sent",
    [{}, {"lines-TOTAL_FORMS": "9" * 12}, {"end_users": "x"}],
)
def test_what_no_browser_sends_is_as_if_it_were_not_typed(world, client, sent):
    client.force_login(world.exporter.user)
    answer = client.post("/applications/typed/", {"kind": "annual", "lines-INITIAL_FORMS": "0"} | sent)
    assert answer.status_code == 200 and "Choose goods and an end-user" in answer.content.decode()


def test_what_is_hopeless_says_why(world, beside):
    barred = world.declaration(country="US")
    Party.objects.filter(pk=barred.end_user_id).update(nature="military")
    assert "The rules in force forbid exporting 1C905.a.4 to" in beside(barred)
    materials = {"goods": ("1C903.a.2",)}
    closed = [beside(world.declaration(), kind=kind, **materials) for kind in ("annual", "per_shipment")]
    assert ["The rules do not open annual" in said for said in closed] == [True, False]


def test_a_turn_in_the_window_is_told_with_its_day(world, beside):
    turns = legal_today() + 5 * DAY
    make.edition(lambda rules, document: rules["R001"].update(enabled=False), starts_at=day_start(turns))
    assert f"From {day(turns)}: " in beside(world.declaration())
    assert f"From {day(turns)}: " not in beside(world.declaration(), planned_until=turns - DAY)


def test_papers_are_those_of_any_day_in_the_window(world, beside):
    asks = {"require": ["risk_assessment_report"]}
    starts_at = day_start(legal_today() + 5 * DAY)
    make.edition(lambda rules, document: rules["R001"]["effect"].update(asks), starts_at=starts_at)
    assert "Papers: Risk assessment report." in beside(world.declaration())


def test_what_screening_found_and_what_others_declared_is_not_told(world, beside):
    mine = world.declaration()
    clean = beside(mine)
    ref = world.under_review(world.application(by_whom=[mine]))
    screenings.screen(ref, by=world.ministry.reviewer, **hit(ref))
    assert beside(mine) == clean
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    assert beside(other.declaration()).startswith("Choose goods and an end-user")


def test_what_changes_a_license_is_judged_as_a_license_of_its_kind(world, client):
    license = world.license(kind="per_shipment")
    draft = amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter)
    client.force_login(world.exporter.user)
    path = f"/applications/{draft.ref}/edit/"
    typed = urlencode(Page(path, 200, client.get(path).content.decode()).form().filled({}))
    for said, of in ((True, draft.ref), (False, "")):
        answer = client.post(f"/applications/typed/?of={of}", typed, content_type="application/x-www-form-urlencoded")
        assert ("License needed" in answer.content.decode()) is said
    client.force_login(make.exporter().user)  # of another company's draft it says no more than of none
    answer = client.post(
        f"/applications/typed/?of={draft.ref}", typed, content_type="application/x-www-form-urlencoded"
    )
    assert "Choose goods and an end-user" in answer.content.decode()
