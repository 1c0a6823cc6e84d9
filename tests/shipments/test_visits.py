"""Officers record what they found where goods arrived; what its holder reads of that, and where officers do."""

from datetime import timedelta
from html import unescape

import pytest

from config.local import demo
from core.deliveries import relay
from core.errors import Forbidden, Invalid, NotFound
from core.history import lines_of
from core.legal_time import legal_today
from core.models import Mail
from core.selectors import documents_for
from core.telling import told
from licensing.actions import licenses
from licensing.models import License, Visit
from shipments.actions.visits import record_visit
from tests import make
from tests.licensing.test_enforcement import licensed, sold_to
from tests.make import seen

KG = 1000
SAID = {"kind": "site_visit", "outcome": "as_expected", "went": "Two officers", "note": "All of it is there."}


def recorded(world, license, by=None, **said):
    said = SAID | {"made_on": legal_today()} | said
    return record_visit(license.ref, **said, by=by or world.ministry.reviewer)


def refused(world, license, **said):
    with pytest.raises(Invalid) as refusal:
        recorded(world, license, **said)
    assert not Visit.objects.exists()
    return [one.pointer for one in refusal.value.errors]


def page(client, actor, path):
    client.force_login(actor.user)
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


# --- what is recorded ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("officer", ["reviewer", "decider"])
def test_it_stands_with_the_license_which_stays_as_it_is(world, license, officer):
    by = getattr(world.ministry, officer)
    recorded(world, license, by, files=[("report.pdf", demo.pdf("x"))])
    row = Visit.objects.get()
    assert (row.license, row.recorded_by, row.went) == (license, by.user, "Two officers")
    assert [file.name for file in row.files.all()] == ["report.pdf"]
    assert License.objects.get(pk=license.pk).state == "active"
    line = lines_of(license).get(verb="record_visit")
    assert (line.actor, line.reason, line.facts["outcome"]) == (by.user, "", "as_expected")


def test_also_of_a_license_that_has_ended(world, license):
    licenses.surrender(license.ref, seen=seen(license.ref), by=world.exporter)
    recorded(world, license)
    assert License.objects.get(pk=license.pk).state == "surrendered"


@pytest.mark.parametrize("officer", ["intake", "auditor"])
def test_whoever_may_not_hears_that(world, license, officer):
    with pytest.raises(Forbidden):
        recorded(world, license, getattr(world.ministry, officer))


def test_a_license_of_another_company_is_not_found(world, license):
    with pytest.raises(NotFound):
        recorded(world, license, make.exporter(world.ministry, "Elsewhere Co., Ltd."))


@pytest.mark.parametrize("field", ["kind", "outcome", "went", "note", "made_on"])
def test_each_field_that_is_wrong_is_named(world, license, field):
    wrong = {"kind": "tea", "outcome": "fine", "went": " ", "note": " ", "made_on": legal_today() + timedelta(days=1)}
    assert refused(world, license, **{field: wrong[field]}) == [f"/{field}"]


def test_a_file_of_another_kind_is_refused(world, license):
    assert refused(world, license, files=[("report.exe", b"MZ")]) == ["/files"]


def test_without_a_name_it_is_whom_the_shipment_names_or_who_alone_is_named(world, license):
    shared = licensed(world, sold_to(world, "Müller Motoren"), sold_to(world, "Bosse Antriebe"))
    bosse = shared.end_users.get(party__name="Bosse Antriebe")
    goods = world.shipment(shared, KG, end_user=bosse.party.ref)
    recorded(world, license)
    recorded(world, shared)
    recorded(world, shared, shipment=goods.ref)
    found = [row.end_user for row in Visit.objects.order_by("pk")]
    assert found == [license.end_users.get(), None, bosse]


