"""What builders leave is put back as it was made, where a test begins as another one did, and nowhere else."""

import pytest
from django.db import transaction

from core.models import User
from tests import again, make
from tests.again import begun


def tried(world, then, do):
    """What the test does from the beginning, in a world that is put back after it."""
    begun.at(then)
    before = transaction.savepoint()
    said = do(world)
    transaction.savepoint_rollback(before)
    return said


def all_rows():
    return {name: again._rows(name) for name in again._order()}


def licensed(world):
    """With a shipment that crossed in part: rows that came, and rows that a later step changed."""
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 40_000)
    world.clear(shipment.ref, 30_000)
    return license.ref, license.end_users.get().pk, shipment.ref, all_rows()


def sold(world):
    return world.license(kilograms=100).ref


@pytest.fixture
def then(world):
    """Made twice, and kept."""
    then = {}
    first, second = (tried(world, then, sold) for _ in range(2))
    assert first != second and tried(world, then, sold) == second
    return then


def test_what_is_put_back_is_what_was_made_row_by_row(world):
    """Each of the three steps is kept when it is made for the second time after what was kept before."""
    then = {}
    *_, made, put = (tried(world, then, licensed) for _ in range(6))
    assert made == put
    assert put[:3] != tried(world, {}, licensed)[:3]


def test_after_anything_else_was_written_it_is_made(world, then):
    def written(world):
        User.objects.filter(pk=world.exporter.user.pk).update(name="Otherwise")
        return sold(world)

    assert tried(world, then, written) != tried(world, then, sold)


def test_where_a_setting_or_a_function_is_another_it_is_made(world, then, settings, monkeypatch):
    kept = tried(world, then, sold)
    with monkeypatch.context() as patched:
        patched.setattr(make, "unique", make.unique)
        begun.patches = patched
        assert tried(world, then, sold) != kept
    begun.patches = monkeypatch
    assert tried(world, then, sold) == kept
    settings.INTENT_DAYS = 9
    assert tried(world, then, sold) != kept


def test_on_another_day_or_with_other_arguments_it_is_made(world, then, on):
    kept = tried(world, then, sold)
    assert tried(world, then, lambda world: world.license(kilograms=101).ref) != kept
    on("2026-03-02")
    assert tried(world, then, sold) != kept


def test_what_can_change_is_no_word_of_an_argument(world):
    with pytest.raises(TypeError):
        again._words([lambda: 1])
    assert again._words({"a": [world.exporter.user]}) == (("a", (("core.User", world.exporter.user.pk),)),)
