"""The deadline call: the cases computed by hand, over REST and without a key; and whatever is asked wrongly."""

from urllib.parse import urlencode

import pytest

from core import calendar_file
from core.models import LegalDay

PATH = "/api/v1/calendar/deadline/"


@pytest.fixture
def ask(db, client):
    calendar_file.fill()

    def ask(accepted_on=None, *tolled, **more):
        pairs = [("accepted_on", accepted_on)] if accepted_on is not None else []
        pairs += [*(("tolled", pause) for pause in tolled), *more.items()]
        return client.get(f"{PATH}?{urlencode(pairs)}")

    return ask


def problems(answer):
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == answer.json()["errors"][0]["code"]
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


K = {
    "K1": ("2026-03-02", [], "2026-05-08", False),
    "K2": ("2026-03-02", ["2026-03-16/2026-04-08"], "2026-05-29", False),
    "K3": ("2026-02-14", [], "2026-04-27", False),
    "K4": ("2026-03-09", [], "2026-05-14", False),
    "K5": ("2026-04-13", ["2026-04-27/2026-05-11", "2026-05-20/2026-05-25"], "2026-07-03", False),
    "K5 without": ("2026-04-13", [], "2026-06-17", False),
    "K6": ("2026-11-24", [], "2027-01-27", True),
    "K8": ("2026-02-13", [], "2026-04-24", False),
}


@pytest.mark.parametrize("case", K)
def test_each_case_that_was_computed_by_hand(case, ask):
    accepted_on, tolled, deadline, provisional = K[case]
    answer = ask(accepted_on, *tolled).json()
    assert (answer["deadline"], answer["provisional"]) == (deadline, provisional)


def test_k1_in_full_and_nothing_else(ask):
    assert ask("2026-03-02").json() == {
        "accepted_on": "2026-03-02",
        "working_days": 45,
        "day_30": "2026-04-14",
        "day_40": "2026-04-28",
        "deadline": "2026-05-08",
        "provisional": False,
    }


def test_k7_the_last_acceptance_that_is_answered_in_time(ask):
    deadlines = {on: ask(on).json()["deadline"] for on in ("2026-09-01", "2026-09-02", "2026-09-03")}
    assert [on for on, deadline in deadlines.items() if deadline <= "2026-11-10"] == ["2026-09-01", "2026-09-02"]


def test_k8_the_check_of_what_was_received_is_due_after_five_days(ask):
    answer = ask("2026-02-13", working_days="5").json()
    assert (answer["deadline"], answer["day_30"], answer["day_40"]) == ("2026-02-27", None, None)


def test_pauses_that_overlap_are_skipped_once_and_one_from_before_the_acceptance_counts_from_there(ask):
    plain = ask("2026-03-02", "2026-03-16/2026-04-08").json()
    assert ask("2026-03-02", "2026-03-16/2026-04-01", "2026-03-20/2026-04-08", "2026-02-01/2026-03-03").json() == plain


