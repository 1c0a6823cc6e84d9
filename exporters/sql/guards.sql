-- What PostgreSQL itself refuses of companies: core.guards attaches it.

-- Attached to changes of an account's state: it is stopped while an order of the ministry is open, and only then; barred
-- by one that bars it, through its last day. That nobody ends his own order is a constraint of these.
CREATE OR REPLACE FUNCTION guard_stopped() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.state IN ('suspended', 'barred')) <> EXISTS (
        SELECT FROM exporters_stop s WHERE s.exporter_id = NEW.organization_id AND s.ended_at IS NULL
    ) THEN
        RAISE EXCEPTION 'an account is stopped as long as an order to stop it is open'
            USING ERRCODE = 'check_violation';
    END IF;
    IF 'barred' IN (OLD.state, NEW.state) AND (NEW.state = 'barred') <> EXISTS (
        SELECT FROM exporters_stop s WHERE s.exporter_id = NEW.organization_id AND s.ended_at IS NULL
            AND s.kind = 'bar' AND s.last_day >= legal_day(legal_now())
    ) THEN
        RAISE EXCEPTION 'a company is barred through the last day of the decision that bars it'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

-- What the last accepted change of this account says of that fact; NULL where none names it.
CREATE OR REPLACE FUNCTION account_says(exporter bigint, fact text) RETURNS text LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT CASE fact WHEN 'business_license_id' THEN c.paper_id::text ELSE c.after->>fact END
        FROM exporters_accountchange c
        WHERE c.exporter_id = exporter AND c.outcome = 'accepted'
            AND CASE fact WHEN 'business_license_id' THEN c.is_license ELSE c.after ? fact END
        ORDER BY c.decided_at DESC, c.id DESC LIMIT 1);
END;
$$;

-- arguments: the column of the account's key, and those of what an officer verified; attached to changes of these, of an
-- account and of its organization. Until it is verified they are the company's own. Then each is what the last accepted change
-- of it says; the credit code changes never, and a province that nobody knew is stated once.
CREATE OR REPLACE FUNCTION guard_facts_stand() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    was jsonb := to_jsonb(OLD);
    becomes jsonb := to_jsonb(NEW);
    account bigint := becomes->>TG_ARGV[0];
    fact text;
BEGIN
    IF NOT EXISTS (
        SELECT FROM exporters_exporter e WHERE e.organization_id = account AND e.state NOT IN ('draft', 'pending')
    ) THEN
        RETURN NEW;
    END IF;
    FOREACH fact IN ARRAY TG_ARGV LOOP
        IF was->>fact IS DISTINCT FROM becomes->>fact AND NOT (fact = 'province' AND was->>fact = '')
            AND (fact = 'uscc' OR becomes->>fact IS DISTINCT FROM account_says(account, fact)) THEN
            RAISE EXCEPTION '% of a verified company becomes what was asked for and accepted alone', fact
                USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END;
$$;

-- Attached to changes of what a company asked for: the ministry's people accept and decline, its own withdraw.
CREATE OR REPLACE FUNCTION guard_change_answered() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.outcome IN ('accepted', 'declined', 'withdrawn') AND NOT EXISTS (
        SELECT FROM core_membership m JOIN core_organization o ON o.id = m.organization_id
        WHERE m.user_id = NEW.decided_by_id
            AND CASE NEW.outcome WHEN 'withdrawn' THEN o.id = NEW.exporter_id ELSE o.kind = 'ministry' END
    ) THEN
        RAISE EXCEPTION 'the ministry answers what a company asks for, and the company withdraws it'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;

CREATE OR REPLACE FUNCTION guard_customs_code() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.customs_code !~ '^([0-9A-Z]{10})?$' THEN
        RAISE EXCEPTION 'a customs registration code has 10 characters, digits and capital letters'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
