"""Incidents: what customs reported stays; who follows it, what was found out and why it ended stand beside it."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from core.errors import DomainError, Forbidden, NotFound, WrongState
from core.history import lines_of
from core.legal_time import legal_now
from licensing.actions import licenses
from shipments.actions import incidents, officers, receive
from shipments.models import Handling, Incident
from tests import make
from tests.make import seen


@pytest.fixture
def incident(world):
    return reported(world)


def reported(world):
    """A message about a shipment that nobody knows."""
    return receive(world.message(make.unknown("SH")), by=world.customs).incidents[0]


def stand(incident):
    """Who has it, whether it has ended, and what its history says."""
    row = Handling.objects.get(incident=incident)
    return row.owner, bool(row.ended_at), [(line.verb, line.reason) for line in lines_of(incident)]


def test_an_incident_begins_with_nobody_and_open(incident):
    assert stand(incident) == (None, False, [])


def test_it_is_taken_noted_and_ended_with_a_reason(world, incident):
    by, reported_as = world.ministry.reviewer, Incident.objects.values().get()
    incidents.take(incident.ref, seen=0, by=by)
    incidents.note(incident.ref, text="Customs mistyped it.", by=world.ministry.decider)
    incidents.end(incident.ref, seen=2, reason="They sent it again.", by=by)
    assert stand(incident) == (
        by.user,
        True,
        [("take", ""), ("note", "Customs mistyped it."), ("end", "They sent it again.")],
    )
    assert Incident.objects.values().get() == reported_as


def test_each_reader_has_the_report_in_his_own_language(world, client):
    message = world.message(make.unknown("SH"), declared_at=datetime(2026, 11, 20, 1, tzinfo=UTC))
    with translation.override("zh-hans"):
        incident = receive(message, by=world.customs).incidents[0]
    values = f"{message.shipment}, declaration {message.declaration_no}, declared at 20 Nov 2026, 09:00."
    assert incident.report == f"Message about an unknown shipment: {values}"
    with translation.override("zh-hans"):
        assert f"报关单 {message.declaration_no}" in incident.report
    client.force_login(world.ministry.reviewer.user)
    assert values in unescape(client.get(f"/desk/incidents/{incident.ref}/").content.decode())
    assert incident.ref in client.get(f"/desk/incidents/?q={message.declaration_no}").content.decode()


def test_a_report_of_before_stands_as_it_was_written():
    assert Incident(kind="unknown_shipment", text="未知货件：SH-1。").report == "未知货件：SH-1。"


def test_another_officer_takes_it_over_and_whoever_has_it_already_does_not(world, incident):
    first, second = world.ministry.reviewer, world.ministry.decider
    incidents.take(incident.ref, seen=0, by=first)
    with pytest.raises(WrongState):
        incidents.take(incident.ref, seen=1, by=first)
    assert stand(incident) == (first.user, False, [("take", "")])
    incidents.take(incident.ref, seen=1, by=second)
    assert stand(incident)[0] == second.user


def test_only_whoever_has_it_ends_it(world, incident):
    incidents.take(incident.ref, seen=0, by=world.ministry.reviewer)
    with pytest.raises(Forbidden, match="Take it first"):
        incidents.end(incident.ref, seen=1, reason="Done.", by=world.ministry.decider)
    assert stand(incident) == (world.ministry.reviewer.user, False, [("take", "")])


@pytest.mark.parametrize("verb", ["take", "end"])
def test_nothing_is_decided_on_an_old_page(verb, world, incident):
    by = world.ministry.reviewer
    if verb == "end":
        incidents.take(incident.ref, seen=0, by=by)
    old = seen(incident.ref)
    incidents.note(incident.ref, text="Wait: customs calls back.", by=world.ministry.decider)
    before = stand(incident)
    with pytest.raises(DomainError) as refused:
        getattr(incidents, verb)(incident.ref, seen=old, by=by, **({"reason": "Done."} if verb == "end" else {}))
    assert refused.value.code == "stale"
    assert stand(incident) == before


@pytest.mark.parametrize("verb", ["take", "note", "end"])
def test_an_ended_one_stays_as_it_ended(verb, world, incident):
    by = world.ministry.reviewer
    incidents.take(incident.ref, seen=0, by=by)
    incidents.end(incident.ref, seen=1, reason="A mistake of customs.", by=by)
    before = stand(incident)
    facts = {"take": {"seen": 2}, "note": {"text": "More."}, "end": {"seen": 2, "reason": "Again."}}[verb]
    who = world.ministry.decider if verb == "take" else by
    with pytest.raises(WrongState):
        getattr(incidents, verb)(incident.ref, by=who, **facts)
    assert stand(incident) == before


@pytest.mark.parametrize("verb", ["take", "note", "end"])
def test_the_verb_asks_the_role_itself(verb, world, incident):
    facts = {"take": {"seen": 0}, "note": {"text": "x"}, "end": {"seen": 0, "reason": "x"}}[verb]
    with pytest.raises(Forbidden, match="role"):
        getattr(incidents, verb)(incident.ref, by=world.ministry.auditor, **facts)
    with pytest.raises(NotFound):
        getattr(incidents, verb)(incident.ref, by=world.exporter, **facts)
    assert stand(incident) == (None, False, [])


def test_postgresql_keeps_an_ended_incident_with_whoever_ended_it(incident):
    with pytest.raises(IntegrityError, match="handling_ended_by_owner"), transaction.atomic():
        Handling.objects.update(ended_at=legal_now())
    assert stand(incident) == (None, False, [])


# --- pages ------------------------------------------------------------------------------------------------


def refs(client, query):
    return [row.ref for row in client.get(f"/desk/incidents/{query}").context["listing"].rows]


def test_the_list_filters_by_who_has_it_and_kind(world, client):
    mine, ended, free = reported(world), reported(world), reported(world)
    shipment = world.shipment(world.license(kilograms=10), 10_000)
    over = world.clear(shipment.ref, 11_000).incidents[0]
    by = world.ministry.reviewer
    for one in (mine, ended):
        incidents.take(one.ref, seen=0, by=by)
    incidents.end(ended.ref, seen=1, reason="Done.", by=by)
    client.force_login(by.user)
    assert refs(client, "") == refs(client, "?view=open") == [over.ref, free.ref, mine.ref]
    assert refs(client, "?view=mine") == [mine.ref]
    assert refs(client, "?view=all") == [over.ref, free.ref, ended.ref, mine.ref]
    assert refs(client, "?view=all&kind=over_cleared") == [over.ref]
    assert client.get("/desk/incidents/").context["listing"].counts == {"open": 3, "mine": 1, "all": 4}
    for query in ("view=none", "kind=none"):
        assert client.get(f"/desk/incidents/?{query}").status_code == 422


def test_the_list_asks_the_same_for_one_and_three(world, client, django_assert_num_queries):
    client.force_login(world.ministry.reviewer.user)
    reported(world)
    client.get("/desk/incidents/")
    with django_assert_num_queries(5):
        client.get("/desk/incidents/")
    for _ in range(2):
        incidents.take(reported(world).ref, seen=0, by=world.ministry.decider)
    with django_assert_num_queries(5):
        client.get("/desk/incidents/")


def test_an_officer_follows_it_in_the_page(world, client, incident):
    page = f"/desk/incidents/{incident.ref}/"
    client.force_login(world.ministry.reviewer.user)
    assert set(client.get(page).context["forms"]) == {"take", "note"}
    assert client.post(f"{page}take/", {"seen": "0"}).headers["Location"] == page
    assert set(client.get(page).context["forms"]) == {"note", "end"}
    client.post(f"{page}note/", {"text": "Rang customs."})
    assert client.post(f"{page}end/", {"seen": "2", "reason": " "}).status_code == 422
    stale = client.post(f"{page}end/", {"seen": "1", "reason": "A typing error."})
    assert (stale.status_code, "A typing error." in unescape(stale.content.decode())) == (412, True)
    client.post(f"{page}end/", {"seen": "2", "reason": "A typing error."})
    after = client.get(page)
    assert (after.context["forms"], after.context["end"].reason) == ({}, "A typing error.")


def test_what_customs_asks_stands_above_the_incidents_until_it_is_answered(world, client):
    shipment = world.shipment(world.license(kilograms=10), 1_000)
    for event, reason in (("declared", ""), ("questioned", "Are these magnets?")):
        receive(world.message(shipment.ref, event, reason=reason), by=world.customs)

    def page(actor):
        client.force_login(actor.user)
        return client.get("/desk/incidents/").content.decode()

    waits = "Customs holds the goods and waits for an answer"
    found = page(world.ministry.reviewer)
    assert all(text in found for text in (waits, "Are these magnets?", f"/desk/shipments/{shipment.ref}/"))
    assert re.search(r'>\s*Incidents\s*<span class="count">', found)
    assert waits in page(world.ministry.auditor)
    officers.answer(shipment.ref, seen=seen(shipment.ref), reason="They are.", by=world.ministry.reviewer)
    assert waits not in page(world.ministry.reviewer)


def test_the_auditor_reads_it_and_is_offered_nothing(world, client, incident):
    client.force_login(world.ministry.auditor.user)
    assert client.get(f"/desk/incidents/{incident.ref}/").context["forms"] == {}
    assert client.post(f"/desk/incidents/{incident.ref}/take/", {"seen": "0"}).status_code == 403
    assert stand(incident) == (None, False, [])


def test_a_message_of_the_counter_is_called_so(world, client):
    for name in ("page:0123", "GAC-0123"):
        receive(world.message(make.unknown("SH"), message_id=name), by=world.customs)
    client.force_login(world.ministry.reviewer.user)
    page = client.get("/desk/incidents/").content.decode()
    assert ("at the counter" in page, "page:0123" in page, "GAC-0123" in page) == (True, False, True)


def test_the_holder_reads_that_it_is_looked_at_and_no_note(world, client):
    shipment = world.shipment(world.license(kilograms=10), 10_000)
    over = world.clear(shipment.ref, 11_000).incidents[0]
    incidents.note(over.ref, text="Between us", by=world.ministry.reviewer)
    client.force_login(world.exporter.user)
    page = unescape(client.get(f"/shipments/{shipment.ref}/").content.decode())
    assert (over.ref in page, "Between us" in page) == (True, False)
    assert client.get(f"/desk/incidents/{over.ref}/").status_code in (403, 404)


def test_two_offices_may_number_a_message_alike(world, license, client):
    """What one message reported is shown together; another office's message of that number is another one."""
    shipments = [world.shipment(license, 1_000) for _ in range(2)]
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    first, second = (
        receive(world.message(shipment.ref, "declared", message_id="GAC-X"), by=office).incidents[0]
        for shipment, office in zip(shipments, (world.customs, make.customs()), strict=True)
    )
    client.force_login(world.ministry.reviewer.user)
    page = client.get(f"/desk/incidents/{first.ref}/").content.decode()
    assert first.ref in page and second.ref not in page
