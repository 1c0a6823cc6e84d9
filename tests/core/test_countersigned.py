"""What one officer proposes and a second countersigns, tried with the end of a license."""

from dataclasses import replace
from html import unescape

import pytest
from django.db import IntegrityError, connection, transaction
from psycopg2 import errors

from core import proposals, selectors
from core.errors import DomainError, FourEyes
from core.history import lines_of, open_verbs
from core.legal_time import legal_now
from core.models import Proposal, User
from licensing.actions import licenses, revocations
from licensing.models import License, Revocation
from tests import make
from tests.make import end_proposed, seen
from tests.refused import breaches


def text_of(client, actor, path, status=200):
    client.force_login(actor.user)
    answer = client.get(path)
    assert answer.status_code == status
    return " ".join(unescape(answer.content.decode()).split())


def verbs(license, actor):
    """Those of the three that are open to him on the row as it is now."""
    return {"propose_revoke", "revoke", "drop_revoke"} & open_verbs(License.objects.get(pk=license.pk), actor).keys()


# --- the verbs --------------------------------------------------------------------------------------------


def test_a_second_officer_carries_what_the_first_proposed(world, license):
    m = world.ministry
    assert verbs(license, m.decider) == {"propose_revoke"}
    end_proposed(world, license)
    assert License.objects.get().state == "active"
    assert verbs(license, m.decider) == verbs(license, m.other_decider) == {"revoke", "drop_revoke"}
    assert verbs(license, m.reviewer) == set()
    revocations.revoke(license.ref, seen=seen(license.ref), by=m.other_decider)
    kept = Proposal.objects.get()
    assert (kept.proposed_by, kept.decided_by, kept.carried) == (m.decider.user, m.other_decider.user, True)
    assert (kept.subject_kind, kept.subject_id, kept.subject_ref) == ("license", license.pk, license.ref)
    assert License.objects.get().state == "revoked"
    assert [line.verb for line in lines_of(license)][-2:] == ["propose_revoke", "revoke"]
    assert verbs(license, m.decider) == set()


def test_whoever_proposed_it_does_not_countersign(world, license):
    end_proposed(world, license)
    with pytest.raises(FourEyes) as refused:
        revocations.revoke(license.ref, seen=seen(license.ref), by=world.ministry.decider)
    assert str(refused.value) == "You proposed this, so another officer must countersign it."
    assert (License.objects.get().state, Proposal.objects.get().decided_at) == ("active", None)


def test_a_second_proposal_waits_until_the_first_is_decided(world, license):
    end_proposed(world, license)
    with pytest.raises(DomainError) as refused:
        end_proposed(world, license, world.ministry.other_decider)
    assert (refused.value.code, Proposal.objects.count()) == ("proposal-open", 1)


def test_what_nobody_proposed_is_not_countersigned_or_dropped(world, license):
    for verb, said in ((revocations.revoke, {}), (revocations.drop_revoke, {"reason": "No"})):
        with pytest.raises(DomainError) as refused:
            verb(license.ref, seen=seen(license.ref), **said, by=world.ministry.decider)
        assert refused.value.code == "no-proposal"
    assert License.objects.get().state == "active"


@pytest.mark.parametrize(
    ("who", "words"), [("decider", "The proposal to end it was taken back"), ("other_decider", "Its end was declined")]
)
def test_it_is_taken_back_by_whoever_proposed_it_and_declined_by_another(who, words, world, license, client):
    end_proposed(world, license)
    actor = getattr(world.ministry, who)
    revocations.drop_revoke(license.ref, seen=seen(license.ref), reason="Not now", by=actor)
    kept = Proposal.objects.get()
    assert (kept.carried, kept.decided_by, kept.decision_reason) == (False, actor.user, "Not now")
    assert License.objects.get().state == "active"
    assert words in text_of(client, world.ministry.auditor, f"/desk/licenses/{license.ref}/")
    end_proposed(world, license)  # anew
    assert Proposal.objects.filter(decided_at=None).count() == 1


def test_a_proposal_that_was_replaced_is_not_the_one_that_was_seen(world, license):
    m = world.ministry
    end_proposed(world, license)
    page = seen(license.ref)
    revocations.drop_revoke(license.ref, seen=page, reason="Another reason", by=m.decider)
    end_proposed(world, license, reason="Another one.")
    for verb, said in ((revocations.revoke, {}), (revocations.drop_revoke, {"reason": "No"})):
        with pytest.raises(DomainError) as refused:
            verb(license.ref, seen=page, **said, by=m.other_decider)
        assert refused.value.code == "stale"
    assert License.objects.get().state == "active"


