"""A company closes its account: when nothing of it is open any more, and for good."""

from html import unescape

import pytest

from config.local import demo
from core.access import actor_for_user
from core.errors import DomainError, Forbidden, Invalid
from core.history import lines_of
from core.legal_time import legal_today
from core.models import Organization, User
from exporters import actions as exporters
from exporters.models import Exporter
from licensing.actions import applications, licenses
from licensing.models import License
from shipments.actions import cancel, closing, deliver, depart, receive
from tests import make
from tests.make import seen

KG = 1000


def close(world, by=None):
    return closing.close(seen=seen(world.exporter.organization_id), by=by or world.exporter)


def against(world):
    """The codes of what keeps it open, and that nothing was changed."""
    before = lines_of(Exporter.objects.get(pk=world.exporter.organization_id)).count()
    with pytest.raises(DomainError) as refusal:
        close(world)
    row = Exporter.objects.select_related("organization").get(pk=world.exporter.organization_id)
    assert (refusal.value.code, row.state, row.organization.closed_at) == ("not-to-close", "active", None)
    assert lines_of(row).count() == before
    return {one.code: one.message for one in refusal.value.errors}


def ended(license):
    License.objects.filter(pk=license.pk).update(**{"state": "expired"})


def test_a_company_of_which_nothing_is_open_closes_for_good(world):
    assert close(world).state == "closed"
    row = Exporter.objects.select_related("organization").get(pk=world.exporter.organization_id)
    assert row.organization.closed_at == lines_of(row).last().at
    with pytest.raises(DomainError) as again:
        close(world)
    assert again.value.code == "wrong-state"


def test_only_a_signatory_closes_it(world):
    with pytest.raises(Forbidden):
        close(world, by=make.colleague(world.exporter, "clerk"))
    assert not Organization.objects.exclude(closed_at=None).exists()


def test_a_stopped_company_does_not_slip_away(world):
    make.stopped(world)
    with pytest.raises(DomainError) as refusal:
        close(world)
    assert refusal.value.code == "wrong-state"


@pytest.mark.parametrize("state", ["active", "suspended"])
def test_a_license_that_is_not_over_keeps_it_open(world, license, state):
    if state == "suspended":
        licenses.suspend(license.ref, seen=seen(license.ref), reason="x", by=world.ministry.decider)
    assert against(world) == {
        "license-in-force": f"Licenses that are not over: {license.ref}. Wait for the last day of each, use it up, "
        "or hand it back."
    }
    ended(license)
    assert close(world).state == "closed"


def test_an_open_case_keeps_it_open_and_a_draft_does_not(world):
    draft, ref = (world.application(by_whom=[world.declaration()]) for _ in range(2))
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    (words,) = against(world).values()
    assert ref in words
    assert draft not in words
    applications.withdraw(ref, by=world.exporter)
    assert close(world).state == "closed"


def test_what_customs_may_still_clear_keeps_it_open(world, license):
    held, declared = world.shipment(license, KG), world.shipment(license, KG)
    receive(world.message(declared.ref, "declared"), by=world.customs)
    ended(license)
    (words,) = against(world).values()
    assert words.startswith(f"Shipments that may still cross: {held.ref}, {declared.ref}.")
    cancel(held.ref, by=world.exporter)
    assert declared.ref in against(world)["shipment-open"]
    receive(world.message(declared.ref, "rejected"), by=world.customs)
    assert close(world).state == "closed"


def test_a_report_that_is_owed_keeps_it_open_due_or_not(world):
    license = world.license(kilograms=100)
    shipment = world.shipment(license, KG)
    world.clear(shipment.ref, KG)
    ended(license)
    assert against(world) == {
        "report-owed": f"Deliveries that are not reported: {shipment.ref}. Report each on its shipment’s page."
    }
    proof, today = ("proof.pdf", demo.pdf("Received")), legal_today()
    depart(shipment.ref, departed_on=today, by=world.exporter)
    assert "report-owed" in against(world)
    deliver(shipment.ref, delivered_on=today, proof=proof, by=world.exporter)
    assert close(world).state == "closed"


def test_a_shipment_of_which_no_report_is_owed_does_not(world, license):
    License.objects.filter(pk=license.pk).update(report_days=None)
    world.clear(world.shipment(license, KG).ref, KG)
    ended(license)
    assert close(world).state == "closed"


def test_what_is_open_of_others_keeps_nobody(world, license):
    other = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Other Co., Ltd."))
    assert close(other).state == "closed"


def test_everything_that_is_open_is_named_at_once_and_many_by_their_first(world, license):
    for _ in range(6):
        world.shipment(license, KG)
    ref = world.application(by_whom=[world.declaration()])
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    found = against(world)
    assert list(found) == ["license-in-force", "case-open", "shipment-open"]
    assert ", and others." in found["shipment-open"]


def test_its_people_read_and_change_nothing(world, client):
    clerk = make.colleague(world.exporter, "clerk", "viewer")
    close(world)
    for person in (world.exporter, clerk):
        assert actor_for_user(User.objects.get(pk=person.user.pk)).roles == {"viewer"}
        client.force_login(person.user)
        for path in ("/", "/company/", "/parties/", "/applications/"):
            assert client.get(path).status_code == 200
        text = " ".join(unescape(client.get("/company/").content.decode()).split())
        assert "Its credit code stays held: no other account is opened under it." in text
        assert "<form" not in text.partition("<main")[2].partition("</main>")[0]
        answer = client.post("/parties/new/", {"name": "New"})
        assert answer.status_code == 403
        assert "The account is closed: all of it can be read" in answer.content.decode()
    assert exporters.Party.objects.count() == 0


def test_its_keys_read_and_change_nothing_one_that_is_remembered_too(world, license, client):
    key = make.key(world.exporter, *make.EXPORTER_SCOPES)
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "before"}
    body = world.body(license, "1.000")
    url = "/api/v1/shipments/"
    assert client.post(url, body, "application/json", headers=headers).status_code == 201
    cancel(License.objects.get().shipments.get().ref, by=world.exporter)
    ended(license)
    close(world)
    headers["Idempotency-Key"] = "after"
    answer = client.post(url, world.body(license, "1.000"), "application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "The account is closed" in answer.json()["detail"]
    assert client.get("/api/v1/licenses/", headers=headers).status_code == 200


def test_a_closed_companys_credit_code_stays_held(world):
    row = Exporter.objects.get(pk=world.exporter.organization_id)
    close(world)
    with pytest.raises(Invalid) as refusal:
        exporters.require_free_credit_code(row.uscc)
    assert refusal.value.errors[0].code == "already-registered"


def test_it_is_closed_on_the_companys_page_when_nothing_stands_in_the_way(world, license, client):
    def card():
        text = unescape(client.get("/company/").content.decode())
        return " ".join(text.partition('aria-labelledby="h-close"')[2].partition("</section>")[0].split())

    client.force_login(world.exporter.user)
    assert license.ref in card()
    assert "<form" not in card()
    ended(license)
    assert 'action="/company/close/"' in card()
    pk = world.exporter.organization_id
    assert client.post("/company/close/", {"seen": seen(pk)}).status_code == 422
    assert client.post("/company/close/", {"seen": seen(pk), "sure": "on"}).url == "/company/"
    assert Exporter.objects.get(pk=pk).state == "closed"
    client.force_login(world.ministry.auditor.user)
    assert "The account is closed" in client.get(f"/desk/exporters/{pk}/").content.decode()


def test_a_clerk_is_offered_no_closing(world, client):
    client.force_login(make.colleague(world.exporter, "clerk").user)
    assert "h-close" not in client.get("/company/").content.decode()
