"""Questions on a case: what is asked, answered in part or whole, read, closed; and what both sides see of it."""

import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connections, transaction

from config.local import demo
from core.errors import DomainError
from core.legal_time import legal_now, legal_today
from core.models import Document
from core.selectors import documents_for
from licensing import selectors
from licensing.actions import applications, questions
from licensing.models import Application, Question, QuestionEntry
from tests import make
from tests.core.test_files import TAKEN
from tests.licensing.test_limits import refused
from tests.make import needs_of, seen

DAY = timedelta(days=1)
FORTNIGHT = timedelta(days=14)


def ask(ref, by, text="Why so much?", **facts):
    """Asks; the number of the question."""
    facts = {"about": ["quantity"], "due_on": legal_today() + FORTNIGHT} | facts
    return questions.ask(ref, text=text, by=by, **facts).questions.last().pk


def state(ref):
    return Application.objects.get(ref=ref).state


def said(question):
    return list(QuestionEntry.objects.filter(question=question).values_list("kind", "text"))


@pytest.fixture
def officer(world):
    return world.ministry.reviewer


@pytest.fixture
def case(world):
    return world.under_review(world.application())


def test_several_questions_are_open_at_once_each_with_its_day(case, world, officer):
    first = ask(case, officer)
    second = ask(case, officer, "Which port?", about=["ports", "contract"], due_on=legal_today() + DAY)
    asked = selectors.open_questions(world.exporter)
    assert [(q.pk, q.about, q.due) for q in asked] == [
        (first, ["quantity"], legal_today() + FORTNIGHT),
        (second, ["ports", "contract"], legal_today() + DAY),
    ]
    needs = [need for need in needs_of(world.exporter) if "question" in need.url]
    assert [(need.url.partition("#")[2], need.due_on) for need in needs] == [
        (f"question-{second}", legal_today() + DAY),
        (f"question-{first}", legal_today() + FORTNIGHT),
    ]


def test_the_case_is_back_in_review_when_the_last_question_ends(case, world, officer):
    first, second, third = (ask(case, officer) for _ in range(3))
    steps = [
        lambda: questions.answer(case, question=first, text="In part", by=world.exporter),
        lambda: questions.answer(case, question=second, text="All", final=True, by=world.exporter),
        lambda: questions.close_question(case, seen=seen(case), question=third, reason="Found", by=officer),
        lambda: questions.answer(case, question=first, text="The rest", final=True, by=world.exporter),
    ]
    states = [step().state for step in steps]
    assert states == ["awaiting_applicant"] * 3 + ["under_review"]
    assert said(first) == [("part", "In part"), ("answer", "The rest")]
    last = ask(case, officer)
    questions.close_question(case, seen=seen(case), question=last, reason="No need", by=officer)
    assert state(case) == "under_review"


def test_the_reviewer_asks_on_in_an_open_question_and_gives_it_a_new_day(case, world, officer):
    first = ask(case, officer)
    questions.answer(case, question=first, text="Which plant?", by=world.exporter)
    ask(case, officer, "The one in Ganzhou", about=[], question=first, due_on=legal_today() + DAY)
    (asked,) = selectors.open_questions(world.exporter)
    assert (asked.pk, asked.due, asked.due_on) == (first, legal_today() + DAY, legal_today() + FORTNIGHT)
    assert said(first) == [("part", "Which plant?"), ("ask", "The one in Ganzhou")]


def test_an_answer_is_due_tomorrow_at_the_earliest(case, officer):
    facts = {"text": "Why?", "about": ["ports"], "by": officer}
    assert refused(questions.ask, case, due_on=legal_today(), **facts) == ["date-out-of-range"]
    assert questions.ask(case, due_on=legal_today() + DAY, **facts).state == "awaiting_applicant"


def test_a_question_names_what_it_is_about(case, officer):
    facts = {"text": "Why?", "due_on": legal_today() + DAY, "by": officer}
    assert refused(questions.ask, case, **facts) == ["required"]
    assert Question.objects.count() == 0


