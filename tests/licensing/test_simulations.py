"""Simulations: asked for, worked out by one worker over one book, stopped, and what an approval wants of one."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.db import ProgrammingError

from core import upgrades
from core.access import clock as the_clock
from core.errors import DomainError, Forbidden, WrongState
from core.legal_time import day_start, legal_now, legal_today, on_the_wire
from licensing import selectors, simulating, tasks
from licensing.actions import editions, simulations
from licensing.actions.needs import NEEDS, Coming
from licensing.models import Draft, Simulation
from licensing.selectors import simulations_to_run
from licensing.selectors.drafts import SIMULATED
from licensing.web import what_if
from tests import make
from tests.licensing.test_drafts import BAN, DAY, changed, described, refused, signed_off
from tests.make import seen

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def ministry(reference):
    return make.ministry()


@pytest.fixture
def ban(ministry):
    return described(changed(editions.draft(title="Ban", by=ministry.policy_officer), ministry), ministry)


def asked(row, by):
    simulations.simulate(row.ref, seen=seen(row.ref), by=by)
    return row.simulations.first()


def again(simulation):
    return Simulation.objects.get(pk=simulation.pk)


def test_it_is_asked_for_of_this_text_from_its_first_day_on(ban, ministry):
    found = asked(ban, ministry.policy_officer)
    assert (found.stage, found.digest, found.starts_at) == ("asked", ban.digest, day_start(legal_today() + DAY))
    assert simulations_to_run() == [found.pk]


def test_without_a_day_it_is_of_the_coming_midnight(ministry):
    row = editions.draft(title="No day", by=ministry.policy_officer)
    assert asked(row, ministry.policy_officer).starts_at == day_start(legal_today() + DAY)


def test_who_may_ask(ban, ministry):
    asked(ban, ministry.policy_approver)
    refused(Forbidden, "forbidden", simulations.simulate, ban.ref, seen=seen(ban.ref), by=ministry.auditor)


def test_one_that_is_asked_for_stops_those_before(ban, ministry):
    first = asked(ban, ministry.policy_officer)
    second = asked(ban, ministry.policy_officer)
    assert (again(first).stage, simulations_to_run()) == ("stopped", [second.pk])


def test_one_is_stopped_and_none_where_none_is_open(ban, ministry):
    found = asked(ban, ministry.policy_officer)
    simulations.stop(ban.ref, seen=seen(ban.ref), by=ministry.policy_officer)
    assert (again(found).stage, simulations_to_run()) == ("stopped", [])
    stop = {"seen": seen(ban.ref), "by": ministry.policy_officer}
    refused(WrongState, "wrong-state", simulations.stop, ban.ref, **stop)


def test_one_worker_has_it_for_a_time(ban, ministry, clock):
    found = asked(ban, ministry.policy_officer)
    assert simulations.take(found.pk, by=the_clock()).pk == found.pk
    assert simulations.take(found.pk, by=the_clock()) is None and simulations_to_run() == []
    clock.shift(seconds=simulations.LEASE.total_seconds() + 1)
    assert simulations_to_run() == [found.pk]
    assert simulations.take(found.pk, by=the_clock()).pk == found.pk


def test_what_nobody_wants_any_more_is_not_kept(ban, ministry):
    found = asked(ban, ministry.policy_officer)
    simulations.take(found.pk, by=the_clock())
    simulations.stop(ban.ref, seen=seen(ban.ref), by=ministry.policy_officer)
    assert not simulations.keep(found.pk, result={}, book_at=legal_now(), newest=1, by=the_clock())
    assert (again(found).stage, again(found).result) == ("stopped", None)


def test_a_text_that_was_changed_since_is_not_worked_out(ban, ministry):
    found = asked(ban, ministry.policy_officer)
    changed(ban, ministry, key="R050", new=BAN | {"enabled": False})
    assert not simulating.work(found.pk, by=the_clock())
    assert again(found).stage == "stopped"


@pytest.mark.django_db(transaction=True)
def test_a_worker_works_it_out_and_tells_how_far_it_is(world, license):
    """The whole way: by the task, over a book with a license that the draft closes."""
    country = license.destinations[0]
    rule = BAN | {"match": {"item.control_code_prefix": ["1C905"], "destination.country": [country]}}
    m = world.ministry
    row = editions.draft(title="Ban", by=m.policy_officer)
    row = described(changed(row, m, new=rule), m)
    found = asked(row, m.policy_officer)
    assert tasks.run_simulations() == 1
    done = again(found)
    assert (done.stage, done.done, done.total > 0) == ("done", done.total, True)
    assert done.result["text"] == row.digest and done.result["licenses"]["refs"] == {"suspend": [license.ref]}
    assert done.newest == row.base_id and json.dumps(done.result)
    assert simulations_to_run() == []
    assert signed_off(row, m).ref == row.ref


@pytest.mark.django_db(transaction=True)
def test_one_that_is_stopped_while_it_runs_ends_without_a_result(world, monkeypatch):
    world.license(kilograms=100)
    row = editions.draft(title="Ban", by=world.ministry.policy_officer)
    found = asked(row, world.ministry.policy_officer)

    def stopped_meanwhile(text, starts_at, *, at, progress, stop):
        Simulation.objects.filter(pk=found.pk).update(stage="stopped")
        assert stop()
        raise simulating.Stopped

    monkeypatch.setattr(simulating, "what_if", stopped_meanwhile)
    assert not simulating.work(found.pk, by=the_clock())
    assert again(found).stage == "stopped"


@pytest.mark.django_db(transaction=True)
def test_one_that_meets_another_version_of_the_database_is_left_to_another_worker(world, monkeypatch, clock):
    world.license(kilograms=100)
    found = asked(editions.draft(title="Ban", by=world.ministry.policy_officer), world.ministry.policy_officer)

    def gone(*_, **named):
        raise ProgrammingError("column does not exist")

    for explained, stage in ((True, "running"), (False, "stopped")):
        monkeypatch.setattr(simulating, "what_if", gone)
        monkeypatch.setattr(upgrades, "explains", lambda error, explained=explained: explained)
        with pytest.raises(ProgrammingError):
            simulating.work(found.pk, by=the_clock())
        assert again(found).stage == stage
        clock.shift(seconds=simulations.LEASE.total_seconds() + 1)


# --- what an approval wants -------------------------------------------------------------------------------


def not_yet(ban, ministry):
    refused(DomainError, "not-simulated", signed_off, ban, ministry)


def test_nothing_is_approved_that_nobody_has_simulated(ban, ministry):
    not_yet(ban, ministry)
    asked(ban, ministry.policy_officer)
    not_yet(ban, ministry)
    make.simulated(ban.ref, ministry.policy_officer)
    assert signed_off(ban, ministry)


def test_another_text_than_was_simulated_is_not_approved(ban, ministry):
    make.simulated(ban.ref, ministry.policy_officer)
    described(changed(ban, ministry, key="R050", new=BAN | {"rationale_en": "Otherwise."}), ministry)
    not_yet(ban, ministry)


def test_another_day_than_was_simulated_is_not_approved(ban, ministry):
    make.simulated(ban.ref, ministry.policy_officer)
    described(ban, ministry, days=2)
    not_yet(ban, ministry)


def test_after_24_hours_it_is_simulated_again(ministry, clock):
    row = editions.draft(title="Ban", by=ministry.policy_officer)
    row = described(changed(row, ministry), ministry, days=5)
    make.simulated(row.ref, ministry.policy_officer)
    clock.shift(hours=24)
    not_yet(row, ministry)
    clock.shift(hours=24, seconds=-60)
    assert signed_off(row, ministry)


def test_after_another_edition_was_announced_it_is_simulated_again(ban, ministry):
    make.simulated(ban.ref, ministry.policy_officer)
    later = day_start(legal_today() + 9 * DAY)
    make.edition(lambda by_id, document: document.update(windows=[]), starts_at=later)
    not_yet(ban, ministry)


def told(client, ministry, row):
    client.force_login(ministry.policy_officer.user)
    return " ".join(client.get(f"/desk/policy/{row.ref}/").content.decode().split())


TEXT, START, OLD, EDITION = (str(words) for words in what_if.OUTDATED.values())


@pytest.mark.full
def test_the_page_says_why_nothing_rests_on_a_simulation(ban, ministry, client, clock):
    def says():
        text = told(client, ministry, ban)
        return {one for one in (TEXT, START, OLD, EDITION) if one in text}

    described(ban, ministry, days=9)
    make.simulated(ban.ref, ministry.policy_officer)
    assert says() == set()
    described(ban, ministry, days=8)
    assert says() == {START}
    described(ban, ministry, days=9)
    clock.shift(hours=25)
    assert says() == {OLD}
    clock.shift(hours=1)
    make.edition(lambda by_id, document: document.update(windows=[]), starts_at=legal_now() + 20 * DAY)
    assert says() == {EDITION}
    changed(ban, ministry, key="R050", new=BAN | {"enabled": False})
    assert says() == {TEXT, EDITION}


def test_however_often_it_was_simulated_is_asked_in_two_queries(ban, ministry, django_assert_num_queries):
    for _ in range(3):
        make.simulated(ban.ref, ministry.policy_officer)
    known = selectors.editions_at()
    with django_assert_num_queries(2):
        row = Draft.objects.prefetch_related(SIMULATED).get(pk=ban.pk)
        refusal = NEEDS[-1].refusal(Coming(row, known.at + 20 * DAY, known))
    assert refusal.code == "not-simulated"


@pytest.mark.parametrize(("role", "named"), [("auditor", True), ("policy_officer", False)])
def test_page_and_file_name_companies_to_whoever_may_read_cases(world, client, role, named):
    license, m = world.license(kilograms=100), world.ministry
    row = described(changed(editions.draft(title="Ban", by=m.policy_officer), m), m)
    make.simulated(row.ref, m.policy_officer, refs={"suspend": [license.ref]})
    client.force_login(getattr(m, role).user)
    for path in ("", "figures/"):
        text = client.get(f"/desk/policy/{row.ref}/{path}").content.decode()
        assert license.ref in text and (str(world.exporter.organization) in text) is named


def test_the_file_says_of_which_text_and_book_it_is_and_what_is_otherwise_by_now(ban, ministry, client):
    described(ban, ministry)
    make.simulated(ban.ref, ministry.policy_officer)
    client.force_login(ministry.policy_officer.user)

    def says():
        text = client.get(f"/desk/policy/{ban.ref}/figures/").content.decode().removeprefix("\ufeff")
        rows = csv.DictReader(io.StringIO(text, newline=""))
        return [(row["what"], row["value"]) for row in rows if row["part"] == "simulation"]

    done = ban.simulations.get()
    of = {"text": done.digest, "starts_at": on_the_wire(done.starts_at), "book_at": on_the_wire(done.book_at)}
    assert says() == [*of.items(), ("hash", done.result["hash"])]
    changed(ban, ministry, key="R050", new=BAN | {"enabled": False})
    assert says() == [*of.items(), ("hash", done.result["hash"]), ("outdated", "text")]
