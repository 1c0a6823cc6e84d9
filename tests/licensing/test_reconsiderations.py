"""A refusal reaches its applicant, is contested in time, and reconsidered by officers who never acted on its case."""

import threading
from datetime import date, time, timedelta
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, connections, transaction

from config.local import demo
from core.access import Actor
from core.access import clock as the_clock
from core.deliveries import _writers, relay
from core.errors import DomainError, Forbidden, FourEyes, NotFound, WrongState
from core.graphs import Move
from core.history import lines_of
from core.legal_time import legal_now, legal_today
from core.models import HistoryLine, LegalDay, Mail, Role
from core.selectors import documents_for
from core.telling import sentence
from exporters.models import Exporter
from licensing import selectors, tasks
from licensing.actions import (
    applications,
    decisions,
    declarations,
    intents,
    questions,
    receipts,
    reconsiderations,
    screenings,
    signals,
)
from licensing.api.applications import application as over_rest
from licensing.loading import load
from licensing.models import (
    Application,
    DecisionStep,
    Declaration,
    License,
    Reconsideration,
    ReconsiderationEntry,
    Service,
)
from licensing.selectors.applications import reconsiderers_of
from licensing.selectors.reconsiderations import MOVED_HOW, SERVED_HOW
from licensing.web.reconsiderations import Contest
from tests import make
from tests.again import again
from tests.core.test_files import TAKEN
from tests.licensing.test_actions_refused import forbidding
from tests.licensing.test_declaration_questions import redo, signed_anew
from tests.licensing.test_invalidations import invalidated
from tests.licensing.test_judging import PRESUMED, for_whom, presumed_of
from tests.licensing.test_limits import refused
from tests.licensing.test_redeclared import another
from tests.make import seen
from tests.ticks import tick

NO = {"factors": ["END_USE", "END_USER"], "text": "Its use is not known."}
D = date.fromisoformat
LATE = "reconsider_late"


@pytest.fixture
def m(world):
    return world.ministry


@again
def refuse(world, ref=None, by=None):
    """A case that the reviewer recommended to refuse, and the decider refused; its reference."""
    m = world.ministry
    ref = ref or world.under_review(world.application())
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.reviewer, **NO)
    decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=by or m.decider, **NO)
    return ref


@pytest.fixture
def ref(world, on):
    """Refused on Tuesday 10 February 2026; the Spring Festival follows."""
    on("2026-02-10")
    return refuse(world)


def case(ref):
    return Application.objects.get(ref=ref)


def state(ref):
    return case(ref).state


def contest(ref, by, grounds="It is known.", **more):
    return reconsiderations.reconsider(ref, seen=seen(ref), grounds=grounds, by=by, **more)


def act(verb, ref, by, **said):
    said = {"uphold": NO, "quash": {"text": "Nobody asked the end-user."}, "extend": {"reason": "An expert"}}.get(
        verb, {}
    ) | said
    return getattr(reconsiderations, verb)(ref, seen=seen(ref), by=by, **said)


@pytest.fixture
def contested(ref, world, on):
    on("2026-02-11")
    contest(ref, world.exporter)
    return ref


@pytest.fixture
def begun(contested, m):
    act("admit", contested, m.reconsiderer)
    return contested


def remedy(ref):
    return selectors.remedies_of([case(ref)]).get(case(ref).pk)


def page(client, actor, path):
    client.force_login(actor.user)
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


# --- service, and the last day -----------------------------------------------------------------------------
def test_what_was_opened_is_served_that_day_and_contested_within_60_days_moved_to_a_working_day(ref, world, client, on):
    """DOMAIN 5: delivered 10 February, 60 days later is Saturday 11 April, so the last day is Monday 13 April."""
    page(client, world.exporter, f"/applications/{ref}/")
    found = remedy(ref)
    assert (found.opened_on, found.served_on, found.by_opening) == (D("2026-02-10"), D("2026-02-10"), True)
    assert (found.unmoved, found.last_day) == (D("2026-04-11"), D("2026-04-13"))
    for day, over in (("2026-04-13", False), ("2026-04-14", True)):
        assert found.over(D(day)) is over


def test_a_last_day_that_is_a_working_day_stays(ref, world, client, on):
    on("2026-02-12")
    page(client, world.exporter, f"/applications/{ref}/")
    assert (remedy(ref).unmoved, remedy(ref).last_day) == (D("2026-04-13"), D("2026-04-13"))


def test_a_notice_that_nobody_opens_counts_as_served_five_working_days_after_it_went_out(ref, on):
    """11, 12, 13 and, a Saturday on which people work, 14 February are days 1 to 4; day 5 follows the festival."""
    assert remedy(ref) == selectors.Remedy(None, None, None, None, None)
    relay()
    found = remedy(ref)
    assert (found.sent_on, found.served_on, found.by_opening) == (D("2026-02-10"), D("2026-02-24"), False)
    assert (found.unmoved, found.last_day) == (D("2026-04-25"), D("2026-04-27"))


@pytest.mark.parametrize(("day", "served"), [("2026-02-23", "2026-02-23"), ("2026-02-25", "2026-02-24")])
def test_whichever_comes_first_counts(day, served, ref, world, client, on):
    relay()
    on(day)
    page(client, world.exporter, f"/applications/{ref}/")
    assert remedy(ref).served_on == D(served)


def test_service_is_kept_once_and_of_the_applicants_people_alone(ref, world, m, client, on):
    for actor, path in ((m.decider, f"/desk/cases/{ref}/"), (m.auditor, f"/desk/cases/{ref}/")):
        page(client, actor, path)
    key = make.key(world.exporter, "applications:read")
    client.logout()
    assert client.get(f"/api/v1/applications/{ref}/", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    client.force_login(world.exporter.user)
    client.head(f"/applications/{ref}/")
    client.get("/applications/")
    reconsiderations.serve(ref, by=m.decider)
    assert not Service.objects.exists()
    viewer = make.colleague(world.exporter, "viewer")
    page(client, viewer, f"/applications/{ref}/")
    on("2026-02-12")
    page(client, world.exporter, f"/applications/{ref}/")
    kept = Service.objects.get()
    assert (kept.opened_by, kept.opened_at.date(), kept.decision) == (viewer.user, D("2026-02-10"), case(ref).decision)


def test_another_company_serves_nothing(ref, m):
    with pytest.raises(NotFound):
        reconsiderations.serve(ref, by=make.exporter(m, "Elsewhere Co., Ltd."))
    assert not Service.objects.exists()


def test_two_colleagues_who_open_it_at_once_are_one_service(ref, world, monkeypatch):
    """The other one's is kept between what the first one reads and keeps."""
    first = make.colleague(world.exporter, "viewer")

    def meanwhile():
        Service.objects.create(decision=case(ref).decision, opened_by=first.user, opened_at=legal_now())
        return legal_now()

    monkeypatch.setattr(reconsiderations, "legal_now", meanwhile)
    reconsiderations.serve(ref, by=world.exporter)
    assert Service.objects.get().opened_by == first.user


def test_opening_it_writes_no_history_and_leaves_open_pages_as_they_are(ref, world, client):
    before = seen(ref)
    page(client, world.exporter, f"/applications/{ref}/")
    assert seen(ref) == before and Service.objects.count() == 1


def test_only_a_refusal_is_served(world, m, client):
    ref = world.under_review(world.application())
    page(client, world.exporter, f"/applications/{ref}/")
    reconsiderations.serve(ref, by=world.exporter)
    assert not Service.objects.exists() and remedy(ref) is None
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    reconsiderations.serve(ref, by=world.exporter)
    assert not Service.objects.exists()


def test_a_page_that_is_read_again_makes_no_more_queries_than_any(ref, world, client, django_assert_max_num_queries):
    page(client, world.exporter, f"/applications/{ref}/")
    client.force_login(world.exporter.user)
    with django_assert_max_num_queries(32) as asked:
        client.get(f"/applications/{ref}/")
    assert not [one["sql"] for one in asked if "INSERT INTO" in one["sql"] and "licensing_service" in one["sql"]]


def test_many_cases_are_asked_for_their_last_day_at_once(ref, world, client, django_assert_num_queries):
    refs = [ref, *(refuse(world) for _ in range(2))]
    for one in refs:
        page(client, world.exporter, f"/applications/{one}/")
    rows = list(Application.objects.filter(ref__in=refs))
    with django_assert_num_queries(2):
        assert {one.last_day for one in selectors.remedies_of(rows).values()} == {D("2026-04-13")}
    with django_assert_num_queries(0):
        assert selectors.remedies_of([]) == {}


def test_where_the_table_of_working_days_ends_nobody_is_late(ref, world, client, on):
    page(client, world.exporter, f"/applications/{ref}/")
    LegalDay.objects.filter(day__gt=D("2026-04-11")).delete()
    found = remedy(ref)
    assert (found.unmoved, found.last_day, found.over(D("2026-06-01"))) == (D("2026-04-11"), None, False)
    assert "the table of working days does not go so far yet" in page(client, world.exporter, f"/applications/{ref}/")


def test_pages_and_rest_say_how_it_was_counted(ref, world, m, client, on):
    relay()
    text = page(client, world.exporter, f"/applications/{ref}/")
    for said in (
        "You can contest it until 13 Apr 2026.",
        "Administrative reconsideration can be asked for until <b>13 Apr 2026</b>.",
        f"The notice was sent on 10 Feb 2026. {SERVED_HOW}.",
        "The company first opened the decision on 10 Feb 2026.",
        f"It counts as served on 10 Feb 2026; 60 days later is 11 Apr 2026. {MOVED_HOW}: 13 Apr 2026.",
    ):
        assert said in text
    assert "until <b>13 Apr 2026</b>" in page(client, m.decider, f"/desk/cases/{ref}/")
    client.force_login(world.exporter.user)
    answer = client.get(f"/api/v1/applications/{ref}/").json()
    assert answer["remedy"] == {
        "sent_on": "2026-02-10",
        "opened_on": "2026-02-10",
        "served_on": "2026-02-10",
        "last_day": "2026-04-13",
    }
    assert answer["holder"] is None
    assert over_rest(case(ref), None, None)["remedy"] is None


def test_a_refusal_is_not_called_closed_as_long_as_it_can_be_contested(ref, world, m, client, on):
    path, closed = f"/applications/{ref}/", "Nothing was granted, and this case is closed."
    page(client, world.exporter, path)  # opens its notice
    on(remedy(ref).last_day.isoformat())
    text = page(client, world.exporter, path)
    assert "The refusal can be contested: until when stands below. The other way is a new application" in text
    assert closed not in text
    on((remedy(ref).last_day + timedelta(days=1)).isoformat())
    text = page(client, world.exporter, path)
    assert closed in text and "The refusal can be contested" not in text


# --- contesting --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("on_day", "tones"),
    [
        ("2026-02-10", ["ochre"]),
        ("2026-03-29", ["ochre"]),
        ("2026-03-30", ["red"]),
        ("2026-04-13", ["red"]),
        ("2026-04-14", []),
    ],
)
def test_the_overview_says_until_when_a_refusal_can_be_contested_from_its_first_day_on(on_day, tones, world, on):
    on("2026-01-19")
    ref = world.under_review(world.application())
    on("2026-02-10")  # sixty days before a Saturday: the last one is the Monday after
    refuse(world, ref)
    reconsiderations.serve(ref, by=world.exporter)
    on(on_day)
    found = [need for need in make.needs_of(world.exporter) if ref in need.title]
    said = (D("2026-04-13"), f"/applications/{ref}/#remedy")
    assert [(need.due_on, need.url, need.tone) for need in found] == [(*said, tone) for tone in tones]
    if tones:
        reconsiderations.reconsider(ref, seen=seen(ref), grounds="It is known.", by=world.exporter)
        assert [need for need in make.needs_of(world.exporter) if "Contest" in need.title] == []


