"""When rules for licenses in force prohibit a line for an end-user: as written at issue, as read by a reservation."""

from datetime import date, timedelta

import pytest

from core.access import clock as clock_actor
from core.legal_time import day_start, legal_now, legal_today, on_the_wire
from licensing import selectors
from licensing.actions import verdicts
from licensing.models import License, PolicyEdition, Verdict
from licensing.models.balances import LicenseLine
from licensing.selectors.verdicts import begin_of, prohibited
from tests import make
from tests.licensing.test_limits import refused
from tests.refused import breaches

KG = 1_000
MAGNET = "1C905.a.4"
DAY = timedelta(days=1)


def ban(*countries, **rule):
    """A change of the first edition: R033 forbids these countries, to licenses in force."""
    return lambda rules, _: rules["R033"].update(
        {"match": {"destination.country": list(countries)}, "applies_to": ["existing"], **rule}
    )


def stretches(since=None, contract=None, special=False, **facts):
    said = {"item.control_code": MAGNET, "destination.country": ["DE"], **facts}
    at = since or legal_now()
    return prohibited(selectors.editions_at(at), said, since=at, contract=contract, special=special)


def stretch(since, until=None, grace=None, rules=("R033",)):
    instants = {"from": since, "until": until, "grace": grace}
    return {name: at and on_the_wire(at) for name, at in instants.items()} | {"rules": list(rules)}


# --- the stretches ----------------------------------------------------------------------------------------


def test_each_line_of_a_new_license_has_a_verdict_for_each_end_user(world, license):
    verdict = Verdict.objects.get(line__license=license)
    assert verdict.end_user == license.end_users.get()
    assert verdict.facts["item.control_code"] == MAGNET
    assert verdict.facts["destination.country"] == ["DE"]
    assert verdict.facts["screening.hit"] == "none"
    assert verdict.prohibited == []
    assert license.judged_by.code == license.edition


def test_a_rule_that_is_not_for_licenses_in_force_forbids_none(reference):
    make.edition(ban("DE", applies_to=["new", "pending"]))
    assert stretches() == []


def test_a_prohibition_begins_with_its_edition_whose_day_has_begun(reference):
    edition = make.edition(ban("DE"))
    assert stretches(edition.starts_at - DAY) == [stretch(edition.starts_at)]
    assert stretches(edition.starts_at + DAY) == [stretch(edition.starts_at + DAY)]


def test_a_prohibition_ends_where_a_later_edition_no_longer_says_it(reference):
    now = legal_now()
    make.edition(ban("DE"), "FIRST", now)
    make.edition(ban("JP"), "THEN", now + 3 * DAY)
    make.edition(ban("DE", "JP"), "AGAIN", now + 5 * DAY)
    assert stretches(now) == [stretch(now, now + 3 * DAY), stretch(now + 5 * DAY)]


def test_days_of_rules_are_legal_days(reference):
    first, last = legal_today() + 2 * DAY, legal_today() + 4 * DAY
    make.edition(ban("DE", effective_from=str(first), effective_to=str(last)))
    assert stretches() == [stretch(day_start(first), day_start(last + DAY))]


def test_stretches_that_touch_are_one_under_the_same_rules_only(reference):
    now = legal_now()
    make.edition(ban("DE"), "FIRST", now)
    make.edition(ban("DE", "FR"), "SAME", now + DAY)

    def another(rules, document):
        ban("DE")(rules, document)
        rules["R034"].update(match={"destination.country": ["DE"]}, applies_to=["existing"])

    make.edition(another, "ANOTHER", now + 2 * DAY)
    assert stretches(now) == [stretch(now, now + 2 * DAY), stretch(now + 2 * DAY, rules=("R033", "R034"))]


def test_rules_that_left_a_gap_stood_since_the_end_of_it():
    days = [day_start(date(2026, 3, 2)) + n * DAY for n in range(5)]
    stood = [stretch(days[0], days[1]), stretch(days[2], days[3], rules=("R034",)), stretch(days[3])]
    assert [begin_of(stood, at) for at in days] == [days[0], days[0], days[2], days[2], days[2]]


