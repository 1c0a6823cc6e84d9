"""What WORKFLOWS 3 to 6 say of a company, its declarations, cases, licenses and shipments, in plain Python: no database
and no line of the product. Quantities are base units."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

NAMEABLE = {"submitted", "verified", "in_force"}  # what a case names from now on
VERIFIED = {"verified", "in_force", "superseded"}
RECOMMENDABLE = {"submitted", *VERIFIED}
VOID = {"rejected", "invalid", "expired"}
UNDECIDED = {
    *("submitted", "supplement_required", "accepted", "under_review", "awaiting_applicant", "awaiting_decision"),
    *("approved", "under_reconsideration"),
}


CROSSED = {"cleared", "departed", "delivered"}
OPEN_SHIPMENTS = {"reserved", "declared", "questioned", "part_cleared"}
LONE = {"per_shipment", "special"}  # of one shipment, to one end-user
YEAR, SHORT = 12, 4  # months that are granted; what is granted the shorter is renewed at once
RENEWED = 150  # days before its last one, from which on a license is renewed


def months_on(day: date, months: int) -> date:
    """The same day of the month, or the last one of it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass
class Account:
    """stopped_by: whoever stopped it. proposed_by: whoever proposed to bar it, while that waits. wanted: the address
    that it asked for, while that waits."""

    state: str = "active"
    stopped_by: set[int] = field(default_factory=set)
    proposed_by: int = 0
    handler: str = ""
    address: str = ""
    wanted: str = ""


@dataclass
class Annual:
    """What lets a company file for annual licenses. last: its last day, where that is near: then it is renewed."""

    state: str = "granted"
    last: date = date.max


@dataclass
class Asked:
    """A question what some goods are."""

    ref: str
    state: str = "asked"
    proposed_by: int = 0


@dataclass
class Declared:
    """shown: the ministry has seen it. signed: at which step it was signed last. original: its paper is there. touched:
    by whom at all."""

    ref: str
    party: int
    state: str = "draft"
    shown: bool = False
    signed: int = 0
    original: bool = False
    proposed_by: int = 0
    touched: set[int] = field(default_factory=set)


@dataclass
class Query:
    """Asked of an applicant. said: he said something. news: what he said last was not read."""

    open: bool = True
    said: bool = False
    news: bool = False


@dataclass
class Case:
    """named: the reference of its declaration, by end-user. grants: of which kind its license is. amends, renews: the
    reference of a license. first: from which day on. acts: of each step its round, person and verb.

    recommended: by whom, which outcome, at which step of the walk. contested: how many acts lay before that. promised:
    an intent of this round has no answer, and the newest none either. doubted: one of its end-users was perhaps on a
    list at some time, so that the rules say something else later.
    """

    ref: str
    grants: str
    named: dict[int, str]
    first: date
    asks: int = 0
    amends: str = ""
    renews: str = ""
    months: int = YEAR
    state: str = "draft"
    round: int = 0
    acts: list[tuple[int, int, str]] = field(default_factory=list)
    taken_by: int = 0
    takers: set[int] = field(default_factory=set)
    screened: set[int] = field(default_factory=set)
    supplemented: bool = False
    paused: bool = False
    queries: dict[int, Query] = field(default_factory=dict)
    recommended: tuple[int, str, int] | None = None
    changed_by: int = 0
    intent: str = ""
    promised: bool = False
    contested: int = 0
    admitted: bool = False
    extended: bool = False
    doubted: bool = False

    @property
    def questions(self) -> int:
        return sum(one.open for one in self.queries.values())

    @property
    def filed(self) -> bool:
        """The ministry got it."""
        return any(verb == "submit" for _, _, verb in self.acts)

    def acted_before(self, who: int) -> bool:
        """In a round that was quashed."""
        return self.round > 1 and any(number < self.round and person == who for number, person, _ in self.acts)

    def decided(self, who: int) -> bool:
        verbs = ("approve", "refuse")
        return any(number == self.round and person == who and verb in verbs for number, person, verb in self.acts)

    def of_the_case(self, who: int) -> bool:
        """Has a part in what is contested."""
        return any(person == who for _, person, _ in self.acts[: self.contested])

    def not_to_decide(self, who: int) -> bool:
        changed = (self.round, who, "change") in self.acts
        return changed or who in self.takers or self.acted_before(who)


