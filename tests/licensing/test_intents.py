"""The intent to refuse: who announces it, how long it runs, what it stops meanwhile, and what both sides see of it."""

import re
from dataclasses import replace
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from config.local import demo
from core.access import actor_for_user
from core.deliveries import _writers
from core.errors import DomainError, Forbidden, FourEyes, NotFound, WrongState
from core.history import lines_of
from core.legal_time import legal_today
from core.models import Delivery, LegalDay
from core.selectors import documents_for
from licensing import selectors
from licensing.actions import applications, decisions, intents
from licensing.models import Application, Intent, IntentAnswer
from tests import make
from tests.core.test_files import TAKEN
from tests.licensing.test_limits import refused
from tests.make import needs_of, seen

NO = {"factors": ["END_USE"], "text": "Its use is not known."}


@pytest.fixture
def m(world):
    return world.ministry


@pytest.fixture
def ref(world, m, on):
    """A case of which a refusal was recommended on Thursday 12 February 2026; the Spring Festival follows."""
    on("2026-02-12")
    ref = world.under_review(world.application())
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.reviewer, **NO)
    return ref


def intend(ref, by, days=5, **said):
    return intents.intend(ref, seen=seen(ref), days=days, by=by, **NO | said)


def refuse(ref, by):
    return decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=by, **NO)


def intent(ref):
    return Intent.objects.get(recommendation__application__ref=ref)


# --- how long it runs --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("days", "last"), [(1, "2026-02-13"), (2, "2026-02-14"), (3, "2026-02-24"), (5, "2026-02-26")])
def test_its_days_are_working_days_after_today(days, last, ref, m):
    """14 February is a Saturday on which people work."""
    intend(ref, m.decider, days)
    assert (intent(ref).due_on, intent(ref).opened_by) == (date.fromisoformat(last), m.decider.user)
    line = lines_of(Application.objects.get(ref=ref)).last()
    assert line.facts == {"factors": ["END_USE"], "due_on": last} and line.reason == NO["text"]


@pytest.mark.parametrize("days", [0, -1, 46])
def test_it_gives_some_days_and_no_more_than_the_law_gives_for_the_case(days, ref, m):
    assert refused(intend, ref, m.decider, days) == ["out-of-range"]


def test_as_many_days_as_the_law_gives_are_not_too_many(ref, m):
    assert intend(ref, m.decider, 45).state == "awaiting_decision"


def test_where_the_table_of_working_days_ends_fewer_days_are_given(ref, m):
    LegalDay.objects.filter(day__gt=date(2026, 2, 14)).delete()
    assert refused(intend, ref, m.decider, 3) == ["out-of-range"]
    intend(ref, m.decider, 2)


@pytest.mark.parametrize(("day", "code"), [("2026-02-26", ["intent-open"]), ("2026-02-27", None)])
def test_nobody_refuses_before_its_last_day_is_over(day, code, ref, m, on):
    intend(ref, m.decider)
    on(day)
    for by in (m.decider, m.other_decider):
        if code:
            assert refused(refuse, ref, by) == code
    if not code:
        assert refuse(ref, m.other_decider).state == "refused"


def test_an_answer_lets_it_be_refused_at_once(ref, m, world):
    intend(ref, m.decider)
    intents.respond(ref, text="Motors.", by=world.exporter)
    assert refuse(ref, m.decider).state == "refused"


def test_the_clock_of_the_case_runs_on(ref, m, on):
    def used():
        return selectors.clocks_of([Application.objects.get(ref=ref)], legal_today())[
            Application.objects.get(ref=ref).pk
        ].used

    intend(ref, m.decider)
    on("2026-02-14")
    assert used() == 2


def test_without_one_a_refusal_needs_none(ref, m):
    assert refuse(ref, m.decider).state == "refused"


# --- who announces it, and when ----------------------------------------------------------------------------
def test_whoever_took_the_case_announces_nothing(world, m):
    ref = world.under_review(world.application(), by=m.other_decider)
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.other_decider, **NO)
    with pytest.raises(FourEyes):
        intend(ref, m.other_decider)
    assert not Intent.objects.exists()


