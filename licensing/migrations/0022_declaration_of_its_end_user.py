"""An end-user of a case rests on a declaration of its own: PostgreSQL compares both."""

from django.db import migrations

ADDED = """
    ALTER TABLE licensing_applicationenduser ADD CONSTRAINT application_end_user_declared
        FOREIGN KEY (declaration_id, party_id) REFERENCES licensing_declaration (id, end_user_id)
        DEFERRABLE INITIALLY DEFERRED NOT VALID;
"""
VALID = "ALTER TABLE licensing_applicationenduser VALIDATE CONSTRAINT application_end_user_declared;"
GONE = "ALTER TABLE licensing_applicationenduser DROP CONSTRAINT application_end_user_declared;"


class Migration(migrations.Migration):
    dependencies = [("licensing", "0021_declaration_questions")]
    operations = [migrations.RunSQL(ADDED, GONE), migrations.RunSQL(VALID, migrations.RunSQL.noop)]
