-- What PostgreSQL itself refuses of what one officer proposes and a second countersigns: core.guards attaches these.

CREATE OR REPLACE FUNCTION guard_decided_once() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a row of % is decided once', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END;
$$;

CREATE OR REPLACE FUNCTION guard_begins_open() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'what is proposed is decided by another person, later' USING ERRCODE = 'check_violation';
END;
$$;

-- arguments: what history calls the row, the column of its key, the verb; attached to changes to the state that the verb leads
-- to. Each carried proposal carries it once: as often as history says that the row came there, one was used up.
CREATE OR REPLACE FUNCTION guard_countersigned() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    row_ bigint := to_jsonb(NEW)->>TG_ARGV[1];
BEGIN
    IF (SELECT count(*) FROM core_proposal p
        WHERE p.subject_kind = TG_ARGV[0] AND p.subject_id = row_ AND p.verb = TG_ARGV[2] AND p.carried)
       <= (SELECT count(*) FROM core_historyline h
           WHERE h.subject_kind = TG_ARGV[0] AND h.subject_id = row_ AND h.verb = TG_ARGV[2] AND h.to_state = NEW.state) THEN
        RAISE EXCEPTION '% of a % needs what one person proposed and another countersigned', TG_ARGV[2], TG_ARGV[0]
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
