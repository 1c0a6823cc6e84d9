"""A turn over many licenses: those for which nothing changes at once, the others one by one, whatever is killed."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection

from core.access import clock as clock_actor
from core.history import broken_links
from core.legal_time import legal_now, legal_today, on_the_wire
from core.models import Delivery, HistoryLine
from licensing import selectors, tasks
from licensing.actions import verdicts
from licensing.models import License, Suspension, Verdict
from licensing.selectors.verdicts import _prohibiting
from tests import make
from tests.book import DAY, Book, forbid
from tests.config.kills import within
from tests.http import ROOT
from tests.licensing.test_holds import hold
from tests.licensing.test_turns import another_line, causes, government, said, state
from tests.licensing.test_verdicts import ban, stretch, stretches


def confirm(*licenses):
    return verdicts.confirm(among=[one.pk for one in licenses])


def turn(license):
    return verdicts.turn(license.pk, by=clock_actor())


# --- at once ------------------------------------------------------------------------------------------------


def test_licenses_for_which_nothing_changes_are_judged_by_the_newest_edition_in_one_statement(
    world, django_assert_num_queries
):
    made = [world.license(kilograms=100) for _ in range(3)]
    edition = make.edition(ban("FR"))
    assert selectors.licenses_to_turn(9) == [one.pk for one in made]
    selectors.rules_of(edition.digest)
    with django_assert_num_queries(9):  # lock, clock, editions, cases, verdicts, causes, the one statement, savepoint
        assert confirm(*made) == 3
    assert set(License.objects.values_list("judged_by", "next_turn_at")) == {(edition.pk, None)}
    assert selectors.licenses_to_turn(9) == []
    assert said(made[0]) == []


def test_equal_facts_are_evaluated_once(world):
    made = [world.license(kilograms=100) for _ in range(3)]
    make.edition(ban("FR"))
    before = _prohibiting.cache_info().misses
    assert confirm(*made) == 3
    assert _prohibiting.cache_info().misses == before + 1


def test_what_begins_or_ends_or_will_is_left_to_a_turn_of_its_own(license):
    make.edition(ban("DE", effective_from=str(legal_today() + 2 * DAY)))
    assert confirm(license) == 0
    turn(license)
    make.edition(ban("DE"), "NOW")
    assert confirm(license) == 0
    assert turn(license)
    make.edition(ban("FR"), "OPEN")
    assert confirm(license) == 0
    assert turn(license)


def test_what_stays_closed_by_the_same_rules_is_confirmed_and_keeps_its_next_turn(world, license):
    last = legal_today() + 9 * DAY
    make.edition(ban("DE", effective_to=str(last)))
    turn(license)
    expected, before = License.objects.get().next_turn_at, said(license)
    assert expected is not None
    make.edition(ban("DE", "FR", effective_to=str(last)), "AFTER")
    assert confirm(license) == 1
    assert License.objects.get().next_turn_at == expected
    assert said(license) == before


def test_a_new_instant_that_begins_nothing_is_still_a_turn(license, clock):
    """One line's instant has come, for which no cause opens: what stands now did not stand at the last turn."""
    another_line({"item.control_code": "1C903.a.2"})
    first = legal_today() + 2 * DAY
    make.edition(ban("DE", match={"item.element": ["Dy"]}, effective_from=str(first)))
    turn(license)
    clock.set(legal_now() + 3 * DAY)
    assert confirm(license) == 0
    assert turn(license)


def test_what_is_held_anew_is_left_to_a_turn(license):
    make.edition(hold("DE", first=1, reservations=True))
    assert confirm(license) == 0
    turn(license)
    assert Verdict.objects.get().held != []


def test_what_was_held_before_a_license_was_issued_is_none_of_its_stretches(reference):
    now = legal_now()
    make.edition(hold("DE", reservations=True), "FIRST", now)
    make.edition(ban("FR"), "THEN", now + 3 * DAY)
    editions, facts = selectors.editions_at(now), {"item.control_code": "1C905.a.4", "destination.country": ["DE"]}
    [one] = selectors.held(editions, facts, since=now + DAY)
    assert (one["from"], one["until"]) == (on_the_wire(now + DAY), on_the_wire(now + 3 * DAY))
    assert selectors.held(editions, facts, since=now + 4 * DAY) == []


def test_other_words_of_the_same_rule_are_left_to_a_turn(license):
    make.edition(ban("DE", rationale_en="Because of Germany."))
    turn(license)
    make.edition(ban("DE", rationale_en="Because of dysprosium."), "AFTER")
    assert confirm(license) == 0
    assert turn(license)


def test_a_cause_that_no_verdict_bears_out_is_left_to_a_turn(license):
    make.edition(ban("DE"))
    turn(license)
    make.edition(ban("DE", "FR"), "AFTER")
    Suspension.objects.all().delete()
    assert confirm(license) == 0
    assert turn(license) is False
    assert len(causes(license)) == 1


