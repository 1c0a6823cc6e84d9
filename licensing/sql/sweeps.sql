-- Sweeps over licenses: what time made true is written for a batch of rows at once, as the verb writes it for one
-- (docs/ledger.md). Each takes its rows in the order of locks and waits for none; then comes the clock, and then what is
-- written. A row that it holds and leaves to the verb is in its `rest`.

CREATE TYPE ledger_change AS (
    line bigint, kind text, quantity bigint, held boolean, shipment bigint, shipment_ref text, available bigint);

-- The movements of many changes, in this order. The caller holds the lines.
CREATE FUNCTION ledger_post_all(changes ledger_change[], at_ timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO licensing_movement (id, at, exporter_id, license_id, line_id, line_number, kind, quantity, held,
                                    shipment_id, shipment_ref, available_after)
    SELECT nextval('licensing_movement_seq'), at_, l.exporter_id, l.license_id, l.id, l.number, c.kind, c.quantity,
           c.held, c.shipment, coalesce(c.shipment_ref, ''), c.available
    FROM unnest(changes) WITH ORDINALITY c (line, kind, quantity, held, shipment, shipment_ref, available, place)
    JOIN licensing_licenseline l ON l.id = c.line ORDER BY c.place;
$$;

-- The lines of these licenses are this transaction's, but for those that somebody else holds: the licenses of these.
CREATE FUNCTION ledger_hold(licenses bigint[]) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    lines bigint[] := ARRAY(SELECT l.id FROM licensing_licenseline l WHERE l.license_id = ANY (licenses)
                            ORDER BY l.id FOR NO KEY UPDATE SKIP LOCKED);
BEGIN
    RETURN ARRAY(SELECT DISTINCT l.license_id FROM licensing_licenseline l
                 WHERE l.license_id = ANY (licenses) AND l.id <> ALL (lines));
END;
$$;

-- Licenses whose last day is over say so, no line of them is open, and what was free has lapsed: licenses.expire.
CREATE FUNCTION license_expire(most int, actor bigint, told boolean, OUT done int, OUT rest bigint[])
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    today date := legal_day(legal_now());
    ids bigint[];
    told_of history_of[];
    now_at timestamptz;
BEGIN
    ids := ARRAY(SELECT l.id FROM licensing_license l
                 WHERE l.state IN ('active', 'suspended') AND l.usable_until < today
                 ORDER BY l.usable_until LIMIT most FOR NO KEY UPDATE SKIP LOCKED);
    rest := ledger_hold(ids);
    now_at := legal_now();
    ids := ARRAY(SELECT unnest(ids) EXCEPT SELECT unnest(rest));
    told_of := ARRAY(SELECT ROW(l.id, l.ref, l.state, 'expired', '{}')::history_of
                     FROM licensing_license l WHERE l.id = ANY (ids));
    PERFORM ledger_post_all(ARRAY(
        SELECT ROW(l.id, 'lapse', ledger_available(l), false, NULL, NULL, 0)::ledger_change
        FROM licensing_licenseline l WHERE l.license_id = ANY (ids) AND ledger_available(l) > 0 ORDER BY l.id), now_at);
    UPDATE licensing_licenseline l SET open = false, lapsed = lapsed + greatest(ledger_available(l), 0)
        WHERE l.license_id = ANY (ids);
    UPDATE licensing_license l SET state = 'expired' WHERE l.id = ANY (ids);
    PERFORM history_add('license', 'expire', told_of, actor, now_at, told);
    done := cardinality(ids);
END;
$$;

-- What a line of a shipment holds of its license's.
CREATE TYPE ledger_held AS (
    shipment bigint, shipment_ref text, license bigint, counted boolean, line_number int, quantity bigint,
    worth numeric(18, 2));

-- Reservations are free again, and lapse at once where their license has ended: as ledger_settle releases one after the
-- other. Whole licenses are left out that somebody else holds a row of, that would be used up by it (its last clearance
-- was, or its clearances are, or what comes free was tolerance), or that have ended with something free.
-- Returns the shipments whose reservations were released, and when. The caller holds licenses and shipments.
CREATE FUNCTION ledger_release_all(held ledger_held[], OUT shipments bigint[], OUT at timestamptz)
    LANGUAGE plpgsql AS $$
DECLARE
    licenses bigint[] := ARRAY(SELECT DISTINCT h.license FROM unnest(held) h);
    counts bigint[];
    missed bigint[];
BEGIN
    counts := ARRAY(SELECT c.license_id FROM licensing_clearancecount c WHERE c.license_id = ANY (licenses)
                    ORDER BY c.license_id FOR NO KEY UPDATE SKIP LOCKED);
    missed := ledger_hold(licenses);
    at := legal_now();
    licenses := ARRAY(
        SELECT l.id FROM licensing_license l
        JOIN (SELECT h.license, count(DISTINCT h.shipment) FILTER (WHERE h.counted) AS counted, min(h.quantity) AS smallest
              FROM unnest(held) h GROUP BY 1) h ON h.license = l.id
        JOIN (SELECT n.license_id, max(n.tolerance) AS tolerance, max(ledger_available(n)) AS available
              FROM licensing_licenseline n WHERE n.license_id = ANY (licenses) GROUP BY 1) n ON n.license_id = l.id
        LEFT JOIN licensing_clearancecount c ON c.license_id = l.id
        WHERE l.id <> ALL (missed) AND h.smallest > 0 AND n.tolerance = 0 AND NOT l.last_cleared
          AND (l.state IN ('active', 'suspended') OR n.available = 0)
          AND (l.max_clearances IS NULL OR l.id = ANY (counts) AND c.taken - h.counted < l.max_clearances));
    held := ARRAY(SELECT h FROM unnest(held) h WHERE h.license = ANY (licenses));
    shipments := ARRAY(SELECT DISTINCT h.shipment FROM unnest(held) h);

    PERFORM ledger_post_all(ARRAY(
        SELECT ROW(h.line, k.kind, h.quantity, k.kind = 'release', CASE WHEN k.kind = 'release' THEN h.shipment END,
                   CASE WHEN k.kind = 'release' THEN h.shipment_ref END,
                   CASE WHEN k.kind = 'release' THEN h.available ELSE 0 END)::ledger_change
        FROM (SELECT h.*, n.id AS line, l.state NOT IN ('active', 'suspended') AS ended,
                     CASE WHEN l.state IN ('active', 'suspended')
                          THEN ledger_available(n) + sum(h.quantity) OVER (PARTITION BY n.id ORDER BY h.shipment)
                          ELSE h.quantity END AS available
              FROM unnest(held) h JOIN licensing_license l ON l.id = h.license
              JOIN licensing_licenseline n ON n.license_id = h.license AND n.number = h.line_number) h
        JOIN (VALUES ('release'), ('lapse')) k (kind) ON k.kind = 'release' OR h.ended
        ORDER BY h.shipment, k.kind DESC, h.line), at);
    UPDATE licensing_licenseline n
        SET reserved = n.reserved - h.quantity, lapsed = n.lapsed + CASE WHEN h.ended THEN h.quantity ELSE 0 END,
            value_reserved = n.value_reserved - CASE WHEN n.value_authorized IS NULL THEN 0 ELSE h.worth END
        FROM (SELECT h.license, h.line_number, l.state NOT IN ('active', 'suspended') AS ended,
                     sum(h.quantity) AS quantity, sum(h.worth) AS worth
              FROM unnest(held) h JOIN licensing_license l ON l.id = h.license GROUP BY 1, 2, 3) h
        WHERE n.license_id = h.license AND n.number = h.line_number;
    UPDATE licensing_clearancecount c SET taken = c.taken - h.counted
        FROM (SELECT h.license, count(DISTINCT h.shipment) AS counted FROM unnest(held) h WHERE h.counted GROUP BY 1) h
        WHERE c.license_id = h.license;
END;
$$;

-- Licenses whose holder is to be told that they end, and at which stage: so many days before, at most.
CREATE FUNCTION license_to_warn(stages int[], today date)
    RETURNS TABLE (id bigint, ref text, state text, usable_until date, days int) LANGUAGE sql STABLE AS $$
    SELECT l.id, l.ref, l.state, l.usable_until, stage.days
    FROM licensing_license l
    CROSS JOIN LATERAL (SELECT min(s) AS days FROM unnest(stages) s WHERE s >= l.usable_until - today) stage
    WHERE l.state IN ('active', 'suspended')
      AND l.usable_until BETWEEN today AND today + (SELECT max(s) FROM unnest(stages) s)
      -- one look by the index each: joined, it reads all history where PostgreSQL's figures of that are old
      AND (SELECT true FROM core_historyline h WHERE h.subject_kind = 'license' AND h.subject_id = l.id
           AND h.verb = 'warn_of_end' AND (h.facts->>'days')::int <= stage.days LIMIT 1) IS NULL;
$$;

-- Holders are told of an end that comes near, once for each stage: licenses.warn_of_end. It needs nobody else's rights.
-- Whoever was told is looked at again each time, so nothing is held while it looks.
CREATE FUNCTION license_warn(most int, actor bigint, told boolean, stages int[], OUT done int, OUT rest bigint[])
    LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    today date := legal_day(legal_now());
    ids bigint[];
    told_of history_of[];
    now_at timestamptz;
BEGIN
    ids := ARRAY(SELECT w.id FROM license_to_warn(stages, today) w ORDER BY w.usable_until LIMIT most);
    ids := ARRAY(SELECT l.id FROM licensing_license l WHERE l.id = ANY (ids)
                 ORDER BY l.id FOR NO KEY UPDATE SKIP LOCKED);
    now_at := legal_now();
    told_of := ARRAY(
        SELECT ROW(w.id, w.ref, '', w.state, jsonb_build_object('days', w.days, 'until', w.usable_until))::history_of
        FROM license_to_warn(stages, legal_day(now_at)) w WHERE w.id = ANY (ids));
    PERFORM history_add('license', 'warn_of_end', told_of, actor, now_at, told);
    done := cardinality(told_of);
    rest := '{}';
END;
$$;
REVOKE ALL ON FUNCTION license_expire(int, bigint, boolean) FROM PUBLIC;
