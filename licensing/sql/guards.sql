-- What PostgreSQL itself refuses of licenses and editions: core.guards attaches these.

-- Attached to new licenses: the last decision of the application's present round approves what another person recommended
-- last before it, to be approved; or it changed a refusal of that round that was contested, and another recommended.
CREATE OR REPLACE FUNCTION guard_two_people() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM licensing_application a
        CROSS JOIN LATERAL (
            SELECT * FROM licensing_decisionstep s WHERE s.application_id = a.id AND s.round = a.round
            AND s.step <> 'recommend' ORDER BY s.id DESC LIMIT 1) d
        CROSS JOIN LATERAL (
            SELECT * FROM licensing_decisionstep s WHERE s.application_id = a.id AND s.round = a.round
            AND s.step = 'recommend' AND s.id < d.id ORDER BY s.id DESC LIMIT 1) r
        WHERE a.id = NEW.application_id AND d.outcome = 'approve' AND r.actor_id <> d.actor_id
          AND (d.step = 'decide' AND r.outcome = 'approve' OR d.step = 'reconsider' AND EXISTS (
            SELECT FROM licensing_reconsideration c JOIN licensing_decisionstep f ON f.id = c.decision_id
            WHERE f.application_id = a.id AND f.round = a.round AND f.outcome = 'refuse' AND f.id < d.id))
          AND a.state IN ('approved', 'issued') AND a.exporter_id = NEW.exporter_id
    ) THEN
        RAISE EXCEPTION 'a license needs an approved application, recommended and decided by two people'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- Attached to licenses that the ministry ends: why, on which provision, and in which of the four ways stands beside it as
-- one person proposed it and another countersigned.
CREATE OR REPLACE FUNCTION guard_tells_why_it_ended() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM licensing_revocation r JOIN core_proposal p ON p.id = r.proposal_id
        WHERE r.license_id = NEW.id AND p.subject_kind = 'license' AND p.subject_id = NEW.id AND p.verb = 'revoke'
          AND p.carried AND r.reason = p.reason AND r.hearing_id IS NOT DISTINCT FROM p.document_id
          AND (r.end_reason, r.provision) IS NOT DISTINCT FROM (p.facts->>'end_reason', p.facts->>'provision')
          AND r.heard_on IS NOT DISTINCT FROM (p.facts->>'heard_on')::date
    ) THEN
        RAISE EXCEPTION 'a license ends for what one person proposed and another countersigned'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- Attached to suspensions that came with a company's account, when one ends: with the account, and not before.
CREATE OR REPLACE FUNCTION guard_ended_with_the_account() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM exporters_exporter e JOIN licensing_license l ON l.exporter_id = e.organization_id
        WHERE l.id = NEW.license_id AND NOT exporter_acts(e.state)
    ) THEN
        RAISE EXCEPTION 'what came with the account of a company ends when that is active'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- Attached to new editions: one is added after the other, so that whoever knows the one of the highest key knows all. A
-- start is given once, unless what had it was taken back; one is taken back before its start by another of that start.
CREATE OR REPLACE FUNCTION guard_in_order() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    last licensing_policyedition;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('licensing_policyedition'));
    IF NEW.id <= (SELECT max(id) FROM licensing_policyedition) THEN
        RAISE EXCEPTION 'another edition was added meanwhile: add this one anew' USING ERRCODE = 'check_violation';
    END IF;
    SELECT * INTO last FROM licensing_policyedition WHERE starts_at = NEW.starts_at ORDER BY id DESC LIMIT 1;
    IF NEW.repeals_id IS NOT NULL THEN
        IF NEW.repeals_id IS DISTINCT FROM last.id OR last.repeals_id IS NOT NULL OR NEW.starts_at <= legal_now() THEN
            RAISE EXCEPTION 'only the edition of a coming start is repealed, and once' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF last.id IS NOT NULL AND last.repeals_id IS NULL THEN
        RAISE EXCEPTION 'another edition has this start' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- Attached to new editions: but for the first, whoever approved the text of its draft, which somebody else wrote, has
