"""What a draft would do to the book, and that the book then does just that."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import InternalError, connection
from django.test.utils import CaptureQueriesContext

from core.errors import DomainError
from core.legal_time import day_start, legal_now, legal_today, on_the_wire
from core.models import HistoryLine
from exporters.models import Party, Qualification
from licensing import elements, selectors, tasks
from licensing.actions import amendments, applications, decisions
from licensing.loading import first_document
from licensing.models import (
    Application,
    ControlItem,
    Declaration,
    License,
    LicenseEndUser,
    PolicyEdition,
    Suspension,
    Verdict,
)
from licensing.policy.editions import Unreadable, canonical, read
from licensing.policy.engine import Compiled
from licensing.selectors import editions_at
from licensing.selectors.what_if import Stopped, names_of, what_if, what_of_mine
from licensing.selectors.what_if.cases import Cases
from licensing.selectors.what_if.known import Both
from licensing.selectors.what_if.tally import Exposure, Part, Tally
from licensing.web.what_if import HEAD, lines
from licensing.web.what_if import told as what_if_told
from shipments.actions import LineRequest
from tests import make
from tests.book import DAY, Book, checksums, draft, forbid, other_rules, predicted, unguarded, written
from tests.make import seen

KG = 1_000
MAGNET = "1C905.a.4"


def asked(text, starts_at=None, **said):
    at = legal_now()
    return what_if(text, starts_at or at, at=at, **said)


def nothing(rules, document):
    """The same rules under another text."""
    rules["R033"]["rationale_en"] += " "


# --- the turn does what was predicted ----------------------------------------------------------------------


@pytest.mark.full
@pytest.mark.parametrize(
    ("number", "change"), [(200, forbid(country=["DE"], use=["CIV_AUTO", "CIV_WIND"])), (80, other_rules)]
)
def test_the_turn_does_what_was_predicted(world, number, change):
    Book(world, number)
    tasks.turn_licenses()
    text = draft(change)
    found = asked(text)
    last = HistoryLine.objects.latest("pk").pk
    make.edition(change)
    tasks.turn_licenses()
    assert written(last) == predicted(found)
    assert len(found["licenses"]["events"]) > 10
    suspended = License.objects.filter(ref__in=found["licenses"]["refs"]["suspend"])
    assert set(suspended.values_list("state", flat=True)) == {"suspended"}
    standing = Verdict.objects.filter(line__license__usable_until__gte=legal_today())
    prohibited = sum(
        one["parts"] for one in found["licenses"]["outcomes"] if one["by"] == "" and one["new"] == "prohibited"
    )
    assert prohibited == standing.filter(forbidden=True).count()


def test_it_says_the_same_twice_and_writes_nothing(world):
    Book(world, 40)
    text, starts_at = draft(forbid(country=["DE"])), legal_now()
    before = checksums()
    found = asked(text, starts_at)
    assert asked(text, starts_at) == found
    assert json.loads(json.dumps(found)) == found
    assert checksums() == before


def test_other_data_another_text_or_another_start_have_another_hash(world, license):
    text, at = draft(forbid(country=["FR"])), legal_now()
    hashes = [what_if(text, at, at=at)["hash"], what_if(draft(nothing), at, at=at)["hash"]]
    hashes.append(what_if(text, at + DAY, at=at)["hash"])
    world.shipment(license, KG)
    hashes.append(what_if(text, at, at=at)["hash"])
    Verdict.objects.update(facts={**Verdict.objects.get().facts, "end_use.code": "CIV_WIND"})
    hashes.append(what_if(text, at, at=at)["hash"])
    License.objects.update(usable_until=license.usable_until - DAY)
    hashes.append(what_if(text, at, at=at)["hash"])
    assert len(set(hashes)) == 6


# --- licenses -----------------------------------------------------------------------------------------------


def test_a_country_ban_suspends_the_one_license_of_military_potential(world, clock):
    """Scenario 9."""
    clock.set(day_start(date(2026, 1, 5)) + timedelta(hours=12))

    def without(rules, document):
        document["rules"] = [row for row in document["rules"] if row["id"] not in ("R033", "R034")]

    make.edition(without, "BEFORE")
    made = [_to(world, "JP", kilograms) for kilograms in (3_000, 4_000, 9_500)]
    military(made[2])
    cases = [_filed(world, "JP") for _ in range(2)]
    Declaration.objects.filter(used_by__application__ref=cases[1]).update(end_use="MIL_POTENTIAL", as_signed=None)
    starts = day_start(date(2026, 1, 6))
    found = asked(canonical(first_document()), starts)
    assert found["licenses"]["refs"] == {"suspend": [made[2].ref]}
    [event] = found["licenses"]["events"]
    assert (event["quantity"], event["rules"]) == ({"kg": 9_500 * KG}, ["R034"])
    assert found["cases"]["refs"] == {"changed": [cases[1]]}
    assert total(found["licenses"], "open", "prohibited") == (1, {"kg": 9_500 * KG})
    assert by(found["licenses"], "destination") == {("JP", "open", "open"): 2, ("JP", "open", "prohibited"): 1}
    make.edition(lambda rules, document: None, "A1", starts)
    clock.set(starts)
    tasks.turn_licenses()
    assert [License.objects.get(pk=one.pk).state for one in made] == ["active", "active", "suspended"]


def _to(world, country, kilograms):
    signed = [world.declaration(country=country)]
    ref = world.application(kind="annual", kilograms=kilograms, by_whom=signed)
    return make.demo.issued(world.exporter, ref, world.ministry, signed)


def _filed(world, country="DE", **said):
    ref = world.application(by_whom=[world.declaration(country=country)], **said)
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    return ref


def military(license):
    row = Verdict.objects.get(line__license=license)
    Verdict.objects.filter(pk=row.pk).update(facts={**row.facts, "end_use.code": "MIL_POTENTIAL"})


def total(part, old, new):
    one = next(row for row in part["outcomes"] if (row["by"], row["old"], row["new"]) == ("", old, new))
    return one["entries"], one["quantity"]


def by(part, name):
    return {(row["value"], row["old"], row["new"]): row["parts"] for row in part["outcomes"] if row["by"] == name}


def test_what_closes_one_of_two_end_users_narrows_and_what_frees_him_widens(world):
    license = world.license(kilograms=100, users=2)
    second = license.end_users.last()
    row = Verdict.objects.get(end_user=second)
    Verdict.objects.filter(pk=row.pk).update(facts={**row.facts, "end_use.code": "CIV_WIND"})
    ban = forbid(use=["CIV_WIND"])
    [event] = asked(draft(ban))["licenses"]["events"]
    assert (event["event"], event["end_users"], event["lines"]) == ("narrow", [second.party.ref], [1])
    make.edition(ban)
    tasks.turn_licenses()
    assert asked(draft(nothing))["licenses"]["refs"] == {"widen": [license.ref]}


def test_it_tells_of_an_end_user_s_own_lines_alone(world):
    license = world.apart()
    [event] = asked(draft(forbid(country=["DE"])))["licenses"]["events"]
    assert (event["end_users"], event["lines"]) == ([license.end_users.order_by("pk")[0].party.ref], [1])


def test_whose_own_goods_are_all_prohibited_is_closed_whatever_others_declared(world):
    license = world.apart()

    def both(rules, document):
        forbid(country=["DE"], code=["1C905"])(rules, document)
        rules["R033"].update(match={"destination.country": ["JP"]}, applies_to=["existing"])

    assert asked(draft(both))["licenses"]["refs"] == {"suspend": [license.ref]}
    make.edition(both)
    tasks.turn_licenses()
    assert asked(draft(nothing))["licenses"]["refs"] == {"lift": [license.ref]}


def test_what_frees_the_last_end_user_lifts_unless_another_cause_is_open(world, license):
    make.edition(forbid(country=["DE"]))
    tasks.turn_licenses()
    assert asked(draft(nothing))["licenses"]["refs"] == {"lift": [license.ref]}
    user, at = license.end_users.get(), legal_now()
    facts = {"opened_by": world.ministry.decider.user, "opened_at": at}
    Suspension.objects.create(license=license, end_user=user, cause="screening", **facts)
    assert asked(draft(nothing))["licenses"]["refs"] == {"widen": [license.ref]}


def test_whoever_is_closed_already_is_told_anew_where_the_rules_or_their_words_are_others(world, license):
    ban = forbid(country=["DE"])
    make.edition(ban)
    tasks.turn_licenses()
    assert asked(draft(ban))["licenses"]["refs"] == {}

    def reworded(rules, document):
        ban(rules, document)
        document["rules"][-1]["rationale_en"] = "In other words."

    found = asked(draft(reworded))
    assert found["licenses"]["refs"] == {"suspend": [license.ref]}
    last = HistoryLine.objects.latest("pk").pk
    make.edition(reworded, "AGAIN")
    tasks.turn_licenses()
    assert written(last) == predicted(found)


def test_an_end_user_closed_otherwise_leaves_nobody_when_the_other_is_closed(world):
    license = world.license(kilograms=100, users=2)
    first, second = license.end_users.all()
    Verdict.objects.filter(end_user=second).update(
        facts={**Verdict.objects.get(end_user=second).facts, "end_use.code": "CIV_WIND"}
    )
    LicenseEndUser.objects.filter(pk=first.pk).update(open=False)
    assert asked(draft(forbid(use=["CIV_WIND"])))["licenses"]["refs"] == {"suspend": [license.ref]}


def test_a_license_that_is_over_by_then_or_ended_is_not_asked(world, license):
    text = draft(forbid(country=["DE"]))
    assert asked(text, day_start(license.usable_until))["licenses"]["entries"] == 1
    assert asked(text, day_start(license.usable_until + DAY))["licenses"]["entries"] == 0
    License.objects.update(state="expired")
    assert asked(text)["licenses"]["entries"] == 0


def test_a_ban_that_the_draft_announces_is_told_for_later(world):
    license, first = world.license(kilograms=100), legal_today() + 20 * DAY

    def later(rules, document):
        forbid(country=["DE"])(rules, document)
        document["rules"][-1]["effective_from"] = str(first)

    found = asked(draft(later))["licenses"]
    assert (found["events"], found["later"]) == ([], {f"prohibited {on_the_wire(day_start(first))}": [license.ref]})


def test_a_ban_from_the_start_on_is_not_told_for_later(world):
    world.license(kilograms=100)
    assert asked(draft(forbid(country=["DE"])))["licenses"]["later"] == {}

    def by_two(rules, document):
        until_day(30)(rules, document)
        document["rules"].append(rules["R033"] | document["rules"][-1] | {"id": "R098"})
        del document["rules"][-1]["effective_to"]

    assert asked(draft(by_two))["licenses"]["later"] == {}


def from_day(day):
    def change(rules, document):
        forbid(country=["DE"])(rules, document)
        document["rules"][-1]["effective_from"] = str(day)

    return change


def until_day(*days):
    """A ban in force whose last day is so many days ahead; without a number none."""

    def change(rules, document):
        forbid(country=["DE"])(rules, document)
        if days:
            document["rules"][-1]["effective_to"] = str(legal_today() + days[0] * DAY)
        else:
            document["rules"].pop()

    return change


@pytest.mark.parametrize(("ends", "days", "told"), [
    (until_day(60), 31, "prohibited"),
    (until_day(20), 21, "open"),
    (until_day(30), 0, ""),
])  # fmt: skip
def test_a_ban_that_is_prolonged_or_ends_early_is_told_for_the_day(world, ends, days, told):
    license, now = world.license(kilograms=100), until_day(30)
    make.edition(now)
    tasks.turn_licenses()
    found = asked(draft(lambda *both: (ends(*both), nothing(*both))), day_start(legal_today() + 5 * DAY))["licenses"]
    at = day_start(legal_today() + days * DAY)
    assert found["later"] == ({f"{told} {on_the_wire(at)}": [license.ref]} if told else {})
    assert found["events"] == []


def test_a_ban_that_the_draft_drops_is_told_by_the_turn_and_not_for_later(world):
    license = world.license(kilograms=100)
    make.edition(until_day(30))
    tasks.turn_licenses()
    found = asked(draft(until_day()), day_start(legal_today() + 5 * DAY))["licenses"]
    assert (found["refs"], found["later"]) == ({"lift": [license.ref]}, {})


def test_a_ban_that_is_known_is_not_told_as_the_draft_s(world):
    world.license(kilograms=100)
    make.edition(from_day(legal_today() + 20 * DAY))
    tasks.turn_licenses()
    found = asked(draft(lambda *both: (from_day(legal_today() + 20 * DAY)(*both), nothing(*both))))
    assert found["licenses"]["later"] == {}

    def renamed(rules, document):
        from_day(legal_today() + 20 * DAY)(rules, document)
        document["rules"][-1]["id"] = "R098"

    assert asked(draft(renamed))["licenses"]["later"] == {}


def test_a_ban_that_begins_with_the_start_is_the_turn_s(world):
    license, day = world.license(kilograms=100), legal_today() + 20 * DAY
    make.edition(from_day(day))
    found = asked(draft(from_day(day)), day_start(day))["licenses"]
    assert found["refs"] == {"suspend": [license.ref]}


def test_a_cause_that_has_ended_closes_nobody(world):
    license, at = world.license(kilograms=100), legal_now()
    facts = {"opened_by": world.ministry.decider.user, "opened_at": at, "ended_by": world.ministry.decider.user}
    Suspension.objects.create(
        license=license, end_user=license.end_users.get(), cause="screening", ended_at=at, **facts
    )
    make.edition(forbid(country=["DE"]))
    tasks.turn_licenses()
    assert asked(draft(nothing))["licenses"]["refs"] == {"lift": [license.ref]}


def test_what_crossed_already_is_not_hit(world, license):
    world.clear(world.shipment(license, 40 * KG).ref, 40 * KG)
    world.shipment(license, 10 * KG)
    [event] = asked(draft(forbid(country=["DE"])))["licenses"]["events"]
    assert event["quantity"] == {"kg": 60 * KG}


# --- shipments ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("grace", "fate"), [(None, "too_late"), (5, "too_late"), (30, "in_grace")])
def test_a_reserved_shipment_is_too_late_or_within_the_grace(world, license, grace, fate):
    shipment = world.shipment(license, KG, planned_on=legal_today() + 10 * DAY)

    def change(rules, document):
        forbid(country=["DE"])(rules, document)
        document["rules"][-1]["transition"] = {"until": str(legal_today() + grace * DAY)} if grace else {}

    found = asked(draft(change))["shipments"]
    assert found["refs"] == {fate: [shipment.ref]}
    assert total(found, "lawful", fate) == (1, {"kg": KG})


@pytest.mark.slow
def test_what_a_draft_does_to_quotas_is_what_they_count_of_the_shipments_that_it_hits(world, license):
    """By pool; of shipments whose fate is the same, nothing."""
    make.pool(world.ministry, "Q-DY", destinations=["DE"])
    make.pool(world.ministry, "Q-MASS", measure="gross", element="", category="magnet")
    said = elements.contents({"Dy": "0.03"}, elements.DECLARED, "")
    shipment = world.shipment(license, lines=[LineRequest(1, 10 * KG, "kg", contents=said)])
    found = asked(draft(forbid(country=["DE"])))["shipments"]
    assert found["refs"] == {"too_late": [shipment.ref]}
    fates = {"old": "lawful", "new": "too_late"}
    assert found["pools"] == [
        {"pool": "Q-DY", **fates, "content": 300},
        {"pool": "Q-MASS", **fates, "content": 10 * KG},
    ]
    assert asked(draft(forbid(country=["FR"])))["shipments"]["pools"] == []


def test_a_shipment_that_nothing_forbids_or_that_is_reserved_no_longer_is_not_hit(world, license):
    shipment = world.shipment(license, KG)
    assert asked(draft(forbid(country=["FR"])))["shipments"]["refs"] == {}
    world.clear(shipment.ref, KG)
    assert asked(draft(forbid(country=["DE"])))["shipments"]["entries"] == 0


# --- cases --------------------------------------------------------------------------------------------------


def test_materials_into_the_annual_channel(world):
    """Scenario 13."""
    book = Book(world, 25, cases=0)
    magnets = list(ControlItem.objects.filter(official=True, category="magnet"))
    materials = list(ControlItem.objects.filter(official=True, list_name="april", category__in=["oxide", "metal"]))
    Party.objects.filter(pk__in=[row.end_user_id for row in book.signed]).update(nature="commercial", country="DE")
    civil = [row for row in book.signed if row.end_use_id == "CIV_AUTO" and not row.re_export]
    with unguarded():
        gaining = book.cases("under_review", 11, materials, civil)
        book.cases("submitted", 29, magnets, civil)
    found = asked(draft(lambda rules, _: rules["R041"].update(enabled=True)))
    assert (found["cases"]["entries"], found["licenses"]["entries"]) == (40, 25)
    assert found["cases"]["channels"] == {"gained annual": sorted(case.ref for case in gaining)}
    assert all(row["old"] == row["new"] for row in found["cases"]["outcomes"])
    told = {(row["part"], row["new"], row["direction"], row["entries"]) for row in found["cases"]["differences"]}
    assert ("channel", "annual", "loosens", 11) in told
    assert {row[:3] for row in told} == {
        ("channel", "annual", "loosens"),
        ("max_validity_months", "6", "tightens"),  # of any license, as the rule is of all channels
        ("max_clearances", "12", "tightens"),
    }


def test_it_also_halves_the_months_of_validated_end_users(reference):
    at, old = legal_now(), selectors.editions_at(legal_now())
    new = old.with_draft(Compiled(read(draft(lambda rules, _: rules["R041"].update(enabled=True)))), at)
    facts = {
        "item.control_code": ControlItem.objects.filter(list_name="april", category="oxide")[0].code,
        "destination.country": ["DE"],
        "end_use.code": "CIV_AUTO",
        "end_user.class": "commercial",
        "end_user.validated": True,
        "screening.hit": "none",
    }
    days = ((legal_today(), True),)
    said = Both(old, new, at).compared(canonical(facts), days, legal_today(), "pending")
    assert [(one.part, one.old, one.new, one.direction) for one in said.differences] == [
        ("max_validity_months", 12, 6, "tightens")
    ]


def test_a_case_is_judged_at_each_turn_of_its_window_and_only_there(world):
    ref = _filed(world)

    def later(days):
        def change(rules, document):
            forbid(country=["DE"])(rules, document)
            document["rules"][-1] |= {"applies_to": ["pending"], "effective_from": str(legal_today() + days * DAY)}
            document["rules"][-1]["effect"] = document["rules"][-1]["effect"] | {"control": True}

        return draft(change)

    found = asked(later(100))["cases"]
    assert total(found, "standard_review", "prohibited")[0] == 1
    assert found["refs"] == {"changed": [ref]}
    assert found["channels"] == {}  # on the first days it is open
    assert asked(later(400))["cases"]["refs"] == {}


def test_an_edition_whose_place_the_draft_takes_tells_cases_apart(world):
    to_germany, _ = _filed(world), _filed(world, "FR")
    starts = day_start(legal_today() + DAY)

    def banned(rules, document):
        forbid(country=["DE"])(rules, document)
        document["rules"][-1]["applies_to"] = ["pending"]

    make.edition(banned, "SAME", starts)
    found = asked(draft(nothing), starts)["cases"]
    assert found["refs"] == {"changed": [to_germany]}
    assert total(found, "prohibited", "standard_review")[0] == 1


@pytest.mark.parametrize(("audience", "cases", "decided"), [("pending", 1, 0), ("new", 0, 1), ("existing", 0, 0)])
def test_open_cases_are_pending_and_decided_ones_are_new(world, audience, cases, decided):
    world.license(kilograms=100)
    _filed(world)

    def change(rules, document):
        forbid(country=["DE"])(rules, document)
        document["rules"][-1]["applies_to"] = [audience]

    found = asked(draft(change))
    assert [len(found[part]["refs"].get("changed", ())) for part in ("cases", "decided")] == [cases, decided]


def test_what_was_decided_counts_for_twelve_months(world, clock):
    world.license(kilograms=100)
    clock.shift(days=360)
    assert asked(draft(nothing))["decided"]["entries"] == 1
    clock.shift(days=370)
    assert asked(draft(nothing))["decided"]["entries"] == 0


def test_an_approved_case_is_still_an_open_one(world):
    signed = [world.declaration()]
    ref = world.under_review(world.application(by_whom=signed))
    with unguarded():
        Application.objects.filter(ref=ref).update(state="approved", decided_at=legal_now())
    found = asked(draft(nothing))
    assert (found["cases"]["entries"], found["decided"]["entries"]) == (1, 0)


def test_cases_that_could_not_be_filed_are_less_work(world, license):

    def change(rules, document):
        forbid(country=["DE"])(rules, document)
        document["rules"][-1]["applies_to"] = ["new"]

    Application.objects.update(accepted_on=legal_today() - 14 * DAY)
    load = asked(draft(change))["load"]
    assert (load["cases"], load["refs"]) == ([1, 0], {"less": [license.application.ref]})
    assert (load["average"], load["days"]) == ("10.0", "-10.0")
    assert asked(draft(nothing))["load"]["cases"] == [1, 1]


def test_the_average_is_of_the_cases_that_had_a_clock(world):
    for _ in range(2):
        world.license(kilograms=100)
    Application.objects.update(accepted_on=legal_today() - 14 * DAY)
    assert asked(draft(nothing))["load"]["average"] == "10.0"


def test_a_channel_is_open_to_a_case_when_it_is_for_all_of_it(world):
    ref = _filed(world)
    other = world.declaration(country="FR")
    with unguarded():
        Application.objects.get(ref=ref).end_users.create(party=other.end_user, declaration=other)

    def change(rules, document):
        rules["R040"]["match"]["destination.country"] = ["DE"]

    assert asked(draft(change))["cases"]["channels"] == {"lost annual": [ref]}


def test_what_is_said_outside_the_window_does_not_count(world):
    first = legal_today() + 20 * DAY
    _filed(world)
    Application.objects.update(planned_from=first)

    def change(rules, document):
        forbid(country=["DE"])(rules, document)
        document["rules"][-1] |= {"applies_to": ["pending"], "effective_to": str(first - DAY)}
        document["rules"][-1]["effect"] = document["rules"][-1]["effect"] | {"control": True}

    assert all(row["new"] == "standard_review" for row in asked(draft(change))["cases"]["outcomes"])


def test_end_users_who_share_a_line_double_nothing():
    tally = Tally()
    parts = [
        Part(line, "1C902", (country,), "CIV_AUTO", "kg", 5, "a", "b") for line in (1, 2) for country in ("DE", "FR")
    ]
    tally.add(parts)
    tally.add(parts[:1])
    rows = {(row["by"], row["value"]): row for row in tally.told()["outcomes"]}
    figures = {key: (row["entries"], row["parts"], row["quantity"]["kg"]) for key, row in rows.items()}
    assert figures["", ""] == figures["item", "1C902"] == figures["end_use", "CIV_AUTO"] == (2, 5, 15)
    assert figures["destination", "DE"] == (2, 3, 15)
    assert figures["destination", "FR"] == (1, 2, 10)


# --- what comes back ----------------------------------------------------------------------------------------


def test_holmium_comes_back_under_control_unless_the_window_is_prolonged(world, clock):
    clock.set(day_start(date(2026, 11, 1)))
    ref = world.application(kind="per_shipment", code="1C909.b", kilograms=500)
    with unguarded(PolicyEdition):
        Application.objects.filter(ref=ref).update(state="submitted")
        PolicyEdition.objects.update(starts_at=legal_now() - DAY)

    def prolonged(rules, document):
        for window in document["windows"]:
            if window["suspended_until"] == "2026-11-10":
                window["suspended_until"] = "2027-11-10"

    found = asked(draft(prolonged))["exposure"]
    back = {"item": "1C909.b", "lines": 1, "quantity": {"kg": 500 * KG}, "refs": [ref]}
    assert found == {"old": [{"from": "2026-11-11", **back}], "new": [{"from": "2027-11-11", **back}]}
    clock.set(day_start(date(2026, 11, 11)))
    assert asked(draft(nothing))["exposure"] == {"old": [], "new": []}


def test_exposure_keeps_lines_of_cases_and_of_licenses_apart():
    found = Exposure()
    for ref, quantity in (("AP-1", 100), ("EL-1", 7)):  # each has a line of this key
        found.add("2026-11-11", ref, 1, "1C909.b", "kg", quantity)
    [one] = found.told()
    assert (one["lines"], one["quantity"], one["refs"]) == (2, {"kg": 107}, ["AP-1", "EL-1"])


# --- how it runs --------------------------------------------------------------------------------------------


def test_progress_is_told_up_to_the_whole_and_it_can_be_stopped(world, monkeypatch):
    world.license(kilograms=100)
    _filed(world)
    told = []
    asked(draft(nothing), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    stops = iter([False, False, True])
    with pytest.raises(Stopped):
        asked(draft(nothing), stop=lambda: next(stops))


def test_pages_miss_nothing(world, monkeypatch):
    Book(world, 12)
    text, starts_at = draft(forbid(country=["DE"])), legal_now()
    whole = asked(text, starts_at)
    for module in ("cases", "licenses", "shipments"):
        monkeypatch.setattr(f"licensing.selectors.what_if.{module}.SIZE", 5)
    assert asked(text, starts_at) == whole


def test_equal_facts_are_asked_once(world):
    made = [world.license(kilograms=100) for _ in range(3)]
    at, old = legal_now(), selectors.editions_at(legal_now())
    both = Both(old, old.with_draft(Compiled(read(draft(nothing))), at), at)
    facts = [canonical(Verdict.objects.get(line__license=one).facts) for one in made]
    other = canonical({**json.loads(facts[0]), "destination.country": ["FR"]})
    japan = canonical({**json.loads(facts[0]), "destination.country": ["JP"]})
    assert both.alike(other) == both.alike(facts[0]) != both.alike(japan)


def test_changes_of_licenses_cost_as_many_queries_as_other_cases(world):
    def queries():
        with CaptureQueriesContext(connection) as ran:
            what_if(draft(nothing), at, at=at)
            own = what_of_mine(Compiled(read(draft(nothing))), at, at=at, exporter=world.exporter.organization_id)
        assert own.looked_at == 2 * Application.objects.filter(amends__isnull=False).count()
        return len(ran)

    counts = []
    for _ in range(3):
        license = world.license()
        row = make.asking(amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter))
        applications.submit(row.ref, seen=seen(row.ref), by=world.exporter)
        at = legal_now()
        counts.append(queries())
    assert len(set(counts)) == 1


def test_windows_between_the_same_turns_are_asked_about_together(world, monkeypatch):
    book = Book(world, 0, cases=40)
    first, last = legal_today() + 30 * DAY, legal_today() + 60 * DAY
    for number, case in enumerate(Application.objects.all()):
        Application.objects.filter(pk=case.pk).update(
            planned_from=legal_today() + number * DAY, planned_until=legal_today() + (number + 40) * DAY
        )

    def change(rules, document):
        forbid(country=["DE", "FR"])(rules, document)
        dates = {"effective_from": str(first), "effective_to": str(last)}
        document["rules"][-1] |= {"applies_to": ["pending"], **dates}
        document["rules"][-1]["effect"] = document["rules"][-1]["effect"] | {"control": True}

    Qualification.objects.exclude(last_day=None).update(last_day=first + 5 * DAY)
    text, starts_at = draft(change), book.at
    found = asked(text, starts_at)["cases"]
    assert by(found, "")["", "standard_review", "prohibited"] > 0
    monkeypatch.setattr(Cases, "_standing_for", lambda self, days, last_day: (days, last_day))
    assert asked(text, starts_at)["cases"] == found


def test_who_is_qualified_on_no_day_of_a_window_is_not_qualified(reference):
    at, today = legal_now(), legal_today()
    old = editions_at(at)
    both = Both(old, old.with_draft(Compiled(read(draft(nothing))), at), at)
    cases, window = Cases(both, "pending", (Exposure(), Exposure())), ((today, True), (today + DAY, True))
    until = {last_day: cases._standing_for(window, last_day)[1] for last_day in (today - DAY, today, today + DAY)}
    assert until == {today - DAY: None, today: today, today + DAY: date.max}


def test_a_text_that_can_t_be_read_is_refused_with_every_flaw(reference):
    with pytest.raises(Unreadable):
        asked("{}")


@pytest.mark.slow
def test_it_reads_one_snapshot_and_can_t_write(world, license, transactional_db):
    _filed(world)
    text, at, other = draft(forbid(country=["DE"])), legal_now(), connection.copy()
    expected = what_if(text, at, at=at)

    def meanwhile(done, total):
        with other.cursor() as cursor:
            cursor.execute("UPDATE licensing_license SET usable_until = usable_from")

    assert what_if(text, at, at=at, progress=meanwhile) == expected
    other.close()
    with pytest.raises(InternalError, match="read-only"):
        what_if(text, at, at=at, progress=lambda *_: License.objects.update(verify_code="X"))
    assert license.usable_until != License.objects.get().usable_until


def test_its_file_has_a_line_for_each_figure_and_nothing_that_is_executed(world, license):
    found = asked(draft(forbid(country=["DE"])))
    head, *rows = lines(found, {})
    assert head == list(HEAD)
    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert any((row["what"], row["reference"]) == ("suspend", license.ref) for row in told)
    outcome = next(row for row in told if (row["part"], row["by"]) == ("licenses", "destination"))
    assert (outcome["value"], outcome["after"], outcome["quantity"]) == ("DE", "prohibited", "100.000")
    found["licenses"]["refs"] = {"=1+1": [license.ref]}
    assert any(row[1] == "'=1+1" for row in lines(found, {}))


def test_names_show_to_who_may_read_cases_and_to_nobody_else(world):
    license, case = world.license(kilograms=100), _filed(world)
    shipment = world.shipment(license, KG)
    found = asked(draft(forbid(country=["DE"], code=["1C905"])))
    found["cases"]["refs"] = {"changed": [case]}
    m, name = world.ministry, str(world.exporter.organization)
    for reader in (m.intake, m.reviewer, m.decider, m.auditor):
        assert names_of(found, reader) == {license.ref: name, case: name, shipment.ref: name}
    for reader in (m.policy_officer, m.policy_approver):
        assert names_of(found, reader) == {}
    elsewhere = replace(m.reviewer, province="33")
    assert names_of(found, elsewhere) == {}
    told = {row[-2]: row[-1] for row in lines(found, names_of(found, m.auditor))}
    assert told[license.ref] == name
    assert name not in [row[-1] for row in lines(found, names_of(found, m.policy_officer))]


def test_each_group_of_references_is_in_the_file_and_has_its_companies(world, clock):
    clock.set(day_start(date(2026, 11, 1)))
    with unguarded(PolicyEdition):
        PolicyEdition.objects.update(starts_at=legal_now() - DAY)
    license = world.license(kilograms=100)
    signed = [world.declaration(country="FR")]  # of whom nothing else is told
    back = world.application(kind="per_shipment", code="1C909.b", kilograms=500, by_whom=signed)
    with unguarded(PolicyEdition):
        Application.objects.filter(ref=back).update(state="submitted", submitted_at=legal_now())

    def change(rules, document):
        rules["R033"].update(match={"destination.country": ["DE"]}, applies_to=["new"])
        until_day(30)(rules, document)
        document["rules"][-1]["effective_from"] = str(legal_today() + 9 * DAY)
        held_in("DE")(rules, document)

    found = asked(draft(change))
    reader, name = world.ministry.auditor, str(world.exporter.organization)
    rows = [dict(zip(HEAD, row, strict=True)) for row in lines(found, names_of(found, reader))]
    later = f"prohibited {on_the_wire(day_start(legal_today() + 9 * DAY))}"
    told = {(row["part"], row["what"], row["reference"]) for row in rows if row["company"] == name}
    assert told >= {("licenses", what, license.ref) for what in ("spared", later, "hold begins")}
    assert told >= {("exposure", when, back) for when in ("old", "new")}
    shown = what_if_told(found, {}, Compiled(read(draft(change))).edition, names_of(found, reader))
    refs = {what: refs for part in shown["parts"] for what, refs in part["refs"]}
    assert refs["Not hit, though new applications are prohibited then"] == [(license.ref, name)]
    assert [one["refs"] for one in shown["exposure"]] == [[(back, name)]]


def test_the_page_says_what_else_is_said_otherwise_of_cases(world):
    _filed(world)

    def change(rules, document):
        rules["R040"]["effect"]["params"]["max_validity_months"] = 6

    found, edition = asked(draft(change)), Compiled(read(draft(change))).edition
    [cases] = [part for part in what_if_told(found, {}, edition, {})["parts"] if part["label"] == "Open cases"]
    assert (cases["rows"], cases["differing"]) == ([], [("Longest validity: 12 months, now 6 months", 1)])
    found["cases"]["differences"] = [
        {"part": "missing", "old": None, "new": "end_use.code, screening.hit", "direction": "", "entries": 1},
        {"part": "channel", "old": "annual", "new": "", "direction": "tightens", "entries": 2},
        {"part": "disposition", "old": "exempt", "new": "prohibited", "direction": "tightens", "entries": 3},
    ]
    [cases] = [part for part in what_if_told(found, {}, edition, {})["parts"] if part["label"] == "Open cases"]
    assert cases["differing"] == [
        ("Facts that are missing: none, now End-use and Screening result", 1),
        ("Closes: annual licenses", 2),
    ]


def held_in(country):
    def change(rules, document):
        until = str(legal_today() + 30 * DAY)
        document["holds"] = [
            {
                "id": "H001",
                "match": {"destination.country": [country]},
                "from": str(legal_today() - DAY),
                "until": until,
                "reason_en": "Talks.",
                "reason_zh": "磋商。",
                "owner": "A bureau",
                "reservations": True,
            }
        ]

    return change


def test_what_a_hold_stops_is_counted_and_is_then_stopped(world):
    """And no rule tells the two countries apart, only the hold."""
    license, other = _to(world, "DE", 100), _to(world, "FR", 100)
    ref = world.under_review(world.application(kilograms=50))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    text = draft(held_in("DE"))
    found = asked(text)
    [of_cases], [of_licenses] = found["cases"]["holds"], found["licenses"]["holds"]
    assert of_cases == {"hold": "H001", "event": "begins", "lines": 1, "quantity": {"kg": 50 * KG}, "refs": [ref]}
    assert of_licenses == of_cases | {"quantity": {"kg": 100 * KG}, "refs": [license.ref]}
    rows = [row for row in lines(found, {}) if row[:4] == ["licenses", "hold begins", "", "H001"]]
    assert license.ref in {row[-2] for row in rows}
    make.edition(held_in("DE"))
    with pytest.raises(DomainError, match="A hold stands"):
        decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    with pytest.raises(DomainError, match="A hold stands"):
        world.shipment(license, KG)
    world.shipment(other, KG)
    found = asked(draft(nothing))
    assert [one["event"] for part in ("cases", "licenses") for one in found[part]["holds"]] == ["ends", "ends"]
    make.edition(nothing, "AFTER")
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    world.shipment(license, KG)
    assert asked(draft(nothing))["licenses"]["holds"] == []
    make.edition(held_in("DE"), "AGAIN")
    assert asked(draft(held_in("DE")))["licenses"]["holds"] == []


@pytest.mark.parametrize(
    ("applies_to", "country", "spared"),
    [(["new"], "DE", True), (["new", "existing"], "DE", False), (["pending"], "DE", False), (["new"], "FR", False)],
)
def test_a_license_that_a_ban_leaves_alone_is_named(world, license, applies_to, country, spared):
    change = {"match": {"destination.country": [country]}, "applies_to": applies_to}
    found = asked(draft(lambda rules, document: rules["R033"].update(change)))
    assert found["licenses"]["spared"] == ({"spared": [license.ref]} if spared else {})


def test_goods_that_need_no_license_are_not_told_as_spared(world):
    """Nobody files for them anew, so no new application is prohibited."""
    world.license(kilograms=100)

    def freed(rules, document):
        rules["R001"]["enabled"] = False
        rules["R033"].update(match={"destination.country": ["DE"]}, applies_to=["new"])

    assert asked(draft(freed))["licenses"]["spared"] == {}


def test_what_was_banned_for_others_before_is_not_told_as_spared_by_the_draft(world):
    world.license(kilograms=100)
    change = {"match": {"destination.country": ["DE"]}, "applies_to": ["new"]}
    make.edition(lambda rules, document: rules["R033"].update(change))
    words = {**change, "rationale_en": "In other words."}
    assert asked(draft(lambda rules, document: rules["R033"].update(words)))["licenses"]["spared"] == {}
