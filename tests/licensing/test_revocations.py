"""The ministry ends a license: what must be said, what lapses, and what everybody reads of it."""

from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from config.local import demo
from core.access import clock as actor_clock
from core.deliveries import relay
from core.errors import DomainError, Invalid
from core.history import lines_of
from core.legal_time import legal_today
from core.models import Document, Mail, Membership, Proposal, User
from core.selectors import documents_for
from core.telling import sentence
from core.templatetags.lodestone import day
from exporters.models import Qualification
from licensing import books
from licensing.actions import decisions, licenses, revocations
from licensing.models import License, Obstacle, Revocation, Suspension
from licensing.models.balances import LicenseLine
from licensing.tasks import expire_licenses
from shipments.actions import receive
from tests import make
from tests.licensing.test_amendments import asks, begun, decided, replaced
from tests.make import end_proposed, needs_of, seen
from tests.refused import breaches
from tests.said import refused, text_of

KG = 1000
HEARD = {"end_reason": "penalty", "hearing": ("hearing.pdf", demo.pdf("Heard"))}


def wrong(world, license, **said):
    with pytest.raises(Invalid) as refused:
        end_proposed(world, license, **said)
    assert not Proposal.objects.exists()
    return [(one.pointer, one.code) for one in refused.value.errors]


# --- what is proposed -------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["active", "suspended"])
def test_a_license_in_force_or_suspended_ends(state, world, license):
    if state == "suspended":
        licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    make.ended(world, license)
    assert License.objects.get().state == "revoked"
    kept = Revocation.objects.get()
    assert (kept.end_reason, kept.reason, kept.heard_on, kept.hearing) == (
        "quash",
        "The contract was forged.",
        None,
        None,
    )
    assert kept.provision == make.ENDING["provision"]
    last = lines_of(license).last()
    assert (last.verb, last.from_state, last.to_state) == ("revoke", state, "revoked")
    assert (last.at, last.actor, last.reason) == (kept.revoked_at, world.ministry.other_decider.user, kept.reason)


def test_what_was_free_lapses_and_no_line_is_open(world, license):
    world.shipment(license, 30 * KG)
    make.ended(world, license)
    line = LicenseLine.objects.get()
    assert (line.open, line.reserved, line.lapsed, line.available) == (False, 30 * KG, 70 * KG, 0)
    assert books.drift() == []


def test_everything_is_said_and_all_that_is_missing_is_named(world, license):
    nothing = {"end_reason": "", "provision": " "}
    assert wrong(world, license, **nothing) == [("/end_reason", "invalid"), ("/provision", "required")]


def test_a_penalty_needs_the_record_of_a_hearing_and_its_day(world, license):
    today = legal_today()
    assert wrong(world, license, end_reason="penalty") == [("/hearing", "required"), ("/heard_on", "required")]
    assert wrong(world, license, **HEARD) == [("/heard_on", "required")]
    assert wrong(world, license, end_reason="penalty", heard_on=today) == [("/hearing", "required")]
    assert wrong(world, license, end_reason="quash", heard_on=today) == [("/hearing", "required")]
    assert wrong(world, license, **HEARD, heard_on=today + timedelta(days=1)) == [("/heard_on", "date-out-of-range")]
    assert wrong(world, license, **HEARD | {"hearing": ("hearing.pdf", b"no")}, heard_on=today) == [
        ("/hearing", "file-not-pdf")
    ]
    make.ended(world, license, **HEARD, heard_on=today)
    kept = Revocation.objects.get()
    assert (kept.end_reason, kept.heard_on, kept.hearing) == ("penalty", today, Document.objects.latest("pk"))
    assert kept.hearing == Proposal.objects.get().document