@pytest.mark.parametrize("text", ["", " "], ids=["nothing", "blanks"])
def test_an_empty_answer_is_refused_and_nothing_changes(text, case, world, officer):
    asked = ask(case, officer)
    assert refused(questions.answer, case, question=asked, text=text, final=True, by=world.exporter) == ["required"]
    assert (said(asked), state(case)) == ([], "awaiting_applicant")


def test_an_answer_carries_files_of_five_kinds_as_they_came(case, world, officer):
    asked = ask(case, officer)
    files = [(name, TAKEN[name]) for name in ("a.pdf", "a.png", "a.jpg", "b.xlsx", "a.csv")]
    questions.answer(case, question=asked, files=files, by=world.exporter)
    kept = QuestionEntry.objects.get(question=asked).files.order_by("pk")
    assert [(document.name, bytes(document.content)) for document in kept] == files


def test_one_file_of_another_kind_keeps_the_whole_answer_back(case, world, officer):
    asked, before = ask(case, officer), Document.objects.count()
    files = [("a.pdf", TAKEN["a.pdf"]), ("a.svg", b"<svg/>")]
    found = refused(questions.answer, case, question=asked, text="See", files=files, final=True, by=world.exporter)
    assert found == ["file-name"]
    assert (said(asked), Document.objects.count(), state(case)) == ([], before, "awaiting_applicant")


def test_files_are_10_mb_together_at_most(case, world, officer, monkeypatch):
    monkeypatch.setattr("core.files.FILE_BYTES", 2 * len(demo.pdf("x")))
    asked, file = ask(case, officer), ("x.pdf", demo.pdf("x"))
    more = [file, file, ("y.csv", b"1")]
    assert refused(questions.answer, case, question=asked, files=more, by=world.exporter) == ["file-too-large"]
    assert said(asked) == []
    assert questions.answer(case, question=asked, files=[file, file], by=world.exporter).state == "awaiting_applicant"


@pytest.mark.parametrize("verb", ["answer", "ask", "close"])
@pytest.mark.parametrize("end", ["answer", "close"])
def test_nothing_is_said_in_a_question_that_ended(end, verb, case, world, officer):
    asked, _other = ask(case, officer), ask(case, officer)
    steps = {
        "answer": lambda: questions.answer(case, question=asked, text="x", final=True, by=world.exporter),
        "ask": lambda: ask(case, officer, question=asked),
        "close": lambda: questions.close_question(case, seen=seen(case), question=asked, reason="x", by=officer),
    }
    steps[end]()
    before = said(asked)
    assert refused(steps[verb]) == ["question-ended"]
    assert said(asked) == before


def test_another_cases_question_is_not_there(case, world, officer):
    ask(case, officer)
    other = ask(world.under_review(world.application()), officer)
    assert refused(questions.answer, case, question=other, text="x", by=world.exporter) == ["not-found"]
    assert refused(questions.read_answer, case, question=other, by=officer) == ["not-found"]
    close = questions.close_question
    assert refused(close, case, seen=seen(case), question=other, reason="x", by=officer) == ["not-found"]
    assert said(other) == []


def test_another_companys_case_and_another_officers_question_are_not_theirs(case, world, officer):
    asked = ask(case, officer)
    stranger, other = make.exporter(world.ministry, "Other Co., Ltd."), world.ministry.other_decider
    assert refused(questions.answer, case, question=asked, text="x", by=stranger) == ["not-found"]
    for verb, facts in (("close_question", {"seen": seen(case), "reason": "x"}), ("read_answer", {})):
        assert refused(getattr(questions, verb), case, question=asked, by=other, **facts) == ["forbidden"]
    assert (said(asked), state(case)) == ([], "awaiting_applicant")


def test_an_answer_that_came_is_not_closed_unread(case, world, officer):
    asked, shown = ask(case, officer), seen(case)
    questions.answer(case, question=asked, text="Here", by=world.exporter)
    assert refused(questions.close_question, case, seen=shown, question=asked, reason="x", by=officer) == ["stale"]
    assert said(asked) == [("part", "Here")]


def mine(officer):
    return [row.ref for row in selectors.in_queue(selectors.applications_for(officer), officer, "mine").order_by("pk")]


