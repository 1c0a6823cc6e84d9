"""A session in a real browser: the warning before its end, and what was typed after it."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from core.access import actor_for_user
from core.history import version
from core.legal_time import legal_today
from core.models import User
from core.web import sessions
from exporters.actions import change_party
from exporters.models import Party
from licensing.actions import questions
from licensing.models import About, Application

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

TEXT = "Exactly 500 characters, « typed » by a person: 磁材. " * 10
QUESTION = "form[action$='/answer/'] [name=text]"


def open_question():
    return f"/applications/{Application.objects.get(state='awaiting_applicant').ref}/"


def idle(user, *, left_s):
    """As if this person's only session had heard nothing for so long that `left_s` seconds of it are left."""
    for row in Session.objects.all():
        data = row.get_decoded()
        if data.get("_auth_user_id") == str(user.pk):
            data[sessions.SEEN] = sessions.now_s() - settings.SESSION_IDLE_S + left_s
            row.session_data = Session.objects.encode(data)
            row.save()


def left_s(page):
    return page.evaluate("fetch('/session/').then((answer) => answer.json()).then((answer) => answer.left_s)")


def test_the_warning_comes_without_taking_the_focus_and_one_button_stays(sign_in):
    page = sign_in("lin.wei")
    page.clock.install()
    page.goto(open_question())
    field = page.locator(QUESTION)
    field.focus()
    page.clock.run_for((settings.SESSION_IDLE_S - 400) * 1000)
    assert page.locator("#session-warning .banner").count() == 0
    idle(User.objects.get(name="Lin Wei"), left_s=290)
    page.clock.run_for(110_000)
    page.locator("#session-warning .banner").wait_for()
    assert field.evaluate("field => field === document.activeElement")
    page.locator("#session-warning button").click()
    page.locator("#session-warning .banner").wait_for(state="detached")
    assert left_s(page) > settings.SESSION_IDLE_S - 60


def test_who_works_in_another_tab_is_not_warned_in_this_one(sign_in):
    """Which asks first: its own page is as old as a session may be idle, the session is not."""
    page = sign_in("lin.wei")
    page.clock.install()
    page.goto(open_question())
    idle(User.objects.get(name="Lin Wei"), left_s=400)
    page.context.new_page().goto("/")
    page.clock.run_for((settings.SESSION_IDLE_S - 200) * 1000)
    assert left_s(page) > settings.SESSION_IDLE_S - 60
    assert page.locator("#session-warning .banner").count() == 0


def test_typing_keeps_the_session(sign_in):
    page = sign_in("lin.wei")
    page.clock.install()
    page.goto(open_question())
    idle(User.objects.get(name="Lin Wei"), left_s=600)
    page.locator(QUESTION).press_sequentially("It grows.")
    with page.expect_response(lambda answer: answer.url.endswith("/session/") and answer.request.method == "POST"):
        page.clock.run_for(20_000)
    assert left_s(page) > settings.SESSION_IDLE_S - 60


@pytest.mark.parametrize("script", [True, False], ids=["with-javascript", "without-javascript"])
def test_what_was_typed_is_there_after_signing_in_again(sign_in, demo_world, script):
    """500 characters, the session's cookie gone, Send, sign in: the same page with the same text, and nothing sent."""
    _, accounts, _ = demo_world
    text = TEXT[:500]
    page = sign_in("lin.wei", script=script)
    path = open_question()
    page.goto(path)
    page.locator(QUESTION).fill(text)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.locator("form[action$='/answer/'] button").last.click()
    page.locator("[name=login]:visible").fill(accounts["lin.wei"]["email"])
    page.locator("[name=password]:visible").fill(accounts["lin.wei"]["password"])
    page.locator("[name=password]:visible").press("Enter")
    page.locator(QUESTION).wait_for()
    assert page.locator(QUESTION).input_value() == text
    assert "What you typed is here again." in page.locator("main").inner_text()
    assert Application.objects.filter(state="awaiting_applicant").count() == 1
    with page.expect_navigation():
        page.locator("form[action$='/answer/'] button").last.click()
    assert "Your answer is with the officer who asked." in page.locator("main").inner_text()