def test_a_hearing_is_no_older_than_the_license_that_it_is_about(world):
    with demo.earlier(20):
        license, issued = world.license(kilograms=100), legal_today()
    changed = replaced(world, license, 90)
    before = {"heard_on": issued - timedelta(days=1)}
    assert wrong(world, changed, **HEARD, **before) == [("/heard_on", "date-out-of-range")]
    assert end_proposed(world, changed, **HEARD, heard_on=issued).state == "active"


def test_a_penalty_ends_the_qualification_for_annual_licenses_until_it_is_asked_for_anew(
    world, license, client, settings
):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    other = world.license(kilograms=50)
    end_proposed(world, license, **make.heard())
    text = text_of(client, world.ministry.other_decider, f"/desk/licenses/{license.ref}/")
    assert "It comes back only when the company asks anew and meets the test then." in text
    revocations.revoke(license.ref, seen=seen(license.ref), by=world.ministry.other_decider)
    row = Qualification.objects.get(pk=world.exporter.organization_id)
    assert (row.state, row.last_day) == ("lapsed", legal_today() - timedelta(days=1))
    line = lines_of(row).get(verb="lapse")
    assert sentence(line) == (
        f"Qualification for annual licenses lapsed: license {license.ref} was revoked as a penalty"
    )
    relay()
    subjects = Mail.objects.filter(recipients=world.exporter.user.email).values_list("subject", flat=True)
    assert f"Your company’s qualification for annual licenses lapsed on {day(legal_today())}" in subjects
    shown = text_of(client, world.exporter, "/company/")
    assert f"license {license.ref} was revoked as a penalty, on {day(legal_today())}." in shown
    assert "could be filed for through" not in shown
    text = text_of(client, world.ministry.decider, f"/desk/licenses/{other.ref}/")
    assert "one that was lifted too, for as many months after its end as the rules say" in text


def test_a_change_of_an_annual_license_that_was_filed_before_a_penalty_is_not_issued_after_it(world, license):
    m, other = world.ministry, world.license(kilograms=50)
    ref = decided(world, asks(begun(world, other), 40))
    make.ended(world, license, **make.heard())
    assert refused(decisions.issue, ref, seen=seen(ref), by=m.decider).code == "channel-closed"


@pytest.mark.parametrize("heard", [True, False])
def test_the_page_of_a_revoked_license_says_when_a_hearing_was(heard, world, license, client):
    """As its letter does."""
    make.ended(world, license, **(make.heard() if heard else {}))
    text = text_of(client, world.exporter, f"/licenses/{license.ref}/")
    assert (f"A hearing was held on {day(legal_today())}; its record is kept." in text) is heard
    assert ("A hearing was held" in text) is heard


def test_a_penalty_on_a_company_without_a_qualification_ends_its_license(world, license):
    make.stopped(world)
    make.ended(world, license, **make.heard())
    row = Qualification.objects.get(pk=world.exporter.organization_id)
    assert (License.objects.get().state, lines_of(row).filter(verb="lapse").count()) == ("revoked", 1)


def test_what_is_no_penalty_leaves_the_qualification(world, license):
    make.ended(world, license)
    assert Qualification.objects.get(pk=world.exporter.organization_id).state == "granted"


def test_the_record_of_a_hearing_is_opened_by_officers_who_see_the_license(world, license, client):
    end_proposed(world, license, **HEARD, heard_on=legal_today())
    paper = Document.objects.latest("pk")
    text = text_of(client, world.ministry.other_decider, f"/desk/licenses/{license.ref}/")
    assert f'href="/documents/{paper.pk}/"' in text and paper.sha256 in text
    assert documents_for(world.ministry.other_decider).filter(pk=paper.pk).exists()
    assert not documents_for(world.exporter).filter(pk=paper.pk).exists()


def test_the_form_asks_for_it_and_keeps_what_was_typed(world, license, client):
    client.force_login(world.ministry.decider.user)
    path = f"/desk/licenses/{license.ref}/propose_revoke/"
    said = make.ENDING | {"end_reason": "penalty", "seen": seen(license.ref)}
    answer = client.post(path, said)
    text = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "Add the record of the hearing" in text and "The contract was forged." in text
    answer = client.post(path, said | {"hearing": demo_file(), "heard_on": legal_today().isoformat()})
    assert answer.status_code == 302
    assert Proposal.objects.get().facts["heard_on"] == legal_today().isoformat()