def test_a_rule_that_another_overrides_forbids_nothing(reference):
    def change(rules, document):
        ban("DE")(rules, document)
        rules["R034"].update(
            match={"destination.country": ["DE"]}, applies_to=["existing"], overrides_disposition_of=["R033"]
        )
        rules["R034"]["effect"].update(disposition="standard_review")

    make.edition(change)
    assert stretches() == []


@pytest.mark.parametrize(
    ("transition", "contract", "last"),
    [
        ({}, None, None),
        ({"until": "2027-03-31"}, None, date(2027, 3, 31)),
        ({"until": "2027-03-31", "contracts_signed_before": "2026-10-01"}, date(2026, 9, 30), date(2027, 3, 31)),
        ({"until": "2027-03-31", "contracts_signed_before": "2026-10-01"}, date(2026, 10, 1), None),
        ({"until": "2027-03-31", "contracts_signed_before": "2026-10-01"}, None, None),
    ],
)
def test_grace_is_what_the_rule_gives_to_contracts_signed_in_time(reference, transition, contract, last):
    edition = make.edition(ban("DE", transition=transition))
    expected = stretch(edition.starts_at, grace=last and day_start(last + DAY))
    assert stretches(edition.starts_at, contract) == [expected]


def test_of_several_rules_the_shortest_grace_counts_and_none_is_shortest(reference):
    def both(first, second):
        def change(rules, document):
            ban("DE", transition=first)(rules, document)
            rules["R034"].update(match={"destination.country": ["DE"]}, applies_to=["existing"], transition=second)

        return change

    edition = make.edition(both({"until": "2027-03-31"}, {"until": "2027-02-28"}))
    assert [one["grace"] for one in stretches(edition.starts_at)] == [on_the_wire(day_start(date(2027, 3, 1)))]
    edition = make.edition(both({"until": "2027-03-31"}, {}), "NONE", edition.starts_at + DAY)
    assert [one["grace"] for one in stretches(edition.starts_at)] == [None]


def test_a_rule_that_would_begin_after_its_edition_never_does(reference):
    now = legal_now()
    make.edition(ban("DE", effective_from=str(legal_today() + 9 * DAY)), "FIRST", now)
    make.edition(ban("FR"), "THEN", now + 5 * DAY)
    assert stretches(now) == []


def test_the_first_edition_covers_what_was_before_it(reference):
    since = PolicyEdition.objects.get().starts_at - DAY
    [(_, begins, ends)] = selectors.editions_at(since).reigns(since)
    assert (begins, ends) == (since, None)


def test_an_edition_that_is_over_says_nothing(reference):
    edition = make.edition(ban("DE"))
    assert [begins for _, begins, _ in selectors.editions_at(edition.starts_at).reigns(edition.starts_at)] == [
        edition.starts_at
    ]


def test_a_rule_that_only_presumes_a_denial_forbids_nothing(reference):
    def change(rules, document):
        ban("DE")(rules, document)
        rules["R033"]["effect"].update(disposition="presumption_of_denial")

    make.edition(change)
    assert stretches() == []


def test_an_item_that_the_newer_list_lacks_is_on_none(reference):
    def change(rules, document):
        rules["R033"].update(match={"item.list": ["none"]}, applies_to=["existing"])
        document["codes"] = [row for row in document["codes"] if row["code"] != MAGNET]

    edition = make.edition(change)
    assert stretches(edition.starts_at) == [stretch(edition.starts_at)]


# --- the reservation ---------------------------------------------------------------------------------------


def test_a_verdict_that_knows_the_newest_edition_is_read_and_nothing_evaluated(world, license, monkeypatch):
    monkeypatch.setattr("licensing.selectors.verdicts.prohibited", None)
    world.shipment(license, KG)
    at = legal_now()
    Verdict.objects.update(prohibited=[stretch(at - DAY, at + DAY)])
    assert refused(world.shipment, license, KG) == ["policy-prohibits"]
    Verdict.objects.update(prohibited=[stretch(at - DAY, at)])
    world.shipment(license, KG)
    Verdict.objects.update(prohibited=[stretch(at + DAY)])
    world.shipment(license, KG)
    assert LicenseLine.objects.get().reserved == 3 * KG


