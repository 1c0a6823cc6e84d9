"""A hold stops approval and issue, and reservations where it says so; it decides nothing, and everybody can read it."""

from datetime import timedelta

import pytest
from django.utils.translation import override

from core.errors import DomainError
from core.legal_time import day_start, legal_day, legal_now, legal_today
from core.models import HistoryLine
from core.templatetags.lodestone import day
from licensing import selectors
from licensing.actions import decisions
from licensing.actions.verdicts import confirm
from licensing.models import Application, License, Verdict
from shipments.actions import cancel
from shipments.models import Incident
from tests import make
from tests.licensing.test_judging import case
from tests.licensing.test_limits import refused
from tests.licensing.test_turns import turn
from tests.licensing.test_turns_of_cases import turn as turn_case
from tests.make import seen
from tests.policy.test_holds import hold as row

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
KG = 1_000
OWNER = "Bureau of Export Control"


def hold(*countries, first=0, last=30, **parts):
    """An edition's change: a hold on these countries, from so many days from today on, until so many."""
    today = legal_today()
    days = {"from": str(today + first * DAY), "until": last if last is None else str(today + last * DAY)}
    match = {"destination.country": list(countries)}
    return lambda rules, document: document.update(holds=[row(**{"match": match, **days, **parts})])


def recommended(world, **facts):
    ref = world.under_review(world.application(**facts))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    return ref


def approve(world, ref):
    return decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)


def code_of(verb, *args, **facts):
    with pytest.raises(DomainError) as refusal:
        verb(*args, **facts)
    return refusal.value


# --- approval and issue -------------------------------------------------------------------------------------


def test_what_is_held_is_not_approved_until_the_hold_ends(world, clock):
    ref = recommended(world)
    make.edition(hold("DE", last=3))
    refusal = code_of(approve, world, ref)
    last = legal_today() + 3 * DAY
    assert (refusal.code, refusal.status) == ("held", 409)
    assert refusal.extra == {"hold": "H001", "owner": OWNER, "until": str(last)}
    assert "Talks are under way." in refusal.detail and OWNER in refusal.detail and str(last.year) in refusal.detail
    assert case(ref).state == "awaiting_decision"
    clock.set(day_start(last + DAY) - SECOND)
    assert code_of(approve, world, ref).code == "held"
    clock.set(day_start(last + DAY))
    assert approve(world, ref).state == "approved"


def test_what_is_held_is_not_issued_until_an_edition_ends_it(world):
    ref = recommended(world)
    approve(world, ref)
    make.edition(hold("DE", last=None))
    refusal = code_of(decisions.issue, ref, seen=seen(ref), by=world.ministry.decider)
    assert (refusal.code, refusal.extra["until"]) == ("held", None)
    assert "until a later edition of the rules ends it" in refusal.detail
    assert not License.objects.exists()
    make.edition(lambda rules, _: None, "AFTER")
    assert decisions.issue(ref, seen=seen(ref), by=world.ministry.decider).state == "active"


