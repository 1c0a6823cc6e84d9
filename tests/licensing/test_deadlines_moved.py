"""A newer working-day table moves the last days of open cases, and each applicant is told once."""

import csv
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.local import demo
from core import calendar_file
from core.deliveries import _writers, relay
from core.errors import DomainError
from core.models import HistoryLine, LegalDay
from licensing import selectors
from licensing.actions import applications, decisions, reconsiderations
from licensing.models import Application
from tests import make
from tests.days import TABLE, D
from tests.licensing.test_reconsiderations import act, ask, contest, refuse
from tests.make import seen

FEAST = "2027-01-04"  # a Monday: it was worked, by the table that we ship


@pytest.fixture
def load(tmp_path):
    """The command loads the days of 2027 as announced; these are holidays, too."""

    def load(*holidays, **changes):
        [said, head, *lines] = TABLE.read_text(encoding="utf-8").splitlines()
        rows = [dict(zip(head.split(","), cells, strict=True)) for cells in csv.reader(lines)]
        rows = [row | {"provisional": "0"} for row in rows if row["date"] > "2026-12-31"]
        for row in rows:
            if row["date"] in holidays:
                row.update({"is_working_day": "0", "kind": "public_holiday", "holiday_name": "A feast"} | changes)
        path = tmp_path / "days.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(f"{said}\n")
            out = csv.DictWriter(file, head.split(","), lineterminator="\n")
            out.writeheader()
            out.writerows(rows)
        call_command("load_calendar", path)

    return load


def told(ref):
    lines = HistoryLine.objects.filter(subject_ref=ref, verb="deadline_move").order_by("seq")
    return [line.facts["deadline"] for line in lines]


@pytest.mark.slow
def test_the_table_of_2027_moves_k6_and_tells_the_applicant_once(accepted, load, read, world, mailoutbox):
    clerk, early, ref = make.colleague(world.exporter, "clerk"), accepted("2026-09-02"), accepted("2026-11-24")
    assert (read(ref)[0].deadline, read(ref)[0].provisional) == (D("2027-01-27"), True)
    relay()
    mailoutbox.clear()
    load(FEAST)
    clock, *pages = read(ref)
    assert (clock.deadline, clock.provisional) == (D("2027-01-28"), False)
    assert "By a newer table of working days it is to be decided by 28 Jan 2027" in pages[0]
    load(FEAST)
    assert (told(ref), told(early)) == (["2027-01-28"], [])
    relay()
    assert {to for mail in mailoutbox for to in mail.to} == {world.exporter.user.email, clerk.user.email}
    assert {mail.subject for mail in mailoutbox} == {
        f"{ref}: by a newer table of working days it is to be decided by 28 Jan 2027"
    }
    assert all(f"/applications/{ref}/" in mail.body for mail in mailoutbox)
    load()
    assert told(ref) == ["2027-01-28", "2027-01-27"]


def test_a_day_that_is_announced_as_it_was_expected_tells_nobody(accepted, load, read):
    ref = accepted("2026-11-24")
    load()
    assert (read(ref)[0].deadline, read(ref)[0].provisional) == (D("2027-01-27"), False)
    assert told(ref) == []


def test_a_table_that_reaches_further_tells_the_last_day_that_was_not_known(accepted, read):
    LegalDay.objects.filter(day__gt=D("2026-12-31")).delete()
    ref = accepted("2026-11-24")
    assert read(ref)[0].deadline is None
    calendar_file.fill()
    assert told(ref) == ["2027-01-27"]


def test_nobody_is_told_of_a_case_that_was_decided_or_has_no_limit(accepted, load, world):
    m, decided, watched, gone = world.ministry, *(accepted("2026-11-24") for _ in range(3))
    for ref in (decided, watched):
        decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    why = {"factors": ["END_USE"], "text": "No."}
    decisions.recommend(decided, seen=seen(decided), outcome="refuse", by=m.reviewer, **why)
    decisions.refuse(decided, seen=seen(decided), departure="Doubts.", by=m.decider, **why)
    demo.screened(watched, m.reviewer, "watch_list", "Entry 12.")
    applications.withdraw(gone, by=world.exporter)
    load(FEAST)
    assert [told(ref) for ref in (decided, watched, gone)] == [[], [], []]


