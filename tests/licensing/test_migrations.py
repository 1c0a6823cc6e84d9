"""An old copy upgrades with its data, and finds its way back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core.access import clock
from core.legal_time import legal_today
from licensing import selectors
from licensing.actions import licenses, questions, verdicts
from licensing.models import Question, QuestionEntry, Verdict
from licensing.selectors import clearances_taken
from tests import make
from tests.make import seen
from tests.refused import breaches

OLD, NEW = "0007_months", "0009_clearance_counts"
BEFORE_TWO_OFFICERS = "0013_questions_are_insert_only"


def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_clearances_that_were_counted_on_the_license_are_counted_still(world):
    limited, free = world.license(kind="per_shipment", kilograms=100), world.license(kilograms=100)
    world.shipment(limited, 100_000)
    world.shipment(free, 1_000)
    newest = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] == "licensing"]
    try:
        MigrationExecutor(connection).migrate([("licensing", OLD)])
        before = ask("SELECT id, clearances_taken FROM licensing_license ORDER BY id")
        functions = ask("SELECT proname FROM pg_proc WHERE prosrc LIKE '%clearances_taken = %' ORDER BY proname")
        ask("UPDATE licensing_license SET clearances_taken = 2 WHERE clearances_taken = 1 RETURNING id")  # as they do
        MigrationExecutor(connection).migrate([("licensing", NEW)])
        counted = ask("SELECT license_id, taken FROM licensing_clearancecount")
    finally:
        MigrationExecutor(connection).migrate(newest)
    assert before == [(limited.pk, 1), (free.pk, 0)]
    assert functions == [("ledger_settle",), ("ledger_take",)]
    assert counted == [(limited.pk, 2)]
    assert clearances_taken([limited, free]) == {limited.pk: 2, free.pk: 1}


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_answers_of_an_old_copy_stand_in_threads(world):
    """To the old form, where a question had one answer, and from there again."""
    officer, due_on = world.ministry.reviewer, legal_today() + timedelta(days=1)
    cases = [world.under_review(world.application()) for _ in range(2)]
    asked = [
        questions.ask(case, text="Why?", about=["ports"], due_on=due_on, by=officer).questions.get().pk
        for case in cases
    ]
    questions.answer(cases[0], question=asked[0], text="Growth", final=True, by=world.exporter)
    newest = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] == "licensing"]
    try:
        MigrationExecutor(connection).migrate([("licensing", NEW)])
        before = ask("SELECT id, answer, answered_by_id, answered_at IS NULL FROM licensing_question ORDER BY id")
    finally:
        MigrationExecutor(connection).migrate(newest)
    assert before == [(asked[0], "Growth", world.exporter.user.pk, False), (asked[1], "", None, True)]
    entries = QuestionEntry.objects.values_list("question", "kind", "text", "by")
    assert list(entries) == [(asked[0], "answer", "Growth", world.exporter.user.pk)]
    assert [question.about for question in Question.objects.all()] == [["other"], ["other"]]


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_a_suspension_that_its_opener_ended_in_an_old_copy_stands_and_no_other_follows(world):
    license, decider = world.license(kilograms=100), world.ministry.decider
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=decider)
    own_end = "UPDATE licensing_suspension SET ended_at = now(), ended_by_id = opened_by_id RETURNING id"
    newest = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] == "licensing"]
    try:
        MigrationExecutor(connection).migrate([("licensing", BEFORE_TWO_OFFICERS)])
        ask(own_end)
    finally:
        MigrationExecutor(connection).migrate(newest)
    assert license.suspensions.get().ended_by == decider.user
    assert breaches([("licensing_suspension.suspension_enforcement_ended_by_another", {})]) == {}


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_a_license_of_an_old_copy_has_the_facts_of_its_issue(world):
    license = world.license(kilograms=100)
    newest = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] == "licensing"]
    before = Verdict.objects.get().facts
    try:
        MigrationExecutor(connection).migrate([("licensing", "0024_why_a_decision_leaves_the_presumption")])
    finally:
        MigrationExecutor(connection).migrate(newest)
    after = Verdict.objects.get(line__license=license).facts
    assert {name: after[name] for name in before} == before
    assert selectors.licenses_to_turn(9) == [license.pk]
    make.edition(lambda rules, _: rules["R033"].update(match={"end_use.code": ["CIV_AUTO"]}, applies_to=["existing"]))
    assert verdicts.turn(license.pk, by=clock())
