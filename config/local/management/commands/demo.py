"""Makes this copy's database ready, with the demo world in it, and writes DIR/demo.json, which tells how to use it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from core import signing


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--base-url", default=settings.BASE_URL)
        parser.add_argument("--data", type=Path, default=settings.DATA_DIR)

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("setup", stdout=self.stdout)
        from config.local import demo  # noqa: PLC0415 (needs the migrated tables' content types)

        if not signing.all_keys():
            signing.make(timezone.now())
        if demo.ensure(options["data"] / "demo.json", base_url=options["base_url"]):
            self.stdout.write("Made the demo world.")