def demo_file():
    return SimpleUploadedFile("hearing.pdf", demo.pdf("Heard"), "application/pdf")


def test_the_second_officer_reads_what_exactly_will_happen(world, license, client):
    declared, also, reserved = (world.shipment(license, kilograms * KG).ref for kilograms in (15, 5, 10))
    declared_to_customs(world, declared)
    declared_to_customs(world, also)
    end_proposed(world, license)
    text = text_of(client, world.ministry.other_decider, f"/desk/licenses/{license.ref}/")
    assert "Line 1, 1C905.a.4: 70 kg that are free lapse." in text
    assert "2 shipments are declared to customs: they are cleared as usual." in text and "Line 1: 20 kg held." in text
    assert "1 shipment is only reserved: it must not be declared any more." in text and "Line 1: 10 kg held." in text
    assert declared in text and reserved in text


def declared_to_customs(world, ref):
    return receive(world.message(ref, "declared"), by=world.customs)


# --- PostgreSQL -------------------------------------------------------------------------------------------


def test_postgresql_refuses_what_breaks_a_constraint(world, license):
    other, second = world.license(kilograms=1), world.license(kilograms=2)
    make.ended(world, license, **HEARD, heard_on=legal_today())
    end_proposed(world, other)
    fresh = {"license_id": str(other.pk), "proposal_id": str(Proposal.objects.latest("pk").pk)}
    cases = [
        ("licensing_revocation.revocation_says_why", fresh | {"reason": "''"}),
        ("licensing_revocation.revocation_says_why", fresh | {"provision": "''"}),
        ("licensing_revocation.revocation_end_reason", fresh | {"end_reason": "'gone'"}),
        ("licensing_revocation.revocation_penalty_was_heard", fresh | {"hearing_id": "NULL"}),
        ("licensing_revocation.revocation_penalty_was_heard", fresh | {"heard_on": "NULL"}),
        ("licensing_revocation.licensing_revocation_proposal_id_key", {"license_id": str(second.pk)}),
    ]
    assert [breaches([case]) for case in cases] == [{}] * len(cases)


def test_it_is_never_written_again(world, license):
    make.ended(world, license)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Revocation.objects.update(reason="Another")


def test_nothing_leads_back_and_time_ends_it_no_more(world, license, clock):
    make.ended(world, license)
    for verb, said in (
        (licenses.suspend, {"reason": "x"}),
        (revocations.revoke, {}),
        (revocations.propose_revoke, make.ENDING),
        (revocations.drop_revoke, {"reason": "x"}),
    ):
        with pytest.raises(DomainError) as refused:
            verb(license.ref, seen=seen(license.ref), **said, by=world.ministry.decider)
        assert refused.value.code == "wrong-state"
    clock.shift(days=400)
    assert not licenses.expire(license.pk, by=actor_clock())
    assert expire_licenses() == 0
    assert License.objects.get().state == "revoked"


# --- what is read of it -----------------------------------------------------------------------------------


def test_nothing_is_reserved_on_it_and_the_refusal_says_why(world, license):
    make.ended(world, license)
    with pytest.raises(DomainError) as refused:
        world.shipment(license, KG)
    assert refused.value.code == "license-not-active"
    assert refused.value.errors[0].message == (
        "The ministry ended this license; its page says when and why. Use another license, or apply for a new one."
    )
    row = License.objects.get()
    assert (row.obstacle_on(legal_today()), row.over_on(legal_today())) == (Obstacle.REVOKED, True)


