"""Who may file for annual licenses: a published test in numbers, a company that asks, a decider who answers."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, time, timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connections, transaction

from config.local import demo
from core.access import clock as the_clock
from core.errors import DomainError, Forbidden, Invalid, NotFound, WrongState
from core.history import lines_of
from core.legal_time import LEGAL_ZONE, day_end, day_start, legal_day, legal_now, legal_today, months_after
from core.models import Delivery, Document
from core.templatetags.lodestone import day
from exporters import selectors
from exporters.menu import waiting
from exporters.models import CompliancePaper, Examination, Exporter, PaperRecord, Qualification
from licensing.actions import licenses
from licensing.loading import load
from licensing.models import Suspension
from shipments import tasks
from shipments.actions import incidents, qualifications
from shipments.models import Handling, Incident, Shipment
from shipments.qualifying import examine, of_kept
from tests import make
from tests.make import annual_seen

DAY = timedelta(days=1)
PDF = ("paper.pdf", demo.pdf("A paper"))


@pytest.fixture
def company(world):
    """A company that was verified 180 days ago and handed nothing in."""
    return make.exporter(world.ministry, "Plain Co., Ltd.", qualified=False)


def row_of(company):
    return Qualification.objects.get(pk=company.organization_id)


def exam(company, at=None):
    """The results of the test by their names."""
    exporter = Exporter.objects.get(pk=company.organization_id)
    return {one.id: one for one in examine(exporter, at or legal_now()).results}


def missing(company, at=None):
    return {name for name, one in exam(company, at).items() if not one.met}


def audited(company, ago=30):
    return qualifications.file_audit(file=PDF, audited_on=legal_today() - ago * DAY, by=company)


def recorded(company, number=12, first=None, last=None):
    days = {"first_day": first or legal_today() - 90 * DAY, "last_day": last or legal_today() - DAY}
    return qualifications.file_record(file=PDF, number=number, by=company, **days)


def accepted(company, world, record, verb=qualifications.accept_record):
    pk = company.organization_id
    return verb(pk, seen=annual_seen(pk), which=record.pk, reason="Compared", by=world.ministry.decider)


def asked(company, by=None):
    return qualifications.ask(seen=annual_seen(company.organization_id), by=by or company)


def granted(company, by, **more):
    pk = company.organization_id
    return qualifications.grant(pk, **{"seen": annual_seen(pk), "papers_seen": True} | more, by=by)


def renewed(company, by):
    pk = company.organization_id
    return qualifications.renew(pk, seen=annual_seen(pk), papers_seen=True, by=by)


def declined(company, by):
    pk = company.organization_id
    return qualifications.decline(pk, seen=annual_seen(pk), reason="Too little so far", by=by)


def refused(kind, code, verb, *args, **kwargs):
    with pytest.raises(kind) as refusal:
        verb(*args, **kwargs)
    assert refusal.value.code == code
    return refusal.value


def words(page):
    return " ".join(unescape(page.content.decode()).split())


# --- each threshold, at its limit -------------------------------------------------------------------------
def test_whoever_has_nothing_but_an_account_is_told_what_is_missing(company):
    found = exam(company)
    assert {name: one.met for name, one in found.items()} == {
        "account": True,
        "clearances": False,
        "incidents": True,
        "causes": True,
        "audit": False,
    }
    assert found["clearances"].told.endswith("12 are missing.") and found["clearances"].told.startswith("0 of 12")
    assert "unverified" in found["clearances"].line and "Default of this product" in found["audit"].line


@pytest.mark.parametrize(("days", "met"), [(179, False), (180, True)])
def test_an_account_counts_from_the_day_on_which_it_was_verified(company, days, met):
    verified = legal_now() - timedelta(days=days)
    Exporter.objects.filter(pk=company.organization_id).update(verified_at=verified)
    found = exam(company)["account"]
    assert (found.met, found.found, found.day) == (met, days, legal_day(verified) + 180 * DAY)
    assert ("were over on" if met else "are over on") in found.told


def test_an_account_that_nobody_verified_has_no_days(world):
    waiting = make.exporter(None, "Waiting Co., Ltd.")
    found = exam(waiting)["account"]
    assert (found.met, found.since) == (False, None) and "not verified yet" in found.told


@pytest.mark.parametrize("number", [11, 12])
def test_clearances_on_an_accepted_record_count(company, world, number):
    accepted(company, world, recorded(company, number))
    found = exam(company)["clearances"]
    assert (found.met, found.found, found.paper) == (number == 12, number, number)
    assert ("1 is missing." in found.told) is (number == 11)


def test_a_record_that_nobody_accepted_counts_nothing(company, world):
    waiting, no = recorded(company), recorded(company)
    accepted(company, world, no, qualifications.refuse_record)
    assert exam(company)["clearances"].found == 0
    assert list(row_of(company).waiting) == [waiting]


@pytest.mark.parametrize(("late", "counts"), [(0, 12), (1, 0)])
def test_a_record_counts_as_long_as_all_its_days_are_looked_back_on(company, world, late, counts):
    first = months_after(legal_today(), -24)
    accepted(company, world, recorded(company, first=first - late * DAY))
    assert exam(company)["clearances"].found == counts


def test_what_customs_cleared_here_counts_from_its_day_on(world, license):
    shipment = world.shipment(license, 1_000)
    before = exam(world.exporter)["clearances"].found
    world.clear(shipment.ref, 1_000)
    assert exam(world.exporter)["clearances"].found == before + 1
    since = day_start(months_after(legal_today(), -24))
    for at, counted in ((since, 1), (since - timedelta(seconds=1), 0)):
        Shipment.objects.filter(pk=shipment.pk).update(cleared_at=at)
        assert exam(world.exporter)["clearances"].found == before + counted


def test_the_day_is_told_through_which_all_that_was_cleared_counts(world):
    """What is missing is to be cleared by then, or more will be."""
    company = world.exporter
    assert exam(make.exporter(world.ministry, "New Co., Ltd.", qualified=False))["clearances"].day is None
    record = PaperRecord.objects.get(exporter=company.organization_id)
    found = exam(company)["clearances"]
    assert found.day == months_after(record.first_day, 24)
    assert found.told.endswith(f"All that were found count through {day(found.day)}.")
    assert exam(company, day_end(found.day) - timedelta(seconds=1))["clearances"].found == found.found
    assert exam(company, day_end(found.day))["clearances"].found == 0
    shipment = world.shipment(world.license(kilograms=100), 1_000)
    world.clear(shipment.ref, 1_000)
    Shipment.objects.filter(pk=shipment.pk).update(cleared_at=day_start(record.first_day - DAY))
    assert exam(company)["clearances"].day == months_after(record.first_day - DAY, 24)


def incident_of(world):
    """One of a shipment of this world's company, still open."""
    shipment = world.shipment(world.license(kilograms=100), 1_000)
    ref = world.clear(shipment.ref, 200_000).incidents[0].ref
    return Incident.objects.get(ref=ref)


