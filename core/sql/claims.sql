-- What a verb that is one statement is made of (docs/ledger.md): its key and its answer, and the first line of a history (history.sql).

-- The key is this transaction's until it ends: NULL. Else what was kept of its first call: {fingerprint, status,
-- content_type, body}. Waits for one that is still running.
CREATE OR REPLACE FUNCTION answer_hold(organization bigint, key_ text, fingerprint_ text) RETURNS jsonb
    LANGUAGE plpgsql AS $$
DECLARE
    earlier jsonb;
BEGIN
    LOOP
        INSERT INTO core_idempotency (organization_id, key, fingerprint, content_type, body, created_at)
            VALUES (organization, key_, fingerprint_, '', '', legal_now()) ON CONFLICT DO NOTHING;
        IF FOUND THEN
            RETURN NULL;
        END IF;
        SELECT jsonb_build_object('fingerprint', i.fingerprint, 'status', i.status, 'content_type', i.content_type,
                                  'body', i.body) INTO earlier
            FROM core_idempotency i WHERE i.organization_id = organization AND i.key = key_;
        IF FOUND THEN
            RETURN earlier;
        END IF;
    END LOOP;
END;
$$;

-- The same, or {in_progress} where the first call is still running after lock_timeout.
CREATE OR REPLACE FUNCTION answer_claim(organization bigint, key_ text, fingerprint_ text) RETURNS jsonb
    LANGUAGE plpgsql AS $$
BEGIN
    RETURN answer_hold(organization, key_, fingerprint_);
EXCEPTION WHEN lock_not_available THEN
    RETURN '{"in_progress": true}';
END;
$$;

-- The answer of a key that this transaction holds is kept; its body comes back.
-- answer: {status, content_type, body}, a body in which %1$s, %2$s … stand for what is filled in, and %% for a percent sign.
CREATE OR REPLACE FUNCTION answer_keep(organization bigint, key_ text, answer jsonb, filled text[]) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    kept text;
BEGIN
    UPDATE core_idempotency SET status = (answer->>'status')::int, content_type = answer->>'content_type',
            body = format(answer->>'body', VARIADIC filled)
        WHERE organization_id = organization AND key = key_ RETURNING body INTO STRICT kept;
    RETURN kept;
END;
$$;
