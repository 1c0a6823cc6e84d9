"""Loads exchange rates: `manage.py load_rates FILE`, a CSV of month (2026-12), currency and cny (of one unit).

Where a license caps the value of a line, a value in another currency counts at the rate of the month in which it is
reserved. The file is read strictly, and loaded whole or not at all.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.calendar_file import BadFile
from core.management.commands.load_calendar import told
from licensing import rates


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            new = rates.load(options["file"])
        except (OSError, BadFile) as error:
            raise CommandError(told(error)) from error
        self.stdout.write(f"Rates that are new: {new}.")
