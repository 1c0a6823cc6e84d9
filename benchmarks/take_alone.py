"""The ledger's function alone, in pgbench: what the schema and its guards cost without a line of Python."""

import json
from typing import Any

from benchmarks import peer
from benchmarks.limits import Limits, lay
from benchmarks.pgbench import rate
from benchmarks.rounds import SECONDS, compared
from benchmarks.shelf import FIRST, shelf_of

TARGETS = {
    "take_alone_spread": {"per_l1": 0.55, "per_pgledger": 1},
    "take_alone_hot": {"per_l1": 0.65, "per_pgledger": 1},
}
FLOORS = {"take_alone_spread": {"per_l1": 0.38}, "take_alone_hot": {"per_l1": 0.50}}
SCRIPT = """\\set id random(1, {most})
SELECT ledger_take(jsonb_build_object(
    'license', {first} + :id, 'end_user', {end_user}, 'consignee', {consignee}, 'destination', '{destination}',
    'port', 'CNSHA', 'planned_on', legal_day(legal_now()), 'shipment_ref', '',
    'lines', jsonb_build_array(jsonb_build_object('line', 1, 'quantity', 1, 'unit', 'g', 'hs', ''))), false);
"""


def take_alone_spread(world: Any) -> dict[str, Any]:
    return _of(world, lay(shelf_of(world))[0])


def take_alone_hot(world: Any) -> dict[str, Any]:
    return _of(world, lay(shelf_of(world))[1])


def _of(world: Any, limits: Limits) -> dict[str, Any]:
    script, beside = script_of(world, limits.most), {}
    if peer.FILES:
        peer.lay(limits.most)
        beside["pgledger"] = lambda: peer.transfers(limits.most, SECONDS)
    return compared(lambda: rate(script, seconds=SECONDS), l1=lambda: limits.l1(SECONDS), **beside)


def script_of(world: Any, most: int) -> str:
    """Of a client that takes a gram of one of the first `most` licenses of the shelf."""
    from django.db import connection

    from exporters.models import Party

    shelf = shelf_of(world)
    keys = dict(Party.objects.filter(ref__in=[shelf.end_user, shelf.consignee]).values_list("ref", "pk"))
    whom = {"end_user": keys[shelf.end_user], "consignee": keys[shelf.consignee], "destination": shelf.destination}
    script = SCRIPT.format(most=most, first=FIRST, **whom)
    with connection.cursor() as cursor:
        cursor.execute(script.partition("\n")[2].replace(":id", "1"))
        said = json.loads(cursor.fetchone()[0])
    if not said["accepted"]:
        raise RuntimeError(f"What is measured is refused: {said['failures']}")
    return script


MEASURES = {one.__name__: one for one in (take_alone_spread, take_alone_hot)}