def test_what_can_not_be_countersigned_any_more_is_taken_back(world, license, client):
    end_proposed(world, license)
    world.clear(world.shipment(license, 100_000).ref, 100_000)
    assert License.objects.get().state == "exhausted"
    assert verbs(license, world.ministry.other_decider) == {"drop_revoke"}
    text = text_of(client, world.ministry.other_decider, f"/desk/licenses/{license.ref}/")
    assert "can’t be countersigned any more" in text
    revocations.drop_revoke(license.ref, seen=seen(license.ref), reason="Used up", by=world.ministry.decider)
    assert not Proposal.objects.filter(decided_at=None).exists()


# --- PostgreSQL -------------------------------------------------------------------------------------------


def state(license, to):
    with transaction.atomic():
        License.objects.filter(pk=license.pk).update(**{"state": to})


def carried(license, by, second):
    row = License.objects.get(pk=license.pk)
    facts = {"end_reason": "quash", "provision": "x"}
    proposals.propose(row, "revoke", by=by, at=legal_now(), reason="Forged", facts=facts)
    found = proposals.carry(License.objects.get(pk=license.pk), "revoke", by=second, at=legal_now())
    if not Revocation.objects.filter(license=license).exists():
        Revocation.objects.create(license=license, proposal=found, reason="Forged", revoked_at=legal_now(), **facts)


def test_postgresql_refuses_the_state_without_a_carried_proposal(world, license):
    m = world.ministry
    with pytest.raises(IntegrityError, match="needs what one person proposed and another countersigned"):
        state(license, "revoked")
    end_proposed(world, license)  # it waits
    with pytest.raises(IntegrityError, match="needs what one person proposed and another countersigned"):
        state(license, "revoked")
    revocations.drop_revoke(license.ref, seen=seen(license.ref), reason="No", by=m.other_decider)  # declined
    with pytest.raises(IntegrityError, match="needs what one person proposed and another countersigned"):
        state(license, "revoked")
    assert License.objects.get().state == "active"
    carried(license, m.decider, m.other_decider)
    state(license, "revoked")


def test_one_that_is_carried_for_another_row_or_verb_carries_nothing_here(world, license):
    m = world.ministry
    carried(world.license(kilograms=10), m.decider, m.other_decider)
    row = License.objects.get(pk=license.pk)
    proposals.propose(row, "suspend", by=m.decider, at=legal_now(), reason="Another verb")
    proposals.carry(License.objects.get(pk=license.pk), "suspend", by=m.other_decider, at=legal_now())
    with pytest.raises(IntegrityError, match="needs what one person proposed and another countersigned"):
        state(license, "revoked")


def test_an_old_one_carries_nothing_twice(world, license):
    """Were there a way back, as for others of this kind: history says that it came there once."""
    make.ended(world, license)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE licensing_license DISABLE TRIGGER USER")
        cursor.execute("UPDATE licensing_license SET state = 'active' WHERE id = %s", [license.pk])
        cursor.execute("ALTER TABLE licensing_license ENABLE TRIGGER USER")
    with pytest.raises(IntegrityError, match="needs what one person proposed and another countersigned"):
        state(license, "revoked")
    carried(license, world.ministry.decider, world.ministry.other_decider)
    state(license, "revoked")


def test_postgresql_refuses_what_breaks_a_constraint(world, license):
    end_proposed(world, license)
    assert breaches([("core_proposal.proposal_one_open", {})]) == {}
    carried_ = {"*": "", "decided_at": "now()", "decided_by_id": "(SELECT max(id) FROM core_user)", "carried": "true"}
    cases = [
        ("core_proposal.proposal_carried_by_another", carried_ | {"decided_by_id": "proposed_by_id"}),
        ("core_proposal.proposal_decided_as_a_whole", carried_ | {"decided_by_id": "NULL"}),
        ("core_proposal.proposal_decided_as_a_whole", carried_ | {"decided_at": "NULL"}),
        ("core_proposal.proposal_decided_as_a_whole", carried_ | {"carried": "NULL"}),
        ("core_proposal.proposal_decided_as_a_whole", {"*": "", "decision_reason": "'x'"}),
    ]
    assert [breaches([case]) for case in cases] == [{}] * len(cases)


def test_a_proposal_is_decided_once(world, license):
    make.ended(world, license)
    for change in ({"carried": False}, {"decision_reason": "x"}):
        with pytest.raises(IntegrityError, match="decided once"), transaction.atomic():
            Proposal.objects.update(**change)


