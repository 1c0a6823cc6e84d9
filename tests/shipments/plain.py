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
    over: int = 0
    last_cleared: bool = False
    causes: int = 0
    parcels: list[Parcel] = field(default_factory=list)

    def __post_init__(self) -> None:
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
        if self.clearances is not None and self.taken >= self.clearances:
            found.append("clearances-exhausted")
        return found

    def reserve(self, user: int, quantity: int, worth: int, last: bool) -> None:
        given, worth = self.more(last), worth if self.value is not None else 0
        self.tolerance += given
        self.parcels.append(Parcel(user, quantity, worth, last, held=quantity, worth_held=worth, given=given))

    def clear(self, parcel: Parcel, quantity: int, final: bool) -> None:
        if parcel.lawful is None:  # judged when customs first named its declaration
            parcel.lawful = self.state == "active" and parcel.state == "reserved"
        reserved = min(quantity, parcel.held)
        rest = quantity - reserved
        free = min(rest, max(self.available, 0))
        back = min(rest - free, self.lapsed) if parcel.lawful else 0
        self.lapsed -= back
        theirs = self.tolerance if self.mode != "pct_remaining_final" or parcel.given else 0
        left = min(self.available - free, 0)  # what lapsed is taken back and drawn at once
        beyond_it = min(rest - free - back, max(left + theirs, 0))
        over = rest - free - back - beyond_it
        parcel.held -= reserved
        parcel.drawn += quantity - over
        parcel.over += over
        crossed = parcel.drawn + parcel.over
        self._pay(parcel, (2 * parcel.worth * crossed + parcel.asked) // (2 * parcel.asked))
        if final:
            self._release(parcel)
        self._take_back(parcel)
        parcel.counted = True
        if parcel.state != "cleared":
            parcel.state = "cleared" if final else "part_cleared"
        self._lapse_if_over()
        if final and parcel.last:
            self.last_cleared = True
        self.over += over
        if over:
            if self.state in IN_FORCE:
                self.causes += 1
                self.state = "suspended"
        else:
            self.done()

    def _pay(self, parcel: Parcel, due: int) -> None:
        draws = max(due - parcel.worth_drawn, 0)
        parcel.worth_drawn += draws
        parcel.worth_held -= min(draws, parcel.worth_held)

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
        out = self.clearances is not None and self.taken >= self.clearances
        if self.last_cleared or out or self.available <= 0:
            self.lapse()
            self.state = "exhausted"

    def expire(self) -> None:
        if self.state in IN_FORCE:
            self.lapse()
            self.state = "expired"
