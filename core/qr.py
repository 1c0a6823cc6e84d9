"""A text as a QR code that a template draws: rows of dark and light modules, the same for the same text."""

import segno

DIGITS = 20  # of a part of a row: longer ones would get places to break a line (core.typesetting)


def modules(text: str) -> list[list[str]]:
    """Row by row from the top, each as hexadecimal digits, four modules a digit, the last filled up with light ones."""
    # as much of an error corrected as costs no larger code; one mask, as the choice among eight takes most of the time
    code = segno.make_qr(text, error="l", boost_error=True, mask=0)
    return [_hex("".join(str(one) for one in row)) for row in code.matrix]


def _hex(bits: str) -> list[str]:
    whole = bits + "0" * (-len(bits) % 4)
    digits = f"{int(whole, 2):0{len(whole) // 4}x}"
    return [digits[at : at + DIGITS] for at in range(0, len(digits), DIGITS)]