def test_an_open_incident_counts_whatever_its_age(world):
    incident_of(world)
    found = exam(world.exporter)["incidents"]
    assert (found.met, found.found, found.day) == (False, 1, None) and "Too many of them are open" in found.told


@pytest.mark.parametrize(("late", "met"), [(0, False), (1, True)])
def test_an_ended_incident_counts_for_twelve_months(world, late, met):
    incident = incident_of(world)
    edge = months_after(legal_today(), -12) - late * DAY
    at = datetime.combine(edge, time(12), LEGAL_ZONE)
    Handling.objects.filter(incident=incident).update(ended_at=at, owner=world.ministry.decider.user)
    found = exam(world.exporter)["incidents"]
    assert (found.met, found.found) == (met, 1 - late)
    assert found.day == (None if met else legal_today() + DAY)
    assert met or "It will be met from" in found.told


def test_an_incident_that_is_followed_is_ended_by_its_verb(world):
    incident, decider = incident_of(world), world.ministry.decider
    incidents.take(incident.ref, seen=make.seen(incident.ref), by=decider)
    incidents.end(incident.ref, seen=make.seen(incident.ref), reason="Booked", by=decider)
    found = exam(world.exporter)["incidents"]
    assert found.day == months_after(legal_today(), 12) + DAY


@pytest.mark.parametrize(("late", "met"), [(None, False), (0, False), (1, True)])
def test_an_enforcement_cause_counts_while_it_is_open_and_for_twelve_months(world, license, late, met):
    """late None: it is open."""
    licenses.suspend(license.ref, seen=make.seen(license.ref), reason="Inspection", by=world.ministry.decider)
    if late is not None:
        end = datetime.combine(months_after(legal_today(), -12) - late * DAY, time(12), LEGAL_ZONE)
        ended = {"opened_at": end - DAY, "ended_at": end, "ended_by": world.ministry.other_decider.user}
        Suspension.objects.update(**ended)
    assert exam(world.exporter)["causes"].met is met


