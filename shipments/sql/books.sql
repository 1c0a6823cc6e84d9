-- What shipments say beside what the ledger's movements do (licensing.books).

-- A line of a shipment that says otherwise than customs' messages and officers' decisions: what crossed is what each
-- clearance stands for after what corrected it last; what came back was reported; no more is credited than was approved.
CREATE OR REPLACE FUNCTION shipment_witnessed(licenses bigint[])
    RETURNS TABLE (license_id bigint, line_id bigint, what text, off numeric) LANGUAGE sql STABLE AS $$
    WITH stands AS (
        SELECT DISTINCT ON (r.line_id, coalesce(c.corrects_id, c.id)) r.line_id, r.quantity
        FROM shipments_resolution r JOIN shipments_customsmessage c ON c.id = r.message_id
        JOIN shipments_shipment s ON s.id = c.shipment_id
        WHERE licenses IS NULL OR s.license_id = ANY (licenses)
        ORDER BY r.line_id, coalesce(c.corrects_id, c.id), r.id DESC
    ), crossed AS (
        SELECT line_id, sum(quantity) AS quantity FROM stands GROUP BY 1
    ), back AS (
        SELECT p.line_id, sum(p.quantity) AS returned, coalesce(sum(p.quantity) FILTER (WHERE b.approved), 0) AS approved
        FROM shipments_returnedline p JOIN shipments_return b ON b.id = p.of_id
        JOIN shipments_shipment s ON s.id = b.shipment_id
        WHERE licenses IS NULL OR s.license_id = ANY (licenses) GROUP BY 1
    )
    SELECT s.license_id, l.id, format('shipment %s %s', s.id, amount.what), amount.off
    FROM shipments_shipmentline i JOIN shipments_shipment s ON s.id = i.shipment_id
    JOIN licensing_licenseline l ON l.license_id = s.license_id AND l.number = i.line_number
    LEFT JOIN crossed c ON c.line_id = i.id LEFT JOIN back b ON b.line_id = i.id,
    LATERAL (VALUES
        ('crossed', i.drawn + i.over_cleared - coalesce(c.quantity, 0)),
        ('returned', i.returned - coalesce(b.returned, 0)),
        ('credited', greatest(i.credited - coalesce(b.approved, 0), 0))) amount (what, off)
    WHERE (licenses IS NULL OR s.license_id = ANY (licenses)) AND amount.off <> 0;
$$;

-- A line of a shipment of which its end-user's allotment took otherwise than the line itself, where the end-user has one.
CREATE OR REPLACE FUNCTION shipment_allotted(licenses bigint[])
    RETURNS TABLE (license_id bigint, line_id bigint, what text, off numeric) LANGUAGE sql STABLE AS $$
    WITH taken AS (
        SELECT m.license_id, m.line_id, m.shipment_id, m.kind, m.held,
               CASE WHEN m.account = 'quantity' THEN -m.quantity WHEN m.end_user_id = c.end_user_id THEN m.quantity END AS more
        FROM licensing_movement m JOIN shipments_shipment s ON s.id = m.shipment_id AND s.license_id = m.license_id
        JOIN licensing_licenseenduser u ON u.license_id = s.license_id AND u.party_id = s.end_user_id
        JOIN licensing_ceiling c ON c.line_id = m.line_id AND c.account = 'allotment' AND c.end_user_id = u.id
        WHERE m.seq IS NOT NULL AND m.account <> 'value' AND (licenses IS NULL OR m.license_id = ANY (licenses))
    )
    SELECT t.license_id, t.line_id, format('shipment %s allotment %s', t.shipment_id, amount.what), sum(amount.off)
    FROM taken t, LATERAL (VALUES
        ('reserved', CASE WHEN t.kind = 'reserve' THEN t.more END),
        ('held', t.more * ledger_sign('reserved', t.kind, t.held)),
        ('crossed', t.more * (ledger_sign('drawn', t.kind, t.held) + ledger_sign('over_cleared', t.kind, t.held))),
        ('credited', t.more * ledger_sign('credited', t.kind, t.held)),
        ('of another', CASE WHEN t.more IS NULL THEN 1 END)) amount (what, off)
    GROUP BY t.license_id, t.line_id, t.shipment_id, amount.what HAVING sum(amount.off) <> 0;
$$;

-- A movement that says otherwise than its shipment which one that is, or at which rate its value was converted.
CREATE OR REPLACE FUNCTION shipment_named(licenses bigint[])
    RETURNS TABLE (license_id bigint, line_id bigint, what text, off numeric) LANGUAGE sql STABLE AS $$
    SELECT m.license_id, m.line_id, format('shipment %s number or rate', s.id), m.seq::numeric
    FROM licensing_movement m JOIN shipments_shipment s ON s.id = m.shipment_id
    LEFT JOIN shipments_shipmentline i ON i.shipment_id = s.id AND i.line_number = m.line_number
    WHERE (licenses IS NULL OR m.license_id = ANY (licenses))
      AND (m.shipment_ref <> s.ref OR CASE WHEN m.account = 'value' AND m.kind = 'reserve'
               THEN ledger_hundredths(i.value, m.rate) IS DISTINCT FROM m.quantity ELSE m.rate IS NOT NULL END);
$$;

