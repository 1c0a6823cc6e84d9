DO $$ BEGIN
    IF to_regtype('history_of') IS NULL THEN
        CREATE TYPE history_of AS (id bigint, ref text, before text, after text, facts jsonb);
    END IF;
END $$;

-- The hash of a line, as core.history.chain_hash has it, where nobody gave a reason. Texts and facts are ASCII without quotes,
-- and of facts a shorter key comes first: as PostgreSQL writes them, Python does. (Inlined wherever it is asked.)
CREATE OR REPLACE FUNCTION history_hash(previous text, kind text, id bigint, ref text, seq bigint, verb text, before text,
                                        after text, actor bigint, at timestamptz, edition text, facts jsonb) RETURNS text
    LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(format('["%s", "%s", %s, "%s", %s, "%s", "%s", "%s", %s, "%s", "", "%s", %s]',
        previous, kind, id, ref, seq, verb, before, after, actor,
        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), edition, facts), 'UTF8')), 'hex');
$$;

-- The first history line of a row that this transaction has made.
CREATE OR REPLACE FUNCTION history_begin(kind text, id_ bigint, ref_ text, verb_ text, state_ text, actor bigint,
                                         at_ timestamptz, edition_ text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO core_historyline (subject_kind, subject_id, subject_ref, seq, verb, from_state, to_state, actor_id, at,
                                  reason, edition, facts, previous_hash, hash)
    VALUES (kind, id_, ref_, 1, verb_, '', state_, actor, at_, '', edition_, '{}', '',
            history_hash('', kind, id_, ref_, 1, verb_, '', state_, actor, at_, edition_, '{}'));
END;
$$;

-- One history line each for many rows that this transaction has locked, chained to the row's last as core.history.record
-- does, with its delivery where somebody is told. What a sweep does for many at once is written so, and nothing else.
CREATE OR REPLACE FUNCTION history_add(kind text, verb_ text, rows history_of[], actor bigint, at_ timestamptz, told boolean)
    RETURNS void LANGUAGE sql AS $$
    WITH line AS (
        INSERT INTO core_historyline (subject_kind, subject_id, subject_ref, seq, verb, from_state, to_state, actor_id,
                                      at, reason, edition, facts, previous_hash, hash)
        SELECT kind, one.id, one.ref, coalesce(last.seq, 0) + 1, verb_, one.before, one.after, actor, at_, '', '',
               one.facts, coalesce(last.hash, ''),
               history_hash(last.hash, kind, one.id, one.ref, coalesce(last.seq, 0) + 1, verb_, one.before, one.after, actor,
                            at_, '', one.facts)
        FROM unnest(rows) one
        LEFT JOIN LATERAL (SELECT h.seq, h.hash FROM core_historyline h
                           WHERE h.subject_kind = kind AND h.subject_id = one.id ORDER BY h.seq DESC LIMIT 1) last ON true
        RETURNING id)
    INSERT INTO core_delivery (line_id, consumer, due_at, tries, error)
        SELECT id, 'mail', at_, 0, '' FROM line WHERE told;
$$;
