-- What the application may call of a shipment's quota, run last by each migration that runs a file of these functions. The
-- ledger believes what it is told of a shipment; so only these tell it, from the shipment's own rows, and write what it
-- did on them in the same transaction. Nobody else may call the ledger's functions for it, or write a shipment's lines.

ALTER FUNCTION shipment_reserve(jsonb, boolean, jsonb) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION shipment_reserve_many(jsonb) SECURITY DEFINER SET search_path = public, pg_temp;

-- A shipment and, before it, its license are this transaction's. What customs says of further lines of the license is a
-- line of the shipment too, of which nothing was ever held. Each is named once.
-- request: {shipment, lines: [{line, quantity, unit}]}
CREATE OR REPLACE FUNCTION shipment_hold(request jsonb) RETURNS shipments_shipment LANGUAGE plpgsql AS $$
DECLARE
    held shipments_shipment;
BEGIN
    PERFORM 1 FROM licensing_license l WHERE l.id = (
        SELECT s.license_id FROM shipments_shipment s WHERE s.id = (request->>'shipment')::bigint) FOR NO KEY UPDATE;
    SELECT * INTO STRICT held FROM shipments_shipment s WHERE s.id = (request->>'shipment')::bigint FOR NO KEY UPDATE;
    INSERT INTO shipments_shipmentline (shipment_id, line_number, quantity, unit, hs_code, currency, composition, held,
            drawn, released, over_cleared, added)
        SELECT held.id, i.line, i.quantity, i.unit, '', '', '{}', 0, 0, 0, 0, true
        FROM jsonb_to_recordset(request->'lines') i (line int, quantity bigint, unit text)
        WHERE NOT EXISTS (SELECT FROM shipments_shipmentline l WHERE l.shipment_id = held.id AND l.line_number = i.line);
    IF (SELECT count(*) <> count(DISTINCT i.line) FROM jsonb_to_recordset(request->'lines') i (line int)) THEN
        RAISE EXCEPTION 'a line is named once' USING ERRCODE = 'check_violation';
    END IF;
    RETURN held;
END;
$$;