@pytest.mark.parametrize("who", ["intake", "reviewer", "auditor", "policy_officer", "admin"])
def test_other_officers_announce_nothing(who, ref, m):
    with pytest.raises((Forbidden, NotFound)):
        intend(ref, getattr(m, who))
    assert not Intent.objects.exists()


def test_what_changed_since_is_seen_first(ref, m):
    with pytest.raises(DomainError) as stale:
        intents.intend(ref, seen=seen(ref) - 1, days=5, by=m.decider, **NO)
    assert (stale.value.status, stale.value.code) == (412, "stale")


def test_only_a_refusal_that_was_recommended_is_announced(world, m):
    ref = world.under_review(world.application())
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    assert refused(intend, ref, m.decider) == ["not-recommended"]


def test_it_is_announced_once(ref, m, world, on):
    intend(ref, m.decider)
    assert refused(intend, ref, m.other_decider) == ["intent-once"]
    intents.respond(ref, text="Motors.", by=world.exporter)
    assert refused(intend, ref, m.decider) == ["intent-once"]


@pytest.mark.parametrize("said", [{"factors": []}, {"text": " "}])
def test_it_has_grounds_as_a_refusal_has(said, ref, m):
    assert refused(intend, ref, m.decider, **said) == ["required"]


# --- the answer --------------------------------------------------------------------------------------------
def test_the_answer_is_given_once(ref, m, world):
    intend(ref, m.decider)
    file = ("card.png", TAKEN["a.png"])
    intents.respond(ref, text="Motors.", files=[file], by=make.colleague(world.exporter, "clerk"))
    said = IntentAnswer.objects.get()
    assert (said.text, said.files.get().name, said.intent) == ("Motors.", "card.png", intent(ref))
    assert lines_of(Application.objects.get(ref=ref)).last().facts == {"files": [said.files.get().sha256]}
    with pytest.raises(DomainError, match="it is answered once") as over:
        intents.respond(ref, text="More", by=world.exporter)
    assert over.value.code == "intent-over"


@pytest.mark.parametrize(("day", "code"), [("2026-02-26", None), ("2026-02-27", ["intent-over"])])
def test_the_answer_comes_by_its_last_day(day, code, ref, m, world, on):
    intend(ref, m.decider)
    on(day)
    if code:
        assert refused(intents.respond, ref, text="Motors.", by=world.exporter) == code
    else:
        intents.respond(ref, text="Motors.", by=world.exporter)


def test_an_answer_says_something(ref, m, world):
    intend(ref, m.decider)
    assert refused(intents.respond, ref, text=" ", by=world.exporter) == ["required"]


def test_where_nothing_was_announced_nothing_is_answered(ref, world):
    assert refused(intents.respond, ref, text="Motors.", by=world.exporter) == ["no-intent"]


def test_a_viewer_an_officer_and_another_company_do_not_answer(ref, m, world):
    intend(ref, m.decider)
    other = make.exporter(m, "Elsewhere Co., Ltd.")
    for by in (make.colleague(world.exporter, "viewer"), m.decider, other):
        with pytest.raises((Forbidden, NotFound)):
            intents.respond(ref, text="Motors.", by=by)
    assert not IntentAnswer.objects.exists()


def test_whoever_decides_reads_the_files_of_the_answer(ref, m, world):
    intend(ref, m.decider)
    intents.respond(ref, files=[("a.pdf", demo.pdf("a"))], by=world.exporter)
    file = IntentAnswer.objects.get().files.get()
    assert {file in documents_for(actor) for actor in (m.decider, m.reviewer, m.auditor, world.exporter)} == {True}
    elsewhere = make.exporter(m, "Elsewhere Co., Ltd."), replace(m.reviewer, province="33")
    assert [file in documents_for(actor) for actor in elsewhere] == [False, False]


def test_whoever_reviews_and_whoever_announced_it_are_written_to(ref, m, world):
    intend(ref, m.decider)
    intents.respond(ref, text="Motors.", by=world.exporter)
    line = lines_of(Application.objects.get(ref=ref)).last()
    assert Delivery.objects.filter(line=line).exists()
    assert _writers["application", "respond"](line).to == [m.reviewer.user.email, m.decider.user.email]


# --- its end -----------------------------------------------------------------------------------------------
def verbs(ref):
    return list(lines_of(Application.objects.get(ref=ref)).values_list("verb", flat=True))


