"""The program that checks a paper without a network (docs/verify.py), for whoever has the paper to fetch here.

Read once at the start: an image without it does not start.
"""

import hashlib
from pathlib import Path

from django.conf import settings

PROGRAM = (Path(settings.BASE_DIR) / "docs" / "verify.py").read_bytes()
SHA256 = hashlib.sha256(PROGRAM).hexdigest()
