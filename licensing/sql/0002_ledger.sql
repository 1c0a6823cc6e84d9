-- The quota ledger's one door (docs/ledger.md). Written by migration; licensing.ledger is its only caller.
-- ledger_take and ledger_settle as a first copy had them: 0009_clearances.sql replaces both.
-- Order in every function: lock rows in canonical order, read legal_now() in a later statement, judge, write.

CREATE SEQUENCE IF NOT EXISTS licensing_movement_seq AS bigint;

CREATE OR REPLACE FUNCTION ledger_post(
    line licensing_licenseline, kind_ text, quantity_ bigint, held_ boolean,
    shipment_ bigint, shipment_ref_ text, at_ timestamptz, available_ bigint
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO licensing_movement (id, at, exporter_id, license_id, line_id, line_number, kind, quantity, held,
                                    shipment_id, shipment_ref, available_after)
    VALUES (nextval('licensing_movement_seq'), at_, line.exporter_id, line.license_id, line.id, line.number, kind_,
            quantity_, held_, shipment_, coalesce(shipment_ref_, ''), available_);
$$;

CREATE OR REPLACE FUNCTION ledger_available(line licensing_licenseline) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT line.authorized + line.credited - line.reserved - line.drawn - line.lapsed;
$$;

-- Judges every guard of every request in order and takes what passes, greedily.
-- requests: [{shipment, shipment_ref, license, end_user, consignee, destination, port, planned_on, also,
--             lines: [{line, quantity, unit, hs, value, currency}]}], quantities in base units.
-- dry: judge only; no lock, no write. Returns one outcome per request:
--   {accepted, at, failures: [{code, pointer, …numbers}], reserved_until, lines: [{line, available_after}]}
CREATE OR REPLACE FUNCTION ledger_take(requests jsonb, dry boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    outcomes jsonb := '[]';
    request jsonb;
    item jsonb;
    lic licensing_license;
    line licensing_licenseline;
    failures jsonb;
    taken jsonb;
    now_at timestamptz;
    today date;
    planned date;
    quantity bigint;
    worth numeric(18, 2);
    room bigint;
    left_over bigint;
    open_lines boolean;
    exporter_state text;
    end_user_open boolean;
    index int;
BEGIN
    IF NOT dry THEN
        -- canonical order: licenses whose clearances are counted, then lines by id
        PERFORM 1 FROM licensing_license l
            WHERE l.id IN (SELECT (r->>'license')::bigint FROM jsonb_array_elements(requests) r)
              AND l.max_clearances IS NOT NULL
            ORDER BY l.id FOR NO KEY UPDATE;
        PERFORM 1 FROM licensing_licenseline l
            WHERE (l.license_id, l.number) IN (
                SELECT (r->>'license')::bigint, (i->>'line')::int
                FROM jsonb_array_elements(requests) r, jsonb_array_elements(r->'lines') i)
            ORDER BY l.id FOR NO KEY UPDATE;
    END IF;
    -- the clock, after the locks and in a statement of its own
    now_at := legal_now();
    today := legal_day(now_at);

    FOR request IN SELECT * FROM jsonb_array_elements(requests) LOOP
        failures := '[]';
        taken := '[]';
        planned := (request->>'planned_on')::date;
        SELECT * INTO STRICT lic FROM licensing_license WHERE id = (request->>'license')::bigint;
        SELECT state INTO exporter_state FROM exporters_exporter WHERE organization_id = lic.exporter_id;
        SELECT bool_and(l.open) INTO open_lines FROM licensing_licenseline l
            WHERE l.license_id = lic.id
              AND l.number IN (SELECT (i->>'line')::int FROM jsonb_array_elements(request->'lines') i);

        -- 1 the license, today and on the planned day
        IF today > lic.usable_until OR lic.state = 'expired' THEN
            failures := failures || jsonb_build_object('code', 'license-expired', 'pointer', '/license',
                'usable_until', lic.usable_until);
        ELSIF lic.state = 'suspended' OR (open_lines IS FALSE AND lic.state = 'active') THEN
            failures := failures || jsonb_build_object('code', 'license-suspended', 'pointer', '/license');
        ELSIF lic.state <> 'active' OR lic.last_cleared THEN
            failures := failures || jsonb_build_object('code', 'license-not-active', 'pointer', '/license',
                'state', lic.state);
        ELSIF today < lic.usable_from OR planned < lic.usable_from THEN
            failures := failures || jsonb_build_object('code', 'not-yet-valid', 'pointer', '/license',
                'usable_from', lic.usable_from);
        END IF;
        IF today <= lic.usable_until AND planned > lic.usable_until THEN
            failures := failures || jsonb_build_object('code', 'license-expired', 'pointer', '/planned_on',
                'usable_until', lic.usable_until);
        END IF;
        -- 2 the exporter
        IF exporter_state IS DISTINCT FROM 'active' THEN
            failures := failures || jsonb_build_object('code', 'exporter-not-active', 'pointer', '/license');
        END IF;
        -- 3 whom, where, through which port
        SELECT u.open INTO end_user_open FROM licensing_licenseenduser u
            WHERE u.license_id = lic.id AND u.party_id = (request->>'end_user')::bigint;
        IF NOT FOUND THEN
            failures := failures || jsonb_build_object('code', 'end-user-not-authorized', 'pointer', '/end_user');
        ELSIF NOT end_user_open THEN
            failures := failures || jsonb_build_object('code', 'end-user-closed', 'pointer', '/end_user');
        END IF;
        IF NOT EXISTS (SELECT FROM licensing_license_consignees c
                       WHERE c.license_id = lic.id AND c.party_id = (request->>'consignee')::bigint) THEN
            failures := failures || jsonb_build_object('code', 'consignee-not-authorized', 'pointer', '/consignee');
        END IF;
        IF cardinality(lic.ports) > 0 AND NOT (request->>'port') = ANY (lic.ports) THEN
            failures := failures || jsonb_build_object('code', 'port-not-authorized', 'pointer', '/port');
        END IF;
        IF NOT (request->>'destination') = ANY (lic.destinations) THEN
            failures := failures || jsonb_build_object('code', 'destination-not-authorized',
                'pointer', '/destination');
        END IF;
        -- 4 and 5 each line: match, then room
        index := -1;
        FOR item IN SELECT * FROM jsonb_array_elements(request->'lines') LOOP
            index := index + 1;
            SELECT * INTO line FROM licensing_licenseline l
                WHERE l.license_id = lic.id AND l.number = (item->>'line')::int;
            IF NOT FOUND THEN
                failures := failures || jsonb_build_object('code', 'line-mismatch',
                    'pointer', format('/lines/%s/license_line', index), 'what', 'line');
                CONTINUE;
            END IF;
            IF (item->>'unit') <> line.unit AND NOT ((item->>'unit') IN ('kg', 'g') AND line.unit IN ('kg', 'g')) THEN
                failures := failures || jsonb_build_object('code', 'line-mismatch',
                    'pointer', format('/lines/%s/unit', index), 'what', 'unit', 'unit', line.unit);
                CONTINUE;
            END IF;
            IF coalesce(item->>'hs', '') <> '' AND cardinality(line.hs_codes) > 0
               AND NOT EXISTS (SELECT FROM unnest(line.hs_codes) code
                               WHERE starts_with(item->>'hs', code)) THEN
                failures := failures || jsonb_build_object('code', 'line-mismatch',
                    'pointer', format('/lines/%s/hs_code', index), 'what', 'hs', 'hs', to_jsonb(line.hs_codes));
            END IF;
            quantity := (item->>'quantity')::bigint;
            room := ledger_available(line) + line.tolerance;
            IF quantity > room THEN
                failures := failures || jsonb_build_object('code', 'line-exhausted',
                    'pointer', format('/lines/%s/quantity', index), 'line', line.number, 'unit', line.unit,
                    'remaining', greatest(room, 0), 'asked', quantity);
            END IF;
            IF line.value_authorized IS NOT NULL THEN
                worth := coalesce((item->>'value')::numeric, 0);
                IF line.value_reserved + line.value_drawn + worth > line.value_authorized THEN
                    failures := failures || jsonb_build_object('code', 'value-exhausted',
                        'pointer', format('/lines/%s/value/amount', index), 'line', line.number,
                        'currency', line.currency,
                        'value_remaining', (line.value_authorized - line.value_reserved - line.value_drawn)::text);
                END IF;
            END IF;
        END LOOP;
        IF lic.max_clearances IS NOT NULL AND lic.clearances_taken >= lic.max_clearances THEN
            failures := failures || jsonb_build_object('code', 'clearances-exhausted', 'pointer', '/license',
                'max_clearances', lic.max_clearances);
        END IF;
        -- 6 to 8 were judged by whom they belong to
        failures := failures || coalesce(request->'also', '[]');

        IF jsonb_array_length(failures) = 0 THEN
            FOR item IN SELECT i FROM jsonb_array_elements(request->'lines') i ORDER BY (i->>'line')::int LOOP
                quantity := (item->>'quantity')::bigint;
                SELECT * INTO STRICT line FROM licensing_licenseline l
                    WHERE l.license_id = lic.id AND l.number = (item->>'line')::int;
                left_over := ledger_available(line) - quantity;
                IF NOT dry THEN
                    UPDATE licensing_licenseline
                        SET reserved = reserved + quantity,
                            value_reserved = value_reserved + CASE WHEN line.value_authorized IS NULL THEN 0
                                ELSE coalesce((item->>'value')::numeric, 0) END
                        WHERE id = line.id;
                    PERFORM ledger_post(line, 'reserve', quantity, true, (request->>'shipment')::bigint,
                        request->>'shipment_ref', now_at, left_over);
                END IF;
                taken := taken || jsonb_build_object('line', line.number, 'available_after', left_over);
            END LOOP;
            IF lic.max_clearances IS NOT NULL AND NOT dry THEN
                UPDATE licensing_license SET clearances_taken = clearances_taken + 1 WHERE id = lic.id;
            END IF;
        END IF;
        outcomes := outcomes || jsonb_build_object(
            'accepted', jsonb_array_length(failures) = 0, 'failures', failures, 'lines', taken, 'at', now_at,
            'today', today, 'reserved_until', least(planned + 30, lic.usable_until));
    END LOOP;
    RETURN outcomes;
END;
$$;

-- Resolves reservations of one shipment. The caller holds the shipment, whose lines say what is still held.
-- op clear: {op, shipment, shipment_ref, license, final, counted, lawful, lines: [{line, quantity, held, value}]}
--   draws what customs cleared, from the reservation first, then from free room; a clearance that was declared in
--   time (lawful) takes back what lapsed meanwhile; beyond that: over_cleared.
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
        from_room := least(quantity - from_held, greatest(left_over + line.tolerance, 0));
        taken_back := CASE WHEN (request->>'lawful')::boolean
            THEN least(quantity - from_held - from_room, line.lapsed) ELSE 0 END;
        IF taken_back > 0 THEN
            PERFORM ledger_post(line, 'unlapse', taken_back, false, (request->>'shipment')::bigint,
                request->>'shipment_ref', now_at, left_over + taken_back);
            left_over := left_over + taken_back;
            from_room := from_room + taken_back;
        END IF;
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
    IF lic.max_clearances IS NOT NULL THEN
        UPDATE licensing_license SET clearances_taken = clearances_taken
            + CASE WHEN clearing AND NOT counted THEN 1 WHEN NOT clearing AND counted THEN -1 ELSE 0 END
            WHERE id = lic.id;
    END IF;
    -- what comes free on a license that has ended lapses at once
    IF lic.state NOT IN ('active', 'suspended') THEN
        PERFORM ledger_lapse(lic.id);
    END IF;
    RETURN (SELECT jsonb_build_object('lines', settled, 'at', now_at, 'reserved', sum(l.reserved),
                                      'available', sum(ledger_available(l)))
            FROM licensing_licenseline l WHERE l.license_id = lic.id);
END;
$$;

-- Everything unreserved and undrawn lapses. The caller's verb ends the license in the same transaction.
CREATE OR REPLACE FUNCTION ledger_lapse(license_ bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    line licensing_licenseline;
    rest bigint;
    now_at timestamptz;
BEGIN
    PERFORM 1 FROM licensing_licenseline l WHERE l.license_id = license_ ORDER BY l.id FOR NO KEY UPDATE;
    now_at := legal_now();
    FOR line IN SELECT * FROM licensing_licenseline l WHERE l.license_id = license_ ORDER BY l.id LOOP
        rest := ledger_available(line);
        IF rest > 0 THEN
            UPDATE licensing_licenseline SET lapsed = lapsed + rest WHERE id = line.id;
            PERFORM ledger_post(line, 'lapse', rest, false, NULL, NULL, now_at, 0);
        END IF;
    END LOOP;
END;
$$;

-- Months of the movement table from the one given, as many as asked; those that exist stay.
CREATE OR REPLACE FUNCTION movement_partitions(first_month date, months int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    begins date := date_trunc('month', first_month);
    name text;
BEGIN
    FOR step IN 0..months - 1 LOOP
        name := 'licensing_movement_' || to_char(begins, 'YYYY_MM');
        IF to_regclass(name) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF licensing_movement FOR VALUES FROM (%L) TO (%L)',
                name, begins::timestamp AT TIME ZONE 'UTC', (begins + interval '1 month') AT TIME ZONE 'UTC');
        END IF;
        begins := begins + interval '1 month';
    END LOOP;
END;
$$;
