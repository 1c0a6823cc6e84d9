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

-- What is left of an account.
CREATE OR REPLACE FUNCTION ledger_left(authorized bigint, credited bigint, reserved bigint, drawn bigint, lapsed bigint)
    RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT authorized + credited - reserved - drawn - lapsed;
$$;

CREATE OR REPLACE FUNCTION ledger_available(line licensing_licenseline) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ledger_left(line.authorized, line.credited, line.reserved, line.drawn, line.lapsed);
$$;

-- The same of a further ceiling, which what came back is authorized anew on, and of which nothing lapses.
CREATE OR REPLACE FUNCTION ledger_available_on(ceiling licensing_ceiling) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ledger_left(ceiling.authorized, 0, ceiling.reserved, ceiling.drawn, 0);
$$;

-- How often the quantity of a movement is added to a balance of its account. held: it came out of a reservation.
CREATE OR REPLACE FUNCTION ledger_sign(balance text, kind text, held boolean) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE balance
        WHEN 'reserved' THEN CASE WHEN kind = 'reserve' THEN 1
                                  WHEN kind = 'release' OR kind IN ('draw', 'adjust') AND held THEN -1 ELSE 0 END
        WHEN 'drawn' THEN CASE WHEN kind IN ('draw', 'adjust') THEN 1 ELSE 0 END
        -- carried and passed on: what its predecessor has used, and what its successor has
        WHEN 'authorized' THEN CASE WHEN kind = 'authorize' THEN 1 WHEN kind IN ('carry', 'pass_on') THEN -1 ELSE 0 END
        WHEN 'credited' THEN CASE kind WHEN 'credit' THEN 1 ELSE 0 END
        WHEN 'tolerance' THEN CASE kind WHEN 'tolerance' THEN 1 ELSE 0 END
        WHEN 'lapsed' THEN CASE kind WHEN 'lapse' THEN 1 WHEN 'unlapse' THEN -1 ELSE 0 END
        -- NULL, which no balance takes, of what is no kind
        WHEN 'over_cleared' THEN CASE WHEN kind = 'over_clear' THEN 1 WHEN kind IN ('authorize', 'credit', 'tolerance', 'reserve',
            'release', 'draw', 'adjust', 'lapse', 'unlapse', 'carry', 'pass_on') THEN 0 END
    END;
$$;

-- The same of what is left of the account.
CREATE OR REPLACE FUNCTION ledger_sign_left(kind text, held boolean) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ledger_left(ledger_sign('authorized', kind, held), ledger_sign('credited', kind, held),
                       ledger_sign('reserved', kind, held), ledger_sign('drawn', kind, held), ledger_sign('lapsed', kind, held));
$$;

