"""What goods are worth: a price for one unit, exact, and what that makes of a quantity."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

from core.quantities import MONEY_PLACES, UNITS

PRICE_PLACES, WORTH_PLACES = 4, MONEY_PLACES
PLACES, CENTS = Decimal(1).scaleb(-PRICE_PLACES), Decimal(1).scaleb(-WORTH_PLACES)
PRICE_MOST = 10**12
WORTH_MOST = 10**15  # of a line, and of a contract; in hundredths far below bigint
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


def worth(quantity: int, unit: str, price: Decimal) -> Decimal:
    """quantity: in base units. price: for one unit. Rounded half up, as PostgreSQL keeps it (`ApplicationLine`)."""
    whole = _EXACT.divide(Decimal(quantity), Decimal(UNITS[unit][0]))
    return _EXACT.quantize(_EXACT.multiply(whole, price), CENTS)


def average(parts: Sequence[tuple[int, Decimal | None]]) -> Decimal | None:
    """The price of all of these quantities together; None where one has none."""
    prices = [price for _quantity, price in parts if price is not None]
    if len(prices) < len(parts):
        return None
    if len(set(prices)) == 1:
        return prices[0]
    total = Decimal(0)
    for quantity, price in zip((one for one, _price in parts), prices, strict=True):
        total = _EXACT.add(total, _EXACT.multiply(Decimal(quantity), price))
    found = _EXACT.quantize(_EXACT.divide(total, Decimal(sum(one for one, _price in parts))), PLACES)
    return found or None


def together(values: Iterable[Decimal | None]) -> Decimal | None:
    """Their sum; None where one is not known, and of none."""
    known = list(values)
    return sum((value for value in known if value is not None), Decimal(0)) if known and None not in known else None


def in_words(price: Decimal | None) -> str:
    """With two decimal places at least, and no more than it has: `1,250.00`, `58.1255`."""
    if price is None:
        return ""
    whole, _point, fraction = f"{price:,f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(WORTH_PLACES, '0')}"