def test_a_verdict_behind_the_newest_edition_is_evaluated_by_the_verb(world, license):
    make.edition(ban("FR"))
    world.shipment(license, KG)
    make.edition(ban("DE"), "AFTER")
    assert refused(world.shipment, license, KG) == ["policy-prohibits"]
    assert LicenseLine.objects.get().reserved == KG


def test_the_facts_are_those_that_were_frozen_with_the_license(world, license):
    make.edition(lambda rules, _: rules["R033"].update(match={"end_use.code": ["CIV_AUTO"]}, applies_to=["existing"]))
    assert refused(world.shipment, license, KG) == ["policy-prohibits"]


def test_another_destination_of_the_license_is_judged_for_itself(world, license):
    License.objects.update(destinations=["DE", "JP"])
    make.edition(ban("JP"))
    verdicts.turn(license.pk, by=clock_actor())
    world.shipment(license, KG)
    wrong = ["destination-not-authorized", "policy-prohibits"]
    assert refused(world.shipment, license, KG, destination="JP") == wrong


def test_a_license_without_verdicts_is_judged_by_its_codes(world, license):
    Verdict.objects.all().delete()
    world.shipment(license, KG)
    make.edition(
        lambda rules, _: rules["R033"].update(match={"item.control_code_prefix": ["1C905"]}, applies_to=["existing"])
    )
    assert refused(world.shipment, license, KG) == ["policy-prohibits"]


def test_a_verdict_that_is_behind_is_not_read_whatever_it_says(world, license):
    Verdict.objects.update(prohibited=[stretch(legal_now() - DAY)])
    make.edition(ban("FR"))
    world.shipment(license, KG)
    assert LicenseLine.objects.get().reserved == KG


def test_a_verdict_of_another_destination_is_not_read(world, license):
    License.objects.update(destinations=["DE", "JP"])
    Verdict.objects.update(prohibited=[stretch(legal_now() - DAY)])
    assert refused(world.shipment, license, KG, destination="JP") == ["destination-not-authorized"]
    assert refused(world.shipment, license, KG) == ["policy-prohibits"]


def test_the_verdict_of_another_end_user_counts_for_nothing(world):
    license = world.license(kilograms=100, users=2)
    first, second = license.end_users.all()
    Verdict.objects.filter(end_user=first).update(prohibited=[stretch(legal_now() - DAY)])
    world.shipment(license, KG, end_user=second.party.ref)
    assert refused(world.shipment, license, KG, end_user=first.party.ref) == ["policy-prohibits"]
    Verdict.objects.filter(end_user=second).delete()
    assert selectors.judged(license, second.party_id, "DE", {1})["lines"] == {1: []}


def test_a_line_has_one_verdict_for_an_end_user(license):
    assert breaches([("licensing_verdict.verdict_once", {})]) == {}


def test_an_edition_that_comes_while_a_reservation_waits_makes_it_try_again(world, license, monkeypatch):
    def late(*asked):
        found = selectors.judged(*asked)
        make.edition(ban("FR"))
        return found

    make.edition(ban("JP"), "FIRST")
    monkeypatch.setattr("shipments.actions.reservations.judged", late)
    assert refused(world.shipment, license, KG) == ["busy"]


def test_the_ledger_reads_no_verdict_of_another_destination(world, license):
    License.objects.update(destinations=["DE", "JP"])
    user = license.end_users.get().party_id
    asked = [make.taken(license, user, KG, destination=to, dry=True) for to in ("DE", "JP")]
    assert [outcome["behind"] for outcome in asked] == [False, True]


def test_an_edition_that_comes_while_a_reservation_waits_takes_nothing(world, license):
    earlier = selectors.editions_at(legal_now()).newest
    make.edition(ban("FR"))
    user = license.end_users.get().party_id
    assert make.taken(license, user, KG, dry=True)["behind"]
    for judged in (None, {"edition": earlier, "lines": {1: []}}):
        outcome = make.taken(license, user, KG, judged=judged)
        assert (outcome["accepted"], outcome["behind"], outcome["failures"]) == (False, True, [])
    assert LicenseLine.objects.get().reserved == 0
