"""The one supplement of a case: asked for in time and once, answered whole, or the case lapses (scenario 3)."""

from datetime import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from config.local import demo
from core.access import clock as the_clock
from core.history import open_verbs
from core.legal_time import legal_now
from core.models import Delivery, Document, HistoryLine
from core.selectors import documents_for
from licensing import selectors, tasks
from licensing.actions import applications, supplements
from licensing.actions.supplements import Answer
from licensing.models import Application, Supplement, SupplementAnswer, SupplementPoint
from licensing.web.forms.supplements import ResubmitForm
from tests.days import D
from tests.licensing.test_limits import refused
from tests.licensing.test_silence import found
from tests.make import needs_of

POINTS = ["The contract with its annexes", "The test report"]
BOTH = {1: Answer("Attached."), 2: Answer(files=[("report.pdf", demo.pdf("Report"))])}


@pytest.fixture
def asked(filed, on, world):
    """On the last lawful day two things were asked for."""
    on("2026-02-27", time(23, 59))
    supplements.request_supplement(filed, points=POINTS, by=world.ministry.intake)
    return filed


def test_scenario_3_over_pages(filed, on, read, world, client):
    on("2026-02-27")
    client.force_login(world.ministry.intake.user)
    text = "\n\n".join([f"  {POINTS[0]} ", POINTS[1]])
    answer = client.post(f"/desk/cases/{filed}/request_supplement/", {"points": text}, follow=True)
    assert "The exporter has until 29 Mar 2026" in " ".join(answer.content.decode().split())
    line = HistoryLine.objects.get(subject_ref=filed, verb="request_supplement")
    assert (line.reason, Delivery.objects.filter(line=line, consumer="mail").count()) == ("\n".join(POINTS), 1)
    (need,) = [need for need in needs_of(world.exporter) if filed in need.url]
    assert need.due_on == D("2026-03-29")
    on("2026-03-06")
    client.force_login(world.exporter.user)
    page = client.get(f"/applications/{filed}/").content.decode()
    assert all(point in page for point in POINTS)
    assert "The files of all points together are at most 10 MB" in " ".join(page.split())
    assert page.count("10 MB") == 1
    sent = {"answer_1": "Attached.", "files_2": SimpleUploadedFile("report.pdf", demo.pdf("Report"))}
    answer = client.post(f"/applications/{filed}/resubmit/", sent, follow=True)
    assert found(filed) == ("submitted", None, 0)
    assert "report.pdf" in answer.content.decode()
    on("2026-03-09")
    client.force_login(world.ministry.intake.user)
    desk = client.get(f"/desk/cases/{filed}/").content.decode()
    assert ("Attached." in desk, "report.pdf" in desk, "/request_supplement/" in desk) == (True, True, False)
    client.post(f"/desk/cases/{filed}/accept/")
    assert found(filed) == ("accepted", D("2026-03-09"), 1)
    assert read(filed)[0].deadline == D("2026-05-14")
    report = Document.objects.get(name="report.pdf")
    assert all(documents_for(actor).filter(pk=report.pk).exists() for actor in (world.exporter, world.ministry.intake))


def test_after_the_fifth_working_day_nothing_can_be_asked_for(filed, on, world):
    on("2026-02-28", time())
    facts = {"points": POINTS, "by": world.ministry.intake}
    assert refused(supplements.request_supplement, filed, **facts) == ["deemed-accepted"]
    assert (found(filed)[0], Supplement.objects.count()) == ("submitted", 0)


def test_a_second_supplement_is_refused_by_the_verb_and_by_postgresql(asked, world):
    supplements.resubmit(asked, answers=BOTH, by=world.exporter)
    row, intake = selectors.applications_for(world.ministry.intake).get(ref=asked), world.ministry.intake
    assert "request_supplement" not in open_verbs(row, intake)
    assert refused(supplements.request_supplement, asked, points=["More"], by=intake) == ["supplement-once"]
    with pytest.raises(IntegrityError, match="application_id"), transaction.atomic():
        Supplement.objects.create(
            application=row, requested_by=intake.user, requested_at=legal_now(), due_on=D("2026-04-30")
        )
    assert (found(asked)[0], Supplement.objects.count()) == ("submitted", 1)


def test_silence_after_what_was_missing_came_accepts_from_that_day_on(asked, on, world):
    on("2026-03-06")
    supplements.resubmit(asked, answers=BOTH, by=world.exporter)
    on("2026-03-13", time(23, 59))
    assert tasks.accept_by_law() == 0
    on("2026-03-14", time())
    assert tasks.accept_by_law() == 1
    assert found(asked) == ("accepted", D("2026-03-06"), 1)