-- Grams and kilograms are one unit; others are themselves (core/quantities.py).
CREATE OR REPLACE FUNCTION same_unit(one text, other text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT one = other OR (one IN ('kg', 'g') AND other IN ('kg', 'g'));
$$;

-- So many hundredths of a percent of a quantity, without the rest.
CREATE OR REPLACE FUNCTION ledger_percent(quantity bigint, hundredths bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT quantity * hundredths / 10000;
$$;

-- What a tolerance of this mode and percent gives a line of this quantity: so much beyond it to whatever shipment, or to the
-- last one so many hundredths of a percent of what remains.
CREATE OR REPLACE FUNCTION ledger_tolerated(mode text, pct numeric, quantity bigint) RETURNS TABLE (beyond bigint, final_pct int)
    LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE mode WHEN 'pct_line' THEN ledger_percent(quantity, (pct * 100)::bigint) ELSE 0 END,
           CASE mode WHEN 'pct_remaining_final' THEN (pct * 100)::int ELSE 0 END;
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
CREATE OR REPLACE FUNCTION ledger_post(
    line licensing_licenseline, kind_ text, quantity_ bigint, held_ boolean,
    shipment_ bigint, shipment_ref_ text, at_ timestamptz
) RETURNS licensing_licenseline LANGUAGE plpgsql AS $$
DECLARE
    m licensing_movement;
BEGIN
    line.authorized := line.authorized + quantity_ * ledger_sign('authorized', kind_, held_);
    line.credited := line.credited + quantity_ * ledger_sign('credited', kind_, held_);
    line.tolerance := line.tolerance + quantity_ * ledger_sign('tolerance', kind_, held_);
    line.reserved := line.reserved + quantity_ * ledger_sign('reserved', kind_, held_);
    line.drawn := line.drawn + quantity_ * ledger_sign('drawn', kind_, held_);
    line.lapsed := line.lapsed + quantity_ * ledger_sign('lapsed', kind_, held_);
    line.over_cleared := line.over_cleared + quantity_ * ledger_sign('over_cleared', kind_, held_);
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
        authorized = authorized + amount * (ledger_sign('authorized', kind_, held_) + ledger_sign('credited', kind_, held_)),
        reserved = reserved + amount * ledger_sign('reserved', kind_, held_),
        drawn = drawn + amount * ledger_sign('drawn', kind_, held_)
        WHERE id = ceiling_ AND line_id = line.id
        RETURNING account, end_user_id, ledger_available_on(licensing_ceiling)
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

-- What a line has used of what it was authorized: drawn or reserved, and not come back.
CREATE OR REPLACE FUNCTION ledger_used(line licensing_licenseline) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT line.authorized - ledger_available(line);
$$;

-- The same of a further ceiling of a line: what came back is in its authorized amount.
CREATE OR REPLACE FUNCTION ledger_used_of(ceiling licensing_ceiling) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT ceiling.reserved + ceiling.drawn - coalesce((
        SELECT sum(m.quantity) FROM licensing_movement m JOIN licensing_licenseline l ON l.id = m.line_id
        WHERE l.id = ceiling.line_id AND m.license_id = l.license_id AND m.account = ceiling.account
          AND m.end_user_id IS NOT DISTINCT FROM ceiling.end_user_id AND m.kind = 'credit'), 0)::bigint;
$$;

-- Which ceiling of the license before counts the same as this one: the value of the line of that number in the same
-- currency, or what the same end-user may take of it.
CREATE OR REPLACE FUNCTION ledger_before(ceiling licensing_ceiling, license_ bigint, number_ int) RETURNS SETOF licensing_ceiling
    LANGUAGE sql STABLE AS $$
    SELECT o.* FROM licensing_ceiling o
    JOIN licensing_licenseline l ON l.id = o.line_id AND l.license_id = license_ AND l.number = number_
    LEFT JOIN licensing_licenseenduser before ON before.id = o.end_user_id
    LEFT JOIN licensing_licenseenduser now ON now.id = ceiling.end_user_id
    WHERE o.account = ceiling.account AND o.currency = ceiling.currency AND before.party_id IS NOT DISTINCT FROM now.party_id;
$$;

-- A new line has only what the line of that number of the license before it, whose lines the caller holds, has not used; its
-- ceilings likewise. Raises where that is more than was granted.
CREATE OR REPLACE FUNCTION ledger_succeed(line licensing_licenseline, before bigint, number_ int, at_ timestamptz)
    RETURNS licensing_licenseline LANGUAGE plpgsql AS $$
DECLARE
    used bigint;
    ceiling licensing_ceiling;
BEGIN
    SELECT ledger_used(l) INTO used FROM licensing_licenseline l WHERE l.license_id = before AND l.number = number_;
    IF used > line.authorized THEN
        RAISE EXCEPTION 'less than is drawn and reserved' USING ERRCODE = 'check_violation';
    ELSIF used <> 0 THEN
        line := ledger_post(line, 'carry', used, false, NULL, NULL, at_);
    END IF;
    FOR ceiling IN SELECT c.* FROM licensing_ceiling c WHERE c.line_id = line.id ORDER BY c.id LOOP
        SELECT ledger_used_of(o) INTO used FROM ledger_before(ceiling, before, number_) o;
        IF used > ceiling.authorized THEN
            RAISE EXCEPTION 'less than is drawn and reserved' USING ERRCODE = 'check_violation';
        ELSIF used <> 0 THEN
            line := ledger_post_on(line, ceiling.id, 'carry', used, false, NULL, NULL, NULL, at_);
        END IF;
    END LOOP;
    RETURN line;
END;
$$;

-- Of a license that was replaced, whose lines the caller holds, each account has what is used of it and no more. What of its
-- tolerance was not used is not its any more, either: its successor has one of its own.
CREATE OR REPLACE FUNCTION ledger_pass_on(license_ bigint, at_ timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    line licensing_licenseline;
    ceiling licensing_ceiling;
    given record;
    rest bigint;
    since bigint;
BEGIN
    FOR line IN SELECT * FROM licensing_licenseline l WHERE l.license_id = license_ ORDER BY l.id LOOP
        since := line.chain_seq;
        rest := ledger_available(line);
        IF rest <> 0 THEN
            line := ledger_post(line, 'pass_on', rest, false, NULL, NULL, at_);
        END IF;
        IF line.final_pct = 0 AND line.tolerance > 0 THEN
            line := ledger_post(line, 'tolerance', -line.tolerance, false, NULL, NULL, at_);
        ELSIF rest < 0 THEN
            -- of what its last shipment was given, that has now been authorized
            SELECT m.shipment_id, m.shipment_ref INTO given FROM licensing_movement m
                WHERE m.license_id = license_ AND m.line_id = line.id AND m.kind = 'tolerance' AND m.shipment_id IS NOT NULL
                GROUP BY 1, 2 HAVING sum(m.quantity) > 0;
            line := ledger_post(line, 'tolerance', rest, false, given.shipment_id, given.shipment_ref, at_);
        END IF;
        FOR ceiling IN SELECT c.* FROM licensing_ceiling c WHERE c.line_id = line.id ORDER BY c.id LOOP
            rest := ledger_available_on(ceiling);
            IF rest <> 0 THEN
                line := ledger_post_on(line, ceiling.id, 'pass_on', rest, false, NULL, NULL, NULL, at_);
            END IF;
        END LOOP;
        IF line.chain_seq > since THEN
            PERFORM ledger_keep(line);
        END IF;
    END LOOP;
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

-- What one unit of a currency is in CNY, by the table of the day's month; NULL where the table has it not.
CREATE OR REPLACE FUNCTION ledger_yuan(currency_ text, day date) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT CASE currency_ WHEN 'CNY' THEN 1 ELSE (SELECT r.cny FROM licensing_exchangerate r
        WHERE r.currency = currency_ AND r.month = date_trunc('month', day)) END;
$$;

-- The same in another currency.
CREATE OR REPLACE FUNCTION ledger_rate(from_ text, to_ text, day date) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN from_ = to_ THEN 1 ELSE round(ledger_yuan(from_, day) / ledger_yuan(to_, day), 8) END;
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