-- Some of the shipment crossed, or none will: what its lines hold is settled, and they say so.
-- request: {shipment, clears, final, lines: [{line, quantity, unit, lawful}]}: what was cleared, where it clears; the rest
-- of the shipment's lines is added here. final and what is returned are those of ledger_settle.
CREATE OR REPLACE FUNCTION shipment_settle(request jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    held shipments_shipment := shipment_hold(request);
    op text := CASE WHEN (request->>'clears')::boolean THEN 'clear' ELSE 'release' END;
    said jsonb;
BEGIN
    said := ledger_settle(jsonb_build_object('op', op, 'final', request->'final',
        'license', held.license_id, 'shipment', held.id, 'shipment_ref', held.ref, 'end_user', held.end_user_id,
        'counted', held.counted, 'lines', (
            SELECT jsonb_agg(jsonb_build_object('line', l.line_number, 'held', l.held, 'asked', l.quantity,
                'crossed', l.drawn + l.over_cleared, 'worth', l.worth, 'worth_held', l.worth_held,
                'worth_drawn', l.worth_drawn, 'quantity', coalesce(i.quantity, 0), 'lawful', coalesce(i.lawful, false)))
            FROM shipments_shipmentline l
            LEFT JOIN jsonb_to_recordset(request->'lines') i (line int, quantity bigint, lawful boolean)
                ON i.line = l.line_number
            WHERE l.shipment_id = held.id)));
    UPDATE shipments_shipmentline l SET held = i.held, drawn = l.drawn + i.drawn, released = l.released + i.released,
            over_cleared = l.over_cleared + i.over_cleared, worth_held = i.worth_held, worth_drawn = i.worth_drawn
        FROM jsonb_to_recordset(said->'lines') i (line int, held bigint, drawn bigint, released bigint,
            over_cleared bigint, worth_held bigint, worth_drawn bigint)
        WHERE l.shipment_id = held.id AND l.line_number = i.line;
    UPDATE shipments_shipment SET counted = ledger_counts(op) WHERE id = held.id;
    RETURN said;
END;
$$;

-- What customs said of lines of the shipment was wrong: they stand by `delta` more, or less, and so do those of others for
-- which there is room now.
-- request: {shipment, lines: [{line, delta, quantity, unit, lawful}]}; returns what ledger_correct does.
CREATE OR REPLACE FUNCTION shipment_correct(request jsonb) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    held shipments_shipment := shipment_hold(request);
    said jsonb;
BEGIN
    said := ledger_correct(jsonb_build_object('license', held.license_id, 'shipment', held.id, 'shipment_ref', held.ref,
        'end_user', held.end_user_id, 'lines', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('line', l.line_number, 'delta', i.delta, 'held', l.held,
                'over', l.over_cleared, 'lawful', i.lawful, 'asked', l.quantity, 'crossed', l.drawn + l.over_cleared,
                'worth', l.worth, 'worth_held', l.worth_held, 'worth_drawn', l.worth_drawn, 'others', (
                    -- what others have beyond the license, the oldest first; they change under its lock alone
                    SELECT coalesce(jsonb_agg(jsonb_build_object('shipment', s.id, 'shipment_ref', s.ref,
                        'over', o.over_cleared) ORDER BY s.id), '[]')
                    FROM shipments_shipment s JOIN shipments_shipmentline o ON o.shipment_id = s.id
                    WHERE s.license_id = held.license_id AND s.id <> held.id AND o.line_number = l.line_number
                      AND o.over_cleared > 0))), '[]')
            FROM jsonb_to_recordset(request->'lines') i (line int, delta bigint, lawful boolean)
            JOIN shipments_shipmentline l ON l.shipment_id = held.id AND l.line_number = i.line)));
    UPDATE shipments_shipmentline l SET held = i.held, drawn = l.drawn + i.drawn,
            over_cleared = l.over_cleared + i.over_cleared, worth_held = i.worth_held, worth_drawn = i.worth_drawn
        FROM jsonb_to_recordset(said->'lines') i (line int, held bigint, drawn bigint, over_cleared bigint,
            worth_held bigint, worth_drawn bigint)
        WHERE l.shipment_id = held.id AND l.line_number = i.line;
    UPDATE shipments_shipmentline l SET over_cleared = l.over_cleared - o.over, drawn = l.drawn + o.over
        FROM jsonb_to_recordset(said->'lines') i (line int, others jsonb),
             jsonb_to_recordset(i.others) o (shipment bigint, over bigint)
        WHERE l.shipment_id = o.shipment AND l.line_number = i.line;
    RETURN said;
END;
$$;

-- What came back of these lines is the license's again.
-- request: {shipment, lines: [{line, quantity}]}
CREATE OR REPLACE FUNCTION shipment_credit(request jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    held shipments_shipment := shipment_hold(request);
BEGIN
    PERFORM ledger_credit(jsonb_build_object('license', held.license_id, 'shipment', held.id, 'shipment_ref', held.ref,
        'end_user', held.end_user_id, 'lines', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('line', l.line_number, 'quantity', i.quantity,
                'worth', ledger_worth(l.worth, i.quantity, l.quantity))), '[]')
            FROM jsonb_to_recordset(request->'lines') i (line int, quantity bigint)
            JOIN shipments_shipmentline l ON l.shipment_id = held.id AND l.line_number = i.line)));
    UPDATE shipments_shipmentline l SET credited = l.credited + i.quantity
        FROM jsonb_to_recordset(request->'lines') i (line int, quantity bigint)
        WHERE l.shipment_id = held.id AND l.line_number = i.line;
END;
$$;

-- From PUBLIC they are taken with the grant of the rights after a migration (core.grants).
REVOKE ALL ON FUNCTION shipment_settle(jsonb), shipment_correct(jsonb), shipment_credit(jsonb) FROM PUBLIC;