def test_the_overview_tells_of_a_refusal_whose_notice_is_on_its_way(world, on):
    on("2026-02-12")
    ref = world.under_review(world.application())
    refuse(world, ref)
    assert remedy(ref).last_day is None
    (need,) = [need for need in make.needs_of(world.exporter) if ref in need.title]
    assert (need.due_on, need.tone) == (None, "ochre")
    begins = f"{SERVED_HOW}. The 60 days to contest it begin with that."
    assert need.text == f"It can be contested within 60 days after it was served. {begins}"


@pytest.mark.parametrize("reach", [lambda ref, by: relay(), lambda ref, by: reconsiderations.serve(ref, by=by)])
def test_the_overview_tells_of_it_as_long_as_it_can_be_contested_however_late_it_is_served(reach, ref, world, on):
    def told():
        return [need.due_on for need in make.needs_of(world.exporter) if ref in need.title]

    on("2026-07-01")  # over 120 days after it was decided
    assert told() == [None]
    reach(ref, world.exporter)
    last = remedy(ref).last_day
    assert last >= D("2026-08-30")
    on(last.isoformat())
    assert told() == [last]
    on("2026-12-01")
    assert not Application.objects.filter(selectors.contestable_still(legal_today())).exists()


def test_mail_and_overview_say_that_opening_it_begins_the_days(world, on, client, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    on("2026-03-02")
    ref = refuse(world)
    relay()
    mail = Mail.objects.get(recipients=world.exporter.user.email, subject__contains="refused")
    assert mail.subject == f"{ref}: refused"
    begins = f"{SERVED_HOW}. The 60 days to contest it begin with that."
    assert begins in mail.body and "or on working day 5 after its notice went out, whichever comes first" in begins

    def told():
        return [begins in need.text for need in make.needs_of(world.exporter) if ref in need.title]

    assert told() == [True]
    on("2026-03-09")
    assert told() == [False], "it counts as served without that"


@pytest.mark.slow
def test_scenario_14_over_pages(world, m, client, on):
    """Accepted 19 January 2026, refused and read on 10 February; contested on the last day, not on the next one."""
    on("2026-01-19")
    ref = world.under_review(world.application())
    assert selectors.clocks_of([case(ref)], legal_today())[case(ref).pk].deadline == D("2026-03-27")
    on("2026-02-10")
    refuse(world, ref)
    mine, desk = f"/applications/{ref}/", f"/desk/cases/{ref}/"
    text = page(client, world.exporter, mine)
    assert "End-use" in text and "End-user" in text and "13 Apr 2026" in text
    on("2026-04-14")
    client.force_login(world.exporter.user)
    answer = client.post(f"{mine}reconsider/", {"grounds": "It is known.", "seen": seen(ref)})
    assert answer.status_code == 409
    assert "The last day to contest this refusal was 13 Apr 2026" in answer.content.decode()
    assert f"Contest the refusal of {ref} now" not in page(client, world.exporter, mine)
    on("2026-04-13", time(23, 59))
    text = page(client, world.exporter, mine)
    assert f"Contest the refusal of {ref} now" in text and "Nothing can be added to the grounds" in text
    assert "While it is reconsidered, the case can’t be withdrawn." in text
    file = SimpleUploadedFile("letter.png", TAKEN["a.png"])
    answer = client.post(f"{mine}reconsider/", {"grounds": "It is known.", "files": file, "seen": seen(ref)})
    assert (answer.status_code, state(ref)) == (302, "under_reconsideration")
    text = page(client, world.exporter, mine)
    assert "Under reconsideration" in text and "It is known." in text and "letter.png" in text
    on("2026-04-20")
    assert [ref] == [row.ref for row in selectors.to_reconsider(m.reconsiderer)]
    assert "to be accepted by 20 Apr 2026" in page(client, m.reconsiderer, "/desk/reconsiderations/")
    client.force_login(m.reconsiderer.user)
    assert client.post(f"{desk}admit/", {"seen": seen(ref)}).status_code == 302
    assert "63 days left" in page(client, m.reconsiderer, "/desk/reconsiderations/")  # the festival is 19 to 21 June
    assert "due 22 Jun 2026" in page(client, m.reconsiderer, desk)
    answer = client.post(f"{desk}extend/", {"reason": "An expert is heard.", "seen": seen(ref)})
    assert answer.status_code == 302
    text = page(client, world.exporter, mine)
    assert "20 Jul 2026" in text and "An expert is heard." in text
    on("2026-06-10")
    client.force_login(m.reconsiderer.user)
    answer = client.post(f"{desk}quash/", {"text": "Nobody asked the end-user.", "seen": seen(ref)})
    assert (answer.status_code, state(ref)) == (302, "under_review")
    row = case(ref)
    assert (row.round, row.accepted_on, row.reviewer, row.decided_at) == (2, D("2026-06-10"), None, None)
    clock = selectors.clocks_of([row], legal_today())[row.pk]
    assert (clock.day_0, clock.used, clock.left) == (D("2026-06-10"), 0, 45)
    text = page(client, world.exporter, mine)
    assert "The refusal was quashed on 10 Jun 2026" in text and "Nobody asked the end-user." in text
    for officer in (m.reviewer, m.decider, m.reconsiderer):
        with pytest.raises((FourEyes, Forbidden)):
            decisions.assign(ref, seen=seen(ref), by=officer)
    text = page(client, m.reviewer, desk)
    assert f"{desk}assign/" not in text and "You acted on this case before its refusal was quashed" in text
    assert "Its refusal was quashed: it waits for a new reviewer" in page(
        client, m.other_decider, "/desk/?view=unassigned"
    )
    assert "Take this case" in page(client, m.other_decider, desk)
    decisions.assign(ref, seen=seen(ref), by=m.other_decider)
    assert case(ref).reviewer == m.other_decider.user


def test_one_day_late_is_refused_by_the_verb(ref, world, client, on):
    page(client, world.exporter, f"/applications/{ref}/")
    on("2026-04-14", time(0))
    assert refused(contest, ref, world.exporter) == ["reconsideration-over"]
    with pytest.raises(DomainError, match="The last day to contest this refusal was 13 Apr 2026. You can file"):
        contest(ref, world.exporter)
    assert not Reconsideration.objects.exists()
    on("2026-04-13", time(23, 59, 59))
    assert contest(ref, world.exporter).state == "under_reconsideration"


def test_what_was_not_served_yet_may_be_contested(ref, world, on):
    on("2026-12-01")
    assert contest(ref, world.exporter).state == "under_reconsideration"


def test_only_a_signatory_of_the_company_contests(ref, world, m):
    other = make.exporter(m, "Elsewhere Co., Ltd.")
    for by in (make.colleague(world.exporter, "clerk"), make.colleague(world.exporter, "viewer"), other, m.decider):
        with pytest.raises((Forbidden, NotFound)):
            contest(ref, by)
    assert state(ref) == "refused"


def test_a_clerk_reads_that_a_signatory_contests(ref, world, client):
    text = page(client, make.colleague(world.exporter, "clerk"), f"/applications/{ref}/")
    assert "A signatory of your company contests it here." in text and f"Contest the refusal of {ref} now" not in text


def test_grounds_are_said(ref, world):
    assert refused(contest, ref, world.exporter, grounds=" ", files=[("a.png", TAKEN["a.png"])]) == ["required"]


def test_what_changed_since_is_seen_first(ref, world):
    with pytest.raises(DomainError) as stale:
        reconsiderations.reconsider(ref, seen=seen(ref) - 1, grounds="x", by=world.exporter)
    assert stale.value.status == 412


def test_its_papers_are_kept_and_read_by_officers_of_the_province(ref, world, m):
    contest(ref, world.exporter, files=[("letter.png", TAKEN["a.png"])])
    file = Reconsideration.objects.get().files.get()
    assert lines_of(case(ref)).last().facts == {"files": [file.sha256]}
    there = [m.reconsiderer, m.reviewer, m.auditor, world.exporter]
    elsewhere = Actor(m.reviewer.user, m.office, m.reviewer.roles, province="33")
    assert [file in documents_for(actor) for actor in [*there, elsewhere]] == [True] * 4 + [False]


def test_those_are_written_to_who_may_reconsider(contested, m):
    line = lines_of(case(contested)).last()
    both = [m.reconsiderer.user.email, m.other_reconsiderer.user.email]
    assert sorted(_writers["application", "reconsider"](line).to) == sorted(both)


def test_who_acted_on_the_case_is_not_asked_to_reconsider_it(world, m, ref):
    both = demo.person("both", "Both", m.office, Role.REVIEWER, Role.RECONSIDERER)
    taken = world.under_review(world.application(), by=both)
    decisions.recommend(taken, seen=seen(taken), outcome="refuse", by=both, **NO)
    decisions.refuse(taken, seen=seen(taken), departure="Doubts.", by=m.decider, **NO)
    contest(taken, world.exporter)
    contest(ref, world.exporter)
    assert both.user.email not in reconsiderers_of(case(taken).pk)
    assert both.user.email in reconsiderers_of(case(ref).pk)
    assert [row.ref for row in selectors.to_reconsider(both)] == [ref]


def test_whoever_accepted_the_request_is_still_written_to(begun, m):
    assert m.reconsiderer.user.email in reconsiderers_of(case(begun).pk)


def test_an_officer_of_another_province_has_none_of_them(contested, m):
    elsewhere = Actor(m.reconsiderer.user, m.office, m.reconsiderer.roles, province="33")
    assert not selectors.to_reconsider(elsewhere).exists() and selectors.to_reconsider(m.reconsiderer).exists()


def test_the_notice_of_an_earlier_refusal_serves_no_later_one(begun, m, world, on):
    relay()
    Service.objects.create(decision=case(begun).decision, opened_by=world.exporter.user, opened_at=legal_now())
    act("quash", begun, m.reconsiderer)
    new = [demo.person(f"new-{n}", f"New {n}", m.office, Role.DECIDER) for n in range(2)]
    on("2026-03-02")
    decisions.assign(begun, seen=seen(begun), by=new[0])
    decisions.recommend(begun, seen=seen(begun), outcome="refuse", acknowledged=tick(begun), by=new[0], **NO)
    decisions.refuse(begun, seen=seen(begun), departure="Doubts.", by=new[1], **NO)
    assert remedy(begun).sent_on is None
    assert Application.objects.filter(selectors.contestable_still(D("2026-08-01")), ref=begun).exists()
    relay()
    assert remedy(begun).sent_on == D("2026-03-02")


# --- its time ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("accepted", "due", "longest"),
    [("2026-06-01", "2026-07-31", "2026-08-31"), ("2026-02-11", "2026-04-13", "2026-05-12")],
)
def test_it_is_decided_within_60_days_and_30_more_moved_to_a_working_day(accepted, due, longest, world, m, on):
    """DOMAIN 5: accepted 1 June, due 31 July, at most 30 August, a Sunday, so the 31st."""
    on(accepted)
    contested = refuse(world)
    contest(contested, world.exporter)

    def term():
        return selectors.term_of(Reconsideration.objects.get(), legal_today())

    assert (term().due_on, term().left, term().overdue) == (None, None, False)
    act("admit", contested, m.reconsiderer)
    assert (term().accepted_on, term().due_on, term().extended) == (D(accepted), D(due), False)
    act("extend", contested, m.other_reconsiderer)
    assert (term().due_on, term().extended) == (D(longest), True)
    facts = list(lines_of(case(contested)).filter(verb__in=["admit", "extend"]).values_list("facts", flat=True))
    assert facts == [{"due_on": due}, {"due_on": longest}]


