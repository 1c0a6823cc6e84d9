"""What the other tables stand on: legal time, the cache's table, and the extension behind exclusion constraints."""

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

LEGAL_TIME = """
CREATE FUNCTION legal_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';
CREATE FUNCTION legal_day(at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE
    AS $$ SELECT (at AT TIME ZONE 'Asia/Shanghai')::date $$;
"""
CACHE = """
CREATE TABLE core_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX core_cache_expires ON core_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(LEGAL_TIME, "DROP FUNCTION legal_day(timestamptz); DROP FUNCTION legal_now();"),
        migrations.RunSQL(CACHE, "DROP TABLE core_cache;"),
        BtreeGistExtension(),
    ]
