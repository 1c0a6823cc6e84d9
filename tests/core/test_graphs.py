"""The graphs are the workflow tables, and PostgreSQL holds them too (tests/workflows.csv transcribes the tables)."""

import csv
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from core import access
from core.errors import DomainError
from core.graphs import Move, graph, verb_name
from core.history import require
from core.models import HistoryLine, Role
from exporters.models import Exporter, Qualification
from licensing.models import Application, Declaration, Draft, Inquiry, License, Notice
from licensing.models.balances import Movement
from shipments.models import Shipment
from tests import make

MODELS = {
    model._meta.model_name: model
    for model in (Exporter, Qualification, Declaration, Application, License, Shipment, Draft, Notice, Inquiry)
}
TABLE = list(csv.DictReader((Path(__file__).parent.parent / "workflows.csv").open(encoding="utf-8")))
OPEN_TO = {(r["object"], r["from"], r["verb"], r["to"]): set(r["who"].split()) for r in TABLE}
WORDS = {
    "exporter": "Draft · Being verified · Active · Suspended · Barred · Closed",
    "qualification": "Not qualified · Asked for · Qualified · Lapsed",
    "declaration": "Draft · Signed · Submitted · Question open · Verified · In force · Rejected"
    " · Replaced · Expired · Invalid",
    "application": "Draft · Submitted · Supplement needed · Accepted · Under review · Waiting for you"
    " · With second officer · Approved · License issued · Refused · Under reconsideration · Refused, final"
    " · Not accepted · Withdrawn · Lapsed",
    "license": "In force · Suspended · Used up · Expired · Handed back · Replaced · Ended by the ministry",
    "draft": "Draft · Approved · Repealed",
    "inquiry": "Asked · Answered · Withdrawn",
    "notice": "Made public · Withdrawn",
    "shipment": "Reserved · Declared · Partly cleared · Cleared · Departed · Delivered"
    " · Questioned by customs · Returned · Cancelled · Reservation lapsed · Rejected by customs",
}


@pytest.mark.parametrize("name", MODELS)
def test_the_graph_is_the_workflow_table(name):
    wanted = {Move(r["from"], r["verb"], r["to"]) for r in TABLE if r["object"] == name and r["who"]}
    assert set(graph(MODELS[name])) == wanted


def test_only_what_an_end_user_would_do_by_a_link_is_in_no_graph():
    assert [row["verb"] for row in TABLE if not row["who"]] == ["send", "sign", "decline", "link_ends"]


@pytest.mark.parametrize("name", MODELS)
def test_every_state_is_reached_or_begun_and_has_its_word(name):
    choices = MODELS[name]._meta.get_field("state").choices
    moves = graph(MODELS[name])
    initial = MODELS[name]._meta.get_field("state").default
    assert {value for value, _ in choices} == {initial} | {move.target for move in moves}
    assert " · ".join(str(label) for _, label in choices) == WORDS[name]


@pytest.mark.django_db
@pytest.mark.parametrize("name", MODELS)
def test_postgresql_has_the_same_moves(name):
    """Read from the catalog, not from the declaration: which function the table runs, with which arguments."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname, t.tgargs FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgrelid = %s::regclass AND p.proname LIKE 'guard_state_%%' AND t.tgenabled = 'O'",
            [MODELS[name]._meta.db_table],
        )
        runs = {
            function: set(bytes(arguments).decode().split("\0")) - {""} for function, arguments in cursor.fetchall()
        }
    assert runs == {
        "guard_state_moves": {f"{m.source}:{m.target}" for m in graph(MODELS[name]) if m.source != m.target},
        "guard_state_begins": {MODELS[name]._meta.get_field("state").default},
    }


@pytest.mark.parametrize("name", MODELS)
def test_every_illegal_move_is_refused_by_postgresql_itself(name, world, license):
    """Every state that no move leads to from the row's own is refused on UPDATE."""
    world.shipment(license, 1_000)
    rows = {
        "exporter": Exporter.objects.get(state="active"),
        "qualification": Qualification.objects.get(state="granted"),
        "declaration": Declaration.objects.get(),
        "application": Application.objects.get(),
        "license": license,
        "shipment": Shipment.objects.get(),
        "draft": make.edition(lambda rules, document: document.update(windows=[])).draft,
        "notice": make.notice(world.ministry),
        "inquiry": make.inquiry(world),
    }
    row, model = rows[name], MODELS[name]
    if name in ("license", "shipment", "notice", "inquiry"):  # everything is possible from their first state
        last = {"license": "expired", "shipment": "cleared", "notice": "withdrawn", "inquiry": "withdrawn"}
        model.objects.filter(pk=row.pk).update(state=last[name])
        row = model.objects.get(pk=row.pk)
    legal = {move.target for move in graph(model) if move.source == row.state} | {row.state}
    illegal = {value for value, _ in model._meta.get_field("state").choices} - legal
    assert illegal
    for state in [*sorted(illegal), "nonsense"]:
        with pytest.raises(IntegrityError, match="no move leads"), transaction.atomic():
            model.objects.filter(pk=row.pk).update(**{"state": state})
    assert model.objects.get(pk=row.pk).state == row.state


