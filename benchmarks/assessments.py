"""POST /assessments/ beside a call that is refused at its key: the CPU that the web process spends on each."""

import json
import time
from typing import Any

from benchmarks.ground import SCALE, beside_commits

TARGETS = {"assessments": {"above_ms": 1}}
ADDRESS = "/api/v1/assessments/"


def measure(world: Any) -> dict[str, Any]:
    from django.conf import settings
    from django.test import Client

    from licensing.api.examples import FACTS

    settings.RATE_READS = settings.RATE_WRITES = settings.RATE_ADDRESS = 0
    client, body = Client(headers={"host": "127.0.0.1"}), json.dumps(FACTS)
    bad = {"authorization": "Bearer no-such-key"}

    def call(expected: int, **headers: Any) -> float:
        began = time.process_time()
        answer = client.post(ADDRESS, body, content_type="application/json", headers=headers)
        assert answer.status_code == expected, answer.content
        return time.process_time() - began

    calls, began = max(20, int(2_000 * SCALE)), time.monotonic()
    spent = [(call(200), call(401, **bad)) for _ in range(calls)]
    asked, refused = (sorted(each)[calls // 2] * 1_000 for each in zip(*spent, strict=True))
    seconds = time.monotonic() - began
    return {"calls": calls, "asked_ms": asked, "refused_ms": refused, "above_ms": asked - refused, "seconds": seconds}


MEASURES = {"assessments": beside_commits(measure)}
