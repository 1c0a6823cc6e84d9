"""Makes the first officers of an empty Lodestone and prints a one-time link for each to choose a password.

    manage.py bootstrap --office "Bureau of Export Control" \\
        an.deng@example.cn:"An Deng":admin ke.xu@example.cn:"Ke Xu":admin jie.song@example.cn:"Jie Song":intake

At least two administrators: from then on granting a role needs a second one, and this command refuses to run again.
Customs offices, their officers and their keys come next, in the pages (docs/deploy.md).
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.actions import first_officers
from core.errors import DomainError
from core.invitations import one_time_link


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--office", required=True, help="the ministry's name in English")
        parser.add_argument("--office-zh", default="", help="the same in Chinese")
        parser.add_argument("officers", nargs="+", metavar="EMAIL:NAME:ROLE[,ROLE]")

    def handle(self, *args: Any, **options: Any) -> None:
        officers = []
        for text in options["officers"]:
            parts = text.split(":")
            if len(parts) != 3 or "@" not in parts[0] or not parts[1]:
                raise CommandError(f"{text!r} is not EMAIL:NAME:ROLE[,ROLE].")
            officers.append((parts[0], parts[1], parts[2].split(",")))
        try:
            people = first_officers(name_en=options["office"], name_zh=options["office_zh"], officers=officers)
        except DomainError as refusal:
            raise CommandError(str(refusal.detail)) from refusal
        for person in people:
            self.stdout.write(f"{person.user.email} ({', '.join(person.roles)}): {one_time_link(person.user)}")
        self.stdout.write("Next: an administrator adds the customs offices, under Officers.")
