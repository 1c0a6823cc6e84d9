"""A license's quotas as plain sums, written from the design's words and not from the product's text.

Amounts are whole units: grams, and hundredths of money. One license of one line; shipments by their place.
"""

from dataclasses import dataclass, field

IN_FORCE = ("active", "suspended")


@dataclass
class Parcel:
    """A shipment: what it asked for, what of it is still held, and what crossed."""

    user: int
    asked: int
    worth: int
    last: bool
    held: int
    worth_held: int
    state: str = "reserved"
    drawn: int = 0
    over: int = 0
    worth_drawn: int = 0
    counted: bool = True
    lawful: bool | None = None
    given: int = 0
    remained: int = 0
    content: int = 0
    beyond: int = 0
    clearances: list[int] = field(default_factory=list)

    @property
    def live(self) -> int:
        """What is reserved or has crossed."""
        return self.held + self.drawn + self.over

    @property
    def due(self) -> int:
        """Of its value as much as of its quantity has crossed."""
        return (2 * self.worth * (self.drawn + self.over) + self.asked) // (2 * self.asked)


def half(quantity: int) -> int:
    """Half of it, rounded half up."""
    return (quantity + 1) // 2


@dataclass
class Pool:
    """A national quota of an element of which the goods of every shipment have a half."""

    cap: int
    state: str = "open"
    parcels: list[Parcel] = field(default_factory=list)

    @property
    def used(self) -> int:
        return sum(half(parcel.live) for parcel in self.parcels)

    @property
    def over_used(self) -> int:
        return sum(parcel.beyond for parcel in self.parcels)

    def room(self, declared: bool) -> int:
        """A blocked one has some for what is declared alone, a suspended one none."""
        takes = self.state == "open" or self.state == "blocked" and declared
        return self.cap - sum(parcel.content for parcel in self.parcels) if takes else 0

    def follow(self, parcel: Parcel, declared: bool = True) -> None:
        """What there is no room for is beyond it, and stays so until it is given back, before all else."""
        more = half(parcel.live) - parcel.content
        parcel.beyond += max(more - max(self.room(declared), 0), 0) if more > 0 else -min(-more, parcel.beyond)
        parcel.content += more


