-- What comes after a clearance: customs corrects it, goods come back, a license is in force again; locks, clock and posting as
-- ledger_settle has them. The last is a door of the ledger, as those of doors.sql.

-- What customs said of a shipment's lines was wrong; each now stands by `delta` more, or less.
-- request: {license, shipment, shipment_ref, end_user, lines: [{line, delta, held, over, lawful, asked, crossed, worth,
--           worth_held, worth_drawn, others: [{shipment, shipment_ref, over}]}]}
--   more: as a clearance does, from what the shipment still holds, then as ledger_split says; beyond that: over_cleared.
--   less: first what went beyond the license, of this shipment (over), then of the others in their order, for whose goods
--   there is room now: those are drawn; what is left of it is free again, or lapses where the license has ended.
-- The caller holds the license, so no other shipment of it changes meanwhile.
-- Returns {lines: [{line, drawn, over_cleared, held, worth_held, worth_drawn, others: [{shipment, over}]}]}: what changed.
CREATE OR REPLACE FUNCTION ledger_correct(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    corrected jsonb := '[]';
    item jsonb;
    other jsonb;
    absorbed jsonb;
    lic licensing_license;
    line licensing_licenseline;
    now_at timestamptz;
    delta bigint;
    from_held bigint;
    from_room bigint;
    taken_back bigint;
    beyond bigint;
    part bigint;
    rest bigint;
    ceiling licensing_ceiling;
    worth_held bigint;
    worth_drawn bigint;
    draws bigint;
    draws_held bigint;
    shipment_ bigint := (request->>'shipment')::bigint;
    ref_ text := request->>'shipment_ref';
    since bigint;
BEGIN
    PERFORM 1 FROM licensing_license l WHERE l.id = (request->>'license')::bigint FOR NO KEY UPDATE;
    PERFORM 1 FROM licensing_clearancecount c WHERE c.license_id = (request->>'license')::bigint FOR NO KEY UPDATE;
    PERFORM 1 FROM licensing_licenseline l WHERE l.license_id = (request->>'license')::bigint
        ORDER BY l.id FOR NO KEY UPDATE;
    now_at := legal_now();
    SELECT * INTO STRICT lic FROM licensing_license WHERE id = (request->>'license')::bigint;

    FOR item IN SELECT i FROM jsonb_array_elements(request->'lines') i ORDER BY (i->>'line')::int LOOP
        SELECT * INTO STRICT line FROM licensing_licenseline l
            WHERE l.license_id = lic.id AND l.number = (item->>'line')::int;
        since := line.chain_seq;
        delta := (item->>'delta')::bigint;
        IF least((item->>'held')::bigint, (item->>'over')::bigint, (item->>'asked')::bigint, (item->>'crossed')::bigint,
                 (item->>'worth')::bigint, (item->>'worth_held')::bigint, (item->>'worth_drawn')::bigint) < 0 THEN
            RAISE EXCEPTION 'what is corrected is not less than nothing' USING ERRCODE = 'check_violation';
        END IF;
        from_held := least(greatest(delta, 0), (item->>'held')::bigint);
        SELECT taken, unlapsed INTO from_room, taken_back
            FROM ledger_split(line, shipment_, greatest(delta, 0) - from_held, (item->>'lawful')::boolean);
        IF taken_back > 0 THEN
            line := ledger_post(line, 'unlapse', taken_back, false, shipment_, ref_, now_at);
        END IF;
        beyond := greatest(delta, 0) - from_held - from_room;
        IF from_held > 0 THEN
            line := ledger_post(line, 'adjust', from_held, true, shipment_, ref_, now_at);
        END IF;
        absorbed := '[]';
        rest := 0;
        IF delta < 0 THEN
            beyond := -least(-delta, (item->>'over')::bigint);
            from_room := delta - beyond;
            rest := -from_room;
        END IF;
        IF from_room <> 0 THEN
            line := ledger_post(line, 'adjust', from_room, false, shipment_, ref_, now_at);
        END IF;
        IF beyond <> 0 THEN
            line := ledger_post(line, 'over_clear', beyond, false, shipment_, ref_, now_at);
        END IF;
        FOR other IN SELECT * FROM jsonb_array_elements(item->'others') LOOP
            part := least(rest, (other->>'over')::bigint);
            IF part > 0 THEN
                rest := rest - part;
                line := ledger_post(line, 'over_clear', -part, false, (other->>'shipment')::bigint,
                    other->>'shipment_ref', now_at);
                line := ledger_post(line, 'adjust', part, false, (other->>'shipment')::bigint, other->>'shipment_ref',
                    now_at);
                absorbed := absorbed || jsonb_build_object('shipment', (other->>'shipment')::bigint, 'over', part);
            END IF;
        END LOOP;
        worth_held := (item->>'worth_held')::bigint;
        worth_drawn := (item->>'worth_drawn')::bigint;
        IF line.capped THEN
            FOR ceiling IN SELECT * FROM ledger_ceilings(line, (request->>'end_user')::bigint) LOOP
                IF ceiling.account = 'value' THEN
                    draws := ledger_worth((item->>'worth')::bigint, (item->>'crossed')::bigint + delta,
                        (item->>'asked')::bigint) - worth_drawn;
                    draws_held := least(greatest(draws, 0), worth_held);
                    worth_held := worth_held - draws_held;
                    worth_drawn := worth_drawn + draws;
                ELSE
                    draws := delta;
                    draws_held := from_held;
                END IF;
                IF draws_held > 0 THEN
                    line := ledger_post_on(line, ceiling.id, 'adjust', draws_held, true, NULL, shipment_, ref_, now_at);
                END IF;
                IF draws <> draws_held THEN
                    line := ledger_post_on(line, ceiling.id, 'adjust', draws - draws_held, false, NULL, shipment_, ref_,
                        now_at);
                END IF;
            END LOOP;
        END IF;
        IF line.chain_seq > since THEN
            PERFORM ledger_keep(line);
        END IF;
        corrected := corrected || jsonb_build_object('line', line.number, 'drawn', from_held + from_room,
            'over_cleared', beyond, 'held', (item->>'held')::bigint - from_held, 'worth_held', worth_held,
            'worth_drawn', worth_drawn, 'others', absorbed);
    END LOOP;
    IF NOT license_in_force(lic.state) THEN
        PERFORM ledger_lapse_at(lic.id, now_at);
    END IF;
    RETURN jsonb_build_object('lines', corrected);
END;
$$;

-- Goods of a shipment came back, and an officer lets the license have them again; never more than was drawn.
-- request: {license, shipment, shipment_ref, end_user, lines: [{line, quantity, worth}]}
CREATE OR REPLACE FUNCTION ledger_credit(request jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    item jsonb;
    lic licensing_license;
    line licensing_licenseline;
    ceiling licensing_ceiling;
    now_at timestamptz;
    quantity_ bigint;
    worth bigint;
BEGIN
    PERFORM 1 FROM licensing_license l WHERE l.id = (request->>'license')::bigint FOR NO KEY UPDATE;
    PERFORM 1 FROM licensing_licenseline l WHERE l.license_id = (request->>'license')::bigint
        ORDER BY l.id FOR NO KEY UPDATE;
    now_at := legal_now();
    SELECT * INTO STRICT lic FROM licensing_license WHERE id = (request->>'license')::bigint;
    IF NOT license_in_force(lic.state) AND lic.state <> 'exhausted' OR license_over(lic.usable_until, legal_day(now_at)) THEN
        RAISE EXCEPTION 'a license is credited in date' USING ERRCODE = 'check_violation';
    END IF;
    FOR item IN SELECT i FROM jsonb_array_elements(request->'lines') i ORDER BY (i->>'line')::int LOOP
        SELECT * INTO STRICT line FROM licensing_licenseline l
            WHERE l.license_id = lic.id AND l.number = (item->>'line')::int;
        quantity_ := (item->>'quantity')::bigint;
        IF quantity_ <= 0 OR line.credited + quantity_ > line.drawn THEN
            RAISE EXCEPTION 'what is credited was drawn' USING ERRCODE = 'check_violation';
        END IF;
        line := ledger_post(line, 'credit', quantity_, false, (request->>'shipment')::bigint, request->>'shipment_ref',
            now_at);
        IF line.capped THEN
            FOR ceiling IN SELECT * FROM ledger_ceilings(line, (request->>'end_user')::bigint) LOOP
                worth := CASE ceiling.account WHEN 'value' THEN (item->>'worth')::bigint ELSE quantity_ END;
                IF worth > 0 THEN
                    line := ledger_post_on(line, ceiling.id, 'credit', worth, false, NULL, (request->>'shipment')::bigint,
                        request->>'shipment_ref', now_at);
                END IF;
            END LOOP;
        END IF;
        PERFORM ledger_keep(line);
    END LOOP;
    IF lic.state = 'exhausted' THEN
        PERFORM ledger_lapse_at(lic.id, now_at);
    END IF;
END;
$$;

-- What lapsed when the license was used up is there again. The caller's verb reopens it in the same transaction.
CREATE OR REPLACE FUNCTION ledger_reopen(license_ bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    lic licensing_license;
    line licensing_licenseline;
    now_at timestamptz;
BEGIN
    PERFORM 1 FROM licensing_license l WHERE l.id = license_ FOR NO KEY UPDATE;
    PERFORM 1 FROM licensing_licenseline l WHERE l.license_id = license_ ORDER BY l.id FOR NO KEY UPDATE;
    now_at := legal_now();
    SELECT * INTO STRICT lic FROM licensing_license WHERE id = license_;
    IF lic.state <> 'exhausted' OR license_over(lic.usable_until, legal_day(now_at)) THEN
        RAISE EXCEPTION 'a license that was used up is reopened in date' USING ERRCODE = 'check_violation';
    END IF;
    FOR line IN SELECT * FROM licensing_licenseline l WHERE l.license_id = license_ AND l.lapsed > 0 ORDER BY l.id LOOP
        PERFORM ledger_keep(ledger_post(line, 'unlapse', line.lapsed, false, NULL, NULL, now_at));
    END LOOP;
END;
$$;

REVOKE ALL ON FUNCTION ledger_reopen(bigint) FROM PUBLIC;
