"""POST /assessments/: the worked cases over the wire, and what can't be asked. Nobody needs a key."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from core import calendar_file
from core.legal_time import legal_today
from licensing.models import PolicyEdition
from tests import make
from tests.licensing.test_holds import hold
from tests.policy.test_engine import CAR, worked

ADDRESS = "/api/v1/assessments/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(client, reference):
    def asked(facts=CAR, as_of="2026-01-20", **headers):
        body = {"facts": facts} | ({"as_of": as_of} if as_of else {})
        return client.post(ADDRESS, json.dumps(body), content_type="application/json", headers=headers)

    return asked


def refusals(answer):
    assert answer.status_code == 422, answer.content
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


@pytest.mark.parametrize("case", worked(), ids=lambda case: case["case"])
def test_a_worked_case_comes_out_as_worked(ask, case):
    answer = ask(json.loads(case["facts_json"]), case["as_of"]).json()
    lists = {name: list(filter(None, case[name].split(";"))) for name in ("channels", "requires", "missing")}
    assert {name: answer[name] for name in lists} == lists
    assert [rule["rule"] for rule in answer["matched"]] == list(filter(None, case["matched"].split(";")))
    assert json.dumps(answer["controlled"]) == case["controlled"]
    assert [answer[name] for name in ("as_of", "disposition", "clock", "final")] == [
        *(case[name] for name in ("as_of", "disposition", "clock")),
        not lists["missing"],
    ]


def test_each_matched_rule_says_where_it_stands_and_what_is_ours_is_no_provision(ask):
    answer = ask().json()
    assert answer["edition"] == PolicyEdition.objects.get().code
    assert [(rule["rule"], rule["provision"], rule["authority"], rule["verified"]) for rule in answer["matched"]] == [
        ("R001", "Ann. 18/2025, 1-7", "announcement", True),
        ("R040", None, "product", False),
    ]
    listed = ask(CAR | {"screening.hit": "watch_list"}).json()["matched"][1]
    assert listed["provision"].endswith("(State Council Decree 792), 26")


def test_scenario_15_goods_made_abroad_and_humanitarian_ones_with_the_reports_day(ask, client):
    """Of parts for 100,000.00 inputs of 99.99 are below one in a thousand, unrounded, and 100.00 are not."""
    calendar_file.fill()
    abroad = {"item.control_code": "ANN61-P2", "exporter.territory": "overseas", "item.origin": "JP"}
    abroad |= {name: CAR[name] for name in ("end_use.code", "end_user.class", "screening.hit")}
    abroad |= {"destination.country": "TR"}
    for value, outcome in ((Decimal("99.99"), "not_controlled"), (Decimal("100.00"), "standard_review")):
        share = str(value / Decimal("100000.00"))
        assert ask(abroad | {"item.cn_input_value_share": share}, "2026-11-20").json()["disposition"] == outcome
    exempt = ask(abroad | {"item.cn_input_value_share": "0.001", "end_use.code": "HUMANITARIAN"}, "2026-11-20").json()
    assert (exempt["disposition"], exempt["channels"], exempt["clock"]) == ("exempt", ["exempt_report"], "none")
    assert "report_within_10_working_days_after_export" in exempt["requires"]
    due = client.get("/api/v1/calendar/deadline/?accepted_on=2026-11-20&working_days=10").json()
    assert due["deadline"] == "2026-12-04"


def test_it_speaks_the_callers_language(ask):
    first = ask(**{"Accept-Language": "zh-Hans"}).json()["matched"][0]
    assert (first["provision"], first["text"]) == ("公告2025年第18号, 1-7", "四月清单：出口前须取得许可")


def test_today_is_asked_about_when_no_day_is_given(ask):
    assert ask(as_of="").json()["as_of"] == legal_today().isoformat()


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        ({"item.colour": "red"}, "item.colour", "unknown-fact"),
        ({"item.control_code": "1C914"}, "item.control_code", "fact-value"),
        ({"item.element": "Tb"}, "item.element", "facts-contradict"),
        ({"exporter.territory": "overseas"}, "item.control_code", "code-of-others"),
        ({"destination.country": ["DE", "QQ"]}, "destination.country", "fact-value"),
        ({"item.origin": "QQ"}, "item.origin", "fact-value"),
        ({"end_user.class": None}, "end_user.class", "fact-value"),
        ({"end_user.class": ["commercial"]}, "end_user.class", "fact-value"),
        ({"exporter.annual_qualified": 1}, "exporter.annual_qualified", "fact-value"),
        ({"item.cn_input_value_share": "1e-3"}, "item.cn_input_value_share", "fact-value"),
    ],
)
def test_facts_that_nobody_can_have_are_refused_by_name(ask, change, where, code):
    answer = ask(CAR | change)
    assert refusals(answer) == [(f"/facts/{where}", code)]
    assert answer.json()["errors"][0]["message"]


def test_every_wrong_fact_is_named_at_once(ask):
    wrong = {"end_use.code": "BREAD", "end_user.class": "army", "colour": 1}
    assert refusals(ask(CAR | wrong)) == [
        ("/facts/colour", "unknown-fact"),
        ("/facts/end_use.code", "fact-value"),
        ("/facts/end_user.class", "fact-value"),
    ]


@pytest.mark.parametrize("facts", [None, [], "1C905.a.4", 7])
def test_facts_are_an_object(ask, facts):
    assert refusals(ask(facts)) == [("/facts", "required" if facts is None else "expected-object")]


def test_a_day_is_one_of_the_rules_and_not_too_far_ahead(ask):
    ahead = legal_today() + timedelta(days=3_653)
    days = [date(2020, 11, 30), date(2020, 12, 1), ahead, ahead + timedelta(days=1), date(1900, 1, 1), date.max]
    answers = [ask(as_of=day.isoformat()) for day in days]
    assert [answer.status_code for answer in answers] == [422, 200, 200, 422, 422, 422]
    assert {code for answer in (answers[0], *answers[3:]) for _, code in refusals(answer)} == {"date-out-of-range"}


def test_it_asks_the_database_for_the_editions_alone_and_keeps_nothing(ask, django_assert_num_queries):
    ask()
    before = PolicyEdition.objects.count()
    with django_assert_num_queries(1):  # with the clock; a country is asked of once a process
        ask()
    assert PolicyEdition.objects.count() == before


def test_facts_are_an_object_and_nothing_else(ask):
    for facts in ([], "x", 5, [["item.control_code", "1C909"]]):
        assert refusals(ask(facts)) == [("/facts", "expected-object")]


def test_it_names_the_holds_that_stand_for_these_facts_on_that_day(ask):
    assert ask(as_of="").json()["holds"] == []
    today = legal_today()
    make.edition(hold("DE", first=2, last=None, reservations=True))
    assert ask(as_of=str(today)).json()["holds"] == []
    [one] = ask(as_of=str(today + timedelta(days=2))).json()["holds"]
    assert one == {
        "id": "H001",
        "reason": "Talks are under way.",
        "owner": "Bureau of Export Control",
        "until": None,
        "reservations": True,
    }
    said = ask(as_of=str(today + timedelta(days=2)), **{"Accept-Language": "zh-Hans"})
    assert said.json()["holds"][0]["reason"] == "正在磋商。"
    assert ask(CAR | {"destination.country": "FR"}, as_of=str(today + timedelta(days=2))).json()["holds"] == []