def test_causes_of_another_kind_do_not_count(world, license):
    licenses.suspend(license.ref, seen=make.seen(license.ref), reason="Inspection", by=world.ministry.decider)
    Suspension.objects.update(cause="over_clearance")
    assert exam(world.exporter)["causes"].found == 0


@pytest.mark.parametrize(("late", "met"), [(0, True), (1, False)])
def test_an_audit_counts_for_twenty_four_months(company, late, met):
    on = months_after(legal_today(), -24) - late * DAY
    qualifications.file_audit(file=PDF, audited_on=on, by=company)
    found = exam(company)["audit"]
    assert (found.met, found.since) == (met, on)
    assert found.day == legal_today() - late * DAY
    assert ("it counts through" if met else "it counted until") in found.told


def test_the_audit_that_was_handed_in_last_counts(company):
    audited(company, ago=1)
    audited(company, ago=900)
    assert missing(company) == {"clearances", "audit"}


def test_what_other_companies_have_does_not_count(company, world):
    incident_of(world)
    license = world.license(kilograms=100)
    licenses.suspend(license.ref, seen=make.seen(license.ref), reason="Inspection", by=world.ministry.decider)
    world.clear(world.shipment(world.license(kilograms=100), 1_000).ref, 1_000)
    found = exam(company)
    assert [found[name].found for name in ("clearances", "incidents", "causes", "audit")] == [0, 0, 0, 0]


def test_an_edition_that_changes_the_test_does_so_from_its_start(company, world, clock):
    audited(company)

    def change(rules, document):
        document["thresholds"] = [row for row in document["thresholds"] if row["id"] != "incidents"]
        next(row for row in document["thresholds"] if row["id"] == "clearances")["number"] = 0

    make.edition(change, starts_at=legal_now() + DAY)
    assert missing(company) == {"clearances"} and "incidents" in exam(company)
    clock.shift(days=1, seconds=1)
    found = exam(company)
    assert all(one.met for one in found.values()) and "incidents" not in found


# --- asking and answering ---------------------------------------------------------------------------------
def test_whoever_asks_keeps_the_numbers_with_that(company):
    assert asked(company).state == "asked"
    kept = Examination.objects.get(qualification=company.organization_id)
    assert (kept.occasion, kept.missing, kept.examined_by) == ("ask", 2, company.user)
    assert [of_kept(one) for one in kept.results] == list(exam(company).values())
    line = lines_of(row_of(company)).last()
    assert (line.verb, line.edition, line.facts) == ("ask", kept.edition, {"missing": 2})


def test_a_decider_grants_through_the_same_day_twelve_months_on(company, world):
    audited(company)
    accepted(company, world, recorded(company))
    asked(company)
    assert granted(company, world.ministry.decider).state == "granted"
    until = months_after(legal_today(), 12)
    assert selectors.last_days([company.organization_id]) == {company.organization_id: until}
    kept = Examination.objects.filter(qualification=company.organization_id).latest("pk")
    assert (kept.occasion, kept.missing, kept.paper) == ("grant", 0, CompliancePaper.objects.latest("pk"))


def test_nobody_grants_what_is_not_met(company, world):
    audited(company)
    asked(company)
    refusal = refused(DomainError, "test-not-met", granted, company, world.ministry.decider)
    assert "0 of 12 clearances" in refusal.detail and "12 are missing" in refusal.detail
    assert row_of(company).state == "asked"


def test_the_papers_are_seen_before_it_is_granted(company, world):
    audited(company)
    accepted(company, world, recorded(company))
    asked(company)
    refusal = refused(Invalid, "required", granted, company, world.ministry.decider, papers_seen=False)
    assert [one.pointer for one in refusal.errors] == ["/papers_seen"]


def test_without_papers_nothing_is_granted_though_the_rules_ask_for_no_audit(company, world):
    make.edition(lambda rules, document: document.pop("thresholds"))
    asked(company)
    refused(Invalid, "required", granted, company, world.ministry.decider)


