"""Many licenses suspended, and let go again, by what they name: just what was shown, as it was shown."""

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from config.local import demo
from core.access import clock
from core.deliveries import relay
from core.errors import DomainError, Forbidden, FourEyes, NotFound
from core.history import lines_of
from core.models import Mail
from core.telling import told
from exporters.models import Party
from licensing import ledger, selectors
from licensing.actions import declarations, enforcement, licenses
from licensing.models import License, LicenseEndUser, Suspension
from licensing.models.balances import LicenseLine
from licensing.selectors import enforcement as hitting
from licensing.selectors.enforcement import Query
from shipments.actions import LineRequest
from shipments.models import Shipment, ShipmentLine
from tests import make
from tests.book import unguarded
from tests.make import seen

KG = 1000
MAGNETS = Query(item="item:1C905.a.4")


def refused(call, *args, **named):
    with pytest.raises(DomainError) as refusal:
        call(*args, **named)
    return refusal.value.code


def shown(query, by):
    return {hit.license.ref: hit.version for hit in hitting.hits(query, by)}


def refs(query, by):
    return list(shown(query, by))


def suspended(world, query=MAGNETS, by=None):
    by = by or world.ministry.decider
    return enforcement.suspend(query, shown=shown(query, by), reason="Diverted goods", by=by)


def lifted(world, query=MAGNETS, by=None):
    by = by or world.ministry.other_decider
    return enforcement.lift(query, shown=shown(query, by), reason="Looked into", by=by)


def state(license):
    return License.objects.get(pk=license.pk).state


def causes(license):
    """Open ones: which, and of whom."""
    rows = Suspension.objects.filter(license=license.pk, ended_at=None)
    return [(one.cause, one.end_user_id) for one in rows]


def sold_to(world, name, country="DE"):
    """The declaration of an end-user of this name."""
    end_user = demo.party(world.exporter, name, country, "Motors")
    return demo.declaration(world.exporter, end_user, ["1C905.a.4"], "CIV_AUTO", "traction motors")


def verified(world, row):
    return declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=world.ministry.reviewer)


def licensed(world, *rows):
    signed = [verified(world, row) for row in rows]
    return demo.issued(world.exporter, world.application(by_whom=signed), world.ministry, signed)


def user_of(license, name):
    return LicenseEndUser.objects.get(license=license.pk, party__name=name)


# --- what a query hits --------------------------------------------------------------------------------------
@pytest.fixture
def two(world):
    """Magnets for Germany, and for France."""
    german = licensed(world, sold_to(world, "Müller Motoren GmbH"))
    return german, licensed(world, sold_to(world, "Moteurs du Nord", country="FR"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "hit"),
    [
        ({"item": "item:1C905.a.4"}, (0, 1)),
        ({"item": "item:1C905.a.1"}, ()),
        ({"destination": "FR"}, (1,)),
        ({"destination": "JP"}, ()),
        ({"end_user": "MÜLLER"}, (0,)),
        ({"end_user": "nord"}, (1,)),
        ({"item": "item:1C905.a.4", "destination": "DE"}, (0,)),
        ({"destination": "DE", "end_user": "nord"}, ()),
        ({}, ()),
    ],
)
def test_a_query_hits_what_answers_to_all_of_it(world, two, asked, hit):
    assert refs(Query(**asked), world.ministry.decider) == [two[place].ref for place in hit]


def test_goods_are_named_by_code_element_category_or_list(world, license):
    item = license.lines.get().control_item
    by = world.ministry.decider
    for query in (f"element:{item.element}", f"category:{item.category}", f"list:{item.list_name}"):
        assert refs(Query(item=query), by) == ([license.ref] if query.partition(":")[2] else [])


def test_an_end_user_is_named_by_its_numbers_too(world, two):
    party = two[0].end_users.get().party
    Party.objects.filter(pk=party.pk).update(registration_no="HRB 4711")
    for text in (party.ref, party.ref.lower(), "hrb 4711"):
        assert refs(Query(end_user=text), world.ministry.decider) == [two[0].ref]
    assert refs(Query(end_user="HRB 47"), world.ministry.decider) == []  # a part of a number is another's


def test_what_has_ended_or_is_used_up_is_not_hit(world, license):
    licenses.surrender(license.ref, seen=seen(license.ref), by=world.exporter)
    assert refs(MAGNETS, world.ministry.decider) == []


