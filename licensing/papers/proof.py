"""What the papers of a license prove: facts that are signed, and the code that is printed with them (decision 0035)."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings

from core import qr, signing
from core.templatetags.lodestone import quantity_bare
from core.typesetting import Drawing
from licensing.models import License
from licensing.selectors.verified import Share

Facts = dict[str, Any]
LONGEST = 900  # of what is printed, so that a module is 0.2 mm at 25 mm
SHORT = 40  # characters of a name in a printed code


def facts(
    license: License, holder: Mapping[str, str], shares: Sequence[Share], end_user: dict[str, Any] | None = None
) -> Facts:
    """What was decided, as far as this reader's part goes: the whole without an end-user, else his. holder: as it was
    called on the day of issue."""
    whole: Facts = {
        "number": license.ref,
        "reader": "end_user" if end_user else "whole",
        "holder": {"code": holder["code"], "name": holder["zh"]},
        "lines": [_line(one) for one in shares],
        "from": license.usable_from.isoformat(),
        "until": license.usable_until.isoformat(),
    }
    return whole | ({"end_user": end_user} if end_user else {})


def _line(one: Share) -> list[str]:
    """Item, quantity and unit; no quantity where none is set aside for this reader."""
    unit = one.line.unit
    return [one.line.control_item.code, "" if one.authorized is None else quantity_bare(one.authorized, unit), unit]


def address(license: License, code: str) -> str:
    """Where anybody asks what holds now."""
    return f"{settings.BASE_URL}/v/{license.ref}/{code}/"


# One, as it is scanned or copied: with its code, where that is there.
ADDRESS = re.compile(r"/v/(?P<number>[^/]+)(?:/(?P<code>[^/#]+))?", re.IGNORECASE)


def spoken(code: str) -> str:
    """In two halves, as it is read aloud and typed."""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}"


def printed(said: Facts, where: str, at: datetime) -> str:
    """The address, and a token behind its # that no server is sent. It has as much as fits a code of 25 mm, and the
    hash of all: that of the paper is in the credential, as no paper can hold its own."""
    short = said | {"holder": said["holder"]["code"], "facts": sha256(signing.canonical(said)).hexdigest()}
    if "end_user" in said:
        short["end_user"] = {**said["end_user"], "name": said["end_user"]["name"][:SHORT]}
    text = f"{where}#{signing.sign(short, at)}"
    if len(text) > LONGEST:
        text = f"{where}#{signing.sign({**short, 'lines': len(said['lines'])}, at)}"
    return text


def code(said: Facts, where: str, at: datetime) -> Drawing:
    return qr.drawn(printed(said, where, at))
