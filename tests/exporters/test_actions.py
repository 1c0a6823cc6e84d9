"""Companies: who holds a credit code."""

from html import unescape

import pytest
from django.db import IntegrityError, transaction

from config.local import demo
from core.errors import DomainError, Invalid
from core.history import lines_of
from core.models import Organization, User
from exporters import actions
from exporters.models import Exporter
from tests import make

BODY = "91360700MA0009901"
CODE = BODY + make.uscc.calc_check_digit(BODY)


def typed_the_code(name):
    """A signatory of a new account with this test's credit code."""
    with transaction.atomic():
        return demo.exporter(make.unique("signatory"), make.unique("Signatory "), name, "", BODY, "36")


def trail(actor):
    row = Exporter.objects.get(pk=actor.organization_id)
    return row.state, row.verified_at, lines_of(row).count()


def answers(**changes):
    return {
        "your_name": "Lin Wei",
        "name_en": "Tianhe Magnets",
        "name_zh": "天河磁材",
        "uscc": CODE,
        "email": "lin@example.cn",
        "password1": "a-long-enough-secret-7",
        "password2": "a-long-enough-secret-7",
    } | changes


def test_two_drafts_may_type_one_credit_code_and_both_may_wait(ministry):
    first, second = typed_the_code("First Co., Ltd."), typed_the_code("Second Co., Ltd.")
    for actor in (first, second):
        demo.send_company(actor)
    assert [row.state for row in Exporter.objects.filter(uscc=CODE)] == ["pending", "pending"]


def test_the_company_that_was_verified_holds_the_code_and_not_the_first_that_typed_it(ministry):
    squatter, owner = typed_the_code("Squatter Co., Ltd."), typed_the_code("Owner Co., Ltd.")
    for actor in (squatter, owner):
        demo.send_company(actor)
    actions.verify(owner.organization_id, seen=make.seen(owner.organization_id), by=ministry.intake)
    before = trail(squatter)
    with pytest.raises(DomainError) as refused:
        actions.verify(squatter.organization_id, seen=make.seen(squatter.organization_id), by=ministry.intake)
    assert refused.value.code == "already-registered"
    assert trail(squatter) == before == ("pending", None, 3)
    assert trail(owner)[0] == "active"


def test_an_account_with_a_held_code_is_not_sent(ministry):
    late, owner = typed_the_code("Late Co., Ltd."), typed_the_code("Owner Co., Ltd.")
    pk = demo.send_company(owner)
    actions.verify(pk, seen=make.seen(pk), by=ministry.intake)
    before = trail(late)
    with pytest.raises(Invalid) as refused:
        demo.send_company(late)
    assert [(e.pointer, e.code) for e in refused.value.errors] == [("/uscc", "already-registered")]
    assert "Ask its administrators" in refused.value.errors[0].message
    assert trail(late) == ("draft", None, before[2] + 1)  # described, not sent


def test_postgresql_lets_one_verified_company_hold_a_code(ministry):
    first, second = typed_the_code("First Co., Ltd."), typed_the_code("Second Co., Ltd.")
    for actor in (first, second):
        demo.send_company(actor)
    Exporter.objects.filter(pk=first.organization_id).update(state="active")
    with pytest.raises(IntegrityError, match="exporter_code_held_once"), transaction.atomic():
        Exporter.objects.filter(pk=second.organization_id).update(state="active")


def test_sign_up_with_a_code_that_a_draft_typed_and_with_one_that_a_company_holds(ministry, client):
    owner = typed_the_code("Owner Co., Ltd.")
    assert client.post("/accounts/signup/", answers()).status_code == 302
    assert Exporter.objects.filter(uscc=CODE).count() == 2
    client.logout()
    pk = demo.send_company(owner)
    actions.verify(pk, seen=make.seen(pk), by=ministry.intake)
    response = client.post("/accounts/signup/", answers(email="wu@example.cn"))
    assert response.status_code in (200, 422)
    assert "already registered. Ask its administrators" in unescape(response.content.decode())
    assert not User.objects.filter(email="wu@example.cn").exists()
    assert Organization.objects.filter(kind="exporter").count() == 2


def test_sign_up_answers_alike_for_a_new_address_and_for_one_that_has_an_account(ministry, client):
    pages = []
    for number, email in enumerate(("lin@example.cn", "lin@example.cn", "wu@example.cn")):
        page = client.post("/accounts/signup/", answers(email=email, uscc=make.credit_code(990 + number)), follow=True)
        pages.append((page.status_code, page.redirect_chain[-1], page.resolver_match.view_name))
        client.logout()
    assert pages[0] == pages[1] == pages[2]
    assert (User.objects.filter(email="lin@example.cn").count(), Exporter.objects.count()) == (1, 2)


def test_a_password_like_the_address_is_refused(ministry, client):
    passwords = dict.fromkeys(("password1", "password2"), "lin.wei@example.com")
    response = client.post("/accounts/signup/", answers(email="lin.wei@example.cn", **passwords))
    assert "The password is too similar to" in response.content.decode()
    assert not User.objects.filter(email="lin.wei@example.cn").exists()


def test_the_language_of_a_sign_up_is_kept(ministry, client):
    client.post("/accounts/signup/", answers(), headers={"Accept-Language": "zh-hans"})
    assert User.objects.get(email="lin@example.cn").language == "zh-hans"


def test_an_officer_sees_who_else_typed_the_code(ministry, client):
    first, second = typed_the_code("First Co., Ltd."), typed_the_code("Second Co., Ltd.")
    for actor in (first, second):
        demo.send_company(actor)
    client.force_login(ministry.intake.user)
    html = client.get(f"/desk/exporters/{first.organization_id}/").content.decode()
    assert f'href="/desk/exporters/{second.organization_id}/"' in html