def test_a_decider_declines_and_the_numbers_stay(company, world):
    asked(company)
    assert declined(company, world.ministry.decider).state == "none"
    kept = Examination.objects.filter(qualification=company.organization_id).latest("pk")
    assert (kept.occasion, kept.missing) == ("decline", 2)
    assert asked(company).state == "asked"


def test_postgresql_grants_nothing_that_is_not_met(company, world):
    asked(company)
    facts = {"edition": "E", "results": [], "examined_by": company.user, "examined_at": legal_now()}
    facts |= {"qualification": row_of(company), "occasion": "grant", "paper": None}
    for given in ({"missing": 1, "paper": audited(company)}, {"missing": 0}):
        with pytest.raises(IntegrityError, match="examination_granted_when_met"), transaction.atomic():
            Examination.objects.create(**facts | given)


def test_only_deciders_answer_and_only_signatories_ask(company, world):
    m = world.ministry
    clerk, viewer = (make.colleague(company, role) for role in ("clerk", "viewer"))
    for who in (clerk, viewer):
        refused(Forbidden, "forbidden", asked, company, by=who)
    asked(company)
    for verb in (granted, declined, renewed):
        for who in (m.reviewer, m.intake, m.auditor):
            refused(Forbidden, "forbidden", verb, company, who)
        refused(Forbidden, "forbidden", verb, company, company)
        refused(NotFound, "not-found", verb, company, world.exporter)
        refused(NotFound, "not-found", verb, company, m.policy_officer)


def test_clerks_hand_papers_in_and_viewers_do_not(company, world):
    clerk, viewer = (make.colleague(company, role) for role in ("clerk", "viewer"))
    for verb in (audited, recorded):
        verb(clerk)
        refused(Forbidden, "forbidden", verb, viewer)
    record = row_of(company).waiting[0]
    for verb in (qualifications.accept_record, qualifications.refuse_record):
        for who in (world.ministry.reviewer, world.ministry.auditor, company):
            facts = {"seen": annual_seen(company.organization_id), "which": record.pk, "reason": "-", "by": who}
            refused(Forbidden, "forbidden", verb, company.organization_id, **facts)


def test_an_account_that_is_not_active_does_nothing_of_it(world):
    waiting = make.exporter(None, "Waiting Co., Ltd.")
    for verb in (asked, audited, recorded):
        refused(DomainError, "exporter-not-active", verb, waiting)


def test_days_to_come_and_days_out_of_order_are_refused(company):
    today = legal_today()
    assert audited(company, ago=0).audited_on == today
    said = refused(Invalid, "date-out-of-range", audited, company, ago=-1)
    assert [one.pointer for one in said.errors] == ["/audited_on"]
    assert recorded(company, first=today, last=today).number == 12
    for days in ({"first": today, "last": today + DAY}, {"first": today, "last": today - DAY}):
        said = refused(Invalid, "date-out-of-range", recorded, company, **days)
        assert [one.pointer for one in said.errors] == ["/last_day"]


def test_a_record_is_answered_once_and_no_day_counts_twice(company, world):
    first, second = recorded(company), recorded(company)
    accepted(company, world, first)
    refused(WrongState, "wrong-state", accepted, company, world, first)
    refused(DomainError, "record-overlaps", accepted, company, world, second)
    accepted(company, world, second, qualifications.refuse_record)
    for days in ({"first": first.last_day, "last": legal_today()}, {"first": None, "last": first.first_day}):
        one_day = recorded(company, first=days["first"] or first.first_day - 30 * DAY, last=days["last"])
        refused(DomainError, "record-overlaps", accepted, company, world, one_day)
        accepted(company, world, one_day, qualifications.refuse_record)
    beside = recorded(company, first=first.last_day + DAY, last=legal_today())
    accepted(company, world, beside)
    assert exam(company)["clearances"].found == 24


def test_a_record_of_another_company_is_none_of_these(company, world):
    other = recorded(world.exporter, first=legal_today(), last=legal_today())
    refused(Invalid, "required", accepted, company, world, other)


def test_whoever_hands_in_anything_else_than_a_pdf_is_told(company):
    for verb, facts in (
        (qualifications.file_audit, {"audited_on": legal_today()}),
        (qualifications.file_record, {"number": 1, "first_day": legal_today(), "last_day": legal_today()}),
    ):
        said = refused(Invalid, "file-not-pdf", verb, file=("a.pdf", b"x"), by=company, **facts)
        assert [one.pointer for one in said.errors] == ["/file"]


