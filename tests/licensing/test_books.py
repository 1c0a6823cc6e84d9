"""The books: whoever changes the ledger's tables by hand, with whatever rights, is found, and the line is named."""

import itertools
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from functools import partial
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction

from core import upgrades
from core.errors import DomainError
from core.history import open_verbs
from licensing import books, tasks
from licensing.actions import licenses
from licensing.models import License
from licensing.models.balances import LicenseLine, LineCheck, Movement
from shipments.actions import ClearedLine, LineRequest, cancel, officers, receive
from shipments.models import Shipment
from tests import make
from tests.licensing.test_amendments import replaced
from tests.make import seen, tolerance

KG = 1000
AMOUNTS = ("authorized", "credited", "tolerance", "reserved", "drawn", "lapsed", "over_cleared")

# A chain hashed anew, and the line with it: what somebody does who knows how.
ANEW = """
    DO $$ DECLARE m licensing_movement; line licensing_licenseline;
    BEGIN
        SELECT * INTO line FROM licensing_licenseline WHERE id = {line};
        line.chain_digest := ''; line.chain_seq := 0;
        FOR m IN SELECT * FROM licensing_movement WHERE line_id = {line} ORDER BY seq LOOP
            line.chain_seq := {number};
            UPDATE licensing_movement SET seq = line.chain_seq WHERE id = m.id;
            m.seq := line.chain_seq;
            line.chain_digest := ledger_digest(line.chain_digest, m);
            UPDATE licensing_movement SET digest = line.chain_digest WHERE id = m.id;
        END LOOP;
        UPDATE licensing_licenseline SET chain_seq = line.chain_seq, chain_digest = line.chain_digest WHERE id = {line};
    END $$
"""
NEXT, KEPT = "line.chain_seq + 1", "m.seq"  # numbered anew, too, or as it was


@pytest.fixture
def lived(world):
    """A license with every kind of account on which something happened, and another that is used up."""
    given = {"values": {1: Decimal("1000.00")}, "tolerance": tolerance("pct_line", "5")}
    license = world.license(kilograms=100, users=2, allotted=[60 * KG], **given)
    paid = [LineRequest(1, 10 * KG, "kg", value=Decimal("100.00"), currency="CNY")]
    world.shipment(license, lines=paid)
    world.clear(world.shipment(license, lines=paid).ref, 9 * KG)
    cancel(world.shipment(license, lines=paid).ref, by=world.exporter)
    world.shipment(license, lines=paid)
    return license


@pytest.fixture
def used_up(world):
    license = world.license(kind="per_shipment", kilograms=50)
    world.clear(world.shipment(license, 49 * KG).ref, 48 * KG, declaration_no="530120260000000077")
    license.refresh_from_db()
    assert license.state == "exhausted"
    return license


def forged(*statements: str, whole: bool = True) -> list[books.Drift] | None:
    """What is found after the owner did this with the triggers off; undone again. None: a constraint refused it."""
    with transaction.atomic(), connection.cursor() as owner:
        owner.execute("ALTER TABLE licensing_movement DISABLE TRIGGER USER")
        try:
            with transaction.atomic():
                for statement in statements:
                    owner.execute(statement)
                found: list[books.Drift] | None = books.drift(whole=whole)
        except IntegrityError:
            found = None
        transaction.set_rollback(True)
    return found


