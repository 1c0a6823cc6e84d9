"""The one way to take a row."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from core.errors import NotFound
from core.locks import lock, lock_all
from exporters.models import Party
from exporters.selectors import parties_for
from tests import make


def test_a_row_that_the_actor_does_not_see_is_not_found_and_not_locked(world):
    declaration = world.declaration()
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    with transaction.atomic(), pytest.raises(NotFound):
        lock(parties_for(stranger), ref=declaration.end_user.ref)


def test_the_lock_leaves_room_for_a_child_and_the_order_is_that_of_the_keys(world):
    first, second = world.declaration().end_user, world.declaration().end_user
    with (
        transaction.atomic(),
        CaptureQueriesContext(
            connection,
        ) as queries,
    ):
        assert lock_all(Party.objects.filter(pk__in=[second.pk, first.pk]).order_by("-pk")) == [first, second]
    (taken,) = [query["sql"] for query in queries if "FOR " in query["sql"]]
    assert taken.endswith('ORDER BY "exporters_party"."id" ASC FOR NO KEY UPDATE')