@pytest.mark.parametrize(("country", "first"), [("FR", 0), ("DE", 1)])
def test_a_hold_on_something_else_or_of_a_day_ahead_holds_nothing(world, country, first):
    """Though the first planned day is one that it covers."""
    ref = world.application()
    Application.objects.filter(ref=ref).update(planned_from=legal_today() + 5 * DAY)
    decisions.recommend(world.under_review(ref), seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    make.edition(hold(country, first=first))
    assert approve(world, ref).state == "approved"


def test_what_is_not_granted_is_not_held(world):
    signed = [world.declaration(), world.declaration(country="FR")]
    ref = world.under_review(world.application(by_whom=signed))
    kept = case(ref).end_users.get(party__country_id="DE")
    facts = {"outcome": "approve", "end_users": [kept.pk], "text": "Germany alone."}
    decisions.recommend(ref, seen=seen(ref), by=world.ministry.reviewer, **facts)
    make.edition(hold("FR"))
    assert approve(world, ref).state == "approved"


def test_a_fact_that_nobody_said_holds_nothing_and_the_pages_say_so(world, client):
    ref = recommended(world)
    make.edition(hold(match={"destination.country": ["DE"], "item.origin": ["CN"]}))
    for who, path in ((world.exporter, f"/applications/{ref}/"), (world.ministry.decider, f"/desk/cases/{ref}/")):
        text = page(client, who, path)
        assert "does not as long as this is not said: Country of origin" in text and "On hold" not in text
    assert approve(world, ref).state == "approved"


def test_a_case_that_is_held_is_recommended_and_refused_and_its_clock_runs_on(world):
    ref = world.under_review(world.application())
    before = selectors.clocks_of([case(ref)], legal_today())
    make.edition(hold("DE"))
    assert selectors.clocks_of([case(ref)], legal_today()) == before
    why = {"factors": ["END_USE"], "text": "No."}
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=world.ministry.reviewer, **why)
    facts = {"departure": "Doubts.", **why}
    assert decisions.refuse(ref, seen=seen(ref), by=world.ministry.decider, **facts).state == "refused"


# --- reservations -------------------------------------------------------------------------------------------


def test_only_a_hold_that_says_so_stops_reservations_worker_or_not(world, license):
    make.edition(hold("DE"))
    world.shipment(license, KG)
    make.edition(hold("DE", reservations=True), "STOP")
    assert refused(world.shipment, license, KG) == ["held"]
    make.edition(lambda rules, _: None, "AFTER")
    world.shipment(license, KG)


def test_what_a_turn_wrote_says_the_same(world, license):
    make.edition(hold("DE", reservations=True))
    assert turn(license)
    assert selectors.judged(license, license.end_users.get().party_id, "DE", {1}) is None
    assert refused(world.shipment, license, KG) == ["held"]
    assert (License.objects.get().state, license.suspensions.count()) == ("active", 0)


def test_a_hold_stops_reservations_from_its_first_instant_to_its_last(world, clock):
    make.edition(hold("DE", first=1, last=1, reservations=True))
    license, first = world.license(kilograms=100), legal_today() + DAY
    assert selectors.licenses_to_turn(9) == []
    world.shipment(license, KG)
    clock.set(day_start(first))
    assert refused(world.shipment, license, KG) == ["held"]
    clock.set(day_start(first + DAY) - SECOND)
    assert refused(world.shipment, license, KG) == ["held"]
    clock.set(day_start(first + DAY))
    world.shipment(license, KG)


def test_a_hold_on_somewhere_else_stops_nothing(world, license):
    make.edition(hold("FR", reservations=True))
    world.shipment(license, KG)
    assert turn(license) is False
    world.shipment(license, KG)


def test_a_hold_is_one_failure_beside_a_prohibition(world, license):
    def both(rules, document):
        hold("DE", reservations=True)(rules, document)
        rules["R033"].update(match={"destination.country": ["DE"]}, applies_to=["existing"])

    make.edition(both)
    assert refused(world.shipment, license, KG) == ["policy-prohibits", "held"]


def test_what_was_reserved_before_goes_on(world, license):
    shipment, other = world.shipment(license, KG), world.shipment(license, KG)
    make.edition(hold("DE", reservations=True))
    world.clear(shipment.ref, KG)
    cancel(other.ref, by=world.exporter)
    assert not Incident.objects.exists()


def test_the_refusal_says_why_whose_and_until_when(world, license, client):
    make.edition(hold("DE", reservations=True))
    refusal = code_of(world.shipment, license, KG)
    assert refusal.errors[0].pointer == "/lines/0"
    assert f"Talks are under way. It is with {OWNER}, until" in refusal.detail
    turn(license)
    client.force_login(world.exporter.user)
    text = client.get(f"/licenses/{license.ref}/").content.decode()
    assert "What is closed on it" in text and "A hold stands here: Talks are under way." in text


