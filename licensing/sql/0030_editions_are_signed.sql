-- Attached to new editions: but for the first, whoever approved the text of its draft, which somebody else wrote, has
-- signed it (that nobody does both is a constraint of the signatures); two have where it starts at no 00:00.
CREATE OR REPLACE FUNCTION guard_signed() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    midnight boolean := (NEW.starts_at AT TIME ZONE 'Asia/Shanghai')::time = '00:00';
    approved int;
BEGIN
    IF NOT EXISTS (SELECT FROM licensing_policyedition) THEN
        RETURN NEW;
    END IF;
    SELECT count(DISTINCT s.actor_id) INTO approved FROM licensing_signature s
        WHERE s.draft_id = NEW.draft_id AND s.part = 'approver' AND s.digest = NEW.digest;
    IF approved < 2 - midnight::int
        OR NOT EXISTS (SELECT FROM licensing_signature s WHERE s.draft_id = NEW.draft_id AND s.part = 'author') THEN
        RAISE EXCEPTION 'an edition needs an author and whoever approved its text' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
