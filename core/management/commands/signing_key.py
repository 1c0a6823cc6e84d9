"""The keys that sign papers: `manage.py signing_key list | make | rotate | retire KID`.

They are files of the folder SIGNING_KEYS, for their owner alone. `rotate` makes a new one that signs from now on, and
what the one before signed stays good until it is retired. Whoever checks papers offline needs the public keys anew
after each.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core import signing


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []  # the first key is made before all is well

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["list", "make", "rotate", "retire"])
        parser.add_argument("kid", nargs="?", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        what, at = options["what"], timezone.now()
        try:
            if what == "make":
                if any(key.state == signing.ACTIVE for key in signing.all_keys()):
                    raise CommandError("There is an active key already: rotate it.")
                signing.make(at)
            elif what == "rotate":
                signing.rotate(at)
            elif what == "retire":
                signing.retire(options["kid"])
        except signing.NoKey as error:
            raise CommandError(str(error)) from error
        for key in signing.all_keys():
            self.stdout.write(f"{key.kid}  {key.state:8}  {key.made_at}")
