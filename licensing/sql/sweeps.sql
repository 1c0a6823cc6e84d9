-- Sweeps over licenses: what time made true is written for a batch of rows at once, as the verb writes it for one
-- (docs/ledger.md). Each takes its rows in the order of locks and waits for none; then comes the clock, and then what is
-- written. A row that it holds and leaves to the verb is in its `rest`.

DO $$ BEGIN
    IF to_regtype('ledger_change') IS NULL THEN
        CREATE TYPE ledger_change AS (line bigint, kind text, quantity bigint, shipment bigint, shipment_ref text);
        -- What a line of a shipment holds of its license's.
        CREATE TYPE ledger_held AS (
            shipment bigint, shipment_ref text, license bigint, counted boolean, line_number int, quantity bigint);
    END IF;
END $$;

-- Releases and lapses of many lines, in this order, and the lines as they are after them: what ledger_post and ledger_keep
-- do for one. closes: the lines are closed with it. The caller holds them, and none has further ceilings that change.
CREATE OR REPLACE FUNCTION ledger_post_all(changes ledger_change[], at_ timestamptz, closes boolean) RETURNS void LANGUAGE sql AS $$
    WITH RECURSIVE change AS MATERIALIZED (
        SELECT l.*, c.kind, c.quantity, c.shipment, coalesce(c.shipment_ref, '') AS ref,
               nextval('licensing_movement_seq') AS movement, row_number() OVER w AS nth,
               sum(c.quantity * ledger_sign_left(c.kind, true)) OVER w AS freed
        FROM unnest(changes) WITH ORDINALITY c (line, kind, quantity, shipment, shipment_ref, place)
        JOIN licensing_licenseline l ON l.id = c.line
        WINDOW w AS (PARTITION BY c.line ORDER BY c.place)
    ), said AS MATERIALIZED (
        SELECT c.id, c.nth, c.chain_digest, ROW(c.movement, at_, c.exporter_id, c.license_id, c.id, c.number, c.kind,
            c.quantity, c.kind = 'release', c.shipment, c.ref,
            ledger_left(c.authorized, c.credited, c.reserved, c.drawn, c.lapsed) + c.freed,
            'quantity', NULL, NULL, c.chain_seq + c.nth, NULL, 0)::licensing_movement AS m
        FROM change c
    ), chain AS (
        SELECT s.id, s.nth, s.m, ledger_digest(s.chain_digest, s.m) AS digest FROM said s WHERE s.nth = 1
        UNION ALL
        SELECT s.id, s.nth, s.m, ledger_digest(c.digest, s.m) FROM chain c JOIN said s ON s.id = c.id AND s.nth = c.nth + 1
    ), written AS (
        INSERT INTO licensing_movement (id, at, exporter_id, license_id, line_id, line_number, kind, quantity, held,
                shipment_id, shipment_ref, available_after, account, seq, digest)
        SELECT (c.m).id, at_, (c.m).exporter_id, (c.m).license_id, c.id, (c.m).line_number, (c.m).kind, (c.m).quantity,
               (c.m).held, (c.m).shipment_id, (c.m).shipment_ref, (c.m).available_after, 'quantity', (c.m).seq, c.digest
        FROM chain c
    )
    UPDATE licensing_licenseline l SET
        reserved = l.reserved + c.reserved, lapsed = l.lapsed + c.lapsed, open = l.open AND NOT closes,
        chain_seq = l.chain_seq + c.many, chain_digest = c.digest
        FROM (SELECT c.id, count(*) AS many,
                     sum((c.m).quantity * ledger_sign('reserved', (c.m).kind, (c.m).held)) AS reserved,
                     sum((c.m).quantity * ledger_sign('lapsed', (c.m).kind, (c.m).held)) AS lapsed,
                     (array_agg(c.digest ORDER BY c.nth DESC))[1] AS digest
              FROM chain c GROUP BY c.id) c
        WHERE l.id = c.id;
$$;