@dataclass
class Quota:
    """authorized and the rest of a license. percent: hundredths of a percent, of what `mode` says."""

    authorized: int
    mode: str = "none"
    percent: int = 0
    value: int | None = None
    shares: dict[int, int] = field(default_factory=dict)
    clearances: int | None = None
    state: str = "active"
    tolerance: int = 0
    lapsed: int = 0
    in_date: bool = True
    last_cleared: bool = False
    causes: int = 0
    untold: bool = False  # more than all of it crossed while it was used up, and no cause says so
    parcels: list[Parcel] = field(default_factory=list)
    pool: Pool = field(default_factory=lambda: Pool(0))

    def __post_init__(self) -> None:
        self.pool.parcels = self.parcels
        if self.mode == "pct_line":
            self.tolerance = self.authorized * self.percent // 10_000

    # What stands, each from the parcels alone

    @property
    def reserved(self) -> int:
        return sum(parcel.held for parcel in self.parcels)

    @property
    def drawn(self) -> int:
        return sum(parcel.drawn for parcel in self.parcels)

    @property
    def over(self) -> int:
        return sum(parcel.over for parcel in self.parcels)

    @property
    def available(self) -> int:
        return self.authorized - self.reserved - self.drawn - self.lapsed

    @property
    def worth(self) -> tuple[int, int]:
        return sum(one.worth_held for one in self.parcels), sum(one.worth_drawn for one in self.parcels)

    def share(self, user: int) -> tuple[int, int]:
        mine = [one for one in self.parcels if one.user == user]
        return sum(one.held for one in mine), sum(one.drawn + one.over for one in mine)

    @property
    def taken(self) -> int:
        return sum(parcel.counted for parcel in self.parcels)

    @property
    def unreported(self) -> bool:
        """Did something cross for good of which nobody says that it arrived?"""
        return any(one.state == "cleared" and one.drawn + one.over for one in self.parcels)

    def more(self, last: bool) -> int:
        if self.mode != "pct_remaining_final" or not last or self.reserved:
            return 0
        return max(self.available, 0) * self.percent // 10_000

    @property
    def fair(self) -> bool:
        """No last shipment was given more than so many percent of what remained."""
        return all(0 <= one.given * 10_000 <= one.remained * self.percent for one in self.parcels)

    def open_to(self, last: bool) -> int:
        """A tolerance of each line is everybody's; one of what remains is the last shipment's, when it is alone."""
        return self.tolerance if self.mode != "pct_remaining_final" or last and not self.reserved else 0

    # What is done

    def wrong(self, user: int, quantity: int, worth: int, last: bool) -> list[str]:
        """Every guard that a reservation fails, in order."""
        found = []
        if self.state == "expired":
            found.append("license-expired")
        elif self.state == "suspended":
            found.append("license-suspended")
        elif self.state != "active" or self.last_cleared:
            found.append("license-not-active")
        if quantity > self.available + self.open_to(last) + self.more(last):
            found.append("line-exhausted")
        if self.value is not None and worth > self.value - sum(self.worth):
            found.append("value-exhausted")
        if user in self.shares and quantity > self.shares[user] - sum(self.share(user)):
            found.append("end-user-exhausted")
        if half(quantity) > self.pool.room(declared=False):
            found.append("quota-exhausted")
        if self.clearances is not None and self.taken >= self.clearances:
            found.append("clearances-exhausted")
        return found

    def reserve(self, user: int, quantity: int, worth: int, last: bool) -> None:
        given, worth = self.more(last), worth if self.value is not None else 0
        self.tolerance += given
        parcel = Parcel(user, quantity, worth, last, held=quantity, worth_held=worth, given=given)
        parcel.remained = max(self.available, 0)
        self.parcels.append(parcel)
        self.pool.follow(parcel, declared=False)

    def clear(self, parcel: Parcel, quantity: int, final: bool) -> None:
        if parcel.lawful is None:  # judged when customs first named its declaration
            parcel.lawful = self.state == "active" and parcel.state == "reserved"
        parcel.clearances.append(quantity)
        over = self._cross(parcel, quantity)
        self._pay(parcel, max(parcel.due, parcel.worth_drawn))
        if final:
            self._release(parcel)
        self._take_back(parcel)
        parcel.counted = True
        if parcel.state != "cleared":
            parcel.state = "cleared" if final else "part_cleared"
        self._lapse_if_over()
        self._end_with_the_last(parcel)
        if not self._went_beyond(over):
            self.done()
        self.pool.follow(parcel)

    def correct(self, parcel: Parcel, which: int, quantity: int) -> None:
        """So much crossed with one of its clearances after all; it stands as it should have."""
        more = quantity - parcel.clearances[which]
        parcel.clearances[which] = quantity
        over = self._cross(parcel, more) if more > 0 else self._uncross(parcel, -more)
        if more:
            self._pay(parcel, parcel.due)
        self._lapse_if_over()
        self._end_with_the_last(parcel)
        if not self._went_beyond(over):
            self.settle()
        self.pool.follow(parcel)

    def _end_with_the_last(self, parcel: Parcel) -> None:
        if parcel.last and parcel.state == "cleared" and parcel.drawn + parcel.over:
            self.last_cleared = True

    def _cross(self, parcel: Parcel, quantity: int) -> int:
        """Out of its reservation, what is free, what lapsed since, tolerance; how much went beyond all that."""
        reserved = min(quantity, parcel.held)
        rest = quantity - reserved
        free = min(rest, max(self.available, 0))
        left = min(self.available, 0)  # tolerance that is gone; what lapsed is taken back and drawn at once
        back = min(rest - free, self.lapsed) if parcel.lawful else 0
        self.lapsed -= back
        theirs = self.tolerance if self.mode != "pct_remaining_final" or parcel.given else 0
        beyond_it = min(rest - free - back, max(left + theirs, 0))
        over = rest - free - back - beyond_it
        parcel.held -= reserved
        parcel.drawn += quantity - over
        parcel.over += over
        return over

    def _uncross(self, parcel: Parcel, quantity: int) -> int:
        """What went beyond is given back first; what is free by the rest is theirs who went beyond, in their order."""
        beyond = min(quantity, parcel.over)
        parcel.over -= beyond
        rest = quantity - beyond
        parcel.drawn -= rest
        for other in self.parcels:
            if other is not parcel:
                part = min(rest, other.over)
                other.over -= part
                other.drawn += part
                rest -= part
        return 0

    def _went_beyond(self, over: int) -> bool:
        if over and self.state in IN_FORCE:
            self.suspend()
        if over:
            self.untold = self.state == "exhausted"
        return bool(over)

    def _pay(self, parcel: Parcel, due: int) -> None:
        draws = due - parcel.worth_drawn
        parcel.worth_drawn += draws
        parcel.worth_held -= min(max(draws, 0), parcel.worth_held)

    def _release(self, parcel: Parcel) -> None:
        parcel.held = parcel.worth_held = 0

    def _take_back(self, parcel: Parcel) -> None:
        """What the last shipment was given and did not need, once it holds nothing."""
        if not parcel.held:
            unused = min(parcel.given, self.tolerance + min(self.available, 0))
            parcel.given -= unused
            self.tolerance -= unused

    def give_back(self, parcel: Parcel, state: str) -> None:
        self._release(parcel)
        self._take_back(parcel)
        parcel.state, parcel.counted = state, False
        self._lapse_if_over()
        self.done()
        self.pool.follow(parcel)

    def _lapse_if_over(self) -> None:
        if self.state not in IN_FORCE:
            self.lapse()

    def lapse(self) -> None:
        self.lapsed += max(self.available, 0)

    def suspend(self) -> None:
        self.causes += 1
        self.state = "suspended"

    def lift(self) -> None:
        self.causes -= 1
        if not self.causes:
            self.state = "active"
            self.done()

    def done(self) -> None:
        """Used up, when nothing is reserved and nothing more can be taken."""
        if self.state != "active" or self.reserved:
            return
        if self.is_over or self.available <= 0:
            self.lapse()
            self.state = "exhausted"

    @property
    def is_over(self) -> bool:
        """Nothing more may cross, whatever is left."""
        return self.last_cleared or self.clearances is not None and self.taken >= self.clearances

    def settle(self) -> None:
        """Used up, or, where it was and something is left, in force again."""
        if self.state == "exhausted" and self.in_date and not self.is_over and self.available + self.lapsed > 0:
            self.lapsed, self.state = 0, "active"
            if self.untold and self.over:
                self.suspend()
                self.untold = False
        else:
            self.done()

    def expire(self) -> None:
        self.in_date = False
        if self.state in IN_FORCE:
            self.lapse()
            self.state = "expired"
