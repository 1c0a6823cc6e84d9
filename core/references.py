"""References that people read aloud: a prefix, random Crockford base32 characters, a check character.

The check character is ISO 7064 mod 37,2. Bodies whose check character falls outside Crockford's alphabet are
not drawn, so that reading O as 0 and I or L as 1 is always safe.
"""

import secrets

from stdnum.iso7064 import mod_37_2

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBER_LENGTH = 9  # of a reference behind its prefix, the last of which checks the others
REFERENCE_LONGEST = 16  # with its prefix, as columns keep it
BITS = 5 * (NUMBER_LENGTH - 1)  # that are random
CODE_LENGTH = 10  # of a paper's
MARK_LENGTH = 5  # of a code, its first letters, which may stand where more people read them
TYPED_LONGEST = 40  # of a number or a code, with whatever somebody types between
_TOLERANT = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None, "\u00a0": None})


def draw(prefix: str) -> str:
    """A new random reference such as `EL-7QF4K2M1R`. A clash is rare, and left to the unique constraint."""
    while True:
        bits = secrets.randbits(BITS)
        body = "".join([ALPHABET[bits >> place & 31] for place in range(0, BITS, 5)])
        check = mod_37_2.calc_check_digit(body)
        if check in ALPHABET:
            return f"{prefix}-{body}{check}"


def draw_code() -> str:
    """A new code of 50 random bits, which opens something to whoever has it."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def read_code(text: str) -> str:
    """What a person typed of a code, as it was drawn; whatever is no code stays none."""
    return text[:TYPED_LONGEST].upper().translate(_TOLERANT)


def is_code(text: str) -> bool:
    """Could it have been drawn?"""
    return len(text) == CODE_LENGTH and set(text) <= set(ALPHABET)


def read(text: str, prefix: str) -> str:
    """The canonical form of what a person typed (case, spaces, hyphens, O/0, I/L/1 forgiven).

    Raises ValueError when the length or an alphabet is off or the check character is wrong.
    """
    if not text.isascii() or len(text) > TYPED_LONGEST:
        raise ValueError(text)
    compact = text.upper().replace(" ", "").replace("-", "")
    if len(compact) > NUMBER_LENGTH:  # a drawn number may begin as its prefix does
        compact = compact.removeprefix(prefix)
    body = compact.translate(_TOLERANT)
    drawn = len(body) == NUMBER_LENGTH and set(body) <= set(ALPHABET)
    if not drawn or mod_37_2.calc_check_digit(body[:-1]) != body[-1]:
        raise ValueError(text)
    return f"{prefix}-{body}"
