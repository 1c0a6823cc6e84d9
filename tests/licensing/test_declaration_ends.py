"""What ends a declaration by itself: a newer one, and a year without a license."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from config.local import demo
from core.access import clock as by_the_clock
from core.history import lines_of
from core.languages import day_in_words
from core.legal_time import legal_today, months_after
from licensing import selectors, tasks
from licensing.actions import amendments, applications, decisions, declarations
from licensing.models import Application, ControlItem, Declaration, EndUse
from licensing.models.declarations import SIGNED_MONTHS
from tests.licensing.test_declaration_questions import redo
from tests.licensing.test_limits import refused, signature
from tests.licensing.test_redeclared import another, named, redeclare
from tests.make import seen
from tests.said import text_of


def state(row):
    return Declaration.objects.get(pk=row.pk).state


def desk(row):
    return reverse("desk.declaration", args=[row.ref])


def licensed(world, row):
    """A license on this declaration exists."""
    return demo.issued(world.exporter, world.application(by_whom=[row]), world.ministry, [row])


# --- a newer one ----------------------------------------------------------------------------------------------
@pytest.fixture
def older(world):
    row = world.declaration()
    licensed(world, row)
    return row


def test_the_newer_one_takes_its_place_when_its_license_is_issued(world, older):
    newer = another(world, older)
    assert state(older) == "in_force"
    licensed(world, newer)
    assert (state(older), state(newer)) == ("superseded", "in_force")
    line = lines_of(older).last()
    assert (line.verb, line.facts) == ("supersede", {"declaration": newer.ref})


def test_it_must_cover_all_goods_of_the_older_one(world, older):
    wide = another(world, older, code="1C902.a.1 1C905.a.4")
    licensed(world, wide)
    assert (state(older), state(wide)) == ("superseded", "in_force")
    licensed(world, another(world, older))
    assert state(wide) == "in_force"  # it says more


def test_one_of_another_use_or_end_user_or_that_was_signed_earlier_stays_beside_it(world, older):
    use = EndUse.objects.get(pk="CIV_WIND")
    others = [another(world, older, end_use=use), world.declaration(), another(world, older, days_ago=11)]
    for row in others:
        licensed(world, row)
    assert [state(row) for row in (older, *others)] == ["in_force"] * 4


def test_what_names_it_already_goes_on_and_nothing_else_does(world, older):
    case = world.under_review(world.application(by_whom=[older]))
    draft = world.application(by_whom=[older])
    licensed(world, another(world, older))
    assert older.pk not in selectors.usable_declarations(world.exporter).values_list("pk", flat=True)
    decisions.recommend(case, seen=seen(case), outcome="approve", by=world.ministry.reviewer)
    decisions.approve(case, seen=seen(case), by=world.ministry.decider)
    assert decisions.issue(case, seen=seen(case), by=world.ministry.decider).state == "active"
    assert state(older) == "superseded"
    assert applications.submit(draft, seen=seen(draft), by=world.exporter).state == "submitted"


# --- a year without a license -----------------------------------------------------------------------------------
def year_on(clock, row, *, days):
    clock.shift(days=(months_after(row.signed_on, SIGNED_MONTHS) - legal_today()).days + days)


@pytest.mark.parametrize(("days", "then"), [(0, "verified"), (1, "expired")])
def test_a_verified_one_expires_when_its_year_is_over(days, then, world, clock):
    row = world.declaration()
    year_on(clock, row, days=days)
    assert tasks.expire_declarations() == (then == "expired")
    assert state(row) == then
    assert tasks.expire_declarations() == 0


def test_a_year_that_ends_on_28_february_is_over_on_the_29th(world):
    row = world.declaration()
    Declaration.objects.filter(pk=row.pk).update(signed_on=date(2027, 2, 28))
    assert not Declaration.objects.get(pk=row.pk).recent_for(date(2028, 2, 29))
    assert row in selectors.expiring_declarations(date(2028, 2, 29))


def test_one_that_is_in_force_or_not_verified_does_not(world, clock, older):
    rows = [older, world.declaration(verified=False)]
    year_on(clock, rows[1], days=30)
    assert [declarations.expire(row.pk, by=by_the_clock()) for row in rows] == [False, False]
    assert [state(row) for row in rows] == ["in_force", "submitted"]


def test_a_case_that_was_filed_in_time_keeps_it_until_it_is_decided(world, clock):
    row = world.declaration()
    case = world.under_review(world.application(by_whom=[row]))
    year_on(clock, row, days=1)
    assert not declarations.expire(row.pk, by=by_the_clock())
    applications.withdraw(case, by=world.exporter)
    assert (tasks.expire_declarations(), state(row)) == (1, "expired")


def test_what_a_change_of_a_license_in_force_can_rely_on_is_not_too_old(world, clock, client):
    """The change counts from the first day of the license, of which the certificate is no more than a year older."""
    license = world.license()
    by, first = {"by": world.exporter}, license.counted_from
    facts = {name: getattr(world.declaration(), name) for name in declarations.FIELDS}
    new, older = (declarations.draft(items=[ControlItem.objects.first()], **by, **facts) for _ in range(2))
    begins = (first - legal_today()).days
    clock.shift(days=begins + 300)
    oldest = months_after(first, -SIGNED_MONTHS)
    assert refused(
        declarations.attach_signed, older.ref, seen=seen(older.ref), **by, **signature(oldest - timedelta(days=1))
    ) == ["declaration-too-old"]
    declarations.attach_signed(new.ref, seen=seen(new.ref), **by, **signature(oldest))
    declarations.submit(new.ref, seen=seen(new.ref), **by)
    assert "Signed more than 12 months ago" not in text_of(client, world.exporter, f"/declarations/{new.ref}/")
    declarations.verify(new.ref, seen=seen(new.ref), quantity_fit=True, by=world.ministry.reviewer)
    assert not declarations.expire(new.pk, by=by_the_clock())
    change = amendments.amend(license.ref, seen=seen(license.ref), **by)
    page = text_of(client, world.exporter, f"/applications/{change.ref}/edit/")
    assert new.ref in page and "signed too long ago" not in page
    assert "signed too long ago" in text_of(client, world.exporter, "/applications/new/")
    clock.shift(days=begins + 370)  # the license is over
    assert declarations.expire(new.pk, by=by_the_clock())


def test_nobody_names_or_files_on_one_that_expired(world, clock):
    row = world.declaration()
    draft = world.application(by_whom=[row])
    year_on(clock, row, days=1)
    tasks.expire_declarations()
    assert row.pk not in selectors.usable_declarations(world.exporter).values_list("pk", flat=True)
    assert "declaration-not-submitted" in refused(applications.submit, draft, seen=seen(draft), by=world.exporter)


def test_an_open_case_names_another_in_its_place(world):
    row = world.declaration()
    case = world.under_review(world.application(by_whom=[row]))
    Declaration.objects.filter(pk=row.pk).update(state="expired")
    new = another(world, row)
    redeclare(case, world, new)
    assert named(case) == [new.ref]


def test_both_sides_read_until_which_planned_start_it_is_good(world, client):
    row = world.declaration()
    last = months_after(row.signed_on, SIGNED_MONTHS)
    assert (row.recent_for(last), row.recent_for(last + timedelta(days=1))) == (True, False)
    said = f"For a planned start until</dt> <dd> {day_in_words(last)}<br>"
    exporter, officer = (world.exporter, f"/declarations/{row.ref}/"), (world.ministry.reviewer, desk(row))
    assert [said in text_of(client, *one) for one in (exporter, officer)] == [True, True]
    Declaration.objects.filter(pk=row.pk).update(state="expired")
    assert "For a planned start" not in text_of(client, *exporter)


def test_what_is_taken_back_is_good_for_no_start_until_it_is_signed_anew(world, client):
    row = world.declaration(verified=False)
    declarations.query(row.ref, seen=seen(row.ref), reason="Who?", by=world.ministry.reviewer)
    redo(row, world.exporter)
    page = text_of(client, world.exporter, f"/declarations/{row.ref}/")
    assert "This is what was signed before." in page and "For a planned start" not in page


def test_its_page_says_what_ended_it(world, client, older):
    newer = another(world, older)
    licensed(world, newer)
    lost = world.declaration()
    Declaration.objects.filter(pk=lost.pk).update(state="expired")
    client.force_login(world.exporter.user)
    assert f'<a href="/declarations/{newer.ref}/">' in client.get(f"/declarations/{older.ref}/").content.decode()
    assert "12 months passed after it was signed" in client.get(f"/declarations/{lost.ref}/").content.decode()
    assert Application.objects.count() == 2
