"""An edition bans one item to one country, for licenses in force: one sweep over all licenses."""

from typing import Any

from benchmarks.ground import SCALE, beside_commits, transactions

TARGETS = {"turn_10k": {"seconds": 60, "longest_s": 0.5}}


def measure(world: Any) -> dict[str, Any]:
    from core.models import HistoryLine
    from licensing import selectors, tasks
    from licensing.models import License
    from tests import make
    from tests.book import Book, forbid

    number = int(10_000 * SCALE)
    book = Book(world, number)
    tasks.turn_licenses()  # what the first edition says of them
    before = HistoryLine.objects.filter(subject_kind="license").count()
    make.edition(forbid(code=[book.items[0].code], country=["DE"]))
    seconds, longest = transactions(tasks.turn_licenses)
    assert not selectors.licenses_to_turn(1)
    told = HistoryLine.objects.filter(subject_kind="license").count() - before
    return {"licenses": License.objects.count(), "told": told, "seconds": seconds, "longest_s": longest}


MEASURES = {"turn_10k": beside_commits(measure)}
