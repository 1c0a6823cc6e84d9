"""What a case costs with three lines and two end-users: to submit, to approve, to issue; milliseconds, CPU, queries."""

from statistics import median
from typing import Any

from benchmarks.ground import BACKEND, timed

TIMES = 21
TARGETS = {"cases": {"submit_ms": 20, "submit_queries": 40, "approve_issue_ms": 25}}


def cases(world: Any) -> dict[str, Any]:
    from licensing.actions import applications, decisions, receipts
    from tests.core.test_queries import asked
    from tests.make import demo, seen, unique

    m, spent = world.ministry, dict[str, list[tuple[float, float, int]]]()

    def done(verb: Any, ref: str, by: Any, **said: Any) -> None:
        version = seen(ref)
        found = list[tuple[float, float]]()
        queries = asked(lambda: found.append(timed(lambda: verb(ref, seen=version, by=by, **said), 1)))
        made = [sql for sql in queries if sql not in ("BEGIN", "COMMIT", BACKEND)]
        spent.setdefault(verb.__name__, []).append((*found[0], len(made)))

    for _ in range(TIMES):
        signed = [world.declaration() for _ in range(2)]
        goods = [("1C905.a.4", f"NdFeB magnets, lot {number}", 60) for number in range(3)]
        ref = demo.application(world.exporter, "annual", goods, signed, unique("K-"), world.grade)
        done(applications.submit, ref, world.exporter)
        receipts.accept(ref, by=m.intake)
        decisions.assign(ref, seen=seen(ref), by=m.reviewer)
        demo.screened(ref, m.reviewer)
        granted = {"outcome": "approve", "months": 12, "conditions": ["DELIVERY_PROOF_30D"]}
        decisions.recommend(ref, seen=seen(ref), by=m.reviewer, **granted)
        done(decisions.approve, ref, m.decider)
        done(decisions.issue, ref, m.decider)
    ms, cpu, queries = (
        {verb: median(one[place] for one in tries) for verb, tries in spent.items()} for place in range(3)
    )
    return {
        "submit_ms": ms["submit"],
        "submit_cpu_ms": cpu["submit"],
        "submit_queries": queries["submit"],
        "approve_issue_ms": ms["approve"] + ms["issue"],
        "approve_issue_cpu_ms": cpu["approve"] + cpu["issue"],
        "approve_issue_queries": queries["approve"] + queries["issue"],
    }


MEASURES = {"cases": cases}