def test_an_answer_in_part_stands_in_its_officers_queue_until_it_is_read(case, world, officer):
    asked = ask(case, officer)
    seen_by_turns = [mine(officer)]
    for step in (
        lambda: questions.answer(case, question=asked, text="A part", by=world.exporter),
        lambda: questions.read_answer(case, question=asked, by=officer),
        lambda: questions.answer(case, question=asked, text="Which plant?", by=world.exporter),
        lambda: ask(case, officer, "Ganzhou", question=asked),
        lambda: questions.answer(case, question=asked, text="So much", final=True, by=world.exporter),
    ):
        step()
        seen_by_turns.append(mine(officer))
    assert seen_by_turns == [[], [case], [], [case], [], [case]]
    assert mine(world.ministry.other_decider) == []


def test_reading_a_second_time_changes_nothing(case, world, officer):
    asked = ask(case, officer)
    questions.answer(case, question=asked, text="A part", by=world.exporter)
    for _ in range(2):
        questions.read_answer(case, question=asked, by=officer)
    assert said(asked) == [("part", "A part"), ("read", "")]


def test_a_case_that_was_taken_back_asks_nothing_any_more(case, world, officer):
    asked = ask(case, officer)
    applications.withdraw(case, by=world.exporter)
    assert list(selectors.open_questions(world.exporter)) == []
    assert refused(questions.answer, case, question=asked, text="x", by=world.exporter) == ["wrong-state"]


def test_officers_read_the_files_of_answers_and_strangers_do_not(case, world, officer):
    asked = ask(case, officer)
    questions.answer(case, question=asked, files=[("x.pdf", demo.pdf("x"))], by=world.exporter)
    file = QuestionEntry.objects.get(question=asked).files.get()
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    sees = [documents_for(actor).filter(pk=file.pk).exists() for actor in (officer, world.exporter, stranger)]
    assert sees == [True, True, False]


def test_postgresql_refuses_a_second_end(case, world, officer):
    asked = ask(case, officer)
    questions.answer(case, question=asked, text="x", final=True, by=world.exporter)
    with pytest.raises(IntegrityError, match="question_ends_once"), transaction.atomic():
        QuestionEntry.objects.create(question_id=asked, kind="close", by=officer.user, at=legal_now(), text="x")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_answer_and_a_close_at_once_end_the_question_once(transactional_db):
    from licensing.loading import load

    load()
    officers = make.ministry()
    world = make.World(officers, make.customs(), make.exporter(officers))
    case = world.under_review(world.application())
    for _ in range(5):
        asked, shown, barrier, outcomes = ask(case, officers.reviewer), seen(case), threading.Barrier(2), []
        verbs = [
            (questions.answer, {"text": "x", "final": True, "by": world.exporter}),
            (questions.close_question, {"seen": shown, "reason": "x", "by": officers.reviewer}),
        ]

        def run(verb, facts, asked=asked, barrier=barrier, outcomes=outcomes):
            barrier.wait()
            try:
                outcomes.append(verb(case, question=asked, **facts).state)
            except DomainError as refusal:
                outcomes.append(refusal.code)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=run, args=one) for one in verbs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["under_review", "wrong-state"]
        assert len(said(asked)) == 1


# --- pages --------------------------------------------------------------------------------------------------


def test_each_open_question_is_a_card_with_its_own_form(case, world, officer, client):
    first, second = ask(case, officer), ask(case, officer, "Which port?", due_on=legal_today() + DAY)
    client.force_login(world.exporter.user)
    html = client.get(f"/applications/{case}/").content.decode()
    for question, left in ((first, "14 days left"), (second, "1 day left")):
        assert f'id="question-{question}"' in html
        assert f'name="question" value="{question}" id="id_answer_{question}_question"' in html
        assert left in html
    file = SimpleUploadedFile("b.csv", TAKEN["b.csv"], "text/csv")
    sent = {"question": second, "text": "Shanghai", "files": [file], "final": "1"}
    assert client.post(f"/applications/{case}/answer/", sent).status_code == 302
    assert (said(first), said(second)) == ([], [("answer", "Shanghai")])
    html = client.get(f"/applications/{case}/").content.decode()
    assert "b.csv" in html
    assert f"id_answer_{second}_" not in html
    assert str(officer.user) not in html


