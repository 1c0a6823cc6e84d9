-- Lines, counts and movements are written by the ledger's functions alone. Those that the application may call run with
-- their owner's rights; of the tables it has SELECT (licensing.models.balances says so, core.grants sees to it).

ALTER FUNCTION ledger_take(jsonb, boolean) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION ledger_settle(jsonb) SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION ledger_lapse(bigint) SECURITY DEFINER SET search_path = public, pg_temp;

-- The new license has a line for each of its application of which something is recommended in the present round, by the
-- recommendation that was approved and never more than was asked, in their order, numbered from 1, with its authorization as first movement; and a count where its clearances are limited.
-- A license that has lines gets no more. Two people stand behind it: guard_two_people.
CREATE FUNCTION ledger_open(license_ bigint) RETURNS SETOF licensing_licenseline LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    lic licensing_license;
    line licensing_licenseline;
BEGIN
    SELECT * INTO STRICT lic FROM licensing_license WHERE id = license_;
    IF EXISTS (SELECT FROM licensing_licenseline l WHERE l.license_id = license_) THEN
        RAISE EXCEPTION 'a license gets its lines once' USING ERRCODE = 'check_violation';
    END IF;
    IF lic.max_clearances IS NOT NULL THEN
        INSERT INTO licensing_clearancecount (license_id, taken) VALUES (license_, 0);
    END IF;
    INSERT INTO licensing_licenseline (exporter_id, license_id, number, control_item_id, description, hs_codes, unit,
            open, usable_from, usable_until, authorized, credited, tolerance, reserved, drawn, lapsed, over_cleared,
            currency, value_reserved, value_drawn)
        SELECT lic.exporter_id, license_, row_number() OVER (ORDER BY asked.number), asked.control_item_id,
               asked.description, item.hs_codes, asked.unit, true, lic.usable_from, lic.usable_until, granted.quantity,
               0, CASE WHEN lic.tolerance_mode = 'pct_line'
                       THEN granted.quantity * (lic.tolerance_pct * 100)::bigint / 10000 ELSE 0 END,
               0, 0, 0, 0, '', 0, 0
        FROM licensing_recommendedline granted
        JOIN licensing_applicationline asked ON asked.id = granted.line_id
        JOIN licensing_controlitem item ON item.id = asked.control_item_id
        WHERE granted.quantity BETWEEN 1 AND asked.quantity AND asked.application_id = lic.application_id
          AND granted.step_id = (
            SELECT max(r.id) FROM licensing_decisionstep r
            JOIN licensing_application a ON a.id = r.application_id AND a.round = r.round
            JOIN licensing_decisionstep d ON d.application_id = a.id AND d.round = a.round AND d.id > r.id
            WHERE a.id = lic.application_id AND r.step = 'recommend' AND d.step = 'decide' AND d.outcome = 'approve')
        ORDER BY asked.number;
    FOR line IN SELECT * FROM licensing_licenseline l WHERE l.license_id = license_ ORDER BY l.number LOOP
        PERFORM ledger_post(line, 'authorize', line.authorized, false, NULL, NULL, lic.issued_at,
            ledger_available(line));
        IF line.tolerance > 0 THEN
            PERFORM ledger_post(line, 'tolerance', line.tolerance, false, NULL, NULL, lic.issued_at,
                ledger_available(line));
        END IF;
        RETURN NEXT line;
    END LOOP;
END;
$$;

-- All lines of the license are this transaction's.
CREATE FUNCTION ledger_lock(license_ bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM licensing_licenseline l WHERE l.license_id = license_ ORDER BY l.id FOR NO KEY UPDATE;
END;
$$;

-- Reservations on the license are possible, or not.
CREATE FUNCTION ledger_usable(license_ bigint, usable boolean) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE licensing_licenseline SET open = usable WHERE license_id = license_;
END;
$$;

-- Those above are taken from PUBLIC with the grant of the rights after a migration (core.grants), in one transaction:
-- until then whatever serves goes on.
REVOKE ALL ON FUNCTION ledger_open(bigint), ledger_lock(bigint), ledger_usable(bigint, boolean) FROM PUBLIC;
