"""Plays the main job against a running Lodestone: the pages' forms, then REST, step by step in words and figures."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.local import tour


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, help="where Lodestone listens; else as demo.json says")
        parser.add_argument("--data", type=Path, default=settings.DATA_DIR)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tour.play(options["data"] / "demo.json", port=options["port"], say=self.stdout.write)
        except tour.Stopped as stopped:
            raise CommandError(str(stopped)) from stopped
