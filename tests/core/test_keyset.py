"""Pages between two keys: nothing is lost or doubled, whatever comes, goes or is equal."""

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import Invalid
from core.models import Organization
from core.web.lists.keyset import Keyset


def make(*names):
    return [Organization.objects.create(kind="exporter", name_en=name) for name in names]


def keyset(*, descending=False, keys=("name_en",), salt="list:x:name"):
    return Keyset(Organization.objects.all(), keys, descending=descending, salt=salt)


def walk(size=2, **order):
    """Every page from the first on, and back again from the last."""
    pages, cursor = [], ""
    while True:
        page = keyset(**order).page(cursor, size)
        pages.append(page.rows)
        assert len(pages) < 100, "it goes round in a circle"
        if not page.next:
            break
        cursor = page.next
    back, previous = [page.rows], page.previous
    while previous:
        page = keyset(**order).page(previous, size)
        back.append(page.rows)
        assert len(back) < 100, "it goes round in a circle"
        previous = page.previous
    return pages, back[::-1]


@pytest.mark.parametrize("descending", [False, True])
def test_equal_keys_are_ordered_by_their_primary_keys_across_pages_both_ways(descending, db):
    rows = make("b", "a", "b", "b", "c", "b", "a")
    expected = sorted(rows, key=lambda row: (row.name_en, row.pk), reverse=descending)
    pages, back = walk(descending=descending)
    assert pages == [expected[0:2], expected[2:4], expected[4:6], expected[6:]]
    assert back == pages


@pytest.mark.parametrize("descending", [False, True])
def test_several_keys_are_compared_one_after_the_other(descending, db):
    rows = make("b", "a", "b", "c", "a", "a")
    expected = sorted(rows, key=lambda row: (row.kind, row.name_en, row.pk), reverse=descending)
    pages, back = walk(descending=descending, keys=("kind", "name_en"))
    assert (sum(pages, []), back) == (expected, pages)


def test_rows_that_come_between_pages_are_neither_lost_nor_doubled(db):
    a, b, d, e = make("a", "b", "d", "e")
    first = keyset().page("", 2)
    assert first.rows == [a, b]
    (c, before) = make("c", "0")  # one behind the page, one before it
    second = keyset().page(first.next, 2)
    assert second.rows == [c, d]
    assert keyset().page(second.next, 2).rows == [e]
    assert keyset().page(second.previous, 2).rows == [a, b]
    assert keyset().page(keyset().page(second.previous, 2).previous, 2).rows == [before, a]  # the first, filled up


def test_rows_that_go_between_pages_move_nothing(db):
    a, b, c, d = make("a", "b", "c", "d")
    first = keyset().page("", 2)
    b.delete()
    assert keyset().page(first.next, 2).rows == [c, d]
    for row in (c, d):
        row.delete()
    assert keyset().page(first.next, 2).rows == [a]


def test_the_first_page_has_none_before_it_and_the_last_none_behind(db):
    make("a", "b")
    page = keyset().page("", 2)
    assert (page.previous, page.next) == ("", "")


def test_no_page_counts_or_skips(db):
    make(*"abcdefg")
    cursor = keyset().page("", 2).next
    with CaptureQueriesContext(
        connection,
    ) as queries:
        keyset().page(cursor, 2)
    assert len(queries) == 1
    assert [word for word in ("OFFSET", "COUNT(") if word in queries[0]["sql"].upper()] == []


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "W10:x:y",
        signing.dumps(["on", ["a", 1]], salt="list:x:-name"),  # of another order
        signing.dumps(["on", ["a"]], salt="list:x:name"),
        signing.dumps(["on", ["a", "b"]], salt="list:x:name"),
        signing.dumps("on", salt="list:x:name"),
    ],
    ids=["text", "unsigned", "another order", "too short", "another type", "no list"],  # a signature tells the time
)
def test_a_cursor_of_somebody_elses_making_is_refused(cursor, db):
    with pytest.raises(Invalid) as refused:
        keyset().page(cursor, 2)
    assert [(p.pointer, p.code) for p in refused.value.errors] == [("/cursor", "invalid-parameter")]