@dataclass
class Served:
    """An end-user of a license: the declaration that it rests on, what was known of it at the issue, what closes it,
    and who, if a decider did."""

    declaration: str
    known: str = ""
    causes: set[str] = field(default_factory=set)
    closed_by: int = 0


@dataclass
class Licensed:
    """own: the causes of the license itself, each with whoever opened it. granted: as a whole, of which so much is its
    total. taken: clearances of the most that it may have. owes: a report of each delivery. back: what came back, and
    stands on it again."""

    ref: str
    kind: str
    users: dict[int, Served]
    granted: int
    total: int
    most: int | None
    first: date
    last: date
    owes: bool = True
    replaces: str = ""
    state: str = "active"
    own: list[tuple[str, int]] = field(default_factory=list)
    reserved: int = 0
    drawn: int = 0
    over: int = 0
    back: int = 0
    taken: int = 0
    proposed_by: int = 0

    @property
    def in_force(self) -> bool:
        return self.state in ("active", "suspended")

    @property
    def may_leave(self) -> bool:
        """Something may leave on it, now or again: what is used up may be opened again, and what is reserved on one
        that was replaced is cleared there."""
        return self.in_force or self.state == "exhausted" or self.state == "replaced" and self.reserved > 0

    @property
    def used(self) -> int:
        return self.reserved + self.drawn - self.back

    @property
    def free(self) -> int:
        return self.total - self.used

    @property
    def full(self) -> bool:
        """No shipment more may begin."""
        return self.most is not None and self.taken >= self.most

    def serves(self) -> bool:
        return any(not user.causes for user in self.users.values())

    def settle(self) -> None:
        """Suspended while a cause of its own is open or nobody is served; once it is not, used up when nothing can come
        any more. One that began with nothing left, as what it replaced had used all, is not: it may be changed."""
        if self.in_force:
            was, self.state = self.state, "suspended" if self.own or not self.serves() else "active"
            if was == "suspended":
                self.exhaust()

    def exhaust(self) -> None:
        if self.state == "active" and not self.reserved and (self.free <= 0 or self.full):
            self.state = "exhausted"


@dataclass
class Shipped:
    """drawn, over: what crossed within and beyond its license. back: what came back, of which so much is credited.
    returns: what came back and waits for a decider. counted: it is one of the clearances of its license."""

    ref: str
    license: Licensed
    held: int
    drawn: int = 0
    over: int = 0
    back: int = 0
    credited: int = 0
    returns: dict[int, int] = field(default_factory=dict)
    state: str = "reserved"
    counted: bool = True

    @property
    def crossed(self) -> int:
        return self.drawn + self.over

    @property
    def all_back(self) -> bool:
        return bool(self.back) and self.back == self.crossed and self.state in CROSSED


