"""A drawn book: licenses, cases and reserved shipments of all kinds, written in bulk with the guards off.

One world that people made stands behind it (tests.make.World); of everything else as much is true as the rules look at:
what a verdict froze is what its case says.
"""

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from core import references
from core.legal_time import legal_now, months_after
from core.models import HistoryLine
from exporters.models import Party
from licensing.loading import first_document
from licensing.models import (
    Application,
    ApplicationEndUser,
    ApplicationLine,
    ControlItem,
    Declaration,
    License,
    LicenseEndUser,
    Suspension,
    Verdict,
)
from licensing.models.balances import LicenseLine
from licensing.policy.editions import canonical
from licensing.selectors import editions_at, next_turn, prohibited
from licensing.selectors.judging import QUALIFIED, said
from licensing.states import OPEN_CASE
from shipments.models import Shipment, ShipmentLine
from tests.make import World

COUNTRIES = ("DE", "FR", "JP", "US", "KR", "IN", "BR", "VN")
END_USES = ("CIV_AUTO", "CIV_WIND", "CIV_MEDICAL", "CIV_INDUSTRIAL", "MIL_POTENTIAL", "PROCESSING")
NATURES = ("commercial", "commercial", "commercial", "government", "academic", "military")
KG = 1_000
DAY = timedelta(days=1)
BATCH = 1_000  # rows of a statement, which a connection waits for only so long


def forbid(**match: list[str]) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    """A change of the first edition: one rule more, which forbids this to licenses in force.

    match: by the last word of each key, country=["DE"].
    """
    names = {"country": "destination.country", "code": "item.control_code_prefix", "use": "end_use.code"}

    def change(rules: dict[str, Any], document: dict[str, Any]) -> None:
        looks = {names[word]: values for word, values in match.items()}
        document["rules"].append(rules["R033"] | {"id": "R099", "match": looks, "applies_to": ["existing"]})

    return change


def other_rules(rules: dict[str, Any], document: dict[str, Any]) -> None:
    """Bans a country and an item's list, frees what R033 and R034 closed, and words another rule anew."""
    forbid(country=["DE", "KR"], code=["1C902", "1C903", "1C905"])(rules, document)
    rules["R033"].update(match={"destination.country": ["FR"]}, applies_to=["existing"])
    rules["R034"].update(rationale_en="In other words.")


def draft(change: Callable[[dict[str, Any], dict[str, Any]], Any]) -> str:
    """The text of the first edition after such a change."""
    document = copy.deepcopy(first_document())
    change({rule["id"]: rule for rule in document["rules"]}, document)
    return canonical(document)