def test_nothing_is_accepted_by_silence_while_something_is_missing(asked, on):
    on("2026-03-20")
    assert (tasks.accept_by_law(), found(asked)[0]) == (0, "supplement_required")


def test_something_is_named(filed, world):
    assert refused(supplements.request_supplement, filed, points=[], by=world.ministry.intake) == ["required"]
    assert found(filed)[0] == "submitted"


@pytest.mark.parametrize("second", [None, Answer(" ")], ids=["nothing", "blanks"])
def test_every_point_is_answered(second, asked, world):
    answers = {1: BOTH[1]} | ({2: second} if second else {})
    assert refused(supplements.resubmit, asked, answers=answers, by=world.exporter) == ["required"]
    assert (found(asked)[0], SupplementAnswer.objects.count()) == ("supplement_required", 0)


def test_no_point_is_called_optional(asked):
    form = ResubmitForm(row=Application.objects.get(ref=asked))
    assert {name: field.note for name, field in form.fields.items()} == dict.fromkeys(
        ("answer_1", "files_1", "answer_2", "files_2"), "(words or files are needed)"
    )


def test_files_are_10_mb_together_at_most(asked, world, monkeypatch):
    monkeypatch.setattr("core.files.FILE_BYTES", 2 * len(demo.pdf("Report")) - 1)
    answers = dict.fromkeys((1, 2), BOTH[2])
    assert refused(supplements.resubmit, asked, answers=answers, by=world.exporter) == ["file-too-large"]
    assert (found(asked)[0], Document.objects.filter(name="report.pdf").count()) == ("supplement_required", 0)


def test_it_lapses_when_the_last_day_is_over_and_a_dead_worker_changes_nothing(asked, on, world):
    on("2026-03-29", time(23, 59))
    assert (tasks.lapse_supplements(), found(asked)[0]) == (0, "supplement_required")
    on("2026-03-30", time())
    assert refused(supplements.resubmit, asked, answers=BOTH, by=world.exporter) == ["supplement-over"]
    assert (tasks.lapse_supplements(), found(asked)[0]) == (1, "lapsed")
    assert tasks.lapse_supplements() == 0
    line = HistoryLine.objects.get(subject_ref=asked, verb="lapse")
    assert (line.actor.nature, Delivery.objects.filter(line=line, consumer="mail").count()) == ("clock", 1)


def test_on_the_last_day_it_may_still_come_and_then_nothing_lapses(asked, on, world):
    on("2026-03-29", time(23, 58))
    supplements.resubmit(asked, answers=BOTH, by=world.exporter)
    on("2026-03-30")
    assert supplements.lapse(Application.objects.get(ref=asked).pk, by=the_clock()) is False
    assert found(asked)[0] == "submitted"


def test_what_is_missing_can_be_taken_back_with_the_case(asked, world):
    assert applications.withdraw(asked, by=world.exporter).state == "withdrawn"


def test_postgresql_keeps_points_apart_and_in_words_and_changes_none(asked, world):
    point = SupplementPoint.objects.first()
    for name, wrong in {
        "supplement_point_once": {"number": 1, "text": "x"},
        "supplement_point_in_words": {"number": 3, "text": ""},
        "number_check": {"number": -1, "text": "x"},
    }.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            point.supplement.points.create(**wrong)
    supplements.resubmit(asked, answers=BOTH, by=world.exporter)
    for model, change in (
        (Supplement, {"due_on": D("2026-12-01")}),
        (SupplementPoint, {"text": "x"}),
        (SupplementAnswer, {"text": "x"}),
    ):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            model.objects.update(**change)
    kept = SupplementAnswer.files.through.objects.get()
    with pytest.raises(IntegrityError, match="773e89d4"), transaction.atomic():
        type(kept).objects.create(supplementanswer_id=kept.supplementanswer_id, document_id=kept.document_id)
    with pytest.raises(IntegrityError, match="point_id"), transaction.atomic():
        SupplementAnswer.objects.create(point=point, by=world.exporter.user, at=legal_now(), text="Again")


def test_waiting_cases_are_under_waiting_and_a_lapsed_one_is_on_its_way_no_more(asked, on, world):
    rows = selectors.applications_for(world.ministry.auditor)
    assert [row.ref for row in selectors.in_queue(rows, world.ministry.auditor, "waiting")] == [asked]
    on("2026-03-30")
    tasks.lapse_supplements()
    assert [row.ref for row in selectors.on_their_way(world.exporter, legal_now().replace(year=2025))] == [asked]
    assert not selectors.on_their_way(world.exporter, legal_now()).exists()
