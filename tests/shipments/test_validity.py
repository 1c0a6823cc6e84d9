"""Days, suspensions and sweeps: validity holds with every worker dead; sweeps only make it visible."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.access import NOBODY
from core.access import clock as clock_actor
from core.deliveries import relay
from core.errors import DomainError, FourEyes
from core.history import lines_of
from core.legal_time import legal_today
from core.models import HistoryLine, Mail
from core.telling import told
from licensing import books, tasks
from licensing.actions import decisions, licenses
from licensing.models import License
from licensing.models.balances import LicenseLine, Movement
from shipments.actions import cancel, reserve
from shipments.models import Shipment
from shipments.tasks import lapse_reservations
from tests.make import seen

SHANGHAI = ZoneInfo("Asia/Shanghai")


def midnight_after(day):
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), SHANGHAI)


def code_of(call):
    with pytest.raises(DomainError) as refused:
        call()
    return refused.value.code


def test_the_last_second_of_the_last_day_counts_and_the_next_does_not(world, license, clock):
    """No sweep runs here: the state still says active."""
    end = midnight_after(license.usable_until)
    clock.set(end - timedelta(seconds=1))
    accepted = world.shipment(license, 1_000)
    assert accepted.state == "reserved"
    clock.set(end)
    assert License.objects.get().state == "active"
    planned = license.usable_until
    request = world.request(license, 1_000, planned_on=legal_today())
    with pytest.raises(DomainError) as refused:
        reserve(request, by=world.exporter)
    assert refused.value.code == "license-expired"
    assert refused.value.errors[0].message == f"The license's last day is {planned}. Use another license, or renew."
    assert Shipment.objects.count() == 1
    assert LicenseLine.objects.get().reserved == 1_000


def test_a_license_whose_first_day_is_ahead_is_not_yet_valid(world):
    signed = [world.declaration()]
    ref = world.under_review(world.application(by_whom=signed))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=12, by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    first = legal_today() + timedelta(days=30)
    license = decisions.issue(ref, seen=seen(ref), usable_from=first, by=world.ministry.decider)
    assert license.usable_from == first
    assert code_of(lambda: world.shipment(license, 1_000, planned_on=first)) == "not-yet-valid"


def test_whoever_suspended_does_not_end_it_himself(world):
    m, license = world.ministry, world.license(kilograms=100)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=m.decider)
    cause = license.suspensions.get()
    facts = {"suspension": cause.pk, "reason": "Cleared up"}
    lines = lines_of(license).count()
    with pytest.raises(FourEyes):
        licenses.lift(license.ref, seen=seen(license.ref), by=m.decider, **facts)
    cause.refresh_from_db()
    assert (cause.ended_at, lines_of(license).count()) == (None, lines)
    licenses.lift(license.ref, seen=seen(license.ref), by=m.other_decider, **facts)


def test_whoever_suspended_is_told_so_before_he_types_a_reason(world, client):
    license, m = world.license(kilograms=100), world.ministry
    licenses.suspend(license.ref, seen=seen(license.ref), reason="First inspection", by=m.decider)
    words, form = "You suspended it, so another officer ends it.", f'action="/desk/licenses/{license.ref}/lift/"'

    def page(actor):
        client.force_login(actor.user)
        return client.get(f"/desk/licenses/{license.ref}/").content.decode()

    assert words in page(m.decider)
    assert form not in page(m.decider)
    assert words not in page(m.other_decider)
    assert form in page(m.other_decider)
    assert f"Suspend {license.ref}" not in page(m.other_decider)
    assert f"Add this cause to {license.ref}" in page(m.other_decider)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Second", by=m.other_decider)
    lift = page(m.decider).partition(form)[2].partition("</form>")[0]
    assert "Second" in lift
    assert "First inspection" not in lift


def test_suspension_stops_reservations_at_once_and_lifting_one_cause_never_lifts_another(world):
    m, license = world.ministry, world.license(kilograms=100)
    held = world.shipment(license, 1_000)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=m.decider)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="A second finding", by=m.decider)
    assert code_of(lambda: world.shipment(license, 1_000)) == "license-suspended"
    first, second = license.suspensions.order_by("pk")
    licenses.lift(license.ref, seen=seen(license.ref), suspension=first.pk, reason="Cleared up", by=m.other_decider)
    assert code_of(lambda: world.shipment(license, 1_000)) == "license-suspended"
    licenses.lift(license.ref, seen=seen(license.ref), suspension=second.pk, reason="Cleared up", by=m.other_decider)
    assert world.shipment(license, 1_000).state == "reserved"
    assert world.clear(held.ref, 1_000).incidents == []


def test_what_is_reserved_stays_clearable_while_suspended(world, license):
    held = world.shipment(license, 1_000)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    receipt = world.clear(held.ref, 1_000)
    assert receipt.shipment.state == "cleared"
    assert [i.kind for i in receipt.incidents] == ["license_not_usable"]
    assert LicenseLine.objects.get().drawn == 1_000


def test_what_is_cancelled_while_suspended_is_there_again_when_that_ends(world):
    m, license = world.ministry, world.license(kilograms=100)
    held = world.shipment(license, 30_000)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=m.decider)
    cancel(held.ref, by=world.exporter)
    line = LicenseLine.objects.get()
    assert (line.available, line.lapsed) == (100_000, 0)
    assert not Movement.objects.filter(kind=Movement.Kind.LAPSE).exists()
    cause = license.suspensions.get().pk
    licenses.lift(license.ref, seen=seen(license.ref), suspension=cause, reason="Cleared up", by=m.other_decider)
    assert License.objects.get().state == "active"
    assert world.shipment(license, 100_000).state == "reserved"


def test_a_late_message_about_a_lawful_declaration_takes_the_lapse_back(world, license, clock):
    """Customs declared in time; the reservation lapsed and the license expired before the message came."""
    held = world.shipment(license, 40_000)
    moment = held.created_at + timedelta(seconds=1)
    clock.shift(days=400)
    assert (lapse_reservations(), tasks.expire_licenses()) == (1, 1)
    line = LicenseLine.objects.get()
    assert (line.reserved, line.lapsed, line.available) == (0, 100_000, 0)
    receipt = world.clear(held.ref, 40_000, declared_at=moment, cleared_at=moment)
    assert receipt.incidents == []
    line.refresh_from_db()
    assert (line.drawn, line.lapsed, line.over_cleared) == (40_000, 60_000, 0)
    assert books.drift() == []


def test_expiry_lapses_the_rest_and_leaves_open_reservations_clearable(world, license, clock):
    clock.set(midnight_after(license.usable_until) - timedelta(hours=1))
    held = world.shipment(license, 30_000)
    clock.set(midnight_after(license.usable_until))
    assert tasks.expire_licenses() == 1
    assert tasks.expire_licenses() == 0
    license.refresh_from_db()
    line = LicenseLine.objects.get()
    assert (license.state, line.reserved, line.lapsed, line.open) == ("expired", 30_000, 70_000, False)
    world.clear(held.ref, 29_000, declared_at=midnight_after(license.usable_until) - timedelta(minutes=1))
    line.refresh_from_db()
    assert (line.reserved, line.drawn, line.lapsed) == (0, 29_000, 71_000)
    assert books.drift() == []


def test_the_history_says_which_line_is_the_clocks(world, license, clock):
    clock.set(midnight_after(license.usable_until) - timedelta(days=1))
    tasks.warn_of_ends()
    clock.set(midnight_after(license.usable_until))
    tasks.expire_licenses()
    lines = [(line.actor_name == "the system", line.by_clock, line.moved) for line in told(lines_of(license), NOBODY)]
    assert lines == [(False, False, False), (True, True, False), (True, True, True)]


def test_expire_before_the_end_does_nothing(world, license):
    assert licenses.expire(license.pk, by=clock_actor()) is False
    assert License.objects.get().state == "active"


def test_reservations_lapse_after_thirty_days(world, license, clock):
    shipment = world.shipment(license, 10_000)
    assert shipment.reserved_until == shipment.planned_on + timedelta(days=30)
    clock.set(midnight_after(shipment.reserved_until) - timedelta(seconds=5))
    assert lapse_reservations() == 0
    clock.set(midnight_after(shipment.reserved_until))
    assert (lapse_reservations(), lapse_reservations()) == (1, 0)
    shipment.refresh_from_db()
    assert (shipment.state, LicenseLine.objects.get().available) == ("expired", 100_000)
    assert shipment.lines.get().held == 0


def test_holders_are_warned_once_for_each_threshold_by_a_mail(world, clock, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    license = world.license(kilograms=100)
    relay()
    Mail.objects.all().delete()
    days_ahead = {}
    for left in (151, 150, 91, 90, 60, 30, 7, 3):
        clock.set(midnight_after(license.usable_until - timedelta(days=left)) - timedelta(hours=2))
        days_ahead[left] = (tasks.warn_of_ends(), tasks.warn_of_ends())
    assert days_ahead == {left: (int(left in (150, 90, 30, 7)), 0) for left in days_ahead}
    relay()
    subjects = list(Mail.objects.order_by("pk").values_list("subject", flat=True))
    assert subjects == [f"{license.ref}: ends within {days} days" for days in (150, 90, 30, 7)]
    mail = Mail.objects.order_by("pk").last()
    assert mail.recipients == world.exporter.user.email
    assert f"/licenses/{license.ref}/" in mail.body


def test_sweeps_act_as_the_clock(world, license, clock):
    clock.set(midnight_after(license.usable_until))
    tasks.expire_licenses()
    line = HistoryLine.objects.get(subject_kind="license", verb="expire")
    assert line.actor.nature == "clock"