def test_a_returned_case_has_none_and_its_applicant_is_told(ref, m, world):
    intend(ref, m.decider)
    decisions.send_back(ref, seen=seen(ref), reason="Ask first", by=m.decider)
    assert verbs(ref)[-2:] == ["return", "end_intent"]
    with pytest.raises(WrongState):
        intents.respond(ref, text="Motors.", by=world.exporter)
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.reviewer, **NO)
    assert refused(intents.respond, ref, text="Motors.", by=world.exporter) == ["no-intent"]


@pytest.mark.parametrize(("day", "code"), [("2026-02-26", ["intent-open"]), ("2026-02-27", None)])
def test_what_he_was_told_is_kept_when_the_case_was_returned_meanwhile(day, code, ref, m, on):
    intend(ref, m.decider)
    decisions.send_back(ref, seen=seen(ref), reason="Ask first", by=m.decider)
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.reviewer, **NO)
    on(day)
    if code:
        assert refused(refuse, ref, m.decider) == code
    else:
        assert refuse(ref, m.decider).state == "refused"


def test_what_he_answered_to_holds_nothing_any_more(ref, m, world, on):
    intend(ref, m.decider, 20)
    intents.respond(ref, text="Motors.", by=world.exporter)
    decisions.send_back(ref, seen=seen(ref), reason="Ask first", by=m.decider)
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.reviewer, **NO)
    intend(ref, m.decider, 1)
    on("2026-02-26")
    assert refuse(ref, m.decider).state == "refused"


def test_of_a_new_recommendation_another_one_is_announced(ref, m, world):
    intend(ref, m.decider)
    decisions.send_back(ref, seen=seen(ref), reason="Ask first", by=m.decider)
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.reviewer, **NO)
    intend(ref, m.other_decider, 3)
    assert refused(refuse, ref, m.decider) == ["intent-open"]
    assert [len(needs_of(world.exporter)), selectors.announcer_of(Application.objects.get(ref=ref).pk)] == [
        1,
        [m.other_decider.user.email],
    ]


def test_a_case_that_is_returned_without_one_says_nothing_of_it(ref, m):
    decisions.send_back(ref, seen=seen(ref), reason="Ask first", by=m.decider)
    assert verbs(ref)[-1] == "return"


def test_a_withdrawn_case_has_none(ref, m, world):
    intend(ref, m.decider)
    applications.withdraw(ref, by=world.exporter)
    with pytest.raises(WrongState):
        intents.respond(ref, text="Motors.", by=world.exporter)
    assert needs_of(world.exporter) == []


# --- what both sides see -----------------------------------------------------------------------------------
def test_the_page_asks_for_no_second_answer(ref, m, world, client):
    intend(ref, m.decider)
    assert "Send the answer" in page(client, world.exporter, f"/applications/{ref}/")
    intents.respond(ref, text="Motors.", by=world.exporter)
    text = page(client, world.exporter, f"/applications/{ref}/")
    assert "Send the answer" not in text and "have your answer" in text


def page(client, actor, path):
    client.force_login(actor.user)
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.slow
def test_over_pages(ref, m, world, client, on):
    desk, mine = f"/desk/cases/{ref}/", f"/applications/{ref}/"
    assert "Announce the refusal first" in page(client, m.decider, desk)
    client.force_login(m.decider.user)
    answer = client.post(f"{desk}intend/", NO | {"days": "5", "seen": seen(ref)})
    assert (answer.status_code, answer.url) == (302, desk)
    text = page(client, m.decider, desk)
    assert "No answer yet." in text and "26 Feb 2026" in text
    assert f'action="{desk}refuse/"' not in text and f'action="{desk}intend/"' not in text
    assert "the exporter may answer until 26 Feb 2026" in page(client, m.decider, "/desk/countersign/")
    text = page(client, world.exporter, mine)
    assert "The ministry intends to refuse" in text and NO["text"] in text and "You may answer once" in text
    assert m.decider.user.name not in text
    assert [(need.title, need.url, need.due_on) for need in needs_of(world.exporter)] == [
        ("Answer to an intent to refuse", f"{mine}#intent", date(2026, 2, 26))
    ]
    client.force_login(world.exporter.user)
    file = SimpleUploadedFile("card.png", TAKEN["a.png"])
    answer = client.post(f"{mine}respond/", {"text": "Motors.", "files": file})
    assert (answer.status_code, needs_of(world.exporter)) == (302, [])
    text = page(client, world.exporter, mine)
    assert "Motors." in text and "card.png" in text and f'action="{mine}respond/"' not in text
    for actor in (m.decider, m.reviewer):
        text = page(client, actor, desk)
        assert "Motors." in text and "card.png" in text
    assert "Refusal announced, and answered" in page(client, m.decider, "/desk/countersign/")
    client.force_login(m.decider.user)
    answer = client.post(f"{desk}refuse/", NO | {"departure": "Doubts.", "seen": seen(ref)})
    assert (answer.status_code, Application.objects.get(ref=ref).state) == (302, "refused")
    assert "This intent is over" in page(client, world.exporter, mine)


