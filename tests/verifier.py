"""docs/verify.py, as whoever has that one file runs it."""

import importlib.util
import sys
import time
from pathlib import Path

from core import signing

FILE = Path(__file__).resolve().parent.parent / "docs" / "verify.py"
_spec = importlib.util.spec_from_file_location("verify", FILE)
verify = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(verify)

PYTHON = [sys.executable, "-I", str(FILE)]  # isolated: nothing of ours can be imported


def claims_of(token, now=None, keys=None):
    return verify.verify(token, keys or signing.jwks(), time.time() if now is None else now)


def refusal(token, now=None, keys=None):
    """Why it is refused; nothing where it is not."""
    try:
        claims_of(token, now, keys)
    except verify.Refused as why:
        return str(why)
    return None
