"""Quantities are whole base units (grams, or pieces) inside and decimal strings with a unit at the edges.

What such a text may be is `read`, for programs, and for what people type `typed`, which is freer.
"""

import re
from decimal import Decimal

from django.utils.translation import gettext_noop

# unit -> (base units in one, decimal places a text may have)
UNITS: dict[str, tuple[int, int]] = {
    "kg": (1000, 3),
    "g": (1, 0),
    "unit": (1, 0),
    "set": (1, 0),
    "contract": (1, 0),
}
NAMES = ", ".join(UNITS)
UNIT_LONGEST = 10  # with room for a further one
PLACES_MOST = max(places for _base, places in UNITS.values())
MASS = ("kg", "g")  # which count in one base unit
MAX_BASE = 10**15  # a million tonnes in grams, with room; far below bigint
LONGEST = 40
MONEY_PLACES = 2  # the ledger counts whole hundredths
AMOUNT = rf"[0-9]+\.[0-9]{{{MONEY_PLACES}}}"
CURRENCY_LENGTH = 3
CURRENCY_PATTERN = f"[A-Z]{{{CURRENCY_LENGTH}}}"
DECIMAL = r"(0|[1-9][0-9]*)(\.[0-9]+)?"
_PLAIN = re.compile(DECIMAL, re.ASCII)


class BadQuantity(ValueError):
    """What is wrong with a quantity's text: `code` is the wire's stable code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def same_unit(one: str, other: str) -> bool:
    """Grams and kilograms are one; others are themselves."""
    return one == other or (one in MASS and other in MASS)


def read(text: str, unit: str, *, least: int = 1) -> int:
    """Base units of a plain decimal such as `1200.500`, so many at least; never rounds.

    Raises BadQuantity: unknown-unit, too-long, use-a-point, must-be-positive, not-plain-decimal, too-precise.
    """
    if unit not in UNITS:
        raise BadQuantity("unknown-unit")
    factor, places = UNITS[unit]
    if len(text) > LONGEST:
        raise BadQuantity("too-long")
    match = _PLAIN.fullmatch(text)
    if match is None:
        if re.fullmatch(r"-[0-9.]+", text, re.ASCII):
            raise BadQuantity("must-be-positive")
        if re.fullmatch(r"[0-9]+,[0-9]+", text, re.ASCII):
            raise BadQuantity("use-a-point")
        raise BadQuantity("not-plain-decimal")
    whole, fraction = match.group(1), (match.group(2) or "")[1:]
    if len(fraction) > places:
        raise BadQuantity("too-precise")
    base = int(whole) * factor + int((fraction or "0").ljust(places, "0"))
    if base < least:
        raise BadQuantity("must-be-positive")
    if base > MAX_BASE:
        raise BadQuantity("too-long")
    return base


# what an input method for Chinese writes
_WIDE = str.maketrans("０１２３４５６７８９．，、\u3000\u00a0\u2009\u202f", "0123456789.,,    ")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:([, ])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]+)?", re.ASCII)
_WITH_COMMAS = re.compile(r"([0-9]+(?:,[0-9]+)*),([0-9]+)(\.[0-9]+)?", re.ASCII)


class UnclearComma(ValueError):
    """A comma that may be a decimal point or part a thousand from the rest; `readings` are what it may mean."""

    def __init__(self, *readings: str) -> None:
        self.readings = readings
        super().__init__(" / ".join(readings))


def plain(typed: str) -> str:
    """What a person typed, as `read` takes it: `12,000.5` and `12 000.5` are `12000.5`, full-width digits are digits.

    Groups of three after comma or space are thousands, in every language; any other comma raises UnclearComma. What
    is no number stays as it is, for `read` to refuse. Programs write plainly and do not come here.
    """
    text = typed.translate(_WIDE).strip()
    if _GROUPED.fullmatch(text):
        return re.sub("[, ]", "", text)
    if found := _WITH_COMMAS.fullmatch(text):
        whole, last, fraction = found[1].replace(",", ""), found[2], found[3] or ""
        together = f"{int(whole + last.ljust(3, '0')):,}{fraction}"
        raise UnclearComma(*([] if fraction else [f"{whole}.{last}"]), together)
    return text


def typed(text: str, unit: str) -> int:
    """Base units of what a person typed beside a unit, which the text may repeat, as hints write it: `300 kg`.

    A zero is allowed, as `0` or `0.000`. Raises BadQuantity, or UnclearComma.
    """
    number = plain(re.sub(rf"\s*{unit}\s*$", "", text, flags=re.IGNORECASE))
    return 0 if re.fullmatch(r"0(\.0*)?", number) else read(number, unit)


def show(base: int, unit: str) -> str:
    """The decimal string of base units: `1200.500` for kilograms, `12` for pieces. Negative stays negative."""
    factor, places = UNITS[unit]
    sign, base = ("-", -base) if base < 0 else ("", base)
    return f"{sign}{base // factor}.{base % factor:0{places}d}" if places else f"{sign}{base}"


MESSAGES = {
    "unknown-unit": gettext_noop("The unit is not known."),
    "too-long": gettext_noop("The quantity is too large or too long."),
    "use-a-point": gettext_noop("Use a point for decimals and no thousands separator, for example 1200.500."),
    "must-be-positive": gettext_noop("The quantity must be more than zero."),
    "not-plain-decimal": gettext_noop(
        "Write a plain decimal such as 1200.500, without signs, exponents or separators."
    ),
    "too-precise": gettext_noop(
        "The unit does not have that many decimal places; kilograms have three. Nothing is rounded."
    ),
}


def show_amount(amount: Decimal) -> str:
    """Money on the wire: `2400000.00`."""
    return f"{amount:.{MONEY_PLACES}f}"


def hundredths(amount: int) -> str:
    """The same of whole hundredths: -5 is `-0.05`."""
    return show_amount(Decimal(amount).scaleb(-MONEY_PLACES))
