"""The desk: what is searched for is found in whatever tab, and “the first case” is one that waits for this officer."""

import csv
import io
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import Membership
from licensing import selectors
from licensing.actions import applications, decisions, declarations, questions, receipts
from licensing.models import About, Application, Question
from licensing.web.forms import ApproveForm, RefuseForm
from tests import make
from tests.licensing.test_questions import ask
from tests.make import seen

KG = 1000


def desk(client, actor, **query):
    client.force_login(actor.user)
    return client.get("/desk/", query)


def decided(world, verb):
    """A case of 60 t, of which 40 were recommended."""
    ref, m = world.under_review(world.application()), world.ministry
    facts = {"outcome": "approve", "quantities_": {1: 40_000 * KG}, "text": "A trial."}
    decisions.recommend(ref, seen=seen(ref), by=m.reviewer, **facts)
    if verb == "approve":
        decisions.approve(ref, seen=seen(ref), by=m.decider)
    elif verb == "refuse":
        decisions.refuse(ref, seen=seen(ref), factors=["END_USE"], text="No.", departure="Doubts.", by=m.decider)
    return ref


def test_what_lies_under_another_tab_is_found_with_a_link_to_it(world, client):
    ref = decided(world, "refuse")
    page = desk(client, world.ministry.reviewer, view="open", q=ref)
    text = " ".join(unescape(page.content.decode()).split())
    assert "1 under “Decided”" in text
    assert f'href="/desk/?view=decided&q={ref}"' in text or f'href="/desk/?q={ref}&view=decided"' in text
    assert "Found elsewhere" not in desk(client, world.ministry.reviewer, view="open", q="nowhere").content.decode()


def test_the_head_of_a_case_says_which_goods_go_to_whom(world, client):
    cases = [Application.objects.get(ref=world.under_review(ref)) for ref in (world.application(), world.asked_apart())]
    for case, lines in zip(cases, ("", ", 2 lines"), strict=True):
        client.force_login(world.ministry.reviewer.user)
        page = " ".join(unescape(client.get(f"/desk/cases/{case.ref}/").content.decode()).split())
        users = "; ".join(f"{user.party}, {user.party.country}" for user in case.end_users.order_by("pk"))
        assert f"{case.lines.first().description}{lines} · {users}" in page.partition("</section>")[0], page


def test_a_case_is_found_by_its_reviewer_and_no_exporter_searches_by_that(world, client):
    ref = world.under_review(world.application())
    world.under_review(world.application(), by=world.ministry.other_decider)
    name = str(world.ministry.reviewer.user)
    rows = desk(client, world.ministry.auditor, view="open", q=name).context["listing"].rows
    assert ref in [row.ref for row in rows]
    assert {row.reviewer.name for row in rows} == {name}
    client.force_login(world.exporter.user)
    assert not client.get("/applications/", {"q": name}).context["listing"].rows


