-- National quotas (docs/ledger.md, "Pools"): which ones a line counts against, what is left of them, and the one place that
-- writes them. Locked last of all that a verb takes, by id.

-- The terms of a pool on a day: the newest that had begun by then; before its first day those that it begins with.
CREATE OR REPLACE FUNCTION pool_terms(pool licensing_quotapool, day date, OUT cap bigint, OUT state text)
    LANGUAGE sql STABLE AS $$
    SELECT m.cap, CASE WHEN pool.frozen THEN 'suspended' ELSE m.state END FROM licensing_poolmovement m
    WHERE m.pool_id = pool.id AND m.kind = 'terms' AND m.from_day <= greatest(day, pool.opened_on)
    ORDER BY m.from_day DESC, m.seq DESC LIMIT 1;
$$;

-- How much more may be used of it; less than nothing where its cap was cut below what is used.
CREATE OR REPLACE FUNCTION pool_room(pool licensing_quotapool, day date, declared boolean) RETURNS bigint
    LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN t.state = 'open' OR t.state = 'blocked' AND declared THEN t.cap - pool.used ELSE 0 END
    FROM pool_terms(pool, day) t;
$$;

-- May a pool count goods of this item, in this unit, that go to one of these destinations, on this day or later? Which do on
-- a day, and how much of them, pool_shares says.
CREATE OR REPLACE FUNCTION pool_may_count(
    p licensing_quotapool, item licensing_controlitem, unit text, destinations varchar[], since date
) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p.period_until >= since AND same_unit(unit, 'kg')
        AND (p.destinations = '{}' OR p.destinations && destinations)
        AND (p.category = '' OR p.category = item.category) AND (p.list_name = '' OR p.list_name = item.list_name)
        AND (p.measure = 'content' OR p.element = '' OR p.element = item.element);
$$;

-- Which pools these lines of a license count against when they are used on this day, and with which share of their mass.
-- lines: [{line, contents: {element: {share, basis}}}]; contents as stated, else the grade's upper bound on the license.
-- share is NULL where the pool counts an element of the goods and nobody has said how much of it they have.
CREATE OR REPLACE FUNCTION pool_shares(license bigint, party bigint, destination text, day date, lines jsonb)
    RETURNS TABLE (pool bigint, line int, share numeric, basis text) LANGUAGE sql STABLE AS $$
    -- Each line is read once, before anything else: of a busy one there is a version for each row of the same bulk.
    WITH l AS MATERIALIZED (
        SELECT l.number, l.unit, l.composition, l.control_item_id, i
        FROM jsonb_array_elements(lines) i
        JOIN licensing_licenseline l ON l.license_id = pool_shares.license AND l.number = (i->>'line')::int
    )
    SELECT p.id, l.number::int,
           CASE p.measure WHEN 'gross' THEN 1
               ELSE coalesce((i->'contents'->p.element->>'share')::numeric, (l.composition->>p.element)::numeric) END,
           CASE p.measure WHEN 'gross' THEN 'gross' ELSE coalesce(i->'contents'->p.element->>'basis', 'grade') END
    FROM licensing_quotapool p, l JOIN licensing_controlitem item ON item.id = l.control_item_id
    WHERE pool_may_count(p, item, l.unit, ARRAY[pool_shares.destination], pool_shares.day)
      AND pool_shares.day >= greatest(p.period_from, p.opened_on)
      AND (p.end_uses = '{}' OR p.end_uses && ARRAY(
            SELECT d.end_use_id FROM licensing_licenseenduser u JOIN licensing_declaration d ON d.id = u.declaration_id
            WHERE u.license_id = pool_shares.license AND u.party_id = pool_shares.party)::varchar[])
      AND (p.measure = 'gross' OR p.element = item.element OR i->'contents' ? p.element OR l.composition ? p.element);
$$;

-- The day on which a shipment counts: of its declaration, or before that the planned one.
CREATE OR REPLACE FUNCTION pool_day(declared_at timestamptz, planned_on date) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(legal_day(declared_at), planned_on);
$$;

-- How much of a mass, in grams, counts: the share of it, rounded half up.
CREATE OR REPLACE FUNCTION pool_content(gross bigint, share numeric) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT round(gross * share)::bigint;
$$;