def test_after_the_last_day_it_is_overdue_and_may_still_be_decided(begun, m, on, client):
    on("2026-04-13")
    assert selectors.term_of(Reconsideration.objects.get(), legal_today()).overdue is False
    on("2026-04-14")
    assert selectors.term_of(Reconsideration.objects.get(), legal_today()).overdue is True
    assert "Overdue" in page(client, m.reconsiderer, "/desk/reconsiderations/")
    assert refused(act, "extend", begun, m.reconsiderer) == ["reconsideration-extended"]
    assert act("uphold", begun, m.reconsiderer).state == "refused_final"


def test_on_its_last_day_it_may_be_extended(begun, m, on):
    on("2026-04-13")
    assert act("extend", begun, m.reconsiderer).state == "under_reconsideration"


def test_it_is_accepted_once_and_extended_once(begun, m):
    assert refused(act, "admit", begun, m.other_reconsiderer) == ["reconsideration-begun"]
    act("extend", begun, m.reconsiderer)
    assert refused(act, "extend", begun, m.reconsiderer) == ["reconsideration-extended"]


@pytest.mark.parametrize("verb", ["extend", "uphold", "quash"])
def test_nothing_is_decided_before_the_request_is_accepted(verb, contested, m):
    assert refused(act, verb, contested, m.reconsiderer) == ["reconsideration-not-begun"]


BY_LAW = "by law it counts as accepted since 25 Feb 2026. It is to be decided by <b>27 Apr 2026</b>"


def test_a_request_is_to_be_accepted_within_five_working_days_and_then_counts_as_accepted(
    contested, world, m, on, client
):
    """Contested on 11 February: 12, 13 and the working Saturday are days 1 to 3, the festival follows. 60 days after
    the last of them are a Sunday, 26 April."""
    desk, mine = "/desk/reconsiderations/", f"/applications/{contested}/"
    on("2026-02-25")
    term = selectors.term_of(Reconsideration.objects.get(), legal_today())
    assert (term.accept_by, term.accepted_on, term.by_law, term.due_on) == (D("2026-02-25"), None, False, None)
    for path in (desk, f"/desk/cases/{contested}/"):
        assert "to be accepted by 25 Feb 2026 · filed 11 Feb 2026" in page(client, m.reconsiderer, path)
    assert "to be accepted, by <b>25 Feb 2026</b>; it counts as" in page(client, world.exporter, mine)
    client.force_login(m.reconsiderer.user)
    assert "2026-02-25" in client.get("/desk/reconsiderations.csv").content.decode()
    assert refused(act, "uphold", contested, m.reconsiderer) == ["reconsideration-not-begun"]
    on("2026-02-26")
    term = selectors.term_of(Reconsideration.objects.get(), legal_today())
    assert (term.accepted_on, term.by_law, term.due_on) == (D("2026-02-25"), True, D("2026-04-27"))
    assert BY_LAW in page(client, world.exporter, mine)
    text = page(client, m.reconsiderer, f"/desk/cases/{contested}/")
    assert BY_LAW in text and "Uphold: it is final" in text and "Accept the request" not in text
    assert "due 27 Apr 2026" in page(client, m.reconsiderer, desk)
    assert refused(act, "admit", contested, m.reconsiderer) == ["reconsideration-begun"]


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        ("uphold", "refused_final"),
        ("change", "approved"),
        ("quash", "under_review"),
        ("extend", "under_reconsideration"),
    ],
)
def test_what_counts_as_accepted_is_decided_though_no_sweep_came(verb, state, contested, m, on):
    on("2026-02-26")
    decided = change(contested, m.reconsiderer) if verb == "change" else act(verb, contested, m.reconsiderer)
    assert decided.state == state
    last, counted = HistoryLine.objects.filter(subject_ref=contested).order_by("-seq")[:2]
    assert (last.verb, counted.verb, counted.actor_id) == (verb, "admit_by_law", the_clock().user.pk)
    assert counted.facts == {"due_on": "2026-04-27", "day_0": "2026-02-25"}  # extended it is later
    signals.signal(case(contested).pk, by=the_clock())
    assert [line.verb for line in late_lines(contested)] == ["admit_by_law"]


@pytest.mark.parametrize(("verb", "state"), [("uphold", "refused_final"), ("change", "approved")])
def test_what_is_decided_late_was_late_though_no_sweep_came(verb, state, contested, m, on):
    on("2026-04-28")
    decided = change(contested, m.reconsiderer) if verb == "change" else act(verb, contested, m.reconsiderer)
    assert decided.state == state
    lines = HistoryLine.objects.filter(subject_ref=contested).order_by("-seq")[:3]
    assert [(line.verb, line.facts.get("due_on")) for line in lines] == [
        (verb, None),
        (LATE, "2026-04-27"),
        ("admit_by_law", "2026-04-27"),
    ]


def test_what_counts_as_accepted_may_be_asked_about(contested, m, on):
    on("2026-02-25")
    assert refused(ask, contested, m.reconsiderer) == ["reconsideration-not-begun"]
    on("2026-02-26")
    ask(contested, m.reconsiderer)
    assert case(contested).questions.still_open().exists()
    lines = HistoryLine.objects.filter(subject_ref=contested).order_by("seq")
    assert [line.verb for line in lines][-2:] == ["admit_by_law", "ask"]


def test_a_request_that_was_accepted_in_time_keeps_its_own_day(contested, m, on):
    on("2026-02-24")
    act("admit", contested, m.reconsiderer)
    on("2026-03-09")
    term = selectors.term_of(Reconsideration.objects.get(), legal_today())
    assert (term.accepted_on, term.by_law, term.signals) == (D("2026-02-24"), False, {})


def test_where_the_table_ends_nobody_says_by_when_it_is_accepted(contested, world, on, client):
    LegalDay.objects.filter(day__gt=D("2026-02-24")).delete()
    on("2026-06-01")
    term = selectors.term_of(Reconsideration.objects.get(), legal_today())
    assert (term.accept_by, term.accepted_on, term.signals) == (None, None, {})
    assert "The request waits to be accepted; its time begins then." in page(
        client, world.exporter, f"/applications/{contested}/"
    )


def late_lines(ref):
    return HistoryLine.objects.filter(subject_ref=ref, verb__in=["admit_by_law", LATE]).order_by("seq")


