-- Attached to new licenses: the application's present round was recommended and approved by two people.
CREATE OR REPLACE FUNCTION guard_two_people() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM licensing_decisionstep d
        JOIN licensing_decisionstep r ON r.application_id = d.application_id AND r.round = d.round
        JOIN licensing_application a ON a.id = d.application_id AND a.round = d.round
        WHERE d.application_id = NEW.application_id AND d.step = 'decide' AND d.outcome = 'approve'
          AND r.step = 'recommend' AND r.actor_id <> d.actor_id
          AND a.state IN ('approved', 'issued') AND a.exporter_id = NEW.exporter_id
    ) THEN
        RAISE EXCEPTION 'a license needs an approved application, recommended and decided by two people'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
