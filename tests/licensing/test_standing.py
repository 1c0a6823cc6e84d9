"""An order stops a company's account, and with it its licenses, until another officer reinstates it."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import IntegrityError, connection, transaction
from django.template.loader import render_to_string

from core.deliveries import relay
from core.errors import Forbidden, FourEyes, Invalid
from core.history import lines_of
from core.legal_time import legal_now, legal_today
from core.models import HistoryLine, Mail
from core.telling import told
from exporters.models import Exporter, Qualification, Stop
from licensing.actions import applications, decisions, licenses, standing
from licensing.models import Application, License, Suspension
from licensing.selectors.accounts import stopped_with
from shipments import actions
from shipments.actions import qualifications
from shipments.models import Shipment
from tests import make
from tests.make import seen
from tests.said import refused
from tests.ticks import tick

KG = 1000
WHY = "Its records are looked into."


def company(world):
    return Exporter.objects.get(pk=world.exporter.organization_id)


def causes(license):
    return [(one.cause, one.ended_at is None) for one in license.suspensions.order_by("pk")]


def usable(license):
    return list(license.lines.order_by("pk").values_list("open", flat=True))


def approved(world, kind="annual"):
    ref = world.under_review(world.application(kind=kind, by_whom=[world.declaration()]))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=12, by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    return ref


def page(client, actor, path):
    client.force_login(actor.user)
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


# --- suspend ------------------------------------------------------------------------------------------------
def test_with_the_account_each_license_is_suspended_and_nobody_elses(world, license):
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    theirs, second = other.license(kilograms=100), world.license(kilograms=100)
    made = make.stopped(world)
    assert (made.state, company(world).state) == ("suspended", "suspended")
    for mine in (license, second):
        mine.refresh_from_db()
        assert (mine.state, usable(mine), causes(mine)) == ("suspended", [False], [("exporter", True)])
    theirs.refresh_from_db()
    assert (theirs.state, usable(theirs), causes(theirs)) == ("active", [True], [])
    stop = Stop.objects.get()
    assert (stop.number, stop.reason, stop.opened_by) == ("2026-7", WHY, world.ministry.decider.user)
    lines = [*lines_of(made).filter(verb="suspend"), *lines_of(license).filter(verb="suspend")]
    assert {(line.at, line.reason, line.facts["number"]) for line in lines} == {(stop.opened_at, WHY, "2026-7")}


def test_whoever_may_not_suspend_a_company_reads_who_does(world, client):
    said = {}
    for who in (world.ministry.intake, world.ministry.decider):
        client.force_login(who.user)
        page = client.get(f"/desk/exporters/{world.exporter.organization_id}/")
        assert page.status_code == 200
        said[who] = "A company is suspended by a deciding officer" in page.content.decode()
    assert list(said.values()) == [True, False]


def test_each_list_of_what_waits_for_a_second_officer_leads_to_the_other(world, client):
    client.force_login(world.ministry.decider.user)
    for one, other in (("/desk/countersign/", "/desk/proposals/"), ("/desk/proposals/", "/desk/countersign/")):
        assert f'<a href="{other}">' in client.get(one).content.decode()


def test_nothing_new_is_reserved_and_the_refusal_names_both_and_says_what_ends_it(world, license):
    make.stopped(world)
    refusal = refused(world.shipment, license, KG)
    assert (refusal.code, [one.code for one in refusal.errors]) == (
        "license-suspended",
        ["license-suspended", "exporter-not-active"],
    )
    assert "Nothing new is reserved until the ministry reinstates the account" in refusal.detail
    assert not Shipment.objects.exists()


def test_a_license_that_alone_is_suspended_says_nothing_of_the_account(world, license):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    assert "account" not in refused(world.shipment, license, KG).detail


def test_what_was_declared_is_cleared_as_usual_and_what_is_reserved_can_be_cancelled(world, license):
    declared, reserved = world.shipment(license, KG), world.shipment(license, KG)
    actions.receive(world.message(declared.ref, "declared"), by=world.customs)
    make.stopped(world)
    number = Shipment.objects.get(pk=declared.pk)
    facts = {"declaration_no": number.declaration_no, "declared_at": number.declared_at}
    assert world.clear(declared.ref, KG, **facts).incidents == []
    assert actions.cancel(reserved.ref, by=world.exporter).state == "cancelled"


def test_what_is_declared_after_the_order_opens_an_incident(world, license):
    held = world.shipment(license, KG)
    make.stopped(world)
    receipt = actions.receive(world.message(held.ref, "declared"), by=world.customs)
    assert [one.kind for one in receipt.incidents] == ["license_not_usable"]


def test_a_qualification_that_was_granted_lapses_and_is_not_given_back(world, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    make.stopped(world)
    row, yesterday = Qualification.objects.get(pk=world.exporter.organization_id), legal_today() - timedelta(days=1)
    assert (row.state, row.last_day) == ("lapsed", yesterday)
    (line,) = told(lines_of(row).filter(verb="lapse"), world.exporter)
    assert line.sentence == ("Qualification for annual licenses lapsed: order 2026-7 stopped the company’s account")
    relay()
    subjects = set(Mail.objects.filter(recipients=world.exporter.user.email).values_list("subject", flat=True))
    assert "Your company’s account is suspended" in subjects
    assert any(subject.startswith("Your company’s qualification") for subject in subjects)
    make.reinstated(world)
    row.refresh_from_db()
    assert (row.state, row.last_day) == ("lapsed", yesterday)


def test_a_qualification_whose_last_day_was_over_keeps_that_day(world, clock):
    """And no order is said to have cut it short, though it were given on the day after."""
    row = Qualification.objects.get(pk=world.exporter.organization_id)
    clock.shift(days=(row.last_day - legal_today()).days + 1)
    make.stopped(world)
    last_day, row = row.last_day, Qualification.objects.get(pk=row.pk)
    assert (row.state, row.last_day) == ("lapsed", last_day)
    assert lines_of(row).filter(verb="lapse").get().facts == {"until": last_day.isoformat()}


def test_a_company_that_never_had_one_has_none_lapsed(ministry, customs):
    world = make.World(ministry, customs, make.exporter(ministry, qualified=False))
    make.stopped(world)
    assert Qualification.objects.get(pk=world.exporter.organization_id).state == "none"


def test_an_open_case_goes_on_and_leads_to_no_license(world):
    ref = approved(world, kind="per_shipment")  # an annual one wants the qualification back
    make.stopped(world)
    refusal = refused(decisions.issue, ref, seen=seen(ref), by=world.ministry.decider)
    assert refusal.code == "exporter-not-active"
    assert "suspended by an order of the ministry" in refusal.detail
    assert (Application.objects.get(ref=ref).state, License.objects.count()) == ("approved", 0)
    make.reinstated(world)
    facts = {"acknowledged": tick(ref), "by": world.ministry.decider}
    assert decisions.issue(ref, seen=seen(ref), **facts).state == "active"


def test_a_stopped_company_files_nothing_and_hears_why(world):
    ref = world.application(kind="per_shipment", by_whom=[world.declaration()])
    make.stopped(world)
    with pytest.raises(Invalid) as refusal:
        applications.submit(ref, seen=seen(ref), by=world.exporter)
    (problem,) = refusal.value.errors
    assert problem.code == "exporter-not-active"
    assert "suspended by an order of the ministry" in problem.message
    assert Application.objects.get(ref=ref).state == "draft"


def test_a_stopped_company_asks_for_no_qualification(world):
    make.stopped(world)
    row = Qualification.objects.get(pk=world.exporter.organization_id)
    refusal = refused(qualifications.ask, seen=make.annual_seen(row.pk), by=world.exporter)
    assert refusal.code == "exporter-not-active"
    assert "suspended by an order of the ministry" in refusal.detail


def test_a_company_that_is_not_active_is_not_suspended(world):
    make.stopped(world)
    assert refused(make.stopped, world).code == "wrong-state"
    assert Stop.objects.count() == 1


# --- reinstate ----------------------------------------------------------------------------------------------
def test_whoever_stopped_it_does_not_reinstate_it(world, license):
    make.stopped(world)
    row, m = company(world), world.ministry
    before = lines_of(row).count()
    with pytest.raises(FourEyes):
        standing.reinstate(row.pk, seen=seen(row.pk), reason="In order", by=m.decider)
    assert (company(world).state, lines_of(row).count(), causes(license)) == ("suspended", before, [("exporter", True)])
    make.reinstated(world)
    stop = Stop.objects.get()
    assert (stop.ended_by, stop.end_reason) == (m.other_decider.user, "Its records are in order.")
    license.refresh_from_db()
    assert (license.state, usable(license), causes(license)) == ("active", [True], [("exporter", False)])
    assert world.shipment(license, KG).state == "reserved"


def test_who_stopped_it_before_may_reinstate_it_when_another_stopped_it_again(world):
    m = world.ministry
    make.stopped(world)
    make.reinstated(world)
    row = company(world)
    standing.suspend(row.pk, seen=seen(row.pk), number="2026-8", provision="p", reason="Again", by=m.other_decider)
    assert standing.reinstate(row.pk, seen=seen(row.pk), reason="In order", by=m.decider).state == "active"


def test_the_account_and_another_cause_end_each_by_itself(world, license):
    m = world.ministry
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=m.decider)
    make.stopped(world)
    assert causes(license) == [("enforcement", True), ("exporter", True)]
    make.reinstated(world)
    license.refresh_from_db()
    assert (license.state, usable(license)) == ("suspended", [False])
    own = license.suspensions.get(cause="enforcement").pk
    licenses.lift(license.ref, seen=seen(license.ref), suspension=own, reason="Cleared up", by=m.other_decider)
    license.refresh_from_db()
    assert (license.state, usable(license)) == ("active", [True])


def test_lifting_another_cause_leaves_the_license_stopped_with_its_company(world, license):
    m = world.ministry
    make.stopped(world)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=m.decider)
    own = license.suspensions.get(cause="enforcement").pk
    licenses.lift(license.ref, seen=seen(license.ref), suspension=own, reason="Cleared up", by=m.other_decider)
    license.refresh_from_db()
    assert (license.state, usable(license)) == ("suspended", [False])


def test_nobody_lifts_what_came_with_the_account(world, license, client):
    make.stopped(world)
    cause, m = license.suspensions.get(), world.ministry
    facts = {"suspension": cause.pk, "reason": "Cleared up", "by": m.other_decider}
    with pytest.raises(Forbidden, match="ends when that is reinstated"):
        licenses.lift(license.ref, seen=seen(license.ref), **facts)
    assert causes(license) == [("exporter", True)]
    text = page(client, m.other_decider, f"/desk/licenses/{license.ref}/")
    assert "This came with the company’s account, and ends when that is reinstated." in text
    assert f'action="/desk/licenses/{license.ref}/lift/"' not in text


def test_a_license_that_expired_meanwhile_stays_so(world, license, clock):
    make.stopped(world)
    clock.shift(days=400)
    licenses.expire(license.pk, by=standing.clock())
    make.reinstated(world)
    license.refresh_from_db()
    assert (license.state, usable(license), causes(license)) == ("expired", [False], [("exporter", False)])
    assert lines_of(license).last().verb == "expire"


def test_a_license_whose_last_clearance_came_meanwhile_is_used_up(world):
    license = world.license(kilograms=10)
    whole = world.shipment(license, 10 * KG)
    make.stopped(world)
    world.clear(whole.ref, 10 * KG)
    license.refresh_from_db()
    assert license.state == "suspended"
    make.reinstated(world)
    license.refresh_from_db()
    assert (license.state, usable(license)) == ("exhausted", [False])


def used_up(world):
    """A license of which all crossed, and the clearance."""
    license = world.license(kilograms=10)
    whole = world.shipment(license, 10 * KG)
    return license, whole, world.clear(whole.ref, 10 * KG).message


def corrected(world, shipment, cleared):
    facts = {"corrects": cleared.message_id, "declaration_no": cleared.declaration_no, "reason": "Weighed again"}
    lines = [actions.ClearedLine(1, 8 * KG, "kg")]
    actions.receive(world.message(shipment.ref, "corrected", lines=lines, **facts), by=world.customs)


def test_one_that_is_used_up_has_no_cause_until_it_is_in_force_again(world):
    license, shipment, cleared = used_up(world)
    make.stopped(world)
    license.refresh_from_db()
    assert (license.state, causes(license)) == ("exhausted", [])
    corrected(world, shipment, cleared)
    license.refresh_from_db()
    assert (license.state, usable(license), causes(license)) == ("suspended", [False], [("exporter", True)])
    make.reinstated(world)
    license.refresh_from_db()
    assert (license.state, usable(license)) == ("active", [True])


def test_one_that_is_in_force_again_afterwards_has_none(world):
    license, shipment, cleared = used_up(world)
    make.stopped(world)
    make.reinstated(world)
    corrected(world, shipment, cleared)
    license.refresh_from_db()
    assert (license.state, causes(license)) == ("active", [])


# --- what PostgreSQL refuses by itself ------------------------------------------------------------------------
def broken(change):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        change()
    return str(refusal.value)


def test_postgresql_stops_no_account_without_an_order(world):
    rows = Exporter.objects.filter(pk=world.exporter.organization_id)
    assert "as long as an order" in broken(lambda: rows.update(**{"state": "suspended"}))


def test_postgresql_reinstates_none_while_an_order_is_open(world):
    make.stopped(world)
    rows = Exporter.objects.filter(pk=world.exporter.organization_id)
    assert "as long as an order" in broken(lambda: rows.update(**{"state": "active"}))


def test_postgresql_lets_nobody_end_his_own_order(world):
    make.stopped(world)
    (stop,) = Stop.objects.all()
    own = {"ended_at": stop.opened_at, "ended_by": stop.opened_by, "end_reason": "x"}
    assert "stop_ended_by_another" in broken(lambda: Stop.objects.update(**own))


def test_postgresql_ends_no_cause_that_came_with_an_account_before_that(world, license):
    make.stopped(world)
    (cause,) = license.suspensions.all()
    ended = {"ended_at": cause.opened_at, "ended_by": world.ministry.other_decider.user}
    assert "when that is active" in broken(lambda: license.suspensions.update(**ended))


# --- pages and REST -------------------------------------------------------------------------------------------
STILL = "Still possible:"


def test_the_company_reads_on_its_pages_what_is_stopped_by_which_order_and_why(world, license, client):
    ref, boss = approved(world), world.exporter
    make.stopped(world)
    for path in ("/", "/company/"):
        text = page(client, boss, path)
        assert all(words in text for words in ("By order 2026-7 of the ministry", WHY, STILL))
        assert str(world.ministry.decider.user) not in text
    text = page(client, boss, f"/licenses/{license.ref}/")
    assert f"Order 2026-7 about the company: {WHY}" in text
    assert '<a class="small" href="/company/">' in text
    assert "no license is issued until the account is reinstated" in page(client, boss, f"/applications/{ref}/")
    make.reinstated(world)
    for path in ("/", "/company/", f"/applications/{ref}/"):
        assert "2026-7 of the ministry" not in page(client, boss, path)


def test_who_prepares_an_application_meanwhile_reads_that_it_can_not_be_sent_and_whom_to_ask(world, client):
    boss, ref = world.exporter, world.application()
    forms, start = (
        ("/applications/new/", f"/applications/{ref}/edit/"),
        'href="/applications/new/"> Start an application',
    )
    assert not any("suspended" in page(client, boss, path) for path in forms)
    assert f'class="btn" {start}' in page(client, boss, "/")
    make.stopped(world)
    for path in forms:
        assert "is suspended by an order of the ministry" in page(client, boss, path)
    assert f'class="btn sec" {start}' in (overview := page(client, boss, "/"))
    asked = "the ministry, by letter that names 2026-7."
    assert asked in overview and asked in page(client, boss, "/company/")
    assert asked not in page(client, world.ministry.auditor, f"/desk/exporters/{boss.organization_id}/")


def test_the_company_reads_which_licenses_and_open_cases_stop_with_it(
    world, license, client, django_assert_num_queries
):
    boss, other, second = world.exporter, world.license(kilograms=10), world.license(kilograms=10)
    over = world.license(kilograms=10)
    ref, draft = world.under_review(world.application()), world.application()
    licenses.surrender(other.ref, seen=seen(other.ref), by=boss)  # no order stops it any more
    make.stopped(world)
    for path in ("/", "/company/"):
        text = page(client, boss, path).split('aria-labelledby="h-stopped"')[1].split("</section>")[0]
        assert f'<a href="/licenses/{license.ref}/">' in text and f'<a href="/applications/{ref}/">' in text
        assert other.ref not in text and draft not in text
    text = page(client, world.ministry.auditor, f"/desk/exporters/{boss.organization_id}/")
    assert f'<a href="/desk/licenses/{license.ref}/">' in text and f'<a href="/desk/cases/{ref}/">' in text
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    assert stopped_with(stranger, boss.organization_id) == {"licenses": [], "cases": []}
    License.objects.filter(pk=over.pk).update(state="expired")  # which ends no cause
    with django_assert_num_queries(2):
        assert stopped_with(boss, boss.organization_id) == {"licenses": [second.ref, license.ref], "cases": [ref]}
    make.reinstated(world)
    assert stopped_with(boss, boss.organization_id) == {"licenses": [], "cases": [ref]}


def test_of_many_that_stop_the_newest_stand_there():
    refs = [f"EL-{number}" for number in range(51)]
    said = {"refs": refs, "own": "license", "of_desk": "desk.license", "actor": {"kind": "exporter"}}
    text = render_to_string("exporters/parts/stopped_refs.html", said)
    assert (text.count("<a "), "These are the 50 newest." in text) == (50, True)


def test_the_ministry_reads_who_stopped_it_and_is_offered_what_he_may(world, license, client):
    ref, m, boss = approved(world), world.ministry, world.exporter
    path = f"/desk/exporters/{boss.organization_id}/"
    assert "1 license in force is suspended with it" in page(client, m.decider, path)
    make.stopped(world)
    for officer, offers in ((m.decider, False), (m.other_decider, True), (m.auditor, False)):
        text = page(client, officer, path)
        assert all(words in text for words in ("By order 2026-7 of the ministry", WHY, STILL, str(m.decider.user)))
        assert (f'action="{path}reinstate/"' in text) is offers
    assert "another officer must reinstate it" in page(client, m.decider, path)
    text = page(client, m.other_decider, f"/desk/cases/{ref}/")
    assert "The company’s account is suspended" in text
    assert 'aria-disabled="true"' in text
    assert "Lanting" in page(client, m.auditor, "/desk/exporters/?view=stopped")


def test_both_are_done_on_the_page(world, license, client):
    m, pk = world.ministry, world.exporter.organization_id
    for officer, verb, facts in (
        (m.decider, "suspend", {"number": "2026-7", "provision": "Art. 1", "reason": WHY}),
        (m.other_decider, "reinstate", {"reason": "In order"}),
    ):
        client.force_login(officer.user)
        answer = client.post(f"/desk/exporters/{pk}/{verb}/", {"seen": seen(pk), **facts})
        assert (answer.status_code, answer.url) == (302, f"/desk/exporters/{pk}/")
    assert list(HistoryLine.objects.filter(subject_kind="exporter", subject_id=pk).values_list("verb", flat=True))[
        -2:
    ] == ["suspend", "reinstate"]


def test_programs_read_the_cause_and_why(world, license, client):
    make.stopped(world)
    client.force_login(world.exporter.user)
    said = client.get(f"/api/v1/licenses/{license.ref}/").json()
    (cause,) = said["suspensions"]
    assert (said["state"], cause["cause"]) == ("suspended", "exporter")
    assert cause["reason"] == f"Order 2026-7 about the company: {WHY}"


def test_a_page_of_a_company_that_is_not_stopped_asks_for_no_order(world, client):
    client.force_login(world.exporter.user)
    with connection.execute_wrapper(lambda run, sql, *rest: _no_stop(run, sql, *rest)):
        assert client.get("/company/").status_code == 200


def _no_stop(run, sql, *rest):
    assert "exporters_stop" not in sql
    return run(sql, *rest)


def test_postgresql_puts_no_license_in_force_while_a_cause_of_its_own_is_open(world, license):
    user, by = license.end_users.get(), world.ministry.reviewer.user
    said = {"cause": "screening", "reason": "Entry 3", "opened_by": by, "opened_at": legal_now()}
    Suspension.objects.create(license=license, end_user=user, **said)  # which closes an end-user alone
    for state in ("suspended", "active"):
        License.objects.filter(pk=license.pk).update(state=state)
    make.stopped(world)
    with pytest.raises(IntegrityError, match="a cause of the license is open"), transaction.atomic():
        License.objects.filter(pk=license.pk).update(state="active")
