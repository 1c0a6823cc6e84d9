"""Cases over REST: where each stands, who has it, and its clock as the pages show it."""

import json
from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.local import demo
from core.legal_time import legal_today
from licensing import selectors
from licensing.actions import applications, consultations, decisions, questions, receipts, supplements
from licensing.api import examples
from licensing.models import Application
from licensing.states import HOLDER_OF, ApplicationState
from tests import make
from tests.days import D, table
from tests.make import seen

PATH = "/api/v1/applications/"


@pytest.fixture
def key(world):
    return make.key(world.exporter, "applications:read", days=365)


@pytest.fixture
def get(client, key):
    return lambda path="", **query: client.get(f"{PATH}{path}", query, HTTP_AUTHORIZATION=f"Bearer {key}")


def problems(answer):
    assert answer.status_code == 422
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def found(answer):
    return [row["reference"] for row in answer.json()["results"]]


def test_the_clock_of_the_document_is_what_such_a_case_answers(accepted, on, world, get):
    m, ref = world.ministry, accepted("2026-03-02")
    on("2026-03-16")
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    consultations.consult(ref, cause="expert", notice="An institute looks at it.", by=m.reviewer)
    on("2026-04-08")
    consultations.end_consult(ref, by=m.reviewer)
    on("2026-04-20")
    told = get(f"{ref}/").json()
    expected = examples.APPLICATION | {"reference": ref, "submitted_on": "2026-03-02"}
    assert told == expected
    assert get().json()["results"] == [told]
    on("2026-05-29", time(23, 59, 30))
    assert get(f"{ref}/").json()["clock"]["overdue"] is False
    on("2026-05-30", time())
    assert get(f"{ref}/").json()["clock"]["overdue"] is True


def test_what_is_filed_after_midnight_is_filed_on_that_day(world, on, get):
    on("2026-03-02")
    ref = world.application()
    on("2026-03-03", time(0, 30))
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    assert get(f"{ref}/").json()["submitted_on"] == "2026-03-03"


def test_a_pause_without_an_end_leaves_no_deadline(accepted, on, world, get):
    m, ref = world.ministry, accepted("2026-03-02")
    on("2026-03-16")
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    consultations.consult(ref, cause="identification", notice="What is it?", by=m.reviewer)
    told = get(f"{ref}/").json()["clock"]
    assert told["pauses"] == [{"reason": "identification", "from": "2026-03-16", "to": None}]
    assert (told["kind"], told["used"], told["left"], told["deadline"]) == ("45wd", 9, 36, None)


def test_a_case_without_a_limit_has_nothing_left_and_no_deadline(accepted, on, world, get):
    ref = accepted("2026-03-02")
    decisions.assign(ref, seen=seen(ref), by=world.ministry.reviewer)
    demo.screened(ref, world.ministry.reviewer, "watch_list", "Entry 12.")
    on("2026-06-01")
    told = get(f"{ref}/").json()["clock"]
    assert (told["kind"], told["left"], told["deadline"], told["overdue"]) == ("untimed", None, None, False)
    assert told["used"] == sum(
        worked for day, (worked, _) in table().items() if D("2026-03-02") < day <= D("2026-06-01")
    )


def test_each_state_says_who_has_to_act(world, get):
    m, ref = world.ministry, world.application()
    told = get(f"{ref}/").json()
    facts = (told["state"], told["holder"], told["submitted_on"], told["accepted_on"], told["clock"], told["license"])
    assert facts == ("draft", "applicant", None, None, None, None)

    def stands(*expected):
        row = get(f"{ref}/").json()
        assert (row["state"], row["holder"]) == expected

    applications.submit(ref, seen=seen(ref), by=world.exporter)
    stands("submitted", "intake")
    supplements.request_supplement(ref, points=["The contract"], by=m.intake)
    stands("supplement_required", "applicant")
    point = Application.objects.get(ref=ref).supplement.points.get()
    supplements.resubmit(ref, answers={point.number: supplements.Answer("Here.")}, by=world.exporter)
    receipts.accept(ref, by=m.intake)
    stands("accepted", "reviewer")
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    stands("under_review", "reviewer")
    asked = questions.ask(ref, text="Why?", about=["ports"], due_on=legal_today() + timedelta(days=9), by=m.reviewer)
    stands("awaiting_applicant", "applicant")
    facts = {"question": asked.questions.get().pk, "reason": "Known."}
    questions.close_question(ref, seen=seen(ref), by=m.reviewer, **facts)
    demo.screened(ref, m.reviewer)
    note = {"text": "All of it.", "note": "The institute has doubts."}
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer, **note)
    stands("awaiting_decision", "decider")
    assert "doubts" not in get(f"{ref}/").content.decode()
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    stands("approved", "decider")
    license = decisions.issue(ref, seen=seen(ref), by=m.decider)
    stands("issued", None)
    answer = get(f"{ref}/")
    assert answer.json()["license"] == license.ref
    assert not any(str(officer.user) in answer.content.decode() for officer in (m.intake, m.reviewer, m.decider))


