-- Attached to new editions: one is added after the other, so that whoever knows the one of the highest key knows all. A
-- start is given once, unless what had it was taken back; one is taken back before its start by another of that start.
CREATE OR REPLACE FUNCTION guard_in_order() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last licensing_policyedition;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('licensing_policyedition'));
    IF NEW.id <= (SELECT max(id) FROM licensing_policyedition) THEN
        RAISE EXCEPTION 'another edition was added meanwhile: add this one anew' USING ERRCODE = 'check_violation';
    END IF;
    SELECT * INTO last FROM licensing_policyedition WHERE starts_at = NEW.starts_at ORDER BY id DESC LIMIT 1;
    IF NEW.repeals_id IS NOT NULL THEN
        IF NEW.repeals_id IS DISTINCT FROM last.id OR last.repeals_id IS NOT NULL OR NEW.starts_at <= legal_now() THEN
            RAISE EXCEPTION 'only the edition of a coming start is repealed, and once' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF last.id IS NOT NULL AND last.repeals_id IS NULL THEN
        RAISE EXCEPTION 'another edition has this start' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END;
$$;