-- How often the amount of a movement is added to what is used, and what of it went beyond to that.
CREATE OR REPLACE FUNCTION pool_sign(kind text) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE kind WHEN 'use' THEN 1 WHEN 'free' THEN -1 ELSE 0 END;
$$;

CREATE OR REPLACE FUNCTION pool_digest(before bytea, m licensing_poolmovement) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(before || convert_to(jsonb_build_array(
        m.pool_id, m.seq, (extract(epoch FROM m.at) * 1000000)::bigint, m.kind, m.cap, m.state, m.public, m.from_day, m.change_id,
        m.license_id, m.shipment_id, m.shipment_ref, m.line_number, m.gross, m.share, m.basis, m.amount, m.over,
        m.used_after)::text, 'UTF8'));
$$;

-- The movement is written, next in the chain of its pool, which the caller holds, and the pool stands as it leaves it.
CREATE OR REPLACE FUNCTION pool_post(m licensing_poolmovement) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    pool licensing_quotapool;
    sign int := pool_sign(m.kind);
BEGIN
    SELECT * INTO STRICT pool FROM licensing_quotapool WHERE id = m.pool_id FOR NO KEY UPDATE;
    m.seq := pool.chain_seq + 1;
    m.state := coalesce(m.state, '');
    m.shipment_ref := coalesce(m.shipment_ref, '');
    m.basis := coalesce(m.basis, '');
    m.used_after := pool.used + sign * m.amount;
    m.digest := pool_digest(pool.chain_digest, m);
    INSERT INTO licensing_poolmovement (pool_id, seq, at, kind, cap, state, public, from_day, change_id, license_id,
            shipment_id, shipment_ref, line_number, gross, share, basis, amount, over, used_after, digest)
        VALUES (m.pool_id, m.seq, m.at, m.kind, m.cap, m.state, m.public, m.from_day, m.change_id, m.license_id,
            m.shipment_id, m.shipment_ref, m.line_number, m.gross, m.share, m.basis, m.amount, m.over, m.used_after, m.digest);
    UPDATE licensing_quotapool SET used = m.used_after, over_used = over_used + sign * m.over,
        chain_seq = m.seq, chain_digest = m.digest WHERE id = m.pool_id;
END;
$$;

