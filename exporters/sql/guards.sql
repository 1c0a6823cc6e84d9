-- What PostgreSQL itself refuses of companies: core.guards attaches it.

-- Attached to changes of an account's state: it is stopped while an order of the ministry is open, and only then; barred
-- by one that bars it, through its last day. That nobody ends his own order is a constraint of these.
CREATE OR REPLACE FUNCTION guard_stopped() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.state IN ('suspended', 'barred')) <> EXISTS (
        SELECT FROM exporters_stop s WHERE s.exporter_id = NEW.organization_id AND s.ended_at IS NULL
    ) THEN
        RAISE EXCEPTION 'an account is stopped as long as an order to stop it is open'
            USING ERRCODE = 'check_violation';
    END IF;
    IF 'barred' IN (OLD.state, NEW.state) AND (NEW.state = 'barred') <> EXISTS (
        SELECT FROM exporters_stop s WHERE s.exporter_id = NEW.organization_id AND s.ended_at IS NULL
            AND s.kind = 'bar' AND s.last_day >= legal_day(legal_now())
    ) THEN
        RAISE EXCEPTION 'a company is barred through the last day of the decision that bars it'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
