-- A license whose clearances are limited has so many more, or fewer, taken. The caller holds it.
CREATE OR REPLACE FUNCTION ledger_count(license_ bigint, more int) RETURNS void LANGUAGE sql AS $$
    UPDATE licensing_license SET clearances_taken = clearances_taken + more
        WHERE id = license_ AND max_clearances IS NOT NULL AND more <> 0;
$$;

-- Resolves reservations of one shipment. The caller holds the shipment, whose lines say what is still held.
-- op clear: {op, shipment, shipment_ref, license, final, counted, lawful, lines: [{line, quantity, held, value}]}
--   draws what customs cleared: from the reservation, then from free authorization, then (declared in time: lawful)
--   from what lapsed since, then from the tolerance; beyond that: over_cleared. Tolerance comes last, so that none is
--   used up while something that was authorized is left.
--   final releases the rest. counted: does the shipment count against max_clearances already?
-- op release: {op, shipment, shipment_ref, license, counted, lines: [{line, held, value}]}
-- Returns {lines: [{line, drawn, released, over_cleared, held}], reserved, available}: the sums of the license after.
CREATE OR REPLACE FUNCTION ledger_settle(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    settled jsonb := '[]';
    item jsonb;
    lic licensing_license;
    line licensing_licenseline;
    now_at timestamptz;
    clearing boolean := request->>'op' = 'clear';
    ending boolean := coalesce((request->>'final')::boolean, false) OR request->>'op' = 'release';
    counted boolean := (request->>'counted')::boolean;
    quantity bigint;
    held bigint;
    from_held bigint;
    from_room bigint;
    beyond bigint;
    taken_back bigint;
    released bigint;
    worth numeric(18, 2);
    left_over bigint;
BEGIN
    PERFORM 1 FROM licensing_license l WHERE l.id = (request->>'license')::bigint FOR NO KEY UPDATE;
    -- a clearance may end the license, so it holds all its lines
    PERFORM 1 FROM licensing_licenseline l WHERE l.license_id = (request->>'license')::bigint
        ORDER BY l.id FOR NO KEY UPDATE;
    now_at := legal_now();
    SELECT * INTO STRICT lic FROM licensing_license WHERE id = (request->>'license')::bigint;

    FOR item IN SELECT i FROM jsonb_array_elements(request->'lines') i ORDER BY (i->>'line')::int LOOP
        SELECT * INTO STRICT line FROM licensing_licenseline l
            WHERE l.license_id = lic.id AND l.number = (item->>'line')::int;
        quantity := CASE WHEN clearing THEN (item->>'quantity')::bigint ELSE 0 END;
        held := (item->>'held')::bigint;
        -- the declared value moves once, in full, when its line is first cleared; or is given back at the end
        worth := CASE WHEN line.value_authorized IS NOT NULL AND (quantity > 0 OR ending)
            THEN coalesce((item->>'value')::numeric, 0) ELSE 0 END;
        from_held := least(quantity, held);
        released := CASE WHEN ending THEN held - from_held ELSE 0 END;
        left_over := ledger_available(line);
        from_room := least(quantity - from_held, greatest(left_over, 0));
        taken_back := CASE WHEN (request->>'lawful')::boolean
            THEN least(quantity - from_held - from_room, line.lapsed) ELSE 0 END;
        IF taken_back > 0 THEN
            PERFORM ledger_post(line, 'unlapse', taken_back, false, (request->>'shipment')::bigint,
                request->>'shipment_ref', now_at, left_over + taken_back);
            left_over := left_over + taken_back;
            from_room := from_room + taken_back;
        END IF;
        -- below zero, available says how much of the tolerance is gone
        from_room := from_room + least(quantity - from_held - from_room,
            greatest(least(left_over, 0) + line.tolerance, 0));
        beyond := quantity - from_held - from_room;
        UPDATE licensing_licenseline SET
            reserved = reserved - from_held - released,
            drawn = drawn + from_held + from_room,
            lapsed = lapsed - taken_back,
            over_cleared = over_cleared + beyond,
            value_reserved = value_reserved - worth,
            value_drawn = value_drawn + CASE WHEN quantity > 0 THEN worth ELSE 0 END
            WHERE id = line.id;
        IF from_held > 0 THEN
            PERFORM ledger_post(line, 'draw', from_held, true, (request->>'shipment')::bigint,
                request->>'shipment_ref', now_at, left_over);
        END IF;
        IF from_room > 0 THEN
            left_over := left_over - from_room;
            PERFORM ledger_post(line, 'draw', from_room, false, (request->>'shipment')::bigint,
                request->>'shipment_ref', now_at, left_over);
        END IF;
        IF beyond > 0 THEN
            PERFORM ledger_post(line, 'over_clear', beyond, false, (request->>'shipment')::bigint,
                request->>'shipment_ref', now_at, left_over);
        END IF;
        IF released > 0 THEN
            left_over := left_over + released;
            PERFORM ledger_post(line, 'release', released, true, (request->>'shipment')::bigint,
                request->>'shipment_ref', now_at, left_over);
        END IF;
        settled := settled || jsonb_build_object('line', line.number, 'drawn', from_held + from_room,
            'released', released, 'over_cleared', beyond, 'held', held - from_held - released,
            'value_moved', quantity > 0 OR ending);
    END LOOP;

    -- a clearance counts from its reservation until that is cancelled or lapsed, and again once it was cleared
    PERFORM ledger_count(lic.id,
        CASE WHEN clearing AND NOT counted THEN 1 WHEN NOT clearing AND counted THEN -1 ELSE 0 END);
    -- what comes free on a license that has ended lapses at once
    IF lic.state NOT IN ('active', 'suspended') THEN
        PERFORM ledger_lapse(lic.id);
    END IF;
    RETURN (SELECT jsonb_build_object('lines', settled, 'at', now_at, 'reserved', sum(l.reserved),
                                      'available', sum(ledger_available(l)))
            FROM licensing_licenseline l WHERE l.license_id = lic.id);
END;
$$;