def test_its_holder_reads_when_how_why_and_what_it_means(world, license, client, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    declared = world.shipment(license, 20 * KG).ref
    declared_to_customs(world, declared)
    world.shipment(license, 10 * KG)
    make.ended(world, license)
    text = text_of(client, world.exporter, f"/licenses/{license.ref}/")
    assert "Ended by the ministry: Quashed" in text
    assert f"Provision: {make.ENDING['provision']}" in text and "The contract was forged." in text
    assert "Line 1, 1C905.a.4: 70 kg lapsed." in text
    assert "1 shipment is declared to customs: it is cleared as usual." in text
    assert "1 shipment is only reserved" in text
    assert "What you can do:" in text and "Record shipment" not in text
    relay()
    mails = Mail.objects.filter(recipients=world.exporter.user.email)
    assert mails.filter(subject=f"{license.ref}: ended by the ministry").count() == 1
    assert not mails.filter(subject__contains="proposed").exists()
    overview = text_of(client, world.exporter, "/")
    assert f"License {license.ref} was ended by the ministry" in overview and "Unused, and lapsed: 70 kg." in overview
    assert license.ref in text_of(client, world.exporter, "/licenses/?state=revoked")


def test_the_overview_tells_of_an_end_with_nothing_left_too(world, license):
    world.shipment(license, 100 * KG)
    make.ended(world, license)
    [need] = [one for one in needs_of(world.exporter) if "ended by the ministry" in one.title]
    assert need.tone == "red" and "Unused" not in need.text


def test_programs_and_customs_read_it(world, license, client):
    make.ended(world, license)
    client.force_login(world.exporter.user)
    said = client.get(f"/api/v1/licenses/{license.ref}/").json()
    kept = Revocation.objects.get()
    assert (said["state"], said["display"]) == ("revoked", "Ended by the ministry")
    told = said["revocation"]
    assert (told["end_reason"], told["display"], told["reason"]) == ("quash", "Quashed", kept.reason)
    assert told["provision"] == kept.provision
    client.force_login(world.customs.user)
    assert "The ministry ended the license." in text_of(client, world.customs, f"/customs/licenses/{license.ref}/")
    client.logout()
    key = make.key(world.customs, "customs:confirm")
    answer = client.get(f"/api/v1/licenses/{license.ref}/", headers={"Authorization": f"Bearer {key}"})
    told = answer.json()["revocation"]
    assert (told["end_reason"], told["reason"]) == ("quash", None)


def test_one_in_force_has_no_end(world, license, client):
    client.force_login(world.exporter.user)
    assert client.get(f"/api/v1/licenses/{license.ref}/").json()["revocation"] is None


def test_deciders_who_may_countersign_are_written_to_and_nobody_else(world, license, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    m = world.ministry
    for province in ("36", "33"):  # of her province, and of another
        officer = demo.person(f"of{province}", f"Of {province}", m.office, "intake", "decider")
        Membership.objects.filter(user=officer.user).update(province=province)
    relay()
    Mail.objects.all().delete()
    end_proposed(world, license)
    relay()
    here = {m.other_decider.user.email, User.objects.get(name="Of 36").email}
    assert set(Mail.objects.values_list("recipients", flat=True)) == here
    mail = Mail.objects.last()
    assert mail.subject == f"{license.ref}: its end is proposed, and waits for a second officer"
    assert f"/desk/licenses/{license.ref}/" in mail.body
    Mail.objects.all().delete()
    revocations.drop_revoke(license.ref, seen=seen(license.ref), reason="No", by=m.other_decider)
    relay()
    here ^= {m.decider.user.email, m.other_decider.user.email}
    assert set(Mail.objects.values_list("recipients", flat=True)) == here


def test_open_causes_stay_as_history_and_open_no_more(world, license, client):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    make.ended(world, license)
    assert Suspension.objects.get().ended_at is None
    text = text_of(client, world.exporter, f"/licenses/{license.ref}/")
    assert "Ended by the ministry: Quashed" in text and "can be used again when its causes" not in text
