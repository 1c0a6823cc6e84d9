"""A turn of the rules for open cases: who is told, once, that other rules judge his case, and what nobody is told."""

from datetime import time, timedelta

import pytest
from django.db import connection

from config.local import demo
from core.access import clock as the_clock
from core.deliveries import relay
from core.legal_time import day_start, legal_now, legal_today
from core.models import HistoryLine
from exporters import actions as exporters
from licensing import selectors, tasks
from licensing.actions import applications, decisions, turns
from licensing.models import Application, PolicyEdition
from licensing.policy.vocabulary import PENDING
from tests import make
from tests.days import D
from tests.licensing.test_judging import case, filed, for_whom, judged, planned, refused
from tests.licensing.test_verdicts import ban
from tests.make import seen
from tests.ticks import tick

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
VERBS = ["turn", "turn_inside"]


def pending(*countries, **more):
    """An edition's change: nothing goes to these countries any more, but for what is licensed already."""
    return ban(*countries, applies_to=["new", "pending"], **more)


def case_by_case(rules, _):
    rules["R040"]["effect"].update(disposition="case_by_case")


def turn(ref):
    return turns.turn(case(ref).pk, by=the_clock())


def told(ref):
    """What history says of turns: verb and reason."""
    lines = HistoryLine.objects.filter(subject_ref=ref, verb__in=VERBS).order_by("seq")
    return [(line.verb, line.reason) for line in lines]


def of(name):
    return [("turn", name), ("turn_inside", name)]


# --- who is flagged ----------------------------------------------------------------------------------------


def test_of_two_cases_to_japan_only_the_military_one_is_flagged(world, on):
    def not_yet(rules, _):
        for name in ("R033", "R034"):
            rules[name].update(enabled=False)

    on("2026-01-02")
    make.edition(not_yet, "BEFORE")
    civil = filed(world, kind="per_shipment", by_whom=[for_whom(world, country="JP")])
    military = filed(world, kind="per_shipment", by_whom=[for_whom(world, country="JP", use="MIL_POTENTIAL")])
    tasks.turn_cases()
    make.edition(lambda rules, _: None, "BAN", day_start(legal_today() + 4 * DAY))
    Application.objects.update(planned_until=legal_today() + 3 * DAY)
    on("2026-01-05")
    tasks.turn_cases()
    assert (told(civil), told(military)) == ([], [])
    on("2026-01-06")
    assert tasks.turn_cases() == 1
    assert (told(civil), told(military)) == ([], of("BAN, R034"))
    assert {case(civil).state, case(military).state} == {"submitted"}


def test_an_edition_that_is_added_flags_what_it_will_say_within_the_window(world):
    ref = filed(world)
    make.edition(pending("DE"), starts_at=legal_now() + 5 * DAY)
    assert turn(ref)
    assert told(ref) == of("NEXT, R033")


def test_a_turn_that_was_foreseen_at_filing_flags_nobody(world, clock):
    make.edition(pending("DE", effective_from=str(legal_today() + 5 * DAY)))
    ref = filed(world)
    assert not turn(ref)
    clock.set(day_start(legal_today() + 5 * DAY))
    assert not turn(ref)
    assert told(ref) == []


def test_a_turn_that_was_foreseen_and_comes_no_more_is_told_and_acknowledged(world, on):
    """As where a suspension is prolonged: on no day of the window do other rules begin to count any more."""
    on("2026-03-02")
    day = legal_today() + 5 * DAY
    make.edition(pending("DE", effective_from=str(day)))
    ref = world.application()
    planned(ref, 0, 30)
    world.under_review(ref)
    demo.screened(ref, world.ministry.reviewer)
    make.edition(lambda rules, _: None, "OFF")
    assert turn(ref)
    assert told(ref) == of("OFF, R033")
    assert {one.day for one in judged(ref)} == {legal_today(), day}
    facts = {"outcome": "approve", "by": world.ministry.reviewer}
    assert refused(decisions.recommend, ref, **facts) == "policy-changed"
    decisions.recommend(ref, seen=seen(ref), acknowledged=tick(ref), **facts)
    assert selectors.changed(case(ref), judged(ref)) == []
    on(str(day))
    assert {one.day for one in judged(ref)} == {day}


def test_an_edition_that_judged_and_was_repealed_is_still_read(world, client):
    """Its holder reads that the rules changed, for what was to come does not."""
    at = day_start(legal_today() + 2 * DAY)
    edition = make.edition(case_by_case, "COMES", starts_at=at)
    ref = world.application()
    planned(ref, 3, 30)
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    make.repealed(edition)
    assert turn(ref)
    assert told(ref)[0][0] == "turn"
    assert page(client, world.exporter, f"/applications/{ref}/")


def test_what_lies_before_the_window_and_was_foreseen_flags_nobody(world, clock):
    """The rules of today turn, those of the planned days do not."""
    day = legal_today() + 3 * DAY
    make.edition(case_by_case, "NEXT", starts_at=day_start(day))
    ref = world.application()
    planned(ref, 8, 40)
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    clock.shift(days=3)
    turn(ref)
    assert told(ref) == []


