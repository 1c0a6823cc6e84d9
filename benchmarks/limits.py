"""What a reservation can cost at least: PostgreSQL alone, in the same minute as what is measured against it.

L1 takes from one row where it has room and adds one, in four round trips. L3 writes what a reservation has to write in
this schema, and judges nothing. Each over all licenses of a shelf, or on one line.
"""

from dataclasses import dataclass

from benchmarks.pgbench import CLIENTS, rate
from benchmarks.shelf import FIRST, Shelf

GROUND = """
    DROP TABLE IF EXISTS bench_line, bench_movement;
    CREATE TABLE bench_line (id int PRIMARY KEY, authorized bigint NOT NULL, reserved bigint NOT NULL);
    CREATE TABLE bench_movement (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(),
        line int NOT NULL, quantity bigint NOT NULL);
    INSERT INTO bench_line SELECT n, 1000000000000, 0 FROM generate_series(1, {number}) n;
    ANALYZE bench_line;

    CREATE SEQUENCE IF NOT EXISTS bench_seq;
    -- key, shipment with its line, balance, movement, history line, answer: what stays behind a reservation
    CREATE OR REPLACE FUNCTION bench_writes(which bigint) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        n text := 'L3-' || nextval('bench_seq');
        now_at timestamptz := legal_now();
        line licensing_licenseline;
        shipment_ bigint;
    BEGIN
        INSERT INTO core_idempotency (organization_id, key, fingerprint, content_type, body, created_at)
            SELECT l.exporter_id, n, repeat('0', 64), '', '', now_at
            FROM licensing_licenseline l WHERE l.id = {first} + which;
        INSERT INTO shipments_shipment (ref, exporter_id, license_id, client_reference, state, end_user_id,
                consignee_id, destination, port, planned_on, reserved_until, final, declaration_no, counted,
                created_by_id, created_at)
            SELECT n, l.exporter_id, l.id, n, 'reserved', u.party_id, c.party_id, l.destinations[1], 'CNSHA',
                legal_day(now_at), legal_day(now_at) + 30, false, '', true, {user}, now_at
            FROM licensing_license l JOIN licensing_licenseenduser u ON u.license_id = l.id
            JOIN licensing_license_consignees c ON c.license_id = l.id WHERE l.id = {first} + which
            RETURNING id INTO shipment_;
        INSERT INTO shipments_shipmentline (shipment_id, line_number, quantity, unit, hs_code, value, currency,
                composition, held, drawn, released, over_cleared)
            VALUES (shipment_, 1, 1, 'g', '', NULL, '', '{{}}', 1, 0, 0, 0);
        SELECT * INTO line FROM licensing_licenseline WHERE id = {first} + which FOR NO KEY UPDATE;
        PERFORM ledger_keep(ledger_post(line, 'reserve', 1, true, shipment_, n, now_at));
        INSERT INTO core_historyline (subject_kind, subject_id, subject_ref, seq, verb, from_state, to_state, actor_id,
                at, reason, edition, facts, previous_hash, hash)
            VALUES ('shipment', shipment_, n, 1, 'reserve', '', 'reserved', {user}, now_at, '', '', '{{}}', '',
                repeat('0', 64));
        UPDATE core_idempotency SET status = 201, content_type = 'application/json', body = repeat('0', 800)
            WHERE organization_id = line.exporter_id AND key = n;
    END;
    $$;
"""
L1 = """\\set id random(1, {most})
BEGIN;
UPDATE bench_line SET reserved = reserved + 1 WHERE id = :id AND reserved + 1 <= authorized RETURNING reserved;
INSERT INTO bench_movement (line, quantity) VALUES (:id, 1);
COMMIT;
"""
L3 = """\\set id random(1, {most})
SELECT bench_writes(:id);
"""


@dataclass(frozen=True)
class Limits:
    """Transactions a second over a shelf, or on one line of it."""

    most: int

    def l1(self, seconds: int, clients: int = CLIENTS) -> float:
        return rate(L1.format(most=self.most), seconds=seconds, clients=clients)

    def l3(self, seconds: int, clients: int = CLIENTS) -> float:
        return rate(L3.format(most=self.most), seconds=seconds, clients=clients)


def lay(shelf: Shelf) -> tuple[Limits, Limits]:
    """The ground of the limits stands: over the shelf, and on one line."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(GROUND.format(number=shelf.number, first=FIRST, user=shelf.user))
    return Limits(shelf.number), Limits(1)