def test_what_was_reserved_before_for_elsewhere_is_hit_too(world):
    """And nothing else of whom it was reserved for; once it is closed, nothing."""
    license, by = world.apart(), world.ministry.decider
    first, _second = license.end_users.order_by("pk")
    own, other = (f"item:{line.control_item.code}" for line in license.lines.order_by("number"))
    shipment = world.shipment(license, KG)

    def hit(item, destination):
        return [user for hit in hitting.hits(Query(item=item, destination=destination), by) for user in hit.users]

    assert hit(own, "JP") == hit(other, "DE") == []
    with unguarded(ShipmentLine):
        Shipment.objects.filter(pk=shipment.pk).update(destination="JP")
    assert (hit(own, "JP"), hit(other, "DE")) == ([first], [])
    with unguarded(ShipmentLine):
        Shipment.objects.filter(pk=shipment.pk).update(destination="DE")
        ShipmentLine.objects.filter(shipment=shipment).update(line_number=2)
    assert (hit(own, "JP"), hit(other, "DE")) == ([], [first])
    with unguarded(ShipmentLine):
        Shipment.objects.filter(pk=shipment.pk).update(state="cancelled")
    assert hit(other, "DE") == []


# --- suspend ------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_forty_licenses_are_suspended_as_they_were_shown_and_nothing_else(world):
    """Each as by the verb of one: a cause with the reason, closed lines, a line of history, a mail."""
    settled = [world.license(kilograms=10) for _ in range(40)]
    other = licensed(world, sold_to(world, "Moteurs du Nord", country="FR"))
    query = Query(item="item:1C905.a.4", destination="DE")
    found = hitting.hits(query, world.ministry.decider)
    shut = {line.pk: line.available for hit in found for line in hit.lines}
    was = shown(query, world.ministry.decider)
    assert list(was) == [one.ref for one in settled]
    done = suspended(world, query)
    assert [hit.license.ref for hit in done] == list(was)
    rows = Suspension.objects.filter(license__in=settled, ended_at=None)
    assert {(one.cause, one.end_user, one.reason, one.opened_by) for one in rows} == {
        ("enforcement", None, "Diverted goods", world.ministry.decider.user)
    }
    assert rows.count() == 40 == License.objects.filter(state="suspended", lines__open=False).count()
    assert shut == {line.pk: line.available for line in LicenseLine.objects.filter(open=False)}
    lines = [lines_of(one).get(verb="suspend") for one in settled]
    assert {(line.actor, line.reason) for line in lines} == {(world.ministry.decider.user, "Diverted goods")}
    assert {line.at for line in lines} == {one.opened_at for one in rows}
    assert (state(other), causes(other)) == ("active", [])
    assert refused(world.shipment, settled[-1], KG) == "license-suspended"


def test_each_holder_hears_of_it_as_of_a_single_one(world, license, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    suspended(world)
    relay()
    subjects = Mail.objects.filter(recipients=world.exporter.user.email).values_list("subject", flat=True)
    assert f"{license.ref}: suspended" in set(subjects)
    assert told(lines_of(license).filter(verb="suspend"), world.exporter)[0].reason == "Diverted goods"


def test_whom_a_query_names_is_closed_alone_where_the_license_has_others(world):
    shared = licensed(world, sold_to(world, "Müller Motoren"), sold_to(world, "Bosse Antriebe"))
    alone = licensed(world, sold_to(world, "Müller Motoren Süd"))
    suspended(world, Query(end_user="müller"))
    user = user_of(shared, "Müller Motoren")
    assert (state(shared), causes(shared)) == ("active", [("enforcement", user.pk)])
    assert (state(alone), causes(alone)) == ("suspended", [("enforcement", None)])
    assert not user.open
    assert user_of(shared, "Bosse Antriebe").open
    line = lines_of(shared).get(verb="narrow")
    assert (line.actor, line.reason) == (world.ministry.decider.user, "Diverted goods")
    (cause,) = selectors.with_balances(License.objects.filter(pk=shared.pk)).get().open_suspensions
    assert selectors.why(cause) == "Müller Motoren: Diverted goods"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "who"),
    [
        ({"destination": "DE"}, [0]),
        ({"destination": "JP"}, [1]),
        ({"item": "item:1C905.a.4"}, [0]),
        ({"item": "item:1C904.a.4"}, [1]),
        ({"item": "item:1C904.a.4", "destination": "JP"}, [1]),
        ({"item": "category:magnet"}, [0, 1]),
        ({"item": "category:magnet", "destination": "DE"}, [0]),
        ({"item": "item:1C904.a.4", "destination": "DE"}, []),
        ({"destination": "FR"}, []),
    ],
)
def test_goods_and_a_destination_stop_those_alone_whose_own_they_are(asked, who, world):
    """Of a license that sends one thing to Germany and another to Japan; where that is everybody, the license."""
    license = world.apart()
    users = list(license.end_users.order_by("pk"))
    if not who:
        assert refused(suspended, world, Query(**asked)) == "nothing-hit"
        return
    [hit] = hitting.hits(Query(**asked), world.ministry.decider)
    named = [users[place] for place in who]
    assert (list(hit.users), [line.number for line in hit.lines]) == (
        (named, [place + 1 for place in who]) if len(who) == 1 else ([], [1, 2])
    )
    suspended(world, Query(**asked))
    stopped = [None] if len(who) == 2 else [user.pk for user in named]
    assert causes(license) == [("enforcement", pk) for pk in stopped]
    for number, user in enumerate(users, 1):
        to = {"end_user": user.party.ref, "lines": [LineRequest(number, KG, "kg")]}
        if len(who) == 1 and user not in named:
            assert world.shipment(license, **to).state == "reserved"
        else:
            assert refused(world.shipment, license, **to) in ("end-user-closed", "license-suspended")
    ended, left = lifted(world, Query(**asked))
    assert (len(ended), left, causes(license), state(license)) == (1, [], [], "active")


