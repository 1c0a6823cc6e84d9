"""One company, its officers and customs, each step of whom is done here and in the plain model at once."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from config.local import demo
from core.access import Actor
from core.errors import DomainError
from core.history import broken_links, lines_of
from core.legal_time import legal_now, legal_today
from core.models import HistoryLine
from exporters.models import AccountChange, Exporter, Qualification
from licensing import books
from licensing.actions import applications, copies, declarations, inquiries
from licensing.models import Application, ControlItem, Declaration, EndUse, Inquiry, License, Suspension
from licensing.models.balances import LicenseLine
from shipments import actions
from shipments.models import Shipment
from tests import make
from tests.make import annual_seen, seen
from tests.walk.account import ACCOUNT, ANNUAL
from tests.walk.cases import CASES
from tests.walk.declarations import DECLARATIONS
from tests.walk.inquiries import INQUIRIES
from tests.walk.licenses import LICENSES, lift_by_query, stop_by_query
from tests.walk.plain import LONE, NAMEABLE, VOID, Asked, Case, Declared, Licensed, Plain, Served, Shipped, months_on
from tests.walk.shipments import CUSTOMS, SHIPMENTS
from tests.walk.verb import Nothing, Verb

KILOGRAMS = 100
LATE = 250  # step from which on a company may close its account
GRAMS = KILOGRAMS * 1000
FACTS = {
    "end_use_text": "The goods are built into motors at the plant named, for civil customers only.",
    "product": "m",
    "position_in_product": "r",
    "process": "incorporated",
    "yearly_need": "30 t",
}
CONFIRMED = ("no_other_use", "no_transfer", "no_mass_destruction", "no_military_use", "verification_consent")
WEIGHT = {  # of a step among those that are lawful; what isn't named has 1
    **dict.fromkeys(("redeclare", "resolve"), 8.0),
    **dict.fromkeys(("accept", "recommend_approve", "approve", "issue", "resubmit", "admit", "submit"), 4.0),
    **dict.fromkeys(("attach_signed", "verify", "reinstate", "reconsider", "assign", "close", "refuse", "amend"), 3.0),
    **dict.fromkeys(("recommend_refuse", "approve_return", "decline_return", "answer", "lift"), 2.0),
    **dict.fromkeys(("propose_invalidate", "restate", "surrender", "revoke", "bar"), 0.5),
    **dict.fromkeys(
        ("record_visit", "not_accept", "cancel", "withdraw", "read_answer", "screen", "suspend", "propose_revoke"), 0.2
    ),
    "copy": 0.05,
}
ENDS = {"withdrawn", "issued", "refused_final", "not_accepted", "lapsed"}
BY_NAME = {verb.name: verb for verb in CASES}
STRAIGHT = ("submit", "accept", "assign", "screen", "recommend_approve", "approve", "issue")
# What is done to declarations that were just sent, and to the account after that, at the end of a walk of three.
TO_DECLARATIONS = (
    *(("query", "receive_original", "miss_original", "answer"), ("query", "redo"), ("query", "reject")),
    ("verify", "propose_invalidate"),
)
TO_THE_ACCOUNT = (
    *("suspend", "ask_change", "withdraw_change", "ask_change", "decline_change", "ask_change", "accept_change"),
    *("propose_bar", "drop_bar", "propose_bar", "ask_change", "bar"),
)
COMPANY = {"signatory", "clerk", "viewer"}
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
        self.number, self.told = number, []
        self.pk = world.exporter.organization_id
        self.people = list(self._people(world))
        parties = [demo.party(world.exporter, f"{country} Motors", country, "Motors") for country in ("DE", "JP")]
        self.parties = {row.pk: row for row in parties}
        self.found_invalid: dict[str, set[int]] = {}
        self.told: list[tuple[str, str]]  # each step, and how it ended: the same for the same number
        self.sent: dict[str, Any] = {}
        self.stood: dict[str, int] = {}
        self.looked: dict[str, Any] = {}
        self.handler = self.found = ""
        self.plain.today, self.ahead = legal_today(), (legal_now() - datetime.now(UTC)).total_seconds()
        self.cause: Suspension | None = None
        self.another = (0, "")
        self.attempts = 0
        self.counts: Counter[tuple[str, str]] = Counter()
        self.differences: list[Any] = []
        stands = Exporter.objects.get(pk=self.pk)
        self.plain.account.handler, self.plain.account.address = stands.handler, stands.address
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

    def leave(self) -> None:
        """The company's people read from now on, and do nothing more."""
        gone = {"actor": frozenset({"viewer"}), "roles": frozenset({"viewer"})}
        for at, one in enumerate(self.people):
            if one.has(*COMPANY):
                self.people[at] = Person(replace(one.actor, roles=gone["actor"]), gone["roles"])

    def somebody(self, roles: str) -> Person:
        """Mostly somebody who may."""
        fit = [one for one in self.people if one.has(*roles.split())]
        return self.draw.choice(fit if fit and self.draw.random() < 0.9 else self.people)

    # --- where it begins ---------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """What the draw alone reaches hardly ever: one walk of three begins with an order that ends and a new grant,
        one in the last days of what was granted."""
        if self.number % 3 == 0:
            for verbs, row, names in (
                (ACCOUNT, self.plain.account, ("suspend", "reinstate")),
                (ANNUAL, self.plain.annual, ("ask", "grant")),
            ):
                self._in_turn(verbs, row, names)
        if self.number % 3 == 1:
            self.plain.annual.last = self.plain.today + timedelta(50)
            Qualification.objects.filter(pk=self.pk).update(last_day=self.plain.annual.last)
            self._in_turn(ANNUAL, self.plain.annual, ("renew",))

    def ends(self) -> None:
        """Likewise: one walk of three ends with what is asked of declarations, and with a bar."""
        if self.number % 3 == 2 and self.plain.account.state != "closed":
            for names in TO_DECLARATIONS:
                self.declare(self._party(), "submitted")
                self._in_turn(DECLARATIONS, list(self.plain.declarations.values())[-1], names)
            self._in_turn(ACCOUNT, self.plain.account, TO_THE_ACCOUNT)

    def drops(self) -> None:
        """What was proposed of whatever it was is dropped."""
        for verbs, rows in self.graphs():
            for verb in (verb for verb in verbs if verb.name.startswith("drop_")):
                for row in (row for row in rows if row.proposed_by and row.state in verb.sources.split()):
                    self._by_whoever_may(verb, row)

    def leaves(self) -> None:
        """The company has nothing that is open, and closes its account, of which a bar waits that is dropped then."""
        for _ in range(20):
            verbs, rows = self.draw.choice(self.graphs()[:4])
            self.of([verb for verb in verbs if verb.name not in ("close", "bar")], rows) if rows else self._inquire()
        self._in_turn(ACCOUNT, self.plain.account, ("propose_bar",))
        while self.plain.account.state != "closed":
            self._in_turn(ACCOUNT, self.plain.account, ("close", "reinstate"))
        self._in_turn(ACCOUNT, self.plain.account, ("drop_bar",))

    def _in_turn(self, verbs: Sequence[Verb], row: Any, names: Sequence[str]) -> None:
        for name in names:
            self._by_whoever_may(next(verb for verb in verbs if verb.name == name), row)

    def _by_whoever_may(self, verb: Verb, row: Any) -> None:
        """It is done, or refused by what the model does not know; whoever does it saw what stands."""
        if person := self._who(verb, row):
            self.do(verb, row, person)

    # --- one verb ------------------------------------------------------------------------------------------------
    def do(self, verb: Verb, row: Any, person: Person | None = None) -> bool:
        """The verb was done or refused, as the model says, and the model has what follows."""
        verb = self._of_its_state(verb, row)
        person = person or self.somebody(verb.roles)
        if verb.mine and person.has("foreign") or verb.edge and person.has("viewer"):
            return False
        subject = getattr(row, "ref", self.pk)
        stale = verb.seen and self.draw.random() < 0.04
        expected = self._expected(verb, row, person, stale)
        version = annual_seen if verb.noun == "annual" else seen
        named = {"seen": version(subject) - stale} if verb.seen else {}
        try:
            answer, said = verb.call(self, row, by=person.actor, **named), ""
        except DomainError as refusal:
            answer, said = None, refusal.code
        self.note(f"{verb.noun} {verb.name}", said, expected, subject, row.state, sorted(person.roles))
        if said:
            return False
        if answer is Nothing:
            return True
        if verb.to:
            row.state = verb.to
        if verb.noun == "case" and verb.name not in ("accept", "copy"):
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
        self.told.append((verb, said))
        if said not in expected:
            self.differences.append((self.plain.step, verb, *about, said, expected))

    def _expected(self, verb: Verb, row: Any, person: Person, stale: bool) -> set[str]:
        if self._hidden(verb.noun, row, person) or verb.mine and not person.has(*COMPANY):
            return {"not-found"}
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
            return noun == "declaration" and not row.shown or noun == "case" and not row.filed
        return person.has("customs") and noun not in ("license", "shipment")

    # --- what a verb takes ------------------------------------------------------------------------------------------
    def certificate(self) -> dict[str, Any]:
        paper = ("c.pdf", demo.pdf(make.unique("certificate")))
        return {"certificate": paper, "signer_name": "x", "signer_post": "y", "signed_on": legal_today()}

    def choose_cause(self, row: Licensed) -> Suspension | None:
        causes = list(License.objects.get(ref=row.ref).suspensions.filter(ended_at=None).order_by("pk"))
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
        """A new draft case, on declarations that a case may name; now and then of one who will be on a list."""
        if self.plain.account.state == "closed":
            return
        if self.draw.random() < 0.12:
            self._file_special()
            return
        fit = self._usable()
        if self.draw.random() < 0.7:
            fit = [one for one in fit if one.state in ("verified", "in_force") and not self.plain.hit(one.party)]
        chosen = self.draw.sample(fit, min(len(fit), self.draw.choice([1, 1, 2])))
        if chosen:
            named = {one.party: one.ref for one in chosen}
            annual = self.plain.account.state == "active" and self.plain.qualified and self.draw.random() < 0.8
            self._filed("annual" if annual else "per_shipment", named)

    def _file_special(self) -> None:
        party = self._stranger()
        self.declare(party, "verified")
        [ref] = [one.ref for one in self.plain.declarations.values() if one.party == party]
        self._filed("special", {party: ref})

    def _stranger(self) -> int:
        """An end-user of whom nothing is known."""
        row = demo.party(self.world.exporter, make.unique("DE Motors "), "DE", "Motors")
        self.parties[row.pk] = row
        return int(row.pk)

    def _filed(self, kind: str, named: dict[int, str]) -> Case:
        rows = [Declaration.objects.get(ref=ref) for ref in named.values()]
        make_it = self.world.special if kind == "special" else self.world.application
        ref = make_it(by_whom=rows, kilograms=KILOGRAMS, kind=kind)
        case = self.plain.cases[ref] = Case(ref, kind, named, self.plain.today, asks=GRAMS)
        return case

    def license(self) -> None:
        """A new one, straight from its application."""
        verified = [one for one in self.plain.declarations.values() if one.state in ("verified", "in_force")]
        fit = [one for one in verified if not self.plain.hit(one.party)]
        if not fit or self.plain.account.state != "active":
            return
        kind = "annual" if self.plain.qualified else "per_shipment"
        chosen = self.draw.sample(fit, min(len(fit), 2 if kind == "annual" else 1))
        self._straight(self._filed(kind, {one.party: one.ref for one in chosen}))

    def _straight(self, case: Case) -> None:
        """Whoever may does each step of it, the rules so far nothing against it."""
        m = self.world.ministry
        people = {"signatory": self.world.exporter, "intake": m.intake, "reviewer": m.reviewer, "decider": m.decider}
        for name in STRAIGHT:
            verb, self.found = BY_NAME[name], "none"
            role = next(role for role in people if role in verb.roles.split())
            if not self.do(verb, case, Person(people[role], frozenset({role}))):
                return

    def issued(self, license: License, case: Case, by: int) -> None:
        plain = self.plain
        before = plain.amended(case)
        first = max(plain.today, case.first, before.first if before else case.first)
        counted = plain.and_before(before)[-1].first if before else first
        users = {party: Served(ref, plain.hits.get(party, "none")) for party, ref in case.named.items()}
        self.plain.licenses[license.ref] = Licensed(
            license.ref,
            case.grants,
            users,
            granted=case.asks,
            total=case.asks - (before.used if before else 0),
            most=1 if case.grants in LONE else None,
            first=first,
            last=months_on(counted, case.months),
            owes=case.grants == "annual",
            replaces=case.amends,
        )
        for ref in case.named.values():
            plain.put_in_force(plain.declarations[ref], by)
        if before:
            before.state = "replaced"

    # --- what begins with another -------------------------------------------------------------------------------------
    def begun_to_change(self, license: Licensed, row: Application) -> None:
        """The draft that changes it says another quantity, and perhaps other end-users."""
        users = {party: user.declaration for party, user in license.users.items()}
        others = [
            one for one in self._usable() if one.state in ("verified", "in_force") and not self.plain.hit(one.party)
        ]
        for one in self.draw.sample(others, min(len(others), 1)):
            users = users | {one.party: one.ref} if one.party in users or license.kind == "annual" else users
        if len(users) > 1 and self.draw.random() < 0.2:
            users.pop(self.draw.choice(list(users)))
        grams = self.draw.choice(
            [license.used - 1_000, license.used, license.used + 20_000, *[license.total + 50_000] * 3]
        )
        first = self.plain.and_before(license)[-1].first
        case = Case(row.ref, license.kind, users, first, asks=max(grams, 1_000), amends=license.ref)
        self._proves(row)
        self._says(row, case, remarks="Otherwise, please.")

    def begun_to_renew(self, license: Licensed, row: Application) -> None:
        first = license.last + timedelta(1)
        named = self._fitting(license.users)
        case = self.plain.cases[row.ref] = Case(row.ref, "annual", named, first, license.granted, renews=license.ref)
        self._proves(row)
        self._agrees(row, case)

    def copied(self, kind: str, users: Mapping[int, Any], grams: int, row: Application) -> None:
        """The draft, to which is added what is not repeated of one shipment, and its days."""
        today = self.plain.today
        case = self.plain.cases[row.ref] = Case(row.ref, kind, self._fitting(users), today, grams)
        self._proves(row)
        self._agrees(row, case)
        new: dict[str, Any] = {"planned_from": today, "planned_until": today + timedelta(330)}
        if kind in LONE:
            new |= {"contract_no": make.unique("K-"), "contract_on": today}
            demo.paper(self.world.exporter, row.ref, "contract")
        if kind == "special":
            new |= {"circumstances": make.CIRCUMSTANCES}
            demo.paper(self.world.exporter, row.ref, "circumstances")
        self._says(row, case, **new)

    def _fitting(self, users: Mapping[int, Any]) -> dict[int, str]:
        """On what each may be named: what he is named on, if that still counts, or else the newest of his that does."""
        found = {}
        for party, was in users.items():
            own = was.declaration if isinstance(was, Served) else was
            theirs = [
                ref for ref, one in self.plain.declarations.items() if one.party == party and one.state in NAMEABLE
            ]
            if theirs:
                found[party] = own if own in theirs else theirs[-1]
        return found

    def _proves(self, row: Application) -> None:
        """Who answers for the company is proved anew where that has changed since."""
        if not row.documents.filter(type="id_proof").exists():
            demo.paper(self.world.exporter, row.ref, "id_proof")

    def prove_anew(self) -> None:
        """In each draft that somebody else answers for by now."""
        for case in self.plain.cases.values():
            if case.state == "draft":
                demo.paper(self.world.exporter, case.ref, "id_proof")

    def _agrees(self, row: Application, case: Case) -> None:
        """The draft names whom the model says."""
        [line] = row.lines.all()
        users = row.end_users.select_related("declaration")
        stands = line.quantity, {user.party_id: user.declaration.ref for user in users}
        if stands != (case.asks, case.named) or row.renews and row.planned_from != case.first:
            self.differences.append((self.plain.step, "draft", row.ref, stands, case))

    def _says(self, row: Application, case: Case, **new: Any) -> None:
        """The draft says what the model's case does."""
        rows = [Declaration.objects.get(ref=ref) for ref in case.named.values()]
        stands = copies.said(row)
        [line] = stands.lines
        said = replace(stands, lines=[replace(line, quantity=case.asks)], end_users=rows, **new)
        said = replace(said, consignees=[one.end_user for one in rows] or stands.consignees)
        applications.change(row.ref, said, version=row.version, by=self.world.exporter)
        self.plain.cases[case.ref] = case

    # --- shipments --------------------------------------------------------------------------------------------------
    def _request(self, row: Licensed, party: int, grams: int) -> actions.ShipmentRequest:
        to = self.parties[party]
        return actions.ShipmentRequest(
            license=row.ref,
            client_reference=make.unique("PO-"),
            end_user=to.ref,
            consignee=to.ref,
            destination=to.country_id,
            port="CNSHA",
            planned_on=self.plain.today,
            lines=[actions.LineRequest(1, grams, "kg")],
        )

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
            (self._of_the_account, 8 if plain.account.state == "suspended" else 3),
            (lambda: self.of(ANNUAL, [plain.annual]), 1 if plain.qualified else 4),
            (self._inquire, 2),
            (lambda: self.of(DECLARATIONS, list(plain.declarations.values())), 10),
            (lambda: self.of(CASES, [self.draw.choice(cases)]), 45 if cases else 0),
            (lambda: self.of(CASES, list(plain.cases.values())), 2 if plain.cases else 0),
            (lambda: self.of(LICENSES, list(plain.licenses.values())), 12 if plain.licenses else 0),
            (
                lambda: self.draw.choice([stop_by_query, lift_by_query, lift_by_query])(self, self._party()),
                2 if plain.licenses else 0,
            ),
            (self._follow, 3 if plain.licenses else 0),
            (self._reserve, 8 if plain.licenses else 0),
            (self._of_a_shipment, 14 if plain.shipments else 0),
        ]
        [step] = self.draw.choices([step for step, _ in steps], [weight for _, weight in steps])
        step()

    def _reserve(self) -> None:
        """Mostly where something may leave."""
        rows = list(self.plain.licenses.values())
        open_ = [one for one in rows if any(self.plain.lets_ship(one, party) for party in one.users)]
        self.reserve(self.draw.choice(open_ if open_ and self.draw.random() < 0.8 else rows))

    def _follow(self) -> None:
        """A license is changed or renewed at once, as far as the rules let it."""
        verb = self.draw.choice([verb for verb in LICENSES if verb.name in ("amend", "renew")])
        rows = [one for one in self.plain.licenses.values() if self._lawful([verb], one)]
        before = set(self.plain.cases)
        if rows and self.do(verb, self.draw.choice(rows), Person(self.world.exporter, frozenset({"signatory"}))):
            for ref in [one for one in self.plain.cases if one not in before]:
                self._straight(self.plain.cases[ref])

    def _party(self) -> int:
        return int(self.draw.choice(list(self.parties)))

    def _inquire(self) -> None:
        rows = self.plain.inquiries
        if (not rows or self.draw.random() < 0.3) and self.plain.account.state not in ("closed", "barred"):
            made = inquiries.ask(description="Magnets", by=self.world.exporter)
            rows[made.ref] = Asked(made.ref)
        if rows:
            self.of(INQUIRIES, list(rows.values()))

    def _recent(self, rows: dict[str, Any]) -> Any:
        return self.draw.choice(list(rows.values())[-8:])

    def _declare(self) -> None:
        if self.plain.account.state != "closed":
            until = self.draw.choice(["draft", "submitted", "verified", "verified"])
            self.declare(self.draw.choice(list(self.parties)), until)

    def _of_the_account(self) -> None:
        verbs = [verb for verb in ACCOUNT if verb.name != "close" or self.plain.step > LATE]
        self.of(verbs, [self.plain.account])

    def of(self, verbs: Sequence[Verb], rows: Sequence[Any]) -> None:
        """A verb of one of the newest of these rows, mostly one that is lawful."""
        row = self.draw.choice(rows[-8:])
        found = self._lawful(verbs, row) if self.draw.random() < 0.85 else None
        verb, person = found or (self.draw.choice(verbs), None)
        self.do(verb, row, person)

    def _lawful(self, verbs: Sequence[Verb], row: Any) -> tuple[Verb, Person] | None:
        """One that the model lets somebody do now, and who."""
        fit = [(verb, who) for verb in verbs if row.state in verb.sources.split() and (who := self._who(verb, row))]
        if fit and (fit[0][0].name != "withdraw" or len(fit) > 1 or self.draw.random() < 0.2):
            return self.draw.choices(fit, [self._weight(verb, row) for verb, _ in fit])[0]
        return None

    def _weight(self, verb: Verb, row: Any) -> float:
        """A case that somebody has is seldom taken from him."""
        return 0.3 if verb.name == "assign" and row.taken_by else WEIGHT.get(verb.name, 1.0)

    def _who(self, verb: Verb, row: Any) -> Person | None:
        fit = [one for one in self.people if one.has(*verb.roles.split()) and not one.has("foreign")]
        for person in self.draw.sample(fit, len(fit)):
            if "" in self._expected(self._of_its_state(verb, row), row, person, False):
                return person
        return None

    def _of_a_shipment(self) -> None:
        row = self._recent(self.plain.shipments)
        if self.draw.random() < 0.5:
            self.draw.choice(CUSTOMS)(self, row)
        else:
            self.of(SHIPMENTS, [row])

    def _usable(self) -> list[Declared]:
        return [one for one in self.plain.declarations.values() if one.state not in VOID | {"superseded"}]

    def graphs(self) -> list[tuple[Sequence[Verb], list[Any]]]:
        """The verbs of each, and its rows."""
        rows = self.plain
        return [
            (ACCOUNT, [rows.account]),
            (ANNUAL, [rows.annual]),
            (INQUIRIES, list(rows.inquiries.values())),
            (DECLARATIONS, list(rows.declarations.values())),
            (CASES, list(rows.cases.values())),
            (LICENSES, list(rows.licenses.values())),
            (SHIPMENTS, list(rows.shipments.values())),
        ]

    # --- what is not lawful -------------------------------------------------------------------------------------------
    def attempt(self) -> None:
        """Anybody tries anything that the model refuses: it is refused so, and nothing has changed."""
        verbs, of = self.draw.choice(self.graphs())
        if not of:
            return
        row, verb, person = self.draw.choice(of), self.draw.choice(verbs), self.draw.choice(self.people)
        verb = self._of_its_state(verb, row)
        if "" in self._expected(verb, row, person, False):
            return
        lines = HistoryLine.objects.order_by("pk").values_list("pk", flat=True)
        last, step = lines.last(), self.plain.step
        done = self.do(verb, row, person)  # where several causes are open, it may be another one that is lifted
        self.plain.step, self.attempts = step, self.attempts + 1
        if not done and lines.last() != last:
            self.differences.append((step, "changed though it was refused", verb, row))

    # --- what stands -------------------------------------------------------------------------------------------------
    def compare(self) -> None:
        """States, causes, quantities and what may ship, of the tables and of the model."""
        for key, (stands, wanted) in {**self._states(), **self._of_licenses()}.items():
            if stands != wanted:
                self.differences.append((self.plain.step, key, stands, wanted))

    def _states(self) -> dict[Any, tuple[Any, Any]]:
        plain, account = self.plain, self.plain.account
        facts = Exporter.objects.filter(pk=self.pk).values_list("state", "handler", "address", "qualification__state")
        asked = AccountChange.objects.filter(exporter=self.pk, outcome="").values_list("after__address", flat=True)
        wanted = (account.state, account.handler, account.address, plain.annual.state)
        found: dict[Any, tuple[Any, Any]] = {"account": (facts.get(), wanted)}
        found["asked"] = (list(asked), [account.wanted] if account.wanted else [])
        for model, rows in (
            (Inquiry, plain.inquiries),
            (Declaration, plain.declarations),
            (Application, plain.cases),
            (License, plain.licenses),
            (Shipment, plain.shipments),
        ):
            stands = dict(model.objects.filter(ref__in=rows).order_by().values_list("ref", "state"))
            found |= {ref: (stands.get(ref), row.state) for ref, row in rows.items()}
        return found

    def _of_licenses(self) -> dict[Any, tuple[Any, Any]]:
        lines = LicenseLine.objects.filter(license__ref__in=self.plain.licenses).select_related("license")
        of_it = Suspension.objects.filter(license__ref__in=self.plain.licenses, ended_at=None).order_by("cause")
        causes: dict[tuple[str, int | None], list[str]] = {}
        for ref, party, cause in of_it.values_list("license__ref", "end_user__party", "cause"):
            causes.setdefault((ref, party), []).append(cause)
        found: dict[Any, tuple[Any, Any]] = {}
        lucky = self.draw.choice([*self.plain.licenses, ""])
        for line in lines:
            row = self.plain.licenses[line.license.ref]
            stands = (line.reserved, line.drawn, line.over_cleared, line.credited)
            of_one = {(row.ref, "quantity"): (stands, (row.reserved, row.drawn, row.over, row.back))}
            if row.in_force:
                of_one[row.ref, "free"] = (line.available, row.free)
            own = causes.get((row.ref, None), [])
            of_one[row.ref, "causes"] = (own, sorted(cause for cause, _ in row.own))
            for party, user in row.users.items():
                of_one[row.ref, f"causes of {party}"] = (causes.get((row.ref, party), []), sorted(user.causes))
            found |= of_one
            looks = (self.plain.account.state, row.state, of_one)
            if looks != self.looked.get(row.ref) or row.ref == lucky:
                found |= {(row.ref, party, "ships"): self._ships(row, party) for party in row.users}
            self.looked[row.ref] = looks
        return found

    def _ships(self, row: Licensed, party: int) -> tuple[bool, bool]:
        passes = actions.check(self._request(row, party, 1_000), by=self.world.exporter).accepted
        return passes, self.plain.lets_ship(row, party) and row.free >= 1_000

    def replay(self) -> None:
        """Each row stands where its history leads, whose chain is whole; movements are the accounts."""
        for model in (Inquiry, Declaration, Application, License, Shipment, Exporter, Qualification):
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
