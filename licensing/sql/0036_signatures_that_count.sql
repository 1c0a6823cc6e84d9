-- guard_signed as 0030_editions_are_signed.sql has it, and a signature counts that was given since anybody changed the
-- draft and that its giver did not take back.
CREATE OR REPLACE FUNCTION guard_signed() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    midnight boolean := (NEW.starts_at AT TIME ZONE 'Asia/Shanghai')::time = '00:00';
    changed bigint;
    approved int;
BEGIN
    IF NOT EXISTS (SELECT FROM licensing_policyedition) THEN
        RETURN NEW;
    END IF;
    SELECT max(s.id) INTO changed FROM licensing_signature s WHERE s.draft_id = NEW.draft_id AND s.part = 'author';
    SELECT count(DISTINCT s.actor_id) INTO approved FROM licensing_signature s
        WHERE s.draft_id = NEW.draft_id AND s.part = 'approver' AND s.digest = NEW.digest AND s.id > changed
          AND NOT EXISTS (
            SELECT FROM licensing_signature w WHERE w.draft_id = s.draft_id AND w.actor_id = s.actor_id
               AND w.part = 'withdrawn' AND w.id > s.id);
    IF approved < 2 - midnight::int OR changed IS NULL THEN
        RAISE EXCEPTION 'an edition needs an author and whoever approved its text' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