def forgeries(license: License) -> list[tuple[str, list[str]]]:
    """By name, what somebody does who writes the ledger's tables as their owner."""
    line = LicenseLine.objects.get(license=license)
    anew = ANEW.format(line=line.pk, number=NEXT)
    found: list[tuple[str, list[str]]] = []
    mine = f"UPDATE licensing_licenseline SET {{}} WHERE id = {line.pk}"
    for amount in AMOUNTS:
        found += [(f"balance {amount} {by}", [mine.format(f"{amount} = {amount} + {by}")]) for by in (1, 7)]
    for account in ("value", "allotment") if line.capped else ():
        for amount in ("authorized", "reserved", "drawn"):
            statement = f"UPDATE licensing_ceiling SET {amount} = {amount} + 1 WHERE account = '{account}'"
            found.append((f"{account} {amount}", [f"{statement} AND line_id = {line.pk}"]))
        found.append((f"no {account}", [f"DELETE FROM licensing_ceiling WHERE account = '{account}'"]))
    rows = list(Movement.objects.filter(line_id=line.pk).order_by("seq"))
    last = rows[-1].seq
    for row in rows:
        this = f"WHERE id = {row.pk[0]}"
        for by in (1, -1):
            changed = f"UPDATE licensing_movement SET quantity = quantity + {by} {this}"
            found.append((f"movement {row.seq} {by}", [changed]))
            found.append((f"movement {row.seq} {by}, hashed anew", [changed, anew]))
            if row.account == "quantity":
                whole = books_after(line, row, by)
                found.append((f"movement {row.seq} {by} with its balance", [changed, mine.format(whole)]))
                found.append((f"movement {row.seq} {by} with its balance, anew", [changed, mine.format(whole), anew]))
        for change in (
            "shipment_id = coalesce(shipment_id, 0) + 1",
            "available_after = available_after + 1",
            "at = at - interval '1 hour'",
        ):
            found.append((f"movement {row.seq}: {change}", [f"UPDATE licensing_movement SET {change} {this}"]))
        gone = f"DELETE FROM licensing_movement {this}"
        found.append((f"without movement {row.seq}", [gone]))
        found.append((f"without movement {row.seq}, hashed anew", [gone, anew]))
        if row.account == "quantity":
            whole = books_after(line, row, -row.quantity)
            found.append((f"without movement {row.seq}, with its balance", [gone, mine.format(whole)]))
            found.append((f"without movement {row.seq}, with its balance, anew", [gone, mine.format(whole), anew]))
        slipped = (
            "INSERT INTO licensing_movement (id, at, exporter_id, license_id, line_id, line_number, kind, quantity,"
            " held, shipment_id, shipment_ref, available_after, account, end_user_id, seq, digest, transaction)"
            " SELECT nextval('licensing_movement_seq'), at, exporter_id, license_id, line_id, line_number, kind,"
            f" quantity, held, shipment_id, shipment_ref, available_after, account, end_user_id, {{}}, digest, 1"
            f" FROM licensing_movement {this}"
        )
        found.append((f"{row.seq} twice", [slipped.format(last + 1)]))
        found.append((f"{row.seq} twice, unchained", [slipped.format("NULL")]))
        found.append((f"{row.seq} twice, hashed anew", [slipped.format(last + 1), anew]))
        if row.account == "quantity":
            whole = books_after(line, row, row.quantity)
            found.append(
                (f"{row.seq} twice, with its balance, anew", [slipped.format(last + 1), mine.format(whole), anew])
            )
    head = mine.format(
        f"chain_seq = {last - 1}, chain_digest = (SELECT digest FROM licensing_movement WHERE line_id ="
        f" {line.pk} AND seq = {last - 1})"
    )
    tail = f"DELETE FROM licensing_movement WHERE line_id = {line.pk} AND seq = {last}"
    found.append(("tail cut", [tail]))
    found.append(("tail cut, and the line says so", [tail, head]))
    found.append(("the line alone says so", [head]))
    return found


def books_after(line: LicenseLine, row: Movement, by: int) -> str:
    """The balance that goes with a movement of so much more."""
    match row.kind:
        case "authorize":
            return f"authorized = authorized + {by}"
        case "tolerance":
            return f"tolerance = tolerance + {by}"
        case "reserve":
            return f"reserved = reserved + {by}"
        case "release":
            return f"reserved = reserved - {by}"
        case "draw":
            return f"drawn = drawn + {by}, reserved = reserved - {by if row.held else 0}"
        case "lapse":
            return f"lapsed = lapsed + {by}"
    raise AssertionError(row.kind)


