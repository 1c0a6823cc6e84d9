"""Day classes: days on which the same rules count, for the same cases, are one."""

from datetime import date

from licensing.policy.days import joined, situations
from licensing.policy.editions import Span
from tests.policy.drafts import draft, first

TODAY = date(2026, 11, 25)


def test_days_on_which_the_same_rules_count_are_one():
    found = situations((first(),), TODAY)
    assert [[(who, span.first, span.last) for who, span in one.when] for one in found] == [
        [("new", TODAY, date(2026, 11, 27)), ("pending", TODAY, date(2026, 11, 27))],
        [("new", date(2026, 11, 28), None), ("pending", date(2026, 11, 28), None)],
    ]
    days = [Span(date(2026, 1, 1), date(2026, 1, 5)), Span(date(2026, 1, 6), date(2026, 1, 9)), Span(date(2026, 2, 1))]
    assert joined([("pending", days[2]), ("new", days[1]), ("new", days[0]), ("new", days[2])]) == (
        ("new", (Span(date(2026, 1, 1), date(2026, 1, 9)), days[2])),
        ("pending", (days[2],)),
    )


def test_turns_of_either_edition_part_the_days():
    new = draft(lambda rules, _: rules["R044"].update(effective_to="2026-12-31"))
    found = situations((first(), new), date(2026, 11, 28))
    assert [one.when[0][1].first for one in found] == [date(2026, 11, 28), date(2027, 1, 1)]
    assert found[0].active[0] == found[1].active[0] and found[0].active[1] != found[1].active[1]


def test_all_days_of_the_first_edition_are_thirteen_classes():
    spans = [span for one in situations((first(),), date.min) for who, span in one.when if who == "new"]
    assert len(spans) == 13 and spans[0].first == date.min