def test_rules_for_others_flag_nobody(world):
    ref = filed(world)
    make.edition(ban("DE", applies_to=["new", "existing"]))
    assert not turn(ref)


def test_a_fact_that_changed_is_no_turn_of_the_rules(world):
    signed = for_whom(world)
    ref = world.under_review(world.application(by_whom=[signed]))
    user = signed.end_user
    exporters.change_party(user.ref, version=user.version, by=world.exporter, name=user.name, nature="military")
    make.edition(lambda rules, _: rules["R001"].update(rationale_en="In other words."))
    assert selectors.changed(case(ref), selectors.judge(case(ref), at=legal_now()))
    assert not turn(ref)


@pytest.mark.parametrize("state", ["draft", "approved", "refused"])
def test_a_draft_and_what_is_decided_are_left_alone(world, state):
    ref, m = world.application(), world.ministry
    if state != "draft":
        world.under_review(ref)
        outcome = "approve" if state == "approved" else "refuse"
        why = {} if state == "approved" else {"factors": ["END_USE"], "text": "No."}
        decisions.recommend(ref, seen=seen(ref), outcome=outcome, by=m.reviewer, **why)
        verb = getattr(decisions, outcome)
        verb(ref, seen=seen(ref), by=m.decider, **why | ({"departure": "Doubts."} if why else {}))
    make.edition(pending("DE"))
    assert (case(ref).state, selectors.cases_to_turn(9), turn(ref)) == (state, [], False)
    assert told(ref) == []


# --- what is told, and until when ---------------------------------------------------------------------------


def test_nobody_is_told_twice_and_of_something_else_again(world):
    ref = filed(world)
    make.edition(case_by_case)
    assert [turn(ref), turn(ref)] == [True, False]
    make.edition(lambda rules, document: case_by_case(rules, document), "SAME")
    assert not turn(ref)
    make.edition(pending("DE"), "BAN")
    assert turn(ref)
    make.edition(lambda rules, _: None, "BACK")
    assert turn(ref)
    assert told(ref) == [*of("NEXT, R040"), *of("BAN, R033"), *of("BACK")]
    assert case(ref).turned == {}


def test_on_which_day_it_is_said_is_nothing_new(world, clock):
    ref = filed(world)
    make.edition(pending("DE"))
    assert turn(ref)
    clock.shift(days=1)
    make.edition(pending("DE"), "AGAIN")
    assert not turn(ref)


def test_what_was_never_said_of_open_cases_is_no_turn(world):
    make.edition(ban("FR", applies_to=["pending"]), "BEFORE")
    ref = filed(world, by_whom=[world.declaration(country="FR")])
    make.edition(ban("FR", applies_to=["pending"]))
    assert not turn(ref)


def test_the_clock_and_the_state_stay_as_they_are(world):
    ref = world.under_review(world.application())
    before = selectors.clocks_of([case(ref)], legal_today())
    make.edition(pending("DE"))
    assert turn(ref)
    assert (case(ref).state, selectors.clocks_of([case(ref)], legal_today())) == ("under_review", before)


def test_holder_and_reviewer_are_written_to_with_a_link_and_no_content(world, mailoutbox):
    ref = world.under_review(world.application())
    make.edition(case_by_case)
    relay()
    mailoutbox.clear()
    turn(ref)
    relay()
    found = {mail.to[0]: (mail.subject, mail.body) for mail in mailoutbox}
    assert found.keys() == {world.exporter.user.email, world.ministry.reviewer.user.email}
    holder, reviewer = (found[who.user.email] for who in (world.exporter, world.ministry.reviewer))
    assert holder[0] == f"{ref}: the rules that judge your case changed"
    assert f"/applications/{ref}/" in holder[1] and f"/desk/cases/{ref}/" in reviewer[1]
    assert not any("R040" in text or "case by case" in text.lower() for pair in found.values() for text in pair)


def page(client, who, path):
    client.force_login(who.user)
    answer = client.get(path)
    return " ".join(answer.content.decode().split())


CHANGED = "The rules changed since the last look"


def test_the_pages_say_what_is_different_until_an_officer_looks(world, client):
    ref, m = world.under_review(world.application()), world.ministry
    mine, desk = (world.exporter, f"/applications/{ref}/"), (m.reviewer, f"/desk/cases/{ref}/")
    assert "h-turned" not in page(client, *mine) and CHANGED not in page(client, *desk)
    make.edition(case_by_case)
    text = page(client, *mine)  # no worker came by
    assert "Line 1, 1C905.a.4, for End-user" in text
    assert "License needed: Presumption of approval; annual licenses; per-shipment licenses" in text
    assert "License needed: Case by case; annual licenses; per-shipment licenses" in text
    assert "R040)" in text and "What would change it" in text
    turn(ref)
    assert CHANGED in page(client, *desk)
    assert CHANGED in page(client, m.reviewer, "/desk/?view=mine")
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
    assert "h-turned" not in page(client, *mine) and CHANGED not in page(client, *desk)
    assert case(ref).turned == {}
    make.edition(pending("DE"), "BAN")
    assert turn(ref)
    assert CHANGED in page(client, m.decider, "/desk/countersign/")