def test_what_was_typed_into_one_form_survives_the_sending_of_another_for_its_writer_alone(sign_in, demo_world):
    _, accounts, _ = demo_world
    row = Application.objects.get(state="awaiting_applicant")
    asking = {"about": [About.QUANTITY], "text": "Why?", "due_on": legal_today() + timedelta(days=9)}
    questions.ask(row.ref, by=actor_for_user(User.objects.get(name="Zhao Min")), **asking)
    page = sign_in("lin.wei")
    page.goto(open_question())
    first, second = page.locator(QUESTION).all()
    first.fill("Half of an answer")
    second.fill("A whole one")
    with page.expect_navigation():
        second.locator("xpath=ancestor::form").locator("[name=final]").click()
    assert "Your answer is with the officer who asked." in page.locator("main").inner_text()
    values = [field.input_value() for field in page.locator(QUESTION).all()]
    assert "Half of an answer" in values and "A whole one" not in values

    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    with page.expect_navigation():
        page.locator(QUESTION).last.locator("xpath=ancestor::form").locator("button").last.click()
    page.locator("[name=login]:visible").fill(accounts["wu.fang"]["email"])
    page.locator("[name=password]:visible").fill(accounts["wu.fang"]["password"])
    page.locator("[name=password]:visible").press("Enter")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    page.goto(open_question())
    assert "Half of an answer" not in [field.input_value() for field in page.locator(QUESTION).all()]
    assert "Half of an answer" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_signing_out_forgets_what_was_typed(sign_in):
    page = sign_in("wu.fang")
    page.goto(open_question())
    page.locator(QUESTION).fill("Mine")
    with page.expect_navigation():
        page.locator("form[action$='/logout/'] button").first.evaluate("button => button.click()")
    assert "Mine" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_what_was_typed_before_the_language_changed_is_not_written_over_a_colleagues(sign_in):
    """The page comes with the newest version; the text goes with the one that it was typed over."""
    mine = actor_for_user(User.objects.get(name="Lin Wei"))
    party = Party.objects.filter(exporter_id=mine.organization_id).first()
    page = sign_in("lin.wei")
    page.goto(f"/parties/{party.ref}/edit/")
    page.locator("[name=address]").fill("My Road")
    change_party(party.ref, version=party.version, by=mine, name=party.name, address="Colleague Road")
    with page.expect_navigation():
        page.locator("[data-keep-typed] button").click()
    assert page.locator("[name=address]").input_value() == "My Road"
    with page.expect_navigation():
        page.locator("main form .btn").first.click()
    assert page.locator("[name=theirs]").get_attribute("value") == "address"
    party.refresh_from_db()
    assert party.address == "Colleague Road"


def test_what_was_seen_before_the_language_changed_is_what_a_decision_says(sign_in):
    """Of what happened meanwhile its decider is told, though the page comes anew."""
    row = Application.objects.get(state="awaiting_applicant")
    page = sign_in("zhao.min")
    page.goto(f"/desk/cases/{row.ref}/")
    form = page.locator("main form:has([name=seen]):has(textarea)").first
    field = form.locator("textarea").first
    field.evaluate("field => { field.value = 'Typed'; }")
    before = form.locator("[name=seen]").input_value()
    about = form.get_attribute("action")
    asking = {"about": [About.QUANTITY], "text": "Why?", "due_on": legal_today() + timedelta(days=9)}
    questions.ask(row.ref, by=actor_for_user(User.objects.get(name="Zhao Min")), **asking)
    with page.expect_navigation():
        page.locator("[data-keep-typed] button").click()
    form = page.locator(f"main form[action='{about}']").first
    assert form.locator("textarea").first.input_value() == "Typed"
    assert form.locator("[name=seen]").input_value() == before


def test_what_was_seen_before_another_form_was_sent_beside_a_mistake_is_not_seen_again(sign_in):
    """Its own step moved the case on, and the page that came then shows it."""
    row = Application.objects.get(state="awaiting_applicant")
    mine = actor_for_user(User.objects.get(name="Zhao Min"))
    for question in row.questions.still_open():
        questions.close_question(row.ref, question=question.pk, reason="It is known", seen=version(row), by=mine)
    page = sign_in("zhao.min")
    page.goto(f"/desk/cases/{row.ref}/")
    typed = page.locator("#id_recommend_text")
    typed.evaluate("field => { field.value = 'Typed'; }")
    page.locator("#id_recommend_months").evaluate("field => { field.value = ''; field.form.noValidate = true; }")
    with page.expect_navigation():
        typed.evaluate("field => field.form.querySelector('button').click()")
    assert page.locator(".errsum").count()
    screening = page.locator("form#screen")
    screening.locator("[name=end_users]").evaluate_all("boxes => boxes.forEach((box) => { box.checked = true; })")
    screening.locator("[name=hit][value=none]").evaluate("box => { box.checked = true; }")
    screening.locator("[name=list_version]").evaluate("field => { field.value = 'May'; }")
    with page.expect_navigation():
        screening.locator("button").last.evaluate("button => button.click()")
    assert not page.locator(".errsum").count() and typed.input_value() == "Typed"
    assert page.locator("form:has(#id_recommend_text) [name=seen]").input_value() == str(version(row))
