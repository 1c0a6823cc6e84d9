"""A pytest plugin: the test database is there and migrated, and is used as it stands, with what was taken out of it."""

from django.conf import settings
from django.db.backends.base.creation import BaseDatabaseCreation


def create_test_db(creation: BaseDatabaseCreation, **_: object) -> str:
    name = creation._get_test_db_name()
    creation.connection.close()
    settings.DATABASES[creation.connection.alias]["NAME"] = creation.connection.settings_dict["NAME"] = name
    return name


def pytest_configure() -> None:
    BaseDatabaseCreation.create_test_db = create_test_db  # type: ignore[method-assign]
