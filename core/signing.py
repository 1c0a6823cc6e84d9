"""What Lodestone signs, by which key, and which keys check it: compact JWS (RFC 7515) by Ed25519 (RFC 9864).

The keys are files of one folder outside the database (SIGNING_KEYS), one a key, named by its thumbprint (RFC 7638).
The active one signs. When another takes its place it is retiring: what it signed is good, and its private part is gone.
What a retired one signed is refused by everybody who has the public keys of now.
"""

import base64
import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

ALG = "Ed25519"
TYP = "lodestone+jws"
ACTIVE, RETIRING, RETIRED = "active", "retiring", "retired"
OTHERS = 0o077  # of a file's mode: what anybody but its owner may do


class NoKey(Exception):
    """There is no such key, or not in the state that this asks for."""


@dataclass(frozen=True)
class Key:
    """x: the public part. d: the private one, which only an active key has."""

    kid: str
    x: str
    state: str
    made_at: str
    d: str = ""

    @property
    def public(self) -> dict[str, str]:
        return {"kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.kid, "use": "sig", "alg": ALG}


def all_keys() -> list[Key]:
    """All that there ever were, the oldest first."""
    found = [Key(**json.loads(path.read_text())) for path in _folder().glob("*.json")]
    return sorted(found, key=lambda key: (key.made_at, key.kid))


def jwks() -> dict[str, Any]:
    """The public keys of what is good now (RFC 7517)."""
    return {"keys": [key.public for key in all_keys() if key.state != RETIRED]}


def make(at: datetime, secret: bytes | None = None) -> Key:
    """A new key, which signs from now on. secret: its private part, where a test wants the same again."""
    private = Ed25519PrivateKey.from_private_bytes(secret) if secret else _drawn()
    x = _public(private)
    key = Key(thumbprint(x), x, ACTIVE, at.isoformat(), encoded(private.private_bytes_raw()))
    _write(key)
    return key


def _drawn() -> Ed25519PrivateKey:
    """One whose name a command line takes: what begins with a hyphen is an option there."""
    while thumbprint(_public(private := Ed25519PrivateKey.generate())).startswith("-"):
        pass
    return private


def _public(private: Ed25519PrivateKey) -> str:
    return encoded(private.public_key().public_bytes_raw())


def rotate(at: datetime) -> Key:
    """A new key signs; those that did check what they signed, and can sign no more."""
    before = [key for key in all_keys() if key.state == ACTIVE]
    if not before:
        raise NoKey("There is no active key yet: make one.")
    new = make(at)
    for key in before:
        _write(replace(key, state=RETIRING, d=""))
    return new


def retire(kid: str) -> None:
    """What this key signed is refused from now on."""
    key = next((key for key in all_keys() if key.kid == kid), None)
    if key is None or key.state != RETIRING:
        raise NoKey("Only a retiring key can be retired: rotate first.")
    _write(replace(key, state=RETIRED))


def sign(claims: dict[str, Any], at: datetime) -> str:
    """A token of these, as of that instant, by the newest active key."""
    key = next((key for key in reversed(all_keys()) if key.state == ACTIVE), None)
    if key is None:
        raise NoKey("There is no active key.")
    head = {"alg": ALG, "kid": key.kid, "typ": TYP}
    text = f"{_part(head)}.{_part({**claims, 'iat': int(at.timestamp())})}"
    return f"{text}.{encoded(Ed25519PrivateKey.from_private_bytes(decoded(key.d)).sign(text.encode()))}"


def flaws() -> list[str]:
    """Why nothing can be signed here, or not safely."""
    if not settings.SIGNING_KEYS:
        return ["SIGNING_KEYS is not set: the folder of the keys that sign papers."]
    files = [path for path in _folder().glob("*.json") if path.stat().st_mode & OTHERS]
    found = [f"{path} can be read by others than its owner; it must have the mode 0600." for path in files]
    if not any(key.state == ACTIVE for key in all_keys()):
        found.append(f"{_folder()} has no active key.")
    return found


def canonical(claims: Any) -> bytes:
    """The same bytes for the same claims."""
    return json.dumps(claims, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def thumbprint(x: str) -> str:
    return encoded(sha256(canonical({"crv": "Ed25519", "kty": "OKP", "x": x})).digest())


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _part(data: dict[str, Any]) -> str:
    return encoded(canonical(data))


def _folder() -> Path:
    return Path(settings.SIGNING_KEYS)


def _write(key: Key) -> None:
    """Whole or not at all, and never for others to read."""
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    path, new = _folder() / f"{key.kid}.json", _folder() / f"{key.kid}.new"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(asdict(key), out)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