# --- renewing and lapsing ---------------------------------------------------------------------------------
@pytest.mark.parametrize(("before", "code"), [(61, "renewal-not-open"), (60, ""), (0, ""), (-1, "renewal-not-open")])
def test_it_is_renewed_in_its_last_sixty_days(world, clock, before, code):
    last_day = make.qualified_until(world.exporter)
    clock.set(datetime.combine(last_day - before * DAY, time(12), LEGAL_ZONE))
    accepted(world.exporter, world, recorded(world.exporter))
    if code:
        refusal = refused(DomainError, code, renewed, world.exporter, world.ministry.decider)
        assert ("it has lapsed" in refusal.detail) is (before < 0)
    else:
        assert renewed(world.exporter, world.ministry.decider).last_day == months_after(last_day, 12)


def test_it_is_renewed_when_the_test_is_met_then(world, clock):
    clock.set(datetime.combine(make.qualified_until(world.exporter), time(12), LEGAL_ZONE))
    refusal = refused(DomainError, "test-not-met", renewed, world.exporter, world.ministry.decider)
    assert "0 of 12 clearances" in refusal.detail


def test_the_clock_ends_it_on_the_day_after_and_a_worker_that_sleeps_changes_nothing(world, clock):
    company = world.exporter
    last_day = make.qualified_until(company)
    clock.set(datetime.combine(last_day, time(23, 59, 58), LEGAL_ZONE))
    assert tasks.lapse_qualifications() == 0 and row_of(company).standing_on(legal_today()) == "granted"
    clock.set(datetime.combine(last_day + DAY, time(0, 0, 1), LEGAL_ZONE))
    assert (row_of(company).state, row_of(company).standing_on(legal_today())) == ("granted", "lapsed")
    assert (tasks.lapse_qualifications(), tasks.lapse_qualifications()) == (1, 0)
    assert row_of(company).state == "lapsed"
    assert Delivery.objects.filter(line__verb="lapse", line__subject_kind="qualification").count() == 1


def test_whoever_asks_after_the_last_day_needs_no_worker_for_that(world, clock):
    company = world.exporter
    clock.set(datetime.combine(make.qualified_until(company) + DAY, time(1), LEGAL_ZONE))
    refused(DomainError, "stale", qualifications.ask, seen=annual_seen(company.organization_id) - 1, by=company)
    refused(Forbidden, "forbidden", asked, company, by=make.colleague(company, "clerk"))
    assert asked(company).state == "asked"
    told = [(line.verb, line.actor.nature) for line in lines_of(row_of(company))][-2:]
    assert told == [("lapse", "clock"), ("ask", "person")]


def test_whoever_is_qualified_does_not_ask(world):
    refused(WrongState, "wrong-state", asked, world.exporter)


def test_no_license_is_closed_by_a_lapse(world, license, clock):
    Qualification.objects.filter(pk=world.exporter.organization_id).update(last_day=legal_today() - DAY)
    qualifications.lapse(world.exporter.organization_id, by=the_clock())
    license.refresh_from_db()
    assert license.state == "active"


# --- pages ------------------------------------------------------------------------------------------------
def test_a_company_sees_the_test_at_any_time_and_asks_in_its_page(company, world, client):
    client.force_login(company.user)
    text = words(client.get("/company/"))
    assert "Not qualified" in text and "2 thresholds of the test are not met yet" in text
    assert "0 of 12 clearances since" in text and "No compliance program was handed in." in text
    today = legal_today().isoformat()
    assert "The test is not met today, and before it is nobody can grant this." in text
    paper = {"file": _upload(), "audited_on": today}
    assert client.post("/company/file_audit/", paper).status_code == 302
    record = {"file": _upload(), "number": "12", "first_day": today, "last_day": today}
    assert client.post("/company/file_record/", record).status_code == 302
    text = words(client.get("/company/"))
    assert "Waits for a deciding officer" in text and "1 threshold of the test is not met yet" in text
    assert client.post("/company/ask/", {"seen": annual_seen(company.organization_id)}).status_code == 302
    assert "Asked for; a deciding officer of the ministry answers." in words(client.get("/company/"))


def _upload():
    return SimpleUploadedFile("paper.pdf", demo.pdf("A paper"))


