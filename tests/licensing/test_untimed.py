"""The case of an end-user for whom the rules set no limit: its days are counted, none is the last, until that ends."""

import pytest

from config.local import demo
from core.legal_time import legal_now
from core.models import HistoryLine
from licensing import selectors, tasks
from licensing.actions import applications, decisions, receipts, screenings
from licensing.models import Application
from licensing.selectors.what_if import what_if
from tests import make
from tests.book import draft
from tests.days import D, table
from tests.make import seen

WATCHED = "watch_list"


@pytest.fixture
def taken(accepted, world):
    """A case that was accepted on a day, taken and not screened."""

    def taken(day):
        ref = accepted(day)
        decisions.assign(ref, seen=seen(ref), by=world.ministry.reviewer)
        return ref

    return taken


@pytest.fixture
def found(world, on):
    """The reviewer records a result for each end-user of the case on that day."""

    def found(ref, day, hit=WATCHED):
        on(day)
        demo.screened(ref, world.ministry.reviewer, hit, "" if hit == "none" else "Entry 12: same register number.")

    return found


def worked(after, until):
    return sum(working for day, (working, _) in table().items() if D(after) < day <= D(until))


def said(ref):
    lines = HistoryLine.objects.filter(subject_ref=ref, verb__in=["signal", "overdue"]).order_by("seq")
    return [(line.verb, line.facts["day"]) for line in lines]


def test_while_the_rules_set_no_limit_no_day_is_the_last_and_everybody_reads_that(taken, found, on, read):
    ref = taken("2026-03-02")
    found(ref, "2026-03-10")
    on("2026-07-01")
    clock, *pages = read(ref)
    assert (clock.of, clock.left, clock.deadline, clock.overdue, clock.provisional) == (None, None, None, False, False)
    assert clock.used == worked("2026-03-02", "2026-07-01")
    for text in pages:
        assert "No statutory limit applies" in text
        assert f"{clock.used} working days have gone by · Accepted 2 Mar 2026" in text
        assert "of 45" not in text
        assert "45 working days" not in text


def test_nothing_is_signalled_of_a_case_without_a_limit(taken, found, on):
    ref = taken("2026-03-02")
    found(ref, "2026-03-10")
    on("2026-07-01")
    assert (tasks.signal_days(), said(ref)) == (0, [])


def test_the_days_count_anew_from_the_day_on_which_no_hit_was_recorded(taken, found, on, read):
    ref = taken("2026-03-02")
    found(ref, "2026-03-10")
    found(ref, "2026-04-13", "none")
    clock, *pages = read(ref)
    assert (clock.day_0, clock.used, clock.left, clock.deadline) == (D("2026-04-13"), 0, 45, D("2026-06-17"))  # K5
    assert all("Accepted 2 Mar 2026 · Counted from 13 Apr 2026 on" in text for text in pages)
    on("2026-06-18")
    assert read(ref)[0].overdue


@pytest.mark.parametrize(("hit_on", "since"), [("2026-05-08", None), ("2026-05-20", "2026-05-09")])
def test_a_case_that_was_overdue_before_no_limit_applied_says_so(hit_on, since, taken, found, on, read):
    """Its first overdue day, on its pages and over REST; not what was found."""
    ref = taken("2026-03-02")
    found(ref, hit_on)
    on("2026-06-01")
    untimed = read(ref)
    found(ref, "2026-06-03", "none")
    anew = read(ref)
    assert (untimed[0].of, anew[0].of, anew[0].day_0) == (None, 45, D("2026-06-03"))
    for clock, *pages in (untimed, anew):
        assert (clock.overdue, clock.overdue_before) == (False, since and D(since))
        for text in pages:
            assert ("It was overdue from 9 May 2026 on, by days that no longer count." in text) == bool(since)


def test_what_was_signalled_of_the_days_before_is_signalled_anew(taken, found, on):
    ref = taken("2026-03-02")
    on("2026-04-14")
    tasks.signal_days()
    found(ref, "2026-04-15")
    found(ref, "2026-04-20", "none")
    on("2026-04-21")
    assert (tasks.signal_days(), said(ref)) == (0, [("signal", 30)])
    on("2026-08-31")
    tasks.signal_days()
    tasks.signal_days()
    assert said(ref) == [("signal", 30), ("signal", 30), ("signal", 40), ("signal", 45), ("overdue", 45)]


def test_a_hit_that_was_resolved_on_its_day_changes_no_clock(taken, found, read):
    ref = taken("2026-03-02")
    found(ref, "2026-03-10")
    found(ref, "2026-03-10", "none")
    assert read(ref)[0].deadline == D("2026-05-08")


@pytest.mark.parametrize("hit", ["none", "possible", "military_list"])
def test_other_results_leave_the_clock_alone(hit, taken, found, read):
    ref = taken("2026-03-02")
    found(ref, "2026-03-10", hit)
    assert read(ref)[0].deadline == D("2026-05-08")


def test_what_another_case_found_of_the_end_user_counts_for_each_of_his_cases(world, taken, found, on, read):
    on("2026-03-02")
    signed, refs = world.declaration(), []
    for _ in range(2):
        ref = world.application(by_whom=[signed])
        applications.submit(ref, seen=seen(ref), by=world.exporter)
        receipts.accept(ref, by=world.ministry.intake)
        refs.append(ref)
    decisions.assign(refs[0], seen=seen(refs[0]), by=world.ministry.reviewer)
    stranger = taken("2026-03-02")
    found(refs[0], "2026-03-10")
    assert [read(ref)[0].of for ref in (*refs, stranger)] == [None, None, 45]