-- The lines of these licenses are this transaction's, but for those that somebody else holds: the licenses of these.
CREATE OR REPLACE FUNCTION ledger_hold_free(licenses bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    lines bigint[] := ARRAY(SELECT l.id FROM licensing_licenseline l WHERE l.license_id = ANY (licenses)
                            ORDER BY l.id FOR NO KEY UPDATE SKIP LOCKED);
BEGIN
    RETURN ARRAY(SELECT DISTINCT l.license_id FROM licensing_licenseline l
                 WHERE l.license_id = ANY (licenses) AND l.id <> ALL (lines));
END;
$$;

-- Licenses whose last day is over say so, no line of them is open, and what was free has lapsed: licenses.expire.
CREATE OR REPLACE FUNCTION license_expire(most int, actor bigint, told boolean, OUT done int, OUT rest bigint[])
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    today date := legal_day(legal_now());
    ids bigint[];
    told_of history_of[];
    now_at timestamptz;
BEGIN
    ids := ARRAY(SELECT l.id FROM licensing_license l
                 WHERE license_in_force(l.state) AND license_over(l.usable_until, today)
                 ORDER BY l.usable_until LIMIT most FOR NO KEY UPDATE SKIP LOCKED);
    rest := ledger_hold_free(ids);
    now_at := legal_now();
    ids := ARRAY(SELECT unnest(ids) EXCEPT SELECT unnest(rest));
    told_of := ARRAY(SELECT ROW(l.id, l.ref, l.state, 'expired', '{}')::history_of
                     FROM licensing_license l WHERE l.id = ANY (ids) ORDER BY l.id);
    PERFORM ledger_post_all(ARRAY(
        SELECT ROW(l.id, 'lapse', ledger_available(l), NULL, NULL)::ledger_change
        FROM licensing_licenseline l WHERE l.license_id = ANY (ids) AND ledger_available(l) > 0 ORDER BY l.id),
        now_at, closes => true);
    UPDATE licensing_licenseline l SET open = false WHERE l.license_id = ANY (ids) AND l.open;
    UPDATE licensing_license l SET state = 'expired' WHERE l.id = ANY (ids);
    PERFORM history_add('license', 'expire', told_of, actor, now_at, told);
    done := cardinality(ids);
END;
$$;

-- Reservations are free again, and lapse at once where their license has ended: as ledger_settle releases one after the
-- other. Whole licenses are left out that somebody else holds a row of, that may be used up by it (license_used_up: nothing
-- more may cross on it, or what comes free was tolerance), that have further ceilings, or that have ended with something
-- free.
-- Returns the shipments whose reservations were released, and when. The caller holds licenses and shipments.
CREATE OR REPLACE FUNCTION ledger_release_all(held ledger_held[], OUT shipments bigint[], OUT at timestamptz)
    LANGUAGE plpgsql AS $$
DECLARE
    licenses bigint[] := ARRAY(SELECT DISTINCT h.license FROM unnest(held) h);
    counts bigint[];
    missed bigint[];
BEGIN
    counts := ARRAY(SELECT c.license_id FROM licensing_clearancecount c WHERE c.license_id = ANY (licenses)
                    ORDER BY c.license_id FOR NO KEY UPDATE SKIP LOCKED);
    missed := ledger_hold_free(licenses);
    at := legal_now();
    licenses := ARRAY(
        SELECT l.id FROM licensing_license l
        JOIN (SELECT h.license, count(DISTINCT h.shipment) FILTER (WHERE h.counted) AS counted, min(h.quantity) AS smallest
              FROM unnest(held) h GROUP BY 1) h ON h.license = l.id
        JOIN (SELECT n.license_id, max(n.tolerance) AS tolerance, max(ledger_available(n)) AS available,
                     bool_or(n.capped) AS capped
              FROM licensing_licenseline n WHERE n.license_id = ANY (licenses) GROUP BY 1) n ON n.license_id = l.id
        LEFT JOIN licensing_clearancecount c ON c.license_id = l.id
        WHERE l.id <> ALL (missed) AND h.smallest > 0 AND n.tolerance = 0 AND NOT n.capped
          AND NOT license_done(l.last_cleared, l.max_clearances, c.taken - h.counted)
          AND (license_in_force(l.state) OR n.available = 0)
          AND (l.max_clearances IS NULL OR l.id = ANY (counts)));
    held := ARRAY(SELECT h FROM unnest(held) h WHERE h.license = ANY (licenses));
    shipments := ARRAY(SELECT DISTINCT h.shipment FROM unnest(held) h);

    PERFORM ledger_post_all(ARRAY(
        SELECT ROW(n.id, k.kind, h.quantity, CASE k.kind WHEN 'release' THEN h.shipment END,
                   CASE k.kind WHEN 'release' THEN h.shipment_ref END)::ledger_change
        FROM unnest(held) h JOIN licensing_license l ON l.id = h.license
        JOIN licensing_licenseline n ON n.license_id = h.license AND n.number = h.line_number
        JOIN (VALUES ('release'), ('lapse')) k (kind) ON k.kind = 'release' OR NOT license_in_force(l.state)
        ORDER BY h.shipment, k.kind DESC, n.id), at, closes => false);
    UPDATE licensing_clearancecount c SET taken = c.taken - h.counted
        FROM (SELECT h.license, count(DISTINCT h.shipment) AS counted FROM unnest(held) h WHERE h.counted GROUP BY 1) h
        WHERE c.license_id = h.license;
END;
$$;

-- Licenses near their end whose holder was not told so at the stage that is reached. annual: more stages of annual ones.
CREATE OR REPLACE FUNCTION license_to_warn(stages int[], annual int[], today date)
    RETURNS TABLE (id bigint, ref text, state text, usable_until date, days int) LANGUAGE sql STABLE AS $$
    SELECT l.id, l.ref, l.state, l.usable_until, stage.days
    FROM licensing_license l
    CROSS JOIN LATERAL (
        SELECT min(s) AS days FROM unnest(CASE l.kind WHEN 'annual' THEN stages || annual ELSE stages END) s
        WHERE s >= l.usable_until - today) stage
    WHERE license_in_force(l.state)
      AND NOT license_over(l.usable_until, today)
      AND l.usable_until <= today + (SELECT max(s) FROM unnest(stages || annual) s) AND stage.days IS NOT NULL
      -- one look by the index each: joined, it reads all history where PostgreSQL's figures of that are old
      AND (SELECT true FROM core_historyline h WHERE h.subject_kind = 'license' AND h.subject_id = l.id
           AND h.verb = 'warn_of_end' AND (h.facts->>'days')::int <= stage.days LIMIT 1) IS NULL;
$$;

-- Holders are told of an end that comes near, once for each stage: licenses.warn_of_end. It needs nobody else's rights.
-- Whoever was told is looked at again each time, so nothing is held while it looks.
CREATE OR REPLACE FUNCTION license_warn(
    most int, actor bigint, told boolean, stages int[], annual int[], OUT done int, OUT rest bigint[])
    LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    today date := legal_day(legal_now());
    ids bigint[];
    told_of history_of[];
    now_at timestamptz;
BEGIN
    ids := ARRAY(SELECT w.id FROM license_to_warn(stages, annual, today) w ORDER BY w.usable_until LIMIT most);
    ids := ARRAY(SELECT l.id FROM licensing_license l WHERE l.id = ANY (ids)
                 ORDER BY l.id FOR NO KEY UPDATE SKIP LOCKED);
    now_at := legal_now();
    told_of := ARRAY(
        SELECT ROW(w.id, w.ref, '', w.state, jsonb_build_object('days', w.days, 'until', w.usable_until))::history_of
        FROM license_to_warn(stages, annual, legal_day(now_at)) w WHERE w.id = ANY (ids) ORDER BY w.id);
    PERFORM history_add('license', 'warn_of_end', told_of, actor, now_at, told);
    done := cardinality(told_of);
    rest := '{}';
END;
$$;
REVOKE ALL ON FUNCTION license_expire(int, bigint, boolean) FROM PUBLIC;
