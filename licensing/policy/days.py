"""Day classes: the days between two turns, on which the same rules count."""

from dataclasses import dataclass
from datetime import date

from licensing.policy.editions import Span
from licensing.policy.engine import DAY, Compiled
from licensing.policy.vocabulary import JUDGED

When = tuple[tuple[str, tuple[Span, ...]], ...]  # of each audience its days


@dataclass(frozen=True)
class Situation:
    """The rules of each edition that count, and for whom on which days they do."""

    active: tuple[int, ...]
    when: tuple[tuple[str, Span], ...]


def situations(editions: tuple[Compiled, ...], since: date) -> list[Situation]:
    """Every day class from that day on, for new and for pending cases; where the same rules count, it is one."""
    turns = sorted({day for compiled in editions for day in compiled.days if day > since})
    firsts = [since, *turns]
    spans = [Span(first, after - DAY) for first, after in zip(firsts, turns, strict=False)] + [Span(firsts[-1])]
    found: dict[tuple[int, ...], list[tuple[str, Span]]] = {}
    for audience in JUDGED:
        for span in spans:
            active = tuple(compiled.active(span.first, audience) for compiled in editions)
            found.setdefault(active, []).append((audience, span))
    return [Situation(active, tuple(when)) for active, when in found.items()]


def joined(when: list[tuple[str, Span]]) -> When:
    """Of each audience its days in order, spans that touch made one."""
    found: dict[str, list[Span]] = {}
    for audience, span in sorted(when, key=lambda one: (JUDGED.index(one[0]), one[1].first)):
        spans = found.setdefault(audience, [])
        if spans and spans[-1].after == span.first:
            spans[-1] = Span(spans[-1].first, span.last)
        else:
            spans.append(span)
    return tuple((audience, tuple(spans)) for audience, spans in found.items())
