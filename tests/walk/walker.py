"""One company, its officers and customs, each step of whom is done here and in the plain model at once."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from config.local import demo
from core.access import Actor
from core.errors import DomainError
from core.history import broken_links, lines_of
from core.legal_time import legal_today
from exporters.models import Exporter
from licensing import books
from licensing.actions import declarations
from licensing.models import Application, ControlItem, Declaration, EndUse, License, Suspension
from shipments import actions
from shipments.models import Shipment
from tests import make
from tests.make import seen
from tests.walk.plain import VOID, Case, Declared, Licensed, Plain, Served, Shipped
from tests.walk.verbs import ACCOUNT, CASES, DECLARATIONS, LICENSES, Verb

KILOGRAMS = 100
GRAMS = KILOGRAMS * 1000
FACTS = {
    "end_use_text": "The goods are built into motors at the plant named, for civil customers only.",
    "product": "m",
    "position_in_product": "r",
    "process": "incorporated",
    "yearly_need": "30 t",
}
CONFIRMED = ("no_other_use", "no_transfer", "no_mass_destruction", "no_military_use", "verification_consent")
LEADS = {  # where a case goes on
    "draft": "submit",
    "submitted": "accept",
    "accepted": "assign",
    "under_review": "assign screen recommend_approve recommend_approve recommend_refuse",
    "awaiting_applicant": "answer",
    "awaiting_decision": "approve approve approve refuse refuse return intend respond",
    "approved": "issue issue issue reopen",
    "refused": "reconsider",
    "under_reconsideration": "admit admit extend uphold change change quash ask screen answer",
}
ENDS = {"withdrawn", "issued", "refused_final"}
BY_NAME = {verb.name: verb for verb in CASES}
OFFICERS = {"intake", "reviewer", "decider", "reconsiderer", "auditor"}


@dataclass(frozen=True)
class Person:
    actor: Actor
    roles: frozenset[str]

    @property
    def pk(self) -> int:
        return int(self.actor.user.pk)

    def has(self, *roles: str) -> bool:
        return bool(self.roles & set(roles))


class Walk:
    """differences: what was answered or stands otherwise than in the model; counts: of each verb, how it ended."""

    def __init__(self, world: make.World, number: int) -> None:
        self.world, self.draw, self.plain = world, random.Random(number), Plain()
        self.pk = world.exporter.organization_id
        self.people = list(self._people(world))
        parties = [demo.party(world.exporter, f"{country} Motors", country, "Motors") for country in ("DE", "JP")]
        self.parties = {row.pk: row for row in parties}
        self.found_invalid: dict[str, set[int]] = {}
        self.sent: dict[str, Any] = {}
        self.cause: Suspension | None = None
        self.another = (0, "")
        self.counts: Counter[tuple[str, str]] = Counter()
        self.differences: list[Any] = []
        for party in self.parties:
            self.declare(party, "verified")

    def _people(self, world: make.World) -> Iterator[Person]:
        m = world.ministry
        of = {
            "intake": [m.intake],
            "reviewer": [m.reviewer],
            "decider": [m.decider],
            "reconsiderer": [m.reconsiderer, m.other_reconsiderer],
            "reviewer decider": [m.other_decider, *(self._officer("reviewer", "decider") for _ in range(2))],
            "intake reviewer decider reconsiderer": [self._officer("intake", "reviewer", "decider", "reconsiderer")],
            "auditor": [m.auditor],
            "admin": [m.admin],
            "policy_officer": [m.policy_officer],
            "signatory": [world.exporter],
            "clerk": [make.colleague(world.exporter, "clerk")],
            "viewer": [make.colleague(world.exporter, "viewer")],
            "foreign": [make.exporter(m, "Elsewhere Co., Ltd.")],
            "customs": [world.customs],
        }
        for roles, actors in of.items():
            yield from (Person(actor, frozenset(roles.split())) for actor in actors)

    def _officer(self, *roles: str) -> Actor:
        return demo.person(make.unique("walks"), make.unique("Walks "), self.world.ministry.office, *roles)

    def somebody(self, roles: str) -> Person:
        """Mostly somebody who may."""
        fit = [one for one in self.people if one.has(*roles.split())]
        return self.draw.choice(fit if self.draw.random() < 0.9 else self.people)

    # --- one verb ------------------------------------------------------------------------------------------------
    def do(self, verb: Verb, row: Any, person: Person | None = None) -> bool:
        """The verb was done or refused, as the model says, and the model has what follows."""
        verb = self._of_its_state(verb, row)
        person = person or self.somebody(verb.roles)
        subject = self.pk if verb.noun == "account" else row.ref
        stale = verb.seen and self.draw.random() < 0.04
        expected = self._expected(verb, row, person, stale)
        named = {"seen": seen(subject) - stale} if verb.seen else {}
        try:
            answer, said = verb.call(self, row, by=person.actor, **named), ""
        except DomainError as refusal:
            answer, said = None, refusal.code
        self.note(f"{verb.noun} {verb.name}", said, expected, subject, row.state, sorted(person.roles))
        if said:
            return False
        if verb.to:
            row.state = verb.to
        if verb.noun == "case" and verb.name != "accept":
            row.acts.append((row.round, person.pk, verb.name))
        if verb.noun == "declaration":
            row.touched.add(person.pk)
        if verb.then:
            verb.then(self, row, person.pk, answer)
        return True

    def _of_its_state(self, verb: Verb, row: Any) -> Verb:
        """A contested case is asked about and screened by whoever reconsiders it, with the same call."""
        if verb.noun != "case":
            return verb
        plain = verb.name.removesuffix("_contested")
        return BY_NAME.get(f"{plain}_contested" if row.state == "under_reconsideration" else plain, verb)

    def note(self, verb: str, said: str, expected: set[str], *about: Any) -> None:
        self.plain.step += 1
        self.counts[verb, said] += 1
        if said not in expected:
            self.differences.append((self.plain.step, verb, *about, said, expected))

    def _expected(self, verb: Verb, row: Any, person: Person, stale: bool) -> set[str]:
        if self._hidden(verb.noun, row, person):
            return {"not-found", "forbidden"} if verb.noun == "account" else {"not-found"}
        if not person.has(*verb.roles.split()):
            return {"forbidden"}
        for condition in verb.before:
            if codes := condition(self, row, person.pk):
                return codes
        if row.state not in verb.sources.split():
            return {"wrong-state"}
        if stale:
            return {"stale"}
        for condition in verb.conditions:
            if codes := condition(self, row, person.pk):
                return codes
        return {""}

    def _hidden(self, noun: str, row: Any, person: Person) -> bool:
        if person.has("foreign", "admin", "policy_officer"):
            return True
        if person.has(*OFFICERS):
            return noun == "declaration" and not row.shown or noun == "case" and row.state == "draft"
        return person.has("customs") and noun != "license"

    # --- what a verb takes ------------------------------------------------------------------------------------------
    def certificate(self) -> dict[str, Any]:
        paper = ("c.pdf", demo.pdf(make.unique("certificate")))
        return {"certificate": paper, "signer_name": "x", "signer_post": "y", "signed_on": legal_today()}

    def choose_cause(self, row: Licensed) -> Suspension | None:
        causes = list(License.objects.get(ref=row.ref).suspensions.filter(ended_at=None))
        self.cause = self.draw.choice(causes) if causes else None
        return self.cause

    def choose_another(self, row: Case) -> tuple[int, str]:
        void = [party for party, ref in row.named.items() if self.plain.declarations[ref].state in VOID]
        party = self.draw.choice(void or list(row.named))
        of_it = [one.ref for one in self.plain.declarations.values() if one.party == party]
        self.another = (party, self.draw.choice(of_it))
        return self.another

    # --- what begins ------------------------------------------------------------------------------------------------
    def declare(self, party: int, until: str) -> None:
        """A new declaration, that far."""
        facts = FACTS | dict.fromkeys(CONFIRMED, True) | {"end_use": EndUse.objects.get(pk="CIV_AUTO")}
        items = [ControlItem.objects.get(code="1C905.a.4")]
        made = declarations.draft(by=self.world.exporter, items=items, end_user=self.parties[party], **facts)
        row = self.plain.declarations[made.ref] = Declared(made.ref, party)
        people = {"signatory": self.world.exporter, "reviewer": self.world.ministry.reviewer}
        for verb in DECLARATIONS[:3]:
            if row.state != until:
                self.do(verb, row, Person(people[verb.roles.split()[0]], frozenset(verb.roles.split())))

    def file(self) -> None:
        """A new draft case, on declarations that a case may name."""
        fit = self._usable()
        if self.draw.random() < 0.7:
            fit = [one for one in fit if one.state in ("verified", "in_force")]
        chosen = self.draw.sample(fit, min(len(fit), self.draw.choice([1, 1, 2])))
        if not chosen or self.plain.account.state == "closed":
            return
        named = {one.party: one.ref for one in chosen}
        kind = "annual" if self.plain.account.state == "active" and self.plain.account.qualified else "per_shipment"
        rows = [Declaration.objects.get(ref=ref) for ref in named.values()]
        ref = self.world.application(by_whom=rows, kilograms=KILOGRAMS, kind=kind)
        self.plain.cases[ref] = Case(ref, kind, named)

    def license(self) -> None:
        """A new one, straight from its application."""
        verified = [one for one in self.plain.declarations.values() if one.state in ("verified", "in_force")]
        fit = [one for one in verified if not self.plain.hits.get(one.party)]
        if not fit or self.plain.account.state != "active":
            return
        kind = "annual" if self.plain.account.qualified else "per_shipment"
        named = {one.party: one.ref for one in self.draw.sample(fit, min(len(fit), 2 if kind == "annual" else 1))}
        rows = [Declaration.objects.get(ref=ref) for ref in named.values()]
        ref = self.world.application(by_whom=rows, kilograms=KILOGRAMS, kind=kind)
        self.issued(demo.issued(self.world.exporter, ref, self.world.ministry, rows), named)

    def issued(self, license: License, named: dict[int, str]) -> None:
        users = {party: Served(ref) for party, ref in named.items()}
        self.plain.licenses[license.ref] = Licensed(license.ref, users, GRAMS, license.max_clearances)
        for ref in named.values():
            new = self.plain.declarations[ref]
            self.plain.put_in_force(new, self.plain.elders(new))

    # --- shipments --------------------------------------------------------------------------------------------------
    def _request(self, row: Licensed, party: int, grams: int) -> Any:
        to = self.parties[party]
        facts = {"end_user": to.ref, "consignee": to.ref, "destination": to.country_id}
        return self.world.request(License.objects.get(ref=row.ref), grams, **facts)

    def reserve(self, row: Licensed) -> None:
        party, grams = self.draw.choice(list(row.users)), self.draw.choice([20_000, 40_000, GRAMS])
        lets = self.plain.lets_ship(row, party) and grams <= row.free
        try:
            made, said = actions.reserve(self._request(row, party, grams), by=self.world.exporter), ""
        except DomainError as refusal:
            made, said = None, refusal.code
        self.note("shipment reserve", "" if made else "refused", {""} if lets else {"refused"}, row, said)
        if made:
            row.reserved += grams
            row.taken += 1
            self.plain.shipments[made.ref] = Shipped(made.ref, row, grams)

    def cancel(self, row: Shipped) -> None:
        try:
            actions.cancel(row.ref, by=self.world.exporter)
            said = ""
        except DomainError as refusal:
            said = refusal.code
        allowed = "forbidden" if self.plain.account.state == "closed" else ""
        self.note("shipment cancel", said, {allowed if row.state == "reserved" else "wrong-state"}, row)
        if not said:
            row.license.reserved -= row.held
            row.license.taken -= 1
            row.held, row.state = 0, "cancelled"
            row.license.exhaust()

    def clear(self, row: Shipped) -> None:
        """All that it holds crosses: what the license is by now stops none of it."""
        if row.state != "reserved":
            return
        self.sent[row.ref] = message = self.world.message(row.ref, grams=row.held)
        actions.receive(message, by=self.world.customs)
        self.note("shipment clear", "", {""})
        row.license.reserved -= row.held
        row.license.drawn += row.held
        row.drawn, row.held, row.state = row.held, 0, "cleared"
        row.license.exhaust()

    def correct(self, row: Shipped) -> None:
        """Customs says that less crossed: what is used up may be opened again, and is closed with its company."""
        if row.state != "cleared":
            return
        grams, first = self.draw.choice([10_000, row.drawn]), self.sent[row.ref]
        lines = [actions.ClearedLine(1, min(grams, row.drawn), "kg")]
        facts = {"corrects": first.message_id, "declaration_no": first.declaration_no, "reason": "Weighed anew"}
        self.sent[row.ref] = self.world.message(row.ref, "corrected", lines=lines, **facts)
        actions.receive(self.sent[row.ref], by=self.world.customs)
        self.note("shipment correct", "", {""})
        less = row.drawn - lines[0].quantity
        row.drawn -= less
        license = row.license
        license.drawn -= less
        if license.state == "exhausted" and license.free > 0 and not license.full:
            license.state = "active"
            if self.plain.account.state in ("suspended", "barred"):
                license.own.append(("exporter", self.plain.account.stopped_by))
            license.settle()

    # --- the walk ----------------------------------------------------------------------------------------------------
    def go(self) -> None:
        """One step, mostly one that leads on."""
        plain = self.plain
        alive = sum(one.in_force for one in plain.licenses.values())
        cases = [one for one in plain.cases.values() if one.state not in ENDS]
        steps: list[tuple[Callable[[], object], int]] = [
            (self.license, 10 if alive < 2 else 1),
            (self.file, 10 if len(cases) < 4 else 0),
            (self._declare, 6 if len(self._usable()) < 5 else 0),
            (self._of_the_account, 6 if plain.account.state == "suspended" else 1),
            (lambda: self._of(DECLARATIONS, list(plain.declarations.values())), 10),
            (lambda: self._of_a_case(cases), 45 if cases else 0),
            (lambda: self._of(LICENSES, list(plain.licenses.values())), 8 if plain.licenses else 0),
            (lambda: self.reserve(self._recent(plain.licenses)), 8 if plain.licenses else 0),
            (self._of_a_shipment, 8 if plain.shipments else 0),
        ]
        [step] = self.draw.choices([step for step, _ in steps], [weight for _, weight in steps])
        step()

    def _recent(self, rows: dict[str, Any]) -> Any:
        return self.draw.choice(list(rows.values())[-8:])

    def _declare(self) -> None:
        if self.plain.account.state != "closed":
            until = self.draw.choice(["draft", "submitted", "verified", "verified"])
            self.declare(self.draw.choice(list(self.parties)), until)

    def _of_the_account(self) -> None:
        verbs = ACCOUNT[:4] if self.draw.random() < 0.9 else ACCOUNT
        self.do(self._leading(verbs, self.plain.account), self.plain.account)

    def _of(self, verbs: list[Verb], rows: list[Any]) -> None:
        row = self.draw.choice(rows[-8:])
        self.do(self._leading(verbs, row), row)

    def _of_a_case(self, cases: list[Case]) -> None:
        row = self.draw.choice(cases)
        on = [BY_NAME[name] for name in LEADS[row.state].split()]
        self.do(
            self.draw.choice(on) if self.draw.random() < 0.75 else self._leading(CASES, row), row, self._holder(row)
        )

    def _of_a_shipment(self) -> None:
        row = self._recent(self.plain.shipments)
        self.draw.choice([self.cancel, self.clear, self.clear, self.correct])(row)

    def _usable(self) -> list[Declared]:
        return [one for one in self.plain.declarations.values() if one.state not in VOID | {"superseded"}]

    def _leading(self, verbs: list[Verb], row: Any) -> Verb:
        """Mostly one that its state allows."""
        fit = [verb for verb in verbs if row.state in verb.sources.split()]
        verb = self.draw.choice(fit if fit and self.draw.random() < 0.85 else verbs)
        return self.draw.choice(fit) if verb.name == "withdraw" and fit else verb  # it ends what could go on

    def _holder(self, row: Case) -> Person | None:
        """Whoever has the case does the next step more often than somebody else."""
        mine = [one for one in self.people if one.pk == row.taken_by]
        return (
            mine[0]
            if mine and row.state in ("under_review", "awaiting_applicant") and self.draw.random() < 0.7
            else None
        )

    # --- what stands -------------------------------------------------------------------------------------------------
    def compare(self) -> None:
        """States, causes, quantities and what may ship, of the tables and of the model."""
        plain = self.plain
        stands = {"account": Exporter.objects.get(pk=self.pk).state}
        wanted = {"account": plain.account.state}
        for model, rows in (
            (Declaration, plain.declarations),
            (Application, plain.cases),
            (License, plain.licenses),
            (Shipment, plain.shipments),
        ):
            stands |= dict(model.objects.filter(ref__in=rows).values_list("ref", "state"))
            wanted |= {ref: row.state for ref, row in rows.items()}
        for license in License.objects.filter(ref__in=plain.licenses).prefetch_related("lines", "end_users__causes"):
            row = plain.licenses[license.ref]
            [line] = license.lines.all()
            stands[row.ref, "quantity"] = (line.reserved, line.drawn)
            wanted[row.ref, "quantity"] = (row.reserved, row.drawn)
            for user in license.end_users.all():
                if row.in_force or row.state == "exhausted":
                    causes = {one.cause for one in user.causes.all() if one.ended_at is None}
                    stands[row.ref, user.party_id] = causes
                    wanted[row.ref, user.party_id] = row.users[user.party_id].causes
                passes = actions.check(self._request(row, user.party_id, 1_000), by=self.world.exporter).accepted
                stands[row.ref, user.party_id, "ships"] = passes
                wanted[row.ref, user.party_id, "ships"] = plain.lets_ship(row, user.party_id) and row.free >= 1_000
        for key, value in wanted.items():
            if stands.get(key) != value:
                self.differences.append((plain.step, key, stands.get(key), value))

    def replay(self) -> None:
        """Each row stands where its history leads, whose chain is whole; movements are the accounts."""
        for model in (Declaration, Application, License, Shipment, Exporter):
            for row in model.objects.all():
                lines = list(lines_of(row))
                if broken_links(row):
                    self.differences.append((self.plain.step, "broken", row))
                at = lines[0].to_state if lines else row.state
                for line in lines[1:]:
                    if line.from_state and line.from_state != at:
                        self.differences.append((self.plain.step, "a gap", row, line.verb, line.from_state, at))
                    at = line.to_state
                if at != row.state:
                    self.differences.append((self.plain.step, "otherwise than its history", row, at, row.state))
        self.differences += books.drift()