@contextmanager
def unguarded(*more: type[Model]) -> Iterator[None]:
    """Rows may begin in any state; rows of more tables may be changed."""
    tables = (Application, Declaration, License, Shipment, *more)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # rows are drawn between statements
        for table in tables:
            cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {table._meta.db_table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {table._meta.db_table} ENABLE TRIGGER USER")


class Book:
    """So many licenses, a fifth as many open cases, and a reserved shipment on every third license."""

    def __init__(self, world: World, licenses: int, seed: int = 1, *, cases: int | None = None) -> None:
        self.world, self.draw, self.at = world, random.Random(seed), legal_now()
        self.editions = editions_at(self.at)
        self.items = list(ControlItem.objects.filter(official=True).order_by("code"))
        self.signed = self._declarations(min(400, 20 + licenses // 4))
        with unguarded(LicenseEndUser):  # whose declarations name nothing
            self.issued = self.cases("issued", licenses)
            for number in range(licenses // 5 if cases is None else cases):
                self.cases(OPEN_CASE[number % len(OPEN_CASE)], 1)
            self.licenses = self._licenses()
            self._parts()

    def _declarations(self, number: int) -> list[Declaration]:
        """Of as many parties."""
        like, made = self.world.declaration(), []
        party = like.end_user
        with unguarded():
            for at in range(number):
                party.pk, party.ref = None, references.draw(Party.PREFIX)
                party.name, party.country_id = f"End-user {at}", self.draw.choice(COUNTRIES)
                party.nature = self.draw.choice(NATURES)
                made.append(Party(**_columns(party)))
            Party.objects.bulk_create(made, BATCH)
            rows = []
            for one in made:
                like.pk, like.ref = None, references.draw(Declaration.PREFIX)
                like.re_export = self.draw.random() < 0.1
                like.re_export_countries = [self.draw.choice(COUNTRIES)] if like.re_export else []
                columns = _columns(like) | {"end_user_id": one.pk, "end_use_id": self.draw.choice(END_USES)}
                rows.append(Declaration(**columns))
            Declaration.objects.bulk_create(rows, BATCH)
        return list(Declaration.objects.filter(pk__in=[row.pk for row in rows]).select_related("end_user"))

    def cases(self, state: str, number: int, items: Any = None, signed: Any = None) -> list[Application]:
        """Of these items and declarations, or of any."""
        today = self.at.date()
        rows = []
        for _ in range(number):
            decided = self.at - DAY * self.draw.randrange(300) if state == "issued" else None
            rows.append(
                Application(
                    ref=references.draw(Application.PREFIX),
                    exporter_id=self.world.exporter.organization_id,
                    kind=self.draw.choice(["annual", "per_shipment"]),
                    state=state,
                    contract_on=today - DAY * self.draw.randrange(20, 400),
                    planned_from=today - DAY * self.draw.randrange(30),
                    planned_until=today + DAY * self.draw.randrange(1, 200),
                    purpose="sale",
                    red_flag="none",
                    created_by=self.world.exporter.user,
                    created_at=self.at,
                    submitted_at=(decided or self.at) - 51 * DAY,
                    received_at=(decided or self.at) - 51 * DAY,
                    accepted_on=(decided or self.at).date() - 50 * DAY,
                    decided_at=decided,
                    round=1,
                )
            )
        Application.objects.bulk_create(rows, BATCH)
        lines, users = [], []
        for row in rows:
            for number in range(1, self.draw.choice([1, 1, 2, 3]) + 1):
                item, quantity = self.draw.choice(items or self.items), self.draw.randrange(1, 90) * 100 * KG
                words = {"description": "Goods", "quantity": quantity, "unit": item.unit}
                lines.append(ApplicationLine(application=row, number=number, control_item=item, **words))
            for one in self.draw.sample(signed or self.signed, self.draw.choice([1, 1, 2, 3])):
                users.append(ApplicationEndUser(application=row, party=one.end_user, declaration=one))
        ApplicationLine.objects.bulk_create(lines, BATCH)
        ApplicationEndUser.objects.bulk_create(users, BATCH)
        self.asked = getattr(self, "asked", []) + lines
        self.named = getattr(self, "named", []) + users
        return rows

    def _licenses(self) -> list[License]:
        rows = []
        for case in self.issued:
            first = case.decided_at.date()
            rows.append(
                License(
                    ref=references.draw(License.PREFIX),
                    exporter_id=case.exporter_id,
                    application=case,
                    kind=case.kind,
                    state="active",
                    usable_from=first,
                    usable_until=months_after(first, 12),
                    destinations=list(COUNTRIES),
                    edition=self.editions.rows[0][0],
                    judged_by_id=self.editions.newest,
                    verify_code="0" * 10,
                    issued_at=case.decided_at,
                )
            )
        return License.objects.bulk_create(rows, BATCH)

    def _parts(self) -> None:
        of = {row.application_id: row for row in self.licenses}
        asked, named = _grouped(self.asked), _grouped(self.named)
        lines: dict[int, list[tuple[Any, Any]]] = {}
        users: dict[int, list[tuple[Any, Any]]] = {}
        shipments: list[Shipment] = []
        parts: list[ShipmentLine] = []
        for at, license in enumerate(self.licenses):
            case = license.application_id
            lines[case] = [(line, self._line(license, line)) for line in asked[case]]
            items = [line.control_item_id for line in asked[case]]
            users[case] = [
                (
                    user,
                    LicenseEndUser(
                        license=license,
                        party=user.party,
                        declaration=user.declaration,
                        destination=user.party.country_id,
                        goods=items[place % 2 :] or items,
                    ),
                )
                for place, user in enumerate(named[case])
            ]
            if at % 3 == 0:
                shipments.append(self._shipment(license, named[case][0].party))
                quantity = 10 * KG
                first = lines[case][0][1]
                first.reserved = quantity
                words = {"quantity": quantity, "held": quantity, "unit": first.unit}
                parts.append(ShipmentLine(shipment=shipments[-1], line_number=1, **words))
        LicenseLine.objects.bulk_create([line for made in lines.values() for _, line in made], BATCH)
        LicenseEndUser.objects.bulk_create([user for made in users.values() for _, user in made], BATCH)
        Shipment.objects.bulk_create(shipments, BATCH)
        ShipmentLine.objects.bulk_create(parts, BATCH)
        verdicts = []
        for case, license in of.items():
            made = [
                self._verdict(license, *line, *user)
                for line in lines[case]
                for user in users[case]
                if line[1].control_item_id in user[1].goods
            ]
            verdicts += made
            license.next_turn_at = next_turn([one for row in made for one in row.prohibited], license.issued_at - DAY)
        Verdict.objects.bulk_create(verdicts, BATCH)
        License.objects.bulk_update(self.licenses, ["next_turn_at"], BATCH)
        self._suspended()

    def _line(self, license: License, line: ApplicationLine) -> LicenseLine:
        return LicenseLine(
            exporter_id=license.exporter_id,
            license=license,
            number=line.number,
            control_item=line.control_item,
            description="Goods",
            unit=line.unit,
            usable_from=license.usable_from,
            usable_until=license.usable_until,
            authorized=line.quantity,
            drawn=self.draw.choice([0, 50 * KG]),
        )

    def _verdict(self, license: License, asked: Any, line: Any, named: Any, user: Any) -> Verdict:
        facts = said(license.application, asked, named, "none") | {QUALIFIED: True}
        contract, special = license.application.contract_on, license.special
        stretches = prohibited(self.editions, facts, since=license.issued_at, contract=contract, special=special)
        return Verdict(line=line, end_user=user, facts=facts, prohibited=stretches)

    def _shipment(self, license: License, party: Party) -> Shipment:
        return Shipment(
            ref=references.draw(Shipment.PREFIX),
            exporter_id=license.exporter_id,
            license=license,
            client_reference=license.ref,
            end_user=party,
            consignee=party,
            destination=party.country_id,
            port="CNSHA",
            planned_on=self.at.date() + DAY * self.draw.randrange(90),
            reserved_until=self.at.date() + 120 * DAY,
            created_by=self.world.exporter.user,
            created_at=self.at - DAY,
        )

    def _suspended(self) -> None:
        """Some licenses have a cause of their own, of some an end-user is closed by a question."""
        some = self.licenses[::17]
        officer = self.world.ministry.decider.user
        facts = {"opened_by": officer, "opened_at": self.at - DAY}
        Suspension.objects.bulk_create(
            Suspension(license=row, cause="enforcement", reason="Inspection", **facts) for row in some
        )
        License.objects.filter(pk__in=[row.pk for row in some]).update(state="suspended")
        LicenseLine.objects.filter(license__in=some).update(open=False)
        for row in self.licenses[5::17]:
            users = list(row.end_users.all())
            Suspension.objects.create(license=row, end_user=users[0], cause="screening", reason="Entry 12", **facts)
            if len(users) == 1:
                License.objects.filter(pk=row.pk).update(state="suspended")


def _columns(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def _grouped(rows: list[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.application_id, []).append(row)
    return found


def written(since: int) -> list[Any]:
    """What the turn wrote: per license the verbs of its history, and the end-users and lines of which it told."""
    rows = HistoryLine.objects.filter(subject_kind="license", pk__gt=since).exclude(verb="exhaust")
    return sorted(
        (
            row.subject_ref,
            row.verb,
            row.facts["end_users"].split(", "),
            [int(number) for number in row.facts["lines"].split(", ")],
        )
        for row in rows
    )


def predicted(found: dict[str, Any]) -> list[Any]:
    """The same, as a what-if tells it."""
    return sorted((one["license"], one["event"], one["end_users"], one["lines"]) for one in found["licenses"]["events"])


def checksums() -> dict[str, str]:
    """Of every table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in cursor.fetchall()]
        found = {}
        for name in tables:
            cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM \"{name}\" t")
            found[name] = cursor.fetchone()[0]
    return found