-- Each pool counts what these lines of a shipment are now, and no other pool does: what changed is used, or freed.
-- request: {license, shipment, shipment_ref, end_user, destination, day, declared, lines: [{line, gross, contents}]}; gross
--   is what of the line is reserved or has crossed, less what was credited, day as pool_day says it.
-- What a pool has no room for is used all the same, as over_used: the caller has asked before (ledger_take), or it has
-- crossed. The caller holds the shipment. at_: the instant, where the caller read it after it held the pools.
-- Returns [{pool, over}]: what went beyond now.
CREATE OR REPLACE FUNCTION pool_follow(request jsonb, at_ timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    one record;
    pool licensing_quotapool;
    m licensing_poolmovement;
    beyond jsonb := '[]';
BEGIN
    FOR one IN
        WITH target AS (
            SELECT s.*, (i->>'gross')::bigint AS gross, pool_content((i->>'gross')::bigint, s.share) AS content
            FROM jsonb_array_elements(request->'lines') i
            JOIN pool_shares((request->>'license')::bigint, (request->>'end_user')::bigint, request->>'destination',
                             (request->>'day')::date, request->'lines') s ON s.line = (i->>'line')::int
        ), present AS (
            SELECT k.pool_id, k.line_number, sum(k.amount * pool_sign(k.kind)) AS content,
                   sum(k.over * pool_sign(k.kind)) AS over
            FROM licensing_poolmovement k WHERE k.shipment_id = (request->>'shipment')::bigint GROUP BY 1, 2
        )
        SELECT coalesce(t.pool, p.pool_id) AS pool, coalesce(t.line, p.line_number) AS line, coalesce(t.gross, 0) AS gross,
               t.share, t.basis, coalesce(t.content, 0) - coalesce(p.content, 0) AS more, p.over
        FROM target t FULL JOIN present p ON p.pool_id = t.pool AND p.line_number = t.line
        WHERE coalesce(t.content, 0) <> coalesce(p.content, 0)
        ORDER BY 1, 2
    LOOP
        SELECT * INTO STRICT pool FROM licensing_quotapool q WHERE q.id = one.pool FOR NO KEY UPDATE;
        m.pool_id := pool.id;
        m.at := coalesce(at_, legal_now());
        m.kind := CASE WHEN one.more > 0 THEN 'use' ELSE 'free' END;
        m.license_id := (request->>'license')::bigint;
        m.shipment_id := (request->>'shipment')::bigint;
        m.shipment_ref := request->>'shipment_ref';
        m.line_number := one.line;
        m.gross := one.gross;
        m.share := one.share;
        m.basis := one.basis;
        m.amount := abs(one.more);
        -- what went beyond is given back first
        m.over := CASE WHEN one.more > 0 THEN greatest(one.more - greatest(
                pool_room(pool, legal_day(m.at), (request->>'declared')::boolean), 0), 0)
            ELSE least(-one.more, one.over) END;
        PERFORM pool_post(m);
        IF one.more > 0 AND m.over > 0 THEN
            beyond := beyond || jsonb_build_object('pool', pool.ref, 'over', m.over);
        END IF;
    END LOOP;
    RETURN beyond;
END;
$$;

-- What a reservation, as ledger_take is asked for it, uses once it is taken, as pool_follow reads it.
CREATE OR REPLACE FUNCTION pool_asked(request jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT request || jsonb_build_object('day', pool_day(NULL, (request->>'planned_on')::date), 'declared', false, 'lines', (
        SELECT jsonb_agg(i || jsonb_build_object('gross', i->'quantity') ORDER BY n)
        FROM jsonb_array_elements(request->'lines') WITH ORDINALITY lines (i, n)));
$$;

-- The pools that have no room for it: [{code, pointer, …}]. held: those that the caller has locked, or found where it locks
-- none. Raises where another was opened since: of those who only ask, or of goods whose content was not asked for yet.
CREATE OR REPLACE FUNCTION pool_failures(request jsonb, held bigint[], today date) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    failures jsonb := '[]';
    pool record;
BEGIN
    FOR pool IN
            SELECT p.ref, p.element, pool_room(p, today, (request->>'declared')::boolean) AS room, p.id = ANY (held) AS held,
                   (pool_terms(p, today)).state, bool_and(s.share IS NOT NULL) AS known,
                   sum(pool_content((i.item->>'gross')::bigint, s.share))::bigint AS content, min(i.n) - 1 AS index
            FROM pool_shares((request->>'license')::bigint, (request->>'end_user')::bigint, request->>'destination',
                             (request->>'day')::date, request->'lines') s
            JOIN jsonb_array_elements(request->'lines') WITH ORDINALITY i (item, n) ON (i.item->>'line')::int = s.line
            JOIN licensing_quotapool p ON p.id = s.pool
            GROUP BY p.id ORDER BY p.id LOOP
        IF NOT pool.held OR NOT pool.known THEN
            RAISE EXCEPTION 'another pool' USING ERRCODE = 'serialization_failure';
        ELSIF pool.content > pool.room THEN
            failures := failures || jsonb_build_object('code', 'quota-exhausted',
                'pointer', format('/lines/%s/quantity', pool.index), 'pool', pool.ref, 'element', pool.element,
                'state', pool.state, 'unit', 'kg', 'remaining', greatest(pool.room, 0), 'asked', pool.content);
        END IF;
    END LOOP;
    RETURN failures;
END;
$$;

-- Attached to pools, where more is used that is not said to be beyond its room.
CREATE OR REPLACE FUNCTION guard_pool_has_room() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.used - NEW.over_used - (OLD.used - OLD.over_used)
       > greatest(coalesce(pool_room(OLD, legal_day(legal_now()), true), 0), 0) THEN
        RAISE EXCEPTION 'a pool has no room for this' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

CREATE OR REPLACE FUNCTION guard_pool_change_decided_once() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a change of a pool is decided once' USING ERRCODE = 'check_violation';
END;
$$;

-- The pools that count some of the same: in one measure, of goods that are on the list, to one country, for one end-use, on
-- one day.
CREATE OR REPLACE FUNCTION pool_overlaps(asked licensing_poolchange) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT p.ref FROM licensing_quotapool p
    WHERE p.id IS DISTINCT FROM asked.pool_id AND p.measure = asked.measure
      AND daterange(p.period_from, p.period_until, '[]') && daterange(asked.period_from, asked.period_until, '[]')
      AND (p.destinations = '{}' OR asked.destinations = '{}' OR p.destinations && asked.destinations)
      AND (p.end_uses = '{}' OR asked.end_uses = '{}' OR p.end_uses && asked.end_uses)
      AND (p.element = asked.element OR p.measure = 'gross')
      AND EXISTS (SELECT FROM licensing_controlitem item
                  WHERE item.category = coalesce(nullif(p.category, ''), item.category)
                    AND item.category = coalesce(nullif(asked.category, ''), item.category)
                    AND item.list_name = coalesce(nullif(p.list_name, ''), item.list_name)
                    AND item.list_name = coalesce(nullif(asked.list_name, ''), item.list_name)
                    AND (p.measure = 'content' OR item.element = coalesce(nullif(p.element, ''), item.element)
                                              AND item.element = coalesce(nullif(asked.element, ''), item.element)))
    ORDER BY p.ref;
$$;

-- An approved change is in the books: its pool is there, and has these terms from its day on. Or, of a new one, other pools
-- count some of the same, or one has its number: their numbers, and nothing was done. One is opened beside no reservation
-- (ledger_take).
CREATE OR REPLACE FUNCTION pool_decide(change bigint) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    c licensing_poolchange;
    m licensing_poolmovement;
BEGIN
    SELECT * INTO STRICT c FROM licensing_poolchange WHERE id = change AND approved;
    m.pool_id := c.pool_id;
    IF c.pool_id IS NULL THEN
        -- one after the other, so that two that overlap can't both be opened
        LOCK TABLE licensing_quotapool IN SHARE ROW EXCLUSIVE MODE;
        RETURN QUERY SELECT p.ref::text FROM licensing_quotapool p WHERE p.ref = c.ref UNION SELECT * FROM pool_overlaps(c);
        IF FOUND THEN
            RETURN;
        END IF;
        INSERT INTO licensing_quotapool (ref, measure, element, category, list_name, destinations, end_uses, period_from,
                period_until, opened_on, used, over_used, frozen, chain_seq, chain_digest)
            VALUES (c.ref, c.measure, c.element, c.category, c.list_name, c.destinations, c.end_uses, c.period_from,
                c.period_until, c.from_day, 0, 0, false, 0, '') RETURNING id INTO m.pool_id;
    END IF;
    m.at := legal_now();
    m.kind := 'terms';
    m.cap := c.cap;
    m.state := c.state;
    m.public := c.public;
    m.from_day := c.from_day;
    m.change_id := c.id;
    m.amount := 0;
    m.over := 0;
    PERFORM pool_post(m);
END;
$$;
REVOKE ALL ON FUNCTION pool_decide(bigint) FROM PUBLIC;

-- The movements of a pool after a place of its chain, up to another or to its end, that do not follow the one before, or that
-- count what is no line of a shipment.
CREATE OR REPLACE FUNCTION pool_links(pool bigint, after bigint, digest bytea, used bigint, until bigint)
    RETURNS TABLE (pool_id bigint, what text, off numeric) LANGUAGE sql STABLE AS $$
    WITH link AS (
        SELECT m AS movement, m.seq, m.digest, m.used_after,
               m.amount * pool_sign(m.kind) AS more,
               coalesce(lag(m.seq) OVER w, pool_links.after) AS seq_before,
               CASE WHEN lag(m.seq) OVER w IS NULL THEN pool_links.digest ELSE lag(m.digest) OVER w END AS before,
               CASE WHEN lag(m.seq) OVER w IS NULL THEN pool_links.used ELSE lag(m.used_after) OVER w END AS used_before
        FROM licensing_poolmovement m
        WHERE m.pool_id = pool_links.pool AND m.seq > pool_links.after
          AND (pool_links.until IS NULL OR m.seq <= pool_links.until)
        WINDOW w AS (ORDER BY m.seq)
    )
    SELECT pool_links.pool, 'chain', k.seq::numeric FROM link k
        WHERE k.seq <> k.seq_before + 1 OR k.digest IS DISTINCT FROM pool_digest(k.before, k.movement)
           OR k.used_after IS DISTINCT FROM k.used_before + k.more
    UNION ALL
    SELECT m.pool_id, 'no line of a movement', m.seq FROM licensing_poolmovement m
        WHERE m.pool_id = pool_links.pool AND m.seq > pool_links.after
          AND (pool_links.until IS NULL OR m.seq <= pool_links.until) AND m.kind <> 'terms'
          AND (m.shipment_id IS NULL OR NOT EXISTS (
            SELECT FROM licensing_licenseline l WHERE l.license_id = m.license_id AND l.number = m.line_number));
$$;

-- What does not agree of a pool, or of all, beside its chain: with the sums of its movements, its last one, or the changes
-- that were approved. From the place up to which they were found right, or, whole, from the beginning.
CREATE OR REPLACE FUNCTION pool_sums(pool bigint, whole boolean) RETURNS TABLE (pool_id bigint, what text, off numeric)
    LANGUAGE sql STABLE AS $$
    WITH base AS MATERIALIZED (
        SELECT p.*, coalesce(c.seq, 0) AS from_seq, coalesce(c.digest, '') AS from_digest,
               coalesce(c.used, 0) AS from_used, coalesce(c.over_used, 0) AS from_over
        FROM licensing_quotapool p LEFT JOIN licensing_poolcheck c ON c.pool_id = p.id AND NOT pool_sums.whole
        WHERE pool_sums.pool IS NULL OR p.id = pool_sums.pool
    ), counted AS (
        SELECT b.id, b.from_used + coalesce(sum(m.amount * pool_sign(m.kind)), 0) AS used,
               b.from_over + coalesce(sum(m.over * pool_sign(m.kind)), 0) AS over_used
        FROM base b LEFT JOIN licensing_poolmovement m ON m.pool_id = b.id AND m.seq > b.from_seq
        GROUP BY b.id, b.from_used, b.from_over
    )
    SELECT b.id, amount.what, amount.off FROM base b JOIN counted c ON c.id = b.id,
        LATERAL (VALUES ('used', b.used - c.used), ('over_used', b.over_used - c.over_used)) amount (what, off)
        WHERE amount.off <> 0
    UNION ALL
    SELECT b.id, 'head', b.chain_seq FROM base b LEFT JOIN LATERAL (
            SELECT m.seq, m.digest FROM licensing_poolmovement m WHERE m.pool_id = b.id AND m.seq > b.from_seq
            ORDER BY m.seq DESC LIMIT 1) k ON true
        WHERE (b.chain_seq, b.chain_digest) IS DISTINCT FROM (coalesce(k.seq, b.from_seq), coalesce(k.digest, b.from_digest))
    UNION ALL
    SELECT c.pool_id, 'no longer as it was found right', c.seq FROM base b JOIN licensing_poolcheck c ON c.pool_id = b.id
        WHERE pool_sums.whole AND NOT EXISTS (
            SELECT FROM licensing_poolmovement m WHERE m.pool_id = c.pool_id AND m.seq = c.seq AND m.digest = c.digest)
    UNION ALL
    SELECT m.pool_id, 'before the chain', m.seq FROM base b JOIN licensing_poolmovement m ON m.pool_id = b.id WHERE m.seq < 1
    UNION ALL
    SELECT m.pool_id, 'not as approved', m.seq FROM base p JOIN licensing_poolmovement m ON m.pool_id = p.id
        LEFT JOIN licensing_poolchange c ON c.id = m.change_id AND c.approved
        WHERE m.kind = 'terms' AND (m.cap, m.state, m.public, m.from_day, p.ref, p.measure, p.element, p.category, p.list_name,
                p.destinations, p.end_uses, p.period_from, p.period_until)
            IS DISTINCT FROM (c.cap, c.state, c.public, c.from_day, c.ref, c.measure, c.element, c.category, c.list_name,
                c.destinations, c.end_uses, c.period_from, c.period_until)
    UNION ALL
    SELECT p.id, format('%s as approved is not in the books', c.ref), c.id
        FROM licensing_poolchange c LEFT JOIN base p ON p.id = c.pool_id OR c.pool_id IS NULL AND p.ref = c.ref
        WHERE c.approved AND (p.id IS NOT NULL OR pool_sums.pool IS NULL) AND NOT EXISTS (
            SELECT FROM licensing_poolmovement m WHERE m.change_id = c.id AND m.pool_id = p.id)
    UNION ALL
    SELECT p.id, 'opened', 0 FROM base p
        WHERE p.opened_on IS DISTINCT FROM (SELECT m.from_day FROM licensing_poolmovement m
                                            WHERE m.pool_id = p.id AND m.kind = 'terms' ORDER BY m.seq LIMIT 1);
$$;

-- All of it, of a pool or of all.
CREATE OR REPLACE FUNCTION pool_drift(pool bigint, whole boolean) RETURNS TABLE (pool_id bigint, what text, off numeric)
    LANGUAGE sql STABLE AS $$
    SELECT * FROM pool_sums(pool_drift.pool, pool_drift.whole)
    UNION ALL
    SELECT k.* FROM licensing_quotapool p
        LEFT JOIN licensing_poolcheck c ON c.pool_id = p.id AND NOT pool_drift.whole,
        LATERAL pool_links(p.id, coalesce(c.seq, 0), coalesce(c.digest, ''), coalesce(c.used, 0), NULL) k
        WHERE pool_drift.pool IS NULL OR p.id = pool_drift.pool;
$$;

-- The same of all, and what differs takes no use until somebody has looked (pool_thaw); what agrees is followed from here the
-- next time. whole: sums from the beginning, and no chain: that is gone through in pieces (pool_walk). newly: it took some
-- until now. One statement, so one moment.
CREATE OR REPLACE FUNCTION pool_check(whole boolean) RETURNS TABLE (pool_id bigint, what text, off numeric, newly boolean)
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH drift AS MATERIALIZED (
        SELECT d.*, coalesce(NOT p.frozen, false) AS newly FROM (
            SELECT * FROM pool_sums(NULL, true) WHERE pool_check.whole
            UNION ALL SELECT * FROM pool_drift(NULL, false) WHERE NOT pool_check.whole) d
        LEFT JOIN licensing_quotapool p ON p.id = d.pool_id
    ), stopped AS (
        UPDATE licensing_quotapool SET frozen = true WHERE NOT frozen AND id IN (SELECT d.pool_id FROM drift d)
    ), kept AS (
        INSERT INTO licensing_poolcheck AS c (pool_id, seq, digest, used, over_used, at)
        SELECT p.id, p.chain_seq, p.chain_digest, p.used, p.over_used, now() FROM licensing_quotapool p
        WHERE NOT pool_check.whole AND NOT EXISTS (SELECT FROM drift d WHERE d.pool_id = p.id)
        ON CONFLICT (pool_id) DO UPDATE SET seq = excluded.seq, digest = excluded.digest, used = excluded.used,
            over_used = excluded.over_used, at = excluded.at WHERE c.seq < excluded.seq
    )
    SELECT * FROM drift;
$$;

-- A piece of a pool's chain, from a movement to another: what does not follow stops the pool, as above.
CREATE OR REPLACE FUNCTION pool_walk(pool bigint, after bigint, until bigint)
    RETURNS TABLE (pool_id bigint, what text, off numeric, newly boolean)
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH begins AS (
        SELECT p.id, p.frozen, CASE pool_walk.after WHEN 0 THEN ''::bytea ELSE m.digest END AS digest,
               CASE pool_walk.after WHEN 0 THEN 0 ELSE m.used_after END AS used
        FROM licensing_quotapool p LEFT JOIN licensing_poolmovement m ON m.pool_id = p.id AND m.seq = pool_walk.after
        WHERE p.id = pool_walk.pool
    ), drift AS MATERIALIZED (
        SELECT k.*, NOT b.frozen AS newly
        FROM begins b, LATERAL pool_links(b.id, pool_walk.after, b.digest, b.used, pool_walk.until) k
    ), stopped AS (
        UPDATE licensing_quotapool SET frozen = true WHERE NOT frozen AND id IN (SELECT d.pool_id FROM drift d)
    )
    SELECT * FROM drift;
$$;

-- A frozen pool whose books agree again is as its terms say; do they?
CREATE OR REPLACE FUNCTION pool_thaw(pool bigint) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE licensing_quotapool SET frozen = false
        WHERE id = pool AND NOT EXISTS (SELECT FROM pool_drift(pool, true));
    RETURN FOUND;
END;
$$;
REVOKE ALL ON FUNCTION pool_check(boolean), pool_walk(bigint, bigint, bigint), pool_thaw(bigint) FROM PUBLIC;
