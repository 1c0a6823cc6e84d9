"""Consultations: while one lasts the clock of the case stands still, everybody sees why, and nothing is decided."""

from datetime import time

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from psycopg2.errors import InsufficientPrivilege

from config.local import demo
from core.deliveries import relay
from core.history import open_verbs
from core.legal_time import legal_now, legal_today
from core.models import HistoryLine, Mail
from core.telling import sentence
from licensing import selectors
from licensing.actions import consultations, decisions, questions
from licensing.models import Application, ClockInterval
from tests.days import D
from tests.licensing.test_limits import refused
from tests.make import seen


@pytest.fixture
def consult(world, on):
    """The reviewer, who has the case, consults from one day to another, or with no end yet."""

    def consult(ref, begin, end=None, cause="expert"):
        on(begin)
        row = Application.objects.get(ref=ref)
        if row.state == "accepted":
            decisions.assign(ref, seen=seen(ref), by=world.ministry.reviewer)
        consultations.consult(ref, cause=cause, notice="An institute looks at it.", by=world.ministry.reviewer)
        if end:
            on(end)
            consultations.end_consult(ref, by=world.ministry.reviewer)

    return consult


def pauses(ref):
    return list(ClockInterval.objects.filter(application__ref=ref).values_list("begins_on", "ends_on"))


def test_k2_everybody_reads_18_of_45_used_and_why(accepted, consult, on, read):
    ref = accepted("2026-03-02")
    consult(ref, "2026-03-16", "2026-04-08")
    on("2026-04-20")
    clock, *pages = read(ref)
    assert (clock.used, clock.left, clock.deadline, clock.pause) == (18, 27, D("2026-05-29"), None)
    for text in pages:
        assert "18 of 45 used" in text
        assert "To be decided by 29 May 2026." in text
        assert "Expert consultation" in text
        assert "The clock stood still from 16 Mar 2026 on; 8 Apr 2026 counted again." in text
        assert "An institute looks at it." in text
    on("2026-05-29", time(23, 59, 30))
    assert not read(ref)[0].overdue
    on("2026-05-30", time())
    assert read(ref)[0].overdue


def test_k5_two_consultations_move_the_deadline_by_the_days_of_both(accepted, consult, read):
    ref = accepted("2026-04-13")
    assert read(ref)[0].deadline == D("2026-06-17")
    consult(ref, "2026-04-27", "2026-05-11", "identification")
    consult(ref, "2026-05-20", "2026-05-25", "state_council")
    clock, *pages = read(ref)
    assert clock.deadline == D("2026-07-03")
    assert all("Identification of the goods" in t and "Approval by the State Council" in t for t in pages)


def test_while_it_lasts_there_is_no_deadline_and_no_day_is_used(accepted, consult, on, read, world, client):
    ref, alike, other = accepted("2026-03-02"), accepted("2026-03-02"), accepted("2026-03-09")
    consult(ref, "2026-03-16")
    on("2026-06-30")
    clock, *pages = read(ref)
    assert (clock.used, clock.left, clock.deadline, clock.overdue) == (9, 36, None, False)
    assert all("The clock stands still since 16 Mar 2026" in text for text in pages)
    client.force_login(world.ministry.reviewer.user)
    rows = client.get("/desk/", {"view": "open"}).context["listing"].rows
    assert [row.ref for row in rows] == [alike, other, ref]  # accepted later, or with it, and have fewer days left
    assert [row.days_left for row in rows] == [row.clock.left for row in rows] == [0, 0, 36]


def test_the_state_stays_and_a_second_consultation_is_refused(accepted, consult, world):
    ref, reviewer = accepted("2026-03-02"), world.ministry.reviewer
    consult(ref, "2026-03-16")
    row = Application.objects.get(ref=ref)
    assert (row.state, row.paused) == ("under_review", True)
    assert {"consult", "recommend"}.isdisjoint(open_verbs(row, reviewer))
    facts = {"cause": "expert", "notice": "Again", "by": reviewer}
    assert refused(consultations.consult, ref, **facts) == ["consultation-open"]
    assert pauses(ref) == [(D("2026-03-16"), None)]


def test_nothing_is_recommended_while_the_clock_stands_still(accepted, consult, on, world):
    ref, reviewer = accepted("2026-03-02"), world.ministry.reviewer
    consult(ref, "2026-03-16")
    facts = {"outcome": "approve", "by": reviewer}
    assert refused(decisions.recommend, ref, seen=seen(ref), **facts) == ["consultation-open"]
    on("2026-03-17")
    consultations.end_consult(ref, by=reviewer)
    demo.screened(ref, world.ministry.reviewer)
    assert decisions.recommend(ref, seen=seen(ref), **facts).state == "awaiting_decision"


def test_only_what_stands_still_goes_on(accepted, consult, world):
    ref = accepted("2026-03-02")
    consult(ref, "2026-03-16", "2026-03-17")
    assert "end_consult" not in open_verbs(Application.objects.get(ref=ref), world.ministry.reviewer)
    assert refused(consultations.end_consult, ref, by=world.ministry.reviewer) == ["no-consultation"]
    assert pauses(ref) == [(D("2026-03-16"), D("2026-03-17"))]