def test_its_applicant_is_told_that_it_counts_as_accepted_and_the_ministry_that_it_is_late_once_each(
    contested, world, m, on
):
    counts = []
    for day in ("2026-02-25", "2026-02-26", "2026-03-09", "2026-04-27", "2026-04-28", "2026-05-20"):
        on(day)
        tasks.signal_days()
        signals.signal(case(contested).pk, by=the_clock())
        counts.append(late_lines(contested).count())
    assert counts == [0, 1, 1, 1, 2, 2]
    told = [_writers["application", line.verb](line) for line in late_lines(contested)]
    both = sorted([m.reconsiderer.user.email, m.other_reconsiderer.user.email])
    assert [sorted(one.to) for one in told] == [[world.exporter.user.email], both]
    assert "your request to reconsider counts as accepted; it is decided by 27 Apr 2026" in told[0].subject
    assert "the reconsideration was to be decided by 27 Apr 2026" in told[1].subject
    assert [sentence(line) for line in late_lines(contested)] == [
        "The request to reconsider counts as accepted since 25 Feb 2026; it is decided by 27 Apr 2026",
        "Overdue: the reconsideration was to be decided by 27 Apr 2026",
    ]


def test_nothing_is_late_once_it_was_decided(begun, m, on):
    act("uphold", begun, m.reconsiderer)
    on("2026-06-01")
    assert selectors.contests_to_signal(legal_today()) == []
    assert signals.signal(case(begun).pk, by=the_clock()) is False
    assert not late_lines(begun)


def test_what_was_late_of_an_earlier_contest_is_said_anew_of_a_later_one(contested, world, m, on):
    on("2026-02-26")
    assert tasks.signal_days() == 1
    act("quash", contested, m.reconsiderer)
    new = [demo.person(f"later-{n}", f"Later {n}", m.office, Role.DECIDER) for n in range(2)]
    decisions.assign(contested, seen=seen(contested), by=new[0])
    said = {"outcome": "refuse", "acknowledged": tick(contested)} | NO
    decisions.recommend(contested, seen=seen(contested), by=new[0], **said)
    decisions.refuse(contested, seen=seen(contested), departure="Doubts.", by=new[1], **NO)
    contest(contested, world.exporter)
    on("2026-03-12")
    signals.signal(case(contested).pk, by=the_clock())
    assert [(line.verb, line.facts["day_0"]) for line in late_lines(contested)] == [
        ("admit_by_law", "2026-02-25"),
        ("admit_by_law", "2026-03-04"),
    ]


def test_where_the_table_ends_the_day_is_not_moved(contested, m, on):
    LegalDay.objects.filter(day__gt=D("2026-04-11")).delete()
    act("admit", contested, m.reconsiderer)
    assert selectors.term_of(Reconsideration.objects.get(), legal_today()).due_on == D("2026-04-12")
    on("2026-04-20")  # and so nobody knows the last day, and nobody is late
    term = selectors.term_of(Reconsideration.objects.get(), legal_today())
    assert (term.overdue, term.left, term.signals) == (False, 0, {})


def test_the_list_is_sorted_by_what_is_due_first(world, m, on, client):
    on("2026-02-10")
    refs = [refuse(world) for _ in range(3)]
    for ref in refs:
        contest(ref, world.exporter)
    longer, later, waits = refs
    act("admit", longer, m.reconsiderer)
    act("extend", longer, m.reconsiderer)
    on("2026-02-24")
    act("admit", later, m.reconsiderer)
    client.force_login(m.reconsiderer.user)
    listing = client.get("/desk/reconsiderations/").context["listing"]
    assert [row.ref for row in listing.rows] == [waits, later, longer]
    file = client.get("/desk/reconsiderations.csv").content.decode()
    assert [line.split(",")[0] for line in file.splitlines()[1:]] == [waits, later, longer]
    assert "2026-05-11" in file and "2026-04-27" in file
    on("2026-04-01")  # what waited counts as accepted
    act("extend", waits, m.other_reconsiderer)
    listing = client.get("/desk/reconsiderations/").context["listing"]
    assert [row.ref for row in listing.rows] == [later, longer, waits]


def test_over_a_feast_the_list_knows_the_last_day_to_accept(world, m, on, client):
    """Five working days after 29 September are 12 October."""
    on("2026-08-10")
    first, decided, waits = [refuse(world) for _ in range(3)]
    for ref, day in {first: "2026-08-12", decided: "2026-09-01"}.items():
        on(day)
        contest(ref, world.exporter)
        act("admit", ref, m.reconsiderer)
    on("2026-09-29")
    contest(waits, world.exporter)
    client.force_login(m.reconsiderer.user)
    for today, order in {"2026-10-12": [first, waits, decided], "2026-10-13": [first, decided, waits]}.items():
        on(today)
        assert [row.ref for row in client.get("/desk/reconsiderations/").context["listing"].rows] == order


# --- what is decided ---------------------------------------------------------------------------------------


def test_upheld_it_is_refused_finally_with_its_reasons(begun, world, m, client):
    act("uphold", begun, m.reconsiderer, text="It stays unknown.", factors=["END_USE"])
    row = case(begun)
    step = row.steps.get(step="reconsider")
    assert (row.state, step.outcome, step.factors, step.text) == (
        "refused_final",
        "refuse",
        ["END_USE"],
        "It stays unknown.",
    )
    text = page(client, world.exporter, f"/applications/{begun}/")
    assert "Refused, final" in text and "It stays unknown." in text and "It is known." in text
    assert "and this case is closed" in text and "The refusal can be contested" not in text
    assert m.reconsiderer.user.name not in text
    assert "Closed: the refusal was upheld." in page(client, m.reviewer, f"/desk/cases/{begun}/")
    assert [row.ref for row in selectors.to_reconsider(m.other_reconsiderer)] == []


@pytest.mark.parametrize("said", [{"factors": []}, {"text": " "}])
def test_to_uphold_has_grounds(said, begun, m):
    assert refused(act, "uphold", begun, m.reconsiderer, **said) == ["required"]


def test_to_quash_has_a_reason(begun, m):
    assert refused(act, "quash", begun, m.reconsiderer, text=" ") == ["required"]


def test_the_applicant_is_told_each_step(begun, world, m):
    act("extend", begun, m.reconsiderer)
    act("quash", begun, m.reconsiderer)
    for line in lines_of(case(begun)).filter(verb__in=["admit", "extend", "quash"]):
        assert world.exporter.user.email in _writers["application", line.verb](line).to


def test_a_contested_case_can_not_be_withdrawn(begun, world, m):
    with pytest.raises(WrongState):
        applications.withdraw(begun, by=world.exporter)
    act("quash", begun, m.reconsiderer)
    assert applications.withdraw(begun, by=world.exporter).state == "withdrawn"


def test_in_the_round_after_a_quash_all_is_anew(begun, m, world, on):
    act("quash", begun, m.reconsiderer)
    row = case(begun)
    assert (row.recommendation, row.decision) == (None, None)
    three = [demo.person(f"new-{n}", f"New {n}", m.office, Role.DECIDER) for n in range(2)]
    decisions.assign(begun, seen=seen(begun), by=three[0])
    demo.screened(begun, three[0])
    decisions.recommend(begun, seen=seen(begun), outcome="refuse", by=three[0], **NO)
    assert refused_as(FourEyes, decisions.refuse, begun, m.decider, **NO)
    assert refused_as(FourEyes, intents.intend, begun, m.decider, days=5, **NO)
    assert refused_as(FourEyes, decisions.send_back, begun, m.decider, reason="x")
    assert begun not in [one.ref for one in selectors.to_countersign(m.decider)]
    assert begun in [one.ref for one in selectors.to_countersign(m.other_decider)]
    assert m.decider.user.email not in selectors.deciders_of(case(begun).pk)
    assert m.other_decider.user.email in selectors.deciders_of(case(begun).pk)
    decisions.refuse(begun, seen=seen(begun), departure="Doubts.", by=three[1], **NO)
    assert remedy(begun) == selectors.Remedy(None, None, None, None, None)
    contest(begun, world.exporter)
    assert refused_as(FourEyes, reconsiderations.admit, begun, m.reconsiderer)
    act("admit", begun, m.other_reconsiderer)
    act("uphold", begun, m.other_reconsiderer)
    assert state(begun) == "refused_final"


def refused_as(kind, verb, ref, by, **said):
    before = seen(ref)
    with pytest.raises(kind):
        verb(ref, seen=before, by=by, **said)
    return seen(ref) == before


def test_whoever_only_quashed_acts_no_more(begun, m):
    quasher = demo.person("quasher", "Quasher", m.office, Role.RECONSIDERER, Role.REVIEWER)
    act("quash", begun, quasher)
    assert refused_as(FourEyes, decisions.assign, begun, quasher)


def test_whoever_acted_in_an_earlier_round_issues_and_reopens_nothing(begun, m, world):
    act("quash", begun, m.reconsiderer)
    new = [demo.person(f"new-{n}", f"New {n}", m.office, Role.DECIDER) for n in range(2)]
    decisions.assign(begun, seen=seen(begun), by=new[0])
    demo.screened(begun, new[0])
    decisions.recommend(begun, seen=seen(begun), outcome="approve", acknowledged=tick(begun), by=new[0])
    decisions.approve(begun, seen=seen(begun), acknowledged=tick(begun), by=new[1])
    assert refused_as(FourEyes, decisions.issue, begun, m.decider)
    assert refused_as(FourEyes, decisions.reopen, begun, m.decider, reason="x")
    assert begun not in [one.ref for one in selectors.to_countersign(m.decider)]
    decisions.issue(begun, seen=seen(begun), acknowledged=tick(begun), by=new[1])
    assert state(begun) == "issued"


