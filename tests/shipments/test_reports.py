"""What the holder reports of a shipment that was cleared, until when, and what follows when he does not."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction

from config.local import demo
from core.access import clock as the_clock
from core.deliveries import relay
from core.errors import DomainError, Forbidden, Invalid, NotFound, WrongState
from core.files import EICAR
from core.history import lines_of
from core.legal_time import day_start, legal_today
from core.models import Document, HistoryLine, Mail, Role
from core.selectors import documents_for
from core.telling import sentence
from core.templatetags.lodestone import day
from exporters.models import Qualification
from licensing.actions import decisions, licenses
from licensing.models import License
from shipments import actions, tasks
from shipments.actions import qualifications, reports
from shipments.models import LATE_DAYS, Shipment
from shipments.selectors import overdue_reports, reports_of, reports_to_warn_of
from shipments.states import ShipmentState
from shipments.web import pages
from tests import make
from tests.book import unguarded
from tests.make import annual_seen, needs_of, seen
from tests.plans import plan, uncounted
from tests.said import text_of

DAY = timedelta(days=1)
KG = 1_000
PROOF = ("received.pdf", demo.pdf("Received"))


@pytest.fixture
def cleared(world, license):
    """A shipment that customs cleared today; the license asks for a proof, and the rules for a report in 15 days."""
    row = world.shipment(license, 10 * KG)
    world.clear(row.ref, 10 * KG)
    row.refresh_from_db()
    return row


@pytest.fixture
def departed(world, cleared):
    return reports.depart(cleared.ref, departed_on=legal_today(), by=world.exporter)


def refused(kind, code, verb, *args, **kwargs):
    with pytest.raises(kind) as refusal:
        verb(*args, **kwargs)
    assert refusal.value.code == code
    return refusal.value


def stands(row):
    row.refresh_from_db()
    return row.state, row.departed_on, row.delivered_on, row.delivery_proof_id


def granted(world, *, conditions=()):
    """A license of today with these conditions."""
    signed = [world.declaration()]
    ref = world.under_review(world.application(by_whom=signed))
    officers, facts = world.ministry, {"outcome": "approve", "months": 12, "conditions": list(conditions)}
    decisions.recommend(ref, seen=seen(ref), by=officers.reviewer, **facts)
    decisions.approve(ref, seen=seen(ref), by=officers.decider)
    return decisions.issue(ref, seen=seen(ref), by=officers.decider)


def unreported(world, license, clock, *, late, cleared=None):
    """Its report is so many days overdue: the clock goes on until then."""
    row = cleared or world.shipment(license, KG)
    if cleared is None:
        world.clear(row.ref, KG)
        row.refresh_from_db()
    clock.set(day_start(row.report_due_on + late * DAY) + timedelta(hours=9))
    return row


# --- departure and delivery -------------------------------------------------------------------------------
def test_the_holder_reports_departure_and_delivery_with_their_days_and_a_proof(world, cleared, clock):
    today = legal_today()
    clock.shift(days=3)
    row = reports.depart(cleared.ref, departed_on=today + DAY, by=world.exporter)
    assert stands(row) == ("departed", today + DAY, None, None)
    row = reports.deliver(cleared.ref, delivered_on=today + 2 * DAY, proof=PROOF, by=world.exporter)
    kept = Document.objects.get(name="received.pdf")
    assert stands(row) == ("delivered", today + DAY, today + 2 * DAY, kept.pk)
    assert bytes(kept.content) == PROOF[1]
    told = [sentence(line) for line in lines_of(row)][-2:]
    assert told == [f"Departed on {day(today + DAY)}", f"Delivered on {day(today + 2 * DAY)}"]


def test_a_license_says_what_is_reported_what_is_due_and_what_is_late(world, license, departed, clock, client):
    reports.deliver(departed.ref, delivered_on=legal_today(), proof=PROOF, by=world.exporter)
    world.shipment(license, KG)  # nothing of it crossed
    first = world.shipment(license, KG)
    world.clear(first.ref, KG)
    first.refresh_from_db()
    clock.shift(days=5)
    last = world.shipment(license, KG)
    world.clear(last.ref, KG)
    last.refresh_from_db()
    said = {"asked": 3, "reported": 1, "proved": 1, "due": 2, "next_on": first.report_due_on, "late": 0, "open": 1}
    assert reports_of(license, legal_today()) == said
    clock.set(day_start(first.report_due_on + DAY))
    assert reports_of(license, legal_today()) == said | {"due": 1, "next_on": last.report_due_on, "late": 1}
    client.force_login(world.exporter.user)
    page = " ".join(unescape(client.get(f"/licenses/{license.ref}/").content.decode()).split())
    assert f"Due, the next by {day(last.report_due_on)}" in page and ">Late</dt>" in page


STATED = "Stated only: nothing here checks it by itself."


def conditions_of(client, license):
    """What its page says beside each condition."""
    html = client.get(f"/licenses/{license.ref}/").content.decode()
    conditions = re.search(r'<ol class="conds">.*?</ol>', html, re.DOTALL)[0]
    words = [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in conditions.split("<li>")[1:]]
    return dict(zip(license.conditions.values_list("code", flat=True), words, strict=True))


def test_beside_each_condition_stands_what_becomes_of_it(world, client):
    license = granted(world, conditions=["PORT_ONLY", "NO_RESALE", "NAMED_SITE_ONLY", "DELIVERY_PROOF_30D"])
    first, second = world.shipment(license, KG), world.shipment(license, KG)
    for row in (first, second):
        world.clear(row.ref, KG)
    world.shipment(license, KG)  # nothing of it crossed
    reports.depart(first.ref, departed_on=legal_today(), by=world.exporter)
    reports.deliver(first.ref, delivered_on=legal_today(), proof=PROOF, by=world.exporter)
    client.force_login(world.exporter.user)
    said = conditions_of(client, license)
    proof, port = said.pop("DELIVERY_PROOF_30D"), said.pop("PORT_ONLY")
    assert "which is not taken without one" in proof and proof.endswith("Proved per shipment: 1 of 2.")
    assert "named here is refused" in port and port.endswith("Checked at every reservation.")
    assert "does not pass the goods on" in said["NO_RESALE"] and "stay at the site of use" in said["NAMED_SITE_ONLY"]
    assert all("may suspend or end a license whose condition is broken" in one for one in said.values())
    assert {*said} == {"NO_RESALE", "NAMED_SITE_ONLY"}
    assert all(one.endswith(STATED) for one in said.values())
    License.objects.filter(pk=license.pk).update(ports=[])
    assert conditions_of(client, license)["PORT_ONLY"].endswith(STATED)


def test_the_proof_that_a_condition_asks_for_says_when_it_is_due_beside_the_report(world, client):
    license = granted(world, conditions=["DELIVERY_PROOF_30D"])
    client.force_login(world.exporter.user)
    proof = conditions_of(client, license)["DELIVERY_PROOF_30D"]
    assert "Both are due 15 days after the last clearance of the shipment, sooner than the 30 days" in proof
    assert "Report of each shipment:" in client.get(f"/licenses/{license.ref}/").content.decode()
    License.objects.filter(pk=license.pk).update(report_days=30)
    proof = conditions_of(client, license)["DELIVERY_PROOF_30D"]
    assert "Both are due 30 days after the last clearance of the shipment." in proof


@pytest.mark.slow
def test_a_license_that_ended_asks_only_for_what_is_still_due(world, client, monkeypatch):
    """To be recorded nothing, to be reported what crossed, or may cross still, however long ago it was recorded."""
    monkeypatch.setattr(pages, "MOST_SHIPMENTS", 1)
    asked = (
        "Record each shipment before it leaves.",
        "is reported within 15 days",
        f"While a report is more than {LATE_DAYS} days late, the company can reserve nothing new.",
        "which is not taken without one",
        "Checked at every reservation.",
    )

    def said(license):
        text = text_of(client, world.exporter, f"/licenses/{license.ref}/")
        return tuple(words in text for words in asked)

    conditions = ["PORT_ONLY", "DELIVERY_PROOF_30D"]
    none, open_, crossed = (granted(world, conditions=conditions) for _ in range(3))
    assert said(none) == (True,) * 5
    shipment = world.shipment(crossed, KG)
    world.clear(shipment.ref, KG)
    world.shipment(open_, KG)
    actions.cancel(world.shipment(open_, KG).ref, by=world.exporter)
    for license in (none, open_, crossed):
        make.ended(world, license)
    owed = (False, True, True, True, False)
    assert [said(license) for license in (none, open_, crossed)] == [(False,) * 5, owed, owed]
    reports.depart(shipment.ref, departed_on=legal_today(), by=world.exporter)
    reports.deliver(shipment.ref, delivered_on=legal_today(), proof=PROOF, by=world.exporter)
    assert said(crossed) == (False,) * 5


def test_one_that_is_not_usable_says_not_that_a_shipment_is_recorded_now(world, client):
    license, first = granted(world), legal_today() + 3 * DAY
    path, now = f"/licenses/{license.ref}/", "Record each shipment before it leaves."
    License.objects.filter(pk=license.pk).update(usable_from=first)
    text = text_of(client, world.exporter, path)
    assert f"From {day(first)} on, record each shipment before it leaves." in text and now not in text
    License.objects.filter(pk=license.pk).update(usable_from=legal_today())
    assert now in text_of(client, world.exporter, path)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    assert "ecord each shipment" not in text_of(client, world.exporter, path)


def test_the_parties_of_a_license_have_a_place_of_their_own(license, world, client):
    client.force_login(world.exporter.user)
    page = client.get(f"/licenses/{license.ref}/").content.decode()
    assert '<a href="#h-parties">' in page
    parties = page.split('aria-labelledby="h-parties"')[1].split("</section>")[0]
    assert all(f"/parties/{one.ref}/" in parties for one in (license.end_users.get().party, license.consignees.get()))


@pytest.mark.parametrize(("ahead", "code"), [(-1, "date-out-of-range"), (0, ""), (2, ""), (3, "date-out-of-range")])
def test_it_departs_from_its_clearance_until_today(ahead, code, world, cleared, clock):
    today = legal_today()
    clock.shift(days=2)
    on = today + ahead * DAY
    if not code:
        assert reports.depart(cleared.ref, departed_on=on, by=world.exporter).departed_on == on
        return
    refusal = refused(Invalid, "date-out-of-range", reports.depart, cleared.ref, departed_on=on, by=world.exporter)
    assert [problem.pointer for problem in refusal.errors] == ["/departed_on"]
    assert stands(cleared) == ("cleared", None, None, None)


@pytest.mark.parametrize(("ahead", "code"), [(-1, "date-out-of-range"), (0, ""), (2, ""), (3, "date-out-of-range")])
def test_it_is_delivered_from_its_departure_until_today(ahead, code, world, cleared, clock):
    clock.shift(days=1)
    departed_on = legal_today()
    reports.depart(cleared.ref, departed_on=departed_on, by=world.exporter)
    clock.shift(days=3)
    facts = {"delivered_on": departed_on + ahead * DAY, "proof": PROOF, "by": world.exporter}
    if not code:
        assert reports.deliver(cleared.ref, **facts).state == "delivered"
        return
    refusal = refused(Invalid, "date-out-of-range", reports.deliver, cleared.ref, **facts)
    assert [problem.pointer for problem in refusal.errors] == ["/delivered_on"]
    assert stands(cleared) == ("departed", departed_on, None, None)
    assert not Document.objects.filter(name="received.pdf").exists()


def test_a_proof_is_asked_for_where_a_condition_says_so(world, departed):
    facts = {"delivered_on": legal_today(), "by": world.exporter}
    refusal = refused(Invalid, "required", reports.deliver, departed.ref, **facts)
    assert [problem.pointer for problem in refusal.errors] == ["/proof"]
    assert refusal.errors[0].message.endswith(f"Add it as {reports.FILE_KINDS}.")
    assert stands(departed) == ("departed", legal_today(), None, None)


def test_without_such_a_condition_none_is_asked_for(world):
    row = world.shipment(granted(world), KG)
    world.clear(row.ref, KG)
    reports.depart(row.ref, departed_on=legal_today(), by=world.exporter)
    assert reports.deliver(row.ref, delivered_on=legal_today(), by=world.exporter).delivery_proof is None


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pdf", EICAR, "file-unsafe"),
        ("a.pdf", b"\xff\xd8\xff", "file-not-pdf"),
        ("a.png", demo.pdf("No image"), "file-mismatch"),
        ("a.csv", b"a,b", "file-name"),
        ("a.pdf", b"", "file-empty"),
    ],
)
def test_a_proof_is_a_pdf_or_an_image(name, content, code, world, departed):
    facts = {"delivered_on": legal_today(), "proof": (name, content), "by": world.exporter}
    refusal = refused(Invalid, code, reports.deliver, departed.ref, **facts)
    assert [problem.pointer for problem in refusal.errors] == ["/proof"]
    assert stands(departed) == ("departed", legal_today(), None, None)


def test_who_reads_the_shipment_reads_its_proof(world, departed):
    reports.deliver(departed.ref, delivered_on=legal_today(), proof=PROOF, by=world.exporter)
    stranger = make.exporter(world.ministry, "Stranger Co., Ltd.")
    for reader, seen_ in ((world.exporter, 1), (world.ministry.auditor, 1), (stranger, 0), (world.ministry.admin, 0)):
        assert documents_for(reader).filter(name="received.pdf").count() == seen_


def test_only_the_holders_clerks_and_signatories_report(world, cleared):
    viewer = make.colleague(world.exporter, Role.VIEWER)
    stranger = make.exporter(world.ministry, "Stranger Co., Ltd.")
    today = legal_today()
    for actor, kind in ((viewer, Forbidden), (world.ministry.decider, Forbidden), (stranger, NotFound)):
        with pytest.raises(kind):
            reports.depart(cleared.ref, departed_on=today, by=actor)
    assert stands(cleared) == ("cleared", None, None, None)
    clerk = make.colleague(world.exporter, Role.CLERK)
    assert reports.depart(cleared.ref, departed_on=today, by=clerk).state == "departed"


def test_what_was_cleared_in_part_has_not_left(world, license):
    row = world.shipment(license, 10 * KG)
    world.clear(row.ref, 5 * KG, final=False)
    row.refresh_from_db()
    assert row.report_due_on is None
    with pytest.raises(WrongState):
        reports.depart(row.ref, departed_on=legal_today(), by=world.exporter)
    with pytest.raises(WrongState):
        reports.deliver(row.ref, delivered_on=legal_today(), proof=PROOF, by=world.exporter)


def test_what_customs_clears_after_that_is_booked_with_an_incident(world, departed):
    due = departed.report_due_on
    receipt = world.clear(departed.ref, KG)
    assert [incident.kind for incident in receipt.incidents] == ["after_final"]
    assert stands(departed)[0] == "departed"
    assert departed.report_due_on == due
    assert departed.lines.get().drawn == 11 * KG


@pytest.mark.parametrize("on", [None, "2026-11-01"])
def test_postgresql_keeps_the_days_in_order(on, cleared):
    rows = Shipment.objects.filter(pk=cleared.pk)
    with pytest.raises(IntegrityError, match="shipment_reported_with_its_days"), transaction.atomic():
        rows.update(state="departed")
    rows.update(state="departed", departed_on="2026-11-02")
    with pytest.raises(IntegrityError, match="shipment_reported_with_its_days"), transaction.atomic():
        rows.update(state="delivered", delivered_on=on)
    assert stands(cleared)[0] == "departed"


# --- by when ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("conditions", "rule", "days"),
    [
        (["NO_RESALE"], 15, 15),
        (["DELIVERY_PROOF_30D"], 15, 15),
        (["DELIVERY_PROOF_30D"], 60, 30),
        (["DELIVERY_PROOF_30D"], None, 30),
        ([], 60, 60),
        ([], None, None),
    ],
)
def test_a_license_keeps_the_fewest_days_that_rules_and_conditions_say(conditions, rule, days, world):
    def change(rules, _):
        params = rules["R040"]["effect"]["params"]
        params.pop("report_days_after_shipment") if rule is None else params.update(report_days_after_shipment=rule)

    make.edition(change)
    assert granted(world, conditions=conditions).report_days == days


def test_a_report_is_due_so_many_days_after_the_last_clearance(world, license, clock):
    row = world.shipment(license, 10 * KG)
    world.clear(row.ref, 5 * KG, final=False)
    clock.shift(days=4)
    world.clear(row.ref, 5 * KG)
    row.refresh_from_db()
    assert row.report_due_on == legal_today() + 15 * DAY


def test_where_nobody_asks_no_report_is_owed(world, license):
    License.objects.update(report_days=None)
    row = world.shipment(license, KG)
    world.clear(row.ref, KG)
    row.refresh_from_db()
    assert (row.report_due_on, row.report_on(legal_today())) == (None, None)
    reports.depart(row.ref, departed_on=legal_today(), by=world.exporter)
    assert reports.deliver(row.ref, delivered_on=legal_today(), proof=PROOF, by=world.exporter).state == "delivered"


@pytest.mark.slow
def test_pages_say_until_when_and_how_late(world, cleared, clock, client):
    client.force_login(world.exporter.user)
    pages = [f"/shipments/{cleared.ref}/", "/shipments/", f"/licenses/{cleared.license.ref}/", "/"]

    def says(words):
        texts = (" ".join(unescape(client.get(page).content.decode()).split()) for page in pages)
        return [words in text.replace("more than 30 days late", "") for text in texts]

    due = cleared.report_due_on
    assert says(f"due {day(due)}") == [True] * 4
    unreported(world, None, clock, late=0, cleared=cleared)
    assert says("days late") == [False] * 4
    unreported(world, None, clock, late=12, cleared=cleared)
    assert says("12 days late") == [True] * 4
    reports.depart(cleared.ref, departed_on=legal_today(), by=world.exporter)
    assert says("12 days late") == [True] * 4
    reports.deliver(cleared.ref, delivered_on=legal_today(), proof=PROOF, by=world.exporter)
    assert says("days late") == [False] * 4


@pytest.mark.parametrize(
    ("late", "said", "tone"),
    [
        (-8, "", ""),
        (-7, "in 7 days", "ochre"),
        (0, "today", "ochre"),
        (1, "1 day late.", "red"),
        (30, "30 days late.", "red"),
        (31, "31 days late. Until it is reported nothing new can be reserved.", "red"),
    ],
)
def test_a_report_that_is_due_soon_or_overdue_is_a_need(late, said, tone, world, cleared, clock):
    unreported(world, None, clock, late=late, cleared=cleared)
    found = [need for need in needs_of(world.exporter) if need.title == f"Report the delivery of {cleared.ref}"]
    assert [(said in need.text, need.tone) for need in found] == ([(True, tone)] if said else [])


@pytest.mark.parametrize(
    ("late", "stands"),
    [(-8, ""), (-7, "soon"), (0, "soon"), (1, "overdue"), (30, "overdue"), (31, "bars")],
)
def test_how_a_report_stands_on_a_day_is_what_finds_it_among_many(late, stands, cleared):
    """Each stage is one of the stage before it, too."""
    on, found = cleared.report_due_on + late * DAY, ("", "soon", "overdue", "bars").index(stands)
    report = cleared.report_on(on)
    assert (report.days_late, report.soon, report.overdue, report.bars) == (late, found > 0, found > 1, found > 2)
    asked = (Shipment.due_soon_on(on), Shipment.overdue_on(on), Shipment.barring_on(on), Shipment.in_time_on(on))
    among = [Shipment.objects.filter(one).exists() for one in asked]
    assert among == [found > 0, found > 1, found > 2, found < 2]
    Shipment.objects.filter(pk=cleared.pk).update(report_due_on=None)
    assert not any(Shipment.objects.filter(one).exists() for one in asked)


def test_the_page_reports_and_shows_again_what_was_refused(world, cleared, client):
    client.force_login(world.exporter.user)
    page, today = f"/shipments/{cleared.ref}/", legal_today()
    assert set(client.get(page).context["forms"]) == {"depart"}
    late = client.post(f"{page}depart/", {"departed_on": (today + DAY).isoformat()})
    assert (late.status_code, "This day is still to come" in late.content.decode()) == (422, True)
    assert client.post(f"{page}depart/", {"departed_on": today.isoformat()}).headers["Location"] == page
    assert set(client.get(page).context["forms"]) == {"deliver"}
    bare = client.post(f"{page}deliver/", {"delivered_on": today.isoformat()})
    assert (bare.status_code, stands(cleared)[0]) == (422, "departed")
    proof = SimpleUploadedFile("received.pdf", PROOF[1])
    sent = client.post(f"{page}deliver/", {"delivered_on": today.isoformat(), "proof": proof})
    assert sent.headers["Location"] == page
    shown = client.get(page)
    assert (shown.context["forms"], "received.pdf" in shown.content.decode()) == ({}, True)
    client.force_login(world.ministry.auditor.user)
    assert "received.pdf" in client.get(f"/desk/shipments/{cleared.ref}/").content.decode()


# --- guard 8 ----------------------------------------------------------------------------------------------
def test_a_report_bars_in_the_same_states_and_from_the_same_day_on_for_the_ledger(cleared):
    barring, days = set(), {"departed_on": legal_today(), "delivered_on": legal_today()}
    for state in ShipmentState:
        with unguarded():
            Shipment.objects.update(**days, **{"state": state})
        row = Shipment.objects.get()
        for late in (-1, 0, 1, LATE_DAYS - 1, LATE_DAYS, LATE_DAYS + 1):
            today = row.report_due_on + late * DAY
            said = json.dumps({"accepted": True, "today": str(today), "failures": []})
            with connection.cursor() as cursor:
                owed = "SELECT (shipment_reports_owed(%s::jsonb, %s, %s)->'accepted')::boolean"
                cursor.execute(owed, [said, row.exporter_id, LATE_DAYS])
                barred = not cursor.fetchone()[0]
            report = row.report_on(today)
            assert barred == bool(report and report.bars), (state, late)
            assert barred == Shipment.objects.filter(Shipment.barring_on(today)).exists(), (state, late)
            barring |= {(state, late)} if barred else set()
    assert barring == {("cleared", 31), ("departed", 31)}


@pytest.mark.parametrize(("late", "stopped"), [(30, False), (31, True)])
def test_a_report_overdue_for_more_than_30_days_stops_reservations(late, stopped, world, license, clock):
    owed = unreported(world, license, clock, late=late)
    request = world.request(license, KG)
    check = actions.check(request, by=world.exporter)
    assert check.accepted is not stopped
    if not stopped:
        assert actions.reserve(request, by=world.exporter).ref
        return
    refusal = refused(DomainError, "report-overdue", actions.reserve, request, by=world.exporter)
    (problem,) = refusal.errors
    assert (problem.pointer, problem.code, owed.ref in problem.message) == ("/license", "report-overdue", True)
    assert check.failures[0]["shipments"] == [owed.ref]
    assert Shipment.objects.count() == 1
    reports.depart(owed.ref, departed_on=legal_today(), by=world.exporter)
    refused(DomainError, "report-overdue", actions.reserve, request, by=world.exporter)
    reports.deliver(owed.ref, delivered_on=legal_today(), proof=PROOF, by=world.exporter)
    assert actions.reserve(request, by=world.exporter).ref


def test_it_is_the_last_of_the_guards_and_of_one_company_alone(world, license, clock):
    unreported(world, license, clock, late=31)
    request = world.request(license, 100_000 * KG, port="CNSHA", destination="FR")
    checked = [failure["code"] for failure in actions.check(request, by=world.exporter).failures]
    refusal = refused(DomainError, "destination-not-authorized", actions.reserve, request, by=world.exporter)
    for found in (checked, [problem.code for problem in refusal.errors]):
        assert found == ["destination-not-authorized", "line-exhausted", "report-overdue"]
    other = make.exporter(world.ministry, "Other Co., Ltd.")
    theirs = make.World(world.ministry, world.customs, other)
    assert theirs.shipment(theirs.license(kilograms=10), KG).state == "reserved"


def test_of_many_the_five_that_are_due_longest_are_named(world, license, clock):
    rows = [unreported(world, license, clock, late=-15) for _ in range(6)]
    for number, row in enumerate(rows):
        Shipment.objects.filter(pk=row.pk).update(report_due_on=legal_today() - (40 - number) * DAY)
    (failure,) = actions.check(world.request(license, KG), by=world.exporter).failures
    assert (failure["shipments"], failure["more"]) == ([row.ref for row in rows[:5]], True)
    refusal = refused(DomainError, "report-overdue", actions.reserve, world.request(license, KG), by=world.exporter)
    assert refusal.errors[0].message.count("SH-") == 5
    assert "and others" in refusal.errors[0].message


def test_only_those_of_the_company_that_are_late_for_long_are_named(world, license, clock):
    late, not_yet = (unreported(world, license, clock, late=-15) for _ in range(2))
    theirs = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    foreign = unreported(theirs, theirs.license(kilograms=10), clock, late=-15)
    for row, days in ((late, 31), (not_yet, 30), (foreign, 31)):
        Shipment.objects.filter(pk=row.pk).update(report_due_on=legal_today() - days * DAY)
    (failure,) = actions.check(world.request(license, KG), by=world.exporter).failures
    assert (failure["shipments"], failure["more"]) == ([late.ref], False)


def test_the_guard_reads_an_index(world, license):
    """Whatever was shipped and reported: what is owed for long is found by its own index."""
    uncounted("shipments_shipment")
    found = plan(
        "SELECT ref FROM shipments_shipment WHERE exporter_id = 1 AND state IN ('cleared', 'departed')"
        " AND report_due_on < '2026-11-01' ORDER BY report_due_on, id LIMIT 6"
    )
    assert "Index Cond: ((exporter_id = 1) AND (report_due_on < '2026-11-01'::date))" in found, found


# --- the annual qualification -----------------------------------------------------------------------------
@pytest.mark.parametrize(("late", "over"), [(30, False), (31, True)])
def test_a_report_overdue_for_more_than_30_days_lapses_the_qualification(late, over, world, license, clock, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    owed = unreported(world, license, clock, late=late)
    row = Qualification.objects.get(pk=world.exporter.organization_id)
    last_day = row.last_day
    relay()
    Mail.objects.all().delete()
    assert [tasks.lapse_qualifications() for _ in range(2)] == [int(over), 0]
    row.refresh_from_db()
    if not over:
        assert (row.state, row.last_day) == ("granted", last_day)
        return
    yesterday = legal_today() - DAY
    assert (row.state, row.last_day) == ("lapsed", yesterday)
    line = lines_of(row).last()
    assert (line.actor.nature, owed.ref in sentence(line)) == ("clock", True)
    relay()
    assert [mail.subject for mail in Mail.objects.all()] == [
        f"Your company’s qualification for annual licenses lapsed on {day(legal_today())}"
    ]
    assert License.objects.get(pk=license.pk).state == "active"


def test_nothing_is_granted_or_renewed_while_such_a_report_is_owed(world, license, clock):
    owed = unreported(world, license, clock, late=31)
    pk, decider = world.exporter.organization_id, world.ministry.decider
    Qualification.objects.filter(pk=pk).update(last_day=legal_today() + 10 * DAY)
    facts = {"papers_seen": True, "by": decider}
    refused(DomainError, "report-overdue", qualifications.renew, pk, seen=annual_seen(pk), **facts)
    qualifications.lapse(pk, by=the_clock())
    qualifications.ask(seen=annual_seen(pk), by=world.exporter)
    refusal = refused(DomainError, "report-overdue", qualifications.grant, pk, seen=annual_seen(pk), **facts)
    assert owed.ref in str(refusal.detail)
    assert Qualification.objects.get(pk=pk).state == "asked"


def test_a_company_that_is_not_qualified_lapses_by_nothing(world, license, clock):
    unreported(world, license, clock, late=31)
    pk = world.exporter.organization_id
    qualifications.lapse(pk, by=the_clock())
    assert qualifications.lapse(pk, by=the_clock()) is False
    assert tasks.lapse_qualifications() == 0


# --- mails ------------------------------------------------------------------------------------------------
def test_the_holder_is_told_once_before_and_once_when_it_is_overdue(world, license, clock, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    row = unreported(world, license, clock, late=-8)
    relay()
    Mail.objects.all().delete()
    told = {}
    for late in (-8, -7, -1, 0, 1, 40):
        clock.set(day_start(row.report_due_on + late * DAY) + timedelta(hours=9))
        told[late] = (tasks.warn_of_reports(), tasks.warn_of_reports())
    assert told == {-8: (0, 0), -7: (1, 0), -1: (0, 0), 0: (0, 0), 1: (1, 0), 40: (0, 0)}
    relay()
    due = day(row.report_due_on)
    assert list(Mail.objects.order_by("pk").values_list("subject", flat=True)) == [
        f"{row.ref}: report its delivery by {due}",
        f"{row.ref}: the report of its delivery was due on {due}",
    ]
    mail = Mail.objects.order_by("pk").last()
    assert mail.recipients == world.exporter.user.email
    assert f"/shipments/{row.ref}/" in mail.body


def test_of_what_is_due_today_nobody_is_called_late(world, license, clock):
    row = unreported(world, license, clock, late=0)
    assert reports_to_warn_of(legal_today(), 10) == [row.pk]
    assert reports.warn_of_report(row.pk, by=the_clock()) == "report_due"
    assert reports_to_warn_of(legal_today(), 10) == []


def test_whoever_has_reported_is_told_nothing(world, departed, clock):
    reports.deliver(departed.ref, delivered_on=legal_today(), proof=PROOF, by=world.exporter)
    clock.shift(days=60)
    assert tasks.warn_of_reports() == 0
    assert reports.warn_of_report(departed.pk, by=the_clock()) is None
    assert not HistoryLine.objects.filter(verb__in=["report_due", "report_overdue"]).exists()


def test_the_verb_itself_tells_each_once(world, license, clock):
    """Two sweeps may run at once."""
    row = unreported(world, license, clock, late=-8)
    assert reports.warn_of_report(row.pk, by=the_clock()) is None
    for late, told in ((-7, "report_due"), (1, "report_overdue")):
        clock.set(day_start(row.report_due_on + late * DAY))
        assert [reports.warn_of_report(row.pk, by=the_clock()) for _ in range(2)] == [told, None]


# --- the ministry's list ----------------------------------------------------------------------------------
def refs(client, query=""):
    return [row.ref for row in client.get(f"/desk/reports/{query}").context["listing"].rows]


def test_officers_list_what_is_overdue(world, license, clock, client):
    old, new, fresh = [unreported(world, license, clock, late=-15) for _ in range(3)]
    for row, late in ((old, 31), (new, 1), (fresh, 0)):
        Shipment.objects.filter(pk=row.pk).update(report_due_on=legal_today() - late * DAY)
    reports.depart(new.ref, departed_on=legal_today(), by=world.exporter)
    client.force_login(world.ministry.reviewer.user)
    assert refs(client) == [old.ref, new.ref]
    assert refs(client, "?view=long") == [old.ref]
    assert refs(client, "?state=departed") == [new.ref]
    assert refs(client, "?province=36") == [old.ref, new.ref]
    assert refs(client, "?province=11") == []
    assert refs(client, f"?since={legal_today() - 2 * DAY}") == [new.ref]
    assert refs(client, "?sort=-due") == [new.ref, old.ref]
    assert refs(client, "?q=lanting") == [old.ref, new.ref]
    page = " ".join(client.get("/desk/reports/").content.decode().split())
    assert ("31 days late" in page, "1 day late" in page, fresh.ref in page) == (True, True, False)
    lines = client.get("/desk/reports.csv").content.decode().splitlines()
    assert [line.rsplit(",", 1)[-1] for line in lines[1:]] == ["31", "1"]
    client.force_login(world.exporter.user)
    assert client.get("/desk/reports/").status_code in (403, 404)


def test_an_officer_of_a_province_lists_its_companies(world, license, clock):
    unreported(world, license, clock, late=1)
    seen_by = [
        overdue_reports(actor, legal_today()).count()
        for actor in (world.ministry.reviewer, replace(world.ministry.reviewer, province="11"), world.customs)
    ]
    assert seen_by == [1, 0, 0]
