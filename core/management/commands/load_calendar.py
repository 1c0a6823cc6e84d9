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


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changed = calendar_file.load(options["file"])
        except OSError as error:
            raise CommandError(f"Nothing was loaded: {error}.") from error
        except calendar_file.BadFile as bad:
            more = [f"and {len(bad.faults) - MOST} more"] if len(bad.faults) > MOST else []
            raise CommandError("\n".join(["Nothing was loaded:", *map(str, bad.faults[:MOST]), *more])) from bad
        if changed:
            self.stdout.write(f"Days that changed: {len(changed)}, from {changed[0]} to {changed[-1]}.")
        else:
            self.stdout.write("No day changed.")
