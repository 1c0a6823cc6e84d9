-- Do the ledger's books agree? (docs/ledger.md, "The books".) Read by licensing.books; nothing here changes a balance.
SET LOCAL check_function_bodies = off;  -- one reads a column that a later migration brings

-- Whatever does not agree, of these licenses or of all: a balance with the sum of its movements (by how much), a movement
-- with the chain of its line (which), a line with what was granted or with its license. Chains are followed from the
-- place up to which they were found right, or, whole, from their beginning. One statement, so one moment.
CREATE OR REPLACE FUNCTION ledger_drift(licenses bigint[], whole boolean)
    RETURNS TABLE (license_id bigint, line_id bigint, what text, off numeric) LANGUAGE sql STABLE
    SET work_mem = '64MB' SET hash_mem_multiplier = 32 AS $$  -- groups are far fewer than is guessed: sorting takes twice as long
    WITH line AS MATERIALIZED (
        SELECT l.id, l.license_id, l.chain_seq, l.chain_digest, CASE WHEN whole THEN 0 ELSE coalesce(c.seq, 0) END AS seq,
               CASE WHEN whole THEN ''::bytea ELSE coalesce(c.digest, '') END AS digest
        FROM licensing_licenseline l LEFT JOIN licensing_linecheck c ON c.line_id = l.id
        WHERE licenses IS NULL OR l.license_id = ANY (licenses)
    ), counted AS (
        -- in two steps, as of a line many movements are of few kinds
        SELECT k.license_id, k.line_id, k.account, k.end_user_id,
               sum(k.quantity * ledger_sign('authorized', k.kind, k.held)) AS authorized,
               sum(k.quantity * ledger_sign('credited', k.kind, k.held)) AS credited,
               sum(k.quantity * ledger_sign('tolerance', k.kind, k.held)) AS tolerance,
               sum(k.quantity * ledger_sign('reserved', k.kind, k.held)) AS reserved,
               sum(k.quantity * ledger_sign('drawn', k.kind, k.held)) AS drawn,
               sum(k.quantity * ledger_sign('lapsed', k.kind, k.held)) AS lapsed,
               sum(k.quantity * ledger_sign('over_cleared', k.kind, k.held)) AS over_cleared,
               -- of what is authorized what was at first, and what the license before has used
               coalesce(sum(k.quantity) FILTER (WHERE k.kind = 'authorize'), 0) AS opened_with,
               coalesce(sum(k.quantity) FILTER (WHERE k.kind = 'carry'), 0) AS carried,
               coalesce(sum(k.quantity) FILTER (WHERE k.kind = 'tolerance' AND k.alone), 0) AS granted,
               sum(k.unchained) AS unchained,
               bool_or(k.first_seq <= 1 AND k.kind = 'authorize') AS opened, min(k.first_seq) AS first_seq,
               max(k.last_seq) AS last_seq,
               sum(k.number) FILTER (WHERE k.alone AND k.kind NOT IN ('authorize', 'tolerance', 'lapse', 'unlapse', 'carry', 'pass_on')
                   OR k.account <> 'quantity' AND k.kind IN ('tolerance', 'over_clear', 'lapse', 'unlapse')) AS of_nothing,
               ARRAY[min(k.exporter), max(k.last_exporter), min(k.line_number), max(k.last_number)] AS whose
        FROM (
            SELECT m.license_id, m.line_id, m.account, m.end_user_id, m.kind, m.held, m.shipment_id IS NULL AS alone,
                   sum(m.quantity) AS quantity, count(*) AS number, count(*) - count(m.seq) AS unchained,
                   min(m.seq) AS first_seq, max(m.seq) AS last_seq, min(m.exporter_id) AS exporter, max(m.exporter_id) AS last_exporter,
                   min(m.line_number) AS line_number, max(m.line_number) AS last_number
            FROM licensing_movement m
            WHERE licenses IS NULL OR m.license_id = ANY (licenses)
            GROUP BY m.license_id, m.line_id, m.account, m.end_user_id, m.kind, m.held, m.shipment_id IS NULL) k
        GROUP BY k.license_id, k.line_id, k.account, k.end_user_id
    ), sums AS (
        SELECT l.license_id, l.id, amount.what, amount.off
        FROM licensing_licenseline l
        LEFT JOIN counted c ON c.line_id = l.id AND c.license_id = l.license_id AND c.account = 'quantity',
        LATERAL (VALUES ('authorized', l.authorized - coalesce(c.authorized, 0)),
                        ('credited', l.credited - coalesce(c.credited, 0)),
                        ('tolerance', l.tolerance - coalesce(c.tolerance, 0)),
                        ('reserved', l.reserved - coalesce(c.reserved, 0)),
                        ('drawn', l.drawn - coalesce(c.drawn, 0)),
                        ('lapsed', l.lapsed - coalesce(c.lapsed, 0)),
                        ('over_cleared', l.over_cleared - coalesce(c.over_cleared, 0))) amount (what, off)
        WHERE (licenses IS NULL OR l.license_id = ANY (licenses)) AND amount.off <> 0
          -- of most lines nothing differs, which is seen at a glance
          AND (l.authorized, l.credited, l.tolerance, l.reserved, l.drawn, l.lapsed, l.over_cleared) IS DISTINCT FROM
              (c.authorized, c.credited, c.tolerance, c.reserved, c.drawn, c.lapsed, c.over_cleared)
    ), further AS (
        SELECT l.license_id, l.id, c.account || ' ' || amount.what, amount.off
        FROM licensing_ceiling c JOIN licensing_licenseline l ON l.id = c.line_id
        LEFT JOIN counted m ON m.line_id = c.line_id AND m.license_id = l.license_id AND m.account = c.account
            AND m.end_user_id IS NOT DISTINCT FROM c.end_user_id,
        LATERAL (VALUES ('authorized', c.authorized - coalesce(m.authorized + m.credited, 0)),
                        ('reserved', c.reserved - coalesce(m.reserved, 0)),
                        ('drawn', c.drawn - coalesce(m.drawn, 0))) amount (what, off)
        WHERE (licenses IS NULL OR l.license_id = ANY (licenses)) AND amount.off <> 0
    ), nowhere AS (
        SELECT m.license_id, m.line_id, CASE WHEN l.id IS NULL THEN 'line' ELSE m.account END || ' missing', m.opened_with
        FROM counted m LEFT JOIN licensing_licenseline l ON l.id = m.line_id AND l.license_id = m.license_id
        WHERE l.id IS NULL OR m.account <> 'quantity' AND NOT EXISTS (
            SELECT FROM licensing_ceiling c WHERE c.line_id = m.line_id AND c.account = m.account
               AND c.end_user_id IS NOT DISTINCT FROM m.end_user_id)
    ), beside AS (
        -- only a line of before the chain has movements without it: its authorization is one of them
        SELECT m.license_id, m.line_id, 'beside the chain', sum(m.unchained) FROM counted m
        GROUP BY m.license_id, m.line_id HAVING sum(m.unchained) > 0 AND bool_or(m.opened AND m.account = 'quantity')
    ), ahead AS (
        -- lines that have movements after the place up to which they were found right, or in no place
        SELECT l.* FROM line l WHERE EXISTS (SELECT FROM counted c WHERE c.line_id = l.id AND c.license_id = l.license_id
            AND (c.last_seq > l.seq OR c.first_seq < 1 OR c.unchained > 0))
    ), link AS (
        -- a movement is made a row of its table only here, where few are left: as it is read, it would be made of each
        SELECT l.license_id, l.id, m.seq, m.digest, ROW(m.*)::licensing_movement AS movement,
               coalesce(lag(m.seq) OVER w, l.seq) AS seq_before, coalesce(lag(m.digest) OVER w, l.digest) AS before,
               lead(m.seq) OVER w IS NULL AS last
        FROM ahead l JOIN licensing_movement m ON m.line_id = l.id AND m.license_id = l.license_id
        WHERE m.seq > l.seq OR m.seq < 1 OR m.seq IS NULL AND m.transaction > 0
        WINDOW w AS (PARTITION BY m.line_id ORDER BY m.seq)
    ), broken AS (
        SELECT k.license_id, k.id, 'chain', k.seq::numeric FROM link k
        WHERE k.seq IS DISTINCT FROM k.seq_before + 1 OR k.digest IS DISTINCT FROM ledger_digest(k.before, k.movement)
    ), head AS (
        SELECT l.license_id, l.id, 'head', l.chain_seq::numeric FROM line l LEFT JOIN link k ON k.id = l.id AND k.last
        WHERE (l.chain_seq, l.chain_digest) IS DISTINCT FROM (coalesce(k.seq, l.seq), coalesce(k.digest, l.digest))
    ), passed AS (
        SELECT l.license_id, l.id, 'no longer as it was found right', c.seq::numeric
        FROM line l JOIN licensing_linecheck c ON c.line_id = l.id
        WHERE whole AND c.seq > 0
          AND NOT EXISTS (SELECT FROM link k WHERE k.id = l.id AND k.seq = c.seq AND k.digest = c.digest)
    ), recommended AS (
        SELECT lic.id AS license_id, lic.state, d.id AS step_id, g.*, asked.number AS asked, asked.control_item_id, asked.unit
        FROM licensing_license lic
        CROSS JOIN LATERAL ledger_step(lic.application_id) d
        CROSS JOIN LATERAL ledger_granted(d) g
        JOIN licensing_applicationline asked ON asked.id = g.line_id
        WHERE licenses IS NULL OR lic.id = ANY (licenses)
    ), granted AS (
        SELECT l.license_id, l.id, 'not as granted', l.authorized + coalesce(t.opened_with - t.authorized, 0) - coalesce(r.quantity, 0)
        FROM licensing_licenseline l
        LEFT JOIN recommended r ON r.license_id = l.license_id AND r.number = l.number
        LEFT JOIN counted t ON t.line_id = l.id AND t.license_id = l.license_id AND t.account = 'quantity'
        WHERE (licenses IS NULL OR l.license_id = ANY (licenses))
          AND (l.authorized + coalesce(t.opened_with - t.authorized, 0), l.final_pct, coalesce(t.granted, 0)) IS DISTINCT FROM
              (r.quantity, r.final_pct, CASE r.state WHEN 'replaced' THEN 0 ELSE r.beyond END)
    ), absent AS (
        SELECT r.license_id, NULL::bigint, format('line %s missing', r.number), r.quantity::numeric FROM recommended r
        WHERE NOT EXISTS (SELECT FROM licensing_licenseline l WHERE l.license_id = r.license_id AND l.number = r.number)
        UNION ALL
        SELECT l.license_id, l.id, due.account || ' missing', due.amount
        FROM recommended r JOIN licensing_licenseline l ON l.license_id = r.license_id AND l.number = r.number,
        LATERAL (
            SELECT 'value' AS account, NULL::bigint AS end_user_id, r.worth AS amount WHERE r.worth IS NOT NULL
            UNION ALL
            SELECT 'allotment', u.id, a.quantity FROM licensing_allotted a
            JOIN licensing_applicationenduser asked ON asked.id = a.end_user_id
            JOIN licensing_licenseenduser u ON u.license_id = l.license_id AND u.party_id = asked.party_id
            WHERE a.step_id = r.step_id AND a.line_id = r.line_id) due
        WHERE NOT EXISTS (SELECT FROM licensing_ceiling c WHERE c.line_id = l.id AND c.account = due.account
               AND c.end_user_id IS NOT DISTINCT FROM due.end_user_id)
    ), unlike AS (
        SELECT l.license_id, l.id, 'not as its license', 0::numeric
        FROM licensing_licenseline l JOIN licensing_license lic ON lic.id = l.license_id
        WHERE (licenses IS NULL OR l.license_id = ANY (licenses))
          AND (l.open AND NOT license_in_force(lic.state)
               OR (l.exporter_id, l.usable_from, l.usable_until, l.capped) IS DISTINCT FROM (lic.exporter_id,
                   lic.usable_from, lic.usable_until, EXISTS (SELECT FROM licensing_ceiling c WHERE c.line_id = l.id)))
        UNION ALL
        SELECT l.license_id, l.id, 'not as its application', 0
        FROM recommended r JOIN licensing_licenseline l ON l.license_id = r.license_id AND l.number = r.number
        WHERE (l.control_item_id, l.unit) IS DISTINCT FROM (r.control_item_id, r.unit)
        UNION ALL
        SELECT l.license_id, l.id, 'movements not as their line', 0
        FROM counted m JOIN licensing_licenseline l ON l.id = m.line_id AND l.license_id = m.license_id
        WHERE m.whose <> ARRAY[l.exporter_id, l.exporter_id, l.number, l.number]
    ), capped AS (
        SELECT l.license_id, l.id, c.account || ' not as granted', m.opened_with - coalesce(a.quantity, r.worth, 0)
        FROM licensing_ceiling c JOIN licensing_licenseline l ON l.id = c.line_id
        LEFT JOIN counted m ON m.line_id = c.line_id AND m.license_id = l.license_id AND m.account = c.account
            AND m.end_user_id IS NOT DISTINCT FROM c.end_user_id
        LEFT JOIN recommended r ON r.license_id = l.license_id AND r.number = l.number
        LEFT JOIN LATERAL (
            SELECT a.quantity FROM licensing_allotted a
            JOIN licensing_applicationenduser asked ON asked.id = a.end_user_id
            JOIN licensing_licenseenduser u ON u.id = c.end_user_id AND u.party_id = asked.party_id
            WHERE a.step_id = r.step_id AND a.line_id = r.line_id) a ON c.account = 'allotment'
        WHERE (licenses IS NULL OR l.license_id = ANY (licenses))
          AND (m.opened_with IS DISTINCT FROM CASE c.account WHEN 'value' THEN r.worth ELSE a.quantity END
               OR c.currency <> CASE c.account WHEN 'value' THEN r.currency ELSE '' END)
    ), walked AS (
        SELECT l.license_id, l.id, m.seq, m.available_after,
            sum(m.quantity * ledger_sign_left(m.kind, m.held)) OVER (PARTITION BY m.line_id, m.account, m.end_user_id ORDER BY m.seq NULLS FIRST, m.id) AS available,
            m.kind = 'tolerance' AND m.shipment_id IS NOT NULL AND m.quantity > 0
                AND m.quantity <> ledger_percent(m.available_after, l.final_pct) AS beyond
        FROM licensing_licenseline l JOIN licensing_movement m ON m.line_id = l.id AND m.license_id = l.license_id
        WHERE whole AND (licenses IS NULL OR l.license_id = ANY (licenses))
    ), astray AS (
        SELECT w.license_id, w.id, 'what was left after a movement', w.seq::numeric FROM walked w
        WHERE w.available <> w.available_after OR w.beyond
    ), ended AS (
        SELECT l.license_id, l.id, 'left on an ended license', ledger_available(l)::numeric
        FROM licensing_licenseline l JOIN licensing_license lic ON lic.id = l.license_id
        WHERE (licenses IS NULL OR l.license_id = ANY (licenses))
          AND NOT license_in_force(lic.state) AND ledger_available(l) > 0
    ), lapsed AS (
        SELECT l.license_id, l.id, 'lapsed on a license in force', l.lapsed::numeric
        FROM licensing_licenseline l JOIN licensing_license lic ON lic.id = l.license_id
        WHERE (licenses IS NULL OR l.license_id = ANY (licenses)) AND license_in_force(lic.state) AND l.lapsed <> 0
    ), succeeded AS (
        -- what a license has not, because the one before it used it, is what that one kept
        SELECT lic.id, lic.replaces_id FROM licensing_license lic
        WHERE lic.replaces_id IS NOT NULL AND (licenses IS NULL OR lic.id = ANY (licenses))
    ), carried AS (
        SELECT l.license_id, l.id, 'not what its predecessor left', (coalesce(c.carried, 0) - coalesce(o.authorized, 0))::numeric
        FROM succeeded s JOIN licensing_licenseline l ON l.license_id = s.id
        JOIN recommended r ON r.license_id = l.license_id AND r.number = l.number
        LEFT JOIN licensing_licenseline o ON o.license_id = s.replaces_id AND o.number = r.asked
        LEFT JOIN counted c ON c.license_id = l.license_id AND c.line_id = l.id AND c.account = 'quantity'
        WHERE coalesce(c.carried, 0) <> coalesce(o.authorized, 0)
        UNION ALL
        SELECT l.license_id, l.id, x.account || ' not what its predecessor left',
               coalesce(c.carried, 0) - coalesce(o.kept, 0)
        FROM succeeded s JOIN licensing_licenseline l ON l.license_id = s.id
        JOIN recommended r ON r.license_id = l.license_id AND r.number = l.number
        JOIN licensing_ceiling x ON x.line_id = l.id
        LEFT JOIN LATERAL (
            SELECT sum(m.quantity * ledger_sign('authorized', m.kind, m.held)) AS kept
            FROM ledger_before(x, s.replaces_id, r.asked) b
            JOIN licensing_movement m ON m.license_id = s.replaces_id AND m.line_id = b.line_id AND m.account = b.account
                AND m.end_user_id IS NOT DISTINCT FROM b.end_user_id) o ON true
        LEFT JOIN counted c ON c.line_id = l.id AND c.license_id = l.license_id AND c.account = x.account
            AND c.end_user_id IS NOT DISTINCT FROM x.end_user_id
        WHERE coalesce(c.carried, 0) <> coalesce(o.kept, 0)
        UNION ALL
        SELECT s.id, NULL, 'not replaced, but another took its place', 0
        FROM succeeded s JOIN licensing_license o ON o.id = s.replaces_id AND o.state <> 'replaced'
    ), nothing AS (
        SELECT m.license_id, m.line_id, 'movements of nothing', m.of_nothing FROM counted m WHERE m.of_nothing > 0
    ), unsaid AS (
        SELECT k.license_id, k.id, 'no history of a movement', k.seq::numeric
        FROM link k
        WHERE (k.movement).shipment_id IS NULL AND k.seq IS NOT NULL
          -- what a shipment gave back to a license that has ended lapsed with it
          AND NOT EXISTS (SELECT FROM licensing_movement o WHERE o.license_id = k.license_id
                AND o.transaction = (k.movement).transaction AND o.shipment_id IS NOT NULL)
          AND NOT EXISTS (SELECT FROM core_historyline h WHERE h.subject_kind = 'license' AND h.subject_id = k.license_id
                AND h.at BETWEEN (k.movement).at - interval '10 s' AND (k.movement).at + interval '10 s')
    )
    SELECT * FROM sums UNION ALL SELECT * FROM further UNION ALL SELECT * FROM nowhere UNION ALL SELECT * FROM broken
    UNION ALL SELECT * FROM beside UNION ALL SELECT * FROM head UNION ALL SELECT * FROM passed
    UNION ALL SELECT * FROM granted UNION ALL SELECT * FROM absent UNION ALL SELECT * FROM unlike
    UNION ALL SELECT * FROM capped UNION ALL SELECT * FROM astray UNION ALL SELECT * FROM ended
    UNION ALL SELECT * FROM lapsed UNION ALL SELECT * FROM nothing UNION ALL SELECT * FROM unsaid
    UNION ALL SELECT * FROM carried;
$$;

-- The same, and from now on the lines that agree are followed from here. Planned for these licenses: of all, whoever asks
-- goes through ranges of them.
CREATE OR REPLACE FUNCTION ledger_check(licenses bigint[], whole boolean)
    RETURNS TABLE (license_id bigint, line_id bigint, what text, off numeric) LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH drift AS MATERIALIZED (SELECT * FROM ledger_drift(licenses, whole)),
    kept AS (
        INSERT INTO licensing_linecheck AS c (line_id, seq, digest, at)
        SELECT l.id, l.chain_seq, l.chain_digest, now() FROM licensing_licenseline l
        WHERE (licenses IS NULL OR l.license_id = ANY (licenses))
          AND NOT EXISTS (SELECT FROM drift d WHERE d.line_id = l.id)
        ORDER BY l.id  -- of two looks one waits for the other, and never in a circle
        ON CONFLICT (line_id) DO UPDATE SET seq = excluded.seq, digest = excluded.digest, at = excluded.at
            WHERE c.seq < excluded.seq)
    SELECT * FROM drift;
END;
$$;
REVOKE ALL ON FUNCTION ledger_check(bigint[], boolean) FROM PUBLIC;