def test_the_exporter_reads_of_a_turn_once_and_officers_of_both_lines(world, client):
    ref = world.under_review(world.application())
    make.edition(case_by_case)
    turn(ref)
    assert "whoever has it was told" not in page(client, world.exporter, f"/applications/{ref}/")
    assert "whoever has it was told" in page(client, world.ministry.auditor, f"/desk/cases/{ref}/")


def test_what_screening_found_since_the_filing_is_told_to_the_ministry_alone(world, client):
    ref = world.under_review(world.application(kind="per_shipment"))
    demo.screened(ref, world.ministry.reviewer, hit="watch_list", reason="Entry 3.")
    make.edition(lambda rules, _: rules["R021"]["effect"].update(disposition="prohibited"))
    assert turn(ref)
    assert told(ref) == [("turn_inside", "NEXT, R021")]
    assert "h-turned" not in page(client, world.exporter, f"/applications/{ref}/")


def test_what_was_known_at_filing_is_told(world):
    signed = for_whom(world)
    first = world.under_review(world.application(by_whom=[signed]))
    demo.screened(first, world.ministry.reviewer, hit="watch_list", reason="Entry 3.")
    ref = world.application(kind="per_shipment", by_whom=[signed])
    for paper in ("compliance_undertaking", "risk_assessment_report"):
        demo.paper(world.exporter, ref, paper)
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    make.edition(lambda rules, _: rules["R021"]["effect"].update(disposition="prohibited"))
    assert turn(ref)
    assert told(ref) == of("NEXT, R021")


# --- the sweep ----------------------------------------------------------------------------------------------


def test_the_sweep_takes_what_is_due_and_once(world, clock):
    ref = filed(world)
    pk = case(ref).pk
    assert selectors.cases_to_turn(9) == [pk]
    assert (tasks.turn_cases(), selectors.cases_to_turn(9)) == (0, [])
    make.edition(lambda rules, _: None, starts_at=legal_now() + 2 * DAY)
    make.edition(case_by_case, "LATER", legal_now() + 400 * DAY)
    assert selectors.cases_to_turn(9) == [pk]
    assert (tasks.turn_cases(), selectors.cases_to_turn(9)) == (0, [])
    next_turn = case(ref).next_turn_at
    assert legal_now() < next_turn <= PolicyEdition.objects.get(code="NEXT").starts_at
    clock.set(next_turn - SECOND)
    assert selectors.cases_to_turn(9) == []
    clock.set(next_turn)
    assert selectors.cases_to_turn(9) == [pk]


def test_the_next_turn_is_the_start_of_an_edition_or_a_day_of_its_rules(world, on):
    def following():
        return selectors.editions_at(legal_now()).next_turn(PENDING)

    on("2026-02-02")
    make.edition(lambda rules, _: rules["R033"].update(effective_to="2026-03-31"), "NOON", legal_now() + DAY)
    assert following() == day_start(D("2026-02-03"))
    on("2026-02-03", time())
    assert following() == PolicyEdition.objects.get(code="NOON").starts_at
    on("2026-02-03", time(12, 0, 1))
    assert following() == day_start(D("2026-04-01"))
    on("2099-01-01")
    assert following() is None


def test_a_turn_that_is_not_due_does_nothing(world):
    ref = filed(world)
    turn(ref)
    Application.objects.update(turned={"turn": [["x"]]})
    assert not turn(ref)
    assert case(ref).turned == {"turn": [["x"]]}


def test_the_next_of_a_sweep_come_after_the_last_and_are_so_many_at_most(world):
    made = [case(filed(world)).pk for _ in range(3)]
    assert selectors.cases_to_turn(9, made[0]) == made[1:]
    assert selectors.cases_to_turn(2) == made[:2]


def test_what_another_worker_holds_is_left_to_it(world, transactional_db):
    ref = filed(world)
    make.edition(case_by_case)
    held = connection.copy()
    with held.cursor() as cursor:
        try:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM licensing_application FOR NO KEY UPDATE")
            assert not turn(ref)
        finally:
            cursor.execute("ROLLBACK")
    held.close()
    assert turn(ref)


def test_one_that_fails_stops_none_behind_it(world, monkeypatch):
    made = [case(filed(world)).pk for _ in range(2)]
    make.edition(case_by_case)
    real = turns.judge

    def broken(row, **facts):
        if row.pk == made[0]:
            raise RuntimeError
        return real(row, **facts)

    monkeypatch.setattr(turns, "judge", broken)
    assert tasks.turn_cases() == 1
    assert selectors.cases_to_turn(9) == made[:1]