def test_the_example_of_the_document_is_what_is_answered(ask):
    from licensing.api.examples import DEADLINE

    assert ask("2026-03-02", "2026-03-16/2026-04-08").json() == DEADLINE


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("", ("/accepted_on", "required"), id="no day"),
        pytest.param("accepted_on=", ("/accepted_on", "not-iso-date"), id="an empty day"),
        pytest.param("accepted_on=20260302", ("/accepted_on", "not-iso-date"), id="written otherwise"),
        pytest.param("accepted_on=2026-02-30", ("/accepted_on", "invalid-date"), id="no such day"),
        pytest.param("accepted_on=0000-01-01", ("/accepted_on", "invalid-date"), id="no such year"),
        pytest.param("accepted_on=1900-01-01", ("/accepted_on", "calendar-not-published"), id="1900"),
        pytest.param("accepted_on=9999-12-31", ("/accepted_on", "calendar-not-published"), id="9999"),
        pytest.param("accepted_on=2024-12-31", ("/accepted_on", "calendar-not-published"), id="before the table"),
        pytest.param("accepted_on=2027-12-31", ("/accepted_on", "calendar-not-published"), id="its last day"),
        pytest.param("accepted_on=2028-01-01", ("/accepted_on", "calendar-not-published"), id="after the table"),
        pytest.param(
            "accepted_on=2026-03-02&tolled=2026-03-16/9999-12-31",
            ("/accepted_on", "calendar-not-published"),
            id="a pause beyond the table",
        ),
        pytest.param("accepted_on=2026-03-02&accepted_on=2026-03-03", ("/accepted_on", "invalid-parameter"), id="two"),
        pytest.param("accepted_on=2026-03-02&untimed=1", ("/untimed", "invalid-parameter"), id="unknown parameter"),
        pytest.param("accepted_on=2026-03-02&page_size=5", ("/page_size", "invalid-parameter"), id="no list"),
        *(
            pytest.param(f"accepted_on=2026-03-02&tolled={text}", ("/tolled/0", code), id=f"tolled {text}"[:40])
            for text, code in {
                "": "invalid-format",
                "2026-03-16": "invalid-format",
                "2026-03-16/": "invalid-format",
                "/2026-04-08": "invalid-format",
                "2026-03-16/2026-04-08/2026-05-01": "invalid-format",
                "2026-03-16..2026-04-08": "invalid-format",
                "2026-03-16/2026-04-08%0A": "invalid-format",
                "２０２６-03-16/2026-04-08": "invalid-format",
                "2026-02-30/2026-04-08": "invalid-date",
                "2026-03-16/2026-04-31": "invalid-date",
                "2026-04-08/2026-03-16": "end-before-start",
                "2026-03-16/2026-03-16": "end-before-start",
                "2025-03-16/2025-04-08": "date-out-of-range",
                "2026-02-20/2026-03-02": "date-out-of-range",
            }.items()
        ),
        pytest.param("accepted_on=2026-03-02&tolled=" + "x" * 101, ("/tolled", "invalid-parameter"), id="long"),
        *(
            pytest.param(f"accepted_on=2026-03-02&working_days={text}", ("/working_days", "invalid-parameter"), id=text)
            for text in ("0", "-1", "251", "4.5", "1e1", "%2B5", "٤٥", "9" * 90)
        ),
    ],
)
def test_what_is_asked_wrongly_is_refused_by_its_parameter(query, found, ask, client):
    assert problems(client.get(f"{PATH}?{query}")) == [found]


def test_everything_that_is_wrong_is_said_at_once(ask):
    answer = ask("2026-02-30", "2026-03-16/2026-04-08", "x", "2026-04-08/2026-03-16", working_days="0")
    assert problems(answer) == [
        ("/accepted_on", "invalid-date"),
        ("/tolled/1", "invalid-format"),
        ("/tolled/2", "end-before-start"),
        ("/working_days", "invalid-parameter"),
    ]


def test_fifty_pauses_are_taken_and_one_more_is_not(ask):
    pauses = [f"2026-03-{3 + n % 20:02}/2026-03-{4 + n % 20:02}" for n in range(51)]
    assert ask("2026-03-02", *pauses[:50]).status_code == 200
    assert problems(ask("2026-03-02", *pauses)) == [("/tolled", "max-items")]


@pytest.mark.parametrize(("working_days", "status"), [("1", 200), ("250", 200), ("251", 422)])
def test_up_to_250_days_are_counted(working_days, status, ask):
    assert ask("2026-03-02", working_days=working_days).status_code == status


def test_where_the_table_is_empty_nothing_is_promised(db, client):
    assert problems(client.get(f"{PATH}?accepted_on=2026-03-02")) == [("/accepted_on", "calendar-not-published")]


def test_the_refusal_names_the_day_that_is_missing(ask):
    assert "2028-01-01" in ask("2027-11-30").json()["detail"]
    assert "2024-12-31" in ask("2024-12-31").json()["detail"]


def test_a_year_that_was_announced_is_not_provisional_any_more(ask):
    LegalDay.objects.update(provisional=False)
    assert ask("2026-11-24").json()["provisional"] is False


@pytest.mark.parametrize("tolled", [[], ["2026-03-16/2026-04-08"] * 3, ["2026-03-16/2027-06-01"]])
def test_it_asks_the_database_once(tolled, ask, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert ask("2026-03-02", *tolled).status_code == 200


def test_a_short_count_is_answered_up_to_the_last_day_of_the_table(ask):
    assert ask("2027-12-30", working_days="1").json()["deadline"] == "2027-12-31"


def test_a_browser_without_a_session_and_a_key_may_ask(ask):
    assert ask("2026-03-02").status_code == 200
