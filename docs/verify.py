#!/usr/bin/env python3
"""Is this license paper genuine? Says so without a network, by the public keys of the authority that issued it.

    python verify.py TOKEN jwks.json [FILE]

TOKEN      what the printed code holds (the whole address, or what follows its #), or a .jws credential; text or a file
jwks.json  the public keys, from /.well-known/jwks.json of the authority: fetch them anew when it says so
FILE       the certificate as PDF, or the .jws of the same paper: is it the one that was signed?

Exit status 0: genuine. 1: refused, and why. It says what was decided on the day of issue, never what holds today.
Python 3.9 or later and nothing else. The arithmetic is that of RFC 8032; everything is checked, nothing repaired.
"""

import base64
import hashlib
import json
import re
import sys
import time
from pathlib import Path

ALG, TYP = "Ed25519", "lodestone+jws"
LONGEST, AHEAD_S = 1_000_000, 300  # characters of a token; seconds that a clock may be behind


class Refused(Exception):
    """Why, in plain words."""


def verify(token, jwks, now):
    """What was signed. jwks: the parsed key set; now: seconds since 1970. Raises Refused."""
    if len(token) > LONGEST or not re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token, re.ASCII):
        raise Refused("this is no signed token: it has to be three parts with two dots, and nothing else")
    first, second, third = token.split(".")
    head = read(first, "the head")
    if set(head) != {"alg", "kid", "typ"}:
        raise Refused("its head does not say exactly how it is signed, by which key, and what it is")
    if head["alg"] != ALG:
        raise Refused(f"it says that it is signed by {head['alg']!r}; only {ALG} counts, and no signature is no proof")
    if head["typ"] != TYP:
        raise Refused(f"it is a token for something else ({head['typ']!r})")
    key = known(jwks).get(head["kid"]) if isinstance(head["kid"], str) else None
    if key is None:
        raise Refused("its key is none of those in the key file: it was signed by somebody else, or the file is old")
    if not signed(key, f"{first}.{second}".encode(), decode(third, "the signature")):
        raise Refused("the signature does not fit: something in it was changed, or somebody else made it")
    claims = read(second, "what it says")
    at = claims.get("iat")
    if type(at) is not int or at > now + AHEAD_S:
        raise Refused("it was signed in the future: this computer's clock is wrong, or the paper is not genuine")
    return claims


def compare(claims, file, jwks, now):
    """The file is the one that was signed: a PDF by its hash, a credential by what it says. Raises Refused."""
    if not file.startswith(b"%PDF"):
        other = verify(file.decode("ascii", "replace").strip(), jwks, now)
        whole = {name: value for name, value in other.items() if name not in ("file", "iat")}
        if hashlib.sha256(canonical(whole)).hexdigest() != claims.get("facts"):
            raise Refused("the credential is genuine, and of another paper than the printed code")
    elif "file" not in claims:
        raise Refused("a printed code can't know the hash of its own paper: give the .jws credential as TOKEN")
    elif hashlib.sha256(file).hexdigest() != claims["file"]:
        raise Refused("the PDF is not the file that was signed: it was changed, or is another paper")


def known(jwks):
    """The keys that count, by name: each is named by its own thumbprint (RFC 7638)."""
    found = {}
    for key in jwks["keys"]:
        if (key.get("kty"), key.get("crv"), key.get("alg")) == ("OKP", "Ed25519", ALG):
            text = canonical({"crv": "Ed25519", "kty": "OKP", "x": key["x"]})
            name = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
            if key.get("kid") != name:
                raise Refused("the key file is damaged: a key there does not have its own name")
            found[name] = decode(key["x"], "a key")
    return found


def canonical(data):
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read(part, name):
    """A JSON object, of which no member stands there twice."""

    def once(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Refused(f"{name} says something twice")
        return dict(pairs)

    try:
        data = json.loads(decode(part, name).decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise Refused(f"{name} can't be read") from None
    if not isinstance(data, dict):
        raise Refused(f"{name} can't be read")
    return data


def decode(part, name):
    """Base64url as it is written in one way only: else a changed letter could mean the same."""
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) if len(part) % 4 != 1 else b""
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise Refused(f"{name} was changed")
    return data


# --- Ed25519 (RFC 8032, 5.1 and 6) ---------------------------------------------------------------------------
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of -1


def add(one, two):
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    found = 0, 1, 1, 0
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def point_of(data):
    """The point that these 32 bytes are, None where they are none."""
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    if len(data) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, message, signature):
    if len(signature) != 64:
        return False
    public, commitment = point_of(key), point_of(signature[:32])
    number = int.from_bytes(signature[32:], "little")
    if public is None or commitment is None or number >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    one, two = times(number, BASE), add(commitment, times(challenge, public))
    return (one[0] * two[2] - two[0] * one[2]) % P == 0 == (one[1] * two[2] - two[1] * one[2]) % P


def main(words):
    if len(words) not in (2, 3):
        return print(__doc__) or 2
    try:
        text = Path(words[0]).read_text() if len(words[0]) < 200 and Path(words[0]).is_file() else words[0]
        token, jwks, now = text.strip().rpartition("#")[2], json.loads(Path(words[1]).read_text()), time.time()
        claims = verify(token, jwks, now)
        if len(words) == 3:
            compare(claims, Path(words[2]).read_bytes(), jwks, now)
    except Refused as why:
        return print(f"REFUSED: {why}.") or 1
    except (OSError, ValueError, KeyError) as error:
        return print(f"REFUSED: a file can't be read ({error}).") or 1
    print("GENUINE. What was decided on the day of issue:" if len(words) == 2 else "GENUINE, and so is the file:")
    print(json.dumps(claims, ensure_ascii=False, indent=1))
    print("Whether it is in force today is not in it: ask the address that is printed beside the code.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
