"""What pages begin with, and where they lead to mend what is missing."""

from datetime import timedelta
from html import unescape

import pytest

from config.local import demo
from core.errors import Invalid
from core.legal_time import legal_today, months_after
from core.models import Country
from core.templatetags.lodestone import day
from licensing.actions import decisions, declarations
from licensing.models import Application, ControlItem, Declaration
from licensing.policy.facts import MOST_COUNTRIES
from licensing.web.forms import IssueForm, RecommendForm
from tests.make import seen

AHEAD = timedelta(days=20)


@pytest.mark.parametrize(("planned", "first"), [(AHEAD, AHEAD), (-AHEAD, timedelta()), (None, timedelta())])
def test_issue_begins_with_the_planned_day_where_it_lies_ahead(planned, first, world):
    row = Application.objects.get(ref=world.under_review(world.application()))
    row.planned_from = planned if planned is None else legal_today() + planned
    assert IssueForm(row=row)["usable_from"].value() == (legal_today() + first).isoformat()


def test_issue_says_which_day_will_be_the_last(world):
    ref = world.under_review(world.application())
    decisions.recommend(
        ref, seen=seen(ref), outcome="approve", months=9, conditions=[], text="Nine.", by=world.ministry.reviewer
    )
    words = IssueForm(row=Application.objects.get(ref=ref)).fields["usable_from"].help_text
    assert day(months_after(legal_today(), 9)) in words and "9 months" in words


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


def test_a_signed_declaration_without_the_yearly_need_leads_to_a_new_one(browser, world):
    row = world.declaration()
    Declaration.objects.update(yearly_need="")
    page = unescape(browser.get(f"/applications/{world.application(by_whom=[row])}/").content.decode())
    assert f'href="/declarations/new/?end_user={row.end_user.ref}"' in page
    assert "make a new declaration" in page
    new = unescape(browser.get(f"/declarations/new/?end_user={row.end_user.ref}").content.decode())
    assert f'<option value="{row.end_user.pk}" selected>' in new


def test_a_draft_without_the_yearly_need_is_mended_before_it_is_signed(browser, world):
    facts = {name: getattr(world.declaration(), name) for name in declarations.FIELDS} | {"yearly_need": ""}
    draft = declarations.draft(by=world.exporter, items=[ControlItem.objects.get(code="1C905.a.4")], **facts)
    link = f'href="/declarations/{draft.ref}/edit/#id_yearly_need"'
    assert link in browser.get(f"/applications/{world.application(by_whom=[draft])}/").content.decode()
    assert link in browser.get(f"/declarations/{draft.ref}/").content.decode()
    facts |= {"yearly_need": "30,000 kg a year"}
    declarations.change(draft.ref, version=1, by=world.exporter, items=[], **facts)
    assert link not in browser.get(f"/declarations/{draft.ref}/").content.decode()


def test_two_parties_of_one_name_can_be_told_apart_where_one_is_chosen(browser, world):
    one, other = (demo.party(world.exporter, "Works", "DE", "Motors") for _ in range(2))
    for page in ("/declarations/new/", "/applications/new/"):
        words = unescape(browser.get(page).content.decode())
        assert f"Works, Germany · {one.ref}" in words and f"Works, Germany · {other.ref}" in words


def test_a_new_recommendation_begins_with_the_one_that_was_returned(world):
    m, users = world.ministry, [world.declaration(), world.declaration()]
    ref = world.under_review(world.application(by_whom=users))
    row = Application.objects.get(ref=ref)
    first, second = row.end_users.order_by("pk")
    begun = RecommendForm(row=row)
    assert (begun["end_users"].value(), begun["months"].value()) == ([first.pk, second.pk], 11)
    line = row.lines.get()
    recommended = {"quantities_": {line.number: 1_000}, "end_users": [second.pk], "text": "Less."}
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=9, by=m.reviewer, **recommended)
    decisions.send_back(ref, seen=seen(ref), reason="Say more", by=m.decider)
    again = RecommendForm(row=Application.objects.get(ref=ref))
    assert (again["end_users"].value(), again["months"].value()) == ([second.pk], 9)
    assert (again["quantity_1"].value(), again["text"].value()) == ("1.000", "Less.")


def test_after_a_refusal_that_was_returned_everybody_and_the_whole_plan_are_chosen_again(world):
    ref = world.under_review(world.application())
    m = world.ministry
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", factors=["END_USE"], text="No.", by=m.reviewer)
    decisions.send_back(ref, seen=seen(ref), reason="Say more", by=m.decider)
    row = Application.objects.get(ref=ref)
    again = RecommendForm(row=row)
    assert again["outcome"].value() == "refuse"
    assert (again["end_users"].value(), again["months"].value()) == ([row.end_users.get().pk], 11)


def test_a_new_declaration_is_written_down_and_its_page_opens(browser, world):
    user = world.declaration().end_user
    page = browser.get(f"/declarations/new/?end_user={user.ref}")
    assert page.context["form"]["end_user"].value() == user.pk
    signed = Declaration.objects.get(end_user=user)
    facts = {name: getattr(signed, name) for name in declarations.FIELDS if name not in ("end_user", "end_use")}
    answers = {name: value for name, value in facts.items() if value not in (None, False, "")}
    answers |= {
        "end_user": user.pk,
        "end_use": signed.end_use_id,
        "items": [i.control_item_id for i in signed.items.all()],
    }
    before = Declaration.objects.count()
    answer = browser.post("/declarations/new/", answers | {"version": 1})
    assert answer.status_code == 302, answer.context["form"].errors
    assert Declaration.objects.count() == before + 1


def test_goods_go_on_to_as_many_countries_as_rules_read(world):
    signed = world.declaration(verified=False)
    facts = {name: getattr(signed, name) for name in declarations.FIELDS} | {"re_export": True}
    items = [item.control_item for item in signed.items.all()]
    codes = list(Country.objects.order_by("pk").values_list("pk", flat=True)[: declarations.ONWARD_MOST + 1])
    before = Declaration.objects.count()
    with pytest.raises(Invalid) as refused:
        declarations.draft(by=world.exporter, items=items, **facts | {"re_export_countries": codes})
    assert [(one.pointer, one.code) for one in refused.value.errors] == [("/re_export_countries", "max-items")]
    assert Declaration.objects.count() == before
    row = declarations.draft(by=world.exporter, items=items, **facts | {"re_export_countries": codes[:-1]})
    assert len(row.re_export_countries) == declarations.ONWARD_MOST == MOST_COUNTRIES - 2