def test_every_state_of_an_open_case_has_a_holder_and_no_other():
    over = {"issued", "refused", "refused_final", "not_accepted", "withdrawn", "lapsed"}
    assert set(ApplicationState.values) - set(HOLDER_OF) == over


def test_cases_are_narrowed_by_words_state_and_kind(world, get):
    annual, single = world.application(), world.application(kind="per_shipment", code="1C904.a.1")
    applications.submit(annual, seen=seen(annual), by=world.exporter)
    assert found(get()) == [single, annual]
    for query, left in (
        ({"q": annual}, annual),
        ({"q": "1c904"}, single),
        ({"state": "draft"}, single),
        ({"state": "submitted"}, annual),
        ({"kind": "annual"}, annual),
        ({"kind": "per_shipment"}, single),
    ):
        assert found(get(**query)) == [left], query
    assert found(get(q="1c904", kind="annual")) == []


def test_a_page_leads_to_the_next_one(world, get, client, key):
    refs = [world.application() for _ in range(3)]
    page = get(page_size="2").json()
    assert [row["reference"] for row in page["results"]] == refs[:0:-1]
    more = client.get(page["next"], HTTP_AUTHORIZATION=f"Bearer {key}").json()
    assert ([row["reference"] for row in more["results"]], more["next"]) == (refs[:1], None)


@pytest.mark.parametrize(
    ("path", "query", "pointer"),
    [
        ("", {"state": "gone"}, "/state"),
        ("", {"kind": "single"}, "/kind"),
        ("", {"q": "x" * 101}, "/q"),
        ("", {"page_size": "201"}, "/page_size"),
        ("", {"cursor": "x"}, "/cursor"),
        ("", {"holder": "intake"}, "/holder"),
        ("AP-AAAAAAAAA/", {"page_size": "5"}, "/page_size"),
    ],
)
def test_a_parameter_that_can_not_be_meant_is_named(path, query, pointer, get):
    assert problems(get(path, **query)) == [(pointer, "invalid-parameter")]


def test_a_reference_is_read_tolerantly_and_a_wrong_check_character_is_said(world, get):
    ref = world.application()
    assert get(f"{ref.replace('-', ' ').lower()}/").json()["reference"] == ref
    wrong = ref[:-1] + ("0" if ref[-1] != "0" else "1")
    assert problems(get(f"{wrong}/")) == [("", "invalid-reference")]


def test_a_case_of_others_is_answered_like_one_that_is_not(world, get):
    stranger = make.World(world.ministry, world.customs, make.exporter(world.ministry)).application()
    bodies = [get(f"{ref}/") for ref in (stranger, make.unknown(Application.PREFIX))]
    assert {answer.status_code for answer in bodies} == {404}
    one, other = (json.loads(answer.content) | {"instance": ""} for answer in bodies)
    assert one == other
    assert found(get()) == []


def test_a_key_needs_the_scope_and_a_session_none(world, client):
    ref = world.application()
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {make.key(world.exporter, 'licenses:read')}"}
    for path in (PATH, f"{PATH}{ref}/"):
        answer = client.get(path, **bearer)
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient-scope")
    client.force_login(make.colleague(world.exporter, "viewer").user)
    assert client.get(f"{PATH}{ref}/").json()["reference"] == ref
    client.force_login(world.ministry.auditor.user)
    assert client.get(f"{PATH}{ref}/").status_code == 404  # nobody filed it
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    assert client.get(f"{PATH}{ref}/").json()["holder"] == "intake"
    client.force_login(world.ministry.policy_officer.user)
    assert client.get(f"{PATH}{ref}/").status_code in (403, 404)


def test_fifty_cases_take_as_many_queries_as_one(accepted, get):
    first = accepted("2026-03-02")
    rules = selectors.rules_of(selectors.edition_now().digest)
    assert rules
    get()
    counts = []
    for more in (0, 49):
        for _ in range(min(more, 3)):
            accepted("2026-03-02")
        row = Application.objects.get(ref=first)
        facts = {"exporter": row.exporter, "kind": "annual", "created_by": row.created_by, "created_at": row.created_at}
        Application.objects.bulk_create(
            Application(ref=make.unknown(Application.PREFIX), **facts) for _ in range(max(more - 3, 0))
        )
        with CaptureQueriesContext(connection) as queries:
            assert len(get().json()["results"]) == 1 + more
        counts.append(len(queries))
    assert counts[0] == counts[1]