def test_it_ends_also_while_the_applicant_is_asked_something(accepted, consult, on, world):
    ref, reviewer = accepted("2026-03-02"), world.ministry.reviewer
    consult(ref, "2026-03-16")
    questions.ask(ref, text="Why?", about=["quantity"], due_on=questions.default_question_day(), by=reviewer)
    assert consultations.end_consult(ref, by=reviewer).state == "awaiting_applicant"
    assert pauses(ref) == [(D("2026-03-16"), D("2026-03-16"))]


def test_whoever_takes_the_case_over_ends_it_and_nobody_else_does(accepted, consult, world):
    ref, other = accepted("2026-03-02"), world.ministry.other_decider
    consult(ref, "2026-03-16")
    assert refused(consultations.end_consult, ref, by=other) == ["forbidden"]
    decisions.assign(ref, seen=seen(ref), by=other)
    assert refused(consultations.end_consult, ref, by=world.ministry.reviewer) == ["forbidden"]
    assert not consultations.end_consult(ref, by=other).paused


@pytest.mark.parametrize(("setting", "codes"), [(False, ["invalid"]), (True, [])])
def test_a_visit_to_the_site_stops_the_clock_only_where_the_ministry_says_so(
    setting,
    codes,
    world,
    settings,
    client,
):
    settings.CLOCK_SITE_VISITS = setting
    ref, reviewer = world.under_review(world.application()), world.ministry.reviewer
    client.force_login(reviewer.user)
    assert ("Visit to the site" in client.get(f"/desk/cases/{ref}/").content.decode()) == setting
    facts = {"cause": "site_visit", "notice": "We come on Monday.", "by": reviewer}
    if codes:
        assert refused(consultations.consult, ref, **facts) == codes
        assert pauses(ref) == []
    else:
        assert consultations.consult(ref, **facts).paused


def test_history_and_mail_say_what_the_clock_stands_still_for(accepted, consult, settings):
    settings.CLOCK_SITE_VISITS = True
    ref = accepted("2026-03-02")
    consult(ref, "2026-03-16", "2026-04-08", cause="site_visit")
    stopped, resumed = HistoryLine.objects.filter(subject_ref=ref, verb__endswith="consult").order_by("pk")
    assert sentence(stopped) == "Visit to the site: the clock stands still"
    assert sentence(resumed) == "Visit to the site has ended; the clock goes on"
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    relay()
    subjects = {
        f"{ref}: Visit to the site; the clock stands still",
        f"{ref}: Visit to the site has ended; the clock goes on",
    }
    assert set(Mail.objects.filter(subject__contains="clock").values_list("subject", flat=True)) == subjects


def test_postgresql_has_one_pause_at_a_time_and_in_order(accepted, consult, world):
    ref = accepted("2026-03-02")
    consult(ref, "2026-03-16", "2026-03-20")
    consult(ref, "2026-03-20")
    row, user, at = Application.objects.get(ref=ref), world.ministry.reviewer.user, legal_now()
    facts = {"reason": "expert", "notice": "x", "opened_by": user, "opened_at": at}
    ended = facts | {"ended_by": user, "ended_at": at}
    for name, wrong in {
        "pause_one_at_a_time": facts | {"begins_on": D("2026-05-01")},
        "one_at_a_time": ended | {"begins_on": D("2026-03-10"), "ends_on": D("2026-03-17")},
        "pause_in_order": ended | {"begins_on": D("2026-03-10"), "ends_on": D("2026-03-09")},
        "pause_ended_by_somebody": facts | {"begins_on": D("2026-03-10"), "ends_on": D("2026-03-11")},
        "pause_says_why": ended | {"begins_on": D("2026-03-10"), "ends_on": D("2026-03-11"), "notice": ""},
    }.items():
        with pytest.raises(DatabaseError, match=name), transaction.atomic():
            row.pauses.create(**wrong)
    assert len(pauses(ref)) == 2


def test_a_pause_that_ended_is_never_changed_or_deleted(accepted, consult):
    ref = accepted("2026-03-02")
    consult(ref, "2026-03-16", "2026-03-20")
    rows = ClockInterval.objects.filter(application__ref=ref)
    for change in (lambda: rows.update(ends_on=D("2026-03-27")), lambda: rows._raw_delete("default")):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            change()
    assert pauses(ref) == [(D("2026-03-16"), D("2026-03-20"))]


def test_the_clocks_of_a_page_take_four_queries(accepted, consult, django_assert_num_queries):
    refs = [accepted("2026-03-02"), accepted("2026-03-02")]
    for ref in refs:
        consult(ref, "2026-03-16")
    cases, today = list(Application.objects.filter(ref__in=refs)), legal_today()
    selectors.rules_of(selectors.edition_now().digest)
    with django_assert_num_queries(4):
        assert len(selectors.clocks_of(cases, today)) == 2


def test_the_applications_role_ends_pauses_and_changes_nothing_else(application):
    application.execute("UPDATE licensing_clockinterval SET ends_on = NULL, ended_by_id = NULL, ended_at = NULL")
    changes = [f"UPDATE licensing_clockinterval SET {what}" for what in ("begins_on = ends_on", "notice = 'x'")]
    for change in [*changes, "DELETE FROM licensing_clockinterval"]:
        with pytest.raises(InsufficientPrivilege):
            application.execute(change)