def test_what_was_typed_stays_when_it_is_refused(company, client):
    client.force_login(company.user)
    ahead = (legal_today() + DAY).isoformat()
    page = client.post("/company/file_audit/", {"file": _upload(), "audited_on": ahead})
    assert page.status_code == 422
    assert ahead in words(page) and "This day is still to come." in words(page)
    assert client.post("/company/ask/", {"seen": 99}).status_code == 412


def test_a_decider_finds_who_asked_reads_the_papers_and_answers(company, world, client):
    audited(company)
    record = recorded(company)
    decider, pk = world.ministry.decider, company.organization_id
    client.force_login(decider.user)
    found = client.get("/desk/exporters/", {"view": "annual"})
    assert [row.pk for row in found.context["listing"].rows] == [pk]
    text = words(client.get(f"/desk/exporters/{pk}/"))
    assert "Accept a record on paper" in text and "Grant the annual channel" not in text
    for document in Document.objects.filter(organization=company.organization, name="paper.pdf"):
        assert client.get(f"/documents/{document.pk}/").status_code == 200
    said = {"seen": annual_seen(pk), "which": record.pk, "reason": "Compared"}
    assert client.post(f"/desk/exporters/{pk}/accept_record/", said).status_code == 302
    assert client.get("/desk/exporters/", {"view": "annual"}).context["listing"].rows == []
    asked(company)
    assert "Grant the annual channel" in words(client.get(f"/desk/exporters/{pk}/"))
    unseen = client.post(f"/desk/exporters/{pk}/grant/", {"seen": annual_seen(pk)})
    assert unseen.status_code == 422 and "Look at the papers" in words(unseen)
    assert list(unseen.context["forms"]["grant"].errors) == ["papers_seen"]
    said = {"seen": annual_seen(pk), "papers_seen": "on"}
    page = client.post(f"/desk/exporters/{pk}/grant/", said, follow=True)
    assert "Granted: the company may file for annual licenses." in words(page)


def test_the_company_reads_why_it_was_declined_in_numbers(company, world, client):
    asked(company)
    client.force_login(world.ministry.decider.user)
    assert "so the annual channel can’t be granted" in words(client.get(f"/desk/exporters/{company.organization_id}/"))
    declined(company, world.ministry.decider)
    audited(company)
    client.force_login(company.user)
    text = words(client.get("/company/"))
    assert "Too little so far" in text and "Missing: 0 of 12 clearances" in text
    assert "Missing: No audit" in text and "the test stood so" in text


def test_deciders_see_how_many_wait_and_who_is_to_be_renewed(company, world, client, clock):
    asked(company)
    client.force_login(world.ministry.decider.user)
    assert [waiting(who).count() for who in (world.ministry.decider, world.ministry.intake)] == [1, 0]
    view = {"view": "renewal"}
    assert client.get("/desk/exporters/", view).context["listing"].rows == []
    clock.set(datetime.combine(make.qualified_until(world.exporter) - 60 * DAY, time(12), LEGAL_ZONE))
    found = client.get("/desk/exporters/", view).context["listing"].rows
    assert [row.pk for row in found] == [world.exporter.organization_id]
    text = words(client.get(f"/desk/exporters/{world.exporter.organization_id}/"))
    assert "It may be renewed now, and the test is not met today." in text
    clock.set(datetime.combine(make.qualified_until(world.exporter) + DAY, time(12), LEGAL_ZONE))
    assert client.get("/desk/exporters/", view).context["listing"].rows == []


def test_an_officer_of_another_province_reads_nothing_of_it(company, world):
    elsewhere = replace(world.ministry.decider, province="33")
    asked(company)
    refused(NotFound, "not-found", granted, company, elsewhere)
    assert not selectors.to_answer(elsewhere).exists() and selectors.to_answer(world.ministry.decider).exists()


# --- races ------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_deciders_answer_at_once_and_one_of_them_is_told(transactional_db):
    load()
    officers = make.ministry()
    company = make.exporter(officers, qualified=False)
    asked(company)
    pk = company.organization_id
    seen = annual_seen(pk)

    def answer(by):
        try:
            return qualifications.decline(pk, seen=seen, reason="No", by=by).state
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(answer, (officers.decider, officers.other_decider)))
    assert sorted(found) == ["none", "wrong-state"]
    assert Examination.objects.filter(occasion="decline").count() == 1
