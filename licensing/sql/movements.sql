-- The movement table, partitioned by month, which Django can't say; what its months lack, the default partition takes.

CREATE TABLE licensing_movement (
    id bigint NOT NULL,
    at timestamptz NOT NULL,
    exporter_id bigint NOT NULL,
    license_id bigint NOT NULL,
    line_id bigint NOT NULL,
    line_number smallint NOT NULL CHECK (line_number >= 0),
    kind varchar(10) NOT NULL,
    quantity bigint NOT NULL,
    held boolean NOT NULL,
    shipment_id bigint NULL,
    shipment_ref varchar(16) NOT NULL,
    available_after bigint NOT NULL,
    account varchar(10) NOT NULL DEFAULT 'quantity',
    end_user_id bigint NULL,
    rate numeric(18, 8) NULL,
    seq bigint NULL,
    digest bytea NULL,
    transaction bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX movement_of_license ON licensing_movement (license_id, transaction, id);
CREATE TABLE licensing_movement_default PARTITION OF licensing_movement DEFAULT;

-- Months of the movement table, made ahead by whoever runs the sweep: it needs no right but to call this.

CREATE FUNCTION movement_month(begins date) RETURNS text LANGUAGE sql IMMUTABLE
    AS $$ SELECT 'licensing_movement_' || to_char(begins, 'YYYY_MM') $$;

-- A movement lies in its month, from the present one to 24 ahead; what fell into the default partition is moved to
-- its own. Returns how many months were made. Each new one has the table's rights, and nobody else any.
CREATE FUNCTION movement_months() RETURNS int LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    present date := date_trunc('month', legal_now() AT TIME ZONE 'UTC');
    strays boolean;
    due date[];
    begins date;
    name text;
    held record;
BEGIN
    IF to_regclass(movement_month((present + interval '24 months')::date)) IS NOT NULL
            AND NOT EXISTS (SELECT FROM licensing_movement_default) THEN
        RETURN 0;
    END IF;
    LOCK TABLE licensing_movement IN SHARE UPDATE EXCLUSIVE MODE;  -- one sweep at a time; reservations go on
    strays := EXISTS (SELECT FROM licensing_movement_default);
    due := ARRAY(
        SELECT month::date FROM (
            SELECT generate_series(present, present + interval '24 months', interval '1 month') AS month
            UNION SELECT date_trunc('month', at AT TIME ZONE 'UTC') FROM licensing_movement_default
        ) months WHERE to_regclass(movement_month(month::date)) IS NULL ORDER BY month);
    IF strays THEN
        ALTER TABLE licensing_movement DETACH PARTITION licensing_movement_default;
    END IF;
    FOREACH begins IN ARRAY due LOOP
        name := movement_month(begins);
        EXECUTE format('CREATE TABLE %I (LIKE licensing_movement INCLUDING ALL)', name);
        EXECUTE format('ALTER TABLE licensing_movement ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            name, begins::timestamp AT TIME ZONE 'UTC', (begins + interval '1 month') AT TIME ZONE 'UTC');
        FOR held IN SELECT DISTINCT r.rolname, a.privilege_type
                FROM pg_class c, aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
                WHERE c.oid = 'licensing_movement'::regclass AND a.grantee <> c.relowner LOOP
            EXECUTE format('GRANT %s ON %I TO %I', held.privilege_type, name, held.rolname);
        END LOOP;
    END LOOP;
    IF strays THEN
        INSERT INTO licensing_movement SELECT * FROM licensing_movement_default;
        TRUNCATE licensing_movement_default;
        ALTER TABLE licensing_movement ATTACH PARTITION licensing_movement_default DEFAULT;
    END IF;
    RETURN cardinality(due);
END;
$$;
REVOKE ALL ON FUNCTION movement_months() FROM PUBLIC;
