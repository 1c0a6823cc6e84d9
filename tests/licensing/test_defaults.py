"""What pages begin with, and where they lead to mend what is missing."""

from datetime import timedelta
from html import unescape

import pytest

from config.local import demo
from core.legal_time import legal_today, months_after
from core.templatetags.lodestone import day
from licensing.actions import decisions, declarations
from licensing.models import Application, ControlItem, Declaration
from licensing.web.forms import IssueForm
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