@pytest.mark.parametrize(("verb", "words"), [("approve", "40000.000"), ("refuse", "0.000"), ("", "")])
def test_the_file_says_how_much_was_granted_once_it_is_decided(verb, words, world, client):
    ref = decided(world, verb)
    for actor, path in ((world.ministry.auditor, "/desk.csv"), (world.exporter, "/applications.csv")):
        client.force_login(actor.user)
        text = client.get(path, {"q": ref} | ({"view": "decided"} if verb and "desk" in path else {})).content.decode()
        (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
        assert (row["Quantity"], row["Granted"]) == ("60000.000", words)


def test_the_first_case_is_one_that_waits_for_this_officer(world, client):
    m = world.ministry
    waiting, taken = (world.under_review(world.application()) for _ in range(2))
    questions.ask(
        waiting, about=[About.QUANTITY], text="Which site?", due_on=questions.default_question_day(), by=m.reviewer
    )
    accepted = world.application()
    applications.submit(accepted, seen=seen(accepted), by=world.exporter)
    receipts.accept(accepted, by=m.intake)
    filed = world.application()
    applications.submit(filed, seen=seen(filed), by=world.exporter)
    first = {name: desk(client, getattr(m, name), view="open").context["first"] for name in ("intake", "reviewer")}
    assert (first["intake"].ref, first["reviewer"].ref) == (filed, taken)
    assert desk(client, m.other_decider, view="open").context["first"].ref == accepted
    assert desk(client, m.auditor, view="open").context["first"] is None
    assert "Open the first case" not in desk(client, m.auditor, view="open").content.decode()


def test_a_new_answer_is_told_to_whoever_has_the_case_while_it_can_be_read(world, client):
    m, words = world.ministry, "New answer to read"
    ref = world.under_review(world.application())
    questions.ask(
        ref, about=[About.QUANTITY], text="Which site?", due_on=questions.default_question_day(), by=m.reviewer
    )
    question = Question.objects.get(application__ref=ref)
    questions.answer(ref, question=question.pk, text="Essen.", final=True, by=world.exporter)
    assert words in desk(client, m.reviewer, view="mine").content.decode()
    assert words not in desk(client, m.decider, view="open").content.decode()
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    for actor in (m.reviewer, m.decider):
        assert words not in desk(client, actor, view="open").content.decode()


def test_a_case_that_i_took_waits_for_me_again_once_another_approved_it(world):
    """Who took it may not decide it, and may issue it."""
    m = world.ministry
    ref = world.under_review(world.application(), by=m.other_decider)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", text="As asked.", by=m.other_decider)
    waiting = selectors.to_countersign(m.other_decider).filter(ref=ref)
    assert not waiting.exists()
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    assert waiting.exists()


def test_what_was_recommended_stands_in_its_own_form_alone(world):
    row = Application.objects.get(ref=decided(world, ""))
    assert ApproveForm(row=row)["text"].value() == "A trial."
    assert not RefuseForm(row=row)["text"].value()


def signed(client, actor, ref):
    """What stands at the top of the page on which this officer signs."""
    client.force_login(actor.user)
    html = unescape(client.get(f"/desk/cases/{ref}/").content.decode())
    part = re.search(r'<section class="card" aria-labelledby="signed">.*?</section>', html, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", part[0]).split()) if part else ""


def test_whoever_signs_reads_first_for_whom_what_how_much_and_on_which_terms(world, client):
    ref, m = decided(world, ""), world.ministry
    row = Application.objects.get(ref=ref)
    user = row.end_users.get().party
    said = signed(client, m.decider, ref)
    wanted = ["Approval recommended", str(row.exporter), "40,000 kg of 60,000 kg asked", f"{user}, {user.country}"]
    wanted += ["Valid for", "Conditions"]
    assert [one for one in wanted if one not in said] == []
    assert not signed(client, m.reviewer, ref)  # who recommended it signs nothing
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    assert not signed(client, m.decider, ref)


def test_whoever_signs_a_refusal_reads_what_is_refused(world, client):
    ref, m = world.under_review(world.application()), world.ministry
    facts = {"outcome": "refuse", "factors": ["END_USE"], "text": "No."}
    decisions.recommend(ref, seen=seen(ref), by=m.reviewer, **facts)
    said = signed(client, m.decider, ref)
    assert "Refusal recommended" in said and "nothing of 60,000 kg asked" in said and "Valid for" not in said
    assert "Factors of the law End-use" in said
    assert str(Application.objects.get(ref=ref).end_users.get().party) in said


def test_whoever_signs_reads_what_bounds_the_license_besides_its_quantities(world, client):
    allowed = make.tolerance("pct_remaining_final", "5")
    ref, m = world.under_review(world.application()), world.ministry
    user = Application.objects.get(ref=ref).end_users.get()
    facts = {"outcome": "approve", "tolerance": allowed, "allotments": {(1, user.pk): 30_000 * KG}}
    decisions.recommend(ref, seen=seen(ref), by=m.reviewer, **facts)
    said = signed(client, m.decider, ref)
    wanted = [f"Tolerance {allowed}", f"Line 1 for {user.party} At most 30,000 kg"]
    assert [one for one in wanted if one not in said] == []


def test_a_case_whose_officer_can_act_no_more_waits_for_anybody(world, client):
    ref = world.under_review(world.application())
    Membership.objects.filter(user=world.ministry.reviewer.user).update(roles=["auditor"])
    first = desk(client, world.ministry.other_decider, view="open").context["first"]
    assert first.ref == ref


def test_a_declaration_is_to_verify_while_the_case_waits_for_it(world, client):
    ref = world.under_review(world.application(by_whom=[world.declaration(verified=False)]))

    def told():
        client.force_login(world.ministry.auditor.user)
        page = " ".join(client.get(f"/desk/cases/{ref}/").content.decode().split())
        said = ("1 to verify", "Approval waits for it.", ' class="hot"> 1 open', "1 is not verified")
        return [words in page for words in said]

    assert told() == [True, True, True, False]
    applications.withdraw(ref, by=world.exporter)
    assert told() == [False, False, False, True]


def test_only_a_declaration_that_waits_for_it_is_offered_to_be_verified(world, client):
    asked, waits = world.declaration(verified=False), world.declaration(verified=False)
    ref, by = world.under_review(world.application(by_whom=[asked, waits])), world.ministry.reviewer
    declarations.query(asked.ref, seen=seen(asked.ref), reason="Who signed?", by=by)
    client.force_login(by.user)
    assert client.get(f"/desk/cases/{ref}/").context["to_verify"].declaration == waits
    declarations.verify(waits.ref, seen=seen(waits.ref), quantity_fit=True, by=by)
    page = client.get(f"/desk/cases/{ref}/")
    assert page.context["to_verify"] is None and "Verify declaration" not in page.content.decode()


def test_where_goods_go_on_to_is_named_in_the_readers_language(world, client):
    rows = [world.declaration() for _ in range(2)]
    for row, codes in zip(rows, (["US", "FR"], ["JP"]), strict=True):
        type(row).objects.filter(pk=row.pk).update(re_export=True, re_export_countries=codes)
    case = f"/desk/cases/{world.under_review(world.application(by_whom=rows))}/"

    def told(actor, path, language):
        client.force_login(actor.user)
        client.cookies["language"] = language
        return " ".join(client.get(path).content.decode().split())

    officer = world.ministry.auditor
    assert "Yes, to: France, United States</dd>" in told(officer, case, "en")
    assert "Yes, to: Japan</dd>" in told(officer, case, "en")
    for actor, path in ((officer, "/desk/declarations/"), (world.exporter, "/declarations/")):
        assert "Yes, to: France, United States" in told(actor, f"{path}{rows[0].ref}/", "en")
        assert "法国、美国" in told(actor, f"{path}{rows[0].ref}/", "zh-hans")
    with CaptureQueriesContext(connection) as asked:
        told(officer, case, "en")
    named = [query["sql"] for query in asked if all(f"'{code}'" in query["sql"] for code in ("FR", "JP", "US"))]
    assert len(named) == 1


def settle(ref, by):
    """A question is asked and closed, with a reason of its own."""
    number = ask(ref, by)
    questions.close_question(ref, seen=seen(ref), question=number, reason="Told by phone.", by=by)


def came_back(client, actor, ref):
    """Who sent it back and why, as the card says that asks for a recommendation."""
    client.force_login(actor.user)
    card = unescape(client.get(f"/desk/cases/{ref}/").content.decode()).partition('id="h-recommend"')[2]
    found = re.search(r"It came back from (.+?), .*?<p class=\"pre\">(.*?)</p>", card.partition("<form")[0], re.DOTALL)
    return found and found.groups()


@pytest.mark.parametrize("verb", ["return", "reopen"])
def test_whoever_recommends_anew_reads_why_it_came_back_whatever_was_done_since(verb, world, client):
    m = world.ministry
    ref = world.under_review(world.application())
    settle(ref, m.reviewer)
    assert came_back(client, m.reviewer, ref) is None
    facts = {"outcome": "approve", "quantities_": {1: 40_000 * KG}, "text": "A trial."}
    decisions.recommend(ref, seen=seen(ref), by=m.reviewer, **facts)
    if verb == "return":
        decisions.send_back(ref, seen=seen(ref), reason="Which motors?", by=m.other_decider)
    else:
        decisions.approve(ref, seen=seen(ref), by=m.decider)
        decisions.reopen(ref, seen=seen(ref), reason="Which motors?", by=m.other_decider)
    assert came_back(client, m.reviewer, ref) == (str(m.other_decider.user), "Which motors?")
    settle(ref, m.reviewer)
    assert came_back(client, m.reviewer, ref) == (str(m.other_decider.user), "Which motors?")
    decisions.recommend(ref, seen=seen(ref), by=m.reviewer, **facts)
    assert client.get(f"/desk/cases/{ref}/").context["came_back"] is None