@pytest.mark.slow
def test_each_forgery_of_the_owner_is_found_and_names_its_line(lived, used_up):
    assert books.drift() == []
    tried = [(license, *one) for license in (lived, used_up) for one in forgeries(license)]
    known = 0
    for license, name, statements in tried:
        found = forged(*statements)
        if found is None:
            continue
        known += 1
        assert {one.license for one in found} == {license.pk}, name
        assert {one.line for one in found} == set(license.lines.values_list("pk", flat=True)), name
    assert known >= 200
    assert books.drift() == []


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_balance_that_differs_from_its_movements_is_named_with_the_difference(amount, lived):
    line = LicenseLine.objects.get(license=lived)
    found = forged(f"UPDATE licensing_licenseline SET {amount} = {amount} + 7 WHERE id = {line.pk}")
    assert books.Drift(lived.pk, line.pk, amount, 7) in found


# What only one look finds: whoever forged this has made all else agree, the hashes too.


def only(license: License, *statements: str, number: str = NEXT) -> list[tuple[str, int]]:
    """What is found, and by how much or where, after the owner did this to the license's line and hashed it anew."""
    line = LicenseLine.objects.get(license=license)
    found = forged(*(one.format(line=line.pk) for one in statements), ANEW.format(line=line.pk, number=number))
    assert found is not None
    assert {(one.license, one.line) for one in found} <= {(license.pk, line.pk)}
    return [(one.what, one.off) for one in found]


def test_a_shipment_that_is_taken_out_of_ledger_and_shipments_leaves_a_gap(lived):
    cancelled = Shipment.objects.get(license=lived, state="cancelled")
    gone = list(Movement.objects.filter(shipment_id=cancelled.pk).order_by("seq").values_list("seq", flat=True))
    assert gone == list(range(gone[0], gone[-1] + 1))
    taken_out = (
        f"DELETE FROM licensing_movement WHERE shipment_id = {cancelled.pk}",
        f"DELETE FROM shipments_shipmentline WHERE shipment_id = {cancelled.pk}",
    )
    assert only(lived, *taken_out, number=KEPT) == [("chain", gone[-1] + 1)]


def test_a_movement_beside_the_chain_is_found(lived):
    beside = (
        "INSERT INTO licensing_movement (id, at, exporter_id, license_id, line_id, line_number, kind, quantity, held,"
        " shipment_ref, available_after, account, transaction)"
        " SELECT nextval('licensing_movement_seq'), at, exporter_id, license_id, line_id, line_number, 'draw', 1, true,"
        " '', 0, 'quantity', 1 FROM licensing_movement WHERE line_id = {line} AND seq = 1",
        "UPDATE licensing_licenseline SET drawn = drawn + 1, reserved = reserved - 1 WHERE id = {line}",
    )
    line = LicenseLine.objects.get(license=lived)
    beside = [one.format(line=line.pk) for one in beside]
    kinds = {"chain", "head", "beside the chain", "movements of nothing"}
    assert {(one.line, one.what) for one in forged(*beside) or []} == {(line.pk, kind) for kind in kinds}
    assert books.check(whole=True) == {}  # and from here on
    assert (line.pk, "chain") in {(one.line, one.what) for one in forged(*beside, whole=False) or []}


def test_a_line_without_any_movement_is_named(lived):
    line = LicenseLine.objects.get(license=lived).pk
    gone = forged(f"DELETE FROM licensing_movement WHERE line_id = {line}") or []
    assert (line, "authorized") in {(one.line, one.what) for one in gone}


@pytest.mark.parametrize("seq", [0, -1])
def test_a_movement_before_the_first_of_its_chain_is_found(seq, lived):
    line = LicenseLine.objects.get(license=lived).pk
    before = (
        "INSERT INTO licensing_movement (id, at, exporter_id, license_id, line_id, line_number, kind, quantity, held,"
        " shipment_id, shipment_ref, available_after, account, transaction, seq, digest)"
        " SELECT nextval('licensing_movement_seq'), at, exporter_id, license_id, line_id, line_number, 'draw', 1, true,"
        f" shipment_id, shipment_ref, 0, 'quantity', transaction, {seq}, '' FROM licensing_movement"
        f" WHERE line_id = {line} AND kind = 'reserve' ORDER BY seq LIMIT 1",
        f"UPDATE licensing_licenseline SET drawn = drawn + 1, reserved = reserved - 1 WHERE id = {line}",
    )
    assert books.check(whole=True) == {}
    for whole in (True, False):
        assert (line, "chain") in {(one.line, one.what) for one in forged(*before, whole=whole) or []}