@pytest.mark.slow
def test_a_hit_of_one_end_user_is_enough_and_the_last_one_to_be_cleared_counts(world, on, read):
    on("2026-03-02")
    ref = world.under_review(world.application(by_whom=[world.declaration(), world.declaration(country="FR")]))
    users = [user.pk for user in Application.objects.get(ref=ref).end_users.all()]
    deeds = [
        ("2026-03-10", 0, WATCHED),
        ("2026-03-12", 1, WATCHED),
        ("2026-04-13", 1, "none"),
        ("2026-04-20", 0, "none"),
    ]
    limits = []
    for day, place, hit in deeds:
        on(day)
        facts = {"list_version": "6 May 2026", "screened_on": D(day), "reason": "Entry 12.", "hit": hit}
        screenings.screen(ref, end_users=[users[place]], by=world.ministry.reviewer, **facts)
        limits.append(read(ref)[0].of)
    assert limits == [None, None, None, 45]
    assert read(ref)[0].day_0 == D("2026-04-20")


def test_a_case_that_was_decided_without_a_limit_stays_so(world, taken, found, on, read):
    m, ref = world.ministry, taken("2026-03-02")
    found(ref, "2026-03-10")
    why = {"factors": ["END_USER"], "text": "No."}
    on("2026-06-01")
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.reviewer, **why)
    decisions.refuse(ref, seen=seen(ref), by=m.decider, **why)
    on("2026-07-01")
    clock, *pages = read(ref)
    assert (clock.of, clock.used) == (None, worked("2026-03-02", "2026-06-01"))
    assert all("No limit of working days applied to this case." in text for text in pages)


def test_a_what_if_counts_the_days_that_the_clock_of_a_decided_case_counts(world, taken, found, on, read):
    m, ref = world.ministry, taken("2026-03-02")
    found(ref, "2026-03-10")
    found(ref, "2026-04-13", "none")
    why = {"factors": ["END_USER"], "text": "No."}
    on("2026-04-20")
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.reviewer, **why)
    decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=m.decider, **why)
    at = legal_now()
    load = what_if(draft(lambda rules, _: rules["R021"]["effect"].pop("clock")), at, at=at)["load"]
    assert read(ref)[0].used == worked("2026-04-13", "2026-04-20") == 5
    assert (load["cases"], load["average"]) == ([1, 1], "5.0")


def test_rules_that_set_a_limit_again_begin_to_count_on_their_first_day(taken, found, on, read):
    ref = taken("2026-12-01")
    found(ref, "2026-12-03")
    on("2026-12-21")
    make.edition(lambda rules, _: rules["R021"]["effect"].pop("clock"))
    assert (read(ref)[0].of, read(ref)[0].day_0) == (45, D("2026-12-21"))


def test_a_rule_that_asks_for_no_result_lifts_the_limit_of_whoever_was_not_screened(accepted, read, on):
    ref = accepted("2026-03-02")
    make.edition(lambda rules, _: rules["R001"]["effect"].update(clock="untimed"))
    assert read(ref)[0].of is None


def test_a_pause_of_a_case_without_a_limit_counts_no_days(world, taken, found, on, read):
    from licensing.actions import consultations

    ref = taken("2026-03-02")
    found(ref, "2026-03-10")
    on("2026-03-16")
    consultations.consult(ref, cause="expert", notice="They look.", by=world.ministry.reviewer)
    on("2026-06-01")
    clock, *pages = read(ref)
    assert clock.used == worked("2026-03-02", "2026-03-15")
    assert all("No day has been counted since 16 Mar 2026" in text for text in pages)


def test_the_queue_has_cases_without_a_limit_behind_all_others(taken, found, on, world, client):
    refs = [taken("2026-03-02") for _ in range(3)]
    found(refs[0], "2026-03-10")
    found(refs[1], "2026-03-10")
    found(refs[1], "2026-03-20", "none")
    client.force_login(world.ministry.auditor.user)
    answer = client.get("/desk/", {"view": "open"})
    rows = answer.context["listing"].rows
    assert [row.ref for row in rows] == [refs[2], refs[1], refs[0]]
    assert [row.days_left for row in rows[:2]] == [row.clock.left for row in rows[:2]]
    assert "No limit" in answer.content.decode()
    assert rows[1].days_left == 45


def test_three_such_clocks_take_as_many_queries_as_one(taken, found, django_assert_num_queries):
    refs = [taken("2026-03-02") for _ in range(3)]
    for ref in refs:
        found(ref, "2026-03-10")
    for some in (refs[:1], refs):
        cases = list(Application.objects.filter(ref__in=some))
        with django_assert_num_queries(8):
            assert len(selectors.clocks_of(cases, D("2026-03-11"))) == len(some)


def test_a_case_that_was_decided_stands_at_what_was_recorded_then(world, taken, found, on, read):
    m, decided = world.ministry, taken("2026-03-02")
    signed = Application.objects.get(ref=decided).end_users.get().declaration
    other = world.application(by_whom=[signed])
    applications.submit(other, seen=seen(other), by=world.exporter)
    receipts.accept(other, by=m.intake)
    decisions.assign(other, seen=seen(other), by=m.reviewer)
    why = {"factors": ["END_USER"], "text": "No."}
    on("2026-04-10")
    decisions.recommend(decided, seen=seen(decided), outcome="refuse", by=m.reviewer, **why)
    decisions.refuse(decided, seen=seen(decided), departure="Doubts.", by=m.decider, **why)
    found(other, "2026-05-01")
    assert (read(decided)[0].of, read(decided)[0].used) == (45, 28)
    assert read(other)[0].of is None