def test_a_hold_that_goes_on_in_another_edition_is_one_and_needs_no_turn(world, license):
    """Beside one that does not, and worded anew it is another."""
    both = [hold("DE", reservations=True), hold("DE", reservations=True, id="H002")]

    def change(*rows):
        return lambda rules, document: document.update(holds=[one for row in rows for one in _rows(row)])

    make.edition(change(*both), "ONE", legal_now() - SECOND)
    assert turn(license)
    kept = Verdict.objects.get().held
    assert [(one["hold"], one["until"] is None) for one in kept] == [("H001", False), ("H002", False)]
    make.edition(change(*both), "TWO", day_start(legal_today() + DAY))
    assert confirm(among=[license.pk]) == 1
    assert Verdict.objects.get().held == kept
    make.edition(change(both[0]), "THREE", day_start(legal_today() + 2 * DAY))
    make.edition(change(hold("DE", reservations=True, owner="Another")), "FOUR", day_start(legal_today() + 3 * DAY))
    assert confirm(among=[license.pk]) == 0
    assert not turn(license)
    days = [(one["hold"], one["owner"], one["until"] == kept[0]["until"]) for one in Verdict.objects.get().held]
    assert days == [("H001", OWNER, False), ("H002", OWNER, False), ("H001", "Another", True)]


def _rows(change):
    document = {}
    change({}, document)
    return document["holds"]


def told(ref):
    """What history says of holds: verb and which."""
    lines = HistoryLine.objects.filter(subject_ref=ref, verb__in=["hold", "release"]).order_by("seq")
    return [(line.verb, line.facts["holds"]) for line in lines]


def test_who_holds_a_license_is_told_once_that_a_hold_stops_it_and_once_that_it_ended(world, license, clock):
    make.edition(hold("DE", last=2, reservations=True), "ONE")
    assert turn(license) and told(license.ref) == [("hold", "H001")]
    make.edition(hold("DE", last=2, reservations=True, reason_en="Talks go on."), "TWO")
    assert not turn(license)
    clock.set(day_start(legal_today() + 3 * DAY))
    assert selectors.licenses_to_turn(9) == [license.pk] and confirm(among=[license.pk]) == 0
    assert turn(license) and told(license.ref) == [("hold", "H001"), ("release", "H001")]
    assert selectors.licenses_to_turn(9) == [] and License.objects.get().held == []


def test_a_hold_that_stops_no_reservation_is_not_told_of_a_license(world, license):
    make.edition(hold("DE"))
    assert not turn(license) and told(license.ref) == []


def test_a_hold_that_is_announced_at_issue_is_told_when_it_begins(world, clock):
    make.edition(hold("DE", first=1, reservations=True))
    license = world.license(kilograms=100)
    clock.set(day_start(legal_today() + DAY))
    assert selectors.licenses_to_turn(9) == [license.pk]
    assert confirm(among=[license.pk]) == 0 and turn(license)
    assert told(license.ref) == [("hold", "H001")]


def test_who_has_an_open_case_is_told_once_that_a_hold_stands_and_once_that_it_ended(world, clock):
    ref = world.under_review(world.application())
    make.edition(hold("DE", first=1, last=2), "ONE")
    turn_case(ref)
    assert told(ref) == []
    for days, lines in ((1, ["hold"]), (2, ["hold"]), (3, ["hold", "release"]), (4, ["hold", "release"])):
        clock.set(day_start(legal_today_of(ref) + days * DAY))
        due = selectors.cases_to_turn(9)
        assert bool(due) is (days in (1, 3))
        assert bool(due and turn_case(ref)) is (days in (1, 3))
        assert told(ref) == [(verb, "H001") for verb in lines]


def test_a_hold_that_may_stand_is_not_told(world):
    ref = world.under_review(world.application())
    make.edition(hold(match={"destination.country": ["DE"], "item.origin": ["CN"]}))
    turn_case(ref)
    assert told(ref) == []