def test_the_last_days_of_a_contest_move_and_its_applicant_is_told_once(load, world, on, client):
    """Served on 20 November 2026, or accepted on the 23rd: 60 days later are a Tuesday and a Friday."""
    m, days = world.ministry, ("2027-01-19", "2027-01-22")
    on("2026-11-20")
    open_, filed, over = refuse(world), refuse(world), refuse(world)
    for ref in (open_, filed, over):
        reconsiderations.serve(ref, by=world.exporter)
    contest(filed, world.exporter)
    contest(over, world.exporter)
    on("2026-11-23")
    for ref in (filed, over):
        act("admit", ref, m.reconsiderer)
    act("uphold", over, m.reconsiderer)

    def said():
        client.force_login(world.exporter.user)
        pages = {ref: client.get(f"/applications/{ref}/").content.decode() for ref in (open_, filed)}
        return [" ".join(pages[ref].split()) for ref in pages]

    assert ["(may move)" in one for one in said()] == [True, True]
    load(*days)
    load(*days)
    lines = HistoryLine.objects.filter(verb__in=["deadline_move", "contest_move"])
    assert sorted(lines.values_list("subject_ref", "verb", "facts__deadline")) == sorted(
        [(open_, "contest_move", "2027-01-20"), (filed, "deadline_move", "2027-01-25")]
    )
    assert [_writers["application", line.verb](line).to for line in lines] == [[world.exporter.user.email]] * 2
    one, other = said()
    assert "(may move)" not in one + other and "25 Jan 2027" in other
    assert "By a newer table of working days the refusal can be contested until 20 Jan 2027" in one


def test_a_last_day_to_contest_that_moves_back_into_the_past_is_told_and_one_that_was_over_is_not(load, world, on):
    """Served on 13 and 20 November 2026: 60 days later are the Tuesdays 12 and 19 January."""
    refs = []
    for served in ("2026-11-13", "2026-11-20"):
        on(served)
        refs.append(refuse(world))
        reconsiderations.serve(refs[-1], by=world.exporter)
    load("2027-01-12", "2027-01-19", "2027-01-20", "2027-01-21")
    on("2027-01-21")
    load()
    over, ref = (HistoryLine.objects.filter(subject_ref=ref, verb="contest_move").order_by("seq") for ref in refs)
    assert [line.facts["deadline"] for line in over] == ["2027-01-13"]
    assert [line.facts["deadline"] for line in ref] == ["2027-01-22", "2027-01-19"]


def test_the_last_day_to_accept_moves_and_its_applicant_is_told_once(load, world, on, client):
    """Filed, or contested, on Wednesday 30 December 2026: the feast of 4 January is the second working day no more."""
    on("2026-12-30")
    contested, filed, admitted = refuse(world), world.application(), refuse(world)
    for ref in (contested, admitted):
        contest(ref, world.exporter)
    act("admit", admitted, world.ministry.reconsiderer)
    applications.submit(filed, seen=seen(filed), by=world.exporter)
    load(FEAST)
    load(FEAST)
    lines = HistoryLine.objects.filter(verb="accept_move").order_by("seq")
    assert sorted(lines.values_list("subject_ref", "facts__deadline")) == sorted(
        [(contested, "2027-01-08"), (filed, "2027-01-08")]
    )
    assert [_writers["application", line.verb](line).to for line in lines] == [[world.exporter.user.email]] * 2
    client.force_login(world.exporter.user)
    for ref in (contested, filed):
        text = " ".join(client.get(f"/applications/{ref}/").content.decode().split())
        assert "By a newer table of working days it is to be accepted by 8 Jan 2027" in text