@pytest.mark.parametrize("account", ["value", "allotment"])
def test_a_ceiling_that_was_never_granted_is_found_though_its_movements_say_it(account, lived):
    mine = f"WHERE account = '{account}' AND line_id = {{line}}"
    more = (
        f"UPDATE licensing_ceiling SET authorized = authorized + 500 {mine}",
        f"UPDATE licensing_movement SET quantity = quantity + 500 {mine} AND kind = 'authorize'",
        f"UPDATE licensing_movement SET available_after = available_after + 500 {mine}",
    )
    assert only(lived, *more) == [(f"{account} not as granted", 500)]


def test_what_was_left_after_a_movement_is_walked_anew(lived):
    more = "UPDATE licensing_movement SET available_after = available_after + 1 WHERE line_id = {line} AND seq = 5"
    assert only(lived, more) == [("what was left after a movement", 5)]


def test_a_tolerance_of_what_remained_is_walked_anew(world):
    license = world.license(kilograms=100, tolerance=tolerance("pct_remaining_final", "5"))
    world.shipment(license, 10 * KG, final=True)
    more = (
        "UPDATE licensing_movement SET quantity = quantity + 1 WHERE line_id = {line} AND kind = 'tolerance'",
        "UPDATE licensing_licenseline SET tolerance = tolerance + 1 WHERE id = {line}",
    )
    seq = Movement.objects.get(license_id=license.pk, kind="tolerance").seq
    assert only(license, *more) == [("what was left after a movement", seq)]


