-- An answer is given once, and kept for 400 days: the application's role can't delete a key, only call end_answers().

CREATE FUNCTION guard_answered_once() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'an answer that was given is never changed' USING ERRCODE = 'check_violation';
END;
$$;

-- Of the thousand oldest keys, those whose time is over are gone. Returns how many. Ids follow age closely enough
-- that no index on the day is needed.
CREATE FUNCTION end_answers() RETURNS int LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
    WITH oldest AS (
        SELECT id, created_at FROM core_idempotency ORDER BY id LIMIT 1000
    ), ended AS (
        DELETE FROM core_idempotency USING oldest
            WHERE core_idempotency.id = oldest.id AND oldest.created_at < (SELECT legal_now()) - interval '400 days'
            RETURNING core_idempotency.id
    )
    SELECT count(*)::int FROM ended;
$$;
REVOKE ALL ON FUNCTION end_answers() FROM PUBLIC;