def test_the_refusal_begins_with_what_was_announced(ref, m, client):
    intend(ref, m.decider, text="Otherwise.", factors=["CREDIT"])
    intents.respond(ref, text="Motors.", by=demo_exporter(ref))
    client.force_login(m.decider.user)
    form = client.get(f"/desk/cases/{ref}/").context["forms"]["refuse"]
    assert (form["text"].value(), form["factors"].value()) == ("Otherwise.", ["CREDIT"])


def demo_exporter(ref):
    return actor_for_user(Application.objects.get(ref=ref).created_by)


def test_on_its_last_day_it_is_a_need_and_a_form_and_the_day_after_it_is_none(ref, m, world, client, on):
    intend(ref, m.decider)
    for day, there in (("2026-02-26", True), ("2026-02-27", False)):
        on(day)
        assert bool(needs_of(world.exporter)) is there
        text = page(client, world.exporter, f"/applications/{ref}/")
        assert (f"/applications/{ref}/respond/" in text, "The last day to answer was" in text) == (there, not there)
        assert ("/refuse/" in page(client, m.decider, f"/desk/cases/{ref}/")) is not there


def test_the_list_says_by_when_it_may_be_answered(ref, m, world, client, on):
    intend(ref, m.decider)
    assert "Refusal announced: you may answer until 26 Feb 2026" in bare(client, world.exporter, "/applications/")
    on("2026-02-27")
    assert "Refusal announced" not in bare(client, world.exporter, "/applications/")


def bare(client, actor, path):
    return re.sub("<.*?>", "", page(client, actor, path))


def test_a_viewer_reads_that_others_answer(ref, m, world, client):
    intend(ref, m.decider)
    text = page(client, make.colleague(world.exporter, "viewer"), f"/applications/{ref}/")
    assert "A clerk or a signatory of your company answers." in text


def test_the_form_proposes_the_days_of_the_setting(ref, m, client, settings):
    settings.INTENT_DAYS = 7
    client.force_login(m.decider.user)
    form = client.get(f"/desk/cases/{ref}/").context["forms"]["intend"]
    assert (form["days"].value(), form["text"].value(), form["factors"].value()) == (7, NO["text"], ["END_USE"])


def test_an_intent_of_another_case_is_no_need(ref, m, world):
    intend(ref, m.decider)
    assert needs_of(make.exporter(m, "Elsewhere Co., Ltd.")) == []


# --- PostgreSQL ---------------------------------------------------------------------------------------------
def test_postgresql_keeps_one_intent_a_recommendation_and_one_answer_an_intent(ref, m, world):
    intend(ref, m.decider)
    intents.respond(ref, text="Motors.", by=world.exporter)
    for row in (intent(ref), IntentAnswer.objects.get()):
        row.pk, row._state.adding = None, True
        with pytest.raises(IntegrityError, match="_key"), transaction.atomic():
            row.save(force_insert=True)


@pytest.mark.parametrize("said", [{"factors": []}, {"text": ""}])
def test_postgresql_asks_an_intent_for_grounds(said, ref, m):
    facts = {"opened_by": m.decider.user, "opened_at": "2026-02-12T00:00Z", "due_on": "2026-02-26"}
    step = Application.objects.get(ref=ref).recommendation
    with pytest.raises(IntegrityError, match="intent_rests_on_something"), transaction.atomic():
        Intent.objects.create(recommendation=step, **facts | NO | said)
