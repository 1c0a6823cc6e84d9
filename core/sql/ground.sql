-- What the other tables stand on: legal time, and the cache's table.

CREATE FUNCTION legal_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';
CREATE FUNCTION legal_day(at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE
    AS $$ SELECT (at AT TIME ZONE 'Asia/Shanghai')::date $$;

CREATE TABLE core_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX core_cache_expires ON core_cache (expires);
