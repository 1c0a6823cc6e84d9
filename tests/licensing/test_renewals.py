"""A renewal asks for another annual license from the day after the last one of the license before it, once for each."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from config.local import demo
from core.history import lines_of
from core.legal_time import legal_now, legal_today, months_after
from core.models import LegalDay
from core.templatetags.lodestone import day
from exporters.models import Qualification
from licensing.actions import amendments, applications, copies, decisions, licenses, reconsiderations, renewals
from licensing.models import Application, Kind, License
from licensing.web import changes
from licensing.web.forms.decisions import RecommendForm
from shipments import needs
from shipments.web import renewals as shown
from tests import make
from tests.again import again
from tests.days import D
from tests.make import ends_in, needs_of, seen
from tests.plans import uncounted
from tests.said import refused, text_of

KG = 1000
DAY = timedelta(days=1)


@pytest.fixture
def ending(world):
    """An annual license in its last days."""
    return ends_in(world.license(kilograms=100), 100)


@again
def renewed(world, license, by=None):
    return renewals.renew(license.ref, seen=seen(license.ref), by=by or world.exporter)


def test_it_asks_for_what_was_granted_from_the_day_after_the_last_one(world, ending):
    clerk = make.colleague(world.exporter, "clerk")
    row, first = renewed(world, ending, clerk), ending.usable_until + DAY
    assert (row.kind, row.renews, row.state, row.created_by) == (Kind.ANNUAL, ending, "draft", clerk.user)
    assert (row.planned_from, row.planned_until) == (first, months_after(first, 12))
    said, before = copies.said(row), copies.granted(ending)
    assert (said.lines, said.consignees, said.ports, said.contract_no, said.purpose, said.red_flag) == (
        before.lines,
        before.consignees,
        before.ports,
        before.contract_no,
        before.purpose,
        before.red_flag,
    )
    last = lines_of(ending).last()
    assert (last.verb, last.facts, last.to_state) == ("renew", {"application": row.ref}, "active")


def test_a_declaration_must_be_recent_for_its_first_day(world, ending):
    """Signed ten days ago, it is for a window that begins within a year."""
    assert renewed(world, ending).end_users.count() == 1
    far = ends_in(world.license(kilograms=100), 149)
    user = far.end_users.get().declaration
    type(user).objects.filter(pk=user.pk).update(signed_on=months_after(far.usable_until + DAY, -12))
    assert renewed(world, far).end_users.count() == 1
    other = ends_in(world.license(kilograms=100), 149)
    user = other.end_users.get().declaration
    type(user).objects.filter(pk=user.pk).update(signed_on=months_after(other.usable_until + DAY, -12) - DAY)
    assert renewed(world, other).end_users.count() == 0


def test_it_asks_for_no_more_months_than_the_rules_allow(world, ending):
    def half_a_year(rules, document):
        rules["R040"]["effect"]["params"]["max_validity_months"] = 6

    make.edition(half_a_year)
    row = renewed(world, ending)
    assert row.planned_until == months_after(row.planned_from, 6)


@pytest.mark.parametrize(
    ("left", "code"), [(151, "license-not-renewable"), (150, ""), (0, ""), (-1, "license-not-renewable")]
)
def test_it_is_begun_in_the_last_150_days(left, code, world, license, client):
    row = ends_in(license, left)
    button = f"Begin the renewal of {row.ref}"
    assert (button in text_of(client, world.exporter, f"/licenses/{row.ref}/")) is (not code)
    if code:
        error = refused(renewed, world, row)
        assert (error.code, Application.objects.count()) == (code, 1)
        assert day(row.renewable_from if left > 0 else row.usable_until) in error.detail
    else:
        assert renewed(world, row).renews == row


def test_the_days_in_which_it_is_begun_are_a_setting(world, ending, settings):
    settings.LICENSE_RENEWAL_DAYS = 99
    assert refused(renewed, world, ending).code == "license-not-renewable"


def test_only_an_annual_license_is_renewed_by_its_own_people(world):
    single = ends_in(world.license(kilograms=100, kind="per_shipment"), 100)
    assert refused(renewed, world, single).code == "license-not-renewable"
    annual = ends_in(world.license(kilograms=100), 100)
    other, viewer = make.exporter(world.ministry, "Elsewhere Co., Ltd."), make.colleague(world.exporter, "viewer")
    for who, code in ((other, "not-found"), (viewer, "forbidden"), (world.ministry.decider, "forbidden")):
        assert refused(renewed, world, annual, who).code == code


def test_one_renewal_is_begun_at_a_time_and_none_once_it_led_to_a_license(world, ending):
    row = renewed(world, ending)
    error = refused(renewed, world, ending)
    assert (error.code, error.status) == ("renewal-open", 409)
    assert row.ref in error.detail
    applications.withdraw(row.ref, by=world.exporter)
    issued(world, renewed(world, ending).ref)
    assert refused(renewed, world, ending).code == "renewal-open"


@again
def decided(world, ref, outcome="approve", **facts):
    demo.under_review(world.exporter, ref, world.ministry)
    decisions.recommend(ref, seen=seen(ref), outcome=outcome, by=world.ministry.reviewer, **facts)
    return ref


@again
def issued(world, ref):
    decided(world, ref, months=12)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    row = Application.objects.get(ref=ref)
    return decisions.issue(ref, seen=seen(ref), usable_from=row.planned_from, by=world.ministry.decider)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_one_of_a_license_that_was_replaced_counts_for_what_took_its_place(world, ending, times):
    row, new = renewed(world, ending), ending
    for _time in range(times):
        new = issued(world, make.asking(amendments.amend(new.ref, seen=seen(new.ref), by=world.exporter)).ref)
    new = ends_in(new, 90)
    assert refused(renewed, world, ending).code == "wrong-state"
    assert refused(renewed, world, new).code == "renewal-open"
    assert [need.title for need in needs_of(world.exporter) if "Renew license" in need.title] == []
    applications.withdraw(row.ref, by=world.exporter)
    assert [need.title for need in needs_of(world.exporter) if "Renew" in need.title] == [f"Renew license {new.ref}"]
    assert renewed(world, License.objects.get(pk=new.pk)).renews == new


def test_what_goes_on_after_a_license_is_found_by_its_index(world, ending):
    """Not by a look at every renewal there is, for each license that ends soon."""
    uncounted("licensing_application")
    found = License.objects.filter(License.renewable_within(legal_today())).explain()
    assert "Index Cond: (renews_id = ANY (" in found, found


def turned_down(world, license):
    """A renewal of it whose refusal was served."""
    grounds = {"factors": ["END_USE"], "text": "The end-use is not shown."}
    ref = decided(world, renewed(world, license).ref, "refuse", **grounds)
    decisions.refuse(ref, seen=seen(ref), departure="Not shown.", by=world.ministry.decider, **grounds)
    reconsiderations.serve(ref, by=world.exporter)
    return ref


def test_a_refused_one_is_not_contested_while_another_is_open(world, ending):
    ref = turned_down(world, ending)
    other = renewed(world, ending)
    contest = {"seen": seen(ref), "grounds": "It was shown.", "by": world.exporter}
    error = refused(reconsiderations.reconsider, ref, **contest)
    assert error.code == "renewal-open" and other.ref in error.detail
    applications.withdraw(other.ref, by=world.exporter)
    reconsiderations.reconsider(ref, **contest)
    assert refused(renewed, world, ending).code == "renewal-open"


def test_a_refusal_is_not_contested_once_another_renewal_led_to_a_license(world, ending):
    ref = turned_down(world, ending)
    other = renewed(world, ending)
    issued(world, make.asking(other).ref)
    error = refused(reconsiderations.reconsider, ref, seen=seen(ref), grounds="It was shown.", by=world.exporter)
    assert error.code == "renewal-open" and "That has led to a license, so go on with that one." in error.detail


def test_nor_while_that_of_what_took_the_place_of_its_license_is(world, ending):
    """Whoever renews a license looks at those before it; whoever contests looks at those after it, too."""
    ref = turned_down(world, ending)
    for _twice in range(2):
        ending = issued(world, make.asking(amendments.amend(ending.ref, seen=seen(ending.ref), by=world.exporter)).ref)
    other = renewed(world, ends_in(ending, 90))
    contest = {"seen": seen(ref), "grounds": "It was shown.", "by": world.exporter}
    error = refused(reconsiderations.reconsider, ref, **contest)
    assert error.code == "renewal-open" and other.ref in error.detail
    applications.withdraw(other.ref, by=world.exporter)
    reconsiderations.reconsider(ref, **contest)
    assert refused(renewed, world, ending).code == "renewal-open"


def test_it_stays_one_of_an_annual_license(world, ending, client):
    row = renewed(world, ending)
    draft = copies.said(row)
    wrong = type(draft)(**{**vars(draft), "kind": "per_shipment"})
    error = refused(applications.change, row.ref, wrong, version=row.version, by=world.exporter)
    assert [(one.pointer, one.code) for one in error.errors] == [("/kind", "out-of-range")]
    form = text_of(client, world.exporter, f"/applications/{row.ref}/edit/")
    assert 'value="annual"' in form and 'value="per_shipment"' not in form


def test_postgresql_lets_one_be_open_and_each_be_annual(world, ending):
    facts = {"exporter_id": ending.exporter_id, "created_by": world.exporter.user, "created_at": legal_now()}
    Application.objects.create(ref="AP-1", kind=Kind.ANNUAL, renews=ending, **facts)
    for wrong, why in (
        ({"kind": Kind.ANNUAL, "renews": ending}, "application_renews_once"),
        ({"kind": Kind.PER_SHIPMENT, "renews": ending}, "application_renews_annual"),
        ({"kind": Kind.ANNUAL, "renews": ending, "copied_license": ending}, "application_begins_with_one"),
    ):
        with pytest.raises(IntegrityError, match=why), transaction.atomic():
            Application.objects.create(ref="AP-2", **wrong, **facts)


def test_it_is_filed_by_the_day_from_which_the_laws_time_ends_no_later_than_the_license(ending):
    """5 working days to accept, 45 to decide and 10 to issue, counted by hand."""
    on = ending.usable_until
    days = LegalDay.objects.filter(working=True, day__lte=on).order_by("-day")
    working = list(days.values_list("day", flat=True)[:61])
    assert renewals.filed_by([ending]) == {ending.pk: working[60]}
    later = License(pk=0, usable_until=on + 30 * DAY)
    assert renewals.filed_by([ending, later]) == renewals.filed_by([ending]) | renewals.filed_by([later])
    beyond = License(pk=0, usable_until=D("2040-01-01"))
    assert renewals.filed_by([beyond]) == {} == renewals.filed_by([])


def test_the_license_says_when_and_by_which_day_and_that_a_renewal_does_not_extend_it(world, license, client):
    path, file_by = f"/licenses/{license.ref}/", day(renewals.filed_by([license])[license.pk])
    text = text_of(client, world.exporter, path)
    assert f"It can be renewed from {day(license.renewable_from)} on." in text and f"File by {file_by}." in text
    license = ends_in(license, 100)
    file_by = day(renewals.filed_by([license])[license.pk])
    assert f"<b>File by {file_by}.</b>" in text_of(client, world.exporter, path)
    answer = client.post(f"{path}renew/", {"seen": seen(license.ref)})
    row = Application.objects.get(renews=license)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/applications/{row.ref}/")
    text = text_of(client, world.exporter, path)
    assert "would renew this license. It is a draft" in text and file_by in text and "Begin the renewal" not in text
    desk = f"/desk/licenses/{license.ref}/"
    assert "would renew this license" not in text_of(client, world.ministry.reviewer, desk)
    text = text_of(client, world.exporter, f"/applications/{row.ref}/")
    assert f"<b>File it by {file_by}.</b>" in text
    assert "Renewal of an annual license" in text and f"whose last day is {day(license.usable_until)}" in text
    assert client.get(f"/api/v1/applications/{row.ref}/").json()["renews"] == license.ref
    decided(world, row.ref, months=12)
    for actor, where in ((world.exporter, path), (world.ministry.reviewer, desk)):
        text = text_of(client, actor, where)
        assert row.ref in text and f"after {day(license.usable_until)} nothing can be reserved on it" in text
    assert "Renewal of an annual license" in text_of(client, world.ministry.reviewer, f"/desk/cases/{row.ref}/")
    decisions.approve(row.ref, seen=seen(row.ref), by=world.ministry.decider)
    new = decisions.issue(row.ref, seen=seen(row.ref), usable_from=row.planned_from, by=world.ministry.decider)
    text = text_of(client, world.exporter, path)
    assert f"{new.ref}</a> renews this license, from {day(new.usable_from)} on." in text
    assert f'It renews <a href="{path}">{license.ref}</a>' in text_of(client, world.exporter, f"/licenses/{new.ref}/")


def test_once_the_day_is_over_the_page_says_so(world, license, client):
    license = ends_in(license, 20)
    License.objects.filter(pk=license.pk).update(usable_from=license.usable_from - 100 * DAY)
    text = text_of(client, world.exporter, f"/licenses/{license.ref}/")
    assert f"The day by which to file was <b>{day(renewals.filed_by([license])[license.pk])}</b>. File now" in text
    ends_in(license, 5_000)
    assert "Nobody can say yet by which day to file" in text_of(client, world.exporter, f"/licenses/{license.ref}/")


def test_of_a_license_shorter_than_the_laws_time_no_day_before_it_began_is_named(world, license, client):
    license = ends_in(license, 20)
    path, file_by = f"/licenses/{license.ref}/", renewals.filed_by([license])[license.pk]
    License.objects.filter(pk=license.pk).update(usable_from=file_by)
    assert "The day by which to file was" in text_of(client, world.exporter, path)
    License.objects.filter(pk=license.pk).update(usable_from=file_by + DAY)
    text = text_of(client, world.exporter, path)
    assert "<b>File now.</b> The law's time is longer than this license lasts" in text and day(file_by) not in text
    ahead = License(usable_from=legal_today() + DAY)
    days = (legal_today() - DAY, legal_today())
    assert [renewals.too_short(ahead, one, legal_today()) for one in (*days, None)] == [True, False, False]
    row = renewals.renew(license.ref, seen=seen(license.ref), by=world.exporter)
    text = text_of(client, world.exporter, f"/applications/{row.ref}/")
    assert "<b>File it now.</b>" in text and day(file_by) not in text


@pytest.mark.parametrize(("left", "tone"), [(-1, "red"), (0, "ochre"), (30, "ochre"), (31, "blue")])
def test_the_day_itself_is_in_time(left, tone, world, ending, client, monkeypatch):
    for where in (needs, shown):
        monkeypatch.setattr(where, "filed_by", lambda rows: {row.pk: legal_today() + left * DAY for row in rows})
    assert [one.tone for one in needs_of(world.exporter)] == [tone]
    License.objects.filter(pk=ending.pk).update(usable_from=ending.usable_from - 100 * DAY)
    text = text_of(client, world.exporter, f"/licenses/{ending.ref}/")
    assert ("<b>File by" in text, "The day by which to file was" in text) == (left >= 0, left < 0)


@pytest.mark.parametrize(("left", "tone"), [(151, ""), (150, "blue"), (100, "ochre"), (20, "red"), (-1, "")])
def test_the_overview_says_until_when_to_renew(left, tone, world, license):
    license = ends_in(license, left)
    found = needs_of(world.exporter)
    assert [(one.title, one.tone) for one in found] == ([(f"Renew license {license.ref}", tone)] if tone else [])
    if tone:
        file_by = renewals.filed_by([license])[license.pk]
        assert (found[0].due_on, found[0].url) == (file_by, f"/licenses/{license.ref}/#renew")
        assert (f"Renew until {day(file_by)}" in found[0].text) is (tone != "red")


@pytest.mark.parametrize(("left", "tone"), [(-1, "red"), (0, "ochre"), (30, "ochre"), (31, "blue")])
def test_one_that_was_begun_presses_as_one_that_was_not(left, tone, world, ending, client, monkeypatch):
    row = renewed(world, ending)
    for where in (needs, shown, changes):
        monkeypatch.setattr(where, "filed_by", lambda rows: {row.pk: legal_today() + left * DAY for row in rows})
    [need] = needs_of(world.exporter)
    assert (need.tone, "File now" in need.text) == (tone, left < 0)
    assert f"{row.ref}, Annual. It is a draft" in need.text
    text = text_of(client, world.exporter, f"/applications/{row.ref}/")
    assert ("<b>File it by" in text, "<b>File it now" in text) == (left >= 0, left < 0)


def test_of_a_license_that_is_over_a_draft_presses_nobody(world, ending, clock):
    row = renewed(world, ending)
    clock.shift(days=(ending.usable_until - legal_today()).days + 1)
    [need] = [need for need in needs_of(world.exporter) if row.ref in need.text]
    assert (need.tone, "Its last day" in need.text) == ("blue", False)


def test_of_a_license_that_was_ended_a_draft_presses_nobody_and_says_so(world, ending, client):
    row = renewed(world, ending)
    licenses.surrender(ending.ref, seen=seen(ending.ref), reason="Not needed.", by=world.exporter)
    [need] = [need for need in needs_of(world.exporter) if row.ref in need.text]
    assert (need.tone, "Its last day" in need.text) == ("blue", False)
    page = text_of(client, world.exporter, f"/licenses/{ending.ref}/")
    assert "would renew this license" in page and "File by" not in page and "File now" not in page
    page = text_of(client, world.exporter, f"/applications/{row.ref}/")
    assert "which has ended (Handed back)" in page and "File it" not in page


def test_what_was_laid_down_goes_on_unless_the_reviewer_ends_it(world, ending):
    ref = world.under_review(renewed(world, ending).ref)
    before = ending.application.basis.conditions
    assert before and RecommendForm(row=Application.objects.get(ref=ref)).initial["conditions"] == before


def test_an_ended_qualification_is_told_while_there_is_something_annual_to_file(world, ending):
    Qualification.objects.filter(pk=world.exporter.organization_id).update(last_day=legal_today() - DAY)
    over = "Your qualification for annual licenses is over"
    assert over in [need.title for need in needs_of(world.exporter)]
    License.objects.filter(pk=ending.pk).update(kind="per_shipment")
    assert over not in [need.title for need in needs_of(world.exporter)]


def test_a_draft_of_one_is_finished_by_its_day(world, ending):
    row = renewed(world, ending)
    [need] = needs_of(world.exporter)
    assert (need.title, need.url) == (f"Finish the renewal of {ending.ref}", f"/applications/{row.ref}/")
    assert need.due_on == renewals.filed_by([ending])[ending.pk]
