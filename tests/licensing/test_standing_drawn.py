"""Histories of accounts, licenses and causes beside a plain model: a license is usable when no cause of its own is open
and one of its end-users is."""

import os
import random
from dataclasses import dataclass, field

import pytest
from django.db import connection

from config.local import demo
from core.access import clock
from core.errors import DomainError
from licensing.actions import licenses, standing, verdicts
from licensing.models import License
from shipments import actions
from tests import make
from tests.make import seen

HISTORIES = int(os.environ.get("STANDING") or (60 if os.environ.get("FULL") else 20))  # 200 were run by hand
STEPS = 12
pytestmark = [pytest.mark.full, pytest.mark.django_db]


@dataclass
class Plain:
    """stopped: by whom, where the account is. own: of each license who opened its enforcement causes. serves: of each
    license the countries of its end-users. banned: countries."""

    serves: dict[str, set[str]]
    stopped: int = 0
    own: dict[str, list[int]] = field(default_factory=dict)
    banned: set[str] = field(default_factory=set)

    def closed(self, ref):
        return bool(self.stopped or self.own[ref])

    def usable(self, ref):
        return not self.closed(ref) and bool(self.serves[ref] - self.banned)


def issued(world, countries):
    signed = [world.declaration(country=country) for country in countries]
    return demo.issued(world.exporter, world.application(by_whom=signed), world.ministry, signed)


class History:
    """Each verb here and in the model; what the model expects of its refusal, nothing where it is done."""

    def __init__(self, world, books, draw):
        self.world, self.books, self.draw, self.m = world, books, draw, world.ministry
        self.pk = world.exporter.organization_id
        self.plain = Plain({row.ref: set(row.destinations) for row in books}, own={row.ref: [] for row in books})

    def step(self):
        verb = self.draw.choice([self.suspend, self.reinstate, self.inspect, self.inspect, self.lift, self.turn])
        who = self.draw.choice([self.m.decider, self.m.other_decider])
        return verb.__name__, verb(who, self.draw.choice(self.books).ref)

    def said(self, call, *args, **named):
        try:
            call(*args, **named)
        except DomainError as refused:
            return refused.code
        return ""

    def suspend(self, who, ref):
        expected = "wrong-state" if self.plain.stopped else ""
        said = self.said(standing.suspend, self.pk, seen=seen(self.pk), number="7", provision="p", reason="x", by=who)
        if not expected:
            self.plain.stopped = who.user.pk
        return said, expected

    def reinstate(self, who, ref):
        plain = self.plain
        expected = "wrong-state" if not plain.stopped else "four-eyes" if plain.stopped == who.user.pk else ""
        said = self.said(standing.reinstate, self.pk, seen=seen(self.pk), reason="x", by=who)
        if not expected:
            plain.stopped = 0
        return said, expected

    def inspect(self, who, ref):
        self.plain.own[ref].append(who.user.pk)
        return self.said(licenses.suspend, ref, seen=seen(ref), reason="x", by=who), ""

    def lift(self, who, ref):
        """One of its causes, whichever it is: that of the account and those of the rules end otherwise."""
        causes = list(License.objects.get(ref=ref).suspensions.filter(ended_at=None))
        if not causes:
            return "", ""
        cause, own = self.draw.choice(causes), self.plain.own[ref]
        mine = cause.opened_by_id == who.user.pk
        expected = "forbidden" if cause.cause != "enforcement" else "four-eyes" if mine else ""
        if self.plain.usable(ref):  # whatever closes one of its end-users
            expected = "wrong-state"
        if not expected:
            own.remove(cause.opened_by_id)
        return self.said(licenses.lift, ref, seen=seen(ref), suspension=cause.pk, reason="x", by=who), expected

    def turn(self, who, ref):
        """The rules ban a country, or no more; every license is turned."""
        banned = self.plain.banned
        banned ^= {self.draw.choice(["DE", "JP"])}
        ban = {"match": {"destination.country": sorted(banned) or ["KP"]}, "applies_to": ["existing"]}
        make.edition(lambda rules, _: rules["R033"].update(ban), make.unique("BAN-"))
        for row in self.books:
            verdicts.turn(row.pk, by=clock())
        return "", ""

    def differences(self):
        """What stands, where it is not what the model says; and whether a shipment to each country is let through."""
        for row in License.objects.filter(pk__in=[row.pk for row in self.books]).prefetch_related("lines"):
            usable, closed = self.plain.usable(row.ref), self.plain.closed(row.ref)
            stands = (row.state, [line.open for line in row.lines.all()])
            if stands != ("active" if usable else "suspended", [not closed]):
                yield row.ref, stands, usable, closed
            for user in row.end_users.select_related("party"):
                country = user.party.country_id
                to = {"end_user": user.party.ref, "consignee": user.party.ref, "destination": country}
                passes = actions.check(self.world.request(row, 1_000, **to), by=self.world.exporter).accepted
                if passes is not (not closed and country not in self.plain.banned):
                    yield row.ref, country, passes


def test_a_license_is_usable_without_a_cause_of_its_own_and_with_an_open_end_user(world):
    books = [issued(world, countries) for countries in (["DE"], ["DE", "JP"], ["JP"])]
    with connection.cursor() as cursor:  # verbs are no part of a transaction, as far as Django knows
        for number in range(HISTORIES):
            cursor.execute("SAVEPOINT history")
            history, done = History(world, books, random.Random(number)), []
            for _ in range(STEPS):
                verb, (said, expected) = history.step()
                done.append((verb, said))
                assert said == expected, (number, done)
                assert list(history.differences()) == [], (number, done)
            cursor.execute("ROLLBACK TO SAVEPOINT history")
