-- The sweep over reservations: as those over licenses (licensing/sql/sweeps.sql).

-- Reservations whose last day is over have lapsed: reservations.lapse. What would end its license, or touches one that
-- the ledger does not release for many at once, is its verb's.
CREATE OR REPLACE FUNCTION shipment_lapse(most int, actor bigint, told boolean, OUT done int, OUT rest bigint[])
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    today date := legal_day(legal_now());
    ids bigint[];
    freed bigint[];
    now_at timestamptz;
BEGIN
    ids := ARRAY(SELECT s.id FROM shipments_shipment s JOIN licensing_license l ON l.id = s.license_id
                 WHERE s.state = 'reserved' AND s.reserved_until < today
                 ORDER BY s.reserved_until LIMIT most FOR NO KEY UPDATE OF l SKIP LOCKED);
    ids := ARRAY(SELECT s.id FROM shipments_shipment s WHERE s.id = ANY (ids) AND s.state = 'reserved'
                 ORDER BY s.id FOR NO KEY UPDATE SKIP LOCKED);
    SELECT r.shipments, r.at INTO freed, now_at FROM ledger_release_all(ARRAY(
        SELECT ROW(s.id, s.ref, s.license_id, s.counted, i.line_number, i.held)::ledger_held
        FROM shipments_shipment s JOIN shipments_shipmentline i ON i.shipment_id = s.id
        WHERE s.id = ANY (ids) ORDER BY s.id, i.line_number)) r;
    rest := ARRAY(SELECT unnest(ids) EXCEPT SELECT unnest(freed));
    UPDATE shipments_shipmentline i SET released = i.released + i.held, held = 0
        WHERE i.shipment_id = ANY (freed);
    UPDATE shipments_shipment s SET state = 'expired', counted = ledger_counts('lapse') WHERE s.id = ANY (freed);
    -- pools come last, all of them before the first is written
    PERFORM 1 FROM licensing_quotapool p WHERE p.id IN (
        SELECT m.pool_id FROM licensing_poolmovement m WHERE m.shipment_id = ANY (freed)) ORDER BY p.id FOR NO KEY UPDATE;
    PERFORM shipment_pools(m.shipment_id) FROM (
        SELECT DISTINCT m.shipment_id FROM licensing_poolmovement m WHERE m.shipment_id = ANY (freed) ORDER BY 1) m;
    PERFORM history_add('shipment', 'lapse', ARRAY(
        SELECT ROW(s.id, s.ref, 'reserved', 'expired', '{}')::history_of
        FROM shipments_shipment s WHERE s.id = ANY (freed) ORDER BY s.id), actor, now_at, told);
    done := cardinality(freed);
END;
$$;
REVOKE ALL ON FUNCTION shipment_lapse(int, bigint, boolean) FROM PUBLIC;