def test_whom_and_what_it_is_about_the_license_names(world, license):
    shared = licensed(world, sold_to(world, "Müller Motoren"), sold_to(world, "Bosse Antriebe"))
    bosse, mueller = (shared.end_users.get(party__name=name).party for name in ("Bosse Antriebe", "Müller Motoren"))
    goods = world.shipment(shared, KG, end_user=bosse.ref)
    assert refused(world, license, shipment=goods.ref) == ["/shipment"]
    assert refused(world, license, end_user=bosse.ref) == ["/end_user"]
    assert refused(world, shared, end_user=mueller.ref, shipment=goods.ref) == ["/end_user"]
    recorded(world, shared, end_user=bosse.ref, shipment=goods.ref)


# --- who reads it -------------------------------------------------------------------------------------------
def test_officers_read_the_words_and_the_holder_the_outcome(world, license, client, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    relay()
    before = Mail.objects.count()
    recorded(world, license, outcome="discrepancy", files=[("report.pdf", demo.pdf("x"))])
    relay()
    assert Mail.objects.count() == before
    file = Visit.objects.get().files.get()
    theirs = page(client, world.exporter, f"/licenses/{license.ref}/")
    assert client.get(f"/documents/{file.pk}/").status_code == 404
    assert not documents_for(world.customs).filter(pk=file.pk).exists()  # who sees each license
    for words in ("Checks and visits", "Site visit", "Discrepancy"):
        assert words in theirs
    for words in ("All of it is there.", "Two officers", "report.pdf"):
        assert words not in theirs
    (line,) = told(lines_of(license).filter(verb="record_visit"), world.exporter)
    assert line.sentence.startswith("Site visit on ")
    assert line.sentence.endswith(": Discrepancy")
    ours = page(client, world.ministry.reviewer, f"/desk/licenses/{license.ref}/")
    for words in ("All of it is there.", "Two officers", "report.pdf"):
        assert words in ours
    assert client.get(f"/documents/{file.pk}/").status_code == 200


def test_it_is_shown_with_what_else_that_end_user_has(world, client):
    declared = sold_to(world, "Müller Motoren"), sold_to(world, "Bosse Antriebe")
    shared = licensed(world, *declared)
    recorded(world, shared, end_user=declared[0].end_user.ref)
    recorded(world, shared, end_user=declared[1].end_user.ref, note="Half of it is not.")
    text = page(client, world.ministry.reviewer, f"/desk/declarations/{declared[0].ref}/")
    assert "All of it is there." in text
    assert "Half of it is not." not in text
    text = page(client, world.ministry.reviewer, f"/desk/cases/{shared.application.ref}/")
    assert "All of it is there." in text
    assert "Half of it is not." in text


def test_a_discrepancy_leads_a_decider_on_and_does_nothing_by_itself(world, license, client):
    recorded(world, license)
    onward = f"/desk/licenses/enforcement/?end_user={license.end_users.get().party.ref}"
    assert onward not in page(client, world.ministry.decider, f"/desk/licenses/{license.ref}/")
    recorded(world, license, outcome="discrepancy")
    text = page(client, world.ministry.decider, f"/desk/licenses/{license.ref}/")
    assert onward in text
    assert f"/desk/licenses/{license.ref}/#h-suspend" in text
    assert onward not in page(client, world.ministry.reviewer, f"/desk/licenses/{license.ref}/")
    assert License.objects.get(pk=license.pk).state == "active"


def test_it_is_recorded_on_the_licenses_page(world, license, client):
    client.force_login(world.ministry.reviewer.user)
    sent = SAID | {"made_on": legal_today().isoformat(), "end_user": "", "shipment": ""}
    answer = client.post(f"/desk/licenses/{license.ref}/record_visit/", sent, follow=True)
    assert "Recorded. Nothing else has changed." in answer.content.decode()
    assert Visit.objects.get().end_user == license.end_users.get()
    answer = client.post(f"/desk/licenses/{license.ref}/record_visit/", sent | {"went": " "})
    assert answer.status_code == 422
