"""A verified declaration is found invalid by two officers: whom it closes, what waits on it, what opens it again."""

import pytest
from django.db import IntegrityError, transaction

from config.local import demo
from core.deliveries import _writers, relay
from core.errors import DomainError
from core.history import lines_of
from core.models import Document, Mail, Proposal, Role
from core.telling import told
from licensing import selectors
from licensing.actions import decisions, declarations, invalidations, screenings
from licensing.models import Application, Declaration, EndUse, License, Suspension
from shipments.actions import ClearedLine, receive, reserve
from tests.licensing.test_declaration_questions import signed_anew
from tests.licensing.test_limits import refused
from tests.licensing.test_redeclared import another, named, redeclare
from tests.licensing.test_screenings import result
from tests.make import seen

KG = 1000
SAID = {"ground": "forged", "reason": "The stamp is not that of the company."}


def propose(row, by, **said):
    return invalidations.propose_invalidate(row.ref, seen=seen(row.ref), by=by, **SAID | said)


def countersign(row, by):
    return invalidations.invalidate(row.ref, seen=seen(row.ref), by=by)


def invalidated(row, world):
    propose(row, world.ministry.reviewer)
    return countersign(row, world.ministry.decider)


def state(row):
    return type(row).objects.get(pk=row.pk).state


def causes(license):
    rows = License.objects.get(pk=license.pk).suspensions.filter(ended_at=None)
    return [(one.cause, one.end_user and one.end_user.party_id, one.facts) for one in rows]


@pytest.fixture
def row(world):
    return world.declaration()


@pytest.fixture
def license(world, row):
    return demo.issued(world.exporter, world.application(by_whom=[row]), world.ministry, [row])


def reserved(world, license, user=0):
    party = license.end_users.order_by("pk")[user].party.ref
    return reserve(world.request(license, 10 * KG, end_user=party, consignee=party), by=world.exporter)


# --- two officers ---------------------------------------------------------------------------------------------------
def test_nothing_has_changed_until_a_second_officer_countersigns(world, row, license):
    reviewer, decider = world.ministry.reviewer, world.ministry.decider
    propose(row, reviewer)
    assert (state(row), causes(license)) == ("in_force", [])
    reserved(world, license)
    assert refused(countersign, row, reviewer) == ["four-eyes"]
    assert countersign(row, decider).state == "invalid"
    assert causes(license) == [("declaration", row.end_user_id, {"declaration": row.ref})]
    assert state(license) == "suspended"
    assert Proposal.objects.get().carried


