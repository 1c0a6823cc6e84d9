-- The second door of a reservation, for many at once: what `ledger_take` locks for one request, for all of them, before
-- the first is judged. So two that take the same lines in another order wait for each other, and never in a circle.

-- licenses, numbers: the lines, one beside the other. Numbers that a license does not have are passed over. Where a license's
-- last shipment may take more of what remains, all its lines are held, as that looks at them. After them the pools that goods
-- of these lines may count against, wherever they go, from today on.
CREATE OR REPLACE FUNCTION ledger_hold(licenses bigint[], numbers int[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM licensing_clearancecount c WHERE c.license_id = ANY (licenses)
        ORDER BY c.license_id FOR NO KEY UPDATE;
    -- by keys that are known before, as in ledger_take
    PERFORM 1 FROM licensing_licenseline l
        WHERE l.id = ANY (ARRAY(
            SELECT (SELECT n.id FROM licensing_licenseline n WHERE n.license_id = wanted.license AND n.number = wanted.line)
            FROM unnest(licenses, numbers) wanted (license, line)
            UNION SELECT n.id FROM licensing_licenseline n WHERE n.license_id = ANY (licenses) AND n.final_pct > 0))
        ORDER BY l.id FOR NO KEY UPDATE;
    LOCK TABLE licensing_quotapool IN ROW EXCLUSIVE MODE;  -- as in ledger_take
    PERFORM 1 FROM licensing_quotapool p WHERE p.id = ANY (ARRAY(
            SELECT q.id FROM unnest(licenses, numbers) wanted (license, line)
            JOIN licensing_license lic ON lic.id = wanted.license
            JOIN licensing_licenseline n ON n.license_id = wanted.license AND n.number = wanted.line
            JOIN licensing_controlitem item ON item.id = n.control_item_id
            JOIN licensing_quotapool q ON pool_may_count(q, item, n.unit, lic.destinations, legal_day(legal_now()))))
        ORDER BY p.id FOR NO KEY UPDATE;
END;
$$;
REVOKE ALL ON FUNCTION ledger_hold(bigint[], int[]) FROM PUBLIC;
