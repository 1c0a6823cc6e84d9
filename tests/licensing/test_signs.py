"""What a movement does to the balances of its account, and what is left of one: said once, and the same in Python."""

import json
from random import Random

import pytest
from django.db import IntegrityError, connection, transaction

from licensing.models.balances import AMOUNTS, Ceiling, LicenseLine, Movement

# kind → which balance it changes by which sign (docs/ledger.md), and so where it came out of a reservation
CHANGES = {
    "authorize": {"authorized": 1},
    "credit": {"credited": 1},
    "tolerance": {"tolerance": 1},
    "reserve": {"reserved": 1},
    "release": {"reserved": -1},
    "draw": {"drawn": 1},
    "over_clear": {"over_cleared": 1},
    "adjust": {"drawn": 1},
    "lapse": {"lapsed": 1},
    "unlapse": {"lapsed": -1},
    "carry": {"authorized": -1},
    "pass_on": {"authorized": -1},
}
OF_HELD = CHANGES | {"draw": {"drawn": 1, "reserved": -1}, "adjust": {"drawn": 1, "reserved": -1}}


def asked(sql: str, *values: object) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchone())


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("kind", Movement.Kind.values)
def test_a_movement_of_each_kind_changes_what_the_table_says(kind, held, license):
    due = {amount: (OF_HELD if held else CHANGES)[kind].get(amount, 0) for amount in AMOUNTS}
    for amount, sign in due.items():
        assert asked("SELECT ledger_sign(%s, %s, %s)", amount, kind, held) == [sign]
    line = license.lines.get()
    posted = "ledger_post(l, %s, 7, %s, NULL, NULL, now()) AS p FROM licensing_licenseline l WHERE id = %s OFFSET 0"
    balances = ", ".join(f"(p).{amount}" for amount in AMOUNTS)
    *after, left = asked(f"SELECT {balances}, ledger_available(p) FROM (SELECT {posted}) _", kind, held, line.pk)
    assert after == [getattr(line, amount) + 7 * sign for amount, sign in due.items()]
    assert [left] == asked("SELECT %s + 7 * ledger_sign_left(%s, %s)", line.available, kind, held)


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("kind", Movement.Kind.values)
def test_so_it_does_of_a_ceiling_where_what_came_back_is_authorized(kind, held, license):
    due = (OF_HELD if held else CHANGES)[kind]
    line, begun = license.lines.get(), {"authorized": 900, "reserved": 99, "drawn": 99}
    Ceiling.objects.bulk_create([Ceiling(line=line, account="value", currency="CNY", **begun)])
    posted = "ledger_post_on(l, %s, %s, 7, %s, NULL, NULL, NULL, now()) FROM licensing_licenseline l WHERE l.id = %s"
    asked(f"SELECT {posted}", Ceiling.objects.get().pk, kind, held, line.pk)
    after = Ceiling.objects.get()
    assert after.authorized == 900 + 7 * (due.get("authorized", 0) + due.get("credited", 0))
    assert (after.reserved, after.drawn) == (99 + 7 * due.get("reserved", 0), 99 + 7 * due.get("drawn", 0))
    assert Movement.objects.get(account="value").available_after == after.available


@pytest.mark.django_db
def test_pages_count_what_is_left_as_the_ledger_does():
    draw = Random(1)
    line = (
        "SELECT ledger_available(l), ledger_used(l), ledger_room(l, false) FROM jsonb_populate_record(NULL::{}, %s) l"
    )
    ceiling = "SELECT ledger_available_on(c) FROM jsonb_populate_record(NULL::{}, %s) c"
    for _ in range(100):
        amounts = {amount: draw.randrange(1000) for amount in AMOUNTS} | {"final_pct": draw.choice([0, 500])}
        row = LicenseLine(**amounts)
        assert asked(line.format("licensing_licenseline"), json.dumps(amounts)) == [row.available, row.used, row.room]
        amounts = {amount: draw.randrange(1000) for amount in ("authorized", "reserved", "drawn")}
        assert asked(ceiling.format("licensing_ceiling"), json.dumps(amounts)) == [Ceiling(**amounts).available]


@pytest.mark.parametrize(("mode", "due"), [("none", [0, 0]), ("pct_line", [2, 0]), ("pct_remaining_final", [0, 250])])
@pytest.mark.django_db
def test_a_tolerance_is_of_the_line_or_of_what_remains(mode, due):
    assert asked("SELECT * FROM ledger_tolerated(%s, 2.5, 99)", mode) == due


def test_what_is_no_kind_is_not_posted(license):
    line = license.lines.get()
    posted = "UPDATE licensing_licenseline l SET over_cleared = (ledger_post(l, 'unlaps', 7, false, NULL, NULL, now()))"
    with pytest.raises(IntegrityError), transaction.atomic():
        asked(f"{posted}.over_cleared WHERE id = %s RETURNING 1", line.pk)
    line.refresh_from_db()
    assert not Movement.objects.filter(kind="unlaps").exists()