def test_nobody_who_acted_on_the_case_reconsiders_it(world, m, on):
    """Whoever accepted, took, asked, recommended, returned, refused: each by itself."""
    on("2026-02-10")
    everything = (Role.INTAKE, Role.REVIEWER, Role.DECIDER, Role.RECONSIDERER)
    names = ("intake", "first", "reviewer", "returner", "decider", "fresh")
    who = {name: demo.person(name, name, m.office, *everything) for name in names}
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    receipts.accept(ref, by=who["intake"])
    decisions.assign(ref, seen=seen(ref), by=who["first"])
    decisions.assign(ref, seen=seen(ref), by=who["reviewer"])
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=who["reviewer"], **NO)
    decisions.send_back(ref, seen=seen(ref), reason="Less", by=who["returner"])
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=who["reviewer"], **NO)
    decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=who["decider"], **NO)
    contest(ref, world.exporter)
    for name in names[:-1]:
        assert refused_as(FourEyes, reconsiderations.admit, ref, who[name])
        assert not selectors.to_reconsider(who[name]).exists()
    act("admit", ref, m.reconsiderer)
    for name in names[:-1]:
        for verb, said in (("extend", {"reason": "x"}), ("uphold", NO), ("quash", {"text": "x"})):
            assert refused_as(FourEyes, getattr(reconsiderations, verb), ref, who[name], **said)
    assert act("uphold", ref, who["fresh"]).state == "refused_final"


def test_whoever_acted_reads_why_he_does_not_reconsider(contested, m, client, world):
    both = demo.person("both", "Both", m.office, Role.REVIEWER, Role.RECONSIDERER)
    taken = world.under_review(world.application(), by=both)
    decisions.recommend(taken, seen=seen(taken), outcome="refuse", by=both, **NO)
    decisions.refuse(taken, seen=seen(taken), departure="Doubts.", by=m.decider, **NO)
    contest(taken, world.exporter)
    text = page(client, both, f"/desk/cases/{taken}/")
    assert "You acted on this case, so another officer must reconsider its refusal." in text
    assert f"/desk/cases/{taken}/admit/" not in text
    assert f"/desk/cases/{contested}/admit/" in page(client, both, f"/desk/cases/{contested}/")


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["admit", "extend", "uphold", "quash"])
@pytest.mark.parametrize("who", ["intake", "reviewer", "other_decider", "auditor", "policy_officer", "admin"])
def test_others_reconsider_nothing(who, verb, begun, m):
    with pytest.raises((Forbidden, NotFound)):
        act(verb, begun, getattr(m, who))


@pytest.mark.parametrize("verb", ["admit", "extend", "uphold", "quash"])
def test_what_was_seen_is_as_it_is(verb, begun, m):
    before = seen(begun)
    with pytest.raises(DomainError) as stale:
        getattr(reconsiderations, verb)(
            begun,
            seen=before - 1,
            by=m.reconsiderer,
            **{"uphold": NO, "quash": {"text": "x"}, "extend": {"reason": "x"}}.get(verb, {}),
        )
    assert stale.value.status == 412 and seen(begun) == before


def test_the_menu_counts_what_waits_for_the_officer(contested, m, client):
    client.force_login(m.reconsiderer.user)
    text = " ".join(client.get(f"/desk/cases/{contested}/").content.decode().split())
    assert "/desk/reconsiderations/" in text


def test_the_days_of_a_case_that_was_contested_belong_to_somebody(begun, m, on, world):
    """Refused on the 10th, contested on the 11th, quashed on the 20th, and refused again later."""
    on("2026-02-20")
    act("quash", begun, m.reconsiderer)
    stays = selectors.course_of(case(begun), D("2026-02-28"))
    assert stays[-1].last == D("2026-02-28") and {stay.state for stay in stays} >= {"under_reconsideration"}
    on("2026-03-02")
    new = [demo.person(f"new-{n}", f"New {n}", m.office, Role.DECIDER) for n in range(2)]
    decisions.assign(begun, seen=seen(begun), by=new[0])
    decisions.recommend(begun, seen=seen(begun), outcome="refuse", acknowledged=tick(begun), by=new[0], **NO)
    decisions.refuse(begun, seen=seen(begun), departure="Doubts.", by=new[1], **NO)
    assert selectors.course_of(case(begun), D("2026-05-01"))[-1].last == D("2026-03-02")


# --- PostgreSQL ---------------------------------------------------------------------------------------------
def step(ref, actor, **said):
    facts = {"step": "reconsider", "outcome": "quash", "text": "x", "at": "2026-02-11T00:00Z"} | said
    row = case(ref)
    return DecisionStep.objects.create(application=row, actor=actor.user, **{"round": row.round} | facts)


@pytest.mark.parametrize("who", ["reviewer", "decider"])
def test_postgresql_lets_nobody_of_the_round_reconsider(who, begun, m):
    with pytest.raises(IntegrityError, match="step_nobody_takes_both"), transaction.atomic():
        step(begun, getattr(m, who))


@pytest.mark.parametrize("who", ["reviewer", "decider", "reconsiderer"])
@pytest.mark.parametrize("kind", ["recommend", "decide", "reconsider"])
def test_postgresql_lets_nobody_act_in_two_rounds(who, kind, begun, m):
    act("quash", begun, m.reconsiderer)
    said = {"outcome": "quash"} if kind == "reconsider" else {"outcome": "approve"}
    two = "step_nobody_in_two_rounds|step_reconsidered_once_by_each"
    with pytest.raises(IntegrityError, match=two), transaction.atomic():
        step(begun, getattr(m, who), step=kind, **said)


def test_postgresql_lets_nobody_reconsider_twice(begun, m):
    step(begun, m.reconsiderer)
    with pytest.raises(IntegrityError, match="step_reconsidered_once_by_each"), transaction.atomic():
        step(begun, m.reconsiderer)


@pytest.mark.parametrize("said", [{"text": ""}, {"step": "decide"}])
def test_postgresql_has_a_quash_of_a_reconsideration_with_a_reason(said, begun, m):
    with pytest.raises(IntegrityError, match="step_quashed_with_a_reason"), transaction.atomic():
        step(begun, m.other_reconsiderer, **said)


def test_postgresql_keeps_one_service_one_contest_and_one_entry_of_a_kind(begun, world, m):
    filed, row = Reconsideration.objects.get(), case(begun)
    by = {"opened_by": world.exporter.user, "opened_at": "2026-02-11T00:00Z"}
    Service.objects.create(decision=row.decision, **by)
    for make_one in (
        lambda: Service.objects.create(decision=row.decision, **by),
        lambda: Reconsideration.objects.create(
            decision=row.decision, filed_by=world.exporter.user, filed_at="2026-02-11T00:00Z", grounds="x"
        ),
        lambda: ReconsiderationEntry.objects.create(
            reconsideration=filed, kind="admit", by=m.reconsiderer.user, at="2026-02-11T00:00Z"
        ),
    ):
        with pytest.raises(IntegrityError, match="_key|_once"), transaction.atomic():
            make_one()


# --- at once -----------------------------------------------------------------------------------------------
def at_once(*verbs):
    """What comes of each, done at the same time by threads of their own."""
    barrier, outcomes = threading.Barrier(len(verbs)), []

    def run(verb, args, facts):
        barrier.wait()
        try:
            outcomes.append(verb(*args, **facts).state)
        except DomainError as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=one) for one in verbs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.fixture
def races(transactional_db):
    load()
    officers = make.ministry()
    return make.World(officers, make.customs(), make.exporter(officers))


# --- changed -----------------------------------------------------------------------------------------------
def change(ref, by, **said):
    facts = {"seen": seen(ref), "text": "It is known.", "acknowledged": tick(ref)} | said
    return reconsiderations.change(ref, by=by, **facts)


def issue(ref, by):
    return decisions.issue(ref, seen=seen(ref), acknowledged=tick(ref), by=by)


def test_changed_it_is_granted_and_a_decider_who_is_neither_issues_it(begun, m, world, on):
    on("2026-02-25")
    change(begun, m.reconsiderer)
    row = case(begun)
    assert (row.state, row.decision.step, row.decision.outcome, row.round) == ("approved", "reconsider", "approve", 1)
    assert (row.decided_at.date(), row.changed_at.date()) == (D("2026-02-10"), D("2026-02-25"))
    assert row.decision == row.basis and row.recommendation.outcome == "refuse"
    assert begun in [one.ref for one in selectors.to_countersign(m.other_decider)]
    license = issue(begun, m.decider)
    assert [line.authorized for line in license.lines.all()] == [60_000_000]
    assert (license.ref, license.usable_until) == (case(begun).license.ref, D("2027-02-25"))


def test_changed_in_part_everybody_reads_what_was_granted_and_why(begun, m, world, client):
    less = {"quantities_": {1: 20_000_000}, "months": 6, "conditions": ["NO_RESALE"]}
    change(begun, m.reconsiderer, text="For a year's need.", **less)
    line = lines_of(case(begun)).last()
    assert (line.facts, line.reason) == ({"in_part": True}, "For a year's need.")
    assert "approved in part" in _writers["application", "change"](line).subject
    license = issue(begun, m.other_decider)
    assert [line.authorized for line in license.lines.all()] == [20_000_000]
    assert [one.code for one in license.conditions.all()] == ["NO_RESALE"]
    text = page(client, world.exporter, f"/applications/{begun}/")
    for said in ("Decision: approved in part", "For a year", "The refusal was changed", "20,000 kg"):
        assert said in text, said
    assert "20,000 kg" in page(client, m.auditor, f"/desk/cases/{begun}/")
    client.force_login(world.exporter.user)
    answer = client.get(f"/api/v1/licenses/{license.ref}/").json()
    assert (answer["reason"], answer["lines"][0]["requested"], answer["lines"][0]["authorized"]) == (
        "For a year's need.",
        "60000.000",
        "20000.000",
    )


