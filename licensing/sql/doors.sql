-- Lines, counts and movements are written by the ledger's functions alone. Those that the application may call run with
-- their owner's rights; of the tables it has SELECT (licensing.models.balances says so, core.grants sees to it).
SET LOCAL check_function_bodies = off;  -- one calls what a later migration brings

ALTER FUNCTION ledger_lapse(bigint) SECURITY DEFINER SET search_path = public, pg_temp;

-- What a license of the case rests on, by the last decision of its present round: the last recommendation before it, where
-- that and it approve, or itself, where it changed a refusal of that round that was contested.
DROP FUNCTION IF EXISTS ledger_step(bigint);
CREATE FUNCTION ledger_step(application bigint) RETURNS SETOF licensing_decisionstep LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY SELECT r.* FROM licensing_application a
        CROSS JOIN LATERAL (
            SELECT * FROM licensing_decisionstep s WHERE s.application_id = a.id AND s.round = a.round
            AND s.step <> 'recommend' ORDER BY s.id DESC LIMIT 1) d
        CROSS JOIN LATERAL (
            SELECT * FROM licensing_decisionstep s WHERE s.application_id = a.id AND s.round = a.round
            AND (s.id = d.id AND s.step = 'reconsider' OR s.id < d.id AND s.step = 'recommend')
            ORDER BY s.id DESC LIMIT 1) r
        WHERE a.id = application AND d.outcome = 'approve' AND r.outcome = 'approve'
          AND (d.step = 'decide' OR EXISTS (
                SELECT FROM licensing_reconsideration c JOIN licensing_decisionstep f ON f.id = c.decision_id
                WHERE f.application_id = a.id AND f.round = a.round AND f.outcome = 'refuse' AND f.id < d.id));
END;
$$;

-- What such a step grants: a line for each of its application of which something is recommended and never more than was
-- asked, in their order, numbered from 1, with its value in hundredths and what its tolerance gives it.
CREATE OR REPLACE FUNCTION ledger_granted(step licensing_decisionstep)
    RETURNS TABLE (number bigint, line_id bigint, quantity bigint, worth bigint, currency text, beyond bigint, final_pct int)
    LANGUAGE sql STABLE AS $$
    SELECT row_number() OVER (ORDER BY asked.number), asked.id, r.quantity, (r.value * 100)::bigint, r.currency,
           tolerated.beyond, tolerated.final_pct
    FROM licensing_recommendedline r JOIN licensing_applicationline asked ON asked.id = r.line_id
    CROSS JOIN ledger_tolerated(step.tolerance_mode, step.tolerance_pct, r.quantity) tolerated
    WHERE r.step_id = step.id AND asked.application_id = step.application_id AND r.quantity BETWEEN 1 AND asked.quantity;
$$;

-- The new license has a line for each that is granted, by the recommendation of the present round that was approved, with its
-- authorization as first movement, and then its tolerance, its value and its end-users' allotments where some were
-- recommended, and with what its goods contain at most; and a count where its clearances are limited.
-- A license that has lines gets no more. Two people stand behind it: guard_two_people.
-- One that took the place of another has what that one left: see ledger_succeed.
CREATE OR REPLACE FUNCTION ledger_open(license_ bigint) RETURNS SETOF licensing_licenseline LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    lic licensing_license;
    step licensing_decisionstep;
    granted record;
    allotted record;
    line licensing_licenseline;
    ceiling bigint;