def test_what_another_worker_holds_is_not_confirmed(license, transactional_db):
    make.edition(ban("FR"))
    held = connection.copy()
    with held.cursor() as cursor:
        try:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM licensing_license FOR NO KEY UPDATE")
            assert confirm(license) == 0
        finally:
            cursor.execute("ROLLBACK")
    held.close()
    assert confirm(license) == 1


def test_a_license_that_has_ended_is_not_confirmed(license, clock):
    make.edition(ban("FR"))
    clock.shift(days=400)
    assert confirm(license) == 0
    clock.reset()
    License.objects.update(state="expired")
    assert confirm(license) == 0


def test_the_sweep_confirms_and_turns(world):
    made = [world.license(kilograms=100, users=number) for number in (1, 2)]
    Verdict.objects.filter(line__license=made[1]).update(
        facts={**Verdict.objects.filter(line__license=made[1]).first().facts, "end_user.class": "government"}
    )
    make.edition(government)
    assert tasks.turn_licenses() == 1
    assert [state(one)[0] for one in made] == ["active", "suspended"]
    assert selectors.licenses_to_turn(9) == []


def test_a_batch_ends_with_its_last_license(world):
    made = [world.license(kilograms=100).pk for _ in range(3)]
    make.edition(ban("FR"))
    assert selectors.licenses_to_turn(9, 0, made[1]) == made[:2]


def test_the_sweep_turns_nothing_by_itself_that_it_confirms(license, monkeypatch):
    make.edition(ban("FR"))
    monkeypatch.setattr(verdicts, "turn", None)
    assert tasks.turn_licenses() == 0
    assert selectors.licenses_to_turn(9) == []


def test_what_was_forbidden_before_a_license_was_issued_is_none_of_its_stretches(reference):
    now = legal_now()
    make.edition(ban("DE"), "FIRST", now)
    make.edition(ban("FR"), "THEN", now + 3 * DAY)
    assert stretches(now + 4 * DAY) == []
    assert stretches(now + DAY) == [stretch(now + DAY, now + 3 * DAY)]


# --- a drawn book -------------------------------------------------------------------------------------------


def test_a_sweep_over_a_book_says_what_turns_one_by_one_say(world):
    book = Book(world, 60)
    tasks.turn_licenses()
    make.edition(forbid(country=["DE", "JP"], use=["CIV_AUTO", "CIV_WIND"]))
    lines = HistoryLine.objects.filter(subject_kind="license").count()
    tasks.turn_licenses()
    assert HistoryLine.objects.filter(subject_kind="license").count() > lines
    editions = selectors.editions_at(legal_now())
    for verdict in Verdict.objects.select_related("line__license__application"):
        license = verdict.line.license
        told = {
            "since": license.issued_at,
            "contract": license.application.contract_on,
            "special": license.special,
        }
        assert verdict.prohibited == selectors.prohibited(editions, verdict.facts, **told)
        assert verdict.forbidden == (selectors.standing(verdict.prohibited, legal_now()) is not None)
    assert [one for one in book.licenses if turn(one)] == []


SWEEP = "import django; django.setup(); from licensing.tasks import turn_licenses; turn_licenses()"


@pytest.mark.full
def test_a_sweep_that_is_killed_again_and_again_says_each_event_once(world, transactional_db):
    book = Book(world, 240)
    tasks.turn_licenses()
    already = set(HistoryLine.objects.filter(subject_kind="license").values_list("pk", flat=True))
    make.edition(forbid(country=["DE", "FR", "KR"]))
    hit = {license.pk for license in book.licenses if _hit(license)}
    kills = sum(_killed(after) for after in (20, 70, 110, 150))
    assert tasks.turn_licenses() > 0
    assert kills >= 3
    told = HistoryLine.objects.filter(subject_kind="license").exclude(pk__in=already)
    assert set(Counter(told.values_list("subject_id", flat=True)).values()) == {1}
    assert set(told.values_list("subject_id", flat=True)) == hit
    assert Delivery.objects.filter(line__in=told, to="", consumer="mail").count() == len(hit)
    assert all(broken_links(License(pk=pk)) == [] for pk in hit)
    policy = Suspension.objects.filter(cause="policy", ended_at=None)
    assert set(Counter(policy.values_list("end_user", flat=True)).values()) == {1}
    assert tasks.turn_licenses() == 0


def _killed(after):
    """A sweep of another process was killed when this many of 240 were done, or soon after."""
    own = os.environ | {"DATABASE_URL": _own_url(), "DATABASE_OWNER_URL": _own_url()}
    worker = subprocess.Popen([sys.executable, "-c", SWEEP], cwd=ROOT, env=own)
    done = within(60, lambda: len(selectors.licenses_to_turn(1_000)) <= 240 - after or worker.poll() is not None)
    time.sleep(after / 10_000)  # in another place of a transaction each time
    worker.send_signal(signal.SIGKILL)
    return done and worker.wait() == -signal.SIGKILL


def _hit(license):
    """R099 closes one of its end-users: on all lines, as it asks for no item."""
    found = Verdict.objects.filter(line__license=license, line__license__usable_until__gte=legal_today())
    return any({"DE", "FR", "KR"} & set(row.facts["destination.country"]) for row in found)


def _own_url():
    return settings.DATABASE_URL.rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