def test_without_two_officers_postgresql_keeps_it_as_it_is(world, row):
    with pytest.raises(IntegrityError), transaction.atomic():
        Declaration.objects.filter(pk=row.pk).update(state="invalid")
    propose(row, world.ministry.reviewer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Declaration.objects.filter(pk=row.pk).update(state="invalid")


@pytest.mark.parametrize("said", [{"ground": "other"}, {"reason": " "}], ids=["ground", "reason"])
def test_a_proposal_says_on_what_ground_and_why(said, world, row):
    assert refused(propose, row, world.ministry.reviewer, **said) in (["invalid"], ["required"])


def test_it_is_proposed_once_and_can_be_dropped(world, row):
    reviewer, decider = world.ministry.reviewer, world.ministry.decider
    for by in (reviewer, decider):
        propose(row, reviewer)
        assert refused(propose, row, reviewer) == ["proposal-open"]
        invalidations.drop_invalidate(row.ref, seen=seen(row.ref), reason="The company showed the stamp.", by=by)
        assert refused(countersign, row, decider) == ["no-proposal"]
    assert state(row) == "verified"


def test_an_old_page_countersigns_nothing(world, row):
    propose(row, world.ministry.reviewer)
    old = seen(row.ref)
    invalidations.drop_invalidate(row.ref, seen=old, reason="A slip", by=world.ministry.reviewer)
    propose(row, world.ministry.reviewer, ground="fraud")
    by = world.ministry.decider
    assert refused(invalidations.invalidate, row.ref, seen=old, by=by) == ["stale"]


def test_the_other_officers_are_written_to_and_then_the_exporter(world, row, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    relay()
    Mail.objects.all().delete()
    propose(row, world.ministry.reviewer)
    relay()
    written = set(Mail.objects.values_list("recipients", flat=True))
    assert world.ministry.decider.user.email in written
    assert not {world.ministry.reviewer.user.email, world.exporter.user.email} & written
    Mail.objects.all().delete()
    countersign(row, world.ministry.decider)
    relay()
    assert world.exporter.user.email in set(Mail.objects.values_list("recipients", flat=True))


def test_the_exporter_reads_what_was_decided_and_nothing_of_the_proposal(world, row, client):
    propose(row, world.ministry.reviewer)
    words = [line.sentence for line in told(lines_of(row), world.exporter)]
    assert not [one for one in words if "proposed" in one]
    countersign(row, world.ministry.decider)
    client.force_login(world.exporter.user)
    page = client.get(f"/declarations/{row.ref}/").content.decode()
    assert "It is forged." in page and SAID["reason"] in page


# --- whom it closes ---------------------------------------------------------------------------------------------------
def test_whom_a_license_names_on_it_is_closed_and_nobody_else(world, row):
    other = world.declaration()
    license = demo.issued(world.exporter, world.application(by_whom=[row, other]), world.ministry, [row, other])
    invalidated(row, world)
    assert state(license) == "active"
    with pytest.raises(DomainError) as refusal:
        reserved(world, license)
    assert refusal.value.code == "end-user-closed"
    assert reserved(world, license, user=1).ref


def test_a_license_on_a_declaration_that_was_replaced_is_closed_with_it(world, row, license):
    newer = another(world, row)
    demo.issued(world.exporter, world.application(by_whom=[newer]), world.ministry, [newer])
    assert state(row) == "superseded"
    invalidated(row, world)
    assert (len(causes(license)), Suspension.objects.count()) == (1, 1)


def test_a_license_that_is_used_up_stays_closed_when_something_comes_free(world, row):
    ref = world.application(by_whom=[row], kilograms=100)
    license = demo.issued(world.exporter, ref, world.ministry, [row])
    shipment = world.shipment(license, 100 * KG)
    cleared = world.clear(shipment.ref, 100 * KG)
    invalidated(row, world)
    assert (state(license), len(causes(license))) == ("exhausted", 1)
    facts = {"corrects": cleared.message.message_id, "declaration_no": cleared.message.declaration_no}
    lines = [ClearedLine(1, 90 * KG, "kg")]
    receive(world.message(shipment.ref, "corrected", reason="Weighed", lines=lines, **facts), by=world.customs)
    assert state(license) == "suspended"


def test_an_undecided_case_says_so_and_names_another(world, row):
    case = world.under_review(world.application(by_whom=[row]))
    invalidated(row, world)
    application = Application.objects.get(ref=case)
    line = lines_of(application).last()
    assert (line.verb, application.state) == ("undeclared", "under_review")
    assert world.exporter.user.email in _writers["application", "undeclared"](line).to
    found = refused(decisions.recommend, case, seen=seen(case), outcome="approve", by=world.ministry.reviewer)
    assert found == ["declaration-not-submitted"]
    new = another(world, row)
    redeclare(case, world, new)
    assert named(case) == [new.ref]


def test_what_was_approved_is_not_issued_on_it(world, row):
    case = world.under_review(world.application(by_whom=[row]))
    decisions.recommend(case, seen=seen(case), outcome="approve", by=world.ministry.reviewer)
    decisions.approve(case, seen=seen(case), by=world.ministry.decider)
    invalidated(row, world)
    found = refused(decisions.issue, case, seen=seen(case), by=world.ministry.decider)
    assert found == ["declaration-not-verified"]


def test_nobody_names_it_any_more(world, row):
    invalidated(row, world)
    assert row.pk not in selectors.usable_declarations(world.exporter).values_list("pk", flat=True)


# --- what opens it again ----------------------------------------------------------------------------------------------
def verified(row, world, by=None):
    by = by or demo.person(f"verifies-{row.pk}", "Another", world.ministry.office, Role.REVIEWER)
    return declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=by)


def test_what_was_signed_before_it_was_found_invalid_opens_nothing(world, row, license):
    invalidated(row, world)
    assert verified(another(world, row, days_ago=1), world).state == "verified"
    assert state(license) == "suspended"


def test_neither_of_the_two_who_found_it_invalid_verifies_what_opens_it_again(world, row, license):
    both = demo.person("both", "Both", world.ministry.office, Role.REVIEWER, Role.DECIDER)
    propose(row, world.ministry.reviewer)
    countersign(row, both)
    new = another(world, row, days_ago=0)
    for by in (world.ministry.reviewer, both):
        assert refused(declarations.verify, new.ref, seen=seen(new.ref), quantity_fit=True, by=by) == ["four-eyes"]
    assert (verified(new, world).state, state(license)) == ("in_force", "active")


def test_its_certificate_carries_no_other(world, row):
    paper = ("again.pdf", bytes(Document.objects.get(pk=row.certificate_id).content))
    invalidated(row, world)
    facts = {name: getattr(row, name) for name in declarations.FIELDS}
    other = declarations.draft(by=world.exporter, items=[], **facts)
    assert refused(signed_anew, other, world, paper) == ["out-of-range"]


def test_a_new_one_that_is_verified_opens_it_and_is_what_the_license_rests_on(world, row, license):
    invalidated(row, world)
    new = another(world, row, days_ago=0)
    assert state(license) == "suspended"
    verified(new, world)
    words = [line.sentence for line in told(lines_of(license), world.exporter)]
    assert "Suspended. The declaration of an end-user is invalid." in words
    assert (causes(license), state(license), state(new)) == ([], "active", "in_force")
    assert license.end_users.get().declaration_id == new.pk
    assert reserved(world, license).ref
    invalidated(new, world)
    assert (len(causes(license)), state(license)) == (1, "suspended")


def test_what_opens_it_again_takes_the_place_of_an_older_one(world, row, license):
    older = another(world, row)
    later = demo.issued(world.exporter, world.application(by_whom=[older]), world.ministry, [older])
    assert state(row) == "superseded"
    invalidated(row, world)
    new = another(world, row, days_ago=0)
    verified(new, world)
    assert [state(one) for one in (new, older, license, later)] == ["in_force", "superseded", "active", "active"]


@pytest.mark.parametrize("says", ["another use", "other goods"])
def test_one_that_says_less_opens_nothing(says, world, row, license):
    invalidated(row, world)
    other = {"end_use": EndUse.objects.get(pk="CIV_WIND")} if says == "another use" else {"code": "1C902.a.1"}
    assert verified(another(world, row, days_ago=0, **other), world).state == "verified"
    assert (len(causes(license)), state(license)) == (1, "suspended")


def test_one_that_names_all_goods_that_he_may_have_opens_it_again(world):
    """What another end-user of the license declared is not asked of him."""
    license = world.apart()
    user = license.end_users.order_by("pk")[0]
    was, old = user.goods, user.declaration
    invalidated(old, world)
    verified(another(world, old, days_ago=0), world)
    user.refresh_from_db()
    assert (causes(license), user.open, user.goods) == ([], True, was)
    assert user.declaration != old


def test_one_that_is_signed_in_another_country_opens_nothing(world, row, license):
    """Whoever moved and came back has it again, as he signed it there."""
    user = license.end_users.get()
    invalidated(row, world)
    row.end_user.country_id = "FR"
    row.end_user.save()
    assert verified(another(world, row, days_ago=0), world).state == "verified"
    assert (len(causes(license)), state(license)) == (1, "suspended")
    row.end_user.country_id = "DE"
    row.end_user.save()
    verified(another(world, row, days_ago=0), world)
    user.refresh_from_db()
    assert (causes(license), state(license), user.destination) == ([], "active", "DE")


def test_one_of_another_end_user_opens_nothing(world, row, license):
    invalidated(row, world)
    verified(another(world, row, days_ago=0, end_user=world.declaration().end_user), world)
    assert state(license) == "suspended"


def test_it_stays_closed_for_what_screening_found(world, row, license):
    case = world.under_review(world.application(by_whom=[another(world, row, days_ago=0)]))
    by = world.ministry.reviewer
    screenings.screen(case, **result(case, hit="watch_list", reason="Entry 3."), by=by)
    invalidated(row, world)
    assert {cause for cause, _user, _facts in causes(license)} == {"screening", "declaration"}
    screenings.screen(case, **result(case), by=by)
    assert [cause for cause, _user, _facts in causes(license)] == ["declaration"]
    assert (state(license), license.end_users.get().open) == ("suspended", False)
    verified(Application.objects.get(ref=case).end_users.get().declaration, world)
    assert (causes(license), state(license), license.end_users.get().open) == ([], "active", True)


def test_no_officer_lifts_it(world, row, license):
    invalidated(row, world)
    cause = Suspension.objects.get()
    assert "declaration" in cause.not_to_end(world.ministry.decider.user).detail


def test_what_is_proposed_stands_in_the_list_of_proposals_of_whoever_may_countersign_it(row, world, client):
    propose(row, world.ministry.reviewer)
    client.force_login(world.ministry.decider.user)
    assert row.ref in client.get("/desk/proposals/").content.decode()
