"""Licenses like one that people made, by the thousand: its rows copied inside the database."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from benchmarks.ground import SCALE

FIRST = 100_000_000  # keys of copies begin after it: the same for a license, its line and its end-user


@dataclass(frozen=True)
class Shelf:
    """Licenses first + 1 to first + number, each with one line, one end-user, one consignee; and what asks for one."""

    refs: list[str]
    exporter: Any
    user: int
    end_user: str
    consignee: str
    destination: str
    today: date

    @property
    def number(self) -> int:
        return len(self.refs)

    def ref(self, number: int) -> str:
        return self.refs[number - 1]

    def request(self, number: int, reference: str) -> Any:
        """A gram of the license's line."""
        from shipments.actions import LineRequest, ShipmentRequest

        whom = {"end_user": self.end_user, "consignee": self.consignee, "destination": self.destination}
        facts = {"license": self.ref(number), "client_reference": reference, "port": "CNSHA", **whom}
        return ShipmentRequest(**facts, planned_on=self.today, lines=[LineRequest(1, 1, "g")])


def shelf_of(world: Any) -> Shelf:
    """The one that a benchmark before this one left, or a new one."""
    if "shelf" not in world.made:
        world.made["shelf"] = fill(world, max(100, int(10_000 * SCALE)))
    return world.made["shelf"]


def copies(number: int, row: Any, **other: str) -> None:
    """So many more of the row, but for what is other: in SQL, by n, the number of the copy."""
    from django.db import connection

    columns = [field.column for field in row._meta.concrete_fields]
    said = ", ".join(other.get(column, column) for column in columns)
    table, names = row._meta.db_table, ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {said} FROM {table},"
            f" generate_series(1, {number}) n WHERE id = %s",
            [row.id],
        )


def fill(world: Any, number: int, first: int = FIRST) -> Shelf:
    """The shelf stands, judged by the newest edition, and no copy can be used up. first: where no other one stands."""
    from django.db import connection

    from core import references
    from core.legal_time import legal_today
    from licensing import tasks
    from licensing.models import License, Verdict
    from tests.book import unguarded

    license = world.license(kilograms=60_000_000)
    tasks.turn_licenses()
    license = License.objects.get(pk=license.pk)
    line, end_user = license.lines.get(), license.end_users.get()
    verdict, key = Verdict.objects.get(line=line), f"{first} + n"
    with unguarded(), connection.cursor() as cursor:  # a copy has no history that a guard could ask for
        copy = partial(copies, number)
        ref = f"'{{}}-' || ({first} + n)"
        copy(license.application, id=key, ref=ref.format("AP"))
        copy(license, id=key, ref=ref.format("EL-"), application_id=key)  # as none is ever drawn
        drawn: set[str] = set()
        while len(drawn) < number:  # of two million some are alike
            drawn.add(references.draw(License.PREFIX))
        refs = list(drawn)
        numbered = f"SELECT {first} + n AS id, ref FROM unnest(%s) WITH ORDINALITY refs (ref, n)"
        cursor.execute(f"UPDATE licensing_license l SET ref = r.ref FROM ({numbered}) r WHERE l.id = r.id", [refs])
        copy(line, id=key, license_id=key)
        copy(end_user, id=key, license_id=key)
        copy(verdict, id=key, line_id=key, end_user_id=key)
        through = License.consignees.through
        copy(through.objects.get(license_id=license.pk), id=key, license_id=key)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Shelf(
        refs,
        world.exporter,
        world.exporter.user.pk,
        end_user.party.ref,
        license.consignees.get().ref,
        license.destinations[0],
        legal_today(),
    )
