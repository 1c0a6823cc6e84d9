-- What a shipment uses of national pools follows its lines (licensing/sql/pools.sql); every verb that changes them calls this
-- last, and so does the sweep that lets reservations lapse.

-- What a shipment uses of pools, as pool_follow reads it: what of its lines is reserved or has crossed, less what a return
-- credited that an officer approved.
CREATE OR REPLACE FUNCTION shipment_uses(s shipments_shipment) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('license', s.license_id, 'shipment', s.id, 'shipment_ref', s.ref, 'end_user', s.end_user_id,
        'destination', s.destination, 'declared', s.declared_at IS NOT NULL,
        'day', pool_day(s.declared_at, s.planned_on), 'lines', jsonb_agg(jsonb_build_object(
            'line', i.line_number, 'contents', i.contents, 'gross', i.held + i.drawn + i.over_cleared - i.credited)))
    FROM shipments_shipmentline i WHERE i.shipment_id = s.id;
$$;

-- Each pool counts that. Returns [{pool, over}]: what went beyond a pool's room now.
CREATE OR REPLACE FUNCTION shipment_pools(shipment_ bigint) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM licensing_quotapool) THEN
        RETURN '[]';
    END IF;
    RETURN (SELECT pool_follow(shipment_uses(s), NULL)
        FROM shipments_shipment s WHERE s.id = shipment_);
END;
$$;
REVOKE ALL ON FUNCTION shipment_pools(bigint) FROM PUBLIC;

-- What is wrong with what the request says its goods contain: [{pointer, code, why, element, pool}]. An oxide of another
-- element, or nothing said, by it or by the license, of what a pool counts. pooled: there are any.
CREATE OR REPLACE FUNCTION shipment_contents(request jsonb, license bigint, end_user bigint, pooled boolean) RETURNS jsonb
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    wrong jsonb := '[]';
BEGIN
    IF jsonb_path_exists(request, '$.lines[*].oxide ? (@ <> "")') THEN
        wrong := (SELECT coalesce(jsonb_agg(jsonb_build_object('pointer', format('/lines/%s/oxide', asked.number - 1),
                'code', 'out-of-range', 'why', 'oxide-of-another', 'element', item.element) ORDER BY asked.number), '[]')
            FROM jsonb_array_elements(request->'lines') WITH ORDINALITY asked (item, number)
            JOIN licensing_licenseline l ON l.license_id = license AND l.number = (asked.item->>'line')::int
            JOIN licensing_controlitem item ON item.id = l.control_item_id
            WHERE asked.item->>'oxide' <> '' AND NOT asked.item->'contents' ? item.element);
    END IF;
    IF wrong = '[]' AND pooled THEN
        wrong := (SELECT coalesce(jsonb_agg(jsonb_build_object('code', 'required', 'why', 'element-required',
                'pointer', format('/lines/%s/composition', asked.number - 1), 'element', p.element, 'pool', p.ref)
                ORDER BY asked.number, p.ref), '[]')
            FROM jsonb_array_elements(request->'lines') WITH ORDINALITY asked (item, number)
            JOIN pool_shares(license, end_user, request->>'destination', pool_day(NULL, (request->>'planned_on')::date),
                             request->'lines') s ON s.line = (asked.item->>'line')::int AND s.share IS NULL
            JOIN licensing_quotapool p ON p.id = s.pool);
    END IF;
    RETURN wrong;
END;
$$;

-- Shipments of which pools count something else than their lines say, of these licenses or of all: for licensing.books. One
-- that was reserved before a pool was opened may not count yet.
CREATE OR REPLACE FUNCTION shipment_pool_drift(licenses bigint[])
    RETURNS TABLE (license_id bigint, line_id bigint, what text, off numeric) LANGUAGE sql STABLE AS $$
    WITH live AS (
        SELECT s.id, s.license_id, s.end_user_id, s.destination, s.created_at, shipment_uses(s) AS uses
        FROM shipments_shipment s
        WHERE (licenses IS NULL OR s.license_id = ANY (licenses)) AND EXISTS (SELECT FROM licensing_quotapool)
    ), expected AS (
        SELECT l.id, l.license_id, l.created_at, c.pool, c.line, pool_content((i->>'gross')::bigint, c.share) AS content
        FROM live l, pool_shares(l.license_id, l.end_user_id, l.destination, (l.uses->>'day')::date, l.uses->'lines') c,
             jsonb_array_elements(l.uses->'lines') i WHERE (i->>'line')::int = c.line
    ), present AS (
        SELECT m.shipment_id, m.license_id, m.pool_id, m.line_number,
               sum(m.amount * pool_sign(m.kind)) AS content
        FROM licensing_poolmovement m
        WHERE m.shipment_id IS NOT NULL AND (licenses IS NULL OR m.license_id = ANY (licenses)) GROUP BY 1, 2, 3, 4
    )
    SELECT coalesce(p.license_id, e.license_id), l.id, format('shipment %s pool %s', coalesce(p.shipment_id, e.id), q.ref),
           coalesce(p.content, 0) - coalesce(e.content, 0)
    FROM expected e FULL JOIN present p
        ON (p.shipment_id, p.pool_id, p.line_number, p.license_id) = (e.id, e.pool, e.line, e.license_id)
    JOIN licensing_quotapool q ON q.id = coalesce(p.pool_id, e.pool)
    JOIN licensing_licenseline l ON l.license_id = coalesce(p.license_id, e.license_id)
        AND l.number = coalesce(p.line_number, e.line)
    WHERE coalesce(p.content, 0) <> coalesce(e.content, 0)
      AND (p.shipment_id IS NOT NULL OR e.created_at > interval '1 minute' + (
            SELECT m.at FROM licensing_poolmovement m WHERE m.pool_id = q.id ORDER BY m.seq LIMIT 1));
$$;