def test_changed_its_applicant_reads_how_much_is_granted_and_still_what_had_been_refused(begun, m, world, client):
    refused = page(client, world.exporter, f"/applications/{begun}/")
    assert "The refusal that was changed" not in refused
    change(begun, m.reconsiderer, text="It is known.")
    for step in (lambda: None, lambda: issue(begun, m.decider)):
        step()
        text = page(client, world.exporter, f"/applications/{begun}/")
        granted, before = text.split("Decision: approved")[1].split("The refusal that was changed")
        assert granted.count("60,000 kg") == 2, "asked, and granted"
        assert NO["text"] in before and NO["text"] not in granted
        assert "Factors of the Export Control Law" in before and "Factors of the Export" not in granted


def two_of_whom(world, presumed):
    """A refusal that is being reconsidered, and its end-users: where these countries are, a refusal is presumed."""
    make.edition(presumed_of(**{"destination.country": presumed}))
    ref = refuse(world, world.under_review(world.application(by_whom=[for_whom(world), for_whom(world, country="FR")])))
    contest(ref, world.exporter)
    act("admit", ref, world.ministry.reconsiderer)
    return ref, list(case(ref).end_users.order_by("pk"))


def test_to_change_it_the_page_asks_why_of_those_of_whom_the_verb_asks_it(world, m, client):
    ref, (kept, presumed) = two_of_whom(world, ["FR"])
    text = page(client, m.reconsiderer, f"/desk/cases/{ref}/")
    asked = f'{PRESUMED}</p> <ul class="bullets small"> <li>Line 1 for {presumed.party.name}</li> </ul>'
    assert asked in text and f"<li>Line 1 for {kept.party.name}</li>" not in text
    assert "(needed if one of these is granted)" in text and "(needed)" not in text
    assert refused(change, ref, m.reconsiderer, end_users=[presumed.pk]) == ["required"]
    assert change(ref, m.reconsiderer, end_users=[kept.pk]).state == "approved"


def test_to_change_it_the_page_asks_why_in_any_case_where_the_verb_does(world, m, client):
    ref, users = two_of_whom(world, ["FR", "DE"])
    text = page(client, m.reconsiderer, f"/desk/cases/{ref}/")
    assert f"{PRESUMED}</p>" in text and "(needed)" in text and "(needed if" not in text
    for user in users:
        assert refused(change, ref, m.reconsiderer, end_users=[user.pk]) == ["required"]


def test_to_change_it_the_page_asks_why_in_any_case_where_of_each_something_else_is_asked(world, m, client):
    ref, (_forbidden, presumed) = two_of_whom(world, ["FR"])

    def both(rules, document):
        presumed_of(**{"destination.country": ["FR"]})(rules, document)
        rules["R033"].update(match={"destination.country": ["DE"]})

    make.edition(both, "BOTH")
    text = page(client, m.reconsiderer, f"/desk/cases/{ref}/")
    assert PRESUMED in text and "The rules forbid this" in text and "<li>Line 1 for " in text
    assert "(needed)" in text and "(needed if" not in text
    assert refused(change, ref, m.reconsiderer, end_users=[presumed.pk], acknowledged=tick(ref)) == ["required"]


def test_that_it_is_contested_for_good_is_what_the_graph_has(monkeypatch):
    assert Application().contested_for_good
    moves = [Move("under_reconsideration", "withdraw", "withdrawn")]
    monkeypatch.setattr("licensing.models.applications.graph", lambda model: moves)
    assert not Application().contested_for_good


def test_neither_whoever_recommended_nor_whoever_changed_issues_it(world, m, client):
    both = demo.person("both", "Both", m.office, Role.DECIDER, Role.RECONSIDERER)
    ref = world.under_review(world.application(), by=m.other_decider)
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.other_decider, **NO)
    decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=m.decider, **NO)
    contest(ref, world.exporter)
    act("admit", ref, both)
    change(ref, both)
    for officer in (both, m.other_decider):
        assert refused_as(FourEyes, decisions.issue, ref, officer)
        text = page(client, officer, f"/desk/cases/{ref}/")
        assert "another deciding officer must issue the license" in text
        assert f'action="/desk/cases/{ref}/issue/"' not in text
    assert issue(ref, m.decider).exporter_id == world.exporter.organization_id


def test_over_pages_it_is_changed_within_what_the_rules_allow(begun, m, client):
    desk = f"/desk/cases/{begun}/"
    client.force_login(m.reconsiderer.user)
    form = client.get(desk).context["forms"]["change"]
    assert (form["text"].value(), form["quantity_1"].value(), form["months"].value()) == (None, "60000.000", 11)
    assert not {"outcome", "factors", "note"} & set(form.fields)
    users = [user.pk for user in case(begun).end_users.all()]
    said = {"seen": seen(begun), "end_users": users, "quantity_1": "30000", "months": "13", "text": ""}
    answer = client.post(f"{desk}change/", said)
    assert answer.status_code == 422 and state(begun) == "under_reconsideration"
    said |= {"months": "12", "text": "It is known.", "acknowledged": tick(begun)}
    answer = client.post(f"{desk}change/", said)
    assert (answer.status_code, state(begun)) == (302, "approved")
    text = page(client, m.decider, desk)
    assert "30,000 kg" in text and f'action="{desk}issue/"' in text


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"quantities_": {1: 60_000_001}}, "more-than-asked"),
        ({"quantities_": {1: 0}}, "min-items"),
        ({"months": 13}, "out-of-range"),
        ({"end_users": []}, "min-items"),
        ({"text": " "}, "required"),
    ],
)
def test_what_can_not_be_granted_is_not_granted(said, code, begun, m):
    assert code in refused(change, begun, m.reconsiderer, **said)


def test_it_is_changed_after_its_request_was_accepted_by_who_never_acted_on_it(contested, m, world):
    assert refused(change, contested, m.reconsiderer) == ["reconsideration-not-begun"]
    both = demo.person("both", "Both", m.office, Role.REVIEWER, Role.RECONSIDERER)
    taken = world.under_review(world.application(), by=both)
    decisions.recommend(taken, seen=seen(taken), outcome="refuse", by=both, **NO)
    decisions.refuse(taken, seen=seen(taken), departure="Doubts.", by=m.decider, **NO)
    contest(taken, world.exporter)
    act("admit", taken, m.reconsiderer)
    assert refused_as(FourEyes, reconsiderations.change, taken, both, text="x")
    with pytest.raises(DomainError) as stale:
        reconsiderations.change(taken, seen=seen(taken) - 1, text="x", by=m.reconsiderer)
    assert stale.value.status == 412
    for who in (m.reviewer, m.decider, m.auditor):
        with pytest.raises((Forbidden, NotFound)):
            change(taken, who)


def unchanged(world, ref):
    """Contested and accepted."""
    contest(ref, world.exporter)
    act("admit", ref, world.ministry.reconsiderer)
    return ref


def test_what_approval_asks_of_declarations_and_screening_is_asked(world, m):
    unverified = world.declaration(verified=False)
    ref = unchanged(world, refuse(world, world.under_review(world.application(by_whom=[unverified]))))
    assert refused(change, ref, m.reconsiderer) == ["declaration-not-verified"]
    unscreened = world.application()
    applications.submit(unscreened, seen=seen(unscreened), by=world.exporter)
    receipts.accept(unscreened, by=m.intake)
    decisions.assign(unscreened, seen=seen(unscreened), by=m.reviewer)
    ref = unchanged(world, refuse(world, unscreened))
    assert refused(change, ref, m.reconsiderer) == ["screening-missing"]


def test_a_possible_hit_is_resolved_first(world, m):
    ref = world.under_review(world.application())
    demo.screened(ref, m.reviewer, hit="possible", reason="Like a listed name")
    unchanged(world, refuse(world, ref))
    assert refused(change, ref, m.reconsiderer) == ["screening-unresolved"]


def here(document, **row):
    match = {"item.control_code_prefix": ["1C905"], "destination.country": ["DE"]}
    return {"match": match} | row


def test_a_hold_stops_it(begun, m):
    row = {"id": "H1", "from": "2020-01-01", "until": None, "reason_en": "Wait", "reason_zh": "等", "owner": "Bureau"}
    make.edition(lambda rules, document: document.update(holds=[here(document, **row)]))
    assert refused(change, begun, m.reconsiderer) == ["held"]


def test_what_the_rules_say_anew_is_seen_first(begun, m):
    here_too = {"match": {"destination.country": ["DE"]}, "applies_to": ["pending"]}
    effect = {"control": True, "disposition": "case_by_case", "grant": ["annual"]}
    make.edition(lambda rules, _: rules["R033"].update(here_too | {"effect": effect}))
    assert refused(change, begun, m.reconsiderer, acknowledged="") == ["policy-changed"]
    assert change(begun, m.reconsiderer).state == "approved"


def test_what_the_rules_forbid_is_not_granted(world, m):
    ref = unchanged(world, refuse(world))
    make.edition(forbidding)
    assert refused(change, ref, m.reconsiderer) == ["policy-prohibits"]


def test_where_a_refusal_is_presumed_it_says_why_it_leaves_that(begun, m):
    doubted = {"match": {"destination.country": ["DE"]}, "applies_to": ["pending"]}
    effect = {"control": True, "disposition": "presumption_of_denial", "grant": ["annual"]}
    make.edition(lambda rules, _: rules["R033"].update(doubted | {"effect": effect}))
    assert refused(change, begun, m.reconsiderer) == ["required"]
    change(begun, m.reconsiderer, departure="A test plant.")
    step = case(begun).decision
    assert (step.presumed, step.departure) == ("presumption_of_denial", "A test plant.")


