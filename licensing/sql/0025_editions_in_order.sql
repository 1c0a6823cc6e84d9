-- Attached to new editions: one is added after the other, so that whoever knows the one of the highest key knows all.
CREATE OR REPLACE FUNCTION guard_in_order() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('licensing_policyedition'));
    IF NEW.id <= (SELECT max(id) FROM licensing_policyedition) THEN
        RAISE EXCEPTION 'another edition was added meanwhile: add this one anew' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
