"""Makes a database ready: migrated and loaded. A second run is quick."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections

from config.settings import database
from core import calendar_file, grants, upgrades
from licensing import ledger
from licensing.loading import load


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        alias = _owner()
        if upgrades.pending(alias):
            self.stdout.write("Preparing the database …")
            call_command("migrate", database=alias, interactive=False, verbosity=0)
        ledger.make_months(using=alias)
        grants.after_migrate(alias)  # a copy that came back from a backup may have lost some
        connections[alias].close()
        if load():
            self.stdout.write("Loaded the control list.")
        if days := calendar_file.fill():
            self.stdout.write(f"Loaded {len(days)} legal days.")


def _owner() -> str:
    """The alias that may migrate: the owner's where there is one (the application's role could not)."""
    if not settings.DATABASE_OWNER_URL:
        return "default"
    configured = connections.configure_settings({"default": database(settings.DATABASE_OWNER_URL)})
    connections.databases["owner"] = configured["default"]
    return "owner"
