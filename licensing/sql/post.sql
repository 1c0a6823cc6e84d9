-- Movements: how one is chained, written, and what it does to its account (docs/ledger.md). The ledger's functions call
-- these; nobody else may.

CREATE SEQUENCE IF NOT EXISTS licensing_movement_seq AS bigint;

-- What a line keeps of its chain after this movement: the digest before it, and everything that the movement says.
CREATE OR REPLACE FUNCTION ledger_digest(before bytea, m licensing_movement) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(before || convert_to(jsonb_build_array(
        m.seq, m.id, (extract(epoch FROM m.at) * 1000000)::bigint, m.exporter_id, m.license_id, m.line_id,
        m.line_number, m.account, m.end_user_id, m.kind, m.quantity, m.held, m.rate, m.shipment_id, m.shipment_ref,
        m.available_after)::text, 'UTF8'));
$$;

CREATE OR REPLACE FUNCTION ledger_available(line licensing_licenseline) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT line.authorized + line.credited - line.reserved - line.drawn - line.lapsed;
$$;

-- So many hundredths of a percent of a quantity, without the rest.
CREATE OR REPLACE FUNCTION ledger_percent(quantity bigint, hundredths bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT quantity * hundredths / 10000;
$$;

-- The movement is written, next in the chain of its line, which the caller holds and keeps (ledger_keep).
CREATE OR REPLACE FUNCTION ledger_chain(line licensing_licenseline, m licensing_movement) RETURNS licensing_licenseline
    LANGUAGE plpgsql AS $$
BEGIN
    m.id := nextval('licensing_movement_seq');
    m.exporter_id := line.exporter_id;
    m.license_id := line.license_id;
    m.line_id := line.id;
    m.line_number := line.number;
    m.shipment_ref := coalesce(m.shipment_ref, '');
    line.chain_seq := line.chain_seq + 1;
    m.seq := line.chain_seq;
    m.digest := ledger_digest(line.chain_digest, m);
    line.chain_digest := m.digest;
    INSERT INTO licensing_movement (id, at, exporter_id, license_id, line_id, line_number, account, end_user_id, kind,
            quantity, held, rate, shipment_id, shipment_ref, available_after, seq, digest)
        VALUES (m.id, m.at, m.exporter_id, m.license_id, m.line_id, m.line_number, m.account, m.end_user_id, m.kind,
            m.quantity, m.held, m.rate, m.shipment_id, m.shipment_ref, m.available_after, m.seq, m.digest);
    RETURN line;
END;
$$;

-- A movement of the line's quantity, and the line as it is after it; the caller holds the line, and keeps it at the end.
-- Nothing else says what a kind does to a balance, but what reconcile counts anew.
CREATE OR REPLACE FUNCTION ledger_post(
    line licensing_licenseline, kind_ text, quantity_ bigint, held_ boolean,
    shipment_ bigint, shipment_ref_ text, at_ timestamptz
) RETURNS licensing_licenseline LANGUAGE plpgsql AS $$
DECLARE
    m licensing_movement;
BEGIN
    CASE kind_
        WHEN 'reserve' THEN line.reserved := line.reserved + quantity_;
        WHEN 'authorize' THEN line.authorized := line.authorized + quantity_;
        WHEN 'credit' THEN line.credited := line.credited + quantity_;
        WHEN 'tolerance' THEN line.tolerance := line.tolerance + quantity_;
        WHEN 'release' THEN line.reserved := line.reserved - quantity_;
        WHEN 'draw', 'adjust' THEN
            line.drawn := line.drawn + quantity_;
            line.reserved := line.reserved - CASE WHEN held_ THEN quantity_ ELSE 0 END;
        WHEN 'over_clear' THEN line.over_cleared := line.over_cleared + quantity_;
        WHEN 'lapse' THEN line.lapsed := line.lapsed + quantity_;
        WHEN 'unlapse' THEN line.lapsed := line.lapsed - quantity_;
    END CASE;
    m.account := 'quantity';
    m.at := at_;
    m.kind := kind_;
    m.quantity := quantity_;
    m.held := held_;
    m.shipment_id := shipment_;
    m.shipment_ref := shipment_ref_;
    m.available_after := ledger_available(line);
    RETURN ledger_chain(line, m);
END;
$$;

-- A movement of one of the line's further ceilings (its value, an end-user's allotment), which changes with it; likewise.
CREATE OR REPLACE FUNCTION ledger_post_on(
    line licensing_licenseline, ceiling_ bigint, kind_ text, amount bigint, held_ boolean, rate_ numeric,
    shipment_ bigint, shipment_ref_ text, at_ timestamptz
) RETURNS licensing_licenseline LANGUAGE plpgsql AS $$
DECLARE
    m licensing_movement;