BEGIN
    SELECT * INTO STRICT lic FROM licensing_license WHERE id = license_;
    IF EXISTS (SELECT FROM licensing_licenseline l WHERE l.license_id = license_) THEN
        RAISE EXCEPTION 'a license gets its lines once' USING ERRCODE = 'check_violation';
    END IF;
    IF lic.max_clearances IS NOT NULL THEN
        INSERT INTO licensing_clearancecount (license_id, taken) VALUES (license_, 0);
    END IF;
    IF lic.replaces_id IS NOT NULL THEN
        PERFORM ledger_lock(lic.replaces_id);
        IF (SELECT o.state FROM licensing_license o WHERE o.id = lic.replaces_id) <> 'replaced' THEN
            RAISE EXCEPTION 'it takes the place of a license that is not replaced' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    SELECT * INTO step FROM ledger_step(lic.application_id);
    FOR granted IN
            SELECT g.*, asked.number AS asked, asked.control_item_id, asked.description, asked.unit, asked.composition,
                   item.hs_codes
            FROM ledger_granted(step) g JOIN licensing_applicationline asked ON asked.id = g.line_id
            JOIN licensing_controlitem item ON item.id = asked.control_item_id
            ORDER BY g.number LOOP
        INSERT INTO licensing_licenseline (exporter_id, license_id, number, control_item_id, description, hs_codes,
                unit, open, usable_from, usable_until, authorized, credited, tolerance, reserved, drawn, lapsed,
                over_cleared, composition, final_pct, capped)
            VALUES (lic.exporter_id, license_, granted.number, granted.control_item_id, granted.description,
                granted.hs_codes, granted.unit, true, lic.usable_from, lic.usable_until, 0, 0, 0, 0, 0, 0, 0,
                granted.composition, granted.final_pct,
                granted.worth IS NOT NULL OR EXISTS (SELECT FROM licensing_allotted a
                    WHERE a.step_id = step.id AND a.line_id = granted.line_id))
            RETURNING * INTO line;
        line := ledger_post(line, 'authorize', granted.quantity, false, NULL, NULL, lic.issued_at);
        IF granted.beyond > 0 THEN
            line := ledger_post(line, 'tolerance', granted.beyond, false, NULL, NULL, lic.issued_at);
        END IF;
        IF granted.worth IS NOT NULL THEN
            INSERT INTO licensing_ceiling (line_id, account, currency, authorized, reserved, drawn)
                VALUES (line.id, 'value', granted.currency, 0, 0, 0) RETURNING id INTO ceiling;
            line := ledger_post_on(line, ceiling, 'authorize', granted.worth, false, NULL, NULL, NULL, lic.issued_at);
        END IF;
        FOR allotted IN
                SELECT u.id AS end_user, a.quantity FROM licensing_allotted a
                JOIN licensing_applicationenduser asked ON asked.id = a.end_user_id
                JOIN licensing_licenseenduser u ON u.license_id = license_ AND u.party_id = asked.party_id
                WHERE a.step_id = step.id AND a.line_id = granted.line_id ORDER BY u.id LOOP
            INSERT INTO licensing_ceiling (line_id, account, end_user_id, currency, authorized, reserved, drawn)
                VALUES (line.id, 'allotment', allotted.end_user, '', 0, 0, 0) RETURNING id INTO ceiling;
            line := ledger_post_on(line, ceiling, 'authorize', allotted.quantity, false, NULL, NULL, NULL,
                lic.issued_at);
        END LOOP;
        IF lic.replaces_id IS NOT NULL THEN
            line := ledger_succeed(line, lic.replaces_id, granted.asked::int, lic.issued_at);
        END IF;
        PERFORM ledger_keep(line);
        RETURN NEXT line;
    END LOOP;
    IF lic.replaces_id IS NOT NULL THEN
        PERFORM ledger_pass_on(lic.replaces_id, lic.issued_at);
    END IF;
END;
$$;

-- All lines of the license are this transaction's.
CREATE OR REPLACE FUNCTION ledger_lock(license_ bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM 1 FROM licensing_licenseline l WHERE l.license_id = license_ ORDER BY l.id FOR NO KEY UPDATE;
END;
$$;

-- Reservations on the license are possible, or not.
CREATE OR REPLACE FUNCTION ledger_usable(license_ bigint, usable boolean) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE licensing_licenseline SET open = usable WHERE license_id = license_;
END;
$$;

-- Those above are taken from PUBLIC with the grant of the rights after a migration (core.grants), in one transaction:
-- until then whatever serves goes on.
REVOKE ALL ON FUNCTION ledger_open(bigint), ledger_lock(bigint), ledger_usable(bigint, boolean) FROM PUBLIC;
