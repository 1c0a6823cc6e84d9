"""Which edition is in force, and what keeps its text."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from core.legal_time import INSTANT, day_end, legal_day, legal_now, legal_today
from licensing import selectors
from licensing.loading import first_document
from licensing.models import PolicyEdition
from licensing.policy.editions import canonical
from licensing.policy.engine import ENGINE
from licensing.selectors import drafts
from licensing.selectors.editions import Forged, rules_of
from tests import make

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


def edition(code, starts_at, **change):
    return make.signed(canonical(first_document() | change), code, starts_at)


@pytest.fixture
def later(reference):
    """An edition that starts at the coming midnight, without a window."""
    return edition("LATER", day_end(legal_today()), windows=[])


def test_in_force_is_what_has_started_last(reference, later, clock):
    first = PolicyEdition.objects.earliest("starts_at")
    assert selectors.edition_now().code == first.code
    clock.set(later.starts_at - timedelta(minutes=1))
    assert selectors.edition_now().code == first.code
    clock.set(later.starts_at)
    assert selectors.edition_now().code == later.code
    at, before = (selectors.editions_at(instant) for instant in (later.starts_at, later.starts_at - INSTANT))
    assert (at.of(at.today).code, before.of(before.today).code) == (later.code, first.code)


def test_another_day_is_judged_by_the_edition_in_force_at_its_end(reference):
    today = legal_today()
    first, later = PolicyEdition.objects.get(), edition("LATER", day_end(today + DAY), windows=[])
    assert selectors.edition_on(today + DAY).code == first.code
    assert selectors.edition_on(today + 2 * DAY).code == later.code


def test_an_edition_that_begins_at_noon_judges_the_whole_day_unless_it_is_today(reference):
    day = legal_today() + DAY
    noon = edition("NOON", day_end(day) - timedelta(hours=12), windows=[])
    assert selectors.edition_on(day).code == noon.code
    assert selectors.edition_on(day - DAY).code != noon.code


def test_the_first_edition_covers_all_earlier_days(later):
    first = PolicyEdition.objects.exclude(pk=later.pk).get()
    assert selectors.edition_on(first.starts_at.date() - 400 * DAY).code == first.code


def test_today_is_judged_by_what_is_in_force_now_and_not_at_its_end(reference):
    soon = edition("SOON", legal_now() + timedelta(seconds=1), windows=[])
    assert selectors.edition_on(legal_today()).code != soon.code


def test_turns_come_after_the_first_day_and_until_the_last(later):
    found, starts = selectors.editions_at(), legal_day(later.starts_at)
    assert starts in found.turns(starts - DAY, starts, "new")
    spans = [(starts, starts + DAY), (starts - 2 * DAY, starts - DAY)]
    assert not any(starts in found.turns(after, until, "new") for after, until in spans)


def test_rules_are_read_by_their_digest_and_are_those_of_the_text(later):
    rules = selectors.rules_of(later.digest)
    assert rules.edition.document["windows"] == [] and rules.edition.digest == later.digest
    assert selectors.rules_of(later.digest) is rules


def test_no_text_stands_under_a_digest_that_is_not_its_own(later):
    facts = {"digest": later.digest, "draft": later.draft, "engine": ENGINE, "starts_at": later.starts_at + DAY}
    with pytest.raises(IntegrityError, match="policy_edition_is_its_text"), transaction.atomic():
        PolicyEdition.objects.create(code="X", title_en="X", title_zh="X", text=f"{later.text} ", **facts)
    assert PolicyEdition.objects.count() == 2


@pytest.mark.parametrize("change", [{"code": "LATER"}, {"starts_at": 0 * DAY}], ids=["name", "start"])
def test_no_two_editions_share_name_or_start(later, change):
    other = {"code": "OTHER", "starts_at": DAY, "groups": {"G": {"en": "G", "zh": "G", "countries": ["DE"]}}}
    asked = other | change
    asked["starts_at"] += later.starts_at
    with pytest.raises(IntegrityError), transaction.atomic():
        edition(**asked)
    assert PolicyEdition.objects.count() == 2


def test_a_text_changed_behind_every_guard_is_found_by_its_digest(later):
    rules_of.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE licensing_policyedition DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE licensing_policyedition DROP CONSTRAINT policy_edition_is_its_text")
        cursor.execute(
            "UPDATE licensing_policyedition SET text = replace(text, '\"1C902\"', '\"1C903\"') WHERE code = 'LATER'"
        )
    with pytest.raises(Forged):
        selectors.rules_of(later.digest)


def test_nobody_empties_the_table_the_owner_neither(reference):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SELECT set_config('pgtrigger.ignore', array_agg(DISTINCT tgname)::text, true) FROM pg_trigger")
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            cursor.execute("TRUNCATE licensing_policyedition CASCADE")
    assert PolicyEdition.objects.count() == 1


@pytest.mark.parametrize("work", ["compared", "promises_of", "invariants_of"])
def test_what_goes_over_all_cases_leaves_no_outcomes_behind(work, reference):
    """Else each text that a process ever compared would keep 10 MB there."""
    for kept in (rules_of, drafts.compiled, getattr(drafts, work)):
        kept.cache_clear()
    standing, text = PolicyEdition.objects.get().digest, canonical(first_document() | {"windows": []})
    asked = [text] if work == "invariants_of" else [standing, text]
    assert getattr(drafts, work)(*asked, since=legal_today())
    assert {one._said.cache_info().currsize for one in (rules_of(standing), drafts.compiled(text))} == {0}