-- A license of which more, or fewer, clearances are taken than its shipments count; at its first line.
CREATE OR REPLACE FUNCTION shipment_clearances(licenses bigint[])
    RETURNS TABLE (license_id bigint, line_id bigint, what text, off numeric) LANGUAGE sql STABLE AS $$
    SELECT l.id, (SELECT min(n.id) FROM licensing_licenseline n WHERE n.license_id = l.id), 'clearances',
           (coalesce(c.taken, 0) - coalesce(s.counted, 0))::numeric
    FROM licensing_license l LEFT JOIN licensing_clearancecount c ON c.license_id = l.id
    LEFT JOIN LATERAL (
        SELECT count(*) AS counted FROM shipments_shipment s WHERE s.license_id = l.id AND s.counted) s
        ON l.max_clearances IS NOT NULL
    WHERE (licenses IS NULL OR l.id = ANY (licenses)) AND (l.max_clearances IS NOT NULL OR c.license_id IS NOT NULL)
      AND c.taken IS DISTINCT FROM s.counted;
$$;

-- A line of a shipment whose amounts are not those of its movements, of these licenses or of all.
CREATE OR REPLACE FUNCTION shipment_drift(licenses bigint[])
    RETURNS TABLE (license_id bigint, line_id bigint, what text, off numeric) LANGUAGE sql STABLE AS $$
    WITH moved AS (
        SELECT m.license_id, m.line_id, m.line_number, m.shipment_id,
               coalesce(sum(m.quantity * ledger_sign('reserved', m.kind, m.held)) FILTER (WHERE m.account = 'quantity'), 0) AS held,
               coalesce(sum(m.quantity * ledger_sign('drawn', m.kind, m.held)) FILTER (WHERE m.account = 'quantity'), 0) AS drawn,
               coalesce(sum(m.quantity) FILTER (WHERE m.account = 'quantity' AND m.kind = 'release'), 0) AS released,
               coalesce(sum(m.quantity * ledger_sign('over_cleared', m.kind, m.held)) FILTER (WHERE m.account = 'quantity'), 0)
                   AS over_cleared,
               coalesce(sum(m.quantity) FILTER (WHERE m.account = 'quantity' AND m.kind = 'reserve'), 0) AS reserved,
               coalesce(sum(m.quantity) FILTER (WHERE m.account = 'value' AND m.kind = 'reserve'), 0) AS worth,
               coalesce(sum(m.quantity * ledger_sign('drawn', m.kind, m.held)) FILTER (WHERE m.account = 'value'), 0) AS worth_drawn,
               coalesce(sum(m.quantity * ledger_sign('reserved', m.kind, m.held)) FILTER (WHERE m.account = 'value'), 0) AS worth_held,
               coalesce(sum(m.quantity * ledger_sign('credited', m.kind, m.held)) FILTER (WHERE m.account = 'value'), 0)
                   AS worth_credited,
               count(*) FILTER (WHERE m.account = 'quantity' AND m.kind = 'credit') AS credits,
               coalesce(sum(m.quantity * ledger_sign('credited', m.kind, m.held)) FILTER (WHERE m.account = 'quantity'), 0) AS credited
        FROM licensing_movement m
        WHERE m.shipment_id IS NOT NULL AND (licenses IS NULL OR m.license_id = ANY (licenses))
        GROUP BY m.license_id, m.line_id, m.line_number, m.shipment_id
    ), said AS (
        SELECT s.license_id, p.* FROM shipments_shipmentline p
        JOIN shipments_shipment s ON s.id = p.shipment_id
        WHERE licenses IS NULL OR s.license_id = ANY (licenses)
    )
    SELECT coalesce(m.license_id, s.license_id), coalesce(m.line_id, l.id),
           format('shipment %s %s', coalesce(m.shipment_id, s.shipment_id), amount.what), amount.off
    FROM moved m FULL JOIN said s ON s.shipment_id = m.shipment_id AND s.line_number = m.line_number
        AND s.license_id = m.license_id
    LEFT JOIN licensing_licenseline l ON l.license_id = s.license_id AND l.number = s.line_number,
    LATERAL (VALUES
        ('reserved', coalesce(CASE WHEN s.added THEN 0 ELSE s.quantity END, 0) - coalesce(m.reserved, 0)),
        ('held', coalesce(s.held, 0) - coalesce(m.held, 0)),
        ('drawn', coalesce(s.drawn, 0) - coalesce(m.drawn, 0)),
        ('released', coalesce(s.released, 0) - coalesce(m.released, 0)),
        ('over_cleared', coalesce(s.over_cleared, 0) - coalesce(m.over_cleared, 0)),
        ('credited', coalesce(s.credited, 0) - coalesce(m.credited, 0)),
        ('worth', coalesce(s.worth, 0) - coalesce(m.worth, 0)),
        ('worth drawn', coalesce(s.worth_drawn, 0) - coalesce(m.worth_drawn, 0)),
        ('worth held', coalesce(s.worth_held, 0) - coalesce(m.worth_held, 0)),
        -- each time rounded to the cent
        ('worth credited', CASE WHEN abs(s.worth::numeric * s.credited - m.worth_credited::numeric * s.quantity)
                                       > m.credits::numeric * s.quantity
            THEN ledger_worth(s.worth, s.credited, s.quantity) - m.worth_credited ELSE 0 END)) amount (what, off)
    WHERE amount.off <> 0
    UNION ALL
    SELECT * FROM shipment_witnessed(licenses)
    UNION ALL
    SELECT * FROM shipment_allotted(licenses)
    UNION ALL
    SELECT * FROM shipment_named(licenses)
    UNION ALL
    SELECT * FROM shipment_clearances(licenses);
$$;