-- signed it (that nobody does both is a constraint of the signatures); two have where it starts at no 00:00. A signature
-- counts that was given since anybody changed the draft and that its giver did not take back, whenever that was: for how long
-- one waits for the other (SIGNED_HOURS) the verb alone decides.
CREATE OR REPLACE FUNCTION guard_signed() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    midnight boolean := legal_day(NEW.starts_at - interval '1 microsecond') < legal_day(NEW.starts_at);
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
    IF approved < 2 - midnight::int THEN
        RAISE EXCEPTION 'an edition needs an author and whoever approved its text' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- Attached to new end-users of a license: one lives where the license goes to, has goods that he declared, and is sent them
-- home.
CREATE OR REPLACE FUNCTION guard_as_declared() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM exporters_party p
        JOIN licensing_declaration d ON d.id = NEW.declaration_id AND d.end_user_id = p.id
        JOIN licensing_license l ON l.id = NEW.license_id
        WHERE p.id = NEW.party_id AND p.country_id = NEW.destination AND NEW.destination = ANY (l.destinations)
    ) OR cardinality(NEW.goods) = 0 OR NOT NEW.goods <@ ARRAY(
        SELECT i.control_item_id FROM licensing_declarationitem i WHERE i.declaration_id = NEW.declaration_id
    ) THEN
        RAISE EXCEPTION 'an end-user of a license has his own country and his own goods' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- Attached to end-users of a license who would be another: what he may have stays as it was decided; what he declares anew
-- names all of it, and is signed where he is sent it.
CREATE OR REPLACE FUNCTION guard_as_issued() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.license_id, NEW.party_id, NEW.destination, NEW.goods)
        IS DISTINCT FROM (OLD.license_id, OLD.party_id, OLD.destination, OLD.goods)
       OR NOT EXISTS (SELECT FROM licensing_declaration d WHERE d.id = NEW.declaration_id AND d.end_user_id = NEW.party_id
                      AND coalesce(d.as_signed->'party'->>'country', NEW.destination) = NEW.destination)
       OR NOT NEW.goods <@ ARRAY(
        SELECT i.control_item_id FROM licensing_declarationitem i WHERE i.declaration_id = NEW.declaration_id
    ) THEN
        RAISE EXCEPTION 'an end-user of a license keeps his country and his goods' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- Attached to licenses that come to be in force: no cause of their own is open.
CREATE OR REPLACE FUNCTION guard_no_cause_open() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM licensing_suspension s
               WHERE s.license_id = NEW.id AND s.end_user_id IS NULL AND s.ended_at IS NULL) THEN
        RAISE EXCEPTION 'a cause of the license is open' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- Attached to licenses that are handed back: nothing of them is reserved, nor of those whose place they took.
CREATE OR REPLACE FUNCTION guard_nothing_reserved() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (
        WITH RECURSIVE before AS (
            SELECT NEW.id AS id, NEW.replaces_id AS replaces_id
            UNION ALL
            SELECT o.id, o.replaces_id FROM before b JOIN licensing_license o ON o.id = b.replaces_id
        )
        SELECT FROM licensing_licenseline l JOIN before b ON b.id = l.license_id WHERE l.reserved > 0
    ) THEN
        RAISE EXCEPTION 'something is reserved on a license that is handed back' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- Attached to new licenses: one of an amendment takes the place of the license that this asks to change, which is in force;
-- no other takes the place of any.
CREATE OR REPLACE FUNCTION guard_replaces_what_it_amends() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.replaces_id IS DISTINCT FROM (SELECT a.amends_id FROM licensing_application a WHERE a.id = NEW.application_id)
       OR NEW.replaces_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM licensing_license o
            WHERE o.id = NEW.replaces_id AND o.state = 'active' AND o.exporter_id = NEW.exporter_id AND o.kind = NEW.kind) THEN
        RAISE EXCEPTION 'a license replaces the one in force that its application amends' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- Attached to licenses whose application, or what they replace, would be another: two people decided on what it has.
CREATE OR REPLACE FUNCTION guard_keeps_its_case() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a license keeps its application and what it replaces' USING ERRCODE = 'check_violation';
END;
$$;

-- Attached to licenses that are replaced: another one of its company is there, whose application asked to change it.
CREATE OR REPLACE FUNCTION guard_succeeded_by_one() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM licensing_license n JOIN licensing_application a ON a.id = n.application_id
        WHERE n.replaces_id = NEW.id AND n.exporter_id = NEW.exporter_id AND a.amends_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'a license is replaced by another' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