def legal_today_of(ref):
    """The day on which the case was filed."""
    return legal_day(case(ref).submitted_at)


# --- people -------------------------------------------------------------------------------------------------


def page(client, who, path):
    if who:
        client.force_login(who.user)
    return " ".join(client.get(path).content.decode().split())


@pytest.mark.parametrize("state", ["under_review", "approved"])
def test_both_pages_of_a_case_say_that_a_hold_stands(world, client, state):
    ref = world.under_review(world.application())
    if state == "approved":
        decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
        approve(world, ref)
    make.edition(hold("DE", first=-5))
    for who, path in ((world.exporter, f"/applications/{ref}/"), (world.ministry.reviewer, f"/desk/cases/{ref}/")):
        text = page(client, who, path)
        assert "On hold" in text and f"Talks are under way. It is with {OWNER}, until" in text
        assert "Line 1, 1C905.a.4, for End-user" in text
    make.edition(hold("FR"), "AFTER")
    assert "h-holds" not in page(client, world.exporter, f"/applications/{ref}/")


def test_the_check_names_a_hold_of_its_day(world, client):
    make.edition(hold("DE", first=2))
    asked = "/check/?item=1C905.a.4&to=DE&on="
    on, before = (page(client, None, f"{asked}{legal_today() + days * DAY}") for days in (2, 1))
    assert "Talks are under way." in on and 'href="/rules/holds/"' in on
    assert "Talks are under way." not in before


def test_everybody_reads_which_holds_stand_and_are_announced(world, client):
    make.edition(hold("DE", "JP", first=-5, reservations=True))
    make.edition(hold("FR", id="H002", reason_zh="另议。"), "NEXT-2", legal_now() + 9 * DAY)
    text = page(client, None, "/rules/holds/")
    assert "H001" in text and "In force" in text and "The destination is Germany or Japan" in text and OWNER in text
    assert "nothing new is reserved" in text
    assert "H002" in text and "Announced" in text and "Licenses in force can be used." in text
    with override("zh-hans"):
        assert "另议。" in client.get("/rules/holds/", headers={"accept-language": "zh-hans"}).content.decode()


def test_without_holds_the_page_says_so(world, client):
    assert "No hold stands or is announced" in page(client, None, "/rules/holds/")


def known():
    today = legal_today()
    return [
        (one.hold.id, (one.since - today).days, one.until and (one.until - today).days)
        for one in selectors.holds_known(selectors.editions_at(legal_now()))
    ]


def test_a_hold_is_known_on_the_days_on_which_editions_let_it_stand(world, clock):
    today = legal_today()
    make.edition(hold("DE", first=-5, last=None), "ONE")
    make.edition(hold("DE", first=-5, last=None), "TWO", day_start(today + 3 * DAY))
    make.edition(lambda rules, _: None, "GONE", day_start(today + 6 * DAY))
    make.edition(hold("DE", first=-5, last=None), "AGAIN", day_start(today + 9 * DAY))
    assert known() == [("H001", 0, 5), ("H001", 9, None)]
    clock.set(day_start(today + 5 * DAY))
    assert known() == [("H001", -5, 0), ("H001", 4, None)]
    clock.set(day_start(today + 6 * DAY))
    assert known() == [("H001", 3, None)]


def test_a_hold_that_a_coming_edition_prolongs_is_one_and_ends_with_the_last(world, clock, client):
    today = legal_today()
    make.edition(hold("DE", last=10), "ONE")
    make.edition(hold("DE", last=40, reason_en="They go on."), "TWO", day_start(today + 3 * DAY))
    assert known() == [("H001", 0, 40)]
    editions = selectors.editions_at(legal_now())
    hold_of_now = editions.rules(editions.of(today).digest).edition.holds[0]
    assert selectors.last_day(hold_of_now, today, editions) == today + 40 * DAY
    assert "Talks are under way." in page(client, None, "/rules/holds/")
    clock.set(day_start(today + 3 * DAY))
    text = page(client, None, "/rules/holds/")
    assert text.count("H001") == 1 and "They go on." in text and "Talks are under way." not in text