def test_what_was_typed_for_a_question_that_ended_meanwhile_is_there_to_copy(case, world, officer, client):
    first, second = ask(case, officer), ask(case, officer)
    questions.close_question(case, seen=seen(case), question=first, reason="Found", by=officer)
    client.force_login(world.exporter.user)
    response = client.post(f"/applications/{case}/answer/", {"question": first, "text": "Five hundred words"})
    html = response.content.decode()
    assert response.status_code == 409
    assert "This question has ended meanwhile" in html
    assert "What you had typed" in html and "Five hundred words" in html
    assert f'name="question" value="{second}"' in html


def test_a_refused_answer_stands_in_its_own_card(case, world, officer, client):
    first, second = ask(case, officer), ask(case, officer)
    client.force_login(world.exporter.user)
    file = SimpleUploadedFile("a.png", TAKEN["a.pdf"], "image/png")
    response = client.post(f"/applications/{case}/answer/", {"question": second, "text": "See", "files": [file]})
    html = response.content.decode()
    assert response.status_code == 422
    assert f'href="#id_answer_{second}_files"' in html
    assert html.index("See</textarea>") > html.index(f'id="id_answer_{second}_text"')
    assert html.index("See</textarea>") > html.index(f'id="id_answer_{first}_text"')


def test_officers_see_the_thread_what_is_new_and_what_they_can_do(case, world, officer, client):
    asked = ask(case, officer)
    questions.answer(case, question=asked, text="Which plant?", by=world.exporter)
    client.force_login(officer.user)
    assert "New answer to read" in client.get("/desk/?view=mine").content.decode()
    html = client.get(f"/desk/cases/{case}/").content.decode()
    assert "New answer" in html and "Which plant?" in html
    asking = {"question": asked, "text": "Ganzhou", "due_on": (legal_today() + DAY).isoformat()}
    assert client.post(f"/desk/cases/{case}/ask/", asking).status_code == 302
    assert "New answer" not in client.get(f"/desk/cases/{case}/").content.decode()
    closing = {"question": asked, "reason": "", "seen": seen(case)}
    html = client.post(f"/desk/cases/{case}/close_question/", closing).content.decode()
    assert f'href="#id_close_question_{asked}_reason"' in html
    assert client.post(f"/desk/cases/{case}/close_question/", closing | {"reason": "Found"}).status_code == 302
    assert (said(asked)[-1], state(case)) == (("close", "Found"), "under_review")
    client.force_login(world.ministry.auditor.user)
    html = client.get(f"/desk/cases/{case}/").content.decode()
    assert "Ganzhou" in html and "close_question" not in html


def test_the_latest_words_and_the_latest_day_are_what_is_asked_now(case, world, officer):
    first = ask(case, officer)
    for days, words in ((1, "The one in Ganzhou"), (3, "Or the one in Baotou")):
        questions.answer(case, question=first, text="Which plant?", by=world.exporter)
        ask(case, officer, words, about=[], question=first, due_on=legal_today() + days * DAY)
    (asked,) = selectors.open_questions(world.exporter)
    assert (asked.asked, asked.due) == ("Or the one in Baotou", legal_today() + 3 * DAY)


def test_an_exporter_reads_no_officers_name_in_a_thread(case, world, officer, client):
    """Not of whoever asked, asked on, read or closed."""
    first, second = ask(case, officer), ask(case, officer, "Which port?")
    questions.answer(case, question=first, text="Which plant?", by=world.exporter)
    ask(case, officer, "The one in Ganzhou", about=[], question=first)
    questions.answer(case, question=first, text="Then yes", by=world.exporter)
    questions.read_answer(case, question=first, by=officer)
    questions.close_question(case, seen=seen(case), question=second, reason="Found", by=officer)
    client.force_login(world.exporter.user)
    page = client.get(f"/applications/{case}/").content.decode()
    assert all(words in page for words in ("The one in Ganzhou", "Found", "The reviewer"))
    assert officer.user.name not in page and officer.user.email not in page