@pytest.mark.parametrize("barred", [False, True], ids=["its company is active", "its company is barred"])
def test_a_case_that_the_law_has_accepted_stays_so_by_a_newer_table(load, world, on, barred):
    """Filed on Wednesday 30 December 2026, day 5 is Thursday 7 January, and by the newer table the day of its load."""
    on("2026-12-30")
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    if barred:
        make.barred(world)
    on("2027-01-08")
    load(FEAST)
    row = Application.objects.get(ref=ref)
    assert (row.state, row.accepted_on) == ("accepted", D("2026-12-30"))
    lines = HistoryLine.objects.filter(subject_ref=ref, verb="accept_by_law")
    assert [line.facts for line in lines] == [{"day_0": "2026-12-30"}]
    assert not HistoryLine.objects.filter(subject_ref=ref, verb="accept_move").exists()


def test_that_a_request_counts_as_accepted_is_said_before_a_newer_table_moves_its_last_day(load, world, on):
    """Contested on Wednesday 30 December 2026: day 5 is Thursday 7 January; 60 days later is a Monday, 8 March."""
    on("2026-12-30")
    ref = refuse(world)
    contest(ref, world.exporter)
    on("2027-01-08")
    load("2027-03-08")
    lines = HistoryLine.objects.filter(subject_ref=ref).order_by("seq")
    assert [(line.verb, line.facts) for line in lines][-2:] == [
        ("admit_by_law", {"day_0": "2027-01-07", "due_on": "2027-03-08"}),
        ("deadline_move", {"deadline": "2027-03-09"}),
    ]


def test_since_when_it_counts_as_accepted_stays_as_its_applicant_was_told(load, world, on):
    """By the newer table day 5 would be this day, and nothing accepted."""
    m = world.ministry
    on("2026-12-30")
    ref = refuse(world)
    contest(ref, world.exporter)
    on("2027-01-08")
    load(FEAST)
    row = Application.objects.get(ref=ref)
    term = selectors.term_of(row.decision.reconsideration, D("2027-01-08"))
    assert (term.accepted_on, term.by_law, term.due_on) == (D("2027-01-07"), True, D("2027-03-08"))
    assert selectors.by_term(Application.objects.filter(ref=ref)).get().day_0 == D("2027-01-07")
    ask(ref, m.reconsiderer)
    with pytest.raises(DomainError, match="since 7 Jan 2027"):
        act("admit", ref, m.reconsiderer)
    verbs = HistoryLine.objects.filter(subject_ref=ref).order_by("seq").values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["admit_by_law", "ask"]


def test_a_file_that_is_not_loaded_tells_nobody(accepted, load):
    ref = accepted("2026-11-24")
    with pytest.raises(CommandError):
        load(FEAST, provisional="2")
    assert (told(ref), LegalDay.objects.get(day=FEAST).working) == ([], True)


@pytest.mark.parametrize(("days", "warned"), [(59, True), (60, False)])
def test_officers_are_warned_sixty_days_before_the_table_ends(days, warned, accepted, world, client, on):
    on("2026-11-24")
    LegalDay.objects.filter(day__gt=D("2026-11-24") + timedelta(days=days)).delete()
    client.force_login(world.ministry.reviewer.user)
    assert ("The working-day table ends on" in client.get("/desk/").content.decode()) == warned


def test_the_clocks_of_many_cases_are_compared_in_as_many_queries_as_those_of_one(
    accepted, load, django_assert_max_num_queries
):
    for _ in range(3):
        accepted("2026-09-02")  # decided before 2027, so that nothing moves
    with django_assert_max_num_queries(30):
        load(FEAST)


def test_of_how_many_cases_the_law_spoke_is_asked_at_once(load, world, on):
    """Filed on Wednesday 30 December 2026: a feast in February moves none of their days."""
    on("2026-12-30")
    load()
    asked = []
    for more, feast in ((1, "2027-02-01"), (2, "2027-02-02")):
        for ref in [world.application() for _ in range(more)]:
            applications.submit(ref, seen=seen(ref), by=world.exporter)
        with CaptureQueriesContext(connection) as queries:
            load(feast)
        asked.append(len(queries))
    assert asked[0] == asked[1]