@pytest.mark.parametrize("forged", ["none", "another"])
def test_postgresql_has_no_license_on_a_change_of_what_nobody_contested(forged, ref, world, m):
    """Somebody adds the step by which a refusal would be changed, and calls the case approved."""
    if forged == "another":
        contest(refuse(world), world.exporter)
    step(ref, m.reconsiderer, outcome="approve")
    for moved in ({"state": "under_reconsideration"}, {"state": "approved", "changed_at": legal_now()}):
        Application.objects.filter(ref=ref).update(**moved)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_step(%s)", [case(ref).pk])
        assert cursor.fetchone() == (0,)
    days = {"usable_from": "2026-02-10", "usable_until": "2026-03-10", "issued_at": "2026-02-10T00:00Z"}
    row = case(ref)
    with pytest.raises(IntegrityError, match="two people"), transaction.atomic():
        License.objects.create(ref="EL-FORGED", exporter_id=row.exporter_id, application=row, kind=row.kind, **days)


def test_its_license_is_due_ten_working_days_after_the_change(begun, m, on):
    on("2026-03-02")
    change(begun, m.reconsiderer)
    due = selectors.handovers_of([case(begun)], legal_today())[case(begun).pk]
    assert due.due == D("2026-03-16")
    clock = selectors.clocks_of([case(begun)], legal_today())[case(begun).pk]
    assert (clock.on, clock.overdue) == (D("2026-02-10"), False)


def test_reopened_it_has_its_whole_time_again_and_other_people_decide(begun, m, world, on):
    change(begun, m.reconsiderer)
    assert refused_as(FourEyes, decisions.reopen, begun, m.decider, reason="x")
    on("2026-03-02")
    decisions.reopen(begun, seen=seen(begun), reason="News", by=m.other_decider)
    row = case(begun)
    assert (row.state, row.round, row.accepted_on) == ("under_review", 1, D("2026-03-02"))
    assert (row.decided_at, row.changed_at, row.decision, row.basis) == (None, None, None, row.recommendation)
    decisions.recommend(begun, seen=seen(begun), outcome="approve", acknowledged=tick(begun), by=m.reviewer)
    decisions.approve(begun, seen=seen(begun), acknowledged=tick(begun), by=m.decider)
    assert (case(begun).decision.step, case(begun).basis.step) == ("decide", "recommend")
    assert issue(begun, m.decider).application_id == row.pk


def test_whoever_reconsiders_begins_with_what_is_contested_as_long_as_some_is(begun, m, client):
    client.force_login(m.reconsiderer.user)
    assert client.get("/").url == "/desk/reconsiderations/"
    assert begun in client.get("/desk/reconsiderations/").content.decode()
    change(begun, m.reconsiderer)
    assert client.get("/").url == "/desk/"


def test_a_changed_refusal_waits_to_be_issued_in_the_list_of_whoever_is_counted(world, m, client):
    both = demo.person("both", "Both", m.office, Role.DECIDER, Role.RECONSIDERER)
    ref = unchanged(world, refuse(world))
    change(ref, both)
    for who, shown in ((both, False), (m.decider, True)):
        client.force_login(who.user)
        answer = client.get("/desk/countersign/")
        [entry] = [one for one in answer.context["nav"] if one["url"] == "/desk/countersign/"]
        text = answer.content.decode()
        assert (entry["count"] == 1, ref in text) == (shown, shown)
        assert ("Its refusal was changed on reconsideration" in text) == shown


def test_whoever_changed_it_reviews_and_reopens_nothing_in_its_round(world, m):
    both = demo.person("both", "Both", m.office, Role.DECIDER, Role.RECONSIDERER)
    ref = unchanged(world, refuse(world))
    change(ref, both)
    assert case(ref) not in selectors.to_countersign(both) and case(ref) in selectors.to_countersign(m.decider)
    assert refused_as(FourEyes, decisions.reopen, ref, both, reason="x")
    decisions.reopen(ref, seen=seen(ref), reason="News", by=m.other_decider)
    assert refused_as(FourEyes, decisions.assign, ref, both)


def test_whoever_recommended_a_changed_refusal_does_not_find_it_to_issue(world, m):
    both = demo.person("both", "Both", m.office, Role.REVIEWER, Role.DECIDER)
    ref = world.under_review(world.application(), by=both)
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=both, **NO)
    decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=m.decider, **NO)
    change(unchanged(world, ref), m.reconsiderer)
    assert refused_as(FourEyes, decisions.issue, ref, both, acknowledged=tick(ref))
    assert case(ref) not in selectors.to_countersign(both) and case(ref) in selectors.to_countersign(m.decider)


def test_nor_decides_it_once_it_is_recommended_anew(world, m):
    both = demo.person("both", "Both", m.office, Role.DECIDER, Role.RECONSIDERER)
    ref = unchanged(world, refuse(world))
    change(ref, both)
    decisions.reopen(ref, seen=seen(ref), reason="News", by=m.other_decider)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
    assert refused_as(FourEyes, decisions.approve, ref, both, acknowledged=tick(ref))
    assert refused_as(FourEyes, decisions.send_back, ref, both, reason="x")
    assert case(ref) not in selectors.to_countersign(both) and case(ref) in selectors.to_countersign(m.decider)
    assert both.user.email not in selectors.deciders_of(case(ref).pk)


def test_a_declaration_signed_anew_after_the_change_stops_its_license(begun, m):
    change(begun, m.reconsiderer)
    step = case(begun).decision
    Declaration.objects.filter(used_by__application=case(begun)).update(attached_at=step.at.replace(year=2027))
    assert refused(issue, begun, m.decider) == ["declaration-changed"]


def test_a_changed_draft_is_told_as_one_under_the_verb_of_before_too(world):
    ref = world.application()
    line = lines_of(case(ref)).first()
    for verb in ("edit", "change"):
        line.verb, line.to_state = verb, "draft"
        assert sentence(line) == "Draft changed"
    line.to_state = "approved"
    assert sentence(line) == "The refusal was changed: approved"


def test_whoever_verified_a_declaration_of_the_case_reconsiders_nothing_of_it(world, on, m):
    on("2026-02-10")
    both = demo.person("verified", "Verified", m.office, Role.REVIEWER, Role.RECONSIDERER)
    row = demo.declaration(
        world.exporter, demo.party(world.exporter, "E", "DE", "Motors"), ["1C905.a.4"], "CIV_AUTO", "m"
    )
    declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=both)
    ref = refuse(world, world.under_review(world.application(by_whom=[row])))
    contest(ref, world.exporter)
    with pytest.raises(FourEyes):
        act("admit", ref, both)
    assert case(ref) not in selectors.to_reconsider(both) and case(ref) in selectors.to_reconsider(m.reconsiderer)
    assert both.user.email not in reconsiderers_of(case(ref).pk)


def test_nor_does_whoever_rejected_one_that_it_named_before(world, m):
    both = demo.person("rejected", "Rejected", m.office, Role.REVIEWER, Role.RECONSIDERER)
    old = world.declaration(verified=False)
    ref = world.under_review(world.application(by_whom=[old]))
    declarations.reject(old.ref, seen=seen(old.ref), reason="Not its seal.", by=both)
    new = another(world, old)
    applications.redeclare(ref, seen=seen(ref), declaration=new.ref, by=world.exporter)
    refuse(world, ref)
    contest(ref, world.exporter)
    with pytest.raises(FourEyes):
        act("admit", ref, both)
    assert case(ref) not in selectors.to_reconsider(both)


def test_a_company_that_closed_its_account_contests_nothing(ref, world):
    Exporter.objects.filter(pk=world.exporter.organization_id).update(state="closed")
    with pytest.raises(DomainError) as refusal:
        contest(ref, world.exporter)
    assert (refusal.value.code, state(ref)) == ("exporter-not-active", "refused")


def test_a_company_that_is_stopped_contests_all_the_same(ref, world):
    make.stopped(world)
    assert contest(ref, world.exporter).state == "under_reconsideration"


# --- a question, and a screening result, within the reconsideration -------------------------------------------
def ask(ref, by, **more):
    said = {"text": "Which furnace?", "due_on": legal_today() + timedelta(days=9), "about": ["contract"]} | more
    return questions.ask(ref, by=by, **said).questions.last().pk


def test_whoever_reconsiders_asks_and_is_answered_in_words_and_files_while_the_time_runs_on(begun, m, world):
    due_on = selectors.term_of(case(begun).decision.reconsideration, legal_today()).due_on
    asked = ask(begun, m.reconsiderer)
    assert [question.pk for question in selectors.open_questions(world.exporter)] == [asked]
    applications.add_document(begun, type="contract", file=("c.pdf", demo.pdf("c")), by=world.exporter)
    questions.answer(begun, question=asked, text="The larger", final=True, by=world.exporter)
    questions.read_answer(begun, question=asked, by=m.reconsiderer)
    assert [entry.kind for entry in case(begun).questions.get().entries.all()] == ["answer", "read"]
    assert state(begun) == "under_reconsideration"
    assert selectors.term_of(case(begun).decision.reconsideration, legal_today()).due_on == due_on
    told = {
        line.verb: _writers["application", line.verb](line)
        for line in lines_of(
            case(begun),
        )
        if line.verb in ("ask", "answer")
    }
    assert told["answer"].to == [m.reconsiderer.user.email]
    assert told["ask"].to == [world.exporter.user.email]
    assert "the officer who reconsiders the refusal has a question" in told["ask"].subject


@pytest.mark.parametrize("verb", ["uphold", "change", "quash"])
def test_nothing_is_decided_while_a_question_is_open(verb, begun, m):
    asked = ask(begun, m.reconsiderer)
    said = {"text": "It is known now."} if verb == "change" else {}
    with pytest.raises(DomainError) as refusal:
        act(verb, begun, m.reconsiderer, **said)
    assert (refusal.value.code, state(begun)) == ("question-open", "under_reconsideration")
    questions.close_question(begun, seen=seen(begun), question=asked, reason="No need", by=m.reconsiderer)
    act(verb, begun, m.reconsiderer, **said)
    assert state(begun) != "under_reconsideration"


