"""Loads a newer working-day table: `manage.py load_calendar FILE`.

The file has a row for each legal day without a gap, as core/data/working_days.csv has; the days that it has are
replaced, others stay. It is read strictly, and loaded whole or not at all.
"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import calendar_file

MOST = 20


def told(error: OSError | calendar_file.BadFile) -> str:
    """Why a file was not loaded, with its first faults."""
    if isinstance(error, OSError):
        return f"Nothing was loaded: {error}."
    more = [f"and {len(error.faults) - MOST} more"] if len(error.faults) > MOST else []
    return "\n".join(["Nothing was loaded:", *map(str, error.faults[:MOST]), *more])


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changed = calendar_file.load(options["file"])
        except (OSError, calendar_file.BadFile) as error:
            raise CommandError(told(error)) from error
        if changed:
            self.stdout.write(f"Days that changed: {len(changed)}, from {changed[0]} to {changed[-1]}.")
        else:
            self.stdout.write("No day changed.")
