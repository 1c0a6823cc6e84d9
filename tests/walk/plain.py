"""What WORKFLOWS 3 to 6 say of a company, its declarations, cases, licenses and shipments, in plain Python: no database
and no line of the product. Quantities are base units."""

from collections.abc import Iterator
from dataclasses import dataclass, field

NAMEABLE = {"submitted", "verified", "in_force"}  # what a case names from now on
VERIFIED = {"verified", "in_force", "superseded"}
RECOMMENDABLE = {"submitted", *VERIFIED}
VOID = {"rejected", "invalid", "expired"}
UNDECIDED = {
    *("submitted", "supplement_required", "accepted", "under_review", "awaiting_applicant", "awaiting_decision"),
    *("approved", "under_reconsideration"),
}


@dataclass
class Account:
    """stopped_by: whoever suspended it. proposed_by: whoever proposed to bar it, while that waits."""

    state: str = "active"
    stopped_by: int = 0
    proposed_by: int = 0
    qualified: bool = True


@dataclass
class Declared:
    """shown: the ministry has seen it. signed: at which step it was signed last. touched: by whom at all."""

    ref: str
    party: int
    state: str = "draft"
    shown: bool = False
    signed: int = 0
    proposed_by: int = 0
    touched: set[int] = field(default_factory=set)


@dataclass
class Case:
    """named: the reference of its declaration, by end-user. acts: of each step its round, person and verb.

    recommended: by whom, which outcome, at which step of the walk. contested: how many acts lay before that. promised:
    an intent of this round has no answer, and the newest none either. doubted: one of its end-users was perhaps on a
    list at some time, so that the rules say something else later.
    """

    ref: str
    kind: str
    named: dict[int, str]
    state: str = "draft"
    round: int = 0
    acts: list[tuple[int, int, str]] = field(default_factory=list)
    taken_by: int = 0
    takers: set[int] = field(default_factory=set)
    screened: set[int] = field(default_factory=set)
    questions: int = 0
    recommended: tuple[int, str, int] | None = None
    changed_by: int = 0
    intent: str = ""
    promised: bool = False
    contested: int = 0
    admitted: bool = False
    extended: bool = False
    doubted: bool = False

    def acted_before(self, who: int) -> bool:
        """In a round that was quashed."""
        return any(number < self.round and person == who for number, person, _ in self.acts)

    def decided(self, who: int) -> bool:
        verbs = ("approve", "refuse")
        return any(number == self.round and person == who and verb in verbs for number, person, verb in self.acts)

    def of_the_case(self, who: int) -> bool:
        """Has a part in what is contested."""
        return any(person == who for _, person, _ in self.acts[: self.contested])

    def not_to_decide(self, who: int) -> bool:
        return who in self.takers or self.acted_before(who)


@dataclass
class Served:
    """An end-user of a license: the declaration that it rests on, and what closes it."""

    declaration: str
    causes: set[str] = field(default_factory=set)


@dataclass
class Licensed:
    """own: the causes of the license itself, each with whoever opened it. taken: clearances of the most that it may
    have."""

    ref: str
    users: dict[int, Served]
    total: int
    most: int | None
    state: str = "active"
    own: list[tuple[str, int]] = field(default_factory=list)
    reserved: int = 0
    drawn: int = 0
    taken: int = 0
    proposed_by: int = 0

    @property
    def in_force(self) -> bool:
        return self.state in ("active", "suspended")

    @property
    def free(self) -> int:
        return self.total - self.reserved - self.drawn

    @property
    def full(self) -> bool:
        """No shipment more may begin."""
        return self.most is not None and self.taken >= self.most

    def serves(self) -> bool:
        return any(not user.causes for user in self.users.values())

    def settle(self) -> None:
        """Suspended while a cause of its own is open or nobody is served; used up when nothing can come any more."""
        if self.in_force:
            self.state = "suspended" if self.own or not self.serves() else "active"
            self.exhaust()

    def exhaust(self) -> None:
        if self.state == "active" and not self.reserved and (self.drawn >= self.total or self.full and self.drawn):
            self.state = "exhausted"


@dataclass
class Shipped:
    ref: str
    license: Licensed
    held: int
    drawn: int = 0
    state: str = "reserved"


@dataclass
class Plain:
    """hits: what the newest screening of an end-user found, where that was something."""

    account: Account = field(default_factory=Account)
    declarations: dict[str, Declared] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    licenses: dict[str, Licensed] = field(default_factory=dict)
    shipments: dict[str, Shipped] = field(default_factory=dict)
    hits: dict[int, str] = field(default_factory=dict)
    step: int = 0

    def named(self, case: Case) -> list[Declared]:
        return [self.declarations[ref] for ref in case.named.values()]

    def covers(self) -> list[Licensed]:
        """Licenses to whose end-users something still happens: what is used up may be opened again."""
        return [one for one in self.licenses.values() if one.in_force or one.state == "exhausted"]

    def served(self) -> Iterator[tuple[Licensed, int, Served]]:
        for license in self.covers():
            for party, user in license.users.items():
                yield license, party, user

    def lets_ship(self, license: Licensed, party: int) -> bool:
        return (
            license.state == "active"
            and self.account.state == "active"
            and not license.users[party].causes
            and not license.full
        )

    def stop(self, state: str, by: int) -> None:
        """The account is stopped: every license of it with that, once, and it may file for no annual license."""
        self.account.state, self.account.qualified = state, False
        for license in self.licenses.values():
            if license.in_force and "exporter" not in [cause for cause, _ in license.own]:
                license.own.append(("exporter", by))
                license.settle()

    def put_in_force(self, new: Declared, elders: list[Declared]) -> None:
        if new.state == "verified":
            new.state = "in_force"
            for elder in elders:
                elder.state = "superseded"

    def elders(self, new: Declared) -> list[Declared]:
        """In force for the same end-user; each of the walk's declarations is of the same use and goods, and none was
        signed on a later day."""
        return [
            one
            for one in self.declarations.values()
            if one is not new and one.party == new.party and one.state == "in_force"
        ]

    def ends_open(self) -> bool:
        """Something that keeps a company from closing its account."""
        return (
            any(one.in_force for one in self.licenses.values())
            or any(one.state in UNDECIDED for one in self.cases.values())
            or any(one.state in ("reserved", "cleared") for one in self.shipments.values())
        )