def test_neither_is_asked_nor_screened_before_the_request_is_accepted_nor_by_who_acted_on_the_case(world, m, on):
    on("2026-02-10")
    acted = demo.person("both", "Both", m.office, Role.REVIEWER, Role.RECONSIDERER)
    contested = world.under_review(world.application(), by=acted)
    decisions.recommend(contested, seen=seen(contested), outcome="refuse", by=acted, **NO)
    decisions.refuse(contested, seen=seen(contested), departure="Doubts.", by=m.decider, **NO)
    contest(contested, world.exporter)
    users = [case(contested).end_users.get().pk]
    found = {"end_users": users, "hit": "none", "list_version": "May", "screened_on": legal_today()}
    for verb in (lambda by: ask(contested, by), lambda by: screenings.screen(contested, by=by, **found)):
        with pytest.raises(FourEyes):
            verb(acted)
        with pytest.raises(DomainError) as refusal:
            verb(m.reconsiderer)
        assert refusal.value.code == "reconsideration-not-begun"
        with pytest.raises(Forbidden):
            verb(m.decider)
    assert (case(contested).questions.count(), case(contested).screenings.count()) == (0, 1)


def test_a_paper_is_added_only_while_a_question_is_open(begun, m, world):
    paper = {"type": "contract", "file": ("c.pdf", demo.pdf("c")), "by": world.exporter}
    with pytest.raises(WrongState):
        applications.add_document(begun, **paper)
    ask(begun, m.reconsiderer)
    applications.add_document(begun, **paper)
    assert case(begun).documents.last().type == "contract"


def test_the_question_ends_when_nobody_says_anything_for_20_working_days_and_the_case_stays(begun, m, on):
    ask(begun, m.reconsiderer)
    on("2026-04-01")
    assert selectors.long_asked(legal_today()) == [case(begun).pk]
    assert questions.no_answer(case(begun).pk, by=the_clock())
    assert (case(begun).questions.get().end.kind, state(begun)) == ("silent", "under_reconsideration")


def test_what_was_never_screened_is_screened_and_then_changed(world, on, m, client):
    on("2026-02-10")
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    receipts.accept(ref, by=m.intake)
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    refuse(world, ref)
    on("2026-02-11")
    contest(ref, world.exporter)
    act("admit", ref, m.reconsiderer)
    name = str(case(ref).end_users.get().party)
    needed = f"It can be granted only when a screening result is recorded in this case for: {name}"
    assert needed in page(client, m.reconsiderer, f"/desk/cases/{ref}/")
    with pytest.raises(DomainError) as refusal:
        act("change", ref, m.reconsiderer, text="It is known now.")
    assert refusal.value.code == "screening-missing"
    users = [case(ref).end_users.get().pk]
    screenings.screen(
        ref, end_users=users, hit="none", list_version="May", screened_on=legal_today(), by=m.reconsiderer
    )
    assert needed not in page(client, m.reconsiderer, f"/desk/cases/{ref}/")
    act("change", ref, m.reconsiderer, text="It is known now.")
    assert state(ref) == "approved"


def test_both_sides_see_the_question_on_their_page(begun, m, world, client):
    ask(begun, m.reconsiderer)
    shown = page(client, world.exporter, f"/applications/{begun}/")
    assert "A question from the officer who reconsiders" in shown
    assert "<b>With you:</b> one question is open; they decide when it is answered. Their time runs on." in shown
    shown = page(client, m.reconsiderer, f"/desk/cases/{begun}/")
    assert "A question to the exporter is open. Wait for the answer, or close it; you decide then." in shown
    assert "Ask on here, or give more time" in shown
    assert "A question to the exporter is open" not in page(client, m.decider, f"/desk/cases/{begun}/")


def test_an_answer_of_before_the_refusal_is_no_news_to_whoever_reconsiders_it(world, m, client):
    list_of, words = "/desk/reconsiderations/", ("New answer to read", "Mark as read", "1 new")
    ref = world.under_review(world.application())
    before = ask(ref, m.reviewer)
    questions.answer(ref, question=before, text="The larger.", final=True, by=world.exporter)
    refuse(world, ref)
    contest(ref, world.exporter)
    act("admit", ref, m.reconsiderer)
    shown = page(client, m.reconsiderer, list_of) + page(client, m.reconsiderer, f"/desk/cases/{ref}/")
    assert "The larger." in shown and not [said for said in words if said in shown]
    questions.read_answer(ref, question=before, by=m.reconsiderer)
    assert not HistoryLine.objects.filter(subject_ref=ref, verb="read_answer").exists()
    questions.answer(ref, question=ask(ref, m.reconsiderer), text="Both.", final=True, by=world.exporter)
    shown = page(client, m.reconsiderer, list_of) + page(client, m.reconsiderer, f"/desk/cases/{ref}/")
    assert [shown.count(said) for said in words] == [1, 1, 1]
    act("quash", ref, m.reconsiderer)
    new = [demo.person(f"new-{n}", f"New {n}", m.office, Role.REVIEWER, Role.DECIDER) for n in range(2)]
    decisions.assign(ref, seen=seen(ref), by=new[0])
    demo.screened(ref, new[0])
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=new[0], **NO)
    decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=new[1], **NO)
    contest(ref, world.exporter)
    act("admit", ref, m.other_reconsiderer)
    shown = page(client, m.other_reconsiderer, list_of) + page(client, m.other_reconsiderer, f"/desk/cases/{ref}/")
    assert "Both." in shown and not [said for said in words if said in shown]


def test_whoever_refused_issues_what_was_granted_since_and_is_offered_no_reopening(begun, m, client):
    change(begun, m.reconsiderer)
    shown, other = (page(client, by, f"/desk/cases/{begun}/") for by in (m.decider, m.other_decider))
    assert "You refused this, so another deciding officer must reopen it." in shown
    assert "Reopen instead" not in shown and "Reopen instead" in other
    issue(begun, m.decider)
    assert state(begun) == "issued"


def test_whoever_may_not_reopen_reads_what_he_did_himself(begun, m, world):
    approved = world.under_review(world.application())
    decisions.recommend(approved, seen=seen(approved), outcome="approve", by=m.reviewer)
    decisions.approve(approved, seen=seen(approved), by=m.decider)
    change(begun, m.reconsiderer)
    for ref, by, did in (
        (approved, m.decider, "You approved this,"),
        (begun, m.decider, "You refused this,"),
        (begun, m.reconsiderer, "You changed this refusal,"),
    ):
        assert case(ref).not_to_reopen(by).detail.startswith(did)
    assert case(approved).not_to_reopen(m.other_decider) is None


def test_the_desk_tells_what_was_recommended_from_what_was_granted_on_reconsideration(begun, m, client, world):
    change(begun, m.reconsiderer)
    assert "Granted on reconsideration: 60,000 kg" in page(client, m.decider, f"/desk/cases/{begun}/")
    other = world.under_review(world.application())
    decisions.recommend(other, seen=seen(other), outcome="approve", by=m.reviewer)
    shown = page(client, m.decider, f"/desk/cases/{other}/")
    assert "Recommended: 60,000 kg" in shown and "Granted on reconsideration" not in shown


def test_what_was_asked_between_its_filing_and_its_outcome_is_of_the_reconsideration():
    contest = Contest(SimpleNamespace(filed_at=2), None, SimpleNamespace(at=4))
    assert [contest.covers(at) for at in (1, 2, 4, 5)] == [False, True, True, False]
    assert Contest(SimpleNamespace(filed_at=2), None, None).covers(9)


def test_a_page_leads_with_where_the_case_stands_and_what_is_over_comes_after(begun, m, world, client):
    act("quash", begun, m.reconsiderer)
    shown = page(client, world.exporter, f"/applications/{begun}/")
    over = 'id="reconsideration"'
    assert 0 < shown.index('id="h-stage"') < shown.index(over)
    shown = page(client, m.other_decider, f"/desk/cases/{begun}/")
    assert shown.index('id="turns"') < shown.index(over)


def test_what_is_contested_now_leads_the_page_of_whoever_reconsiders_it(begun, m, client):
    shown = page(client, m.reconsiderer, f"/desk/cases/{begun}/")
    assert shown.index('id="reconsideration"') < shown.index('id="turns"')


def test_another_declaration_takes_the_place_of_an_invalid_one_while_it_is_contested(begun, m, world):
    old = case(begun).end_users.get().declaration
    invalidated(old, world)
    assert refused(change, begun, m.reconsiderer)
    new = another(world, old, days_ago=0)
    applications.redeclare(begun, seen=seen(begun), declaration=new.ref, by=world.exporter)
    line = lines_of(case(begun)).last()
    assert (line.verb, line.to_state) == ("redeclare", "under_reconsideration")
    assert _writers["application", "redeclare"](line).to == [m.reconsiderer.user.email]
    declarations.verify(new.ref, seen=seen(new.ref), quantity_fit=True, by=m.reviewer)
    assert change(begun, m.reconsiderer).state == "approved"


def test_before_anybody_accepted_the_request_all_who_may_are_told_of_another_declaration(contested, m, world):
    old = case(contested).end_users.get().declaration
    invalidated(old, world)
    applications.redeclare(contested, seen=seen(contested), declaration=another(world, old).ref, by=world.exporter)
    told = _writers["application", "redeclare"](lines_of(case(contested)).last()).to
    assert sorted(told) == sorted(one.user.email for one in (m.reconsiderer, m.other_reconsiderer))


def test_whoever_reconsiders_is_told_that_a_declaration_was_signed_anew(m, world, on):
    on("2026-02-10")
    row = world.declaration(verified=False)
    ref = refuse(world, world.under_review(world.application(by_whom=[row])))
    contest(ref, world.exporter)
    act("admit", ref, m.reconsiderer)
    declarations.query(row.ref, seen=seen(row.ref), reason="Who signed?", by=m.reviewer)
    redo(row, world.exporter)
    signed_anew(row, world)
    line = lines_of(case(ref)).last()
    assert (line.verb, line.to_state) == ("declared_anew", "under_reconsideration")
    assert _writers["application", "declared_anew"](line).to == [m.reconsiderer.user.email]