def test_a_license_that_is_closed_for_its_last_end_user_is_suspended(world):
    shared = licensed(world, sold_to(world, "Müller Motoren"), sold_to(world, "Bosse Antriebe"))
    suspended(world, Query(end_user="müller"))
    suspended(world, Query(end_user="bosse"))
    assert state(shared) == "suspended"


def test_what_an_officer_suspended_already_has_no_second_cause(world, license):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.other_decider)
    second = world.license(kilograms=10)
    assert [hit.license.ref for hit in suspended(world)] == [second.ref]
    assert causes(license) == [("enforcement", None)]


def test_one_that_is_suspended_for_something_else_has_this_cause_as_well(world, license):
    licenses.freeze(license.pk, by=clock())
    suspended(world)
    assert causes(license) == [("ledger", None), ("enforcement", None)]


def test_nothing_is_done_where_nothing_is_left_to_do(world, license):
    suspended(world)
    assert refused(suspended, world) == "nothing-hit"
    lifted(world)
    assert refused(lifted, world) == "nothing-hit"


@pytest.mark.parametrize("verb", [enforcement.suspend, enforcement.lift])
def test_whoever_may_not_suspend_does_not_by_query_either(world, license, verb):
    by = world.ministry.reviewer
    with pytest.raises(Forbidden):
        verb(MAGNETS, shown=shown(MAGNETS, by), reason="x", by=by)
    assert causes(license) == []


def test_a_license_that_the_officer_does_not_see_is_not_found(world, license):
    with pytest.raises(NotFound):
        enforcement.suspend(MAGNETS, shown={make.unknown(): 1}, reason="x", by=world.ministry.decider)


# --- as shown -----------------------------------------------------------------------------------------------
def stale(call, *args, **named):
    with pytest.raises(DomainError) as refusal:
        call(*args, **named)
    assert (refusal.value.status, refusal.value.code) == (412, "stale")
    return [one.message for one in refusal.value.errors]


def test_what_is_otherwise_since_is_named_and_nothing_is_done(world, license):
    gone, by = world.license(kilograms=10), world.ministry.decider
    was = shown(MAGNETS, by)
    licenses.surrender(gone.ref, seen=seen(gone.ref), by=world.exporter)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.other_decider)
    new, same = world.license(kilograms=10), world.license(kilograms=10)
    was[same.ref] = seen(same.ref)
    assert sorted(stale(enforcement.suspend, MAGNETS, shown=was, reason="x", by=by)) == sorted(
        [
            f"Something happened to {license.ref}.",
            f"{gone.ref} is not hit any more.",
            f"{new.ref} is hit now, too.",
        ]
    )
    assert causes(same) == causes(new) == []
    assert len(causes(license)) == 1


def test_a_lift_too_is_of_what_was_shown(world, license):
    suspended(world)
    was = shown(MAGNETS, world.ministry.other_decider)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    told = stale(enforcement.lift, MAGNETS, shown=was, reason="x", by=world.ministry.other_decider)
    assert told == [f"Something happened to {license.ref}."]
    assert len(causes(license)) == 2


def test_more_than_one_step_holds_is_refused(world, license, monkeypatch):
    world.license(kilograms=10)
    for module in (enforcement, hitting):
        monkeypatch.setattr(module, "MOST_HIT", 1)
    assert refused(suspended, world) == "too-many-hit"
    assert causes(license) == []