@dataclass
class Plain:
    """hits: what the newest screening of an end-user found, "none" included."""

    account: Account = field(default_factory=Account)
    annual: Annual = field(default_factory=Annual)
    inquiries: dict[str, Asked] = field(default_factory=dict)
    declarations: dict[str, Declared] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    licenses: dict[str, Licensed] = field(default_factory=dict)
    shipments: dict[str, Shipped] = field(default_factory=dict)
    hits: dict[int, str] = field(default_factory=dict)
    today: date = date.min
    step: int = 0

    @property
    def qualified(self) -> bool:
        return self.annual.state == "granted"

    def qualified_for(self, case: Case) -> bool:
        """On the day on which the case begins."""
        return self.qualified and case.first <= self.annual.last

    def hit(self, party: int) -> str:
        """That it is, or may be, on a list."""
        found = self.hits.get(party, "none")
        return "" if found == "none" else found

    def named(self, case: Case) -> list[Declared]:
        return [self.declarations[ref] for ref in case.named.values()]

    def find(self, hit: str, parties: set[int]) -> None:
        """The newest result of screening these says so, in whichever case, or on whichever license, it was recorded."""
        self.hits |= dict.fromkeys(parties, hit)
        for case in self.cases.values():
            case.doubted = case.doubted or hit != "none" and not parties.isdisjoint(case.named)
        for license, party, user in self.served():
            if party in parties:
                (user.causes.discard if hit in ("none", user.known) else user.causes.add)("screening")
                license.settle()

    def served(self) -> Iterator[tuple[Licensed, int, Served]]:
        for license in self.licenses.values():
            if license.may_leave:
                for party, user in license.users.items():
                    yield license, party, user

    def lets_ship(self, license: Licensed, party: int) -> bool:
        return (
            license.state == "active"
            and license.first <= self.today
            and self.account.state == "active"
            and not license.users[party].causes
            and not license.full
        )

    def stop(self, state: str, *by: int) -> None:
        """The account is stopped: every license of it with that, once, and it may file for no annual license; what it
        asked to have changed is dropped when that is for long."""
        self.account.state, self.account.stopped_by = state, self.account.stopped_by | set(by)
        self.annual.state = "lapsed" if self.qualified else self.annual.state
        self.account.wanted = "" if state == "barred" else self.account.wanted
        for license in self.licenses.values():
            stopped = license.in_force or license.state == "replaced" and license.reserved
            if stopped and "exporter" not in [cause for cause, _ in license.own]:
                license.own.append(("exporter", by[-1]))
                license.settle()

    def put_in_force(self, new: Declared, by: int) -> None:
        if new.state == "verified":
            new.state = "in_force"
            new.touched.add(by)
            for elder in self.elders(new):
                elder.state = "superseded"
                elder.touched.add(by)

    def elders(self, new: Declared) -> list[Declared]:
        """In force for the same end-user; each of the walk's declarations is of the same use and goods, and none was
        signed on a later day."""
        return [
            one
            for one in self.declarations.values()
            if one is not new and one.party == new.party and one.state == "in_force"
        ]

    # --- changes and renewals ----------------------------------------------------------------------------------------
    def and_before(self, license: Licensed) -> list[Licensed]:
        """It and those whose place it took."""
        before = self.licenses.get(license.replaces)
        return [license, *(self.and_before(before) if before else [])]

    def and_after(self, license: Licensed) -> list[Licensed]:
        return [license, *(one for one in self.licenses.values() if license in self.and_before(one)[1:])]

    def changing(self, license: Licensed) -> Case | None:
        """What asks to change it and may still."""
        asks = (one for one in self.cases.values() if one.amends == license.ref)
        return next((one for one in asks if one.state in {"draft", *UNDECIDED}), None)

    def renewable(self, license: Licensed) -> bool:
        return license.kind == "annual" and license.last - timedelta(RENEWED) <= self.today <= license.last

    def renewing(self, license: Licensed) -> Case | None:
        refs = {one.ref for one in self.and_before(license)}
        asks = (one for one in self.cases.values() if one.renews in refs)
        return next((one for one in asks if one.state in {"draft", "issued", *UNDECIDED}), None)

    def amended(self, case: Case) -> Licensed | None:
        return self.licenses.get(case.amends)

    def ends_open(self) -> bool:
        """Something that keeps a company from closing its account."""
        return (
            any(one.in_force for one in self.licenses.values())
            or any(one.state in UNDECIDED for one in self.cases.values())
            or any(one.state in OPEN_SHIPMENTS for one in self.shipments.values())
            or any(
                one.state in ("cleared", "departed") and one.license.owes and one.crossed
                for one in self.shipments.values()
            )
        )
