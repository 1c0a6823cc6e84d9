-- answer_claim (claims.sql) for many keys at once, which are taken in their order whatever the order of the rows.

-- By place: NULL where the key is this transaction's now, or (not taking) has no answer; else what was kept of its first
-- call. NULL altogether where one of them is still running after lock_timeout: then none is held.
CREATE FUNCTION answer_claims(organization bigint, keys text[], fingerprints text[], taking boolean[])
    RETURNS jsonb[] LANGUAGE plpgsql AS $$
DECLARE
    said jsonb[];
    gone boolean;
BEGIN
    LOOP
        INSERT INTO core_idempotency (organization_id, key, fingerprint, content_type, body, created_at)
            SELECT organization, u.key, u.fingerprint, '', '', legal_now()
            FROM unnest(keys, fingerprints, taking) u (key, fingerprint, taking)
            WHERE u.taking ORDER BY u.key COLLATE "C" ON CONFLICT DO NOTHING;
        -- one without an answer is our own: of others' we see what has committed
        SELECT array_agg(CASE WHEN i.status IS NOT NULL OR i.fingerprint <> u.fingerprint THEN jsonb_build_object(
                   'fingerprint', i.fingerprint, 'status', i.status, 'content_type', i.content_type, 'body', i.body)
               END ORDER BY u.n), coalesce(bool_or(u.taking AND i.key IS NULL), false) INTO said, gone
            FROM unnest(keys, fingerprints, taking) WITH ORDINALITY u (key, fingerprint, taking, n)
            LEFT JOIN core_idempotency i ON i.organization_id = organization AND i.key = u.key;
        IF NOT gone THEN
            RETURN said;
        END IF;
    END LOOP;
EXCEPTION WHEN lock_not_available THEN
    RETURN NULL;
END;
$$;
