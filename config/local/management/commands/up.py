"""Start PostgreSQL, Valkey, the pages and API, the worker and the schedule; stop them all on Ctrl-C."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.local import embedded, launcher


class Command(BaseCommand):
    help = __doc__
    # There is no database yet, and nothing to check before there is one.
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--data", type=Path, default=settings.DATA_DIR)
        parser.add_argument("--reset", action="store_true", help="first throw away what the data folder holds")

    def handle(self, *args: Any, port: int, data: Path, reset: bool, **options: Any) -> None:
        try:
            launcher.run(data.resolve(), port=port, reset=reset, out=self.stdout)
        except embedded.LauncherError as error:
            raise CommandError(str(error)) from None
