-- The quota ledger's one door (docs/ledger.md). Written by the newest migration that changes it; then doors.sql says
-- whose rights its functions have. Called by licensing.ledger, and by the one statement of a reservation
-- (shipments/sql/reserve.sql). Movements are written by post.sql alone.
-- In every function: lock in the order of docs/ledger.md, read legal_now() in a later statement, judge, write.

-- So many clearances more, or fewer, are taken of the license, if it counts them. The caller holds the count.
CREATE OR REPLACE FUNCTION ledger_count(license_ bigint, more int) RETURNS void LANGUAGE sql AS $$
    UPDATE licensing_clearancecount SET taken = taken + more WHERE license_id = license_ AND more <> 0;
$$;

-- A shipment takes a clearance of its license from its reservation until that is released or lapses, and again once some of it
-- is cleared: does it, after this was done?
CREATE OR REPLACE FUNCTION ledger_counts(op text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT op IN ('reserve', 'clear');
$$;

-- The last day of a license is over on a day: in it the license can be used.
CREATE OR REPLACE FUNCTION license_over(usable_until date, on_ date) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT on_ > usable_until;
$$;

-- A company in that state files, is licensed and reserves.
CREATE OR REPLACE FUNCTION exporter_acts(state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT state IS NOT DISTINCT FROM 'active';
$$;

-- A license is in force; what comes free on another lapses at once.
CREATE OR REPLACE FUNCTION license_in_force(state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT state IN ('active', 'suspended');
$$;

-- So many clearances are all that a license allows; it may allow any number.
CREATE OR REPLACE FUNCTION clearances_gone(max_clearances bigint, taken bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(taken >= max_clearances, false);
$$;

-- Nothing more may cross on a license, whatever is left on it: its last shipment was cleared, or its clearances are taken.
CREATE OR REPLACE FUNCTION license_done(last_cleared boolean, max_clearances bigint, taken bigint) RETURNS boolean
    LANGUAGE sql IMMUTABLE AS $$
    SELECT last_cleared OR clearances_gone(max_clearances, taken);
$$;

-- A license is used up: nothing of it is reserved, and nothing more may cross on it, or no line has anything left, what lapsed
-- when it was used up included.
CREATE OR REPLACE FUNCTION license_used_up(license_ bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (SELECT FROM licensing_licenseline n WHERE n.license_id = l.id AND n.reserved > 0)
       AND (license_done(l.last_cleared, l.max_clearances, c.taken) OR NOT EXISTS (
            SELECT FROM licensing_licenseline n WHERE n.license_id = l.id AND ledger_available(n) + n.lapsed > 0))
    FROM licensing_license l LEFT JOIN licensing_clearancecount c ON c.license_id = l.id WHERE l.id = license_;
$$;

-- What this shipment was given of what remained, as the license's last one, and has not given back.
CREATE OR REPLACE FUNCTION ledger_given(line licensing_licenseline, shipment bigint) RETURNS bigint LANGUAGE sql STABLE
    AS $$
    SELECT CASE WHEN line.final_pct = 0 THEN 0 ELSE coalesce((SELECT sum(m.quantity) FROM licensing_movement m
        WHERE m.license_id = line.license_id AND m.line_id = line.id AND m.shipment_id = shipment
          AND m.kind = 'tolerance'), 0)::bigint END;
$$;

-- The tolerance that a shipment may take: one of what remains is the last shipment's alone.
CREATE OR REPLACE FUNCTION ledger_tolerance(line licensing_licenseline, last boolean) RETURNS bigint LANGUAGE sql IMMUTABLE
    AS $$ SELECT CASE WHEN line.final_pct = 0 OR last THEN line.tolerance ELSE 0 END; $$;

-- What the last shipment of a license may take beyond what remains, where nothing else of it is open.
CREATE OR REPLACE FUNCTION ledger_last(line licensing_licenseline, last boolean) RETURNS bigint LANGUAGE sql IMMUTABLE
    AS $$ SELECT CASE WHEN last THEN ledger_percent(greatest(ledger_available(line), 0), line.final_pct) ELSE 0 END; $$;

-- How much a shipment may reserve: what is left, and whatever tolerance there is or would be given for it.
CREATE OR REPLACE FUNCTION ledger_room(line licensing_licenseline, last boolean) RETURNS bigint LANGUAGE sql IMMUTABLE
    AS $$ SELECT ledger_available(line) + ledger_last(line, last) + ledger_tolerance(line, last); $$;

-- Of what crossed and was not reserved, what the license bears (taken), and how much of that had lapsed (unlapsed); the rest
-- went beyond it. Free authorization first; then, of what was declared in time (lawful), what lapsed since; tolerance last,
-- so that none is used up while something that was authorized is left.
CREATE OR REPLACE FUNCTION ledger_split(line licensing_licenseline, shipment bigint, wanted bigint, lawful boolean,
                                        OUT taken bigint, OUT unlapsed bigint) LANGUAGE plpgsql STABLE AS $$
DECLARE
    free bigint := ledger_available(line);  -- below zero it says how much of the tolerance is gone
BEGIN
    taken := least(wanted, greatest(free, 0));
    unlapsed := CASE WHEN lawful THEN least(wanted - taken, line.lapsed) ELSE 0 END;
    taken := taken + unlapsed;
    taken := taken + least(wanted - taken,
                           greatest(least(free, 0) + ledger_tolerance(line, ledger_given(line, shipment) > 0), 0));
END;
$$;
DROP FUNCTION IF EXISTS ledger_tolerance(licensing_licenseline, bigint);  -- as it was before

-- Judges every guard in order, and takes what was asked if all let it pass.
-- request: {shipment, shipment_ref, license, end_user, consignee, destination, port, planned_on, final, judged,
--           lines: [{line, quantity, unit, hs, value, currency, contents: {element: {share, basis}}}]}, quantities in base
--           units.
-- dry: judge only; no lock, no write. Returns
--   {accepted, behind, at, today, state, failures: [{code, pointer, …numbers}], lines: [{line, available_after, worth}]}
-- state: the license's, after the wait.
-- behind: nothing was taken, because a newer edition came than the one that judged a line of it.
CREATE OR REPLACE FUNCTION ledger_take(request jsonb, dry boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    license_ bigint := (request->>'license')::bigint;
    planned date := (request->>'planned_on')::date;
    asked_lines jsonb := request->'lines';
    item jsonb;
    lic record;
    line licensing_licenseline;
    failures jsonb := '[]';
    of_lines jsonb := '[]';
    forbidden jsonb := '[]';
    taken jsonb := '[]';
    said jsonb;
    now_at timestamptz;
    today date;
    quantity bigint;
    worth bigint;
    room bigint;
    more bigint;
    ceiling licensing_ceiling;
    rate numeric(18, 8);
    last boolean := coalesce((request->>'final')::boolean, false);
    left_over bigint;
    all_open boolean := true;
    behind boolean := false;
    by_users boolean := false;
    -- national pools: are there any, and those of them that this has locked
    pooled boolean;
    pools bigint[];
BEGIN
    IF jsonb_typeof(request) = 'array' THEN  -- a statement of the version before, which waited while this was changed
        RETURN jsonb_build_array(ledger_take(request->0, dry));
    END IF;
    IF NOT dry THEN
        PERFORM 1 FROM licensing_clearancecount c WHERE c.license_id = license_ FOR NO KEY UPDATE;
        -- by numbers that are known before: as a join, with how many elements JSON has unknown, this read whole tables.
        -- The last shipment looks at all lines: a tolerance of what remains is given when nothing else is open.
        PERFORM 1 FROM licensing_licenseline l
            WHERE l.license_id = license_ AND (l.number = ANY (
                ARRAY(SELECT (i->>'line')::int FROM jsonb_array_elements(asked_lines) i)) OR last AND l.final_pct > 0)
            ORDER BY l.id FOR NO KEY UPDATE;
        -- no pool is opened from here until this has ended (pool_decide)
        LOCK TABLE licensing_quotapool IN ROW EXCLUSIVE MODE;
    END IF;
    pooled := EXISTS (SELECT FROM licensing_quotapool);
    IF pooled THEN
        -- of where the license allows it to go, as ledger_hold took no others
        pools := ARRAY(SELECT DISTINCT s.pool FROM pool_shares(license_, (request->>'end_user')::bigint,
            request->>'destination', pool_day(NULL, planned), asked_lines) s
            WHERE request->>'destination' = ANY ((SELECT l.destinations FROM licensing_license l
                                                  WHERE l.id = license_)::text[]));
        IF NOT dry THEN
            PERFORM 1 FROM licensing_quotapool p WHERE p.id = ANY (pools) ORDER BY p.id FOR NO KEY UPDATE;
        END IF;
    END IF;
    -- the clock, after the locks and in a statement of its own
    now_at := legal_now();
    today := legal_day(now_at);

    -- the license, and by place its lines with their verdicts: what was judged by the newest edition for this request, or
    -- that of line and end-user
    SELECT l.id, l.state, l.usable_from, l.usable_until, l.last_cleared, l.destinations, l.ports, l.max_clearances,
           e.state AS exporter_state, u.id AS end_user, u.open AS end_user_open, u.goods, c.taken AS cleared, asked.*,
           CASE WHEN u.id IS NULL THEN l.destinations ELSE ARRAY[u.destination] END AS allowed,
           EXISTS (SELECT FROM licensing_license_consignees g WHERE g.license_id = l.id
                   AND g.party_id = (request->>'consignee')::bigint) AS consignee
        INTO STRICT lic
        FROM licensing_license l
        CROSS JOIN (SELECT max(p.id) AS newest FROM licensing_policyedition p) edition
        LEFT JOIN exporters_exporter e ON e.organization_id = l.exporter_id
        LEFT JOIN licensing_licenseenduser u
            ON u.license_id = l.id AND u.party_id = (request->>'end_user')::bigint
        LEFT JOIN licensing_clearancecount c ON c.license_id = l.id
        CROSS JOIN LATERAL (
            SELECT array_agg(one.own) AS lines, array_agg(one.prohibited) AS prohibited, array_agg(one.held) AS held
            FROM (SELECT own, CASE WHEN brought.judged THEN request->'judged'->'lines'->(wanted.item->>'line')
                              ELSE v.prohibited END AS prohibited,
                         CASE WHEN brought.judged THEN request->'judged'->'held'->(wanted.item->>'line')
                              ELSE v.held END AS held
                  FROM jsonb_array_elements(asked_lines) WITH ORDINALITY wanted (item, n)
                  CROSS JOIN LATERAL (SELECT (request->'judged'->>'edition')::bigint = edition.newest
                      AND request->'judged'->'lines' ? (wanted.item->>'line')) brought (judged)
                  LEFT JOIN licensing_licenseline own
                      ON own.license_id = l.id AND own.number = (wanted.item->>'line')::int
                  LEFT JOIN licensing_verdict v
                      ON v.line_id = own.id AND v.end_user_id = u.id AND l.judged_by_id = edition.newest
                      AND v.facts->'destination.country' ? (request->>'destination')
                  ORDER BY wanted.n) one) asked
        WHERE l.id = license_;
    IF last THEN
        last := NOT EXISTS (SELECT FROM licensing_licenseline l WHERE l.license_id = lic.id AND l.reserved > 0);
    END IF;

    -- each line: the rules (7), told last; match (4), then room (5)
    FOR n IN 1 .. jsonb_array_length(asked_lines) LOOP
        item := asked_lines->(n - 1);
        line := lic.lines[n];
        IF line.id IS NULL THEN
            of_lines := of_lines || jsonb_build_object('code', 'line-mismatch',
                'pointer', format('/lines/%s/license_line', n - 1), 'what', 'line');
            CONTINUE;
        END IF;
        all_open := all_open AND line.open;
        IF line.control_item_id <> ALL (lic.goods) THEN
            of_lines := of_lines || jsonb_build_object('code', 'line-mismatch',
                'pointer', format('/lines/%s/license_line', n - 1), 'what', 'end_user', 'line', line.number);
        END IF;
        IF lic.prohibited[n] IS NULL THEN
            behind := true;
        ELSIF lic.prohibited[n] <> '[]' OR lic.held[n] <> '[]' THEN
            forbidden := forbidden || coalesce((
                SELECT jsonb_agg(jsonb_build_object('code', 'policy-prohibits',
                                                    'pointer', format('/lines/%s', n - 1), 'rules', one->'rules'))
                FROM jsonb_array_elements(lic.prohibited[n]) one
                WHERE (one->>'from')::timestamptz <= now_at
                  AND (one->>'until' IS NULL OR now_at < (one->>'until')::timestamptz)), '[]') || coalesce((
                SELECT jsonb_agg(jsonb_build_object('code', 'held', 'pointer', format('/lines/%s', n - 1),
                                                    'hold', one))
                FROM jsonb_array_elements(lic.held[n]) one
                WHERE (one->>'from')::timestamptz <= now_at
                  AND (one->>'until' IS NULL OR now_at < (one->>'until')::timestamptz)), '[]');
        END IF;
        IF NOT same_unit(item->>'unit', line.unit) THEN
            of_lines := of_lines || jsonb_build_object('code', 'line-mismatch',
                'pointer', format('/lines/%s/unit', n - 1), 'what', 'unit', 'unit', line.unit);
            CONTINUE;
        END IF;
        IF coalesce(item->>'hs', '') <> '' AND cardinality(line.hs_codes) > 0
           AND NOT EXISTS (SELECT FROM unnest(line.hs_codes) code
                           WHERE starts_with(item->>'hs', code)) THEN
            of_lines := of_lines || jsonb_build_object('code', 'line-mismatch',
                'pointer', format('/lines/%s/hs_code', n - 1), 'what', 'hs', 'hs', to_jsonb(line.hs_codes));
        END IF;
        IF item->'contents' <> '{}' THEN
            of_lines := of_lines || coalesce((
                SELECT jsonb_agg(jsonb_build_object('code', 'line-mismatch', 'what', 'composition',
                    'pointer', format('/lines/%s/composition', n - 1), 'element', stated.key,
                    'most', line.composition->>stated.key) ORDER BY stated.key)
                FROM jsonb_each(item->'contents') stated
                WHERE (stated.value->>'share')::numeric > (line.composition->>stated.key)::numeric), '[]');
        END IF;
        quantity := (item->>'quantity')::bigint;
        IF quantity <= 0 OR (item->>'value')::numeric < 0 THEN
            RAISE EXCEPTION 'what is taken is more than nothing' USING ERRCODE = 'check_violation';
        END IF;
        room := ledger_room(line, last);
        IF quantity > room THEN
            of_lines := of_lines || jsonb_build_object('code', 'line-exhausted',
                'pointer', format('/lines/%s/quantity', n - 1), 'line', line.number, 'unit', line.unit,
                'remaining', greatest(room, 0), 'asked', quantity);
        END IF;
        IF line.capped THEN
            FOR ceiling IN SELECT c.* FROM licensing_ceiling c WHERE c.line_id = line.id
                    AND (c.end_user_id IS NULL OR c.end_user_id = lic.end_user) ORDER BY c.account DESC LOOP
                room := ledger_available_on(ceiling);
                IF ceiling.account = 'value' THEN
                    rate := ledger_rate(item->>'currency', ceiling.currency, today);
                    worth := ledger_hundredths((item->>'value')::numeric, rate);
                    IF worth IS NULL THEN  -- it was there before the wait: the month has changed, so say it again
                        RAISE EXCEPTION 'no rate' USING ERRCODE = 'serialization_failure';
                    ELSIF worth > room THEN
                        of_lines := of_lines || jsonb_build_object('code', 'value-exhausted',
                            'pointer', format('/lines/%s/value/amount', n - 1), 'line', line.number,
                            'currency', ceiling.currency,
                            'value_remaining', round(greatest(room, 0) / 100.0, 2)::text);
                    END IF;
                ELSIF quantity > room THEN
                    of_lines := of_lines || jsonb_build_object('code', 'end-user-exhausted',
                        'pointer', format('/lines/%s/quantity', n - 1), 'line', line.number, 'unit', line.unit,
                        'remaining', greatest(room, 0), 'asked', quantity);
                END IF;
            END LOOP;
        END IF;
    END LOOP;

    -- suspended for causes of its end-users alone: the end-user and the verdict say whether it is open for this one,
    -- whether a turn came by or not
    IF lic.state = 'suspended' AND all_open THEN
        SELECT coalesce(bool_and(s.end_user_id IS NOT NULL), false) INTO by_users FROM licensing_suspension s
            WHERE s.license_id = lic.id AND s.ended_at IS NULL;
    END IF;

    -- 1 the license, today and on the planned day
    IF license_over(lic.usable_until, today) AND license_in_force(lic.state) OR lic.state = 'expired' THEN
        failures := failures || jsonb_build_object('code', 'license-expired', 'pointer', '/license',
            'usable_until', lic.usable_until);
    ELSIF (lic.state = 'suspended' AND NOT by_users) OR (lic.state = 'active' AND NOT all_open) THEN
        failures := failures || jsonb_build_object('code', 'license-suspended', 'pointer', '/license');
    ELSIF NOT license_in_force(lic.state) OR lic.last_cleared THEN
        failures := failures || jsonb_build_object('code', 'license-not-active', 'pointer', '/license',
            'state', lic.state, 'successor', (SELECT n.ref FROM licensing_license n WHERE n.replaces_id = lic.id));
    ELSIF today < lic.usable_from OR planned < lic.usable_from THEN
        failures := failures || jsonb_build_object('code', 'not-yet-valid', 'pointer', '/license',
            'usable_from', lic.usable_from);
    END IF;
    IF NOT license_over(lic.usable_until, today) AND license_over(lic.usable_until, planned) THEN
        failures := failures || jsonb_build_object('code', 'license-expired', 'pointer', '/planned_on',
            'usable_until', lic.usable_until);
    END IF;
    -- 2 the exporter
    IF NOT exporter_acts(lic.exporter_state) THEN
        failures := failures || jsonb_build_object('code', 'exporter-not-active', 'pointer', '/license');
    END IF;
    -- 3 whom, where, through which port
    IF lic.end_user IS NULL THEN
        failures := failures || jsonb_build_object('code', 'end-user-not-authorized', 'pointer', '/end_user');
    ELSIF NOT lic.end_user_open THEN
        failures := failures || jsonb_build_object('code', 'end-user-closed', 'pointer', '/end_user');
    END IF;
    IF NOT lic.consignee THEN
        failures := failures || jsonb_build_object('code', 'consignee-not-authorized', 'pointer', '/consignee');
    END IF;
    IF cardinality(lic.ports) > 0 AND NOT (request->>'port') = ANY (lic.ports) THEN
        failures := failures || jsonb_build_object('code', 'port-not-authorized', 'pointer', '/port');
    END IF;
    IF NOT (request->>'destination') = ANY (lic.allowed) THEN
        failures := failures || jsonb_build_object('code', 'destination-not-authorized', 'pointer', '/destination',
            'whose', CASE WHEN lic.end_user IS NULL THEN 'license' ELSE 'end_user' END,
            'destinations', to_jsonb(lic.allowed));
    END IF;
    failures := failures || of_lines;  -- 4 and 5
    IF pooled AND (request->>'destination') = ANY (lic.destinations) THEN
        failures := failures || pool_failures(pool_asked(request), pools, today);
    END IF;
    IF clearances_gone(lic.max_clearances, lic.cleared) THEN
        failures := failures || jsonb_build_object('code', 'clearances-exhausted', 'pointer', '/license',
            'max_clearances', lic.max_clearances);
    END IF;
    failures := failures || forbidden;  -- 7

    IF jsonb_array_length(failures) = 0 AND NOT behind THEN
        FOR n IN 1 .. jsonb_array_length(asked_lines) LOOP
            item := asked_lines->(n - 1);
            line := lic.lines[n];
            quantity := (item->>'quantity')::bigint;
            left_over := ledger_available(line) - quantity;
            said := jsonb_build_object('line', line.number, 'available_after', left_over);
            IF NOT dry THEN
                more := ledger_last(line, last);
                IF more > 0 THEN
                    line := ledger_post(line, 'tolerance', more, false, (request->>'shipment')::bigint,
                        request->>'shipment_ref', now_at);
                END IF;
                line := ledger_post(line, 'reserve', quantity, true, (request->>'shipment')::bigint,
                    request->>'shipment_ref', now_at);
                IF line.capped THEN
                    FOR ceiling IN SELECT c.* FROM licensing_ceiling c WHERE c.line_id = line.id
                            AND (c.end_user_id IS NULL OR c.end_user_id = lic.end_user) ORDER BY c.account DESC LOOP
                        rate := CASE WHEN ceiling.account = 'value'
                            THEN ledger_rate(item->>'currency', ceiling.currency, today) END;
                        worth := ledger_hundredths((item->>'value')::numeric, rate);
                        line := ledger_post_on(line, ceiling.id, 'reserve', coalesce(worth, quantity), true, rate,
                            (request->>'shipment')::bigint, request->>'shipment_ref', now_at);
                        IF worth IS NOT NULL THEN
                            said := said || jsonb_build_object('worth', worth);
                        END IF;
                    END LOOP;
                END IF;
                PERFORM ledger_keep(line);
            END IF;
            taken := taken || said;
        END LOOP;
        IF NOT dry THEN
            IF lic.cleared IS NOT NULL THEN
                PERFORM ledger_count(lic.id, ledger_counts('reserve')::int);
            END IF;
            IF pooled THEN
                PERFORM pool_follow(pool_asked(request), now_at);
            END IF;
        END IF;
    END IF;
    RETURN jsonb_build_object(
        'accepted', jsonb_array_length(failures) = 0 AND NOT behind, 'behind', behind, 'failures', failures,
        'lines', taken, 'state', lic.state, 'at', now_at, 'today', today);
END;
$$;

-- Resolves reservations of one shipment. The caller holds the shipment, whose lines say what is still held.
-- op clear: {op, shipment, shipment_ref, license, end_user, final, counted,
--            lines: [{line, quantity, held, lawful, asked, crossed, worth, worth_held, worth_drawn}]}
--   draws what customs cleared: from the reservation, then as ledger_split says; beyond that: over_cleared.
--   final releases the rest. counted: does the shipment count against max_clearances already?
--   Of the value that was reserved (worth) as much is drawn as of the quantity that was asked has crossed.
-- op release: the same, of nothing that crossed.
-- Returns {lines: [{line, drawn, released, over_cleared, held, worth_held, worth_drawn}]}.
CREATE OR REPLACE FUNCTION ledger_settle(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    settled jsonb := '[]';
    item jsonb;
    lic licensing_license;
    line licensing_licenseline;
    now_at timestamptz;
    clearing boolean := request->>'op' = 'clear';
    ending boolean := coalesce((request->>'final')::boolean, false) OR request->>'op' = 'release';
    quantity bigint;
    held bigint;
    from_held bigint;
    from_room bigint;
    beyond bigint;
    taken_back bigint;
    released bigint;
    ceiling licensing_ceiling;
    worth_held bigint;
    worth_drawn bigint;
    draws bigint;
    draws_held bigint;
    frees bigint;
    back bigint;
    shipment_ bigint := (request->>'shipment')::bigint;
    ref_ text := request->>'shipment_ref';
    since bigint;
BEGIN
    PERFORM 1 FROM licensing_license l WHERE l.id = (request->>'license')::bigint FOR NO KEY UPDATE;
    PERFORM 1 FROM licensing_clearancecount c WHERE c.license_id = (request->>'license')::bigint FOR NO KEY UPDATE;
    -- a clearance may end the license, so it holds all its lines
    PERFORM 1 FROM licensing_licenseline l WHERE l.license_id = (request->>'license')::bigint
        ORDER BY l.id FOR NO KEY UPDATE;
    now_at := legal_now();
    SELECT * INTO STRICT lic FROM licensing_license WHERE id = (request->>'license')::bigint;

    FOR item IN SELECT i FROM jsonb_array_elements(request->'lines') i ORDER BY (i->>'line')::int LOOP
        SELECT * INTO STRICT line FROM licensing_licenseline l
            WHERE l.license_id = lic.id AND l.number = (item->>'line')::int;
        since := line.chain_seq;
        quantity := CASE WHEN clearing THEN (item->>'quantity')::bigint ELSE 0 END;
        held := (item->>'held')::bigint;
        IF least(quantity, held, (item->>'asked')::bigint, (item->>'crossed')::bigint, (item->>'worth')::bigint,
                 (item->>'worth_held')::bigint, (item->>'worth_drawn')::bigint) < 0 THEN
            RAISE EXCEPTION 'what is settled is not less than nothing' USING ERRCODE = 'check_violation';
        END IF;
        from_held := least(quantity, held);
        released := CASE WHEN ending THEN held - from_held ELSE 0 END;
        SELECT taken, unlapsed INTO from_room, taken_back
            FROM ledger_split(line, shipment_, quantity - from_held, (item->>'lawful')::boolean);
        IF taken_back > 0 THEN
            line := ledger_post(line, 'unlapse', taken_back, false, shipment_, ref_, now_at);
        END IF;
        beyond := quantity - from_held - from_room;
        IF from_held > 0 THEN
            line := ledger_post(line, 'draw', from_held, true, shipment_, ref_, now_at);
        END IF;
        IF from_room > 0 THEN
            line := ledger_post(line, 'draw', from_room, false, shipment_, ref_, now_at);
        END IF;
        IF beyond > 0 THEN
            line := ledger_post(line, 'over_clear', beyond, false, shipment_, ref_, now_at);
        END IF;
        IF released > 0 THEN
            line := ledger_post(line, 'release', released, true, shipment_, ref_, now_at);
        END IF;
        -- a tolerance of what remains was given to the last shipment: what is not used of it goes with that
        back := CASE WHEN held = from_held + released THEN least(ledger_given(line, shipment_),
            line.tolerance + least(ledger_available(line), 0)) ELSE 0 END;
        IF back > 0 THEN
            line := ledger_post(line, 'tolerance', -back, false, shipment_, ref_, now_at);
        END IF;
        worth_held := (item->>'worth_held')::bigint;
        worth_drawn := (item->>'worth_drawn')::bigint;
        IF line.capped THEN
            FOR ceiling IN SELECT * FROM ledger_ceilings(line, (request->>'end_user')::bigint) LOOP
                IF ceiling.account = 'value' THEN
                    draws := greatest(ledger_worth((item->>'worth')::bigint, (item->>'crossed')::bigint + quantity,
                        (item->>'asked')::bigint) - worth_drawn, 0);
                    draws_held := least(draws, worth_held);
                    frees := CASE WHEN ending THEN worth_held - draws_held ELSE 0 END;
                    worth_held := worth_held - draws_held - frees;
                    worth_drawn := worth_drawn + draws;
                ELSE
                    draws := quantity;
                    draws_held := from_held;
                    frees := released;
                END IF;
                IF draws_held > 0 THEN
                    line := ledger_post_on(line, ceiling.id, 'draw', draws_held, true, NULL, shipment_, ref_, now_at);
                END IF;
                IF draws > draws_held THEN
                    line := ledger_post_on(line, ceiling.id, 'draw', draws - draws_held, false, NULL, shipment_, ref_,
                        now_at);
                END IF;
                IF frees > 0 THEN
                    line := ledger_post_on(line, ceiling.id, 'release', frees, true, NULL, shipment_, ref_, now_at);
                END IF;
            END LOOP;
        END IF;
        IF line.chain_seq > since THEN
            PERFORM ledger_keep(line);
        END IF;
        settled := settled || jsonb_build_object('line', line.number, 'drawn', from_held + from_room,
            'released', released, 'over_cleared', beyond, 'held', held - from_held - released,
            'worth_held', worth_held, 'worth_drawn', worth_drawn);
    END LOOP;

    PERFORM ledger_count(lic.id, ledger_counts(request->>'op')::int - (request->>'counted')::boolean::int);
    IF NOT license_in_force(lic.state) THEN
        PERFORM ledger_lapse_at(lic.id, now_at);
    END IF;
    RETURN jsonb_build_object('lines', settled);
END;
$$;

-- Everything unreserved and undrawn of a license that has ended lapses, at this instant.
CREATE OR REPLACE FUNCTION ledger_lapse_at(license_ bigint, at_ timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    line licensing_licenseline;
    rest bigint;
BEGIN
    PERFORM 1 FROM licensing_licenseline l WHERE l.license_id = license_ ORDER BY l.id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM licensing_license l WHERE l.id = license_ AND license_in_force(l.state)) THEN
        RAISE EXCEPTION 'what lapses is of a license that has ended' USING ERRCODE = 'insufficient_privilege';
    END IF;
    FOR line IN SELECT * FROM licensing_licenseline l WHERE l.license_id = license_ ORDER BY l.id LOOP
        rest := ledger_available(line);
        IF rest > 0 THEN
            PERFORM ledger_keep(ledger_post(line, 'lapse', rest, false, NULL, NULL, at_));
        END IF;
    END LOOP;
END;
$$;

-- The same at the instant that its history says last: whoever ended it has one, however long ago the clock was read.
CREATE OR REPLACE FUNCTION ledger_lapse(license_ bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_lapse_at(license_, (SELECT h.at FROM core_historyline h
        WHERE h.subject_kind = 'license' AND h.subject_id = license_ ORDER BY h.seq DESC LIMIT 1));
END;
$$;
