"""Policy: pure arithmetic on frozen facts. No Django, no clock, no row.

`regime` is what cases are judged by until they carry every fact; editions and their engine stand beside it.
"""

from licensing.policy.regime import (
    Assessment,
    Facts,
    InstrumentFacts,
    Regime,
    Window,
    assess,
    days_that_matter,
)
from licensing.policy.vocabulary import CHANNEL_OF, DISPOSITIONS

__all__ = [
    "CHANNEL_OF",
    "DISPOSITIONS",
    "Assessment",
    "Facts",
    "InstrumentFacts",
    "Regime",
    "Window",
    "assess",
    "days_that_matter",
]
