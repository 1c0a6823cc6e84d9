"""When what the rules closed is open again, as far as the editions known say so, and where that is told."""

from datetime import timedelta
from html import unescape

import pytest

from core.legal_time import day_start, legal_now, legal_today
from core.templatetags.lodestone import day, instant
from licensing import selectors
from licensing.actions import licenses
from licensing.models import License, Suspension
from licensing.selectors.verdicts import end_of
from tests import make
from tests.book import forbid
from tests.licensing.test_turns import another_line, government, turn, two
from tests.licensing.test_verdicts import ban
from tests.make import needs_of, seen

__all__ = ["two"]
pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
AGAIN = "by the rules approved so far"


def in_days(days):
    return day_start(legal_today() + days * DAY)


def undone(days, named="UNDO"):
    """The first edition's rules count again so many days from now."""
    return make.edition(lambda rules, document: None, named, in_days(days))


def read():
    """The license as pages read it: when it is open again, and when each of its causes ends."""
    (row,) = rows = list(selectors.with_balances(License.objects.select_related("application")))
    at = legal_now()
    selectors.foresee_ends(rows, selectors.closings(rows, at), at)
    return row.again_at, [cause.ends_at for cause in row.open_suspensions]


def suspended(license, world):
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)


# --- when it ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
def test_what_a_later_edition_undoes_ends_with_its_start(turned, license):
    make.edition(ban("DE"))
    if turned:
        turn(license)
    assert read() == (None, [None] * turned)
    undone(7)
    assert read() == (in_days(7), [in_days(7)] * turned)


def test_other_rules_that_prohibit_it_next_go_on(license):
    make.edition(ban("DE"))
    make.edition(forbid(country=["DE"]), "OTHER", in_days(3))
    turn(license)
    assert read() == (None, [None])
    undone(7)
    assert read() == (in_days(7), [in_days(7)])


def test_stretches_that_touch_have_the_end_of_the_last():
    at = legal_now()
    texts = [(at + days * DAY).isoformat() for days in range(5)]
    pairs = [{"from": texts[0], "until": texts[1]}, {"from": texts[1], "until": texts[2]}]
    later = [{"from": texts[3], "until": texts[4]}]
    assert end_of([*pairs, *later], at) == at + 2 * DAY
    assert end_of([*pairs, {"from": texts[2], "until": None}], at) is None
    assert end_of(later, at) == at


def test_the_first_line_that_is_open_again_opens_the_license(license):
    another_line({"item.control_code": "1C903.a.2"})
    make.edition(ban("DE"))
    turn(license)
    make.edition(
        lambda rules, _: rules["R033"].update(match={"item.element": ["Dy"]}, applies_to=["existing"]), "DY", in_days(2)
    )
    undone(7)
    assert read() == (in_days(2), [in_days(2)])


def test_the_first_end_user_who_is_open_again_opens_the_license(two):
    make.edition(ban("DE"))
    turn(two)
    make.edition(government, "GOVERNMENT", in_days(2))
    undone(7)
    assert read() == (in_days(2), [in_days(2), in_days(7)])


def test_a_license_that_is_open_for_somebody_is_open(two):
    make.edition(government)
    turn(two)
    undone(7)
    assert read() == (None, [in_days(7)])


def test_what_an_officer_closed_has_no_known_end(world, license):
    make.edition(ban("DE"))
    turn(license)
    suspended(license, world)
    undone(7)
    assert read() == (None, [in_days(7), None])


def test_an_end_user_who_is_closed_otherwise_opens_nothing(world, two):
    first, last = two.end_users.order_by("pk")
    facts = {"cause": "screening", "end_user": first, "opened_at": legal_now(), "reason": "?"}
    Suspension.objects.create(license=two, opened_by=world.ministry.reviewer.user, **facts)
    make.edition(ban("DE"))
    turn(two)
    make.edition(government, "GOVERNMENT", in_days(2))
    undone(7)
    assert read() == (in_days(7), [None, in_days(2), in_days(7)])
    type(last).objects.filter(pk=last.pk).update(open=False)
    assert read()[0] is None


def test_an_end_after_the_last_day_of_the_license_is_none_of_it(license):
    make.edition(ban("DE"))
    turn(license)
    undone(7)
    License.objects.update(usable_until=legal_today() + 7 * DAY)
    assert read()[0] == in_days(7)
    License.objects.update(usable_until=legal_today() + 6 * DAY)
    assert read()[0] is None


def test_what_no_turn_followed_yet_is_not_told_to_end(license, clock):
    make.edition(ban("DE"))
    turn(license)
    undone(1)
    clock.shift(days=2)
    assert read() == (None, [None])


def test_ends_are_read_in_as_many_queries_for_three_as_for_one(world, django_assert_num_queries):
    for _ in range(3):
        world.license(kilograms=100)
    rows, now = list(selectors.with_balances(License.objects.select_related("application"))), legal_now()
    with django_assert_num_queries(0):
        selectors.foresee_ends(rows, {}, now)
    make.edition(ban("DE"))
    for row in rows:
        turn(row)
    rows, now = list(selectors.with_balances(License.objects.select_related("application"))), legal_now()
    selectors.foresee_ends(rows, {}, now)
    for count in (1, 3):
        with django_assert_num_queries(2):
            selectors.foresee_ends(rows[:count], {}, now)


# --- where it is told -------------------------------------------------------------------------------------


def page(client, world, path):
    client.force_login(world.exporter.user)
    return " ".join(unescape(client.get(path).content.decode()).split())


@pytest.mark.parametrize("turned", [False, True])
def test_pages_of_a_license_that_the_rules_closed_say_when_it_is_open_again(turned, world, license, client):
    make.edition(ban("DE"))
    if turned:
        turn(license)
    paths = [f"/licenses/{license.ref}/", f"/shipments/new/?license={license.ref}", *["/shipments/new/"] * turned]
    assert not any(AGAIN in page(client, world, path).lower() for path in (*paths, "/"))
    undone(7)
    own, form, *choice = (page(client, world, path) for path in paths)
    assert f"By the rules approved so far until {instant(in_days(7))}." in own
    assert (f"the license can be used again from {day(in_days(7))} on" in own) is turned
    for text in (form, *choice):
        assert f"By the rules approved so far it can be used again from {day(in_days(7))} on." in text
    if turned:
        (need,) = [one for one in needs_of(world.exporter) if license.ref in one.title]
        assert need.text.endswith(f"by the rules approved so far it can again from {day(in_days(7))} on.")


def test_what_is_reserved_is_told_from_when_on_it_may_be_declared(world, license, client):
    path = f"/shipments/{world.shipment(license, 1_000).ref}/"
    make.edition(ban("DE"))
    turn(license)
    assert AGAIN not in page(client, world, path).lower()
    undone(7)
    assert f"it may be declared from {day(in_days(7))} on" in page(client, world, path)


def test_what_is_in_a_grace_is_told_until_when_alone(world, license, client):
    path, last = f"/shipments/{world.shipment(license, 1_000).ref}/", legal_today() + 3 * DAY
    make.edition(ban("DE", transition={"until": str(last)}))
    turn(license)
    undone(7)
    text = page(client, world, path)
    assert f"Declare it to customs by {day(last)}." in text and "it may be declared from" not in text
