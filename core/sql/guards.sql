-- What PostgreSQL itself refuses, whoever asks and whatever that session has set: core.guards attaches these.
-- None asks a setting, and each has a fixed search_path, so that no temporary table can stand in for a real one.

-- arguments: each lawful move as 'from:to'; attached to changes of state
CREATE FUNCTION guard_state_moves() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.state || ':' || NEW.state = ANY (TG_ARGV) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'no move leads % from % to %', TG_TABLE_NAME, OLD.state, NEW.state
        USING ERRCODE = 'check_violation';
END;
$$;

-- argument: the one state in which a row begins; attached to rows that begin otherwise
CREATE FUNCTION guard_state_begins() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a new % begins as %, not %', TG_TABLE_NAME, TG_ARGV[0], NEW.state
        USING ERRCODE = 'check_violation';
END;
$$;

CREATE FUNCTION guard_insert_only() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END;
$$;