def mended(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as owner:
        owner.execute("ALTER TABLE licensing_movement DISABLE TRIGGER USER")
        owner.execute(statement, values)
        owner.execute("ALTER TABLE licensing_movement ENABLE TRIGGER USER")


def test_a_license_whose_books_differ_is_stopped_once_and_goes_on_when_they_agree(world, lived):
    line = LicenseLine.objects.get(license=lived)
    assert tasks.reconcile_ledger(whole=True) == 0
    mended("UPDATE licensing_licenseline SET drawn = drawn + 1 WHERE id = %s", line.pk)
    assert tasks.reconcile_ledger(whole=True) == 1
    assert tasks.reconcile_ledger(whole=True) == 1
    cause = lived.suspensions.get()
    assert (cause.cause, cause.ended_at) == ("ledger", None)
    assert "drawn" not in cause.reason
    lived.refresh_from_db()
    assert lived.state == "suspended"
    with pytest.raises(DomainError) as refused:
        world.shipment(lived, lines=[LineRequest(1, KG, "kg", value=Decimal(1), currency="CNY")])
    assert refused.value.code == "license-suspended"
    end = {"suspension": cause.pk, "reason": "Mended", "by": world.ministry.decider}
    with pytest.raises(DomainError) as refused:
        licenses.lift(lived.ref, seen=seen(lived.ref), **end)
    assert refused.value.code == "books-differ"
    mended("UPDATE licensing_licenseline SET drawn = drawn - 1 WHERE id = %s", line.pk)
    licenses.lift(lived.ref, seen=seen(lived.ref), **end)
    lived.refresh_from_db()
    assert lived.state == "active"


def test_a_look_goes_on_where_the_last_one_ended(world, lived):
    line = LicenseLine.objects.get(license=lived)
    assert books.check(whole=False) == {}
    assert LineCheck.objects.get(line=line).seq == line.chain_seq
    assert list(books.moved()) == []
    early = Movement.objects.filter(line_id=line.pk, kind="tolerance").get()
    mended("UPDATE licensing_movement SET available_after = 0 WHERE id = %s", early.pk[0])
    world.shipment(lived, lines=[LineRequest(1, KG, "kg", value=Decimal(1), currency="CNY")])
    assert list(books.moved()) == [([lived.pk], None)]
    assert books.check(whole=False) == {}  # it was right when it was looked at
    assert [one.what for one in books.check(whole=True)[lived.pk]] == ["chain", "what was left after a movement"]


def test_a_line_that_differs_is_looked_at_again_from_the_same_place(world, lived):
    books.check(whole=False)
    before = LineCheck.objects.get(line__license=lived).seq
    world.shipment(lived, lines=[LineRequest(1, KG, "kg", value=Decimal(1), currency="CNY")])
    mended("UPDATE licensing_movement SET available_after = 0 WHERE seq = %s AND license_id = %s", before + 1, lived.pk)
    for _ in range(2):
        assert [one.what for one in books.check(whole=False)[lived.pk]] == ["chain"]
    assert LineCheck.objects.get(line__license=lived).seq == before


def test_what_does_not_agree_above_is_told_too(lived):
    found = forged("UPDATE shipments_shipmentline SET drawn = drawn + 1")
    assert found
    assert {one.what.split()[-1] for one in found} == {"drawn", "crossed"}


def test_an_ended_license_whose_books_differ_is_told_and_stays_as_it_is(used_up, caplog):
    mended("UPDATE licensing_licenseline SET drawn = drawn - 1 WHERE license_id = %s", used_up.pk)
    assert tasks.reconcile_ledger(whole=True) == 1
    assert [said.message for said in caplog.records] == ["ledger drift"]  # and no failed attempt at stopping it
    assert not used_up.suspensions.exists()


def test_what_is_reserved_on_a_replaced_license_whose_books_differ_is_stopped_until_they_agree(world, client):
    license = world.license(kilograms=100)
    reserved, decider = world.shipment(license, 10 * KG), world.ministry.decider
    replaced(world, license, 80)
    line = LicenseLine.objects.get(license=license)
    assert "lift" not in open_verbs(License.objects.get(pk=license.pk), decider)
    mended("UPDATE licensing_licenseline SET authorized = authorized + 1 WHERE id = %s", line.pk)
    assert tasks.reconcile_ledger(whole=True) == tasks.reconcile_ledger(whole=True) == 2  # its successor's do, too
    cause = license.suspensions.get()
    assert (cause.cause, License.objects.get(pk=license.pk).state) == ("ledger", "replaced")
    client.force_login(world.exporter.user)
    page = client.get(f"/licenses/{license.ref}/").content.decode()
    assert "What is only reserved here must not be declared now" in page
    assert "compares what is booked on it, line by line" in page
    assert "Do not declare it to customs now." in client.get(f"/shipments/{reserved.ref}/").content.decode()
    client.force_login(decider.user)
    assert (
        "still may be declared again when no cause is open"
        in client.get(f"/desk/licenses/{license.ref}/").content.decode()
    )
    end = {"suspension": cause.pk, "reason": "Mended", "by": decider}
    with pytest.raises(DomainError) as refused:
        licenses.lift(license.ref, seen=seen(license.ref), **end)
    assert refused.value.code == "books-differ"
    mended("UPDATE licensing_licenseline SET authorized = authorized - 1 WHERE id = %s", line.pk)
    licenses.lift(license.ref, seen=seen(license.ref), **end)
    successor = License.objects.get(replaces=license)
    licenses.lift(successor.ref, seen=seen(successor.ref), **end | {"suspension": successor.suspensions.get().pk})
    assert License.objects.get(pk=license.pk).state == "replaced"
    assert "lift" not in open_verbs(License.objects.get(pk=license.pk), decider)
    assert receive(world.message(reserved.ref, "declared"), by=world.customs).incidents == []


def test_a_replaced_license_on_which_nothing_is_reserved_is_told_and_stays_as_it_is(world):
    license = world.license(kilograms=100)
    world.clear(world.shipment(license, 10 * KG).ref, 10 * KG)
    replaced(world, license, 80)
    mended("UPDATE licensing_licenseline SET drawn = drawn - 1 WHERE license_id = %s", license.pk)
    assert tasks.reconcile_ledger(whole=True) == 1
    assert not license.suspensions.exists()


def test_a_line_of_before_the_chain_agrees_and_is_chained_from_its_next_movement_on(world):
    license = world.license(kilograms=100)
    world.clear(world.shipment(license, 10 * KG).ref, 9 * KG)
    mended("UPDATE licensing_movement SET seq = NULL, digest = NULL, transaction = 0")
    mended("UPDATE licensing_licenseline SET chain_seq = 0, chain_digest = ''")
    assert books.drift() == []
    world.shipment(license, KG)
    assert LicenseLine.objects.get().chain_seq == 1
    assert books.drift() == []


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE shipments_resolution SET quantity = quantity - 1", "crossed"),
        ("UPDATE shipments_returnedline SET quantity = quantity - 1", "returned"),
        ("UPDATE shipments_return SET approved = false", "credited"),
    ],
)
def test_what_customs_or_an_officer_never_said_is_found(world, statement, what):
    """The ledger believes the application of how much crossed, came back and was approved; the record says it."""
    license = world.license(kilograms=100)
    shipment = world.shipment(license, 50 * KG)
    world.clear(shipment.ref, 40 * KG)
    message = world.message(shipment.ref, "returned", reimport_no="530120269000000001", grams=0)
    receive(replace(message, lines=[ClearedLine(1, 10 * KG, "kg")]), by=world.customs)
    row = shipment.returns.get()
    said = {"seen": seen(shipment.ref), "which": row.pk, "reason": "Looked at", "by": world.ministry.decider}
    officers.approve_return(shipment.ref, **said)
    assert books.drift() == []
    with connection.cursor() as owner:
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("shipments_resolution", "shipments_returnedline"):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        owner.execute(statement)
    assert f"shipment {shipment.pk} {what}" in [one.what for one in books.drift()]