def test_only_what_was_shown_is_held(world, license, monkeypatch):
    """Whatever else the query hits by now is named, and waits for nobody."""
    by, held, lock_all = world.ministry.decider, [], enforcement.lock_all
    was, more = shown(MAGNETS, by), world.license(kilograms=10)
    monkeypatch.setattr(enforcement, "lock_all", lambda rows: held.extend(lock_all(rows)) or held)
    with pytest.raises(DomainError) as refusal:
        enforcement.suspend(MAGNETS, shown=was, reason="Diverted goods", by=by)
    assert [one.message for one in refusal.value.errors] == [f"{more.ref} is hit now, too."]
    assert held == [license]


# --- lift ---------------------------------------------------------------------------------------------------
def test_another_officer_ends_what_the_query_hits(world):
    shared = licensed(world, sold_to(world, "Müller Motoren"), sold_to(world, "Bosse Antriebe"))
    alone = licensed(world, sold_to(world, "Müller Motoren Süd"))
    query = Query(end_user="müller")
    suspended(world, query)
    ended, left = lifted(world, query)
    assert (len(ended), left) == (2, [])
    assert (state(shared), causes(shared), state(alone), causes(alone)) == ("active", [], "active", [])
    assert user_of(shared, "Müller Motoren").open
    assert lines_of(shared).get(verb="widen").actor == world.ministry.other_decider.user
    assert lines_of(alone).get(verb="lift").reason == "Looked into"
    row = Suspension.objects.get(license=shared)
    assert (row.ended_by, row.end_reason) == (world.ministry.other_decider.user, "Looked into")


def test_what_this_officer_opened_is_left_to_another(world, license):
    second = world.license(kilograms=10)
    licenses.suspend(second.ref, seen=seen(second.ref), reason="Inspection", by=world.ministry.other_decider)
    suspended(world)
    with pytest.raises(FourEyes):
        lifted(world, Query(item="item:1C905.a.4", end_user=license.end_users.get().party.name), world.ministry.decider)
    ended, left = lifted(world, by=world.ministry.decider)
    assert [one.license.ref for one in ended] == [second.ref]
    assert [one.license.ref for one in left] == [license.ref]
    assert (state(second), state(license)) == ("active", "suspended")


def test_of_two_causes_only_the_other_officers_ends(world, license):
    suspended(world)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.other_decider)
    lifted(world)
    assert (state(license), causes(license)) == ("suspended", [("enforcement", None)])


def test_no_other_cause_is_ended(world, license):
    suspended(world)
    licenses.freeze(license.pk, by=clock())
    lifted(world)
    assert (state(license), causes(license)) == ("suspended", [("ledger", None)])


def test_a_query_for_one_end_user_leaves_what_closes_another(world):
    shared = licensed(world, sold_to(world, "Müller Motoren"), sold_to(world, "Bosse Antriebe"))
    suspended(world, Query(end_user="bosse"))
    suspended(world, Query(end_user="müller"))
    lifted(world, Query(end_user="müller"))
    assert causes(shared) == [("enforcement", user_of(shared, "Bosse Antriebe").pk)]
    assert state(shared) == "active"


def test_whether_a_license_is_used_up_is_read_under_the_lock_of_its_lines(world, license, monkeypatch):
    """Its last goods crossed after it was found, and before its lines were this transaction's."""
    suspended(world)
    lock_lines = ledger.lock_lines

    def cross(license):
        LicenseLine.objects.filter(license=license).update(drawn=F("authorized"))
        lock_lines(license)

    monkeypatch.setattr(ledger, "lock_lines", cross)
    lifted(world)
    assert state(license) == "exhausted"


def test_what_closed_one_end_user_is_not_ended_on_the_page_of_the_license(world):
    shared = licensed(world, sold_to(world, "Müller Motoren"), sold_to(world, "Bosse Antriebe"))
    suspended(world, Query(end_user="müller"))
    suspended(world, Query(end_user="bosse"))
    cause = Suspension.objects.filter(license=shared).first().pk
    with pytest.raises(Forbidden) as refusal:
        licenses.lift(shared.ref, seen=seen(shared.ref), suspension=cause, reason="x", by=world.ministry.other_decider)
    assert "under “Enforcement”" in refusal.value.detail


def test_what_is_hit_is_read_in_as_many_queries_whatever_its_number(world, license):
    def many():
        with CaptureQueriesContext(connection) as queries:
            hitting.hits(MAGNETS, world.ministry.decider)
        return len(queries)

    one = many()
    for _ in range(3):
        world.license(kilograms=10, users=2)
    assert many() == one == 4
