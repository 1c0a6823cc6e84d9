-- An answer is given once, and kept for 400 days, or for 7 where a page saved by itself what was typed: the application's
-- role can't delete a key, only call end_answers().

CREATE OR REPLACE FUNCTION guard_answered_once() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'an answer that was given is never changed' USING ERRCODE = 'check_violation';
END;
$$;

-- Of the thousand oldest keys, and of the thousand oldest of such pages, those whose time is over are gone. Returns how
-- many. Ids follow age closely enough that only these pages' need an index on the day.
CREATE OR REPLACE FUNCTION end_answers() RETURNS int LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
    WITH oldest AS (
        SELECT id, created_at FROM core_idempotency ORDER BY id LIMIT 1000
    ), typed AS (
        SELECT id FROM core_idempotency
            WHERE key LIKE 'typed:%' AND created_at < (SELECT legal_now()) - interval '7 days'
            ORDER BY created_at LIMIT 1000
    ), ended AS (
        DELETE FROM core_idempotency
            WHERE id IN (SELECT id FROM oldest WHERE created_at < (SELECT legal_now()) - interval '400 days'
                         UNION ALL SELECT id FROM typed)
            RETURNING id
    )
    SELECT count(*)::int FROM ended;
$$;
REVOKE ALL ON FUNCTION end_answers() FROM PUBLIC;