def test_a_row_in_a_later_state_can_not_be_inserted(world, license):
    shipment = world.shipment(license, 1_000)
    for row, later in (
        (Exporter.objects.get(state="active"), "active"),
        (Qualification.objects.get(state="granted"), "granted"),
        (Declaration.objects.get(), "verified"),
        (Application.objects.get(), "approved"),
        (license, "expired"),
        (shipment, "cleared"),
        (make.edition(lambda rules, document: document.update(windows=[])).draft, "approved"),
        (make.notice(world.ministry), "withdrawn"),
        (make.inquiry(world), "withdrawn"),
    ):
        columns = [f.column for f in row._meta.concrete_fields if f.column != row._meta.pk.column]
        table = row._meta.db_table
        picked = ", ".join(f"'{later}'" if column == "state" else column for column in columns)
        key = row._meta.pk.column
        insert = (
            f"INSERT INTO {table} ({key}, {', '.join(columns)}) "
            f"SELECT {key} + 1000000, {picked} FROM {table} WHERE {key} = {row.pk}"
        )
        with pytest.raises(DatabaseError, match="begins as"), transaction.atomic():
            connection.cursor().execute(insert)


def test_history_and_movements_can_not_be_changed_or_deleted(world):
    world.license(kilograms=100)
    for rows, change in ((HistoryLine.objects, {"reason": "x"}), (Movement.objects, {"quantity": 1})):
        assert rows.exists()
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            rows.update(**change)
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            rows.all()._raw_delete("default")


def everybody():
    """An actor of each kind, by the words of the table: `own` is of the row's company, `taker` took the case."""

    def actor(kind, organization, role, user=1, scopes=frozenset()):
        house = SimpleNamespace(kind=kind, pk=organization) if kind else None
        return access.Actor(SimpleNamespace(pk=user), house, roles=frozenset({role}), scopes=scopes)

    found = {"clock": actor("", 0, "clock"), "nobody": access.NOBODY}
    found["customs:key"] = actor("customs", 4, "", scopes=frozenset({"customs:confirm"}))
    for role in ("clerk", "signatory", "viewer"):
        found[f"own:{role}"], found[f"foreign:{role}"] = actor("exporter", 7, role), actor("exporter", 8, role)
    for role in Role.values:
        if role not in ("clerk", "signatory", "viewer"):
            found[role] = actor("customs" if role == "customs" else "ministry", 3, role)
            found[f"taker:{role}"] = actor("customs" if role == "customs" else "ministry", 3, role, user=99)
    return found


def row_of_seven(state=""):
    """Whatever predicates read of a row: its company is the seventh, and officer 99 took it."""
    row = SimpleNamespace(exporter_id=7, reviewer_id=99, reviewer="whoever took it", _decided_by=lambda user: None)
    row.state, row.get_state_display = state, lambda: state
    row.not_of_before = lambda actor: None
    row.not_to_take_over = lambda actor: Application.not_to_take_over(row, actor)
    row.not_simulating, row.not_signed = lambda: None, lambda actor: None
    row.shown, row.not_shown, row.wrote = lambda: None, lambda: None, lambda actor: None
    return row


@pytest.mark.parametrize("name", MODELS)
def test_each_move_is_open_to_whom_the_workflow_tables_say(name):
    row, wrong = row_of_seven(), {}
    for move in MODELS[name]._meta.get_field("state").get_all_transitions(MODELS[name]):
        who = {word for word, actor in everybody().items() if move.permission(row, actor)}
        who = {"everybody"} if who == set(everybody()) else who - {f"taker:{word}" for word in who}
        row_of_table = (name, str(move.source), verb_name(move), str(move.target or move.source))
        if who != OPEN_TO[row_of_table]:
            wrong[row_of_table] = who
    assert wrong == {}


def answer_to(transition, model, state, actor):
    """What whoever asks for it is told before anything else is looked at; nothing where he may."""
    bound = SimpleNamespace(__self__=row_of_seven(state), _django_fsm=getattr(model, transition.name)._django_fsm)
    try:
        require(bound, by=actor)
    except DomainError as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("name", MODELS)
def test_each_verb_in_each_state_by_each_role_is_done_or_refused(name):
    """The whole product, by what every verb asks first: legal where the tables have it, and else a refusal."""
    model, wrong = MODELS[name], []
    field, people = model._meta.get_field("state"), everybody()
    verbs = {}
    for transition in field.get_all_transitions(model):
        verbs.setdefault(verb_name(transition), {})[transition.name] = transition
    for (state, _label), (verb, ways) in product(field.choices, verbs.items()):
        told = {word: {answer_to(way, model, state, actor) for way in ways.values()} for word, actor in people.items()}
        may = {word for word, said in told.items() if "" in said}
        may = {"everybody"} if may == set(people) else may - {f"taker:{word}" for word in may}
        rows = [who for (of, source, named, _), who in OPEN_TO.items() if (of, source, named) == (name, state, verb)]
        refusals = set().union(*told.values()) - {""}
        if may != set().union(*rows) or not refusals <= {"forbidden", "wrong-state"}:
            wrong.append((state, verb, may, rows, refusals))
    assert wrong == []