BEGIN
    UPDATE licensing_ceiling SET
        authorized = authorized + CASE WHEN kind_ IN ('authorize', 'credit') THEN amount ELSE 0 END,
        reserved = reserved + CASE WHEN kind_ = 'reserve' THEN amount
            WHEN kind_ = 'release' OR kind_ IN ('draw', 'adjust') AND held_ THEN -amount ELSE 0 END,
        drawn = drawn + CASE WHEN kind_ IN ('draw', 'adjust') THEN amount ELSE 0 END
        WHERE id = ceiling_ AND line_id = line.id
        RETURNING account, end_user_id, authorized - reserved - drawn
        INTO STRICT m.account, m.end_user_id, m.available_after;
    m.at := at_;
    m.kind := kind_;
    m.quantity := amount;
    m.held := held_;
    m.rate := rate_;
    m.shipment_id := shipment_;
    m.shipment_ref := shipment_ref_;
    RETURN ledger_chain(line, m);
END;
$$;

-- What this shipment was given of what remained, as the license's last one, and has not given back.
CREATE OR REPLACE FUNCTION ledger_given(line licensing_licenseline, shipment bigint) RETURNS bigint LANGUAGE sql STABLE
    AS $$
    SELECT CASE WHEN line.final_pct = 0 THEN 0 ELSE coalesce((SELECT sum(m.quantity) FROM licensing_movement m
        WHERE m.license_id = line.license_id AND m.line_id = line.id AND m.shipment_id = shipment
          AND m.kind = 'tolerance'), 0)::bigint END;
$$;

-- The tolerance that what this shipment cleared may take.
CREATE OR REPLACE FUNCTION ledger_tolerance(line licensing_licenseline, shipment bigint) RETURNS bigint LANGUAGE sql STABLE
    AS $$ SELECT CASE WHEN line.final_pct = 0 OR ledger_given(line, shipment) > 0 THEN line.tolerance ELSE 0 END; $$;

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
    taken := taken + least(wanted - taken, greatest(least(free, 0) + ledger_tolerance(line, shipment), 0));
END;
$$;

-- The further ceilings of a line that what this end-user (a party) takes counts against.
CREATE OR REPLACE FUNCTION ledger_ceilings(line licensing_licenseline, party bigint) RETURNS SETOF licensing_ceiling
    LANGUAGE sql STABLE AS $$
    SELECT c.* FROM licensing_ceiling c WHERE c.line_id = line.id AND (c.end_user_id IS NULL OR c.end_user_id = (
        SELECT u.id FROM licensing_licenseenduser u WHERE u.license_id = line.license_id AND u.party_id = party))
        ORDER BY c.account DESC;
$$;

-- Of a value that was reserved for so much, what is drawn when so much of it has crossed.
CREATE OR REPLACE FUNCTION ledger_worth(worth bigint, crossed bigint, asked bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
    AS $$ SELECT coalesce(round(worth::numeric * crossed / nullif(asked, 0)), 0)::bigint; $$;

-- What one unit of a currency is in another, by the table of the day's month; NULL where the table has it not.
CREATE OR REPLACE FUNCTION ledger_rate(from_ text, to_ text, day date) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN from_ = to_ THEN 1 ELSE round(
        (SELECT CASE from_ WHEN 'CNY' THEN 1 ELSE (SELECT r.cny FROM licensing_exchangerate r
            WHERE r.currency = from_ AND r.month = date_trunc('month', day)) END)
        / (SELECT CASE to_ WHEN 'CNY' THEN 1 ELSE (SELECT r.cny FROM licensing_exchangerate r
            WHERE r.currency = to_ AND r.month = date_trunc('month', day)) END), 8) END;
$$;

-- A value in hundredths of another currency at this rate; NULL where there is none.
CREATE OR REPLACE FUNCTION ledger_hundredths(value numeric, rate numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT round(value * 100 * rate);
$$;

-- The line stands as its last movement left it. Raises where it has moved since it was read: whoever holds no lock.
CREATE OR REPLACE FUNCTION ledger_keep(line licensing_licenseline) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE licensing_licenseline SET
        authorized = line.authorized, credited = line.credited, tolerance = line.tolerance, reserved = line.reserved,
        drawn = line.drawn, lapsed = line.lapsed, over_cleared = line.over_cleared,
        chain_seq = line.chain_seq, chain_digest = line.chain_digest
        WHERE id = line.id AND chain_seq < line.chain_seq;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the line has moved since it was read' USING ERRCODE = 'check_violation';
    END IF;
END;
$$;

-- Attached to ceilings, where one would have more reserved than it has room for.
CREATE OR REPLACE FUNCTION guard_ceiling_has_room() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a ceiling has no room for this' USING ERRCODE = 'check_violation';
END;
$$;