def everything() -> set[tuple[object, ...]]:
    """What one statement over all says, of licenses and of pools."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pool_id, what, off::bigint FROM pool_drift(NULL, true)")
        of_pools = set(cursor.fetchall())
    return {(one.license, one.line, one.what, one.off) for one in books.drift()} | of_pools


def in_pieces() -> set[tuple[object, ...]]:
    """What the nightly look says, piece by piece."""
    found = [one for some in books.check(whole=True).values() for one in some]
    of_pools = [(one.pool, one.what, one.off) for one in books.check_pools(whole=True)]
    assert len(of_pools) == len(set(of_pools))  # each movement is in one piece
    return {(one.license, one.line, one.what, one.off) for one in found} | set(of_pools)


SPREAD = (  # something wrong everywhere, also where no license is, or none any more
    "UPDATE licensing_licenseline SET tolerance = tolerance + 1",
    "UPDATE licensing_movement SET available_after = available_after + 1 WHERE seq = 2",
    "UPDATE licensing_movement SET license_id = license_id + 10000 WHERE kind = 'draw' AND held",
    "UPDATE licensing_movement SET license_id = -license_id WHERE seq = 4",
    "UPDATE licensing_movement SET license_id = license_id + 1 WHERE seq = 3",
    "UPDATE shipments_shipmentline SET held = held + 1",
    "UPDATE licensing_poolmovement SET gross = gross + 1 WHERE seq IN (2, 3, 6)",
    "UPDATE licensing_poolmovement SET used_after = used_after + 1 WHERE seq = 5",
    "DELETE FROM licensing_poolmovement WHERE seq IN (4, 8)",
    "UPDATE licensing_poolmovement SET license_id = license_id + 1 WHERE seq = 7",
    "UPDATE licensing_quotapool SET chain_seq = 6",
)


@pytest.mark.slow
@pytest.mark.parametrize("piece", [1, 2, 5, 100])
def test_what_is_looked_at_in_pieces_is_what_is_looked_at_at_once(piece, world, lived, used_up, monkeypatch):
    make.pool(world.ministry, "Q-MAG", 900, measure="gross", element="", category="magnet")
    for _ in range(4):
        world.clear(world.shipment(world.license(kilograms=100), 10 * KG).ref, 9 * KG)
    monkeypatch.setattr(books, "PIECE", piece)
    monkeypatch.setattr(books, "LICENSES", max(2, piece // 2))
    assert in_pieces() == everything() == set()
    for statement in SPREAD:
        mended(statement)
    found = everything()
    assert len({license for license, *_ in found}) > 6
    assert in_pieces() == found
    assert in_pieces() == found  # and again: nothing is kept of what differs


def test_what_can_not_be_looked_at_is_told_and_the_rest_is_looked_at(world, lived, used_up, monkeypatch, caplog):
    monkeypatch.setattr(books, "LICENSES", 1)
    mended("UPDATE licensing_licenseline SET tolerance = tolerance + 1")
    look, seen = books.check_some, []

    def fails_first(some, *, whole):
        seen.append(some)
        if len(seen) == 1:
            raise OperationalError("statement timeout")
        return look(some, whole=whole)

    monkeypatch.setattr(books, "check_some", fails_first)
    assert tasks.reconcile_ledger(whole=True) == 1
    assert seen == [[lived.pk], [used_up.pk]]
    assert [said.licenses for said in caplog.records if said.message == "ledger look failed"] == [[lived.pk]]


def test_a_look_at_a_database_of_another_version_ends(world, lived, monkeypatch, caplog):
    def gone(*_, **named):
        raise ProgrammingError("column does not exist")

    monkeypatch.setattr(books, "check_some", gone)
    monkeypatch.setattr(upgrades, "explains", lambda error: isinstance(error, ProgrammingError))
    with pytest.raises(ProgrammingError):
        tasks.reconcile_ledger(whole=True)
    assert [said for said in caplog.records if said.message == "ledger look failed"] == []


def test_the_next_look_takes_what_has_moved_in_pieces_too(world, lived, used_up, monkeypatch):
    monkeypatch.setattr(books, "PIECE", 1)
    assert list(books.moved()) == [([lived.pk], lived.pk), ([used_up.pk], used_up.pk)]
    monkeypatch.setattr(books, "PIECE", 20_000)
    assert list(books.moved()) == [([lived.pk, used_up.pk], None)]
    monkeypatch.setattr(books, "LICENSES", 1)
    assert list(books.moved()) == [([lived.pk], lived.pk), ([used_up.pk], used_up.pk)]
    assert books.check(whole=False) == {}
    assert list(books.moved()) == []


def test_a_range_has_about_a_piece_of_movements_and_no_more_licenses_than_that(world, monkeypatch):
    made = [world.license(kilograms=100).pk for _ in range(5)]  # of one movement each
    monkeypatch.setattr(books, "PIECE", 2)
    assert list(books.ranges()) == [(made[:2], made[1]), (made[2:4], made[3]), (made[4:], made[4])]
    assert list(books.ranges(made[2])) == [(made[3:], made[4])]
    monkeypatch.setattr(books, "PIECE", 20_000)
    monkeypatch.setattr(books, "LICENSES", 3)
    assert list(books.ranges()) == [(made[:3], made[2]), (made[3:], made[4])]


def test_a_look_that_takes_long_goes_on_as_another_task(world, lived, used_up, monkeypatch, caplog, settings):
    pool = make.pool(world.ministry, "Q-MAG", 900, measure="gross", element="", category="magnet")
    world.shipment(world.license(kilograms=100), 10 * KG)
    for element in ("Dy", "Tb"):
        make.pool(world.ministry, f"Q-{element.upper()}", element=element)
    monkeypatch.setattr(books, "PIECE", 1)
    mended("UPDATE licensing_licenseline SET tolerance = tolerance + 1")
    mended("UPDATE licensing_poolmovement SET gross = gross + 1 WHERE pool_id = %s AND seq = 2", pool.pk)
    asked: list[tuple[str, ...]] = []
    for name in ("reconcile_ledger", "reconcile_pools"):
        later = partial(lambda name, *words: asked.append((name, *words)), name)
        monkeypatch.setattr(getattr(tasks, name), "delay", later)
    assert tasks.reconcile_ledger(whole=True) == 4  # in one go
    assert asked == []
    told = [(said.message, getattr(said, "license", ""), getattr(said, "pool", "")) for said in caplog.records]
    caplog.clear()
    settings.RUN_SECONDS = 0
    ticks = itertools.count()
    monkeypatch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: next(ticks)))  # a piece, and it was long
    wrong, runs = tasks.reconcile_ledger(whole=True), Counter()
    while asked:
        name, *words = asked.pop()
        wrong += getattr(tasks, name)(*words)
        runs[name] += 1
    assert wrong == 4
    assert min(runs["reconcile_ledger"], runs["reconcile_pools"]) > 1
    again = [(said.message, getattr(said, "license", ""), getattr(said, "pool", "")) for said in caplog.records]
    assert again == told