def test_the_application_writes_its_decision_alone_and_is_no_two_people(application, world, license):
    end_proposed(world, license)
    own = world.ministry.decider.user.pk
    for attack in (
        *(
            f"UPDATE core_proposal SET {name} = {name}"
            for name in ("reason", "facts", "proposed_by_id", "verb", "subject_id")
        ),
        "DELETE FROM core_proposal",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            application.execute(attack)
    decided = "UPDATE core_proposal SET decided_by_id = %s, decided_at = now(), carried = true"
    with pytest.raises(errors.CheckViolation, match="proposal_carried_by_another"):
        application.execute(decided, [own])
    with pytest.raises(errors.CheckViolation, match="needs what one person proposed and another countersigned"):
        application.execute("UPDATE licensing_license SET state = 'revoked'")
    with pytest.raises(errors.CheckViolation, match="decided by another person, later"):
        application.execute(
            "INSERT INTO core_proposal (subject_kind, subject_id, subject_ref, verb, reason, facts, proposed_by_id,"
            " proposed_at, decided_by_id, decided_at, carried, decision_reason)"
            " SELECT 'license', id, ref, 'revoke', 'x', '{}', %s, now(), %s, now(), true, '' FROM licensing_license",
            [own, own],
        )
    application.execute("SELECT state FROM licensing_license")
    assert application.fetchall() == [("active",)]
    assert User.objects.count() > 1


# --- who reads of it --------------------------------------------------------------------------------------


def test_the_list_has_what_waits_for_this_officer_and_what_he_proposed(world, license, client):
    m = world.ministry
    other = world.license(kilograms=10)
    end_proposed(world, license)
    end_proposed(world, other, m.other_decider)
    assert [one.subject_ref for one in selectors.proposals_to_countersign(m.other_decider)] == [license.ref]
    assert [one.subject_ref for one in selectors.proposals_to_countersign(m.decider)] == [other.ref]
    for nobody in (m.reviewer, m.auditor, world.exporter, world.customs):
        assert not selectors.proposals_to_countersign(nobody).exists()
    text = text_of(client, m.other_decider, "/desk/proposals/")
    assert license.ref in text and other.ref not in text
    assert "End this license" in text and "The contract was forged." in text
    text = text_of(client, m.other_decider, "/desk/proposals/?view=own")
    assert other.ref in text and license.ref not in text
    text = text_of(client, m.auditor, "/desk/proposals/")
    assert license.ref in text and other.ref in text
    assert client.get("/desk/proposals.csv").content.decode().count(license.ref) == 1
    revocations.revoke(license.ref, seen=seen(license.ref), by=m.other_decider)
    assert "Nothing waits" in text_of(client, m.other_decider, "/desk/proposals/?view=waiting")


def test_officers_of_another_province_and_exporters_see_no_proposal(world, license):
    end_proposed(world, license)
    elsewhere = replace(world.ministry.other_decider, province="33")
    assert not selectors.proposals_for(elsewhere).exists()
    assert not selectors.proposals_for(world.exporter).exists()
    assert selectors.proposals_for(replace(elsewhere, province="36")).exists()


def test_the_page_offers_the_countersignature_to_another_than_the_first(world, license, client):
    m, path = world.ministry, f"/desk/licenses/{license.ref}/"
    assert "Propose to end" in text_of(client, m.decider, path)
    end_proposed(world, license)
    first, second = text_of(client, m.decider, path), text_of(client, m.other_decider, path)
    assert "You proposed this, so another officer countersigns it." in first
    assert f"Countersign {license.ref}" not in first and "Take the proposal back" in first
    assert f"Countersign {license.ref}: End this license" in second and "Decline the proposal" in second
    assert "The contract was forged." in first and "The contract was forged." in second
    for text in (first, second):
        assert f"Propose to end {license.ref}" not in text
    for reader in (m.auditor, m.reviewer):
        text = text_of(client, reader, path)
        assert "Waits for a second officer" in text and "Countersign EL" not in text
    mine = text_of(client, world.exporter, f"/licenses/{license.ref}/")
    assert "second officer" not in mine and "forged" not in mine


def test_a_page_that_is_older_than_the_proposal_is_refused_and_shows_what_happened(world, license, client):
    page = seen(license.ref)
    end_proposed(world, license)
    client.force_login(world.ministry.other_decider.user)
    answer = client.post(f"/desk/licenses/{license.ref}/revoke/", {"seen": page})
    assert answer.status_code == 412
    assert "Its end is proposed: Quashed" in unescape(answer.content.decode())
    answer = client.post(f"/desk/licenses/{license.ref}/revoke/", {"seen": seen(license.ref)})
    assert answer.status_code == 302
    assert License.objects.get().state == "revoked"


def test_other_causes_stay_open_and_the_rows_beside_it_untouched(world, license):
    other = world.license(kilograms=10)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    make.ended(world, license)
    assert license.suspensions.get().ended_at is None
    assert License.objects.get(pk=other.pk).state == "active"


def test_postgresql_takes_no_proposal_that_is_decided_already(world, license):
    one, another = world.ministry.decider.user, world.ministry.other_decider.user
    said = {"subject_kind": "license", "subject_id": license.pk, "subject_ref": license.ref, "verb": "revoke"}
    said |= {"reason": "Forged", "proposed_by": one, "proposed_at": legal_now()}
    decided = {"decided_by": another, "decided_at": legal_now(), "carried": True}
    with pytest.raises(IntegrityError, match="decided by another person, later"), transaction.atomic():
        Proposal.objects.create(**said, **decided)
    Proposal.objects.create(**said)