def test_how_long_holds_last_is_read_from_the_editions_that_judged(world, django_assert_num_queries):
    ref = recommended(world)
    make.edition(hold("DE", last=3))
    judged = selectors.judge(case(ref), at=legal_now())
    with django_assert_num_queries(0):
        (standing,) = selectors.holds_of(judged)
    assert standing.until == legal_today() + 3 * DAY


@pytest.mark.parametrize("way", ["another country", "another group", "another name"])
def test_a_hold_that_stands_for_something_else_then_is_another(world, way):
    def grouped(country, name="H001"):
        def change(rules, document):
            hold("DE", last=None, id=name)(rules, document)
            document["groups"]["NEAR"] = {"en": "Near", "zh": "邻近", "countries": [country]}
            document["holds"][-1]["match"] = {"destination.group": ["NEAR"]}

        return change

    two = {
        "another country": hold("FR", last=None),
        "another group": grouped("FR"),
        "another name": grouped("DE", "H002"),
    }[way]
    make.edition(hold("DE", last=None) if way == "another country" else grouped("DE"), "ONE")
    make.edition(two, "TWO", day_start(legal_today() + 3 * DAY))
    assert [(since, until) for _, since, until in known()] == [(0, 2), (3, None)]


def test_everybody_says_that_a_hold_ends_where_a_coming_edition_lacks_it(world, license, client):
    """The page of holds, a case, what an approval is refused with, the check, assessments, a reservation."""
    ref, today = recommended(world), legal_today()
    make.edition(hold("DE", last=30, reservations=True), "ONE")
    make.edition(lambda rules, _: None, "GONE", day_start(today + 4 * DAY))
    last = today + 3 * DAY
    assert known() == [("H001", 0, 3)]
    words = f"It is with {OWNER}, until {day(last)} inclusive."
    refusal = code_of(approve, world, ref)
    assert refusal.extra["until"] == str(last) and words in refusal.detail
    assert words in str(code_of(world.shipment, license, KG).errors[0].message)
    assert turn(license)
    for who, path in (
        (world.exporter, f"/applications/{ref}/"),
        (world.ministry.decider, f"/desk/cases/{ref}/"),
        (world.exporter, f"/licenses/{license.ref}/"),
        (None, "/check/?item=1C905.a.4&to=DE"),
    ):
        assert words in page(client, who, path), path
    for on, until in ((today, [str(last)]), (last, [str(last)]), (last + DAY, [])):
        asked = {"as_of": str(on), "facts": {"item.control_code": "1C905.a.4", "destination.country": "DE"}}
        answer = client.post("/api/v1/assessments/", asked, "application/json").json()
        assert [one["until"] for one in answer["holds"]] == until


def test_a_shipment_whose_goods_a_hold_stops_is_on_hold_before_a_turn_and_after_it(world, license, client):
    shipment = world.shipment(license, KG)
    client.force_login(world.exporter.user)

    def on_hold():
        return client.get(f"/api/v1/shipments/{shipment.ref}/").json()["on_hold"]

    make.edition(hold("DE"), "ONE")
    assert on_hold() is False  # it stops no reservations
    make.edition(hold("DE", reservations=True), "TWO")
    assert on_hold() is True
    assert turn(license)
    assert on_hold() is True
    make.edition(lambda rules, _: None, "GONE")
    assert on_hold() is False


def test_a_hold_that_no_day_of_its_edition_sees_is_not_known(world):
    make.edition(hold("DE", first=5), "ONE")
    make.edition(lambda rules, _: None, "GONE", day_start(legal_today() + 3 * DAY))
    assert known() == []


def test_verdicts_of_before_hold_nothing(world, license):
    assert Verdict.objects.get().held == []
    assert selectors.held(selectors.editions_at(legal_now()), Verdict.objects.get().facts, since=legal_now()) == []
