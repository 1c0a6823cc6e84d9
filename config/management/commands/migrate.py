"""Django's own; but not on a database from which nothing leads on."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate

from core import upgrades

BETWEEN = "This database has some of the migrations that {} replaces, and not all: a local copy begins anew (--reset)."


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        if half := upgrades.between(options["database"]):
            raise CommandError(BETWEEN.format(", ".join(half)))
        super().handle(*args, **options)
