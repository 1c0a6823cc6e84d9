"""What the overview tells an exporter beside what needs him."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.local import demo
from core.deliveries import relay
from core.legal_time import day_start, legal_today
from core.models import Mail
from core.templatetags.lodestone import day, instant
from exporters import actions as exporters
from licensing.actions import applications, comments, consultations, decisions, editions, questions, receipts
from licensing.models import About, Application
from licensing.selectors import clocks_of
from shipments.actions import receive
from tests import make
from tests.book import forbid
from tests.licensing.test_drafts import changed, described
from tests.make import needs_of, seen

DAY = timedelta(days=1)
MARK = "On hold now"
VERIFYING = "The ministry is verifying your company."


def overview(client, actor):
    client.force_login(actor.user)
    return " ".join(unescape(client.get("/").content.decode()).split())


def issued_in_part(world, kilograms, asked):
    signed = [world.declaration()]
    ref = world.under_review(world.application(kilograms=asked, by_whom=signed))
    less = {"quantities_": {1: kilograms * 1000}, "text": "What the plant takes."}
    m = world.ministry
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=12, conditions=[], by=m.reviewer, **less)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    return decisions.issue(ref, seen=seen(ref), by=m.decider)


def test_a_company_that_is_being_verified_reads_so_until_it_is(ministry, client):
    actor = make.exporter()
    assert VERIFYING not in overview(client, actor)
    pk = demo.send_company(actor)
    assert VERIFYING in overview(client, actor)
    exporters.verify(pk, seen=seen(pk), by=ministry.intake)
    assert VERIFYING not in overview(client, actor)


def test_a_license_that_was_cut_says_of_how_much(world, client):
    issued_in_part(world, 3_500, 5_000)
    assert "3,500 kg of 5,000 kg asked" in overview(client, world.exporter)


def test_a_license_as_it_was_asked_says_nothing_of_it(world, client):
    world.license(kilograms=5_000)
    assert "asked" not in overview(client, world.exporter)


def test_the_overview_asks_the_same_for_one_cut_license_and_two(world, client):
    issued_in_part(world, 1, 5)
    overview(client, world.exporter)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get("/")
        counts.append(len(asked))
        issued_in_part(world, 2, 5)
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("days", "told"), [(29, True), (31, False)])
def test_a_case_that_was_not_accepted_is_told_for_thirty_days(days, told, world, client, clock):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    receipts.not_accept(ref, reason="On no list.", by=world.ministry.intake)
    clock.shift(days=days)
    assert (ref in overview(client, world.exporter)) is told


@pytest.mark.parametrize(("days", "told"), [(29, True), (31, False)])
def test_a_refused_case_is_told_for_thirty_days(days, told, world, client, clock):
    """For ever it would crowd out those that are on their way."""
    ref, m = world.under_review(world.application()), world.ministry
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", factors=["END_USE"], text="No.", by=m.reviewer)
    decisions.refuse(ref, seen=seen(ref), factors=["END_USE"], text="No.", departure="Doubts.", by=m.decider)
    clock.shift(days=days)
    assert (f'<a class="title" href="/applications/{ref}/">' in overview(client, world.exporter)) is told


def test_a_question_is_told_in_the_reviewers_latest_words(world):
    ref, m = world.under_review(world.application()), world.ministry
    due = {"due_on": legal_today() + timedelta(days=9)}
    asked = questions.ask(ref, about=[About.QUANTITY], text="Why so much?", by=m.reviewer, **due)
    pk = asked.questions.get().pk
    questions.answer(ref, question=pk, text="Which line?", final=False, by=world.exporter)
    questions.ask(ref, question=pk, about=[], text="The second one.", by=m.reviewer, **due)
    (need,) = [need for need in needs_of(world.exporter) if "question" in need.title]
    assert "The second one." in need.text and "Why so much?" not in need.text


def test_a_question_asked_on_is_due_on_the_day_that_was_named_last(world):
    ref, m, today = world.under_review(world.application()), world.ministry, legal_today()
    first, last = today + timedelta(days=9), today + timedelta(days=12)
    asked = questions.ask(ref, about=[About.QUANTITY], text="Why so much?", due_on=first, by=m.reviewer)
    pk = asked.questions.get().pk
    questions.answer(ref, question=pk, text="Which line?", final=False, by=world.exporter)
    questions.ask(ref, question=pk, about=[], text="The second one.", due_on=last, by=m.reviewer)
    (need,) = [need for need in needs_of(world.exporter) if "question" in need.title]
    assert (need.text, need.due_on) == (f"{ref}, due {day(last)}. The second one.", last)


def test_the_mail_of_an_issued_license_leads_to_the_license(world, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    license = world.license()
    relay()
    body = Mail.objects.filter(subject__contains="your license was issued").first().body
    assert f"/licenses/{license.ref}/" in body


def test_it_tells_of_rules_to_come_and_of_drafts_that_are_open_for_comment(world, client):
    assert "What changes for you" not in overview(client, world.exporter)
    coming = make.edition(lambda rules, document: document.update(windows=[]), starts_at=day_start(legal_today() + DAY))
    said = overview(client, world.exporter)
    assert "What changes for you" in said and f'href="/rules/editions/{coming.code}/"' in said
    make.repealed(coming)
    assert "What changes for you" not in overview(client, world.exporter)
    m = world.ministry
    row = described(changed(editions.draft(title="Ban", by=m.policy_officer), m), m)
    make.simulated(row.ref, m.policy_officer)
    comments.publish(row.ref, seen=seen(row.ref), until=legal_today() + DAY, by=m.policy_officer)
    assert f'href="/rules/proposals/{row.ref}/"' in overview(client, world.exporter)
    comments.withdraw(row.ref, seen=seen(row.ref), by=m.policy_officer)
    assert "What changes for you" not in overview(client, world.exporter)


def test_it_tells_for_thirty_days_of_rules_that_came_into_force_and_touch_what_one_has(world, client, clock):
    world.license()
    ban = make.edition(forbid(country=["DE"]))
    told = f'href="/rules/editions/{ban.code}/"'
    said = overview(client, world.exporter)
    assert f"since {instant(ban.starts_at)}" in said and told in said
    assert told not in overview(client, make.exporter(world.ministry))
    clock.shift(days=29)
    assert told in overview(client, world.exporter)
    clock.shift(days=31)
    assert told not in overview(client, world.exporter)


def test_the_overview_asks_the_same_for_one_edition_that_came_into_force_and_two(world, client):
    world.license()
    counts = []
    for name, countries in (("FIRST", ["DE"]), ("SECOND", ["DE", "FR"])):
        make.edition(forbid(country=countries), name)
        overview(client, world.exporter)
        with CaptureQueriesContext(connection) as asked:
            client.get("/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_an_accepted_case_says_how_many_of_its_days_are_used_and_when_the_last_one_is(world, client, clock):
    case = world.under_review(world.application())
    clock.shift(days=9)
    [reading] = clocks_of([Application.objects.get(ref=case)], legal_today()).values()
    assert reading.used and f"Day {reading.used} of 45, to be decided by {day(reading.deadline)}" in overview(
        client, world.exporter
    )
    clock.shift(days=99)
    assert f"Overdue: the last day was {day(reading.deadline)}" in overview(client, world.exporter)


def test_a_case_that_is_with_others_says_since_when_its_clock_stands_still(world, client, clock):
    case = world.under_review(world.application())
    consultations.consult(case, cause="expert", notice="An expert is asked.", by=world.ministry.reviewer)
    clock.shift(days=9)
    assert f"Day 0 of 45; the clock stands still since {day(legal_today() - 9 * DAY)}" in overview(
        client, world.exporter
    )


def test_a_shipment_that_is_on_hold_is_marked_wherever_shipments_are_listed(world, client):
    license = world.license(kilograms=1_000)
    world.shipment(license, 1_000)
    client.force_login(world.exporter.user)
    places = ("/", "/shipments/", f"/licenses/{license.ref}/")
    assert [MARK in client.get(place).content.decode() for place in places] == [False] * 3
    make.edition(lambda rules, document: rules["R033"].update(match={"destination.country": license.destinations}))
    assert [MARK in client.get(place).content.decode() for place in places] == [True] * 3


def test_a_shipment_that_is_declared_is_not_marked_on_hold_as_it_is_cleared_as_usual(world, client):
    license = world.license(kilograms=1_000)
    gone = world.shipment(license, 1_000)
    receive(world.message(gone.ref, "declared"), by=world.customs)
    make.ended(world, license)
    client.force_login(world.exporter.user)
    pages = {place: client.get(place).content.decode() for place in ("/", "/shipments/", f"/licenses/{license.ref}/")}
    assert [(gone.ref in page, MARK in page) for page in pages.values()] == [(True, False)] * 3
    page = client.get(f"/shipments/{gone.ref}/").content.decode()
    assert ("On hold" in page, "cleared as usual" in " ".join(page.split())) == (False, True)


def test_the_overview_asks_the_same_for_one_running_clock_and_two(world, client):
    world.shipment(world.license(kilograms=1_000), 1_000)
    world.under_review(world.application())
    overview(client, world.exporter)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get("/")
        counts.append(len(asked))
        world.under_review(world.application())
    assert counts[0] == counts[1]
